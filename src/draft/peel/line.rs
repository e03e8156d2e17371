//! What one line of code begins: a definition, an import, an assignment.

use crate::draft::strings::Scanner;

/// Code without its blanks, to be compared.
pub(crate) fn squeezed(text: &str) -> String {
    text.chars().filter(|ch| !ch.is_whitespace()).collect()
}

/// The number of the line of `code` that begins the definition of the function `name`.
pub(crate) fn defined_at(code: &[String], name: &str) -> Option<usize> {
    code.iter().position(|line| named(line.trim()) == Some((Keyword::Def, name)))
}

/// What a line begins to define or assigns.
pub(crate) fn defined(text: &str) -> Option<&str> {
    let word = text.find(|ch: char| !(ch.is_alphanumeric() || ch == '_')).unwrap_or(text.len());
    let rest = text[word..].trim_start();
    let assigns = word > 0 && (rest.starts_with(": ") || (rest.starts_with('=') && !rest.starts_with("==")));
    named(text).map(|(_, name)| name).or_else(|| assigns.then(|| &text[..word]))
}

/// Whether a line begins an import statement.
pub(crate) fn is_import(text: &str) -> bool {
    text.starts_with("import ") || (text.starts_with("from ") && text.contains(" import"))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keyword {
    Def,
    Class,
}

/// What a line begins to define, and its name.
pub(super) fn named(text: &str) -> Option<(Keyword, &str)> {
    let rest = text.strip_prefix("async ").unwrap_or(text).trim_start();
    let (keyword, rest) = match rest.strip_prefix("def ") {
        Some(rest) => (Keyword::Def, rest),
        None => (Keyword::Class, text.strip_prefix("class ")?),
    };
    let rest = rest.trim_start();
    let end = rest.find(|ch: char| !(ch.is_alphanumeric() || ch == '_')).unwrap_or(rest.len());
    (end > 0).then(|| (keyword, &rest[..end]))
}

/// What stands behind the header's colon on its own line.
pub(super) fn one_line_body(line: &str) -> Option<&str> {
    // Nobody writes such a line; and each colon is a look at all before it.
    if line.len() > 1_000 {
        return None;
    }
    for (at, ch) in line.char_indices() {
        if ch == ':' {
            let mut scanner = Scanner::default();
            scanner.line(&line[..=at]);
            if scanner.opens_block() {
                return Some(line[at + 1..].trim()).filter(|body| !body.is_empty() && !body.starts_with('#'));
            }
        }
    }
    None
}
