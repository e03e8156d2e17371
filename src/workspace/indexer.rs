//! The index kept true in the background: one thread walks the disk, reads what is new, takes in what editors and watchers
//! tell, and hands out each new snapshot. It alone changes the index; it yields to typing; nobody waits for it.

mod pace;

use std::collections::{HashMap, HashSet, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use self::pace::Pace;
use super::build::{distance, now};
use super::cache::{Cache, Kept};
use super::disk::{Disk, Found, tells_what_is_read};
use super::index::{Index, Known, Update};
use super::watch::Watch;
use crate::syntax::facts::Facts;

/// After this many files the first snapshot is handed out, then at each doubling.
const FIRST: usize = 64;
/// How long it waits before it looks again whether the user still types.
const NAP: Duration = Duration::from_millis(20);
/// Changes on disk are taken in together after this much quiet: a checkout touches thousands.
const SETTLE: Duration = Duration::from_millis(200);
/// Longer than this nothing is waited for that goes on and on.
const BURST: Duration = Duration::from_secs(2);
/// What was learned is kept on disk after this much quiet.
const QUIET: Duration = Duration::from_secs(60);

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
    told: Arc<Sender<Told>>,
    thread: Option<JoinHandle<()>>,
    pace: Arc<Pace>,
}

impl Indexer {
    /// Starts on `disk`; files near to `near` are read first, and only those that `cache` does not know as they are.
    /// `publish` gets each new snapshot. Where nobody else tells of files that change on disk, it `watches` them.
    #[must_use]
    pub fn start(
        disk: Arc<Disk>,
        near: &str,
        cache: Option<Cache>,
        watches: bool,
        publish: impl Fn(Arc<Index>) + Send + 'static,
    ) -> Self {
        let (told, hears) = channel();
        let told = Arc::new(told);
        // The thread ends when nobody can tell it anything any more: what it tells itself does not count.
        let itself = Arc::downgrade(&told);
        let pace = Arc::<Pace>::default();
        let work = Work {
            disk,
            near: near.to_owned(),
            pace: pace.clone(),
            hears,
            publish: Box::new(publish),
            index: Index::default(),
            open: HashMap::new(),
            hidden: HashSet::new(),
            known: HashMap::new(),
            cache,
            is_dirty: false,
            is_stale: false,
            watch: None,
        };
        let spawned = std::thread::Builder::new().name("indexer".to_owned()).spawn(move || {
            let mut work = work;
            if watches {
                work.watch = Watch::start(move |files| {
                    if let Some(told) = itself.upgrade() {
                        // Nobody hears it where the thread has ended.
                        let _ = told.send(Told::Touched(files));
                    }
                });
            }
            work.run();
        });
        let thread = spawned.inspect_err(|error| {
            tracing::warn!(%error, "the indexer could not start; contexts are of what imports lead to");
        });
        Self { told, thread: thread.ok(), pace }
    }

    /// Ends the thread, and waits until what it learned is kept. To drop the handle ends it without waiting.
    pub fn finish(self) {
        let Self { told, thread, .. } = self;
        drop(told);
        if let Some(thread) = thread {
            // A panic was told when it happened.
            let _ = thread.join();
        }
    }

    /// Tells it something; it takes it in when it can.
    pub fn tell(&self, told: Told) {
        // Nobody hears it where the thread could not start.
        let _ = self.told.send(told);
    }

    /// The user typed: background work waits a moment.
    pub fn typed(&self) {
        self.pace.typed();
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
    /// Open documents that are none of the workspace's: what is left out on disk is left out.
    hidden: HashSet<Arc<str>>,
    /// What the disk has, whether a buffer goes before it or not.
    known: HashMap<Arc<str>, Kept>,
    cache: Option<Cache>,
    /// Something was learned that is not kept yet.
    is_dirty: bool,
    /// Everything is to be looked at again.
    is_stale: bool,
    watch: Option<Watch>,
}

/// Why the thread ends.
struct Dropped;

impl Work {
    fn run(mut self) {
        if let Some(cache) = &self.cache {
            self.known = cache.load();
        }
        // A panic of one file is that file's (see `Kept::of`); whatever else ends the thread ends only the index's updates.
        let ended = self.scan().and_then(|()| {
            self.keep();
            self.follow()
        });
        if let Err(Dropped) = ended {
            self.keep();
        }
    }

    /// Everything that is there.
    fn scan(&mut self) -> Result<(), Dropped> {
        let mut found = Vec::new();
        let disk = self.disk.clone();
        let mut watch = self.watch.take();
        watch.iter_mut().for_each(Watch::begin_anew);
        disk.walk_and_enter(
            |one| found.push(one),
            |directory, is_root| watch.iter_mut().for_each(|watch| watch.add(directory, is_root)),
        );
        self.watch = watch;
        // What is left out may be something else by now.
        self.hidden.clear();
        self.open.retain(|path, _| disk.may_show(path));
        found.sort_by(|a, b| a.path.cmp(&b.path));
        found.sort_by_cached_key(|one| distance(&self.near, &one.path));
        self.drop_what_is_gone(&found);
        let present =
            found.iter().map(|one| Update { path: one.path.clone(), state: Some(Known::Present) }).collect();
        self.index = self.index.with(present);
        self.publish();
        self.take_what_is_known(&found);
        let is_known = |one: &Found| self.known.get(&one.path).is_some_and(|known| known.holds(one.stamp));
        let mut queue: VecDeque<_> = found.into_iter().filter(|one| !is_known(one)).collect();
        let (mut next, mut read, mut updates) = (FIRST, 0, Vec::new());
        while let Some(one) = queue.pop_front() {
            self.hear()?;
            self.yields()?;
            // It may be gone meanwhile, as somebody told.
            if self.index.file(&one.path).is_some() {
                updates.extend(self.read(&one));
            }
            read += 1;
            if read >= next || queue.is_empty() {
                next *= 2;
                self.index = self.index.with(std::mem::take(&mut updates)).with_tables();
                self.publish();
            }
        }
        Ok(())
    }

    /// Forgets the files that an earlier scan, or the cache, knew, and that are not found any more.
    fn drop_what_is_gone(&mut self, found: &[Found]) {
        let there: HashSet<&str> = found.iter().map(|one| &*one.path).collect();
        let before = self.known.len();
        self.known.retain(|path, _| there.contains(&**path));
        self.is_dirty |= self.known.len() != before;
        let is_gone = |path: &Arc<str>| {
            !there.contains(&**path) && !self.open.contains_key(path) && self.index.file(path).is_some()
        };
        let gone = self.index.files().iter().map(|entry| entry.path.clone()).filter(is_gone);
        let gone: Vec<Update> = gone.map(|path| Update { path, state: None }).collect();
        self.index = self.index.with(gone);
    }

    /// Takes in, without a look at the files, what is known of those that did not change.
    fn take_what_is_known(&mut self, found: &[Found]) {
        let mut updates = Vec::new();
        for one in found {
            let Some(known) = self.known.get(&one.path).filter(|known| known.holds(one.stamp)) else {
                continue;
            };
            let entry = self.index.file(&one.path).and_then(|file| self.index.entry(file));
            let has = entry.and_then(|entry| entry.facts.as_ref());
            if !self.open.contains_key(&one.path) && !has.is_some_and(|has| Arc::ptr_eq(has, &known.facts)) {
                let state = Some(Known::Facts(known.facts.clone()));
                updates.push(Update { path: one.path.clone(), state });
            }
        }
        if !updates.is_empty() {
            self.index = self.index.with(updates).with_tables();
            self.publish();
        }
    }

    /// What changes from then on.
    fn follow(&mut self) -> Result<(), Dropped> {
        loop {
            if std::mem::take(&mut self.is_stale) {
                self.scan()?;
            }
            let wait = if self.is_dirty { QUIET } else { Duration::MAX };
            match self.hears.recv_timeout(wait) {
                Ok(told) => self.take(told),
                Err(RecvTimeoutError::Timeout) => self.keep(),
                Err(RecvTimeoutError::Disconnected) => return Err(Dropped),
            }
            if self.index.wants_tables() {
                self.index = self.index.with_tables();
                self.publish();
            }
        }
    }

    /// Keeps on disk what was learned.
    fn keep(&mut self) {
        if let Some(cache) = &self.cache
            && std::mem::take(&mut self.is_dirty)
        {
            cache.save(self.known.iter().map(|(path, kept)| (&**path, kept.clone())), now());
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
                if !self.open.contains_key(&path)
                    && (self.hidden.contains(&path) || !self.disk.may_show(&path))
                {
                    self.hidden.insert(path);
                    return;
                }
                self.open.insert(path.clone(), facts.clone());
                self.update(vec![Update { path, state: Some(Known::Facts(facts)) }]);
            }
            Told::Closed { path } => {
                self.open.remove(&path);
                self.hidden.remove(&path);
                let update = self.of_disk(&path);
                self.update(update.into_iter().collect());
            }
            Told::Touched(files) => self.touched(files),
        }
    }

    fn touched(&mut self, files: Vec<PathBuf>) {
        let mut all = files;
        // More of the same burst.
        let began = Instant::now();
        while let Ok(told) = self.hears.recv_timeout(SETTLE) {
            match told {
                Told::Touched(more) => all.extend(more),
                other => self.take(other),
            }
            if began.elapsed() > BURST {
                break;
            }
        }
        let mut paths = HashSet::new();
        for file in all {
            if self.is_of_many(&file) {
                self.is_stale = true;
            } else {
                paths.extend(self.disk.path_of(&file));
            }
        }
        let mut paths: Vec<String> = paths.into_iter().collect();
        paths.sort_unstable();
        let updates = paths.iter().filter_map(|path| self.of_disk(path)).collect();
        self.update(updates);
    }

    /// Whether more files than this one may have changed: a directory that came or went, what is ignored.
    fn is_of_many(&self, file: &Path) -> bool {
        if tells_what_is_read(file) {
            return true;
        }
        let name = file.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
        let known = || self.disk.path_of(file).is_some_and(|path| self.index.has_directory(&path));
        !name.starts_with('.') && (file.is_dir() || known())
    }

    /// What the disk has of a file now; nothing where it is open, for then the buffer counts.
    fn of_disk(&mut self, path: &str) -> Option<Update> {
        self.disk.forget(path);
        let path: Arc<str> = path.into();
        if let Some(stamp) = self.disk.stamp(&path) {
            return self.read(&Found { path, stamp });
        }
        self.is_dirty |= self.known.remove(&path).is_some();
        if self.open.contains_key(&path) && !self.disk.may_show(&path) {
            // It was saved where it is left out.
            self.open.remove(&path);
            self.hidden.insert(path.clone());
        }
        (!self.open.contains_key(&path)).then_some(Update { path, state: None })
    }

    fn update(&mut self, updates: Vec<Update>) {
        if !updates.is_empty() {
            self.index = self.index.with(updates);
            self.publish();
        }
    }

    /// What one file says; nothing where it is open, for then the buffer counts.
    fn read(&mut self, one: &Found) -> Option<Update> {
        let known = Kept::of(&self.disk, &one.path, one.stamp, self.known.get(&one.path));
        self.is_dirty = true;
        let state = match known {
            Some(known) => {
                let facts = known.facts.clone();
                self.known.insert(one.path.clone(), known);
                Known::Facts(facts)
            }
            None => {
                self.known.remove(&one.path);
                Known::Unreadable
            }
        };
        (!self.open.contains_key(&one.path)).then(|| Update { path: one.path.clone(), state: Some(state) })
    }

    fn publish(&self) {
        (self.publish)(Arc::new(self.index.clone()));
    }
}

#[cfg(test)]
mod tests;
