//! A command that the user configured as a checker: run on the drafted text, and what it says read.
//!
//! It runs on a copy of the workspace that has the draft in its place, so that whatever it does is not done to the user's files. Without
//! `{file}` or `{report}` in its arguments, and where it runs no tests, it gets the text on standard input as well.

use std::ffi::OsString;
use std::fs;
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use regex::{Regex, RegexBuilder};
use ropey::Rope;
use tokio::sync::{Mutex, OwnedMutexGuard};

use super::copy::Copy;
use super::output::{File, Report, junit, pattern, ruff, sarif};
use super::process::{Limits, Output, Spec, Supervisor, Trouble, find, run_keeping};
use super::{Finding, Severity, imports};
use crate::syntax::Language;
use crate::text::hidden::made_visible;

/// In an argument: the file's path from the workspace's root.
const FILE: &str = "{file}";
/// The same, for a command that reads standard input and only wants to know what the text is called.
const NAME: &str = "{name}";
/// In an argument: a file that is read instead of standard output.
const REPORT: &str = "{report}";
/// The most that a compiled pattern may take, in bytes: no pattern that a person writes comes near.
const PATTERN_BYTES: usize = 1 << 20;
/// How much of what a failed command said is told, in characters.
const SAID: usize = 300;

/// How it says what it finds.
#[derive(Clone, Debug)]
pub enum Format {
    /// `ruff check --output-format json`.
    Ruff,
    Sarif,
    Junit,
    /// Lines that match, of both its outputs; and how it says that it found nothing, where it says so.
    Pattern(Regex, Option<Regex>),
}

/// What a command found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    pub findings: Vec<Finding>,
    /// Why that may not be all: by its exit code it has not done its work.
    pub doubt: Option<String>,
}

/// See the module's head.
#[derive(Clone, Debug)]
pub struct Command {
    /// What its findings say they are from.
    pub name: String,
    /// The program and its arguments.
    pub argv: Vec<String>,
    /// What it checks, by LSP's identifiers; all, where empty.
    pub languages: Vec<String>,
    pub format: Format,
    /// The exit codes by which it says that it found something.
    pub found_codes: Vec<i32>,
    /// Of findings of which it does not say how bad they are.
    pub severity: Severity,
    pub limits: Limits,
    pub supervisor: Supervisor,
}

/// What is checked.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// The workspace's folder.
    pub root: &'a Path,
    /// The file's path from there, with `/`.
    pub path: &'a str,
    /// As the draft would have it.
    pub text: &'a Rope,
    /// Other files that are not as they are on disk.
    pub beside: &'a [(String, Rope)],
}

impl Target<'_> {
    /// The files whose texts the copy is to have: the others, and then the draft's.
    pub(super) fn files(&self) -> Vec<(String, String)> {
        let own = (self.path.to_owned(), self.text.to_string());
        let others = self.beside.iter().filter(|(path, _)| path != self.path);
        others.map(|(path, text)| (path.clone(), text.to_string())).chain([own]).collect()
    }
}

impl Format {
    /// Lines that match `pattern`, or one that matches `clean` where there are none.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn pattern(pattern: &str, clean: Option<&str>) -> Result<Self, regex::Error> {
        let compiled = |pattern: &str| RegexBuilder::new(pattern).size_limit(PATTERN_BYTES).build();
        Ok(Self::Pattern(compiled(pattern)?, clean.map(compiled).transpose()?))
    }
}

impl Command {
    /// Whether it checks files of this language.
    #[must_use]
    pub fn is_for(&self, language: &str) -> bool {
        self.languages.is_empty() || self.languages.iter().any(|one| one == language)
    }

    /// Whether it gets the text on standard input.
    #[must_use]
    pub fn reads_stdin(&self) -> bool {
        let names = |argument: &String| argument.contains(FILE) || argument.contains(REPORT);
        !matches!(self.format, Format::Junit) && !self.argv.iter().any(names)
    }

    /// What it finds in a file. `copy` is the workspace's; of all that run on it, one does at a time.
    ///
    /// # Errors
    /// `Trouble`, where there is no result: it is never taken for a file without faults.
    pub async fn check(&self, target: &Target<'_>, copy: &Arc<Mutex<Copy>>) -> Result<Found, Trouble> {
        let Report { findings, doubt, .. } = self.report(target, copy).await?;
        Ok(Found { findings, doubt })
    }

    /// What it says of a file, and of each test, if it runs any.
    ///
    /// # Errors
    /// As `check`.
    pub(super) async fn report(
        &self,
        target: &Target<'_>,
        copy: &Arc<Mutex<Copy>>,
    ) -> Result<Report, Trouble> {
        self.on_copy(target, Arc::clone(copy).lock_owned().await).await
    }

    async fn on_copy(&self, target: &Target<'_>, mut copy: OwnedMutexGuard<Copy>) -> Result<Report, Trouble> {
        let stdin = self.reads_stdin().then(|| target.text.to_string().into_bytes());
        let overlay = target.files();
        let filled = tokio::task::spawn_blocking(move || copy.refresh(&overlay).map(|folder| (folder, copy)));
        let (folder, copy) =
            filled.await.map_err(|_| Trouble::Unreadable("the workspace could not be copied".into()))??;
        let report = folder.with_extension("report");
        remove_report(&report)?;
        // The copy is nobody else's until no process of this run is left, whether or not its end is waited for.
        let output = run_keeping(self.spec(target, folder.clone(), &report, stdin)?, copy).await?;
        let document = match self.argv.iter().any(|argument| argument.contains(REPORT)) {
            true => Some(self.document(&report)),
            false => None,
        };
        remove_report(&report)?;
        let file = self.file(target, &folder);
        match document {
            None => self.read(&output, &output.stdout, &file),
            Some(Ok(document)) => self.read(&output, &document, &file),
            Some(Err(why)) => Err(failed(&output, why)),
        }
    }

    /// What it wrote to the file that it was given; a link is no file.
    fn document(&self, path: &Path) -> Result<Vec<u8>, String> {
        let meta = fs::symlink_metadata(path).map_err(|_| "it wrote no report".to_owned())?;
        let most = u64::try_from(self.limits.output).unwrap_or(u64::MAX);
        if !meta.is_file() || meta.len() > most {
            return Err("its report is too large, or no file".into());
        }
        let mut document = Vec::new();
        let read = fs::File::open(path).and_then(|file| file.take(most).read_to_end(&mut document));
        read.map_err(|error| format!("its report cannot be read: {error}"))?;
        Ok(document)
    }

    pub(super) fn spec(
        &self,
        target: &Target<'_>,
        folder: PathBuf,
        report: &Path,
        stdin: Option<Vec<u8>>,
    ) -> Result<Spec, Trouble> {
        let mut argv: Vec<OsString> = Vec::with_capacity(self.argv.len());
        for argument in &self.argv {
            if argv.is_empty() {
                // Of the workspace itself: what is installed in it is not copied.
                argv.push(find(argument.as_ref(), target.root)?);
            } else {
                let path = safe(target.path);
                let told = argument.replace(FILE, &path).replace(NAME, &path);
                argv.push(told.replace(REPORT, &report.to_string_lossy()).into());
            }
        }
        let language = Language::by_path(target.path);
        let env = language.map(|language| imports::of(language, &folder)).unwrap_or_default();
        Ok(Spec { argv, folder, stdin, env, limits: self.limits, supervisor: self.supervisor.clone() })
    }

    fn file<'a>(&'a self, target: &Target<'a>, folder: &Path) -> File<'a> {
        let mut folders = vec![folder.to_owned()];
        folders.extend(fs::canonicalize(folder).ok());
        let Target { path, text, .. } = *target;
        let (is_stdin, severity) = (self.reads_stdin(), self.severity);
        File { checker: &self.name, path, text, folders, is_stdin, severity }
    }

    /// What it says, of which `document` is the part that has a format.
    fn read(&self, output: &Output, document: &[u8], file: &File<'_>) -> Result<Report, Trouble> {
        let read = match &self.format {
            Format::Pattern(pattern, clean) => lines(output, document, (pattern, clean.as_ref()), file),
            _ if document.iter().all(u8::is_ascii_whitespace) => Err("it said nothing".to_owned()),
            Format::Ruff => ruff::read(document, file),
            Format::Sarif => sarif::read(document, file),
            Format::Junit => junit::read(document, file),
        };
        match read {
            Ok(report) if report.cases.is_empty() && matches!(self.format, Format::Junit) => {
                Err(Trouble::NoTests)
            }
            Ok(report) if report.told == 0 && output.status != 0 => {
                Err(failed(output, format!("it ended with code {}, and told of nothing", output.status)))
            }
            Ok(report) => self.weighed(output, report),
            Err(why) => Err(failed(output, why)),
        }
    }

    /// What it tells of the file, beside what its exit code says: one that gave up tells of what stopped it, in whatever file that is.
    fn weighed(&self, output: &Output, report: Report) -> Result<Report, Trouble> {
        let code = output.status;
        if code == 0 || self.found_codes.contains(&code) {
            return Ok(report);
        }
        let why = format!("it ended with code {code}, by which it has not done its work (`found_codes`)");
        let trouble = failed(output, why);
        if report.findings.is_empty() {
            return Err(trouble);
        }
        Ok(Report { doubt: Some(trouble.to_string()), ..report })
    }
}

/// The lines that match; an error where it says something else, and not that it found nothing.
fn lines(
    output: &Output,
    document: &[u8],
    (pattern, clean): (&Regex, Option<&Regex>),
    file: &File<'_>,
) -> Result<Report, String> {
    let said = String::from_utf8_lossy(document);
    let mut report = pattern::read(&said, pattern, file);
    let other = pattern::read(&output.stderr, pattern, file);
    report.told += other.told;
    report.findings.extend(other.findings);
    let mut lines =
        said.lines().chain(output.stderr.lines()).filter(|line| !line.trim().is_empty()).peekable();
    let says_something = output.status == 0 && report.told == 0 && lines.peek().is_some();
    if says_something && !lines.any(|line| clean.is_some_and(|clean| clean.is_match(line))) {
        return Err("no line of what it said matches its pattern (or `clean`)".to_owned());
    }
    Ok(report)
}

/// No result, and what it said last.
pub(super) fn failed(output: &Output, why: String) -> Trouble {
    let stdout = || made_visible(&String::from_utf8_lossy(&output.stdout), usize::MAX);
    let said = if output.stderr.trim().is_empty() { stdout() } else { output.stderr.clone() };
    let said = said.trim();
    let start = said.char_indices().rev().nth(SAID - 1).map_or(0, |(at, _)| at);
    match &said[start..] {
        "" => Trouble::Unreadable(why),
        said => Trouble::Unreadable(format!("{why}; it said: {said}")),
    }
}

/// A file's path as an argument that no program takes for an option.
fn safe(path: &str) -> String {
    if path.starts_with('-') { format!("./{path}") } else { path.to_owned() }
}

fn remove_report(path: &Path) -> Result<(), Trouble> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(Trouble::Unreadable(format!("{} is in the way: {error}", path.display())))
        }
        _ => Ok(()),
    }
}
