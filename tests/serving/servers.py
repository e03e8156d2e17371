"""Real servers on ports of this machine's loopback: llama.cpp's, and LiteLLM's proxy in front of one.

Each is a process of ours, known by its id, with its log in a file, and gone after `end`.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).parent
DEADLINE = 60.0  # seconds, for anything that is waited for; only a failing test ever waits that long
POLL = 0.02  # seconds between two looks at what cannot be waited for otherwise
# Two that wait for each other were ten times slower on two cores that had other work as well.
THREADS = 1
WINDOW = 4096  # tokens
LAST_LINES = 30

# US dollars for a million tokens, on both sides: the gateway's configuration and Redraft's.
PRICE = {"input": 2.0, "cached": 0.5, "output": 10.0}
# A test's server asks nobody but the engine behind it.
QUIET = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_TELEMETRY": "False", "NO_PROXY": "127.0.0.1"}

# What the model "marked" may say, whatever it is asked: statements with a mark. So its text is known wherever it stands.
MARK = "# of the gateway"
GRAMMAR = f'''root ::= line{{20,40}}
line ::= "    " word " = " word " + " word "  {MARK}\\n"
word ::= [a-z]{{4,12}}
'''

_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def wait_for(condition: Callable[[], object], what: str):
    """What `condition` returns, once that is true."""
    due = time.monotonic() + DEADLINE
    while not (found := condition()):
        assert time.monotonic() < due, f"no {what} within {DEADLINE} s"
        time.sleep(POLL)
    return found


def get(url: str) -> str:
    with _direct.open(url, timeout=DEADLINE) as response:
        return response.read().decode()


class Server:
    """A process that listens on a free port of 127.0.0.1."""

    name: str
    health: str

    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.origin = f"http://127.0.0.1:{self.port}"
        self.log = folder / f"{self.name}.log"
        self._process: subprocess.Popen | None = None

    def begin(self, command: list[str], environment: dict[str, str]) -> None:
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=os.environ | QUIET | environment
            )

    def await_ready(self) -> None:
        def ready() -> bool:
            assert self._process.poll() is None, f"{self.name} ended with {self._process.returncode}"
            try:
                get(self.origin + self.health)
            except OSError:
                return False
            return True

        wait_for(ready, f"answer of {self.name}")

    def kill(self) -> None:
        """As a crash does it: nothing is closed in order."""
        self._process.kill()
        self._process.wait(DEADLINE)

    def end(self) -> None:
        if self._process and self._process.poll() is None:
            self.kill()

    def last_lines(self) -> str:
        if not self.log.exists():
            return "(it was not started)"
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-LAST_LINES:])


class Engine(Server):
    """llama.cpp's server with the embedded model's file. It always takes the likeliest token, so that what it says is the
    same every time."""

    health = "/health"

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        super().__init__(folder)
        command = [os.environ["LLAMA_SERVER"], "--model", os.environ["REDRAFT_SERVED_MODEL"], "--temp", "0"]
        command += ["--host", "127.0.0.1", "--port", str(self.port), "--threads", str(THREADS), "--ctx-size", str(WINDOW)]
        command += ["--parallel", "1", "--metrics", "--no-ui"]
        # Has `/slots` tell what was generated last.
        self.begin(command, {"LLAMA_SERVER_SLOTS_DEBUG": "1"})

    def counted(self) -> dict[str, int]:
        """What it has counted since it began, once its last answer is over."""

        def metrics() -> dict[str, int] | None:
            found = dict(re.findall(r"^llamacpp:(\w+) (\S+)$", get(self.origin + "/metrics"), re.M))
            return found if found["requests_processing"] == "0" else None

        found = wait_for(metrics, f"rest of {self.name}")
        read, cached = int(found["prompt_tokens_total"]), int(found["prompt_tokens_cached_total"])
        return {"prompt": read + cached, "cached": cached, "completion": int(found["tokens_predicted_total"])}

    def generated(self) -> str:
        """The whole text of its last answer."""
        return json.loads(get(self.origin + "/slots"))[0]["generated"]

    def await_work(self) -> None:
        """Until it has begun with a prompt. Its log is asked: it answers nobody while it reads one."""
        wait_for(lambda: "processing task" in self.log.read_text(errors="replace"), "beginning of an answer")


class Gateway(Server):
    """LiteLLM's proxy, whose models "coder" and "marked" are the engine's; the latter is held to `GRAMMAR`."""

    name = "gateway"
    health = "/health/readiness"

    def __init__(self, folder: Path, engine: Engine, key: str) -> None:
        super().__init__(folder)
        self._spend = folder / "spend.jsonl"
        shutil.copy(HERE / "spend.py", folder)
        price = {
            "input_cost_per_token": PRICE["input"] / 1e6,
            "cache_read_input_token_cost": PRICE["cached"] / 1e6,
            "output_cost_per_token": PRICE["output"] / 1e6,
        }
        served = {"model": "openai/served", "api_base": engine.origin + "/v1", "api_key": "none"} | price
        held = served | {"extra_body": {"grammar": GRAMMAR}}
        config = {
            "model_list": [
                {"model_name": "coder", "litellm_params": served},
                {"model_name": "marked", "litellm_params": held},
            ],
            # A failure is Redraft's to deal with here, not the gateway's.
            "router_settings": {"num_retries": 0},
            "litellm_settings": {"callbacks": "spend.spend", "num_retries": 0},
            "general_settings": {"master_key": "os.environ/GATEWAY_MASTER_KEY"},
        }
        path = folder / "gateway.yaml"
        path.write_text(json.dumps(config, indent=2))  # JSON is YAML.
        litellm = Path(os.environ["REDRAFT_SERVING_VENV"]) / "bin" / "litellm"
        command = [str(litellm), "--config", str(path), "--host", "127.0.0.1", "--port", str(self.port)]
        self.begin(command, {"GATEWAY_MASTER_KEY": key, "SPEND_LOG": str(self._spend)})

    def calls(self, count: int) -> list[dict]:
        """What it wrote down of its calls, which it does after they ended; waits until there are so many."""

        def written() -> list[dict] | None:
            lines = self._spend.read_text().splitlines() if self._spend.exists() else []
            return [json.loads(line) for line in lines] if len(lines) >= count else None

        return wait_for(written, f"{count} calls in the gateway's own log")
