//! One call: let through by its model's breaker, reserved, asked, settled, told.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::SystemTime;

use futures_util::future::BoxFuture;
use tokio::sync::mpsc;
use tokio::time::timeout_at;

use super::bill::Facts;
use super::held::{Held, hold};
use super::{Accounts, Entry, refused};
use crate::model::ask::{Payer, Retries, Watch, ask};
use crate::model::breaker::{End, Permit};
use crate::model::choose::Health;
use crate::model::health::Circuit;
use crate::model::ledger::{Outcome, Recorded, Reserve, Settled};
use crate::model::registry::{Chosen, Place};
use crate::model::spec::Price;
use crate::model::{Answer, ErrorKind, Fill, MicroUsd, ModelError, Request, Tokens, Usage};

/// Asks `chosen`; see the module's head. Dropping the future cancels the call, and settles it.
///
/// # Errors
/// The model's, or `Budget`: then nothing was sent, or the answer was cut.
pub async fn call(
    accounts: &Arc<Accounts>,
    chosen: &Chosen,
    entry: Entry,
    request: Request,
    deltas: mpsc::Sender<String>,
    retries: &Retries,
) -> Result<Answer, ModelError> {
    let admitted = accounts.admit(&chosen.circuit).await;
    let (permit, finds_out) = admitted.map_err(|health| resting(chosen, health))?;
    let once = Retries::once();
    let retries = if finds_out { &once } else { retries };
    let mut health =
        Told { accounts: accounts.clone(), circuit: chosen.circuit.clone(), permit: Some(permit) };
    let due = entry.due.into();
    let mut open = Open::begin(accounts, chosen, entry, &request).await?;
    let asked = ask(&*chosen.provider, request, deltas, retries, &mut open);
    let Ok(outcome) = timeout_at(due, asked).await else {
        // That says nothing of this model: others may have had most of the time.
        let error = late(chosen);
        open.end(Err(&error));
        return Err(error);
    };
    open.end(outcome.as_ref());
    health.tell(outcome.as_ref().map_or_else(End::of, |_| End::Well));
    outcome
}

/// A call that a breaker let through: it is told how that ended, and nothing when the call is dropped.
struct Told {
    accounts: Arc<Accounts>,
    circuit: Circuit,
    permit: Option<Permit>,
}

impl Told {
    fn tell(&mut self, end: End) {
        if let Some(permit) = self.permit.take() {
            self.accounts.told(&self.circuit, permit, end);
        }
    }
}

impl Drop for Told {
    fn drop(&mut self) {
        self.tell(End::Nothing);
    }
}

/// A model that is left alone.
fn resting(chosen: &Chosen, health: Health) -> ModelError {
    let why =
        health.why_not().unwrap_or_else(|| "another run is finding out whether it works again".to_owned());
    ModelError {
        kind: ErrorKind::Resting,
        message: format!("{}: {why}; nothing was sent", chosen.name),
        retry_after: None,
    }
}

/// The time of its run is over.
fn late(chosen: &Chosen) -> ModelError {
    ModelError {
        kind: ErrorKind::Timeout,
        message: format!("{}: it was not done in the time that it had, and was given up", chosen.name),
        retry_after: None,
    }
}

/// A call that is under way: settled when it ends, and when it is dropped.
struct Open {
    accounts: Arc<Accounts>,
    reserve: Reserve,
    held: Option<Held>,
    /// Whether the provider may tell a cost although none is known.
    may_tell: bool,
    price: Option<Price>,
    prompt: Tokens,
    reasons: Option<bool>,
    watch: Watch,
    entry: Entry,
    ended: bool,
}

impl Open {
    /// Takes what the call can cost out of the budget.
    async fn begin(
        accounts: &Arc<Accounts>,
        chosen: &Chosen,
        entry: Entry,
        request: &Request,
    ) -> Result<Self, ModelError> {
        let price = accounts.price(chosen)?;
        let prompt = counted(request);
        let most = Usage { prompt, completion: request.max_tokens, ..Usage::default() };
        let reserve = Reserve {
            run: entry.run.clone(),
            provider: chosen.provider_name.clone(),
            model: chosen.name.clone(),
            task: entry.task.to_owned(),
            amount: price.map(|price| price.cost(&most)).unwrap_or_default(),
            local: chosen.place != Place::Hosted,
        };
        let may_tell = chosen.place != Place::Embedded && accounts.is_limited();
        let held = hold(accounts, &reserve, may_tell).await;
        let held = held.map_err(|why| refused(format!("{}: {why}; nothing was sent", chosen.name)))?;
        let watch = Watch::new(held.as_ref().map(|_| request.max_tokens));
        let accounts = accounts.clone();
        let reasons = chosen.reasons;
        Ok(Self { accounts, reserve, held, may_tell, price, prompt, reasons, watch, entry, ended: false })
    }

    fn end(&mut self, outcome: Result<&Answer, &ModelError>) {
        if self.ended {
            return;
        }
        let (usage, spent) = self.facts(Some(outcome)).bill();
        self.settle(usage, spent, if outcome.is_ok() { Outcome::Ok } else { Outcome::Failed });
    }

    fn facts<'a>(&self, outcome: Option<Result<&'a Answer, &'a ModelError>>) -> Facts<'a> {
        Facts {
            outcome,
            seen: self.watch.seen(),
            heard: self.watch.heard(),
            prompt: self.prompt,
            price: self.price,
            held: self.held.as_ref().map(|held| held.amount),
            reasons: self.reasons,
            local: self.reserve.local,
        }
    }

    fn settle(&mut self, usage: Usage, spent: MicroUsd, outcome: Outcome) {
        self.ended = true;
        let seen = self.watch.seen();
        self.entry.spent.fetch_add(spent.0, Ordering::Relaxed);
        let settled = Settled {
            spent,
            prompt: usage.prompt,
            cached: usage.cached,
            completion: usage.completion,
            outcome,
            first_token: seen.first,
            whole: seen.whole,
            retries: seen.attempts.saturating_sub(1),
            failover: self.entry.failover,
        };
        if let Some(telemetry) = self.accounts.telemetry() {
            telemetry.call(&self.reserve, &settled);
        }
        if self.accounts.path.is_none() {
            return;
        }
        let Some(held) = self.held.take() else {
            self.accounts.heard_of(&self.reserve, spent);
            let call = Recorded { reserve: self.reserve.clone(), settled, at: SystemTime::now() };
            return self.accounts.record(call);
        };
        self.accounts.write(move |_| {
            if let Err(error) = held.settle(&settled) {
                // What was reserved counts as spent.
                tracing::warn!(error, "what a call cost was not written down");
            }
        });
    }
}

impl Payer for Open {
    fn watch(&self) -> &Watch {
        &self.watch
    }

    fn again<'a>(&'a mut self, error: &'a ModelError) -> BoxFuture<'a, Result<(), String>> {
        Box::pin(async move {
            let (usage, spent) = self.facts(Some(Err(error))).bill();
            if spent == MicroUsd(0) {
                return self.watch.again(error).await;
            }
            // It was at work, and that is paid for whatever comes of the next attempt.
            self.settle(usage, spent, Outcome::Failed);
            self.held = hold(&self.accounts, &self.reserve, self.may_tell).await?;
            self.watch = self.watch.anew();
            self.ended = false;
            Ok(())
        })
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        if self.ended {
            return;
        }
        let (usage, spent) = self.facts(None).bill();
        let enough = self.entry.enough.load(Ordering::Relaxed);
        self.settle(usage, spent, if enough { Outcome::Ok } else { Outcome::Cancelled });
    }
}

/// A safe estimate of a request's prompt.
fn counted(request: &Request) -> Tokens {
    let texts = request.turns.iter().map(|turn| &turn.text).chain(&request.prefill);
    let texts = texts.chain(request.fill.iter().flat_map(Fill::texts));
    let sum = texts
        .fold(Tokens::estimate(&request.system).0, |sum, text| sum.saturating_add(Tokens::estimate(text).0));
    Tokens(sum)
}
