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


SHOWS_WHERE = """
local shown = {}
for _, mark in ipairs(vim.api.nvim_buf_get_extmarks(..., vim.api.nvim_create_namespace('redraft'), 0, -1, { details = true })) do
  if mark[4].virt_text then table.insert(shown, { mark[2], mark[4].virt_text[1][1] }) end
end
return shown
"""


@pytest.mark.parametrize("failed", ["without a draft", "with an instruction"])
def test_what_was_begun_again_leaves_its_place_to_no_other_run(plugin, model, failed, tmp_path):
    if failed == "without a draft":
        begin(plugin, model)
        plugin.nvim.command("RedraftStop")
        await_state(plugin, "cancelled")
        plugin.nvim.command("RedraftAgain")
        plugin.wait("#_G.seen.messages > 0", "that it does not go")
        assert plugin.seen("messages") == ['redraft: "run-1" has no draft that stands']
    else:
        begin(plugin, model).answer("".join(LINES))
        await_state(plugin, "done")
        plugin.nvim.command("RedraftAgain shorter")
        model.next_call()
        plugin.nvim.command("RedraftStop")
        await_state(plugin, "cancelled")
    first = plugin.nvim.current.buffer.number
    before = plugin.lua(SHOWS_WHERE, first)
    other = tmp_path / "project" / "other.py"
    other.write_text(STUB)
    plugin.open(other)
    plugin.wait(READY, "the server")
    call = begin(plugin, model)
    call.send(LINES[0])
    plugin.await_text(LINES[0])
    assert plugin.lua(SHOWS_WHERE, first) == before
    call.answer("".join(LINES[1:]))
    await_state(plugin, "done", 1 if failed == "without a draft" else 2)
    assert plugin.lua(SHOWS_WHERE, first) == before
    # Nor to a later one in the same file.
    assert plugin.lua("return require('redraft.runs').awaited(_G.client_id, vim.uri_from_bufnr(...))", first) is None
