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

#[test]
fn evasions_are_found() {
    for (base, draft, expected) in [
        ("x = 1", "x = f()  # type: ignore", vec!["suppressed"]),
        ("x = 1", "x = f()  # noqa: F821", vec!["suppressed"]),
        ("x = 1  # noqa", "x = f()  # noqa\ny = 2  # noqa", vec!["suppressed"]),
        ("def f(): ...", "def f():\n    def g():\n        pass\n    return g", vec!["stub"]),
        ("x = 1", "def f():\n    \"\"\"Doc.\"\"\"\n    raise NotImplementedError", vec!["stub"]),
        ("def test_a():\n    assert a\n    assert b", "def test_a():\n    assert a", vec!["weakened"]),
        ("def test_a():\n    assert a", "def test_a():\n    assert True", vec!["hollow"]),
        ("def test_a():\n    assert a", "@pytest.mark.skip\ndef test_a():\n    assert a", vec!["skipped"]),
        ("def a():\n    return 1\n\n\ndef b():\n    return 2", "def a():\n    return 1", vec!["deleted"]),
    ] {
        assert_eq!(found("import pytest\n\n\n", base, draft), expected, "{draft}");
    }
}

#[test]
fn what_looks_like_it_is_none() {
    for (base, draft) in [
        ("x = 1  # noqa", "x = 2  # noqa"),
        ("def f(): ...", "def f():\n    return 1"),
        ("def f(): ...", "def f():\n    try:\n        g()\n    except KeyError:\n        pass"),
        ("x = 1", "class P(Protocol):\n    def f(self): ..."),
        ("x = 1", "class A(ABC):\n    @abstractmethod\n    def f(self):\n        pass"),
        (
            "x = 1",
            "@overload\ndef f(x: int) -> int: ...\n@overload\ndef f(x: str) -> str: ...\ndef f(x): return x",
        ),
        ("def test_a():\n    assert a", "def test_a():\n    assert a\n    assert b"),
        ("x = 1", "noqa_count = 1\ntype_ignore = 2"),
        ("class E(Exception):\n    pass", "class E(ValueError):\n    pass"),
    ] {
        assert_eq!(found("from abc import ABC, abstractmethod\n\n\n", base, draft), [""; 0], "{draft}");
    }
}
