//! Answer in words: what is selected, or the function or class at the cursor, is asked about, and nothing is changed.
//!
//! The region is what the question is about: an answer goes with it, as a draft would, wherever it moves.

use std::ops::Range;

use super::plan::{Parts, surroundings, title};
use super::select::{base, whole};
use super::{Ask, Plan, PlanError};
use crate::draft::form::Shape;
use crate::prompt::NodeKind;
use crate::syntax::{Source, definition, definition::Definition, lines};

/// The innermost of `definitions` of these kinds; of any, where none is named.
pub(super) fn one<'a>(kinds: &[NodeKind], definitions: &'a [Definition]) -> Option<&'a Definition> {
    let any = [NodeKind::Function, NodeKind::Class];
    super::spot::node(if kinds.is_empty() { &any } else { kinds }, definitions)
}

/// What is asked about at `range`: what is selected, in whole lines, else the innermost of `definitions` of these kinds (any, where
/// none is named).
pub(super) fn subject(
    source: &Source<'_>,
    range: &Range<usize>,
    kinds: &[NodeKind],
    definitions: &[Definition],
) -> Option<Range<usize>> {
    let selected = lines::trim(source.text, range);
    let (first, last) = if selected.is_empty() {
        let one = one(kinds, definitions)?;
        (one.whole.start, one.whole.end)
    } else {
        (selected.start, selected.end)
    };
    let line = |byte| lines::of(source.text, byte);
    let region = whole(source, line(first), line(last));
    (region.len() <= super::rewrite::LIMIT).then_some(region)
}

pub(super) fn plan(ask: &Ask<'_>) -> Result<Plan, PlanError> {
    let source = ask.source;
    source.tree.ok_or_else(|| ask.no_tree())?;
    super::rewrite::check_size(ask, ask.range.len() / 2)?;
    let definitions = definition::around(source, &ask.range);
    let region = subject(source, &ask.range, &ask.prompt.when.nodes, &definitions)
        .ok_or(PlanError::NothingToTell { line: ask.line() })?;
    let line = |byte| lines::of(source.text, byte);
    let indent = base(source, line(region.start), line(region.end));
    let is_inside = |one: &&Definition| {
        line(one.whole.start) <= line(region.start) && line(region.end) <= line(one.whole.end)
    };
    let one = definitions.iter().rfind(is_inside);
    let is_whole = one.is_some_and(|one| {
        line(one.whole.start) == line(region.start) && line(one.whole.end) == line(region.end)
    });
    let outer = definitions.first().filter(|outer| Some(*outer) != one || !is_whole);
    // What stands alone needs no lines around it; what it uses of the file is the context's matter.
    let stands_alone = is_whole && outer.is_none();
    let around = (!stands_alone).then(|| surroundings(source, &region, outer));
    // A part of one has no name.
    let whole_one = one.filter(|_| is_whole);
    let known =
        whole_one.and_then(|one| definitions.iter().position(|other| other == one)).map_or(0, |at| at + 1);
    let mut inputs = ask.inputs(&definitions[..known]);
    let text = lines::slice(source.text, &region).replace("\r\n", "\n");
    inputs.selection = Some(lines::dedent(text.strip_prefix(indent.as_str()).unwrap_or(&text), &indent));
    let focus = around.as_ref().map_or_else(|| region.clone(), |around| around.focus.clone());
    (inputs.before, inputs.after) = around.map(|around| (around.before, around.after)).unwrap_or_default();
    let parts = Parts {
        title: title(whole_one, ask.instruction),
        region,
        shape: Shape::Block,
        below: false,
        indent,
        unit: source.indent(),
        base: "explain",
        inputs,
        focus,
    };
    let plan = parts.plan(ask);
    Ok(Plan { tells: true, imports: None, ..plan })
}
