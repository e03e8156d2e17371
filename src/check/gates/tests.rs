//! Drafts that a gate holds up, and drafts that look like it.

use super::super::evasion::tests::overlay;
use super::*;

/// What is found where `draft` takes the place of `base` behind `before`: code and text.
fn found(before: &str, base: &str, draft: &str) -> Vec<String> {
    let overlay = overlay(before, base, draft);
    let told = |finding: Finding| {
        let text = lines::slice(&overlay.after.text, &finding.range);
        format!("{} {text}", finding.code)
    };
    check(&overlay).into_iter().map(told).collect()
}

const HINTED: &str = "def a(x: int) -> int:\n    return x\n\n\nclass A:\n    def __init__(self, x: int):\n        self.x = x\n\n    def b(self):\n        return self.x\n\n\n";

#[test]
fn what_others_may_use_is_documented() {
    for (base, draft, expected) in [
        ("x = 1", "def f():\n    return 1", vec!["docstring def f():"]),
        (
            "x = 1",
            "class B:\n    def f(self):\n        return 1",
            vec!["docstring class B:", "docstring def f(self):"],
        ),
        ("x = 1", "class B:\n    \"\"\"B.\"\"\"\n    def _f(self):\n        return 1", vec![]),
        ("x = 1", "class _B:\n    def f(self):\n        return 1", vec![]),
        ("x = 1", "def f():\n    \"\"\"F.\"\"\"\n    def g():\n        return 1\n    return g", vec![]),
        ("def f(): ...", "def f():\n    return 1", vec![]),
        ("def f():\n    \"\"\"F.\"\"\"", "def f():\n    return 1", vec!["docstring def f():"]),
        ("x = 1", "@overload\ndef f(): ...", vec![]),
        ("x = 1", "x = 2", vec![]),
    ] {
        assert_eq!(found("import os\n\n\n", base, draft), expected, "{draft}");
    }
    // The draft is a body only: what it has no docstring for was there before.
    assert_eq!(found("def f():", "\n    pass", "\n    x = 1\n    return x"), [""; 0]);
}

#[test]
fn hints_are_asked_for_where_the_file_has_them() {
    let doc = "\n    \"\"\"F.\"\"\"\n    return 1";
    for (before, base, header, expected) in [
        (HINTED, "x = 1", "def f(y, *z):", vec!["hints def f(y, *z):"]),
        (HINTED, "x = 1", "def f():", vec!["hints def f():"]),
        (HINTED, "x = 1", "def f(y: int) -> int:", vec![]),
        (HINTED, "x = 1", "def _f(y):", vec![]),
        (HINTED, "def f(y): ...", "def f(y):", vec![]),
        (HINTED, "def f(y: int) -> int: ...", "def f(y):", vec!["hints def f(y):"]),
        ("def a(x): ...\ndef b(x): ...\ndef c(x: int) -> int: ...\n\n\n", "x = 1", "def f(y):", vec![]),
        ("", "x = 1", "def f(y):", vec![]),
    ] {
        assert_eq!(found(before, base, &format!("{header}{doc}")), expected, "{header} after {before}");
    }
    let message = &check(&overlay(HINTED, "x = 1", &format!("def f(y, z: int = 1):{doc}")))[0].message;
    assert_eq!(message, "`f` has no type hints for `y`, its result; the file's other functions have them");
}

#[test]
fn a_file_is_not_taken_past_its_limits() {
    let lines = |count: usize| "x = 1\n".repeat(count);
    for (before, draft, expected) in [
        (300, 50, None),
        (300, 200, Some(Severity::Warning)),
        (500, 50, None),
        (500, 600, Some(Severity::Error)),
        (2_000, 50, None),
    ] {
        let found = check(&overlay(&lines(before), "y = 1", lines(draft).trim_end()));
        let told: Vec<Severity> = found.iter().map(|finding| finding.severity).collect();
        assert_eq!(told, Vec::from_iter(expected), "{before} and {draft}");
    }
}

#[test]
fn every_stage_asks_for_no_less_than_the_one_before() {
    let figures = Stage::NAMES.map(|(_, stage)| Figures::from(stage));
    assert!(figures.is_sorted_by_key(|figures| (figures.coverage, figures.mutation)), "{figures:?}");
}
