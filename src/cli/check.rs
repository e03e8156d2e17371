//! `redraft check`: what the built-in checks find in files as they are, and in trusted workspaces the checkers that are configured.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use ropey::Rope;
use serde_json::{Value, json};

use super::{Failure, checkers, setup};
use crate::check::copy::Copy;
use crate::check::process;
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
/// Why a file was not looked at, where that is no fault of its.
const INTERNAL: &str = "the checks met an error of Redraft's own; please report it";

#[derive(Debug, clap::Args)]
pub(super) struct CheckArgs {
    /// The files; your checkers look at those of workspaces that you trust
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
    let outcome = runtime.block_on(async {
        if let Ok(state) = setup::state_dir() {
            drop(tokio::task::spawn_blocking(move || Copy::sweep_left(&state)));
        }
        let mut work = Work::new(&config);
        let done = setup::unless_interrupted(work.all(&args.files)).await;
        if done.is_ok() {
            work.goodbye().await;
        }
        let Work { told, unheard, .. } = work;
        // What the checkers leave is being cleared away.
        let _ = tokio::time::timeout(LAST, process::none_left()).await;
        done.map(|()| (told, unheard))
    });
    runtime.shutdown_timeout(LAST);
    let (told, unheard) = outcome?;
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

/// The files, one after the other, each in its project.
struct Work<'a> {
    config: &'a Config,
    projects: Vec<Arc<Project>>,
    /// The checkers of each trusted project.
    suites: Vec<(PathBuf, Suite)>,
    told: Vec<Told>,
    /// What was not checked, or by whom not, and why.
    unheard: Vec<String>,
}

impl<'a> Work<'a> {
    fn new(config: &'a Config) -> Self {
        Self { config, projects: Vec::new(), suites: Vec::new(), told: Vec::new(), unheard: Vec::new() }
    }

    /// One that cannot be checked is told of, and the others are checked.
    async fn all(&mut self, files: &[PathBuf]) {
        for path in files {
            if let Err(why) = self.one(path).await {
                self.unheard.push(format!("{}: {why}", path.display()));
            }
        }
    }

    async fn one(&mut self, path: &Path) -> Result<(), String> {
        let file = File::read(path)?;
        let project = self.project(path).await?;
        let known = project.clone();
        let looked = tokio::task::spawn_blocking(move || file.look(&known)).await;
        let (overlay, mut findings) = looked.map_err(|_| INTERNAL.to_owned())??;
        if let Some(root) = project.disk.directories().next() {
            findings.extend(self.checkers(root, &overlay).await);
            findings.sort_by_key(|finding| (finding.range.start, finding.range.end));
        }
        let name = path.display().to_string();
        self.told.extend(findings.into_iter().map(|finding| Told::new(&name, &overlay.after.text, finding)));
        Ok(())
    }

    /// The project that the file belongs to.
    async fn project(&mut self, path: &Path) -> Result<Arc<Project>, String> {
        let known = self.projects.iter().find(|project| project.disk.path_of(path).is_some());
        if let Some(known) = known {
            return Ok(known.clone());
        }
        let file = path.to_owned();
        let state = setup::state_dir().ok();
        let made = tokio::task::spawn_blocking(move || Project::around(&file, INDEXING, state.as_deref()));
        let made = Arc::new(made.await.map_err(|_| INTERNAL.to_owned())?);
        self.projects.push(made.clone());
        Ok(made)
    }

    /// What the checkers that the user configured find in a file of the project at `root`.
    async fn checkers(&mut self, root: &Path, overlay: &Overlay) -> Vec<Finding> {
        let suite = match self.suite(root, overlay.language) {
            Ok(Some(suite)) => suite,
            Ok(None) => return Vec::new(),
            Err(why) => {
                // Once for all the files that it is so of.
                if !self.unheard.contains(&why) {
                    self.unheard.push(why);
                }
                return Vec::new();
            }
        };
        let heard = suite.check_file(overlay).await;
        self.unheard.extend(heard.unheard.iter().map(|why| format!("{}: {why}", overlay.path)));
        heard.findings
    }

    fn suite(&mut self, root: &Path, language: &Language) -> Result<Option<&Suite>, String> {
        let Some((state, supervisor)) = checkers::needed(self.config, root, language)? else {
            return Ok(None);
        };
        let known = self.suites.iter().position(|(folder, _)| folder == root);
        let at = known.unwrap_or_else(|| {
            let suite = Suite::new(&self.config.checkers, root, &state, &supervisor);
            self.suites.push((root.to_owned(), suite));
            self.suites.len() - 1
        });
        Ok(Some(&self.suites[at].1))
    }

    async fn goodbye(&self) {
        for (_, suite) in &self.suites {
            suite.goodbye().await;
        }
    }
}

/// A file that can be checked.
struct File {
    path: PathBuf,
    language: &'static Language,
    text: String,
}

impl File {
    fn read(path: &Path) -> Result<Self, String> {
        let language = Language::by_path(&path.display().to_string())
            .ok_or_else(|| format!("Redraft knows {}, and this is none by its name", Language::names()))?;
        let bytes = std::fs::read(path).map_err(|error| format!("cannot be read: {error}"))?;
        let text = String::from_utf8(bytes).map_err(|_| "is not UTF-8 text")?;
        Ok(Self { path: path.to_owned(), language, text })
    }

    /// What the built-in checks find, and what the others are asked of.
    fn look(self, project: &Project) -> Result<(Overlay, Vec<Finding>), String> {
        let Self { path, language, text } = self;
        let rope = Rope::from_str(&text);
        let tree = parse(language, &rope, None, PARSE);
        let tree = tree.ok_or("could not be parsed in time, or is too large")?;
        let inside = project.disk.path_of(&path).unwrap_or_else(|| path.display().to_string());
        let facts = Arc::new(extract(language, &text, &tree));
        let view = View::new(&project.index, Some(&project.disk), language, &inside, facts);
        let source = Source { text: &rope, tree: Some(&tree), language, path: &inside };
        let findings = check(&source, &view);
        let whole = 0..rope.len_bytes();
        let version = Version { text: rope, tree: Some(tree) };
        let overlay = Overlay {
            mends: None,
            beside: std::sync::Arc::default(),
            language,
            path: inside,
            before: version.clone(),
            after: version,
            base: whole.clone(),
            draft: whole,
        };
        Ok((overlay, findings))
    }
}

impl Told {
    fn new(path: &str, text: &Rope, finding: Finding) -> Self {
        let place = |byte: usize| {
            let byte = byte.min(text.len_bytes());
            let line = text.byte_to_line(byte);
            (line + 1, text.byte_to_char(byte) - text.line_to_char(line) + 1)
        };
        let ((line, column), end) = (place(finding.range.start), place(finding.range.end));
        Self { path: path.to_owned(), line, column, end, finding }
    }
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
