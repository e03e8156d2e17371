"""The extension of `editors/vscode` in VS Code: what a person sees and gets."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import judge
from scripted_model import DEADLINE

STUB = '''"""Sums."""

import math


def above():
    return 1


def total(values: list[int]) -> int:
    """Return the sum of the values."""
    raise NotImplementedError


def below():
    return 2
'''
PLACE = STUB.splitlines().index("    raise NotImplementedError") + 1
LINES = ["    result = 0\n", "    for value in values:\n", "        result += value\n", "    return result\n"]
WRITTEN = STUB.replace("    raise NotImplementedError\n", "".join(LINES))
TITLE = "Implement `total`"


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


def stream(editor, model, lines: list[str] = LINES, upto: int = 3):
    """A run is at work, and these lines stand."""
    editor.act(TITLE)
    call = model.next_call()
    for line in lines[:upto]:
        call.send(line)
    editor.see(lines[upto - 1].strip())
    return call


def at_the_stub(window, **settings):
    editor = window(STUB, judge.TYPING, **settings)
    editor.open("module.py", PLACE, 5)
    editor.ready()
    return editor


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
    editor.press("Control+Alt+y")
    editor.lens("Keep").wait_for(state="detached")
    assert editor.saved("module.py") == STUB.replace("raise NotImplementedError", "return sum(values)")


def test_what_goes_wrong_is_shown_and_the_text_stays(window, model):
    editor = at_the_stub(window)
    editor.act(TITLE)
    model.next_call().refuse(400, "no such model here")
    editor.see_message("no such model here")
    assert editor.saved("module.py") == STUB


def test_lines_are_changed_as_an_instruction_says_and_it_is_remembered(window, model):
    editor = at_the_stub(window)
    editor.go_to(7, 1)
    editor.press("Shift+End", "Control+Alt+g")
    editor.pick("Change the Selection", "return three")
    editor.press("Enter")
    call = model.next_call()
    assert "return three" in call.prompt and "return 1" in call.prompt
    call.answer("    return 3\n")
    editor.lens("Keep").wait_for()
    assert editor.saved("module.py") == STUB.replace("return 1", "return 3")
    editor.command("Redraft: Write Here…")
    editor.quick.locator('.monaco-list-row:has-text("return three")').wait_for()
    editor.press("Escape")


def test_a_prompt_is_picked_and_what_it_asks_is_answered(window, model):
    editor = at_the_stub(window)
    editor.go_to(5, 1)
    editor.press("Control+Alt+p")
    editor.pick("Run a Prompt", "retry")
    editor.press("Enter")
    editor.see_quick("What is the decorator called?")
    editor.press("Control+a")
    editor.type("persist")
    editor.press("Enter")
    call = model.next_call()
    assert "the decorator `persist`" in call.prompt
    call.refuse(400, "enough was seen")
    editor.see_message("enough was seen")


def test_an_explanation_is_shown_beside_and_changes_nothing(window, model):
    editor = at_the_stub(window)
    editor.go_to(7, 5)
    editor.press("Control+Alt+p")
    editor.pick("Run a Prompt", "explain")
    editor.press("Enter")
    model.next_call().answer("It is **one**.\n")
    editor.see_page("It is one.")
    assert (editor.folder / "module.py").read_text() == STUB


def test_pages_tell_what_was_sent_checked_and_spent(window, model):
    editor = at_the_stub(window)
    editor.act(TITLE)
    model.next_call().answer("    return sum(values)\n")
    editor.lens("checks passed").click()
    editor.see_page("Nothing is left over.")
    editor.command("Redraft: Show What Was Sent")
    editor.see_page("Return the sum of the values.")
    editor.command("Redraft: Show Usage")
    editor.see_page("scripted")


def test_a_draft_is_compared_with_what_stood_there(window, model):
    editor = at_the_stub(window)
    editor.act(TITLE)
    model.next_call().answer("    return sum(values)\n")
    editor.lens("Compare").click()
    editor.page.locator('.monaco-diff-editor .original .view-line:has-text("raise NotImplementedError")').wait_for()
    editor.page.locator('.monaco-diff-editor .modified .view-line:has-text("return sum(values)")').wait_for()


def test_the_rest_is_shown_as_ghost_text_and_taken_with_tab(window, model):
    editor = at_the_stub(window, **{"redraft.inlineCompletion": "automatic", "redraft.inlineCompletion.delay": 20})
    editor.go_to(17, 1)
    editor.press("Enter", "ArrowUp")
    # At once, as a paste is: each key would be asked for.
    editor.page.keyboard.insert_text("    value = ")
    call = model.next_call()
    assert "value = <<here>>" in call.prompt
    call.answer("```python\nabove() + 1\n```\n")
    editor.see_ghost("above() + 1")
    editor.press("Control+ArrowRight")
    editor.see("value = above")
    editor.see_ghost("() + 1")
    editor.press("Tab")
    editor.see("value = above() + 1")
    assert editor.saved("module.py") == STUB + "    value = above() + 1\n"


def test_another_completion_is_shown_for_the_asking(window, model):
    editor = at_the_stub(window, **{"redraft.inlineCompletion": "automatic", "redraft.inlineCompletion.delay": 20})
    editor.go_to(17, 1)
    editor.page.keyboard.insert_text("value = ")
    model.next_call().answer("```python\nabove()\n```\n")
    editor.see_ghost("above()")
    editor.press("Alt+]")
    model.next_call().answer("```python\nbelow()\n```\n")
    editor.see_ghost_with("Alt+]", "below()")
    editor.press("Tab")
    editor.see("value = below()")


def test_a_model_is_chosen_and_holds_from_then_on(window, model, environment):
    config = Path(environment["REDRAFT_CONFIG"])
    config.write_text(config.read_text() + '\n[[model]]\nname = "other"\nprovider = "local"\nid = "other-model"\n')
    editor = at_the_stub(window)
    editor.command("Redraft: Choose a Model…")
    editor.pick("Choose a Model", "other")
    editor.press("Enter")
    editor.see_status("other")
    editor.act(TITLE)
    call = model.next_call()
    assert call.body["model"] == "other-model"
    call.answer("    return sum(values)\n")
    editor.lens("Keep").wait_for()


def test_a_draft_is_changed_as_told_and_written_by_another_model(window, model, environment):
    config = Path(environment["REDRAFT_CONFIG"])
    config.write_text(config.read_text() + '\n[[model]]\nname = "other"\nprovider = "local"\nid = "other-model"\n')
    editor = at_the_stub(window)
    editor.act(TITLE)
    model.next_call().answer("    return 0\n")
    editor.rests()
    editor.lens("Change…").click()
    editor.pick("Change the Draft", "really sum them")
    editor.press("Enter")
    call = model.next_call()
    assert "really sum them" in call.prompt and "return 0" in call.prompt
    call.answer("    return sum(values) + 0\n")
    editor.see("return sum(values) + 0")
    editor.rests()
    editor.command("Write the Draft Again with Another Model")
    editor.pick("Again with", "other")
    editor.press("Enter")
    call = model.next_call()
    assert call.body["model"] == "other-model"
    call.answer("    return sum(values)\n")
    editor.see_no("+ 0")
    editor.see("return sum(values)")


def test_a_folder_that_is_not_trusted_runs_nothing_of_it(window, model, project):
    (project / "AGENTS.md").write_text("Numbers are written out.\n")
    editor = window(STUB, **{"security.workspace.trust.enabled": True, "security.workspace.trust.startupPrompt": "always"})
    editor.page.locator('.monaco-dialog-box button:has-text("No"), .monaco-dialog-box a:has-text("No")').first.click()
    editor.open("module.py", PLACE, 5)
    editor.ready()
    editor.act(TITLE)
    call = model.next_call()
    assert "Numbers" not in call.prompt
    call.answer("    return sum(values)\n")
    editor.lens("Keep").wait_for()
    assert editor.saved("module.py") == STUB.replace("raise NotImplementedError", "return sum(values)")


def test_a_document_that_is_not_shown_is_written_all_the_same(window, model, project):
    (project / "other.py").write_text("x = 1\n")
    editor = at_the_stub(window)
    call = stream(editor, model, upto=1)
    editor.press("Control+k", "Enter")  # module.py stays open where another file takes its place
    editor.open("other.py")
    editor.see("x = 1")
    for line in LINES[1:]:
        call.send(line)
    call.finish()
    editor.see_status("scripted")
    editor.page.locator('.tab:has-text("module.py")').click()
    editor.lens("Keep").wait_for()
    assert editor.saved("module.py") == WRITTEN


def test_progress_can_be_cancelled_in_a_notification(window, model):
    editor = at_the_stub(window, **{"redraft.progress": "notification"})
    call = stream(editor, model, upto=1)
    editor.see_message("scripted is writing")
    editor.page.locator('.notifications-toasts .notification-list-item:has-text("is writing") .monaco-button:has-text("Cancel")').click()
    assert call.disconnected.wait(DEADLINE)
    editor.rests()


def test_the_status_bar_has_all_commands_and_stop_first(window, model):
    editor = at_the_stub(window)
    call = stream(editor, model, upto=1)
    editor.page.locator("[id*='redraft.status'] a").first.click()
    editor.quick.wait_for()
    editor.press("Enter")
    assert call.disconnected.wait(DEADLINE)
    editor.rests()


def test_the_doctor_says_what_was_found(window):
    editor = at_the_stub(window)
    editor.command("Redraft: Doctor")
    editor.see_page("config.toml: no mistakes")


def test_the_walkthroughs_example_is_written(window, model):
    editor = at_the_stub(window)
    editor.command("Redraft: Try It on an Example")
    call = model.next_call()
    assert "total_value" in call.prompt
    call.answer("    return sum(item.quantity * item.price for item in items)\n")
    editor.see("item.quantity * item.price")
    editor.rests()
    editor.lens("Keep").click()
    editor.lens("Keep").wait_for(state="detached")


def test_a_server_that_is_not_there_is_told_with_what_to_do(window):
    editor = window(STUB, **{"redraft.server.path": "/nowhere/redraft"})
    editor.open("module.py", PLACE, 5)
    editor.see_status("Redraft")
    editor.press("Control+Alt+g")
    editor.pick("Write Here", "anything")
    editor.press("Enter")
    editor.see_message("/nowhere/redraft is no program")


def test_a_workspace_cannot_name_the_server(window, model, project, tmp_path):
    """What a folder's own settings say of the program is not even looked at."""
    trap = tmp_path / "trap"
    trap.write_text(f"#!/bin/sh\ntouch {tmp_path}/sprung\n")
    trap.chmod(0o755)
    (project / ".vscode").mkdir()
    (project / ".vscode" / "settings.json").write_text(f'{{"redraft.server.path": "{trap}", "redraft.model": "other"}}')
    editor = at_the_stub(window)
    editor.act(TITLE)
    call = model.next_call()
    assert call.body["model"] == "scripted-model"
    call.answer("    return sum(values)\n")
    editor.lens("Keep").wait_for()
    assert not (tmp_path / "sprung").exists()


def test_a_server_that_died_is_started_again(window, model, tmp_path):
    editor = at_the_stub(window)
    stream(editor, model, upto=2)
    for process in serving(tmp_path):
        os.kill(process, signal.SIGKILL)
    editor.lens("Stop").wait_for(state="detached")
    editor.rests()
    assert "result = 0" in editor.saved("module.py")
    editor.undo()
    editor.see("raise NotImplementedError")
    editor.go_to(PLACE, 5)
    editor.act(TITLE)
    model.next_call().answer("    return sum(values)\n")
    editor.lens("Keep").wait_for()
    assert editor.saved("module.py") == STUB.replace("raise NotImplementedError", "return sum(values)")


def serving(folder) -> list[int]:
    """The processes that serve in this test: those that record into its folder."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            line = (entry / "cmdline").read_bytes().decode(errors="replace").split("\0")
        except OSError:
            continue
        if entry.name.isdigit() and any(str(folder) in part for part in line) and "serve" in line:
            found.append(int(entry.name))
    return found
