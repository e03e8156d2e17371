//! The rounds of a run: how good each draft was, which is the best so far, and whether another round is worth it.
//!
//! A draft is better that got further in its checks, was looked at by more of them, then with fewer errors, then with fewer warnings, then
//! with a smaller change. The best one stands in the end,
//! whichever round it is of: no round makes it worse.

use std::cmp::Reverse;
use std::time::Duration;

use crate::check::{Depth, Finding, Severity};
use crate::draft::weave::Time;
use crate::model::Tokens;
use crate::text::diff;

/// Rounds without a better draft, after which there is no other: the model does not get there.
const PATIENCE: u32 = 3;

/// How far a draft is redrafted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Rounds after the first draft.
    pub rounds: u32,
    /// From the first draft on; no round begins later.
    pub time: Duration,
    /// Of all the run's prompts and answers together; no round begins beyond.
    pub tokens: Tokens,
}

impl Default for Limits {
    fn default() -> Self {
        Self { rounds: 3, time: Duration::from_secs(120), tokens: Tokens(40_000) }
    }
}

/// Something that is wrong with a draft.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Its range is in bytes of the region's text.
    pub finding: Finding,
    /// The region that it is in: the draft (0), the import block (1), or none of them.
    pub region: Option<usize>,
    /// The line of code that it is about.
    pub line: String,
}

/// A draft that may stand, and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// What each region is to hold.
    pub targets: Vec<String>,
    /// What it brought in.
    pub faults: Vec<Fault>,
    /// What its tests lack: told, and no reason for another draft.
    pub lacking: Vec<Fault>,
    /// How far it was looked at.
    pub depth: Depth,
    /// What was measured of it, a sentence each.
    pub reached: Vec<String>,
    /// Who looked at it, and who was to and told nothing.
    pub asked: Vec<String>,
    pub unheard: Vec<String>,
    /// What else its user should know.
    pub note: Option<String>,
    /// The round that it is of, from 1.
    pub round: u32,
}

/// What the next round is to do better.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Redraft {
    /// The draft that is to be better; none where no answer held any.
    pub draft: Option<String>,
    pub imports: Option<String>,
    /// What is wrong with it.
    pub faults: Vec<Fault>,
    /// Why the last answer could not stand, if it could not.
    pub rejected: Option<String>,
    /// What other drafts had wrong, one line each.
    pub tried: Vec<String>,
    /// The model wrote a draft again that it had written: it is asked afresh, without seeing that.
    pub afresh: bool,
}

/// What is to be done about a draft.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The best draft stands; why there is no other round, where its user should know.
    Land(Box<Candidate>, Option<String>),
    Again(Box<Redraft>),
    /// No draft can stand.
    Fail(String),
}

/// See the module's head.
#[derive(Debug)]
pub struct Rounds {
    limits: Limits,
    /// When the first answer was there.
    began: Option<Time>,
    /// The round that goes on, from 1.
    round: u32,
    /// The text that the region held before.
    base: String,
    best: Option<Candidate>,
    /// The round that brought the best, or the first one.
    better_in: u32,
    /// What was drafted, and in which round.
    drafts: Vec<(String, u32)>,
    /// What drafts that are not the best had wrong.
    tried: Vec<String>,
    /// Why the last answer was no draft.
    cause: Option<String>,
    /// The last round that wrote what was written before, and which round that was.
    again_in: Option<(u32, u32)>,
}

impl Rounds {
    #[must_use]
    pub fn new(limits: Limits, base: String) -> Self {
        Self {
            limits,
            began: None,
            round: 1,
            base,
            best: None,
            better_in: 1,
            drafts: Vec::new(),
            tried: Vec::new(),
            cause: None,
            again_in: None,
        }
    }

    /// The round that goes on, from 1.
    #[must_use]
    pub fn round(&self) -> u32 {
        self.round
    }

    #[must_use]
    pub fn is_redrafting(&self) -> bool {
        self.round > 1
    }

    #[must_use]
    pub fn best(&self) -> Option<&Candidate> {
        self.best.as_ref()
    }

    /// A draft that may stand was looked at. `spent` are the tokens of all rounds so far.
    pub fn checked(&mut self, now: Time, spent: Tokens, candidate: Candidate) -> Verdict {
        self.began.get_or_insert(now);
        let draft = candidate.targets.concat();
        let before = self.drafts.iter().find(|(known, _)| *known == draft).map(|(_, round)| *round);
        self.drafts.push((draft, self.round));
        if let Some(before) = before {
            self.again_in = Some((self.round, before));
            return self.another(now, spent, None);
        }
        let is_better = self.best.as_ref().is_none_or(|best| self.score(&candidate) < self.score(best));
        let worse = if is_better {
            self.better_in = self.round;
            self.best.replace(candidate)
        } else {
            Some(candidate)
        };
        if let Some(worse) = worse {
            self.tried.extend(worse.faults.first().map(|first| one_line(&first.finding.message)));
        }
        if self.best.as_ref().is_some_and(|best| best.faults.is_empty()) {
            return self.end(None);
        }
        self.another(now, spent, None)
    }

    /// An answer could not stand at all.
    pub fn rejected(&mut self, now: Time, spent: Tokens, why: String, draft: Option<String>) -> Verdict {
        self.began.get_or_insert(now);
        let is_known =
            draft.as_ref().is_some_and(|draft| self.drafts.iter().any(|(known, _)| known == draft));
        self.cause = Some(why.clone());
        if is_known {
            self.again_in = Some((self.round, self.round - 1));
        } else {
            self.drafts.extend(draft.clone().map(|draft| (draft, self.round)));
        }
        self.another(now, spent, Some((why, draft)))
    }

    /// There is no other round: the best stands, if there is any.
    pub fn end(&mut self, why: Option<String>) -> Verdict {
        match self.best.take() {
            Some(best) => Verdict::Land(Box::new(best), why),
            // Why the last answer was no draft says more than why there is no other.
            None => {
                let why: Vec<String> = self.cause.take().into_iter().chain(why).collect();
                Verdict::Fail(why.join("; "))
            }
        }
    }

    fn another(&mut self, now: Time, spent: Tokens, rejected: Option<(String, Option<String>)>) -> Verdict {
        let seconds = self.limits.time.as_secs();
        let again = self.again_in.filter(|(round, _)| *round == self.round);
        let why_not = if self.round > self.limits.rounds {
            Some(
                again.map(|(round, before)| format!("round {round} wrote the draft of round {before} again")),
            )
        } else if self.began.is_some_and(|began| now.saturating_sub(began) >= self.limits.time) {
            Some(Some(format!("the {seconds} seconds of refinement are over (`refine.seconds`)")))
        } else if spent >= self.limits.tokens {
            Some(Some(format!("{} tokens are used up (`refine.tokens`)", self.limits.tokens.0)))
        } else if self.round - self.better_in >= PATIENCE {
            Some(Some(format!("{PATIENCE} rounds made it no better")))
        } else {
            None
        };
        if let Some(why) = why_not {
            return self.end(why);
        }
        self.round += 1;
        let (rejected, last) = rejected.map_or((None, None), |(why, draft)| (Some(why), draft));
        let (draft, imports, faults) = match &self.best {
            Some(best) => (best.targets.first().cloned(), best.targets.get(1).cloned(), best.faults.clone()),
            None => (last, None, Vec::new()),
        };
        Verdict::Again(Box::new(Redraft {
            draft,
            imports,
            faults,
            rejected,
            tried: self.tried.clone(),
            afresh: again.is_some(),
        }))
    }

    /// Less is better.
    fn score(&self, candidate: &Candidate) -> impl Ord + use<> {
        let count = |severity| candidate.faults.iter().filter(|one| one.finding.severity == severity).count();
        let draft = candidate.targets.first().map_or("", String::as_str);
        let change = diff::size(&diff::edits(&self.base, draft));
        // A draft that was not looked at may have anything; the gates are asked of none that is wrong.
        let unheard = if candidate.depth == Depth::Gates { 0 } else { candidate.unheard.len() };
        (Reverse(candidate.depth), unheard, count(Severity::Error), count(Severity::Warning), change)
    }
}

fn one_line(message: &str) -> String {
    message.lines().next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests;
