//! From an answer's code to one docstring: out of a whole function, with quotes, or as bare prose.

use crate::draft::clean::Setup;
use crate::draft::place::Code;
use crate::draft::strings::Scanner;
use crate::syntax::docs::Above;
use crate::syntax::outline::{docstring, outline};

/// The docstring's source, its lines indented by `base`; nothing where there is none, or none that can be quoted.
pub(crate) fn extract(answer: &str, base: &str, name: &str) -> Option<String> {
    let behind = behind_header(answer, name);
    let text = behind.unwrap_or(answer).trim();
    if behind.is_some() && !text.trim_start_matches(['r', 'R', 'u', 'U']).starts_with(['"', '\'']) {
        return None;
    }
    let (prefix, inside) = match quoted(text) {
        Some(found) => found,
        // The answer is code without a string: no docstring was written.
        None if text.lines().any(|line| line.starts_with("def ") || line.starts_with("class ")) => {
            return None;
        }
        None => (String::new(), text.to_owned()),
    };
    let inside = inside.trim();
    if inside.is_empty() || inside.contains("\"\"\"") || (prefix.is_empty() && inside.ends_with('\\')) {
        return None;
    }
    let lines: Vec<&str> = inside.lines().collect();
    let indented = |line: &&&str| !line.trim().is_empty();
    let common = lines
        .iter()
        .skip(1)
        .filter(indented)
        .map(|line| line.len() - line.trim_start_matches([' ', '\t']).len())
        .min()
        .unwrap_or(0);
    let mut out = format!("{base}{prefix}\"\"\"{}", lines[0].trim_end());
    for line in &lines[1..] {
        out.push('\n');
        if !line.trim().is_empty() {
            out.push_str(base);
            out.push_str(line[common..].trim_end());
        }
    }
    if lines.len() > 1 {
        out.push('\n');
        out.push_str(base);
    } else if inside.ends_with('"') {
        out.push(' ');
    }
    out.push_str("\"\"\"");
    Some(out)
}

/// The same where documentation stands in comments: those above the definition in the answer, or all there are, or prose.
pub(crate) fn extract_above(answer: &str, base: &str, setup: &Setup, above: &Above) -> Option<String> {
    let code = Code::parse(answer, setup.language())?;
    let symbols = outline(&code.source());
    let is_own = |name: &str| !setup.name.is_empty() && name == setup.name;
    let own = symbols.iter().filter(|one| is_own(&one.name));
    let own = own.filter_map(|one| docstring(&code.source(), one)).next_back();
    let marked = || {
        let first = answer.lines().position(|line| above.is_marked(line))?;
        let ends =
            |line: &str| above.block.is_some_and(|(_, _, close)| line.trim_end().ends_with(close.trim()));
        let mut lines = Vec::new();
        let is_block =
            !above.lines.iter().any(|mark| answer.lines().nth(first).unwrap_or("").trim().starts_with(mark));
        for line in answer.lines().skip(first) {
            if !is_block && !above.is_marked(line) {
                break;
            }
            lines.push(line);
            if is_block && ends(line) {
                break;
            }
        }
        Some(lines.join("\n"))
    };
    let text = own.map(|range| code.part(&range)).or_else(marked);
    let text = match text {
        Some(text) => text,
        // Quotes as Python has them, or none at all.
        None => match quoted(answer.trim()) {
            Some((_, inside)) => inside,
            None if symbols.iter().any(|one| one.signature.len() > one.name.len()) => return None,
            None => answer.to_owned(),
        },
    };
    let lines: Vec<&str> = text.lines().map(|line| above.bare(line)).collect();
    let first = lines.iter().position(|line| !line.is_empty())?;
    let last = lines.iter().rposition(|line| !line.is_empty())?;
    let close = above.block.map_or("", |(_, _, close)| close.trim());
    let lines = &lines[first..=last];
    // It would end there.
    let is_closed = !close.is_empty() && lines.iter().any(|line| line.contains(close));
    (!is_closed).then(|| above.written(lines, base))
}

/// What follows the header of the definition `name`, if the answer repeats it: strings before it are others'.
fn behind_header<'a>(answer: &'a str, name: &str) -> Option<&'a str> {
    let mut at = 0;
    let mut scanner = Scanner::default();
    let mut in_header = false;
    for line in answer.split_inclusive('\n') {
        let text = line.trim();
        let text = text.strip_prefix("async ").unwrap_or(text);
        let rest = text.strip_prefix("def ").or_else(|| text.strip_prefix("class ")).unwrap_or("");
        let named = rest
            .strip_prefix(name)
            .is_some_and(|rest| !rest.starts_with(|ch: char| ch.is_alphanumeric() || ch == '_'));
        in_header |= !name.is_empty() && named && !scanner.in_string();
        scanner.line(line.trim_end());
        at += line.len();
        if in_header && !scanner.is_open() {
            return Some(&answer[at..]);
        }
    }
    None
}

/// The prefix and the inside of the first triple-quoted string, or of a plain string that is the whole answer.
fn quoted(text: &str) -> Option<(String, String)> {
    let start = [text.find("\"\"\""), text.find("'''")].into_iter().flatten().min();
    if let Some(start) = start {
        let quotes = &text[start..start + 3];
        let prefix: String = text[..start].chars().rev().take_while(|ch| "rRuU".contains(*ch)).collect();
        let prefix = if prefix.to_ascii_lowercase().contains('r') { "r" } else { "" };
        let rest = &text[start + 3..];
        // An answer without its closing quotes is all docstring.
        return Some((prefix.to_owned(), rest[..rest.find(quotes).unwrap_or(rest.len())].to_owned()));
    }
    ['"', '\''].into_iter().find_map(|quote| {
        let inside = text.strip_prefix(quote)?.strip_suffix(quote)?;
        (!inside.contains(quote)).then(|| (String::new(), inside.to_owned()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_docstring_comes_out() {
        for (answer, expected) in [
            ("\"\"\"Do it.\"\"\"", Some("    \"\"\"Do it.\"\"\"")),
            (
                "class A:\n    \"\"\"Other.\"\"\"\n\n    def f(self, q='''x'''):\n        \"\"\"Do it.\"\"\"",
                Some("    \"\"\"Do it.\"\"\""),
            ),
            ("Do it.\n\n\u{a0}x\n y", Some("    \"\"\"Do it.\n\n    \u{a0}x\n     y\n    \"\"\"")),
            ("Do it.", Some("    \"\"\"Do it.\"\"\"")),
            ("'''Do it.\n\nWell.\n'''", Some("    \"\"\"Do it.\n\n    Well.\n    \"\"\"")),
            (
                "def f(x):\n    \"\"\"Do it.\n\n    Args:\n        x: What.\n    \"\"\"\n    return x",
                Some("    \"\"\"Do it.\n\n    Args:\n        x: What.\n    \"\"\""),
            ),
            ("r\"\"\"A \\d.\"\"\"", Some("    r\"\"\"A \\d.\"\"\"")),
            ("\"Do it.\"", Some("    \"\"\"Do it.\"\"\"")),
            ("\"\"\"Say \"so\".\"\"\"", Some("    \"\"\"Say \"so\".\"\"\"")),
            ("Say \"so\"", Some("    \"\"\"Say \"so\" \"\"\"")),
            ("def f(x):\n    return x", None),
            ("", None),
            ("\"\"\"\"\"\"", None),
        ] {
            assert_eq!(extract(answer, "    ", "f").as_deref(), expected, "{answer:?}");
        }
    }
}
