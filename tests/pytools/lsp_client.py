"""A small language client of the tests' own, that does what the specification says and keeps the document's text.

For what a real editor hides: exact answers, their errors and their order.
"""

from __future__ import annotations

import json
import os
import queue
import subprocess
import threading
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from scripted_model import DEADLINE

CAPABILITIES = {
    "general": {"positionEncodings": ["utf-16"]},
    "window": {"workDoneProgress": True},
    "workspace": {
        "applyEdit": True,
        "workspaceEdit": {
            "documentChanges": True,
            "resourceOperations": ["create"],
            "changeAnnotationSupport": {},
        },
    },
    "textDocument": {
        "codeAction": {
            "codeActionLiteralSupport": {"codeActionKind": {"valueSet": ["quickfix", "refactor", "refactor.rewrite"]}},
            "isPreferredSupport": True,
            "dataSupport": True,
        }
    },
}


class Client:
    def __init__(self, command: list[str], environment: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=os.environ | environment
        )
        self._incoming: queue.Queue[dict | None] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()
        self._next = 0
        self._answers: dict[int, dict] = {}
        self.notifications: list[dict] = []
        self.documents: dict[str, list] = {}  # uri: [version, text]

    def request(self, method: str, params: Any) -> dict:
        """The whole answer, result or error."""
        number = self.send_request(method, params)
        self.until(lambda: number in self._answers, f"the answer to {method}")
        return self._answers[number]

    def send_request(self, method: str, params: Any) -> int:
        self._next += 1
        self._write({"id": self._next, "method": method, "params": params})
        return self._next

    def notify(self, method: str, params: Any) -> None:
        self._write({"method": method, "params": params})

    def initialize(self, root_uri: str, **init: Any) -> dict:
        params = {"processId": os.getpid(), "rootUri": root_uri, "capabilities": CAPABILITIES}
        answer = self.request("initialize", params | {"initializationOptions": init})
        self.notify("initialized", {})
        return answer["result"]

    def open(self, uri: str, text: str, language: str = "python") -> None:
        self.documents[uri] = [1, text]
        item = {"uri": uri, "languageId": language, "version": 1, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": item})

    def insert(self, uri: str, line: int, character: int, text: str) -> None:
        at = {"line": line, "character": character}
        self._change(uri, [{"range": {"start": at, "end": at}, "newText": text}])

    def text(self, uri: str) -> str:
        return self.documents[uri][1]

    def until(self, condition, what: str) -> None:
        """Takes messages until the condition holds."""
        while not condition():
            try:
                message = self._incoming.get(timeout=DEADLINE)
            except queue.Empty:
                raise AssertionError(f"no message for {DEADLINE} s while waiting for {what}") from None
            assert message is not None, f"the server's output ended while waiting for {what}"
            self._take(message)

    def await_end(self) -> dict:
        """Waits for the end of a run's progress."""
        def ends():
            return [n for n in self.notifications if n["method"] == "$/progress" and n["params"]["value"]["kind"] == "end"]

        self.until(ends, "the end of a run")
        return ends()[-1]["params"]["value"]

    def shut_down(self) -> int:
        """shutdown and exit; the server's exit code."""
        answer = self.request("shutdown", None)
        assert answer.get("result", "absent") is None, answer
        self.notify("exit", None)
        return self._process.wait(DEADLINE)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait(DEADLINE)

    def _take(self, message: dict) -> None:
        if "method" not in message:
            assert message["id"] not in self._answers, f"a second answer: {message}"
            self._answers[message["id"]] = message
        elif "id" not in message:
            self.notifications.append(message)
        elif message["method"] == "workspace/applyEdit":
            self._write({"id": message["id"], "result": {"applied": self._apply(message["params"]["edit"])}})
        else:
            self._write({"id": message["id"], "result": None})

    def _apply(self, edit: dict) -> bool:
        *created, document = edit["documentChanges"]
        identifier = document["textDocument"]
        if identifier["version"] is None:
            return self._propose(created, document)
        assert not created, edit
        if self.documents[identifier["uri"]][0] != identifier["version"]:
            return False
        self._change(identifier["uri"], document["edits"])
        return True

    def _propose(self, created: list[dict], document: dict) -> bool:
        """An edit of what is not open: accepted, opened for that as editors do, and told. Nothing is saved."""
        uri = document["textDocument"]["uri"]
        path = Path(unquote(urlsplit(uri).path))
        for create in created:
            assert create["kind"] == "create" and create["uri"] == uri and not path.exists(), create
        self.open(uri, "" if created else path.read_text(encoding="utf8"))
        self._change(uri, document["edits"])
        return True

    def _change(self, uri: str, edits: list[dict]) -> None:
        """Applies edits as the specification says, the last one first, and tells the server."""
        document = self.documents[uri]
        changes = []
        for edit in sorted(edits, key=lambda e: (e["range"]["start"]["line"], e["range"]["start"]["character"]), reverse=True):
            start, end = (offset(document[1], edit["range"][side]) for side in ("start", "end"))
            document[1] = document[1][:start] + edit["newText"] + document[1][end:]
            changes.append({"range": edit["range"], "text": edit["newText"]})
        document[0] += 1
        identifier = {"uri": uri, "version": document[0]}
        self.notify("textDocument/didChange", {"textDocument": identifier, "contentChanges": changes})

    def _write(self, message: dict) -> None:
        body = json.dumps({"jsonrpc": "2.0"} | {k: v for k, v in message.items() if k != "params" or v is not None}).encode()
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self._process.stdin.flush()

    def _read(self) -> None:
        out = self._process.stdout
        while True:
            length = None
            while (line := out.readline().strip()):
                name, _, value = line.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
            if length is None:
                self._incoming.put(None)
                return
            self._incoming.put(json.loads(out.read(length)))


def offset(text: str, position: dict) -> int:
    """The index in the string of a position in UTF-16 units; one past the line's end is its end."""
    lines = text.split("\n")
    if position["line"] >= len(lines):
        return len(text)
    line = lines[position["line"]].removesuffix("\r")
    before = line.encode("utf-16-le")[: 2 * position["character"]].decode("utf-16-le")
    return sum(len(one) + 1 for one in lines[: position["line"]]) + len(before)
