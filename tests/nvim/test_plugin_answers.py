"""Answers in words: where they stand, and how they are had again."""

from __future__ import annotations

import pytest
from test_plugin import await_state
from test_plugin_typing import begin
from test_streaming import LINES, STUB, WRITTEN

# What stands in windows over the others.
FLOATING = "vim.tbl_filter(function(w) return vim.api.nvim_win_get_config(w).relative ~= '' end, vim.api.nvim_list_wins())"
SAID = f"vim.tbl_map(function(w) return vim.api.nvim_buf_get_lines(vim.api.nvim_win_get_buf(w), 2, -1, true) end, {FLOATING})"


@pytest.fixture
def plugin(open_plugin):
    return open_plugin(STUB)


def explain(plugin, model, command: str = "RedraftPrompt explain"):
    plugin.go_to("return 1")
    plugin.nvim.command(command)
    return model.next_call()


def await_answer(plugin, text: str) -> None:
    plugin.wait(f"vim.deep_equal({SAID}, {{ {{ args[1] }} }})", "the answer", text)


def test_a_second_answer_takes_the_place_of_the_first(plugin, model):
    explain(plugin, model).answer("It is one.\n")
    await_answer(plugin, "It is one.")
    await_state(plugin, "done")
    window = plugin.nvim.current.window
    explain(plugin, model, "RedraftAgain why?").answer("Because.\n")
    await_answer(plugin, "Because.")
    # Where one works stays where it was.
    assert plugin.nvim.current.window == window


def test_an_answer_waits_for_who_types_and_can_be_shown_again(plugin, model):
    call = explain(plugin, model)
    plugin.type("ggO# abo", "# abo\n")
    call.answer("It is one.\n")
    await_state(plugin, "done")
    plugin.type("ve", "# above\n")
    assert plugin.lua(f"return {FLOATING}") == []
    plugin.nvim.input("<Esc>")
    await_answer(plugin, "It is one.")
    plugin.nvim.input("j")
    plugin.wait(f"#{FLOATING} == 0", "it to be gone")
    plugin.nvim.command("RedraftAnswer")
    assert plugin.text() == "# Explain `above`\n\nIt is one.\n"
    plugin.nvim.input("q")
    plugin.wait("vim.bo.filetype == 'python'", "the file")


def test_where_nothing_was_answered_that_is_told(plugin):
    plugin.nvim.command("RedraftAnswer")
    assert plugin.seen("messages")[-1] == "redraft: nothing was explained yet"


@pytest.mark.parametrize(("command", "state"), [("RedraftRevert", "reverted"), ("RedraftKeep", "kept")])
def test_a_draft_is_meant_where_something_was_explained_since(plugin, model, command, state):
    begin(plugin, model).answer("".join(LINES))
    await_state(plugin, "done")
    explain(plugin, model).answer("It is one.\n")
    await_state(plugin, "done", 2)
    await_answer(plugin, "It is one.")
    plugin.nvim.command(command)
    await_state(plugin, state)
    assert plugin.text() == (STUB if state == "reverted" else WRITTEN)


def test_an_explanation_is_nothing_to_keep(plugin, model):
    explain(plugin, model).answer("It is one.\n")
    await_state(plugin, "done")
    for command in ("RedraftKeep", "RedraftRevert"):
        plugin.lua("_G.seen.messages = {}")
        plugin.nvim.command(command)
        assert plugin.seen("messages") == ["redraft: nothing was written in this buffer yet"]
