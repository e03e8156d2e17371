"""The server's life in VS Code, and what is around drafts."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import judge
from scripted_model import DEADLINE
from stub import at_the_stub, stream
from sums import LINES, PLACE, STUB, TITLE, WRITTEN
from vscode import until


def test_a_server_that_is_not_there_is_told_with_what_to_do(window):
    editor = window(STUB, **{"redraft.server.path": "/nowhere/redraft"})
    editor.open("module.py", PLACE, 5)
    editor.see_tip("/nowhere/redraft is no program")
    editor.press("Control+Alt+r", "g")
    editor.pick("Write Here", "anything")
    editor.press("Enter")
    editor.see_message("/nowhere/redraft is no program")


def test_why_there_is_no_server_stays_told(window, server):
    editor = at_the_stub(window)
    server.setting("redraft.server.path", "/nowhere/redraft")
    editor.see_tip("/nowhere/redraft is no program")
    # What concerns the server is looked at anew.
    server.setting("redraft.refine.rounds", 2)
    editor.press("Control+Alt+r", "g")
    editor.pick("Write Here", "anything")
    editor.press("Enter")
    editor.see_message("/nowhere/redraft is no program")
    editor.see_tip("/nowhere/redraft is no program")


def test_a_server_that_is_installed_later_is_found_by_the_next_command(window, model, server, tmp_path):
    later = tmp_path / "later"
    editor = window(STUB, **{"redraft.server.path": str(later)})
    editor.open("module.py", PLACE, 5)
    editor.see_tip(f"{later} is no program")
    later.symlink_to(tmp_path / "redraft")
    editor.command("Redraft: Write Here…")
    editor.pick("Write Here", "the sum")
    editor.press("Enter")
    model.next_call().answer("    return sum(values)\n")
    editor.lens("Keep").wait_for()
    editor.rests()


def test_a_server_that_never_answers_is_replaced_once_the_setting_is_right(window, model, server, tmp_path):
    hung = tmp_path / "hung"
    hung.write_text(f"#!/bin/sh\necho $$ > {tmp_path}/process\nexec sleep 600\n")
    hung.chmod(0o755)
    editor = window(STUB, **{"redraft.server.path": str(hung)})
    editor.open("module.py", PLACE, 5)
    until((tmp_path / "process").exists, "its start")
    server.setting("redraft.server.path", str(tmp_path / "redraft"))
    editor.ready()
    process = int((tmp_path / "process").read_text())
    until(lambda: not Path(f"/proc/{process}").exists(), "its end")
    assert editor.page.locator(".notifications-toasts .codicon-error").count() == 0
    editor.act(TITLE)
    model.next_call().answer("    return sum(values)\n")
    editor.lens("Keep").wait_for()


def test_a_server_that_died_is_started_again(window, model, tmp_path):
    # Two servers are in one record, and the first may have died with an edit on its way.
    editor = window(STUB, (*judge.TYPING, "reused while pending"))
    editor.open("module.py", PLACE, 5)
    editor.ready()
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
    editor.rests()
    editor.page.locator('.tab:has-text("module.py")').click()
    editor.lens("Keep").wait_for()
    assert editor.saved("module.py") == WRITTEN


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


def test_the_doctor_says_what_was_found(window):
    editor = at_the_stub(window)
    editor.command("Redraft: Doctor")
    page = editor.see_page("config.toml: no mistakes")
    assert "VS Code trusts this folder" in page.locator("body").text_content()


def test_the_configuration_is_opened_and_made_where_there_is_none(window, environment):
    config = Path(environment["REDRAFT_CONFIG"])
    editor = at_the_stub(window)
    editor.command("Redraft: Open the Configuration File")
    editor.see('default_model = "scripted"')
    new = config.parent / "new" / "config.toml"
    (config.parent / "redraft").write_text((config.parent / "redraft").read_text().replace(str(config), str(new)))
    editor.command("Redraft: Open the Configuration File")
    editor.see("# Redraft's configuration. It is yours alone")
    assert new.read_text().startswith("# Redraft's configuration.")
    assert [entry.name for entry in new.parent.iterdir()] == ["config.toml"]


def test_the_walkthrough_is_opened_by_a_command(window):
    editor = at_the_stub(window)
    editor.command("Redraft: Get Started")
    editor.page.locator('.gettingStartedContainer :text("See that all is there")').first.wait_for()


def test_a_model_that_is_not_there_is_told_where_it_is_missed(window, environment):
    Path(environment["REDRAFT_CONFIG"]).write_text("")
    editor = window(STUB)
    editor.open("module.py", PLACE, 5)
    editor.see_status("fetch the model")
    editor.act(TITLE)
    editor.see_message("Implement `total`")


def test_the_model_that_is_missed_is_the_one_that_is_fetched(window, environment, tmp_path):
    Path(environment["REDRAFT_CONFIG"]).write_text("")
    program, asked = tmp_path / "redraft", tmp_path / "asked"
    program.write_text(program.read_text().replace("\n", f'\nif [ "$1" = models ]; then echo "$@" >> {asked}; exit 0; fi\n', 1))
    editor = window(STUB, **{"redraft.model": "qwen2.5-coder-1.5b"})
    editor.open("module.py", PLACE, 5)
    editor.see_status("fetch the model")
    editor.status.click()
    editor.see_message("qwen2.5-coder-1.5b is there")
    assert asked.read_text() == "models pull qwen2.5-coder-1.5b\n"


def test_a_model_that_is_not_configured_is_told_and_nothing_is_fetched_for_it(window):
    editor = window(STUB, **{"redraft.model": "scriptde"})
    editor.open("module.py", PLACE, 5)
    editor.see_tip("no model is called scriptde")


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
    editor.status.click()
    editor.quick.wait_for()
    editor.press("Enter")
    assert call.disconnected.wait(DEADLINE)
    editor.rests()


def test_a_restart_leaves_what_stands_and_says_nothing_false(window, model):
    editor = at_the_stub(window)
    call = stream(editor, model, upto=2)
    editor.command("Redraft: Restart the Server")
    editor.dialog("Restart")
    assert call.disconnected.wait(DEADLINE)
    editor.rests()
    assert "result = 0" in editor.saved("module.py")
    errors = editor.page.locator(".notifications-toasts .notification-list-item:has(.codicon-error)")
    assert errors.all_inner_texts() == []
    editor.undo()
    editor.see_no("result = 0")
    assert editor.saved("module.py") == STUB


def test_the_example_is_there_each_time(window, model):
    editor = at_the_stub(window)
    for _ in range(2):
        editor.command("Redraft: Try It on an Example")
        model.next_call().answer("    return sum(item.quantity * item.price for item in items)\n")
        editor.see("item.quantity * item.price")
        editor.rests()
