"""What the tests from outside share: the server's binary, a scripted model, and a configuration that names it.

REDRAFT_BIN names the binary (`scripts/test` sets it); without it these tests fail, they do not pass unseen.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from scripted_model import ScriptedModel

TESTS = Path(__file__).parent

CONFIG = """
default_model = "scripted"

[[provider]]
name = "local"
kind = "openai"
base_url = "{base_url}"

[[model]]
name = "scripted"
provider = "local"
id = "scripted-model"
"""


@pytest.fixture(scope="session")
def redraft() -> str:
    binary = os.environ.get("REDRAFT_BIN", "")
    if not os.access(binary, os.X_OK):
        pytest.fail(f"REDRAFT_BIN must name the redraft binary, not {binary!r} (scripts/test sets it)", pytrace=False)
    return os.path.abspath(binary)


@pytest.fixture
def model():
    model = ScriptedModel()
    yield model
    model.close()


@pytest.fixture
def environment(tmp_path: Path, model: ScriptedModel) -> dict[str, str]:
    """The server's environment: a configuration with the scripted model, and a state directory of its own."""
    config = tmp_path / "config.toml"
    config.write_text(CONFIG.format(base_url=model.base_url))
    return {
        "REDRAFT_CONFIG": str(config),
        "REDRAFT_STATE_DIR": str(tmp_path / "state"),
        "REDRAFT_LOG": "debug",
        "NO_PROXY": "127.0.0.1",
    }


@pytest.fixture
def recorded(redraft: str, tmp_path: Path) -> tuple[list[str], Path]:
    """The command that serves and records its session, and the record."""
    log = tmp_path / "session.log"
    tee = TESTS / "lspcheck" / "lsptee.py"
    return [sys.executable, str(tee), str(log), "--", redraft, "serve"], log
