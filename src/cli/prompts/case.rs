//! A case of a prompt: a Markdown file with the files of a small project, the place, the answers of a scripted model, and what is to come of it.
//! `prompts/tests/README.md` tells how to write one.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use serde::Deserialize;

/// The line around the front matter.
const RULE: &str = "---";

/// See the module's head.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Case {
    /// The prompt's name, and what the case is about.
    pub prompt: String,
    pub name: String,
    pub front: Front,
    /// Paths and texts.
    pub files: Vec<(String, String)>,
    /// The file that has the place, and that in bytes: empty at a cursor.
    pub at: usize,
    pub range: Range<usize>,
    /// What the model says, an answer for each round.
    pub answers: Vec<String>,
    /// It says something of a draft, and has no answer: a real model has to be asked.
    pub needs_model: bool,
    /// What the file is to be.
    pub becomes: Option<String>,
    /// What the user part of the question is to be.
    pub question: Option<String>,
}

/// Its front matter.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Front {
    /// The action is offered there; `false` ends the case with that.
    pub offered: bool,
    /// The editor asks by itself.
    pub automatic: bool,
    /// What a diagnostic at the place says.
    pub diagnostic: Option<String>,
    pub instruction: Option<String>,
    pub input: BTreeMap<String, String>,
    /// What the draft has to contain, and may not.
    pub has: Vec<String>,
    pub lacks: Vec<String>,
    /// Why there is no draft, or a part of it.
    pub fails: Option<String>,
    /// Findings may be left.
    pub left: bool,
    /// The test file that has to pass then.
    pub passes: Option<String>,
}

impl Default for Front {
    fn default() -> Self {
        Self {
            offered: true,
            automatic: false,
            diagnostic: None,
            instruction: None,
            input: BTreeMap::new(),
            has: Vec::new(),
            lacks: Vec::new(),
            fails: None,
            left: false,
            passes: None,
        }
    }
}

/// Reads the case at `path`, which is below a folder that has the prompt's name.
///
/// # Errors
/// What is wrong with it, with its line where there is one.
pub(super) fn parse(path: &Path, text: &str) -> Result<Case, String> {
    let name = |path: Option<&Path>| {
        path.and_then(Path::file_stem).unwrap_or_default().to_string_lossy().into_owned()
    };
    let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n");
    let (front, body) = match text.strip_prefix("---\n").and_then(|rest| rest.split_once("\n---\n")) {
        Some((front, body)) => (front, body),
        None if text.starts_with(RULE) => return Err(format!("no line `{RULE}` ends the front matter")),
        None => ("", text.as_str()),
    };
    let front = if front.trim().is_empty() {
        Front::default()
    } else {
        serde_saphyr::from_str(front).map_err(|error| error.to_string())?
    };
    let mut case = Case { prompt: name(path.parent()), name: name(Some(path)), front, ..Case::default() };
    let mut place = None;
    for (info, block) in blocks(body)? {
        match info.split_once(' ').map_or((info.as_str(), ""), |(language, path)| (language, path.trim())) {
            ("answer", "") => case.answers.push(block),
            ("becomes", "") => case.becomes = Some(block),
            ("question", "") => case.question = Some(block.trim_end_matches('\n').to_owned()),
            (other, "") => {
                return Err(format!(
                    "the block `{other}` has no path, and is none of answer, becomes, question"
                ));
            }
            (_, path) => {
                let (text, range) = marked(&block);
                if let Some(range) = range {
                    if place.is_some() {
                        return Err("two files have a place".to_owned());
                    }
                    place = Some((case.files.len(), range));
                }
                case.files.push((path.to_owned(), text));
            }
        }
    }
    let front = &case.front;
    let wants =
        case.becomes.is_some() || front.passes.is_some() || !(front.has.is_empty() && front.lacks.is_empty());
    if wants && case.answers.is_empty() && front.offered {
        case.needs_model = true;
    }
    (case.at, case.range) = place.ok_or("no file has a place: `$0`, or `$1` and `$2`")?;
    Ok(case)
}

/// The fenced blocks: their info strings, and what is in them.
fn blocks(text: &str) -> Result<Vec<(String, String)>, String> {
    let (mut blocks, mut lines) = (Vec::new(), text.lines());
    while let Some(line) = lines.next() {
        let ticks = line.len() - line.trim_start_matches('`').len();
        if ticks < 3 {
            continue;
        }
        let closing = "`".repeat(ticks);
        let mut block = String::new();
        loop {
            match lines.next() {
                Some(line) if line == closing => break,
                Some(line) => block.extend([line, "\n"]),
                None => return Err(format!("the block `{line}` does not end")),
            }
        }
        blocks.push((line[ticks..].trim().to_owned(), block));
    }
    Ok(blocks)
}

/// A text without the marks of a place, and the place.
fn marked(text: &str) -> (String, Option<Range<usize>>) {
    if let Some((before, after)) = text.split_once("$0") {
        return (format!("{before}{after}"), Some(before.len()..before.len()));
    }
    let Some((before, (inside, after))) =
        text.split_once("$1").and_then(|(before, rest)| Some((before, rest.split_once("$2")?)))
    else {
        return (text.to_owned(), None);
    };
    (format!("{before}{inside}{after}"), Some(before.len()..before.len() + inside.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_is_read() {
        let text = "---\noffered: true\ninput: {a: b}\nhas: [x]\n---\n# Words\n\n```python src/a.py\nx = $1y$2\n```\n\n```python b.py\nz\n```\n\
            ````answer\n```python\nx\n```\n````\n```question\nWhat?\n```\n";
        let case = parse(Path::new("tests/simplify/one.md"), text).unwrap();
        assert_eq!(
            (case.prompt.as_str(), case.name.as_str(), case.at, case.range),
            ("simplify", "one", 0, 4..5)
        );
        assert_eq!(case.files[0], ("src/a.py".to_owned(), "x = y\n".to_owned()));
        assert_eq!(case.answers, ["```python\nx\n```\n"]);
        assert_eq!((case.question.as_deref(), case.front.has.len()), (Some("What?"), 1));
        for (text, expected) in [
            ("x", "no file has a place"),
            ("---\nofered: true\n---\n```python a.py\n$0\n```\n", "ofered"),
            ("```python a.py\n$0", "does not end"),
            ("```python a.py\n$0\n```\n```Answer\nx\n```\n", "the block `Answer` has no path"),
            ("```python a.py\n$0\n```\n```python b.py\n$0\n```\n", "two files have a place"),
            ("---\nx", "ends the front matter"),
        ] {
            let error = parse(Path::new("a/b.md"), text).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
    }
}
