"""Redraft against a real gateway and a real engine: it writes, it goes on where they die, and it counts as they do.

The gateway is LiteLLM's proxy, the engine llama.cpp's server, the model the embedded one. `scripts/test-serving` runs this.
"""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import time
from pathlib import Path

import judge
import lsp_client
import pytest
from servers import DEADLINE, MARK, PRICE

pytestmark = pytest.mark.timeout(240)

PAGE = Path(__file__).parents[2] / "docs" / "serving.md"
STUB = "    raise NotImplementedError\n"
EXPERIMENTAL = {"experimental": {"redraft": {"undoGrouping": True}}}


class Session(lsp_client.Client):
    """An editor that has drafts streamed, and can be told to do something once an edit was applied."""

    def __init__(self, command: list[str], environment: dict[str, str]) -> None:
        super().__init__(command, environment)
        self.edits = 0
        self.after_edit = None

    def begin(self, root: Path) -> None:
        params = {"processId": os.getpid(), "rootUri": root.as_uri(), "capabilities": lsp_client.CAPABILITIES | EXPERIMENTAL}
        answer = self.request("initialize", params | {"initializationOptions": {"delivery": "stream"}})
        assert answer["result"]["serverInfo"]["name"] == "redraft"
        self.notify("initialized", {})

    def implement(self, uri: str, line: int) -> None:
        """Has the function implemented whose stub is at this line, counted from 0."""
        at = {"line": line, "character": 4}
        params = {"textDocument": {"uri": uri}, "range": {"start": at, "end": at}, "context": {"diagnostics": []}}
        actions = self.request("textDocument/codeAction", params)["result"]
        (command,) = [a["command"] for a in actions if a["command"]["arguments"][0]["action"] == "implement"]
        params = {"command": command["command"], "arguments": command["arguments"]}
        assert isinstance(self.request("workspace/executeCommand", params)["result"]["run"], str)

    def statuses(self) -> list[dict]:
        return [n["params"] for n in self.notifications if n["method"] == "redraft/status"]

    def await_over(self) -> dict:
        def over() -> bool:
            return any(s["state"] in ("done", "failed", "cancelled") for s in self.statuses())

        self.until(over, "the end of the run")
        return self.statuses()[-1]

    def messages(self, method: str) -> list[str]:
        return [n["params"]["message"] for n in self.notifications if n["method"] == method]

    def _apply(self, edit: dict) -> bool:
        applied = super()._apply(edit)
        self.edits += applied
        if applied and self.after_edit:
            self.after_edit()
        return applied


class Place:
    """The function that is written: `slugify`, with a body of one line that is to be replaced."""

    def __init__(self, project: Path) -> None:
        self.path = project / "src" / "inventory" / "items.py"
        self.uri = self.path.as_uri()
        self.text = self.path.read_text()
        self.before, stub, self.after = self.text.partition(STUB)
        assert stub and STUB not in self.after
        self.line = self.before.count("\n")

    def body(self, text: str) -> str:
        """The body that stands in `text`, of which nothing else may have changed, and which must be Python."""
        ast.parse(text)
        assert text.startswith(self.before) and text.endswith(self.after), text
        body = text[len(self.before) : len(text) - len(self.after)]
        assert body.strip() and STUB not in body, text
        return body


def test_the_page_shows_configurations_that_are_right(redraft, tmp_path):
    """Each of docs/serving.md's, as it is read there."""
    snippets = re.findall(r"^```toml\n(.*?)^```$", PAGE.read_text(encoding="utf8"), re.M | re.S)
    assert snippets
    for snippet in snippets:
        config = tmp_path / "config.toml"
        config.write_text(snippet)
        environment = {"REDRAFT_CONFIG": str(config), "REDRAFT_STATE_DIR": str(tmp_path / "state")}
        assert usage(redraft, environment) == {}, snippet


@pytest.fixture
def place(project: Path) -> Place:
    return Place(project)


@pytest.fixture
def open_session(recorded, tmp_path: Path, monkeypatch):
    """Starts the server with this environment; at the end its protocol is judged."""
    # A prompt is read in seconds, and nothing is said meanwhile.
    monkeypatch.setattr(lsp_client, "DEADLINE", DEADLINE)
    sessions = []

    def start(environment: dict[str, str]) -> Session:
        session = Session([*recorded[0], "--log-file", str(tmp_path / "redraft.log")], environment)
        sessions.append(session)
        return session

    yield start
    for session in sessions:
        session.kill()


def usage(redraft: str, environment: dict[str, str]) -> dict[str, dict]:
    """The ledger's rows, by the name of the model."""
    done = subprocess.run(
        [redraft, "usage", "--json"], env=os.environ | environment, capture_output=True, text=True, timeout=DEADLINE, check=True
    )
    return {row["name"].rpartition("/")[2]: row for row in json.loads(done.stdout)["rows"]}


def generate(redraft: str, environment: dict[str, str], path: Path, line: int, *more: str) -> subprocess.CompletedProcess:
    command = [redraft, "generate", str(path), "--at", str(line + 1), "--diff", *more]
    return subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, timeout=DEADLINE)


def cost(tokens: dict[str, int]) -> float:
    """In micro-dollars."""
    fresh = tokens["prompt"] - tokens["cached"]
    return fresh * PRICE["input"] + tokens["cached"] * PRICE["cached"] + tokens["completion"] * PRICE["output"]


def test_the_command_line_and_the_ledger(redraft, stack, place, figure):
    """A diff, through the gateway and past it; and the ledger has what both servers counted."""
    environment = stack.configure("coder")
    for more in [(), (), ("--model", "direct")]:
        begun = time.monotonic()
        done = generate(redraft, environment, place.path, place.line, *more)
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith("--- ") and "-" + STUB in done.stdout, done.stdout
        assert place.path.read_text() == place.text, "nothing is written"
        figure(f"{time.monotonic() - begun:.1f} s, {done.stderr.splitlines()[-1]}")

    rows = usage(redraft, environment)
    assert {name: (row["calls"], row["ok"]) for name, row in rows.items()} == {"through-gateway": (2, 2), "direct": (1, 1)}
    for name, engine in (("through-gateway", stack.behind), ("direct", stack.direct)):
        figure(f"{name}: the engine counted {engine.counted()}, the ledger has {rows[name]['tokens']}")
        assert rows[name]["tokens"] == engine.counted()
    assert rows["through-gateway"]["tokens"]["cached"] > 0, "the same prompt was asked twice"

    calls = stack.gateway.calls(2)
    assert [call["status"] for call in calls] == ["success", "success"], calls
    told = {
        "prompt": sum(call["prompt_tokens"] for call in calls),
        "cached": sum(call["cached_tokens"] or 0 for call in calls),
        "completion": sum(call["completion_tokens"] for call in calls),
    }
    dollars = sum(call["response_cost"] for call in calls)
    spent = rows["through-gateway"]["cost_micro_usd"]
    figure(f"the gateway counted {told} and ${dollars:.6f}, the ledger has ${spent / 1e6:.6f}")
    assert told == rows["through-gateway"]["tokens"]
    # The ledger has whole micro-dollars and rounds each call up.
    assert 0 <= spent - dollars * 1e6 <= len(calls) + 1e-6
    assert abs(dollars * 1e6 - cost(told)) < 1e-3
    assert rows["direct"]["cost_micro_usd"] == 0


def test_a_price_that_only_the_gateway_knows(redraft, stack, place, figure):
    """Without a price of ours, the ledger has what the gateway says in the stream that the call cost."""
    environment = stack.configure("coder")
    done = generate(redraft, environment, place.path, place.line, "--model", "unpriced")
    assert done.returncode == 0, done.stderr
    row = usage(redraft, environment)["unpriced"]
    (call,) = stack.gateway.calls(1)
    figure(f"the gateway said ${call['response_cost']:.6f}, the ledger has {row['cost_micro_usd']} micro-dollars")
    assert row["tokens"] == stack.behind.counted()
    assert 0 <= row["cost_micro_usd"] - call["response_cost"] * 1e6 <= 1 + 1e-6


def test_an_editor_through_the_gateway(redraft, stack, place, open_session, recorded, figure):
    """A draft streams into an editor; its status tells the cost that the gateway tells."""
    environment = stack.configure("coder")
    session = open_session(environment)
    session.begin(place.path.parents[2])
    session.open(place.uri, place.text)
    begun = time.monotonic()
    session.implement(place.uri, place.line)
    last = session.await_over()
    assert (last["state"], last["model"]) == ("done", "through-gateway"), last
    body = place.body(session.text(place.uri))
    assert session.edits > 1, "it streamed"
    assert session.shut_down() == 0
    assert judge.faults(recorded[1]) == []

    (call,) = stack.gateway.calls(1)
    row = usage(redraft, environment)["through-gateway"]
    figure(f"{time.monotonic() - begun:.1f} s, {session.edits} edits, {body.count(chr(10))} lines, {row['tokens']}")
    figure(f"the gateway said ${call['response_cost']:.6f}, the status {last['cost_micro_usd']}, the ledger {row['cost_micro_usd']} micro-dollars")
    assert row["tokens"] == stack.behind.counted()
    assert last["cost_micro_usd"] == row["cost_micro_usd"]
    assert 0 <= row["cost_micro_usd"] - call["response_cost"] * 1e6 <= 1 + 1e-6


def test_the_command_line_where_the_gateway_is_down(redraft, stack, place, figure):
    environment = stack.configure("coder")
    stack.gateway.kill()
    begun = time.monotonic()
    done = generate(redraft, environment, place.path, place.line)
    assert done.returncode == 0, done.stderr
    assert "-" + STUB in done.stdout and "now asking direct" in done.stderr, done.stderr
    figure(f"{time.monotonic() - begun:.1f} s, {done.stderr.splitlines()[-1]}")
    rows = usage(redraft, environment)
    assert rows["direct"]["tokens"] == stack.direct.counted()
    assert (rows["through-gateway"]["failed"], rows["through-gateway"]["cost_micro_usd"]) == (1, 0)


@pytest.mark.parametrize("victim", ["behind", "gateway"])
@pytest.mark.parametrize("moment", ["while it streams", "before the first token"])
def test_killed(redraft, stack, place, open_session, recorded, figure, victim, moment):
    """The engine behind the gateway dies, or the gateway itself: the other engine's draft stands, and nothing else."""
    streams = moment == "while it streams"
    environment = stack.configure("marked" if streams else "coder")
    session = open_session(environment)
    session.begin(place.path.parents[2])
    session.open(place.uri, place.text)
    killed = {}

    def kill() -> None:
        killed["at"] = time.monotonic()
        killed["text"] = session.text(place.uri)
        getattr(stack, victim).kill()

    def kill_once_a_line_stands() -> None:
        if not killed and MARK in session.text(place.uri):
            kill()

    if streams:
        session.after_edit = kill_once_a_line_stands
    session.implement(place.uri, place.line)
    if not streams:
        stack.behind.await_work()
        kill()
    last = session.await_over()
    took = time.monotonic() - killed["at"]
    text = session.text(place.uri)
    assert session.shut_down() == 0

    states = [(s["state"], s["model"]) for s in session.statuses()]
    log = session.messages("window/logMessage")
    figure(f"done {took:.1f} s after the kill; {' '.join(state for state, _ in states)}; {log}")
    assert (last["state"], last["model"]) == ("done", "direct"), last
    assert session.messages("window/showMessage") == [], "nobody is bothered"
    assert any("direct is asked instead" in message for message in log), log
    if streams:
        assert MARK in killed["text"]
    else:
        assert killed["text"] == place.text and ("streaming", "through-gateway") not in states
    # The other engine's text, and none of the first one's.
    body = place.body(text)
    assert MARK not in text
    said = {line.strip() for line in stack.direct.generated().splitlines()}
    assert {line.strip() for line in body.splitlines()} <= said | {""}, (body, said)
    assert judge.faults(recorded[1]) == []

    rows = usage(redraft, environment)
    first, second = rows["through-gateway"], rows["direct"]
    figure(f"direct: the engine counted {stack.direct.counted()}, the ledger has {second['tokens']}")
    figure(f"through-gateway: the ledger has {first['tokens']}, {first['retries']} retries, ${first['cost_micro_usd'] / 1e6:.6f}")
    figure(f"the status at the end says {last['cost_micro_usd']} micro-dollars")
    if streams and victim == "behind":
        # Nobody counted for the gateway either: both estimate, and the ledger no less than was billed.
        (call,) = stack.gateway.calls(1)
        figure(f"the gateway estimated {call['prompt_tokens']} and {call['completion_tokens']} tokens, ${call['response_cost']:.6f}")
        assert first["cost_micro_usd"] >= call["response_cost"] * 1e6
    assert (first["calls"], first["failed"], second["calls"], second["ok"], second["failovers"]) == (1, 1, 1, 1, 1)
    assert second["tokens"] == stack.direct.counted()
