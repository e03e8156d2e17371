//! Fix what a diagnostic says.
//!
//! ```text
//! total = sum(price)      =>      total = sum(prices)
//! ```
//!
//! The region is the smallest statement that covers the diagnostic, in whole lines. A compound statement is taken as one
//! up to 40 lines; of a longer one its header is taken where the diagnostic is there, else the diagnostic's own lines.

use std::ops::Range;

use super::plan::{Parts, surroundings, title};
use super::select::{base, whole};
use super::{Ask, Diagnostic, Plan, PlanError, short};

use crate::draft::form::Shape;
use crate::prompt::Title;
use crate::syntax::{Source, definition, lines, statement};
use crate::text::hidden::made_visible;

/// The most lines of a compound statement that are rewritten for one diagnostic.
const LINES: usize = 40;

/// How much of a message the prompt has, in characters: some checkers write pages.
const MESSAGE: usize = 1_500;

/// How much of the message the title has, in characters.
const TITLE: usize = 60;

/// Whether it is about a statement that can be rewritten.
pub(super) fn is_one(source: &Source<'_>, diagnostic: &Diagnostic) -> bool {
    let fits = |(first, last)| whole(source, first, last).len() <= super::rewrite::LIMIT;
    region(source, &diagnostic.range).is_some_and(fits)
}

/// What a title has of it.
pub(super) fn shown(diagnostic: &Diagnostic) -> String {
    short(&diagnostic.message, TITLE)
}

pub(super) fn plan(ask: &Ask<'_>) -> Result<Plan, PlanError> {
    let source = ask.source;
    source.tree.ok_or_else(|| ask.no_tree())?;
    let diagnostic = ask.diagnostic.ok_or(PlanError::NoDiagnostic)?;
    let line = lines::of(source.text, diagnostic.range.start) + 1;
    let (first, last) = region(source, &diagnostic.range).ok_or(PlanError::NoStatement { line })?;
    let (region, base) = (whole(source, first, last), base(source, first, last));
    super::rewrite::check_size(ask, region.len())?;
    let definitions = definition::around(source, &region);
    let around = surroundings(source, &region, definitions.first());
    let mut inputs = ask.inputs(&definitions);
    let selected = lines::slice(source.text, &region).replace("\r\n", "\n");
    let selected = selected.strip_prefix(base.as_str()).unwrap_or(&selected);
    inputs.selection = Some(lines::dedent(selected, &base));
    inputs.diagnostic = Some(describe(ask, diagnostic));
    inputs.before = around.before;
    inputs.after = around.after;
    let parts = Parts {
        title: Title { diagnostic: shown(diagnostic), ..title(definitions.last(), ask.instruction) },
        region,
        shape: Shape::Block,
        below: false,
        indent: base,
        unit: source.indent(),
        base: "fix",
        inputs,
        focus: around.focus,
    };
    Ok(Plan { mends: Some(diagnostic.range.clone()), ..parts.plan(ask) })
}

/// The first and the last line of the region.
fn region(source: &Source<'_>, range: &Range<usize>) -> Option<(usize, usize)> {
    let text = source.text;
    let line = |byte| lines::of(text, byte);
    let around = statement::around(source, range)?;
    let (first, last) = (line(around.range.start), line(around.range.end));
    if last - first < LINES {
        return Some((first, last));
    }
    let range = lines::trim(text, range);
    let opened = around.header.map(|header| line(header.end));
    match opened {
        Some(opened) if line(range.end) <= opened => Some((first, opened)),
        Some(_) => Some((line(range.start), line(range.end))).filter(|(first, last)| last - first < LINES),
        // A simple statement, such as a long literal, is taken whole as far as a rewrite may go.
        None => Some((first, last)).filter(|_| around.range.len() <= super::rewrite::LIMIT),
    }
}

/// Whether the two ranges share a line.
pub(super) fn touches(source: &Source<'_>, a: &Range<usize>, b: &Range<usize>) -> bool {
    let line = |byte| lines::of(source.text, byte);
    line(a.start) <= line(b.end) && line(b.start) <= line(a.end)
}

/// The diagnostic as the prompt has it: what, by whom, and the code it is about.
fn describe(ask: &Ask<'_>, diagnostic: &Diagnostic) -> String {
    let text = ask.source.text;
    let about = lines::slice(text, &lines::trim(text, &diagnostic.range));
    let mut out = made_visible(diagnostic.message.trim(), MESSAGE);
    let by: Vec<&str> =
        [&diagnostic.source, &diagnostic.code].into_iter().flatten().map(String::as_str).collect();
    if !by.is_empty() {
        out = format!("{out} [{}]", by.join(" "));
    }
    if !about.is_empty() && !about.contains(['\n', '\r', '`']) {
        out = format!("{out} (at `{}`)", short(&about, 2 * TITLE));
    }
    out
}
