//! The index: the facts of every file below the workspace's roots, as an immutable snapshot. A change goes in, a new
//! snapshot comes out, which shares with the old one what did not change.
//!
//! A file keeps its number as long as the index lives. What is looked up by word is in `tables`, which are made for many
//! files at once; files that changed since are looked through one by one (`fresh`), until the tables are made anew.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::tables::Tables;
use crate::syntax::facts::Facts;
use crate::syntax::modules::parent;

/// With more files than this that the tables do not know (or an eighth of all), they are made anew.
const FRESH: usize = 64;

/// The number of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileNo(pub(super) u32);

impl FileNo {
    /// For keys and orders; it means nothing else.
    #[must_use]
    pub fn number(self) -> u32 {
        self.0
    }

    pub(super) fn at(self) -> usize {
        self.0 as usize
    }
}

/// One file.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Relative to its root, with `/`; with several roots, the root's name comes first.
    pub path: Arc<str>,
    /// `None` for a file that is gone, or whose facts are not known yet.
    pub facts: Option<Arc<Facts>>,
}

/// See the module's head.
#[derive(Clone, Debug, Default)]
pub struct Index {
    files: Arc<Vec<Entry>>,
    by_path: Arc<HashMap<Arc<str>, FileNo>>,
    /// The files of each directory, by number; subdirectories are keys of their own.
    directories: Arc<BTreeMap<Arc<str>, Vec<FileNo>>>,
    tables: Arc<Tables>,
    fresh: Arc<Vec<FileNo>>,
}

/// What became of one file.
#[derive(Clone, Debug)]
pub struct Update {
    pub path: Arc<str>,
    /// `None` where it is gone.
    pub state: Option<Known>,
}

/// What is known of a file that is there.
#[derive(Clone, Debug)]
pub enum Known {
    /// That it is there.
    Present,
    /// That it is there, and that it says nothing: it is no text, or too large.
    Unreadable,
    Facts(Arc<Facts>),
}

impl Index {
    /// The index with `updates` taken in. The order of updates of different files makes no difference to what is found.
    #[must_use]
    pub fn with(&self, updates: Vec<Update>) -> Self {
        let mut new = self.clone();
        let files = Arc::make_mut(&mut new.files);
        let fresh = Arc::make_mut(&mut new.fresh);
        let is_new = |update: &Update| update.state.is_some() && !self.by_path.contains_key(&update.path);
        if updates.iter().any(is_new) {
            // Copied only where a file is added: nobody adds one with each key.
            let by_path = Arc::make_mut(&mut new.by_path);
            let directories = Arc::make_mut(&mut new.directories);
            for update in updates.iter().filter(|update| is_new(update)) {
                let no = FileNo(u32::try_from(files.len()).unwrap_or(u32::MAX));
                if by_path.insert(update.path.clone(), no).is_some() {
                    continue;
                }
                files.push(Entry { path: update.path.clone(), facts: None });
                enter(directories, &update.path, no);
            }
        }
        let mut gone = Vec::new();
        for update in updates {
            let Some(&no) = new.by_path.get(&update.path) else { continue };
            let Some(entry) = files.get_mut(no.at()) else { continue };
            match update.state {
                Some(Known::Present) => {}
                Some(Known::Facts(facts)) => {
                    entry.facts = Some(facts);
                    fresh.push(no);
                }
                Some(Known::Unreadable) => {
                    entry.facts = None;
                    fresh.retain(|other| *other != no);
                }
                None => {
                    entry.facts = None;
                    gone.push(no);
                }
            }
        }
        fresh.sort_unstable();
        fresh.dedup();
        if !gone.is_empty() {
            new.forget(&gone);
        }
        new
    }

    /// Files that are gone have no path any more; their numbers are not given again.
    fn forget(&mut self, gone: &[FileNo]) {
        let by_path = Arc::make_mut(&mut self.by_path);
        let directories = Arc::make_mut(&mut self.directories);
        for no in gone {
            let Some(entry) = self.files.get(no.at()) else { continue };
            by_path.remove(&entry.path);
            let directory = parent(&entry.path).unwrap_or_default();
            if let Some(files) = directories.get_mut(directory) {
                files.retain(|other| other != no);
                if files.is_empty() {
                    directories.remove(directory);
                }
            }
        }
        Arc::make_mut(&mut self.fresh).retain(|no| !gone.contains(no));
    }

    /// Whether so many files changed that the tables should be made anew.
    #[must_use]
    pub fn wants_tables(&self) -> bool {
        self.fresh.len() > FRESH.max(self.files.len() / 8)
    }

    /// The same index with tables that know all of it. Takes as long as the index is large: off the loop.
    #[must_use]
    pub fn with_tables(&self) -> Self {
        Self { tables: Arc::new(Tables::make(&self.files)), fresh: Arc::default(), ..self.clone() }
    }

    /// This index, later than `built`, with the tables that were made from `built`.
    #[must_use]
    pub fn with_tables_of(&self, built: &Self) -> Self {
        let same = |no: &FileNo| match (self.files.get(no.at()), built.files.get(no.at())) {
            (Some(new), Some(old)) => match (&new.facts, &old.facts) {
                (Some(new), Some(old)) => Arc::ptr_eq(new, old),
                (None, None) => true,
                _ => false,
            },
            _ => false,
        };
        let all = (0..self.files.len()).map(|at| FileNo(u32::try_from(at).unwrap_or(u32::MAX)));
        let fresh = all.filter(|no| self.entry(*no).is_some_and(|entry| entry.facts.is_some()) && !same(no));
        Self { fresh: Arc::new(fresh.collect()), tables: built.tables.clone(), ..self.clone() }
    }

    #[must_use]
    pub fn entry(&self, no: FileNo) -> Option<&Entry> {
        self.files.get(no.at())
    }

    #[must_use]
    pub fn file(&self, path: &str) -> Option<FileNo> {
        self.by_path.get(path).copied()
    }

    #[must_use]
    pub fn files(&self) -> &[Entry] {
        &self.files
    }

    #[must_use]
    pub fn tables(&self) -> &Tables {
        &self.tables
    }

    /// The files that the tables do not know, or know as they were.
    #[must_use]
    pub fn fresh(&self) -> &[FileNo] {
        &self.fresh
    }

    /// The files right in `directory`.
    #[must_use]
    pub fn in_directory(&self, directory: &str) -> &[FileNo] {
        self.directories.get(directory).map_or(&[], Vec::as_slice)
    }

    /// Whether there is a file below `directory`, at any depth.
    #[must_use]
    pub fn has_directory(&self, directory: &str) -> bool {
        let from = directory.to_owned();
        self.directories.contains_key(directory)
            || self
                .directories
                .range::<str, _>((std::ops::Bound::Excluded(from.as_str()), std::ops::Bound::Unbounded))
                .map(|(path, _)| path)
                // Siblings such as `a-b` stand between `a` and `a/b`.
                .take_while(|path| path.starts_with(directory))
                .any(|path| path[directory.len()..].starts_with('/'))
    }

    /// The directories, in order.
    pub fn directories(&self) -> impl Iterator<Item = &str> {
        self.directories.keys().map(|path| &**path)
    }
}

fn enter(directories: &mut BTreeMap<Arc<str>, Vec<FileNo>>, path: &str, no: FileNo) {
    let directory = parent(path).unwrap_or_default();
    match directories.get_mut(directory) {
        Some(files) => files.push(no),
        None => drop(directories.insert(directory.into(), vec![no])),
    }
}
