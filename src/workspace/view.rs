//! A view of the workspace for one question: an index, what is read on demand beside it, and how names lead from file to
//! file. Files that the index does not know yet, and those of the installed environment, are read when a name leads there.

mod classes;
mod resolve;

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::index::{FileNo, Index};
use crate::syntax::Language;
use crate::syntax::facts::Facts;
use crate::syntax::modules::{Place, join, parent};

/// How many hops (re-exports, stars) a name is followed.
const HOPS: u32 = 12;
/// How many places a name is looked for in: files that take all of each other would have it looked for without end.
const STEPS: usize = 256;
/// How many classes a class may inherit from, and how many are looked at for that.
const BASES: usize = 64;
const CLASSES: usize = 512;
/// How many files one question may have read on demand, and how many may turn out not to be there.
const READS: usize = 200;
const MISSES: usize = 4_000;

/// Reads files that no index holds. Paths are those of the index; those below `OUTSIDE` are of the installed environment.
pub trait Reader {
    /// The facts of the file at `path`; `None` where there is none, or none that may be read.
    fn facts(&self, path: &str) -> Option<Arc<Facts>>;
    /// The text of a file that may be read.
    fn text(&self, path: &str) -> Option<String> {
        let _ = path;
        None
    }
    /// The names of what stands in the directory at `path`, each up to its first dot; `None` where that is not known.
    fn stems(&self, path: &str) -> Option<Arc<HashSet<String>>> {
        let _ = path;
        None
    }
    /// Whether the environment has a module of this name at its top; `None` where that is not known.
    fn brings(&self, module: &str) -> Option<bool> {
        let _ = module;
        None
    }
    /// Directories, as paths of the index, from which the environment's packages are imported.
    fn outside(&self) -> &[String];
    /// What the paths of each root begin with, where there are several roots.
    fn roots(&self) -> &[String] {
        &[]
    }
}

/// A definition: which symbol of which file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Def {
    pub file: FileNo,
    pub symbol: usize,
}

/// What a name stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    Def(Def),
    Module(Module),
}

/// A module: its file (a namespace package has none), and its path without an ending.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Module {
    pub file: Option<FileNo>,
    pub path: String,
}

/// See the module's head.
pub struct View<'a> {
    index: &'a Index,
    reader: Option<&'a dyn Reader>,
    language: &'static Language,
    own: FileNo,
    extra: RefCell<Extra>,
}

/// What the view holds beside the index. Numbers go on behind the index's.
#[derive(Default)]
struct Extra {
    files: Vec<(Arc<str>, Option<Arc<Facts>>)>,
    by_path: HashMap<Arc<str>, FileNo>,
    reads: usize,
    misses: usize,
    /// Files of the index whose facts were read on demand.
    known: FxHashMap<FileNo, Arc<Facts>>,
    modules: HashMap<(FileNo, String), Option<Module>>,
    lineages: FxHashMap<Def, Vec<Def>>,
}

/// Where a name was looked for already, on the way to one answer.
type Seen = Vec<(FileNo, u32)>;

impl<'a> View<'a> {
    /// A view from the file at `path`, whose facts now are `facts`, whatever the index has of it.
    #[must_use]
    pub fn new(
        index: &'a Index,
        reader: Option<&'a dyn Reader>,
        language: &'static Language,
        path: &str,
        facts: Arc<Facts>,
    ) -> Self {
        let mut extra = Extra::default();
        let own = index.file(path).unwrap_or_else(|| {
            let path: Arc<str> = path.into();
            extra.by_path.insert(path.clone(), number(index.files().len()));
            extra.files.push((path, None));
            number(index.files().len())
        });
        extra.known.insert(own, facts);
        Self { index, reader, language, own, extra: RefCell::new(extra) }
    }

    #[must_use]
    pub fn index(&self) -> &Index {
        self.index
    }

    #[must_use]
    pub fn language(&self) -> &'static Language {
        self.language
    }

    /// The file that is looked from.
    #[must_use]
    pub fn own(&self) -> FileNo {
        self.own
    }

    #[must_use]
    pub fn path(&self, file: FileNo) -> Arc<str> {
        match self.index.entry(file) {
            Some(entry) => entry.path.clone(),
            None => self
                .extra
                .borrow()
                .files
                .get(file.at() - self.index.files().len())
                .map_or_else(|| "".into(), |(path, _)| path.clone()),
        }
    }

    #[must_use]
    pub fn facts(&self, file: FileNo) -> Option<Arc<Facts>> {
        if let Some(facts) = self.extra.borrow().known.get(&file) {
            return Some(facts.clone());
        }
        match self.index.entry(file) {
            Some(entry) => entry.facts.clone().or_else(|| self.read(&entry.path.clone(), Some(file))),
            None => self
                .extra
                .borrow()
                .files
                .get(file.at() - self.index.files().len())
                .and_then(|(_, facts)| facts.clone()),
        }
    }

    /// The text of a file other than the view's own, as it is on disk; the facts may be of another one.
    #[must_use]
    pub fn text(&self, file: FileNo) -> Option<String> {
        let reader = self.reader?;
        if self.extra.borrow().reads >= READS {
            return None;
        }
        self.extra.borrow_mut().reads += 1;
        reader.text(&self.path(file))
    }

    /// Whether the environment has a module of this name at its top; `None` where that is not known.
    #[must_use]
    pub fn brings(&self, module: &str) -> Option<bool> {
        self.reader?.brings(module)
    }

    /// Whether anything at all is called `name` in the directory at `path`, whatever its ending; `None` where that is not known.
    #[must_use]
    pub fn has_stem(&self, path: &str, name: &str) -> Option<bool> {
        Some(self.reader?.stems(path)?.contains(name))
    }

    /// Whether the file at `path` is of the installed environment.
    #[must_use]
    pub fn is_outside(&self, path: &str) -> bool {
        let is_in =
            |root: &String| path.strip_prefix(root.as_str()).is_some_and(|rest| rest.starts_with('/'));
        self.reader.is_some_and(|reader| reader.outside().iter().any(is_in))
    }

    /// Reads a file on demand.
    fn read(&self, path: &str, file: Option<FileNo>) -> Option<Arc<Facts>> {
        let reader = self.reader?;
        {
            let extra = self.extra.borrow();
            if extra.reads >= READS || extra.misses >= MISSES {
                return None;
            }
        }
        let Some(facts) = reader.facts(path) else {
            self.extra.borrow_mut().misses += 1;
            return None;
        };
        self.extra.borrow_mut().reads += 1;
        if let Some(file) = file {
            self.extra.borrow_mut().known.insert(file, facts.clone());
        }
        Some(facts)
    }

    /// The file at `path`, which the index has or the reader can read.
    fn file(&self, path: &str) -> Option<FileNo> {
        if let Some(file) = self.index.file(path) {
            return Some(file);
        }
        if let Some(&file) = self.extra.borrow().by_path.get(path) {
            return self.facts(file).is_some().then_some(file);
        }
        let facts = self.read(path, None);
        let is_there = facts.is_some();
        let mut extra = self.extra.borrow_mut();
        let file = number(self.index.files().len() + extra.files.len());
        let path: Arc<str> = path.into();
        extra.by_path.insert(path.clone(), file);
        extra.files.push((path, facts));
        is_there.then_some(file)
    }

    /// The module that `module` names in the file `from`.
    #[must_use]
    pub fn module(&self, from: FileNo, module: &str) -> Option<Module> {
        let key = (from, module.to_owned());
        if let Some(known) = self.extra.borrow().modules.get(&key) {
            return known.clone();
        }
        let found = self.find_module(from, module);
        self.extra.borrow_mut().modules.insert(key, found.clone());
        found
    }

    fn find_module(&self, from: FileNo, module: &str) -> Option<Module> {
        let path = self.path(from);
        match self.language.modules.place(&path, module)? {
            Place::Exact(path) => self.module_at(&path),
            Place::Below(below) => {
                let outside = self.reader.map_or(&[][..], |reader| reader.outside());
                self.starts(&path).into_iter().find_map(|start| {
                    let declared = outside.contains(&start).then(|| self.language.modules.declared(&below));
                    let declared = declared.and_then(|declared| self.module_at(&join(&start, &declared)));
                    declared.or_else(|| self.module_at(&join(&start, &below)))
                })
            }
        }
    }

    /// The directories from which absolute imports of the file at `path` start, the likeliest first.
    fn starts(&self, path: &str) -> Vec<String> {
        let modules = self.language.modules;
        let outside = self.reader.map_or(&[][..], |reader| reader.outside());
        let mut starts: Vec<String> = Vec::new();
        let is_in =
            |root: &&String| path.strip_prefix(root.as_str()).is_some_and(|rest| rest.starts_with('/'));
        starts.extend(outside.iter().find(is_in).cloned());
        let mut directory = parent(path).unwrap_or_default();
        // Out of the package that the file is in: its files are no modules of their own.
        let is_package = |directory: &str| {
            modules.files(self.language, directory).take(2).any(|file| self.index.file(&file).is_some())
        };
        while !directory.is_empty() && is_package(directory) {
            directory = parent(directory).unwrap_or_default();
        }
        let above: Vec<&str> =
            std::iter::successors(Some(directory), |directory| parent(directory)).collect();
        starts.extend(above.iter().map(|directory| (*directory).to_owned()));
        let roots = self.reader.map_or(&[][..], |reader| reader.roots());
        for directory in above.into_iter().chain(roots.iter().map(String::as_str)) {
            let sources = modules.sources().iter().map(|source| join(directory, source));
            // Before the disk was walked nothing is known to be there.
            starts.extend(sources.filter(|source| {
                self.index.has_directory(source) || directory.is_empty() && self.index.files().is_empty()
            }));
        }
        starts.extend(roots.iter().cloned());
        starts.extend(outside.iter().cloned());
        let mut seen = HashSet::new();
        starts.retain(|start| seen.insert(start.clone()));
        starts
    }

    /// The module at `path`, which has no ending.
    fn module_at(&self, path: &str) -> Option<Module> {
        let mut files = self.language.modules.files(self.language, path);
        if let Some(file) = files.find_map(|file| self.file(&file)) {
            return Some(Module { file: Some(file), path: path.to_owned() });
        }
        self.index.has_directory(path).then(|| Module { file: None, path: path.to_owned() })
    }
}

impl std::fmt::Debug for View<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "View(from {})", self.path(self.own))
    }
}

fn number(at: usize) -> FileNo {
    FileNo(u32::try_from(at).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests;
