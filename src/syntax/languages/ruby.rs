//! Ruby, as data: blocks stand between words, and a body's node is the definition's.

use std::sync::OnceLock;

use crate::syntax::docs::{Above, Docs};
use crate::syntax::language::{Evasions, Importing, Kinds, Language, Sources, Tests};
use crate::syntax::lexis::{Lexis, Quotes, Words};
use crate::syntax::modules::Modules;
use crate::syntax::mutations::Mutations;
use crate::text::indent::Indent;

static WORDS: Words = Words {
    always: &["def", "class", "module", "begin", "case", "for"],
    leading: &["if", "unless", "while", "until"],
    behind: "do",
    loops: &["while", "until", "for"],
    endless: ("def", "="),
    starts: &["then", "do", "else", "and", "or", "not", "begin", "ensure", "in"],
    closer: "end",
    clauses: &["rescue", "ensure", "else", "elsif", "when", "in"],
};

pub(super) static RUBY: Language = Language {
    id: "ruby",
    name: "Ruby",
    fence: "ruby",
    extensions: &["rb", "rake", "gemspec"],
    declarations: &[],
    family: "ruby",
    comment: "#",
    opener: "",
    closer: "end",
    indent: Indent::Spaces(2),
    lexis: Lexis {
        comments: &["#"],
        blocks: &[Quotes::raw("=begin", "=end")],
        strings: &[Quotes::short("\""), Quotes::short("'"), Quotes::short("`")],
        characters: false,
        braces: true,
        words: Some(&WORDS),
        heredoc: "<<",
        imports: &[("require ", ""), ("require_relative ", "")],
        heads: &["# frozen_string_literal:", "# encoding:", "#!"],
    },
    docs: Docs::Above(Above {
        lines: &["#"],
        block: None,
        attributes: &[],
        others: &["#!", "# frozen_string_literal:", "# encoding:", "# typed:", "# rubocop:", "# -*-"],
    }),
    importing: Some(Importing {
        path: "",
        single: "require MODULE",
        whole: "require MODULE",
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
    placeholders: &["raise NotImplementedError"],
    tests: Tests { prefix: "test_", suffix: "_spec", ..Tests::NONE },
    unended: &[],
    evasions: Evasions::NONE,
    examples: None,
    private: "",
    interpreters: &[],
    builtins: "Array Complex Float Hash Integer Rational String abort alias and at_exit attr_accessor attr_reader attr_writer binding block_given catch defined elsif exit extend fail format freeze gets include lambda loop not or p pp prepend printf private proc protected public putc puts raise rand redo refine rescue retry self sleep sprintf srand super system tap test then throw undef unless until warn when yield",
    members: "",
    library: "",
    grammar: || tree_sitter_ruby::LANGUAGE.into(),
    kinds: Kinds {
        functions: &["method", "singleton_method"],
        classes: &["class", "module"],
        decorated: &[],
        blocks: &["program", "body_statement", "block_body", "then", "else", "do", "begin", "ensure"],
        lists: &["body_statement"],
        comments: &["comment"],
        strings: &["string", "string_content", "heredoc_body", "heredoc_content", "regex"],
        imports: &["call"],
    },
    alone: None,
    mutations: Mutations::NONE,
    sources: Sources {
        target: include_str!("ruby/target.scm"),
        symbols: include_str!("ruby/symbols.scm"),
        stubs: include_str!("ruby/stubs.scm"),
        declared: include_str!("ruby/declared.scm"),
        imports: include_str!("ruby/imports.scm"),
        facts: include_str!("ruby/facts.scm"),
        ..Sources::NONE
    },
    compiled: OnceLock::new(),
    bindings: OnceLock::new(),
};
