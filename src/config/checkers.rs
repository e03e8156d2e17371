//! The checkers that the user configured: `[[checker]]`. What is said of them, and nothing of how they are run.

use std::time::Duration;

/// One checker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckerSpec {
    pub name: String,
    pub kind: CheckerKind,
    /// The program and its arguments.
    pub command: Vec<String>,
    /// What it checks, by LSP's identifiers; all, where empty.
    pub languages: Vec<String>,
    /// How long it may take; `None`: as is usual of its kind.
    pub time: Option<Duration>,
    /// How much memory it may take; `None`: as is usual.
    pub memory_mib: Option<u32>,
}

/// How it is run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CheckerKind {
    /// A language server over standard input and output.
    Lsp,
    /// A program that is run on each draft.
    Command(ReportFormat),
    /// The project's tests.
    Test,
    /// The examples of docstrings, by the language's interpreter.
    Examples,
}

/// How a command says what it finds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReportFormat {
    Ruff,
    Sarif,
    Junit,
    /// Lines that match this regular expression, which compiles.
    Pattern(String),
}

/// The groups by which a pattern tells the parts of a finding.
pub(super) const GROUPS: [&str; 7] = ["file", "line", "column", "end_line", "severity", "code", "message"];
