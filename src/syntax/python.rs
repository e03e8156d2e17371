//! Python, as data.

use std::sync::OnceLock;

use super::language::{Alone, Kinds, Language, Sources};
use super::modules::Modules;

pub(super) static PYTHON: Language = Language {
    id: "python",
    name: "Python",
    fence: "python",
    extensions: &["py", "pyw"],
    declarations: &["pyi"],
    comment: "#",
    opener: ":",
    initialisers: &["__init__", "__post_init__", "__new__", "setUp"],
    modules: Modules::Dotted { package: "__init__", sources: &["src", "lib", "python"] },
    grammar: || tree_sitter_python::LANGUAGE.into(),
    kinds: Kinds {
        functions: &["function_definition"],
        classes: &["class_definition"],
        decorated: &["decorated_definition"],
        blocks: &["module", "block"],
        comments: &["comment"],
        strings: &["string", "string_content", "concatenated_string"],
    },
    alone: Some(Alone {
        opener: "if 1:",
        closer: "pass",
        closer_kind: "pass_statement",
        clauses: &["case_clause"],
    }),
    sources: Sources {
        symbols: include_str!("python/symbols.scm"),
        stubs: include_str!("python/stubs.scm"),
        docstring: include_str!("python/docstring.scm"),
        declared: include_str!("python/declared.scm"),
        imports: include_str!("python/imports.scm"),
        facts: include_str!("python/facts.scm"),
        attributes: include_str!("python/attributes.scm"),
    },
    compiled: OnceLock::new(),
};
