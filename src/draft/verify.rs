//! The last look at a draft before it stands: nothing hidden, nothing left out, no more errors than before.

use std::ops::Range;
use std::time::Duration;

use ropey::Rope;
use thiserror::Error;
use tree_sitter::Tree;

use crate::draft::form::Shape;
use crate::draft::layout::Common;
use crate::draft::left_out;
use crate::draft::strings::Scanner;
use crate::syntax::piece::Piece;
use crate::syntax::{Language, Source, definition, errors, parse, parse::follow};
use crate::text::edit::{Edit, apply_all};
use crate::text::{diff, hidden};

/// How long the parse of the drafted text may take. It is nobody's loop that waits, and a draft that took a minute to be
/// written is not to be lost because the machine is busy: 200,000 lines take half a second of an idle processor.
const PARSE: Duration = Duration::from_secs(10);

/// The most, in bytes, that is verified while others wait.
const SMALL: usize = 8 * 1024;

/// How `prompt::secret` marks what it took out.
const REDACTED: &str = "<redacted:";

/// A draft and where it would stand.
#[derive(Clone, Debug)]
pub struct Proposal {
    /// The document when the run began, and its tree.
    pub text: Rope,
    pub tree: Option<Tree>,
    pub language: &'static Language,
    pub region: Range<usize>,
    /// What of the region was wrong and is to be right, in bytes of it.
    pub mends: Option<Range<usize>>,
    pub shape: Shape,
    /// What the region is to hold.
    pub draft: String,
    /// What the import block is to hold, and where that is.
    pub imports: Option<(Range<usize>, String)>,
}

/// Why a draft may not stand.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum Rejected {
    #[error("the draft is empty")]
    Empty,
    #[error("the draft brings in the invisible character U+{:04X}, which can hide what code does", u32::from(*.0))]
    Hidden(char),
    #[error("the draft leaves code out: `{0}`")]
    LeftOut(String),
    #[error("the draft leaves the function without a body")]
    Unwritten,
    #[error(
        "the draft does not parse: {after} syntax errors where there were {before}, the first at line {line} of the drafted file"
    )]
    Syntax { before: u32, after: u32, line: usize },
    #[error("the draft does not parse: line {line} of it is indented as no Python is")]
    Indentation { line: usize },
    #[error("the draft does not parse: `print` and `exec` without parentheses are Python 2")]
    OldPython,
    #[error("the draft has our own mark for a secret that was not sent; write that place by hand")]
    Redacted,
    #[error("the drafted file could not be parsed in time")]
    NotParsed,
}

impl Proposal {
    /// Looks at it once more. Pure but for the parse's time limit.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn verify(&self) -> Result<(), Rejected> {
        self.look()?;
        if self.stands_alone(usize::MAX) { Ok(()) } else { self.stands_in_its_file() }
    }

    /// Whether the draft is so small that a part of a millisecond tells, and may stand. `verify` tells of others.
    #[must_use]
    pub fn stands_at_once(&self) -> bool {
        self.draft.len() <= SMALL && self.look().is_ok() && self.stands_alone(SMALL)
    }

    /// What the draft's text tells by itself.
    fn look(&self) -> Result<(), Rejected> {
        if self.draft.trim().is_empty() {
            return Err(Rejected::Empty);
        }
        let base = self.text.byte_slice(self.region.clone()).to_string();
        let imports = self.imports.as_ref().map_or("", |(_, text)| text.as_str());
        let old_imports =
            self.imports.as_ref().map(|(range, _)| self.text.byte_slice(range.clone()).to_string());
        let hidden = hidden::introduced(&base, &self.draft);
        if let Some(ch) = hidden.or_else(|| hidden::introduced(&old_imports.unwrap_or_default(), imports)) {
            return Err(Rejected::Hidden(ch));
        }
        if let Some(line) =
            left_out::first_in(&self.draft, &base, self.language.comment, Scanner::of(self.language))
        {
            return Err(Rejected::LeftOut(line.trim().to_owned()));
        }
        if self.draft.contains(REDACTED) && !base.contains(REDACTED) {
            return Err(Rejected::Redacted);
        }
        if !self.language.lexis.braces
            && !matches!(self.shape, Shape::Docstring)
            && let Some(line) = misindented(&self.draft, goes_back(&base))
        {
            return Err(Rejected::Indentation { line });
        }
        Ok(())
    }

    /// Whether the statements around what changes, of at most `limit` bytes, say enough by themselves: then the file would say
    /// no other.
    fn stands_alone(&self, limit: usize) -> bool {
        let source = Source { text: &self.text, tree: self.tree.as_ref(), language: self.language, path: "" };
        let piece = match &self.shape {
            Shape::Body { name, .. } => Piece::around_function(&source, &self.region, name),
            _ => Piece::around(&source, &self.region),
        };
        let Some(piece) = piece else { return false };
        let stands = |piece: &Piece, range: &Range<usize>, new: &str| {
            let before = self.text.byte_slice(piece.range.start..range.start);
            let after = self.text.byte_slice(range.end..piece.range.end);
            let small = piece.range.len() <= limit;
            small.then(|| piece.parse(self.language, &format!("{before}{new}{after}"), PARSE))?
        };
        if let Some((range, new)) =
            self.imports.as_ref().filter(|(range, new)| self.text.byte_slice(range.clone()) != new.as_str())
        {
            let Some(block) = Piece::around(&source, range) else { return false };
            let apart = block.range.end < piece.range.start || piece.range.end < block.range.start;
            if !apart || stands(&block, range, new).is_none() {
                return false;
            }
        }
        let Some(alone) = stands(&piece, &self.region, &self.draft) else { return false };
        let start = alone.lead + self.region.start - piece.range.start;
        if holds(&alone.tree, &(start..start + self.draft.len()), &is_old) {
            return false;
        }
        let Shape::Body { name, .. } = &self.shape else { return true };
        let source = Source { text: &alone.text, tree: Some(&alone.tree), language: self.language, path: "" };
        let around = definition::around(&source, &(start..start));
        around.iter().rev().find(|found| found.name == *name).is_some_and(|found| found.stub.is_none())
    }

    fn stands_in_its_file(&self) -> Result<(), Rejected> {
        let (after, old, draft) = self.in_its_file();
        let mut tree = parse(self.language, &after, old.as_ref(), PARSE).ok_or(Rejected::NotParsed)?;
        let before = self.tree.as_ref().map_or(0, errors);
        let mut count = errors(&tree);
        if count > before && old.is_some() {
            // Recovery from errors may depend on the old tree: nothing is refused by that.
            tree = parse(self.language, &after, None, PARSE).ok_or(Rejected::NotParsed)?;
            count = errors(&tree);
        }
        if count > before {
            let line =
                first_error(&tree).map_or(0, |byte| after.byte_to_line(byte.min(after.len_bytes()))) + 1;
            return Err(Rejected::Syntax { before, after: count, line });
        }
        if holds(&tree, &draft, &is_old) {
            return Err(Rejected::OldPython);
        }
        if let Shape::Body { name, .. } = &self.shape {
            let source = Source { text: &after, tree: Some(&tree), language: self.language, path: "" };
            let around = definition::around(&source, &(draft.start..draft.start));
            if around.iter().rev().find(|found| found.name == *name).is_some_and(|found| found.stub.is_some())
            {
                return Err(Rejected::Unwritten);
            }
        }
        Ok(())
    }

    /// The file with the draft in it, its tree (none where it takes too long), and where the draft is.
    #[must_use]
    pub fn drafted(&self) -> (Rope, Option<Tree>, Range<usize>) {
        let (after, old, draft) = self.in_its_file();
        let tree = parse(self.language, &after, old.as_ref(), PARSE);
        (after, tree, draft)
    }

    /// The same without a tree.
    #[must_use]
    pub fn drafted_text(&self) -> Rope {
        let mut after = self.text.clone();
        apply_all(&mut after, &self.edits());
        after
    }

    /// Where the import block and the draft are in that file.
    #[must_use]
    pub fn places(&self) -> (Option<Range<usize>>, Range<usize>) {
        let imports = self.imports.as_ref();
        let growth = |start: usize| {
            let before = imports.filter(|(range, _)| range.start < start);
            before.map_or(start, |(range, text)| start + text.len() - range.len())
        };
        let start = growth(self.region.start);
        let block = imports.map(|(range, text)| {
            let after = range.start > self.region.start;
            let start = if after { range.start + self.draft.len() - self.region.len() } else { range.start };
            start..start + text.len()
        });
        (block, start..start + self.draft.len())
    }

    /// The same, with the tree to parse on from.
    fn in_its_file(&self) -> (Rope, Option<Tree>, Range<usize>) {
        let mut after = self.text.clone();
        let old = self.applied(&mut after, &self.edits());
        (after, old, self.places().1)
    }

    fn edits(&self) -> Vec<Edit> {
        let mut edits = vec![Edit::new(self.region.clone(), self.draft.clone())];
        edits.extend(self.imports.iter().map(|(range, text)| Edit::new(range.clone(), text.clone())));
        edits.sort_by_key(|edit| edit.range.start);
        edits
    }

    /// Applies the edits to `text` and returns the tree to parse on from: a file of 5,000 lines takes 15 ms to parse, and from
    /// its tree much less. What the draft keeps is no edit, since new line ends and indentation have all parsed again.
    fn applied(&self, text: &mut Rope, edits: &[Edit]) -> Option<Tree> {
        let Some(mut tree) = self.tree.clone() else {
            apply_all(text, edits);
            return None;
        };
        for edit in edits.iter().rev() {
            let old = text.byte_slice(edit.range.clone()).to_string();
            for part in diff::edits(&old, &edit.text).into_iter().rev() {
                let range = part.range.start + edit.range.start..part.range.end + edit.range.start;
                follow(&mut tree, text, &Edit::new(range, part.text));
            }
        }
        Some(tree)
    }
}

/// The first line, from 1, whose indentation Python rejects and tree-sitter forgives: deeper without a colon before it, not
/// deeper behind one, or back to where no block stands. `goes_back`: it may go back further than it begins.
fn misindented(draft: &str, goes_back: bool) -> Option<usize> {
    let mut scanner = Scanner::default();
    let mut blocks: Vec<usize> = Vec::new();
    let mut opened = false;
    let mut number = 0;
    for line in draft.lines() {
        number += 1;
        let (goes_on, text) = (scanner.is_open(), line.trim_start());
        scanner.line(line);
        if goes_on || text.trim().is_empty() || text.starts_with('#') {
            opened |= goes_on && scanner.opens_block();
            continue;
        }
        let width = line[..line.len() - text.len()].chars().map(|ch| if ch == '\t' { 8 } else { 1 }).sum();
        let top = *blocks.last().unwrap_or(&width);
        if (width > top) != opened && !blocks.is_empty() {
            return Some(number);
        }
        if width < top {
            while blocks.last().is_some_and(|&block| block > width) {
                blocks.pop();
            }
            if blocks.last() != Some(&width) && !(goes_back && blocks.is_empty()) {
                return Some(number);
            }
            if blocks.is_empty() {
                blocks.push(width);
            }
        } else if blocks.last() != Some(&width) {
            blocks.push(width);
        }
        opened = scanner.opens_block();
    }
    opened.then_some(number)
}

/// Whether only Python 2 has such a statement.
fn is_old(kind: &str) -> bool {
    kind == "print_statement" || kind == "exec_statement"
}

/// Whether a text begins deeper than it goes on: then the blocks that it goes back to stand above it.
fn goes_back(text: &str) -> bool {
    Common::of(text.lines()).is_some_and(|common| common.least < common.first)
}

/// Whether a node of such a kind begins in `range`.
fn holds(tree: &Tree, range: &Range<usize>, wanted: &dyn Fn(&str) -> bool) -> bool {
    let mut cursor = tree.walk();
    loop {
        let node = cursor.node();
        let overlaps = node.start_byte() < range.end && range.start < node.end_byte();
        if overlaps && range.contains(&node.start_byte()) && wanted(node.kind()) {
            return true;
        }
        if overlaps && cursor.goto_first_child() {
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return false;
            }
        }
    }
}

/// The first byte of the first error.
fn first_error(tree: &Tree) -> Option<usize> {
    let mut cursor = tree.walk();
    loop {
        let node = cursor.node();
        if node.is_error() || node.is_missing() {
            return Some(node.start_byte());
        }
        if node.has_error() && cursor.goto_first_child() {
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return None;
            }
        }
    }
}

#[cfg(test)]
mod tests;
