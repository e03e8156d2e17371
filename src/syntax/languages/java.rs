//! Java, as data.

use std::sync::OnceLock;

use crate::syntax::docs::{Above, Docs};
use crate::syntax::language::{Evasions, Importing, Kinds, Language, Sources, Tests};
use crate::syntax::lexis::{C_COMMENT, Lexis, Quotes};
use crate::syntax::modules::Modules;
use crate::syntax::mutations::Mutations;
use crate::text::indent::Indent;

pub(super) static JAVA: Language = Language {
    id: "java",
    name: "Java",
    fence: "java",
    extensions: &["java"],
    declarations: &[],
    family: "java",
    comment: "//",
    opener: "{",
    closer: "}",
    indent: Indent::Spaces(4),
    lexis: Lexis {
        comments: &["//"],
        blocks: &[C_COMMENT],
        strings: &[Quotes::long("\"\"\""), Quotes::short("\"")],
        characters: true,
        braces: true,
        words: None,
        heredoc: "",
        imports: &[("import ", ";")],
        heads: &["package "],
    },
    docs: Docs::Above(Above { lines: &[], block: Some(("/**", " *", " */")), attributes: &[], others: &[] }),
    importing: Some(Importing {
        path: ".",
        single: "import MODULE.NAME;",
        whole: "import MODULE;",
        group: None,
        keeps_group: false,
        list: None,
        is_silent: false,
        in_classes: false,
    }),
    nests: false,
    enclosing: Some(("class Lone {\n", "\n}")),
    initialisers: &[],
    modules: Modules::Nowhere,
    placeholders: &["throw new UnsupportedOperationException("],
    tests: Tests { suffix: "Test", ..Tests::NONE },
    unended: &[],
    evasions: Evasions::NONE,
    examples: None,
    private: "",
    interpreters: &[],
    builtins: "",
    members: "",
    library: "",
    grammar: || tree_sitter_java::LANGUAGE.into(),
    kinds: Kinds {
        functions: &["method_declaration", "constructor_declaration"],
        classes: &["class_declaration", "interface_declaration", "enum_declaration", "record_declaration"],
        decorated: &[],
        blocks: &[
            "program",
            "block",
            "class_body",
            "interface_body",
            "constructor_body",
            "switch_block",
            "switch_block_statement_group",
        ],
        lists: &[],
        comments: &["line_comment", "block_comment"],
        strings: &["string_literal", "string_fragment", "multiline_string_fragment"],
        imports: &["import_declaration"],
    },
    alone: None,
    mutations: Mutations::NONE,
    sources: Sources {
        target: "",
        symbols: include_str!("java/symbols.scm"),
        stubs: include_str!("java/stubs.scm"),
        declared: include_str!("java/declared.scm"),
        imports: include_str!("java/imports.scm"),
        facts: include_str!("java/facts.scm"),
        ..Sources::NONE
    },
    compiled: OnceLock::new(),
    bindings: OnceLock::new(),
};
