//! From an answer's code to one docstring: out of a whole function, with quotes, or as bare prose.

use crate::draft::strings::Scanner;

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
