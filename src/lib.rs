//! Redraft: a language server that writes code. Draft, check, redraft.
//!
//! `docs/architecture.md` has the picture. Modules import downwards only, in the order below; `tests/architecture.rs`
//! enforces the table.

pub mod action;
pub mod check;
pub mod cli;
pub mod config;
pub mod context;
pub mod draft;
pub mod job;
pub mod model;
pub mod prompt;
pub mod server;
pub mod syntax;
pub mod text;
pub mod workspace;
