//! Reports as ruff 0.17.6 and pytest 9 wrote them, and reports that are none.

use std::path::PathBuf;

use regex::Regex;
use ropey::Rope;

use super::*;

const RUFF: &str = include_str!("recorded/ruff.json");
const SARIF: &str = include_str!("recorded/ruff.sarif");
const JUNIT: &str = include_str!("recorded/pytest.xml");
const COLLECTION: &str = include_str!("recorded/collection.xml");
/// The file that ruff looked at.
const TEXT: &str = "import os\nimport sys\n\nnaïve = \"😀😀\"; print(naïve, undefined_name)\ndef f(x):\n    if x == None:\n        return f\"hello\"\n    l = 1; return x\n";
/// Those that pytest ran.
const HALF: &str = "def half(n):\n    \"\"\"Half of n.\"\"\"\n    return n // 2\n";

type Read = fn(&[u8], &File<'_>) -> Result<Report, String>;

fn read_as(read: Read, said: &str, path: &str, text: &str) -> Result<Report, String> {
    let rope = Rope::from_str(text);
    let folders = vec![PathBuf::from("/tmp/rec")];
    let file =
        File { checker: "it", path, text: &rope, folders, is_stdin: true, severity: Severity::Warning };
    read(said.as_bytes(), &file)
}

/// Each finding as `severity code text`.
fn told(report: &Report, text: &str) -> Vec<String> {
    let line = |one: &Finding| format!("{} {} {}", one.severity.name(), one.code, &text[one.range.clone()]);
    report.findings.iter().map(line).collect()
}

#[test]
fn ruffs_json_is_read_with_its_safe_fixes() {
    let report = read_as(ruff::read, RUFF, "pkg/mod.py", TEXT).unwrap();
    assert_eq!(
        told(&report, TEXT),
        [
            "warning F401 os",
            "warning F401 sys",
            "error F821 undefined_name",
            "warning F541 f\"hello\"",
            "warning F841 l",
        ]
    );
    let fixes: Vec<_> = report.findings.iter().flat_map(|one| &one.fix).collect();
    let fixed: Vec<_> = fixes.iter().map(|fix| (&TEXT[fix.range.clone()], fix.text.as_str())).collect();
    assert_eq!(fixed, [("import os\n", ""), ("import sys\n", ""), ("f\"hello\"", "\"hello\"")]);
    assert_eq!(report.findings[0].message, "`os` imported but unused");
    let of_other = read_as(ruff::read, RUFF, "pkg/other.py", TEXT).unwrap();
    assert_eq!((of_other.findings.len(), of_other.told), (0, 5), "findings of other files are counted only");
}

#[test]
fn sarif_is_read_in_the_columns_that_its_tool_counts() {
    let report = read_as(sarif::read, SARIF, "pkg/mod.py", TEXT).unwrap();
    assert_eq!(
        told(&report, TEXT),
        [
            "error F401 os",
            "error F401 sys",
            "error F821 undefined_name",
            "error F541 f\"hello\"",
            "error F841 l",
        ]
    );
    let result = |result: &str, run: &str| {
        format!(
            r#"{{"version":"2.1.0","runs":[{{"tool":{{"driver":{{"name":"t","rules":[{{"id":"R","defaultConfiguration":{{"level":"error"}},"messageStrings":{{"m":{{"text":"no {{0}}"}}}}}}]}}}},"results":[{{"ruleId":"R","message":{{"text":"m"}},{result}}}]{run}}}]}}"#
        )
    };
    let at = |region: &str| {
        format!(
            r#""locations":[{{"physicalLocation":{{"artifactLocation":{{"uri":"a%20b.py"}},"region":{{{region}}}}}}}]"#
        )
    };
    let text = "x = '😀'; yy = 1\nzz = 2\n";
    for (result_json, run_json, expected) in [
        // `yy` is at character 10, and at UTF-16 unit 11.
        (at(r#""startLine":1,"startColumn":11,"endColumn":13"#), "", vec!["error R yy"]),
        (
            at(r#""startLine":1,"startColumn":10,"endColumn":12"#),
            r#","columnKind":"unicodeCodePoints""#,
            vec!["error R yy"],
        ),
        (at(r#""startLine":2"#), "", vec!["error R zz = 2"]),
        (at(r#""startLine":1,"startColumn":11,"endLine":2,"endColumn":3"#), "", vec!["error R yy = 1\nzz"]),
        (at(r#""charOffset":10,"charLength":2"#), "", vec!["error R yy"]),
        (at(r#""startLine":999,"startColumn":999"#), "", vec!["error R "]),
        (at(r#""startLine":2"#) + r#","level":"note""#, "", vec!["warning R zz = 2"]),
        (at(r#""startLine":2"#) + r#","kind":"pass""#, "", vec![]),
        (at(r#""startLine":2"#) + r#","suppressions":[{"kind":"inSource"}]"#, "", vec![]),
        (at(r#""startLine":2"#) + r#","baselineState":"absent""#, "", vec![]),
        (
            r#""locations":[{"physicalLocation":{"artifactLocation":{"index":0},"region":{"startLine":2}}}]"#
                .into(),
            r#","artifacts":[{"location":{"uri":"a%20b.py","uriBaseId":"ROOT"}}],"originalUriBaseIds":{"ROOT":{"uri":"file:///tmp/rec/"}}"#,
            vec!["error R zz = 2"],
        ),
        (at(r#""startLine":2"#).replace("a%20b.py", "https://x/a%20b.py"), "", vec![]),
    ] {
        let said = result(&result_json, run_json);
        let report = read_as(sarif::read, &said, "a b.py", text).unwrap();
        assert_eq!(told(&report, text), expected, "{said}");
        assert_eq!(report.told, 1);
    }
    let said =
        result(&at(r#""startLine":2"#), "").replace(r#"{"text":"m"}"#, r#"{"id":"m","arguments":["way"]}"#);
    assert_eq!(read_as(sarif::read, &said, "a b.py", text).unwrap().findings[0].message, "no way");
}

#[test]
fn failed_tests_are_placed_where_they_last_name_the_file() {
    let report = read_as(junit::read, JUNIT, "pkg/mod_ok.py", HALF).unwrap();
    assert_eq!(told(&report, HALF), ["error failure ", "error failure return n // 2"]);
    assert_eq!(report.findings[0].message, "test_mod.test_wrong: assert 2 == 2.5\n +  where 2 = half(5)");
    let message = &report.findings[1].message;
    assert!(message.starts_with("test_mod.test_raises: TypeError: unsupported"), "{message}");
    let report = read_as(junit::read, COLLECTION, "t2/test_bad.py", "import nothing_here\n").unwrap();
    assert_eq!(told(&report, "import nothing_here\n"), ["error error import nothing_here"]);
    let other = r#"<testsuite><testcase name="t"><error type="E">
  File "/tmp/rec/pkg/mod_ok.py", line 1, in f
  File "/elsewhere/pkg/mod_ok.py", line 2, in g
&unknown; &#27;[1m <![CDATA[<x>]]></error></testcase><testcase name="u"><skipped/></testcase></testsuite>"#;
    let report = read_as(junit::read, other, "pkg/mod_ok.py", HALF).unwrap();
    assert_eq!(told(&report, HALF), ["error E def half(n):"]);
    assert!(report.findings[0].message.contains("\\u{1b}[1m <x>"), "{}", report.findings[0].message);
}

#[test]
fn lines_that_match_are_findings() {
    let text = "one = é(two)\nthree\n";
    let mypy = r"^(?P<file>[^:]+):(?P<line>\d+):(?:(?P<column>\d+):)? (?P<severity>\w+): (?P<message>.*?)(?:  \[(?P<code>[\w-]+)\])?$";
    for (pattern, said, expected, count) in [
        (
            mypy,
            "a.py:1:9: error: Name \"two\"  [name-defined]\na.py:2: note: see\nFound 1",
            vec!["error name-defined two", "warning  three"],
            2,
        ),
        (
            mypy,
            "./a.py:1:7: error: x\n/tmp/rec/a.py:2: error: y\nb.py:1: error: z\n../a.py:1: error: w",
            vec!["error  é", "error  three"],
            4,
        ),
        (
            r"^line (?P<line>\d+)(?:-(?P<end_line>\d+))?",
            "line 1-2\r\nline 99\nline 0\nline 99999999999",
            vec![
                "warning  one = é(two)\nthree",
                "warning  ",
                "warning  one = é(two)",
                "warning  one = é(two)",
            ],
            4,
        ),
        (mypy, "", vec![], 0),
        (mypy, "all is well", vec![], 0),
    ] {
        let rope = Rope::from_str(text);
        let folders = vec![PathBuf::from("/tmp/rec")];
        let severity = Severity::Warning;
        let file = File { checker: "it", path: "a.py", text: &rope, folders, is_stdin: false, severity };
        let report = pattern::read(said, &Regex::new(pattern).unwrap(), &file);
        assert_eq!(told(&report, text), expected, "{said}");
        assert_eq!(report.told, count, "{said}");
    }
}

#[test]
fn what_is_no_report_is_told_and_never_clean() {
    let whole: [(Read, &str); 3] = [(ruff::read, RUFF), (sarif::read, SARIF), (junit::read, JUNIT)];
    for (read, whole) in whole {
        let whole = whole.trim_end();
        for cut in (0..whole.len()).filter(|cut| whole.is_char_boundary(*cut)) {
            let told = read_as(read, &whole[..cut], "pkg/mod.py", TEXT);
            assert!(told.is_err(), "{told:?} of {:?}", &whole[..cut]);
        }
    }
    let none: [(Read, &[&str]); 3] = [
        (ruff::read, &["", "All checks passed!", "{}", "null", "[1]", "[{}]", "[] trailing", "[[]]"]),
        (
            sarif::read,
            &[
                "",
                "{}",
                "[]",
                r#"{"version":"2.1.0"}"#,
                r#"{"version":"2.1.0","runs":[]}"#,
                r#"{"version":"1.0.0","runs":[{"tool":{"driver":{}},"results":[]}]}"#,
                r#"{"version":"2.1.0","runs":[{"tool":{"driver":{}}}]}"#,
                r#"{"version":"2.1.0","runs":[{"tool":{"driver":{}},"results":[],"invocations":[{"executionSuccessful":false}]}]}"#,
            ],
        ),
        (
            junit::read,
            &[
                "",
                "ok",
                "<html></html>",
                "<html/>",
                "<testsuites><testsuite></testsuites>",
                "<testsuite><testcase name='a'/>",
            ],
        ),
    ];
    for (read, texts) in none {
        for text in texts {
            let told = read_as(read, text, "pkg/mod.py", TEXT);
            assert!(told.is_err(), "{told:?} of {text:?}");
        }
    }
}

#[test]
fn words_are_data_places_are_in_the_text_and_none_is_left_out() {
    let row = |row: u64, column: u64, message: &str| {
        format!(
            r#"{{"code":"X\u001b","message":"{message}","filename":"-","location":{{"row":{row},"column":{column}}},"end_location":{{"row":1,"column":1}},"fix":{{"applicability":"safe","edits":[{{"content":"a","location":{{"row":1,"column":1}},"end_location":{{"row":1,"column":5}}}},{{"content":"b","location":{{"row":1,"column":3}},"end_location":{{"row":1,"column":9}}}}]}}}}"#
        )
    };
    let long = "\\u001b[2J\\u202e".to_owned() + &"x".repeat(2_000);
    for (line, column) in [(0, 0), (1, 1), (3, 4_000_000_000), (4_000_000_000, 7)] {
        let said = format!("[{}]", row(line, column, &long));
        let report = read_as(ruff::read, &said, "a.py", TEXT).unwrap();
        let found = &report.findings[0];
        assert!(found.range.start <= found.range.end && found.range.end <= TEXT.len(), "{found:?}");
        assert!(found.message.starts_with("\\u{1b}[2J\\u{202e}xxx") && found.message.len() < 600);
        assert_eq!((&*found.code, &found.fix), ("X\\u{1b}", &vec![]), "edits that overlap are no fix");
    }
    let many = vec![row(1, 1, "m"); 5_000].join(",");
    let report = read_as(ruff::read, &format!("[{many}]"), "a.py", TEXT).unwrap();
    assert_eq!((report.findings.len(), report.told), (5_000, 5_000));
}
