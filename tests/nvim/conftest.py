"""Fixtures of the tests that drive Neovim."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import judge
import pytest
from editor import Editor


class Session:
    """A buffer in Neovim with the server at work on it, and the record of what the two said."""

    def __init__(self, start: Callable[..., None], log: Path) -> None:
        self.start = start
        self.log = log
        # Rules that the record may break, and why: judge.NEOVIM always, judge.TYPING where the user types.
        self.known = judge.NEOVIM


@pytest.fixture
def editor(tmp_path: Path):
    editor = Editor(tmp_path / "home")
    yield editor
    editor.close()


@pytest.fixture
def session(editor: Editor, recorded, environment, tmp_path: Path, request):
    """`session.start(text)` opens a file with this text and the server on it; at the end its protocol is judged."""
    command, log = recorded
    folder = tmp_path / "project"
    folder.mkdir()

    def start(text: str | bytes, name: str = "module.py", *, experimental=None, **init) -> Path:
        path = folder / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        editor.open(path)
        editor.serve(command, environment, folder, experimental=experimental, **init)
        return path

    session = Session(start, log)
    yield session
    # A test that failed has said so already; its record would only bury the reason.
    failed = getattr(request.node, "failed", False)
    if log.exists() and not failed:
        editor.stop_server()
        assert judge.faults(log, session.known) == []


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    if report.when == "call":
        item.failed = report.failed
