//! What is wrong with a configuration, and where: one line for each problem, as compilers write them. Values are
//! repeated only where they cannot be secrets.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub path: PathBuf,
    /// `None` if it is the whole file that is wrong.
    pub place: Option<Place>,
    /// The dotted name of the setting; empty if there is none.
    pub key: String,
    /// A sentence that says what is wrong and what to do.
    pub message: String,
}

/// A place in a file, counted from 1, columns in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub line: usize,
    pub column: usize,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.path.display())?;
        if let Some(Place { line, column }) = self.place {
            write!(f, "{line}:{column}:")?;
        }
        if !self.key.is_empty() {
            write!(f, " {}:", self.key)?;
        }
        write!(f, " {}", self.message)
    }
}

impl std::error::Error for Problem {}

/// The most problems that are told of one file: more of them are no configuration.
const MAX_PROBLEMS: usize = 100;

/// Collects the problems of one text.
#[derive(Debug)]
pub(super) struct Problems<'a> {
    text: &'a str,
    path: &'a Path,
    found: Vec<Problem>,
}

impl<'a> Problems<'a> {
    pub(super) fn new(text: &'a str, path: &'a Path) -> Self {
        Self { text, path, found: Vec::new() }
    }

    /// Adds one, unless there are [`MAX_PROBLEMS`] already.
    pub(super) fn add(&mut self, span: Option<Range<usize>>, key: &str, message: impl Into<String>) {
        if self.found.len() >= MAX_PROBLEMS {
            return;
        }
        let place = span.map(|span| place(self.text, span.start));
        let (path, key) = (self.path.to_path_buf(), key.to_owned());
        self.found.push(Problem { path, place, key, message: message.into() });
    }

    /// All of them in the order of the file.
    pub(super) fn take_sorted(&mut self) -> Vec<Problem> {
        self.found.sort_by_key(|problem| problem.place);
        std::mem::take(&mut self.found)
    }
}

fn place(text: &str, offset: usize) -> Place {
    let before = &text.as_bytes()[..offset.min(text.len())];
    let line_start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    Place {
        line: before.iter().filter(|byte| **byte == b'\n').count() + 1,
        column: String::from_utf8_lossy(&before[line_start..]).chars().count() + 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_lines_and_characters_from_one() {
        let text = "é = 1\r\n\n  ü = 2";
        for (offset, line, column) in [(0, 1, 1), (2, 1, 2), (8, 2, 1), (11, 3, 3), (13, 3, 4), (999, 3, 8)] {
            assert_eq!(place(text, offset), Place { line, column }, "{offset}");
        }
    }
}
