"""What one step of undo takes back, where a run, its user and another run write into one buffer in turn."""

from __future__ import annotations

import pytest
from test_plugin import await_state
from test_plugin_shows import SHOWN
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


def test_a_revert_is_a_step_of_its_own(plugin, model):
    begin(plugin, model).answer("".join(LINES))
    await_state(plugin, "done")
    plugin.nvim.command("RedraftRevert")
    await_state(plugin, "reverted")
    assert history(plugin) == [STUB, WRITTEN, STUB]


def test_the_first_draft_can_be_had_back_from_the_second(plugin, model):
    begin(plugin, model).answer("    return 0\n")
    await_state(plugin, "done")
    first = plugin.text()
    plugin.nvim.command("RedraftAgain")
    model.next_call().answer("    return sum(values)\n")
    await_state(plugin, "done", 2)
    seen = history(plugin)
    assert seen[0] == first.replace("return 0", "return sum(values)") and seen[-2:] == [first, STUB], seen


@pytest.fixture
def two(plugin, model):
    """A draft that is done, and a run that has written a line elsewhere."""
    begin(plugin, model).answer("".join(LINES))
    await_state(plugin, "done")
    call = begin_below(plugin, model)
    stream(plugin, call, ["    three = 3\n"])
    return call


def begin_below(plugin, model):
    line = plugin.line_of("return 2") + 1
    plugin.nvim.command(f"{line},{line}Redraft return three")
    return model.next_call()


def test_a_draft_that_is_reverted_while_another_streams_is_a_step_of_its_own(plugin, two):
    plugin.go_to("for value")
    plugin.nvim.command("RedraftRevert")
    await_state(plugin, "reverted")
    streaming = STUB.replace("    return 2", "    three = 3\n    return 2")
    assert plugin.text() == streaming
    # Nothing of what stands there again is the other's.
    assert plugin.lua(SHOWN)["lines"] == ["    three = 3"]
    two.send("    return three\n")
    two.finish()
    await_state(plugin, "done", 2)
    done = STUB.replace("    return 2", "    three = 3\n    return three")
    standing = streaming.replace(STUB.partition(AFTER)[0], WRITTEN.partition(AFTER)[0])
    assert history(plugin) == [done, streaming, standing, WRITTEN, STUB]


def test_two_runs_at_once_take_back_no_more_than_their_own(plugin, model):
    """Where they write in turn, so do the steps."""
    one = begin(plugin, model)
    stream(plugin, one, LINES[:1])
    other = begin_below(plugin, model)
    texts = [plugin.text()]
    for call, line in ((other, "    three = 3\n"), (one, LINES[1]), (other, "    four = 4\n")):
        stream(plugin, call, [line])
        texts.append(plugin.text())
    stream(plugin, one, LINES[2:])
    one.finish()
    await_state(plugin, "done")
    texts.append(plugin.text())
    other.send("    return three\n")
    other.finish()
    await_state(plugin, "done", 2)
    assert history(plugin)[1:] == [*reversed(texts), STUB]
