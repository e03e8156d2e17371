//! Syntax: languages as data, incremental parses that cannot hang, and what stands where in a file.
//!
//! Everything here takes a rope and a tree and gives values; nothing fails: where the tree says nothing, the answer is
//! empty. What differs between languages is data: a file and a folder of queries for each below `languages`, as
//! `docs/adding-a-language.md` has it. No other module may learn a language's name.

pub mod assertions;
pub mod bindings;
mod budget;
pub mod calls;
pub mod definition;
pub mod docs;
pub mod facts;
#[cfg(test)]
pub(crate) mod fixture;
pub mod flow;
pub mod hints;
pub mod imports;
pub mod items;
pub mod language;
mod languages;
pub mod lexis;
pub mod lines;
pub mod marks;
pub mod modules;
pub mod mutations;
pub mod names;
pub mod outline;
pub mod parse;
mod parts;
pub mod piece;
mod query;
mod sources;
mod spine;
pub mod statement;
pub mod taken;

use ropey::Rope;
use tree_sitter::Tree;

pub use language::Language;
pub use parse::{errors, parse};

use crate::text::indent::Indent;

/// One document as it stands: what every question about its code starts from.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    pub text: &'a Rope,
    /// The tree of exactly this text; `None` where the file is too large or its parse ran out of time.
    pub tree: Option<&'a Tree>,
    pub language: &'static Language,
    /// The path as the user knows it, relative to the workspace; for prompts and for the file's role (`.pyi`), never opened.
    pub path: &'a str,
}

impl Source<'_> {
    /// One level of indentation: as the file has it, else as its language does.
    #[must_use]
    pub fn indent(&self) -> Indent {
        Indent::seen(self.text).unwrap_or(self.language.indent)
    }
}
