//! What a call is charged: what its provider states, and where it states nothing, or not all, the most that it can have been.
//! Money that was spent and not counted is worse than some that was counted and not spent.

use crate::model::ask::Seen;
use crate::model::meter::Heard;
use crate::model::spec::Price;
use crate::model::{Answer, ErrorKind, MicroUsd, ModelError, Tokens, Usage};

/// More bytes than this for each token that was stated are more tokens, whatever the provider calls one.
const BYTES_A_TOKEN: u64 = 16;

/// What is known of a call when it ends, or is dropped.
#[derive(Clone, Copy, Debug)]
pub(super) struct Facts<'a> {
    /// Nothing where it was dropped.
    pub outcome: Option<Result<&'a Answer, &'a ModelError>>,
    pub seen: Seen,
    pub heard: Heard,
    /// A safe estimate of its prompt.
    pub prompt: Tokens,
    pub price: Option<Price>,
    /// The most that it can cost; nothing where nothing was reserved.
    pub held: Option<MicroUsd>,
    /// Whether its model reasons, where that is known.
    pub reasons: Option<bool>,
    /// Whether it is on this machine: what is not known of it is thought to be harmless.
    pub local: bool,
}

impl Facts<'_> {
    /// What was used, as far as can be told, and what that costs.
    pub(super) fn bill(&self) -> (Usage, MicroUsd) {
        let cost = |usage: &Usage| match self.price {
            Some(price) => price.cost(usage),
            None => usage.cost.unwrap_or_default(),
        };
        if !self.has_begun() {
            // The question may have been read where nobody said no.
            let is_free = matches!(self.outcome, Some(Err(error)) if is_free(error.kind));
            let prompt = if is_free { Tokens(0) } else { self.prompt };
            let usage = Usage { prompt, ..Usage::default() };
            return (usage, cost(&usage));
        }
        if self.is_refused() {
            return (Usage::default(), MicroUsd(0));
        }
        let usage = self.usage();
        let least = if self.may_hide_more() { self.held.unwrap_or_default() } else { MicroUsd(0) };
        (usage, cost(&usage).max(least))
    }

    /// Whether the provider may have begun to bill.
    pub(super) fn has_begun(&self) -> bool {
        self.heard.began || self.seen.first.is_some() || matches!(self.outcome, Some(Ok(_)))
    }

    /// Turned away in the body of a good answer, before the model did anything.
    fn is_refused(&self) -> bool {
        let Some(Err(error)) = self.outcome else { return false };
        let Heard { worked, usage, .. } = self.heard;
        let turns_away = matches!(
            error.kind,
            ErrorKind::Rejected
                | ErrorKind::Auth
                | ErrorKind::RateLimit
                | ErrorKind::Overflow
                | ErrorKind::Overloaded
        );
        turns_away && self.seen.first.is_none() && !worked && usage == Usage::default()
    }

    /// What was stated, each count that is missing taken from what was seen.
    fn usage(&self) -> Usage {
        let stated = self.stated();
        let mut usage = stated;
        if usage.prompt == Tokens(0) {
            usage.prompt = self.prompt;
        }
        if !self.is_stated() {
            usage.completion = stated.completion.max(self.counted());
        }
        usage
    }

    fn stated(&self) -> Usage {
        match self.outcome {
            Some(Ok(answer)) => answer.usage,
            _ => self.heard.usage,
        }
    }

    /// Whether the answer came to its end, whatever became of it.
    fn is_whole(&self) -> bool {
        self.heard.is_last || matches!(self.outcome, Some(Ok(_)))
    }

    /// Whether all of the answer was stated, and so that it can be believed.
    fn is_stated(&self) -> bool {
        let completion = self.stated().completion;
        let believed = u64::from(completion.0).saturating_mul(BYTES_A_TOKEN) >= self.seen.bytes;
        self.is_whole() && completion > Tokens(0) && believed
    }

    /// What was answered, where nobody says it: a safe count where it is paid for, else the likelier one.
    fn counted(&self) -> Tokens {
        let Seen { written, deltas, .. } = self.seen;
        if self.held.is_none() && self.local { written.min(Tokens(deltas)) } else { written }
    }

    /// Whether there may be more to pay for than was seen: models that reason are paid for what they do not show.
    fn may_hide_more(&self) -> bool {
        let tells_cost = self.stated().cost.is_some_and(|cost| cost > MicroUsd(0));
        if self.is_whole() && tells_cost {
            return false;
        }
        if self.price.is_none() {
            return true;
        }
        if self.is_whole() {
            return !self.is_stated() && (self.heard.worked || self.reasons == Some(true));
        }
        let does_not_reason = self.reasons == Some(false) || (self.reasons.is_none() && self.local);
        self.heard.worked || self.seen.first.is_none() || !does_not_reason
    }
}

/// Whether a failure before the head of a good answer costs nothing.
fn is_free(kind: ErrorKind) -> bool {
    !matches!(
        kind,
        ErrorKind::Stream | ErrorKind::Timeout | ErrorKind::TooLarge | ErrorKind::Empty | ErrorKind::Budget
    )
}
