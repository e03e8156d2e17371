//! How many findings are too many. What is new among them is known only once all of them are there, so that nothing is left out before.

use super::Heard;
use crate::check::command::Found;

/// The most findings of one checker in one file that are compared with those of before: each is looked for among them.
const COMPARED: usize = 10_000;
/// The most that a draft is told to have: behind them the rest is mostly their echo.
const SHOWN: usize = 200;

/// The same, if it can be compared.
pub(super) fn comparable(found: Found) -> Result<Found, String> {
    match found.findings.len() {
        0..=COMPARED => Ok(found),
        count => {
            Err(format!("gave no result: it found {count} things in one file; at most {COMPARED} are taken"))
        }
    }
}

/// Leaves out the mildest where there are too many, and tells that.
pub(super) fn shorten(heard: &mut Heard) {
    let Some(over) = heard.findings.len().checked_sub(SHOWN).filter(|over| *over > 0) else { return };
    heard.findings.sort_by_key(|finding| finding.severity);
    heard.findings.truncate(SHOWN);
    heard.unheard.push(format!("{over} more findings than the {SHOWN} that are told, errors first"));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{Finding, Severity};

    #[test]
    fn the_worst_are_told_and_that_there_are_more() {
        for (warnings, errors, left, told) in [(150, 50, 200, 0), (500, 3, 200, 1), (0, 0, 0, 0)] {
            let error = Finding::error("it", "e", 0..1, "m");
            let warning = Finding { severity: Severity::Warning, ..error.clone() };
            let mut findings = vec![warning; warnings];
            findings.extend(vec![error; errors]);
            let mut heard = Heard { findings, ..Heard::default() };
            shorten(&mut heard);
            assert_eq!((heard.findings.len(), heard.unheard.len()), (left, told), "{warnings} {errors}");
            let kept = heard.findings.iter().filter(|one| one.severity == Severity::Error).count();
            assert_eq!(kept, errors);
        }
    }

    #[test]
    fn what_cannot_be_compared_is_told() {
        for (count, is_taken) in [(COMPARED, true), (COMPARED + 1, false)] {
            let findings = vec![Finding::error("it", "e", 0..1, "m"); count];
            assert_eq!(comparable(Found { findings, doubt: None }).is_ok(), is_taken);
        }
    }
}
