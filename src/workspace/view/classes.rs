//! Classes across files: their bases, the order in which members are looked for, and what is inherited.

use std::collections::HashMap;

use super::resolve::is_overload;
use super::{BASES, CLASSES, Def, Target, View};
use crate::syntax::facts::Kind;
use crate::workspace::index::FileNo;

impl View<'_> {
    /// The class's member `name`, its own or inherited.
    #[must_use]
    pub fn inherited(&self, class: Def, name: &str) -> Option<Def> {
        self.lineage(class).into_iter().find_map(|class| {
            let facts = self.facts(class.file)?;
            let mut named = facts.members(class.symbol).filter(|(_, member)| facts.name(member) == name);
            let first = named.next();
            let written = first.into_iter().chain(named).find(|(_, member)| !is_overload(&facts, member));
            let (symbol, _) = written.or(first)?;
            Some(Def { file: class.file, symbol })
        })
    }

    /// The class itself and the classes that it inherits from, in the order in which members are looked up (C3, and where
    /// that has no answer, depth first).
    #[must_use]
    pub fn lineage(&self, class: Def) -> Vec<Def> {
        if let Some(known) = self.extra.borrow().lineages.get(&class) {
            return known.clone();
        }
        let order = self.linear(class, &mut HashMap::new());
        self.extra.borrow_mut().lineages.insert(class, order.clone());
        order
    }

    /// `done` has the orders of the classes that were looked at, and none for those that are being looked at.
    fn linear(&self, class: Def, done: &mut HashMap<Def, Option<Vec<Def>>>) -> Vec<Def> {
        match done.get(&class) {
            Some(known) => return known.clone().unwrap_or_default(),
            None if done.len() >= CLASSES => return Vec::new(),
            None => drop(done.insert(class, None)),
        }
        let bases = self.bases(class);
        let mut orders: Vec<Vec<Def>> = bases.iter().map(|base| self.linear(*base, done)).collect();
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
        done.insert(class, Some(merged.clone()));
        merged
    }

    /// The classes that a class names as its bases, those that are found.
    #[must_use]
    pub fn bases(&self, class: Def) -> Vec<Def> {
        let Some(facts) = self.facts(class.file) else { return Vec::new() };
        let Some(symbol) = facts.symbols.get(class.symbol) else { return Vec::new() };
        let mut bases: Vec<Def> = Vec::new();
        for name in facts.bases(symbol).into_iter().take(BASES) {
            let found = match self.class(class.file, name) {
                // `from .base import A` and then `class A(A)`: the base is the one that is imported.
                Some(found) if found == class => facts
                    .imports
                    .iter()
                    .filter(|import| import.bound(&facts) == name)
                    .find_map(|import| self.as_class(self.import(class.file, &facts, import)?)),
                found => found,
            };
            bases.extend(found.filter(|base| *base != class && !bases.contains(base)));
        }
        bases
    }

    /// The class that `path` names in `file`.
    #[must_use]
    pub fn class(&self, file: FileNo, path: &str) -> Option<Def> {
        self.as_class(self.path_target(file, path)?)
    }

    fn as_class(&self, target: Target) -> Option<Def> {
        let Target::Def(def) = target else { return None };
        let facts = self.facts(def.file)?;
        (facts.symbols.get(def.symbol)?.kind == Kind::Class).then_some(def)
    }
}
