//! The examples of a docstring: what a function is said to return for which arguments, as its author wrote it. Which functions may
//! have any is seen here, purely; reading and running them is the business of the language's own runner (`Language::examples`).

use std::ops::Range;

use ropey::Rope;
use serde_json::{Value, json};

use super::Finding;
use super::overlay::Overlay;
use crate::syntax::definition::{self, Definition, Kind};
use crate::syntax::lines;

/// The most functions of one draft whose examples are tried.
const MOST: usize = 50;
/// How a line of an interactive session begins.
const SESSION: &str = ">>>";

/// A function whose docstring may hold examples.
#[derive(Clone, Debug)]
pub struct Example {
    /// The line on which it begins, from 1.
    line: usize,
    /// The file without the draft: where that cannot be loaded either, it is not the draft's fault.
    before: Rope,
}

/// The function that a draft is of, and those that it holds, where their docstrings may hold examples.
#[must_use]
pub fn of(overlay: &Overlay) -> Vec<Example> {
    let text = &overlay.after.text;
    let source = overlay.source(&overlay.after);
    let is_function = |found: &Definition| found.kind == Kind::Function;
    let around = definition::around(&source, &(overlay.draft.start..overlay.draft.start));
    let around = around.into_iter().rev().find(is_function);
    let within = definition::within(&source, &overlay.draft).into_iter().filter(is_function);
    let shows = |found: &Definition| {
        let docstring = found.docstring.as_ref().map(|range| lines::slice(text, range)).unwrap_or_default();
        docstring.contains(SESSION) || docstring.contains(&format!("{}(", found.name))
    };
    let mut starts: Vec<usize> =
        around.into_iter().chain(within).filter(shows).map(|found| found.header.start).collect();
    starts.sort_unstable();
    starts.dedup();
    let example = |start| Example { line: lines::of(text, start) + 1, before: overlay.before.text.clone() };
    starts.into_iter().take(MOST).map(example).collect()
}

/// What the runner is asked: `path` is the drafted file, `root` the workspace that it stands in.
#[must_use]
pub fn question(examples: &[Example], path: &str, root: &str) -> Value {
    let starts: Vec<usize> = examples.iter().map(|one| one.line).collect();
    let before = examples.first().map(|one| one.before.to_string()).unwrap_or_default();
    json!({ "path": path, "root": root, "lines": starts, "before": before })
}

/// What its answer says is wrong with the draft.
///
/// # Errors
/// When it is no answer, or says that the file cannot be loaded, whatever is drafted.
pub fn findings(answer: &[u8], examples: &[Example], overlay: &Overlay) -> Result<Vec<Finding>, String> {
    let text = String::from_utf8_lossy(answer);
    let last = text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let answer: Value =
        serde_json::from_str(last).map_err(|_| "the runner of examples told nothing".to_owned())?;
    if let Some(why) = answer["import"].as_str() {
        if answer["before"].as_str().is_some_and(|before| is_alike(before, why)) {
            return Err("the file cannot be loaded, with or without the draft".to_owned());
        }
        let message = format!("the file cannot be loaded: {why}");
        return Ok(vec![Finding::error("examples", "import", overlay.draft.clone(), message)]);
    }
    let failed = answer["failed"].as_array().filter(|failed| failed.len() == examples.len());
    let failed = failed.ok_or_else(|| "the runner of examples told of other functions".to_owned())?;
    Ok(failed.iter().filter_map(Value::as_array).flatten().map(|one| finding(one, overlay)).collect())
}

fn finding(failed: &Value, overlay: &Overlay) -> Finding {
    let [source, want, got] = ["source", "want", "got"].map(|key| failed[key].as_str().unwrap_or_default());
    let message = match (want.is_empty(), got.is_empty()) {
        (true, _) => format!("the docstring's example `{source}` fails: {got}"),
        (_, true) => format!("the docstring's example `{source}` should give `{want}`, and gives nothing"),
        _ => format!("the docstring's example `{source}` should give `{want}`, and gives `{got}`"),
    };
    Finding::error("examples", "example", place(failed, overlay), message)
}

/// The example's line; the draft, where the docstring is none of it.
fn place(failed: &Value, overlay: &Overlay) -> Range<usize> {
    let text = &overlay.after.text;
    let line = failed["line"].as_u64().and_then(|line| usize::try_from(line).ok()).unwrap_or_default();
    if line == 0 || line > lines::count(text) {
        return overlay.draft.clone();
    }
    let line = lines::first(text, line - 1)..lines::end(text, line - 1);
    let is_drafted = overlay.draft.start <= line.start && line.end <= overlay.draft.end;
    if is_drafted { line } else { overlay.draft.clone() }
}

/// Whether two errors are the same but for numbers: of lines, of places in memory.
fn is_alike(one: &str, other: &str) -> bool {
    let plain = |text: &str| -> String {
        let words = text.split(|ch: char| !ch.is_alphanumeric());
        words.filter(|word| !word.starts_with(|ch: char| ch.is_ascii_digit())).collect::<Vec<_>>().join(" ")
    };
    plain(one) == plain(other)
}
