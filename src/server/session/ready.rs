//! From what is wanted to a question for a model: who is asked, and what. Off the loop.

use std::path::PathBuf;
use std::sync::Arc;

use thiserror::Error;

use super::project::Around;
use crate::action::prepare::{
    PrepareError, Room, STAGE, Sent, Stock, Wish, is_offered, prepare, prepare_new,
};
use crate::action::references::Reference;
use crate::config::{Choices, Config, Refine, Stage};
use crate::job::Task;
use crate::job::rounds::Limits;
use crate::model::choose::Task as Errand;
use crate::model::registry::{Chosen, Registry};
use crate::model::route::{Route, Wanted};
use crate::model::{ErrorKind, ModelError};
use crate::prompt::format::Checks;
use crate::prompt::rules::{self, Rule};
use crate::prompt::{Library, Shelves};
use crate::workspace::Snapshot;

/// How often tests are redrafted where nobody says: what fails may be the test, or what is tested.
const ROUNDS_OF_TESTS: u32 = 5;

/// A run that can begin.
#[derive(Debug)]
pub(in crate::server) struct Ready {
    pub task: Task,
    pub sent: Sent,
    pub chosen: Chosen,
    pub route: Route,
    /// What was wanted, as the prompt has it.
    pub wanted: Wanted,
    pub making: Making,
    /// How far its drafts are redrafted.
    pub refine: Refine,
    /// The workspace's folder, where that is trusted.
    pub trusted: Option<PathBuf>,
}

/// Why none can.
#[derive(Debug, Error)]
pub(in crate::server) enum Unready {
    /// The request was not right.
    #[error(transparent)]
    Prepare(#[from] PrepareError),
    /// No model can be asked.
    #[error(transparent)]
    Model(#[from] ModelError),
}

/// What else decides about a run's model: the user's configuration, the workspace, the editor.
#[derive(Clone, Debug)]
pub(super) struct Rules {
    pub config: Arc<Config>,
    /// The editor's.
    pub choices: Choices,
    /// The workspace's folder.
    pub folder: Option<PathBuf>,
    /// Whether it is trusted, as the editor says.
    pub untrusted: Option<bool>,
    pub shelves: Arc<Shelves>,
}

/// What a question is made of besides its model.
#[derive(Clone, Debug)]
pub(in crate::server) struct Making {
    pub library: Arc<Library>,
    /// How mature the code is to be.
    pub stage: &'static str,
    /// What the workspace asks of all code in it.
    pub rules: Vec<Rule>,
    /// Code that is the example for a topic.
    pub references: Vec<Reference>,
}

impl Rules {
    /// The workspace's folder, where that is trusted. Looks at the disk.
    fn trusted(&self) -> Option<PathBuf> {
        let folder = self.folder.clone()?;
        let is_trusted = self.untrusted.map_or_else(|| self.config.trusts(&folder), |untrusted| !untrusted);
        is_trusted.then_some(folder)
    }

    /// The prompts that there are by them. Looks at the disk.
    pub fn library(&self) -> Arc<Library> {
        self.shelves.library(self.trusted().as_deref())
    }

    /// Which model they want of those that there are.
    ///
    /// # Errors
    /// When what the workspace or the editor chooses cannot be used.
    pub fn model(&self, registry: &Registry, wanted: &mut Wanted) -> Result<(), ModelError> {
        self.apply(registry, wanted).map(|_| ())
    }

    /// What a run wants by them.
    fn apply(
        &self,
        registry: &Registry,
        wanted: &mut Wanted,
    ) -> Result<(Refine, Vec<Reference>), ModelError> {
        let workspace = match &self.folder {
            Some(folder) => Choices::of(&self.config, folder, self.untrusted).map_err(|problems| {
                let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
                ModelError { kind: ErrorKind::Config, message: told.join("\n"), retry_after: None }
            })?,
            None => Choices::default(),
        };
        let choices = self.choices.clone().over(&workspace);
        choices.check(registry.catalogue())?;
        choices.apply(wanted);
        let named = choices.references.iter().chain(&self.config.references).cloned();
        let references = named.map(|(topic, files)| Reference { topic, files }).collect();
        Ok((choices.refine.over(self.config.refine), references))
    }
}

/// Chooses a model, and makes the question for it.
pub(super) fn ready(
    registry: &Registry,
    rules: &Rules,
    wanted: &Wanted,
    snapshot: &Snapshot,
    wish: &Wish,
    around: &Around,
) -> Result<Ready, Unready> {
    let (mut wanted, library) = (wanted.clone(), rules.library());
    let prompt = library.get(&wish.action);
    if let Some(prompt) = prompt.filter(|_| wanted.task != Some(Errand::Test)) {
        wanted.task = Some(prompt.task);
    }
    let (mut refine, references) = rules.apply(registry, &mut wanted)?;
    let is_known = |name: &String| registry.catalogue().model(Some(name)).is_ok();
    wanted.default =
        wanted.default.or_else(|| prompt.and_then(|prompt| prompt.model.clone()).filter(is_known));
    if wanted.task == Some(Errand::Test) {
        refine.rounds = refine.rounds.or(Some(ROUNDS_OF_TESTS));
    }
    if let Some(prompt) = prompt {
        let default = Limits::default().rounds;
        let least = |most: u32| refine.rounds.unwrap_or(default).min(most);
        refine.rounds = prompt.rounds.map(least).or(refine.rounds);
    }
    let checks = prompt.map_or(Checks::All, |prompt| prompt.checks);
    let wanted = &wanted;
    let of_workspace = rules.trusted().zip(snapshot.path.as_deref());
    let asked = of_workspace.map(|(root, path)| rules::read(&root, path)).unwrap_or_default();
    let stage = refine.gates.map_or(STAGE, Stage::name);
    let making = Making { stage, library: library.clone(), rules: asked, references };
    let (task, sent, chosen, route) = fitting(registry, wanted, snapshot, wish, (around, &making))?;
    let trusted = rules.trusted().filter(|_| checks == Checks::All);
    if checks == Checks::Nothing {
        refine.rounds = Some(0);
    }
    let first = Ready { task, sent, chosen, route, refine, trusted, wanted: wanted.clone(), making };
    if !registry.weighs_prompts(wanted) {
        return Ok(first);
    }
    // How large the question is, is known by now.
    let answer = Some(first.sent.answer);
    let least = first.sent.least();
    let sized = Wanted { prompt: first.sent.tokens, least, answer, ..wanted.clone() };
    let (chosen, route) = registry.route(&sized)?;
    if chosen.name == first.chosen.name {
        return Ok(Ready { route, ..first });
    }
    let (task, sent) = question(snapshot, wish, Room::of(&chosen), (around, &first.making))?;
    Ok(Ready { task, sent, chosen, route, ..first })
}

/// The first model of the plan that the question fits.
fn fitting(
    registry: &Registry,
    wanted: &Wanted,
    snapshot: &Snapshot,
    wish: &Wish,
    made_of: (&Around, &Making),
) -> Result<(Task, Sent, Chosen, Route), Unready> {
    let (mut chosen, mut route) = registry.route(wanted)?;
    loop {
        let error = match question(snapshot, wish, Room::of(&chosen), made_of) {
            Ok((task, sent)) => return Ok((task, sent, chosen, route)),
            Err(error) => error,
        };
        let next = if matches!(error, PrepareError::TooLarge { .. }) { route.next(registry) } else { None };
        chosen = next.ok_or(error)?;
    }
}

/// What a model with so much room is asked.
pub(super) fn question(
    snapshot: &Snapshot,
    wish: &Wish,
    room: Room,
    (around, making): (&Around, &Making),
) -> Result<(Task, Sent), PrepareError> {
    let Making { library, stage, rules, references } = making;
    let stock = Stock { library, recent: &around.recent, stage, rules, references };
    let tree = snapshot.parse();
    let name = around.path(snapshot);
    let source = snapshot.source(tree.as_ref(), &name).ok_or(PrepareError::NoLanguage)?;
    let view = around.view(snapshot, tree.as_ref(), &name);
    let prepared = match &wish.instruction {
        // Nothing stands there: all of the file is to be written.
        Some(instruction) if snapshot.text.len_bytes() == 0 => {
            prepare_new(&source, &view, instruction, room, stock)?
        }
        _ => prepare(&source, &view, wish, room, stock)?,
    };
    // `redraft.generate` says what it wants; what `redraft.run` names must be one for the place.
    if !wish.is_free() && !is_offered(&source, wish, &making.library) {
        return Err(PrepareError::NotOffered(wish.action.clone()));
    }
    Ok(prepared)
}
