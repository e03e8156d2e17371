#!/usr/bin/env python3
"""Runs each built-in prompt on a function of a real project, over LSP, with the default model, and reports what came.

The projects are those that the prompts speak of: flask, requests, rich, httpx, fastapi, redis and Neo4j's driver, as their newest
source distributions have them, fetched with pip (which runs their build backends for their metadata). Nothing else of them is run. For each row the file is prepared (a body is taken away,
a comment is put in), opened, and the prompt is run as an editor runs it; then it is told whether the file parses, whether
anything outside of the announced regions changed, and what the checks left over.

    scripts/real_prompts.py --redraft PATH [--only PROMPT] [--work DIRECTORY] [--json FILE]

A run takes 10 to 200 seconds on two cores. With REDRAFT_CONFIG another model is asked.
"""

from __future__ import annotations

import argparse
import ast
import difflib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "pytools"))
import lsp_client  # noqa: E402

# Seconds that one run may take, the model's loading included.
LIMIT = 900.0
STUB = "raise NotImplementedError"


@dataclass
class Place:
    """A file as it is before the run, and where the cursor is, from 0."""

    text: str
    first: int
    last: int | None = None  # a selection's last line
    diagnostic: dict | None = None


@dataclass
class Row:
    prompt: str
    project: str
    file: str
    function: str
    prepare: Callable[[str, str], Place]
    instruction: str | None = None


@dataclass
class Outcome:
    prompt: str
    project: str
    place: str
    said: str = ""
    parses: bool | None = None
    outside_kept: bool | None = None
    findings: list[str] = field(default_factory=list)
    seconds: float = 0.0
    diff: str = ""
    answer: str = ""


def body(text: str, name: str) -> tuple[ast.AST, list[str], int, int]:
    """The function, the file's lines, and the first and the last line of its body behind the docstring, from 0."""
    found = [n for n in ast.walk(ast.parse(text)) if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef)) and n.name == name]
    node = found[-1]  # overloads come first
    statements = node.body[1:] if ast.get_docstring(node) else node.body
    return node, text.split("\n"), statements[0].lineno - 1, node.end_lineno - 1


def as_it_is(text: str, name: str) -> Place:
    return Place(text, body(text, name)[2])


def at_header(text: str, name: str) -> Place:
    return Place(text, body(text, name)[0].lineno - 1)


def stub(text: str, name: str) -> Place:
    _, lines, first, last = body(text, name)
    indent = re.match(" *", lines[first]).group()
    lines[first : last + 1] = [indent + STUB]
    return Place("\n".join(lines), first)


def selected(text: str, name: str) -> Place:
    """The last statement but one."""
    node = body(text, name)[0]
    statement = node.body[-2]
    return Place(text, statement.lineno - 1, statement.end_lineno - 1)


def marked(text: str, name: str) -> Place:
    node, lines, _, _ = body(text, name)
    statement = node.body[-2]
    first, last = statement.lineno - 1, statement.end_lineno - 1
    lines.insert(first, " " * statement.col_offset + "# redraft: use a comprehension")
    return Place("\n".join(lines), first + 1, last + 1)


def cut(text: str, name: str) -> Place:
    """Without the last statement but one, the cursor there."""
    node, lines, _, _ = body(text, name)
    statement = node.body[-2]
    lines[statement.lineno - 1 : statement.end_lineno] = [" " * statement.col_offset]
    return Place("\n".join(lines), statement.lineno - 1)


def commented(text: str, name: str) -> Place:
    _, lines, _, last = body(text, name)
    lines[last + 1 : last + 1] = ["", "", "# A function that says whether a header's value stands in double quotes."]
    return Place("\n".join(lines), last + 3)


def below(text: str, name: str) -> Place:
    return Place(text, body(text, name)[3])


def misnamed(text: str, name: str) -> Place:
    """Its last line's last name misspelt, with the diagnostic that a checker makes of that."""
    _, lines, _, last = body(text, name)
    word = list(re.finditer(r"\b[a-z_]{4,}\b", lines[last]))[-1]
    wrong = word.group()[:-1] + "x"
    lines[last] = lines[last][: word.start()] + wrong + lines[last][word.end() :]
    at = {"start": {"line": last, "character": word.start()}, "end": {"line": last, "character": word.end()}}
    told = {"range": at, "message": f"Undefined name `{wrong}`", "source": "Ruff", "code": "F821", "severity": 1}
    return Place("\n".join(lines), last, diagnostic=told)


def new(_text: str, _name: str) -> Place:
    return Place('"""New."""\n\n', 2)


UTILS = "src/requests/utils.py"
ROWS = [
    Row("implement", "requests", UTILS, "dotted_netmask", stub),
    Row("implement-from-test", "requests", UTILS, "unquote_header_value", stub),
    Row("docstring", "fastapi", "fastapi/utils.py", "deep_dict_update", at_header),
    Row("docstring", "httpx", "httpx/_utils.py", "is_ipv4_hostname", at_header),
    Row("type-hints", "redis", "redis/utils.py", "merge_result", at_header),
    Row("explain", "rich", "rich/_ratio.py", "ratio_reduce", at_header),
    Row("explain", "neo4j", "src/neo4j/_work/query.py", "unit_of_work", at_header),
    Row("simplify", "redis", "redis/utils.py", "merge_result", as_it_is),
    Row("extract", "requests", UTILS, "parse_list_header", selected),
    Row("clear-names", "rich", "rich/_ratio.py", "ratio_distribute", as_it_is),
    Row("error-handling", "flask", "src/flask/helpers.py", "get_root_path", as_it_is),
    Row("async", "requests", UTILS, "is_valid_cidr", as_it_is),
    Row("logging", "requests", UTILS, "extract_zipped_paths", as_it_is),
    Row("complete", "redis", "redis/utils.py", "dict_merge", cut),
    Row("comment", "requests", UTILS, "unquote_header_value", commented),
    Row("rewrite", "redis", "redis/utils.py", "merge_result", marked),
    Row("generate", "rich", "rich/_ratio.py", "ratio_distribute", below, "a function `is_even` that says whether all of a list of ints are the same"),
    Row("fix", "fastapi", "fastapi/utils.py", "get_path_param_names", misnamed),
    Row("test", "redis", "redis/utils.py", "dict_merge", at_header),
    Row("integration-test", "requests", UTILS, "unquote_header_value", at_header),
    Row("circuit-breaker", "redis", "redis/new_module.py", "", new),
    Row("redis", "redis", "redis/new_module.py", "", new),
    Row("neo4j", "neo4j", "src/neo4j/new_module.py", "", new),
    Row("fastapi", "fastapi", "fastapi/new_module.py", "", new),
    Row("validation", "fastapi", "fastapi/new_module.py", "", new),
    Row("retry", "httpx", "httpx/new_module.py", "", new),
    Row("async-tools", "httpx", "httpx/new_module.py", "", new),
    Row("agents", "rich", "rich/new_module.py", "", new),
]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--redraft", required=True, help="the binary")
    parser.add_argument("--only", action="append", metavar="PROMPT", help="this prompt only (repeatable)")
    parser.add_argument("--work", help="directory for the projects (default: a new temporary one)")
    parser.add_argument("--json", metavar="FILE", help="also write everything, with the diffs, a line of JSON for each row")
    options = parser.parse_args()
    work = Path(options.work or tempfile.mkdtemp(prefix="redraft-prompts-")).resolve()
    work.mkdir(parents=True, exist_ok=True)
    redraft = str(Path(options.redraft).resolve())
    lsp_client.DEADLINE = LIMIT
    outcomes = []
    for row in ROWS:
        if options.only and row.prompt not in options.only:
            continue
        outcome = attempt(row, fetch(row.project, work), redraft, work)
        outcomes.append(outcome)
        print(f"{row.prompt} {outcome.place}: {outcome.said} {outcome.findings}", file=sys.stderr, flush=True)
        if options.json:
            with Path(options.json).open("a", encoding="utf8") as out:
                out.write(json.dumps(asdict(outcome)) + "\n")
    print(table(outcomes))
    return 0


def fetch(project: str, work: Path) -> Path:
    """The project's source distribution, unpacked; kept between runs."""
    def found() -> list[Path]:
        return [path for path in work.glob(f"{project}-*") if path.is_dir()]

    if not found():
        command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-binary", ":all:", "-d", work, project]
        subprocess.run([str(part) for part in command], check=True)
        (archive,) = work.glob(f"{project}-*.tar.gz")
        with tarfile.open(archive) as tar:
            tar.extractall(work, filter="data")
    return found()[0]


def attempt(row: Row, original: Path, redraft: str, work: Path) -> Outcome:
    outcome = Outcome(row.prompt, original.name, row.function or row.file)
    tree = work / "runs" / row.prompt
    shutil.rmtree(tree, ignore_errors=True)
    shutil.copytree(original, tree)
    path = tree / row.file
    place = row.prepare(path.read_text(encoding="utf8") if path.exists() else "", row.function)
    path.write_text(place.text, encoding="utf8")
    client = lsp_client.Client([redraft, "serve"], {})
    since = time.monotonic()
    try:
        run(client, row, tree, path, place, outcome)
    except AssertionError as error:
        outcome.said = f"failed: {error}"
    finally:
        client.kill()
    outcome.seconds = round(time.monotonic() - since, 1)
    return outcome


def run(client: lsp_client.Client, row: Row, tree: Path, path: Path, place: Place, outcome: Outcome) -> None:
    lsp_client.CAPABILITIES["experimental"] = {"redraft": {}}
    lsp_client.CAPABILITIES["textDocument"]["publishDiagnostics"] = {}
    client.initialize(tree.as_uri())
    uri = path.as_uri()
    client.open(uri, place.text)
    lines = place.text.split("\n")
    start = {"line": place.first, "character": len(lines[place.first]) - len(lines[place.first].lstrip())}
    end = start if place.last is None else {"line": place.last, "character": len(lines[place.last])}
    at = place.diagnostic["range"] if place.diagnostic else {"start": start, "end": end}
    params = {"action": row.prompt, "uri": uri, "version": 1, "range": at, "diagnostic": place.diagnostic}
    command = {"command": "redraft.run", "arguments": [params]}
    if row.instruction:
        params = {"uri": uri, "range": at, "instruction": row.instruction}
        command = {"command": "redraft.generate", "arguments": [params]}
    answer = client.request("workspace/executeCommand", command)
    assert "error" not in answer, answer["error"]["message"]
    outcome.said = client.await_end()["message"]
    told = [n["params"] for n in client.notifications if n["method"] == "redraft/answer"]
    outcome.answer = told[-1]["text"] if told else ""
    changed = [one for one in client.documents if client.text(one) != place.text or one != uri]
    for one in changed or [uri]:
        before, after = place.text if one == uri else "", client.text(one)
        outcome.parses = is_python(after)
        regions = answer["result"]["regions"] if one == uri else []
        outcome.outside_kept = keeps(before, after, regions) if one == uri else client.text(uri) == place.text
        outcome.diff = "\n".join(difflib.unified_diff(before.split("\n"), after.split("\n"), lineterm=""))
        shown = [n["params"] for n in client.notifications if n["method"] == "textDocument/publishDiagnostics"]
        last = [params for params in shown if params["uri"] == one][-1:]
        outcome.findings = [found["message"] for params in last for found in params["diagnostics"]]


def is_python(text: str) -> bool:
    try:
        ast.parse(text)
    except SyntaxError:
        return False
    return True


def keeps(before: str, after: str, regions: list[dict]) -> bool:
    """Whether the text before, between and behind the announced regions stands in the file, in this order."""
    spans = sorted((lsp_client.offset(before, r["start"]), lsp_client.offset(before, r["end"])) for r in regions)
    kept, at = [], 0
    for start, end in spans:
        kept.append(before[at:start])
        at = end
    kept.append(before[at:])
    first, *middle, last = [*kept] if len(kept) > 1 else [kept[0], ""]
    if not (after.startswith(first) and after.endswith(last)):
        return False
    inner, place = after[len(first) : len(after) - len(last)], 0
    for piece in middle:
        place = inner.find(piece, place)
        if place < 0:
            return False
        place += len(piece)
    return True


def table(outcomes: list[Outcome]) -> str:
    def yes(value: bool | None) -> str:
        return {True: "yes", False: "**no**", None: "-"}[value]

    rows = ["| prompt | place | parses | only its region | left over | what was said |", "|---|---|---|---|---|---|"]
    for one in outcomes:
        left = "; ".join(one.findings) or ("nothing" if one.said.startswith("done") else "-")
        cells = [f"`{one.prompt}`", f"{one.project}, `{one.place}`", yes(one.parses), yes(one.outside_kept), left, one.said]
        rows.append("| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |")
    return "\n".join(rows)


if __name__ == "__main__":
    sys.exit(main())
