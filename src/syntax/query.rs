//! Running a language's queries over a rope.

use std::cell::Cell;
use std::ops::{ControlFlow, Range};
use std::time::Duration;

use super::budget::Budget;
use ropey::{Rope, iter::Chunks};
use tree_sitter::{Node, Query, QueryCursor, QueryCursorOptions, StreamingIterator as _, TextProvider, Tree};

/// In-progress matches that a query may hold at once: ours need a handful; a hostile file could ask for millions.
const MATCHES: u32 = 256;

/// How long one run may take. A query's cursor is quadratic in the children of an error node (a file of 100,000 brackets is
/// one such node, and took 40 s); on code a run takes microseconds.
const LIMIT: Duration = Duration::from_millis(50);
/// The same for questions that nobody waits for at the keyboard, and that half an answer is none to.
const LONG: Duration = Duration::from_secs(2);

thread_local! {
    static CURSOR: Cell<Option<QueryCursor>> = const { Cell::new(None) };
}

/// One match: the captured nodes with their captures' names.
pub(super) type Match<'query, 'tree> = Vec<(&'query str, Node<'tree>)>;

/// Runs `query` on `node` and calls `found` for each match, in order. Patterns begin at `node` or at most `depth` levels below it.
pub(super) fn run<'query, 'tree>(
    query: &'query Query,
    node: Node<'tree>,
    depth: u32,
    text: &Rope,
    found: impl FnMut(&Match<'query, 'tree>),
) {
    run_within(LIMIT, query, node, (depth, 0..usize::MAX), text, found);
}

/// Runs `query` on all of `tree`; `false` where there is more than was found.
#[must_use]
pub(super) fn run_whole<'query, 'tree>(
    query: &'query Query,
    tree: &'tree Tree,
    text: &Rope,
    found: impl FnMut(&Match<'query, 'tree>),
) -> bool {
    run_over(query, tree, &(0..text.len_bytes()), text, found)
}

/// The same for what touches `range`, in bytes: what is around it, and in it. What a match has besides may stand elsewhere.
#[must_use]
pub(super) fn run_over<'query, 'tree>(
    query: &'query Query,
    tree: &'tree Tree,
    range: &Range<usize>,
    text: &Rope,
    found: impl FnMut(&Match<'query, 'tree>),
) -> bool {
    run_within(LONG, query, tree.root_node(), (u32::MAX, range.clone()), text, found)
}

fn run_within<'query, 'tree>(
    limit: Duration,
    query: &'query Query,
    node: Node<'tree>,
    (depth, range): (u32, Range<usize>),
    text: &Rope,
    mut found: impl FnMut(&Match<'query, 'tree>),
) -> bool {
    let names = query.capture_names();
    // One is made for each thread, and for each run inside of another's.
    let mut cursor = CURSOR.take().unwrap_or_default();
    cursor.set_match_limit(MATCHES);
    cursor.set_max_start_depth(Some(depth));
    cursor.set_byte_range(range);
    let (budget, mut is_whole) = (Budget::new(limit), true);
    let mut give_up = |_: &_| {
        if !budget.is_spent() {
            return ControlFlow::Continue(());
        }
        is_whole = false;
        ControlFlow::Break(())
    };
    let options = QueryCursorOptions::new().progress_callback(&mut give_up);
    let mut matches = cursor.matches_with_options(query, node, Text(text), options);
    let mut captures = Vec::new();
    while let Some(one) = matches.next() {
        captures.clear();
        captures.extend(one.captures().iter().map(|capture| (names[capture.index as usize], capture.node)));
        found(&captures);
    }
    drop(matches);
    is_whole &= !cursor.did_exceed_match_limit();
    CURSOR.set(Some(cursor));
    is_whole
}

/// The first node that `query` captures as `name`.
pub(super) fn first<'tree>(
    query: &Query,
    name: &str,
    node: Node<'tree>,
    depth: u32,
    text: &Rope,
) -> Option<Node<'tree>> {
    let mut first = None;
    run(query, node, depth, text, |found| first = first.or_else(|| get(found, name)));
    first
}

pub(super) fn get<'tree>(found: &Match<'_, 'tree>, name: &str) -> Option<Node<'tree>> {
    found.iter().find(|(capture, _)| *capture == name).map(|(_, node)| *node)
}

/// The last of a name that may be captured several times.
pub(super) fn last<'tree>(found: &Match<'_, 'tree>, name: &str) -> Option<Node<'tree>> {
    found.iter().rfind(|(capture, _)| *capture == name).map(|(_, node)| *node)
}

/// A rope as the text behind a query's predicates, without copying it.
struct Text<'a>(&'a Rope);

struct Bytes<'a>(Chunks<'a>);

impl<'a> Iterator for Bytes<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(str::as_bytes)
    }
}

impl<'a> TextProvider<&'a [u8]> for Text<'a> {
    type I = Bytes<'a>;

    fn text(&mut self, node: Node<'_>) -> Self::I {
        let range = super::lines::clamp_range(self.0, &node.byte_range());
        Bytes(self.0.byte_slice(range).chunks())
    }
}
