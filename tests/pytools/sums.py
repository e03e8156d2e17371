"""A file with a function to be written, and what a model writes there: what the tests of several editors begin with."""

from __future__ import annotations

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
