//! The catalogue of code actions: what is offered where, and what a chosen one may replace and asks for. An action is a prompt that says
//! what it replaces and when it is offered; here is one file for each thing that can be replaced.
//!
//! Listing is pure and takes well under a millisecond: no model, no disk. A plan is made again from `{action, range}` when
//! an action is run, never carried through the client. Nothing here asks a model or edits a text.
//!
//! To add an action, write its prompt (`prompts/README.md`).

mod docstring;
mod fix;
mod generate;
mod implement;
pub mod inline;
pub mod inspect;
mod node;
mod plan;
pub mod prepare;
mod proposal;
pub mod redraft;
pub mod references;
mod rewrite;
mod select;
mod spot;
pub mod test;
#[cfg(test)]
mod tests;
mod tests_of;
mod wish;

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use thiserror::Error;

use self::spot::Spot;
use crate::draft::{form::Form, imports::Existing};
use crate::prompt::{self, Condition, Inputs, Library, Prompt, Replace, Title};
pub use crate::syntax::Source;
use crate::text::hidden::{is_hidden, made_visible};
use crate::text::nearest::did_you_mean;
use crate::workspace::Index;

/// The most diagnostics of one request that are offered a fix: more would bury the menu.
const FIXES: usize = 20;

/// The longest title, in characters.
const LINE: usize = 160;

/// What a client asks when it wants the actions for a place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// Bytes; empty at a cursor.
    pub range: Range<usize>,
    pub diagnostics: Vec<Diagnostic>,
    /// LSP's kinds, as prefixes of dotted names; empty: all.
    pub only: Vec<String>,
    /// The client asks on its own (the light bulb), not its user.
    pub automatic: bool,
    /// Also what its user has to be asked for first, for clients that can ask.
    pub asks: bool,
}

/// What a checker said of a range.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diagnostic {
    pub range: Range<usize>,
    pub message: String,
    pub code: Option<String>,
    pub source: Option<String>,
}

/// One action that can be run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// The prompt's name.
    pub action: String,
    pub title: String,
    pub kind: String,
    /// The range to run it with.
    pub range: Range<usize>,
    /// The index of the diagnostic that it fixes.
    pub diagnostic: Option<usize>,
}

/// What a run of an action will do: the only bytes it may change, and what it asks.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    pub title: String,
    /// The bytes that the draft takes the place of.
    pub region: Range<usize>,
    /// The answer is told in words; the region is what it is about, and nothing is changed.
    pub tells: bool,
    /// What of it was wrong and is to be right.
    pub mends: Option<Range<usize>>,
    /// The file's import block, which may be added to; `None` where it touches the region.
    pub imports: Option<Range<usize>>,
    /// What an addition to the import block has to know of the file.
    pub existing: Existing,
    pub form: Form,
    /// What is asked, and the prompt that says the rest where that is but an instruction.
    pub prompt: Arc<Prompt>,
    pub base: Arc<Prompt>,
    pub inputs: Inputs,
    /// What the prompt itself shows of the file; the context is gathered around it and never repeats it.
    pub focus: Range<usize>,
}

/// Why an action cannot be run here: what, where, and what to do. `line` counts from 1.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum PlanError {
    #[error("there is no action `{name}`; the actions are {known}")]
    Unknown { name: String, known: String },
    #[error("the action `{action}` asks for `{input}` ({prompt}), and nothing was given")]
    NoInput { action: String, input: String, prompt: String },
    #[error("the action `{action}` asks for no `{input}`.{hint} It asks for: {known}")]
    UnknownInput { action: String, input: String, hint: String, known: String },
    #[error("{0}")]
    Unrendered(String),
    #[error(
        "the prompt `{0}` writes tests (`replace: new-file`), so it is an instruction, without parts (`<!-- user -->`)"
    )]
    NoInstructionOfTests(String),
    #[error(
        "line {line}: nothing that this action is about is here; put the cursor on a function, or on what `when.nodes` of its prompt names"
    )]
    NoNode { line: usize },
    #[error("the prompt `{0}` is no action: it does not say what it takes the place of (`replace`)")]
    NoAction(String),
    #[error(
        "line {line}: no function without a body here; put the cursor on one whose body is missing, `pass`, `...` or `raise NotImplementedError`"
    )]
    NoStub { line: usize },
    #[error("line {line}: no function or class here to document; put the cursor on one")]
    NoDefinition { line: usize },
    #[error(
        "line {line}: the body of `{name}` stands on the line of its header, where no docstring fits; put it on a line of its own"
    )]
    OneLine { line: usize, name: String },
    #[error("line {line}: nothing is selected; select the code to rewrite")]
    NothingSelected { line: usize },
    #[error(
        "line {line}: no instruction; write a comment `{comment} redraft: what to do` above the selection or as its first line"
    )]
    NoInstruction { line: usize, comment: &'static str },
    #[error("line {line}: no instruction was given; say what to write")]
    EmptyInstruction { line: usize },
    #[error("the action `fix` needs the diagnostic that it fixes")]
    NoDiagnostic,
    #[error(
        "line {line}: no written function here to test; put the cursor on one that is not in a file of tests"
    )]
    NothingToTest { line: usize },
    #[error("line {line}: tests go into a file of their own; an editor runs this action")]
    Elsewhere { line: usize },
    #[error("line {line}: no code here to tell of; select some, or put the cursor into a function")]
    NothingToTell { line: usize },
    #[error("line {line}: no statement here to fix")]
    NoStatement { line: usize },
    #[error(
        "line {line}: this is inside a string, where no code can stand; put the cursor on a line of code"
    )]
    InString { line: usize },
    #[error("line {line}: {size} bytes are too many to work on at once; at most {limit} can be")]
    TooLarge { line: usize, size: usize, limit: usize },
    #[error(
        "{path} could not be parsed in time or is too large; Redraft needs its structure to know what this action may change"
    )]
    NoTree { path: String },
}

/// What a plan is made from.
struct Ask<'a> {
    source: &'a Source<'a>,
    library: &'a Library,
    prompt: &'a Arc<Prompt>,
    range: Range<usize>,
    diagnostic: Option<&'a Diagnostic>,
    instruction: Option<&'a str>,
    input: BTreeMap<String, String>,
}

/// What somebody wants to be done at a place.
#[derive(Clone, Copy, Debug)]
pub struct Order<'a> {
    pub action: &'a str,
    pub range: &'a Range<usize>,
    pub diagnostic: Option<&'a Diagnostic>,
    pub instruction: Option<&'a str>,
    /// What its user was asked, by name.
    pub input: &'a BTreeMap<String, String>,
}

/// The kinds of the actions that are listed, for the server's capabilities.
#[must_use]
pub fn kinds() -> Vec<String> {
    let library = Library::built_in();
    let listed = library.iter().filter(|prompt| prompt.replace.is_some() && !prompt.kind.is_empty());
    listed.map(|prompt| prompt.kind.clone()).collect()
}

/// What can be done at the query's range, in the order to show it. `index` is the project's.
#[must_use]
pub fn list(source: &Source<'_>, query: &Query, library: &Library, index: &Index) -> Vec<Offer> {
    let spot = Spot::new(source, &query.range, Some(index));
    // What has to be asked first is begun by a command that says it.
    let is_answered =
        |prompt: &Prompt| query.asks || prompt.inputs.iter().all(|input| input.default.is_some());
    let listed = library.iter().filter(|prompt| wanted(&prompt.kind, &query.only) && is_answered(prompt));
    listed.flat_map(|prompt| offers(source, query, prompt, &spot)).collect()
}

/// What `prompt` offers at a place.
fn offers(source: &Source<'_>, query: &Query, prompt: &Prompt, spot: &Spot<'_>) -> Vec<Offer> {
    // What may be changed is known by the tree alone.
    if source.tree.is_none() {
        return Vec::new();
    }
    let Some(found) = spot.find(prompt).filter(|found| spot.fits(prompt, found, query)) else {
        return Vec::new();
    };
    let offer = |title: Title, range: &Range<usize>, diagnostic| {
        let (action, kind) = (prompt.name.clone(), prompt.kind.clone());
        Offer { action, title: titled(prompt, &title), kind, range: range.clone(), diagnostic }
    };
    if !prompt.when.conditions.contains(&Condition::Diagnostic) {
        return vec![offer(found.title, &query.range, None)];
    }
    let diagnostics = query.diagnostics.iter().enumerate().take(FIXES);
    let fitting = diagnostics.filter(|(_, diagnostic)| {
        fix::touches(source, &diagnostic.range, &query.range) && fix::is_one(source, diagnostic)
    });
    let titled = fitting.map(|(index, diagnostic)| {
        let title = Title { diagnostic: fix::shown(diagnostic), ..found.title.clone() };
        offer(title, &diagnostic.range, Some(index))
    });
    titled.collect()
}

/// What running an action means.
///
/// # Errors
/// When the action is unknown or does not fit the place; the message is for the user.
pub fn plan(source: &Source<'_>, library: &Library, order: &Order<'_>) -> Result<Plan, PlanError> {
    let Order { action, diagnostic, .. } = *order;
    let prompt = library.get(action).ok_or_else(|| {
        let actions = library.iter().filter(|prompt| prompt.replace.is_some());
        let known: Vec<&str> = actions.map(|prompt| prompt.name.as_str()).collect();
        PlanError::Unknown { name: action.to_owned(), known: known.join(", ") }
    })?;
    let range = crate::syntax::lines::clamp_range(source.text, order.range);
    let instruction = order.instruction.map(str::trim).filter(|instruction| !instruction.is_empty());
    let input = given(prompt, order.input)?;
    let ask = Ask { source, library, prompt, range, diagnostic, instruction, input };
    match prompt.replace.ok_or_else(|| PlanError::NoAction(prompt.name.clone()))? {
        Replace::Body => implement::plan(&ask),
        Replace::Selection => rewrite::plan(&ask),
        Replace::Docstring => docstring::plan(&ask),
        Replace::Node if prompt.when.conditions.contains(&Condition::Diagnostic) => fix::plan(&ask),
        Replace::Node => node::plan(&ask),
        Replace::After => generate::insert(&ask),
        Replace::Here => generate::plan(&ask),
        Replace::Proposal => proposal::plan(&ask),
        Replace::NewFile => Err(PlanError::Elsewhere { line: ask.line() }),
    }
}

/// What a prompt asks its user, answered.
fn given(prompt: &Prompt, told: &BTreeMap<String, String>) -> Result<BTreeMap<String, String>, PlanError> {
    if let Some(unknown) = told.keys().find(|name| !prompt.inputs.iter().any(|input| input.name == **name)) {
        let known: Vec<&str> = prompt.inputs.iter().map(|input| input.name.as_str()).collect();
        return Err(PlanError::UnknownInput {
            action: prompt.name.clone(),
            input: unknown.clone(),
            hint: did_you_mean(unknown, known.iter().copied()),
            known: known.join(", "),
        });
    }
    let answer = |input: &prompt::format::Input| {
        let value = told.get(&input.name).filter(|value| !value.trim().is_empty()).or(input.default.as_ref());
        let missing = || PlanError::NoInput {
            action: prompt.name.clone(),
            input: input.name.clone(),
            prompt: input.prompt.clone(),
        };
        Ok((input.name.clone(), value.ok_or_else(missing)?.clone()))
    };
    prompt.inputs.iter().map(answer).collect()
}

/// What an action is called; by its name where its own template says nothing.
fn titled(prompt: &Prompt, title: &Title) -> String {
    let rendered = prompt::title(prompt, title).ok().map(|title| short(&title, LINE));
    rendered.filter(|title| !title.is_empty()).unwrap_or_else(|| prompt.name.clone())
}

/// Whether `kind` is one of `only` or below one of them (LSP's kinds are dotted paths; the empty kind is above all). Those of `source`,
/// which are about a whole file, are shown to who asks for them.
fn wanted(kind: &str, only: &[String]) -> bool {
    let is_of_files = kind.starts_with("source.");
    let below = |wanted: &String| {
        (wanted.is_empty() && !is_of_files)
            || kind.strip_prefix(wanted.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    !kind.is_empty() && (only.is_empty() && !is_of_files || only.iter().any(below))
}

/// `text`'s first line, cut to `limit` characters.
fn short(text: &str, limit: usize) -> String {
    let line = text.trim().lines().next().unwrap_or_default().trim_end();
    let line = line.replace(|ch: char| ch.is_control() && !is_hidden(ch), " ");
    let mut cut = made_visible(&line, limit);
    if line.chars().nth(limit).is_some() {
        cut.truncate(cut.trim_end().len());
        cut.push('…');
    }
    cut
}
