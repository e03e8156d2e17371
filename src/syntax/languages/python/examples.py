"""Runs the examples of docstrings against a drafted file. Reads a JSON object on standard input: {"path", "root", "lines", "before"};
`lines` are those on which the functions begin whose docstrings are meant, `before` is the file without the draft. Writes one JSON
object as the last line: {"failed": for each of the functions [{"line", "source", "want", "got"}], "import": null or what went wrong,
"before": the same of the file without the draft}. Redraft starts it, in a workspace that its user trusts.

Sessions (`>>>`) are doctest's own business; prose is that of `prose.py`, which is read behind this, and then `main` is called.
"""

import ast
import contextlib
import doctest
import importlib
import importlib.machinery
import importlib.util
import inspect
import io
import itertools
import json
import os
import signal
import sys

SECONDS = 5  # that one example may take
MOST = 50  # examples of one docstring that are tried
WIDTH = 500  # characters of a text that is told
FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS | doctest.IGNORE_EXCEPTION_DETAIL
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


class Slow(BaseException):
    """The example takes too long; the code that is tried catches `Exception` at most."""


def slow(*_):
    raise Slow(f"took more than {SECONDS} s")


def limit(seconds):
    if hasattr(signal, "SIGALRM"):
        signal.signal(signal.SIGALRM, slow)
        signal.alarm(seconds)


@contextlib.contextmanager
def limited():
    limit(SECONDS)
    try:
        yield
    finally:
        limit(0)


def told(error):
    return f"{type(error).__name__}: {error}"[:WIDTH]


# The file


def dotted(path, root):
    """The module's name, and the folder that it is imported from: the first one above it that is no package."""
    folder, name = os.path.split(os.path.splitext(path)[0])
    parts = [] if name == "__init__" else [name]
    while os.path.exists(os.path.join(folder, "__init__.py")) and os.path.commonpath([folder, root]) == root:
        folder, package = os.path.split(folder)
        parts.insert(0, package)
    return ".".join(parts), folder


class Loader(importlib.machinery.SourceFileLoader):
    """Loads a file as if this text were in it; it finds itself."""

    def __init__(self, name, path, text):
        super().__init__(name, path)
        self.text = text

    def get_code(self, name):
        return compile(self.text, self.path, "exec", dont_inherit=True)

    def find_spec(self, name, path=None, target=None):
        return importlib.util.spec_from_file_location(name, self.path, loader=self) if name == self.name else None


def load(path, root, text):
    """The module with this text in it, whatever else goes by its name."""
    name, folder = dotted(path, root)
    loader = Loader(name, path, text)
    sys.path[:0] = [folder, root]
    sys.meta_path.insert(0, loader)
    package = name.rpartition(".")[0]
    if package:
        importlib.import_module(package)
    module = sys.modules.get(name)
    if getattr(getattr(module, "__spec__", None), "loader", None) is not loader:
        spec = loader.find_spec(name)
        module = sys.modules[name] = importlib.util.module_from_spec(spec)
        loader.exec_module(module)
    return module


def attempt(path, root, text):
    """The module, or why it cannot be loaded; of a try that failed nothing is left."""
    modules, folders, finders = dict(sys.modules), sys.path[:], sys.meta_path[:]
    try:
        with contextlib.redirect_stdout(io.StringIO()), limited():
            return load(path, root, text), None
    except (Exception, Slow, SystemExit) as error:
        sys.modules.clear()
        sys.modules.update(modules)
        sys.path[:], sys.meta_path[:] = folders, finders
        return None, told(error)


def documented(tree, lines):
    """By its line, each function that is asked for: how it is called from the module, and its docstring's node."""
    found = {}

    def visit(node, names):
        for child in ast.iter_child_nodes(node):
            if isinstance(child, FUNCTIONS):
                if child.lineno in lines and ast.get_docstring(child, clean=False) is not None:
                    found[child.lineno] = (names + [child.name], child.body[0].value)
            elif isinstance(child, ast.ClassDef):
                visit(child, names + [child.name])
            else:
                visit(child, names)

    visit(tree, [])
    return found


def at(module, names, docstring):
    """What is called so, as it came out of its decorators; nothing where that has another docstring."""
    found = module
    for name in names:
        found = vars(found).get(name) if hasattr(found, "__dict__") else None
        found = found.__func__ if isinstance(found, (staticmethod, classmethod)) else found
    own = getattr(found, "__doc__", None)
    same = isinstance(own, str) and inspect.cleandoc(own) == inspect.cleandoc(docstring)
    return found if same else None


# Sessions


class Checker(doctest.OutputChecker):
    def check_output(self, want, got, flags):
        return super().check_output(want, got, flags) or same(want, got)


def same(want, got):
    """Whether both are the same value, however it is written: an order of a set, 1 and 1.0, quotes."""
    try:
        want, got = ast.literal_eval(want.strip()), ast.literal_eval(got.strip())
        return want == got and isinstance(want, bool) == isinstance(got, bool)
    except Exception:
        return False


def compares(source):
    node = ast.parse(source).body[0]
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Compare)


class Runner(doctest.DocTestRunner):
    def __init__(self):
        super().__init__(checker=Checker(), verbose=False, optionflags=FLAGS)
        self.failed = []
        self.is_over = False

    def report_start(self, out, test, example):
        limit(SECONDS)

    def report_success(self, out, test, example, got):
        limit(0)

    def report_failure(self, out, test, example, got):
        limit(0)
        # What shows no result promises none, but for `>>> f(1) == 2`, which says so itself.
        if example.want or got.strip() == "False" and compares(example.source):
            self.tell(example, got.strip())

    def report_unexpected_exception(self, out, test, example, exc_info):
        limit(0)
        error, trace = exc_info[1], exc_info[2]
        while trace.tb_next:
            trace = trace.tb_next
        is_its_own = trace.tb_frame.f_code.co_filename.startswith("<doctest ")
        # It wants what is not here; so may what follows.
        self.is_over |= is_its_own and isinstance(error, (NameError, ImportError))
        self.tell(example, told(error))

    def tell(self, example, got):
        want = example.exc_msg or example.want
        if not self.is_over:
            self.failed.append((example.lineno, example.source.strip(), want.strip(), got))


def session(examples, names, name):
    runner = Runner()
    runner.run(doctest.DocTest(examples[:MOST], names, name, None, 0, None), out=lambda _: None)
    return runner.failed


# Both


def tried(module, names, node):
    """What of one docstring is not so: its line from the docstring's, what was tried, what should come of it, and what does."""
    found = at(module, names, node.value)
    try:
        pieces = doctest.DocTestParser().parse(node.value)
    except ValueError:
        return []  # Whoever wrote it meant another thing, or for another tool.
    if found is None:
        return []
    examples = [piece for piece in pieces if isinstance(piece, doctest.Example)]
    failed = session(examples, dict(vars(module)), ".".join(names)) if examples else []
    if len(names) == 1 and callable(found):
        for line, source, (given, named), want in itertools.islice(promises(prose(pieces), names[0]), MOST):
            got = broken(found, given, named, want)
            if got is not None:
                failed.append((line, source, repr(want), got))
    return failed


def line_of(node, lines, offset, source):
    """The line of the file that an example stands on; the docstring's first where escapes moved it."""
    lines = lines[node.lineno - 1 : node.end_lineno]
    if len(lines) == node.value.count("\n") + 1:
        return node.lineno + offset
    first = source.split("\n")[0]
    return node.lineno + next((at for at, line in enumerate(lines) if first in line), 0)


def main():
    asked = json.load(sys.stdin)
    path, root = os.path.abspath(asked["path"]), os.path.abspath(asked["root"])
    with open(path, "rb") as file:
        text = file.read()
    answer = {"failed": [], "import": None, "before": None}
    module, why = attempt(path, root, text)
    if why is not None:
        answer["import"], answer["before"] = why, attempt(path, root, asked["before"].encode())[1]
        print(why, file=sys.stderr)
    else:
        found = documented(ast.parse(text), asked["lines"])
        for line in asked["lines"]:
            failed = []
            if line in found:
                names, node = found[line]
                for offset, source, *rest in tried(module, names, node):
                    want, got = (part[:WIDTH] for part in rest)
                    place = line_of(node, text.decode().split("\n"), offset, source)
                    failed.append({"line": place, "source": source[:WIDTH], "want": want, "got": got[:WIDTH]})
            answer["failed"].append(failed)
    sys.stdout.write("\n" + json.dumps(answer) + "\n")
