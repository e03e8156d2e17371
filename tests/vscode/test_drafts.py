"""Drafts in VS Code: what a person sees and gets, and what becomes of what they type meanwhile."""

from __future__ import annotations

import subprocess

import judge
from scripted_model import DEADLINE
from stub import at_the_stub, stream
from sums import LINES, PLACE, STUB, TITLE, WRITTEN


def test_a_body_streams_in_from_the_light_bulb_and_one_undo_restores_the_file(window, model):
    editor = window(STUB)
    editor.open("module.py", PLACE, 5)
    editor.ready()
    editor.act(TITLE)
    call = model.next_call()
    for line in LINES[:3]:
        call.send(line)
    editor.see("result += value")
    editor.lens("Stop").wait_for()
    call.send(LINES[3])
    call.finish()
    editor.lens("Keep").wait_for()
    assert editor.saved("module.py") == WRITTEN
    editor.undo()
    editor.see("raise NotImplementedError")
    assert editor.saved("module.py") == STUB


def test_typed_then_a_run_then_typed_are_three_steps(window, model):
    editor = at_the_stub(window)
    editor.go_to(1, 99)
    editor.type("#before")
    editor.go_to(PLACE, 5)
    call = stream(editor, model)
    call.send(LINES[3])
    call.finish()
    editor.lens("Keep").wait_for()
    # With no move of the cursor between, inside of what was just written: the hardest place to tell apart.
    editor.type("None;")
    both = editor.saved("module.py")
    # The cursor stood on what was replaced: it is at either end of what took its place.
    assert "    None;return result\n" in both or "    return resultNone;\n" in both
    assert both.replace("None;", "") == WRITTEN.replace('"""Sums."""', '"""Sums."""#before')
    editor.undo()
    editor.see_no("None;")
    assert editor.saved("module.py") == both.replace("None;", "")
    editor.undo()
    editor.see("raise NotImplementedError")
    assert editor.saved("module.py") == STUB.replace('"""Sums."""', '"""Sums."""#before')
    editor.undo()
    editor.see_no("#before")
    assert editor.saved("module.py") == STUB


def test_what_is_typed_above_and_inside_survives(window, model):
    editor = at_the_stub(window)
    call = stream(editor, model, upto=2)
    editor.go_to(1, 99)
    editor.type("\n# above")
    editor.see("# above")
    call.send(LINES[2])
    editor.see("result += value")
    editor.go_to(PLACE + 1, 99)
    editor.type("  # mine")
    call.send(LINES[3])
    call.finish()
    editor.lens("Keep").wait_for()
    wanted = WRITTEN.replace('"""Sums."""', '"""Sums."""\n# above').replace("result = 0", "result = 0  # mine")
    assert editor.saved("module.py") == wanted


def test_the_cursor_and_the_view_stay_where_their_user_is(window, model):
    editor = at_the_stub(window)
    call = stream(editor, model, upto=1)
    editor.go_to(7, 5)
    for line in LINES[1:]:
        call.send(line)
    call.finish()
    editor.lens("Keep").wait_for()
    editor.type("# here: ")
    assert editor.saved("module.py") == WRITTEN.replace("    return 1", "    # here: return 1")


def test_stop_leaves_what_stands_and_revert_takes_it_back_with_what_was_typed_kept(window, model):
    editor = at_the_stub(window)
    call = stream(editor, model)
    editor.lens("Stop").click()
    assert call.disconnected.wait(DEADLINE)
    editor.lens("Revert").wait_for()
    editor.go_to(7, 99)
    editor.type("  # mine")
    editor.lens("Revert").click()
    editor.see("raise NotImplementedError")
    assert editor.saved("module.py") == STUB.replace("return 1", "return 1  # mine")


def test_a_draft_is_written_again_and_kept_by_keys(window, model):
    editor = at_the_stub(window)
    editor.act(TITLE)
    model.next_call().answer("    return 0\n")
    editor.lens("Again").click()
    model.next_call().answer("    return sum(values)\n")
    editor.see("return sum(values)")
    editor.rests()
    editor.lens("Keep").wait_for()
    editor.go_to(PLACE, 5)
    editor.press("Control+Alt+r", "k")
    editor.lens("Keep").wait_for(state="detached")
    assert editor.saved("module.py") == STUB.replace("raise NotImplementedError", "return sum(values)")


def test_what_goes_wrong_is_shown_and_the_text_stays(window, model):
    editor = at_the_stub(window)
    editor.act(TITLE)
    model.next_call().refuse(400, "no such model here")
    editor.see_message("no such model here")
    assert editor.saved("module.py") == STUB


def test_a_draft_is_compared_with_what_stood_there(window, model, project):
    """Not with what the repository has, which differs in another place; a draft of two parts is one comparison."""
    (project / "module.py").write_text(STUB)
    for command in (["init", "-q"], ["add", "."], ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "-m", "a"]):
        subprocess.run(["git", *command], cwd=project, check=True)
    before = STUB.replace("return 1", "return 3")
    editor = window(before, **{"git.enabled": True, "diffEditor.useInlineViewWhenSpaceIsLimited": False})
    editor.open("module.py", PLACE, 5)
    editor.ready()
    editor.act(TITLE)
    model.next_call().answer("```python\nimport operator\n\n\ndef total(values: list[int]) -> int:\n    return operator.add(*values)\n```\n")
    editor.rests()
    editor.see("import operator")
    editor.lens("Compare").click()
    after = before.replace("import math\n", "import math\nimport operator\n")
    editor.see_sides(before, after.replace("raise NotImplementedError", "return operator.add(*values)"))
    # What stands beside it is judged from there as well.
    editor.press("Control+Alt+r", "z")
    editor.rests()
    editor.see_sides(before, before)


def test_a_draft_in_a_document_without_a_file_is_compared(window, model):
    editor = window(STUB, **{"diffEditor.useInlineViewWhenSpaceIsLimited": False, "files.defaultLanguage": "python"})
    editor.press("Control+Alt+n")
    editor.page.locator(".monaco-editor.focused").first.wait_for()
    editor.page.keyboard.insert_text(STUB)
    editor.ready()
    editor.go_to(PLACE, 5)
    editor.act(TITLE)
    model.next_call().answer("    return sum(values)\n")
    editor.rests()
    editor.lens("Compare").click()
    editor.see_sides(STUB, STUB.replace("raise NotImplementedError", "return sum(values)"))


def test_what_was_reverted_comes_back_with_an_undo(window, model):
    editor = at_the_stub(window)
    editor.act(TITLE)
    model.next_call().answer("".join(LINES))
    editor.rests()
    editor.lens("Revert").click()
    editor.see("raise NotImplementedError")
    editor.rests()
    editor.go_to(1, 1)
    editor.undo()
    editor.see("return result")
    assert editor.saved("module.py") == WRITTEN
    editor.undo()
    editor.see("raise NotImplementedError")
    assert editor.saved("module.py") == STUB


def test_an_undo_in_the_middle_ends_the_run(window, model):
    editor = at_the_stub(window)
    call = stream(editor, model, upto=2)
    editor.undo()
    assert call.disconnected.wait(DEADLINE)
    editor.rests()
    assert editor.saved("module.py") == STUB


def test_one_undo_is_one_where_the_editor_saves_by_itself(window, model):
    """Which a save in the middle would split: the draft comes whole."""
    # Where it saves sooner than in a second, VS Code does not show what is still to be saved.
    editor = at_the_stub(window, **{"files.autoSave": "afterDelay", "files.autoSaveDelay": 1_001})
    editor.act(TITLE)
    call = model.next_call()
    for line in LINES[:3]:
        call.send(line)
    editor.lens("Stop").wait_for()
    assert not any("result" in line for line in editor.lines)
    call.send(LINES[3])
    call.finish()
    editor.see("return result")
    editor.rests()
    editor.saved_as("module.py", WRITTEN)
    # An undo between the file's change and VS Code's knowing of it is never saved.
    editor.page.locator(".tab.active.dirty").wait_for(state="detached")
    editor.undo()
    editor.see("raise NotImplementedError")
    editor.saved_as("module.py", STUB)


def test_a_draft_is_shown_as_it_is_written_where_its_user_says_so(window, model):
    """Though the editor saves by itself."""
    editor = at_the_stub(window, **{"files.autoSave": "afterDelay", "files.autoSaveDelay": 60_000, "redraft.refine.mode": "live"})
    call = stream(editor, model, upto=2)
    call.send("".join(LINES[2:]))
    call.finish()
    editor.rests()
    assert editor.saved("module.py") == WRITTEN


def test_what_is_in_view_stays_there_while_a_draft_comes_above_it(window, model):
    below = "".join(f"v{number} = {number}\n" for number in range(200))
    editor = window(STUB + "\n\n" + below, judge.TYPING)
    editor.open("module.py", PLACE, 5)
    editor.ready()
    editor.act(TITLE)
    call = model.next_call()
    editor.go_to(180, 1)
    editor.see("v160 = 160")
    height = editor.height_of("v160")
    for line in LINES:
        call.send(line)
    call.finish()
    editor.rests()
    # VS Code scrolls to whole lines.
    assert abs(editor.height_of("v160") - height) < 19


def test_a_draft_that_is_not_in_view_is_not_reverted_unasked(window, model, project):
    (project / "other.py").write_text("x = 1\n")
    editor = at_the_stub(window)
    editor.act(TITLE)
    model.next_call().answer("    return sum(values)\n")
    editor.rests()
    editor.press("Control+k", "Enter")
    editor.open("other.py")
    editor.press("Control+Alt+r", "r")
    editor.pick("Redraft", "Revert the Draft")
    editor.press("Enter")
    editor.see_quick("module.py:11")
    editor.press("Escape")
    editor.page.locator('.tab:has-text("module.py")').click()
    editor.see("return sum(values)")


def test_a_draft_below_is_not_reverted_from_the_imports(window, model):
    text = STUB.replace("import math\n", "import math\n" + "\n" * 200)
    editor = window(text)
    editor.open("module.py", PLACE + 200, 5)
    editor.ready()
    editor.act(TITLE)
    model.next_call().answer("    return sum(values)\n")
    editor.lens("Keep").wait_for()
    editor.go_to(3, 1)
    editor.see("import math")
    editor.press("Control+Alt+r", "z")
    editor.see_quick("module.py:211")
    editor.press("Escape")
    assert editor.saved("module.py") == text.replace("raise NotImplementedError", "return sum(values)")


def test_a_selection_is_meant_where_it_is_once_the_instruction_is_said(window, model):
    text = STUB + "\n\nv1 = 1\nv2 = 2\nv3 = 3\n"
    editor = window(text, judge.TYPING)
    editor.open("module.py", PLACE, 5)
    editor.ready()
    call = stream(editor, model, upto=1)
    line = text.splitlines().index("v2 = 2") + 2
    editor.go_to(line, 1)
    editor.press("Shift+End", "Control+Alt+r", "g")
    editor.quick.wait_for()
    for more in LINES[1:]:
        call.send(more)
    call.finish()
    editor.rests()
    editor.pick("Change the Selection", "make it five")
    editor.press("Enter")
    call = model.next_call()
    assert "```python\nv2 = 2\n```" in call.prompt
    call.answer("v2 = 5\n")
    editor.see("v2 = 5")
    editor.rests()
    assert editor.saved("module.py") == text.replace(STUB, WRITTEN).replace("v2 = 2", "v2 = 5")


def test_a_draft_that_fails_in_the_middle_leaves_nothing_and_no_undo_brings_it_back(window, model):
    editor = at_the_stub(window)
    editor.go_to(1, 99)
    editor.type("#mine")
    editor.go_to(PLACE, 5)
    call = stream(editor, model, upto=2)
    call.break_off()
    editor.see("raise NotImplementedError")
    editor.rests()
    mine = STUB.replace('"""Sums."""', '"""Sums."""#mine')
    assert editor.saved("module.py") == mine
    editor.undo()
    editor.undo()
    editor.see_no("#mine")
    assert editor.saved("module.py") == STUB
