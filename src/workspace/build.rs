//! An index from nothing: the walk, then every file on as many threads as the machine has.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::disk::{Disk, Found, facts_of};
use super::index::{Index, Known, Update};

/// Threads beyond this many make nothing faster.
const THREADS: usize = 8;

/// A project as the command line sees it.
#[derive(Debug)]
pub struct Project {
    pub disk: Disk,
    pub index: Index,
}

impl Project {
    /// The project that `file` belongs to, with as much of its index as `limit` allows, the files nearest to `file` first:
    /// what is not in it is read when a name leads there.
    #[must_use]
    pub fn around(file: &Path, limit: Duration) -> Self {
        let disk = Disk::around(file);
        let near = disk.path_of(file).unwrap_or_default();
        let index = within(&disk, &near, Instant::now().checked_add(limit));
        Self { disk, index }
    }
}

/// The whole index, with its tables.
#[must_use]
pub fn all(disk: &Disk) -> Index {
    within(disk, "", None)
}

/// What of the index can be made until `deadline`, the files nearest to the file at `near` first.
fn within(disk: &Disk, near: &str, deadline: Option<Instant>) -> Index {
    let mut files = Vec::new();
    disk.walk(|found| files.push(found));
    files.sort_by(|a, b| a.path.cmp(&b.path));
    if deadline.is_some() {
        files.sort_by_cached_key(|found| distance(near, &found.path));
    }
    Index::default().with(read(disk, &files, deadline)).with_tables()
}

/// How many directories lie between two files.
pub(super) fn distance(a: &str, b: &str) -> usize {
    let (mut a, mut b) = (a.split('/').peekable(), b.split('/').peekable());
    while a.peek().is_some() && a.peek() == b.peek() {
        a.next();
        b.next();
    }
    a.count() + b.count()
}

/// What the files say, in their order.
fn read(disk: &Disk, files: &[Found], deadline: Option<Instant>) -> Vec<Update> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::with_capacity(files.len()));
    let work = || {
        let mut own = Vec::new();
        while let Some(file) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
            let in_time = deadline.is_none_or(|deadline| Instant::now() < deadline);
            let text = if in_time { disk.text(&file.path) } else { None };
            let facts = text.and_then(|text| facts_of(&file.path, &text));
            let state = facts.map_or(Known::Present, |facts| Known::Facts(Arc::new(facts)));
            own.push(Update { path: file.path.clone(), state: Some(state) });
        }
        done.lock().unwrap_or_else(PoisonError::into_inner).append(&mut own);
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(THREADS);
    std::thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(work);
        }
        work();
    });
    let mut updates = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    updates.sort_by(|a, b| a.path.cmp(&b.path));
    updates
}
