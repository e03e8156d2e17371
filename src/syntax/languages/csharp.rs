//! C#, as data.

use std::sync::OnceLock;

use crate::syntax::docs::{Above, Docs};
use crate::syntax::language::{Evasions, Importing, Kinds, Language, Sources, Tests};
use crate::syntax::lexis::{C_COMMENT, Lexis, Quotes};
use crate::syntax::modules::Modules;
use crate::syntax::mutations::Mutations;
use crate::text::indent::Indent;

pub(super) static CSHARP: Language = Language {
    id: "csharp",
    name: "C#",
    fence: "csharp",
    extensions: &["cs"],
    declarations: &[],
    family: "csharp",
    comment: "//",
    opener: "{",
    closer: "}",
    indent: Indent::Spaces(4),
    lexis: Lexis {
        comments: &["//"],
        blocks: &[C_COMMENT],
        strings: &[Quotes::raw("\"\"\"", "\"\"\""), Quotes::raw("@\"", "\""), Quotes::short("\"")],
        characters: true,
        braces: true,
        words: None,
        heredoc: "",
        imports: &[("using ", ";"), ("global using ", ";")],
        heads: &["namespace "],
    },
    docs: Docs::Above(Above { lines: &["///"], block: None, attributes: &[], others: &[] }),
    importing: Some(Importing {
        path: "",
        single: "using MODULE;",
        whole: "using MODULE;",
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
    placeholders: &["throw new NotImplementedException("],
    tests: Tests { suffix: "Tests", ..Tests::NONE },
    unended: &[],
    evasions: Evasions::NONE,
    examples: None,
    private: "",
    interpreters: &[],
    builtins: "",
    members: "",
    library: "",
    grammar: || tree_sitter_c_sharp::LANGUAGE.into(),
    kinds: Kinds {
        functions: &["method_declaration", "constructor_declaration", "local_function_statement"],
        classes: &[
            "class_declaration",
            "struct_declaration",
            "interface_declaration",
            "record_declaration",
            "enum_declaration",
            "namespace_declaration",
        ],
        // A function at a file's level is a statement.
        decorated: &["global_statement"],
        blocks: &["compilation_unit", "block", "declaration_list", "switch_body", "switch_section"],
        lists: &[],
        comments: &["comment"],
        strings: &[
            "string_literal",
            "string_literal_content",
            "verbatim_string_literal",
            "raw_string_literal",
            "raw_string_content",
        ],
        imports: &["using_directive"],
    },
    alone: None,
    mutations: Mutations::NONE,
    sources: Sources {
        target: "",
        symbols: include_str!("csharp/symbols.scm"),
        stubs: include_str!("csharp/stubs.scm"),
        declared: include_str!("csharp/declared.scm"),
        imports: include_str!("csharp/imports.scm"),
        facts: include_str!("csharp/facts.scm"),
        ..Sources::NONE
    },
    compiled: OnceLock::new(),
    bindings: OnceLock::new(),
};
