"""`redraft check` with each checker of the page: it finds its fault where that is, and nothing in a sound file."""

from __future__ import annotations

import json
import os
import subprocess

import pytest
from page import documented

SOUND = '''"""Sums of numbers."""


def total(values: list[int]) -> int:
    """Return the sum.

    >>> total([1, 2])
    3
    """
    return sum(values)
'''
FAULTY = SOUND.replace("\n\n\ndef", "\n\nimport os\n\n\ndef").replace("sum(values)", '"".join(values)')
TESTS = "from NAME import total\n\n\ndef test_total():\n    assert total([1, 2]) == 3\n"
FILES = {
    "sound.py": SOUND,
    "faulty.py": FAULTY,
    "test_sound.py": TESTS.replace("NAME", "sound"),
    "test_faulty.py": TESTS.replace("NAME", "faulty"),
}
IMPORT, EXAMPLE, RETURN = 3, 9, 12
WHOLE = 1  # tests tell of the whole draft, which here is the file

# What each finds: code and line.
FOUND = {
    "ruff": {("F401", IMPORT)},
    "ruff-command": {("F401", IMPORT)},
    "ruff-sarif": {("F401", IMPORT)},
    "ty": {("no-matching-overload", RETURN)},
    "basedpyright": {("reportUnusedImport", IMPORT), ("reportArgumentType", RETURN)},
    "pyrefly": {("no-matching-overload", RETURN)},
    "mypy": {("return-value", RETURN), ("arg-type", RETURN)},
    "tests": {("failure", WHOLE)},
    "examples": {("example", EXAMPLE)},
}


def check(redraft: str, environment: dict[str, str], path) -> tuple[int, dict]:
    done = subprocess.run([redraft, "check", "--json", str(path)], env=os.environ | environment, capture_output=True, text=True)
    return done.returncode, json.loads(done.stdout)


def test_every_checker_of_the_page_is_tried():
    assert set(documented()) == set(FOUND)


@pytest.mark.parametrize("checker", FOUND)
def test_a_checker_finds_its_fault_and_nothing_in_a_sound_file(checker, redraft, configure, workspace, processes):
    environment = configure(checker)
    root = workspace(FILES)
    code, told = check(redraft, environment, root / "sound.py")
    assert (code, told["findings"], told["unheard"]) == (0, [], [])
    code, told = check(redraft, environment, root / "faulty.py")
    assert told["unheard"] == []
    assert {finding["source"] for finding in told["findings"]} == {checker}
    assert FOUND[checker] <= {(finding["code"], finding["line"]) for finding in told["findings"]}, told
    assert code == any(finding["severity"] == "error" for finding in told["findings"])
    assert {path.name: path.read_text() for path in root.glob("*.py")} == FILES
    processes.await_none()


def test_mypy_that_checks_nothing_since_another_file_does_not_parse_is_told_of(redraft, configure, workspace):
    environment = configure("mypy")
    root = workspace({"main.py": "import broken\n\nx: int = 'no'\n", "broken.py": "def f(:\n"})
    code, told = check(redraft, environment, root / "main.py")
    assert (code, told["findings"]) == (1, [])
    (why,) = told["unheard"]
    assert "it ended with code 2" in why and "broken.py:1" in why


def test_nothing_is_started_in_a_workspace_that_is_not_trusted(redraft, configure, workspace, processes):
    environment = configure(*FOUND, trusted=False)
    code, told = check(redraft, environment, workspace(FILES) / "faulty.py")
    assert (code, told["findings"]) == (1, [])
    (why,) = told["unheard"]
    assert why.startswith("not run: ") and "is not trusted" in why
