//! Rust, as data.

use std::sync::OnceLock;

use crate::syntax::docs::{Above, Docs};
use crate::syntax::language::{Evasions, Importing, Kinds, Language, Sources, Tests};
use crate::syntax::lexis::{C_COMMENT, Lexis, Quotes};
use crate::syntax::modules::Modules;
use crate::syntax::mutations::Mutations;
use crate::text::indent::Indent;

pub(super) static RUST: Language = Language {
    id: "rust",
    name: "Rust",
    fence: "rust",
    extensions: &["rs"],
    declarations: &[],
    family: "rust",
    comment: "//",
    opener: "{",
    closer: "}",
    indent: Indent::Spaces(4),
    lexis: Lexis {
        comments: &["//"],
        blocks: &[C_COMMENT],
        strings: &[
            Quotes::raw("r##\"", "\"##"),
            Quotes::raw("r#\"", "\"#"),
            Quotes::raw("r\"", "\""),
            Quotes::long("\""),
        ],
        characters: true,
        braces: true,
        words: None,
        heredoc: "",
        imports: &[("use ", ""), ("pub use ", ""), ("pub(crate) use ", ""), ("extern crate ", "")],
        heads: &[],
    },
    docs: Docs::Above(Above {
        lines: &["///"],
        block: Some(("/**", " *", " */")),
        attributes: &["#["],
        others: &[],
    }),
    importing: Some(Importing {
        path: "::",
        single: "use MODULE::NAME;",
        whole: "use MODULE;",
        group: Some(("{", "}")),
        keeps_group: false,
        list: None,
        is_silent: true,
        in_classes: false,
    }),
    nests: true,
    enclosing: None,
    initialisers: &[],
    modules: Modules::Nowhere,
    placeholders: &["todo!(", "unimplemented!("],
    tests: Tests::NONE,
    unended: &[],
    evasions: Evasions::NONE,
    examples: None,
    private: "",
    interpreters: &[],
    builtins: "Some Ok Err drop",
    members: "",
    library: "",
    grammar: || tree_sitter_rust::LANGUAGE.into(),
    kinds: Kinds {
        functions: &["function_item"],
        classes: &["struct_item", "enum_item", "union_item", "trait_item", "impl_item", "mod_item"],
        decorated: &[],
        blocks: &["source_file", "block", "declaration_list", "match_block"],
        lists: &[],
        comments: &["line_comment", "block_comment"],
        strings: &["string_literal", "raw_string_literal", "string_content"],
        imports: &["use_declaration", "extern_crate_declaration"],
    },
    alone: None,
    mutations: Mutations::NONE,
    sources: Sources {
        target: include_str!("rust/target.scm"),
        symbols: include_str!("rust/symbols.scm"),
        stubs: include_str!("rust/stubs.scm"),
        declared: include_str!("rust/declared.scm"),
        imports: include_str!("rust/imports.scm"),
        facts: include_str!("rust/facts.scm"),
        ..Sources::NONE
    },
    compiled: OnceLock::new(),
    bindings: OnceLock::new(),
};
