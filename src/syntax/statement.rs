//! The statement at a place, for edits that take whole statements.

use std::ops::Range;

use super::{Source, lines, spine};

/// One statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    pub range: Range<usize>,
    /// For a compound statement: from its start through the token that opens its first block.
    pub header: Option<Range<usize>>,
}

/// The smallest statement that covers all of `range` (blanks at its ends do not count); for a place between statements of
/// one line, the line's first. `None` on a blank line, in a comment of the module's level, and without a tree.
#[must_use]
pub fn around(source: &Source<'_>, range: &Range<usize>) -> Option<Statement> {
    let range = lines::trim(source.text, range);
    let first = lines::first(source.text, lines::of(source.text, range.start));
    find(source, &range)
        .or_else(|| find(source, &(first..first.max(range.end))))
        .or_else(|| find(source, &(first..first)))
}

/// Whether the blank place `byte` is inside of a string, where no code can stand.
#[must_use]
pub fn in_string(source: &Source<'_>, byte: usize) -> bool {
    let Some(tree) = source.tree else { return false };
    spine::down(tree, &(byte..byte))
        .last()
        .is_some_and(|node| source.language.kinds.strings.contains(&node.kind()) && node.start_byte() < byte)
}

fn find(source: &Source<'_>, range: &Range<usize>) -> Option<Statement> {
    let kinds = &source.language.kinds;
    let nodes = spine::down(source.tree?, range);
    let node = nodes.windows(2).rev().find_map(|pair| {
        let [parent, child] = pair else { return None };
        let statement = child.is_named() && !child.is_error() && !kinds.comments.contains(&child.kind());
        let is_list = kinds.lists.contains(&child.kind());
        (statement && !is_list && kinds.blocks.contains(&parent.kind())).then_some(*child)
    })?;
    let definition = node.child_by_field_name("definition").unwrap_or(node);
    let opener = opener(source, definition, 0);
    Some(Statement { range: node.byte_range(), header: opener.map(|end| node.start_byte()..end) })
}

/// Where the innermost block ends that `byte` is in, before what closes it; nothing outside of all blocks.
#[must_use]
pub fn block_end(source: &Source<'_>, byte: usize) -> Option<usize> {
    let kinds = &source.language.kinds;
    let nodes = spine::down(source.tree?, &(byte..byte));
    let block = nodes.into_iter().skip(1).rfind(|node| {
        kinds.blocks.contains(&node.kind()) && !kinds.lists.contains(&node.kind()) && node.start_byte() < byte
    })?;
    let last = block.child(block.child_count().checked_sub(1)?)?;
    let is_closer = !source.language.closer.is_empty() && last.kind() == source.language.closer;
    Some(if is_closer { last.start_byte() } else { block.end_byte() })
}

/// How deep in a statement its first block is looked for: below `export`, an expression, its value.
const DEPTH: u32 = 4;

/// Where the token ends that opens the first block of `node`.
fn opener(source: &Source<'_>, node: tree_sitter::Node<'_>, depth: u32) -> Option<usize> {
    let language = source.language;
    let mut cursor = node.walk();
    for child in node.children(&mut cursor) {
        let is_block = language.kinds.blocks.contains(&child.kind());
        if language.closer.is_empty() {
            if is_block {
                return None;
            }
            if child.kind() == language.opener {
                return Some(child.end_byte());
            }
            continue;
        }
        if is_block && language.opener.is_empty() {
            return child.prev_sibling().map(|before| before.end_byte());
        }
        if is_block {
            let first = child.child(0).filter(|first| first.kind() == language.opener);
            return first.map(|first| first.end_byte());
        }
        if depth < DEPTH
            && let Some(found) = opener(source, child, depth + 1)
        {
            return Some(found);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Fixture;
    use super::*;

    #[test]
    fn the_smallest_statement_is_found() {
        for (fixture, want) in [
            ("$0", None),
            ("\n$0\n", None),
            ("# c$0\n", None),
            ("x = f($1a$2)\ny\n", Some(("x = f(a)", None))),
            ("x = 1$0\n", Some(("x = 1", None))),
            ("x = f(\n  $0a,\n)\n", Some(("x = f(\n  a,\n)", None))),
            ("if a:\n    b$0\n", Some(("b", None))),
            ("$1if a:\n    b$2\n", Some(("if a:\n    b", Some("if a:")))),
            ("if $0a: b\n", Some(("if a: b", Some("if a:")))),
            (
                "@d\ndef f$0(x: int):\n    b\n",
                Some(("@d\ndef f(x: int):\n    b", Some("@d\ndef f(x: int):"))),
            ),
            ("def f():\n    '''a\n    $0\n    '''\n", Some(("'''a\n    \n    '''", None))),
            ("x = 1\n$1y = 2\nz = 3$2\n", Some(("y = 2", None))),
        ] {
            let fixture = Fixture::new(fixture);
            let got = around(&fixture.source(), &fixture.range);
            let text = |range: Range<usize>| lines::slice(&fixture.text, &range);
            let got = got.map(|one| (text(one.range), one.header.map(text)));
            let got = got.as_ref().map(|(all, header)| (all.as_str(), header.as_deref()));
            assert_eq!(got, want, "{}", fixture.text);
        }
    }
}
