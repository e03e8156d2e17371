//! The workspace on disk: which files below the roots are read, and what they say. Reads only; what ignore files leave out,
//! what looks like secrets, and what a symlink leads out of the root to is never opened.

mod installed;
mod open;

use std::collections::{HashMap, HashSet};
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ignore::{DirEntry, WalkBuilder};

use self::installed::Installed;
pub use self::open::leaves_out;
use super::view::Reader;
use crate::syntax::Language;
use crate::syntax::facts::{Facts, extract};
use crate::syntax::parse::parse_str;

/// Larger files, in bytes, are not indexed: they are generated, and their parse would take a second.
pub const MAX_FILE: u64 = 2 * 1024 * 1024;
/// The most files that are indexed.
pub const MAX_FILES: usize = 100_000;
/// How long the parse of one file may take.
const PARSE: Duration = Duration::from_millis(1_000);
/// How deep directories are followed.
const DEPTH: usize = 64;
/// Facts read on demand that are remembered.
const MEMO: usize = 2_000;
/// What files of the installed environment are called by.
pub const OUTSIDE: &str = "site-packages";

/// One directory that the user opened.
#[derive(Clone, Debug)]
struct Root {
    /// Without symlinks, where it is there.
    directory: PathBuf,
    /// What its files' paths begin with: nothing, or the root's name where there are several.
    prefix: String,
}

/// A file that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// As the index calls it.
    pub path: Arc<str>,
    pub stamp: Stamp,
}

/// By what a change of a file is noticed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Stamp {
    pub size: u64,
    /// Nanoseconds since 1970.
    pub modified: u64,
}

/// See the module's head.
#[derive(Debug)]
pub struct Disk {
    roots: Vec<Root>,
    /// The environment's directories of packages, without symlinks.
    environment: Vec<PathBuf>,
    outside: Vec<String>,
    /// What the paths of each root begin with, where there are several roots.
    several: Vec<String>,
    /// How deep directories are followed.
    depth: usize,
    memo: Mutex<HashMap<String, Option<Arc<Facts>>>>,
    installed: Installed,
}

impl Disk {
    /// The workspace of these directories.
    #[must_use]
    pub fn new(directories: &[PathBuf]) -> Self {
        let mut real: Vec<PathBuf> = Vec::new();
        for directory in directories {
            let directory = fs::canonicalize(directory).unwrap_or_else(|_| directory.clone());
            if !real.contains(&directory) {
                real.push(directory);
            }
        }
        let prefixes = if real.len() > 1 { prefixes(&real) } else { vec![String::new()] };
        let several = if real.len() > 1 { prefixes.clone() } else { Vec::new() };
        let roots: Vec<Root> =
            real.into_iter().zip(prefixes).map(|(directory, prefix)| Root { directory, prefix }).collect();
        let environment = roots.iter().flat_map(|root| environment_of(&root.directory));
        let environment: Vec<PathBuf> = environment.filter_map(|path| fs::canonicalize(path).ok()).collect();
        let outside = (0..environment.len())
            .map(|at| if at == 0 { OUTSIDE.to_owned() } else { format!("{OUTSIDE}-{}", at + 1) })
            .collect();
        Self {
            roots,
            environment,
            outside,
            several,
            depth: DEPTH,
            memo: Mutex::default(),
            installed: Installed::default(),
        }
    }

    /// The project that `file` belongs to: from the nearest directory above that a project begins at; where there is none,
    /// what stands right beside the file. Neither the file system's root nor a home directory is a project.
    #[must_use]
    pub fn around(file: &Path) -> Self {
        const MARKS: [&str; 7] =
            [".git", ".redraft", "pyproject.toml", "setup.py", "setup.cfg", "Cargo.toml", "package.json"];
        let absolute = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
        let home = std::env::home_dir();
        let may = |directory: &&Path| directory.parent().is_some() && home.as_deref() != Some(*directory);
        let marked = |directory: &&Path| MARKS.iter().any(|mark| directory.join(mark).exists());
        let mut above = absolute.ancestors().skip(1).filter(may);
        match above.find(marked) {
            Some(root) => Self::new(&[root.to_owned()]),
            None => {
                let beside = absolute.parent().map(Path::to_owned).unwrap_or_default();
                Self { depth: 1, ..Self::new(&[beside]) }
            }
        }
    }

    /// The roots' directories.
    pub fn directories(&self) -> impl Iterator<Item = &Path> {
        self.roots.iter().map(|root| root.directory.as_path())
    }

    /// How deep they are followed.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.depth
    }

    /// What the index calls the file at `path`, if it is below a root.
    #[must_use]
    pub fn path_of(&self, path: &Path) -> Option<String> {
        let canonical = path.parent().and_then(|parent| fs::canonicalize(parent).ok());
        let path = match (&canonical, path.file_name()) {
            (Some(parent), Some(name)) => parent.join(name),
            _ => path.to_owned(),
        };
        // The innermost root, where one is in another.
        let root = self
            .roots
            .iter()
            .filter(|root| path.starts_with(&root.directory))
            .max_by_key(|root| root.directory.as_os_str().len())?;
        let rest = path.strip_prefix(&root.directory).ok()?;
        let rest: Vec<_> = rest.components().map(|part| part.as_os_str().to_string_lossy()).collect();
        Some(crate::syntax::modules::join(&root.prefix, &rest.join("/")))
    }

    /// Where the file that the index calls `path` is, and which directory it must not leave.
    fn place(&self, path: &str) -> Option<(PathBuf, &Path)> {
        for (name, directory) in self.outside.iter().zip(&self.environment) {
            if let Some(rest) = path.strip_prefix(name.as_str()).and_then(|rest| rest.strip_prefix('/')) {
                return Some((directory.join(rest), directory));
            }
        }
        self.roots.iter().find_map(|root| {
            let rest = if root.prefix.is_empty() {
                path
            } else {
                path.strip_prefix(root.prefix.as_str())?.strip_prefix('/')?
            };
            Some((root.directory.join(rest), root.directory.as_path()))
        })
    }

    /// Every file below the roots that is read, at most `MAX_FILES`, in no order. Takes about 10 µs a file.
    pub fn walk(&self, found: impl FnMut(Found)) {
        self.walk_at_most(MAX_FILES, found, |_, _| {});
    }

    /// The same; `enters` gets each directory before it is looked into, and whether it is a root.
    pub(super) fn walk_and_enter(&self, found: impl FnMut(Found), enters: impl FnMut(&Path, bool)) {
        self.walk_at_most(MAX_FILES, found, enters);
    }

    /// The same, at most `left` files.
    fn walk_at_most(
        &self,
        mut left: usize,
        mut found: impl FnMut(Found),
        mut enters: impl FnMut(&Path, bool),
    ) {
        for root in &self.roots {
            for entry in self.walker(&root.directory).build().flatten() {
                if left == 0 {
                    tracing::debug!("there are more files than are indexed");
                    return;
                }
                let path = entry.path();
                if entry.file_type().is_some_and(|kind| kind.is_dir()) {
                    enters(path, entry.depth() == 0);
                }
                if entry.file_type().is_some_and(|kind| kind.is_file())
                    && is_read(path)
                    && let Some(stamp) = stamp_of(&entry)
                    && let Ok(rest) = path.strip_prefix(&root.directory)
                {
                    let rest: Vec<_> =
                        rest.components().map(|part| part.as_os_str().to_string_lossy()).collect();
                    left -= 1;
                    found(Found {
                        path: crate::syntax::modules::join(&root.prefix, &rest.join("/")).into(),
                        stamp,
                    });
                }
            }
        }
    }

    /// The text of a file that the walk would find; `None` where it would not, or where it is no text.
    #[must_use]
    pub fn text(&self, path: &str) -> Option<String> {
        let (file, directory) = self.place(path)?;
        // A symlink on the way may lead out.
        let real = fs::canonicalize(&file).ok()?;
        if !real.starts_with(directory) || !is_read(&file) || !is_read(&real) {
            return None;
        }
        let file = fs::File::open(real).ok()?;
        let meta = file.metadata().ok()?;
        if !meta.is_file() || meta.len() > MAX_FILE {
            return None;
        }
        let mut text = String::with_capacity(usize::try_from(meta.len()).unwrap_or_default());
        file.take(MAX_FILE + 1).read_to_string(&mut text).ok()?;
        Some(text)
    }

    /// Forgets what was read on demand of `path`, which has changed.
    pub(super) fn forget(&self, path: &str) {
        self.memo.lock().unwrap_or_else(PoisonError::into_inner).remove(path);
    }

    /// Whether the walk would find the file at `path`: looked up on its own, for what is wanted before the walk has ended.
    pub(super) fn is_walked(&self, path: &str) -> bool {
        let is_in =
            |root: &String| path.strip_prefix(root.as_str()).is_some_and(|rest| rest.starts_with('/'));
        self.outside.iter().any(is_in) || self.stamp(path).is_some()
    }

    /// The stamp that the walk would find the file at `path` with, if it would find it.
    pub(super) fn stamp(&self, path: &str) -> Option<Stamp> {
        let (file, directory) = self.place(path)?;
        if !is_read(&file) {
            return None;
        }
        let (wanted, excludes) = (file.clone(), self.excludes(directory));
        let mut walk = self.walker(directory);
        walk.filter_entry(move |entry| wanted.starts_with(entry.path()) && !excludes(entry));
        let entry = walk.build().flatten().find(|entry| entry.path() == file)?;
        entry.file_type().filter(fs::FileType::is_file).and_then(|_| stamp_of(&entry))
    }

    fn walker(&self, directory: &Path) -> WalkBuilder {
        let excludes = self.excludes(directory);
        let mut walk = WalkBuilder::new(directory);
        walk.add_custom_ignore_filename(".redraftignore")
            .follow_links(false)
            .require_git(false)
            .max_depth(Some(self.depth))
            .filter_entry(move |entry| !excludes(entry));
        walk
    }

    /// What a walk of the root at `directory` passes over: what holds no code of the project's, and the other roots.
    fn excludes(&self, directory: &Path) -> impl Fn(&DirEntry) -> bool + Send + Sync + 'static {
        let others = self.roots.iter().map(|root| root.directory.clone());
        let inside: Vec<PathBuf> =
            others.filter(|other| other != directory && other.starts_with(directory)).collect();
        move |entry| excluded(entry) || inside.iter().any(|other| other == entry.path())
    }
}

impl Reader for Disk {
    fn facts(&self, path: &str) -> Option<Arc<Facts>> {
        if let Some(known) = self.memo.lock().unwrap_or_else(PoisonError::into_inner).get(path) {
            return known.clone();
        }
        let facts = self.place(path).filter(|(file, _)| file.is_file() && self.is_walked(path));
        let facts = facts.and_then(|_| self.text(path)).and_then(|text| facts_of(path, &text)).map(Arc::new);
        let mut memo = self.memo.lock().unwrap_or_else(PoisonError::into_inner);
        if memo.len() >= MEMO {
            memo.clear();
        }
        memo.insert(path.to_owned(), facts.clone());
        facts
    }

    fn text(&self, path: &str) -> Option<String> {
        Self::text(self, path)
    }

    fn stems(&self, path: &str) -> Option<Arc<HashSet<String>>> {
        let (directory, _) = self.place(path)?;
        Some(Arc::new(installed::stems(&directory)?.collect()))
    }

    fn brings(&self, module: &str) -> Option<bool> {
        self.installed.brings(&self.environment, module)
    }

    fn outside(&self) -> &[String] {
        &self.outside
    }

    fn roots(&self) -> &[String] {
        &self.several
    }
}

/// What the paths of each root begin with: its directory's name, numbered where several have the same.
fn prefixes(directories: &[PathBuf]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for directory in directories {
        let name = directory.file_name().map_or("root".into(), |name| name.to_string_lossy());
        let numbered = (2..).map(|number| format!("{name}-{number}"));
        let mut ways = std::iter::once(name.to_string()).chain(numbered);
        names.extend(ways.find(|way| !names.contains(way)));
    }
    names
}

/// The facts of a file's text.
#[must_use]
pub fn facts_of(path: &str, text: &str) -> Option<Facts> {
    let language = Language::by_path(path)?;
    Some(extract(language, text, &parse_str(language, text, PARSE)?))
}

/// Directories that hold no code of the project's, whatever the ignore files say: environments and what tools install.
pub(crate) fn excluded(entry: &DirEntry) -> bool {
    entry.depth() > 0
        && entry.file_type().is_some_and(|kind| kind.is_dir())
        && (matches!(entry.file_name().to_str(), Some("node_modules" | "__pycache__" | "site-packages"))
            || entry.path().join("pyvenv.cfg").is_file())
}

/// Whether a file of this name is code that Redraft knows. Names that look like secrets are not.
pub(super) fn is_read(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    Language::by_path(&name).is_some() && !looks_secret(&name)
}

/// Whether a file of this name looks like one that holds secrets.
pub(crate) fn looks_secret(name: &str) -> bool {
    let name = name.to_lowercase();
    let stem = name.trim_start_matches('.').split('.').next().unwrap_or_default();
    let end = name.rsplit('.').next().unwrap_or_default();
    name.starts_with(".env")
        || matches!(stem, "credentials" | "secrets" | "git-credentials" | "netrc" | "pgpass")
        || matches!(stem, "id_rsa" | "id_dsa" | "id_ecdsa" | "id_ed25519" | "npmrc" | "pypirc" | "htpasswd")
        || matches!(end, "key" | "pem" | "p12" | "pfx" | "jks" | "keystore" | "kdbx" | "ppk" | "asc" | "gpg")
}

/// Whether a file of this name says which files are read.
pub(super) fn tells_what_is_read(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    matches!(&*name, ".gitignore" | ".ignore" | ".redraftignore")
}

fn stamp_of(entry: &DirEntry) -> Option<Stamp> {
    let meta = entry.metadata().ok()?;
    let modified = meta.modified().ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
    Some(Stamp { size: meta.len(), modified: u64::try_from(modified.as_nanos()).unwrap_or(u64::MAX) })
}

/// The directories of installed packages of the virtual environment in `root`.
fn environment_of(root: &Path) -> Vec<PathBuf> {
    let environments = [".venv", "venv", "env"].into_iter().map(|name| root.join(name));
    let Some(environment) = environments.into_iter().find(|path| path.join("pyvenv.cfg").is_file()) else {
        return Vec::new();
    };
    let windows = environment.join("Lib").join("site-packages");
    let versions = fs::read_dir(environment.join("lib")).into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = versions.map(|version| version.path().join("site-packages")).collect();
    found.push(windows);
    found.retain(|path| path.is_dir());
    found.sort();
    found.truncate(2);
    found
}

#[cfg(test)]
mod tests;
