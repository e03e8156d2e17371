//! Candidates of the target's own file.
//!
//! Scores: what the target mentions goes first, then the class around it, then its members, then the rest of the file, the
//! nearer the better. The steps between the kinds are wider than any bonus within one.

use std::collections::HashSet;
use std::ops::Range;

use super::{Candidate, Excerpt, Reason, tokens, words};
use crate::syntax::Source;
use crate::syntax::lines;
use crate::syntax::outline::{Kind, Symbol, docstring};

/// How many lines a class's initialiser may have to be shown whole: it tells what attributes there are.
const INITIALISER: usize = 25;

/// The longest statement (a constant, an import), in bytes, that is shown.
const STATEMENT: usize = 600;

/// The names of initialisers.
const INITIALISERS: [&str; 2] = ["__init__", "__post_init__"];

/// The most symbols that are considered.
const SYMBOLS: usize = 2_000;

/// Whether `region` is inside of `symbol`.
pub(super) fn holds(symbol: &Symbol, region: &Range<usize>) -> bool {
    symbol.whole.start <= region.start && region.end <= symbol.whole.end
}

/// The target in its file.
pub(super) struct Place<'a> {
    source: &'a Source<'a>,
    focus: &'a Range<usize>,
    symbols: &'a [Symbol],
    /// The classes around the region.
    around: Vec<usize>,
    mentioned: HashSet<&'a str>,
}

impl<'a> Place<'a> {
    pub(super) fn new(
        source: &'a Source<'a>,
        focus: &'a Range<usize>,
        region: &Range<usize>,
        symbols: &'a [Symbol],
        mentioned: HashSet<&'a str>,
    ) -> Self {
        let symbols = &symbols[..symbols.len().min(SYMBOLS)];
        let around = (0..symbols.len())
            .filter(|&at| symbols[at].kind == Kind::Class && holds(&symbols[at], region))
            .collect();
        Self { source, focus, symbols, around, mentioned }
    }

    /// The symbols that may be shown, in the file's order; `id` is a symbol's index.
    pub(super) fn candidates(&self) -> Vec<Candidate> {
        let mut found: Vec<Candidate> = Vec::new();
        let mut index = vec![None; self.symbols.len()];
        for (id, symbol) in self.symbols.iter().enumerate() {
            let parent = symbol.parent.map(|parent| index[parent]);
            if parent == Some(None) {
                continue; // Its class is no candidate, and a member alone tells nothing.
            }
            if let Some((score, _)) = self.rate(id) {
                index[id] = Some(found.len());
                found.push(Candidate { id, score, parent: parent.flatten() });
            }
        }
        found
    }

    /// The excerpt of the symbol `id`.
    pub(super) fn excerpt(&self, id: usize) -> Excerpt {
        let symbol = &self.symbols[id];
        let reason = self.rate(id).map_or(Reason::SameFile, |(_, reason)| reason);
        let text = self.text(symbol, reason);
        Excerpt {
            label: self.source.path.to_owned(),
            range: symbol.whole.clone(),
            tokens: tokens(&text),
            text,
            reason,
        }
    }

    /// How relevant a symbol is, and why; `None` for what is not shown.
    fn rate(&self, at: usize) -> Option<(u32, Reason)> {
        let symbol = &self.symbols[at];
        let own = symbol.whole.start < self.focus.end && self.focus.start < symbol.whole.end;
        if self.around.contains(&at) {
            // The header is shown with the focus itself, where that begins above it.
            return (symbol.whole.start < self.focus.start).then_some((1_000, Reason::EnclosingClass));
        }
        if own {
            return None;
        }
        let inside = symbol.parent.is_some_and(|parent| self.around.contains(&parent));
        let mentioned = self.mentioned.contains(symbol.name.as_str());
        let near = self.near(symbol);
        Some(match symbol.kind {
            _ if symbol.whole.len() > STATEMENT && !self.definition(symbol) => return None,
            Kind::Import => (if self.binds(symbol) { 900 } else { 300 }, Reason::Import),
            Kind::Method if inside && INITIALISERS.contains(&symbol.name.as_str()) => {
                (850 + near, Reason::Member)
            }
            _ if inside && mentioned => (800 + near, Reason::Mentioned),
            _ if mentioned && symbol.parent.is_none() => (800 + near, Reason::Mentioned),
            Kind::Constant if inside => (700 + near, Reason::Member),
            _ if inside => (600 + near, Reason::Member),
            _ => match symbol.parent {
                Some(parent) => return self.of_class(parent, near),
                None => (200 + near, Reason::SameFile),
            },
        })
    }

    /// The members of another class are shown where that class is mentioned.
    fn of_class(&self, parent: usize, near: u32) -> Option<(u32, Reason)> {
        let mentioned = self.mentioned.contains(self.symbols[parent].name.as_str());
        mentioned.then_some((500 + near, Reason::Mentioned))
    }

    fn definition(&self, symbol: &Symbol) -> bool {
        matches!(symbol.kind, Kind::Class | Kind::Function | Kind::Method)
    }

    /// A bonus for symbols close to the target, 0 to 9.
    fn near(&self, symbol: &Symbol) -> u32 {
        let distance = if symbol.whole.end <= self.focus.start {
            self.focus.start - symbol.whole.end
        } else {
            symbol.whole.start.saturating_sub(self.focus.end)
        };
        9 - u32::try_from((distance / 1_000).min(9)).unwrap_or(9)
    }

    /// Whether an import's words are among those that the target mentions.
    fn binds(&self, symbol: &Symbol) -> bool {
        let text = lines::slice(self.source.text, &symbol.whole);
        words::of(&[&text])
            .iter()
            .any(|word| !matches!(*word, "import" | "from" | "as") && self.mentioned.contains(word))
    }

    /// What is shown of a symbol, in LF: a member with its indentation, others without (an import under a condition).
    fn text(&self, symbol: &Symbol, reason: Reason) -> String {
        let shown = self.shown(symbol, reason);
        if symbol.parent.is_some() {
            return shown;
        }
        let indent = shown.len() - shown.trim_start_matches([' ', '\t']).len();
        lines::dedent(&shown[indent..], &shown[..indent])
    }

    fn shown(&self, symbol: &Symbol, reason: Reason) -> String {
        let text = self.source.text;
        let line = |byte| lines::of(text, byte);
        let start = lines::start(text, line(symbol.whole.start));
        let start = if start == 0 { symbol.whole.start } else { start };
        let whole = || lines::slice(text, &(start..symbol.whole.end)).replace("\r\n", "\n");
        let short = line(symbol.whole.end) - line(symbol.whole.start) < INITIALISER;
        let initialiser = symbol.kind == Kind::Method && INITIALISERS.contains(&symbol.name.as_str());
        if !self.definition(symbol) || initialiser && reason == Reason::Member && short {
            return whole();
        }
        let head = lines::slice(text, &(start..symbol.signature.end)).replace("\r\n", "\n");
        let told = matches!(reason, Reason::Mentioned | Reason::EnclosingClass);
        let docstring = if told { docstring(self.source, symbol) } else { None };
        let docstring = docstring.map(|range| self.first_line(&range));
        match docstring {
            Some(docstring) => format!("{head}\n{docstring}"),
            None if symbol.kind == Kind::Class => head,
            None => format!("{head} ..."),
        }
    }

    /// A docstring's first line as a docstring, with its indentation.
    fn first_line(&self, range: &Range<usize>) -> String {
        let text = self.source.text;
        let indent = lines::indent(text, lines::of(text, range.start));
        let docstring = lines::slice(text, range);
        let mut rows = docstring.lines();
        let first = rows.next().unwrap_or_default();
        let Some(second) = rows.next() else { return format!("{indent}{docstring}") };
        let quotes = &docstring[docstring.len() - 3..];
        let first =
            if first.ends_with(quotes) { format!("{first}{}", second.trim()) } else { first.to_owned() };
        format!("{indent}{first}{quotes}")
    }
}
