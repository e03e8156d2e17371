"""Checks and further rounds as Neovim shows them: one undo for the whole run, diagnostics of what is left over, and the user's file as it was."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from editor import IMPLEMENT

STUB = '''def total(values: list[int]) -> int:
    """Return the sum of the values.

    >>> total([1, 2])
    3
    """
    raise NotImplementedError
'''
WRONG = "    return len(values)\n"
RIGHT = "    return sum(values)\n"

CHECKER = """
[trust]
folders = ["{folder}"]

[[checker]]
name = "examples"
kind = "examples"
command = ["{python}"]
"""


@pytest.fixture
def trusted(environment: dict[str, str], tmp_path: Path) -> None:
    """The project is trusted, and the examples of its docstrings are run."""
    config = Path(environment["REDRAFT_CONFIG"])
    checker = CHECKER.format(folder=tmp_path.resolve(), python=sys.executable)
    config.write_text(config.read_text() + checker)


def diagnostics(editor) -> list[str]:
    return editor.lua("return vim.tbl_map(function(d) return d.message end, vim.diagnostic.get(0))")


def test_a_draft_is_redrafted_by_its_examples_and_one_undo_takes_it_back(trusted, session, editor, model):
    path = session.start(STUB)
    editor.go_to("raise NotImpl")
    editor.act(IMPLEMENT)
    model.next_call().answer(WRONG)
    call = model.next_call()
    assert "`total([1, 2])` should give `3`, and gives `2`" in call.prompt
    assert editor.text() == STUB, "nothing is shown before it is checked"
    call.answer(RIGHT)
    editor.await_end()
    assert editor.text() == STUB.replace("    raise NotImplementedError\n", RIGHT)
    assert diagnostics(editor) == []
    assert path.read_text() == STUB, "nothing is saved"
    editor.nvim.command("undo")
    assert editor.text() == STUB


def test_what_is_left_over_is_a_diagnostic_of_the_draft(trusted, session, editor, model):
    session.start(STUB, delivery="final", config={"refine": {"rounds": 0}})
    editor.go_to("raise NotImpl")
    editor.act(IMPLEMENT)
    model.next_call().answer(WRONG)
    editor.await_end()
    editor.wait("#vim.diagnostic.get(0) > 0", "a diagnostic")
    (message,) = diagnostics(editor)
    assert "should give `3`" in message
    editor.nvim.command("undo")
    editor.wait("#vim.diagnostic.get(0) == 0", "no diagnostic")
    assert editor.text() == STUB
