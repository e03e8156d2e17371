//! PHP, as data.

use std::sync::OnceLock;

use crate::syntax::docs::{Above, Docs};
use crate::syntax::language::{Evasions, Importing, Kinds, Language, Sources, Tests};
use crate::syntax::lexis::{C_COMMENT, Lexis, Quotes};
use crate::syntax::modules::Modules;
use crate::syntax::mutations::Mutations;
use crate::text::indent::Indent;

pub(super) static PHP: Language = Language {
    id: "php",
    name: "PHP",
    fence: "php",
    extensions: &["php"],
    declarations: &[],
    family: "php",
    comment: "//",
    opener: "{",
    closer: "}",
    indent: Indent::Spaces(4),
    lexis: Lexis {
        comments: &["//", "# "],
        blocks: &[C_COMMENT],
        strings: &[Quotes::long("\""), Quotes::long("'")],
        characters: false,
        braces: true,
        words: None,
        heredoc: "<<<",
        imports: &[("use ", ";")],
        heads: &["<?php", "namespace ", "declare("],
    },
    docs: Docs::Above(Above { lines: &[], block: Some(("/**", " *", " */")), attributes: &[], others: &[] }),
    importing: Some(Importing {
        path: "\\",
        single: "use MODULE\\NAME;",
        whole: "use MODULE;",
        group: None,
        keeps_group: false,
        list: None,
        is_silent: false,
        in_classes: true,
    }),
    nests: false,
    enclosing: None,
    initialisers: &[],
    modules: Modules::Nowhere,
    placeholders: &["throw new \\LogicException(", "throw new LogicException("],
    tests: Tests { suffix: "Test", ..Tests::NONE },
    unended: &[],
    evasions: Evasions::NONE,
    examples: None,
    private: "",
    interpreters: &[],
    builtins: "",
    members: "",
    library: "",
    // The one whose files need no tag: a piece of code has none.
    grammar: || tree_sitter_php::LANGUAGE_PHP_ONLY.into(),
    kinds: Kinds {
        functions: &["function_definition", "method_declaration"],
        classes: &["class_declaration", "interface_declaration", "trait_declaration", "enum_declaration"],
        decorated: &[],
        blocks: &[
            "program",
            "compound_statement",
            "declaration_list",
            "enum_declaration_list",
            "switch_block",
            "case_statement",
            "default_statement",
        ],
        lists: &[],
        comments: &["comment"],
        strings: &["string", "encapsed_string", "string_content", "heredoc", "nowdoc"],
        imports: &["namespace_use_declaration"],
    },
    alone: None,
    mutations: Mutations::NONE,
    sources: Sources {
        target: "",
        symbols: include_str!("php/symbols.scm"),
        stubs: include_str!("php/stubs.scm"),
        declared: include_str!("php/declared.scm"),
        imports: include_str!("php/imports.scm"),
        facts: include_str!("php/facts.scm"),
        ..Sources::NONE
    },
    compiled: OnceLock::new(),
    bindings: OnceLock::new(),
};
