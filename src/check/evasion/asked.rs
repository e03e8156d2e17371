//! What the draft took away: definitions, and what tests ask. An assertion counts where it is run, can fail, and fails its test.

use std::ops::Range;

use super::super::overlay::Overlay;
use super::super::{Finding, Severity};
use super::{definitions, joined, outermost};
use crate::syntax::assertions::{Assertion, assertions};
use crate::syntax::definition::Definition;
use crate::syntax::lines;
use crate::syntax::marks::Marks;

/// What is said of an assertion that means nothing.
type Emptiness = (&'static str, &'static str, fn(&Assertion) -> bool);

const EMPTY: [Emptiness; 3] = [
    ("hollow", "holds whatever is tested", |one| one.is_hollow),
    ("unreached", "is never come to", |one| one.is_unreached),
    ("swallowed", "fails nothing: its error is caught", |one| one.is_swallowed),
];

/// `known` and `brought` are the marks before the draft and in it. Nothing where not all could be looked for.
pub(super) fn check(overlay: &Overlay, known: &Marks, brought: &Marks) -> Option<Vec<Finding>> {
    let (base, draft) = scopes(overlay);
    let before = assertions(&overlay.source(&overlay.before), &base)?;
    let after = assertions(&overlay.source(&overlay.after), &draft)?;
    let mut findings = emptied(overlay, &before, &after);
    let tested = |all: Vec<Assertion>| -> Vec<Assertion> {
        let is_run = |one: &Assertion| one.function.as_deref().is_some_and(|name| is_test(overlay, name));
        all.into_iter().filter(is_run).collect()
    };
    let (before, after) = (tested(before), tested(after));
    if let Some(finding) = fewer(overlay, &before, &after)
        && !is_helped(overlay, known, brought)?
    {
        findings.push(finding);
    }
    findings.extend(milder(overlay, &before, &after));
    findings.extend(gone(overlay, &before, &after));
    Some(findings)
}

/// The outermost function around what the draft takes the place of, and around the draft: what is changed in one place of a test may
/// disarm another. Both themselves, where they do not stand in the same one.
fn scopes(overlay: &Overlay) -> (Range<usize>, Range<usize>) {
    let around = |version, range| outermost(&overlay.source(version), range);
    let (base, draft) = (&overlay.base, &overlay.draft);
    let same = around(&overlay.before, base)
        .zip(around(&overlay.after, draft))
        .filter(|(before, after)| before.name == after.name);
    let Some((before, after)) = same else { return (base.clone(), draft.clone()) };
    (joined(&before.whole, base), joined(&after.whole, draft))
}

/// Whether tests are called so.
fn is_test(overlay: &Overlay, name: &str) -> bool {
    let prefix = overlay.language.tests.prefix.trim_end_matches('_');
    name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

/// Assertions that mean nothing, where they did before.
fn emptied(overlay: &Overlay, before: &[Assertion], after: &[Assertion]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (code, what, is_empty) in EMPTY {
        let known = before.iter().filter(|one| is_empty(one)).count();
        let (ours, others): (Vec<_>, Vec<_>) = after
            .iter()
            .filter(|one| is_empty(one))
            .partition(|one| overlay.draft.contains(&one.range.start));
        for one in others.into_iter().chain(ours).skip(known) {
            let text = lines::slice(&overlay.after.text, &one.range);
            let text = text.lines().next().unwrap_or_default();
            let is_ours = overlay.draft.contains(&one.range.start);
            let at = if is_ours { one.range.clone() } else { first(overlay) };
            findings.push(Finding::error("evasions", code, at, format!("`{text}` {what}")));
        }
    }
    findings
}

/// Whether the draft leaves more than before to functions that assert.
fn is_helped(overlay: &Overlay, known: &Marks, brought: &Marks) -> Option<bool> {
    let whole = 0..overlay.after.text.len_bytes();
    let names =
        assertions(&overlay.source(&overlay.after), &whole)?.into_iter().filter_map(|one| one.function);
    let calls = |marks: &Marks, name: &str| {
        marks.names.iter().filter(|(_, called)| called.rsplit('.').next() == Some(name)).count()
    };
    let mut helpers = names.filter(|name| !is_test(overlay, name));
    Some(helpers.any(|name| calls(brought, &name) > calls(known, &name)))
}

/// Fewer assertions than before. One that looks at many cases may be what many were.
fn fewer(overlay: &Overlay, before: &[Assertion], after: &[Assertion]) -> Option<Finding> {
    let times = after.iter().try_fold(0usize, |sum, one| Some(sum.saturating_add(one.times?)))?;
    let message = format!("{times} assertions are left of {}", before.len());
    (times < before.len()).then(|| Finding::error("evasions", "weakened", first(overlay), message))
}

/// What was compared for being the same, and of which now only something else is asked.
fn milder(overlay: &Overlay, before: &[Assertion], after: &[Assertion]) -> Vec<Finding> {
    let equal = |all: &[Assertion], text: &String| all.iter().filter(|one| one.equal.contains(text)).count();
    let other = |all: &[Assertion], text: &String| {
        all.iter().filter(|one| one.asked.contains(text) && !one.equal.contains(text)).count()
    };
    let mut findings = Vec::new();
    let mut told: Vec<&String> = Vec::new();
    for one in after.iter().filter(|one| overlay.draft.contains(&one.range.start)) {
        let is_milder = |text: &&String| {
            !one.equal.contains(text)
                && equal(after, text) < equal(before, text)
                && other(after, text) > other(before, text)
        };
        if let Some(text) = one.asked.iter().find(|text| is_milder(text) && !told.contains(text)) {
            told.push(text);
            let message = format!("`{text}` was compared with what it should be, and is not any more");
            findings.push(Finding::error("evasions", "weakened", one.range.clone(), message));
        }
    }
    findings
}

/// Definitions that are gone. It may be what was wanted; of a test that nothing takes the place of, it is not.
fn gone(overlay: &Overlay, before: &[Assertion], after: &[Assertion]) -> Vec<Finding> {
    let lost = definitions(overlay, &overlay.before, &overlay.base);
    let drafted = definitions(overlay, &overlay.after, &overlay.draft);
    let is_in = |all: &[Definition], one: &Definition| all.iter().any(|other| other.name == one.name);
    if lost.iter().all(|one| is_in(&drafted, one)) {
        return Vec::new();
    }
    let left = definitions(overlay, &overlay.after, &(0..overlay.after.text.len_bytes()));
    let tests = |all: &[Definition]| all.iter().filter(|one| is_test(overlay, &one.name)).count();
    let is_less = tests(&drafted) < tests(&lost);
    let asks = |all: &[Assertion]| all.iter().try_fold(0usize, |sum, one| Some(sum + one.times?));
    // Several may have become one that looks at many cases.
    let is_merged = !before.is_empty() && asks(after).is_none_or(|times| times >= before.len());
    let finding = |one: &Definition| {
        let is_error = is_less && !is_merged && is_test(overlay, &one.name);
        let severity = if is_error { Severity::Error } else { Severity::Warning };
        let message = format!("`{}` is gone", one.name);
        Finding { severity, ..Finding::error("evasions", "deleted", first(overlay), message) }
    };
    lost.iter().filter(|one| !is_in(&left, one)).map(finding).collect()
}

/// The draft's first line.
fn first(overlay: &Overlay) -> Range<usize> {
    let text = &overlay.after.text;
    let start = overlay.draft.start;
    start..lines::end(text, lines::of(text, start))
}
