//! What does not parse.

use super::Finding;
use crate::syntax::{Source, lines};

/// The most that is told of one file: behind the first errors the rest is mostly their echo.
const MOST: usize = 20;
/// How much of what cannot be read is shown, in characters.
const SHOWN: usize = 40;

pub(super) fn check(source: &Source<'_>) -> Vec<Finding> {
    let Some(tree) = source.tree else { return Vec::new() };
    let mut findings = Vec::new();
    let mut cursor = tree.walk();
    loop {
        let node = cursor.node();
        let told = if node.is_missing() {
            Some(("missing", format!("`{}` is missing here", node.kind())))
        } else if node.is_error() {
            let text = lines::slice(source.text, &node.byte_range());
            let shown: String = text.lines().next().unwrap_or_default().chars().take(SHOWN).collect();
            Some(("error", format!("this cannot be read: `{}`", shown.trim())))
        } else {
            None
        };
        let is_told = told.is_some();
        findings
            .extend(told.map(|(code, message)| Finding::error("syntax", code, node.byte_range(), message)));
        if findings.len() >= MOST {
            return findings;
        }
        if !is_told && node.has_error() && cursor.goto_first_child() {
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return findings;
            }
        }
    }
}
