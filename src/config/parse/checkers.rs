//! The checkers of trusted workspaces: `[[checker]]`.

use std::time::Duration;

use regex::RegexBuilder;

use super::{At, Names, Table, did_you_mean};
use crate::config::checkers::{CheckerKind, CheckerSpec, GROUPS, ReportFormat};

/// The most that a compiled pattern may take, in bytes, as where it is used.
const PATTERN_BYTES: usize = 1 << 20;

pub(super) fn checkers(root: &Table<'_>) -> Vec<CheckerSpec> {
    let mut names = Names::new("checker");
    root.tables("checker").iter().filter_map(|table| checker(table, &mut names)).collect()
}

fn checker(table: &Table<'_>, names: &mut Names) -> Option<CheckerSpec> {
    let name = names.declare(table);
    let kinds =
        [("lsp", Kind::Lsp), ("command", Kind::Command), ("test", Kind::Test), ("examples", Kind::Examples)];
    let told = table.choice("kind", &kinds).map(|kind| kind.value);
    if table.has("kind").is_none() {
        table.missing("kind", "one of \"lsp\", \"command\", \"test\", \"examples\"");
    }
    let kind = told.and_then(|kind| with_format(table, kind));
    let command = command(table);
    let languages = table.strings("languages").map(|languages| languages.value).unwrap_or_default();
    let seconds = table.integer("seconds").map(|seconds| Duration::from_secs(u64::from(seconds.value)));
    let memory_mib = table.integer("memory_mib").map(|memory| memory.value);
    Some(CheckerSpec {
        name: name?.value.to_owned(),
        kind: kind?,
        command: command?,
        languages: languages.into_iter().map(|language| language.value.to_owned()).collect(),
        time: seconds,
        memory_mib,
    })
}

#[derive(Clone, Copy)]
enum Kind {
    Lsp,
    Command,
    Test,
    Examples,
}

fn command(table: &Table<'_>) -> Option<Vec<String>> {
    if table.has("command").is_none() {
        table.missing("command", "what is run");
    }
    let At { value, span } = table.strings("command")?;
    if value.first().is_none_or(|program| program.value.trim().is_empty()) {
        let message = "this names a program and its arguments: [\"ruff\", \"server\"]";
        table.problem(span, "command", message);
        return None;
    }
    Some(value.into_iter().map(|part| part.value.to_owned()).collect())
}

/// The kind with the format of its reports; `None` after a problem.
fn with_format(table: &Table<'_>, kind: Kind) -> Option<CheckerKind> {
    let other = match kind {
        Kind::Command => return format(table).map(CheckerKind::Command),
        Kind::Lsp => CheckerKind::Lsp,
        Kind::Test => CheckerKind::Test,
        Kind::Examples => CheckerKind::Examples,
    };
    for key in ["format", "pattern"] {
        if let Some(span) = table.has(key) {
            table.problem(span, key, "only a checker of kind \"command\" has this");
        }
    }
    Some(other)
}

fn format(table: &Table<'_>) -> Option<ReportFormat> {
    let formats = [
        ("ruff", Format::Ruff),
        ("sarif", Format::Sarif),
        ("junit", Format::Junit),
        ("pattern", Format::Pattern),
    ];
    if table.has("format").is_none() {
        table.missing(
            "format",
            "how it says what it finds: one of \"ruff\", \"sarif\", \"junit\", \"pattern\"",
        );
    }
    let format = table.choice("format", &formats)?.value;
    let pattern = table.has("pattern");
    match (format, pattern) {
        (Format::Pattern, None) => {
            table.missing(
                "pattern",
                "a regular expression for a line, as in '^(?<file>[^:]+):(?<line>\\d+): (?<message>.*)'",
            );
            return None;
        }
        (Format::Ruff | Format::Sarif | Format::Junit, Some(span)) => {
            table.problem(span, "pattern", "only the format \"pattern\" has one");
        }
        _ => {}
    }
    match format {
        Format::Ruff => Some(ReportFormat::Ruff),
        Format::Sarif => Some(ReportFormat::Sarif),
        Format::Junit => Some(ReportFormat::Junit),
        Format::Pattern => regular(table).map(ReportFormat::Pattern),
    }
}

#[derive(Clone, Copy)]
enum Format {
    Ruff,
    Sarif,
    Junit,
    Pattern,
}

/// The pattern, if it compiles and its groups are those that are looked at.
fn regular(table: &Table<'_>) -> Option<String> {
    let At { value, span } = table.string("pattern")?;
    let pattern = match RegexBuilder::new(value).size_limit(PATTERN_BYTES).build() {
        Ok(pattern) => pattern,
        Err(error) => {
            // Its last line says why; those before draw the place.
            let why = error.to_string();
            let why = why.lines().next_back().unwrap_or_default().trim_start_matches("error: ").to_owned();
            table.problem(span, "pattern", format!("this is no regular expression: {why}"));
            return None;
        }
    };
    if let Some(unknown) = pattern.capture_names().flatten().find(|name| !GROUPS.contains(name)) {
        let nearest = did_you_mean(unknown, GROUPS);
        let are = GROUPS.join(", ");
        table.problem(span, "pattern", format!("there is no group {unknown:?}; they are {are}.{nearest}"));
        return None;
    }
    if !pattern.capture_names().flatten().any(|name| name == "line") {
        let message = "this has no group (?<line>\\d+), without which nobody knows where a finding is";
        table.problem(span, "pattern", message);
        return None;
    }
    Some(value.to_owned())
}
