//! One call: let through by its model's breaker, reserved, asked, settled, told.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::SystemTime;

use tokio::sync::mpsc;

use super::{Accounts, Entry, refused};
use crate::model::ask::{Retries, Watch, ask};
use crate::model::breaker::{End, Permit};
use crate::model::choose::Health;
use crate::model::health::Circuit;
use crate::model::ledger::{Outcome, Recorded, ReservationId, Reserve, Settled};
use crate::model::registry::{Chosen, Place};
use crate::model::spec::Price;
use crate::model::{Answer, ErrorKind, MicroUsd, ModelError, Request, Tokens, Usage};

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
    let permit = accounts.admit(&chosen.circuit).await.map_err(|health| resting(chosen, health))?;
    let mut health =
        Told { accounts: accounts.clone(), circuit: chosen.circuit.clone(), permit: Some(permit) };
    let price = accounts.price(chosen)?;
    let prompt = counted(&request);
    let most = Usage { prompt, completion: request.max_tokens, ..Usage::default() };
    let amount = price.map(|price| price.cost(&most)).unwrap_or_default();
    let reserve = Reserve {
        run: entry.run.clone(),
        provider: chosen.provider_name.clone(),
        model: chosen.name.clone(),
        task: entry.task.to_owned(),
        amount,
        local: chosen.place != Place::Hosted,
    };
    let limits = accounts.limits(&chosen.provider_name);
    let reserved = if amount > MicroUsd(0) {
        let (accounts, reserve) = (accounts.clone(), reserve.clone());
        let work = move || {
            let ledger = accounts.ledger()?;
            ledger.reserve(&reserve, &limits, SystemTime::now()).map_err(|refused| refused.to_string())
        };
        let done = tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| Err(error.to_string()));
        Some(done.map_err(|why| refused(format!("{}: {why}; nothing was sent", chosen.name)))?)
    } else {
        None
    };
    let watch = Watch::new(if reserved.is_some() { Some(request.max_tokens) } else { None });
    let mut open =
        Open { accounts: accounts.clone(), reserve, reserved, price, prompt, watch, entry, ended: false };
    let outcome = ask(&*chosen.provider, request, deltas, retries, &open.watch).await;
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

/// A call that is under way: settled when it ends, and when it is dropped.
struct Open {
    accounts: Arc<Accounts>,
    reserve: Reserve,
    reserved: Option<ReservationId>,
    price: Option<Price>,
    prompt: Tokens,
    watch: Watch,
    entry: Entry,
    ended: bool,
}

impl Open {
    fn end(&mut self, outcome: Result<&Answer, &ModelError>) {
        self.ended = true;
        let seen = self.watch.seen();
        let counted = self.counted();
        let (usage, outcome) = match outcome {
            Ok(answer) if answer.usage.prompt == Tokens(0) && answer.usage.completion == Tokens(0) => {
                (Usage { cost: answer.usage.cost, ..counted }, Outcome::Ok)
            }
            Ok(answer) => (answer.usage, Outcome::Ok),
            // What was refused before it said anything is not paid for.
            Err(error) if seen.first.is_none() && is_free(error.kind) => (Usage::default(), Outcome::Failed),
            Err(_) => (counted, Outcome::Failed),
        };
        self.settle(usage, outcome);
    }

    /// What was used, where nobody says it: a safe count where it is paid for, else the likelier one.
    fn counted(&self) -> Usage {
        let seen = self.watch.seen();
        let completion =
            if self.reserve.local { seen.written.min(Tokens(seen.deltas)) } else { seen.written };
        Usage { prompt: self.prompt, completion, ..Usage::default() }
    }

    fn settle(&self, usage: Usage, outcome: Outcome) {
        let seen = self.watch.seen();
        let told = usage.cost.unwrap_or_default();
        let spent = self.price.map_or(told, |price| price.cost(&usage));
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
        let Some(id) = self.reserved else {
            let call = Recorded { reserve: self.reserve.clone(), settled, at: SystemTime::now() };
            return self.accounts.record(call);
        };
        self.accounts.write(move |accounts| {
            let settle = || {
                accounts
                    .ledger()
                    .and_then(|ledger| ledger.settle(id, &settled).map_err(|error| error.to_string()))
            };
            // Another process may have held the ledger for as long as we waited.
            if let Err(error) = settle().or_else(|_| settle()) {
                // What was reserved counts as spent.
                tracing::warn!(error, "what a call cost was not written down");
            }
        });
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        if self.ended {
            return;
        }
        let enough = self.entry.enough.load(Ordering::Relaxed);
        self.settle(self.counted(), if enough { Outcome::Ok } else { Outcome::Cancelled });
    }
}

/// Whether a failure without any text costs nothing.
fn is_free(kind: ErrorKind) -> bool {
    !matches!(
        kind,
        ErrorKind::Stream | ErrorKind::Timeout | ErrorKind::TooLarge | ErrorKind::Empty | ErrorKind::Budget
    )
}

/// A safe estimate of a request's prompt.
fn counted(request: &Request) -> Tokens {
    let texts = request.turns.iter().map(|turn| &turn.text).chain(&request.prefill);
    let sum = texts
        .fold(Tokens::estimate(&request.system).0, |sum, text| sum.saturating_add(Tokens::estimate(text).0));
    Tokens(sum)
}
