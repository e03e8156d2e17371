"""Two engines, a gateway in front of the first one, and a configuration that names the gateway and the second engine."""

from __future__ import annotations

import os
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from servers import PRICE, Engine, Gateway, Server

PROJECT = Path(__file__).parents[2] / "examples" / "inventory"
NEEDED = ("LLAMA_SERVER", "REDRAFT_SERVED_MODEL", "REDRAFT_SERVING_VENV")
KEY = "REDRAFT_TEST_GATEWAY_KEY"

CONFIG = """
default_model = "through-gateway"

[[provider]]
name = "gateway"
kind = "openai"
base_url = "{gateway}/v1"
api_key_env = "{key}"

[[provider]]
name = "engine"
kind = "openai"
base_url = "{engine}/v1"

[[model]]
name = "through-gateway"
provider = "gateway"
id = "{model}"
price = {{ input = {input}, cached = {cached}, output = {output} }}
max_tokens = 256
context_window = 2048

[[model]]
name = "unpriced"
provider = "gateway"
id = "{model}"
max_tokens = 256
context_window = 2048

[[model]]
name = "direct"
provider = "engine"
id = "served"
max_tokens = 256
context_window = 2048

[routing]
fallback = ["direct"]
"""

_figures: list[str] = []
_started: pytest.StashKey[list[Server]] = pytest.StashKey()


@dataclass
class Stack:
    folder: Path
    behind: Engine
    direct: Engine
    gateway: Gateway
    key: str

    def configure(self, model: str) -> dict[str, str]:
        """Redraft's environment, where "through-gateway" is this model of the gateway's."""
        config = self.folder / "config.toml"
        addresses = {"gateway": self.gateway.origin, "engine": self.direct.origin}
        config.write_text(CONFIG.format(key=KEY, model=model, **addresses, **PRICE))
        return {
            "REDRAFT_CONFIG": str(config),
            "REDRAFT_STATE_DIR": str(self.folder / "state"),
            "REDRAFT_LOG": "debug",
            "NO_PROXY": "127.0.0.1",
            KEY: self.key,
        }


@pytest.fixture
def stack(tmp_path: Path, request):
    missing = [name for name in NEEDED if not os.environ.get(name)]
    if missing:
        pytest.fail(f"{', '.join(missing)} must be set (scripts/test-serving does it)", pytrace=False)
    started = request.node.stash.setdefault(_started, [])
    key = "sk-" + secrets.token_hex(16)
    try:
        behind = Engine("engine-behind", tmp_path)
        started.append(behind)
        direct = Engine("engine-direct", tmp_path)
        started.append(direct)
        gateway = Gateway(tmp_path, behind, key)
        started.append(gateway)
        for server in started:
            server.await_ready()
        yield Stack(tmp_path, behind, direct, gateway, key)
    finally:
        for server in started:
            server.end()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return shutil.copytree(PROJECT, tmp_path / "project")


@pytest.fixture
def figure(request):
    """Takes a line for the end of the run, where it is printed whether the test passes or not."""
    name = request.node.name.removeprefix("test_")
    return lambda line: _figures.append(f"{name}: {line}")


def pytest_terminal_summary(terminalreporter):
    if _figures:
        terminalreporter.section("figures")
        for line in _figures:
            terminalreporter.line(line)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    if report.failed:
        for server in item.stash.get(_started, []):
            report.sections.append((f"the last lines of {server.log}", server.last_lines()))
