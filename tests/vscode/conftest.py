"""Fixtures of the tests that drive VS Code."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable
from pathlib import Path

import judge
import pytest
import vscode
from playwright.sync_api import sync_playwright
from vscode import SETTINGS, CodeServer, Window

EXTENSION = Path(__file__).resolve().parents[2] / "editors" / "vscode"


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    if why := vscode.missing():
        pytest.skip(why)
    vsix = Path(os.environ.get("REDRAFT_VSIX", EXTENSION / "redraft.vsix"))
    if not vsix.exists():
        pytest.fail(f"there is no {vsix}; `npm run package` in editors/vscode makes it", pytrace=False)
    server = CodeServer(tmp_path_factory.mktemp("code-server"), vsix)
    yield server
    server.close()


@pytest.fixture(scope="session")
def browser():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=vscode.chromium(), args=vscode.FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


@pytest.fixture
def window(request, server, browser, recorded, environment, project: Path, tmp_path: Path) -> Callable[..., Window]:
    """`window(text, **settings)` opens the project with `module.py`; at the end the protocol is judged."""
    command, log = recorded
    program = tmp_path / "redraft"
    variables = " ".join(f"{name}={shlex.quote(value)}" for name, value in environment.items())
    # `serve` is ours; what the doctor and its like want goes past the record.
    program.write_text(
        f'#!/bin/sh\nexport {variables}\nif [ "$1" = serve ]; then exec {shlex.join(command)}; fi\nexec {shlex.quote(command[-2])} "$@"\n'
    )
    program.chmod(0o755)
    opened: list[Window] = []
    known: list[str] = []

    def window(text: str, tolerate: tuple[str, ...] = (), **settings: object) -> Window:
        (project / "module.py").write_text(text)
        server.settings(SETTINGS | {"redraft.server.path": str(program), "redraft.refine.rounds": 0} | settings)
        known.extend(tolerate)
        opened.append(Window(server, browser, project))
        return opened[-1]

    yield window
    for one in opened:
        # What it looked like in the end tells most of a test that failed.
        one.shot(request.node.name)
        one.close()
    if log.exists():
        assert judge.faults(log, tuple(known)) == []
