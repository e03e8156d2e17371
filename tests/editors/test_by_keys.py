"""Real editors, set up as docs/editors.md says and driven by keys: what a person sees and gets.

Those that are not installed are skipped; `scripts/test` does not install them. What Neovim does is in tests/nvim.
"""

from __future__ import annotations

import judge
import pytest
from sums import LINES, PLACE, STUB, TITLE, WRITTEN


def test_a_body_is_written_and_one_undo_takes_it_back(start, ended, model):
    editor = start(STUB, PLACE)
    editor.act(TITLE)
    call = model.next_call()
    assert "def total(values: list[int]) -> int" in call.prompt
    call.answer("".join(LINES))
    editor.terminal.see("return result")
    editor.saved_as(WRITTEN)
    editor.undo()
    editor.saved_as(STUB)
    ended(editor)


def test_what_is_typed_while_the_draft_lands_is_kept(start, ended, model):
    """The draft comes while its user is typing lines above it, which the editor may not have told yet."""
    editor = start(STUB, PLACE)
    if editor.misplaces:
        pytest.skip(editor.misplaces)
    editor.act(TITLE)
    call = model.next_call()
    call.send("".join(LINES[:-1]))
    typed = "one = 1\ntwo = 2\nthree = 3\n"
    editor.type_above(typed)
    call.send(LINES[-1])
    call.finish()
    editor.terminal.see("return result")
    editor.saved_as(typed + WRITTEN)
    ended(editor, judge.TYPING)


def test_a_run_is_stopped_from_elsewhere_in_the_file(start, ended, model):
    editor = start(STUB, PLACE)
    editor.act(TITLE)
    call = model.next_call()
    call.send(LINES[0])
    editor.type_above("one = 1\n")
    editor.act(f"Stop: {TITLE}")
    assert call.disconnected.wait(15), "the model's connection is still open"
    editor.saved_as("one = 1\n" + STUB)
    ended(editor, judge.TYPING)


def test_what_goes_wrong_is_shown(start, ended, model):
    editor = start(STUB, PLACE)
    editor.act(TITLE)
    model.next_call().refuse(400, "no such model here")
    if editor.shows_errors:
        editor.see_error("no such model here")
    else:
        editor.terminal.wait(lambda: "no such model here" in editor.told(), "the editor to be told")
    editor.saved_as(STUB)
    ended(editor)
