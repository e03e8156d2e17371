//! One checker of a suite, made of what its user said of it.

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use crate::check::Severity;
use crate::check::command::{Command, Format};
use crate::check::lsp::Server;
use crate::check::process::{Limits, Supervisor};
use crate::config::{CheckerKind, CheckerSpec, LinePattern, ReportFormat};

/// One of them.
#[derive(Debug)]
pub(super) struct Checker {
    pub name: String,
    languages: Vec<String>,
    pub kind: Kind,
}

#[derive(Debug)]
pub(super) enum Kind {
    Server(Box<Server>),
    Command(Command),
    /// On the tests that are about the file.
    Tests(Command),
    /// The interpreter that runs a docstring's examples.
    Examples {
        program: Vec<String>,
        limits: Limits,
        supervisor: Supervisor,
    },
}

/// How long a draft waits for a language server, its start included.
const SERVER: Duration = Duration::from_secs(30);

impl Checker {
    pub(super) fn new(spec: &CheckerSpec, root: &Path, supervisor: &Supervisor) -> Self {
        let usual = Limits::default();
        let limits = Limits {
            time: spec.time.unwrap_or(usual.time),
            memory_mib: spec.memory_mib.unwrap_or(usual.memory_mib),
            ..usual
        };
        let command = |argv: Vec<String>, format| Command {
            name: spec.name.clone(),
            argv,
            languages: spec.languages.clone(),
            format,
            found_codes: spec.found_codes.clone(),
            severity: Severity::Error,
            limits,
            supervisor: supervisor.clone(),
        };
        let kind = match &spec.kind {
            CheckerKind::Lsp => {
                let argv = spec.command.iter().map(OsString::from).collect();
                let wait = spec.time.unwrap_or(SERVER);
                let limits = (wait, limits.memory_mib);
                let server = Server::new(&spec.name, argv, root, &spec.options, limits, supervisor);
                Kind::Server(Box::new(server))
            }
            CheckerKind::Command(format) => {
                let format = match format {
                    ReportFormat::Ruff => Format::Ruff,
                    ReportFormat::Sarif => Format::Sarif,
                    ReportFormat::Junit => Format::Junit,
                    ReportFormat::Pattern(LinePattern { finding, clean }) => {
                        let format = Format::pattern(finding, clean.as_deref());
                        format.unwrap_or_else(|_| Format::Pattern(never(), None))
                    }
                };
                Kind::Command(command(spec.command.clone(), format))
            }
            CheckerKind::Test => {
                let mut argv = spec.command.clone();
                if !argv.iter().any(|argument| argument.contains("{report}")) {
                    argv.push("--junitxml={report}".to_owned());
                }
                Kind::Tests(command(argv, Format::Junit))
            }
            CheckerKind::Examples => {
                Kind::Examples { program: spec.command.clone(), limits, supervisor: supervisor.clone() }
            }
        };
        Self { name: spec.name.clone(), languages: spec.languages.clone(), kind }
    }

    pub(super) fn is_for(&self, language: &str) -> bool {
        self.languages.is_empty() || self.languages.iter().any(|one| one == language)
    }

    /// Whether it says something before its user would look elsewhere.
    pub(super) fn is_quick(&self) -> bool {
        match &self.kind {
            Kind::Server(_) => true,
            Kind::Command(command) => command.reads_stdin(),
            Kind::Tests(_) | Kind::Examples { .. } => false,
        }
    }
}

/// The configuration compiles patterns when it is read; this one would match nothing.
fn never() -> regex::Regex {
    regex::Regex::new("[^\\s\\S]").expect("it is a constant")
}
