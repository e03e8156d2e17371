//! What is chosen for a target, in which order, within which budget.

use super::*;
use crate::syntax::fixture::Fixture;

const FILE: &str = r#""""M."""

import os
from flask import Flask, jsonify

LIMIT = 3
TABLE = {"a": 1}


def helper(a: int) -> str:
    """Help with it.

    More.
    """
    return str(a)


@dataclass
class Other:
    """Another."""

    x: int = 1

    def run(self):
        return self.x


class Store(dict):
    """Keeps things.

    Long.
    """

    unit = "kg"

    def __init__(self, path):
        self.path = path

    @property
    def size(self) -> int:
        return 1

$1    def load(self, app: Flask) -> Other:
        """Load with `helper`."""
        pass$2

    def save(self):
        x = 1
        return x


def last():
    return 1
"#;

fn gathered(budget: u32) -> Context {
    let fixture = Fixture::new(FILE);
    let region = fixture.range.end - 4..fixture.range.end;
    gather(&fixture.source(), &fixture.range, &region, "", budget)
}

#[test]
fn the_file_is_told_as_a_skeleton() {
    let context = gathered(1_000);
    assert_eq!(
        context.render(),
        r#"import os
from flask import Flask, jsonify

LIMIT = 3
TABLE = {"a": 1}

def helper(a: int) -> str:
    """Help with it."""

@dataclass
class Other:
    """Another."""
    x: int = 1
    def run(self): ...

class Store(dict):
    """Keeps things."""
    unit = "kg"
    def __init__(self, path):
        self.path = path
    @property
    def size(self) -> int: ...
    def save(self): ...

def last(): ..."#
    );
    assert_eq!(context.omitted, 0);
    assert!(context.excerpts.iter().all(|one| one.label == "pkg/mod.py"));
}

#[test]
fn the_budget_is_kept_and_the_best_stays() {
    let all = gathered(1_000);
    for budget in (0..all.tokens()).step_by(3) {
        let context = gathered(budget);
        assert!(context.tokens() <= budget);
        assert_eq!(context.excerpts.len() + context.omitted, all.excerpts.len());
        assert!(context.excerpts.is_sorted_by_key(|one| one.range.start));
    }
    let few = gathered(60).render();
    assert!(
        few.contains("class Store(dict):") && few.contains("Flask, jsonify") && few.contains("self.path"),
        "{few}"
    );
    assert!(!few.contains("LIMIT") && !few.contains("def last"), "{few}");
}

#[test]
fn nothing_of_the_focus_is_shown() {
    let context = gathered(1_000);
    let fixture = Fixture::new(FILE);
    let inside =
        |one: &&Excerpt| one.range.start >= fixture.range.start && one.range.end <= fixture.range.end;
    assert_eq!(context.excerpts.iter().find(inside), None);
    assert!(!context.render().contains("def load"));
}

#[test]
fn a_hint_counts_as_a_mention() {
    let fixture = Fixture::new("def a():\n    return 1\n\n\ndef b():\n    return 2\n\n\n$0");
    let only = |hint| gather(&fixture.source(), &fixture.range, &fixture.range, hint, 6).render();
    assert_eq!(only("use a"), "def a(): ...");
    assert_eq!(only("use b"), "def b(): ...");
}

#[test]
fn empty_and_odd_files_have_empty_contexts() {
    for text in ["", "(((", "\u{feff}", "\0\0", "\"\"\"x", "'''é"] {
        let fixture = Fixture::new(text);
        let context = gather(&fixture.source(), &fixture.range, &fixture.range, "", 100);
        assert_eq!(context.render(), "", "{text:?}");
    }
}
