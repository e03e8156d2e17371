//! Ways through types: of the target's signature, of the class around it and its bases, of its attributes.

use std::collections::BTreeSet;

use super::{COMMON, MEMBERS, Search};
use crate::syntax::Language;
use crate::syntax::facts::{Kind, Symbol, types};
use crate::syntax::names::hash;
use crate::workspace::FileNo;
use crate::workspace::view::{Def, Target};
use crate::workspace::words;

/// How many classes of a name are considered.
const SAME: usize = 8;

impl Search<'_> {
    /// The types of the target's signature.
    pub(super) fn types(&mut self) {
        let (own, facts) = (self.view.own(), self.facts.clone());
        let Some(symbol) = self.function.and_then(|at| facts.symbols.get(at)) else { return };
        for parameter in facts.parameters(symbol) {
            for path in types(parameter.annotation) {
                let Some(Target::Def(def)) = self.view.path_target(own, path) else { continue };
                self.add(def, |evidence| evidence.annotated = 1.0);
                for class in self.lineage(def) {
                    self.members_with(class, hash(parameter.name), |evidence| evidence.of_annotated = 1.0);
                }
            }
        }
        for path in types(facts.get(symbol.returns)) {
            let Some(Target::Def(def)) = self.view.path_target(own, path) else { continue };
            self.add(def, |evidence| evidence.annotated = evidence.annotated.max(0.8));
        }
        self.named_types(symbol);
    }

    /// The same by name alone, where no import tells which file a type is of.
    fn named_types(&mut self, function: &Symbol) {
        let facts = self.facts.clone();
        if self.view.language().closer.is_empty() {
            return;
        }
        let mentioned = types(facts.list(function)).into_iter().chain(types(facts.get(function.returns)));
        let names: BTreeSet<&str> = mentioned.filter_map(|path| path.rsplit('.').next()).collect();
        for name in names {
            for def in self.classes_named(name) {
                self.add(def, |evidence| evidence.annotated = evidence.annotated.max(0.8));
                self.members(def, |evidence| evidence.of_annotated = 1.0);
            }
        }
    }

    /// Whether a file is of a language that the target's may use.
    pub(super) fn is_family(&mut self, file: FileNo) -> bool {
        let (view, family) = (self.view, self.view.language().family);
        let is_one = || Language::by_path(&view.path(file)).is_none_or(|one| one.family == family);
        *self.families.entry(file).or_insert_with(is_one)
    }

    /// The classes of the workspace that are called so, in no order; none where too many share its words.
    fn classes_named(&self, name: &str) -> Vec<Def> {
        let (index, tables) = (self.view.index(), self.view.index().tables());
        let Some(word) = words::of(&[name]).into_iter().min() else { return Vec::new() };
        let symbols = tables.named(word);
        let found = symbols.iter().filter(|_| symbols.len() <= COMMON);
        let found = found.filter_map(|&symbol| tables.locate(index.files(), symbol));
        found
            .map(|(file, symbol)| Def { file, symbol })
            .filter(|def| {
                let facts = self.view.facts(def.file);
                let symbol = facts.as_ref().and_then(|facts| facts.symbols.get(def.symbol));
                symbol
                    .zip(facts.as_ref())
                    .is_some_and(|(symbol, facts)| symbol.kind == Kind::Class && facts.name(symbol) == name)
            })
            .take(SAME)
            .collect()
    }

    /// The class and its bases; for what is no class, what its type says (a constant of a class's type).
    fn lineage(&self, def: Def) -> Vec<Def> {
        match self.kind(def) {
            Some(Kind::Class) => self.view.lineage(def),
            _ => Vec::new(),
        }
    }

    /// The classes that the enclosing one inherits from.
    pub(super) fn bases(&mut self) {
        let Some(class) = self.class else { return };
        let class = Def { file: self.view.own(), symbol: class };
        let function = self.function.map(|at| self.facts.name(&self.facts.symbols[at]).to_owned());
        let own_name = self.own_name();
        for (at, base) in self.view.lineage(class).into_iter().enumerate().skip(1) {
            let far = 1.0 / at as f32;
            self.add(base, |evidence| evidence.base = far);
            let Some(facts) = self.view.facts(base.file) else { continue };
            for (symbol, member) in facts.members(base.symbol).take(MEMBERS) {
                let same = function.as_deref() == Some(facts.name(member));
                let (pair, files) = self.paired(own_name, facts.name(member));
                self.add(Def { file: base.file, symbol }, |evidence| {
                    evidence.pair = evidence.pair.max(pair);
                    evidence.pair_known = evidence.pair_known.max(files);
                    evidence.inherited = evidence.inherited.max(0.5 + far / 2.0);
                    evidence.overrides = evidence.overrides.max(f32::from(u8::from(same)));
                });
            }
        }
    }

    /// What the function calls its own object, hashed: the first parameter.
    pub(super) fn own_name(&self) -> u32 {
        let symbol = self.function.map(|at| &self.facts.symbols[at]);
        let first =
            symbol.and_then(|symbol| self.facts.parameters(symbol).first().map(|first| hash(first.name)));
        first.unwrap_or_default()
    }

    /// The types of the enclosing object's attributes.
    pub(super) fn attributes(&mut self) {
        let Some(class) = self.class else { return };
        for class in self.view.lineage(Def { file: self.view.own(), symbol: class }).into_iter().take(8) {
            let Some(facts) = self.view.facts(class.file) else { continue };
            let set = facts.attributes.iter().filter(|one| one.class as usize == class.symbol);
            let declared = facts.members(class.symbol).map(|(_, member)| member);
            let declared =
                declared.filter(|member| member.kind == Kind::Constant && !member.returns.is_empty());
            let all: Vec<&str> = set
                .map(|one| facts.get(one.of))
                .chain(declared.map(|member| facts.get(member.returns)))
                .collect();
            for path in all.into_iter().flat_map(types) {
                let Some(Target::Def(def)) = self.view.path_target(class.file, path) else { continue };
                self.add(def, |evidence| evidence.attribute_type = 1.0);
                for class in self.lineage(def).into_iter().take(4) {
                    self.members(class, |evidence| evidence.of_attribute = 1.0);
                }
            }
        }
    }
}
