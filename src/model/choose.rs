//! Which model is asked, and which after it when it fails: an ordered plan with the reason for each place, and for each model
//! that has none. Pure: health, measurements and what is left of the budget come in, a plan goes out.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::registry::Place;
use super::spec::{Abilities, Limits, Price};
use super::{MicroUsd, Tokens, Usage};

mod health;
mod left;
#[cfg(test)]
mod tests;

pub use health::Health;
pub use left::Left;

/// How long an answer is supposed to be where latency is judged: a function's body of some ten lines.
const TYPICAL_ANSWER: Tokens = Tokens(120);

/// What the code is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Task {
    Implement,
    Document,
    Fix,
    Refactor,
    Test,
    Inline,
    Explain,
}

impl Task {
    pub const ALL: [Self; 7] =
        [Self::Implement, Self::Document, Self::Fix, Self::Refactor, Self::Test, Self::Inline, Self::Explain];

    /// As settings and reports call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Implement => "implement",
            Self::Document => "document",
            Self::Fix => "fix",
            Self::Refactor => "refactor",
            Self::Test => "test",
            Self::Inline => "inline",
            Self::Explain => "explain",
        }
    }

    /// The task of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|task| task.name() == name)
    }
}

/// What a model must be able to do, or cost at most. Without any, the default model is meant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Requirements {
    /// To the end of an answer of 120 tokens.
    pub max_latency: Option<Duration>,
    /// For one run, at most.
    pub max_cost: Option<MicroUsd>,
    /// Models without a price go first.
    pub prefer_free: bool,
    /// The smallest window.
    pub min_context: Option<Tokens>,
    /// The prompt may not leave this machine.
    pub only_local: bool,
    pub needs: Abilities,
}

impl Requirements {
    /// Whether they say anything about which model is wanted, beyond what every one must hold.
    #[must_use]
    pub fn ranks(&self) -> bool {
        self.prefer_free || self.max_latency.is_some() || self.max_cost.is_some()
    }
}

/// How fast a model is: the half of its calls was at most so slow.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pace {
    pub first_token: Duration,
    /// Tokens a second.
    pub rate: f64,
    /// To the first token, in 19 of 20 calls, where that was measured.
    pub first_token_p95: Option<Duration>,
    /// How many calls of this machine say so; 0 for a claim of the configuration.
    pub calls: u32,
}

impl Pace {
    /// To the end of a typical answer.
    fn latency(&self) -> Duration {
        let writing = f64::from(TYPICAL_ANSWER.0) / self.rate.max(0.1);
        self.first_token + Duration::from_secs_f64(writing.clamp(0.0, 3_600.0))
    }

    /// The same in 19 of 20 calls.
    fn slow_latency(&self) -> Option<Duration> {
        let first_token = self.first_token_p95?;
        Some(Self { first_token, ..*self }.latency())
    }
}

/// A model that could be asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    pub name: String,
    pub place: Place,
    pub limits: Limits,
    /// Nothing where it is not known; a local model costs nothing.
    pub price: Option<Price>,
    pub abilities: Abilities,
    pub pace: Option<Pace>,
    pub health: Health,
    /// What its provider's own limits leave.
    pub left: Left,
    /// The least room that it gets for an answer; see `Chosen::room`.
    pub room: Tokens,
    /// What a call cost, at most, where its price is not known and its provider told it; else nothing.
    pub told: MicroUsd,
}

/// What is to be done, under which rules.
#[derive(Clone, Debug, Default)]
pub struct Question<'a> {
    pub task: Option<Task>,
    pub requirements: Requirements,
    /// How large the prompt is, as far as is known.
    pub prompt: Tokens,
    /// What of it is there whichever model is asked: the gathered context is made to fit.
    pub least: Tokens,
    /// The most that may be answered, by what is asked; a model that may reason gets more.
    pub answer: Tokens,
    /// The model that was named for this run, by the user or by a prompt.
    pub named: Option<&'a str>,
    /// The one that the user's configuration has for the task.
    pub pinned: Option<&'a str>,
    pub default: &'a str,
    /// Models that may be asked when one fails, in this order.
    pub fallback: &'a [String],
    pub allow_cloud_fallback: bool,
    /// What the budget leaves.
    pub left: Left,
    /// The price of models whose price is not known.
    pub unknown_price: Option<Price>,
}

/// Who is asked, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    pub places: Vec<Placed>,
    pub left_out: Vec<LeftOut>,
}

/// A model of the plan.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Placed {
    pub name: String,
    pub why: String,
    /// The most that a call may cost: prompt and answer at their limits.
    pub at_most: MicroUsd,
}

/// A model that is not asked.
#[derive(Clone, Debug, PartialEq)]
pub struct LeftOut {
    pub name: String,
    pub why: String,
    pub cause: Cause,
}

/// What kind of reason it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Nobody wanted it.
    Unasked,
    /// It failed of late, and that passes.
    Health,
    /// What may be spent is not known.
    Ledger,
    /// It is not what is wanted, or may not be asked.
    Unfit,
}

/// Makes the plan. The same input gives the same plan.
#[must_use]
pub fn plan(question: &Question<'_>, candidates: &[Candidate]) -> Plan {
    let mut plan = Plan::default();
    let find = |name: &str| candidates.iter().find(|one| one.name == name);
    let led: Vec<(&Candidate, String)> = match (question.named, question.pinned) {
        (Some(name), _) => find(name).map(|one| (one, "it was named".to_owned())).into_iter().collect(),
        (None, Some(name)) => {
            let task = question.task.map_or("this", Task::name);
            find(name).map(|one| (one, format!("it is pinned for `{task}`"))).into_iter().collect()
        }
        (None, None) if question.requirements.ranks() => ranked(question, candidates),
        (None, None) => {
            find(question.default).map(|one| (one, "it is the default".to_owned())).into_iter().collect()
        }
    };
    let stays = |one: Option<&Candidate>| {
        !question.allow_cloud_fallback && one.is_some_and(|one| one.place != Place::Hosted)
    };
    // Where nobody is named, it is the default that says whether prompts leave the machine at all.
    let is_named = question.named.or(question.pinned).is_some();
    let all_stay = !is_named && stays(find(question.default));
    let next_stay = stays(led.first().map(|(first, _)| *first));
    let next = question
        .fallback
        .iter()
        .enumerate()
        .filter_map(|(at, name)| find(name).map(|one| (one, format!("fallback number {}", at + 1))));
    let mut seen: Vec<&str> = Vec::new();
    for (at, (one, why)) in led.into_iter().chain(next).enumerate() {
        if seen.contains(&one.name.as_str()) {
            continue;
        }
        seen.push(&one.name);
        let leaves = one.place == Place::Hosted && (all_stay || at > 0 && next_stay);
        let why_not = if leaves {
            let whose = if all_stay { "the default model" } else { "the model before it" };
            Some(format!(
                "it would send the prompt to another machine, and {whose} does not; routing.allow_cloud_fallback permits that"
            ))
        } else {
            unfit(question, one)
        };
        match why_not {
            Some(why) => {
                let rests = !leaves && one.health.why_not().is_some();
                let cause = match () {
                    () if rests => Cause::Health,
                    () if !leaves && unknown(question, one).is_some() => Cause::Ledger,
                    () => Cause::Unfit,
                };
                plan.left_out.push(LeftOut { name: one.name.clone(), why, cause });
            }
            None => {
                let at_most = cost(question, one).unwrap_or_default();
                plan.places.push(Placed { name: one.name.clone(), why, at_most });
            }
        }
    }
    let others = candidates.iter().filter(|one| !seen.contains(&one.name.as_str()));
    plan.left_out.extend(others.map(|one| LeftOut {
        name: one.name.clone(),
        why: "it was not asked for, and is not in routing.fallback".to_owned(),
        cause: Cause::Unasked,
    }));
    plan
}

/// All candidates, the one that meets the requirements best first.
fn ranked<'a>(question: &Question<'_>, candidates: &'a [Candidate]) -> Vec<(&'a Candidate, String)> {
    let wants = &question.requirements;
    let key = |one: &Candidate| {
        let cost = cost(question, one);
        let latency = one.pace.map(|pace| pace.latency());
        (
            wants.prefer_free && cost != Some(MicroUsd(0)),
            // What is not known comes behind what is.
            wants.max_latency.is_some() && latency.is_none(),
            if wants.max_latency.is_some() { latency } else { None },
            cost.unwrap_or(MicroUsd(u64::MAX)),
            one.name != question.default,
        )
    };
    let mut ranked: Vec<&Candidate> = candidates.iter().collect();
    ranked.sort_by_key(|one| key(one));
    ranked.into_iter().map(|one| (one, told(question, one))).collect()
}

/// What speaks for a candidate, in a person's words.
fn told(question: &Question<'_>, one: &Candidate) -> String {
    let cost = match cost(question, one) {
        Some(MicroUsd(0)) => "it is free".to_owned(),
        Some(cost) => format!("it costs at most {cost}"),
        None => "its price is not known".to_owned(),
    };
    let pace = match one.pace {
        Some(pace) if pace.calls > 0 => {
            let slow =
                pace.slow_latency().map(|slow| format!(", 19 of 20 at most {:.1} s", slow.as_secs_f64()));
            format!(
                "half of its last {} calls took at most {:.1} s{}",
                pace.calls,
                pace.latency().as_secs_f64(),
                slow.unwrap_or_default()
            )
        }
        Some(pace) => format!("it is said to take {:.1} s", pace.latency().as_secs_f64()),
        None => "its speed is not known yet".to_owned(),
    };
    format!("{cost}; {pace}")
}

/// Why a candidate cannot be asked.
fn unfit(question: &Question<'_>, one: &Candidate) -> Option<String> {
    let wants = &question.requirements;
    if let Some(why) = one.health.why_not() {
        return Some(why);
    }
    if wants.only_local && one.place == Place::Hosted {
        return Some("the prompt may not leave this machine".to_owned());
    }
    let answer = answer(question, one).0;
    if question.least.0.saturating_add(answer) > one.limits.window.0 {
        return Some(format!(
            "its window is {} tokens, and the prompt has at least {} and its answer up to {answer}",
            one.limits.window.0, question.least.0
        ));
    }
    if let Some(missing) = wants.needs.missing_in(one.abilities) {
        return Some(format!("it is not known to have `{missing}` (model.abilities)"));
    }
    if let Some(least) = wants.min_context.filter(|least| one.limits.window < *least) {
        return Some(format!("its window is {} tokens, and {} are wanted", one.limits.window.0, least.0));
    }
    if let (Some(most), Some(pace)) = (wants.max_latency, one.pace)
        && pace.latency() > most
    {
        return Some(format!(
            "it takes about {:.1} s, and {:.1} are allowed",
            pace.latency().as_secs_f64(),
            most.as_secs_f64()
        ));
    }
    if let Some(why) = unknown(question, one) {
        return Some(format!("what the budget leaves is not known: {why}"));
    }
    let only = |left: &Left| if let Left::Only(left) = left { Some(*left) } else { None };
    let limits = [
        (wants.max_cost, "max_cost allows"),
        (only(&question.left), "the budget (`per_run`, `per_day`, `per_month`) leaves"),
        (only(&one.left), "its provider's budget leaves"),
    ];
    let Some(cost) = cost(question, one) else {
        return limits.iter().any(|(limit, _)| limit.is_some()).then(|| {
            "its price is not known, and there is a limit to hold: set model.price or budget.unknown_price, or \
             have its provider tell it (`redraft models list --refresh`)"
                .to_owned()
        });
    };
    limits.into_iter().find_map(|(limit, what)| {
        let limit = limit.filter(|limit| cost > *limit)?;
        Some(format!("it may cost {cost}, and {what} {limit}"))
    })
}

/// Why it is not known whether a candidate can be paid for, where it costs anything.
fn unknown<'a>(question: &'a Question<'_>, one: &'a Candidate) -> Option<&'a str> {
    let why = [&question.left, &one.left].into_iter().find_map(|left| match left {
        Left::Unknown(why) => Some(why.as_str()),
        Left::Enough | Left::Only(_) => None,
    })?;
    (cost(question, one) != Some(MicroUsd(0))).then_some(why)
}

/// The most that it may answer.
fn answer(question: &Question<'_>, one: &Candidate) -> Tokens {
    question.answer.max(one.room).min(one.limits.output)
}

/// The most that a call costs; nothing where that is not known.
fn cost(question: &Question<'_>, one: &Candidate) -> Option<MicroUsd> {
    let price = match (one.place, one.price) {
        (_, Some(price)) => price,
        (Place::Embedded | Place::Local, None) => return Some(one.told),
        (Place::Hosted, None) => question.unknown_price?,
    };
    let answer = answer(question, one);
    let usage = Usage { prompt: question.prompt, completion: answer, ..Usage::default() };
    Some(price.cost(&usage))
}

impl Plan {
    /// Why those that were wanted and have no place are not asked.
    #[must_use]
    pub fn why_not(&self) -> String {
        let wanted = self.left_out.iter().filter(|one| one.cause != Cause::Unasked);
        let why: Vec<String> = wanted.map(|one| format!("{}: {}", one.name, one.why)).collect();
        why.join("; ")
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, one) in self.places.iter().enumerate() {
            writeln!(f, "{}. {}: {}", at + 1, one.name, one.why)?;
        }
        for one in &self.left_out {
            writeln!(f, "-  {}: {}", one.name, one.why)?;
        }
        Ok(())
    }
}
