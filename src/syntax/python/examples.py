"""Runs the examples of one docstring against a drafted file. Reads a JSON object on standard input:
{"path", "root", "examples": [{"source", "want", "kind"}]}; writes one JSON object as the last line:
{"results": [{"ok", "got"}], "import": null or what went wrong}. Redraft starts it, in a workspace that its user trusts.
"""

import contextlib
import doctest
import importlib.util
import io
import json
import os
import signal
import sys

SECONDS = 5  # that one example may take


def dotted(path, root):
    """The module's name, and the folder that it is imported from: the first one above it that is no package."""
    folder, name = os.path.split(os.path.splitext(path)[0])
    parts = [] if name == "__init__" else [name]
    while os.path.exists(os.path.join(folder, "__init__.py")) and os.path.commonpath([folder, root]) == root:
        folder, package = os.path.split(folder)
        parts.insert(0, package)
    return ".".join(parts), folder


def load(path, root):
    name, folder = dotted(os.path.abspath(path), os.path.abspath(root))
    sys.path[:0] = [folder, os.path.abspath(root)]
    if "." in name:
        return importlib.import_module(name)
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def told(error):
    return f"{type(error).__name__}: {error}"[:500]


class Slow(BaseException):
    """The example takes too long; the code that is tried catches `Exception` at most."""


def slow(*_):
    raise Slow(f"took more than {SECONDS} s")


def session(examples, names):
    """The statements of a doctest, in order, each with what it said."""
    results = []
    checker = doctest.OutputChecker()
    flags = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS | doctest.IGNORE_EXCEPTION_DETAIL
    for example in examples:
        said = io.StringIO()
        raised = None
        with limited(), contextlib.redirect_stdout(said):
            try:
                exec(compile(example["source"] + "\n", "<example>", "single"), names)
            except (Exception, Slow, SystemExit) as error:
                raised = error
        want = example["want"]
        got = said.getvalue()
        wants_error = want.lstrip().startswith("Traceback (most recent call last):")
        if raised is not None:
            last = want.strip().splitlines()[-1].split(":")[0] if wants_error else None
            ok = wants_error and type(raised).__name__ == last.rsplit(".", 1)[-1]
            got = told(raised)
        else:
            ok = not wants_error and (checker.check_output(want, got, flags) or same(want, got))
        results.append({"ok": bool(ok), "got": got.strip()[:500]})
    return results


def same(want, got):
    """Whether both are the same value, however it is written: an order of a set, 1 and 1.0, quotes."""
    try:
        import ast

        want, got = ast.literal_eval(want.strip()), ast.literal_eval(got.strip())
        return want == got and isinstance(want, bool) == isinstance(got, bool)
    except Exception:
        return False


def value(example, names):
    """A call and the value that it is said to have."""
    with limited(), contextlib.redirect_stdout(io.StringIO()):
        try:
            got = eval(example["source"], names)
            want = eval(example["want"], dict(names))
            return {"ok": bool(got == want), "got": repr(got)[:500]}
        except (Exception, Slow, SystemExit) as error:
            return {"ok": False, "got": told(error)}


@contextlib.contextmanager
def limited():
    if hasattr(signal, "SIGALRM"):
        signal.signal(signal.SIGALRM, slow)
        signal.alarm(SECONDS)
    try:
        yield
    finally:
        if hasattr(signal, "SIGALRM"):
            signal.alarm(0)


def main():
    asked = json.load(sys.stdin)
    answer = {"results": [], "import": None}
    try:
        with contextlib.redirect_stdout(io.StringIO()), limited():
            module = load(asked["path"], asked["root"])
    except (Exception, Slow, SystemExit) as error:
        answer["import"] = told(error)
    else:
        names = dict(vars(module))
        statements = [example for example in asked["examples"] if example["kind"] == "session"]
        results = iter(session(statements, names))
        for example in asked["examples"]:
            answer["results"].append(next(results) if example["kind"] == "session" else value(example, names))
    sys.stdout.write("\n" + json.dumps(answer) + "\n")


main()
