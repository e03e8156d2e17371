"""Code actions from Neovim's side: what is offered, what is written, what one undo brings back.

The delivery is `final`, the default of a client that does not group undo: one edit when the run is done.
"""

from __future__ import annotations

import pytest
from editor import DOCSTRING, FIX, IMPLEMENT, REWRITE, Editor
from sums import LINES, STUB, WRITTEN

BODY = "".join(LINES)
HEADER = 'def total(values: list[int]) -> int:\n    """Return the sum of the values."""\n'

# Ways in which models answer; each must come to the same body.
ANSWERS = {
    "body": BODY,
    "flush left": "result = 0\nfor value in values:\n    result += value\nreturn result\n",
    "function": HEADER + BODY,
    "fence": f"```python\n{HEADER}{BODY}```\n",
    "prose": f"Here is the function:\n\n```python\n{HEADER}{BODY}```\n\nIt sums the values.\n",
}


def actions_at(editor: Editor, text: str, **context) -> list[dict]:
    line = editor.line_of(text)
    at = {"line": line, "character": 4}
    uri = editor.lua("return vim.uri_from_bufnr(0)")
    params = {"textDocument": {"uri": uri}, "range": {"start": at, "end": at}, "context": {"diagnostics": []} | context}
    return editor.request("textDocument/codeAction", params) or []


def test_the_action_is_listed_at_a_stub(session, editor, model):
    session.start(STUB)
    (action,) = [a for a in actions_at(editor, "raise NotImpl") if a["command"]["arguments"][0]["action"] == IMPLEMENT]
    assert action["kind"].startswith("refactor.rewrite.redraft")
    assert not action.get("isPreferred")
    assert action["command"]["command"] == "redraft.run"
    (argument,) = action["command"]["arguments"]
    assert argument["uri"] == editor.lua("return vim.uri_from_bufnr(0)")
    assert argument.keys() >= {"action", "uri", "version", "range"}
    assert model.no_call_waits(), "listing must not call the model"


def test_what_is_not_asked_for_is_not_listed(session, editor, model):
    session.start(STUB)
    assert actions_at(editor, "raise NotImpl", only=["refactor.rewrite"])
    assert not actions_at(editor, "raise NotImpl", only=["source.organizeImports"])
    written = [a["command"]["arguments"][0]["action"] for a in actions_at(editor, "return 1")]
    assert IMPLEMENT not in written, "a function that has a body is not missing one"


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_a_body_is_written_and_one_undo_takes_it_back(session, editor, model, answer):
    session.start(STUB)
    editor.go_to("raise NotImpl")
    editor.act(IMPLEMENT)
    call = model.next_call()
    assert call.path == "/v1/chat/completions"
    assert call.body["model"] == "scripted-model" and call.body["stream"] is True
    assert "def total(values: list[int]) -> int" in call.prompt
    call.answer(answer)
    editor.await_end()
    assert editor.text() == WRITTEN
    editor.nvim.command("undo")
    assert editor.text() == STUB
    editor.nvim.command("redo")
    assert editor.text() == WRITTEN


def test_imports_are_added_to_the_block(session, editor, model):
    session.start(STUB)
    editor.go_to("raise NotImpl")
    editor.act(IMPLEMENT)
    model.next_call().answer("from functools import reduce\n\n" + HEADER + "    return reduce(lambda a, b: a + b, values, 0)\n")
    editor.await_end()
    text = editor.text()
    assert text.index("from functools import reduce\n") < text.index("def above")
    assert text.count("import math\n") == 1 and text.count("reduce(lambda") == 1
    assert text.index("def total") < text.index("    return reduce(") < text.index("def below")


def test_a_selection_is_rewritten_as_its_comment_says(session, editor, model):
    head, tail = "def unique(values):\n", "\n\ndef below():\n    return 2\n"
    old = "    # redraft: use a set\n    seen = []\n    for value in values:\n        if value not in seen:\n            seen.append(value)\n    return len(seen)\n"
    session.start(head + old + tail)
    editor.act(REWRITE, (3, 0), (7, 20))
    call = model.next_call()
    assert "use a set" in call.prompt
    call.answer("```python\n    return len(set(values))\n```\n")
    editor.await_end()
    text = editor.text()
    assert text.startswith(head) and text.endswith(tail)
    assert "    return len(set(values))\n" in text and "seen" not in text
    editor.nvim.command("undo")
    assert editor.text() == head + old + tail


def test_a_docstring_is_written(session, editor, model):
    plain = WRITTEN.replace('    """Return the sum of the values."""\n', "")
    session.start(plain)
    editor.go_to("def total")
    editor.act(DOCSTRING)
    model.next_call().answer('"""Return the sum of the values."""\n')
    editor.await_end()
    assert editor.text() == WRITTEN
    editor.nvim.command("undo")
    assert editor.text() == plain


def test_a_diagnostic_is_fixed(session, editor, model):
    broken = STUB.replace("return 1", "return missing_name")
    session.start(broken)
    editor.go_to("missing_name")
    line = editor.line_of("missing_name")
    where = {"start": {"line": line, "character": 11}, "end": {"line": line, "character": 23}}
    diagnostic = {"range": where, "message": "undefined name 'missing_name'", "source": "test", "severity": 1}
    # Neovim keeps the protocol's own form of a diagnostic beside its own, and sends that back.
    editor.lua(
        """
        local d, line = ...
        vim.diagnostic.set(vim.api.nvim_create_namespace('test'), 0, {{
          lnum = line, col = 11, end_lnum = line, end_col = 23, message = d.message, user_data = { lsp = d } }})
        """,
        diagnostic,
        line,
    )
    (action,) = [a for a in actions_at(editor, "missing_name", diagnostics=[diagnostic]) if "quickfix" in a["kind"]]
    assert action["kind"].startswith("quickfix.redraft")
    assert action["command"]["arguments"][0]["action"] == FIX
    editor.command(action["command"]["command"], action["command"]["arguments"][0])
    call = model.next_call()
    assert "undefined name 'missing_name'" in call.prompt
    call.answer("    return 1\n")
    editor.await_end()
    assert editor.text() == STUB


@pytest.mark.parametrize(
    "layout",
    [
        pytest.param(lambda text: text.replace("\n", "\r\n"), id="crlf"),
        pytest.param(lambda text: text.replace("    ", "\t"), id="tabs"),
        pytest.param(lambda text: text.replace("Sums", "Sums 🦀 of ünïcödé"), id="emoji"),
        pytest.param(lambda text: "\ufeff" + text, id="bom"),
        pytest.param(lambda text: text.rstrip("\n"), id="no final newline"),
    ],
)
def test_the_file_keeps_its_layout(session, editor, model, layout):
    path = session.start(layout(STUB))
    editor.go_to("raise NotImpl")
    editor.act(IMPLEMENT)
    model.next_call().answer(ANSWERS["fence"])
    editor.await_end()
    editor.nvim.command("set nofixendofline | write")
    assert path.read_bytes().decode() == layout(WRITTEN)


def test_a_generated_insertion_takes_an_instruction(session, editor, model):
    session.start(STUB)
    line = editor.line_of("def below") - 1
    at = {"line": line, "character": 0}
    uri = editor.lua("return vim.uri_from_bufnr(0)")
    editor.command("redraft.generate", {"uri": uri, "range": {"start": at, "end": at}, "instruction": "a constant LIMIT of 10"})
    call = model.next_call()
    assert "a constant LIMIT of 10" in call.prompt
    call.answer("LIMIT = 10\n")
    editor.await_end()
    text = editor.text()
    assert "\nLIMIT = 10\n" in text
    assert text.replace("LIMIT = 10\n", "").split() == STUB.split()
