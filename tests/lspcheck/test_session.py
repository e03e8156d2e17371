"""One session by the book, recorded and judged; what is wrong in it gets the contract's errors."""

from __future__ import annotations

import json

import judge
import pytest
from lsp_client import Client

STUB = 'def total(values):\n    """Return the sum, 🦀 or not."""\n    raise NotImplementedError\n'
WRITTEN = STUB.replace("raise NotImplementedError", "return sum(values)")
INVALID_PARAMS, CONTENT_MODIFIED = -32602, -32801


@pytest.fixture
def client(recorded, environment):
    client = Client(recorded[0], environment)
    yield client
    client.kill()


@pytest.fixture
def uri(tmp_path) -> str:
    return (tmp_path / "module.py").as_uri()


def actions(client: Client, uri: str, line: int) -> list[dict]:
    at = {"line": line, "character": 4}
    params = {"textDocument": {"uri": uri}, "range": {"start": at, "end": at}, "context": {"diagnostics": []}}
    return client.request("textDocument/codeAction", params)["result"] or []


def implement(client: Client, uri: str) -> dict:
    (action,) = [a for a in actions(client, uri, 2) if a["command"]["arguments"][0]["action"] == "implement"]
    return without_title(action["command"])


def without_title(command: dict) -> dict:
    return {"command": command["command"], "arguments": command["arguments"]}


def test_a_whole_session_follows_the_specification(client, recorded, model, uri):
    result = client.initialize(uri.rpartition("/")[0])
    assert result["serverInfo"]["name"] == "redraft"
    client.open(uri, STUB)
    client.insert(uri, 0, 0, "# typed\n")
    client.insert(uri, 1, 99, "")  # past the line's end, which is legal and means its end
    (action,) = [a for a in actions(client, uri, 3) if a["command"]["arguments"][0]["action"] == "implement"]
    answer = client.request("workspace/executeCommand", without_title(action["command"]))
    assert isinstance(answer["result"]["run"], str)
    model.next_call().answer("    return sum(values)\n")
    client.await_end()
    assert client.text(uri) == "# typed\n" + WRITTEN
    client.notify("textDocument/didClose", {"textDocument": {"uri": uri}})
    assert client.shut_down() == 0
    assert judge.faults(recorded[1]) == []


@pytest.mark.parametrize("text", ["", "x = 1\n"], ids=["new", "there"])
def test_a_draft_for_what_is_not_open_follows_the_specification(client, recorded, model, uri, tmp_path, text):
    path = tmp_path / "module.py"
    if text:
        path.write_text(text)
    client.initialize(uri.rpartition("/")[0])
    at = {"line": text.count("\n"), "character": 0}
    argument = {"uri": uri, "range": {"start": at, "end": at}, "instruction": "the sum of values"}
    command = {"command": "redraft.generate", "arguments": [argument]}
    assert isinstance(client.request("workspace/executeCommand", command)["result"]["run"], str)
    model.next_call().answer("def total(values):\n    return sum(values)\n")
    client.await_end()
    assert client.text(uri).startswith(text) and "return sum(values)" in client.text(uri)
    assert (path.read_text() if text else path.exists()) == (text or False), "nothing is written"
    assert client.shut_down() == 0
    assert judge.faults(recorded[1]) == []


def test_a_stale_action_is_content_modified(client, uri):
    client.initialize(uri.rpartition("/")[0])
    client.open(uri, STUB)
    stale = implement(client, uri)
    client.insert(uri, 2, 4, "return ")
    assert client.request("workspace/executeCommand", stale)["error"]["code"] == CONTENT_MODIFIED
    assert client.text(uri).count("return raise") == 1


@pytest.mark.parametrize(
    "command",
    [
        {"command": "redraft.unheard_of", "arguments": []},
        {"command": "redraft.run", "arguments": []},
        {"command": "redraft.run", "arguments": ["implement"]},
        {"command": "redraft.run", "arguments": [{"action": "implement"}]},
        {"command": "redraft.stop", "arguments": [{"run": 7}]},
        {"command": "redraft.generate", "arguments": [{"instruction": "anything"}]},
    ],
    ids=json.dumps,
)
def test_wrong_arguments_are_invalid_params(client, uri, command):
    client.initialize(uri.rpartition("/")[0])
    client.open(uri, STUB)
    assert client.request("workspace/executeCommand", command)["error"]["code"] == INVALID_PARAMS
    assert client.text(uri) == STUB


@pytest.mark.parametrize("forged", [{"action": "format_the_disk"}, {"range": {"start": {"line": 40, "character": 0}, "end": {"line": 40, "character": 3}}}, {"action": "generate"}])
def test_a_forged_action_is_invalid_params(client, uri, forged):
    client.initialize(uri.rpartition("/")[0])
    client.open(uri, STUB)
    command = implement(client, uri)
    command["arguments"] = [command["arguments"][0] | forged]
    assert client.request("workspace/executeCommand", command)["error"]["code"] == INVALID_PARAMS
    assert client.text(uri) == STUB


def test_the_judge_sees_a_fault(tmp_path):
    """The judge itself: a session whose server answers twice, and with the wrong type, is not passed."""
    log = tmp_path / "bad.log"
    request = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"processId": None, "rootUri": None, "capabilities": {}}}
    good = {"jsonrpc": "2.0", "id": 1, "result": {"capabilities": {}}}
    bad = {"jsonrpc": "2.0", "id": 1, "result": {"capabilities": {"hoverProvider": "yes"}}}
    log.write_text(f"C {json.dumps(request)}\nS {json.dumps(good)}\n")
    assert judge.faults(log) == []
    log.write_text(f"C {json.dumps(request)}\nS {json.dumps(bad)}\nS {json.dumps(good)}\n")
    assert len(judge.faults(log)) == 2


@pytest.mark.parametrize("announced", [False, True])
def test_the_judge_sees_what_a_client_did_not_announce(tmp_path, announced):
    uri = "file:///a.py"
    item = {"uri": uri, "languageId": "python", "version": 1, "text": "x"}
    at = {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 1}}
    action = {"textDocument": {"uri": uri}, "range": at, "context": {"diagnostics": []}}
    snippet = {"range": at, "snippet": {"kind": "snippet", "value": "y$0"}}
    edit = {"documentChanges": [{"textDocument": {"uri": uri, "version": 1}, "edits": [snippet]}]}
    literal = {"codeActionLiteralSupport": {"codeActionKind": {"valueSet": []}}}
    document = {"codeAction": literal | ({"tagSupport": {"valueSet": [1]}} if announced else {})}
    workspace = {"applyEdit": True, "workspaceEdit": {"documentChanges": True, "snippetEditSupport": announced}}
    if announced:
        document["inlineCompletion"] = {}
    capabilities = {"textDocument": document, "workspace": workspace}

    def message(**members: object) -> str:
        return json.dumps({"jsonrpc": "2.0", **members})

    lines = [
        "C " + message(id=1, method="initialize", params={"processId": None, "rootUri": None, "capabilities": capabilities}),
        "S " + message(id=1, result={"capabilities": {"inlineCompletionProvider": True}}),
        "C " + message(method="textDocument/didOpen", params={"textDocument": item}),
        "C " + message(id=2, method="textDocument/codeAction", params=action),
        "S " + message(id=2, result=[{"title": "t", "kind": "quickfix", "tags": [1], "edit": {"changes": {}}}]),
        "S " + message(id=3, method="workspace/applyEdit", params={"edit": edit}),
        "C " + message(id=3, result={"applied": True}),
    ]
    log = tmp_path / "session.log"
    log.write_text("\n".join(lines) + "\n")
    found = judge.faults(log)
    wanted = [] if announced else ["inlineCompletion", "tagSupport", "snippetEditSupport"]
    assert len(found) == len(wanted) and all(word in fault for word, fault in zip(wanted, found)), found
