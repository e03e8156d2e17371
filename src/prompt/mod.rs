//! Prompts: files of `prompts/`, compiled in, and those of users and workspaces; rendered for one run.
//!
//! A prompt has a system part without variables (so that providers' caches hit), a user part, and for engines that can go
//! on from it the beginning of the answer. Nothing here decides what code a prompt shows: that is the action's and the
//! context's. What is rendered still has to pass `secret::redact`.

pub mod format;
pub mod library;
pub mod rules;
pub mod secret;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Serde, Value};
use minijinja::{Environment, UndefinedBehavior};
use serde::Serialize;
use thiserror::Error;

pub use format::{Body, Condition, FileError, NodeKind, Prompt, Replace};
pub use library::{Library, Shelves};

use crate::context::Context;

/// What templates can include, by name.
const PARTS: [(&str, &str); 1] = [("production", include_str!("../../prompts/parts/production.md"))];

/// How much a template may do, and the most that may come of it, in bytes: one of a workspace's must not hold everybody up.
const FUEL: u64 = 200_000;
const LARGEST: usize = 1024 * 1024;

/// The variables of templates, and those of titles.
const VARIABLES: [&str; 28] = [
    "input",
    "stage",
    "language",
    "fence",
    "ticks",
    "path",
    "context",
    "comment",
    "name",
    "method",
    "documented",
    "style",
    "instruction",
    "opening",
    "function",
    "selection",
    "marked",
    "before",
    "after",
    "diagnostic",
    "findings",
    "rejected",
    "tried",
    "afresh",
    "module",
    "ask",
    "tests",
    "rules",
];
const TITLE: [&str; 4] = ["name", "instruction", "diagnostic", "documented"];

/// The least number of backticks of a fence.
const FENCE: usize = 3;

static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(environment_of_parts);

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
    /// What its user has selected of it, where more than that is replaced.
    pub marked: Option<String>,
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
    /// The definition has a docstring.
    pub documented: bool,
    /// How the file's docstrings are written, in prose.
    pub style: Option<String>,
    /// How the module is imported.
    pub module: Option<String>,
    /// What is asked for where tests are, in prose.
    pub ask: Option<String>,
    /// Tests that name the definition.
    pub tests: Option<String>,
    /// What the workspace asks of all code in it.
    pub rules: Option<String>,
    /// What its user was asked.
    pub input: BTreeMap<String, String>,
    /// How mature the code is to be: `development`, `staging`, `production`.
    pub stage: String,
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
    #[error("the prompt `{name}` ({place}) cannot be rendered: {error:#}")]
    Template { name: String, place: String, error: minijinja::Error },
    #[error(
        "the prompt `{name}` says only what to do, and `{form}`, which would say the rest, does so, too; give `{form}` a part `<!-- user -->`"
    )]
    NoForm { name: String, form: String },
}

impl RenderError {
    fn of(prompt: &Prompt, error: minijinja::Error) -> Self {
        let place = prompt.path.as_ref().map_or("built in".to_owned(), |path| path.display().to_string());
        Self::Template { name: prompt.name.clone(), place, error }
    }
}

/// Everything a template sees.
#[derive(Serialize)]
struct Variables<'a> {
    #[serde(flatten)]
    inputs: &'a Inputs,
    /// The code that was gathered, as one text; empty when there is none.
    context: &'a str,
    /// A fence that no code in the prompt closes.
    ticks: String,
}

/// What a title speaks of, each in a few words.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Title {
    /// The definition, without those around it.
    pub name: String,
    pub instruction: String,
    pub diagnostic: String,
    pub documented: bool,
}

/// What an action that `prompt` is of is called in menus.
///
/// # Errors
/// When the template fails.
pub fn title(prompt: &Prompt, title: &Title) -> Result<String, RenderError> {
    rendered(prompt, &prompt.title, Value::from(Serde(title)))
}

/// What a prompt that is but an instruction says, with what its user adds; nothing of one that says all itself.
///
/// # Errors
/// When the template fails.
pub fn instruction(prompt: &Prompt, inputs: &Inputs, context: &str) -> Result<Option<String>, RenderError> {
    let Body::Instruction(template) = &prompt.body else { return Ok(None) };
    let ticks = ticks_for(inputs, context);
    let own = part(prompt, template, &Variables { inputs, context, ticks })?;
    let own = own.trim();
    Ok(Some(match &inputs.instruction {
        Some(more) if !variables_of(template).contains("instruction") => format!("{own}\n{more}"),
        _ => own.to_owned(),
    }))
}

/// Renders `prompt`; `form` is the one that says the rest of it where it is but an instruction.
///
/// # Errors
/// When its template fails: an undefined variable, a wrong type.
pub fn render(
    prompt: &Prompt,
    form: &Prompt,
    inputs: &Inputs,
    context: &Context,
) -> Result<Rendered, RenderError> {
    let context = context.render(&inputs.comment);
    let ticks = ticks_for(inputs, &context);
    let Some(instruction) = instruction(prompt, inputs, &context)? else {
        return whole(prompt, prompt, inputs, (&context, ticks));
    };
    // The fences that the instruction has are our own: nothing has to outdo them.
    whole(form, prompt, &Inputs { instruction: Some(instruction), ..inputs.clone() }, (&context, ticks))
}

/// Renders all of `form`, for `prompt`.
fn whole(
    form: &Prompt,
    prompt: &Prompt,
    inputs: &Inputs,
    (context, ticks): (&str, String),
) -> Result<Rendered, RenderError> {
    let Body::Whole { system, user, prefill } = &form.body else {
        return Err(RenderError::NoForm { name: prompt.name.clone(), form: form.name.clone() });
    };
    let variables = Variables { inputs, context, ticks };
    let prefill = prefill.as_deref().map(|prefill| part(form, prefill, &variables)).transpose()?;
    Ok(Rendered {
        system: system.clone(),
        user: part(form, user, &variables)?.trim_end().to_owned(),
        prefill: prefill.filter(|prefill| !prefill.trim().is_empty()),
        max_tokens: prompt.max_tokens,
    })
}

fn part(prompt: &Prompt, text: &str, variables: &Variables<'_>) -> Result<String, RenderError> {
    rendered(prompt, text, Value::from(Serde(variables)))
}

fn rendered(prompt: &Prompt, text: &str, variables: Value) -> Result<String, RenderError> {
    let mut out = Bounded(Vec::new());
    let template = ENVIRONMENT.template_from_named_str(&prompt.name, text);
    let written = template.and_then(|template| template.render_captured_to(variables, &mut out).map(|_| ()));
    // The only writer is ours, and it fails for one reason.
    let told = |error: minijinja::Error| match error.kind() {
        minijinja::ErrorKind::WriteFailure => too_much(),
        _ => error,
    };
    written.map_err(|error| RenderError::of(prompt, told(error)))?;
    Ok(String::from_utf8_lossy(&out.0).into_owned())
}

/// What a template writes, as far as that is bounded.
struct Bounded(Vec<u8>);

impl std::io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.0.len() + bytes.len() > LARGEST {
            return Err(std::io::Error::other("more than 1 MiB comes of it"));
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn too_much() -> minijinja::Error {
    minijinja::Error::new(minijinja::ErrorKind::InvalidOperation, "more than 1 MiB comes of it")
}

/// `replace` as it is elsewhere, but for what is too large.
fn bounded_replace(text: &str, from: &str, to: &str) -> Result<String, minijinja::Error> {
    let grown = text.matches(from).count().saturating_mul(to.len());
    if text.len().saturating_add(grown) > LARGEST {
        return Err(too_much());
    }
    Ok(text.replace(from, to))
}

/// `join`, likewise.
fn bounded_join(values: minijinja::Value, between: Option<&str>) -> Result<String, minijinja::Error> {
    let mut out = String::new();
    for (index, value) in values.try_iter()?.enumerate() {
        let (between, text) = (between.filter(|_| index > 0).unwrap_or_default(), value.to_string());
        if out.len() + between.len() + text.len() > LARGEST {
            return Err(too_much());
        }
        out.push_str(between);
        out.push_str(&text);
    }
    Ok(out)
}

/// The variables that a template speaks of, `input.NAME` as that; none where it does not parse.
fn variables_of(text: &str) -> std::collections::HashSet<String> {
    let template = ENVIRONMENT.template_from_str(text);
    let mut variables = template.map(|template| template.undeclared_variables(true)).unwrap_or_default();
    // `range` and its like are every template's.
    for (name, _) in ENVIRONMENT.globals() {
        variables.remove(name);
    }
    variables
}

fn environment_of_parts() -> Environment<'static> {
    let mut environment = environment();
    for (name, text) in PARTS {
        environment.add_template(name, text).expect("a test renders every part");
    }
    environment
}

fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    let mut syntax = SyntaxConfig::builder();
    syntax.trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true);
    environment.set_syntax(syntax.build().expect("the default delimiters are valid"));
    environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    environment.set_fuel(Some(FUEL));
    environment.add_filter("replace", bounded_replace);
    environment.add_filter("join", bounded_join);
    // They make any amount of text, or of values, by a number.
    for filter in ["format", "indent", "batch", "slice"] {
        environment.remove_filter(filter);
    }
    environment
}

/// How many backticks a fence has that nothing in `code` closes.
#[must_use]
pub fn ticks(code: &str) -> usize {
    code.lines().map(ticks_of).max().unwrap_or(0).max(FENCE - 1) + 1
}

fn ticks_for(inputs: &Inputs, context: &str) -> String {
    "`".repeat(longest_ticks(inputs, context).max(FENCE - 1) + 1)
}

fn ticks_of(line: &str) -> usize {
    line.trim_start().bytes().take_while(|&byte| byte == b'`').count()
}

/// The longest run of backticks that begins a line of the code shown.
fn longest_ticks(inputs: &Inputs, context: &str) -> usize {
    let code = [
        &inputs.opening,
        &inputs.function,
        &inputs.selection,
        &inputs.diagnostic,
        &inputs.instruction,
        &inputs.tests,
        &inputs.marked,
    ];
    let code = code.into_iter().flatten().map(String::as_str).chain([
        inputs.before.as_str(),
        inputs.after.as_str(),
        context,
    ]);
    let code = code.chain(inputs.input.values().map(String::as_str));
    let told = inputs.findings.iter().flat_map(|fault| [fault.line.as_str(), fault.message.as_str()]);
    let told = told.chain(inputs.rejected.as_deref()).chain(inputs.tried.iter().map(String::as_str));
    code.chain(told).flat_map(str::lines).map(ticks_of).max().unwrap_or(0)
}

#[cfg(test)]
mod tests;
