"""What the tests of VS Code share: a file with a function to be written, and a model that writes it line by line."""

from __future__ import annotations

import judge

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


def at_the_stub(window, **settings):
    editor = window(STUB, judge.TYPING, **settings)
    editor.open("module.py", PLACE, 5)
    editor.ready()
    return editor


def stream(editor, model, lines: list[str] = LINES, upto: int = 3):
    """A run is at work, and these lines stand."""
    editor.act(TITLE)
    call = model.next_call()
    for line in lines[:upto]:
        call.send(line)
    editor.see(lines[upto - 1].strip())
    return call
