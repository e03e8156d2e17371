//! The suite's part in the quality gates: which checker's tests a draft is measured with, and what is told where there are none.

use super::{Checker, Heard, Kind, Suite};
use crate::check::gates::{Figures, warning};
use crate::check::measure::Measure;
use crate::check::{Overlay, selection};
use crate::syntax::{Source, definition, lines};

/// Of what new tests are about, so many percent of the lines are to run: as the stage `development` has it.
const LEAST: usize = 70;
/// Why nothing is measured without them.
pub const NO_TESTS: &str =
    "coverage and mutants were not measured: no checker of the kind `test` runs pytest here";

impl Suite {
    /// Measures a draft that nothing is wrong with by the tests that are about it. `before` is what its checkers said.
    pub async fn gate(&self, figures: Figures, overlay: &Overlay, before: &[String]) -> Heard {
        let mut heard = Heard::default();
        if !is_measured(overlay) {
            return heard;
        }
        let Some((name, command)) = self.checkers.iter().find_map(|checker| tests(checker, overlay)) else {
            heard.unheard.push(NO_TESTS.to_owned());
            return heard;
        };
        let (root, looked) = (self.root.clone(), overlay.clone());
        let tests =
            tokio::task::spawn_blocking(move || selection::of(&root, &looked)).await.unwrap_or_default();
        if tests.is_empty() {
            heard.unheard.push("coverage and mutants were not measured: no tests name the draft".to_owned());
            return heard;
        }
        // Why they told nothing is told already.
        if !before.iter().any(|asked| asked == name) {
            return heard;
        }
        let copy = match self.copy().await {
            Ok(copy) => copy,
            Err(why) => {
                heard.unheard.push(format!("coverage and mutants: {why}"));
                return heard;
            }
        };
        let measure = Measure { overlay, root: &self.root, copy, command, tests: &tests };
        let covered = measure.coverage().await;
        let covered = covered.map(|covered| measure.uncovered(&covered?, figures));
        let measured = [("coverage", covered), ("mutants", measure.mutation(figures).await)];
        for (what, measured) in measured {
            match measured {
                Ok(finding) => {
                    heard.asked.push(what.to_owned());
                    heard.findings.extend(finding);
                }
                Err(why) => heard.unheard.push(format!("{what}: {why}")),
            }
        }
        heard
    }

    /// How far the tests that a draft has written go: `tested` is the module that they are about, with what they are about as its draft.
    pub async fn reach(&self, drafted: &Overlay, tested: &Overlay, asked: &[String]) -> Heard {
        let mut heard = Heard::default();
        let found = self.checkers.iter().find_map(|checker| tests(checker, tested));
        let Some((_, command)) = found.filter(|(name, _)| asked.iter().any(|asked| asked == name)) else {
            return heard;
        };
        let copy = match self.copy().await {
            Ok(copy) => copy,
            Err(why) => {
                heard.unheard.push(format!("coverage: {why}"));
                return heard;
            }
        };
        let mut beside = tested.beside.to_vec();
        beside.retain(|(path, _)| *path != drafted.path);
        beside.push((drafted.path.clone(), drafted.after.text.clone()));
        let tested = Overlay { beside: beside.into(), ..tested.clone() };
        let tests = [drafted.path.clone()];
        let measure = Measure { overlay: &tested, root: &self.root, copy, command, tests: &tests };
        match measure.coverage().await {
            Ok(covered) => {
                heard.asked.push("coverage".to_owned());
                let Some(covered) = covered else { return heard };
                let told = covered.told("what they test", None);
                if covered.percent() < LEAST {
                    let message = covered.told("what they test", Some(LEAST));
                    heard.findings.push(warning("coverage", drafted.draft.clone(), message));
                }
                heard.reached.push(told);
            }
            Err(why) => heard.unheard.push(format!("coverage: {why}")),
        }
        heard
    }
}

/// Whether tests can say anything of it: it is no test itself, and no docstring.
#[must_use]
pub fn is_measured(overlay: &Overlay) -> bool {
    let (text, tree) = (&overlay.after.text, overlay.after.tree.as_ref());
    let source = Source { text, tree, language: overlay.language, path: &overlay.path };
    let draft = lines::trim(text, &overlay.draft);
    let is_docstring = definition::around(&source, &draft).last().is_some_and(|found| {
        found
            .docstring
            .as_ref()
            .is_some_and(|docstring| docstring.start <= draft.start && draft.end <= docstring.end)
    });
    !is_docstring && !draft.is_empty() && !overlay.language.is_test(&overlay.path)
}

fn tests<'a>(
    checker: &'a Checker,
    overlay: &Overlay,
) -> Option<(&'a str, &'a crate::check::command::Command)> {
    match &checker.kind {
        Kind::Tests(command) if checker.is_for(overlay.language.id) && Measure::can(command) => {
            Some((&checker.name, command))
        }
        _ => None,
    }
}
