//! The format of a prompt file: YAML front matter, then Markdown in parts. `prompts/README.md` tells how to write one.

use serde::Deserialize;
use thiserror::Error;

/// The lines that begin the user part and the prefill.
const USER: &str = "<!-- user -->";
const PREFILL: &str = "<!-- prefill -->";

/// The line around the front matter.
const RULE: &str = "---";

/// The largest prompt file, in bytes: what is longer is no instruction.
const MAX_BYTES: usize = 64 * 1024;

/// One prompt of the library.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prompt {
    pub name: String,
    pub title: String,
    pub description: String,
    /// LSP's code action kind; empty for what is no code action.
    pub kind: String,
    pub replace: Replace,
    pub max_tokens: u32,
    /// The system part, sent as it is.
    pub system: String,
    /// The user part, a template.
    pub user: String,
    /// The beginning of the answer, a template.
    pub prefill: Option<String>,
}

/// What a prompt's answer takes the place of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Replace {
    Body,
    Selection,
    Docstring,
    /// The statement that a diagnostic is about.
    Node,
    /// Nothing: the answer is inserted.
    Nothing,
}

/// What is wrong with a prompt file, and on which line (from 1).
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{name}.prompt.md:{line}: {message}")]
pub struct FileError {
    pub name: String,
    pub line: usize,
    pub message: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Front {
    name: String,
    title: String,
    description: String,
    #[serde(default)]
    kind: String,
    replace: Replace,
    max_tokens: u32,
}

/// Reads the prompt file `NAME.prompt.md`, whose text is `text`.
///
/// # Errors
/// When the front matter is missing, malformed, has an unknown key or another name than the file; when a part is missing
/// or a template does not parse. The error has the line.
pub fn parse(name: &str, text: &str) -> Result<Prompt, FileError> {
    let fail = |line, message: String| FileError { name: name.to_owned(), line, message };
    if text.len() > MAX_BYTES {
        return Err(fail(1, format!("the file has {} bytes; at most {MAX_BYTES} are read", text.len())));
    }
    let text = text.replace("\r\n", "\n");
    let lines: Vec<&str> = text.lines().collect();
    let closing = lines.iter().skip(1).position(|line| *line == RULE).map(|at| at + 1);
    let (Some(&RULE), Some(closing)) = (lines.first(), closing) else {
        return Err(fail(1, format!("the file must begin with front matter between two lines `{RULE}`")));
    };
    let front: Front = serde_saphyr::from_str(&lines[1..closing].join("\n")).map_err(|error| {
        let line = error.location().map_or(1, |location| usize::try_from(location.line()).unwrap_or(1));
        let message = error.to_string();
        fail(line + 1, message.lines().next().unwrap_or("malformed YAML").to_owned())
    })?;
    if front.name != name {
        return Err(fail(2, format!("`name: {}` must be the file's name, `{name}`", front.name)));
    }
    let find = |marker: &str| lines.iter().position(|line| *line == marker);
    let user =
        find(USER).ok_or_else(|| fail(closing + 1, format!("no line `{USER}` begins the user part")))?;
    let prefill = find(PREFILL);
    if user < closing || prefill.is_some_and(|prefill| prefill < user) {
        return Err(fail(user + 1, format!("the parts must come in order: system, `{USER}`, `{PREFILL}`")));
    }
    let part = |from: usize, to: usize| lines[from..to].join("\n").trim_matches('\n').to_owned();
    let system = part(closing + 1, user);
    if let Some(at) = system.lines().position(|line| line.contains("{{") || line.contains("{%")) {
        let message = "the system part has no variables, so that it is the same for every run";
        return Err(fail(closing + 2 + at, message.to_owned()));
    }
    let prompt = Prompt {
        name: front.name,
        title: front.title,
        description: front.description,
        kind: front.kind,
        replace: front.replace,
        max_tokens: front.max_tokens,
        system,
        user: part(user + 1, prefill.unwrap_or(lines.len())),
        prefill: prefill.map(|prefill| part(prefill + 1, lines.len()) + "\n"),
    };
    let templates = [(Some(&prompt.user), user), (prompt.prefill.as_ref(), prefill.unwrap_or(user))];
    for (template, at) in templates.into_iter().filter_map(|(text, at)| Some((text?, at))) {
        if let Err(error) = super::environment().template_from_str(template) {
            return Err(fail(at + 1 + error.line().unwrap_or(1), format!("{error}")));
        }
    }
    Ok(prompt)
}
