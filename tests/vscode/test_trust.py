"""What a folder, a model and a provider cannot do."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from stub import at_the_stub, stream
from sums import LINES, PLACE, STUB, TITLE, WRITTEN


def test_a_folder_that_is_not_trusted_runs_nothing_of_it(window, model, project):
    (project / "AGENTS.md").write_text("Numbers are written out.\n")
    editor = window(STUB, **{"security.workspace.trust.enabled": True, "security.workspace.trust.startupPrompt": "always"})
    editor.dialog("No")
    editor.open("module.py", PLACE, 5)
    editor.ready()
    editor.act(TITLE)
    call = model.next_call()
    assert "Numbers" not in call.prompt
    call.answer("    return sum(values)\n")
    editor.lens("Keep").wait_for()
    assert editor.saved("module.py") == STUB.replace("raise NotImplementedError", "return sum(values)")


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


def test_a_folder_is_trusted_later_and_its_rules_are_read(window, model, project):
    (project / "AGENTS.md").write_text("Numbers are written out.\n")
    editor = window(STUB, **{"security.workspace.trust.enabled": True, "security.workspace.trust.startupPrompt": "always"})
    editor.dialog("No")
    editor.open("module.py", PLACE, 5)
    editor.ready()
    trust(editor)
    editor.go_to(PLACE, 5)
    editor.rests()
    editor.act(TITLE)
    call = model.next_call()
    assert "Numbers are written out." in call.prompt
    call.answer("    return sum(values)\n")
    editor.lens("Keep").wait_for()
    assert editor.page.locator(".notifications-toasts .codicon-error").count() == 0


def test_a_draft_goes_on_while_its_folder_is_trusted_and_rules_are_read_once_it_is_judged(window, model, project):
    (project / "AGENTS.md").write_text("Numbers are written out.\n")
    # Two servers are in one record, and both name their first run alike.
    settings = {"security.workspace.trust.enabled": True, "security.workspace.trust.startupPrompt": "always"}
    editor = window(STUB, ("already ended",), **settings)
    editor.dialog("No")
    editor.open("module.py", PLACE, 5)
    editor.ready()
    call = stream(editor, model, upto=1)
    trust(editor)
    editor.see_message("once the server is started anew")
    for line in LINES[1:]:
        call.send(line)
    call.finish()
    editor.rests()
    editor.lens("Keep").click()
    editor.lens("Keep").wait_for(state="detached")
    assert editor.saved("module.py") == WRITTEN
    editor.go_to(7, 5)
    editor.press("Control+Alt+r", "p")
    editor.pick("Run a Prompt", "explain")
    editor.press("Enter")
    assert "Numbers are written out." in model.next_call().prompt


def trust(editor) -> None:
    """As its user does, who then goes back to the file."""
    editor.command("Workspaces: Manage Workspace Trust")
    editor.page.locator('.workspace-trust-editor .monaco-button:has-text("Trust"):visible').first.click()
    editor.page.locator(".workspace-trust-editor").first.wait_for()
    editor.close_modal()
    editor.page.locator('.tab:has-text("module.py")').click()


def test_a_folder_that_is_not_trusted_cannot_turn_on_what_its_user_turned_off(window, model, project):
    (project / ".vscode").mkdir()
    (project / ".vscode" / "settings.json").write_text('{"redraft.inlineCompletion": "automatic", "redraft.inlineCompletion.delay": 0}')
    editor = window(STUB, **{"security.workspace.trust.enabled": True, "security.workspace.trust.startupPrompt": "always"})
    editor.dialog("No")
    editor.open("module.py", 17, 1)
    editor.ready()
    editor.page.keyboard.insert_text("value = ")
    editor.see("value = ")
    # What comes is behind a completion, had there been one.
    editor.go_to(PLACE, 5)
    editor.act(TITLE)
    assert "total(values: list[int])" in model.next_call().prompt
    assert model.no_call_waits()


def test_what_a_model_says_fetches_nothing_and_leads_nowhere(window, model, listener):
    address, hits = listener
    editor = at_the_stub(window)
    editor.go_to(7, 5)
    editor.press("Control+Alt+r", "p")
    editor.pick("Run a Prompt", "explain")
    editor.press("Enter")
    model.next_call().answer(
        f"It is one. ![a]({address}/a) <img src='{address}/b'> [x](command:workbench.action.files.newUntitledFile) "
        f"[y](vscode://any/c) [z]({address}/z) <script>document.body.textContent = 'gone'</script>\n\n"
        f"<svg><a xlink:href='{address}/s'><text>s</text></a></svg>\n\n<div><a/href='{address}/d'>d</a> <a title=a\"b href={address}/q>q</a></div>\n\n"
        "```\n<a href={next}>shown</a>\n```\n"
    )
    page = editor.see_page("It is one.")
    assert page.locator("a").count() > 0
    links = page.locator("*").evaluate_all("all => all.filter(one => [...one.attributes].some(({ name }) => /href|src/.test(name))).length")
    assert links == 0
    assert "<a href={next}>shown</a>" in page.locator("pre").text_content()
    editor.page.wait_for_timeout(500)  # an image would have been asked for by then
    assert hits == [] and "It is one." in page.locator("body").text_content()
    # What the browser fetches is seen.
    editor.page.context.new_page().set_content(f"<img src='{address}/seen'>")
    assert hits == ["/seen"]


@pytest.fixture
def listener():
    """A server on loopback, and what it was asked for."""
    hits: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            hits.append(self.path)
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", hits
    server.shutdown()


def test_what_a_provider_says_is_no_link(window, model):
    editor = at_the_stub(window)
    editor.act(TITLE)
    model.next_call().refuse(400, "set it [here](command:workbench.action.files.newUntitledFile)")
    editor.see_message("set it")
    assert editor.page.locator('.notifications-toasts a:has-text("here")').count() == 0
