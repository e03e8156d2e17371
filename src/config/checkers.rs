//! The checkers that the user configured: `[[checker]]`. What is said of them, and nothing of how they are run.

use std::time::Duration;

use serde_json::Value;

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
    /// What a language server is told of how to work; null, where that is nothing.
    pub options: Value,
    /// The exit codes by which a program says that it found something.
    pub found_codes: Vec<i32>,
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
    /// Lines that match a regular expression.
    Pattern(LinePattern),
}

/// Regular expressions for lines, which compile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinePattern {
    /// Of one that is a finding.
    pub finding: String,
    /// Of one by which it is said that there are none.
    pub clean: Option<String>,
}

/// What most linters and type checkers end with when they have found something.
pub(super) const FOUND: i32 = 1;

/// The groups by which a pattern tells the parts of a finding.
pub(super) const GROUPS: [&str; 7] = ["file", "line", "column", "end_line", "severity", "code", "message"];
