//! The library of prompts: files of `prompts/`, compiled in, checked by a test, rendered for one run.
//!
//! A prompt has a system part without variables (so that providers' caches hit), a user part, and for engines that can go
//! on from it the beginning of the answer. Nothing here decides what code a prompt shows: that is the action's and the
//! context's. What is rendered still has to pass `secret::redact`.

mod file;
pub mod secret;

use std::sync::LazyLock;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Serde, Value};
use minijinja::{Environment, UndefinedBehavior};
use serde::Serialize;
use thiserror::Error;

pub use file::{FileError, Prompt, Replace, parse};

use crate::context::Context;

/// The prompts' names and texts; a file is one row.
const FILES: [(&str, &str); 6] = [
    ("docstring", include_str!("../../prompts/docstring.prompt.md")),
    ("fix", include_str!("../../prompts/fix.prompt.md")),
    ("generate", include_str!("../../prompts/generate.prompt.md")),
    ("implement", include_str!("../../prompts/implement.prompt.md")),
    ("redraft", include_str!("../../prompts/redraft.prompt.md")),
    ("rewrite", include_str!("../../prompts/rewrite.prompt.md")),
];

/// The least number of backticks of a fence.
const FENCE: usize = 3;

static LIBRARY: LazyLock<Vec<Prompt>> = LazyLock::new(|| {
    let parse = |(name, text): (&str, &str)| parse(name, text).expect("a test parses every prompt file");
    FILES.into_iter().map(parse).collect()
});

/// What prompts may speak of. Code is without its place's indentation, with LF line ends.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Inputs {
    /// The language's name in prose.
    pub language: String,
    /// The info string of its code blocks.
    pub fence: String,
    /// What a comment begins with.
    pub comment: String,
    /// The file's path as the user knows it.
    pub path: String,
    /// The definition that it is about, with those around it: `Config.load`.
    pub name: Option<String>,
    /// The definition is a method of a class.
    pub method: bool,
    /// What the user wants.
    pub instruction: Option<String>,
    /// The function from its decorators to where its body is to be written: header, docstring, comments.
    pub opening: Option<String>,
    /// The whole definition.
    pub function: Option<String>,
    /// The code that is to be replaced.
    pub selection: Option<String>,
    /// What a checker said.
    pub diagnostic: Option<String>,
    /// The lines right above and below the region, as they stand in the file.
    pub before: String,
    pub after: String,
    /// What is wrong with the last draft, why it cannot stand, and what was wrong with other ones.
    pub findings: Vec<Fault>,
    pub rejected: Option<String>,
    pub tried: Vec<String>,
    /// The last draft is not shown: another one is wanted.
    pub afresh: bool,
}

/// What a checker found, and the line of code that it is about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Fault {
    pub line: String,
    pub message: String,
}

/// A question, ready to be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    pub system: String,
    pub user: String,
    /// The beginning of the answer.
    pub prefill: Option<String>,
    /// The most that may be answered, in tokens.
    pub max_tokens: u32,
}

/// Why a prompt could not be rendered. For the built-in ones, a fault of ours.
#[derive(Debug, Error)]
pub enum RenderError {
    #[error("there is no prompt `{0}`")]
    Unknown(String),
    #[error("prompt `{name}` cannot be rendered: {error:#}")]
    Template { name: String, error: minijinja::Error },
}

/// Everything a template sees.
#[derive(Serialize)]
struct Variables<'a> {
    #[serde(flatten)]
    inputs: &'a Inputs,
    /// The code that was gathered, as one text; empty when there is none.
    context: String,
    /// A fence that no code in the prompt closes.
    ticks: String,
}

/// Every prompt, by name.
#[must_use]
pub fn library() -> &'static [Prompt] {
    &LIBRARY
}

/// The prompt called `name`.
#[must_use]
pub fn get(name: &str) -> Option<&'static Prompt> {
    LIBRARY.iter().find(|prompt| prompt.name == name)
}

/// Renders the built-in prompt `name`.
///
/// # Errors
/// When there is none of that name, or its template fails.
pub fn render(name: &str, inputs: &Inputs, context: &Context) -> Result<Rendered, RenderError> {
    let prompt = get(name).ok_or_else(|| RenderError::Unknown(name.to_owned()))?;
    render_with(prompt, inputs, context)
}

/// Renders `prompt`.
///
/// # Errors
/// When its template fails: an undefined variable, a wrong type.
pub fn render_with(prompt: &Prompt, inputs: &Inputs, context: &Context) -> Result<Rendered, RenderError> {
    let context = context.render(&inputs.comment);
    let ticks = "`".repeat(longest_ticks(inputs, &context).max(FENCE - 1) + 1);
    let variables = Value::from(Serde(Variables { inputs, context, ticks }));
    let fail = |error| RenderError::Template { name: prompt.name.clone(), error };
    let environment = environment();
    let part = |text: &str| environment.render_named_str(&prompt.name, text, variables.clone()).map_err(fail);
    let prefill = prompt.prefill.as_deref().map(part).transpose()?;
    Ok(Rendered {
        system: prompt.system.clone(),
        user: part(&prompt.user)?.trim_end().to_owned(),
        prefill: prefill.filter(|prefill| !prefill.trim().is_empty()),
        max_tokens: prompt.max_tokens,
    })
}

fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    let mut syntax = SyntaxConfig::builder();
    syntax.trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true);
    environment.set_syntax(syntax.build().expect("the default delimiters are valid"));
    environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    environment
}

/// How many backticks a fence has that nothing in `code` closes.
#[must_use]
pub fn ticks(code: &str) -> usize {
    code.lines().map(ticks_of).max().unwrap_or(0).max(FENCE - 1) + 1
}

fn ticks_of(line: &str) -> usize {
    line.trim_start().bytes().take_while(|&byte| byte == b'`').count()
}

/// The longest run of backticks that begins a line of the code shown.
fn longest_ticks(inputs: &Inputs, context: &str) -> usize {
    let code =
        [&inputs.opening, &inputs.function, &inputs.selection, &inputs.diagnostic, &inputs.instruction];
    let code = code.into_iter().flatten().map(String::as_str).chain([
        inputs.before.as_str(),
        inputs.after.as_str(),
        context,
    ]);
    let told = inputs.findings.iter().flat_map(|fault| [fault.line.as_str(), fault.message.as_str()]);
    let told = told.chain(inputs.rejected.as_deref()).chain(inputs.tried.iter().map(String::as_str));
    code.chain(told).flat_map(str::lines).map(ticks_of).max().unwrap_or(0)
}

#[cfg(test)]
mod tests;
