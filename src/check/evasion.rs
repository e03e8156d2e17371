//! What makes a draft look done that is not: stubs where work was asked, checkers that are told to look away, tests that are skipped
//! or ask less. None of it counts as a mend.

use std::ops::Range;

use super::overlay::{Overlay, Version};
use super::{Finding, Severity};
use crate::syntax::definition::{self, Definition};
use crate::syntax::lines;

/// The most that is told of one draft.
const MOST: usize = 20;

pub(super) fn check(overlay: &Overlay) -> Vec<Finding> {
    let mut findings = lines_of(overlay);
    findings.extend(stubs(overlay));
    findings.extend(asked_less(overlay));
    findings.truncate(MOST);
    findings
}

/// Lines of the draft, more often than in what it takes the place of, that tell a checker to look away or a test not to run.
fn lines_of(overlay: &Overlay) -> Vec<Finding> {
    let marks = &overlay.language.evasions;
    let base = overlay.before.text.byte_slice(overlay.base.clone()).to_string();
    let draft = overlay.after.text.byte_slice(overlay.draft.clone()).to_string();
    let mut findings = Vec::new();
    let kinds = [
        ("suppressed", marks.suppressions, "tells a checker to look away instead of mending what it says"),
        ("skipped", marks.skips, "keeps a test from running"),
        ("hollow", marks.hollow, "asserts nothing"),
    ];
    for (code, marks, what) in kinds {
        for mark in marks {
            let known = occurrences(&base, mark).count();
            for at in occurrences(&draft, mark).skip(known) {
                let start = overlay.draft.start + at;
                let message = format!("`{mark}` {what}");
                findings.push(Finding::error("evasions", code, start..start + mark.len(), message));
            }
        }
    }
    findings
}

/// Where `mark` stands in `text`, as a word of its own, whatever its case.
fn occurrences<'a>(text: &'a str, mark: &'a str) -> impl Iterator<Item = usize> + 'a {
    let ends = |ch: Option<char>| !ch.is_some_and(|ch| ch.is_alphanumeric() || ch == '_');
    text.match_indices(mark)
        .filter(move |(at, _)| {
            ends(text[..*at].chars().next_back()) && ends(text[at + mark.len()..].chars().next())
        })
        .map(|(at, _)| at)
}

/// Functions of the draft that are yet to be written.
fn stubs(overlay: &Overlay) -> Vec<Finding> {
    let known: Vec<String> = definitions(overlay, &overlay.before, &overlay.base)
        .into_iter()
        .filter(|found| found.stub.is_some())
        .map(|found| found.name)
        .collect();
    definitions(overlay, &overlay.after, &overlay.draft)
        .into_iter()
        .filter(|found| found.stub.is_some() && !found.declared && !known.contains(&found.name))
        .map(|found| {
            let message = format!("`{}` is left without a body", found.name);
            Finding::error("evasions", "stub", found.header, message)
        })
        .collect()
}

fn definitions(overlay: &Overlay, version: &Version, range: &Range<usize>) -> Vec<Definition> {
    definition::within(&overlay.source(version), range)
}

/// What the draft took away: definitions, and what tests assert.
fn asked_less(overlay: &Overlay) -> Vec<Finding> {
    let base = overlay.before.text.byte_slice(overlay.base.clone()).to_string();
    let draft = overlay.after.text.byte_slice(overlay.draft.clone()).to_string();
    let mut findings = Vec::new();
    let first = overlay.draft.start
        ..lines::end(&overlay.after.text, lines::of(&overlay.after.text, overlay.draft.start));
    let asserts = |text: &str| {
        text.lines()
            .filter(|line| {
                overlay.language.evasions.asserts.iter().any(|word| line.trim_start().starts_with(word))
            })
            .count()
    };
    let (before, after) = (asserts(&base), asserts(&draft));
    if after < before {
        let message = format!("{after} assertions are left of {before}");
        findings.push(Finding::error("evasions", "weakened", first.clone(), message));
    }
    let lost = definitions(overlay, &overlay.before, &overlay.base);
    if lost.is_empty() {
        return findings;
    }
    let left = definitions(overlay, &overlay.after, &(0..overlay.after.text.len_bytes()));
    for Definition { name, .. } in lost {
        if !left.iter().any(|one| one.name == name) {
            let finding = Finding::error("evasions", "deleted", first.clone(), format!("`{name}` is gone"));
            findings.push(Finding { severity: Severity::Warning, ..finding });
        }
    }
    findings
}

#[cfg(test)]
pub(super) mod tests;
