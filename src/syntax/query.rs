//! Running a language's queries over a rope.

use std::cell::Cell;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use ropey::{Rope, iter::Chunks};
use tree_sitter::{Node, Query, QueryCursor, QueryCursorOptions, StreamingIterator as _, TextProvider};

/// In-progress matches that a query may hold at once: ours need a handful; a hostile file could ask for millions.
const MATCHES: u32 = 256;

/// How long one run may take. A query's cursor is quadratic in the children of an error node (a file of 100,000 brackets is
/// one such node, and took 40 s); on code a run takes microseconds. As in `parse`, the clock bounds the work, no more.
const LIMIT: Duration = Duration::from_millis(50);

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
    mut found: impl FnMut(&Match<'query, 'tree>),
) {
    let names = query.capture_names();
    // One is made for each thread, and for each run inside of another's.
    let mut cursor = CURSOR.take().unwrap_or_default();
    cursor.set_match_limit(MATCHES);
    cursor.set_max_start_depth(Some(depth));
    let started = Instant::now();
    let mut give_up = |_: &_| {
        if started.elapsed() > LIMIT { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
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
    CURSOR.set(Some(cursor));
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
