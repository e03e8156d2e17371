//! Lines that match a regular expression: the last resort, for checkers that have no other format. Columns are counted from 1, in
//! characters.

use regex::{Captures, Regex};

use super::{File, Report, Told, severity};
use crate::check::Finding;
use crate::text::position::Encoding;

/// Longer lines are no diagnostics, in bytes.
const MAX_LINE: usize = 16 << 10;

/// What of `said` matches, line by line.
pub(in crate::check) fn read(said: &str, pattern: &Regex, file: &File<'_>) -> Report {
    let mut report = Report::default();
    for line in said.lines().filter(|line| line.len() <= MAX_LINE) {
        if let Some(found) = pattern.captures(line) {
            report.add(finding(&found, file));
        }
    }
    report
}

fn finding(found: &Captures<'_>, file: &File<'_>) -> Option<Finding> {
    let group = |name: &str| found.name(name).map(|group| group.as_str());
    let number = |name: &str| group(name).and_then(|digits| digits.trim().parse::<u32>().ok());
    if group("file").is_some_and(|called| !file.is(called.trim())) {
        return None;
    }
    let told = Told {
        line: number("line").unwrap_or(1),
        column: number("column"),
        end_line: number("end_line"),
        end_column: None,
    };
    let whole = found.get_match().as_str();
    let severity = group("severity").and_then(|word| severity(word.trim())).unwrap_or(file.severity);
    let range = file.range(told, Encoding::Utf32);
    Some(file.finding(group("code").unwrap_or_default(), severity, range, group("message").unwrap_or(whole)))
}
