"""Ghost text of the plugin: what is shown behind the cursor, by the plugin in Neovim 0.11 and by Neovim itself from 0.12 on."""

from __future__ import annotations

import pytest
from editor import Editor
from scripted_model import DEADLINE
from test_streaming import STUB


@pytest.fixture
def plugin(open_plugin):
    return open_plugin(STUB)


MARKS = "vim.api.nvim_buf_get_extmarks(0, vim.api.nvim_create_namespace('{}'), 0, -1, {{ details = true }})"
GHOST, NATIVE = MARKS.format("redraft.ghost"), MARKS.format("nvim.lsp.inline_completion")


def ghost(editor: Editor, shown: str = GHOST) -> str:
    """What is shown behind the cursor."""
    marks = editor.lua(f"return {shown}")
    if not marks:
        return ""
    details = marks[0][3]
    lines = ["".join(part[0] for part in line) for line in [details["virt_text"], *details.get("virt_lines", [])]]
    return "\n".join(lines)


def test_the_rest_is_shown_as_ghost_text_and_taken(plugin, model):
    plugin.go_to("return 2")
    plugin.type("cc    total = ", "total = ")
    plugin.lua("require('redraft.ghost').trigger()")
    call = model.next_call()
    assert "total = <<here>>" in call.prompt
    call.answer("```python\nabove() + 1\n```\n")
    plugin.wait(f"#{GHOST} > 0", "the ghost text")
    assert ghost(plugin) == "above() + 1"
    plugin.type("<M-Right>", "total = above")
    plugin.lua("require('redraft.ghost').trigger()")
    plugin.wait(f"#{GHOST} > 0", "the rest of it, without a call")
    assert ghost(plugin) == "() + 1"
    plugin.type("<Tab>", "total = above() + 1")
    assert ghost(plugin) == ""
    plugin.type("<Tab>x<Esc>", "total = above() + 1\tx")


def test_the_next_key_hides_it_and_ends_the_call(plugin, model):
    plugin.go_to("return 2")
    plugin.type("cc    total = ", "total = ")
    plugin.lua("require('redraft.ghost').trigger()")
    call = model.next_call()
    plugin.type("1", "total = 1")
    assert call.disconnected.wait(DEADLINE)
    assert ghost(plugin) == ""
    # The new text is asked about by itself, so that nothing is on its way when the test ends.
    model.next_call().answer("```python\n1\n```\n")


def test_it_is_asked_for_while_one_types(plugin, model):
    """A model that costs nothing is asked by itself; what is typed along it stands once."""
    is_native = plugin.lua("return vim.lsp.inline_completion ~= nil")
    shown = NATIVE if is_native else GHOST
    plugin.go_to("return 2")
    plugin.type("cc    total = ", "total = ")
    model.next_call().answer("```python\nabove() + 1\n```\n")
    plugin.wait(f"#{shown} > 0", "the ghost text")
    assert ghost(plugin, shown) == "above() + 1"
    plugin.type("ab", "total = ab")
    plugin.wait(f"#{shown} > 0 and {shown}[1][4].virt_text[1][1] == 'ove() + 1'", "the rest of it, without a call")
    plugin.type("<M-Right>", "total = above")
    plugin.wait(f"#{shown} > 0 and {shown}[1][4].virt_text[1][1] == '() + 1'", "the rest of it, without a call")
    plugin.type("<Tab>", "total = above() + 1")
    plugin.wait(f"#{shown} == 0", "nothing")
    # Before it is asked what comes behind that.
    plugin.nvim.input("<Esc>")
    plugin.wait("vim.api.nvim_get_mode().mode == 'n'", "normal mode")
    assert model.no_call_waits()


def test_what_is_typed_along_it_stands_once(plugin, model):
    """Tab comes with the keys before it, so that neither Neovim nor the server was told of them."""
    is_native = plugin.lua("return vim.lsp.inline_completion ~= nil")
    shown = NATIVE if is_native else GHOST
    plugin.go_to("return 2")
    plugin.type("cc    total = ", "total = ")
    model.next_call().answer("```python\nabove() + 1\n```\n")
    plugin.wait(f"#{shown} > 0", "the ghost text")
    plugin.type("ab<Tab>", "total = above() + 1")
    plugin.wait(f"#{shown} == 0", "nothing")
    plugin.type("<Esc>", "total = above() + 1")
    assert plugin.text() == STUB.replace("return 2", "total = above() + 1")


OTHERS = """
local texts, waits = ...
-- A server in this Neovim that knows these ways on.
vim.lsp.stop_client(_G.client_id)
vim.wait(5000, function() return vim.lsp.get_client_by_id(_G.client_id) == nil end)
local function server()
  return {
    request = function(method, _, done)
      if method == 'initialize' then
        done(nil, { capabilities = { inlineCompletionProvider = true, positionEncoding = 'utf-16' } })
      elseif method == 'textDocument/inlineCompletion' then
        _G.answer = function() done(nil, { items = vim.tbl_map(function(text) return { insertText = text } end, texts) }) end
        if not waits then _G.answer() end
      else
        done(nil, vim.NIL)
      end
      return true, 1
    end,
    notify = function() return true end,
    is_closing = function() return false end,
    terminate = function() end,
  }
end
vim.lsp.start({ name = 'redraft', cmd = server, root_dir = vim.uv.cwd() })
"""


def offer(plugin, *texts: str) -> None:
    """Has these shown behind `total = `."""
    plugin.lua(OTHERS, texts)
    plugin.go_to("return 2")
    plugin.type("cc    total = ", "total = ")
    plugin.lua("require('redraft.ghost').trigger()")
    plugin.wait(f"#{GHOST} > 0", "the ghost text")


@pytest.mark.parametrize(("text", "word"), [("über + 1", "über"), ("« a »", "«"), ("日本 + 1", "日本"), ("\n    über()", "\n    über")])
def test_a_first_word_is_whole_characters(plugin, text, word):
    offer(plugin, text)
    plugin.type("<M-Right>", f"total = {word}")
    plugin.type("<Esc>", f"total = {word}")
    assert plugin.text().endswith(f"total = {word}\n")


AT = "vim.deep_equal(vim.api.nvim_win_get_cursor(0), {{ {}, {} }})"


def test_what_was_asked_for_elsewhere_is_not_shown(plugin):
    """The cursor moves while the answer is on its way."""
    plugin.lua(OTHERS, ["above() + 1"], True)
    plugin.go_to("return 2")
    plugin.type("cc    total(x, )", "total(x, )")
    plugin.lua("require('redraft.ghost').trigger()")
    plugin.wait("_G.answer ~= nil", "what is asked")
    plugin.nvim.input("<Left><Left>")
    plugin.wait(AT.format(11, 12), "the cursor to be two to the left")
    plugin.lua("_G.answer()")
    assert ghost(plugin) == ""
    plugin.nvim.input("<Esc>")


@pytest.mark.parametrize(("key", "at"), [("<Up>", (10, 12)), ("<Left>", (11, 11)), ("<Home>", (11, 0))])
def test_the_cursor_that_moves_away_hides_it(plugin, key, at):
    offer(plugin, "above() + 1")
    plugin.nvim.input(key)
    plugin.wait(AT.format(*at), "the cursor to be elsewhere")
    plugin.wait(f"#{GHOST} == 0", "nothing to be shown")
    plugin.nvim.input("<Esc>")


# The keys that come with the key that takes it, and what stands in the line then.
CLOSE = {"text": (" # x", "total = above() + 1 # x"), "the end": ("<Esc>0x", "   total = above() + 1"), "a line": ("<CR>x", "total = above() + 1\nx")}


@pytest.mark.parametrize(("keys", "stands"), CLOSE.values(), ids=CLOSE.keys())
def test_keys_close_behind_are_put_behind_it(plugin, keys, stands):
    offer(plugin, "above() + 1")
    plugin.type(f"<Tab>{keys}<Esc>", stands)
    assert ghost(plugin) == ""


@pytest.mark.parametrize(("keys", "stands"), CLOSE.values(), ids=CLOSE.keys())
def test_keys_close_behind_are_put_behind_what_neovim_shows(plugin, model, keys, stands):
    if not plugin.lua("return vim.lsp.inline_completion ~= nil"):
        pytest.skip("this Neovim shows none itself")
    plugin.go_to("return 2")
    plugin.type("cc    total = ", "total = ")
    model.next_call().answer("```python\nabove() + 1\n```\n")
    plugin.wait(f"#{NATIVE} > 0", "the ghost text")
    plugin.type(f"<Tab>{keys}<Esc>", stands)


def test_alternatives_are_shown_in_turn(plugin):
    offer(plugin, "one()", "two(\n)", "three()")
    assert ghost(plugin) == "one() (1/3)"
    for key, shown in (("<M-]>", "two(\n) (2/3)"), ("<M-]>", "three() (3/3)"), ("<M-]>", "one() (1/3)"), ("<M-[>", "three() (3/3)")):
        plugin.nvim.input(key)
        plugin.wait(f"{GHOST}[1][4].virt_text[1][1] == args[1]", shown, shown.split("\n")[0].partition(" (")[0])
        assert ghost(plugin) == shown
    plugin.type("<Tab>", "total = three()")
    assert ghost(plugin) == ""
    plugin.nvim.input("<Esc>")


def test_alternatives_that_neovim_shows_are_shown_in_turn(plugin):
    if not plugin.lua("return vim.lsp.inline_completion ~= nil"):
        pytest.skip("this Neovim shows none itself")
    plugin.lua(OTHERS, ["one()", "two()"])
    plugin.go_to("return 2")
    plugin.type("cc    total = ", "total = ")
    plugin.wait(f"#{NATIVE} > 0 and {NATIVE}[1][4].virt_text[1][1] == 'one()'", "the first")
    plugin.nvim.input("<M-]>")
    plugin.wait(f"#{NATIVE} > 0 and {NATIVE}[1][4].virt_text[1][1] == 'two()'", "the second")
    plugin.type("<Tab><Esc>", "total = two()")


SET_UP = "require('redraft').setup({ cmd = require('redraft.config').options.cmd, inline = ... })"


def test_it_can_be_switched_off_and_on_again(plugin, model):
    tab = "return vim.fn.maparg('<Tab>', 'i', false, true).desc or ''"
    theirs = "vim.snippet.jump if active, otherwise <Tab>"
    assert plugin.lua(tab) == "Take what Redraft completes"
    plugin.lua(SET_UP, False)
    assert plugin.lua(tab) == theirs and plugin.lua("return vim.fn.maparg('<M-]>', 'i')") == ""
    plugin.go_to("return 2")
    plugin.type("cc    total = ", "total = ")
    plugin.type("<Tab><Esc>", "total = \t")
    # Nothing asks, neither the plugin nor Neovim itself.
    assert plugin.lua("return vim.api.nvim_get_autocmds({ group = 'redraft.ghost' })") == []
    assert not plugin.lua("return vim.lsp.inline_completion and vim.lsp.inline_completion.is_enabled({ client_id = _G.client_id })")
    plugin.lua(SET_UP, {"accept": "<C-l>"})
    assert plugin.lua(tab) == theirs
    plugin.type("cc    total = ", "total = ")
    plugin.lua("require('redraft.ghost').trigger()")
    model.next_call().answer("```python\nabove() + 1\n```\n")
    plugin.wait(f"#{GHOST} > 0", "the ghost text")
    plugin.type("<C-l><Esc>", "total = above() + 1")


def test_where_nothing_is_shown_keys_are_what_they_were(open_plugin, model):
    model.answer_each(lambda call: call.answer("```python\n```\n"))
    plugin = open_plugin(STUB, inline=False)
    plugin.lua(
        """
        vim.keymap.set('i', '<C-l>', '<Plug>(theirs)')
        vim.keymap.set('i', '<Plug>(theirs)', function() return vim.fn.line('.') .. '<C-o>x' end, { expr = true })
        vim.keymap.set('i', '<M-]>', 'next')
        """
    )
    plugin.lua(SET_UP, {"word": "<C-l>"})
    plugin.go_to("return 2")
    plugin.type("cc    abc<Left><C-l><M-]><Esc>", "    ab11next")
    assert plugin.text().endswith("\n    ab11next\n")
    # Neovim's own Tab jumps in a snippet.
    plugin.nvim.input("cc    ")
    plugin.wait("vim.api.nvim_get_mode().mode == 'i'", "insert mode")
    plugin.lua("vim.snippet.expand('f(${1:aa}, ${2:bb})$0')")
    plugin.type("q", "f(q, bb)")
    plugin.nvim.input("<Tab>")
    plugin.wait("vim.api.nvim_get_mode().mode == 's'", "the next placeholder")
    plugin.type("r<Esc>", "f(q, r)")
