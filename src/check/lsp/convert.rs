//! LSP's diagnostics as findings.

use ropey::Rope;
use serde_json::Value;

use crate::check::{Finding, Severity};
use crate::text::position::{Encoding, Position, to_offset};

/// The longest message, in characters.
const MESSAGE: usize = 500;

/// The errors and warnings among `items`, by the checker `name`; what is only a hint is left out.
///
/// # Errors
/// When one of them is no diagnostic: what else was meant is not known then.
pub fn findings(
    name: &str,
    items: &[Value],
    text: &Rope,
    encoding: Encoding,
) -> Result<Vec<Finding>, String> {
    let mut findings = Vec::new();
    for item in items {
        let read = finding(name, item, text, encoding);
        let read = read.ok_or("told of something that is no diagnostic: it has no place, or says nothing")?;
        if !is_hint(item) {
            findings.push(read);
        }
    }
    Ok(findings)
}

fn is_hint(item: &Value) -> bool {
    item["severity"].as_u64().is_some_and(|severity| severity > 2)
}

/// Nothing for what is no diagnostic.
fn finding(name: &str, item: &Value, text: &Rope, encoding: Encoding) -> Option<Finding> {
    // Some mean the end of a line by the largest number that they have.
    let number = |value: &Value| value.as_u64().map(|number| u32::try_from(number).unwrap_or(u32::MAX));
    let offset = |position: &Value| {
        let position = Position { line: number(&position["line"])?, column: number(&position["character"])? };
        Some(to_offset(text, position, encoding))
    };
    let (start, end) = (offset(&item["range"]["start"])?, offset(&item["range"]["end"])?);
    // What a server does not grade is for us to grade (LSP 3.17).
    let severity = if item["severity"] == 2 { Severity::Warning } else { Severity::Error };
    Some(Finding {
        source: name.to_owned().into(),
        code: code(&item["code"]).into(),
        severity,
        range: start..end.max(start),
        message: visible(item["message"].as_str()?),
        fix: Vec::new(),
    })
}

fn code(code: &Value) -> String {
    match code {
        Value::String(code) => visible(code),
        Value::Number(code) => code.to_string(),
        _ => String::new(),
    }
}

/// A server's words: capped, with what cannot be seen made visible.
fn visible(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let mut visible = String::new();
    for ch in lines.join("; ").chars().take(MESSAGE) {
        if ch.is_control() || crate::text::hidden::is_hidden(ch) {
            visible.extend(ch.escape_unicode());
        } else {
            visible.push(ch);
        }
    }
    visible
}
