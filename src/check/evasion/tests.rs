//! Drafts that only look done, and drafts that look like it and are.

use ropey::Rope;

use super::*;
use crate::syntax::{Language, parse};

/// A file in which `draft` takes the place of `base` between two lines.
pub(in crate::check) fn overlay(before: &str, base: &str, draft: &str) -> Overlay {
    let language = Language::by_id("python").unwrap();
    let version = |text: String| {
        let text = Rope::from_str(&text);
        let tree = parse(language, &text, None, std::time::Duration::from_secs(5));
        Version { text, tree }
    };
    let (from, rest) = (before.len(), "\n\nLAST = 1\n");
    Overlay {
        mends: None,
        beside: std::sync::Arc::default(),
        language,
        path: "pkg/mod.py".to_owned(),
        before: version(format!("{before}{base}{rest}")),
        after: version(format!("{before}{draft}{rest}")),
        base: from..from + base.len(),
        draft: from..from + draft.len(),
    }
}

fn found(before: &str, base: &str, draft: &str) -> Vec<String> {
    check(&overlay(before, base, draft)).into_iter().map(|finding| finding.code.into_owned()).collect()
}

const IMPORTS: &str = "import contextlib\nimport pytest\nimport pytest as pt\nfrom pytest import skip\nfrom abc import ABC, abstractmethod\n\n\n";

#[test]
fn evasions_are_found() {
    for (base, draft, expected) in [
        ("x = 1", "x = f()  # type: ignore", vec!["suppressed"]),
        ("x = 1", "x = f()  # type:ignore[x]", vec!["suppressed"]),
        ("x = 1", "x = f()  # noqa: F821", vec!["suppressed"]),
        ("x = 1", "x = f()  # NOQA", vec!["suppressed"]),
        ("x = 1", "x = f()  #  ruff : NOQA", vec!["suppressed"]),
        ("x = 1", "x = f()  # so #noqa:F821", vec!["suppressed"]),
        ("x = 1", "x = f()  # PRAGMA:  no  cover", vec!["suppressed"]),
        ("x = 1  # noqa", "x = f()  # noqa\ny = 2  # noqa", vec!["suppressed"]),
        ("x = 1", "from typing import no_type_check\n@no_type_check\ndef f(): return 1", vec!["suppressed"]),
        ("x = 1", "def f():\n    \"\"\"Doc.\"\"\"\n    raise NotImplementedError", vec!["stub"]),
        ("def f():\n    return 1", "def f():\n    pass", vec!["stub"]),
        ("class A:\n    def f(self):\n        return 1", "class A:\n    def f(self): ...", vec!["stub"]),
        ("def f(n): ...", "def f(n):\n    n = int(n)\n    raise NotImplementedError", vec!["stub"]),
        ("x = 1", "def f(n):\n    # TODO: write it\n    return None", vec!["stub"]),
        ("def test_a():\n    assert a\n    assert b", "def test_a():\n    assert a", vec!["weakened"]),
        (
            "def test_a():\n    assert a\n    assert b\n    assert c",
            "def test_a():\n    assert (f(a), f(b))",
            vec!["hollow", "weakened"],
        ),
        ("def test_a():\n    assert a", "def test_a():\n    assert True", vec!["hollow"]),
        ("def test_a():\n    assert a == 4", "def test_a():\n    assert a == 4 or True", vec!["hollow"]),
        ("def test_a():\n    assert a", "def test_a():\n    return\n    assert a", vec!["unreached"]),
        (
            "def test_a():\n    assert a",
            "def test_a():\n    try:\n        assert a\n    except AssertionError:\n        pass",
            vec!["swallowed"],
        ),
        (
            "def test_a():\n    assert a",
            "def test_a():\n    with contextlib.suppress(Exception):\n        assert a",
            vec!["swallowed"],
        ),
        (
            "def test_a():\n    assert f(2) == 4",
            "def test_a():\n    assert f(2) is not None",
            vec!["weakened"],
        ),
        (
            "def test_a():\n    assert r == 4",
            "def test_a():\n    assert isinstance(r, int)",
            vec!["weakened"],
        ),
        ("def test_a():\n    assert r == 4", "def test_a():\n    assert r", vec!["weakened"]),
        (
            "def test_a(self):\n    self.assertEqual(r, 4)",
            "def test_a(self):\n    self.assertGreater(r, 0)",
            vec!["weakened"],
        ),
        ("def test_a():\n    assert a", "@pytest.mark.skip\ndef test_a():\n    assert a", vec!["skipped"]),
        ("def test_a():\n    assert a", "@pt.mark.skip\ndef test_a():\n    assert a", vec!["skipped"]),
        ("def test_a():\n    assert a", "def test_a():\n    skip()\n    assert a", vec!["skipped"]),
        ("def test_a():\n    assert a", "def x():\n    assert a", vec!["weakened", "deleted"]),
        ("def test_a():\n    a()", "def x():\n    a()", vec!["deleted"]),
        ("def a():\n    return 1\n\n\ndef b():\n    return 2", "def a():\n    return 1", vec!["deleted"]),
    ] {
        assert_eq!(found(IMPORTS, base, draft), expected, "{draft}");
    }
}

/// Where a part of a function is drafted, the whole of it counts.
#[test]
fn evasions_in_a_function_are_found() {
    let function = "def f(n):\n    \"\"\"Doc.\"\"\"";
    let test = "def test_a():\n    a = f(2)\n";
    for (before, base, draft, expected) in [
        (function, "\n    ...", "\n    n = int(n)\n    raise NotImplementedError('f')", vec!["stub"]),
        (
            function,
            "\n    ...",
            "\n    if n:\n        raise NotImplementedError\n    else:\n        pass",
            vec!["stub"],
        ),
        (function, "\n    ...", "\n    # TODO\n    return None", vec!["stub"]),
        (function, "\n    ...", "\n    # Not yet: nothing is there.\n    return None", vec![]),
        (function, "\n    ...", "\n    # TODO: more of it\n    return n", vec![]),
        (function, "\n    ...", "\n    if n:\n        raise NotImplementedError(n)\n    return 1", vec![]),
        (function, "\n    ...", "\n    def ignore(*a): pass\n    g(ignore)\n    return n", vec![]),
        (
            function,
            "\n    ...",
            "\n    class Base:\n        def run(self):\n            raise NotImplementedError\n    return Base",
            vec![],
        ),
        (function, "\n    ...", "\n    return '# noqa' in n or 'type: ignore' in n", vec![]),
        (function, "\n    ...", "\n    assert 1 <= n, 'positive'\n    return 2 * n", vec![]),
        (test, "    assert a == 4", "    assert a is not None", vec!["weakened"]),
        (test, "    assert a == 4", "    return\n    assert a == 4", vec!["unreached"]),
        (test, "    assert a == 4", "    assert a is not None\n    assert a == 4", vec![]),
        ("def test_a():\n", "    a = f(2)\n", "    return\n", vec![]),
        // Another test is added behind it.
        ("def test_a():\n    assert f(2) == 4\n", "", "\n\ndef test_b():\n    assert f(2) > 1\n", vec![]),
        ("def test_a():\n    assert f(2) == 4", "", "\n\n\ndef test_b():\n    assert f(2) > 1", vec![]),
    ] {
        assert_eq!(found(before, base, draft), expected, "{draft}");
    }
    // The assertion stands behind the draft.
    let overlay = {
        let mut overlay =
            overlay("def test_a():\n", "    a = f(2)\n    assert a", "    return\n    assert a");
        (overlay.base.end, overlay.draft.end) = (overlay.base.end - 13, overlay.draft.end - 13);
        overlay
    };
    let [finding] = check(&overlay).try_into().unwrap();
    assert_eq!((&*finding.code, finding.range), ("unreached", overlay.draft));
}

/// What is gone may be what was wanted, but for a test that nothing takes the place of.
#[test]
fn a_test_that_is_renamed_away_is_an_error() {
    use crate::check::Severity::{Error, Warning};
    for (base, draft, expected) in [
        ("def test_a():\n    a()", "def a_test():\n    a()", vec![Error]),
        ("def test_a():\n    a()", "def test_b():\n    a()", vec![Warning]),
        ("class TestA:\n    x = 1", "class A:\n    x = 1", vec![Error]),
        ("def a():\n    return 1", "def b():\n    return 1", vec![Warning]),
        (
            "def test_a():\n    assert f(1) == 2\n\n\ndef test_b():\n    assert f(2) == 3",
            "@pytest.mark.parametrize('n, m', [(1, 2), (2, 3)])\ndef test_f(n, m):\n    assert f(n) == m",
            vec![Warning, Warning],
        ),
    ] {
        let found = check(&overlay(IMPORTS, base, draft));
        let told: Vec<_> = found.iter().map(|finding| finding.severity).collect();
        assert_eq!(told, expected, "{draft}");
    }
}

#[test]
fn what_looks_like_it_is_none() {
    for (base, draft) in [
        ("x = 1  # noqa", "x = 2  # noqa"),
        ("x = 1", "x = '# noqa', '# type: ignore'"),
        ("x = 1", "x = 2  # strips noqa and type: ignore"),
        ("x = 1", "x = 2  # noqas"),
        ("def f(): ...", "def f():\n    return 1"),
        ("def f(): ...", "def f():\n    try:\n        g()\n    except KeyError:\n        pass"),
        ("def f(): ...", "def f():\n    def g(*a):\n        pass\n    return g"),
        ("x = 1", "class P(Protocol):\n    def f(self): ..."),
        ("x = 1", "class A(ABC):\n    @abstractmethod\n    def f(self):\n        pass"),
        ("x = 1", "class Base:\n    def run(self):\n        raise NotImplementedError"),
        ("def f():\n    return g()", "def nothing(*a):\n    pass\n\n\ndef f():\n    return g(nothing)"),
        (
            "x = 1",
            "@overload\ndef f(x: int) -> int: ...\n@overload\ndef f(x: str) -> str: ...\ndef f(x): return x",
        ),
        ("def test_a():\n    assert a", "def test_a():\n    assert a\n    assert b"),
        (
            "def test_a():\n    assert f(1) == 2\n    assert f(2) == 3",
            "@pytest.mark.parametrize('n, m', [(1, 2), (2, 3)])\ndef test_a(n, m):\n    assert f(n) == m",
        ),
        (
            "def test_a():\n    assert f(1)\n    assert f(2)",
            "@pytest.mark.parametrize('n', CASES)\ndef test_a(n):\n    assert f(n)",
        ),
        (
            "def test_a():\n    assert f(1)\n    assert f(2)",
            "def test_a():\n    for n in (1, 2):\n        assert f(n)",
        ),
        ("def test_a():\n    assert f(1)\n    assert f(2)", "def test_a():\n    assert f(1) and f(2)"),
        (
            "def test_a():\n    assert f(1) == 2\n    assert f(2) == 3",
            "def test_a():\n    assert [f(1), f(2)] == [2, 3]",
        ),
        (
            "def test_a():\n    assert f(1)\n    assert f(2)",
            "def looks(n):\n    assert f(n)\n\n\ndef test_a():\n    looks(1)\n    looks(2)",
        ),
        ("def f():\n    assert a\n    assert b", "def f():\n    if not (a and b):\n        raise ValueError"),
        ("def test_a():\n    assert a == 4", "def test_a():\n    assert math.isclose(a, 4)"),
        ("def test_a():\n    assert a == 4", "def test_a():\n    assert 4 == a"),
        ("x = 1", "def test_a():\n    with pytest.raises(E):\n        raise E\n    assert a"),
        ("x = 1", "from elsewhere import skip\nskip()"),
        ("x = 1", "noqa_count = 1\ntype_ignore = 2"),
        ("class E(Exception):\n    pass", "class E(ValueError):\n    pass"),
    ] {
        assert_eq!(found(IMPORTS, base, draft), [""; 0], "{draft}");
    }
}
