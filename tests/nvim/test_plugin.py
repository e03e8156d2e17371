"""The plugin of `editors/nvim`, in a real Neovim: its commands, and one step of undo for each run."""

from __future__ import annotations

import pytest
from editor import PLUGIN, READY, Editor
from test_streaming import LINES, STUB, WRITTEN


@pytest.fixture
def plugin(open_plugin):
    return open_plugin(STUB)


def await_state(editor: Editor, state: str, nth: int = 1) -> None:
    editor.wait(f"#vim.tbl_filter(function(s) return s.state == '{state}' end, _G.seen.status) >= {nth}", state)


def steps(editor: Editor) -> int:
    """How many steps of undo there are from here to the file as it was opened."""
    count = 0
    while editor.text() != STUB:
        editor.nvim.command("silent undo")
        count += 1
        assert count < 30, editor.text()
    return count


def test_a_run_that_streams_is_one_step_of_undo(plugin, model):
    plugin.go_to("raise NotImpl")
    plugin.nvim.command("RedraftPrompt implement")
    call = model.next_call()
    for line in LINES:
        call.send(line)
        plugin.await_text(line.rstrip("\n"))
    assert "streaming" in plugin.lua("return require('redraft').statusline()")
    call.finish()
    await_state(plugin, "done")
    assert plugin.text() == WRITTEN
    assert plugin.lua("return require('redraft').statusline()") == ""
    assert steps(plugin) == 1


def test_what_is_typed_before_and_behind_is_a_step_of_its_own(plugin, model):
    plugin.type("ggO# before<Esc>", "# before")
    plugin.go_to("raise NotImpl")
    plugin.nvim.command("RedraftPrompt implement")
    call = model.next_call()
    for line in LINES:
        call.send(line)
        plugin.await_text(line.rstrip("\n"))
    call.finish()
    await_state(plugin, "done")
    plugin.type("Go# behind<Esc>", "# behind")
    assert steps(plugin) == 3


def test_drafts_are_kept_reverted_and_written_again(plugin, model):
    plugin.go_to("raise NotImpl")
    plugin.nvim.command("RedraftPrompt implement")
    model.next_call().answer("    return 0\n")
    await_state(plugin, "done")
    plugin.nvim.command("RedraftAgain")
    model.next_call().answer("    return sum(values)\n")
    await_state(plugin, "done", 2)
    assert "return sum(values)" in plugin.text() and "return 0" not in plugin.text()
    plugin.nvim.command("RedraftRevert")
    await_state(plugin, "reverted", 2)
    assert plugin.text() == STUB


def test_lines_are_rewritten_as_an_instruction_says(plugin, model):
    first = plugin.line_of("return 2") + 1
    plugin.nvim.command(f"{first},{first}Redraft return three")
    call = model.next_call()
    assert "return three" in call.prompt
    call.answer("    return 3\n")
    await_state(plugin, "done")
    assert plugin.text() == STUB.replace("return 2", "return 3")


def test_an_explanation_stands_in_a_window_and_changes_nothing(plugin, model):
    plugin.go_to("return 1")
    plugin.nvim.command("RedraftPrompt explain")
    model.next_call().answer("It is one.\n")
    await_state(plugin, "done")
    plugin.wait("#vim.api.nvim_list_wins() == 2", "the window")
    window = [w for w in plugin.nvim.windows if w != plugin.nvim.current.window][0]
    assert window.buffer[:] == ["# Explain `above`", "", "It is one."]
    assert plugin.text() == STUB


def test_names_are_completed_and_mistakes_told(plugin):
    plugin.go_to("raise NotImpl")
    assert plugin.lua("return vim.fn.getcompletion('RedraftPrompt com', 'cmdline')") == ["complete"]
    plugin.nvim.command("RedraftPrompt nothing")
    plugin.wait("#_G.seen.messages > 0", "a message")
    assert "there is no action `nothing`" in plugin.seen("messages")[0]
    plugin.nvim.command("RedraftKeep")
    assert "nothing was written in this buffer yet" in plugin.seen("messages")[-1]
    error = plugin.lua("return select(2, pcall(require('redraft').setup, { cmdd = {} }))")
    assert 'setup has no "cmdd"' in error


# What is told of prompts to whoever does not know `redraft/prompts`.
OLDER = """
local client = vim.lsp.get_client_by_id(_G.client_id)
local request = client.request
client.request = function(self, method, params, done, buffer)
  if method ~= 'redraft/prompts' then return request(self, method, params, done, buffer) end
  done({ code = -32601, message = 'Method not found' })
  return true, 0
end
vim.ui.select = function(items, options, done)
  _G.offered = vim.tbl_map(options.format_item, items)
  done(items[1], 1)
end
"""


def test_a_server_that_lists_no_prompts_offers_its_code_actions(plugin, model):
    plugin.lua(OLDER)
    plugin.go_to("raise NotImpl")
    assert "implement" in plugin.lua("return require('redraft').names()")
    plugin.nvim.command("RedraftPrompt")
    model.next_call().answer("".join(LINES))
    await_state(plugin, "done")
    assert plugin.lua("return _G.offered")[0] == "Implement `total`"
    assert plugin.text() == WRITTEN


WITHOUT_SETUP = """
local plugin, file, programs, environment = ...
vim.opt.runtimepath:prepend(plugin)
vim.cmd.runtime('plugin/redraft.lua')
vim.env.PATH = programs .. ':' .. vim.env.PATH
for name, value in pairs(environment) do vim.env[name] = value end
_G.seen = { status = {} }
vim.api.nvim_create_autocmd('User', { pattern = 'RedraftStatus', callback = function(event)
  table.insert(_G.seen.status, event.data)
end })
vim.cmd('filetype on')
vim.lsp.enable('redraft')
vim.cmd.edit(file)
"""


def test_it_needs_no_setup(any_editor, redraft, environment, model, tmp_path):
    programs, file = tmp_path / "bin", tmp_path / "module.py"
    programs.mkdir()
    (programs / "redraft").symlink_to(redraft)
    file.write_text(STUB)
    any_editor.lua(WITHOUT_SETUP, str(PLUGIN), str(file), str(programs), environment)
    any_editor.wait(READY, "the server")
    any_editor.go_to("raise NotImpl")
    any_editor.nvim.command("RedraftPrompt implement")
    model.next_call().answer("".join(LINES))
    await_state(any_editor, "done")
    assert any_editor.text() == WRITTEN
