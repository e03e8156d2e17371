"""How the tests of VS Code begin: at the function that is to be written, and with a run that streams."""

from __future__ import annotations

import judge
from sums import LINES, PLACE, STUB, TITLE


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
