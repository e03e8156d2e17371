//! Implement a function: write the body that is missing, or stands there as `pass`, `...` or `raise NotImplementedError`.
//!
//! ```text
//! def area(r: float) -> float:        def area(r: float) -> float:
//!     """Of a circle."""          =>      """Of a circle."""
//!     ...                                 return math.pi * r * r
//! ```
//!
//! The region goes from the end of what stays (header, docstring, comments above the stub) to the end of the stub.

use super::plan::{Parts, qualified};
use super::{Action, Ask, Offer, Plan, PlanError, Query};
use crate::draft::form::Shape;
use crate::syntax::{Source, definition, definition::Definition, lines};

pub(super) const ACTION: Action =
    Action { id: "implement", kind: "refactor.rewrite.redraft.implement", offer, plan };

fn offer(source: &Source<'_>, query: &Query, offers: &mut Vec<Offer>) {
    let definitions = definition::around(source, &query.range);
    if let Some(Definition { stub: Some(_), declared: false, name, whole, .. }) = definitions.last()
        && whole.len() <= super::rewrite::LIMIT
    {
        offers.push(Offer {
            action: ACTION.id,
            title: format!("Implement `{name}`"),
            kind: ACTION.kind,
            range: query.range.clone(),
            diagnostic: None,
        });
    }
}

fn plan(ask: &Ask<'_>) -> Result<Plan, PlanError> {
    ask.source.tree.ok_or_else(|| ask.no_tree())?;
    let definitions = definition::around(ask.source, &ask.range);
    if let Some(function) = definitions.last() {
        super::rewrite::check_size(ask, function.whole.len())?;
    }
    of(ask, &definitions).ok_or(PlanError::NoStub { line: ask.line() })
}

/// The plan for the innermost of `definitions`, if it is a stub.
pub(super) fn of(ask: &Ask<'_>, definitions: &[Definition]) -> Option<Plan> {
    let source = ask.source;
    let function = definitions.last()?;
    let region = function.stub.clone()?;
    let start = lines::start(source.text, lines::of(source.text, function.whole.start));
    let start = start.max(function.whole.start - function.indent.len().min(function.whole.start));
    let part = |end: usize| {
        let part = lines::slice(source.text, &(start..end)).replace("\r\n", "\n");
        lines::dedent(part.trim_start_matches([' ', '\t', '\x0c']), &function.indent)
    };
    let docstring = function.docstring.as_ref().map(|range| lines::slice(source.text, range));
    let mut inputs = ask.inputs(qualified(definitions));
    inputs.opening = Some(part(region.start));
    let end = if source.language.closer.is_empty() { region.end } else { function.whole.end };
    inputs.function = Some(part(end));
    inputs.method =
        definitions.len() > 1 && definitions[definitions.len() - 2].kind == definition::Kind::Class;
    let unit = source.indent();
    let parts = Parts {
        action: ACTION.id,
        title: format!("Implement `{}`", function.name),
        region,
        shape: Shape::Body { name: function.name.clone(), docstring },
        below: true,
        base: function.base(unit),
        unit,
        prompt: ACTION.id,
        inputs,
        focus: function.whole.start..function.whole.end.max(function.stub.as_ref()?.end),
    };
    Some(parts.plan(source))
}
