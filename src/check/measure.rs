//! The quality gates that take runs of the tests: how much of a draft they run (coverage.py), and how many of its mutants they
//! notice. Everything runs on the workspace's copy. What could not be measured is told, and never taken for a gate that was passed.

mod coverage;
mod pytest;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use ropey::Rope;
use tokio::sync::{Mutex, OwnedMutexGuard};

use super::Finding;
use super::command::{Command, Target, failed};
use super::copy::Copy;
use super::gates::{Figures, warning};
use super::mutants::{self, Mutant};
use super::overlay::Overlay;
use super::process::{Limits, Output, Trouble, run_keeping};
use crate::syntax::lines;

/// How long the mutants of one draft may take together: its user waits.
const MUTANTS: Duration = Duration::from_secs(60);
/// A mutant that takes so many times as long as the draft, and so much longer, does not end: that was noticed.
const SLOWER: u32 = 4;
const SLACK: Duration = Duration::from_secs(3);
/// The most survivors that are named.
const NAMED: usize = 5;
/// And of runs of lines.
const RUNS: usize = 10;

/// What is measured with what.
#[derive(Clone, Debug)]
pub(super) struct Measure<'a> {
    pub overlay: &'a Overlay,
    pub root: &'a Path,
    pub copy: &'a Arc<Mutex<Copy>>,
    /// The tests' command as its user wrote it.
    pub command: &'a Command,
    /// The files of tests that are about the draft.
    pub tests: &'a [String],
}

/// How much of a draft tests run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Covered {
    /// Lines, of all those that could run.
    done: usize,
    all: usize,
    /// Those that do not, by their numbers.
    missing: Vec<usize>,
}

impl Covered {
    pub fn percent(&self) -> usize {
        self.done * 100 / self.all
    }

    /// In words; `of` is what was to be run, of which `least` percent are asked for, if any are.
    pub fn told(&self, of: &str, least: Option<usize>) -> String {
        let Self { done, all, missing } = self;
        let not = if missing.is_empty() { String::new() } else { format!(", and not {}", in_words(missing)) };
        let asked = least.map(|least| format!(", {least} % are asked for")).unwrap_or_default();
        format!("the tests run {done} of {all} lines of {of} ({} %{asked}){not}", self.percent())
    }
}

/// A run's copy: nobody else's as long as this is there.
type Held = Arc<OwnedMutexGuard<Copy>>;

impl Measure<'_> {
    /// Whether a command runs the tests in a way that is known here.
    pub fn can(command: &Command) -> bool {
        pytest::place(&command.argv).is_some()
    }

    /// How much of the draft the tests run; nothing of one without lines that run.
    pub async fn coverage(&self) -> Result<Option<Covered>, String> {
        let (held, folder) = self.fill(&self.overlay.after.text.to_string(), &[(coverage::RC, "")]).await?;
        let Some(argv) = pytest::below_coverage(&self.argv(&folder), self.overlay.language, self.root) else {
            return Err("it is not known by which interpreter the tests run".to_owned());
        };
        let told = |trouble: Trouble| format!("the tests, run again, {trouble}");
        let output = self.run(argv.run, &folder, &held, self.command.limits).await.map_err(told)?;
        if output.stderr.contains(coverage::MISSING) {
            let program = &argv.report[0];
            return Err(format!(
                "coverage is not installed for `{program}` (`{program} -m pip install coverage`)"
            ));
        }
        if output.status != 0 {
            let trouble = failed(&output, format!("they ended with code {}", output.status));
            return Err(format!("the tests do not pass below coverage: {trouble}"));
        }
        let output = self.run(argv.report, &folder, &held, self.command.limits).await;
        let output = output.map_err(|trouble| format!("coverage's report {trouble}"))?;
        let ran = coverage::read(&output.stdout, &self.overlay.path).map_err(|why| {
            let said = output.stderr.trim();
            if said.is_empty() { why } else { format!("{why}; it said: {said}") }
        })?;
        Ok(self.covered(&ran))
    }

    fn covered(&self, ran: &coverage::Lines) -> Option<Covered> {
        let text = &self.overlay.after.text;
        let draft = lines::trim(text, &self.overlay.draft);
        let (first, last) = (lines::of(text, draft.start) + 1, lines::of(text, draft.end) + 1);
        let within = |lines: &[usize]| -> Vec<usize> {
            lines.iter().copied().filter(|line| (first..=last).contains(line)).collect()
        };
        let (done, missing) = (within(&ran.executed).len(), within(&ran.missing));
        let all = done + missing.len();
        (all > 0).then_some(Covered { done, all, missing })
    }

    /// What the figures do not let pass of what is covered.
    pub fn uncovered(&self, covered: &Covered, figures: Figures) -> Option<Finding> {
        let least = figures.coverage;
        let message = covered.told("the draft", Some(least));
        let draft = lines::trim(&self.overlay.after.text, &self.overlay.draft);
        let at = covered.missing.first().map_or(draft, |line| self.line(*line));
        (covered.percent() < least).then(|| warning("coverage", at, message))
    }

    /// What the figures do not let pass of the mutants; nothing where there are none.
    pub async fn mutation(&self, figures: Figures) -> Result<Option<Finding>, String> {
        let mutants = mutants::of(self.overlay);
        if mutants.is_empty() {
            return Ok(None);
        }
        let began = Instant::now();
        let draft = self.overlay.after.text.to_string();
        match self.passes(&draft, self.command.limits.time.min(MUTANTS)).await {
            Ok(true) => {}
            Ok(false) => return Err("the tests, run again, do not pass".to_owned()),
            Err(trouble) => return Err(format!("the tests, run again, {trouble}")),
        }
        // With what it takes to put the copy right, which is part of every run.
        let most = began.elapsed() * SLOWER + SLACK;
        let (mut survivors, mut run) = (Vec::new(), 0);
        for mutant in &mutants {
            let left = MUTANTS.saturating_sub(began.elapsed());
            if left.is_zero() {
                break;
            }
            match self.passes(&mutant.text, most.min(left)).await {
                Ok(true) => survivors.push(mutant),
                Ok(false) => {}
                // It was stopped for all of them; whether it was noticed is not known.
                Err(Trouble::TimedOut(_)) if left < most => break,
                Err(
                    Trouble::TimedOut(_)
                    | Trouble::TooMuchMemory(_)
                    | Trouble::TooMuchOutput(_)
                    | Trouble::Died(_),
                ) => {}
                Err(trouble) => return Err(format!("a mutant {trouble}")),
            }
            run += 1;
        }
        if run == 0 {
            return Err(format!("no mutant could be run in {} s", MUTANTS.as_secs()));
        }
        Ok(self.survived(&survivors, (run, mutants.len()), figures.mutation))
    }

    fn survived(&self, survivors: &[&Mutant], (run, all): (usize, usize), least: usize) -> Option<Finding> {
        let killed = run - survivors.len();
        let first = survivors.first().filter(|_| killed * 100 < least * run)?;
        let percent = killed * 100 / run;
        let of = if run < all { format!(" ({all} there are; time ran out)") } else { String::new() };
        let named: Vec<String> =
            survivors.iter().take(NAMED).map(|one| format!("line {}, {}", one.line, one.what)).collect();
        let more = survivors.len().saturating_sub(NAMED);
        let more = if more > 0 { format!("; and {more} more") } else { String::new() };
        let message = format!(
            "the tests notice {killed} of {run} mutants{of} of the draft ({percent} %, {least} % are asked for), and not: {}{more}",
            named.join("; ")
        );
        Some(warning("mutation", self.line(first.line), message))
    }

    /// A line of the draft by its number, without its indentation.
    fn line(&self, number: usize) -> std::ops::Range<usize> {
        let text = &self.overlay.after.text;
        let line = number.saturating_sub(1);
        lines::first(text, line)..lines::end(text, line)
    }

    /// Whether the tests pass with `text` in the file's place.
    async fn passes(&self, text: &str, time: Duration) -> Result<bool, Trouble> {
        let (held, folder) = self.fill(text, &[]).await.map_err(Trouble::Unreadable)?;
        let mut argv = self.argv(&folder);
        argv.push("-x".to_owned());
        let limits = Limits { time, ..self.command.limits };
        Ok(self.run(argv, &folder, &held, limits).await?.status == 0)
    }

    /// The command on the draft's tests, without what would get in the way of measuring.
    fn argv(&self, folder: &Path) -> Vec<String> {
        let mut argv = self.command.argv.clone();
        argv.extend(pytest::alone(&argv, folder));
        argv.extend(self.tests.iter().cloned());
        argv
    }

    /// The copy, put right, with `text` in the file's place.
    async fn fill(&self, text: &str, others: &[(&str, &str)]) -> Result<(Held, PathBuf), String> {
        let mut copy = Arc::clone(self.copy).lock_owned().await;
        let text = Rope::from_str(text);
        let mut files = Target { text: &text, ..self.target() }.files();
        files.extend(others.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())));
        let filled = tokio::task::spawn_blocking(move || copy.refresh(&files).map(|folder| (folder, copy)));
        let filled = filled.await.map_err(|_| "the workspace could not be copied".to_owned())?;
        let (folder, copy) = filled.map_err(|error| error.to_string())?;
        Ok((Arc::new(copy), folder))
    }

    fn target(&self) -> Target<'_> {
        let Overlay { path, after, beside, .. } = self.overlay;
        Target { root: self.root, path, text: &after.text, beside }
    }

    async fn run(
        &self,
        argv: Vec<String>,
        folder: &Path,
        held: &Held,
        limits: Limits,
    ) -> Result<Output, Trouble> {
        let command = Command { argv, limits, ..self.command.clone() };
        let target = self.target();
        // In the copy, where it is gone with the next use: nobody reads this report.
        let spec = command.spec(&target, folder.to_owned(), &folder.join(pytest::REPORT), None)?;
        run_keeping(spec, Arc::clone(held)).await
    }
}

/// `line 3`, `lines 3, 5 to 9`.
fn in_words(lines: &[usize]) -> String {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for line in lines.iter().copied() {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == line => *last = line,
            _ => runs.push((line, line)),
        }
    }
    let told: Vec<String> = runs
        .iter()
        .take(RUNS)
        .map(|(first, last)| if first == last { first.to_string() } else { format!("{first} to {last}") })
        .collect();
    let more = if runs.len() > RUNS { " and more" } else { "" };
    format!("{} {}{more}", if lines.len() == 1 { "line" } else { "lines" }, told.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_told_in_runs() {
        let many: Vec<usize> = (1..=50).map(|line| line * 2).collect();
        for (lines, expected) in [
            (&[3][..], "line 3"),
            (&[3, 4], "lines 3 to 4"),
            (&[3, 5, 6, 7, 9], "lines 3, 5 to 7, 9"),
            (&many, "lines 2, 4, 6, 8, 10, 12, 14, 16, 18, 20 and more"),
        ] {
            assert_eq!(in_words(lines), expected);
        }
    }
}
