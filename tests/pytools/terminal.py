"""A terminal program under test, in a tmux server of its own: keys go in, the screen comes out.

What must come about is waited for by looking at the screen again and again until it is there or the deadline passes; how
long that takes decides nothing but the patience of a failing test.
"""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from scripted_model import DEADLINE

# Between two looks at the screen, in seconds.
LOOK = 0.03
COLUMNS, ROWS = 160, 40
_numbers = itertools.count()


def has_tmux() -> bool:
    return shutil.which("tmux") is not None


class Terminal:
    def __init__(self, command: list[str], folder: Path, environment: dict[str, str]) -> None:
        # A name, not a path: a socket's path may have 107 bytes, and a test's folder has more.
        self._tmux = ["tmux", "-L", f"redraft-{os.getpid()}-{next(_numbers)}", "-f", "/dev/null"]
        own = {name: value for name, value in os.environ.items() if name not in ("TMUX", "TMUX_PANE")}
        own |= {"TERM": "xterm-256color", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"} | environment
        size = ["-x", str(COLUMNS), "-y", str(ROWS)]
        self._run("new-session", "-d", *size, "-c", str(folder), *command, environment=own)
        # The server outlives the program, so that its end and its last words can be seen.
        self._run("set-option", "-g", "remain-on-exit", "on")
        # Escape alone is a key at once, not the beginning of another.
        self._run("set-option", "-s", "escape-time", "0")

    def close(self) -> None:
        """Ends the server and, with it, what runs in it."""
        subprocess.run([*self._tmux, "kill-server"], capture_output=True)

    def keys(self, *names: str) -> None:
        """Presses keys by tmux's names: `Enter`, `Escape`, `C-c`, `M-x`."""
        self._run("send-keys", *names)

    def text(self, text: str) -> None:
        """Types text, each character as itself."""
        self._run("send-keys", "-l", "--", text)

    def screen(self) -> str:
        return self._run("capture-pane", "-p").stdout

    def wait(self, condition: Callable[[], bool], what: str, deadline: float = DEADLINE) -> None:
        end = time.monotonic() + deadline
        while not condition():
            if time.monotonic() > end:
                raise AssertionError(f"waited {deadline} s for {what}; the screen:\n{self.screen()}")
            time.sleep(LOOK)

    def see(self, text: str, deadline: float = DEADLINE) -> None:
        """Waits until the screen shows the text."""
        self.wait(lambda: text in self.screen(), f"{text!r} on the screen", deadline)

    def see_end(self) -> None:
        """Waits until the program has ended."""
        self.wait(lambda: self._run("display-message", "-p", "#{pane_dead}").stdout.strip() == "1", "the program to end")

    def _run(self, *arguments: str, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess:
        done = subprocess.run([*self._tmux, *arguments], env=environment, capture_output=True, text=True)
        assert done.returncode == 0, f"tmux {arguments[0]}: {done.stderr}"
        return done
