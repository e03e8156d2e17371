//! Implement a function: write the body that is missing, or stands there as `pass`, `...` or `raise NotImplementedError`.
//!
//! ```text
//! def area(r: float) -> float:        def area(r: float) -> float:
//!     """Of a circle."""          =>      """Of a circle."""
//!     ...                                 return math.pi * r * r
//! ```
//!
//! The region goes from the end of what stays (header, docstring, comments above the stub) to the end of the stub.

use std::ops::Range;

use super::plan::{Parts, title};
use super::{Ask, Plan, PlanError};
use crate::draft::form::Shape;
use crate::prompt::{Condition, Replace};
use crate::syntax::{definition, definition::Definition, lines};

pub(super) fn plan(ask: &Ask<'_>) -> Result<Plan, PlanError> {
    ask.source.tree.ok_or_else(|| ask.no_tree())?;
    let definitions = definition::around(ask.source, &ask.range);
    if let Some(function) = definitions.last() {
        super::rewrite::check_size(ask, function.whole.len())?;
    }
    of(ask, &definitions).ok_or(PlanError::NoStub { line: ask.line() })
}

/// The plan for the innermost of `definitions`, if it is a stub, or a body that is written is meant as well.
pub(super) fn of(ask: &Ask<'_>, definitions: &[Definition]) -> Option<Plan> {
    let source = ask.source;
    let function = definitions.last()?;
    let region = function.stub.clone().or_else(|| written(ask, function))?;
    let start = lines::start(source.text, lines::of(source.text, function.whole.start));
    let start = start.max(function.whole.start - function.indent.len().min(function.whole.start));
    let part = |end: usize| {
        let part = lines::slice(source.text, &(start..end)).replace("\r\n", "\n");
        lines::dedent(part.trim_start_matches([' ', '\t', '\x0c']), &function.indent)
    };
    let docstring = function.docstring.as_ref().map(|range| lines::slice(source.text, range));
    let mut inputs = ask.inputs(definitions);
    inputs.opening = Some(part(region.start));
    let end = if source.language.closer.is_empty() { region.end } else { function.whole.end };
    inputs.function = Some(part(end));
    let unit = source.indent();
    let parts = Parts {
        title: title(Some(function), ask.instruction),
        focus: function.whole.start..function.whole.end.max(region.end),
        region,
        shape: Shape::Body { name: function.name.clone(), docstring },
        below: true,
        indent: function.base(unit),
        unit,
        base: "implement",
        inputs,
    };
    Some(parts.plan(ask))
}

/// The body behind the docstring, for prompts that do not ask for one that is missing.
fn written(ask: &Ask<'_>, function: &Definition) -> Option<Range<usize>> {
    let is_meant = ask.prompt.replace == Some(Replace::Body)
        && !ask.prompt.when.conditions.contains(&Condition::Stub)
        && function.kind == definition::Kind::Function;
    let start = function.docstring.as_ref().map_or(function.opened, |docstring| docstring.end);
    let end = function.body.end.max(start);
    let region = start.max(function.opened)..lines::trim(ask.source.text, &(start..end)).end;
    (is_meant && region.start < region.end).then_some(region)
}
