//! The examples of docstrings, by a real interpreter: what is no example is none, what holds is right, and what does not is told where
//! it stands.

use std::time::Duration;

use redraft::check::suite::{Heard, Known, Suite};
use redraft::check::{Depth, Overlay, Version};
use redraft::config::{CheckerKind, CheckerSpec};
use redraft::syntax::{Language, parse};
use ropey::Rope;

use crate::setup::{World, left, python};

/// Everything in them is right, whatever their docstrings seem to say. `RAN` is a file that nothing may write.
const RIGHT: &[&str] = &[
    "def f(n):\n    '''f(n) returns True if n is even.'''\n    return n % 2 == 0\n",
    "def f(n):\n    '''Multiply.\n\n    f(5) = 5 * f(4)\n    f(3) == 3 * 2 * 1\n    '''\n    return 6\n",
    "def f(text):\n    '''f('a=b') -> 'a', 'b' '''\n    return tuple(text.split('='))\n",
    "def f(n):\n    '''Connect.\n\n    f(3): 3 attempts are made\n    f(4) # 2 boxes of 2\n    '''\n    return 'ok'\n",
    "def f(n):\n    '''f(1) is 1-based. f([1, 2]) // 2 is the middle; never f(0) - 1.'''\n    return n\n",
    "def f(n):\n    '''\n    f(3) -> 1.5e0.\n    f(5) == 2 remainder 1\n    f(5) == 2\n    remainder 1, as it goes\n    '''\n    return n / 2\n",
    "def f(n):\n    '''\n    >>> f(1)  # doctest: +SKIP\n    9\n    '''\n    open('RAN', 'w').close()\n",
    "def f():\n    '''\n    >>> f()\n    Traceback (most recent call last):\n        ...\n    ValueError: one\n    two\n    '''\n    raise ValueError('one\\ntwo')\n",
    "def f(n):\n    '''\n    >>> f('a')\n    'a\\\\n'\n    '''\n    return n + '\\n'\n",
    "def f(n):\n    r'''\n    >>> f('a')\n    'a\\n'\n    '''\n    return n + '\\n'\n",
    "def f(n):\n    '''\n    >>> f({2, 1})\n    {2, 1}\n    >>> f(1) == 1\n    >>> f(1)  # doctest: +ELLIPSIS\n    1...\n    >>> import not_installed_at_all\n    >>> not_installed_at_all.g(f)\n    1\n    '''\n    return n\n",
    // A signature, another condition, a method, an inner function, and what a test may not touch.
    "def f(n=1):\n    '''f() -> None\n\n    f(n=1) -> None\n\n    In strict mode:\n        f(1) == 2\n\n    If it is strict, then\n    f(1) == 2\n    '''\n    return 1\n",
    "class A:\n    def f(self, n):\n        '''f(1) == 2'''\n\n        def g(n):\n            '''g(1) == 2'''\n        return n\n",
    "def f(path):\n    '''f('no/such/file') == 'text' '''\n    return open(path).read()\n",
    "def f(n):\n    '''f(2) -> 1.41, f(3) -> 1.73'''\n    return n ** 0.5\n",
    "def f(n):\n    '''f(3) -> [0, 1, 2]'''\n    yield from range(n)\n",
    "import functools\n@functools.cache\ndef f(n):\n    '''f(3) == 4; f(4) == 5.'''\n    return n + 1\n",
];

/// Each with the line and the message of what is found.
const WRONG: &[(&str, &[&str])] = &[
    (
        "def f(n):\n    '''F.\n\n    >>> f(1)\n    2\n    >>> f(0)\n    Traceback (most recent call last):\n    ValueError: zero\n    '''\n    return n\n",
        &[
            "4: the docstring's example `f(1)` should give `2`, and gives `1`",
            "6: the docstring's example `f(0)` should give `ValueError: zero`, and gives `0`",
        ],
    ),
    (
        "def g(n):\n    return n\n\n\ndef f(n):\n    '''f(1) == 2. For example, `f(2)` -> `3`.\n\n    - f([3]) => [4]\n    - f('a, b') ➞ 'c'  # so\n\n    f(4) should return None, f(5) returns 6\n    '''\n    return g(n)\n",
        &[
            "6: the docstring's example `f(1)` should give `2`, and gives `1`",
            "8: the docstring's example `f([3])` should give `[4]`, and gives `[3]`",
            "9: the docstring's example `f('a, b')` should give `'c'`, and gives `'a, b'`",
            "11: the docstring's example `f(4)` should give `None`, and gives `4`",
            "11: the docstring's example `f(5)` should give `6`, and gives `5`",
        ],
    ),
    (
        "class A:\n    @property\n    def f(self):\n        '''\n        >>> A().f\n        2\n        '''\n        raise KeyError('k')\n",
        &["5: the docstring's example `A().f` should give `2`, and gives `KeyError: 'k'`"],
    ),
];

const MISSING: &str = "import not_installed_at_all\n\n\n";
const STUB: &str = "def f(n):\n    '''f(1) == 2'''\n    raise NotImplementedError\n";
const DRAFT: &str = "def f(n):\n    '''f(1) == 2'''\n    return n\n";

fn overlay(before: &str, after: &str, draft: std::ops::Range<usize>) -> Overlay {
    let language = Language::by_id("python").unwrap();
    let version = |text: &str| {
        let text = Rope::from_str(text);
        let tree = parse(language, &text, None, Duration::from_secs(5));
        Version { text, tree }
    };
    let (before, after, base) = (version(before), version(after), 0..before.len());
    Overlay {
        language,
        path: "a.py".to_owned(),
        before,
        after,
        beside: std::sync::Arc::default(),
        mends: None,
        base,
        draft,
    }
}

async fn heard(world: &World, overlay: &Overlay) -> Heard {
    let heard = suite(world, overlay, None).check_file(overlay).await;
    assert_eq!(left(&world.mark), [""; 0]);
    heard
}

/// The examples' checker alone, of a workspace that has the file as it was.
fn suite(world: &World, overlay: &Overlay, time: Option<Duration>) -> Suite {
    let root = world.path("root");
    std::fs::create_dir_all(&root).unwrap();
    std::fs::create_dir_all(world.path("state")).unwrap();
    std::fs::write(root.join("a.py"), overlay.before.text.to_string()).unwrap();
    let spec = CheckerSpec {
        name: "examples".to_owned(),
        kind: CheckerKind::Examples,
        command: vec![python().to_owned()],
        languages: Vec::new(),
        time,
        memory_mib: None,
        options: serde_json::Value::Null,
        found_codes: Vec::new(),
    };
    Suite::new(&[spec], &root, &world.path("state"), &world.supervisor())
}

fn told(overlay: &Overlay, heard: &Heard) -> Vec<String> {
    let line = |byte| overlay.after.text.byte_to_line(byte) + 1;
    heard.findings.iter().map(|one| format!("{}: {}", line(one.range.start), one.message)).collect()
}

#[tokio::test]
async fn what_holds_and_what_is_no_example_is_not_found() {
    for text in RIGHT {
        let world = World::new();
        let ran = world.path("ran");
        let text = text.replace("RAN", &ran.display().to_string());
        let overlay = overlay(&text, &text, 0..text.len());
        let heard = heard(&world, &overlay).await;
        assert_eq!((told(&overlay, &heard), heard.unheard), (vec![], vec![]), "{text}");
        assert!(!ran.exists(), "{text}");
    }
}

#[tokio::test]
async fn what_does_not_hold_is_found_where_it_stands() {
    for (text, expected) in WRONG {
        let world = World::new();
        let overlay = overlay(text, text, 0..text.len());
        let heard = heard(&world, &overlay).await;
        assert_eq!(told(&overlay, &heard), *expected, "{text}");
        assert_eq!(heard.unheard, [""; 0], "{text}");
    }
    // The docstring is none of the draft, which is what is wrong.
    let world = World::new();
    let start = DRAFT.find("    return").unwrap();
    let overlay = overlay(STUB, DRAFT, start..DRAFT.len());
    let message = "3: the docstring's example `f(1)` should give `2`, and gives `1`";
    assert_eq!(told(&overlay, &heard(&world, &overlay).await), [message]);
}

#[tokio::test]
async fn a_draft_whose_examples_do_not_end_is_wrong() {
    let world = World::new();
    let text = DRAFT.replace("return n", "while True: n += 0");
    let overlay = overlay(STUB, &text, 0..text.len());
    let suite = suite(&world, &overlay, Some(Duration::from_secs(2)));
    let heard = suite.check(&overlay, &Known::default(), &[]).await;
    let [told] = told(&overlay, &heard).try_into().unwrap();
    assert!(
        told.contains("did not come to their end with this draft: the run of them took more than 2 s"),
        "{told}"
    );
    assert_eq!((heard.unheard, heard.depth), (vec![], Depth::Quick));
    assert_eq!(left(&world.mark), [""; 0]);
}

/// What cannot be loaded without the draft either is not the draft's fault, and is not taken for right.
#[tokio::test]
async fn a_file_that_cannot_be_loaded_is_told_of() {
    let missing = |text: &str| format!("{MISSING}{text}");
    for (before, after, expected, unheard) in [
        (missing(STUB), missing(DRAFT), "", "with or without the draft; it said: ModuleNotFoundError"),
        (STUB.to_owned(), missing(DRAFT), "1: the file cannot be loaded: ModuleNotFoundError", ""),
        (
            format!("{STUB}LAST = f(1)\n"),
            format!("{DRAFT}LAST = f(1) + ''\n"),
            "1: the file cannot be loaded: TypeError",
            "",
        ),
    ] {
        let world = World::new();
        let overlay = overlay(&before, &after, 0..after.len());
        let heard = heard(&world, &overlay).await;
        for (told, expected) in [(told(&overlay, &heard), expected), (heard.unheard, unheard)] {
            let is_right = match told.as_slice() {
                [] => expected.is_empty(),
                [one] => !expected.is_empty() && one.contains(expected),
                _ => false,
            };
            assert!(is_right, "{after}: {told:?}");
        }
    }
}
