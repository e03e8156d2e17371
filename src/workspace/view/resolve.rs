//! From a name to what it stands for: across imports, stars and modules.

use super::{Def, HOPS, Module, STEPS, Seen, Target, View};
use crate::syntax::facts::{Facts, Import, Symbol};
use crate::syntax::modules::join;
use crate::syntax::names::hash;
use crate::workspace::index::FileNo;

impl View<'_> {
    /// What `name` stands for at the module's level of `file`.
    #[must_use]
    pub fn resolve(&self, file: FileNo, name: &str) -> Option<Target> {
        self.resolve_within(file, name, HOPS, &mut Seen::new())
    }

    fn resolve_within(&self, file: FileNo, name: &str, hops: u32, seen: &mut Seen) -> Option<Target> {
        let hops = hops.checked_sub(1)?;
        // What was looked through on this way had no answer, or is being looked through.
        let key = (file, hash(name));
        if seen.len() >= STEPS || seen.contains(&key) {
            return None;
        }
        seen.push(key);
        let facts = self.facts(file)?;
        // Of a function with overloads the one that is written out, else the first of the name.
        let mut named = facts.top(name);
        let first = named.next();
        let written = first.into_iter().chain(named).find(|(_, symbol)| !is_overload(&facts, symbol));
        let written = written.or(first);
        let imports = || facts.imports.iter().filter(|import| import.bound(&facts) == name);
        if let Some((symbol, found)) = written
            && (found.is_definition() || imports().next().is_none())
        {
            return Some(Target::Def(Def { file, symbol }));
        }
        for import in imports() {
            if let Some(found) = self.imported(file, &facts, import, hops, seen) {
                return Some(found);
            }
        }
        if let Some((symbol, _)) = written {
            return Some(Target::Def(Def { file, symbol }));
        }
        // The last one binds, at run time.
        let stars = facts.imports.iter().rev().filter(|import| facts.get(import.member) == "*");
        for star in stars {
            let Some(module) = self.module(file, facts.get(star.module)) else { continue };
            let Some(source) = module.file.filter(|source| *source != file) else { continue };
            let found = match self.takes(source, name) {
                None => None,
                Some(Taken::Public) => self.resolve_within(source, name, hops, seen),
                Some(Taken::Listed) => self.member(&module, name, file, hops, seen),
            };
            if found.is_some() {
                return found;
            }
        }
        None
    }

    /// What an import binds.
    #[must_use]
    pub fn import(&self, file: FileNo, facts: &Facts, import: &Import) -> Option<Target> {
        self.imported(file, facts, import, HOPS, &mut Seen::new())
    }

    fn imported(
        &self,
        file: FileNo,
        facts: &Facts,
        import: &Import,
        hops: u32,
        seen: &mut Seen,
    ) -> Option<Target> {
        let module = facts.get(import.module);
        if import.member.is_empty() {
            let bound = if import.alias.is_empty() { import.bound(facts) } else { module };
            return self.module(file, bound).map(Target::Module);
        }
        let module = self.module(file, module)?;
        self.member(&module, facts.get(import.member), file, hops, seen)
    }

    /// What `name` of a module is: what its file says, else the module below it.
    fn member(
        &self,
        module: &Module,
        name: &str,
        from: FileNo,
        hops: u32,
        seen: &mut Seen,
    ) -> Option<Target> {
        let below = || self.module_at(&join(&module.path, name)).map(Target::Module);
        match module.file {
            Some(file) if file != from => self.resolve_within(file, name, hops, seen).or_else(below),
            Some(file) => below().or_else(|| self.resolve_within(file, name, hops, seen)),
            None => below(),
        }
    }

    /// Whether a star takes `name` from `file`, and why.
    fn takes(&self, file: FileNo, name: &str) -> Option<Taken> {
        let facts = self.facts(file)?;
        match &facts.exports {
            Some(exports) => exports.iter().any(|export| facts.get(*export) == name).then_some(Taken::Listed),
            None => (!name.starts_with('_')).then_some(Taken::Public),
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
            Target::Module(module) => self.member(module, name, FileNo(u32::MAX), HOPS, &mut Seen::new()),
            Target::Def(def) => self.inherited(*def, name).map(Target::Def),
        }
    }
}

/// A signature for type checkers, which another definition of the same name implements.
pub(super) fn is_overload(facts: &Facts, symbol: &Symbol) -> bool {
    facts.get(symbol.decorators).contains("overload")
}

/// Why a star takes a name.
enum Taken {
    /// The module lists it as what it exports; modules below it may be listed too.
    Listed,
    /// The module lists nothing, and its name is not private.
    Public,
}
