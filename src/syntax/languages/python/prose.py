"""Examples in the prose of docstrings. Only what cannot be meant otherwise is taken for one: `f(1, 'a') == 2` (or `->`, `=>`, `➞`,
`returns`), of literals, in a place of its own. What depends on the machine is nobody's fault and is not told. Part of `examples.py`.
"""

import ast
import contextlib
import doctest
import inspect
import io
import itertools
import math
import re

LABEL = r"(?:(?:for\s+)?(?:examples?|instance)(?:\s*\d+)?|e\.g\.)\s*[:,]?\s*"
LEAD = re.compile(rf"\s*(?:(?:[-*+•]|\d+[.)])\s+)?(?:{LABEL})?`*", re.I)
ASIDE = re.compile(r"(?:^|.*[\s(])(?:for example|for instance|e\.g\.)\s*[:,]?\s*`*", re.I)
BETWEEN = re.compile(r"`*\s*(==|->|=>|➞|(?:should\s+)?returns?\b)\s*`*")
END = re.compile(r"`*(?:[.,;](?=\s|$)|\s+#.*$|\s*$)")
# What a line says about the examples below it that makes them another thing.
OTHERWISE = re.compile(
    r"n't|\b(?:not|never|no|wrong|incorrect|bad|invalid|instead|previously|formerly|before|until|old|unless|if|when|while|with"
    r"|without|in|under|mode)\b",
    re.I,
)


def parsed(text):
    """An expression; nothing where the text is none."""
    try:
        return ast.parse(text, mode="eval").body
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None


def literal(node):
    """The value of a literal, in a list; nothing where it is another thing, or leaves something out."""
    try:
        value = ast.literal_eval(node)
    except (ValueError, TypeError, MemoryError, RecursionError):
        return []
    constants = [one.value for one in ast.walk(node) if isinstance(one, ast.Constant)]
    leaves_out = any(one is ... or isinstance(one, str) and re.search(r"\.\.\.|…", one) for one in constants)
    return [] if leaves_out else [value]


def call(text, name):
    """The arguments of the call of literals that `text` begins with, and where it ends."""
    for close in re.finditer(r"\)", text):
        node = parsed(text[: close.end()])
        if node is None:
            continue
        if not isinstance(node, ast.Call) or getattr(node.func, "id", None) != name:
            return None
        given = [literal(one) for one in node.args]
        named = [(one.arg, literal(one.value)) for one in node.keywords]
        if not all(given) or not all(key and value for key, value in named):
            return None
        return [value for (value,) in given], {key: value for key, (value,) in named}, close.end()
    return None


def begins(text, name):
    return text.startswith(f"{name}(")


def stands_alone(lines, index):
    """Whether what is above a line leaves its examples what they are."""
    above = index - 1
    touches = True
    while above >= 0 and (not lines[above].strip() or re.match(r"[\w.]+\(", lines[above][LEAD.match(lines[above]).end() :])):
        touches &= bool(lines[above].strip())
        above -= 1
    line = lines[above].strip() if above >= 0 else ""
    if line.endswith(":"):
        return not OTHERWISE.search(line)
    return not touches or not line or line.endswith((".", "!", "?")) or bool(re.fullmatch(LABEL, line, re.I))


def goes_on(following):
    """Whether a line goes on with the sentence of the line before it."""
    text = following[LEAD.match(following).end() :] if following.strip() else ""
    return bool(text) and not re.match(r"[\w.]+\(|[A-Z:@=-]", text)


def value(text, following, name):
    """The literal that `text` begins with, if its clause ends there, and where another example may begin."""
    for end in END.finditer(text):
        node = parsed(text[: end.start()].strip())
        found = literal(node) if node else []
        if not found:
            continue
        mark, rest = end.group().strip("`")[:1], text[end.end() :]
        skipped = len(rest) - len(rest.lstrip(" `"))
        is_last = not rest.strip(" `")
        if mark in (",", ";") and not begins((following if is_last else rest).lstrip(" `"), name):
            return None
        if mark == "" and goes_on(following):
            return None
        return found[0], end.end() + skipped
    return None


def promises(lines, name):
    """What a docstring's prose says of calls: the line, the source, the arguments, and the value."""
    for index, line in enumerate(lines):
        following = lines[index + 1] if index + 1 < len(lines) else ""
        place = LEAD.match(line).end()
        if not begins(line[place:], name):
            aside = ASIDE.match(line)
            place = aside.end() if aside else len(line)
        while begins(line[place:], name) and stands_alone(lines, index):
            called = call(line[place:], name)
            between = BETWEEN.match(line, place + called[2]) if called else None
            valued = value(line[between.end() :], following, name) if between else None
            if not valued:
                break
            given, named, length = called
            want = valued[0]
            # `close() -> None` is a signature, `run() returns 0` no example of anything.
            is_bare = between.group(1) != "==" and not given and not named
            if not is_bare and not (between.group(1) == "->" and named and want is None):
                yield index, line[place : place + length], (given, named), want
            place = between.end() + valued[1]


def agree(want, got):
    """Whether a result is what was promised; nothing where that cannot be told."""
    if inspect.isawaitable(got):
        getattr(got, "close", bool)()
        return None
    equal = got == want
    if not isinstance(equal, bool):
        return None
    if equal or near(want, got) or str(got) == want:
        return True
    return False if type(got).__module__ == "builtins" else None


def listed(want, got):
    """What a result goes through, where a sequence was promised, as one."""
    is_iterator = hasattr(got, "__next__") and isinstance(want, (list, tuple))
    return type(want)(itertools.islice(got, len(want) + 1)) if is_iterator else got


def near(want, got):
    """Whether both are the same but for the digits that `want` does not have."""
    if isinstance(want, float) and isinstance(got, (int, float)):
        whole, _, digits = repr(want).partition(".")
        return math.isclose(want, got, rel_tol=1e-3) if "e" in whole + digits else abs(want - got) < 10 ** -len(digits)
    if isinstance(want, (list, tuple)) and type(want) is type(got) and len(want) == len(got):
        return all(map(near, want, got))
    if isinstance(want, dict) and isinstance(got, dict) and want.keys() == got.keys():
        return all(near(want[key], got[key]) for key in want)
    return want == got


def broken(function, given, named, want):
    """What a call gives that is not what was promised; nothing where it is, or that cannot be told."""
    try:
        inspect.signature(function).bind(*given, **named)
        with limited(), contextlib.redirect_stdout(io.StringIO()):
            got = listed(want, function(*given, **named))
            return None if agree(want, got) is not False else repr(got)
    except (OSError, ImportError, EOFError, SystemExit):
        return None
    except (Exception, Slow) as error:
        return told(error) if has_frame(error, function) else None


def has_frame(error, function):
    """Whether the error came out of the function, and not of asking for it or of looking at its result."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    trace = error.__traceback__
    while trace:
        if trace.tb_frame.f_code is code:
            return True
        trace = trace.tb_next
    return False


def prose(pieces):
    """The lines of a docstring, with none where a session stands."""
    lines = [""]
    for piece in pieces:
        if isinstance(piece, doctest.Example):
            lines += [""] * (piece.lineno + 1 + (piece.source + piece.want).count("\n") - len(lines))
        else:
            first, *rest = piece.split("\n")
            lines[-1] += first
            lines += rest
    return lines
