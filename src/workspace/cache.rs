//! The index kept on disk: the facts of each file, by its stamp and the hash of its content, so that a start reads only what
//! changed. One file for each workspace in the state directory, in shards that are read at once.
//!
//! What is damaged, too old or too new is dropped, and made anew by the walk. Nothing read here is trusted: shards have
//! checksums against accidents, and facts are checked before use (`Facts::is_sound`). Only what the walk finds is kept, so no
//! text of ignored files is; the files are the user's alone to read.

use std::collections::HashMap;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::disk::{Disk, MAX_FILES, Stamp, facts_of};
use super::private;
use crate::syntax::facts::Facts;
use crate::syntax::language;

/// Changes whenever facts or this file's form do.
const FORMAT: u32 = 1;
const MAGIC: &[u8; 16] = b"redraft index\n\0\0";
/// How many files a shard has: as many shards are read at once as there are threads.
const SHARD: usize = 512;
/// The largest file that is written or read, in bytes.
const MAX_BYTES: u64 = 512 * 1024 * 1024;
/// How many workspaces are kept, the ones used last.
const WORKSPACES: usize = 24;
/// A file that changed so short before it was read may change again within the same tick of its clock, in nanoseconds.
const TICK: u64 = 2_000_000_000;
/// Threads beyond this many make nothing faster.
const THREADS: usize = 8;
const FILE: &str = "facts";

/// The first bytes of a hash of a file's content.
pub type Content = [u8; 16];

/// What is kept of one file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// As it was before the file was read.
    pub stamp: Stamp,
    pub content: Content,
    #[serde(with = "shared")]
    pub facts: Arc<Facts>,
}

/// Facts behind a pointer, as they are.
mod shared {
    use std::sync::Arc;

    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer};

    use super::Facts;

    pub(super) fn serialize<S: Serializer>(facts: &Arc<Facts>, to: S) -> Result<S::Ok, S::Error> {
        (**facts).serialize(to)
    }

    pub(super) fn deserialize<'a, D: Deserializer<'a>>(from: D) -> Result<Arc<Facts>, D::Error> {
        Facts::deserialize(from).map(Arc::new)
    }
}

impl Kept {
    /// Whether it holds for a file that has `stamp` now.
    #[must_use]
    pub fn holds(&self, stamp: Stamp) -> bool {
        self.stamp == stamp && stamp != Stamp::default()
    }

    /// What is known of a file that has `stamp` now; `known` is used where it still holds. `None` for what is no text or
    /// could not be parsed in time. A file that the parser panics on is told, and stops no other.
    #[must_use]
    pub fn of(disk: &Disk, path: &str, stamp: Stamp, known: Option<&Self>) -> Option<Self> {
        if let Some(known) = known.filter(|known| known.holds(stamp)) {
            return Some(known.clone());
        }
        let text = disk.text(path)?;
        let content = content_of(text.as_bytes());
        if let Some(known) = known.filter(|known| known.content == content) {
            return Some(Self { stamp, ..known.clone() });
        }
        let facts = std::panic::catch_unwind(|| facts_of(path, &text)).unwrap_or_else(|_| {
            tracing::error!(path, "a file could not be read into the index");
            None
        });
        Some(Self { stamp, content, facts: Arc::new(facts?) })
    }
}

/// See the module's head.
#[derive(Clone, Debug)]
pub struct Cache {
    /// All workspaces' caches.
    all: PathBuf,
    /// This one's.
    own: PathBuf,
}

impl Cache {
    /// The cache of the workspace of `disk` in the directory `state`; nothing is read or made yet.
    #[must_use]
    pub fn new(state: &Path, disk: &Disk) -> Self {
        let mut hash = Sha256::new();
        for root in disk.directories() {
            hash.update(root.as_os_str().as_encoded_bytes());
            hash.update([0]);
        }
        hash.update(disk.depth().to_le_bytes());
        let all = state.join("index");
        let own = all.join(hex(&hash.finalize()[..16]));
        Self { all, own }
    }

    /// What is kept; nothing where there is none, or none that can be read.
    #[must_use]
    pub fn load(&self) -> HashMap<Arc<str>, Kept> {
        let path = self.own.join(FILE);
        let read = fs::metadata(&path).map_err(|error| error.to_string()).and_then(|meta| {
            let bytes = (meta.len() <= MAX_BYTES).then(|| fs::read(&path)).ok_or("it is too large")?;
            bytes.map_err(|error| error.to_string())
        });
        let loaded = read
            .and_then(|bytes| decode(&bytes).ok_or_else(|| "it is damaged or of another version".to_owned()));
        match loaded {
            Ok(entries) => entries,
            Err(error) => {
                tracing::debug!(path = %path.display(), error, "no index is kept; it is made anew");
                HashMap::new()
            }
        }
    }

    /// Keeps `entries` instead of what was kept. `now` is in nanoseconds since 1970.
    pub fn save<'a>(&self, entries: impl Iterator<Item = (&'a str, Kept)>, now: u64) {
        let mut entries: Vec<(&str, Kept)> = entries.take(MAX_FILES).collect();
        entries.sort_unstable_by(|a, b| a.0.cmp(b.0));
        for (_, kept) in &mut entries {
            if kept.stamp.modified.saturating_add(TICK) > now {
                // Read again at the next start; if its content is the same, its facts still hold.
                kept.stamp = Stamp::default();
            }
        }
        if let Err(error) = self.write(&encode(&entries)) {
            tracing::debug!(path = %self.own.display(), %error, "the index could not be kept");
        }
        self.prune();
    }

    /// Whole or not at all: written beside, then renamed.
    fn write(&self, bytes: &[u8]) -> io::Result<()> {
        if bytes.len() as u64 > MAX_BYTES {
            return Err(io::Error::other("it is too large"));
        }
        private::make_directory(&self.own)?;
        let new = self.own.join(format!("{FILE}.{}.new", std::process::id()));
        let written = private::create(&new).and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()?;
            fs::rename(&new, self.own.join(FILE))
        });
        if written.is_err() {
            let _ = fs::remove_file(&new);
        }
        written
    }

    /// Removes the caches of the workspaces that were not used for longest. Only what looks like a cache is touched.
    fn prune(&self) {
        let Ok(entries) = fs::read_dir(&self.all) else { return };
        let is_cache = |path: &Path| {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            name.len() == 32 && name.bytes().all(|byte| byte.is_ascii_hexdigit())
        };
        let used = |path: &Path| fs::metadata(path.join(FILE)).and_then(|meta| meta.modified()).ok();
        let mut caches: Vec<_> = entries
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| *path != self.own && is_cache(path))
            .map(|path| (used(&path), path))
            .collect();
        caches.sort_unstable_by(|a, b| b.cmp(a));
        for (_, old) in caches.into_iter().skip(WORKSPACES - 1) {
            let _ = fs::remove_dir_all(old);
        }
    }
}

/// What a text is known by.
#[must_use]
pub fn content_of(text: &[u8]) -> Content {
    short(&Sha256::digest(text))
}

/// Everything that the facts of a file depend on beside its text.
static VERSION: LazyLock<Content> = LazyLock::new(|| {
    let mut hash = Sha256::new();
    hash.update(FORMAT.to_le_bytes());
    hash.update(env!("CARGO_PKG_VERSION"));
    for query in language::fact_queries() {
        hash.update(query);
    }
    short(&hash.finalize())
});

fn short(hash: &[u8]) -> Content {
    let mut content = Content::default();
    content.iter_mut().zip(hash).for_each(|(to, from)| *to = *from);
    content
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

/// The head: the magic word, the version, how many shards; then for each shard its length and its checksum; then the shards.
fn encode(entries: &[(&str, Kept)]) -> Vec<u8> {
    let shards: Vec<Vec<u8>> =
        at_once(entries.chunks(SHARD).collect(), |shard| postcard::to_allocvec(shard).unwrap_or_default());
    let mut out = MAGIC.to_vec();
    out.extend_from_slice(&*VERSION);
    out.extend_from_slice(&(shards.len() as u64).to_le_bytes());
    for shard in &shards {
        out.extend_from_slice(&(shard.len() as u64).to_le_bytes());
        out.extend_from_slice(&content_of(shard));
    }
    shards.iter().for_each(|shard| out.extend_from_slice(shard));
    out
}

fn decode(bytes: &[u8]) -> Option<HashMap<Arc<str>, Kept>> {
    let mut rest = bytes.strip_prefix(MAGIC)?.strip_prefix(VERSION.as_slice())?;
    let count = number(&mut rest)?;
    if count > MAX_FILES.div_ceil(SHARD) {
        return None;
    }
    let mut heads = Vec::with_capacity(count);
    for _ in 0..count {
        let len = number(&mut rest)?;
        let (sum, after) = rest.split_at_checked(size_of::<Content>())?;
        rest = after;
        heads.push((len, sum));
    }
    let mut shards = Vec::with_capacity(count);
    for (len, sum) in heads {
        let (shard, after) = rest.split_at_checked(len)?;
        rest = after;
        shards.push((shard, sum));
    }
    if !rest.is_empty() {
        return None;
    }
    let decoded: Vec<Option<Vec<(String, Kept)>>> = at_once(shards, |(shard, sum)| {
        let entries: Vec<(String, Kept)> =
            (content_of(shard) == *sum).then(|| postcard::from_bytes(shard).ok()).flatten()?;
        entries.iter().all(|(_, kept)| kept.facts.is_sound()).then_some(entries)
    });
    let all: Option<Vec<Vec<(String, Kept)>>> = decoded.into_iter().collect();
    Some(all?.into_iter().flatten().map(|(path, kept)| (path.into(), kept)).collect())
}

fn number(rest: &mut &[u8]) -> Option<usize> {
    let (bytes, after) = rest.split_first_chunk::<8>()?;
    *rest = after;
    usize::try_from(u64::from_le_bytes(*bytes)).ok()
}

/// `work` on every item, on as many threads as the machine has; in the items' order.
fn at_once<T: Send, R: Send>(items: Vec<T>, work: impl Fn(T) -> R + Sync) -> Vec<R> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(THREADS);
    let share = items.len().div_ceil(threads).max(1);
    let mut items = items.into_iter();
    std::thread::scope(|scope| {
        let mut running = Vec::new();
        loop {
            let part: Vec<T> = items.by_ref().take(share).collect();
            if part.is_empty() {
                break;
            }
            let work = &work;
            running.push(scope.spawn(move || part.into_iter().map(work).collect::<Vec<R>>()));
        }
        running.into_iter().filter_map(|thread| thread.join().ok()).flatten().collect()
    })
}

#[cfg(test)]
mod tests;
