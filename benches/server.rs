//! The server as an editor meets it: the real release binary over stdio, and a scripted model on a loopback socket.
//!
//! `cargo bench --bench server -- [start|typing|asking|actions|drafts|load|inline|project]...`; without a name, all of them; `project` wants
//! `REDRAFT_PROJECT=DIRECTORY`, and `inline` takes its files from there. Another build is measured with `REDRAFT_BIN=PATH`. Nothing here fails a build: a shared machine's speed wanders. What is wrong
//! rather than slow (a shadow that differs, an answer that does not come) ends the benchmark. `docs/performance.md` has
//! the numbers.

#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]
#![expect(clippy::panic, reason = "a benchmark whose server misbehaves has nothing to measure")]

#[path = "server/actions.rs"]
mod actions;
#[path = "server/asking.rs"]
mod asking;
#[path = "server/buffer.rs"]
mod buffer;
#[path = "server/drafts.rs"]
mod drafts;
#[path = "server/editor.rs"]
mod editor;
#[path = "server/inline.rs"]
mod inline;
#[path = "server/load.rs"]
mod load;
#[path = "server/model.rs"]
mod model;
#[path = "server/project.rs"]
mod project;
#[path = "server/start.rs"]
mod start;
#[path = "server/stats.rs"]
mod stats;
#[path = "server/typing.rs"]
mod typing;

/// The measurements, in the order of `docs/performance.md`.
const ALL: [(&str, fn()); 8] = [
    ("start", start::measure),
    ("typing", typing::measure),
    ("asking", asking::measure),
    ("actions", actions::measure),
    ("drafts", drafts::measure),
    ("load", load::measure),
    ("inline", inline::measure),
    ("project", project::measure),
];

fn main() {
    let wanted: Vec<String> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    for (name, measure) in ALL {
        if wanted.is_empty() || wanted.iter().any(|one| one == name) {
            println!("{name} (load {})", stats::load());
            measure();
        }
    }
}
