//! Cleaning: a model's answer, cut anywhere, becomes the lines that the region is to hold.
//!
//! Three layers, each a state machine over whole lines: `unwrap` (what is code), `peel` (which of it is wanted), `layout`
//! (how it stands in the file). Because only whole lines pass, where the stream was cut makes no difference.

mod pass;
#[cfg(test)]
mod tests;

use std::collections::HashSet;

use thiserror::Error;

use self::pass::{Pass, Reading};
use crate::draft::docstring;
use crate::draft::form::{Form, Shape};
use crate::draft::{peel, unwrap};

/// The most text of one answer; a larger one is no draft of a region.
const LIMIT: usize = 1024 * 1024;

/// See the module's head.
#[derive(Clone, Debug)]
pub struct Cleaner {
    form: Form,
    setup: Setup,
    /// The line that is not whole yet.
    partial: String,
    /// The answer so far.
    answer: String,
    pass: Pass,
}

/// What the cleaner knows of the file beside the form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Setup {
    /// Whether imports at the head of the answer go to the file's import block.
    pub hoist: bool,
    /// The lines of the file between a function's header and the region: comments that an answer may repeat.
    pub opening: String,
    /// The name of the definition that it is about, if there is one.
    pub name: String,
    /// What the file defines at its top level: an answer may repeat it, and what it leaves out is there.
    pub defined: HashSet<String>,
}

/// A clean answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cleaned {
    /// What the region is to hold, with its `lead`.
    pub text: String,
    /// Import statements for the file's import block.
    pub imports: Vec<String>,
}

/// Why there is nothing to put into the region.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum CleanError {
    #[error("the answer has no code in it")]
    NoCode,
    #[error("the answer has code, but not the body of the function that was asked for")]
    NoBody,
    #[error(
        "the answer's body needs `{0}`, which the answer defines outside of the function, where nothing may change"
    )]
    Outside(String),
    #[error("the answer has no docstring in it")]
    NoDocstring,
    #[error("the answer is larger than {} KiB, which is no draft of a region", LIMIT / 1024)]
    TooLarge,
}

impl Cleaner {
    #[must_use]
    pub fn new(form: &Form, setup: Setup) -> Self {
        let pass = Pass::new(form, &setup, Reading::default());
        Self { form: form.clone(), setup, partial: String::new(), answer: String::new(), pass }
    }

    /// Takes in more of the answer; returns the lines that are new, as they are to stand in the file, without line ends.
    pub fn push(&mut self, delta: &str) -> Vec<String> {
        if self.answer.len() + delta.len() > LIMIT {
            self.answer.push_str(delta);
            return Vec::new();
        }
        self.answer.push_str(delta);
        let before = self.pass.lines.len();
        // Only what is new is searched: a line may come in many pieces.
        if let Some(end) = delta.rfind('\n') {
            self.partial.push_str(&delta[..end]);
            for line in std::mem::take(&mut self.partial).split('\n') {
                self.pass.line(line.trim_end_matches('\r'));
            }
            self.partial.push_str(&delta[end + 1..]);
        } else {
            self.partial.push_str(delta);
        }
        self.pass.lines[before..].to_vec()
    }

    /// Whether more of the answer makes no difference.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.answer.len() > LIMIT || self.pass.unwrap.is_done() || self.pass.peel.is_done()
    }

    /// What the region is to hold so far.
    #[must_use]
    pub fn so_far(&self) -> String {
        self.joined(&self.pass.lines)
    }

    /// How many lines were returned so far.
    #[must_use]
    pub fn lines_told(&self) -> usize {
        self.pass.lines.len()
    }

    /// The end of the answer: the last line is whole now.
    ///
    /// # Errors
    /// When there is nothing in it for the region.
    pub fn finish(mut self) -> Result<Cleaned, CleanError> {
        if self.answer.len() > LIMIT {
            return Err(CleanError::TooLarge);
        }
        let last = std::mem::take(&mut self.partial);
        if !last.is_empty() {
            self.pass.line(last.trim_end_matches('\r'));
        }
        self.read_again();
        let imports = self.pass.peel.imports().to_vec();
        match &self.form.shape {
            Shape::Docstring => {
                let code =
                    if self.pass.code.is_empty() { self.pass.unwrap.into_prose() } else { self.pass.code };
                let text = docstring::extract(&code.join("\n"), &self.form.base, &self.setup.name);
                let text = text.ok_or(CleanError::NoDocstring)?.replace('\n', self.form.eol.as_str());
                Ok(Cleaned { text: self.form.lead + &text, imports: Vec::new() })
            }
            _ if self.pass.lines.is_empty() && imports.is_empty() => {
                Err(if self.pass.code.iter().any(|line| !line.trim().is_empty()) {
                    CleanError::NoBody
                } else {
                    CleanError::NoCode
                })
            }
            Shape::Body { .. } if self.pass.lines.is_empty() => Err(CleanError::NoBody),
            Shape::Body { .. } if let Some(name) = self.needs_outside() => Err(CleanError::Outside(name)),
            // Nothing but imports: they are what was asked for.
            Shape::Block if self.pass.lines.is_empty() => {
                let lines: Vec<String> = imports
                    .iter()
                    .flat_map(|import| import.lines().map(|line| self.form.base.clone() + line))
                    .collect();
                Ok(Cleaned { text: self.joined(&lines), imports: Vec::new() })
            }
            _ => Ok(Cleaned { text: self.joined(&self.pass.lines), imports }),
        }
    }

    /// What the stream's first reading got wrong shows only at the end: then the whole answer is read once more.
    fn read_again(&mut self) {
        let mut answer = self.answer.replace("\r\n", "\n").replace('\r', "\n");
        let lone_cr = answer.lines().count() != self.answer.lines().count();
        let mut reading = Reading::default();
        // Reasoning whose opening tag the server kept, or code on the closing tag's line.
        let reasoned =
            self.pass.code.iter().any(|line| line.contains("</think>")) || self.pass.code.is_empty();
        if let Some(end) = answer.rfind("</think>").filter(|_| reasoned) {
            answer.drain(..end + "</think>".len());
            reading.again = true;
        }
        // A fence that seemed to stand inside a string was the end after all.
        reading.blind_to_strings = self.pass.unwrap.is_unclosed() && ends_with_fence(&answer);
        // What read as code before a fenced block was prose.
        reading.fences_only = self.pass.unwrap.is_raw() && unwrap::fences(&answer) >= 2;
        if let Shape::Body { name, .. } = &self.form.shape {
            reading.wants_header =
                self.pass.peel.is_bare() && peel::defines(&self.pass.code.join("\n"), name);
        }
        if lone_cr || reading != Reading::default() {
            let mut pass = Pass::new(&self.form, &self.setup, reading);
            answer.lines().for_each(|line| pass.line(line));
            if reading.fences_only
                && let Shape::Body { name, .. } = &self.form.shape
            {
                let wants_header = pass.peel.is_bare() && peel::defines(&pass.code.join("\n"), name);
                if wants_header {
                    pass = Pass::new(&self.form, &self.setup, Reading { wants_header, ..reading });
                    answer.lines().for_each(|line| pass.line(line));
                }
            }
            self.pass = pass;
        }
    }

    /// A name that the body uses and that only the answer defines, outside of the function.
    fn needs_outside(&self) -> Option<String> {
        let text = self.pass.lines.join("\n");
        let used: HashSet<&str> = text.split(|ch: char| !(ch.is_alphanumeric() || ch == '_')).collect();
        let own = |name: &String| *name == self.setup.name || self.setup.defined.contains(name);
        let bare = self.pass.peel.is_bare();
        self.pass
            .peel
            .outside()
            .iter()
            .find(|name| !bare && !own(name) && used.contains(name.as_str()))
            .cloned()
    }

    fn joined(&self, lines: &[String]) -> String {
        if lines.is_empty() {
            return String::new();
        }
        let eol = self.form.eol.as_str();
        let mut text = self.form.lead.clone() + &lines.join(eol);
        if self.form.shape == Shape::File {
            text.push_str(eol);
        }
        text
    }
}

fn ends_with_fence(answer: &str) -> bool {
    answer.lines().map(str::trim).rfind(|line| !line.is_empty()).is_some_and(|line| line.starts_with("```"))
}
