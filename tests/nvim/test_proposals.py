"""Drafts for files that are not open in Neovim: they come into a buffer, and nothing is written."""

from __future__ import annotations

from pathlib import Path

import pytest
from editor import Editor

CODE = "def total(values):\n    return sum(values)\n"
OTHER = "x = 1\n"


def generate(editor: Editor, path: Path, line: int) -> None:
    at = {"line": line, "character": 0}
    argument = {"uri": path.as_uri(), "range": {"start": at, "end": at}, "instruction": "the sum of values"}
    editor.command("redraft.generate", argument)


# What a set-up with `vim.lsp.enable` does: each buffer with Python in it is the server's.
ATTACH = """
vim.cmd('filetype on')
vim.api.nvim_create_autocmd('FileType', { pattern = 'python', callback = function(event)
  vim.lsp.buf_attach_client(event.buf, _G.client_id)
end })
"""


def buffer_of(editor: Editor, path: Path) -> str:
    lines = "return vim.api.nvim_buf_get_lines(vim.fn.bufnr(...), 0, -1, false)"
    return "\n".join(editor.lua(lines, str(path))) + "\n"


@pytest.mark.parametrize("name", ["other.py", "new.py"])
def test_a_draft_comes_into_a_buffer_that_was_not_open(session, editor, model, name):
    here = session.start("y = 2\n")
    path = here.parent / name
    (here.parent / "other.py").write_text(OTHER)
    text = path.read_text() if path.exists() else ""
    generate(editor, path, text.count("\n"))
    model.next_call().answer(CODE)
    editor.wait("#_G.seen.messages > 0", "the message that it was not open")
    assert "was not open" in editor.seen("messages")[0], editor.seen("messages")
    drafted = buffer_of(editor, path)
    assert drafted.startswith(text) and drafted.strip().endswith(CODE.strip()), drafted
    assert editor.lua("return vim.fn.getbufvar(vim.fn.bufnr(...), '&modified')", str(path)) == 1
    # Neovim makes a new file for the operation, and leaves the text in the buffer.
    assert path.read_text() == text
    assert editor.lua("return vim.api.nvim_buf_get_name(0)").endswith(here.name), "the user stays where they are"


@pytest.mark.parametrize("name", ["other.py", "new.py"])
def test_a_buffer_that_neovim_opens_for_it_is_watched_as_any(session, editor, model, name):
    here = session.start("y = 2\n", experimental={"redraft": {"undoGrouping": False}}, delivery="final")
    editor.lua(ATTACH)
    path = here.parent / name
    (here.parent / "other.py").write_text(OTHER)
    text = path.read_text() if path.exists() else ""
    generate(editor, path, text.count("\n"))
    model.next_call().answer(CODE)
    editor.wait("#_G.seen.status > 0 and _G.seen.status[#_G.seen.status].state == 'done'", "the draft to stand")
    assert not editor.seen("messages"), editor.seen("messages")
    assert buffer_of(editor, path).strip().endswith(CODE.strip())
    editor.command("redraft.revert", {"run": editor.seen("status")[-1]["run"]})
    editor.wait("_G.seen.status[#_G.seen.status].state == 'reverted'", "the draft to be taken back")
    assert buffer_of(editor, path) == (text or "\n")
