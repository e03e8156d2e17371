//! The file around a region, as far as an answer may repeat it or need it.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use ropey::Rope;
use tree_sitter::Tree;

use crate::draft::strings::Scanner;
use crate::syntax::bindings::Names;
use crate::syntax::definition::{self, Definition};
use crate::syntax::items::{self, Item};
use crate::syntax::names::hash;
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
    outside: Arc<OnceLock<Outside>>,
}

/// What the file has outside of the region: looked for once, since in a large file that takes longer than all else that a
/// draft ends with.
#[derive(Debug, Default)]
struct Outside {
    /// The names that its top level defines, and those that it imports.
    defined: HashSet<String>,
    imported: HashSet<String>,
    classes: HashSet<String>,
    /// It imports names that cannot be seen.
    imports_all: bool,
    /// Hashes of its words.
    words: HashSet<u32>,
}

/// What the class is called that `Language::enclosing` opens.
pub(crate) const LONE: &str = "Lone";

/// `text` with what a method of an answer needs around it that has no class, and where that was put in; nothing where its language
/// needs none. It goes below the imports.
pub(crate) fn in_class(text: &str, language: &'static Language) -> Option<(String, Range<usize>)> {
    let (head, tail) = language.enclosing?;
    let mut scanner = Scanner::of(language);
    let (mut at, mut goes_on) = (0, false);
    for line in text.split_inclusive('\n') {
        let code = line.trim();
        let is_before =
            goes_on || code.is_empty() || language.lexis.is_comment(code) || language.lexis.is_import(code);
        if !is_before {
            break;
        }
        scanner.line(line.trim_end_matches(['\n', '\r']));
        goes_on = scanner.is_open();
        at += line.len();
    }
    // Members of an object are apart by commas.
    let own = text[at..].trim_end();
    let own = own.strip_suffix(',').unwrap_or(own);
    Some((format!("{}{head}{own}{tail}", &text[..at]), at..at + head.len()))
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
        Self { file: Code { text, tree, language }, region, outside: Arc::default() }
    }

    /// The same file, and another region in it.
    #[must_use]
    pub fn at(&self, region: Range<usize>) -> Self {
        Self { file: self.file.clone(), region, outside: Arc::default() }
    }

    /// Looks at the file, and compiles its language's queries, so that nobody waits for either later. Clones share what was
    /// seen.
    pub fn look(&self) {
        self.file.language.warm();
        self.outside();
    }

    /// The file's text.
    #[must_use]
    pub fn text(&self) -> &Rope {
        &self.file.text
    }

    /// The file as a source without a path.
    #[must_use]
    pub fn source(&self) -> Source<'_> {
        self.file.source()
    }

    /// What the region has now.
    #[must_use]
    pub fn base(&self) -> String {
        self.file.part(&self.region)
    }

    fn outside(&self) -> &Outside {
        self.outside.get_or_init(|| {
            let mut outside = Outside::default();
            for symbol in outline_where(&self.file.source(), &|_| false) {
                if symbol.kind == Kind::Import {
                    let import = self.file.part(&symbol.whole);
                    outside.imports_all |= import.ends_with('*');
                    outside.imported.extend(words(&import).map(str::to_owned));
                    continue;
                }
                if symbol.kind == Kind::Class {
                    outside.classes.insert(symbol.name.clone());
                }
                outside.defined.insert(symbol.name);
            }
            let text = &self.file.text;
            for range in [0..self.region.start, self.region.end..text.len_bytes()] {
                outside.words.extend(words(&lines::slice(text, &range)).map(hash));
            }
            outside
        })
    }

    #[must_use]
    pub fn language(&self) -> &'static Language {
        self.file.language
    }

    pub(crate) fn file(&self) -> &Code {
        &self.file
    }

    /// The bytes that the draft takes the place of.
    #[must_use]
    pub fn region(&self) -> &Range<usize> {
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

    /// Whether the region stands in a class, and in none of its methods.
    #[must_use]
    pub fn is_in_class(&self, base: &str) -> bool {
        self.around(base).last().is_some_and(|one| one.kind == definition::Kind::Class)
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

    /// Whether the file's top level binds the name.
    pub(crate) fn binds(&self, name: &str) -> bool {
        let outside = self.outside();
        outside.defined.contains(name) || outside.imported.contains(name)
    }

    /// Whether the file's top level binds the name other than by an import.
    pub(crate) fn defines(&self, name: &str) -> bool {
        self.outside().defined.contains(name)
    }

    /// Whether the file imports names that cannot be seen.
    pub(crate) fn imports_all(&self) -> bool {
        self.outside().imports_all
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
        words(bases).any(|base| base != "object" && !self.outside().classes.contains(base))
    }

    /// The statements of the innermost of `around`, or of the module, but for those that the region touches.
    pub(crate) fn items(&self, around: &[Definition]) -> Vec<Item> {
        let of = around.last().map(|one| one.itself.clone());
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
        let of = around.last().map(|one| one.itself.clone());
        let mut items = items::items(&self.file.source(), of.as_ref());
        items.retain(|item| item.range.start < self.region.end && self.region.start < item.range.end);
        items
    }

    /// Whether the file has this word anywhere outside of the region.
    pub(crate) fn has_word(&self, word: &str) -> bool {
        self.outside().words.contains(&hash(word))
    }
}

/// The words of `text`.
pub(crate) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|ch: char| !(ch.is_alphanumeric() || ch == '_')).filter(|word| !word.is_empty())
}
