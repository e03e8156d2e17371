//! JavaScript, TypeScript and TSX, as data: they share most of it.

use std::sync::OnceLock;

use crate::syntax::docs::{Above, Docs};
use crate::syntax::language::{Evasions, Importing, Kinds, Language, Sources, Tests};
use crate::syntax::lexis::{C_COMMENT, Lexis, Quotes};
use crate::syntax::modules::Modules;
use crate::syntax::mutations::Mutations;
use crate::text::indent::Indent;

/// One of the family, with what it has of its own.
macro_rules! language {
    ($id:literal, $name:literal, $fence:literal, $extensions:expr, $grammar:expr, $classes:expr, $sources:expr) => {
        Language {
            id: $id,
            name: $name,
            fence: $fence,
            extensions: $extensions,
            declarations: &[],
            family: "ecma",
            comment: "//",
            opener: "{",
            closer: "}",
            indent: Indent::Spaces(2),
            lexis: Lexis {
                comments: &["//"],
                blocks: &[C_COMMENT],
                strings: &[Quotes::short("\""), Quotes::short("'"), Quotes::long("`")],
                characters: false,
                braces: true,
                words: None,
                heredoc: "",
                imports: &[("import ", ""), ("import{", "")],
                heads: &["\"use strict\""],
            },
            docs: Docs::Above(Above {
                lines: &[],
                block: Some(("/**", " *", " */")),
                attributes: &["@"], others: &[],
            }),
            importing: Some(Importing {
                path: "",
                single: "import { NAME } from \"MODULE\";",
                whole: "import NAME from \"MODULE\";",
                group: Some(("{", "}")),
                keeps_group: true,
                list: None,
                is_silent: false,
                in_classes: false,
            }),
            nests: true,
            enclosing: Some(("class Lone {\n", "\n}")),
            initialisers: &[],
            modules: Modules::Relative { index: "index" },
            placeholders: &["throw new Error("],
            tests: Tests::NONE,
            unended: &[],
            evasions: Evasions::NONE,
            examples: None,
            private: "",
            interpreters: &[],
            builtins: "require parseInt parseFloat isNaN fetch setTimeout setInterval clearTimeout clearInterval structuredClone",
            members: "",
            library: "",
            grammar: $grammar,
            kinds: Kinds {
                functions: &[
                    "function_declaration",
                    "generator_function_declaration",
                    "method_definition",
                    "variable_declarator",
                ],
                classes: $classes,
                decorated: &["export_statement", "lexical_declaration", "variable_declaration"],
                blocks: &["program", "statement_block", "class_body", "switch_body", "interface_body", "enum_body"],
                lists: &[],
                comments: &["comment"],
                strings: &["string", "template_string", "string_fragment"],
                imports: &["import_statement"],
            },
            alone: None,
            mutations: Mutations::NONE,
            sources: $sources,
            compiled: OnceLock::new(),
            bindings: OnceLock::new(),
        }
    };
}

pub(super) static JAVASCRIPT: Language = language!(
    "javascript",
    "JavaScript",
    "javascript",
    &["js", "mjs", "cjs", "jsx"],
    || tree_sitter_javascript::LANGUAGE.into(),
    &["class_declaration"],
    Sources {
        target: include_str!("ecma/target.scm"),
        symbols: include_str!("ecma/symbols.scm"),
        stubs: include_str!("ecma/stubs.scm"),
        declared: include_str!("ecma/declared.scm"),
        imports: include_str!("ecma/imports.scm"),
        facts: concat!(include_str!("ecma/facts.scm"), include_str!("ecma/javascript.scm")),
        ..Sources::NONE
    }
);

pub(super) static TYPESCRIPT: Language = language!(
    "typescript",
    "TypeScript",
    "typescript",
    &["ts", "mts", "cts"],
    || tree_sitter_typescript::LANGUAGE_TYPESCRIPT.into(),
    TYPED_CLASSES,
    TYPED
);

pub(super) static TSX: Language = language!(
    "typescriptreact",
    "TSX",
    "tsx",
    &["tsx"],
    || tree_sitter_typescript::LANGUAGE_TSX.into(),
    TYPED_CLASSES,
    TYPED
);

const TYPED_CLASSES: &[&str] = &[
    "class_declaration",
    "abstract_class_declaration",
    "interface_declaration",
    "enum_declaration",
    "internal_module",
];

const TYPED: Sources = Sources {
    target: concat!(include_str!("ecma/target.scm"), include_str!("typescript/target.scm")),
    symbols: concat!(include_str!("ecma/symbols.scm"), include_str!("typescript/symbols.scm")),
    stubs: include_str!("ecma/stubs.scm"),
    declared: concat!(include_str!("ecma/declared.scm"), include_str!("typescript/declared.scm")),
    imports: include_str!("ecma/imports.scm"),
    facts: concat!(include_str!("ecma/facts.scm"), include_str!("typescript/facts.scm")),
    ..Sources::NONE
};
