//! What the tests about a draft say of it, beside what they said before: test by test.

use std::collections::HashSet;

use super::testing::RUN;
use crate::check::Finding;
use crate::check::output::{Case, Outcome};

/// What is known of a draft when its tests are judged.
#[derive(Debug, Default)]
pub(super) struct About {
    /// There was nothing before that a test could have passed with: a body yet to be written.
    pub is_new: bool,
    /// The draft is one of tests.
    pub is_test: bool,
    /// The functions of tests that name what is drafted.
    pub naming: HashSet<String>,
}

/// What the draft brought in that its tests fail for; `before` is what they said without it.
///
/// A test that failed before and fails in the same way now does not count, unless there was nothing then that it could have passed
/// with. One that was run before and is not any more has failed.
///
/// # Errors
/// Why nothing was checked: no test that could have said something did.
pub(super) fn judge(before: &[Case], after: &[Case], about: &About) -> Result<Vec<Finding>, String> {
    let earlier = |case: &Case| before.iter().find(|one| one.name == case.name).map(|one| &one.outcome);
    let mut findings = Vec::new();
    let mut as_before: Vec<&Case> = Vec::new();
    for case in after {
        match (&case.outcome, earlier(case)) {
            (Outcome::Passed, _) | (Outcome::Skipped(_), None | Some(Outcome::Skipped(_))) => {}
            (Outcome::Skipped(finding), Some(_)) => findings.push(finding.clone()),
            (Outcome::Failed(now), Some(Outcome::Failed(then)))
                if is_same(now, then)
                    && !(about.is_new && about.naming.contains(function_of(&case.name))) =>
            {
                as_before.push(case);
            }
            (Outcome::Failed(finding), _) => findings.push(finding.clone()),
        }
    }
    if !about.is_test {
        findings.extend(before.iter().filter(|case| is_gone(case, after)).map(|case| {
            let message = format!("{}: was not run with this draft, and was before", case.name);
            Finding::error("", RUN, 0..0, message)
        }));
    }
    if about.is_test && !after.iter().any(|case| earlier(case).is_none()) {
        return Ok(vec![Finding::error(
            "",
            "none",
            0..0,
            "the draft has no test that is run, and that was not there before",
        )]);
    }
    let has_passed = after.iter().any(|case| case.outcome == Outcome::Passed);
    match as_before.first() {
        Some(first) if findings.is_empty() && !has_passed => {
            let said = match &first.outcome {
                Outcome::Failed(finding) => finding.message.lines().next().unwrap_or_default(),
                _ => "",
            };
            let count = as_before.len();
            Err(format!(
                "told nothing of the draft: its tests fail as they did before ({count} of them; {said})"
            ))
        }
        None if findings.is_empty() && !has_passed => {
            Err("told nothing of the draft: every test was skipped".to_owned())
        }
        _ => Ok(findings),
    }
}

/// Whether a test that was run is in no report any more: a file of tests that could not be read then may be read now.
fn is_gone(case: &Case, after: &[Case]) -> bool {
    let inside = format!("{}.", case.name);
    !matches!(case.outcome, Outcome::Skipped(_))
        && !after.iter().any(|one| one.name == case.name || one.name.starts_with(&inside))
}

/// Whether two failures of a test are the same; where something lies in memory makes no other.
fn is_same(now: &Finding, then: &Finding) -> bool {
    let plain = |message: &str| {
        let mut parts = message.split("0x");
        let mut plain = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            plain += part.trim_start_matches(|ch: char| ch.is_ascii_hexdigit());
        }
        plain
    };
    now.code == then.code && plain(&now.message) == plain(&then.message)
}

/// The function of a test by its name in a report: `tests.test_a.TestB.test_c[1-2]`.
fn function_of(name: &str) -> &str {
    let name = name.split('[').next().unwrap_or(name);
    name.rsplit('.').next().unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `+name` has passed, `-name why` has failed, `~name` was skipped.
    fn cases(told: &str) -> Vec<Case> {
        let case = |told: &str| {
            let (name, why) = told[1..].split_once(' ').unwrap_or((&told[1..], ""));
            let finding = || Finding::error("pytest", "E", 0..1, format!("{name}: {why}"));
            let outcome = match &told[..1] {
                "+" => Outcome::Passed,
                "-" => Outcome::Failed(finding()),
                _ => Outcome::Skipped(finding()),
            };
            Case { name: name.to_owned(), outcome }
        };
        told.split("; ").filter(|told| !told.is_empty()).map(case).collect()
    }

    #[test]
    fn only_what_the_draft_brought_in_counts() {
        let new = About { is_new: true, is_test: false, naming: ["test_b".to_owned()].into() };
        let edited = About { naming: new.naming.clone(), ..About::default() };
        let tests = About { is_test: true, ..About::default() };
        for (about, before, after, expected) in [
            (&edited, "+a; +b", "+a; +b", Ok("")),
            (&edited, "+a; +b", "+a; -b x", Ok("b: x")),
            (&edited, "+a; -b x", "+a; -b x", Ok("")),
            (&edited, "-b assert 2 == 3", "-b assert 10 == 3", Ok("b: assert 10 == 3")),
            (&edited, "-b <A at 0x7f01>; +a", "-b <A at 0x8e02>; +a", Ok("")),
            (&edited, "-b x", "-b x", Err("its tests fail as they did before (1 of them; b: x)")),
            // There was nothing that they could have passed with.
            (&new, "-m.test_b[1] x; -m.test_a y", "-m.test_b[1] x; -m.test_a y", Ok("m.test_b[1]: x")),
            (
                &new,
                "-m no module",
                "-m no module",
                Err("its tests fail as they did before (1 of them; m: no module)"),
            ),
            // Those that were run before are to be run.
            (&edited, "+a; -b x", "+a; ~b", Ok("b: ")),
            (&edited, "~a; +b", "~a; +b", Ok("")),
            (&edited, "~a", "~a", Err("every test was skipped")),
            (&edited, "", "-a x", Ok("a: x")),
            // The run was ended before its end.
            (&edited, "+a; +b", "+a", Ok("b: was not run with this draft, and was before")),
            (
                &new,
                "-m.test_a x; -m.test_b y",
                "+m.test_a",
                Ok("m.test_b: was not run with this draft, and was before"),
            ),
            (&edited, "-m collection", "+m.test_a", Ok("")),
            (&tests, "+a", "+a; +b", Ok("")),
            (&tests, "+a", "+a; -b x", Ok("b: x")),
            (&tests, "+a", "+a", Ok("the draft has no test that is run, and that was not there before")),
        ] {
            let judged = judge(&cases(before), &cases(after), about);
            let told = judged
                .map(|found| found.iter().map(|one| one.message.clone()).collect::<Vec<_>>().join("; "));
            match expected {
                Ok(expected) => assert_eq!(told.as_deref(), Ok(expected), "{before} | {after}"),
                Err(why) => assert!(told.as_ref().is_err_and(|told| told.contains(why)), "{told:?}"),
            }
        }
    }
}
