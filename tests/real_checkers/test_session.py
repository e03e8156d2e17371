"""An editor's session with real checkers: they drive a second round, die, are started again, and are gone in the end."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import lsp_client
import pytest
from processes import wait_for

EXPERIMENTAL = {"experimental": {"redraft": {"undoGrouping": True}}}
STUB = "    raise NotImplementedError\n"
FILE = f'''"""Names, written out."""


def joined(names: list[str]) -> str:
    """Return the names with commas between them."""
{STUB}

def longest(names: list[str]) -> int:
    """Return the length of the longest name."""
{STUB}'''
# A wrong type, which only type checkers see, and what is right; for each function.
JOINED = ["    return len(names)\n", '    return ", ".join(names)\n']
LONGEST = ["    return max(names, key=len)\n", "    return max(len(name) for name in names)\n"]
JOINED_LINE, LONGEST_LINE = 5, 10

# Is in the middle of its work until somebody ends it, and says so.
BLOCKS = '''import pathlib, signal
from names import joined


def test_joined():
    pathlib.Path({marker!r}).write_text("begun")
    signal.pause()
    assert joined([]) == ""
'''


class Session(lsp_client.Client):
    """An editor that has drafts once they are checked, in a workspace that its user trusts."""

    def begin(self, root: Path) -> None:
        params = {"processId": os.getpid(), "rootUri": root.as_uri(), "capabilities": lsp_client.CAPABILITIES | EXPERIMENTAL}
        options = {"delivery": "final", "untrustedWorkspace": False}
        self.request("initialize", params | {"initializationOptions": options})
        self.notify("initialized", {})

    def implement(self, uri: str, line: int) -> str:
        """Has the function implemented whose stub is at this line, counted from 0; the run."""
        at = {"line": line, "character": 4}
        params = {"textDocument": {"uri": uri}, "range": {"start": at, "end": at}, "context": {"diagnostics": []}}
        actions = self.request("textDocument/codeAction", params)["result"]
        (command,) = [a["command"] for a in actions if a["command"]["arguments"][0]["action"] == "implement"]
        params = {"command": command["command"], "arguments": command["arguments"]}
        return self.request("workspace/executeCommand", params)["result"]["run"]

    def await_over(self, run: str) -> str:
        """The state that the run ended in."""

        def over() -> list[str]:
            states = [n["params"] for n in self.notifications if n["method"] == "redraft/status"]
            return [s["state"] for s in states if s["run"] == run and s["state"] in ("done", "failed", "cancelled")]

        self.until(over, "the end of the run")
        return over()[-1]

    def told(self) -> list[str]:
        return [n["params"]["message"] for n in self.notifications if n["method"] == "window/showMessage"]


@pytest.fixture
def session(redraft, configure, workspace):
    """Begins one with these checkers, in a workspace of these files; the first one is open."""
    begun = []

    def begin(checkers: list[str], files: dict[str, str]) -> tuple[Session, Path]:
        client = Session([redraft, "serve"], configure(*checkers))
        begun.append(client)
        root = workspace(files)
        path = root / next(iter(files))
        client.begin(root)
        client.open(path.as_uri(), path.read_text())
        return client, path

    yield begin
    for client in begun:
        client.kill()


def refined(client: Session, model, path: Path, line: int, answers: list[str]) -> str:
    """A run of two rounds, whose first answer is wrong; what the model was told of that."""
    before = client.text(path.as_uri())
    run = client.implement(path.as_uri(), line)
    model.next_call().answer(answers[0])
    second = model.next_call()
    prompt = second.prompt
    second.answer(answers[1])
    assert client.await_over(run) == "done"
    lines = before.splitlines(keepends=True)
    lines[line] = answers[1]
    assert client.text(path.as_uri()) == "".join(lines)
    assert client.told() == []
    return prompt


# What each says of the first answer.
SAID = {
    "ty": "Return type does not match returned value",
    "basedpyright": 'Type "int" is not assignable to return type "str"',
    "pyrefly": "Returned type `int` is not assignable to declared return type `str`",
}


@pytest.mark.parametrize("checkers", [["ty"], ["basedpyright"], ["pyrefly"], ["ruff", "ty", "basedpyright"]], ids="+".join)
def test_a_type_checker_has_a_draft_mended_and_the_file_is_not_touched(checkers, session, model, processes):
    client, path = session(checkers, {"names.py": FILE})
    on_disk = path.read_bytes(), path.stat().st_mtime_ns
    prompt = refined(client, model, path, JOINED_LINE, JOINED)
    for checker in checkers:
        assert SAID.get(checker, "") in prompt
    assert (path.read_bytes(), path.stat().st_mtime_ns) == on_disk
    assert model.no_call_waits()
    assert client.shut_down() == 0
    processes.await_none()


@pytest.mark.parametrize("whom", ["server", "supervisor"])
@pytest.mark.parametrize("checker, program", [("ty", "ty"), ("basedpyright", "basedpyright-langserver")])
def test_a_server_that_dies_between_two_drafts_is_started_again(checker, program, whom, session, model, processes):
    client, path = session([checker], {"names.py": FILE})
    refined(client, model, path, JOINED_LINE, JOINED)
    first = processes.running(program)
    processes.kill(first if whom == "server" else processes.supervisors(program))
    refined(client, model, path, LONGEST_LINE, LONGEST)
    if whom == "server":
        assert processes.running(program) and not set(processes.running(program)) & set(first)
    assert client.shut_down() == 0
    processes.await_none()


def test_nothing_is_left_when_the_server_is_killed_in_the_middle_of_a_check(session, model, processes, tmp_path):
    marker = tmp_path / "marker"
    files = {"names.py": FILE, "test_names.py": BLOCKS.format(marker=str(marker))}
    client, path = session(["ty", "basedpyright", "tests"], files)
    client.implement(path.as_uri(), JOINED_LINE)
    model.next_call().answer(JOINED[1])
    wait_for(marker.exists, "test that has begun")
    for program in ("ty", "basedpyright-langserver", "pytest"):
        assert processes.running(program), program
    client.kill()
    processes.await_none()
    assert path.read_text() == FILE


# As `pip install -e` has it: the environment's Python finds the package where its author writes it.
PROJECT = {
    "src/names/core.py": FILE,
    "src/names/__init__.py": "",
    "tests/test_core.py": 'from names.core import joined\n\n\ndef test_joined():\n    assert joined(["a", "b"]) == "a, b"\n',
}
INSTALLED = """[[checker]]
name = "tests"
kind = "test"
command = [".venv/bin/python", "-m", "pytest", "-q"]
"""


def test_tests_of_a_project_that_is_installed_in_place_import_the_draft(session, model, processes):
    client, path = session([INSTALLED], PROJECT)
    root = path.parents[2]
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", root / ".venv"], check=True)
    (packages,) = (root / ".venv" / "lib").glob("python3*/site-packages")
    installed = [pytest.__file__]
    (packages / "installed.pth").write_text(f"{Path(installed[0]).parents[1]}\n{root / 'src'}\n")
    prompt = refined(client, model, path, JOINED_LINE, ['    return ";".join(names)\n', JOINED[1]])
    assert "a;b" in prompt
    assert path.read_text() == FILE
    assert client.shut_down() == 0
    processes.await_none()
