//! Rewrite the selection as a comment says.
//!
//! ```text
//! # redraft: use a comprehension          # redraft: use a comprehension
//! out = []                                out = [f(x) for x in xs]
//! for x in xs:                        =>
//!     out.append(f(x))
//! ```
//!
//! The comment stays: it is the user's, above the region or at its top.

use super::plan::{Parts, surroundings, title};
use super::select::select;
use super::{Ask, Plan, PlanError};
use crate::draft::form::Shape;
use crate::syntax::{definition, lines};

/// The largest selection, in bytes: about 5,000 tokens, which a model has to write again in full.
pub(super) const LIMIT: usize = 18_000;

/// An instruction that was given goes before the comment's.
pub(super) fn plan(ask: &Ask<'_>) -> Result<Plan, PlanError> {
    let (source, line) = (ask.source, ask.line());
    check_size(ask, ask.range.len() / 2)?;
    let selection = select(source, &ask.range).ok_or(PlanError::NothingSelected { line })?;
    let instruction = ask.instruction.map(str::to_owned).or(selection.instruction);
    let comment = source.language.comment;
    let needs = || PlanError::NoInstruction { line, comment };
    let instruction = if ask.says() { instruction } else { Some(instruction.ok_or_else(needs)?) };
    check_size(ask, selection.region.len())?;
    let definitions = definition::around(source, &selection.region);
    let around = surroundings(source, &selection.region, definitions.first());
    let mut inputs = ask.inputs(&definitions);
    let selected = lines::slice(source.text, &selection.region).replace("\r\n", "\n");
    let selected = selected.strip_prefix(selection.base.as_str()).unwrap_or(&selected);
    inputs.selection = Some(lines::dedent(selected, &selection.base));
    inputs.instruction.clone_from(&instruction);
    inputs.function = definitions.last().map(|one| super::node::shown(source, one));
    inputs.before = around.before;
    inputs.after = around.after;
    let parts = Parts {
        title: title(definitions.last(), instruction.as_deref()),
        region: selection.region,
        shape: Shape::Block,
        below: false,
        indent: selection.base,
        unit: source.indent(),
        base: "rewrite",
        inputs,
        focus: around.focus,
    };
    Ok(parts.plan(ask))
}

pub(super) fn check_size(ask: &Ask<'_>, size: usize) -> Result<(), PlanError> {
    if size > LIMIT {
        return Err(PlanError::TooLarge { line: ask.line(), size, limit: LIMIT });
    }
    Ok(())
}
