//! The context engine on a real project: `cargo bench --bench context -- PROJECT`, where PROJECT is a directory of Python, such as
//! django's unpacked source distribution. A further argument (`index`, `query`, `cold`, `cache`, `edit`, `growth`) measures that
//! part alone. `docs/performance.md` has what came of it.

#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

mod context {
    pub mod cost;
    pub mod growth;
    pub mod index;
    pub mod query;
    pub mod targets;
}
#[path = "server/stats.rs"]
mod stats;

use std::path::{Path, PathBuf};

use self::context::{growth, index, query};

/// One measurement of a project.
type Measure = fn(&Path);

/// The measurements, in the order of `docs/performance.md`.
const ALL: [(&str, Measure); 6] = [
    ("index", index::measure),
    ("query", query::warm),
    ("cold", query::cold),
    ("cache", index::cache),
    ("edit", index::edit),
    ("growth", growth::measure),
];

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|argument| !argument.starts_with('-'));
    let Some(project) = arguments.next().map(PathBuf::from) else {
        println!("no project was named: cargo bench --bench context -- DIRECTORY");
        return;
    };
    assert!(project.is_dir(), "{} is no directory", project.display());
    let wanted: Vec<String> = arguments.collect();
    for (name, measure) in ALL {
        if wanted.is_empty() || wanted.iter().any(|one| one == name) {
            println!("{name} (load {})", stats::load());
            measure(&project);
        }
    }
}
