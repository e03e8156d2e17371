//! Prompts and models that are tried: a draft is made of a file, and nothing is written.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use super::place::{Place, Site};
use super::{WHOLE, file, run};
use crate::action::Diagnostic;
use crate::action::inspect::Checkers;
use crate::action::prepare::{Room, Sent};
use crate::cli::Failure;
use crate::cli::terminal::Progress;
use crate::config::CheckerSpec;
use crate::job::Task;
use crate::job::rounds::Limits;
use crate::model::registry::{Chosen, Registry};
use crate::model::route::Route;
use crate::prompt::Library;
use crate::text::edit::Edit;

/// A file with a draft in it.
#[derive(Clone, Debug)]
pub(in crate::cli) struct Drafted {
    /// Or what is told in place of one.
    pub text: String,
    pub rounds: u32,
    pub tokens: u32,
    /// What is still wrong with it.
    pub left: Vec<String>,
    /// It parses, if the file did before; and nothing is changed but its place and the imports.
    pub parses: bool,
    pub stays: bool,
}

/// A prompt that is tried at a place.
pub(in crate::cli) struct Trial<'a> {
    pub action: &'a str,
    /// Bytes; empty at a cursor.
    pub range: Range<usize>,
    pub instruction: Option<&'a str>,
    pub input: BTreeMap<String, String>,
    pub diagnostic: Option<Diagnostic>,
}

/// Tries a prompt, and writes nothing: the user part of its question, and where somebody is asked the draft or why there is none.
pub(in crate::cli) async fn tried(
    path: &Path,
    trial: Trial<'_>,
    library: Arc<Library>,
    (registry, chosen): (&Registry, &Chosen),
    is_asked: bool,
) -> Result<(Option<String>, Option<Result<Drafted, String>>), Failure> {
    let text = file::read(path)?;
    let Trial { action, range, instruction, input, diagnostic } = trial;
    let site = Site::new(path, &text, Some(Place::line(1)), None, false, (WHOLE, None))?;
    let site = site.placed(range, instruction, diagnostic).with(library, Some(action.to_owned()), input);
    let (task, sent) = match site.question(Room::of(chosen)) {
        Ok(question) => question,
        Err(error) => return Ok((None, Some(Err(error.to_string())))),
    };
    let question = sent.request.turns.first().map(|turn| turn.text.clone());
    if !is_asked {
        return Ok((question, None));
    }
    let rounds = sent.prompt.rounds.unwrap_or(Limits::default().rounds);
    let limits = Limits { rounds, time: WHOLE, ..Limits::default() };
    match drafted(&site, (task, sent), (registry, chosen), limits, None).await {
        Ok(drafted) => Ok((question, Some(Ok(drafted)))),
        Err(Failure::Failed(why)) => Ok((question, Some(Err(why)))),
        Err(other) => Err(other),
    }
}

async fn drafted(
    site: &Site<'_>,
    (task, sent): (Task, Sent),
    (registry, chosen): (&Registry, &Chosen),
    limits: Limits,
    checkers: Option<Checkers>,
) -> Result<Drafted, Failure> {
    let places: Vec<Range<usize>> =
        std::iter::once(task.place.region().clone()).chain(task.imports.clone()).collect();
    let first = (chosen.clone(), Route::default());
    let mut progress = Progress::silent();
    let outcome =
        run::run(site, (task, sent), registry, first, &mut progress, (false, limits), checkers).await?;
    let is_inside = |edit: &Edit| {
        places.iter().any(|place| place.start <= edit.range.start && edit.range.end <= place.end)
    };
    Ok(Drafted {
        text: outcome.told.clone().map_or_else(|| site.written(&outcome.edits), |told| told + "\n"),
        parses: site.parses_with(&outcome.edits),
        stays: outcome.edits.iter().all(is_inside),
        rounds: outcome.rounds,
        tokens: outcome.tokens.0,
        left: outcome.left,
    })
}

/// Drafts the function at `line` of a file, and writes nothing: for experiments.
pub(in crate::cli) async fn draft(
    path: &Path,
    line: u32,
    registry: &Registry,
    chosen: &Chosen,
    limits: Limits,
    (checkers, state): (Vec<CheckerSpec>, &Path),
) -> Result<Drafted, Failure> {
    let text = file::read(path)?;
    // Its indexes would take the place of its user's.
    let site = Site::new(path, &text, Some(Place::line(line)), None, false, (WHOLE, None))?;
    let question = site.question(Room::of(chosen)).map_err(|error| site.failure(&error))?;
    let checkers = site.trusted_checkers(&checkers, state);
    drafted(&site, question, (registry, chosen), limits, checkers).await
}
