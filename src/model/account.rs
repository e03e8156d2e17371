//! The way of every call to a model: what it may cost is reserved in the ledger before it leaves, it is cut when more comes than
//! was reserved, and settled at what it did cost, however it ends.
//!
//! Paid calls fail closed: without a ledger that can be written, none is made. Calls that cost nothing wait for no ledger;
//! they are written down a moment later and together, for the figures of `redraft usage`: a disk that is slow to confirm
//! would else be at work while the next draft begins.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::sync::mpsc;

use super::ask::{Retries, Watch, ask};
use super::ledger::{Fate, Ledger, Limits, Outcome, Recorded, ReservationId, Reserve, Settled};
use super::registry::{Chosen, Place};
use super::spec::Price;
use super::{Answer, ErrorKind, MicroUsd, ModelError, Request, Tokens, Usage};

#[cfg(test)]
mod tests;

/// Calls that cost nothing are written down so long after the first of them has ended.
const LATER: Duration = Duration::from_secs(1);
/// And at once when so many wait.
const MOST_LATER: usize = 64;

/// The user's limits.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Budget {
    pub per_run: Option<MicroUsd>,
    pub per_day: Option<MicroUsd>,
    pub per_month: Option<MicroUsd>,
    /// The price of hosted models that have none: an unknown price is never zero where there is a limit to hold.
    pub unknown_price: Option<Price>,
    /// The limits of single providers, by name: a day's and a month's.
    pub providers: BTreeMap<String, (Option<MicroUsd>, Option<MicroUsd>)>,
}

/// What a call is made for.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The run, by a name that no other has, ever.
    pub run: String,
    pub task: &'static str,
    /// Set when all that is wanted has come: a call that is dropped then was none that somebody cancelled.
    pub enough: Arc<AtomicBool>,
}

/// A name for the run that is number `id` in this process.
#[must_use]
pub fn run_name(id: u64) -> String {
    static BEGAN: LazyLock<u128> =
        LazyLock::new(|| SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default().as_micros());
    format!("{}-{}-{id}", *BEGAN, std::process::id())
}

/// See the module's head. One for each process.
pub struct Accounts {
    path: Option<PathBuf>,
    budget: Budget,
    ledger: Mutex<Option<Arc<Ledger>>>,
    /// Calls that cost nothing and are not written down yet.
    later: Mutex<Vec<Recorded>>,
    /// Held while they are: who flushes next finds them written.
    flushing: Mutex<()>,
    /// [`LATER`].
    wait: Duration,
}

impl Accounts {
    /// Accounts in the ledger at `path`; without one nothing is written down, and no call may cost anything where there is a
    /// budget.
    #[must_use]
    pub fn new(path: Option<PathBuf>, budget: Budget) -> Self {
        Self {
            path,
            budget,
            ledger: Mutex::default(),
            later: Mutex::default(),
            flushing: Mutex::default(),
            wait: LATER,
        }
    }

    /// The ledger; it is opened when it is needed first, and again after an error. Blocks.
    ///
    /// # Errors
    /// What is wrong with it, in words for the user.
    pub fn ledger(&self) -> Result<Arc<Ledger>, String> {
        let mut ledger = self.ledger.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(ledger) = &*ledger {
            return Ok(ledger.clone());
        }
        let path =
            self.path.as_ref().ok_or("there is no state directory, so costs cannot be written down")?;
        let opened = Ledger::open(path, SystemTime::now()).map_err(|error| error.to_string())?;
        Ok(ledger.insert(Arc::new(opened)).clone())
    }

    /// Writes down all that waits to be. Blocks.
    fn flush(&self) {
        let _flushing = self.flushing.lock().unwrap_or_else(PoisonError::into_inner);
        let calls = std::mem::take(&mut *self.later.lock().unwrap_or_else(PoisonError::into_inner));
        if calls.is_empty() {
            return;
        }
        let done = self.ledger().and_then(|ledger| ledger.record(&calls).map_err(|error| error.to_string()));
        if let Err(error) = done {
            tracing::warn!(error, calls = calls.len(), "calls that cost nothing were not written down");
        }
    }

    /// Has a call written down in a moment.
    fn record(self: &Arc<Self>, call: Recorded) {
        // Its price was not known, and its provider told what it cost: that waits for nothing.
        let is_paid = call.settled.spent > MicroUsd(0);
        let mut later = self.later.lock().unwrap_or_else(PoisonError::into_inner);
        later.push(call);
        let waiting = later.len();
        drop(later);
        let (accounts, wait) = (self.clone(), self.wait);
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) if waiting == 1 && !is_paid => {
                let accounts = Arc::downgrade(&accounts);
                runtime.spawn(async move {
                    tokio::time::sleep(wait).await;
                    if let Some(accounts) = accounts.upgrade() {
                        off_the_loop(move || accounts.flush());
                    }
                });
            }
            Ok(_) if waiting < MOST_LATER && !is_paid => {}
            _ => off_the_loop(move || accounts.flush()),
        }
    }

    /// Writes down what the user made of a run. Does not block; what cannot be written is lost, and told in the log.
    pub fn finish(self: &Arc<Self>, run: String, rounds: u32, fate: Fate) {
        let accounts = self.clone();
        off_the_loop(move || {
            // A run is known by its calls.
            accounts.flush();
            let done = accounts
                .ledger()
                .and_then(|ledger| ledger.finish_run(&run, rounds, fate).map_err(|error| error.to_string()));
            if let Err(error) = done {
                tracing::debug!(error, "what became of a run was not written down");
            }
        });
    }

    /// The price that a call of `chosen` is reckoned with; nothing where it is not known and nothing depends on it.
    fn price(&self, chosen: &Chosen) -> Result<Option<Price>, ModelError> {
        let limits = self.limits(&chosen.provider_name);
        match (chosen.place, chosen.price.or(self.budget.unknown_price)) {
            (Place::Embedded | Place::Local, _) => Ok(chosen.price),
            (Place::Hosted, None) if limits != Limits::default() => Err(refused(format!(
                "{}: its price is not known, and there is a budget to hold; nothing was sent. Set model.price, or budget.unknown_price",
                chosen.name
            ))),
            (Place::Hosted, price) => Ok(price),
        }
    }

    fn limits(&self, provider: &str) -> Limits {
        let (provider_per_day, provider_per_month) =
            self.budget.providers.get(provider).copied().unwrap_or_default();
        let Budget { per_run, per_day, per_month, .. } = self.budget;
        Limits { per_run, per_day, per_month, provider_per_day, provider_per_month }
    }
}

/// The last that a process does: what waits is written down, however the end came.
impl Drop for Accounts {
    fn drop(&mut self) {
        self.flush();
    }
}

impl fmt::Debug for Accounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Accounts")
            .field("path", &self.path)
            .field("budget", &self.budget)
            .finish_non_exhaustive()
    }
}

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
    outcome
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
        let settled = Settled {
            spent,
            prompt: usage.prompt,
            cached: usage.cached,
            completion: usage.completion,
            outcome,
            first_token: seen.first,
            whole: seen.whole,
            retries: seen.attempts.saturating_sub(1),
            failover: false,
        };
        if self.accounts.path.is_none() {
            return;
        }
        let Some(id) = self.reserved else {
            let call = Recorded { reserve: self.reserve.clone(), settled, at: SystemTime::now() };
            return self.accounts.record(call);
        };
        let accounts = self.accounts.clone();
        off_the_loop(move || {
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

fn refused(message: String) -> ModelError {
    ModelError { kind: ErrorKind::Budget, message, retry_after: None }
}

/// On a thread that may block; where there is no runtime any more, here.
fn off_the_loop(work: impl FnOnce() + Send + 'static) {
    match tokio::runtime::Handle::try_current() {
        Ok(runtime) => drop(runtime.spawn_blocking(work)),
        Err(_) => work(),
    }
}
