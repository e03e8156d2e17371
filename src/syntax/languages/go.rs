//! Go, as data.

use std::sync::OnceLock;

use crate::syntax::docs::{Above, Docs};
use crate::syntax::language::{Evasions, Importing, Kinds, Language, Sources, Tests};
use crate::syntax::lexis::{C_COMMENT, Lexis, Quotes};
use crate::syntax::modules::Modules;
use crate::syntax::mutations::Mutations;
use crate::text::indent::Indent;

pub(super) static GO: Language = Language {
    id: "go",
    name: "Go",
    fence: "go",
    extensions: &["go"],
    declarations: &[],
    family: "go",
    comment: "//",
    opener: "{",
    closer: "}",
    indent: Indent::Tab,
    lexis: Lexis {
        comments: &["//"],
        blocks: &[C_COMMENT],
        strings: &[Quotes::short("\""), Quotes::raw("`", "`")],
        characters: true,
        braces: true,
        words: None,
        heredoc: "",
        imports: &[("import ", "")],
        heads: &["package "],
    },
    docs: Docs::Above(Above { lines: &["//"], block: None, attributes: &[], others: &[] }),
    importing: Some(Importing {
        path: "/",
        single: "import MODULE",
        whole: "import MODULE",
        group: None,
        keeps_group: false,
        list: Some(("import (", ")")),
        is_silent: false,
        in_classes: false,
    }),
    nests: false,
    enclosing: None,
    initialisers: &[],
    modules: Modules::Nowhere,
    placeholders: &["panic("],
    tests: Tests { suffix: "_test", ..Tests::NONE },
    unended: &[],
    evasions: Evasions::NONE,
    examples: None,
    private: "",
    interpreters: &[],
    builtins: "append cap clear close complex copy delete imag len make max min new panic print println real recover string int error byte rune bool float32 float64 int8 int16 int32 int64 uint uint8 uint16 uint32 uint64 any uintptr",
    members: "",
    library: "",
    grammar: || tree_sitter_go::LANGUAGE.into(),
    kinds: Kinds {
        functions: &["function_declaration", "method_declaration"],
        classes: &["type_spec"],
        decorated: &["type_declaration"],
        blocks: &["source_file", "block", "statement_list", "field_declaration_list", "interface_type"],
        lists: &["statement_list"],
        comments: &["comment"],
        strings: &[
            "interpreted_string_literal",
            "raw_string_literal",
            "interpreted_string_literal_content",
            "raw_string_literal_content",
        ],
        imports: &["import_declaration"],
    },
    alone: None,
    mutations: Mutations::NONE,
    sources: Sources {
        target: include_str!("go/target.scm"),
        symbols: include_str!("go/symbols.scm"),
        stubs: include_str!("go/stubs.scm"),
        declared: include_str!("go/declared.scm"),
        imports: include_str!("go/imports.scm"),
        facts: include_str!("go/facts.scm"),
        ..Sources::NONE
    },
    compiled: OnceLock::new(),
    bindings: OnceLock::new(),
};
