"""What VS Code asks its user, and what it shows: instructions, prompts, pages, ghost text, models."""

from __future__ import annotations

from pathlib import Path

from stub import at_the_stub
from sums import STUB, TITLE


def test_lines_are_changed_as_an_instruction_says_and_it_is_remembered(window, model):
    editor = at_the_stub(window)
    editor.go_to(7, 1)
    editor.press("Shift+End", "Control+Alt+r", "g")
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
    editor.press("Control+Alt+r", "p")
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
    editor.press("Control+Alt+r", "p")
    editor.pick("Run a Prompt", "explain")
    editor.press("Enter")
    model.next_call().answer("It is **one**.\n")
    editor.see_page("It is one.")
    assert (editor.folder / "module.py").read_text() == STUB


def test_a_page_that_comes_late_does_not_cover_what_is_typed_in(window, model):
    editor = at_the_stub(window)
    editor.command("Redraft: Show Usage")
    editor.see_page("Nothing was asked")
    # Its user goes on in the group of the page.
    editor.press("Control+2")
    (editor.folder / "other.py").write_text("def other():\n    return 1\n")
    editor.page.locator('.explorer-folders-view .monaco-list-row[aria-label*="other.py"]').dblclick()
    editor.see("def other()")
    editor.go_to(2, 5)
    editor.press("Control+Alt+r", "p")
    editor.pick("Run a Prompt", "explain")
    editor.press("Enter")
    call = model.next_call()
    editor.type("# typed ")
    call.answer("It is **one**.\n")
    editor.see_page("It is one.")
    editor.type("on\n")
    editor.see("# typed on")


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
