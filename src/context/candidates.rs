//! Where candidates come from: one function for each way that leads from a target to a definition. Every way only adds
//! evidence; what a candidate is worth is told by `weights`.

mod complete;
mod types;
mod usage;

use std::collections::HashSet;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::Ask;
use super::evidence::Evidence;
use super::uses::Uses;
use super::words as identifiers;
use crate::syntax::facts::{Facts, Kind, Symbol};
use crate::syntax::lines;
use crate::syntax::modules::parent;
use crate::syntax::names::{self, hash};
use crate::workspace::FileNo;
use crate::workspace::view::{Def, Target, View};
use crate::workspace::words;

/// How many members of one class, or definitions of one module, are considered.
const MEMBERS: usize = 200;
/// How many definitions of the target's directory are considered, and how many of its files are looked at.
const DIRECTORY: usize = 600;
const NEIGHBOURS: usize = 80;
/// How many of the names that neighbours import are followed.
const POPULAR: usize = 80;
/// How many definitions a lexical search brings.
const FOUND: usize = 250;
/// A word that more symbols than this have tells little, and takes long.
const COMMON: usize = 4_000;

/// Words, and how rare each is.
type Words = FxHashMap<u32, f32>;

/// One definition that may be shown.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    pub def: Def,
    pub evidence: Evidence,
}

/// All candidates, in no order that means anything but always the same for the same question.
pub(super) fn find(view: &View<'_>, ask: &Ask<'_>) -> Vec<Candidate> {
    let Some(facts) = view.facts(view.own()) else { return Vec::new() };
    let focus = lines::slice(ask.text, ask.focus);
    let whole = ask.text.to_string();
    let mut search = Search::new(view, ask, &facts, &focus, &whole);
    search.own_file();
    search.imports();
    search.types();
    search.bases();
    search.attributes();
    search.directory();
    search.neighbours();
    search.callers();
    search.implementations();
    search.recent();
    search.lexical();
    search.finish()
}

struct Search<'a> {
    view: &'a View<'a>,
    ask: &'a Ask<'a>,
    facts: &'a Arc<Facts>,
    own_path: Arc<str>,
    uses: Uses,
    mentioned: HashSet<&'a str>,
    /// The function that is written, and the class around it.
    function: Option<usize>,
    class: Option<usize>,
    /// The words of the target's name, class and instruction; those of all else that is known of it.
    name_words: Words,
    text_words: Words,
    found: Vec<Candidate>,
    by_def: FxHashMap<Def, usize>,
    families: FxHashMap<FileNo, bool>,
    /// How many files of the target's directory import a name.
    imported_beside: FxHashMap<u32, u32>,
}

impl<'a> Search<'a> {
    fn new(view: &'a View<'a>, ask: &'a Ask<'a>, facts: &'a Arc<Facts>, focus: &'a str, whole: &str) -> Self {
        let language = view.language();
        let inside = |symbol: &&Symbol| {
            let range = symbol.whole();
            range.start <= ask.region.start && ask.region.end <= range.end
        };
        let around: Vec<usize> = (0..facts.symbols.len()).filter(|&at| inside(&&facts.symbols[at])).collect();
        let last =
            |kinds: &[Kind]| around.iter().rev().copied().find(|&at| kinds.contains(&facts.symbols[at].kind));
        let function = last(&[Kind::Function, Kind::Method]);
        let class = last(&[Kind::Class]);
        let mut named = String::from(ask.hint);
        for symbol in [function, class].into_iter().flatten() {
            named.push(' ');
            named.push_str(facts.name(&facts.symbols[symbol]));
        }
        let rare = |word: u32| (word, idf(view, word));
        let name_words: Words = words::of(&[&named]).into_iter().map(rare).collect();
        let text_words = words::of(&[focus]).into_iter().filter(|word| !name_words.contains_key(word));
        let text_words: Words = text_words.map(rare).collect();
        let own_name = function.map(|at| facts.name(&facts.symbols[at]));
        Self {
            view,
            ask,
            facts,
            own_path: view.path(view.own()),
            uses: Uses::of(language, whole, own_name),
            mentioned: identifiers::of(&[focus, ask.hint]),
            function,
            class,
            name_words,
            text_words,
            found: Vec::new(),
            by_def: FxHashMap::default(),
            families: FxHashMap::default(),
            imported_beside: FxHashMap::default(),
        }
    }

    fn add(&mut self, def: Def, evidence: impl FnOnce(&mut Evidence)) {
        if !self.is_family(def.file) {
            return;
        }
        let at = *self.by_def.entry(def).or_insert_with(|| {
            self.found.push(Candidate { def, evidence: Evidence::default() });
            self.found.len() - 1
        });
        evidence(&mut self.found[at].evidence);
    }

    /// The members of a class (its own, not the inherited ones).
    fn members(&mut self, class: Def, evidence: impl Fn(&mut Evidence)) {
        let Some(facts) = self.view.facts(class.file) else { return };
        for (symbol, _) in facts.members(class.symbol).take(MEMBERS) {
            self.add(Def { file: class.file, symbol }, &evidence);
        }
    }

    /// The definitions of a module's level.
    fn definitions(&mut self, file: FileNo, most: usize, evidence: impl Fn(&mut Evidence)) {
        let Some(facts) = self.view.facts(file) else { return };
        let top = facts.symbols.iter().enumerate().filter(|(_, symbol)| symbol.parent().is_none());
        for (symbol, _) in top.take(most) {
            self.add(Def { file, symbol }, &evidence);
        }
    }

    fn kind(&self, def: Def) -> Option<Kind> {
        Some(self.view.facts(def.file)?.symbols.get(def.symbol)?.kind)
    }

    /// What the target's own file defines.
    fn own_file(&mut self) {
        let (own, facts) = (self.view.own(), self.facts.clone());
        let own_name = self.own_name();
        for (at, symbol) in facts.symbols.iter().enumerate() {
            let parent = symbol.parent();
            let enclosing = self.class == Some(at);
            let sibling = parent.is_some() && parent == self.class;
            let told = |at: usize| self.mentioned.contains(facts.name(&facts.symbols[at]));
            if !(parent.is_none() || sibling || enclosing || parent.is_some_and(told)) {
                continue;
            }
            let near = self.near(symbol);
            let (pair, files) = if sibling { self.paired(own_name, facts.name(symbol)) } else { (0.0, 0.0) };
            self.add(Def { file: own, symbol: at }, |evidence| {
                evidence.pair = pair;
                evidence.pair_known = files;
                evidence.own_file = 1.0;
                evidence.near = near;
                evidence.enclosing = f32::from(u8::from(enclosing));
                evidence.sibling = f32::from(u8::from(sibling));
            });
        }
    }

    fn near(&self, symbol: &Symbol) -> f32 {
        let (whole, region) = (symbol.whole(), self.ask.region);
        let distance = if whole.end <= region.start {
            region.start - whole.end
        } else {
            whole.start.saturating_sub(region.end)
        };
        1.0 / (1.0 + distance as f32 / 2_000.0)
    }

    /// What the file imports, and what is in the modules and classes that it imports.
    fn imports(&mut self) {
        let (own, facts) = (self.view.own(), self.facts.clone());
        let mut modules = Vec::new();
        for import in &facts.imports {
            let bound = import.bound(&facts);
            let unused = f32::from(u8::from(bound != "*" && self.uses.plain(hash(bound)) == 0));
            if bound == "*" {
                let star = self.view.module(own, facts.get(import.module)).and_then(|module| module.file);
                if let Some(file) = star {
                    self.definitions(file, MEMBERS, |evidence| evidence.of_module = 1.0);
                }
                continue;
            }
            modules.extend(self.view.module(own, facts.get(import.module)).and_then(|module| module.file));
            match self.view.import(own, &facts, import) {
                Some(Target::Def(def)) => {
                    modules.push(def.file);
                    self.add(def, |evidence| {
                        evidence.imported = 1.0;
                        evidence.unused_import = unused;
                    });
                    if self.kind(def) == Some(Kind::Class) {
                        let base = hash(bound);
                        self.members_with(def, base, |evidence| evidence.of_imported = 1.0);
                    }
                }
                Some(Target::Module(module)) => {
                    if let Some(file) = module.file {
                        self.of_module(file, hash(bound), unused);
                    }
                }
                None => {}
            }
        }
        modules.sort_unstable();
        modules.dedup();
        for file in modules {
            if file != own {
                self.definitions(file, MEMBERS, |evidence| evidence.same_module = 1.0);
            }
        }
    }

    /// The members of a class by the name that it has in the file: some are used as `Name.member` there.
    fn members_with(&mut self, class: Def, base: u32, evidence: impl Fn(&mut Evidence)) {
        let Some(facts) = self.view.facts(class.file) else { return };
        for (symbol, member) in facts.members(class.symbol).take(MEMBERS) {
            let (pair, files) = self.paired(base, facts.name(member));
            self.add(Def { file: class.file, symbol }, |known| {
                evidence(known);
                known.pair = known.pair.max(pair);
                known.pair_known = known.pair_known.max(files);
            });
        }
    }

    /// How often the file, and how many files, use `name` as an attribute of what hashes to `base`.
    fn paired(&self, base: u32, name: &str) -> (f32, f32) {
        let name = hash(name);
        let files = self.view.index().tables().used(names::pair(base, name));
        (scaled(self.uses.pair(base, name)), scaled(files))
    }

    fn of_module(&mut self, file: FileNo, base: u32, unused: f32) {
        let Some(facts) = self.view.facts(file) else { return };
        let mut taken = 0;
        for (symbol, one) in facts.symbols.iter().enumerate().filter(|(_, symbol)| symbol.parent().is_none())
        {
            let (pair, files) = self.paired(base, facts.name(one));
            taken += 1;
            if taken > MEMBERS && pair == 0.0 {
                continue;
            }
            self.add(Def { file, symbol }, |evidence| {
                evidence.of_module = 1.0;
                evidence.unused_import = evidence.unused_import.max(unused);
                evidence.pair = evidence.pair.max(pair);
                evidence.pair_known = evidence.pair_known.max(files);
            });
        }
        // What the module re-exports.
        for import in facts.imports.iter().take(MEMBERS) {
            let (pair, files) = self.paired(base, import.bound(&facts));
            if pair + files > 0.0
                && let Some(Target::Def(def)) = self.view.import(file, &facts, import)
            {
                self.add(def, |evidence| {
                    evidence.of_module = 1.0;
                    evidence.pair = evidence.pair.max(pair);
                    evidence.pair_known = evidence.pair_known.max(files);
                });
            }
        }
    }

    /// The files in the target's directory, the first ones by path.
    fn beside(&self) -> Vec<FileNo> {
        let directory = parent(&self.own_path).unwrap_or_default();
        let files = self.view.index().in_directory(directory).iter();
        let mut files: Vec<(Arc<str>, FileNo)> = files.map(|&file| (self.view.path(file), file)).collect();
        files.sort_unstable();
        files.into_iter().map(|(_, file)| file).take(NEIGHBOURS).collect()
    }

    /// What the files beside the target define.
    fn directory(&mut self) {
        let mut left = DIRECTORY;
        for file in self.beside() {
            if file == self.view.own() || left == 0 {
                continue;
            }
            let before = self.found.len();
            self.definitions(file, left, |evidence| evidence.same_directory = 1.0);
            left -= (self.found.len() - before).min(left);
        }
    }

    /// What the files beside the target import.
    fn neighbours(&mut self) {
        let files = self.beside();
        // The place among the files is kept, not their numbers, which depend on what was opened before.
        let mut count: FxHashMap<u32, (u32, usize, usize)> = FxHashMap::default();
        for (place, &file) in files.iter().enumerate() {
            // Only what is known already: nothing is read for this.
            let Some(facts) = self.view.index().entry(file).and_then(|entry| entry.facts.clone()) else {
                continue;
            };
            if file == self.view.own() {
                continue;
            }
            for (at, import) in facts.imports.iter().enumerate() {
                let name = if import.member.is_empty() { import.module } else { import.member };
                count.entry(hash(facts.get(name))).or_insert((0, place, at)).0 += 1;
            }
        }
        self.imported_beside = count.iter().map(|(name, (count, ..))| (*name, *count)).collect();
        let mut ranked: Vec<(u32, usize, usize)> = count.into_values().collect();
        ranked.sort_unstable_by_key(|&(count, place, at)| (std::cmp::Reverse(count), place, at));
        for (_, place, at) in ranked.into_iter().take(POPULAR) {
            let Some(&file) = files.get(place) else { continue };
            let Some(facts) = self.view.facts(file) else { continue };
            let Some(import) = facts.imports.get(at) else { continue };
            if let Some(Target::Def(def)) = self.view.import(file, &facts, import) {
                self.add(def, |evidence| evidence.neighbours = evidence.neighbours.max(0.01));
            }
        }
    }

    /// Names that share words with the target.
    fn lexical(&mut self) {
        let (index, tables) = (self.view.index(), self.view.index().tables());
        let mut scores: FxHashMap<u32, f32> = FxHashMap::default();
        let sorted = |words: &Words| {
            let mut words: Vec<(u32, f32)> = words.iter().map(|(word, idf)| (*word, *idf)).collect();
            words.sort_unstable_by_key(|(word, _)| *word);
            words
        };
        for (words, weight) in [(sorted(&self.name_words), 2.0), (sorted(&self.text_words), 1.0)] {
            for (word, idf) in words {
                for (symbols, share) in [(tables.named(word), 1.0), (tables.documented(word), 0.4)] {
                    if symbols.len() <= COMMON {
                        for &symbol in symbols {
                            *scores.entry(symbol).or_default() += weight * share * idf;
                        }
                    }
                }
            }
        }
        let mut ranked: Vec<(u32, f32)> = scores.into_iter().collect();
        let order = |a: &(u32, f32), b: &(u32, f32)| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0));
        if ranked.len() > FOUND {
            ranked.select_nth_unstable_by(FOUND, order);
            ranked.truncate(FOUND);
        }
        ranked.sort_by(order);
        for (symbol, _) in ranked {
            if let Some((file, symbol)) = tables.locate(index.files(), symbol) {
                self.add(Def { file, symbol }, |_| {});
            }
        }
        for &file in index.fresh() {
            let Some(facts) = self.view.facts(file) else { continue };
            for (symbol, one) in facts.symbols.iter().enumerate() {
                let mut shares = false;
                words::each(facts.name(one), |word| {
                    shares |= self.name_words.contains_key(&word) || self.text_words.contains_key(&word);
                });
                if shares {
                    self.add(Def { file, symbol }, |_| {});
                }
            }
        }
    }
}

/// How rare a word is among all symbols' names, 0 to 1.
fn idf(view: &View<'_>, word: u32) -> f32 {
    let tables = view.index().tables();
    let all = tables.symbols().max(1) as f32;
    let with = tables.named(word).len() as f32;
    ((1.0 + all) / (1.0 + with)).ln() / (1.0 + all).ln().max(1.0)
}

/// A count, so that the first ones count most: 0, 0.35, 0.55, 0.69 …, and no more than 1.5.
fn scaled(count: u32) -> f32 {
    ((count as f32).ln_1p() / 2.0).min(1.5)
}
