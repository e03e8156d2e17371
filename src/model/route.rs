//! Along a plan: the model that is asked, and the next one when it fails. `choose` decides in the abstract; here are this
//! process's models with what is known of them, and the way from one to the next.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant, SystemTime};

use super::choose::{
    Candidate, Cause, Left, LeftOut, Pace, Placed, Plan, Question, Requirements, Task, plan,
};
use super::registry::{Chosen, Place, Registry};
use super::spec::{ModelSource, ModelSpec, Wire};
use super::store::CATALOGUE;
use super::{ErrorKind, MicroUsd, ModelError, Tokens};

#[cfg(test)]
mod tests;

/// How long a run may take, over all its attempts, models and rounds: longer than any draft that somebody waits for.
pub const TOTAL: Duration = Duration::from_secs(10 * 60);

/// How the user has models chosen.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Routing {
    /// Who is asked when a model fails; without any, the user's other models in their order.
    pub fallback: Vec<String>,
    /// Whether a prompt for a model of this machine may go to another machine when that model fails.
    pub allow_cloud_fallback: bool,
    pub requirements: Requirements,
    /// The models of single tasks.
    pub pinned: BTreeMap<Task, String>,
    /// Those of single prompts, by name.
    pub prompts: BTreeMap<String, String>,
}

/// What one run wants.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Wanted {
    pub task: Option<Task>,
    /// The name of the prompt.
    pub prompt_name: Option<String>,
    /// The model that was named for it.
    pub named: Option<String>,
    /// In place of the one that is configured for the task.
    pub pinned: Option<String>,
    /// In place of the configured default.
    pub default: Option<String>,
    /// In place of the configured fallback.
    pub fallback: Option<Vec<String>>,
    /// In place of the configured requirements.
    pub requirements: Option<Requirements>,
    /// How large its prompt is, as far as is known.
    pub prompt: Tokens,
    /// What of it is there whichever model is asked.
    pub least: Tokens,
    /// The most that it may answer, once that is known. Before, no model is held against the budget: by the longest answer that
    /// a model may give, a dear one would be refused that can well be paid for what an action asks.
    pub answer: Option<Tokens>,
}

/// The rest of a plan.
#[derive(Clone, Debug)]
pub struct Route {
    /// When the run is given up.
    due: Instant,
    rest: VecDeque<Placed>,
    switches: u32,
    has_begun_anew: bool,
    has_shrunk: bool,
    /// Why the model that was wanted first is not asked.
    note: Option<String>,
    /// What the first model that was asked said.
    first: Option<ModelError>,
}

/// What may still be done about an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// The same model, with a smaller prompt.
    Shrink,
    /// The next model.
    Next,
    /// It is the run's error.
    End,
}

impl Default for Route {
    fn default() -> Self {
        Self::new(VecDeque::new())
    }
}

impl Route {
    /// Begins now.
    fn new(rest: VecDeque<Placed>) -> Self {
        let due = Instant::now() + TOTAL;
        Self { due, rest, switches: 0, has_begun_anew: false, has_shrunk: false, note: None, first: None }
    }

    /// When the run is given up.
    #[must_use]
    pub fn due(&self) -> Instant {
        self.due
    }

    /// What is to be done about `error`. `has_written` says whether something of the answer stands in the document: from
    /// there a run begins anew once, and not again. `context` is what a smaller prompt could do without.
    pub fn after(&mut self, error: &ModelError, has_written: bool, context: Tokens) -> Way {
        if Instant::now() >= self.due {
            return Way::End;
        }
        match error.kind {
            ErrorKind::Overflow if !self.has_shrunk && !has_written && context > Tokens(0) => {
                self.has_shrunk = true;
                Way::Shrink
            }
            _ if !self.fails_over(error.kind)
                || self.rest.is_empty()
                || (has_written && self.has_begun_anew) =>
            {
                Way::End
            }
            _ => {
                self.first.get_or_insert_with(|| error.clone());
                Way::Next
            }
        }
    }

    /// What the run is told in the end: what the first model said, then what the last one did.
    #[must_use]
    pub fn error(&self, last: ModelError) -> ModelError {
        match &self.first {
            Some(first) if first.message != last.message => {
                let message = format!("{}; then {}", first.message, last.message);
                ModelError { message, ..first.clone() }
            }
            _ => last,
        }
    }

    /// Why another model is asked than the one that was wanted, if it is so.
    #[must_use]
    pub fn note(&self) -> Option<&str> {
        self.note.as_deref()
    }

    /// Whether another model may do better. A fallback's wrong key is no reason not to ask the next one.
    fn fails_over(&self, kind: ErrorKind) -> bool {
        let is_fallback = self.first.is_some();
        fails_over(kind) || is_fallback && matches!(kind, ErrorKind::Auth | ErrorKind::Config)
    }

    /// The next answer begins, perhaps over what was written.
    pub fn begins(&mut self, has_written: bool) {
        self.has_begun_anew |= has_written;
    }

    /// The names of the models that come next.
    #[must_use]
    pub fn rest(&self) -> Vec<&str> {
        self.rest.iter().map(|place| place.name.as_str()).collect()
    }

    /// How often another model was asked.
    #[must_use]
    pub fn switches(&self) -> u32 {
        self.switches
    }

    /// The next model of the plan that can be had.
    pub fn next(&mut self, registry: &Registry) -> Option<Chosen> {
        while let Some(place) = self.rest.pop_front() {
            match registry.choose(Some(&place.name)) {
                Ok(chosen) => {
                    self.switches += 1;
                    return Some(chosen);
                }
                Err(error) => tracing::info!(model = place.name, %error, "a fallback cannot be had"),
            }
        }
        None
    }
}

/// Whether another model may do better. What was refused for its own sake will be refused again, and a wrong key or a spent
/// budget is for its user to know.
fn fails_over(kind: ErrorKind) -> bool {
    match kind {
        ErrorKind::Connect
        | ErrorKind::Stream
        | ErrorKind::Timeout
        | ErrorKind::RateLimit
        | ErrorKind::Server
        | ErrorKind::Overloaded
        | ErrorKind::Resting
        | ErrorKind::Empty
        | ErrorKind::TooLarge
        | ErrorKind::Engine => true,
        ErrorKind::Config
        | ErrorKind::Auth
        | ErrorKind::Rejected
        | ErrorKind::Overflow
        | ErrorKind::Budget => false,
    }
}

impl Registry {
    /// The plan for what is wanted, with all that is known of the models now. Blocks where the ledger is asked: where there
    /// are limits to hold or speeds to compare.
    ///
    /// # Errors
    /// `Config` for a model that is not configured.
    pub fn plan(&self, wanted: &Wanted) -> Result<Plan, ModelError> {
        let catalogue = self.catalogue();
        for name in [&wanted.named, &wanted.pinned, &wanted.default].into_iter().flatten() {
            catalogue.model(Some(name))?;
        }
        let routing = self.routing();
        let requirements = wanted.requirements.as_ref().unwrap_or(&routing.requirements);
        let default = wanted.default.as_deref().unwrap_or(catalogue.default_model());
        let fallback = wanted.fallback.clone().unwrap_or_else(|| routing.fallback.clone());
        let fallback = if fallback.is_empty() { self.own() } else { fallback };
        let is_sized = wanted.answer.is_some();
        let asked_for: Vec<&str> = [wanted.named.as_deref(), self.pinned(wanted), Some(default)]
            .into_iter()
            .flatten()
            .chain(fallback.iter().map(String::as_str))
            .collect();
        let candidates = self.candidates(requirements, &asked_for, is_sized);
        let output = candidates.iter().map(|one| one.limits.output).max().unwrap_or_default();
        let question = Question {
            task: wanted.task,
            requirements: requirements.clone(),
            prompt: wanted.prompt,
            least: wanted.least,
            answer: wanted.answer.unwrap_or(output),
            named: wanted.named.as_deref(),
            pinned: self.pinned(wanted),
            default,
            fallback: &fallback,
            allow_cloud_fallback: routing.allow_cloud_fallback,
            left: if is_sized { Left::of(self.accounts().left(SystemTime::now())) } else { Left::Enough },
            unknown_price: self.accounts().unknown_price(),
        };
        Ok(plan(&question, &candidates))
    }

    /// The first model of the plan, and the way on from there. Blocks, as `plan` does.
    ///
    /// # Errors
    /// As `plan`; and why each model that was wanted cannot be asked.
    pub fn route(&self, wanted: &Wanted) -> Result<(Chosen, Route), ModelError> {
        let plan = self.plan(wanted)?;
        tracing::info!(plan = %plan.to_string().trim_end().replace('\n', "; "), "models");
        let mut failed = None;
        let mut rest: VecDeque<Placed> = plan.places.iter().cloned().collect();
        while let Some(place) = rest.pop_front() {
            match self.choose(Some(&place.name)) {
                Ok(chosen) => {
                    let note = self.instead(wanted, &plan, failed.as_ref(), &chosen.name);
                    return Ok((chosen, Route { note, ..Route::new(rest) }));
                }
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        Err(failed.unwrap_or_else(|| nobody(&plan)))
    }

    /// Why the model that was wanted first is not the one that is asked; `failed` is what was said of those before it.
    #[must_use]
    pub fn instead(
        &self,
        wanted: &Wanted,
        plan: &Plan,
        failed: Option<&ModelError>,
        name: &str,
    ) -> Option<String> {
        let first = self.first(wanted);
        let ranks = wanted.requirements.as_ref().unwrap_or(&self.routing().requirements).ranks();
        let is_named = wanted.named.is_some() || self.pinned(wanted).is_some();
        // Where models are ranked, none was wanted first.
        if first == name || (ranks && !is_named) {
            return None;
        }
        let left_out = plan.left_out.iter().find(|one| one.name == first).map(|one| one.why.clone());
        let why = left_out.or_else(|| failed.map(|error| error.message.clone()))?;
        Some(format!("{first}: {why}; {name} is asked instead"))
    }

    /// The model that is wanted first, before anything is known of it.
    #[must_use]
    pub fn first<'a>(&'a self, wanted: &'a Wanted) -> &'a str {
        let first = wanted.named.as_deref().or(self.pinned(wanted)).or(wanted.default.as_deref());
        first.unwrap_or(self.catalogue().default_model())
    }

    /// The model of the task.
    fn pinned<'a>(&'a self, wanted: &'a Wanted) -> Option<&'a str> {
        let routing = self.routing();
        let of_prompt = || routing.prompts.get(wanted.prompt_name.as_deref()?).map(String::as_str);
        let of_task = || routing.pinned.get(&wanted.task?).map(String::as_str);
        wanted.pinned.as_deref().or_else(of_prompt).or_else(of_task)
    }

    /// Whether the size of a prompt may decide who is asked. Blocks where the ledger may know what a local model cost.
    #[must_use]
    pub fn weighs_prompts(&self, wanted: &Wanted) -> bool {
        let requirements = wanted.requirements.as_ref().unwrap_or(&self.routing().requirements);
        let catalogue = self.catalogue();
        let may_cost = |model: &ModelSpec| {
            let Ok(spec) = catalogue.provider_of(model) else { return model.price.is_some() };
            let tells = || self.accounts().dearest(&spec.name, &model.name, SystemTime::now()) > MicroUsd(0);
            match Place::of(spec) {
                Place::Hosted => true,
                Place::Local => model.price.is_some() || tells(),
                Place::Embedded => model.price.is_some(),
            }
        };
        requirements.ranks() || (self.accounts().is_limited() && catalogue.models().iter().any(may_cost))
    }

    /// The user's own models, in their order.
    fn own(&self) -> Vec<String> {
        let built_in = |model: &&ModelSpec| {
            model.source == ModelSource::Id(model.name.clone())
                && CATALOGUE.iter().any(|entry| entry.name == model.name)
        };
        let models = self.catalogue().models().iter();
        models.filter(|model| !built_in(model)).map(|model| model.name.clone()).collect()
    }

    /// All models with what is known of them. Of embedded ones those whose weights are there, and those that were asked for: that
    /// they are missing is told when one is asked. What their providers' budgets leave only where the question `is_sized`.
    fn candidates(&self, requirements: &Requirements, asked_for: &[&str], is_sized: bool) -> Vec<Candidate> {
        let catalogue = self.catalogue();
        let now = SystemTime::now();
        let mut candidates = Vec::new();
        for model in catalogue.models() {
            let Ok(spec) = catalogue.provider_of(model) else { continue };
            let place = Place::of(spec);
            let is_wanted = || asked_for.contains(&model.name.as_str()) || self.is_there(model);
            if spec.wire == Wire::Embedded && !is_wanted() {
                continue;
            }
            let accounts = self.accounts();
            let measured = if requirements.ranks() {
                accounts.measured(&model.name, &spec.name, now).map(|measured| Pace {
                    first_token: measured.first_token_p50.unwrap_or_default(),
                    first_token_p95: measured.first_token_p95,
                    rate: measured.tokens_per_second_p50.unwrap_or(f64::INFINITY),
                    calls: measured.calls,
                })
            } else {
                None
            };
            let pace = measured.or(model.pace);
            candidates.push(Candidate {
                name: model.name.clone(),
                place,
                limits: model.limits(&spec.wire),
                price: model.price,
                abilities: model.abilities,
                pace,
                health: accounts.health(&self.circuit(spec, model)),
                left: if is_sized { Left::of(accounts.left_with(&spec.name, now)) } else { Left::Enough },
                room: self.room(spec, model),
                told: if is_sized && place == Place::Local && model.price.is_none() && accounts.is_limited() {
                    accounts.dearest(&spec.name, &model.name, now)
                } else {
                    MicroUsd(0)
                },
            });
        }
        candidates
    }
}

/// Why nobody can be asked: of those that were wanted, each with its reason.
fn nobody(plan: &Plan) -> ModelError {
    let wanted: Vec<&LeftOut> = plan.left_out.iter().filter(|one| one.cause != Cause::Unasked).collect();
    let is_any = |cause| wanted.iter().any(|one| one.cause == cause);
    let kind = match () {
        () if is_any(Cause::Health) => ErrorKind::Resting,
        () if is_any(Cause::Ledger) => ErrorKind::Budget,
        () => ErrorKind::Config,
    };
    ModelError {
        kind,
        message: format!("no model can be asked, and nothing was sent; {}", plan.why_not()),
        retry_after: None,
    }
}
