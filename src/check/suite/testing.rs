//! The suite's part in tests: which are run for a draft, and what they say of it.

use std::collections::HashSet;

use super::cases::{About, judge};
use super::{Known, Suite};
use crate::check::command::Command;
use crate::check::output::Report;
use crate::check::process::Trouble;
use crate::check::{Finding, Overlay, Version, selection};

/// What a draft has wrong with which the tests do not come to their end.
pub(super) const RUN: &str = "run";

impl Suite {
    /// What the tests about a draft say of it that they did not say before.
    pub(super) async fn ask_tests(
        &self,
        name: &str,
        command: &Command,
        overlay: &Overlay,
        known: &Known,
    ) -> Result<Option<Vec<Finding>>, String> {
        let Some((tests, naming)) = self.tests_of(overlay).await? else { return Ok(None) };
        let told = self.run_tests(command, &tests, overlay, &overlay.after).await?;
        let is_test = overlay.language.is_test(&overlay.path);
        // Also where all have passed: those that were there before may be missing.
        let before = match known.cases(name) {
            Some(before) => before,
            None => {
                let told = self.run_tests(command, &tests, overlay, &overlay.before).await?;
                let before = told.map(|report| report.cases).map_err(|trouble| trouble.to_string());
                known.set_cases(name, before.clone());
                before
            }
        };
        let found = match (told, before) {
            (Ok(report), before) => {
                let about = About { is_new: overlay.is_new(), is_test, naming };
                judge(&before.unwrap_or_default(), &report.cases, &about)?
            }
            (Err(Trouble::NoTests), _) if is_test => judge(&[], &[], &About { is_test, ..About::default() })?,
            // With what stood there before, they came to an end.
            (Err(trouble), Ok(_)) if trouble.is_of_the_run() => {
                let message = format!("the tests did not come to their end with this draft: {trouble}");
                vec![Finding::error("", RUN, overlay.draft.clone(), message).by(name)]
            }
            (Err(trouble), _) => return Err(trouble.to_string()),
        };
        Ok(Some(found.into_iter().map(|finding| of_draft(overlay, finding).by(name)).collect()))
    }

    /// The files of tests that are about a draft, and those of their functions that name it; nothing where there are none.
    pub(super) async fn tests_of(
        &self,
        overlay: &Overlay,
    ) -> Result<Option<(Vec<String>, HashSet<String>)>, String> {
        let (root, looked) = (self.root.clone(), overlay.clone());
        let look = move || {
            let tests = selection::of(&root, &looked);
            let naming = selection::naming(&root, &looked, &tests);
            (tests, naming)
        };
        let found = tokio::task::spawn_blocking(look).await;
        let found = found.map_err(|_| "was not run: no tests could be looked for".to_owned())?;
        Ok(Some(found).filter(|(tests, _)| !tests.is_empty()))
    }

    pub(super) async fn run_tests(
        &self,
        command: &Command,
        tests: &[String],
        overlay: &Overlay,
        version: &Version,
    ) -> Result<Result<Report, Trouble>, String> {
        let target = self.target(overlay, version);
        let mut command = command.clone();
        command.argv.extend(tests.iter().cloned());
        Ok(command.report(&target, self.copy().await?).await)
    }
}

/// A test that fails is about the whole draft.
pub(super) fn of_draft(overlay: &Overlay, finding: Finding) -> Finding {
    Finding { range: overlay.draft.clone(), ..finding }
}
