//! A view of the workspace for one question: an index, what is read on demand beside it, and how names lead from file to
//! file. Files that the index does not know yet, and those of the installed environment, are read when a name leads there.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use super::index::{FileNo, Index};
use crate::syntax::Language;
use crate::syntax::facts::{Facts, Kind};
use crate::syntax::modules::{Place, join, parent};

/// How many hops (re-exports, stars, bases) a name is followed.
const HOPS: u32 = 12;
/// How many classes a chain of bases may have.
const BASES: usize = 64;
/// How many files one question may have read on demand.
const READS: usize = 200;

/// Reads files that no index holds. Paths are those of the index; those below `OUTSIDE` are of the installed environment.
pub trait Reader {
    /// The facts of the file at `path`; `None` where there is none, or none that may be read.
    fn facts(&self, path: &str) -> Option<Arc<Facts>>;
    /// Directories, as paths of the index, from which the environment's packages are imported.
    fn outside(&self) -> &[String];
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
    /// Files of the index whose facts were read on demand.
    known: HashMap<FileNo, Arc<Facts>>,
    modules: HashMap<(FileNo, String), Option<Module>>,
}

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

    /// Reads a file on demand.
    fn read(&self, path: &str, file: Option<FileNo>) -> Option<Arc<Facts>> {
        let reader = self.reader?;
        {
            let mut extra = self.extra.borrow_mut();
            if extra.reads >= READS {
                return None;
            }
            extra.reads += 1;
        }
        let facts = reader.facts(path)?;
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
                self.starts(&path).into_iter().find_map(|start| self.module_at(&join(&start, &below)))
            }
        }
    }

    /// The directories from which absolute imports of the file at `path` start, the likeliest first.
    fn starts(&self, path: &str) -> Vec<String> {
        let modules = self.language.modules;
        let outside = self.reader.map_or(&[][..], |reader| reader.outside());
        let mut starts: Vec<String> = Vec::new();
        let mut directory = parent(path).unwrap_or_default();
        // Out of the package that the file is in.
        let is_package = |directory: &str| {
            modules.files(self.language, directory).take(2).any(|file| self.index.file(&file).is_some())
        };
        while !directory.is_empty() && is_package(directory) {
            directory = parent(directory).unwrap_or_default();
        }
        if let Some(root) = outside.iter().find(|root| path.starts_with(root.as_str())) {
            starts.push(root.clone());
        }
        let mut at = Some(directory);
        while let Some(directory) = at {
            starts.push(directory.to_owned());
            at = parent(directory);
        }
        starts.extend(modules.sources().iter().map(|source| (*source).to_owned()));
        // Beside the file: how scripts are run.
        starts.extend(parent(path).map(str::to_owned));
        starts.extend(outside.iter().cloned());
        let mut seen = std::collections::HashSet::new();
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

    /// What `name` stands for at the module's level of `file`.
    #[must_use]
    pub fn resolve(&self, file: FileNo, name: &str) -> Option<Target> {
        self.resolve_within(file, name, HOPS)
    }

    fn resolve_within(&self, file: FileNo, name: &str, hops: u32) -> Option<Target> {
        let hops = hops.checked_sub(1)?;
        let facts = self.facts(file)?;
        let overload =
            |symbol: &crate::syntax::facts::Symbol| facts.get(symbol.decorators).contains("overload");
        // Of a function with overloads the one that is written out, else the first of the name.
        let mut named = facts.top(name);
        let first = named.next();
        let written = first.into_iter().chain(named).find(|(_, symbol)| !overload(symbol)).or(first);
        let imports = || facts.imports.iter().filter(|import| import.bound(&facts) == name);
        if let Some((symbol, found)) = written
            && (found.is_definition() || imports().next().is_none())
        {
            return Some(Target::Def(Def { file, symbol }));
        }
        for import in imports() {
            if let Some(found) = self.imported(file, &facts, import, hops) {
                return Some(found);
            }
        }
        if let Some((symbol, _)) = written {
            return Some(Target::Def(Def { file, symbol }));
        }
        let stars = facts.imports.iter().filter(|import| facts.get(import.member) == "*");
        for star in stars {
            let Some(module) = self.module(file, facts.get(star.module)) else { continue };
            if let Some(source) = module.file
                && source != file
                && self.exports(source, name)
                && let Some(found) = self.resolve_within(source, name, hops)
            {
                return Some(found);
            }
        }
        None
    }

    /// What an import binds.
    #[must_use]
    pub fn import(
        &self,
        file: FileNo,
        facts: &Facts,
        import: &crate::syntax::facts::Import,
    ) -> Option<Target> {
        self.imported(file, facts, import, HOPS)
    }

    fn imported(
        &self,
        file: FileNo,
        facts: &Facts,
        import: &crate::syntax::facts::Import,
        hops: u32,
    ) -> Option<Target> {
        let module = facts.get(import.module);
        if import.member.is_empty() {
            let bound = if import.alias.is_empty() { import.bound(facts) } else { module };
            return self.module(file, bound).map(Target::Module);
        }
        let module = self.module(file, module)?;
        self.member(&module, facts.get(import.member), file, hops)
    }

    /// What `name` of a module is: what its file says, else the module below it.
    fn member(&self, module: &Module, name: &str, from: FileNo, hops: u32) -> Option<Target> {
        let below = || self.module_at(&join(&module.path, name)).map(Target::Module);
        match module.file {
            Some(file) if file != from => self.resolve_within(file, name, hops).or_else(below),
            Some(file) => below().or_else(|| self.resolve_within(file, name, hops)),
            None => below(),
        }
    }

    /// Whether a star takes `name` from `file`.
    fn exports(&self, file: FileNo, name: &str) -> bool {
        let Some(facts) = self.facts(file) else { return false };
        match &facts.exports {
            Some(exports) => exports.iter().any(|export| facts.get(*export) == name),
            None => !name.starts_with('_'),
        }
    }

    /// What a dotted path stands for at the module's level of `file`.
    #[must_use]
    pub fn path_target(&self, file: FileNo, path: &str) -> Option<Target> {
        let mut parts = path.split('.');
        let mut target = self.resolve(file, parts.next()?)?;
        for part in parts {
            target = self.attribute(&target, part)?;
        }
        Some(target)
    }

    /// What `name` of a module or a class is.
    #[must_use]
    pub fn attribute(&self, of: &Target, name: &str) -> Option<Target> {
        match of {
            Target::Module(module) => self.member(module, name, FileNo(u32::MAX), HOPS),
            Target::Def(def) => self.inherited(*def, name).map(Target::Def),
        }
    }

    /// The class's member `name`, its own or inherited.
    #[must_use]
    pub fn inherited(&self, class: Def, name: &str) -> Option<Def> {
        self.lineage(class).into_iter().find_map(|class| {
            let facts = self.facts(class.file)?;
            let (symbol, _) = facts.members(class.symbol).find(|(_, member)| facts.name(member) == name)?;
            Some(Def { file: class.file, symbol })
        })
    }

    /// The class itself and the classes that it inherits from, in the order in which members are looked up (C3, and where
    /// that has no answer, depth first).
    #[must_use]
    pub fn lineage(&self, class: Def) -> Vec<Def> {
        self.linear(class, &mut Vec::new()).into_iter().take(BASES).collect()
    }

    fn linear(&self, class: Def, path: &mut Vec<Def>) -> Vec<Def> {
        if path.contains(&class) || path.len() >= BASES {
            return Vec::new();
        }
        path.push(class);
        let bases = self.bases(class);
        let mut orders: Vec<Vec<Def>> = bases.iter().map(|base| self.linear(*base, path)).collect();
        path.pop();
        orders.push(bases);
        let mut merged = vec![class];
        while merged.len() < BASES {
            orders.retain(|order| !order.is_empty());
            let heads = orders.iter().filter_map(|order| order.first().copied());
            let free = heads
                .clone()
                .find(|head| !orders.iter().any(|order| order.iter().skip(1).any(|other| other == head)));
            let Some(next) = free.or_else(|| heads.clone().next()) else { break };
            if !merged.contains(&next) {
                merged.push(next);
            }
            for order in &mut orders {
                order.retain(|other| *other != next);
            }
        }
        merged
    }

    /// The classes that a class names as its bases, those that are found.
    #[must_use]
    pub fn bases(&self, class: Def) -> Vec<Def> {
        let Some(facts) = self.facts(class.file) else { return Vec::new() };
        let Some(symbol) = facts.symbols.get(class.symbol) else { return Vec::new() };
        facts
            .bases(symbol)
            .into_iter()
            .filter_map(|base| self.class(class.file, base))
            .filter(|base| *base != class)
            .collect()
    }

    /// The class that `path` names in `file`.
    #[must_use]
    pub fn class(&self, file: FileNo, path: &str) -> Option<Def> {
        let Some(Target::Def(def)) = self.path_target(file, path) else { return None };
        let facts = self.facts(def.file)?;
        (facts.symbols.get(def.symbol)?.kind == Kind::Class).then_some(def)
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
