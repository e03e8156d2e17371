//! Parses that cannot hang: straight from the rope's chunks, within a limit of size and of time.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use ropey::Rope;
use tree_sitter::{InputEdit, ParseOptions, Parser, Point, Tree};

use super::Language;
use crate::text::edit::Edit;

/// Larger files, in bytes, are not parsed: a tree takes about ten times its text, and nobody writes such files by hand.
pub const MAX_BYTES: usize = 10 * 1024 * 1024;

/// How many nodes `errors` looks at: a file of errors everywhere is as good as told by then.
const MAX_ERROR_NODES: u32 = 100_000;

/// Parses `text`, from `old` on where one is given (with the edits applied to it by `Tree::edit`). `None` when the text
/// is larger than `MAX_BYTES` or the parse took longer than `limit`: the file is then one without a tree. The deadline is
/// this ring's one use of a clock: it bounds the work and decides nothing else.
#[must_use]
pub fn parse(language: &Language, text: &Rope, old: Option<&Tree>, limit: Duration) -> Option<Tree> {
    if text.len_bytes() > MAX_BYTES {
        return None;
    }
    let mut read = |byte: usize| -> &[u8] {
        if byte >= text.len_bytes() {
            return &[];
        }
        let (chunk, start, _, _) = text.chunk_at_byte(byte);
        &chunk.as_bytes()[byte - start..]
    };
    within(language, &mut read, old, limit)
}

/// The same of a text in one piece, from nothing.
#[must_use]
pub fn parse_str(language: &Language, text: &str, limit: Duration) -> Option<Tree> {
    if text.len() > MAX_BYTES {
        return None;
    }
    let bytes = text.as_bytes();
    within(language, &mut |byte| bytes.get(byte..).unwrap_or_default(), None, limit)
}

/// Parses what `read` gives from each byte on, for at most so long.
fn within<'a>(
    language: &Language,
    read: &mut dyn FnMut(usize) -> &'a [u8],
    old: Option<&Tree>,
    limit: Duration,
) -> Option<Tree> {
    let mut parser = Parser::new();
    parser.set_language(&language.grammar()).ok()?;
    let started = Instant::now();
    let mut give_up = |_: &_| {
        if started.elapsed() > limit { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let options = ParseOptions::new().progress_callback(&mut give_up);
    parser.parse_with_options(&mut |byte, _| read(byte), old, Some(options))
}

/// Applies `edit` to `text`, and to the tree of it, for a parse that goes on from there.
pub fn follow(tree: &mut Tree, text: &mut Rope, edit: &Edit) {
    let start_position = point(text, edit.range.start);
    let old_end_position = point(text, edit.range.end);
    edit.apply(text);
    let new_end_byte = edit.new_range().end;
    tree.edit(&InputEdit {
        start_byte: edit.range.start,
        old_end_byte: edit.range.end,
        new_end_byte,
        start_position,
        old_end_position,
        new_end_position: point(text, new_end_byte),
    });
}

/// tree-sitter's point of a byte: rows end at LF alone.
fn point(text: &Rope, byte: usize) -> Point {
    let line = text.byte_to_line(byte);
    let start = text.line_to_byte(line);
    Point { row: line, column: byte - start }
}

/// How many errors the tree holds: what could not be parsed, and what was missing. Counts at most 100,000 nodes.
#[must_use]
pub fn errors(tree: &Tree) -> u32 {
    let mut cursor = tree.walk();
    let (mut count, mut seen) = (0, 0);
    loop {
        let node = cursor.node();
        seen += 1;
        if seen > MAX_ERROR_NODES {
            return count;
        }
        if node.is_error() || node.is_missing() {
            count += 1;
        }
        if node.has_error() && cursor.goto_first_child() {
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return count;
            }
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Generous: a test machine may be busy with others.
    pub(crate) const LIMIT: Duration = Duration::from_secs(20);

    fn python() -> &'static Language {
        Language::by_id("python").unwrap()
    }

    #[test]
    fn errors_are_counted() {
        for (text, count) in
            [("", 0), ("x = 1\n", 0), ("def f(x):\n", 0), ("x = (\n", 1), ("def f(x:\n    pass\n", 1)]
        {
            let rope = Rope::from_str(text);
            let tree = parse(python(), &rope, None, LIMIT).unwrap();
            assert_eq!(errors(&tree) > 0, count > 0, "{text:?}: {}", tree.root_node().to_sexp());
        }
    }

    #[test]
    fn hostile_files_cost_their_limit_at_most() {
        let limit = Duration::from_millis(500);
        for text in [
            "(".repeat(100_000),
            "[{(".repeat(40_000),
            "x = 1 + ".repeat(100_000),
            format!("x = '{}'\n", "a".repeat(5_000_000)),
            "a ".repeat(2_500_000),
            "\0".repeat(10_000),
            "def f(\n".repeat(20_000),
            (0..400).map(|n| format!("{}if x:\n", " ".repeat(n))).collect(),
            "\u{feff}\u{feff}def\r\r\n\x0c\u{2028}".to_owned(),
        ] {
            let rope = Rope::from_str(&text);
            let started = Instant::now();
            if let Some(tree) = parse(python(), &rope, None, limit) {
                let _ = errors(&tree);
            }
            assert!(started.elapsed() < 20 * limit, "{:.20}… took {:?}", text, started.elapsed());
        }
    }

    #[test]
    fn too_large_is_no_tree() {
        assert!(parse(python(), &Rope::from_str(&" ".repeat(MAX_BYTES + 1)), None, LIMIT).is_none());
    }
}
