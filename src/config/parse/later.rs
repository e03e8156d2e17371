//! The settings of later stages: checked, so that a mistake is told today, and not acted on yet.

use super::{Names, Table};

pub(super) fn check(root: &Table<'_>) {
    let mut checkers = Names::new("checker");
    for checker in root.tables("checker") {
        checkers.declare(&checker);
        checker.choice("kind", &[("lsp", ()), ("command", ()), ("test", ())]);
        for key in ["kind", "command"] {
            if checker.has(key).is_none() {
                let what =
                    if key == "kind" { "one of \"lsp\", \"command\", \"test\"" } else { "what is run" };
                checker.missing(key, what);
            }
        }
        if let Some(command) = checker.strings("command")
            && command.value.first().is_none_or(|program| program.value.trim().is_empty())
        {
            checker.problem(
                command.span,
                "command",
                "this names a program and its arguments: [\"ruff\", \"server\"]",
            );
        }
        checker.strings("languages");
    }
}
