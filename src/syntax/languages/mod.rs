//! The languages, each a file of data and a folder of queries; `docs/adding-a-language.md` says how one is added.
//!
//! All are statics that cost nothing before a file of theirs is read: a grammar's tables are pages of the program that
//! nobody has touched, and queries are compiled at the first question.

mod c;
mod csharp;
mod ecma;
mod go;
mod java;
mod php;
mod python;
mod ruby;
mod rust;
#[cfg(test)]
mod tests;

use super::Language;

/// Every language, in the order in which they are looked up.
pub(super) static ALL: &[&Language] = &[
    &python::PYTHON,
    &rust::RUST,
    &ecma::TYPESCRIPT,
    &ecma::TSX,
    &ecma::JAVASCRIPT,
    &go::GO,
    &java::JAVA,
    &c::C,
    &c::CPP,
    &csharp::CSHARP,
    &php::PHP,
    &ruby::RUBY,
];
