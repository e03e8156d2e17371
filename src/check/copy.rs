//! A copy of the workspace that a checker may do to what it likes: the user's files are never what it runs on.
//!
//! It is a folder in the state directory, filled with what the project's walk finds. Nothing in it is a link to anything
//! outside, and whatever a checker did to it (links that lead out too) is put right before its next use, by taking away what
//! does not belong there and never by writing through it.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ffi::OsStr;
use std::fs::{self, File, Metadata};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::SystemTime;

use ignore::WalkBuilder;

use self::remove::{forget_bytecode, remove, sweep};
use crate::workspace::disk::{excluded, looks_secret};

mod remove;
#[cfg(test)]
mod tests;

/// The most files that are copied: 2 s of work, and far more than a project has that is checked while its user waits.
const MAX_FILES: usize = 20_000;
/// The most that they may have together, in bytes.
const MAX_BYTES: u64 = 512 << 20;
/// How deep directories are followed, as where the project is indexed.
const DEPTH: usize = 64;
/// Where copies are, in the state directory.
const COPIES: &str = "copies";
/// There, what is locked by who makes a copy or sweeps.
const GATE: &str = "lock";
/// What a checker may keep from one run to the next: it would take seconds to make again.
const CACHES: &[&str] = &["__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache"];
/// What version control keeps is no business of a checker's.
const CONTROL: &[&str] = &[".git", ".hg", ".jj", ".svn"];

/// Why there is no copy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CopyError {
    #[error("the workspace has more than {MAX_FILES} files to copy; leave some out with .redraftignore")]
    TooManyFiles,
    #[error("the workspace has more than {} MiB to copy; leave some out with .redraftignore", MAX_BYTES >> 20)]
    TooLarge,
    #[error("{0} is no path in the workspace")]
    NoPath(String),
    #[error("the workspace cannot be copied: {0}")]
    Failed(String),
}

impl From<io::Error> for CopyError {
    fn from(error: io::Error) -> Self {
        Self::Failed(error.to_string())
    }
}

/// See the module's head. Dropping it removes it.
#[derive(Debug)]
pub struct Copy {
    /// Without symlinks.
    root: PathBuf,
    state: PathBuf,
    folder: PathBuf,
    /// Held as long as this is: whoever finds the folder without a lock on this may remove it.
    _lock: File,
    lock_path: PathBuf,
    /// The files that are as they were copied.
    known: HashMap<PathBuf, Known>,
}

#[derive(Clone, Copy, Debug)]
struct Known {
    source: Stamp,
    copy: Stamp,
}

/// By what a change of a file is noticed. The time of the last change of its inode cannot be set back by who changes it; it
/// is looked at in copies only, since of a source it changes without the content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    size: u64,
    modified: Option<SystemTime>,
    inode: (u64, i64, i64),
}

/// What is to stand at a path of the copy.
enum Wanted {
    Folder,
    File { from: PathBuf, stamp: Stamp },
    Link { to: PathBuf },
}

impl Copy {
    /// An empty one, for the workspace at `root`. What copies of killed processes left is removed.
    ///
    /// # Errors
    /// `Failed`, where the state directory cannot be written.
    pub fn new(root: &Path, state_dir: &Path) -> Result<Self, CopyError> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let root = fs::canonicalize(root)?;
        let copies = state_dir.join(COPIES);
        fs::create_dir_all(&copies)?;
        let copies = fs::canonicalize(copies)?;
        let state = fs::canonicalize(state_dir)?;
        // One at a time, so that nobody sweeps what is just being made.
        let gate = File::create(copies.join(GATE))?;
        gate.lock()?;
        sweep(&copies);
        loop {
            let name = format!("{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
            let (folder, lock_path) = (copies.join(&name), copies.join(format!("{name}.lock")));
            match fs::create_dir(&folder) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => continue,
                made => made?,
            }
            let lock = File::create(&lock_path)?;
            lock.lock()?;
            return Ok(Self { root, state, folder, _lock: lock, lock_path, known: HashMap::new() });
        }
    }

    /// Removes what copies of killed processes left in the state directory.
    pub fn sweep_left(state_dir: &Path) {
        let copies = state_dir.join(COPIES);
        // Where another one is at it, that does it.
        let gate = File::options().write(true).open(copies.join(GATE));
        if gate.is_ok_and(|gate| gate.try_lock().is_ok()) {
            sweep(&copies);
        }
    }

    /// The workspace that this is a copy of.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Makes the copy what the workspace is now, with the texts of `overlay` in their places. Takes as long as it takes to
    /// walk both and to copy what changed; to be called where that is no harm. No checker may run on it meanwhile.
    ///
    /// # Errors
    /// What is too much, or cannot be copied.
    pub fn refresh(&mut self, overlay: &[(impl AsRef<Path>, impl AsRef<str>)]) -> Result<PathBuf, CopyError> {
        let wanted = self.survey()?;
        if self.put_right(&wanted).is_err() {
            // What cannot be put right is made again.
            self.known.clear();
            remove(&self.folder)?;
            fs::create_dir(&self.folder)?;
            self.put_right(&wanted)?;
        }
        for (path, text) in overlay {
            self.lay_over(path.as_ref(), text.as_ref())?;
        }
        Ok(self.folder.clone())
    }

    /// What the copy is to hold, by its paths in it.
    fn survey(&self) -> Result<BTreeMap<PathBuf, Wanted>, CopyError> {
        let (mut wanted, mut links) = (BTreeMap::new(), Vec::new());
        let (mut files, mut bytes) = (0, 0);
        for entry in self.walker().build().flatten() {
            let Ok(path) = entry.path().strip_prefix(&self.root) else { continue };
            let Some(kind) = entry.file_type().filter(|_| entry.depth() > 0) else { continue };
            if kind.is_dir() {
                wanted.insert(path.to_owned(), Wanted::Folder);
                continue;
            }
            files += 1;
            if files > MAX_FILES {
                return Err(CopyError::TooManyFiles);
            }
            if kind.is_symlink() {
                links.push(path.to_owned());
            } else if kind.is_file()
                && let Ok(meta) = entry.path().symlink_metadata()
            {
                bytes += meta.len();
                if bytes > MAX_BYTES {
                    return Err(CopyError::TooLarge);
                }
                let (from, stamp) = (entry.path().to_owned(), Stamp::of_source(&meta));
                wanted.insert(path.to_owned(), Wanted::File { from, stamp });
            }
        }
        for link in links {
            if let Some(what) = self.linked(&link, &wanted) {
                wanted.insert(link, what);
            }
        }
        Ok(wanted)
    }

    fn walker(&self) -> WalkBuilder {
        let state = self.state.clone();
        let mut walk = WalkBuilder::new(&self.root);
        walk.add_custom_ignore_filename(".redraftignore")
            .follow_links(false)
            .require_git(false)
            // Checkers are configured in files that are hidden.
            .hidden(false)
            .max_depth(Some(DEPTH))
            .filter_entry(move |entry| {
                let name = entry.file_name().to_string_lossy();
                entry.depth() == 0
                    || !(excluded(entry)
                        || CONTROL.contains(&&*name)
                        || CACHES.contains(&&*name)
                        || looks_secret(&name)
                        || entry.path() == state)
            });
        walk
    }

    /// What takes the place of a symlink: what it leads to, if that is copied as well; else nothing.
    fn linked(&self, link: &Path, wanted: &BTreeMap<PathBuf, Wanted>) -> Option<Wanted> {
        let to = fs::canonicalize(self.root.join(link)).ok()?;
        let to = to.strip_prefix(&self.root).ok()?;
        match wanted.get(to)? {
            Wanted::File { from, stamp } => Some(Wanted::File { from: from.clone(), stamp: *stamp }),
            Wanted::Folder => Some(Wanted::Link { to: self.folder.join(to) }),
            Wanted::Link { .. } => None,
        }
    }

    /// Takes away what does not belong in the copy, then adds what is missing.
    fn put_right(&mut self, wanted: &BTreeMap<PathBuf, Wanted>) -> io::Result<()> {
        if !fs::symlink_metadata(&self.folder)?.is_dir() {
            return Err(io::Error::other("the copy is no folder any more"));
        }
        let mut right = HashSet::new();
        let mut folders = vec![PathBuf::new()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(self.folder.join(&folder))? {
                let entry = entry?;
                let path = folder.join(entry.file_name());
                let meta = fs::symlink_metadata(entry.path())?;
                if !self.is_right(&path, &meta, wanted)? {
                    remove(&entry.path())?;
                } else if meta.is_dir() && wanted.contains_key(&path) {
                    folders.push(path.clone());
                    right.insert(path);
                } else {
                    right.insert(path);
                }
            }
        }
        self.known.retain(|path, _| right.contains(path));
        for (path, what) in wanted.iter().filter(|(path, _)| !right.contains(*path)) {
            self.add(path, what)?;
        }
        Ok(())
    }

    /// Whether what stands in the copy at `path` is what belongs there. Of a folder, what it holds is another question.
    fn is_right(&self, path: &Path, meta: &Metadata, wanted: &BTreeMap<PathBuf, Wanted>) -> io::Result<bool> {
        Ok(match wanted.get(path) {
            None => meta.is_dir() && path.file_name().is_some_and(is_cache),
            Some(Wanted::Folder) => meta.is_dir(),
            Some(Wanted::Link { to }) => meta.is_symlink() && fs::read_link(self.folder.join(path))? == *to,
            Some(Wanted::File { stamp, .. }) => {
                let known = self.known.get(path);
                meta.is_file()
                    && known.is_some_and(|known| known.source == *stamp && known.copy == Stamp::of_copy(meta))
            }
        })
    }

    fn add(&mut self, path: &Path, what: &Wanted) -> io::Result<()> {
        let to = self.folder.join(path);
        match what {
            Wanted::Folder => fs::create_dir(&to),
            Wanted::Link { to: target } => link(target, &to),
            Wanted::File { from, stamp } => {
                match fs::copy(from, &to) {
                    // It went, or may not be read: then a checker has to do without it, as a reader would.
                    Err(error)
                        if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::PermissionDenied) =>
                    {
                        return Ok(());
                    }
                    copied => copied?,
                };
                if let Some(modified) = stamp.modified {
                    // Where that cannot be, it is as new as it is.
                    let _ = File::open(&to).and_then(|file| file.set_modified(modified));
                }
                forget_bytecode(&to)?;
                let copy = Stamp::of_copy(&fs::symlink_metadata(&to)?);
                self.known.insert(path.to_owned(), Known { source: *stamp, copy });
                Ok(())
            }
        }
    }

    fn lay_over(&mut self, path: &Path, text: &str) -> Result<(), CopyError> {
        let names: Vec<&OsStr> = path
            .components()
            .map(|part| if let Component::Normal(name) = part { Some(name) } else { None })
            .collect::<Option<_>>()
            .ok_or_else(|| CopyError::NoPath(path.display().to_string()))?;
        let Some((name, folders)) = names.split_last() else {
            return Err(CopyError::NoPath(path.display().to_string()));
        };
        let mut to = self.folder.clone();
        for folder in folders {
            to.push(folder);
            match fs::create_dir(&to) {
                Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error.into()),
                _ => {}
            }
        }
        to.push(name);
        match fs::remove_file(&to) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
        File::create_new(&to)?.write_all(text.as_bytes())?;
        forget_bytecode(&to)?;
        // So that the next refresh has the workspace's own again.
        self.known.remove(path);
        Ok(())
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        // What cannot be removed is tried again at the next start.
        if remove(&self.folder).is_ok() {
            let _ = fs::remove_file(&self.lock_path);
        }
    }
}

impl Stamp {
    fn of_source(meta: &Metadata) -> Self {
        Self { size: meta.len(), modified: meta.modified().ok(), inode: (0, 0, 0) }
    }

    fn of_copy(meta: &Metadata) -> Self {
        #[cfg(unix)]
        let inode = {
            use std::os::unix::fs::MetadataExt as _;
            (meta.ino(), meta.ctime(), meta.ctime_nsec())
        };
        #[cfg(not(unix))]
        let inode = (0, 0, 0);
        Self { inode, ..Self::of_source(meta) }
    }
}

fn is_cache(name: &OsStr) -> bool {
    CACHES.iter().any(|cache| name == *cache)
}

fn link(target: &Path, at: &Path) -> io::Result<()> {
    #[cfg(unix)]
    return std::os::unix::fs::symlink(target, at);
    // Elsewhere it takes rights that nobody has.
    #[cfg(not(unix))]
    {
        let _ = (target, at);
        Ok(())
    }
}
