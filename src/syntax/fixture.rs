//! Test fixtures: a text with markers in it. `$0` is the cursor; `$1` and `$2` are the ends of a selection.

use std::ops::Range;

use ropey::Rope;
use tree_sitter::Tree;

use super::{Language, Source, parse, parse::tests::LIMIT};

/// A parsed fixture.
pub(crate) struct Fixture {
    pub text: Rope,
    pub tree: Tree,
    /// The selection; empty at the cursor.
    pub range: Range<usize>,
    pub path: &'static str,
    language: &'static Language,
}

impl Fixture {
    pub(crate) fn new(marked: &str) -> Self {
        Self { path: "pkg/mod.py", ..Self::of("python", marked) }
    }

    /// The same in another language.
    pub(crate) fn of(language: &str, marked: &str) -> Self {
        let language = Language::by_id(language).unwrap();
        let (before, rest) =
            marked.split_once("$0").or_else(|| marked.split_once("$1")).unwrap_or((marked, ""));
        let (text, range) = match rest.split_once("$2") {
            Some((inside, after)) => {
                (format!("{before}{inside}{after}"), before.len()..before.len() + inside.len())
            }
            None => (format!("{before}{rest}"), before.len()..before.len()),
        };
        let text = Rope::from_str(&text);
        let tree = parse(language, &text, None, LIMIT).unwrap();
        Self { text, tree, range, path: "", language }
    }

    pub(crate) fn source(&self) -> Source<'_> {
        Source { text: &self.text, tree: Some(&self.tree), language: self.language, path: self.path }
    }
}
