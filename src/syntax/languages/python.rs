//! Python, as data.

use std::sync::OnceLock;

use crate::syntax::docs::Docs;
use crate::syntax::language::{Alone, Evasions, Kinds, Language, Sources, Tests};
use crate::syntax::lexis::{Lexis, Quotes};
use crate::syntax::modules::Modules;
use crate::syntax::mutations::Mutations;
use crate::text::indent::Indent;

pub(super) static PYTHON: Language = Language {
    id: "python",
    name: "Python",
    fence: "python",
    extensions: &["py", "pyw"],
    declarations: &["pyi"],
    family: "python",
    comment: "#",
    opener: ":",
    closer: "",
    indent: Indent::Spaces(4),
    lexis: Lexis {
        comments: &["#"],
        blocks: &[],
        strings: &[Quotes::long("\"\"\""), Quotes::long("'''"), Quotes::short("\""), Quotes::short("'")],
        characters: false,
        braces: false,
        words: None,
        heredoc: "",
        imports: &[("import ", ""), ("from ", " import")],
        heads: &[],
    },
    docs: Docs::Inside,
    importing: None,
    nests: true,
    enclosing: None,
    initialisers: &["__init__", "__post_init__", "__new__", "setUp"],
    placeholders: &["pass", "...", "raise NotImplementedError"],
    tests: Tests {
        ask: "Write pytest tests",
        folder: "tests",
        prefix: "test_",
        suffix: "_test",
        name: "tests",
        ending: "py",
    },
    unended: &["try", "@"],
    evasions: Evasions {
        suppressions: &[
            "type: ignore",
            "pyright: ignore",
            "pyrefly: ignore",
            "ty: ignore",
            "mypy: ignore-errors",
            "mypy: disable-error-code",
            "pytype: disable",
            "noqa",
            "ruff: noqa",
            "flake8: noqa",
            "pylint: disable",
            "pylint: skip-file",
            "pragma: no cover",
            "pragma: nocover",
            "pragma no cover",
            "pragma: no mutate",
            "nosec",
            "nosonar",
        ],
        unchecked: &["typing.no_type_check"],
        skips: &[
            "pytest.skip",
            "pytest.xfail",
            "pytest.mark.skip",
            "pytest.mark.skipif",
            "pytest.mark.xfail",
            "unittest.skip",
            "unittest.skipIf",
            "unittest.skipUnless",
            "unittest.expectedFailure",
            "unittest.SkipTest",
            "self.skipTest",
        ],
    },
    examples: Some(concat!(
        include_str!("python/examples.py"),
        include_str!("python/prose.py"),
        "\n\nmain()\n"
    )),
    modules: Modules::Dotted {
        package: "__init__",
        sources: &["src", "lib", "python"],
        path: "PYTHONPATH",
        stubs: "-stubs",
    },
    private: "_",
    interpreters: &["python3", "python"],
    builtins: BUILTINS,
    members: MEMBERS,
    library: LIBRARY,
    grammar: || tree_sitter_python::LANGUAGE.into(),
    kinds: Kinds {
        functions: &["function_definition"],
        classes: &["class_definition"],
        decorated: &["decorated_definition"],
        blocks: &["module", "block"],
        lists: &[],
        comments: &["comment"],
        strings: &["string", "string_content", "concatenated_string"],
        imports: &["import_statement", "import_from_statement", "future_import_statement"],
    },
    alone: Some(Alone {
        opener: "if 1:",
        closer: "pass",
        closer_kind: "pass_statement",
        clauses: &["case_clause"],
    }),
    mutations: Mutations {
        swaps: &[
            ("<", "<="),
            ("<=", "<"),
            (">", ">="),
            (">=", ">"),
            ("==", "!="),
            ("!=", "=="),
            ("is", "is not"),
            ("is not", "is"),
            ("in", "not in"),
            ("not in", "in"),
            ("and", "or"),
            ("or", "and"),
            ("+", "-"),
            ("-", "+"),
            ("*", "/"),
            ("/", "*"),
            ("//", "*"),
            ("%", "*"),
            ("**", "*"),
            ("&", "|"),
            ("|", "&"),
            ("<<", ">>"),
            (">>", "<<"),
            ("+=", "-="),
            ("-=", "+="),
            ("*=", "/="),
            ("/=", "*="),
            ("//=", "*="),
            ("|=", "&="),
            ("&=", "|="),
            ("true", "False"),
            ("false", "True"),
        ],
        nothing: "None",
        negation: ("not (", ")"),
    },
    sources: Sources {
        target: "",
        symbols: include_str!("python/symbols.scm"),
        stubs: include_str!("python/stubs.scm"),
        docstring: include_str!("python/docstring.scm"),
        declared: include_str!("python/declared.scm"),
        imports: include_str!("python/imports.scm"),
        facts: concat!(include_str!("python/facts.scm"), include_str!("python/taken.scm")),
        taken: include_str!("python/taken.scm"),
        attributes: include_str!("python/attributes.scm"),
        bindings: include_str!("python/bindings.scm"),
        calls: include_str!("python/calls.scm"),
        hints: include_str!("python/hints.scm"),
        mutants: include_str!("python/mutants.scm"),
        assertions: include_str!("python/assertions.scm"),
        flow: include_str!("python/flow.scm"),
        marks: include_str!("python/marks.scm"),
    },
    compiled: OnceLock::new(),
    bindings: OnceLock::new(),
};

/// CPython 3.15's, and what each module has.
const BUILTINS: &str = "
ArithmeticError AssertionError AttributeError BaseException BaseExceptionGroup BlockingIOError
BrokenPipeError BufferError BytesWarning ChildProcessError ConnectionAbortedError ConnectionError
ConnectionRefusedError ConnectionResetError DeprecationWarning EOFError Ellipsis EncodingWarning
EnvironmentError Exception ExceptionGroup False FileExistsError FileNotFoundError FloatingPointError
FutureWarning frozendict GeneratorExit IOError ImportError ImportWarning IndentationError IndexError
InterruptedError IsADirectoryError KeyError KeyboardInterrupt LookupError MemoryError
ModuleNotFoundError NameError None NotADirectoryError NotImplemented NotImplementedError OSError
OverflowError PendingDeprecationWarning PermissionError ProcessLookupError PythonFinalizationError
RecursionError ReferenceError ResourceWarning RuntimeError RuntimeWarning StopAsyncIteration
StopIteration SyntaxError SyntaxWarning SystemError SystemExit TabError TimeoutError True TypeError
UnboundLocalError UnicodeDecodeError UnicodeEncodeError UnicodeError UnicodeTranslateError
UnicodeWarning UserWarning ValueError Warning WindowsError ZeroDivisionError __annotations__ __build_class__
__builtins__ __class__ __debug__ __doc__ __file__ __import__ __loader__ __name__ __package__
__path__ __spec__ abs aiter all anext any ascii bin bool breakpoint bytearray bytes callable chr
classmethod compile complex delattr dict dir divmod enumerate eval exec filter float format
frozenset getattr globals hasattr hash help hex id input int isinstance issubclass iter len list
locals map max memoryview min next object oct open ord pow print property range repr reversed round
set setattr slice sorted staticmethod str sum super tuple type vars zip
";

/// Public members of built-in types: numbers, texts, containers, files, exceptions.
const MEMBERS: &str = "
add add_note append args as_integer_ratio bit_count bit_length buffer c_contiguous capitalize
casefold cast center clear close closed conjugate contiguous copy count decode denominator detach
difference difference_update discard encode encoding endswith errors expandtabs extend f_contiguous
fileno find flush format format_map from_bytes fromhex fromkeys get hex imag index insert
intersection intersection_update is_integer isalnum isalpha isascii isatty isdecimal isdigit
isdisjoint isidentifier islower isnumeric isprintable isspace issubset issuperset istitle isupper
items itemsize join keys line_buffering ljust lower lstrip maketrans mode name nbytes ndim newlines
numerator obj partition peek pop popitem raw read read1 readable readinto readinto1 readline
readlines readonly real reconfigure release remove removeprefix removesuffix replace reverse rfind
rindex rjust rpartition rsplit rstrip seek seekable setdefault shape sort split splitlines start
startswith step stop strides strip suboffsets swapcase symmetric_difference
symmetric_difference_update tell title to_bytes tobytes tolist toreadonly translate truncate union
update upper values with_traceback writable write write_through writelines zfill
";

/// The modules that CPython 3.8 to 3.14 bring (`sys.stdlib_module_names`), without private ones.
const LIBRARY: &str = "
abc aifc annotationlib antigravity argparse array ast asynchat asyncio asyncore atexit audioop base64 bdb
binascii binhex bisect builtins bz2 cProfile calendar cgi cgitb chunk cmath cmd code codecs codeop
collections colorsys compileall compression concurrent configparser contextlib contextvars copy copyreg
crypt csv ctypes curses dataclasses datetime dbm decimal difflib dis distutils doctest email encodings
ensurepip enum errno faulthandler fcntl filecmp fileinput fnmatch formatter fractions ftplib functools gc
genericpath getopt getpass gettext glob graphlib grp gzip hashlib heapq hmac html http idlelib imaplib
imghdr imp importlib inspect io ipaddress itertools json keyword lib2to3 linecache locale logging lzma
macpath mailbox mailcap marshal math mimetypes mmap modulefinder msilib msvcrt multiprocessing netrc nis
nntplib nt ntpath nturl2path numbers opcode operator optparse os ossaudiodev parser pathlib pdb pickle
pickletools pipes pkgutil platform plistlib poplib posix posixpath pprint profile pstats pty pwd
py_compile pyclbr pydoc pydoc_data pyexpat queue quopri random re readline reprlib resource rlcompleter
runpy sched secrets select selectors shelve shlex shutil signal site smtpd smtplib sndhdr socket
socketserver spwd sqlite3 sre_compile sre_constants sre_parse ssl stat statistics string stringprep
struct subprocess sunau symbol symtable sys sysconfig syslog tabnanny tarfile telnetlib tempfile termios
test textwrap this threading time timeit tkinter token tokenize tomllib trace traceback tracemalloc tty
turtle turtledemo types typing unicodedata unittest urllib uu uuid venv warnings wave weakref webbrowser
winreg winsound wsgiref xdrlib xml xmlrpc xx xxsubtype zipapp zipfile zipimport zlib zoneinfo
";
