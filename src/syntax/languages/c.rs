//! C and C++, as data: they share most of it.

use std::sync::OnceLock;

use crate::syntax::docs::{Above, Docs};
use crate::syntax::language::{Evasions, Importing, Kinds, Language, Sources, Tests};
use crate::syntax::lexis::{C_COMMENT, Lexis, Quotes};
use crate::syntax::modules::Modules;
use crate::syntax::mutations::Mutations;
use crate::text::indent::Indent;

/// One of the two, with what it has of its own.
macro_rules! language {
    ($id:literal, $name:literal, $extensions:expr, $grammar:expr, $classes:expr, $sources:expr) => {
        Language {
            id: $id,
            name: $name,
            fence: $id,
            extensions: $extensions,
            declarations: &[],
            family: "c",
            comment: "//",
            opener: "{",
            closer: "}",
            indent: Indent::Spaces(4),
            lexis: Lexis {
                comments: &["//"],
                blocks: &[C_COMMENT],
                strings: &[Quotes::raw("R\"(", ")\""), Quotes::short("\"")],
                characters: true,
                braces: true,
                words: None,
                heredoc: "",
                imports: &[("#include", ""), ("# include", "")],
                heads: &["#pragma once"],
            },
            docs: Docs::Above(Above { lines: &[], block: Some(("/**", " *", " */")), attributes: &[], others: &[] }),
            importing: Some(Importing {
                path: "",
                single: "#include MODULE",
                whole: "#include MODULE",
                group: None,
                keeps_group: false,
                list: None,
                is_silent: false,
                in_classes: false,
            }),
            nests: false,
            enclosing: None,
            initialisers: &[],
            modules: Modules::Nowhere,
            placeholders: &["abort()"],
            tests: Tests::NONE,
            unended: &[],
            evasions: Evasions::NONE,
            examples: None,
            private: "",
            interpreters: &[],
            builtins: "malloc calloc realloc free memcpy memmove memset memcmp strlen strcmp strncmp strcpy strncpy strcat strchr strdup printf fprintf snprintf sprintf puts putchar getchar fopen fclose fgets fread fwrite exit abort assert offsetof alignof decltype static_assert static_cast dynamic_cast const_cast reinterpret_cast",
            members: "",
            library: "",
            grammar: $grammar,
            kinds: Kinds {
                functions: &["function_definition"],
                classes: $classes,
                decorated: &["template_declaration"],
                blocks: &[
                    "translation_unit",
                    "compound_statement",
                    "field_declaration_list",
                    "declaration_list",
                    "preproc_ifdef",
                    "preproc_if",
                ],
                lists: &[],
                comments: &["comment"],
                strings: &["string_literal", "raw_string_literal", "string_content", "raw_string_content"],
                imports: &["preproc_include"],
            },
            alone: None,
            mutations: Mutations::NONE,
            sources: $sources,
            compiled: OnceLock::new(),
            bindings: OnceLock::new(),
        }
    };
}

pub(super) static C: Language = language!(
    "c",
    "C",
    &["c", "h"],
    || tree_sitter_c::LANGUAGE.into(),
    &["struct_specifier", "union_specifier", "enum_specifier"],
    Sources {
        target: include_str!("c/target.scm"),
        symbols: include_str!("c/symbols.scm"),
        stubs: include_str!("c/stubs.scm"),
        declared: include_str!("c/declared.scm"),
        imports: include_str!("c/imports.scm"),
        facts: include_str!("c/facts.scm"),
        ..Sources::NONE
    }
);

pub(super) static CPP: Language = language!(
    "cpp",
    "C++",
    &["cpp", "cc", "cxx", "hpp", "hh", "hxx"],
    || tree_sitter_cpp::LANGUAGE.into(),
    &["struct_specifier", "union_specifier", "enum_specifier", "class_specifier", "namespace_definition"],
    Sources {
        target: include_str!("cpp/target.scm"),
        symbols: include_str!("cpp/symbols.scm"),
        stubs: concat!(include_str!("c/stubs.scm"), include_str!("cpp/stubs.scm")),
        declared: concat!(include_str!("c/declared.scm"), include_str!("cpp/declared.scm")),
        imports: include_str!("c/imports.scm"),
        facts: include_str!("cpp/facts.scm"),
        ..Sources::NONE
    }
);
