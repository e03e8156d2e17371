//! An index from nothing: the walk, then every file on as many threads as the machine has.

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::cache::{Cache, Kept};
use super::disk::{Disk, Found};
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
    ///
    /// What an earlier run has kept in the directory `state` is used; what is read is kept there, once it is all there is.
    #[must_use]
    pub fn around(file: &Path, limit: Duration, state: Option<&Path>) -> Self {
        let disk = Disk::around(file);
        let near = disk.path_of(file).unwrap_or_default();
        let cache = state.map(|state| Cache::new(state, &disk));
        let index = within(&disk, &near, Instant::now().checked_add(limit), cache.as_ref());
        Self { disk, index }
    }
}

/// The whole index, with its tables.
#[must_use]
pub fn all(disk: &Disk) -> Index {
    within(disk, "", None, None)
}

/// What of the index can be made until `deadline`, the files nearest to the file at `near` first.
fn within(disk: &Disk, near: &str, deadline: Option<Instant>, cache: Option<&Cache>) -> Index {
    let mut files = Vec::new();
    disk.walk(|found| files.push(found));
    files.sort_by(|a, b| a.path.cmp(&b.path));
    if deadline.is_some() {
        files.sort_by_cached_key(|found| distance(near, &found.path));
    }
    let known = cache.map(Cache::load).unwrap_or_default();
    let mut read = read(disk, &files, &known, deadline);
    read.sort_by(|a, b| a.path.cmp(&b.path));
    if let Some(cache) = cache
        && read.iter().all(|one| one.in_time)
        && !is_same(&read, &known)
    {
        let kept = read.iter().filter_map(|one| Some((&*one.path, one.kept.clone()?)));
        cache.save(kept, now());
    }
    let updates = read.into_iter().map(|one| {
        let state = one.kept.map_or(Known::Present, |kept| Known::Facts(kept.facts));
        Update { path: one.path, state: Some(state) }
    });
    Index::default().with(updates.collect()).with_tables()
}

/// Whether nothing was learned.
fn is_same(read: &[Read], known: &HashMap<Arc<str>, Kept>) -> bool {
    let same = |one: &Read| match (&one.kept, known.get(&one.path)) {
        (Some(kept), Some(known)) => kept.stamp == known.stamp && kept.content == known.content,
        (None, None) => true,
        _ => false,
    };
    read.iter().all(same) && known.len() == read.iter().filter(|one| one.kept.is_some()).count()
}

/// In nanoseconds since 1970.
pub(super) fn now() -> u64 {
    let since = std::time::UNIX_EPOCH.elapsed().unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
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

/// What is known of one file.
struct Read {
    path: Arc<str>,
    kept: Option<Kept>,
    /// False where there was no time to look.
    in_time: bool,
}

/// What the files say, in no order.
fn read(
    disk: &Disk,
    files: &[Found],
    known: &HashMap<Arc<str>, Kept>,
    deadline: Option<Instant>,
) -> Vec<Read> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::with_capacity(files.len()));
    let work = || {
        let mut own = Vec::new();
        while let Some(file) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
            let known = known.get(&file.path);
            let in_time = deadline.is_none_or(|deadline| Instant::now() < deadline)
                || known.is_some_and(|known| known.holds(file.stamp));
            let kept = if in_time { Kept::of(disk, &file.path, file.stamp, known) } else { None };
            own.push(Read { path: file.path.clone(), kept, in_time });
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
    done.into_inner().unwrap_or_else(PoisonError::into_inner)
}
