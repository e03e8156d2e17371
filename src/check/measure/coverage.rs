//! What coverage.py's JSON report says of one file. Pure.

use serde_json::Value;

/// An empty configuration, put beside the draft in the copy: the project's own may hold files back, or put the data elsewhere.
pub(super) const RC: &str = ".redraft-coveragerc";
/// Where the data is meanwhile, in the copy.
pub(super) const DATA: &str = ".redraft-coverage";
/// What an interpreter says that does not have it.
pub(super) const MISSING: &str = "No module named coverage";

/// Lines, from 1, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Lines {
    pub executed: Vec<usize>,
    pub missing: Vec<usize>,
}

/// Those of the file at `path`.
///
/// # Errors
/// When it is no report, or not of that file.
pub(super) fn read(report: &[u8], path: &str) -> Result<Lines, String> {
    let report: Value = serde_json::from_slice(report).map_err(|_| "coverage gave no report".to_owned())?;
    let files = report["files"].as_object().ok_or_else(|| "coverage gave no report".to_owned())?;
    let is_same = |told: &&String| told.replace('\\', "/") == path;
    let name = files.keys().find(is_same).ok_or_else(|| format!("the tests ran nothing of {path}"))?;
    let lines = |key: &str| -> Option<Vec<usize>> {
        let lines = files[name][key].as_array()?;
        lines.iter().map(|line| line.as_u64().and_then(|line| usize::try_from(line).ok())).collect()
    };
    let lines = |key| lines(key).ok_or_else(|| format!("coverage's report has no {key}"));
    Ok(Lines { executed: lines("executed_lines")?, missing: lines("missing_lines")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_tells_lines_or_why_not() {
        let whole = r#"{"files": {"pkg/a.py": {"executed_lines": [1, 2], "missing_lines": [4]}}}"#;
        for (report, path, expected) in [
            (whole, "pkg/a.py", Ok((vec![1, 2], vec![4]))),
            (whole, "a.py", Err("the tests ran nothing of a.py")),
            ("No data to report.", "a.py", Err("coverage gave no report")),
            ("{}", "a.py", Err("coverage gave no report")),
            (r#"{"files": {"a.py": {}}}"#, "a.py", Err("coverage's report has no executed_lines")),
            (
                r#"{"files": {"a.py": {"executed_lines": [-1], "missing_lines": []}}}"#,
                "a.py",
                Err("coverage's report has no executed_lines"),
            ),
        ] {
            let expected =
                expected.map(|(executed, missing)| Lines { executed, missing }).map_err(str::to_owned);
            assert_eq!(read(report.as_bytes(), path), expected, "{report}");
        }
    }
}
