//! Changes on disk as the operating system tells them, for editors that do not.

use std::path::{Path, PathBuf};

use notify::event::{ModifyKind, RemoveKind};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};

use super::disk::{is_read, tells_what_is_read};

/// How many directories are watched; Linux gives all programs of a user some ten thousand watches together.
const DIRECTORIES: usize = 8_192;

/// Whether one watch of a root is one of all below it. Elsewhere each directory costs a watch, and only those are watched that
/// the walk enters.
const RECURSIVE: bool = cfg!(any(target_os = "macos", target_os = "windows"));

/// Ends with its drop.
#[derive(Debug)]
pub(super) struct Watch {
    watcher: RecommendedWatcher,
    left: usize,
}

impl Watch {
    /// Tells the paths of what changes in the directories that are added, on a thread of its own. `None`, with a line in the log,
    /// where the system does not tell.
    pub fn start(tell: impl Fn(Vec<PathBuf>) + Send + 'static) -> Option<Self> {
        let hear = move |event: notify::Result<Event>| match event {
            Ok(event) => {
                let paths: Vec<PathBuf> =
                    event.paths.iter().filter(|path| matters(&event, path)).cloned().collect();
                if !paths.is_empty() {
                    tell(paths);
                }
            }
            Err(error) => tracing::debug!(%error, "a change on disk was not told"),
        };
        notify::recommended_watcher(hear)
            .inspect_err(|error| tracing::warn!(%error, "files that change on disk are not noticed"))
            .ok()
            .map(|watcher| Self { watcher, left: DIRECTORIES })
    }

    /// What is added from now on is all there is: watches of what is gone went with it.
    pub fn begin_anew(&mut self) {
        self.left = DIRECTORIES;
    }

    /// Watches a directory, once more where it is watched already: it may have gone and come back.
    pub fn add(&mut self, directory: &Path, is_root: bool) {
        if (RECURSIVE && !is_root) || self.left == 0 {
            return;
        }
        let mode = if RECURSIVE { RecursiveMode::Recursive } else { RecursiveMode::NonRecursive };
        self.left -= 1;
        if let Err(error) = self.watcher.watch(directory, mode) {
            tracing::debug!(%error, directory = %directory.display(), "a directory is not watched");
            if matches!(error.kind, notify::ErrorKind::MaxFilesWatch) {
                self.left = 0;
            }
        }
        if self.left == 0 {
            tracing::warn!(
                "there are more directories than can be watched; changes on disk in the others are not noticed"
            );
        }
    }
}

/// Whether the index is about what happened to `path`: logs and databases change all the time.
fn matters(event: &Event, path: &Path) -> bool {
    let is_named = is_read(path) || tells_what_is_read(path);
    match event.kind {
        EventKind::Access(_) | EventKind::Modify(ModifyKind::Metadata(_)) => false,
        EventKind::Remove(RemoveKind::Folder) => true,
        // A directory that came, or one that is gone: nothing tells any more what it was.
        EventKind::Create(_) | EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(_)) => {
            is_named || path.is_dir() || (path.extension().is_none() && !path.exists())
        }
        _ => is_named || event.need_rescan(),
    }
}
