//! Write a function, a class or a statement anew, whole: where what is asked for may change its first line.
//!
//! ```text
//! def load(path):                     async def load(path: Path) -> str:
//!     return path.read_text()    =>       return await to_thread(path.read_text)
//! ```
//!
//! The region is the definition's lines, with its decorators. What is selected in it is shown, and may be what it is about.

use std::ops::Range;

use super::plan::{Parts, surroundings, title};
use super::select::{base, whole};
use super::{Ask, Plan, PlanError, spot};
use crate::draft::form::Shape;
use crate::prompt::NodeKind;
use crate::syntax::{Source, definition, definition::Definition, lines, statement};

pub(super) fn plan(ask: &Ask<'_>) -> Result<Plan, PlanError> {
    let source = ask.source;
    source.tree.ok_or_else(|| ask.no_tree())?;
    let definitions = definition::around(source, &ask.range);
    let kinds = &ask.prompt.when.nodes;
    let one = spot::node(kinds, &definitions);
    let statement = || {
        // A cursor at a line's end means what stands in the line.
        let first = lines::first(source.text, lines::of(source.text, ask.range.start));
        let range = if ask.range.is_empty() { first..first } else { ask.range.clone() };
        let around = kinds.contains(&NodeKind::Statement).then(|| statement::around(source, &range))?;
        around.map(|found| found.range)
    };
    // The innermost of them.
    let definition = one.map(|one| one.whole.clone());
    let ranges = [statement(), definition].into_iter().flatten();
    let range = ranges.min_by_key(Range::len).ok_or(PlanError::NoNode { line: ask.line() })?;
    let one = one.filter(|one| one.whole == range);
    let line = |byte| lines::of(source.text, byte);
    let (first, last) = (line(range.start), line(range.end));
    let (region, indent) = (whole(source, first, last), base(source, first, last));
    super::rewrite::check_size(ask, region.len())?;
    // What is around it, not itself.
    let at =
        one.and_then(|one| definitions.iter().position(|other| other == one)).unwrap_or(definitions.len());
    let around = surroundings(source, &region, definitions.first().filter(|_| at > 0));
    let known = (at + 1).min(definitions.len());
    let mut inputs = ask.inputs(&definitions[..known]);
    let text = lines::slice(source.text, &region).replace("\r\n", "\n");
    let text = text.strip_prefix(indent.as_str()).unwrap_or(&text);
    inputs.selection = Some(lines::dedent(text, &indent));
    inputs.function = one.map(|one| shown(source, one));
    inputs.marked = marked(ask);
    inputs.before = around.before;
    inputs.after = around.after;
    let parts = Parts {
        title: title(one, ask.instruction),
        region,
        shape: Shape::Block,
        below: false,
        indent,
        unit: source.indent(),
        base: "rewrite",
        inputs,
        focus: around.focus,
    };
    Ok(parts.plan(ask))
}

/// What its user has selected, in whole lines.
fn marked(ask: &Ask<'_>) -> Option<String> {
    let source = ask.source;
    let range = lines::trim(source.text, &ask.range);
    if range.is_empty() {
        return None;
    }
    let (first, last) = (lines::of(source.text, range.start), lines::of(source.text, range.end));
    let text = lines::slice(source.text, &whole(source, first, last)).replace("\r\n", "\n");
    let indent = base(source, first, last);
    Some(lines::dedent(text.strip_prefix(indent.as_str()).unwrap_or(&text), &indent))
}

/// A definition as prompts show it.
pub(super) fn shown(source: &Source<'_>, one: &Definition) -> String {
    let text = lines::slice(source.text, &one.whole).replace("\r\n", "\n");
    lines::dedent(&text, &one.indent)
}
