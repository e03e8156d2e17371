//! The queries of a language: their texts, and what they are compiled to when they are first asked.

use std::sync::{LazyLock, OnceLock};

use tree_sitter::Query;

use super::Language;

/// The texts of the query files. Of one that is empty nothing is said: what is made of it is off.
pub(super) struct Sources {
    /// `@definition` with its `@name` and its `@body`, of nodes that `Kinds` names; empty where the grammar's fields say it.
    pub target: &'static str,
    /// `@function`, `@class`, `@constant`, `@import`, `@alias` with `@name`; `@end` ends a signature; `@docstring`
    /// belongs to the `@documented`; `@container` holds more symbols.
    pub symbols: &'static str,
    /// `@stub`: a statement that stands for a body yet to be written.
    pub stubs: &'static str,
    /// `@docstring` of a body.
    pub docstring: &'static str,
    /// `@declared`: a definition whose empty body is right (overloads, abstract methods, protocols).
    pub declared: &'static str,
    /// `@import` statements of the module's level; `@future` those that must come first; a `@head` stands before all of them.
    pub imports: &'static str,
    /// What one level of a file says: definitions, imports, exports (see `facts`).
    pub facts: &'static str,
    /// What imports take, wherever they stand: `@member` of a `@module`, `@as` another name.
    pub taken: &'static str,
    /// What an initialiser's body gives to its object.
    pub attributes: &'static str,
    /// `@scope`, `@function` and `@class` bound names, `@wait` is what only an asynchronous function can have; `@outer`, `@parameter`, `@bound` and `@through` bind one (around the scope that it
    /// names, in a header, here, through comprehensions), `@global` says that it is another scope's; `@used` is any word,
    /// `@label` one that is no name; `@member` of an `@object` (or of `@any` thing), which is `@stored`.
    pub bindings: &'static str,
    /// `@function`, which may be one of an `@object`, and its `@arguments`; what is `@given` the result; an `@attempt` may fail; in the arguments a `@keyword`, and `@any` for what stands for any number.
    pub calls: &'static str,
    /// `@function`, its parameters without a type (`@bare`), and the type of its `@result`.
    pub hints: &'static str,
    /// `@assertion` and its `@condition`; what makes it hold always (`@constant`, through `@either` and `@around`); a `@claim` that `@one` is the
    /// `@other`, or something else that is `@asked` of one, through `@both`; how often it asks (`@repeated` with its `@cases`, each a
    /// `@display` or not; `@several`, `@many`); what is `@tried`, where a failure comes to what is `@handled`.
    pub assertions: &'static str,
    /// Statements: `@refused` says that it is yet to be written, behind `@ended` nothing is come to, `@given` is a result, `@nothing` is done, `@left` goes
    /// away with nothing, of an `@entered` one some block is run (and it goes on behind a `@managed` one).
    pub flow: &'static str,
    /// Every `@comment`, and each `@name` that may keep a tool quiet.
    pub marks: &'static str,
    /// `@swapped` by the table of `mutations`, `@dropped` but for what is `@kept`, `@number`, `@returned`, `@condition`; nothing in a `@type`.
    pub mutants: &'static str,
}

impl Sources {
    pub const NONE: Self = Self {
        target: "",
        symbols: "",
        stubs: "",
        docstring: "",
        declared: "",
        imports: "",
        facts: "",
        taken: "",
        attributes: "",
        bindings: "",
        calls: "",
        hints: "",
        assertions: "",
        flow: "",
        marks: "",
        mutants: "",
    };
}

/// The queries, each compiled at its first question: those of a large grammar take milliseconds each, and a listing of actions
/// needs but a few of them.
pub(super) struct Queries {
    pub target: Asked,
    pub symbols: Asked,
    pub stubs: Asked,
    pub docstring: Asked,
    pub declared: Asked,
    pub imports: Asked,
    pub facts: Asked,
    pub attributes: Asked,
    pub calls: Asked,
    pub taken: Asked,
    pub hints: Asked,
    pub mutants: Asked,
    pub assertions: Asked,
    pub flow: Asked,
    pub marks: Asked,
}

/// One query.
pub(super) struct Asked {
    grammar: fn() -> tree_sitter::Language,
    text: &'static str,
    compiled: OnceLock<Query>,
}

fn compiled(grammar: fn() -> tree_sitter::Language, text: &str) -> Query {
    Query::new(&grammar(), text).expect("a test compiles every query file of every language")
}

impl Queries {
    pub fn of(grammar: fn() -> tree_sitter::Language, sources: &Sources) -> Self {
        let asked = |text| Asked::new(grammar, text);
        Self {
            target: asked(sources.target),
            symbols: asked(sources.symbols),
            stubs: asked(sources.stubs),
            docstring: asked(sources.docstring),
            declared: asked(sources.declared),
            imports: asked(sources.imports),
            facts: asked(sources.facts),
            attributes: asked(sources.attributes),
            calls: asked(sources.calls),
            taken: asked(sources.taken),
            hints: asked(sources.hints),
            mutants: asked(sources.mutants),
            assertions: asked(sources.assertions),
            flow: asked(sources.flow),
            marks: asked(sources.marks),
        }
    }

    /// Compiles all of them.
    pub fn warm(&self) {
        let all = [
            &self.target,
            &self.symbols,
            &self.stubs,
            &self.docstring,
            &self.declared,
            &self.imports,
            &self.facts,
            &self.attributes,
            &self.calls,
            &self.taken,
            &self.hints,
            &self.mutants,
            &self.assertions,
            &self.flow,
            &self.marks,
        ];
        all.into_iter().for_each(|asked| {
            let _: &Query = asked;
        });
    }
}

impl Asked {
    pub fn new(grammar: fn() -> tree_sitter::Language, text: &'static str) -> Self {
        Self { grammar, text, compiled: OnceLock::new() }
    }
}

impl std::ops::Deref for Asked {
    type Target = Query;

    fn deref(&self) -> &Query {
        /// Finds nothing, whatever the language: one for each would take milliseconds in a large grammar.
        static NOTHING: LazyLock<Query> = LazyLock::new(|| compiled(Language::first().grammar, ""));
        if self.text.is_empty() {
            return &NOTHING;
        }
        self.compiled.get_or_init(|| compiled(self.grammar, self.text))
    }
}
