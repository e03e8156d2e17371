//! From candidates to excerpts within a budget: the likeliest for their size first, as signatures; what is left of the budget
//! goes to docstrings, then to the bodies of small functions.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use super::candidates::Candidate;
use super::{Ask, Context, Excerpt, Reason, excerpt, tokens, weights};
use crate::workspace::view::{Def, View};

/// How much a candidate's size counts against it: 0 not at all, 1 as a share.
const SIZE: f32 = 0.7;
/// Less likely candidates are not shown, whatever the budget.
const LEAST: f32 = 0.0004;
/// How many candidates in a row may be found too large before the rest is not looked at.
const MISSES: usize = 40;

/// The part of the budget that the file's own imports of other projects may take.
const IMPORTS: u32 = 10;

/// With fewer tokens left, no body is looked for; nor in more files than this, for each is read.
const LEAST_BODY: u32 = 12;
const BODY_FILES: usize = 12;

/// One that is to be shown.
struct Chosen {
    line: u32,
    level: usize,
    text: String,
    reason: Reason,
    likely: f32,
    name: String,
}

pub(super) fn choose(view: &View<'_>, ask: &Ask<'_>, found: &[Candidate]) -> Context {
    let mut ranked: Vec<(f32, f32, &Candidate)> = found
        .iter()
        .filter_map(|one| {
            let likely = weights::likely(&one.evidence);
            if likely < LEAST.max(ask.least) {
                return None;
            }
            let facts = view.facts(one.def.file)?;
            let size = facts.signature(facts.symbols.get(one.def.symbol)?).len() as f32 + 20.0;
            Some((likely / size.powf(SIZE), likely, one))
        })
        .collect();
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| by_place(view, a.2.def, b.2.def)));
    let mut choice = Choice {
        view,
        left: ask.budget,
        chosen: BTreeMap::new(),
        paths: FxHashMap::default(),
        imports: None,
    };
    choice.imports(ask.budget / IMPORTS);
    let (mut misses, mut omitted) = (0, 0);
    for (_, likely, one) in ranked {
        if misses >= MISSES {
            omitted += 1;
            continue;
        }
        if choice.take(one, likely) {
            misses = 0;
        } else {
            misses += 1;
            omitted += 1;
        }
    }
    choice.docstrings();
    choice.bodies(ask);
    choice.finish(omitted)
}

struct Choice<'a> {
    view: &'a View<'a>,
    left: u32,
    chosen: BTreeMap<Def, Chosen>,
    /// The heads of the sections that there are already.
    paths: FxHashMap<u32, String>,
    /// What the file imports from elsewhere.
    imports: Option<String>,
}

impl Choice<'_> {
    /// Tells what the file imports of other projects (what it imports of its own is told by definitions), within `budget`.
    fn imports(&mut self, budget: u32) {
        let own = self.view.own();
        let Some(facts) = self.view.facts(own) else { return };
        let foreign = facts.imports.iter().filter(|import| self.view.import(own, &facts, import).is_none());
        let text = excerpt::imports(self.view.language(), &facts, foreign, |text| tokens(text) <= budget);
        if !text.is_empty() {
            let path = self.view.path(own).to_string();
            let cost = tokens(&text) + tokens(&path) + 2;
            if cost <= self.left {
                self.left -= cost;
                self.paths.insert(own.number(), path);
                self.imports = Some(text);
            }
        }
    }

    /// Takes a candidate with what must be shown above it (its classes, its file's head), if all of it fits.
    fn take(&mut self, one: &Candidate, likely: f32) -> bool {
        let def = one.def;
        if self.chosen.contains_key(&def) {
            return true;
        }
        let Some(facts) = self.view.facts(def.file) else { return false };
        let mut needed = vec![def.symbol];
        while let Some(parent) =
            facts.symbols.get(needed[needed.len() - 1]).and_then(|symbol| symbol.parent())
        {
            needed.push(parent);
        }
        needed.reverse();
        let mut cost = 0;
        let mut new = Vec::new();
        for (level, &symbol) in needed.iter().enumerate() {
            let def = Def { file: def.file, symbol };
            if self.chosen.contains_key(&def) {
                continue;
            }
            let Some(known) = facts.symbols.get(symbol) else { return false };
            let text = excerpt::signature(self.view.language(), &facts, known, level);
            cost += tokens(&text);
            let reason = one.evidence.reason();
            let name = facts.qualified(symbol);
            new.push((def, Chosen { line: known.line, level, text, reason, likely, name }));
        }
        let head = (!self.paths.contains_key(&file_key(def))).then(|| self.view.path(def.file).to_string());
        cost += head.as_ref().map_or(0, |path| tokens(path) + 2);
        if cost > self.left {
            return false;
        }
        self.left -= cost;
        if let Some(head) = head {
            self.paths.insert(file_key(def), head);
        }
        self.chosen.extend(new);
        true
    }

    /// What was chosen, the likeliest first.
    fn by_likelihood(&self) -> Vec<Def> {
        let mut order: Vec<(Def, f32)> = self.chosen.iter().map(|(def, one)| (*def, one.likely)).collect();
        order.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| by_place(self.view, a.0, b.0)));
        order.into_iter().map(|(def, _)| def).collect()
    }

    /// Adds docstrings' first lines, the likeliest first, while there is room.
    fn docstrings(&mut self) {
        let order = self.by_likelihood();
        for def in order {
            let Some(facts) = self.view.facts(def.file) else { continue };
            let (Some(symbol), Some(one)) = (facts.symbols.get(def.symbol), self.chosen.get_mut(&def)) else {
                continue;
            };
            let language = self.view.language();
            let told = excerpt::documented(language, &facts, symbol, one.level, &one.text);
            let Some(told) = told else { continue };
            let cost = tokens(&told[..told.len() - one.text.len()]);
            if cost <= self.left {
                self.left -= cost;
                one.text = told;
            }
        }
    }

    /// Shows small functions whole, the likeliest first, while there is room: their docstrings are in their bodies.
    fn bodies(&mut self, ask: &Ask<'_>) {
        let order = self.by_likelihood();
        let mut texts: FxHashMap<u32, Option<String>> = FxHashMap::default();
        for def in order {
            if self.left < LEAST_BODY || texts.len() > BODY_FILES {
                break;
            }
            let Some(facts) = self.view.facts(def.file) else { continue };
            let (Some(symbol), Some(one)) = (facts.symbols.get(def.symbol), self.chosen.get_mut(&def)) else {
                continue;
            };
            if !excerpt::may_be_whole(symbol) {
                continue;
            }
            let text = texts.entry(file_key(def)).or_insert_with(|| {
                let own = def.file == self.view.own();
                if own { Some(ask.text.to_string()) } else { self.view.text(def.file) }
            });
            let Some(text) = text else { continue };
            let Some(whole) = excerpt::whole(self.view.language(), &facts, symbol, one.level, text) else {
                continue;
            };
            // A body that is still to be written tells nothing, and small models copy it.
            let language = self.view.language();
            let last = whole.lines().rfind(|line| line.trim() != language.closer);
            if last.is_some_and(|line| language.is_placeholder(line)) {
                continue;
            }
            // A docstring in the body is there already; one above is not.
            let above = language
                .docs
                .above()
                .and_then(|_| excerpt::documented(language, &facts, symbol, one.level, &whole));
            let whole = above.unwrap_or(whole);
            let cost = tokens(&whole).saturating_sub(tokens(&one.text));
            if cost <= self.left {
                self.left -= cost;
                one.text = whole;
            }
        }
    }

    fn finish(self, omitted: usize) -> Context {
        let mut excerpts: Vec<Excerpt> = self
            .chosen
            .into_iter()
            .map(|(def, one)| Excerpt {
                label: self.paths.get(&file_key(def)).cloned().unwrap_or_default(),
                line: one.line,
                name: one.name,
                tokens: tokens(&one.text),
                text: one.text,
                reason: one.reason,
                likely: one.likely,
            })
            .collect();
        let own = self.view.path(self.view.own());
        if let Some(text) = self.imports {
            excerpts.push(Excerpt {
                label: own.to_string(),
                line: 0,
                name: String::new(),
                tokens: tokens(&text),
                text,
                reason: Reason::Import,
                likely: 1.0,
            });
        }
        // The target's own file comes last, nearest to what the prompt shows of it.
        let key = |one: &Excerpt| (*one.label == *own, one.reason != Reason::Import, one.line);
        excerpts.sort_by(|a, b| {
            let (a_own, b_own) = (*a.label == *own, *b.label == *own);
            a_own.cmp(&b_own).then_with(|| a.label.cmp(&b.label)).then_with(|| key(a).cmp(&key(b)))
        });
        Context { excerpts, omitted }
    }
}

/// By path: numbers of files depend on what was opened and removed before.
fn by_place(view: &View<'_>, a: Def, b: Def) -> Ordering {
    let path = || view.path(a.file).cmp(&view.path(b.file));
    if a.file == b.file { a.symbol.cmp(&b.symbol) } else { path() }
}

fn file_key(def: Def) -> u32 {
    def.file.number()
}
