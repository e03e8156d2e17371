//! The examples of a docstring: what a function is said to return for which arguments, as its author wrote it. They are read here,
//! purely; running them is the business of the language's own runner (`Language::examples`).

use std::sync::LazyLock;

use regex::Regex;
use serde_json::{Value, json};

use super::Finding;
use super::overlay::Overlay;
use crate::syntax::definition::{self, Kind};
use crate::syntax::lines;

/// The most examples of one docstring that are tried.
const MOST: usize = 50;
/// The longest example, in bytes.
const LENGTH: usize = 2_000;

/// One example.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// The statement, or the call.
    pub source: String,
    /// What is printed, or the value.
    pub want: String,
    /// A statement of an interactive session (`>>>`), or a call with its value.
    pub is_session: bool,
}

/// The examples of the function that a draft is of, and of those that it holds.
#[must_use]
pub fn of(overlay: &Overlay) -> Vec<Example> {
    let version = &overlay.after;
    let source = overlay.source(version);
    let is_function = |found: &definition::Definition| found.kind == Kind::Function;
    let around = definition::around(&source, &(overlay.draft.start..overlay.draft.start));
    let around = around.into_iter().rev().find(is_function);
    let within = definition::within(&source, &overlay.draft).into_iter().filter(is_function);
    let read_of = |function: definition::Definition| {
        let docstring = function.docstring.map(|range| lines::slice(&version.text, &range));
        read(&docstring.unwrap_or_default(), &function.name)
    };
    let mut examples: Vec<Example> = around.into_iter().chain(within).flat_map(read_of).collect();
    examples.truncate(MOST);
    examples
}

/// The examples of a docstring of the function `name`.
#[must_use]
pub fn read(docstring: &str, name: &str) -> Vec<Example> {
    let lines: Vec<&str> = docstring
        .lines()
        .map(|line| strip_quotes(line.trim_start_matches("\"\"\"").trim_start_matches("'''")))
        .collect();
    let mut examples: Vec<Example> = Vec::new();
    let mut at = 0;
    while at < lines.len() && examples.len() < MOST {
        if let Some(first) = lines[at].trim_start().strip_prefix(">>>") {
            let mut source = first.trim().to_owned();
            at += 1;
            while let Some(more) = lines.get(at).and_then(|line| line.trim_start().strip_prefix("...")) {
                source = format!("{source}\n{}", more.strip_prefix(' ').unwrap_or(more));
                at += 1;
            }
            let mut want: Vec<&str> = Vec::new();
            while let Some(line) = lines.get(at).map(|line| line.trim()) {
                if line.is_empty() || line.starts_with(">>>") {
                    break;
                }
                want.push(line);
                at += 1;
            }
            let want = if want.is_empty() { String::new() } else { want.join("\n") + "\n" };
            examples.push(Example { source, want, is_session: true });
        } else {
            examples.extend(value(lines[at], name));
            at += 1;
        }
    }
    examples
        .retain(|example| !example.source.is_empty() && example.source.len() + example.want.len() <= LENGTH);
    examples
}

fn strip_quotes(line: &str) -> &str {
    line.trim_end().trim_end_matches("\"\"\"").trim_end_matches("'''")
}

/// `f(1, 2) == 3`, `f(1) -> 2`, `f(1) => 2`, `f(1) ➞ 2`, `f(1) # 2`, `f(1) returns 2`.
fn value(line: &str, name: &str) -> Option<Example> {
    static BETWEEN: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r"^\s*(?:==|=>|=|->|➞|→|⇒|#\s*(?:=>|->|returns)?|//|:|(?:should\s+)?returns?|is|gives)\s*(.+)$",
        )
        .expect("a test matches it")
    });
    let start = line.find(&format!("{name}("))?;
    let is_whole =
        !line[..start].chars().next_back().is_some_and(|ch| ch.is_alphanumeric() || "_.".contains(ch));
    let end = start + closing(&line[start..])?;
    let want = BETWEEN.captures(&line[end..])?.get(1)?.as_str().trim();
    let want = want.trim_end_matches(['.', ';', ',']).trim();
    let want = value_of(want)?;
    is_whole.then(|| Example {
        source: line[start..end].to_owned(),
        want: want.to_owned(),
        is_session: false,
    })
}

/// The literal at the beginning of `text`, as far as it can be told.
fn value_of(text: &str) -> Option<&str> {
    let first = text.chars().next()?;
    let word_ends =
        |at: usize| !text[at..].chars().next().is_some_and(|ch| ch.is_alphanumeric() || ch == '_');
    match first {
        '[' | '(' | '{' => Some(&text[..closing(text)?]),
        '"' | '\'' => {
            let end = text[1..].find(first)? + 2;
            Some(&text[..end])
        }
        '0'..='9' | '-' => {
            let end =
                text.find(|ch: char| !(ch.is_ascii_digit() || "-._eE".contains(ch))).unwrap_or(text.len());
            Some(text[..end].trim_end_matches('.'))
        }
        _ => {
            let word = ["True", "False", "None"].into_iter().find(|word| text.starts_with(word))?;
            word_ends(word.len()).then_some(word)
        }
    }
}

/// Where the bracket that opens first is closed.
fn closing(text: &str) -> Option<usize> {
    let (mut depth, mut quote) = (0usize, None);
    let mut escaped = false;
    for (at, ch) in text.char_indices() {
        match (quote, ch) {
            _ if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(open), ch) if ch == open => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(ch),
            (None, '(' | '[' | '{') => depth += 1,
            (None, ')' | ']' | '}') => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
    }
    None
}

/// What the runner is asked: `path` is the drafted file, `root` the workspace that it stands in.
#[must_use]
pub fn question(examples: &[Example], path: &str, root: &str) -> Value {
    let examples: Vec<Value> = examples
        .iter()
        .map(|one| {
            let kind = if one.is_session { "session" } else { "value" };
            json!({ "source": one.source, "want": one.want, "kind": kind })
        })
        .collect();
    json!({ "path": path, "root": root, "examples": examples })
}

/// What its answer says is wrong with the draft.
///
/// # Errors
/// When it is no answer.
pub fn findings(answer: &[u8], examples: &[Example], overlay: &Overlay) -> Result<Vec<Finding>, String> {
    let text = String::from_utf8_lossy(answer);
    let last = text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let answer: Value =
        serde_json::from_str(last).map_err(|_| "the runner of examples told nothing".to_owned())?;
    let at = overlay.draft.start..overlay.draft.end;
    if let Some(why) = answer["import"].as_str() {
        // What is not installed is nothing that the draft could mend, unless it is what it brought in.
        return Ok(vec![Finding::error(
            "examples",
            "import",
            at,
            format!("the file cannot be loaded: {why}"),
        )]);
    }
    let results = answer["results"].as_array().filter(|results| results.len() == examples.len());
    let results = results.ok_or_else(|| "the runner of examples told of other examples".to_owned())?;
    let failed = examples.iter().zip(results).filter(|(_, result)| result["ok"] != true);
    Ok(failed
        .map(|(example, result)| {
            let got = result["got"].as_str().unwrap_or_default();
            let (source, want) = (&example.source, example.want.trim());
            let message = match (want.is_empty(), got.is_empty()) {
                (true, _) => format!("the docstring's example `{source}` fails: {got}"),
                (_, true) => {
                    format!("the docstring's example `{source}` should give `{want}`, and gives nothing")
                }
                _ => format!("the docstring's example `{source}` should give `{want}`, and gives `{got}`"),
            };
            Finding::error("examples", "example", at.clone(), message)
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_are_read_in_every_form() {
        for (docstring, expected) in [
            (
                "\"\"\"Add.\n\n    >>> f(1, 2)\n    3\n    >>> f(0,\n    ...   0)\n    0\n    \"\"\"",
                "f(1, 2)>>3\n|f(0,\n  0)>>0\n",
            ),
            ("\"\"\"\n    >>> f(1)\n    1\n\n    Not this.\n    \"\"\"", "f(1)>>1\n"),
            ("\"\"\" f([1, 2]) == [2, 1]\n    f(\"a)\") -> 'b' \"\"\"", "f([1, 2])=[2, 1]|f(\"a)\")='b'"),
            ("'''f(3) => 9, f(4)\n f(2) ➞ 4\n f(5) # 25\n'''", "f(3)=9|f(2)=4|f(5)=25"),
            ("f(12.5) returns -1.5.\nf() should return None", "f(12.5)=-1.5|f()=None"),
            ("f({'a': 1}) == {'a': (1, 2)} whatever", "f({'a': 1})={'a': (1, 2)}"),
            // What tells no value is none.
            ("f(x) is the sum; f(1) == the first\n my_f(1) == 2\n a.f(1) == 2\n f(1", ""),
        ] {
            let read = read(docstring, "f");
            let told: Vec<String> = read
                .iter()
                .map(|one| format!("{}{}{}", one.source, if one.is_session { ">>" } else { "=" }, one.want))
                .collect();
            assert_eq!(told.join("|"), expected, "{docstring}");
        }
    }
}
