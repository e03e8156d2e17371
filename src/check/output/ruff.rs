//! `ruff --output-format json`: a list of what it found. Rows and columns are counted from 1, columns in characters.

use serde::Deserialize;

use super::{File, Report, Told};
use crate::check::Severity;
use crate::text::edit::Edit;
use crate::text::position::Encoding;

#[derive(Deserialize)]
struct Row {
    /// None of what does not parse, in older versions.
    code: Option<String>,
    message: String,
    filename: String,
    location: Point,
    end_location: Option<Point>,
    fix: Option<Fix>,
}

#[derive(Clone, Copy, Deserialize)]
struct Point {
    row: u32,
    column: u32,
}

#[derive(Deserialize)]
struct Fix {
    applicability: String,
    edits: Vec<Change>,
}

#[derive(Deserialize)]
struct Change {
    content: String,
    location: Point,
    end_location: Point,
}

pub(in crate::check) fn read(stdout: &[u8], file: &File<'_>) -> Result<Report, String> {
    let rows: Vec<Row> =
        serde_json::from_slice(stdout).map_err(|error| format!("no JSON of ruff's: {error}"))?;
    let mut report = Report::default();
    for row in rows {
        report.add(file.is(&row.filename).then(|| {
            let told = Told {
                line: row.location.row,
                column: Some(row.location.column),
                end_line: row.end_location.map(|end| end.row),
                end_column: row.end_location.map(|end| end.column),
            };
            let code = row.code.as_deref().unwrap_or("invalid-syntax");
            let range = file.range(told, Encoding::Utf32);
            let mut finding = file.finding(code, severity(code), range, &row.message);
            finding.fix = row.fix.and_then(|fix| edits(fix, file)).unwrap_or_default();
            finding
        }));
    }
    Ok(report)
}

/// As ruff's own language server has it: its JSON calls everything an error.
fn severity(code: &str) -> Severity {
    match code {
        "invalid-syntax" | "E902" | "E999" | "F821" => Severity::Error,
        _ => Severity::Warning,
    }
}

/// What a fix changes, where ruff calls it safe and it is what edits are: sorted and disjoint.
fn edits(fix: Fix, file: &File<'_>) -> Option<Vec<Edit>> {
    let is_safe = fix.applicability.eq_ignore_ascii_case("safe");
    let offset = |point: Point| file.offset(point.row, point.column, Encoding::Utf32);
    let edit = |change: Change| {
        let (start, end) = (offset(change.location), offset(change.end_location));
        (start <= end).then(|| Edit::new(start..end, change.content))
    };
    let mut edits: Vec<Edit> = fix.edits.into_iter().filter(|_| is_safe).map(edit).collect::<Option<_>>()?;
    edits.sort_by_key(|edit| (edit.range.start, edit.range.end));
    edits.windows(2).all(|pair| pair[0].range.end <= pair[1].range.start).then_some(edits)
}
