//! The format of a prompt file: YAML front matter, then Markdown in parts. `prompts/README.md` tells how to write one.
//!
//! A file of ours says what its answer replaces (`replace`). One that says nothing of that, or has no front matter, is read as one of
//! VS Code's (`vscode`), so that those a team has already work as they are.

mod front;
mod keys;
mod template;
#[cfg(test)]
mod tests;
mod vscode;
mod yaml;

use std::path::PathBuf;

use thiserror::Error;

use self::template::is_template;
use crate::model::choose::Task;
use crate::text::nearest::did_you_mean;

/// The lines that begin the user part and the prefill.
const USER: &str = "<!-- user -->";
const PREFILL: &str = "<!-- prefill -->";

/// The line around the front matter.
const RULE: &str = "---";

/// The largest prompt file, in bytes: what is longer is no instruction.
pub const MAX_BYTES: usize = 64 * 1024;

/// How the names of prompt files end.
pub const ENDING: &str = ".prompt.md";

/// One prompt of the library.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prompt {
    pub name: String,
    /// A template.
    pub title: String,
    pub description: String,
    /// LSP's code action kind; empty for what is not listed.
    pub kind: String,
    pub when: When,
    /// Nothing for what is no action's.
    pub replace: Option<Replace>,
    /// The edit is shown for its user to accept.
    pub confirm: bool,
    pub context: Gather,
    pub task: Task,
    /// The model that is asked where its user names no other.
    pub model: Option<String>,
    pub checks: Checks,
    /// The most rounds of refinement.
    pub rounds: Option<u32>,
    /// Texts that a draft has to have.
    pub requires: Vec<String>,
    pub inputs: Vec<Input>,
    pub stop: Vec<String>,
    pub max_tokens: u32,
    pub body: Body,
    /// The file that it is of; nothing for one that is built in.
    pub path: Option<PathBuf>,
    /// It is written for VS Code.
    pub is_foreign: bool,
}

/// What is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// All of it.
    Whole {
        /// The system part, sent as it is.
        system: String,
        /// The user part, a template.
        user: String,
        /// The beginning of the answer, a template.
        prefill: Option<String>,
    },
    /// A template of an instruction; the rest is that of the built-in prompt that replaces the same.
    Instruction(String),
}

/// What a prompt's answer takes the place of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replace {
    /// The body of the function at the cursor.
    Body,
    /// What is selected, in whole lines where lines are meant.
    Selection,
    /// The docstring of the definition at the cursor, which may be missing.
    Docstring,
    /// The function, class or statement at the cursor; the statement that a diagnostic is about.
    Node,
    /// Nothing: it is put in below the line of the cursor, or on it where that is blank.
    After,
    /// What is selected, else the body that is missing at the cursor, else nothing (as `After`).
    Here,
    /// Nothing at all: it is told in words, about what is selected, else about the definition at the cursor.
    Proposal,
    /// A file of tests, which is another one.
    NewFile,
}

/// Where a prompt is offered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct When {
    /// Languages' identifiers; none: all.
    pub languages: Vec<String>,
    pub nodes: Vec<NodeKind>,
    pub conditions: Vec<Condition>,
    /// Further ones where the editor asks by itself; nothing: never.
    pub automatic: Option<Vec<Condition>>,
}

/// What a prompt is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodeKind {
    Function,
    Class,
    Statement,
}

/// What has to be so for a prompt to be offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// The function's body is missing, or a placeholder.
    Stub,
    /// It is written.
    Written,
    Documented,
    Undocumented,
    /// The cursor is at the header or the docstring.
    Header,
    /// Something is selected.
    Selection,
    /// Nothing is.
    Cursor,
    /// A comment `redraft: …` says what to do.
    Instruction,
    /// A comment is at the cursor.
    Comment,
    /// A diagnostic is there.
    Diagnostic,
    /// The function is not asynchronous.
    Synchronous,
    /// The cursor is in no definition.
    Toplevel,
    /// The file is one of tests.
    Test,
    /// It is not.
    Code,
    /// A test of the project names the definition.
    Tested,
    /// A parameter of the function, or its result, says no type.
    Untyped,
}

/// What of the project a prompt shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gather {
    /// The most tokens of it.
    pub tokens: Option<u32>,
    pub definitions: bool,
    pub rules: bool,
    pub references: bool,
    pub tests: bool,
}

impl Default for Gather {
    fn default() -> Self {
        Self { tokens: None, definitions: true, rules: true, references: true, tests: false }
    }
}

/// How the drafts of a prompt are checked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Checks {
    #[default]
    All,
    BuiltIn,
    Nothing,
}

/// Something that a prompt asks its user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    pub name: String,
    pub prompt: String,
    pub default: Option<String>,
}

/// What is wrong with a prompt file, and where.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{}:{line}: {}{message}", path.display(), if key.is_empty() { String::new() } else { format!("{key}: ") })]
pub struct FileError {
    pub path: PathBuf,
    /// From 1.
    pub line: usize,
    /// Dotted; empty where it is about none.
    pub key: String,
    pub message: String,
}

/// A mistake before it is known which file it is in.
#[derive(Clone, Debug)]
struct Mistake {
    line: usize,
    key: String,
    message: String,
}

impl Mistake {
    fn new(line: usize, message: impl Into<String>) -> Self {
        Self { line, key: String::new(), message: message.into() }
    }
}

/// Reads the text of the prompt file at `path`; one of `path`'s is built in.
///
/// # Errors
/// All that is wrong with it, in order: keys that are not known, values that are none, parts that are missing, templates that do not parse.
pub fn parse(path: &std::path::Path, text: &str) -> Result<Prompt, Vec<FileError>> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let name = name.strip_suffix(ENDING).unwrap_or(&name);
    let mut mistakes = Vec::new();
    let prompt = read(name, text, &mut mistakes);
    mistakes.sort_by_key(|mistake| mistake.line);
    match prompt {
        Some(prompt) if mistakes.is_empty() => Ok(Prompt { path: Some(path.to_owned()), ..prompt }),
        _ => {
            let error =
                |Mistake { line, key, message }| FileError { path: path.to_owned(), line, key, message };
            Err(mistakes.into_iter().map(error).collect())
        }
    }
}

fn read(name: &str, text: &str, mistakes: &mut Vec<Mistake>) -> Option<Prompt> {
    if !is_name(name) {
        let message = format!(
            "{name:?} is no prompt's name: letters, digits, blanks, `-`, `_` and `.`, 64 of them at most"
        );
        mistakes.push(Mistake::new(1, message));
        return None;
    }
    if text.len() > MAX_BYTES {
        let message = format!("the file has {} bytes; at most {MAX_BYTES} are read", text.len());
        mistakes.push(Mistake::new(1, message));
        return None;
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n");
    // A blank behind a marker is seen by nobody.
    let is_marker = |line: &str| [RULE, USER, PREFILL].contains(&line);
    let plain = |line: &'_ str| line.trim_end().to_owned();
    let lines: Vec<String> = text
        .lines()
        .map(|line| if is_marker(line.trim_end()) { plain(line) } else { line.to_owned() })
        .collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let (front, first) = match lines.first() {
        Some(&RULE) => {
            let Some(closing) = lines.iter().skip(1).position(|line| *line == RULE) else {
                mistakes.push(Mistake::new(1, format!("no line `{RULE}` ends the front matter")));
                return None;
            };
            (lines[1..=closing].join("\n"), closing + 2)
        }
        _ => (String::new(), 0),
    };
    let front = if front.trim().is_empty() {
        Vec::new()
    } else {
        match yaml::read(&front) {
            Ok(yaml::Node { value: yaml::Yaml::Table(table), .. }) => table,
            Ok(yaml::Node { value: yaml::Yaml::Nothing, .. }) => Vec::new(),
            Ok(node) => {
                let message = format!("front matter is a table of keys, and not {}", node.value.kind());
                mistakes.push(Mistake::new(node.line + 1, message));
                return None;
            }
            Err((line, message)) => {
                mistakes.push(Mistake::new(line + 1, message));
                return None;
            }
        }
    };
    let body = &lines[first..];
    if vscode::is_one(&front, body) {
        return vscode::read(name, &front, (body, first), mistakes);
    }
    let mut prompt = front::read(name, &front, mistakes)?;
    prompt.body = parts(body, first, mistakes)?;
    let texts: Vec<&str> = match &prompt.body {
        Body::Whole { user, prefill, .. } => {
            std::iter::once(user.as_str()).chain(prefill.as_deref()).collect()
        }
        Body::Instruction(text) => vec![text],
    };
    let line_of =
        |name: &str| body.iter().position(|line| line.contains(name)).map_or(first + 1, |at| first + at + 1);
    for name in texts.into_iter().flat_map(super::variables_of) {
        let message = match name.strip_prefix("input.") {
            Some(input) if prompt.inputs.iter().any(|known| known.name == input) => continue,
            Some(_) => format!("`{name}` is none of `inputs`"),
            None if is_variable(&name, &super::VARIABLES) => continue,
            None => {
                let hint = did_you_mean(&name, super::VARIABLES);
                format!("there is no variable `{name}`.{hint} They are {}", super::VARIABLES.join(", "))
            }
        };
        mistakes.push(Mistake::new(line_of(&name), message));
    }
    for name in super::variables_of(&prompt.title) {
        if !is_variable(&name, &super::TITLE) {
            let message = format!("a title has no variable `{name}`; they are {}", super::TITLE.join(", "));
            mistakes.push(Mistake { line: 2, key: "title".to_owned(), message });
        }
    }
    Some(prompt)
}

/// Whether a template's variable is one of these, or a part of one.
fn is_variable(name: &str, known: &[&str]) -> bool {
    known.contains(&name.split('.').next().unwrap_or(name))
}

/// Whether prompts may be called so.
fn is_name(name: &str) -> bool {
    let is_plain = |ch: char| ch.is_alphanumeric() || ['-', '_', '.', ' '].contains(&ch);
    !name.is_empty() && name.chars().count() <= 64 && name.chars().all(is_plain)
}

/// The parts of a body whose first line is the file's `first`, from 0.
fn parts(lines: &[&str], first: usize, mistakes: &mut Vec<Mistake>) -> Option<Body> {
    let find = |marker: &str| lines.iter().position(|line| *line == marker);
    let part = |from: usize, to: usize| lines[from..to].join("\n").trim_matches('\n').to_owned();
    let (user, prefill) = (find(USER), find(PREFILL));
    let Some(user) = user else {
        if let Some(prefill) = prefill {
            let message =
                format!("`{PREFILL}` without `{USER}`: the parts come in order: system, user, prefill");
            mistakes.push(Mistake::new(first + prefill + 1, message));
            return None;
        }
        let text = part(0, lines.len());
        if text.trim().is_empty() {
            mistakes.push(Mistake::new(first.max(1), "the prompt says nothing"));
            return None;
        }
        is_template(&text, first, mistakes);
        return Some(Body::Instruction(text));
    };
    if prefill.is_some_and(|prefill| prefill < user) {
        let message = format!("the parts come in order: system, `{USER}`, `{PREFILL}`");
        mistakes.push(Mistake::new(first + user + 1, message));
        return None;
    }
    let system = part(0, user);
    if let Some(at) = lines[..user].iter().position(|line| line.contains("{{") || line.contains("{%")) {
        let message = "the system part has no variables, so that it is the same for every run";
        mistakes.push(Mistake::new(first + at + 1, message));
    }
    let text = part(user + 1, prefill.unwrap_or(lines.len()));
    let beginning = prefill.map(|prefill| part(prefill + 1, lines.len()) + "\n");
    is_template(&text, first + user + 1, mistakes);
    if let (Some(beginning), Some(at)) = (&beginning, prefill) {
        is_template(beginning, first + at + 1, mistakes);
    }
    Some(Body::Whole { system, user: text, prefill: beginning })
}
