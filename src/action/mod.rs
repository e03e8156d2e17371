//! The catalogue of code actions: what is offered where, and what a chosen one may replace and asks for. One file each.
//!
//! Listing is pure and takes well under a millisecond: no model, no disk. A plan is made again from `{action, range}` when
//! an action is run, never carried through the client. Nothing here asks a model or edits a text.
//!
//! To add an action: write its file (`offer` and `plan`), add its row to `ACTIONS`, and its prompt under `prompts/`.

mod docstring;
mod fix;
mod generate;
mod implement;
pub mod inspect;
mod plan;
pub mod prepare;
pub mod redraft;
mod rewrite;
mod select;
pub mod test;
#[cfg(test)]
mod tests;

use std::ops::Range;

use thiserror::Error;

use crate::draft::{form::Form, imports::Existing};
use crate::model::choose::Task;
use crate::prompt::Inputs;
pub use crate::syntax::Source;
use crate::text::hidden::{is_hidden, made_visible};

/// The most diagnostics of one request that are offered a fix: more would bury the menu.
const FIXES: usize = 20;

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
}

/// What a checker said of a range.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diagnostic {
    pub range: Range<usize>,
    pub message: String,
    pub code: Option<String>,
    pub source: Option<String>,
}

/// What an action is to those who choose models and count what was asked.
#[must_use]
pub fn task_of(action: &str) -> Task {
    match action {
        "docstring" => Task::Document,
        "fix" => Task::Fix,
        "rewrite" => Task::Refactor,
        test::ID => Task::Test,
        _ => Task::Implement,
    }
}

/// One action that can be run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    pub action: &'static str,
    pub title: String,
    pub kind: &'static str,
    /// The range to run it with.
    pub range: Range<usize>,
    /// The index of the diagnostic that it fixes.
    pub diagnostic: Option<usize>,
}

/// What a run of an action will do: the only bytes it may change, and what it asks.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    pub action: &'static str,
    pub title: String,
    /// The bytes that the draft takes the place of.
    pub region: Range<usize>,
    /// What of it was wrong and is to be right.
    pub mends: Option<Range<usize>>,
    /// The file's import block, which may be added to; `None` where it touches the region.
    pub imports: Option<Range<usize>>,
    /// What an addition to the import block has to know of the file.
    pub existing: Existing,
    pub form: Form,
    /// The prompt's name, and what it is rendered with.
    pub prompt: &'static str,
    pub inputs: Inputs,
    /// What the prompt itself shows of the file; the context is gathered around it and never repeats it.
    pub focus: Range<usize>,
}

/// Why an action cannot be run here: what, where, and what to do. `line` counts from 1.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum PlanError {
    #[error(
        "there is no action `{0}`; the actions are implement, rewrite, docstring, fix, test and generate"
    )]
    Unknown(String),
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

/// One row of the catalogue.
struct Action {
    id: &'static str,
    kind: &'static str,
    offer: fn(&Source<'_>, &Query, &mut Vec<Offer>),
    plan: fn(&Ask<'_>) -> Result<Plan, PlanError>,
}

/// What a plan is made from.
struct Ask<'a> {
    source: &'a Source<'a>,
    range: Range<usize>,
    diagnostic: Option<&'a Diagnostic>,
    instruction: Option<&'a str>,
}

/// In the order in which they are shown.
const ACTIONS: [Action; 6] =
    [fix::ACTION, implement::ACTION, rewrite::ACTION, docstring::ACTION, test::ACTION, generate::ACTION];

/// The kinds of the actions that are listed, for the server's capabilities.
#[must_use]
pub fn kinds() -> Vec<&'static str> {
    ACTIONS.iter().map(|action| action.kind).filter(|kind| !kind.is_empty()).collect()
}

/// What can be done at the query's range, in the order to show it.
#[must_use]
pub fn list(source: &Source<'_>, query: &Query) -> Vec<Offer> {
    let mut offers = Vec::new();
    for action in &ACTIONS {
        if wanted(action.kind, &query.only) {
            (action.offer)(source, query, &mut offers);
        }
    }
    offers
}

/// What running `action` at `range` means.
///
/// # Errors
/// When the action is unknown or does not fit the place; the message is for the user.
pub fn plan(
    source: &Source<'_>,
    action: &str,
    range: Range<usize>,
    diagnostic: Option<&Diagnostic>,
    instruction: Option<&str>,
) -> Result<Plan, PlanError> {
    let known = ACTIONS.iter().find(|known| known.id == action);
    let known = known.ok_or_else(|| PlanError::Unknown(action.to_owned()))?;
    let range = crate::syntax::lines::clamp_range(source.text, &range);
    let instruction = instruction.map(str::trim).filter(|instruction| !instruction.is_empty());
    (known.plan)(&Ask { source, range, diagnostic, instruction })
}

/// Whether `kind` is one of `only` or below one of them (LSP's kinds are dotted paths; the empty kind is above all).
fn wanted(kind: &str, only: &[String]) -> bool {
    let below = |wanted: &String| {
        wanted.is_empty()
            || kind.strip_prefix(wanted.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    !kind.is_empty() && (only.is_empty() || only.iter().any(below))
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
