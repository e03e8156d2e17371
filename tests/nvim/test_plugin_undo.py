"""What one step of undo takes back, where a run, its user and another run write into one buffer in turn."""

from __future__ import annotations

import pytest
from test_plugin import await_state
from test_plugin_typing import begin, stream
from test_streaming import AFTER, BEFORE, LINES, STUB, WRITTEN

# With the first two lines of the draft; what it takes the place of goes when the rest has come.
FIRST = BEFORE + "".join(LINES[:2]) + "    raise NotImplementedError\n" + AFTER


@pytest.fixture
def plugin(open_plugin):
    return open_plugin(STUB)


def history(plugin) -> list[str]:
    """The buffer as it is, and as each further undo leaves it, until one changes nothing."""
    seen = [plugin.text()]
    while len(seen) < 30:
        plugin.nvim.command("silent! undo")
        if plugin.text() == seen[-1]:
            return seen
        seen.append(plugin.text())
    raise AssertionError(seen)


@pytest.mark.parametrize("more", ["<CR># more", " more"], ids=["in the next line", "in the same line"])
def test_what_is_typed_in_one_insert_session_is_steps_of_its_own(plugin, model, more):
    """Insert mode goes on above the draft while it comes. Nothing of the file is lost by undoing it all."""
    stands = "# above" + more.replace("<CR>", "\n") + "\n"
    call = begin(plugin, model)
    plugin.type("ggO# above", "# above\n")
    stream(plugin, call, LINES[:2])
    plugin.type(more, stands)
    stream(plugin, call, LINES[2:])
    call.finish()
    await_state(plugin, "done")
    plugin.nvim.input("<Esc>")
    plugin.wait("vim.api.nvim_get_mode().mode == 'n'", "normal mode")
    assert history(plugin) == [stands + WRITTEN, stands + FIRST, "# above\n" + FIRST, "# above\n" + STUB, STUB]


STALE = """
local uri, version = vim.uri_from_bufnr(0), vim.lsp.util.buf_versions[vim.api.nvim_get_current_buf()]
assert(version > 1)
local here = { line = 0, character = 0 }
require('redraft.handlers').handlers['workspace/applyEdit'](nil, { edit = { documentChanges = { {
  textDocument = { uri = uri, version = version - 1 }, edits = { { range = { start = here, ['end'] = here }, newText = 'stale' } },
} } } }, { client_id = _G.client_id })
"""


def test_what_is_typed_behind_an_edit_that_was_dropped_is_a_step_of_its_own(plugin, model):
    call = begin(plugin, model)
    stream(plugin, call, LINES[:2])
    plugin.nvim.input("gg0i")
    plugin.wait("vim.api.nvim_get_mode().mode == 'i'", "insert mode")
    plugin.lua(STALE)
    assert plugin.text() == FIRST
    plugin.type("# ", "# def above")
    plugin.nvim.input("<Esc>")
    plugin.wait("vim.api.nvim_get_mode().mode == 'n'", "normal mode")
    plugin.nvim.command("silent undo")
    assert plugin.text() == FIRST
    call.send("".join(LINES[2:]))
    call.finish()
    await_state(plugin, "done")
