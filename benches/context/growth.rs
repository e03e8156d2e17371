//! How cost grows with the project: copies of it side by side, as hard links.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use redraft::workspace::{build, disk::Disk};

use crate::context::cost::{self, ms};
use crate::context::targets;
use crate::stats::Times;

const SIZES: [usize; 4] = [100, 1_000, 10_000, 100_000];
const TARGETS: usize = 100;
const BUDGET: u32 = 1_024;

pub fn measure(project: &Path) {
    let source = Disk::new(&[project.to_owned()]);
    let mut paths: Vec<String> = Vec::new();
    source.walk(|found| paths.push(found.path.to_string()));
    paths.sort();
    for size in SIZES {
        let root = std::env::temp_dir().join(format!("redraft-bench-growth-{}", std::process::id()));
        grow(&root, project, &paths, size);
        let disk = Disk::new(std::slice::from_ref(&root));
        let before = cost::memory();
        let (index, wall, processor) = cost::of(|| build::all(&disk));
        let memory = cost::memory() - before;
        let mut times = Times::default();
        for target in targets::of(&disk, TARGETS) {
            let began = Instant::now();
            std::hint::black_box(target.ask(&index, &disk, BUDGET));
            times.add(began.elapsed());
        }
        println!(
            "  {size} files: cold index {:.0} ms, {:.0} ms of processor, {memory:.0} MiB, {} symbols",
            ms(wall),
            ms(processor),
            index.tables().symbols()
        );
        times.print(&format!("{size} files, warm query"));
        let _ = fs::remove_dir_all(&root);
    }
}

/// A project of `size` files: the first ones of `paths`, and again below other directories.
fn grow(root: &Path, project: &Path, paths: &[String], size: usize) {
    let _ = fs::remove_dir_all(root);
    for at in 0..size {
        let path = &paths[at % paths.len()];
        let copy = at / paths.len();
        let to: PathBuf =
            if copy == 0 { root.join(path) } else { root.join(format!("copy_{copy}")).join(path) };
        fs::create_dir_all(to.parent().expect("below the root")).expect("a directory");
        let from = project.join(path);
        fs::hard_link(&from, &to).or_else(|_| fs::copy(&from, &to).map(drop)).expect("a file");
    }
}
