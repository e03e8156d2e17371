//! Python, as data.

use std::sync::OnceLock;

use super::language::{Alone, Kinds, Language, Sources};

pub(super) static PYTHON: Language = Language {
    id: "python",
    name: "Python",
    fence: "python",
    extensions: &["py", "pyw"],
    declarations: &["pyi"],
    comment: "#",
    opener: ":",
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
    },
    compiled: OnceLock::new(),
};
