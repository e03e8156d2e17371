//! Syntax: languages as data, incremental parses that cannot hang, and what stands where in a file.
//!
//! Everything here takes a rope and a tree and gives values; nothing fails: where the tree says nothing, the answer is
//! empty. What differs between languages is data in `python.rs` and its query files; a further language is one more such
//! file and one more row in `language::ALL`. No module below may learn a language's name.

pub mod assertions;
pub mod bindings;
mod budget;
pub mod calls;
pub mod definition;
pub mod facts;
#[cfg(test)]
pub(crate) mod fixture;
pub mod flow;
pub mod hints;
pub mod imports;
pub mod items;
pub mod language;
pub mod lines;
pub mod marks;
pub mod modules;
pub mod mutations;
pub mod names;
pub mod outline;
pub mod parse;
pub mod piece;
mod python;
mod query;
mod spine;
pub mod statement;
pub mod taken;

use ropey::Rope;
use tree_sitter::Tree;

pub use language::Language;
pub use parse::{errors, parse};

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
