//! `redraft check`: what the built-in checks find in files as they are.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use ropey::Rope;
use serde_json::{Value, json};

use super::{Failure, setup};
use crate::check::process::Supervisor;
use crate::check::suite::Suite;
use crate::check::{Finding, Overlay, Severity, Version, check};
use crate::config::Config;
use crate::syntax::facts::extract;
use crate::syntax::{Language, Source, parse};
use crate::workspace::build::Project;
use crate::workspace::view::View;

/// The whole project is known before anything is said of names.
const INDEXING: Duration = Duration::from_secs(600);
/// How long the end waits for the checkers to end.
const LAST: Duration = Duration::from_secs(3);
/// As for a draft: a file that takes longer is not checked, and that is told.
const PARSE: Duration = Duration::from_secs(30);

#[derive(Debug, clap::Args)]
pub(super) struct CheckArgs {
    /// The files
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// One JSON object
    #[arg(long)]
    json: bool,
}

/// A finding with its place as a person counts it.
struct Told {
    path: String,
    line: usize,
    column: usize,
    end: (usize, usize),
    finding: Finding,
}

pub(super) fn run(args: &CheckArgs) -> Result<ExitCode, Failure> {
    let config = setup::config().map_err(|problems| Failure::Usage(setup::told(&problems)))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime =
        runtime.map_err(|error| Failure::Failed(format!("the runtime could not start: {error}")))?;
    let mut work = Work { config: &config, runtime: &runtime, suites: Vec::new(), unheard: Vec::new() };
    let mut projects: Vec<Project> = Vec::new();
    let mut told = Vec::new();
    for path in &args.files {
        let known = projects.iter().position(|project| project.disk.path_of(path).is_some());
        let at = known.unwrap_or_else(|| {
            projects.push(Project::around(path, INDEXING, setup::state_dir().ok().as_deref()));
            projects.len() - 1
        });
        told.extend(of_file(path, &projects[at], &mut work)?);
    }
    runtime.block_on(work.goodbye());
    let unheard = std::mem::take(&mut work.unheard);
    drop(work);
    // What the checkers leave is being cleared away.
    runtime.shutdown_timeout(LAST);
    let errors = told.iter().filter(|one| one.finding.severity == Severity::Error).count();
    let text = if args.json {
        format!(
            "{:#}\n",
            json!({
                "version": 1,
                "findings": told.iter().map(as_json).collect::<Vec<_>>(),
                "unheard": unheard,
            })
        )
    } else {
        told.iter().map(as_text).collect()
    };
    // A closed pipe (`| head`) is no failure.
    let _ = std::io::stdout().write_all(text.as_bytes());
    if !args.json {
        let files = args.files.len();
        let _ = writeln!(std::io::stderr(), "{} findings in {files} files", told.len());
    }
    for why in &unheard {
        let _ = writeln!(std::io::stderr(), "redraft: not checked: {why}");
    }
    // What told nothing is not taken for what found nothing.
    Ok(if errors > 0 || !unheard.is_empty() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// The checkers that the user configured, of each trusted project.
struct Work<'a> {
    config: &'a Config,
    runtime: &'a tokio::runtime::Runtime,
    suites: Vec<(PathBuf, Suite)>,
    /// Those that told nothing, and why.
    unheard: Vec<String>,
}

impl Work<'_> {
    /// What they find in a file of the project at `root`, which its index calls `path`.
    fn check(&mut self, root: &Path, overlay: &Overlay) -> Vec<Finding> {
        let (Ok(state), Ok(supervisor)) = (setup::state_dir(), Supervisor::this()) else { return Vec::new() };
        if self.config.checkers.is_empty() || !self.config.trusts(root) {
            return Vec::new();
        }
        let known = self.suites.iter().position(|(folder, _)| folder == root);
        let at = known.unwrap_or_else(|| {
            let suite = Suite::new(&self.config.checkers, root, &state, &supervisor);
            self.suites.push((root.to_owned(), suite));
            self.suites.len() - 1
        });
        let heard = self.runtime.block_on(self.suites[at].1.check_file(overlay));
        self.unheard.extend(heard.unheard.iter().map(|why| format!("{}: {why}", overlay.path)));
        heard.findings
    }

    async fn goodbye(&self) {
        for (_, suite) in &self.suites {
            suite.goodbye().await;
        }
    }
}

fn of_file(path: &Path, project: &Project, work: &mut Work<'_>) -> Result<Vec<Told>, Failure> {
    let name = path.display().to_string();
    let failed = |what: &str| Failure::Failed(format!("{name}: {what}"));
    let language = Language::by_path(&name)
        .ok_or_else(|| failed("Redraft knows Python so far, and this is none by its name"))?;
    let bytes = std::fs::read(path).map_err(|error| failed(&format!("cannot be read: {error}")))?;
    let text = String::from_utf8(bytes).map_err(|_| failed("is not UTF-8 text"))?;
    let rope = Rope::from_str(&text);
    let tree = parse(language, &rope, None, PARSE);
    let tree = tree.ok_or_else(|| failed("could not be parsed in time, or is too large"))?;
    let inside = project.disk.path_of(path).unwrap_or_else(|| name.clone());
    let facts = Arc::new(extract(language, &text, &tree));
    let view = View::new(&project.index, Some(&project.disk), language, &inside, facts);
    let source = Source { text: &rope, tree: Some(&tree), language, path: &inside };
    let place = |byte: usize| {
        let byte = byte.min(rope.len_bytes());
        let line = rope.byte_to_line(byte);
        let start = rope.line_to_char(line);
        (line + 1, rope.byte_to_char(byte) - start + 1)
    };
    let mut findings = check(&source, &view);
    if let Some(root) = project.disk.directories().next() {
        let version = Version { text: rope.clone(), tree: Some(tree.clone()) };
        let whole = 0..rope.len_bytes();
        let overlay = Overlay {
            mends: None,
            beside: std::sync::Arc::default(),
            language,
            path: inside.clone(),
            before: version.clone(),
            after: version,
            base: whole.clone(),
            draft: whole,
        };
        findings.extend(work.check(root, &overlay));
        findings.sort_by_key(|finding| (finding.range.start, finding.range.end));
    }
    let told = findings.into_iter().map(|finding| {
        let (line, column) = place(finding.range.start);
        Told { path: name.clone(), line, column, end: place(finding.range.end), finding }
    });
    Ok(told.collect())
}

fn as_text(told: &Told) -> String {
    let Told { path, line, column, finding, .. } = told;
    let Finding { source, code, severity, message, .. } = finding;
    format!("{path}:{line}:{column}: {}: {message} [{source}/{code}]\n", severity.name())
}

fn as_json(told: &Told) -> Value {
    json!({
        "path": told.path,
        "line": told.line,
        "column": told.column,
        "end_line": told.end.0,
        "end_column": told.end.1,
        "source": told.finding.source,
        "code": told.finding.code,
        "severity": told.finding.severity.name(),
        "message": told.finding.message,
    })
}
