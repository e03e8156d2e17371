"""Fixtures of the tests that drive editors by keys."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import pytest
from terminal_editors import EDITORS, TerminalEditor, faults

# Asked once a run: one of them starts its editor to know.
MISSING = {kind.name: kind.missing() for kind in EDITORS}


@pytest.fixture
def at_home(recorded, environment, tmp_path: Path) -> dict[str, str]:
    """The environment of a person who has `redraft` on the PATH; what its server says is recorded."""
    home, programs = tmp_path / "home", tmp_path / "bin"
    home.mkdir()
    programs.mkdir()
    command, _ = recorded
    (programs / "redraft").write_text(f'#!/bin/sh\nexec {shlex.join(command[:-1])} "$@"\n')
    (programs / "redraft").chmod(0o755)
    places = {f"XDG_{kind}_HOME": str(home / kind.lower()) for kind in ("CONFIG", "DATA", "STATE", "CACHE")}
    return environment | places | {"HOME": str(home), "PATH": f"{programs}:{os.environ['PATH']}"}


@pytest.fixture(params=EDITORS, ids=lambda kind: kind.name)
def start(request, at_home, recorded, tmp_path: Path):
    """`start(text, line)` opens a file with this text at this line; at the end the protocol is judged."""
    if why := MISSING[request.param.name]:
        pytest.skip(why)
    opened: list[TerminalEditor] = []
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "pyproject.toml").touch()

    def start(text: str, line: int) -> TerminalEditor:
        file = folder / "module.py"
        file.write_text(text)
        opened.append(request.param(tmp_path / "home", file, line, at_home, recorded[1]))
        return opened[-1]

    yield start
    for editor in opened:
        editor.close()


@pytest.fixture
def ended():
    """Leaves the editor as its user does, waits until it is gone, and judges what the server said."""

    def ended(editor: TerminalEditor, known: tuple[str, ...] = ()) -> None:
        editor.quit()
        editor.terminal.see_end()
        assert faults(editor, known) == []

    return ended
