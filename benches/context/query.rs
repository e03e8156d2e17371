//! From a target to what a prompt shows: with the whole index, and with none at all.

use std::path::Path;
use std::time::Instant;

use redraft::workspace::{Index, build, disk::Disk};

use crate::context::targets;
use crate::stats::Times;

const TARGETS: usize = 400;
/// Fewer: each reads its imports from the disk.
const COLD: usize = 100;
const BUDGETS: [u32; 2] = [1_024, 4_096];

/// The index is there, and nothing of it was asked before.
pub fn warm(project: &Path) {
    let disk = Disk::new(&[project.to_owned()]);
    let index = build::all(&disk);
    let targets = targets::of(&disk, TARGETS);
    for budget in BUDGETS {
        let (mut times, mut tokens) = (Times::default(), 0);
        for target in &targets {
            let began = Instant::now();
            let context = target.ask(&index, &disk, budget);
            times.add(began.elapsed());
            tokens += context.tokens();
        }
        times.print(&format!("warm query, {budget} tokens"));
        println!("  {} tokens at the mean", tokens as usize / targets.len());
    }
}

/// Nothing was read yet: what the target's own imports lead to is read now.
pub fn cold(project: &Path) {
    let targets = targets::of(&Disk::new(&[project.to_owned()]), COLD);
    let (mut times, mut empty) = (Times::default(), 0);
    for target in &targets {
        let began = Instant::now();
        let disk = Disk::new(&[project.to_owned()]);
        let context = target.ask(&Index::default(), &disk, BUDGETS[0]);
        times.add(began.elapsed());
        empty += usize::from(!context.excerpts.iter().any(|excerpt| excerpt.label != target.path));
    }
    times.print("first answer without an index");
    println!("  {empty} of {} had nothing of another file", targets.len());
}
