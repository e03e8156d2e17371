"""The plugin while its user works on: what is typed, folds, extmarks, the cursor and the view stay theirs, and undo is exact."""

from __future__ import annotations

import pytest
from scripted_model import DEADLINE
from test_plugin import await_state, steps
from test_streaming import AFTER, BEFORE, LINES, STUB, WRITTEN

# Enough above and below that the window shows a part.
LONG_ABOVE = "".join(f"above_{number} = {number}\n" for number in range(60))
LONG_BELOW = "".join(f"below_{number} = {number}\n" for number in range(60))


@pytest.fixture
def plugin(open_plugin):
    return open_plugin(STUB)


def begin(plugin, model):
    plugin.go_to("raise NotImpl")
    plugin.nvim.command("RedraftPrompt implement")
    return model.next_call()


def stream(plugin, call, lines) -> None:
    for line in lines:
        call.send(line)
        plugin.await_text(line.rstrip("\n"))


def test_typing_above_and_inside_survives(plugin, model):
    call = begin(plugin, model)
    stream(plugin, call, LINES[:2])
    plugin.type("ggO# above<Esc>", "# above\n")
    stream(plugin, call, LINES[2:3])
    plugin.go_to("result = 0")
    plugin.type("A  # mine<Esc>", "result = 0  # mine\n")
    call.send(LINES[3])
    call.finish()
    await_state(plugin, "done")
    text = plugin.text()
    assert text.startswith("# above\n" + BEFORE) and text.endswith(AFTER), text
    assert text.count("    result = 0  # mine\n") == 1 and text.count("for value in values:") == 1
    # What was typed is undone by itself, and what streamed around it too: never two of them in one step.
    seen = [text]
    while seen[-1] != STUB:
        plugin.nvim.command("silent undo")
        seen.append(plugin.text())
        assert len(seen) < 30, seen
    for later, earlier in zip(seen, seen[1:]):
        typed = ("# above" in later) - ("# above" in earlier) + ("# mine" in later) - ("# mine" in earlier)
        assert typed in (0, 1), (later, earlier)


def test_what_is_typed_above_while_it_streams_cuts_it_in_two(plugin, model):
    call = begin(plugin, model)
    stream(plugin, call, LINES[:2])
    plugin.type("ggO# above<Esc>", "# above\n")
    stream(plugin, call, LINES[2:])
    call.finish()
    await_state(plugin, "done")
    assert plugin.text() == "# above\n" + WRITTEN
    assert steps(plugin) == 3


def test_two_runs_are_two_steps(plugin, model):
    begin(plugin, model).answer("".join(LINES))
    await_state(plugin, "done")
    first = plugin.line_of("return 2") + 1
    plugin.nvim.command(f"{first},{first}Redraft return three")
    model.next_call().answer("    return 3\n")
    await_state(plugin, "done", 2)
    assert plugin.text() == WRITTEN.replace("return 2", "return 3")
    assert steps(plugin) == 2


def test_stop_leaves_what_stands_and_it_is_kept(plugin, model):
    call = begin(plugin, model)
    stream(plugin, call, LINES[:1])
    plugin.nvim.command("RedraftStop")
    await_state(plugin, "cancelled")
    assert call.disconnected.wait(DEADLINE)
    assert plugin.text().startswith(BEFORE + LINES[0])
    assert plugin.lua("return require('redraft').statusline()") == ""
    plugin.nvim.command("RedraftStop")
    assert plugin.seen("messages")[-1] == "redraft: nothing is at work in this buffer"
    plugin.nvim.command("RedraftKeep")
    await_state(plugin, "kept")
    assert plugin.text().startswith(BEFORE + LINES[0])


def test_revert_leaves_what_was_typed_elsewhere(plugin, model):
    begin(plugin, model).answer("".join(LINES))
    await_state(plugin, "done")
    plugin.type("ggO# above<Esc>", "# above\n")
    plugin.type("Go# below<Esc>", "# below")
    plugin.nvim.command("RedraftRevert")
    await_state(plugin, "reverted")
    assert plugin.text() == "# above\n" + STUB + "# below\n"


def test_the_draft_at_the_cursor_is_meant(plugin, model):
    """Of two drafts in a buffer, the commands are about the one at the cursor; elsewhere, about the later."""
    begin(plugin, model).answer("".join(LINES))
    await_state(plugin, "done")
    first = plugin.line_of("return 2") + 1
    plugin.nvim.command(f"{first},{first}Redraft return three")
    model.next_call().answer("    return 3\n")
    await_state(plugin, "done", 2)
    plugin.go_to("result += value")
    plugin.nvim.command("RedraftRevert")
    await_state(plugin, "reverted")
    assert plugin.text() == STUB.replace("return 2", "return 3")
    plugin.go_to("return 1")
    plugin.nvim.command("RedraftRevert")
    await_state(plugin, "reverted", 2)
    assert plugin.text() == STUB


def test_an_action_of_the_menu_is_known_to_the_commands(plugin, model):
    plugin.go_to("raise NotImpl")
    plugin.lua("vim.ui.select = function(items, _, done) done(items[1], 1) end")
    plugin.lua("vim.lsp.buf.code_action()")
    model.next_call().answer("".join(LINES))
    await_state(plugin, "done")
    plugin.nvim.command("RedraftRevert")
    await_state(plugin, "reverted")
    assert plugin.text() == STUB


MARKS = """
local marks = {}
for _, mark in ipairs(vim.api.nvim_buf_get_extmarks(0, vim.api.nvim_create_namespace('theirs'), 0, -1, {})) do
  table.insert(marks, vim.api.nvim_buf_get_lines(0, mark[2], mark[2] + 1, true)[1]:sub(mark[3] + 1, mark[3] + 3))
end
return marks
"""
FOLDS = """
local folds, line = {}, 1
while line <= vim.fn.line('$') do
  local last = vim.fn.foldclosedend(line)
  if last ~= -1 then
    table.insert(folds, table.concat(vim.fn.getline(line, last), '|'))
    line = last
  end
  line = line + 1
end
return folds
"""
VIEW = "return { vim.fn.getline('w0'), vim.fn.getline('.'), vim.fn.col('.'), vim.fn.winline() }"


@pytest.mark.parametrize("where", ["above", "below"])
def test_marks_folds_and_the_view_stay_at_their_text(open_plugin, model, where):
    """The cursor is far above or below the draft, where the window shows nothing of it."""
    plugin = open_plugin(LONG_ABOVE + STUB + LONG_BELOW)
    plugin.lua(
        """
        local own = vim.api.nvim_create_namespace('theirs')
        for _, at in ipairs({ { 3, 2 }, { 65, 4 }, { 70, 4 }, { 100, 2 } }) do
          vim.api.nvim_buf_set_extmark(0, own, at[1], at[2], {})
        end
        vim.o.lines = 30
        vim.wo.foldmethod = 'manual'
        vim.cmd('10,12fold | 110,114fold')
        """
    )
    begun = begin(plugin, model)
    plugin.nvim.command("normal! gg20Gzt22G3|" if where == "above" else "normal! 90Gzt95G3|")
    marks, folds, view = (plugin.lua(code) for code in (MARKS, FOLDS, VIEW))
    assert len(folds) == 2 and folds[0].startswith("above_9"), folds
    stream(plugin, begun, LINES)
    assert plugin.lua(VIEW) == view
    begun.finish()
    await_state(plugin, "done")
    assert plugin.text() == LONG_ABOVE + WRITTEN + LONG_BELOW
    assert [plugin.lua(code) for code in (MARKS, FOLDS, VIEW)] == [marks, folds, view]
    plugin.nvim.command("silent undo")
    assert plugin.text() == LONG_ABOVE + STUB + LONG_BELOW
    assert [plugin.lua(code) for code in (MARKS, FOLDS)] == [marks, folds]


def test_the_cursor_stays_where_one_types(open_plugin, model):
    """Insert mode below the draft, with the draft in the window: each line that comes pushes the text down, the cursor with it."""
    plugin = open_plugin(STUB + LONG_BELOW)
    begun = begin(plugin, model)
    plugin.go_to("below_3 ")
    plugin.type("A  # one", "below_3 = 3  # one\n")
    for number, line in enumerate(LINES):
        stream(plugin, begun, [line])
        plugin.type(f" {number}", f"# one{''.join(f' {n}' for n in range(number + 1))}\n")
    begun.finish()
    await_state(plugin, "done")
    plugin.type(" end<Esc>", "below_3 = 3  # one 0 1 2 3 end\n")
    assert plugin.text() == (WRITTEN + LONG_BELOW).replace("below_3 = 3", "below_3 = 3  # one 0 1 2 3 end")


SELECTED = "return table.concat(vim.fn.getregion(vim.fn.getpos('v'), vim.fn.getpos('.'), { type = vim.fn.mode() }), '\\n')"


@pytest.mark.parametrize(
    ("keys", "selected"),
    [("Vj", "def below():\n    return 2"), ("wvj", "below():\n    r"), ("jVk", "def below():\n    return 2"), ("w<C-v>jl", "be\nre")],
    ids=["lines", "characters", "upwards", "a block"],
)
def test_what_is_selected_below_stays_selected(plugin, model, keys, selected):
    call = begin(plugin, model)
    stream(plugin, call, LINES[:1])
    plugin.go_to("def below")
    plugin.nvim.input(keys)
    plugin.wait("vim.fn.mode():find('^[vV\\22]') ~= nil", "visual mode")
    plugin.wait(f"(function() {SELECTED} end)() == args[1]", "the selection", selected)
    stream(plugin, call, LINES[1:])
    call.finish()
    await_state(plugin, "done")
    assert plugin.lua(SELECTED) == selected
    plugin.nvim.input("<Esc>")
    plugin.wait("vim.api.nvim_get_mode().mode == 'n'", "normal mode")
    assert plugin.text() == WRITTEN and steps(plugin) == 1
