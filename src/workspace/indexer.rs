//! The index kept true in the background: one thread walks the disk, reads what is new, takes in what editors and watchers
//! tell, and hands out each new snapshot. It alone changes the index; it yields to typing; nobody waits for it.

use std::collections::{HashMap, HashSet, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError, channel};
use std::time::{Duration, Instant};

use super::build::distance;
use super::disk::{Disk, Stamp, facts_of};
use super::index::{Index, Known, Update};
use crate::syntax::facts::Facts;

/// After this many files the first snapshot is handed out, then at each doubling.
const FIRST: usize = 64;
/// No file is begun within this time after the user typed.
const TYPING: Duration = Duration::from_millis(100);
/// How long it waits before it looks again whether the user still types.
const NAP: Duration = Duration::from_millis(20);
/// Changes on disk are taken in together after this much quiet: a checkout touches thousands.
const SETTLE: Duration = Duration::from_millis(200);

/// What the indexer is told.
#[derive(Debug)]
pub enum Told {
    /// An open document has these facts: it goes before the disk until it is closed.
    Open {
        path: Arc<str>,
        facts: Arc<Facts>,
    },
    Closed {
        path: Arc<str>,
    },
    /// These files changed on disk, came, or are gone.
    Touched(Vec<PathBuf>),
}

/// The handle; the thread ends when it is dropped.
#[derive(Debug)]
pub struct Indexer {
    told: Sender<Told>,
    pace: Arc<Pace>,
}

/// When the user typed last, in milliseconds since the indexer began.
#[derive(Debug)]
struct Pace {
    started: Instant,
    typed: AtomicU64,
}

impl Pace {
    fn now(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn is_typing(&self) -> bool {
        let typed = self.typed.load(Ordering::Relaxed);
        typed > 0 && u128::from(self.now().saturating_sub(typed)) < TYPING.as_millis()
    }
}

impl Indexer {
    /// Starts on `disk`; files near to `near` are read first. `publish` gets each new snapshot.
    #[must_use]
    pub fn start(disk: Arc<Disk>, near: &str, publish: impl Fn(Arc<Index>) + Send + 'static) -> Self {
        let (told, hears) = channel();
        let pace = Arc::new(Pace { started: Instant::now(), typed: AtomicU64::new(0) });
        let work = Work {
            disk,
            near: near.to_owned(),
            pace: pace.clone(),
            hears,
            publish: Box::new(publish),
            index: Index::default(),
            open: HashMap::new(),
            stamps: HashMap::new(),
        };
        let spawned = std::thread::Builder::new().name("indexer".to_owned()).spawn(move || work.run());
        if let Err(error) = spawned {
            tracing::warn!(%error, "the indexer could not start; contexts are of what imports lead to");
        }
        Self { told, pace }
    }

    /// Tells it something; it takes it in when it can.
    pub fn tell(&self, told: Told) {
        // Nobody hears it where the thread could not start.
        let _ = self.told.send(told);
    }

    /// The user typed: background work waits a moment.
    pub fn typed(&self) {
        self.pace.typed.store(self.pace.now().max(1), Ordering::Relaxed);
    }
}

struct Work {
    disk: Arc<Disk>,
    near: String,
    pace: Arc<Pace>,
    hears: Receiver<Told>,
    publish: Box<dyn Fn(Arc<Index>) + Send>,
    index: Index,
    open: HashMap<Arc<str>, Arc<Facts>>,
    stamps: HashMap<Arc<str>, Stamp>,
}

/// Why the thread ends.
struct Dropped;

impl Work {
    fn run(mut self) {
        // A panic of one file is that file's (see `read`); whatever else ends the thread ends only the index's updates.
        let _: Result<(), Dropped> = self.first().and_then(|()| self.follow());
    }

    /// Everything that is there.
    fn first(&mut self) -> Result<(), Dropped> {
        let mut found = Vec::new();
        let disk = self.disk.clone();
        disk.walk(|one| found.push(one));
        found.sort_by(|a, b| a.path.cmp(&b.path));
        found.sort_by_cached_key(|one| distance(&self.near, &one.path));
        let present =
            found.iter().map(|one| Update { path: one.path.clone(), state: Some(Known::Present) }).collect();
        self.index = self.index.with(present);
        self.publish();
        let mut queue: VecDeque<_> = found.into();
        let (mut next, mut read, mut updates) = (FIRST, 0, Vec::new());
        while let Some(one) = queue.pop_front() {
            self.hear()?;
            self.yields()?;
            self.stamps.insert(one.path.clone(), one.stamp);
            updates.extend(self.read(&one.path));
            read += 1;
            if read >= next || queue.is_empty() {
                next *= 2;
                self.index = self.index.with(std::mem::take(&mut updates)).with_tables();
                self.publish();
            }
        }
        Ok(())
    }

    /// What changes from then on.
    fn follow(&mut self) -> Result<(), Dropped> {
        loop {
            match self.hears.recv() {
                Ok(told) => self.take(told),
                Err(_) => return Err(Dropped),
            }
            if self.index.wants_tables() {
                self.index = self.index.with_tables();
                self.publish();
            }
        }
    }

    /// Waits while the user types.
    fn yields(&mut self) -> Result<(), Dropped> {
        while self.pace.is_typing() {
            match self.hears.recv_timeout(NAP) {
                Ok(told) => self.take(told),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Err(Dropped),
            }
        }
        Ok(())
    }

    /// Takes in what was told meanwhile.
    fn hear(&mut self) -> Result<(), Dropped> {
        loop {
            match self.hears.try_recv() {
                Ok(told) => self.take(told),
                Err(TryRecvError::Empty) => return Ok(()),
                Err(TryRecvError::Disconnected) => return Err(Dropped),
            }
        }
    }

    fn take(&mut self, told: Told) {
        match told {
            Told::Open { path, facts } => {
                self.open.insert(path.clone(), facts.clone());
                self.update(vec![Update { path, state: Some(Known::Facts(facts)) }]);
            }
            Told::Closed { path } => {
                self.open.remove(&path);
                let update = self.of_disk(&path);
                self.update(vec![update]);
            }
            Told::Touched(files) => self.touched(files),
        }
    }

    fn touched(&mut self, files: Vec<PathBuf>) {
        let mut all = files;
        // More of the same burst.
        while let Ok(told) = self.hears.recv_timeout(SETTLE) {
            match told {
                Told::Touched(more) => all.extend(more),
                other => self.take(other),
            }
        }
        let paths: HashSet<String> = all.iter().filter_map(|file| self.disk.path_of(file)).collect();
        let mut paths: Vec<String> =
            paths.into_iter().filter(|path| !self.open.contains_key(path.as_str())).collect();
        paths.sort_unstable();
        let updates = paths.iter().map(|path| self.of_disk(path)).collect();
        self.update(updates);
    }

    /// What the disk has of a file now.
    fn of_disk(&mut self, path: &str) -> Update {
        self.disk.forget(path);
        let is_there = self.disk.is_walked(path);
        let state = if is_there { self.read(path).and_then(|update| update.state) } else { None };
        Update { path: path.into(), state }
    }

    fn update(&mut self, updates: Vec<Update>) {
        if !updates.is_empty() {
            self.index = self.index.with(updates);
            self.publish();
        }
    }

    /// The facts of one file; nothing where it is open, for then the buffer counts.
    fn read(&self, path: &str) -> Option<Update> {
        if self.open.contains_key(path) {
            return None;
        }
        let facts = || self.disk.text(path).and_then(|text| facts_of(path, &text));
        let facts = std::panic::catch_unwind(std::panic::AssertUnwindSafe(facts)).unwrap_or_else(|_| {
            tracing::error!(path, "a file could not be read into the index");
            None
        });
        let state = facts.map_or(Known::Present, |facts| Known::Facts(Arc::new(facts)));
        Some(Update { path: path.into(), state: Some(state) })
    }

    fn publish(&self) {
        (self.publish)(Arc::new(self.index.clone()));
    }
}
