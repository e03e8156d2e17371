//! Checkers that are configured well, and each mistake with the message that it gets.

use super::*;

#[test]
fn each_mistake_has_its_place_and_its_message() {
    for (piece, mistake, expect) in [
        ("[\"ruff\", \"server\"]", "[]", "32:11: checker.command: this names a program"),
        ("[\"ruff\", \"server\"]", "[\"ruff\", 1]", "32:20: checker.command: each of these is a string"),
        ("kind = \"lsp\"", "kind = \"lps\"", "31:8: checker.kind: this is one of"),
        (
            "languages = [\"python\"]",
            "languages = [\"rust\", \"pyhton\"]",
            "33:22: checker.languages: there is no language \"pyhton\". Did you mean \"python\"?",
        ),
        (
            "kind = \"lsp\"",
            "kind = \"lsp\"\nfound_codes = [1]",
            "32:15: checker.found_codes: only a checker of kind \"command\" or \"test\" has this",
        ),
        (
            "kind = \"lsp\"",
            "kind = \"examples\"\noptions = { a = 1 }",
            "32:11: checker.options: only a checker of kind \"lsp\" has this",
        ),
        (
            "kind = \"lsp\"",
            "kind = \"command\"\nformat = \"ruff\"\nclean = 'x'",
            "33:9: checker.clean: only the format \"pattern\" has one",
        ),
        (
            "kind = \"lsp\"",
            "kind = \"command\"",
            "29:1: checker.format: this is missing: how it says what it finds",
        ),
        (
            "kind = \"lsp\"",
            "kind = \"lsp\"\nformat = \"ruff\"",
            "32:10: checker.format: only a checker of kind \"command\" has this",
        ),
        (
            "kind = \"lsp\"",
            "kind = \"command\"\nformat = \"rough\"",
            "32:10: checker.format: this is one of \"ruff\", \"sarif\", \"junit\", \"pattern\".",
        ),
        (
            "kind = \"lsp\"",
            "kind = \"command\"\nformat = \"ruff\"\npattern = 'x'",
            "33:11: checker.pattern: only the format \"pattern\" has one",
        ),
        (
            "kind = \"lsp\"",
            "kind = \"command\"\nformat = \"pattern\"",
            "29:1: checker.pattern: this is missing: a regular expression for a line",
        ),
        (
            "kind = \"lsp\"",
            "kind = \"command\"\nformat = \"pattern\"\npattern = '(?<line>'",
            "33:11: checker.pattern: this is no regular expression: unclosed group",
        ),
        (
            "kind = \"lsp\"",
            "kind = \"command\"\nformat = \"pattern\"\npattern = '(?<lnie>x)'",
            "33:11: checker.pattern: there is no group \"lnie\"; they are file, line, column, end_line, severity, code, \
             message. Did you mean \"line\"?",
        ),
        (
            "kind = \"lsp\"",
            "kind = \"command\"\nformat = \"pattern\"\npattern = '(?<file>x)'",
            "33:11: checker.pattern: this has no group (?<line>",
        ),
        (
            "kind = \"lsp\"",
            "kind = \"command\"\nformat = \"pattern\"\npattern = '(?<line>x{1000}{1000})'",
            "33:11: checker.pattern: this is no regular expression: Compiled regex exceeds size limit",
        ),
        (
            "kind = \"lsp\"",
            "kind = \"lsp\"\nseconds = 0",
            "32:11: checker.seconds: this is a whole number from 1",
        ),
        (
            "kind = \"lsp\"",
            "kind = \"lsp\"\nmemory_mib = 1",
            "32:14: checker.memory_mib: this is a whole number from 16",
        ),
    ] {
        is_told(piece, mistake, expect);
    }
}

#[test]
fn checkers_are_read() {
    let read = |kind: &str| {
        let text = format!("[[checker]]\nname = \"c\"\ncommand = [\"c\", \"{{file}}\"]\n{kind}\n");
        let mut checkers = parse_at_home(&text).unwrap().checkers;
        let checker = checkers.remove(0);
        (checker.kind, checker.time.map(|time| time.as_secs()), checker.memory_mib)
    };
    for (text, kind, seconds, memory) in [
        ("kind = \"test\"\nseconds = 300", CheckerKind::Test, Some(300), None),
        ("kind = \"command\"\nformat = \"ruff\"", CheckerKind::Command(ReportFormat::Ruff), None, None),
        (
            "kind = \"command\"\nformat = \"sarif\"\nmemory_mib = 512",
            CheckerKind::Command(ReportFormat::Sarif),
            None,
            Some(512),
        ),
        ("kind = \"command\"\nformat = \"junit\"", CheckerKind::Command(ReportFormat::Junit), None, None),
        (
            "kind = \"command\"\nformat = \"pattern\"\npattern = '(?<line>\\d+)'",
            CheckerKind::Command(ReportFormat::Pattern(LinePattern {
                finding: "(?<line>\\d+)".to_owned(),
                clean: None,
            })),
            None,
            None,
        ),
    ] {
        assert_eq!(read(text), (kind, seconds, memory), "{text}");
    }
}
