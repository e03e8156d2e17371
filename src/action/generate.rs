//! Write what an instruction says, where the cursor is.
//!
//! A selection is rewritten; a function that is a stub is implemented; anywhere else the code is inserted, on the blank
//! line that the cursor is on or below the cursor's line.

use std::ops::Range;

use super::plan::{Parts, surroundings, title};
use super::{Ask, Plan, PlanError, implement, rewrite, select};
use crate::draft::form::Shape;
use crate::prompt::Condition;
use crate::syntax::{Source, definition, definition::Definition, lines, statement};

/// Where code is inserted.
struct Place {
    region: Range<usize>,
    /// It begins at the end of the line above.
    below: bool,
    indent: String,
}

pub(super) fn plan(ask: &Ask<'_>) -> Result<Plan, PlanError> {
    let source = ask.source;
    if !lines::trim(source.text, &ask.range).is_empty() {
        let plan = rewrite::plan(ask);
        let line = ask.line();
        return plan.map_err(|error| match error {
            PlanError::NoInstruction { .. } => PlanError::EmptyInstruction { line },
            other => other,
        });
    }
    let at = ask.range.start;
    let definitions = definition::around(source, &(at..at));
    if definitions
        .last()
        .is_some_and(|function| meant(source, function, at) && function.whole.len() <= rewrite::LIMIT)
        && let Some(plan) = implement::of(ask, &definitions)
    {
        return Ok(plan);
    }
    insert(ask)
}

/// Whether a cursor in the extent of a stub means the stub: not where it stands in blank lines further below at no deeper
/// indentation than the header's.
fn meant(source: &Source<'_>, function: &Definition, at: usize) -> bool {
    let (text, line) = (source.text, lines::of(source.text, at));
    let Some(stub) = &function.stub else { return false };
    line <= lines::of(text, stub.end) + 1
        || !lines::blank(text, line)
        || lines::width(&lines::indent(text, line)) > lines::width(&function.indent)
}

/// Puts it in below the cursor's line, or on that where it is blank.
pub(super) fn insert(ask: &Ask<'_>) -> Result<Plan, PlanError> {
    let (source, line) = (ask.source, lines::of(ask.source.text, ask.range.start));
    let definitions = &definition::around(source, &(ask.range.start..ask.range.start));
    let is_any = ask.prompt.when.conditions.contains(&Condition::Comment);
    let comment = || if is_any { select::comment(source, line) } else { select::above(source, line) };
    let instruction = match (ask.instruction, comment()) {
        (Some(own), Some(said)) if is_any => Some(format!("{said} {own}")),
        (own, said) => own.map(str::to_owned).or(said),
    };
    let needs = || PlanError::EmptyInstruction { line: ask.line() };
    let instruction = if ask.says() { instruction } else { Some(instruction.ok_or_else(needs)?) };
    if lines::blank(source.text, line) && statement::in_string(source, ask.range.start) {
        return Err(PlanError::InString { line: ask.line() });
    }
    let place = place(source, line);
    let around = surroundings(source, &place.region, definitions.first());
    let mut inputs = ask.inputs(definitions);
    inputs.instruction.clone_from(&instruction);
    inputs.before = around.before;
    inputs.after = around.after;
    let parts = Parts {
        title: title(definitions.last(), instruction.as_deref()),
        region: place.region,
        shape: Shape::Block,
        below: place.below,
        indent: place.indent,
        unit: source.indent(),
        base: "generate",
        inputs,
        focus: around.focus,
    };
    let mut plan = parts.plan(ask);
    // An import block that is yet to be, right below the code, is none for it: the code takes its imports along.
    let end = plan.region.end;
    let right_below =
        |block: &Range<usize>| block.start > end && lines::trim(source.text, &(end..block.start)).is_empty();
    plan.imports = plan.imports.filter(|block| !block.is_empty() || !right_below(block));
    Ok(plan)
}

fn place(source: &Source<'_>, line: usize) -> Place {
    let text = source.text;
    let indent = lines::indent(text, line);
    if lines::blank(text, line) {
        let base = if indent.is_empty() { implied(source, line) } else { indent };
        if let Some(above) = line.checked_sub(1).filter(|_| lines::start(text, line) == text.len_bytes()) {
            // The place behind the last line end is no line of the file's: what is put there goes before that line end.
            let at = lines::end(text, above);
            return Place { region: at..at, below: true, indent: base };
        }
        return Place { region: select::whole(source, line, line), below: false, indent: base };
    }
    // Blocks between words are no nodes of statements everywhere: the line says that it opens one.
    if source.language.lexis.words.is_some() && opens(source, line) {
        let at = lines::end(text, line);
        return Place { region: at..at, below: true, indent: below(source, line, &indent) };
    }
    let first = lines::first(text, line);
    let comment = source.language.lexis.is_comment(&lines::slice(text, &lines::range(text, line)));
    let around = (!comment).then(|| statement::around(source, &(first..first))).flatten();
    let Some(around) = around else {
        let at = lines::end(text, line);
        return Place { region: at..at, below: true, indent };
    };
    // A line of a statement that spans several: below the statement, or below the header that it belongs to.
    let base = lines::indent(text, lines::of(text, around.range.start));
    let header = around.header.map(|header| lines::of(text, header.end)).filter(|&last| line <= last);
    let last = header.unwrap_or_else(|| lines::of(text, around.range.end));
    let base = if header.is_some() && opens(source, last) { below(source, last, &base) } else { base };
    let at = lines::end(text, last);
    Place { region: at..at, below: true, indent: base }
}

/// The indentation that an empty line has by what is around it: that of the block which the line above opens, else the
/// lesser of its neighbours'.
fn implied(source: &Source<'_>, line: usize) -> String {
    let text = source.text;
    let code = |line: &usize| !lines::blank(text, *line);
    let above = (line.saturating_sub(GAP)..line).rev().find(code);
    let under = (line + 1..lines::count(text)).take(GAP).find(code);
    let Some(above) = above else { return String::new() };
    let indent = lines::indent(text, above);
    if opens(source, above) {
        return below(source, above, &indent);
    }
    let closer = source.language.closer;
    if under.is_some_and(|under| !closer.is_empty() && lines::begins_with(text, under, closer)) {
        // The block's end: what stands before that is of the block.
        return indent;
    }
    let under = under.map_or(String::new(), |under| lines::indent(text, under));
    if lines::width(&under) < lines::width(&indent) { under } else { indent }
}

/// How many lines are looked across for a neighbour.
const GAP: usize = 200;

/// Whether `line` ends with what opens a block, but for blanks and a comment.
fn opens(source: &Source<'_>, line: usize) -> bool {
    let text = lines::slice(source.text, &lines::range(source.text, line));
    let opener = source.language.opener;
    let code = text.split(source.language.comment).next().unwrap_or_default();
    !lines::begins_with(source.text, line, source.language.comment)
        && match source.language.lexis.words {
            Some(words) => words.opens(code),
            None => text.trim_end().ends_with(opener) || code.trim_end().ends_with(opener),
        }
}

/// The indentation of the block that `line`, indented by `indent`, opens.
fn below(source: &Source<'_>, line: usize, indent: &str) -> String {
    let text = source.text;
    let next = (line + 1..lines::count(text)).take(GAP).find(|&line| !lines::blank(text, line));
    let next =
        next.map(|next| lines::indent(text, next)).filter(|next| lines::width(next) > lines::width(indent));
    next.unwrap_or_else(|| format!("{indent}{}", source.indent().unit()))
}
