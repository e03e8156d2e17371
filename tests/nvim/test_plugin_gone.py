"""What becomes of runs whose server, or whose buffer, is gone; and of one that was asked for and never began."""

from __future__ import annotations

from pathlib import Path

import pytest
from editor import READY
from test_plugin import await_state
from test_plugin_shows import MARKS, SHOWN
from test_plugin_typing import begin, stream
from test_streaming import LINES, STUB

GONE = "#vim.lsp.get_clients({ name = 'redraft' }) == 0"


@pytest.fixture
def plugin(open_plugin):
    return open_plugin(STUB)


def crash(plugin, log: Path) -> None:
    """Ends the server as the system does that is out of memory. What it was to answer yet is no fault of its own."""
    plugin.lua("for _, pid in ipairs(vim.api.nvim_get_proc_children(vim.fn.getpid())) do vim.uv.kill(pid, 'sigkill') end")
    plugin.wait(GONE, "the server to be gone")
    log.unlink()


def start_again(plugin) -> None:
    plugin.lua("vim.lsp.enable('redraft')")
    plugin.wait(READY, "the server")
    plugin.lua("_G.client_id = vim.lsp.get_clients({ name = 'redraft' })[1].id")


def test_a_server_that_dies_leaves_no_run_at_work(plugin, model, recorded):
    call = begin(plugin, model)
    stream(plugin, call, LINES[:2])
    crash(plugin, recorded[1])
    plugin.wait("require('redraft').statusline() == ''", "nothing to be at work")
    assert plugin.lua(f"return {MARKS}") == []
    told = "redraft: the server is gone in the middle of a draft; what it has written stays (undo takes it back)"
    assert told in plugin.seen("messages")
    plugin.nvim.command("RedraftStop")
    assert plugin.seen("messages")[-1] == "redraft: nothing is at work in this buffer"
    # The next one gives the same names again. Without one Neovim would stop watching the buffer with the first change.
    start_again(plugin)
    plugin.nvim.command("silent undo")
    assert plugin.text() == STUB
    call = begin(plugin, model)
    stream(plugin, call, LINES)
    call.finish()
    await_state(plugin, "done")
    assert plugin.lua(SHOWN)["lines"] == [line.rstrip("\n") for line in LINES]


def test_a_draft_of_a_server_that_was_stopped_is_told_to_be_none(plugin, model):
    begin(plugin, model).answer("".join(LINES))
    await_state(plugin, "done")
    plugin.stop_server()
    plugin.wait(f"#{MARKS} == 0", "the marks to be gone")
    for command in ("RedraftKeep", "RedraftRevert", "RedraftAgain"):
        plugin.lua("_G.seen.messages = {}")
        plugin.nvim.command(command)
        assert plugin.seen("messages") == ["redraft: nothing was written in this buffer yet"]
    plugin.nvim.command("RedraftSent")
    assert plugin.seen("messages")[-1] == "redraft: nothing was sent for this buffer yet"


def test_a_file_that_is_read_again_has_no_mark_left(plugin, model):
    call = begin(plugin, model)
    stream(plugin, call, LINES[:2])
    plugin.nvim.command("edit!")
    assert plugin.text() == STUB
    assert plugin.lua(f"return {MARKS}") == [] and plugin.lua("return require('redraft').statusline()") == ""
    call.finish()
    plugin.wait(READY, "the server")
    call = begin(plugin, model)
    stream(plugin, call, LINES)
    call.finish()
    await_state(plugin, "done")
    assert plugin.lua(SHOWN)["lines"] == [line.rstrip("\n") for line in LINES]
