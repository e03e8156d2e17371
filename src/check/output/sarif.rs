//! SARIF 2.1.0 (OASIS): the parts of it that say what was found and where, and whether the tool did its work.

use std::collections::HashMap;

use serde::Deserialize;

use super::{File, Report, Told, severity};
use crate::check::Finding;
use crate::text::position::Encoding;

/// Tools that count columns in characters without saying so: measured with ruff 0.17.
const COUNT_CHARACTERS: &[&str] = &["ruff"];

#[derive(Deserialize)]
struct Log {
    version: String,
    runs: Vec<Run>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Run {
    tool: Tool,
    /// Absent where the tool did not look (3.14.23).
    results: Option<Vec<Outcome>>,
    #[serde(default)]
    invocations: Vec<Invocation>,
    #[serde(default)]
    artifacts: Vec<Artifact>,
    #[serde(default)]
    original_uri_base_ids: HashMap<String, Location>,
    column_kind: Option<String>,
}

#[derive(Deserialize)]
struct Tool {
    driver: Driver,
}

#[derive(Deserialize)]
struct Driver {
    #[serde(default)]
    name: String,
    #[serde(default)]
    rules: Vec<Rule>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    #[serde(default)]
    id: String,
    default_configuration: Option<Configuration>,
    #[serde(default)]
    message_strings: HashMap<String, Message>,
}

#[derive(Deserialize)]
struct Configuration {
    level: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Invocation {
    execution_successful: Option<bool>,
    #[serde(default)]
    tool_execution_notifications: Vec<Notification>,
}

#[derive(Deserialize)]
struct Notification {
    message: Message,
}

#[derive(Deserialize)]
struct Artifact {
    location: Option<Location>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    uri: Option<String>,
    uri_base_id: Option<String>,
    index: Option<usize>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Outcome {
    rule_id: Option<String>,
    rule_index: Option<usize>,
    kind: Option<String>,
    level: Option<String>,
    message: Message,
    #[serde(default)]
    locations: Vec<Place>,
    #[serde(default)]
    suppressions: Vec<Suppression>,
    baseline_state: Option<String>,
}

#[derive(Deserialize)]
struct Suppression {
    status: Option<String>,
}

#[derive(Deserialize)]
struct Message {
    text: Option<String>,
    markdown: Option<String>,
    id: Option<String>,
    #[serde(default)]
    arguments: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Place {
    physical_location: Option<Physical>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Physical {
    artifact_location: Option<Location>,
    region: Option<Region>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: Option<u32>,
    start_column: Option<u32>,
    end_line: Option<u32>,
    end_column: Option<u32>,
    char_offset: Option<usize>,
    char_length: Option<usize>,
}

pub(in crate::check) fn read(stdout: &[u8], file: &File<'_>) -> Result<Report, String> {
    let log: Log = serde_json::from_slice(stdout).map_err(|error| format!("no SARIF: {error}"))?;
    if !log.version.starts_with("2.") {
        return Err(format!("SARIF of version {:?}, where 2.1.0 is read", log.version));
    }
    if log.runs.is_empty() {
        return Err("a SARIF log in which nothing was run".into());
    }
    let mut report = Report::default();
    for run in &log.runs {
        run.did_its_work()?;
        let results = run.results.as_deref().ok_or("a SARIF run without results, which did not look")?;
        for outcome in results {
            report.add(run.finding(outcome, file));
        }
    }
    Ok(report)
}

impl Run {
    fn did_its_work(&self) -> Result<(), String> {
        let mut failed = self.invocations.iter().filter(|one| one.execution_successful == Some(false));
        let Some(invocation) = failed.next() else { return Ok(()) };
        let said =
            invocation.tool_execution_notifications.iter().find_map(|said| said.message.text.as_deref());
        Err(format!("it says that it failed: {}", said.unwrap_or("and not why")))
    }

    fn finding(&self, outcome: &Outcome, file: &File<'_>) -> Option<Finding> {
        let is_fault = outcome.kind.as_deref().is_none_or(|kind| matches!(kind, "fail" | "open" | "review"));
        let is_gone = outcome.baseline_state.as_deref() == Some("absent");
        let accepted = |one: &Suppression| one.status.as_deref().is_none_or(|status| status == "accepted");
        if !is_fault || is_gone || outcome.suppressions.iter().any(accepted) {
            return None;
        }
        let place =
            outcome.locations.iter().filter_map(|place| place.physical_location.as_ref()).find(|place| {
                place
                    .artifact_location
                    .as_ref()
                    .and_then(|at| self.path(at))
                    .is_some_and(|path| file.is(&path))
            })?;
        let rule = self.rule(outcome);
        let level = outcome
            .level
            .as_deref()
            .or_else(|| rule?.default_configuration.as_ref()?.level.as_deref())
            .and_then(severity);
        let code = outcome.rule_id.as_deref().or_else(|| Some(rule?.id.as_str())).unwrap_or_default();
        let range = match &place.region {
            Some(region) => region.range(file, self.encoding()),
            None => 0..0,
        };
        Some(file.finding(code, level.unwrap_or(file.severity), range, &outcome.message.words(rule)))
    }

    fn rule(&self, outcome: &Outcome) -> Option<&Rule> {
        let by_index = outcome.rule_index.and_then(|index| self.tool.driver.rules.get(index));
        by_index.or_else(|| {
            let id = outcome.rule_id.as_deref()?;
            self.tool.driver.rules.iter().find(|rule| rule.id == id)
        })
    }

    /// The file that a location means.
    fn path(&self, at: &Location) -> Option<String> {
        let by_index = || at.index.and_then(|index| self.artifacts.get(index)?.location.as_ref());
        let at = if at.uri.is_some() { at } else { by_index()? };
        let uri = at.uri.as_deref()?;
        let base =
            at.uri_base_id.as_deref().and_then(|id| self.original_uri_base_ids.get(id)?.uri.as_deref());
        let whole = match base {
            Some(base) if !uri.contains("://") => format!("{base}{uri}"),
            _ => uri.to_owned(),
        };
        if !whole.contains("://") {
            return Some(decoded(&whole));
        }
        let path = url::Url::parse(&whole).ok().filter(|url| url.scheme() == "file")?.to_file_path().ok()?;
        Some(path.to_string_lossy().into_owned())
    }

    fn encoding(&self) -> Encoding {
        match self.column_kind.as_deref() {
            Some("unicodeCodePoints") => Encoding::Utf32,
            None if COUNT_CHARACTERS.contains(&&*self.tool.driver.name) => Encoding::Utf32,
            _ => Encoding::Utf16,
        }
    }
}

impl Region {
    fn range(&self, file: &File<'_>, encoding: Encoding) -> std::ops::Range<usize> {
        if let Some(line) = self.start_line {
            let told = Told {
                line,
                column: self.start_column,
                end_line: self.end_line,
                end_column: self.end_column,
            };
            // Without an end, it is the rest of the line (3.30.8).
            let end_line = told.end_line.or(told.end_column.is_none().then_some(line));
            return file.range(Told { end_line, ..told }, encoding);
        }
        let Some(start) = self.char_offset else { return 0..0 };
        let end = start.saturating_add(self.char_length.unwrap_or_default());
        let text = file.text;
        let byte = |at: usize| match encoding {
            Encoding::Utf16 => text.char_to_byte(text.utf16_cu_to_char(at.min(text.len_utf16_cu()))),
            _ => text.char_to_byte(at.min(text.len_chars())),
        };
        byte(start)..byte(end)
    }
}

impl Message {
    fn words(&self, rule: Option<&Rule>) -> String {
        let of_rule = || self.id.as_ref().and_then(|id| rule?.message_strings.get(id)?.text.clone());
        let mut words =
            self.text.clone().or_else(|| self.markdown.clone()).or_else(of_rule).unwrap_or_default();
        for (at, argument) in self.arguments.iter().enumerate() {
            words = words.replace(&format!("{{{at}}}"), argument);
        }
        words
    }
}

/// A relative reference with its `%xx` written out.
fn decoded(path: &str) -> String {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let [first, after @ ..] = rest {
        let hex = after.get(..2).and_then(|pair| std::str::from_utf8(pair).ok());
        let escaped = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()).filter(|_| *first == b'%');
        bytes.push(escaped.unwrap_or(*first));
        rest = if escaped.is_some() { &after[2..] } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
