//! What a person at a terminal sees: a diff in colour where there is colour, progress on standard error.

use std::io::{IsTerminal, Write};

use anstyle::{AnsiColor, Style};

const ADDED: Style = AnsiColor::Green.on_default();
const REMOVED: Style = AnsiColor::Red.on_default();
const HUNK: Style = AnsiColor::Cyan.on_default();

/// Lines of context around a hunk.
const CONTEXT: usize = 3;

/// Whether standard output takes colour (see no-color.org).
pub(super) fn colour() -> bool {
    std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none()
}

/// The unified diff of two texts under one name.
pub(super) fn unified(name: &str, old: &str, new: &str, is_new: bool, colour: bool) -> String {
    let edits = crate::text::diff::edits(old, new);
    if edits.is_empty() {
        return String::new();
    }
    let from = if is_new { "/dev/null".to_owned() } else { format!("a/{name}") };
    let mut out = paint(&format!("--- {from}"), Style::new().bold(), colour)
        + &paint(&format!("+++ b/{name}"), Style::new().bold(), colour);
    let (a, b): (Vec<&str>, Vec<&str>) =
        (old.split_inclusive('\n').collect(), new.split_inclusive('\n').collect());
    for hunk in hunks(old, new) {
        out += &paint(&hunk.header(), HUNK, colour);
        let mut at = hunk.old.0;
        for change in &hunk.changes {
            a[at..change.old.0].iter().for_each(|line| out += &shown(' ', line, None, colour));
            a[change.old.0..change.old.1]
                .iter()
                .for_each(|line| out += &shown('-', line, Some(REMOVED), colour));
            b[change.new.0..change.new.1]
                .iter()
                .for_each(|line| out += &shown('+', line, Some(ADDED), colour));
            at = change.old.1;
        }
        a[at..hunk.old.1].iter().for_each(|line| out += &shown(' ', line, None, colour));
    }
    out
}

/// Lines `old` that lines `new` take the place of; half open, from zero.
struct LineChange {
    old: (usize, usize),
    new: (usize, usize),
}

struct Hunk {
    old: (usize, usize),
    new: (usize, usize),
    changes: Vec<LineChange>,
}

impl Hunk {
    fn header(&self) -> String {
        let side = |(start, end): (usize, usize)| {
            let first = if start == end { start } else { start + 1 };
            format!("{first},{}", end - start)
        };
        format!("@@ -{} +{} @@", side(self.old), side(self.new))
    }
}

fn hunks(old: &str, new: &str) -> Vec<Hunk> {
    let lines = old.split_inclusive('\n').count();
    let mut hunks: Vec<Hunk> = Vec::new();
    for (old, new) in crate::text::diff::line_changes(old, new) {
        let change = LineChange { old: (old.start, old.end), new: (new.start, new.end) };
        let shift = change.new.0.cast_signed() - change.old.0.cast_signed();
        let start = change.old.0.saturating_sub(CONTEXT);
        let end = (change.old.1 + CONTEXT).min(lines);
        let new_end = change.new.1 + (end - change.old.1);
        match hunks.last_mut() {
            Some(last) if start <= last.old.1 => {
                (last.old.1, last.new.1) = (end, new_end);
                last.changes.push(change);
            }
            _ => hunks.push(Hunk {
                old: (start, end),
                new: (start.saturating_add_signed(shift), new_end),
                changes: vec![change],
            }),
        }
    }
    hunks
}

fn shown(mark: char, line: &str, style: Option<Style>, colour: bool) -> String {
    let text = line.trim_end_matches('\n');
    let mut out = paint(&format!("{mark}{text}"), style.unwrap_or_default(), colour && style.is_some());
    if !line.ends_with('\n') {
        out.push_str("\\ No newline at end of file\n");
    }
    out
}

fn paint(line: &str, style: Style, colour: bool) -> String {
    if colour { format!("{style}{line}{style:#}\n") } else { format!("{line}\n") }
}

/// Progress on standard error: one line that is written over at a terminal, a line for each stage elsewhere.
#[derive(Debug)]
pub(super) struct Progress {
    terminal: bool,
    /// Nobody wants to know.
    silent: bool,
    /// The drafted text goes to the terminal as well: progress must not run into it.
    quiet: bool,
    last: String,
}

impl Progress {
    pub fn new(writes_to_stdout: bool) -> Self {
        let terminal = std::io::stderr().is_terminal();
        Self {
            terminal,
            silent: false,
            quiet: writes_to_stdout && terminal && std::io::stdout().is_terminal(),
            last: String::new(),
        }
    }

    /// One that says nothing.
    pub fn silent() -> Self {
        Self { terminal: false, silent: true, quiet: true, last: String::new() }
    }

    /// What is going on; `count` is only shown at a terminal.
    pub fn stage(&mut self, stage: &str, count: Option<u32>) {
        if self.silent {
            return;
        }
        let mut error = std::io::stderr().lock();
        if self.terminal && !self.quiet {
            let count = count.map(|count| format!(" {count} tokens")).unwrap_or_default();
            let _ = write!(error, "\r\x1b[2Kredraft: {stage}{count}");
            let _ = error.flush();
        } else if self.last != stage {
            let _ = writeln!(error, "redraft: {stage}");
        }
        stage.clone_into(&mut self.last);
    }

    /// A line that stays.
    pub fn line(&mut self, line: &str) {
        if self.silent {
            return;
        }
        let mut error = std::io::stderr().lock();
        if self.terminal && !self.quiet {
            let _ = write!(error, "\r\x1b[2K");
        }
        let _ = writeln!(error, "redraft: {line}");
    }

    pub fn clear(&mut self) {
        if self.terminal && !self.quiet {
            let _ = write!(std::io::stderr(), "\r\x1b[2K");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn diffs_are_unified() {
        let old = "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n";
        let new = "1\n2\n3\n4\nfive\n6\n7\n8\n9\n10\n11\n12\n13";
        let expected = "--- a/f.py\n+++ b/f.py\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n@@ -10,3 +10,4 @@\n 10\n 11\n 12\n+13\n\\ No newline at end of file\n";
        assert_eq!(unified("f.py", old, new, false, false), expected);
        assert_eq!(
            unified("f.py", "", "a\n", true, false),
            "--- /dev/null\n+++ b/f.py\n@@ -0,0 +1,1 @@\n+a\n"
        );
        assert_eq!(unified("f.py", old, old, false, true), "");
    }
}
