//! What a language is to Redraft: a grammar, query files, and a few names. Data only; the code that reads it is beside.

use std::sync::OnceLock;

use tree_sitter::Query;

use super::docs::Docs;
use super::languages::ALL;
use super::lexis::Lexis;
use super::modules::Modules;
use super::mutations::Mutations;
pub(super) use super::sources::{Asked, Queries, Sources};
use crate::text::indent::Indent;

/// The queries that facts are made by: facts of other queries are other facts.
pub fn fact_queries() -> impl Iterator<Item = &'static str> {
    ALL.iter().copied().flat_map(|language| [language.sources.facts, language.sources.attributes])
}

/// One language. All languages are statics: compare them by `id`.
pub struct Language {
    /// LSP's identifier, such as `python`.
    pub id: &'static str,
    /// The name in prose, as prompts have it.
    pub name: &'static str,
    /// The info string of a fenced code block.
    pub fence: &'static str,
    /// File name endings without the dot.
    pub extensions: &'static [&'static str],
    /// The endings of files that hold declarations only, whose empty bodies are right as they are.
    pub declarations: &'static [&'static str],
    /// Languages of one family use each other's definitions.
    pub family: &'static str,
    /// What a comment to the line's end begins with.
    pub comment: &'static str,
    /// What ends a line that opens a block, and what closes that; nothing where indentation does. Where words do, there is no opener.
    pub opener: &'static str,
    pub closer: &'static str,
    /// One level of indentation, in a file that has none yet.
    pub indent: Indent,
    /// How it reads line by line.
    pub lexis: Lexis,
    /// Where documentation stands.
    pub docs: Docs,
    /// How names are put into imports that stand there; nothing where that is Python's way.
    pub importing: Option<Importing>,
    /// A function may stand in another's body, seen by that alone.
    pub nests: bool,
    /// What stands around a method that is read without its class; nothing where it can stand alone.
    pub enclosing: Option<(&'static str, &'static str)>,
    /// The names of methods that give an object its attributes.
    pub initialisers: &'static [&'static str],
    /// How its imports name files.
    pub modules: Modules,
    /// How statements begin that stand for a body yet to be written.
    pub placeholders: &'static [&'static str],
    /// How its tests are written.
    pub tests: Tests,
    /// How statements begin that another one has to end.
    pub unended: &'static [&'static str],
    /// What keeps checkers and tests quiet.
    pub evasions: Evasions,
    /// The program that runs the examples of a docstring, for the language's interpreter; see `check::examples` for what it is asked.
    pub examples: Option<&'static str>,
    /// How names begin that nobody outside is to use.
    pub private: &'static str,
    /// What the programs are called that run it.
    pub interpreters: &'static [&'static str],
    /// Names that are there without being defined, apart from each other by blanks.
    pub(super) builtins: &'static str,
    /// Members that objects of built-in types have, in the same form.
    pub(super) members: &'static str,
    /// Modules that come with the language, in the same form.
    pub(super) library: &'static str,
    pub(super) grammar: fn() -> tree_sitter::Language,
    pub(super) kinds: Kinds,
    /// How statements are parsed without their file; nothing where they cannot be.
    pub(super) alone: Option<Alone>,
    pub(super) mutations: Mutations,
    pub(super) sources: Sources,
    pub(super) compiled: OnceLock<Queries>,
    pub(super) bindings: OnceLock<Asked>,
}

/// How import statements of a language name things, one statement to a line.
#[derive(Debug)]
pub struct Importing {
    /// What stands between the parts of a name's path; empty where a statement does not tell the names that it binds.
    pub path: &'static str,
    /// How a statement reads by which a `NAME` is taken of a `MODULE`, and one by which that itself is.
    pub single: &'static str,
    pub whole: &'static str,
    /// What opens and closes a list of names in a statement.
    pub group: Option<(&'static str, &'static str)>,
    /// The brackets stay where a name is imported alone.
    pub keeps_group: bool,
    /// What opens and closes a list of whole statements, each on a line of its own.
    pub list: Option<(&'static str, &'static str)>,
    /// A name may be needed that the code does not mention: a trait's methods are called without it.
    pub is_silent: bool,
    /// A class has statements that read like imports, and are none.
    pub in_classes: bool,
}

/// How tests of a language are written.
#[derive(Debug)]
pub struct Tests {
    /// What is asked for, in prose.
    pub ask: &'static str,
    /// Where they are, below a folder of the project.
    pub folder: &'static str,
    /// How the names of their files begin, or end, or are, without the ending.
    pub prefix: &'static str,
    pub suffix: &'static str,
    pub name: &'static str,
    pub ending: &'static str,
}

impl Tests {
    /// None are written, and no file is known to be one of tests.
    pub(super) const NONE: Self = Self { ask: "", folder: "", prefix: "", suffix: "", name: "", ending: "" };

    /// The name of the file for a module.
    #[must_use]
    pub fn file(&self, stem: &str) -> String {
        format!("{}{}.{}", self.prefix, stem.trim_start_matches('_'), self.ending)
    }
}

/// Words of a language and its tools that make code look right that is not.
#[derive(Debug)]
pub struct Evasions {
    /// How comments begin that tell a checker to look away, whatever their case, with or without blanks at a colon.
    pub suppressions: &'static [&'static str],
    /// The whole names of what does so.
    pub unchecked: &'static [&'static str],
    /// The whole names of what keeps tests from running.
    pub skips: &'static [&'static str],
}

impl Evasions {
    pub(super) const NONE: Self = Self { suppressions: &[], unchecked: &[], skips: &[] };
}

/// Names of the grammar's nodes that a walk down the tree looks for.
pub(super) struct Kinds {
    /// Definitions: their fields are `name` and `body`, unless the query `target` says where these are.
    pub functions: &'static [&'static str],
    pub classes: &'static [&'static str],
    /// A node around a definition (its decorators, `export`): that is its field `definition`, or else what it ends with.
    pub decorated: &'static [&'static str],
    /// Nodes whose children are statements.
    pub blocks: &'static [&'static str],
    /// Those of them that stand in another one, between its braces, and are no statement themselves.
    pub lists: &'static [&'static str],
    pub comments: &'static [&'static str],
    pub strings: &'static [&'static str],
    pub imports: &'static [&'static str],
}

/// What is put around statements that are parsed by themselves.
pub(super) struct Alone {
    /// A line that opens a block, before statements that are indented.
    pub opener: &'static str,
    /// A statement behind them. It is no part of an expression, so that nothing before it was left open where it stands.
    pub closer: &'static str,
    /// What the grammar calls it.
    pub closer_kind: &'static str,
    /// What stands in blocks and is no statement: it cannot be told from one without what is around it.
    pub clauses: &'static [&'static str],
}

impl Language {
    /// The language with LSP's identifier `id`.
    #[must_use]
    pub fn by_id(id: &str) -> Option<&'static Self> {
        ALL.iter().copied().find(|language| language.id == id)
    }

    /// LSP's identifiers of all languages.
    pub fn ids() -> impl Iterator<Item = &'static str> {
        ALL.iter().map(|language| language.id)
    }

    /// The lines that close so many blocks.
    #[must_use]
    pub fn closers(&self, blocks: usize) -> Vec<String> {
        vec![self.closer.to_owned(); blocks]
    }

    /// Whether `line` stands for a body yet to be written, as far as a line alone tells.
    #[must_use]
    pub fn is_placeholder(&self, line: &str) -> bool {
        self.placeholders.iter().any(|placeholder| line.trim().starts_with(placeholder))
    }

    /// Whether the file at `path` is one of tests, by its name.
    #[must_use]
    pub fn is_test(&self, path: &str) -> bool {
        let name = path.rsplit('/').next().unwrap_or(path);
        let is_own = Self::by_path(name).is_some_and(|known| known.id == self.id);
        let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        let Tests { prefix, suffix, name, .. } = self.tests;
        let begins = !prefix.is_empty() && stem.starts_with(prefix);
        let ends = !suffix.is_empty() && stem.ends_with(suffix);
        is_own && (begins || ends || stem == name)
    }

    /// How the file at `path`, from a project's root, is imported.
    #[must_use]
    pub fn module_name(&self, path: &str) -> String {
        let stem = self.modules.stem(path);
        let source =
            self.modules.sources().iter().find_map(|source| stem.strip_prefix(source)?.strip_prefix('/'));
        source.unwrap_or(stem).replace('/', ".")
    }

    /// The endings of all languages' files.
    pub fn endings() -> impl Iterator<Item = &'static str> {
        ALL.iter()
            .copied()
            .flat_map(|language| language.extensions.iter().chain(language.declarations).copied())
    }

    /// The endings of the files of this language, and then of the others of its family.
    #[must_use]
    pub fn family_endings(&self) -> Vec<&'static str> {
        let others = ALL.iter().filter(|other| other.family == self.family && other.id != self.id);
        let others = others.flat_map(|other| other.extensions.iter().chain(other.declarations));
        self.extensions.iter().chain(self.declarations).chain(others).copied().collect()
    }

    /// What they are called in prose: `C, Go and Rust`.
    #[must_use]
    pub fn names() -> String {
        let names: Vec<&str> = ALL.iter().map(|language| language.name).collect();
        match names.split_last() {
            Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
            _ => names.concat(),
        }
    }

    /// The first of all languages, where it makes no difference which.
    #[must_use]
    pub fn first() -> &'static Self {
        ALL[0]
    }

    /// The language of a file, by the ending of its name.
    #[must_use]
    pub fn by_path(path: &str) -> Option<&'static Self> {
        let ending = ending(path)?;
        ALL.iter().copied().find(|language| {
            language
                .extensions
                .iter()
                .chain(language.declarations)
                .any(|known| ending.eq_ignore_ascii_case(known))
        })
    }

    /// Whether `path` is a file of declarations only.
    #[must_use]
    pub fn declares(&self, path: &str) -> bool {
        ending(path)
            .is_some_and(|ending| self.declarations.iter().any(|known| ending.eq_ignore_ascii_case(known)))
    }

    /// Whether `name` is there without being defined.
    #[must_use]
    pub fn is_builtin(&self, name: &str) -> bool {
        self.builtins.split_ascii_whitespace().any(|known| known == name)
    }

    /// Whether objects of built-in types have a member of this name.
    #[must_use]
    pub fn is_common_member(&self, name: &str) -> bool {
        self.members.split_ascii_whitespace().any(|known| known == name)
    }

    /// Whether a module of this name comes with the language, or may: names of private ones do.
    #[must_use]
    pub fn is_of_the_library(&self, name: &str) -> bool {
        name.starts_with(self.private) || self.library.split_ascii_whitespace().any(|known| known == name)
    }

    /// The grammar, for callers that parse on their own.
    #[must_use]
    pub fn grammar(&self) -> tree_sitter::Language {
        (self.grammar)()
    }

    /// Compiles the queries now rather than at their first questions, which then would wait for some 40 ms.
    pub fn warm(&self) {
        self.queries().warm();
        let _: &Query = self.bindings_query();
    }

    /// What `bindings` asks: apart, since it takes the longest to compile, and no listing of actions needs it.
    pub(super) fn bindings_query(&self) -> &Query {
        self.bindings.get_or_init(|| Asked::new(self.grammar, self.sources.bindings))
    }

    pub(super) fn queries(&self) -> &Queries {
        self.compiled.get_or_init(|| Queries::of(self.grammar, &self.sources))
    }
}

impl std::fmt::Debug for Language {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Language({})", self.id)
    }
}

impl PartialEq for Language {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

fn ending(path: &str) -> Option<&str> {
    let name = path.rsplit(['/', '\\']).next()?;
    let (stem, ending) = name.rsplit_once('.')?;
    (!stem.is_empty()).then_some(ending)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_query_compiles() {
        for language in ALL {
            language.warm();
        }
    }

    #[test]
    fn paths_have_languages() {
        for (path, id) in [
            ("a.py", Some("python")),
            ("src/x/B.PY", Some("python")),
            ("c:\\x\\y.pyi", Some("python")),
            ("a.pyc", None),
            (".py", None),
            ("py", None),
            ("dir.py/readme", None),
            ("", None),
        ] {
            assert_eq!(Language::by_path(path).map(|language| language.id), id, "{path}");
        }
        assert!(
            Language::by_id("python")
                .is_some_and(|python| python.declares("x.pyi") && !python.declares("x.py"))
        );
        assert!(Language::by_id("cobol").is_none());
    }
}
