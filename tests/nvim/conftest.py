"""Fixtures of the tests that drive Neovim."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import judge
import pytest
from editor import NVIM, PLUGIN, READY, Editor, newer


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


SETUP = """
local cmd, plugin, file, options = ...
vim.opt.runtimepath:prepend(plugin)
vim.cmd.runtime('plugin/redraft.lua')
_G.seen = { progress = {}, messages = {}, runs = {}, errors = {}, status = {} }
vim.notify = function(message) table.insert(_G.seen.messages, message) end
vim.api.nvim_create_autocmd('User', { pattern = 'RedraftStatus', callback = function(event)
  table.insert(_G.seen.status, event.data)
end })
vim.api.nvim_create_autocmd('LspProgress', { callback = function(event)
  table.insert(_G.seen.progress, event.data.params.value)
end })
require('redraft').setup(vim.tbl_extend('keep', options, {
  cmd = cmd, init_options = { config = { refine = { rounds = 0 } } }, inline = true,
}))
vim.cmd.edit(file)
vim.cmd('setlocal filetype=python noautoindent')
"""


@pytest.fixture(params=["0.11", "newer"])
def any_editor(request, tmp_path: Path):
    """The Neovim of the tests, and a later one that is on the PATH."""
    program = NVIM if request.param == "0.11" else newer()
    if program is None:
        pytest.skip("no Neovim 0.12 or later is on the PATH")
    editor = Editor(tmp_path / "home", program)
    yield editor
    editor.close()


@pytest.fixture
def open_plugin(any_editor: Editor, recorded, environment, tmp_path: Path, request):
    """`open_plugin(text, **options)` opens a file in a Neovim that has the plugin; at the end what the server said is judged."""
    command, log = recorded
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "pyproject.toml").touch()
    whole = ["env", *(f"{name}={value}" for name, value in environment.items()), *command]

    def open_plugin(text: str, **options) -> Editor:
        path = folder / "module.py"
        path.write_text(text)
        any_editor.lua(SETUP, whole, str(PLUGIN), str(path), options)
        any_editor.wait(READY, "the server")
        any_editor.lua("_G.client_id = vim.lsp.get_clients({ name = 'redraft' })[1].id")
        return any_editor

    yield open_plugin
    if log.exists() and not getattr(request.node, "failed", False):
        any_editor.stop_server()
        assert judge.faults(log, judge.NEOVIM + judge.TYPING) == []


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    if report.when == "call":
        item.failed = report.failed
