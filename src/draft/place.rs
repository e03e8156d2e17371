//! The file around a region, as far as an answer may repeat it or need it.

use std::collections::HashSet;
use std::ops::Range;
use std::time::Duration;

use ropey::Rope;
use tree_sitter::Tree;

use crate::syntax::definition::{self, Definition};
use crate::syntax::items::{self, Item};
use crate::syntax::names::Names;
use crate::syntax::outline::{Kind, outline_where};
use crate::syntax::{Language, Source, lines, parse};

/// How long the parse of one answer may take: one of the largest size that is read takes a tenth of it.
const PARSE: Duration = Duration::from_millis(500);

/// The most code of an answer, in bytes, that is taken apart; more is no draft of a region.
pub(crate) const CODE: usize = 256 * 1024;

/// A text with its tree: the file, or the code of an answer.
#[derive(Clone, Debug)]
pub(crate) struct Code {
    pub text: Rope,
    pub tree: Option<Tree>,
    pub language: &'static Language,
}

/// The file and the region in it.
#[derive(Clone, Debug)]
pub struct Place {
    file: Code,
    region: Range<usize>,
}

impl Code {
    /// The code of an answer; nothing where it is too much or takes too long to parse.
    pub fn parse(text: &str, language: &'static Language) -> Option<Self> {
        let text = Some(text).filter(|text| text.len() <= CODE).map(Rope::from_str)?;
        let tree = parse(language, &text, None, PARSE)?;
        Some(Self { text, tree: Some(tree), language })
    }

    pub fn source(&self) -> Source<'_> {
        Source { text: &self.text, tree: self.tree.as_ref(), language: self.language, path: "" }
    }

    pub fn part(&self, range: &Range<usize>) -> String {
        lines::slice(&self.text, range)
    }

    /// The number of the line that holds `byte`.
    pub fn line(&self, byte: usize) -> usize {
        lines::of(&self.text, byte)
    }

    /// The lines that `range` touches, whole.
    pub fn whole_lines(&self, range: &Range<usize>) -> Range<usize> {
        lines::start(&self.text, self.line(range.start))..lines::end(&self.text, self.line(range.end))
    }
}

impl Place {
    #[must_use]
    pub fn new(text: Rope, tree: Option<Tree>, language: &'static Language, region: Range<usize>) -> Self {
        Self { file: Code { text, tree, language }, region }
    }

    #[must_use]
    pub fn language(&self) -> &'static Language {
        self.file.language
    }

    pub(crate) fn file(&self) -> &Code {
        &self.file
    }

    pub(crate) fn region(&self) -> &Range<usize> {
        &self.region
    }

    /// Whether the region begins with a line, rather than within one.
    pub(crate) fn is_of_lines(&self) -> bool {
        let text = &self.file.text;
        lines::first(text, lines::of(text, self.region.start)) >= self.region.start
    }

    /// The definitions whose bodies hold the region, outermost first; `base` is the indentation of what goes there.
    #[must_use]
    pub fn around(&self, base: &str) -> Vec<Definition> {
        let mut around = definition::around(&self.file.source(), &self.region);
        let holds = |one: &Definition| {
            one.header.end <= self.region.start && lines::width(&one.indent) < lines::width(base)
        };
        around.retain(holds);
        around
    }

    /// The comment lines right above the region; blank ones may stand between.
    #[must_use]
    pub fn comments_above(&self) -> String {
        let text = &self.file.text;
        let first = lines::of(text, self.region.start);
        let comment = |line: &usize| {
            lines::blank(text, *line) || lines::begins_with(text, *line, self.file.language.comment)
        };
        let top = (0..first).rev().take_while(comment).last().unwrap_or(first);
        lines::slice(text, &(lines::start(text, top)..lines::start(text, first)))
    }

    /// The names that the file's top level binds.
    pub(crate) fn top(&self) -> HashSet<String> {
        let source = self.file.source();
        let mut names = HashSet::new();
        for symbol in outline_where(&source, &|_| false) {
            match symbol.kind {
                Kind::Import => names.extend(words(&self.file.part(&symbol.whole)).map(str::to_owned)),
                _ => _ = names.insert(symbol.name),
            }
        }
        names
    }

    /// Whether the file imports names that cannot be seen.
    pub(crate) fn imports_all(&self) -> bool {
        let imports = outline_where(&self.file.source(), &|_| false);
        imports.iter().any(|one| one.kind == Kind::Import && self.file.part(&one.whole).ends_with('*'))
    }

    /// The names that the functions around the region bind.
    pub(crate) fn locals(&self, around: &[Definition]) -> HashSet<String> {
        let Some(outer) = around.first() else { return HashSet::new() };
        let Some(code) = Code::parse(&self.file.part(&outer.whole), self.file.language) else {
            return HashSet::new();
        };
        let (names, source) = (Names::of(&code.source()), code.source());
        let functions =
            items::definitions(&source).into_iter().filter(|one| one.item.kind == items::Kind::Function);
        let known = |name: &str| around.iter().any(|around| around.name == name);
        functions
            .filter_map(|one| one.item.definition)
            .filter(|one| known(&one.name))
            .flat_map(|one| names.local(&one.range))
            .collect()
    }

    /// Whether the innermost of `around` is a class that has members from elsewhere.
    pub(crate) fn inherits(&self, around: &[Definition]) -> bool {
        let Some(class) = around.last().filter(|one| one.kind == definition::Kind::Class) else {
            return false;
        };
        let header = self.file.part(&class.header);
        let bases = header.split_once('(').map(|(_, bases)| bases).unwrap_or_default();
        let symbols = outline_where(&self.file.source(), &|_| false);
        let own: HashSet<&str> =
            symbols.iter().filter(|one| one.kind == Kind::Class).map(|one| one.name.as_str()).collect();
        words(bases).any(|base| base != "object" && !own.contains(base))
    }

    /// The statements of the innermost of `around`, or of the module, but for those that the region touches.
    pub(crate) fn items(&self, around: &[Definition]) -> Vec<Item> {
        let of = around.last().map(|one| one.header.start..one.whole.end);
        let mut items = items::items(&self.file.source(), of.as_ref());
        let empty = self.file.part(&self.region).trim().is_empty();
        items.retain(|item| {
            empty || item.range.end <= self.region.start || self.region.end <= item.range.start
        });
        items
    }

    /// The statements of the innermost of `around`, or of the module, that the region takes the place of.
    pub(crate) fn replaced(&self, around: &[Definition]) -> Vec<Item> {
        if self.file.part(&self.region).trim().is_empty() {
            return Vec::new();
        }
        let of = around.last().map(|one| one.header.start..one.whole.end);
        let mut items = items::items(&self.file.source(), of.as_ref());
        items.retain(|item| item.range.start < self.region.end && self.region.start < item.range.end);
        items
    }

    /// Whether the file has this word anywhere outside of the region.
    pub(crate) fn has_word(&self, word: &str) -> bool {
        let text = &self.file.text;
        let outside = [0..self.region.start, self.region.end..text.len_bytes()];
        outside.iter().any(|range| words(&lines::slice(text, range)).any(|known| known == word))
    }
}

/// The words of `text`.
pub(crate) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|ch: char| !(ch.is_alphanumeric() || ch == '_')).filter(|word| !word.is_empty())
}
