//! The checkers of trusted workspaces: `[[checker]]`.

use std::ops::Range;
use std::time::Duration;

use regex::{Regex, RegexBuilder};
use serde_json::Value;

use super::{At, Names, Table};
use crate::config::checkers::{CheckerKind, CheckerSpec, FOUND, GROUPS, LinePattern, ReportFormat};
use crate::config::languages::LANGUAGES;
use crate::text::nearest::did_you_mean;

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
    let languages = languages(table);
    let options = only(table, "options", "lsp", |told| matches!(told, Kind::Lsp), told);
    let options = options.and_then(|()| table.free("options")).map_or(Value::Null, |options| options.value);
    let runs = |told: Kind| matches!(told, Kind::Command | Kind::Test);
    let codes = only(table, "found_codes", "command\" or \"test", runs, told);
    let codes = codes.and_then(|()| table.integers("found_codes")).map(|codes| codes.value);
    let codes: Option<Vec<i32>> = codes.map(|codes| codes.into_iter().map(|code| code as i32).collect());
    let seconds = table.integer("seconds").map(|seconds| Duration::from_secs(u64::from(seconds.value)));
    let memory_mib = table.integer("memory_mib").map(|memory| memory.value);
    Some(CheckerSpec {
        name: name?.value.to_owned(),
        kind: kind?,
        command: command?,
        languages,
        time: seconds,
        memory_mib,
        options,
        found_codes: codes.unwrap_or_else(|| vec![FOUND]),
    })
}

#[derive(Clone, Copy)]
enum Kind {
    Lsp,
    Command,
    Test,
    Examples,
}

/// Those that somebody knows; the others are told.
fn languages(table: &Table<'_>) -> Vec<String> {
    let named = table.strings("languages").map(|languages| languages.value).unwrap_or_default();
    let known = |language: &At<&str>| {
        let is_known = LANGUAGES.contains(&language.value);
        if !is_known {
            let nearest = did_you_mean(language.value, LANGUAGES.iter().copied());
            let message = format!("there is no language {:?}.{nearest}", language.value);
            table.problem(language.span.clone(), "languages", message);
        }
        is_known
    };
    named.into_iter().filter(known).map(|language| language.value.to_owned()).collect()
}

/// `None` after the problem that a checker of this kind has such a setting.
fn only(
    table: &Table<'_>,
    key: &str,
    kinds: &str,
    has: impl Fn(Kind) -> bool,
    told: Option<Kind>,
) -> Option<()> {
    match (table.has(key), told) {
        (Some(span), Some(kind)) if !has(kind) => {
            table.problem(span, key, format!("only a checker of kind \"{kinds}\" has this"));
            None
        }
        _ => Some(()),
    }
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
    for key in ["format", "pattern", "clean"] {
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
    let is_pattern = matches!(format, Format::Pattern);
    if is_pattern && table.has("pattern").is_none() {
        table.missing(
            "pattern",
            "a regular expression for a line, as in '^(?<file>[^:]+):(?<line>\\d+): (?<message>.*)'",
        );
        return None;
    }
    for key in ["pattern", "clean"] {
        if let Some(span) = table.has(key).filter(|_| !is_pattern) {
            table.problem(span, key, "only the format \"pattern\" has one");
        }
    }
    match format {
        Format::Ruff => Some(ReportFormat::Ruff),
        Format::Sarif => Some(ReportFormat::Sarif),
        Format::Junit => Some(ReportFormat::Junit),
        Format::Pattern => {
            let clean = table.has("clean").map(|_| regular(table, "clean"));
            let finding = pattern(table)?;
            // One that is wrong is told by now.
            let clean = clean.flatten().map(|(clean, _)| clean.as_str().to_owned());
            Some(ReportFormat::Pattern(LinePattern { finding, clean }))
        }
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
fn pattern(table: &Table<'_>) -> Option<String> {
    let (pattern, span) = regular(table, "pattern")?;
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
    Some(pattern.as_str().to_owned())
}

/// A regular expression that compiles, and where it stands.
fn regular(table: &Table<'_>, key: &str) -> Option<(Regex, Range<usize>)> {
    let At { value, span } = table.string(key)?;
    match RegexBuilder::new(value).size_limit(PATTERN_BYTES).build() {
        Ok(pattern) => Some((pattern, span)),
        Err(error) => {
            // Its last line says why; those before draw the place.
            let why = error.to_string();
            let why = why.lines().next_back().unwrap_or_default().trim_start_matches("error: ").to_owned();
            table.problem(span, key, format!("this is no regular expression: {why}"));
            None
        }
    }
}
