//! What checkers say, read: a document or lines in, findings of one file out. What cannot be read is told, and never taken for
//! "nothing found". It must not believe what it reads: places are brought into the text, words are data.

pub(super) mod junit;
pub(super) mod pattern;
pub(super) mod ruff;
pub(super) mod sarif;

use std::ops::Range;
use std::path::{Component, Path, PathBuf};

use ropey::Rope;

use super::{Finding, Severity};
use crate::text::hidden::made_visible;
use crate::text::position::{Encoding, Position, line_range, to_offset};

/// The most of a message that is kept, in characters: some checkers write pages.
const MAX_MESSAGE: usize = 500;
/// And of a code.
const MAX_CODE: usize = 80;

/// The file that findings are wanted of, as its checker sees it.
#[derive(Debug)]
pub(super) struct File<'a> {
    pub checker: &'a str,
    /// From the folder.
    pub path: &'a str,
    pub text: &'a Rope,
    /// Where the checker ran, as it may call it.
    pub folders: Vec<PathBuf>,
    /// It got the text on standard input, and may call it so.
    pub is_stdin: bool,
    /// Of what its checker does not say how bad it is.
    pub severity: Severity,
}

/// What was read.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Report {
    pub findings: Vec<Finding>,
    /// How many things it tells of, of whatever file.
    pub told: usize,
    /// Why that may not be all.
    pub doubt: Option<String>,
    /// What became of each test, in reports of tests.
    pub cases: Vec<Case>,
}

/// One test of a report.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::check) struct Case {
    /// With those of its class and its module.
    pub name: String,
    pub outcome: Outcome,
}

#[derive(Clone, Debug, PartialEq)]
pub(in crate::check) enum Outcome {
    Passed,
    /// What there is to say where it ought to have run.
    Skipped(Finding),
    Failed(Finding),
}

/// A place as checkers tell it, counted from 1.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Told {
    pub line: u32,
    pub column: Option<u32>,
    pub end_line: Option<u32>,
    /// Of the first character after it.
    pub end_column: Option<u32>,
}

impl Report {
    /// Counts it, and keeps it if it is of the file. All of them: what is new among them is known only beside those of before.
    fn add(&mut self, finding: Option<Finding>) {
        self.told += 1;
        self.findings.extend(finding);
    }
}

impl File<'_> {
    /// Whether that is what its checker calls the file.
    fn is(&self, called: &str) -> bool {
        if self.is_stdin && matches!(called, "" | "-" | "<stdin>" | "stdin" | "<standard input>") {
            return true;
        }
        let called = if cfg!(windows) { called.replace('\\', "/") } else { called.to_owned() };
        let path = Path::new(&called);
        let path = match path.is_absolute() {
            true => self.folders.iter().find_map(|folder| path.strip_prefix(folder).ok()),
            false => Some(path),
        };
        path.and_then(plain).is_some_and(|path| Some(path) == plain(Path::new(self.path)))
    }

    fn offset(&self, line: u32, column: u32, encoding: Encoding) -> usize {
        let position = Position { line: line.saturating_sub(1), column: column.saturating_sub(1) };
        to_offset(self.text, position, encoding)
    }

    /// The bytes of a place: of a line without columns, all of it; of a place without an end, the word that begins there.
    fn range(&self, told: Told, encoding: Encoding) -> Range<usize> {
        let line = (told.line.saturating_sub(1) as usize).min(self.text.len_lines().saturating_sub(1));
        let of_line = line_range(self.text, line);
        let start = told.column.map_or(of_line.start, |column| self.offset(told.line, column, encoding));
        let end = match (told.end_line, told.end_column) {
            (end_line, Some(column)) => self.offset(end_line.unwrap_or(told.line), column, encoding),
            // The end of the line, wherever that is.
            (Some(end_line), None) => self.offset(end_line, u32::MAX, encoding),
            (None, None) if told.column.is_some() => self.word_end(start, of_line.end),
            (None, None) => of_line.end,
        };
        start..end.max(start)
    }

    /// The end of the word at `start`, or of the one character there.
    fn word_end(&self, start: usize, line_end: usize) -> usize {
        let mut end = start;
        for ch in self.text.byte_slice(start..line_end.max(start)).chars() {
            let is_word = ch.is_alphanumeric() || ch == '_';
            if end == start || is_word {
                end += ch.len_utf8();
            }
            if !is_word {
                break;
            }
        }
        end
    }

    fn finding(&self, code: &str, severity: Severity, range: Range<usize>, message: &str) -> Finding {
        Finding {
            source: self.checker.to_owned().into(),
            code: made_visible(code.trim(), MAX_CODE).into(),
            severity,
            range,
            message: made_visible(message.trim(), MAX_MESSAGE),
            fix: Vec::new(),
        }
    }
}

/// A path's names, without `.` and with `..` taken back; none where that leads out, or for an absolute one.
fn plain(path: &Path) -> Option<PathBuf> {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::Normal(name) => plain.push(name),
            Component::CurDir => {}
            Component::ParentDir if plain.pop() => {}
            _ => return None,
        }
    }
    Some(plain)
}

/// What a word for how bad something is means; none where it says nothing.
fn severity(word: &str) -> Option<Severity> {
    match word.to_ascii_lowercase().as_str() {
        "e" | "error" | "err" | "f" | "fatal" | "fatal error" | "critical" | "failure" => {
            Some(Severity::Error)
        }
        "" => None,
        _ => Some(Severity::Warning),
    }
}

#[cfg(test)]
mod tests;
