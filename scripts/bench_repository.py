"""Problems of `redraft bench` from real projects: the functions of bench_functions.toml, each with `pass` for its body in its project's
source distribution. The project's own tests are hidden, and so is every other test of it.
"""

import ast
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from pathlib import Path, PurePosixPath

TABLE = Path(__file__).parent / "bench_functions.toml"

# The hidden tests: the project's pytest, as its own repository runs it, but without the plugins that happen to be installed.
PROGRAM = """\
import os
import sys

sys.dont_write_bytecode = True
os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
sys.path.insert(0, os.path.abspath({source!r}))
import pytest

sys.exit(pytest.main(["-q", "-x", "-p", "no:cacheprovider", *{tests!r}]))
"""
# The folder is a project of its own to pytest, whatever stands above it.
SETTINGS = {"pytest.ini": "[pytest]\n"}


def requirements() -> list[str]:
    """What the interpreter that runs the tests needs."""
    return tomllib.loads(TABLE.read_text())["requirements"]


def problems() -> list[dict]:
    table = tomllib.loads(TABLE.read_text())
    made = []
    for package in table["package"]:
        print(f"{package['name']}: fetching", file=sys.stderr)
        texts = distribution(package["name"])
        made += [problem(package, texts, *function) for function in package["functions"]]
    assert len({one["id"] for one in made}) == len(made), "two functions of a package have the same name"
    return made


def distribution(wanted: str) -> dict[str, str]:
    """The text files of a source distribution, by path."""
    with tempfile.TemporaryDirectory() as folder:
        only = ["--no-deps", "--no-binary", wanted.split("==")[0]]
        command = [sys.executable, "-m", "pip", "download", "-q", *only, "--dest", folder, wanted]
        subprocess.run(command, check=True)
        (archive,) = Path(folder).iterdir()
        with tarfile.open(archive) as tar:
            tar.extractall(folder, filter="data")
        (root,) = [path for path in Path(folder).iterdir() if path.is_dir()]
        return {path.relative_to(root).as_posix(): text for path in sorted(root.rglob("*")) if (text := read(path)) is not None}


def read(path: Path) -> str | None:
    """A text file's text, with `\\n` at the ends of lines."""
    try:
        return path.read_text("utf-8") if path.is_file() else None
    except UnicodeDecodeError:
        return None


def problem(package: dict, texts: dict[str, str], file: str, name: str, tests: list[str]) -> dict:
    source = package["source"]
    target = f"{source}/{file}"
    files = {path: text for path, text in texts.items() if path.startswith(f"{source}/") and is_source(path)}
    answer = files[target]
    files[target], line, body = emptied(answer, name)
    for path, text in files.items():
        assert not holds(text, body), f"{package['name']}: {path} has the body of {name}"
    within = [test.split("::")[0] for test in tests if ".py" in test]
    paths = [*dict.fromkeys(within), *package.get("beside", [])]
    folder = str(PurePosixPath(source).parent)
    return {
        "id": f"{package['name'].split('==')[0]}/{name}",
        "set": "repository",
        "files": files,
        "target": target,
        "line": line,
        "hidden": SETTINGS | {path: texts[path] for path in paths},
        "tests": PROGRAM.format(source=folder, tests=tests),
        "answer": answer,
    }


def is_source(path: str) -> bool:
    """Whether a file of a package is its code: no test, and nothing that only tests use."""
    *folders, name = path.split("/")
    is_test = name.startswith("test_") or name.endswith("_test.py") or name in ("conftest.py", "tests.py")
    return name.endswith(".py") and not is_test and not {"test", "tests"} & set(folders)


def emptied(source: str, name: str) -> tuple[str, int, list[str]]:
    """The source with `pass` for what stands below the function's docstring, the line of its `def`, and the lines that went."""
    (node,) = [node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef) and node.name == name]
    assert ast.get_docstring(node), f"{name} has no docstring"
    lines = source.split("\n")
    docstring = node.body[0]
    first, last = docstring.end_lineno, node.end_lineno
    body = lines[first:last]
    # What the docstring is indented with, tabs for instance.
    indentation = lines[docstring.lineno - 1][: docstring.col_offset]
    lines[first:last] = [f"{indentation}pass"]
    text = "\n".join(lines)
    ast.parse(text)
    return text, node.lineno, body


def holds(text: str, body: list[str]) -> bool:
    """Whether a text has half of a body's lines in a row, three at least, or all of a shorter one's."""
    wanted, there = bare("\n".join(body)), bare(text)
    count = min(len(wanted), max(3, (len(wanted) + 1) // 2))
    runs = {tuple(wanted[at : at + count]) for at in range(len(wanted) - count + 1)}
    return any(tuple(there[at : at + count]) in runs for at in range(len(there) - count + 1))


def bare(text: str) -> list[str]:
    """The lines, without indentation, empty ones and comments."""
    lines = (line.strip() for line in text.split("\n"))
    return [line for line in lines if line and not line.startswith("#")]
