//! The index: from nothing, from its cache, and after an edit.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use redraft::syntax::facts::extract;
use redraft::syntax::{Language, parse::parse_str};
use redraft::workspace::build::{self, Project};
use redraft::workspace::disk::Disk;
use redraft::workspace::index::{Known, Update};

use crate::context::cost::{self, ms};
use crate::stats::Times;

/// Long enough for any file.
const PARSE: Duration = Duration::from_secs(20);
const ROUNDS: usize = 3;
/// Files that are edited.
const EDITED: usize = 200;

/// All texts of the project, by path.
fn texts(disk: &Disk) -> Vec<(Arc<str>, String)> {
    let mut texts = Vec::new();
    disk.walk(|found| texts.extend(disk.text(&found.path).map(|text| (found.path.clone(), text))));
    texts.sort();
    texts
}

/// Facts of every file against tree-sitter's parse alone, on one thread, in turns; then all of the index on all threads.
pub fn measure(project: &Path) {
    let disk = Disk::new(&[project.to_owned()]);
    let (_, walk, _) = cost::of(|| disk.walk(|_| ()));
    let (texts, read, _) = cost::of(|| texts(&disk));
    let bytes: usize = texts.iter().map(|(_, text)| text.len()).sum();
    let read = ms(read) - ms(walk);
    println!(
        "  {} files, {:.1} MB; walk {:.0} ms, read {read:.0} ms",
        texts.len(),
        bytes as f64 / 1e6,
        ms(walk)
    );
    for _ in 0..ROUNDS {
        let (mut parse, mut facts) = (Duration::ZERO, Duration::ZERO);
        for (path, text) in &texts {
            let language = Language::by_path(path).expect("a file of code");
            let began = Instant::now();
            let tree = parse_str(language, text, PARSE);
            parse += began.elapsed();
            let Some(tree) = tree else { continue };
            let began = Instant::now();
            std::hint::black_box(extract(language, text, &tree));
            facts += began.elapsed();
            // To free it is a part of its cost.
            let began = Instant::now();
            drop(tree);
            parse += began.elapsed();
        }
        let ratio = (parse + facts).as_secs_f64() / parse.as_secs_f64();
        println!("  parse {:.0} ms, facts {:.0} ms: {ratio:.2} of the parse alone", ms(parse), ms(facts));
        let (index, wall, processor) = cost::of(|| build::all(&disk));
        println!(
            "  cold index (walk, read, parse, facts, tables): {:.0} ms, {:.0} ms of processor, {:.2} of the parse alone; {} symbols",
            ms(wall),
            ms(processor),
            processor.as_secs_f64() / parse.as_secs_f64(),
            index.tables().symbols(),
        );
        let (_, tables, _) = cost::of(|| index.with_tables());
        println!("  of these the tables: {:.0} ms", ms(tables));
    }
}

/// From a start to an index of which all symbols are usable, with what an earlier start has kept.
pub fn cache(project: &Path) {
    let state = std::env::temp_dir().join(format!("redraft-bench-cache-{}", std::process::id()));
    let file = project.join("setup.py");
    let around = || Project::around(&file, Duration::from_secs(3_600), Some(&state));
    let (_, first, _) = cost::of(around);
    println!("  first start {:.0} ms", ms(first));
    let mut times = Times::default();
    for _ in 0..10 {
        let (there, took, _) = cost::of(around);
        assert!(there.index.tables().symbols() > 0);
        times.add(took);
    }
    times.print("start with a cache: walk, load, tables");
    let _ = std::fs::remove_dir_all(state);
}

/// A file has changed: its facts are made anew, and the index takes them in.
pub fn edit(project: &Path) {
    let disk = Disk::new(&[project.to_owned()]);
    let texts = texts(&disk);
    let index = build::all(&disk);
    let (mut facts, mut taken) = (Times::default(), Times::default());
    for (path, text) in texts.iter().step_by(texts.len().div_ceil(EDITED)) {
        let language = Language::by_path(path).expect("a file of code");
        let Some(tree) = parse_str(language, text, PARSE) else { continue };
        let began = Instant::now();
        let new = Arc::new(extract(language, text, &tree));
        facts.add(began.elapsed());
        let began = Instant::now();
        let next = index.with(vec![Update { path: path.clone(), state: Some(Known::Facts(new)) }]);
        taken.add(began.elapsed());
        std::hint::black_box(next);
    }
    facts.print("facts of a file that changed");
    taken.print("the index takes them in");
}
