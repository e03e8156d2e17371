//! The functions and classes around a cursor: where header, docstring and body stand, and whether the body is still to be
//! written. A person's idea of "inside" is wider than the tree's: the blank line below `def f():` belongs to it, though
//! the node ends at the colon; hence `extent`.

use std::ops::Range;

use ropey::Rope;
use tree_sitter::Node;

use super::parts::{Parts, children, parts, unwrapped};
use super::{Source, lines, query, spine};
use crate::text::indent::Indent;

/// How many lines of blanks and comments a question looks across.
const GAP: usize = 200;

/// How many statements a body may have that is still a stub.
const STUBS: usize = 8;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Function,
    Class,
}

/// One function or class. All ranges are bytes of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Definition {
    pub kind: Kind,
    pub name: String,
    /// With its decorators, and with the documentation above it.
    pub whole: Range<usize>,
    /// The definition itself.
    pub itself: Range<usize>,
    /// The lines on which a cursor is in it: `whole`, and the blanks and comments below that belong to it.
    pub extent: Range<usize>,
    /// From its keyword through the colon.
    pub header: Range<usize>,
    /// Where the header's line ends, with the comment behind it; the colon's end where the body stands on that line.
    pub opened: usize,
    /// The body stands on the header's line.
    pub one_line: bool,
    /// What stands in it, between its braces; empty when there is none.
    pub body: Range<usize>,
    pub docstring: Option<Range<usize>>,
    /// The header's indentation.
    pub indent: String,
    /// The body's indentation, where something of it is there.
    pub inner: Option<String>,
    /// What an implementation takes the place of: from the end of what stays (header, docstring, comments) to the end of
    /// the stub. `None` where the body is written, or could not be told from a syntax error.
    pub stub: Option<Range<usize>>,
    /// An overload, an abstract method or a protocol's member: its empty body is right as it is.
    pub declared: bool,
}

impl Definition {
    /// The indentation of the body: as it is, or one level below the header.
    #[must_use]
    pub fn base(&self, unit: Indent) -> String {
        self.inner.clone().unwrap_or_else(|| format!("{}{}", self.indent, unit.unit()))
    }

    /// Whether a cursor at `range` is at the header (decorators included) or the docstring rather than the body.
    #[must_use]
    pub fn at_head(&self, text: &Rope, range: &Range<usize>) -> bool {
        let end = self.docstring.as_ref().map_or(self.opened, |docstring| docstring.end.max(self.opened));
        range.start >= self.extent.start && range.start <= lines::end(text, lines::of(text, end))
    }
}

/// The definitions that hold all of `range`, outermost first. Blanks at its ends do not count.
#[must_use]
pub fn around(source: &Source<'_>, range: &Range<usize>) -> Vec<Definition> {
    let Some(tree) = source.tree else { return Vec::new() };
    let text = source.text;
    let range = lines::trim(text, range);
    let anchor = anchor(source, range.start);
    let mut found: Vec<Definition> = Vec::new();
    let mut done = None;
    for node in spine::down(tree, &(anchor..anchor)) {
        let definition = unwrapped(source, node);
        let Some(definition) = definition.filter(|definition| done != Some(definition.id())) else {
            continue;
        };
        done = Some(definition.id());
        let Some(mut facts) = facts(source, definition, node) else { continue };
        if range.start < facts.extent.start || range.end > facts.extent.end {
            continue;
        }
        facts.declared |= source.language.declares(source.path);
        facts.declared |= facts.kind == Kind::Function
            && found.last().is_some_and(|outer| outer.kind == Kind::Class && outer.declared);
        found.push(facts);
    }
    found
}

/// The functions and classes that lie in `range`, in the file's order, with those that they hold.
#[must_use]
pub fn within(source: &Source<'_>, range: &Range<usize>) -> Vec<Definition> {
    let Some(tree) = source.tree else { return Vec::new() };
    let kinds = &source.language.kinds;
    let mut found: Vec<Definition> = Vec::new();
    let mut cursor = tree.walk();
    loop {
        let node = cursor.node();
        let overlaps = node.start_byte() < range.end && range.start < node.end_byte();
        let mut whole = node;
        while let Some(outer) = whole.parent().filter(|outer| kinds.decorated.contains(&outer.kind())) {
            whole = outer;
        }
        let inside = range.start <= whole.start_byte() && whole.end_byte() <= range.end;
        if inside && let Some(mut facts) = facts(source, node, whole) {
            let is_in = |outer: &&Definition| {
                outer.whole.start < facts.whole.start && facts.whole.end <= outer.whole.end
            };
            let outer = found
                .iter()
                .rev()
                .find(is_in)
                .cloned()
                .or_else(|| around(source, &facts.whole).into_iter().rev().nth(1));
            facts.declared |= source.language.declares(source.path)
                || outer.is_some_and(|outer| outer.kind == Kind::Class && outer.declared);
            found.push(facts);
        }
        if overlaps && cursor.goto_first_child() {
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return found;
            }
        }
    }
}

/// A byte that the tree knows for the place of `byte`: the first one of its line, or of the nearest line above that is
/// neither blank nor a comment (comments stand outside of the function whose only body they are). Where blocks have ends,
/// what is below such a line tells more: a block's end, or what a comment is about; and of a line's definitions it is the
/// one at `byte`.
fn anchor(source: &Source<'_>, byte: usize) -> usize {
    let text = source.text;
    let here = lines::of(text, byte);
    let braces = !source.language.closer.is_empty();
    let above = source.language.docs.above().map_or(&[][..], |above| above.attributes);
    let is_above = |line: usize| above.iter().any(|mark| lines::begins_with(text, line, mark));
    let comment = |line: usize| {
        source.language.lexis.is_comment(&lines::slice(text, &lines::range(text, line))) || is_above(line)
    };
    let code = |line: &usize| !lines::blank(text, *line) && !comment(*line);
    if !braces {
        let line = (here.saturating_sub(GAP)..=here).rev().find(code).unwrap_or(here);
        return lines::first(text, line);
    }
    let line = (here..lines::count(text)).take(GAP).find(code).unwrap_or(here);
    let first = lines::first(text, line);
    let last = lines::trim(text, &(first..lines::end(text, line))).end.saturating_sub(1);
    if line == here { byte.clamp(first, last.max(first)) } else { first }
}

fn facts(source: &Source<'_>, node: Node<'_>, whole: Node<'_>) -> Option<Definition> {
    let (text, language) = (source.text, source.language);
    let parts = parts(source, node)?;
    let Parts { kind, name, body, opener, .. } = parts;
    let header = node.start_byte()..opener;
    let row = lines::of(text, header.start);
    let opener_row = lines::of(text, opener.saturating_sub(1));
    let missing = body.start_byte() == body.end_byte();
    let one_line = match parts.closer {
        Some(closer) => lines::of(text, closer) == opener_row,
        None => !missing && lines::of(text, body.start_byte()) == opener_row,
    };
    let queries = language.queries();
    let over = language.docs.over(text, whole.start_byte());
    let docstring = match language.docs.above() {
        Some(_) => over.as_ref().and_then(|over| over.doc.clone()),
        None => query::first(&queries.docstring, "docstring", body, 0, text).map(|node| node.byte_range()),
    };
    let start = over.map_or(whole.start_byte(), |over| over.start);
    let mut facts = Definition {
        kind,
        name: lines::slice(text, &name.byte_range()),
        whole: start..whole.end_byte(),
        itself: node.byte_range(),
        extent: lines::start(text, lines::of(text, start))..0,
        opened: if one_line { opener } else { lines::end(text, opener_row) },
        header,
        one_line,
        body: parts.closer.map_or(body.byte_range(), |closer| opener..closer),
        docstring,
        indent: lines::indent(text, row),
        inner: None,
        stub: None,
        declared: query::first(&queries.declared, "declared", whole, 0, text).is_some()
            || query::first(&queries.declared, "declared", node, 0, text).is_some(),
    };
    if !language.closer.is_empty() {
        facts.extent.end = lines::end(text, lines::of(text, whole.end_byte()));
        let first = first_statement(source, body).filter(|_| !one_line);
        facts.inner = first.map(|first| lines::indent(text, lines::of(text, first)));
        if let Some(closer) = parts.closer.filter(|_| kind == Kind::Function && !parts.is_broken) {
            facts.stub = between(source, &facts, body, opener..closer);
        }
        return Some(facts);
    }
    let last = if missing { opener_row } else { lines::of(text, body.end_byte()) };
    facts.extent.end = lines::end(text, last_line(source, last, lines::width(&facts.indent), missing));
    facts.inner = inner(source, &facts, opener_row);
    if kind == Kind::Function && !parts.is_broken {
        facts.stub = stub(source, &facts, body, opener_row);
    }
    Some(facts)
}

/// The last line below `line` that still belongs to a definition indented by `width`: comments deeper than it, and blanks
/// that are indented deeper (all blanks, where its body is missing).
fn last_line(source: &Source<'_>, line: usize, width: usize, missing: bool) -> usize {
    let text = source.text;
    let mut last = line;
    for next in (line + 1..lines::count(text)).take(GAP) {
        let deeper = lines::width(&lines::indent(text, next)) > width;
        let blank = lines::blank(text, next);
        if deeper && lines::begins_with(text, next, source.language.comment) || blank && (deeper || missing) {
            last = next;
        } else if !blank {
            break;
        }
    }
    last
}

/// The body's indentation as some line of it has it; a body that is missing may have comments.
fn inner(source: &Source<'_>, facts: &Definition, opener_row: usize) -> Option<String> {
    let text = source.text;
    if facts.one_line {
        return None;
    }
    if !facts.body.is_empty() {
        return Some(lines::indent(text, lines::of(text, facts.body.start)));
    }
    let last = lines::of(text, facts.extent.end);
    let comment =
        (opener_row + 1..=last).find(|&line| lines::begins_with(text, line, source.language.comment))?;
    Some(lines::indent(text, comment))
}

/// The range of what stands for the body: nothing yet, or nothing but stub statements.
fn stub(source: &Source<'_>, facts: &Definition, body: Node<'_>, opener_row: usize) -> Option<Range<usize>> {
    let text = source.text;
    let statements = statements(source, facts, body)?;
    let docstring_row = facts.docstring.as_ref().map(|docstring| lines::of(text, docstring.end));
    let (Some(first), Some(last)) = (statements.first(), statements.last()) else {
        if facts.one_line {
            return None; // A docstring on the header's line: no body can follow it.
        }
        let from = docstring_row.unwrap_or(opener_row);
        let at = lines::end(text, last_comment(source, from, facts));
        return Some(at..at);
    };
    if facts.one_line {
        return facts.docstring.is_none().then_some(facts.opened..last.end);
    }
    let row = lines::of(text, first.start);
    if docstring_row == Some(row) {
        return None; // `"""Doc."""; pass`: there is no line to begin on.
    }
    let kept = (opener_row..row).rev().find(|&line| !lines::blank(text, line)).unwrap_or(opener_row);
    Some(lines::end(text, kept)..last.end)
}

/// Where the first statement or comment in a block stands, on a line of its own.
fn first_statement(source: &Source<'_>, body: Node<'_>) -> Option<usize> {
    let mut cursor = body.walk();
    let mut children = body.named_children(&mut cursor);
    children
        .find(|child| {
            let start = child.start_byte();
            lines::first(source.text, lines::of(source.text, start)) == start
        })
        .map(|child| child.start_byte())
}

/// The same as `stub`, of what stands between a body's braces.
fn between(
    source: &Source<'_>,
    facts: &Definition,
    body: Node<'_>,
    inside: Range<usize>,
) -> Option<Range<usize>> {
    let text = source.text;
    let statements = statements(source, facts, body)?;
    let (opener_row, closer_row) = (lines::of(text, inside.start), lines::of(text, inside.end));
    let Some((first, last)) = statements.first().zip(statements.last()) else {
        if lines::trim(text, &inside).is_empty() && opener_row == closer_row {
            return Some(inside);
        }
        // A comment may share the line of a brace: there is no line to begin on.
        let kept = (opener_row..closer_row).rev().find(|&line| !lines::blank(text, line))?;
        let fits = opener_row < closer_row && lines::first(text, closer_row) == inside.end;
        return fits.then(|| lines::end(text, kept)..lines::end(text, closer_row - 1));
    };
    let (first_row, last_row) = (lines::of(text, first.start), lines::of(text, last.end));
    let end = if last_row == closer_row { inside.end } else { last.end };
    if opener_row == closer_row {
        return (lines::trim(text, &inside) == (first.start..last.end)).then_some(inside);
    }
    if first_row == opener_row || lines::first(text, first_row) != first.start {
        return None;
    }
    let kept = (opener_row..first_row).rev().find(|&line| !lines::blank(text, line)).unwrap_or(opener_row);
    Some(lines::end(text, kept)..end)
}

/// The statements of a stub's body but for the docstring; `None` if one of them is more than a stub.
fn statements(source: &Source<'_>, facts: &Definition, body: Node<'_>) -> Option<Vec<Range<usize>>> {
    let mut found = Vec::new();
    for child in children(source, body) {
        if child.is_error() {
            return None;
        }
        let comment = source.language.kinds.comments.contains(&child.kind());
        let docstring =
            facts.docstring.as_ref().is_some_and(|docstring| child.start_byte() == docstring.start);
        if child.is_named() && !comment && !docstring {
            found.push(child.byte_range());
            if found.len() > STUBS {
                return None;
            }
        }
    }
    let mut stubs = Vec::new();
    query::run(&source.language.queries().stubs, body, 1, source.text, |captures| {
        stubs.extend(query::get(captures, "stub").map(|node| node.byte_range()));
    });
    found.iter().all(|statement| stubs.contains(statement)).then_some(found)
}

/// The last line of the comments that stand in the body right below `line`; `line` itself without any.
fn last_comment(source: &Source<'_>, line: usize, facts: &Definition) -> usize {
    let text = source.text;
    let end = lines::of(text, facts.extent.end);
    let comment = |line: &usize| lines::begins_with(text, *line, source.language.comment);
    (line + 1..=end).rev().find(comment).unwrap_or(line)
}

#[cfg(test)]
mod tests;
