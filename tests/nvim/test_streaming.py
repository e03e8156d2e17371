"""A run that streams into the buffer while its user goes on typing, stops it, or sees it fail.

Each chunk of the answer is released by the test, and what it brings is waited for before the user types, so that the two
interleave in one known order. What is typed must survive whatever the model does.
"""

from __future__ import annotations

import random

import judge
import pytest
from editor import IMPLEMENT, Editor
from scripted_model import DEADLINE

STUB = '''def above():
    return 1


def total(values: list[int]) -> int:
    """Return the sum of the values."""
    raise NotImplementedError


def below():
    return 2
'''
BEFORE, _, AFTER = STUB.partition("    raise NotImplementedError\n")
LINES = ["    result = 0\n", "    for value in values:\n", "        result += value\n", "    return result\n"]
WRITTEN = BEFORE + "".join(LINES) + AFTER


def begin(session, editor: Editor, *, changed: bool = True, **init) -> str:
    """Opens the stub and starts the run. Neovim checks no edit against version 0, that of a document never changed, so
    most tests give it another first: one character, typed and taken back."""
    session.known += judge.TYPING
    session.start(STUB, **{"delivery": "stream"} | init)
    if changed:
        editor.nvim.command("normal! ix")
        editor.nvim.command("normal! x")
    editor.go_to("raise NotImpl")
    return editor.act(IMPLEMENT)


def assert_nothing_follows(editor: Editor, call, expected: str) -> None:
    """What the model still says changes nothing, up to the server's exit."""
    for line in LINES[1:]:
        call.send(line)
    call.finish()
    editor.stop_server()
    assert editor.text() == expected


def test_lines_appear_as_they_come(session, editor, model):
    begin(session, editor)
    call = model.next_call()
    for line in LINES[:-1]:
        call.send(line[:7])
        call.send(line[7:])
        editor.await_text(line)
        assert editor.text().startswith(BEFORE) and editor.text().endswith(AFTER)
    call.send(LINES[-1])
    call.finish()
    editor.await_end()
    assert editor.text() == WRITTEN


def test_typing_above_and_below_is_kept(session, editor, model):
    begin(session, editor)
    call = model.next_call()
    call.send(LINES[0])
    editor.await_text(LINES[0])
    editor.type("ggO# typed above<Esc>", "# typed above\ndef above")
    call.send(LINES[1])
    editor.await_text(LINES[1])
    editor.type("Go# typed below<Esc>", "return 2\n# typed below")
    call.send(LINES[2])
    editor.await_text(LINES[2])
    editor.type("gg0x", " typed above\ndef above")
    call.send(LINES[3])
    call.finish()
    editor.await_end()
    assert editor.text() == " typed above\n" + WRITTEN + "# typed below\n"


def test_an_insert_that_is_still_open_is_kept(session, editor, model):
    """The user is in insert mode all the while, in the line above the function."""
    begin(session, editor)
    call = model.next_call()
    editor.go_to("return 1")
    editor.type("A + 1", "return 1 + 1")
    for number, line in enumerate(LINES):
        call.send(line)
        if number + 1 < len(LINES):
            editor.await_text(line)
        editor.type(f" + {number}", f" + {number}\n")
    call.finish()
    editor.await_end()
    editor.type("<Esc>", "return 1")
    assert editor.text() == WRITTEN.replace("return 1", "return 1 + 1 + 0 + 1 + 2 + 3")


def test_typing_inside_the_region_is_never_overwritten(session, editor, model):
    begin(session, editor)
    call = model.next_call()
    call.send(LINES[0])
    call.send(LINES[1])
    editor.await_text(LINES[1])
    editor.go_to("result = 0")
    editor.type("A  # mine<Esc>", "result = 0  # mine\n")
    call.send(LINES[2])
    call.send(LINES[3])
    call.finish()
    editor.await_end()
    text = editor.text()
    assert text.startswith(BEFORE) and text.endswith(AFTER)
    assert text.count("    result = 0  # mine\n") == 1
    assert text.count("for value in values:") == 1


# Types one word where it is told to, in one step, so that no edit of the server comes between looking and typing.
TYPE_WORD = """
local place, at, word = ...
local lines = vim.api.nvim_buf_get_lines(0, 0, -1, true)
if place == 'above' then
  vim.api.nvim_buf_set_lines(0, at, at, true, { word })
elseif place == 'below' then
  vim.api.nvim_buf_set_lines(0, #lines - at, #lines - at, true, { word })
else
  -- From the line after the docstring to the blank line before `below`: the region, whatever it holds by now.
  local inside = {}
  for number, line in ipairs(lines) do
    if line:find('Return the sum', 1, true) then inside = {} elseif line:find('def below', 1, true) then break
    elseif line:find('%S') then table.insert(inside, number - 1) end
  end
  local row = inside[at % #inside + 1]
  local column = #lines[row + 1]
  vim.api.nvim_buf_set_text(0, row, column, row, column, { '  ' .. word })
end
"""


def test_a_first_edit_that_lands_on_the_wrong_line_is_put_right(session, editor, model):
    """Neovim applies an edit for version 0 wherever its lines are by then, and tells the server of the user's typing only
    150 ms later: the first edit comes between the two and lands a line too high."""
    begin(session, editor, changed=False)
    call = model.next_call()
    editor.lua("vim.api.nvim_buf_set_lines(0, 0, 0, true, { '# typed above' })")
    call.send(LINES[0])
    editor.await_text(LINES[0])
    for line in LINES[1:]:
        call.send(line)
    call.finish()
    editor.await_end()
    assert editor.text() == "# typed above\n" + WRITTEN


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("inside", [False, True], ids=["around", "everywhere"])
def test_random_typing_is_kept(session, editor, model, inside, seed):
    """Words typed above, below and inside, in no set order with the chunks: each is there once at the end."""
    dice = random.Random(seed)
    places = ["model", "model", "above", "below"] + ["inside"] * inside
    begin(session, editor)
    above, below, words = BEFORE.split("\n"), AFTER.split("\n"), []
    call = model.next_call()
    answer = "".join(LINES)
    touched = False  # once the user has typed inside, how much more is shown before the end is the server's choice
    while answer or len(words) < 12:
        place = dice.choice(places)
        if place == "model":
            size = dice.randint(1, 20)
            if answer:
                call.send(answer[:size])
            answer = answer[size:]
            whole = ("".join(LINES).removesuffix(answer)).count("\n") if answer else 0
            if whole and not touched and dice.random() < 0.7:
                editor.await_text(LINES[whole - 1])
            continue
        touched |= place == "inside"
        words.append(f"word{len(words)}")
        at = dice.randrange(0, {"above": 4, "below": 2, "inside": 99}[place])
        editor.lua(TYPE_WORD, place, at, "# " + words[-1])
        if place == "above":
            above.insert(at, "# " + words[-1])
        elif place == "below":
            below.insert(len(below) - 1 - at, "# " + words[-1])
    call.finish()
    editor.await_end()
    text = editor.text()
    assert [word for word in words if text.split().count(word) != 1] == [], f"seed {seed}:\n{text}"
    assert text.startswith("\n".join(above)), f"seed {seed}, above the region:\n{text}"
    assert text.endswith("\n".join(below)), f"seed {seed}, below the region:\n{text}"
    if not inside:
        assert text == "\n".join(above) + "".join(LINES) + "\n".join(below), f"seed {seed}:\n{text}"


def test_stop_keeps_what_stands(session, editor, model):
    run = begin(session, editor)
    call = model.next_call()
    call.send(LINES[0])
    editor.await_text(LINES[0])
    editor.command("redraft.stop", {"run": run})
    editor.await_end()
    assert call.disconnected.wait(DEADLINE), "the connection to the model must be closed"
    text = editor.text()
    assert text.startswith(BEFORE + LINES[0]) and text.endswith(AFTER)
    assert_nothing_follows(editor, call, text)


def test_the_progress_can_be_cancelled(session, editor, model):
    begin(session, editor, delivery="final")
    call = model.next_call()
    call.send(LINES[0])
    editor.wait("#_G.seen.progress > 0", "the run's progress")
    token = editor.seen("progress")[0]["token"]
    editor.lua(
        "vim.lsp.get_client_by_id(_G.client_id):notify('window/workDoneProgress/cancel', { token = ... })", token
    )
    editor.await_end()
    assert call.disconnected.wait(DEADLINE), "the connection to the model must be closed"
    assert_nothing_follows(editor, call, STUB)


@pytest.mark.parametrize("told", [False, True], ids=["with the edit's echo", "after the edit's echo"])
def test_undo_in_the_editor_is_a_no(session, editor, model, told):
    """Neovim tells of its changes 150 ms later, so that an edit's echo and its undo may come as one notification."""
    begin(session, editor)
    call = model.next_call()
    call.send(LINES[0])
    editor.await_text(LINES[0])
    if told:
        editor.flush()
    editor.nvim.command("undo")
    assert editor.text() == STUB
    assert call.disconnected.wait(DEADLINE), "the connection to the model must be closed"
    editor.await_end()
    assert_nothing_follows(editor, call, STUB)


FAULTS = {
    "broken off": lambda call: call.break_off(),
    "error event": lambda call: (call.send_raw('{"error": {"message": "overloaded", "code": 529}}'), call.break_off()),
    "not JSON": lambda call: (call.send_raw("<html>"), call.break_off()),
    "cut by its limit": lambda call: call.finish("length"),
    "refused by a filter": lambda call: call.finish("content_filter"),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_fault_in_mid_stream_puts_the_region_back(session, editor, model, fault):
    begin(session, editor)
    call = model.next_call()
    call.send(LINES[0])
    editor.await_text(LINES[0])
    editor.type("ggO# typed above<Esc>", "# typed above\ndef above")
    # Should the same question be asked again, it gets the same fault.
    model.answer_each(fault)
    fault(call)
    last = editor.await_end()
    assert editor.text() == "# typed above\n" + STUB
    assert last or editor.seen("messages"), "a run that fails says why"


@pytest.mark.parametrize("status", [400, 401, 404])
@pytest.mark.parametrize("delivery", ["stream", "final"])
def test_a_refusal_changes_nothing(session, editor, model, status, delivery):
    model.answer_each(lambda call: call.refuse(status, "no such luck"))
    begin(session, editor, delivery=delivery)
    last = editor.await_end()
    assert editor.text() == STUB
    assert last or editor.seen("messages"), "a run that fails says why"


def test_an_unreachable_server_changes_nothing(session, editor, model):
    model.close_listener()
    begin(session, editor)
    last = editor.await_end()
    assert editor.text() == STUB
    assert last or editor.seen("messages"), "a run that fails says why"


def test_two_runs_in_one_document(session, editor, model):
    second = STUB.replace("total", "product").replace("sum", "product").replace("above", "upper").replace("below", "lower")
    session.known += judge.TYPING
    session.start(STUB + "\n\n" + second, delivery="stream")
    editor.nvim.current.window.cursor = (7, 0)
    editor.act(IMPLEMENT)
    first_call = model.next_call()
    last_stub = len(editor.nvim.current.buffer) - 4
    assert "raise NotImpl" in editor.nvim.current.buffer[last_stub - 1]
    editor.nvim.current.window.cursor = (last_stub, 0)
    editor.act(IMPLEMENT)
    second_call = model.next_call()
    assert "def product" in second_call.prompt
    product = [line.replace("= 0", "= 1").replace("+=", "*=") for line in LINES]
    for one, other in zip(LINES, product):
        first_call.send(one)
        second_call.send(other)
    first_call.finish()
    second_call.finish()
    editor.await_end(2)
    assert editor.text() == WRITTEN + "\n\n" + second.replace("    raise NotImplementedError\n", "".join(product))


def test_a_client_that_names_redraft_is_told_the_state(session, editor, model):
    session.known += judge.TYPING
    session.start(STUB, experimental={"redraft": {"undoGrouping": False}}, delivery="final")
    editor.go_to("raise NotImpl")
    run = editor.act(IMPLEMENT)
    model.next_call().answer("".join(LINES))
    editor.await_end()
    editor.wait("#_G.seen.status > 0 and _G.seen.status[#_G.seen.status].state == 'done'", "the state done")
    states = [status["state"] for status in editor.seen("status")]
    assert all(status["run"] == run for status in editor.seen("status"))
    assert states.index("gathering") < states.index("asking") < states.index("streaming") < states.index("done")
