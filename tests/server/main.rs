//! The server from end to end: a model editor on one side, a scripted model on the other, the real server between them, in
//! memory (and a few times as the real process). What is tested is what the protocol shows.

#![expect(clippy::unwrap_used, clippy::panic, reason = "in a test, a panic is the report")]

mod actions;
mod checkers;
mod costs;
mod delivery;
mod document;
mod documents;
mod failover;
#[path = "../support/fault_server.rs"]
#[expect(dead_code, reason = "the faults are tested in tests/providers")]
mod fault_server;
mod folders;
mod handshake;
mod harness;
mod inline;
mod judged;
mod languages;
mod liars;
mod looking;
mod order;
mod outcomes;
mod prompts;
mod proposals;
mod refining;
mod refusals;
mod reload;
mod stdio;
mod telling;
mod typing;

use redraft::model::provider::scripted::{Gate, Scripted, Step};

/// A file with one function to write.
const SHAPES: &str = r#"import os


def above():
    return os.sep


def area(r):
    """Of a circle."""
    raise NotImplementedError


def below():
    return 2
"#;

const STUB: &str = "    raise NotImplementedError\n";

/// A body for it.
const LINES: [&str; 4] =
    ["    total = 0\n", "    for n in range(r):\n", "        total += n\n", "    return total\n"];

/// `SHAPES` (or what was made of it) with the body in it.
fn written(text: &str) -> String {
    assert_eq!(text.matches(STUB).count(), 1, "{text}");
    text.replace(STUB, &LINES.concat())
}

/// A model that writes `LINES`.
fn writer() -> Scripted {
    Scripted::saying([LINES.concat().as_str()])
}

/// A model that writes `LINES`, each behind the gate.
fn gated() -> (Scripted, Gate) {
    let gate = Gate::new();
    (Scripted::new([gated_lines(&gate)]), gate)
}

fn gated_lines(gate: &Gate) -> Vec<Step> {
    let lines = LINES.iter().flat_map(|line| [Step::Wait(gate.clone()), Step::say(line)]);
    lines.chain([Step::Wait(gate.clone()), Step::stop()]).collect()
}

/// Lets the rest of a gated answer come.
fn open_all(gate: &Gate) {
    (0..=LINES.len()).for_each(|_| gate.open());
}
