//! How long a draft waits for its checks, in a real project: `cargo bench --bench checkers -- PROJECT BIN`, where PROJECT is a
//! directory of Python (the package `_pytest` of an installed pytest does) and BIN the one where ruff, ty and the other servers are
//! (`scripts/test-checkers --speed` names both). The project is copied: nothing is done to it. Every draft's findings are checked as well:
//! a checker that is quick and says nothing of a fault has no time worth telling. `docs/checks.md` has what came of it.

#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

#[path = "checkers/project.rs"]
mod project;
#[path = "checkers/servers.rs"]
mod servers;
#[path = "checkers/table.rs"]
mod table;

use std::path::PathBuf;
use std::time::Instant;

use redraft::check::{Around, Baseline};
use redraft::syntax::parse;

use self::project::{PARSE, Project};
use self::table::Row;

/// Every other one has a fault.
const DRAFTS: usize = 30;

fn main() {
    let arguments: Vec<PathBuf> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).map(PathBuf::from).collect();
    let [folder, programs] = arguments.as_slice() else {
        println!("name two directories: cargo bench --bench checkers -- PROJECT BIN");
        return;
    };
    let project = Project::of(folder);
    println!("{} lines of {}, load {}", project.lines(), project.path, table::load());
    table::head();
    built_in(&project);
    servers::measure(&project, programs);
}

/// Parsing a draft, and what the built-in checks say of it.
fn built_in(project: &Project) {
    let around = Around { index: &project.index, reader: Some(&project.disk) };
    let (mut parsing, mut looking) = (Row::new("parsing the file"), Row::new("syntax and names"));
    let began = Instant::now();
    let baseline = Baseline::default();
    let first = project.overlay(project.text(None));
    baseline.look(first.language, &first.path, &first.before, around);
    looking.cold(began.elapsed());
    for draft in 0..DRAFTS {
        let name = project::fault(draft);
        let text = project.text(name.as_deref());
        let began = Instant::now();
        let tree = parse(first.language, &text, None, PARSE);
        parsing.warm(began.elapsed());
        assert!(tree.is_some());
        let overlay = project.overlay(text);
        let began = Instant::now();
        let found = overlay.look(around, &baseline);
        looking.warm(began.elapsed());
        project::expect("built-in", name.as_deref(), found.iter().map(|one| one.message.as_str()));
    }
    parsing.print();
    looking.print();
}
