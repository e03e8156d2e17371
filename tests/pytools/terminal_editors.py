"""Editors that are driven by keys in a terminal, each set up with the block that docs/editors.md shows for it.

Each is what a person who follows the docs has: `redraft` on the PATH, the block in the editor's own configuration file,
and keys. `missing` says why an editor cannot be tried on this machine.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import judge
from documented import block
from terminal import Terminal, has_tmux


def succeeds(command: list[str]) -> bool:
    try:
        return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=30).returncode == 0
    except subprocess.TimeoutExpired:
        return False


class TerminalEditor:
    name: str
    # What its record may break, and why: it is the editor that asks for it.
    known: tuple[str, ...] = ()
    # Whether its user sees the server's messages.
    shows_errors = True
    # Why lines that are typed above a draft while it lands may leave it on the wrong line.
    misplaces: str | None = None

    def __init__(self, home: Path, file: Path, line: int, environment: dict[str, str], session: Path) -> None:
        self.file, self.session = file, session
        self.configure(home)
        self.terminal = Terminal(self.command(line), file.parent, environment)
        try:
            self.terminal.wait(lambda: '"textDocument/didOpen"' in self.told(), "the file to be opened at the server")
        except BaseException:
            self.close()
            raise

    @classmethod
    def missing(cls) -> str | None:
        """Why this editor cannot be tried here, if it cannot."""
        return None if has_tmux() else "tmux is not installed"

    def configure(self, home: Path) -> None:
        raise NotImplementedError

    def command(self, line: int) -> list[str]:
        raise NotImplementedError

    def see_error(self, text: str) -> None:
        """Waits until the editor shows what went wrong."""
        self.terminal.see(text)

    def act(self, title: str) -> None:
        """Asks for code actions and chooses the one whose title begins so, which is to be the first."""
        raise NotImplementedError

    def type_above(self, text: str) -> None:
        """Goes to the file's first line and types these lines above it, and then leaves the cursor there, still typing."""
        raise NotImplementedError

    def save(self) -> None:
        raise NotImplementedError

    def undo(self) -> None:
        raise NotImplementedError

    def quit(self) -> None:
        raise NotImplementedError

    def saved_as(self, text: str) -> None:
        """Saves until the file holds this: an edit may still be on its way."""

        def is_there() -> bool:
            self.save()
            try:
                return self.file.read_text() == text
            except FileNotFoundError:
                return False  # Some editors move a new file to the old one's place.

        self.terminal.wait(is_there, f"the file to hold\n{text}")

    def told(self) -> str:
        """What the editor and the server said to each other."""
        return self.session.read_text() if self.session.exists() else ""

    def close(self) -> None:
        self.terminal.close()


class ModalEditor(TerminalEditor):
    """What vi's descendants have in common."""

    def normal(self) -> None:
        raise NotImplementedError

    def type_above(self, text: str) -> None:
        self.normal()
        self.terminal.text("ggO")
        for number, line in enumerate(text.splitlines()):
            if number:
                self.terminal.keys("Enter")
            self.terminal.text(line)
        self.terminal.see(text.splitlines()[-1])

    def save(self) -> None:
        self.normal()
        self.terminal.text(":write!")
        self.terminal.keys("Enter")

    def quit(self) -> None:
        self.normal()
        self.terminal.text(":quit!")
        self.terminal.keys("Enter")


class Helix(ModalEditor):
    name = "helix"

    @classmethod
    def missing(cls) -> str | None:
        return super().missing() or (None if cls._program() else "neither hx nor helix is on the PATH")

    @staticmethod
    def _program() -> str | None:
        return shutil.which("hx") or shutil.which("helix")

    def configure(self, home: Path) -> None:
        place = home / "config" / "helix" / "languages.toml"
        place.parent.mkdir(parents=True)
        place.write_text(block("Helix", "toml"))

    def command(self, line: int) -> list[str]:
        return [self._program(), f"{self.file.name}:{line}:5"]

    def normal(self) -> None:
        """To normal mode. Escape is pressed alone: with a key right behind it, it would be another key."""
        if " NOR " not in self.terminal.screen():
            self.terminal.keys("Escape")
            self.terminal.see(" NOR ")

    def act(self, title: str) -> None:
        self.normal()
        self.terminal.keys("Space", "a")
        self.terminal.see(title)
        self.terminal.keys("Enter")

    def undo(self) -> None:
        self.normal()
        self.terminal.keys("u")


class Emacs(TerminalEditor):
    name = "emacs"

    # Nothing of the user's, no files beside the one that is edited, no questions on leaving.
    QUIET = """
(setq inhibit-startup-screen t make-backup-files nil auto-save-default nil create-lockfiles nil
      confirm-kill-processes nil native-comp-async-report-warnings-errors nil)
"""

    @classmethod
    def missing(cls) -> str | None:
        if why := super().missing():
            return why
        if not shutil.which("emacs"):
            return "emacs is not on the PATH"
        # Not -Q: a distribution's own packages, of which eglot may be one, are found by its start file.
        look = '(kill-emacs (if (locate-library "eglot") 0 1))'
        return None if succeeds(["emacs", "--batch", "--eval", look]) else "this Emacs has no eglot"

    def configure(self, home: Path) -> None:
        place = home / ".emacs.d" / "init.el"
        place.parent.mkdir(parents=True)
        place.write_text(self.QUIET + block("Emacs (eglot)", "elisp"))

    def command(self, line: int) -> list[str]:
        return ["emacs", "-nw", f"+{line}:5", self.file.name]

    # The command that asks for code actions, and its question.
    ASK, QUESTION = "eglot-code-actions", "Pick an action"

    def ask(self, question: str) -> None:
        self.terminal.keys("M-x")
        self.terminal.text(self.ASK)
        self.terminal.keys("Enter")
        self.terminal.see(question)

    def act(self, title: str) -> None:
        self.ask(f"{self.QUESTION} (default {title}")
        self.terminal.keys("Enter")

    def type_above(self, text: str) -> None:
        self.terminal.keys("M-<")
        for line in text.splitlines():
            self.terminal.text(line)
            self.terminal.keys("Enter")
        self.terminal.see(text.splitlines()[-1])

    def see_error(self, text: str) -> None:
        self.terminal.wait(lambda: text in self.told(), "the editor to be told")
        # Emacs before 29 may leave what came right behind an answer unread until something else comes (docs/editors.md).
        self.ask(self.QUESTION)
        self.terminal.keys("C-g")
        # The echo area shows it until the next message of any kind; what it showed is in a buffer.
        # Alone, as wide as the terminal: beside another window its lines are broken anywhere.
        self.terminal.keys("C-h", "e", "C-x", "o", "C-x", "1")
        self.terminal.see(text)
        self.terminal.keys("C-x", "b", "Enter")

    def save(self) -> None:
        self.terminal.keys("C-x", "C-s")

    def undo(self) -> None:
        self.terminal.keys("C-_")

    def quit(self) -> None:
        self.terminal.keys("C-x", "C-c")


class EmacsLspMode(Emacs):
    name = "emacs-lsp-mode"

    @classmethod
    def missing(cls) -> str | None:
        if why := TerminalEditor.missing():
            return why
        if not shutil.which("emacs"):
            return "emacs is not on the PATH"
        look = '(kill-emacs (if (locate-library "lsp-mode") 0 1))'
        return None if succeeds(["emacs", "--batch", "--eval", look]) else "this Emacs has no lsp-mode"

    def configure(self, home: Path) -> None:
        place = home / ".emacs.d" / "init.el"
        place.parent.mkdir(parents=True)
        # Its first question, which folder a project is, is answered.
        place.write_text(self.QUIET + "(setq lsp-auto-guess-root t)\n" + block("Emacs (lsp-mode)", "elisp"))

    ASK, QUESTION = "lsp-execute-code-action", "Select code action:"

    def act(self, title: str) -> None:
        self.ask(self.QUESTION)
        self.terminal.text(title)
        self.terminal.keys("Enter")
        # It waits for the answer, and loses what it reads with it (docs/editors.md): this key has its turn behind that.
        self.terminal.keys("C-x", "=")
        self.terminal.see("point=")


class Vim(TerminalEditor):
    name = "vim"
    # It applies what it did not announce; there is no other way to write into it.
    known = ("did not announce workspace.applyEdit", *judge.NEOVIM)
    shows_errors = False
    misplaces = "ALE takes edits without a look at their version, and those past a line's end on the next line"

    @classmethod
    def missing(cls) -> str | None:
        if why := super().missing():
            return why
        if not shutil.which("vim"):
            return "vim is not on the PATH"
        look = "try | packadd ale | catch | cquit | endtry"
        return None if succeeds(["vim", "-N", "-es", "-u", "NONE", "-c", look, "-c", "qall!"]) else "this Vim has no ALE"

    def configure(self, home: Path) -> None:
        (home / ".vimrc").write_text("set nocompatible\nfiletype plugin on\n" + block("Vim 9 (ALE)", "vim"))

    def command(self, line: int) -> list[str]:
        return ["vim", "-N", "-n", f"+{line}", self.file.name]

    def normal(self) -> None:
        if "-- INSERT --" in self.terminal.screen():
            self.terminal.keys("Escape")
            self.terminal.wait(lambda: "-- INSERT --" not in self.terminal.screen(), "normal mode")

    def act(self, title: str) -> None:
        self.normal()
        self.terminal.text("gra")
        self.terminal.see(f"1) {title}")
        self.terminal.text("1")
        self.terminal.keys("Enter")

    def type_above(self, text: str) -> None:
        self.normal()
        self.terminal.text("ggO")
        for number, line in enumerate(text.splitlines()):
            if number:
                self.terminal.keys("Enter")
            self.terminal.text(line)
        self.terminal.see(text.splitlines()[-1])

    def save(self) -> None:
        self.normal()
        self.terminal.text(":silent write!")
        self.terminal.keys("Enter")

    def undo(self) -> None:
        self.normal()
        self.terminal.text("u")

    def quit(self) -> None:
        self.normal()
        self.terminal.text(":qall!")
        self.terminal.keys("Enter")


class Kakoune(ModalEditor):
    name = "kakoune"

    @classmethod
    def missing(cls) -> str | None:
        if why := super().missing():
            return why
        lacks = [program for program in ("kak", "kak-lsp") if not shutil.which(program)]
        return f"{lacks[0]} is not on the PATH" if lacks else None

    def configure(self, home: Path) -> None:
        place = home / "config" / "kak" / "kakrc"
        place.parent.mkdir(parents=True)
        place.write_text(block("Kakoune (kak-lsp)", "kak"))

    def command(self, line: int) -> list[str]:
        return ["kak", f"+{line}:5", self.file.name]

    def status(self) -> str:
        """The line at the bottom, which tells the mode."""
        return self.terminal.screen().rstrip("\n").rpartition("\n")[2]

    def normal(self) -> None:
        """To normal mode. Escape is pressed alone: with a key right behind it, it would be another key."""
        if " insert " in self.status():
            self.terminal.keys("Escape")
        # A command's prompt ends by itself.
        self.terminal.wait(lambda: not any(mode in self.status() for mode in (" insert ", " prompt ")), "normal mode")

    def act(self, title: str) -> None:
        self.normal()
        self.terminal.keys("Space")
        self.terminal.text("la")
        self.terminal.see(title)
        self.terminal.keys("Enter")

    def undo(self) -> None:
        self.normal()
        self.terminal.text("u")


EDITORS = [Helix, Emacs, EmacsLspMode, Vim, Kakoune]


def faults(editor: TerminalEditor, known: tuple[str, ...] = ()) -> list[str]:
    return judge.faults(editor.session, editor.known + known)
