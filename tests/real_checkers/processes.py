"""Processes by a mark in their environment, as /proc tells of them: also those that their parent has lost."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

DEADLINE = 20.0  # seconds, for anything that is waited for; only a failing test ever waits that long
POLL = 0.02  # seconds between two looks at what cannot be waited for otherwise


def wait_for(condition: Callable[[], object], what: str):
    """What `condition` returns, once that is true."""
    due = time.monotonic() + DEADLINE
    while not (found := condition()):
        assert time.monotonic() < due, f"no {what} within {DEADLINE} s"
        time.sleep(POLL)
    return found


class Processes:
    def __init__(self, mark: str) -> None:
        self.mark = mark

    def all(self) -> dict[int, list[str]]:
        """Their arguments, by their ids."""
        found = {}
        for folder in Path("/proc").iterdir():
            try:
                marks = (folder / "environ").read_bytes().split(b"\0") if folder.name.isdigit() else []
                if self.mark.encode() in marks:
                    found[int(folder.name)] = (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")[:-1]
            except OSError:
                continue  # It ended meanwhile, or is another user's.
        return found

    def running(self, name: str) -> list[int]:
        """Those that are this program, without the supervisors above them."""
        return [
            id
            for id, arguments in self.all().items()
            if "supervise" not in arguments and any(os.path.basename(argument) == name for argument in arguments[:3])
        ]

    def supervisors(self, name: str) -> list[int]:
        """Those that supervise this program."""
        return [
            id
            for id, arguments in self.all().items()
            if "supervise" in arguments and any(os.path.basename(argument) == name for argument in arguments)
        ]

    def await_none(self) -> None:
        wait_for(lambda: not self.all(), f"end of {self.all()}")

    @staticmethod
    def kill(ids: list[int]) -> None:
        assert ids
        for id in ids:
            os.kill(id, signal.SIGKILL)
