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

use super::plan::{Parts, qualified, surroundings};
use super::select::{Selection, select};
use super::{Action, Ask, Offer, Plan, PlanError, Query, short};
use crate::draft::form::Shape;
use crate::syntax::{Source, definition, lines};

pub(super) const ACTION: Action =
    Action { id: "rewrite", kind: "refactor.rewrite.redraft.rewrite", offer, plan };

/// The largest selection, in bytes: about 5,000 tokens, which a model has to write again in full.
pub(super) const LIMIT: usize = 18_000;

/// How much of the instruction the title has, in characters.
const TITLE: usize = 60;

fn offer(source: &Source<'_>, query: &Query, offers: &mut Vec<Offer>) {
    if query.range.is_empty() || query.range.len() > 2 * LIMIT {
        return;
    }
    let Some(Selection { instruction: Some(instruction), region, .. }) = select(source, &query.range) else {
        return;
    };
    if region.len() <= LIMIT {
        offers.push(Offer {
            action: ACTION.id,
            title: title(&instruction),
            kind: ACTION.kind,
            range: query.range.clone(),
            diagnostic: None,
        });
    }
}

fn plan(ask: &Ask<'_>) -> Result<Plan, PlanError> {
    of(ask, ACTION.id)
}

/// The plan for the selection; an instruction that was given goes before the comment's.
pub(super) fn of(ask: &Ask<'_>, action: &'static str) -> Result<Plan, PlanError> {
    let (source, line) = (ask.source, ask.line());
    check_size(ask, ask.range.len() / 2)?;
    let selection = select(source, &ask.range).ok_or(PlanError::NothingSelected { line })?;
    let instruction = ask.instruction.map(str::to_owned).or(selection.instruction);
    let comment = source.language.comment;
    let instruction = instruction.ok_or(PlanError::NoInstruction { line, comment })?;
    check_size(ask, selection.region.len())?;
    let definitions = definition::around(source, &selection.region);
    let around = surroundings(source, &selection.region, definitions.first());
    let mut inputs = ask.inputs(qualified(&definitions));
    let selected = lines::slice(source.text, &selection.region).replace("\r\n", "\n");
    let selected = selected.strip_prefix(selection.base.as_str()).unwrap_or(&selected);
    inputs.selection = Some(lines::dedent(selected, &selection.base));
    inputs.instruction = Some(instruction.clone());
    inputs.before = around.before;
    inputs.after = around.after;
    let parts = Parts {
        action,
        title: title(&instruction),
        region: selection.region,
        shape: Shape::Block,
        below: false,
        base: selection.base,
        unit: source.indent(),
        prompt: ACTION.id,
        inputs,
        focus: around.focus,
    };
    Ok(parts.plan(source))
}

pub(super) fn check_size(ask: &Ask<'_>, size: usize) -> Result<(), PlanError> {
    if size > LIMIT {
        return Err(PlanError::TooLarge { line: ask.line(), size, limit: LIMIT });
    }
    Ok(())
}

fn title(instruction: &str) -> String {
    format!("Rewrite: {}", short(instruction, TITLE))
}
