//! The tests that name a definition, as a prompt shows them to a model that is to make them pass.

use std::time::Duration;

use ropey::Rope;

use crate::syntax::definition::{self, Kind};
use crate::syntax::names::hash;
use crate::syntax::{Language, Source, parse};
use crate::workspace::Index;
use crate::workspace::index::Entry;
use crate::workspace::view::View;

/// How much of them is shown, in bytes: some 1,000 tokens.
const MOST: usize = 4_000;
/// The most files that are looked into, and how long the parse of one may take.
const FILES: usize = 8;
const PARSE: Duration = Duration::from_secs(1);

/// The functions of tests that use `name`, of files that the index knows; as many as fit, each whole. Nothing where there are none.
pub(super) fn naming(view: &View<'_>, name: &str) -> Option<String> {
    let (language, name) = (view.language(), last(name));
    let mut shown = String::new();
    for entry in entries(view.index(), language, name).take(FILES) {
        let Some(text) = view.index().file(&entry.path).and_then(|file| view.text(file)) else { continue };
        let rope = Rope::from_str(&text);
        let tree = parse(language, &rope, None, PARSE);
        let source = Source { text: &rope, tree: tree.as_ref(), language, path: &entry.path };
        let mut part = String::new();
        for found in definition::within(&source, &(0..text.len())) {
            let code = text.get(found.whole.clone()).unwrap_or_default();
            let is_one = found.kind == Kind::Function && has_word(code, name);
            if is_one && shown.len() + part.len() + code.len() <= MOST {
                part.push_str(&format!("\n{}\n", code.replace("\r\n", "\n").trim_end()));
            }
        }
        if !part.is_empty() {
            shown.push_str(&format!("{} {}\n{part}\n", language.comment, entry.path));
        }
    }
    let shown = shown.trim_end();
    (!shown.is_empty()).then(|| shown.to_owned())
}

/// Whether the index knows of a file of tests that uses `name`.
pub(super) fn are_there(index: &Index, language: &Language, name: &str) -> bool {
    entries(index, language, last(name)).next().is_some()
}

/// The files of tests that use a name; none where it is empty.
fn entries<'a>(index: &'a Index, language: &'a Language, name: &str) -> impl Iterator<Item = &'a Entry> {
    let name = (!name.is_empty()).then(|| hash(name));
    index.files().iter().filter(move |entry| {
        name.zip(entry.facts.as_ref()).is_some_and(|(name, facts)| facts.uses(name))
            && language.is_test(&entry.path)
    })
}

/// What `Config.load` is called where it is used.
fn last(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or_default()
}

fn has_word(text: &str, word: &str) -> bool {
    let is_part = |ch: char| ch.is_alphanumeric() || ch == '_';
    text.match_indices(word)
        .any(|(at, _)| !text[..at].ends_with(is_part) && !text[at + word.len()..].starts_with(is_part))
}
