//! The draft on standard output, as it comes.
//!
//! The end of an answer may change its beginning: a helper that turns up late goes before the body that needs it. A person at
//! a terminal sees the draft once more then. A pipe has passed on what was printed, so the run fails rather than call that
//! the draft; a file is written once the draft stands.

use std::io::{IsTerminal, Write};

use crate::cli::terminal::Progress;

/// See the module's head.
#[derive(Debug)]
pub(super) struct Printer {
    /// A person sees what was printed first, and what took its place.
    is_seen: bool,
    /// A file has nothing but the draft in the end: it is written once that stands.
    held: Option<Vec<String>>,
    has_printed: bool,
    /// What was printed is not the draft, and nothing more is.
    is_wrong: bool,
}

impl Printer {
    pub fn new() -> Self {
        let is_seen = std::io::stdout().is_terminal();
        // Where the system has no such path, nothing is held.
        let is_file = !is_seen && std::fs::metadata("/dev/stdout").is_ok_and(|output| output.is_file());
        Self { is_seen, held: is_file.then(Vec::new), has_printed: false, is_wrong: false }
    }

    pub fn has_printed(&self) -> bool {
        self.has_printed
    }

    /// Whether what was printed can be followed by something better.
    pub fn can_begin_anew(&self) -> bool {
        self.is_seen || self.held.is_some()
    }

    /// Whether what was printed is with another program already, and cannot be taken back.
    pub fn has_passed_on(&self) -> bool {
        self.has_printed && !self.is_seen
    }

    pub fn line(&mut self, line: String) {
        match &mut self.held {
            Some(held) => held.push(line),
            None if self.is_wrong => {}
            None => {
                self.has_printed = true;
                print(&line);
            }
        }
    }

    /// What was printed so far is not the draft after all.
    pub fn begin_anew(&mut self, progress: &mut Progress) {
        if let Some(held) = &mut self.held {
            held.clear();
        } else if self.has_printed && self.is_seen {
            progress.line("the end of the answer changed what was printed so far; this is the draft:");
        } else {
            self.is_wrong = self.has_printed;
        }
    }

    pub fn finish(self) -> Result<(), &'static str> {
        self.held.iter().flatten().for_each(|line| print(line));
        if self.is_wrong {
            return Err(
                "the end of the answer changed what was printed, which is no finished draft; use --diff, --write or --output",
            );
        }
        Ok(())
    }
}

/// A closed pipe (`| head`) ends the printing, not the run.
fn print(line: &str) {
    let mut output = std::io::stdout().lock();
    let _ = writeln!(output, "{line}").and_then(|()| output.flush());
}
