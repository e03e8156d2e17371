//! LSP's diagnostics as findings.

use ropey::Rope;
use serde_json::Value;

use crate::check::{Finding, Severity};
use crate::text::position::{Encoding, Position, to_offset};

/// The longest message, in characters.
const MESSAGE: usize = 500;
/// The most findings of one document: behind them the rest is mostly their echo.
const MOST: usize = 200;

/// The errors and warnings among `items`, by the checker `name`; what is only a hint is left out.
#[must_use]
pub fn findings(name: &str, items: &[Value], text: &Rope, encoding: Encoding) -> Vec<Finding> {
    let severity = |item: &Value| match item["severity"].as_u64() {
        // What a server does not grade is for us to grade (LSP 3.17).
        Some(1) | None => Some(Severity::Error),
        Some(2) => Some(Severity::Warning),
        Some(_) => None,
    };
    let offset = |position: &Value| {
        let number = |key: &str| position[key].as_u64().and_then(|number| u32::try_from(number).ok());
        let position = Position { line: number("line")?, column: number("character")? };
        Some(to_offset(text, position, encoding))
    };
    let finding = |item: &Value| {
        let (start, end) = (offset(&item["range"]["start"])?, offset(&item["range"]["end"])?);
        Some(Finding {
            source: name.to_owned().into(),
            code: code(&item["code"]).into(),
            severity: severity(item)?,
            range: start..end.max(start),
            message: visible(item["message"].as_str()?),
            fix: Vec::new(),
        })
    };
    items.iter().filter_map(finding).take(MOST).collect()
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
    let mut visible = String::new();
    for ch in text.chars().take(MESSAGE) {
        if (ch.is_control() && ch != '\n') || crate::text::hidden::is_hidden(ch) {
            visible.extend(ch.escape_unicode());
        } else {
            visible.push(ch);
        }
    }
    visible
}
