"""Checkers as docs/checks.md configures them, a workspace with and without faults, and the processes that a session has left.

`scripts/test-checkers` sets what is needed; without it these tests fail, they do not pass unseen.
"""

from __future__ import annotations

import os
from pathlib import Path

import lsp_client
import pytest
import scripted_model
from page import documented
from processes import Processes

BIN = "REDRAFT_CHECKERS_BIN"
# Seconds until a server in Node has said its first word on a machine with other work; only a failing test waits that long.
DEADLINE = 60.0


@pytest.fixture(autouse=True)
def patience(monkeypatch):
    for module in (lsp_client, scripted_model):
        monkeypatch.setattr(module, "DEADLINE", DEADLINE)


@pytest.fixture
def workspace(tmp_path: Path):
    """Makes the workspace of these files, in a folder of its own."""

    def make(files: dict[str, str]) -> Path:
        for name, text in files.items():
            path = tmp_path / "work" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return tmp_path / "work"

    return make


@pytest.fixture
def processes(tmp_path: Path) -> Processes:
    """Those that bear this test's own folder for temporary files in their environment, as all do that Redraft starts here."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    return Processes(f"TMPDIR={folder}")


@pytest.fixture
def configure(environment: dict[str, str], tmp_path: Path, processes: Processes):
    """Redraft's environment, with these checkers of the page (or blocks of one's own) in its configuration."""
    programs = os.environ.get(BIN)
    if not programs:
        pytest.fail(f"{BIN} must be set (scripts/test-checkers does it)", pytrace=False)
    blocks = documented()

    def with_checkers(*checkers: str, trusted: bool = True) -> dict[str, str]:
        config = Path(environment["REDRAFT_CONFIG"])
        text = config.read_text() + "\n".join(blocks.get(checker, checker) for checker in checkers)
        folders = [str(tmp_path / "work")] if trusted else []
        config.write_text(text + f"\n[trust]\nfolders = {folders!r}\n")
        name, _, folder = processes.mark.partition("=")
        return environment | {"PATH": f"{programs}{os.pathsep}{os.environ['PATH']}", name: folder}

    return with_checkers
