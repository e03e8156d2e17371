//! What makes a draft look done that is not: stubs where work was asked (`stubs`), checkers that are told to look away, tests that are
//! skipped or ask less (`asked`). None of it counts as a mend.

mod asked;
mod stubs;

use std::ops::Range;

use super::Finding;
use super::overlay::{Overlay, Version};
use crate::syntax::Source;
use crate::syntax::definition::{self, Definition, Kind};
use crate::syntax::marks::{Marks, marks};

/// The most that is told of one draft.
const MOST: usize = 20;

const LOOKS_AWAY: &str = "tells a checker to look away instead of mending what it says";
const SKIPS: &str = "keeps a test from running";

/// Nothing is said of a file that could not be looked through, before or after.
pub(super) fn check(overlay: &Overlay) -> Vec<Finding> {
    let known = marks(&overlay.source(&overlay.before), &overlay.base);
    let brought = marks(&overlay.source(&overlay.after), &overlay.draft);
    let (Some(known), Some(brought)) = (known, brought) else { return Vec::new() };
    let mut findings = quieted(overlay, &known, &brought);
    findings.extend(stubs::check(overlay, &brought));
    findings.extend(asked::check(overlay, &known, &brought).unwrap_or_default());
    findings.truncate(MOST);
    findings
}

/// What in the draft, more often than in what it takes the place of, tells a checker to look away or a test not to run.
fn quieted(overlay: &Overlay, known: &Marks, brought: &Marks) -> Vec<Finding> {
    let (language, evasions) = (overlay.language, &overlay.language.evasions);
    let mut findings = Vec::new();
    let mut add = |code, mark: &str, what, (before, now): (usize, Vec<Range<usize>>)| {
        for at in now.into_iter().skip(before) {
            findings.push(Finding::error("evasions", code, at, format!("`{mark}` {what}")));
        }
    };
    for mark in evasions.suppressions {
        let of = |marks: &Marks| -> Vec<Range<usize>> {
            let is_one = |(_, text): &&(Range<usize>, String)| says(text, language.comment, mark);
            marks.comments.iter().filter(is_one).map(|(at, _)| at.clone()).collect()
        };
        add("suppressed", mark, LOOKS_AWAY, (of(known).len(), of(brought)));
    }
    let named = [("suppressed", evasions.unchecked, LOOKS_AWAY), ("skipped", evasions.skips, SKIPS)];
    for (code, names, what) in named {
        for mark in names {
            let of = |marks: &Marks| -> Vec<Range<usize>> {
                let is_one = |(_, name): &&(Range<usize>, String)| {
                    name.strip_prefix(mark).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
                };
                marks.names.iter().filter(is_one).map(|(at, _)| at.clone()).collect()
            };
            add(code, mark, what, (of(known).len(), of(brought)));
        }
    }
    findings
}

/// Whether a comment, or one in its line behind it, begins with `mark`: anywhere else it only speaks of it.
fn says(comment: &str, token: &str, mark: &str) -> bool {
    let mark = plain(mark);
    comment.split(token).any(|part| {
        let part = plain(part);
        let rest = part.strip_prefix(&mark);
        // Behind it comes what it is about, and no sentence that speaks of it.
        rest.is_some_and(|rest| {
            let word = rest.split_whitespace().next().unwrap_or_default();
            let is_code = word.starts_with(|ch: char| ch.is_ascii_alphabetic())
                && word.ends_with(|ch: char| ch.is_ascii_digit());
            rest.is_empty()
                || rest.starts_with([':', '[', '(', ',', ';', '-'])
                || rest.starts_with(' ') && is_code
        })
    })
}

/// In small letters, with no blanks but single ones, and none at a colon.
fn plain(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").to_lowercase().replace(" :", ":").replace(": ", ":")
}

fn definitions(overlay: &Overlay, version: &Version, range: &Range<usize>) -> Vec<Definition> {
    definition::within(&overlay.source(version), range)
}

/// The outermost function around `range`.
fn outermost(source: &Source<'_>, range: &Range<usize>) -> Option<Definition> {
    definition::around(source, range).into_iter().find(|found| found.kind == Kind::Function)
}

fn joined(one: &Range<usize>, other: &Range<usize>) -> Range<usize> {
    one.start.min(other.start)..one.end.max(other.end)
}

#[cfg(test)]
pub(super) mod tests;
