//! What can be said of any candidate, however it was found: what it is, how the file uses its name, which words it shares.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::{Candidate, Search, scaled};
use crate::context::evidence::Evidence;
use crate::context::weights;
use crate::syntax::facts::{Facts, Kind, Symbol};
use crate::syntax::modules::parent;
use crate::syntax::names::hash;
use crate::workspace::FileNo;
use crate::workspace::view::Def;
use crate::workspace::words;

/// What all candidates of a file have in common.
struct File {
    file: FileNo,
    facts: Arc<Facts>,
    own: bool,
    of_test: f32,
    outside: f32,
    same_directory: f32,
}

impl Search<'_> {
    /// What can be said of any candidate, however it was found.
    pub(super) fn finish(mut self) -> Vec<Candidate> {
        let mut found = std::mem::take(&mut self.found);
        found.sort_unstable_by_key(|one| one.def);
        let mut known: Option<File> = None;
        found.retain_mut(|one| {
            if known.as_ref().is_none_or(|known| known.file != one.def.file) {
                known = self.file(one.def.file);
            }
            known.as_ref().is_some_and(|known| self.complete(known, one))
        });
        self.of_parents(&mut found);
        found
    }

    fn file(&self, file: FileNo) -> Option<File> {
        let flag = |is: bool| f32::from(u8::from(is));
        let (facts, path) = (self.view.facts(file)?, self.view.path(file));
        let own = file == self.view.own();
        Some(File {
            file,
            facts,
            own,
            of_test: flag(is_test(&path) && !is_test(&self.own_path)),
            outside: flag(self.view.index().entry(file).is_none() && !own),
            same_directory: flag(parent(&path) == parent(&self.own_path)),
        })
    }

    /// Fills in the evidence; false for what is not to be shown: the target itself, imports by the way.
    fn complete(&self, known: &File, one: &mut Candidate) -> bool {
        let (def, facts, own) = (one.def, &known.facts, known.own);
        let Some(symbol) = facts.symbols.get(def.symbol) else { return false };
        let range = symbol.whole();
        if own
            && range.start < self.ask.focus.end
            && self.ask.focus.start < range.end
            && self.class != Some(def.symbol)
        {
            let around = range.start <= self.ask.focus.start && self.ask.focus.end <= range.end;
            if !(around && symbol.kind == Kind::Class) {
                return false;
            }
        }
        let name = facts.name(symbol);
        let key = hash(name);
        let (index, evidence) = (self.view.index(), &mut one.evidence);
        let flag = |is: bool| f32::from(u8::from(is));
        evidence.class = flag(symbol.kind == Kind::Class);
        evidence.method = flag(symbol.kind == Kind::Method);
        evidence.constant = flag(matches!(symbol.kind, Kind::Constant | Kind::Alias));
        evidence.used = if symbol.parent().is_none() { scaled(self.uses.plain(key)) } else { 0.0 };
        evidence.attribute = if symbol.parent().is_some() { scaled(self.uses.attribute(key)) } else { 0.0 };
        evidence.mentioned = flag(self.mentioned.contains(name));
        evidence.private = flag(name.starts_with('_') && !name.ends_with("__"));
        evidence.special = flag(name.starts_with("__") && name.ends_with("__"));
        let decorators = facts.get(symbol.decorators);
        evidence.of_class = flag(decorators.contains("classmethod") || decorators.contains("staticmethod"));
        evidence.property = flag(decorators.contains("property"));
        // A test of the target shows how it is used; other tests are not what code needs.
        let is_use = if evidence.caller > 0.0 { 0.5 } else { 1.0 };
        evidence.of_test = known.of_test * is_use;
        evidence.outside = known.outside;
        evidence.same_directory = known.same_directory;
        let files = index.tables().files().max(2) as f32;
        evidence.known = (index.tables().used(key) as f32).ln_1p() / files.ln();
        evidence.popular = (index.tables().imported(key) as f32).ln_1p() / 4.0;
        let beside = self.imported_beside.get(&key).copied().unwrap_or_default();
        evidence.neighbours = if symbol.parent().is_none() { scaled(beside) } else { 0.0 };
        self.words_of(facts, symbol, evidence);
        true
    }

    fn words_of(&self, facts: &Facts, symbol: &Symbol, evidence: &mut Evidence) {
        let (mut count, mut shared) = (0.0, 0.0);
        let (mut by_name, mut by_text) = (0.0, 0.0);
        words::each(facts.name(symbol), |word| {
            count += 1.0;
            if let Some(idf) = self.name_words.get(&word) {
                by_name += idf;
                shared += 1.0;
            } else if let Some(idf) = self.text_words.get(&word) {
                by_text += idf;
                shared += 1.0;
            }
        });
        words::each(facts.get(symbol.doc), |word| {
            if let Some(idf) = self.name_words.get(&word).or_else(|| self.text_words.get(&word)) {
                by_text += 0.3 * idf;
            }
        });
        evidence.name_words = by_name;
        evidence.text_words = by_text.min(2.0);
        evidence.covered = if count > 0.0 { shared / count } else { 0.0 };
    }

    /// What speaks for a class speaks for its members too.
    fn of_parents(&self, found: &mut [Candidate]) {
        let classes = found.iter().filter(|one| one.evidence.class > 0.0);
        let likely: FxHashMap<Def, f32> =
            classes.map(|one| (one.def, weights::likely(&one.evidence))).collect();
        for one in found {
            let Some(facts) = self.view.facts(one.def.file) else { continue };
            let method = facts.symbols.get(one.def.symbol).filter(|symbol| symbol.kind == Kind::Method);
            let Some(class) = method.and_then(Symbol::parent) else { continue };
            let class = Def { file: one.def.file, symbol: class };
            one.evidence.parent = likely.get(&class).copied().unwrap_or_default();
        }
    }
}

/// Whether `path` is of tests, by the names that all projects use.
pub(super) fn is_test(path: &str) -> bool {
    let directory = |part: &str| matches!(part, "tests" | "test");
    let name = path.rsplit('/').next().unwrap_or(path);
    let stem = name.split('.').next().unwrap_or(name);
    path.split('/').any(directory)
        || stem.starts_with("test_")
        || stem.ends_with("_test")
        || stem == "conftest"
}
