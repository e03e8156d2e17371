//! What is shown of a definition: its signature, then its docstring's first line, then all of it.

use crate::syntax::Language;
use crate::syntax::facts::{Facts, Import, Kind, Symbol};

/// The longest signature that is shown whole, in bytes; of a longer one its beginning.
const SIGNATURE: usize = 320;
/// The same for a constant's value.
const CONSTANT: usize = 120;
/// The largest body that is shown, in bytes.
const BODY: usize = 700;
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
pub(super) fn signature(language: &Language, facts: &Facts, symbol: &Symbol, level: usize) -> String {
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
    let text = facts.signature(symbol).trim_end();
    let most = if symbol.is_definition() { SIGNATURE } else { CONSTANT };
    if text.len() > most {
        let cut = text.floor_char_boundary(most);
        // On a comma, so that no half parameter stands there.
        let cut = text[..cut].rfind(", ").map_or(cut, |comma| comma + 1);
        let cut = outside_of_strings(text, cut);
        out.push_str(text[..cut].trim_end());
        out.push_str(" …");
    } else {
        out.push_str(text);
        if symbol.is_definition() && language.closer.is_empty() {
            out.push_str(language.opener);
        } else if symbol.kind == Kind::Class && !language.opener.is_empty() && !text.ends_with([';', '}']) {
            // What is shown of it stands below; what is shown whole has its braces.
            out.push(' ');
            out.push_str(language.opener);
        }
    }
    out
}

/// `cut`, or where the string begins that stands open there: half a key would pass as no key at the search for secrets.
fn outside_of_strings(text: &str, cut: usize) -> usize {
    let mut open: Option<(usize, char)> = None;
    let mut escaped = false;
    for (at, ch) in text[..cut].char_indices() {
        match open {
            _ if escaped => escaped = false,
            Some(_) if ch == '\\' => escaped = true,
            Some((_, quote)) if quote == ch => open = None,
            None if ch == '"' || ch == '\'' => open = Some((at, ch)),
            _ => {}
        }
    }
    open.map_or(cut, |(at, _)| at)
}

/// Puts its docstring's first line where the language has it: one level deeper, or above; `None` where there is none.
pub(super) fn documented(
    language: &Language,
    facts: &Facts,
    symbol: &Symbol,
    level: usize,
    text: &str,
) -> Option<String> {
    let doc = facts.get(symbol.doc);
    if doc.is_empty() || !matches!(symbol.kind, Kind::Class | Kind::Function | Kind::Method) {
        return None;
    }
    Some(match language.docs.above() {
        Some(above) => format!("{}\n{text}", above.written(&[doc], &"    ".repeat(level))),
        None => format!("{text}\n{}\"\"\"{doc}\"\"\"", "    ".repeat(level + 1)),
    })
}

/// Whether all of `symbol` may be shown: a function that is small.
pub(super) fn may_be_whole(symbol: &Symbol) -> bool {
    let body = symbol.header().end..symbol.whole().end;
    matches!(symbol.kind, Kind::Function | Kind::Method) && body.start < body.end && body.len() <= BODY
}

/// All of a function, with the indentation of its level; `None` where `text` is not (any more) what the facts are of, and
/// where its body says nothing.
pub(super) fn whole(
    language: &Language,
    facts: &Facts,
    symbol: &Symbol,
    level: usize,
    text: &str,
) -> Option<String> {
    let (header, end) = (symbol.header(), symbol.whole().end);
    let head = text.get(header.clone())?;
    let body = text.get(header.end..end)?;
    let line = text.get(..header.start)?.rsplit('\n').next().unwrap_or_default();
    let is_the_same = head.contains(facts.name(symbol))
        && head.ends_with(language.opener)
        // Where blocks have ends, a word (`export`) may stand before it.
        && (line.trim().is_empty() || !language.closer.is_empty())
        && text.get(end..)?.chars().next().is_none_or(char::is_whitespace);
    if !is_the_same
        || facts.signature(symbol).len() > SIGNATURE
        || matches!(body.trim(), "" | "..." | "pass" | "}")
    {
        return None;
    }
    let margin = &line[..line.len() - line.trim_start().len()];
    let indent = "    ".repeat(level);
    let mut out = signature(language, facts, symbol, level);
    if !language.closer.is_empty() && !language.opener.is_empty() {
        out.push(' ');
        out.push_str(language.opener);
    }
    for (at, text) in body.lines().enumerate() {
        let text = text.trim_end();
        if at > 0 {
            out.push('\n');
            let text = text.strip_prefix(margin).unwrap_or(text);
            if !text.is_empty() {
                out.push_str(&indent);
                out.push_str(text);
            }
        } else {
            out.push_str(text);
        }
    }
    Some(out)
}

/// Import statements that bind what `imports` do, one for each module, as many as `fits` lets.
pub(super) fn imports<'a>(
    language: &Language,
    facts: &'a Facts,
    imports: impl Iterator<Item = &'a Import>,
    fits: impl Fn(&str) -> bool,
) -> String {
    let mut lines: Vec<(&str, String)> = Vec::new();
    for import in imports {
        let (module, member, alias) =
            (facts.get(import.module), facts.get(import.member), facts.get(import.alias));
        let renamed = if alias.is_empty() { String::new() } else { format!(" as {alias}") };
        if let Some(way) = &language.importing {
            let name = if member.is_empty() { alias.to_owned() } else { format!("{member}{renamed}") };
            let told = if member.is_empty() { way.whole } else { way.single };
            lines.push(("", told.replace("MODULE", module).replace("NAME", &name)));
            continue;
        }
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
