//! The quality gates that a look at a draft decides: docstrings, type hints, the size of its file. Pure; what takes a run of the tests
//! is beside (`measure`). They ask for more than that a draft is right, so they are asked last, where its user wants them at all.

use super::overlay::{Overlay, Version};
use super::{Finding, Severity};
use crate::config::Stage;
use crate::syntax::definition::{self, Definition, Kind};
use crate::syntax::hints::{Hints, hints};
use crate::syntax::{Source, lines};

/// What findings of the gates say they are from.
pub const SOURCE: &str = "gates";
/// A file with more lines has too much in it.
const SOFT: usize = 400;
/// And with more than these it is wrong.
const HARD: usize = 1_000;
/// The most that is told of one draft.
const MOST: usize = 20;

/// What a stage asks of the tests, in percent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Figures {
    /// Of the draft's lines, so many run.
    pub coverage: usize,
    /// Of its mutants, so many are noticed.
    pub mutation: usize,
}

impl From<Stage> for Figures {
    fn from(stage: Stage) -> Self {
        let (coverage, mutation) = match stage {
            Stage::Development => (70, 75),
            Stage::Staging => (80, 80),
            Stage::Production => (85, 85),
        };
        Self { coverage, mutation }
    }
}

/// What the draft brought in that the gates do not let pass.
#[must_use]
pub fn check(overlay: &Overlay) -> Vec<Finding> {
    let mut findings: Vec<Finding> = size(overlay).into_iter().collect();
    // Tests tell by their names what they are about, and nobody calls them.
    if !overlay.language.is_test(&overlay.path) {
        findings.extend(undocumented(overlay));
        findings.extend(unhinted(overlay));
    }
    findings.truncate(MOST);
    findings.sort_by_key(|finding| (finding.range.start, finding.range.end));
    findings
}

pub(super) fn warning(code: &'static str, range: std::ops::Range<usize>, message: String) -> Finding {
    Finding { severity: Severity::Warning, ..Finding::error(SOURCE, code, range, message) }
}

fn source<'a>(overlay: &'a Overlay, version: &'a Version) -> Source<'a> {
    let (text, tree) = (&version.text, version.tree.as_ref());
    Source { text, tree, language: overlay.language, path: &overlay.path }
}

/// A file that the draft takes past a limit.
fn size(overlay: &Overlay) -> Option<Finding> {
    let count = |version: &Version| version.text.to_string().lines().count();
    let (before, after) = (count(&overlay.before), count(&overlay.after));
    let limit = [HARD, SOFT].into_iter().find(|limit| after > *limit)?;
    if before > limit {
        return None;
    }
    let text = &overlay.after.text;
    let start = lines::trim(text, &overlay.draft).start;
    let line = start..lines::end(text, lines::of(text, start)).max(start);
    let message = format!("the draft takes the file from {before} to {after} lines, past {limit}");
    Some(if limit == HARD {
        Finding::error(SOURCE, "size", line, message)
    } else {
        warning("size", line, message)
    })
}

fn undocumented(overlay: &Overlay) -> Vec<Finding> {
    let lacks = |found: &Definition| found.docstring.is_none() && !found.declared;
    let known: Vec<String> = definition::within(&source(overlay, &overlay.before), &overlay.base)
        .into_iter()
        .filter(lacks)
        .map(|found| found.name)
        .collect();
    let is_new = |found: &Definition| lacks(found) && !known.contains(&found.name);
    public(overlay)
        .into_iter()
        .filter(is_new)
        .map(|found| warning("docstring", found.header, format!("`{}` has no docstring", found.name)))
        .collect()
}

/// The functions without hints, where at least half of the file's others have them.
fn unhinted(overlay: &Overlay) -> Vec<Finding> {
    let before = source(overlay, &overlay.before);
    let is_whole = |hints: &Hints, result: bool| hints.bare.is_empty() && (hints.result || !result);
    let of_before = hints(&before);
    let mut known: Vec<String> = Vec::new();
    let (mut others, mut hinted) = (0, 0);
    for found in definition::within(&before, &(0..overlay.before.text.len_bytes())) {
        let Some(hints) = of_before.iter().find(|hints| hints.start == found.header.start) else { continue };
        let is_whole = is_whole(hints, gives(overlay, &found));
        if overlay.base.start <= found.whole.start && found.whole.end <= overlay.base.end {
            if !is_whole {
                known.push(found.name);
            }
        } else {
            others += 1;
            hinted += usize::from(is_whole);
        }
    }
    if others == 0 || hinted * 2 < others {
        return Vec::new();
    }
    let of_after = hints(&source(overlay, &overlay.after));
    let mut findings = Vec::new();
    for found in public(overlay) {
        let Some(hints) = of_after.iter().find(|hints| hints.start == found.header.start) else { continue };
        let gives = gives(overlay, &found);
        if is_whole(hints, gives) || known.contains(&found.name) {
            continue;
        }
        let mut lacking: Vec<String> = hints.bare.iter().map(|name| format!("`{name}`")).collect();
        if gives && !hints.result {
            lacking.push("its result".to_owned());
        }
        let (name, lacking) = (&found.name, lacking.join(", "));
        let message =
            format!("`{name}` has no type hints for {lacking}; the file's other functions have them");
        findings.push(warning("hints", found.header, message));
    }
    findings
}

/// Whether its result is worth a hint: what makes an object gives nothing.
fn gives(overlay: &Overlay, found: &Definition) -> bool {
    !overlay.language.initialisers.contains(&found.name.as_str())
}

/// The functions and classes of the draft that others may use.
fn public(overlay: &Overlay) -> Vec<Definition> {
    let source = source(overlay, &overlay.after);
    let is_private = |found: &Definition| found.name.starts_with(overlay.language.private);
    let is_public = |found: &Definition| {
        let around = definition::around(&source, &found.whole);
        let outer = around.iter().filter(|outer| outer.whole != found.whole);
        !is_private(found) && outer.into_iter().all(|outer| outer.kind == Kind::Class && !is_private(outer))
    };
    definition::within(&source, &overlay.draft).into_iter().filter(is_public).collect()
}

#[cfg(test)]
mod tests;
