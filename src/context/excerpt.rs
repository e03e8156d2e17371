//! What is shown of a definition: its signature, then its docstring's first line, then all of it.

use crate::syntax::facts::{Facts, Import, Kind, Symbol};

/// The longest signature that is shown whole, in bytes; of a longer one its beginning.
const SIGNATURE: usize = 320;
/// The same for a constant's value.
const CONSTANT: usize = 120;
/// Decorators that change how a definition is used.
const TELLING: [&str; 8] = [
    "property",
    "classmethod",
    "staticmethod",
    "dataclass",
    "contextmanager",
    "fixture",
    "cached_property",
    "cache",
];

/// The signature of `symbol` with the indentation of its level, on a line, and the decorators that matter above it.
pub(super) fn signature(facts: &Facts, symbol: &Symbol, level: usize) -> String {
    let indent = "    ".repeat(level);
    let mut out = String::new();
    for decorator in facts.get(symbol.decorators).lines() {
        if decorator.len() < 80 && TELLING.iter().any(|telling| decorator.contains(telling)) {
            out.push_str(&indent);
            out.push_str(decorator);
            out.push('\n');
        }
    }
    out.push_str(&indent);
    let text = facts.signature(symbol);
    let most = if symbol.is_definition() { SIGNATURE } else { CONSTANT };
    if text.len() > most {
        let cut = text.floor_char_boundary(most);
        // On a comma, so that no half parameter stands there.
        let cut = text[..cut].rfind(", ").map_or(cut, |comma| comma + 1);
        out.push_str(text[..cut].trim_end());
        out.push_str(" …");
    } else {
        out.push_str(text);
        if symbol.is_definition() {
            out.push(':');
        }
    }
    out
}

/// Its docstring's first line, one level deeper; empty where there is none.
pub(super) fn docstring(facts: &Facts, symbol: &Symbol, level: usize) -> String {
    let doc = facts.get(symbol.doc);
    if doc.is_empty() || !matches!(symbol.kind, Kind::Class | Kind::Function | Kind::Method) {
        return String::new();
    }
    format!("{}\"\"\"{doc}\"\"\"", "    ".repeat(level + 1))
}

/// Import statements that bind what `imports` do, one for each module, as many as `fits` lets.
pub(super) fn imports<'a>(
    facts: &'a Facts,
    imports: impl Iterator<Item = &'a Import>,
    fits: impl Fn(&str) -> bool,
) -> String {
    let mut lines: Vec<(&str, String)> = Vec::new();
    for import in imports {
        let (module, member, alias) =
            (facts.get(import.module), facts.get(import.member), facts.get(import.alias));
        let renamed = if alias.is_empty() { String::new() } else { format!(" as {alias}") };
        match lines.iter_mut().find(|(known, _)| !member.is_empty() && *known == module) {
            Some((_, line)) => {
                line.push_str(", ");
                line.push_str(member);
                line.push_str(&renamed);
            }
            None if member.is_empty() => lines.push(("", format!("import {module}{renamed}"))),
            None => lines.push((module, format!("from {module} import {member}{renamed}"))),
        }
    }
    let mut text = String::new();
    for (module, line) in lines {
        let longer = if text.is_empty() { line } else { format!("{text}\n{line}") };
        if module != "__future__" && fits(&longer) {
            text = longer;
        }
    }
    text
}
