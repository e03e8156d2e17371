//! How the target is used: who calls and tests it, who else implements the same method, and the files that its author works
//! in. What is found here is an example, not what the body needs: it gets little weight.

use std::sync::Arc;

use super::Search;
use super::complete::is_test;
use crate::syntax::facts::{Facts, Kind};
use crate::syntax::modules::parent;
use crate::syntax::names::{self, hash};
use crate::workspace::FileNo;
use crate::workspace::view::Def;

/// A name that more files use than this tells nothing of its users.
const WIDESPREAD: u32 = 40;
/// With more files than this, nobody is looked for by a name's uses: it takes 0.1 µs a file.
const FILES: usize = 50_000;
/// How many files are read for calls, and how long they may be, in bytes.
const CALLING: usize = 6;
const LONG: usize = 128 * 1024;
/// How many callers of one file are told.
const CALLERS: usize = 4;
/// How many files may have other implementations, and how many there may be.
const IMPLEMENTING: usize = 24;
const IMPLEMENTATIONS: usize = 12;
/// How many recent files count, and how many definitions of each.
const RECENT: usize = 12;
const DEFINITIONS: usize = 40;

impl Search<'_> {
    /// The functions that use the target's name.
    pub(super) fn callers(&mut self) {
        let Some(symbol) = self.function.and_then(|at| self.facts.symbols.get(at)) else { return };
        let name = self.facts.name(symbol).to_owned();
        if name.starts_with("__") {
            return;
        }
        let key = hash(&name);
        let (own, facts) = (self.view.own(), self.facts.clone());
        let places = self.uses.places().to_vec();
        self.calls_at(own, &facts, places.into_iter(), &name, 1.0);
        for file in self.files_with(key, CALLING) {
            let Some(facts) = self.view.facts(file) else { continue };
            let Some(text) = self.view.text(file).filter(|text| text.len() <= LONG) else { continue };
            let imports = facts.imports.iter().any(|import| facts.get(import.member) == name);
            let mut places = Vec::new();
            names::each(self.view.language(), &text, |at, used| {
                if used == name {
                    places.push(at);
                }
            });
            self.calls_at(file, &facts, places.into_iter(), &name, if imports { 1.0 } else { 0.5 });
        }
    }

    /// The functions around `places`, where the target's name is used.
    fn calls_at(
        &mut self,
        file: FileNo,
        facts: &Arc<Facts>,
        places: impl Iterator<Item = usize>,
        name: &str,
        weight: f32,
    ) {
        let mut callers: Vec<usize> = Vec::new();
        for at in places {
            if callers.len() >= CALLERS {
                break;
            }
            let around = facts.symbols.iter().enumerate().rev().find(|(_, symbol)| {
                matches!(symbol.kind, Kind::Function | Kind::Method) && symbol.whole().contains(&at)
            });
            if let Some((caller, symbol)) = around
                && facts.name(symbol) != name
                && !callers.contains(&caller)
            {
                callers.push(caller);
            }
        }
        for symbol in callers {
            self.add(Def { file, symbol }, |evidence| evidence.caller = weight);
        }
    }

    /// The files, other than the target's, whose code uses a name: tests and what is near first, the same ones each time.
    fn files_with(&self, key: u32, most: usize) -> Vec<FileNo> {
        let index = self.view.index();
        if index.files().len() > FILES || index.tables().used(key) > WIDESPREAD {
            return Vec::new();
        }
        let using =
            index.files().iter().filter(|entry| entry.facts.as_ref().is_some_and(|facts| facts.uses(key)));
        let mut paths: Vec<&str> = using.map(|entry| &*entry.path).collect();
        let far = |path: &str| (parent(path) != parent(&self.own_path), !is_test(path));
        paths.sort_unstable_by(|a, b| far(a).cmp(&far(b)).then(a.cmp(b)));
        let files = paths.into_iter().filter_map(|path| index.file(path));
        files.filter(|file| *file != self.view.own()).take(most).collect()
    }

    /// Methods of the target's name in other classes that inherit from a base of its class.
    pub(super) fn implementations(&mut self) {
        let (Some(class), Some(function)) = (self.class, self.function) else { return };
        let name = self.facts.name(&self.facts.symbols[function]).to_owned();
        let class = Def { file: self.view.own(), symbol: class };
        let bases = self.view.lineage(class);
        let (mut left, key) = (IMPLEMENTATIONS, hash(&name));
        for base in bases.into_iter().skip(1).take(4) {
            let Some(base_name) = self.name_of(base) else { continue };
            let mut files = self.files_with(hash(&base_name), IMPLEMENTING);
            files.push(self.view.own());
            for file in files {
                let Some(facts) = self.view.facts(file) else { continue };
                let classes = facts.symbols.iter().enumerate().filter(|(_, one)| one.kind == Kind::Class);
                for (at, one) in classes {
                    let other = Def { file, symbol: at };
                    let last = |path: &str| path.rsplit('.').next() == Some(&base_name);
                    if other == class || left == 0 || !facts.bases(one).into_iter().any(last) {
                        continue;
                    }
                    let same = facts
                        .members(at)
                        .find(|(_, member)| hash(facts.name(member)) == key && member.kind == Kind::Method);
                    if let Some((symbol, _)) = same
                        && self.view.bases(other).contains(&base)
                    {
                        left -= 1;
                        self.add(Def { file, symbol }, |evidence| {
                            evidence.overrides = evidence.overrides.max(0.2);
                        });
                    }
                }
            }
        }
    }

    /// What the files define that the user edited or looked at last.
    pub(super) fn recent(&mut self) {
        let files: Vec<FileNo> =
            self.ask.recent.iter().filter_map(|path| self.view.index().file(path)).take(RECENT).collect();
        for (at, file) in files.into_iter().enumerate() {
            if file != self.view.own() {
                let weight = 1.0 / (1.0 + at as f32 / 4.0);
                self.definitions(file, DEFINITIONS, |evidence| evidence.recent = weight);
            }
        }
    }

    fn name_of(&self, def: Def) -> Option<String> {
        let facts = self.view.facts(def.file)?;
        facts.symbols.get(def.symbol).map(|symbol| facts.name(symbol).to_owned())
    }
}
