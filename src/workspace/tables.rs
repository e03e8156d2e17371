//! What is looked up by word in an index: which symbols have it in their name or docstring, how many files use a name, how
//! many import it.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::index::{Entry, FileNo};
use super::words;
use crate::syntax::facts::Facts;
use crate::syntax::names::hash;

/// See the module's head.
#[derive(Debug, Default)]
pub struct Tables {
    /// The files that say something, by path, and the facts that the tables were made of: numbers of files depend on what
    /// was opened and removed before, and what is found must not.
    made_of: Vec<(FileNo, Arc<Facts>)>,
    /// The number of each one's first symbol, and that of all.
    first: Vec<u32>,
    by_name: Postings,
    by_doc: Postings,
    /// How many files import a member of this name.
    imported: FxHashMap<u32, u32>,
    /// How many files use this name.
    used: FxHashMap<u32, u32>,
}

/// For each word the symbols that have it: sorted words, and where each one's symbols begin.
#[derive(Debug, Default)]
struct Postings {
    words: Vec<u32>,
    starts: Vec<u32>,
    symbols: Vec<u32>,
}

impl Postings {
    fn make(mut pairs: Vec<(u32, u32)>) -> Self {
        pairs.sort_unstable();
        pairs.dedup();
        let mut made = Self::default();
        for (word, symbol) in pairs {
            if made.words.last() != Some(&word) {
                made.words.push(word);
                made.starts.push(short(made.symbols.len()));
            }
            made.symbols.push(symbol);
        }
        made.starts.push(short(made.symbols.len()));
        made
    }

    fn of(&self, word: u32) -> &[u32] {
        let Ok(at) = self.words.binary_search(&word) else { return &[] };
        self.symbols.get(self.starts[at] as usize..self.starts[at + 1] as usize).unwrap_or_default()
    }
}

impl Tables {
    pub(super) fn make(files: &[Entry]) -> Self {
        let (mut names, mut docs) = (Vec::new(), Vec::new());
        let mut tables = Self::default();
        let mut next = 0u32;
        let with_facts =
            files.iter().enumerate().filter_map(|(at, entry)| Some((at, entry, entry.facts.as_ref()?)));
        let mut sorted: Vec<(usize, &Entry, &Arc<Facts>)> = with_facts.collect();
        sorted.sort_unstable_by(|a, b| a.1.path.cmp(&b.1.path));
        for (at, _, facts) in sorted {
            tables.first.push(next);
            tables.made_of.push((FileNo(short(at)), facts.clone()));
            for symbol in &facts.symbols {
                words::each(facts.name(symbol), |word| names.push((word, next)));
                words::each(facts.get(symbol.doc), |word| docs.push((word, next)));
                next = next.saturating_add(1);
            }
            let mut imported: Vec<u32> = facts
                .imports
                .iter()
                .filter(|import| !import.member.is_empty())
                .map(|import| hash(facts.get(import.member)))
                .collect();
            imported.sort_unstable();
            imported.dedup();
            for name in imported {
                *tables.imported.entry(name).or_default() += 1;
            }
            for name in &facts.names {
                *tables.used.entry(*name).or_default() += 1;
            }
        }
        tables.first.push(next);
        tables.by_name = Postings::make(names);
        tables.by_doc = Postings::make(docs);
        tables
    }

    /// How many symbols there are.
    #[must_use]
    pub fn symbols(&self) -> usize {
        self.first.last().copied().unwrap_or_default() as usize
    }

    /// How many files say something.
    #[must_use]
    pub fn files(&self) -> usize {
        self.made_of.len()
    }

    /// The symbols with `word` in their names, by number.
    #[must_use]
    pub fn named(&self, word: u32) -> &[u32] {
        self.by_name.of(word)
    }

    /// The symbols with `word` in their docstring's first line, by number.
    #[must_use]
    pub fn documented(&self, word: u32) -> &[u32] {
        self.by_doc.of(word)
    }

    /// The file of symbol number `symbol`, and its index there; `None` where the file has changed since.
    #[must_use]
    pub fn locate(&self, files: &[Entry], symbol: u32) -> Option<(FileNo, usize)> {
        let at = self.first.partition_point(|&first| first <= symbol).checked_sub(1)?;
        let (file, made_of) = self.made_of.get(at)?;
        let now = files.get(file.at())?.facts.as_ref()?;
        Arc::ptr_eq(made_of, now).then(|| (*file, (symbol - self.first[at]) as usize))
    }

    /// How many files import a member whose name hashes to `name`.
    #[must_use]
    pub fn imported(&self, name: u32) -> u32 {
        self.imported.get(&name).copied().unwrap_or_default()
    }

    /// How many files use the name, or the pair of names, that hashes to `name`.
    #[must_use]
    pub fn used(&self, name: u32) -> u32 {
        self.used.get(&name).copied().unwrap_or_default()
    }
}

fn short(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
