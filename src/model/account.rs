//! The way of every call to a model: what it may cost is reserved in the ledger before it leaves, it is cut when more comes than
//! was reserved, and settled at what it did cost, however it ends.
//!
//! Paid calls fail closed: without a ledger that can be written, none is made. Calls that cost nothing wait for no ledger;
//! they are written down a moment later and together, for the figures of `redraft usage`: a disk that is slow to confirm
//! would else be at work while the next draft begins.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, LazyLock, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use super::breaker::{End, Permit};
use super::choose::Health;
use super::health::{Breakers, Circuit};
use super::ledger::{By, Fate, Ledger, Limits, Measured, Recorded, Spent, report};
use super::registry::{Chosen, Place};
use super::spec::Price;
use super::telemetry::{Collector, Telemetry};
use super::{ErrorKind, MicroUsd, ModelError};

mod bill;
mod call;
mod held;
mod ledger;
#[cfg(test)]
mod tests;

pub use self::call::call;

/// Calls that cost nothing are written down so long after the first of them has ended.
const LATER: Duration = Duration::from_secs(1);
/// And at once when so many wait.
const MOST_LATER: usize = 64;

/// How other processes find a model is read again after so long.
const FRESH: Duration = Duration::from_secs(5);
/// The call that finds out whether a model is well again is one process's for so long; no more than the second rest.
const PROBE: Duration = Duration::from_secs(60);

/// What a run may cost where the user says nothing: ten cents.
const PER_RUN: MicroUsd = MicroUsd(100_000);

/// The user's limits.
#[derive(Clone, Debug, PartialEq)]
pub struct Budget {
    /// There is always one, unless code says otherwise: who configures nothing has not agreed to any bill.
    pub per_run: Option<MicroUsd>,
    pub per_day: Option<MicroUsd>,
    pub per_month: Option<MicroUsd>,
    /// The price of hosted models that have none: an unknown price is never zero where there is a limit to hold.
    pub unknown_price: Option<Price>,
    /// The limits of single providers, by name: a day's and a month's.
    pub providers: BTreeMap<String, (Option<MicroUsd>, Option<MicroUsd>)>,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            per_run: Some(PER_RUN),
            per_day: None,
            per_month: None,
            unknown_price: None,
            providers: BTreeMap::new(),
        }
    }
}

/// What a call is made for.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The run, by a name that no other has, ever.
    pub run: String,
    pub task: &'static str,
    /// The model stands in for another one, which failed.
    pub failover: bool,
    /// What the run has spent so far, in micro-dollars: calls that failed among it.
    pub spent: Arc<AtomicU64>,
    /// Set when all that is wanted has come: a call that is dropped then was none that somebody cancelled.
    pub enough: Arc<AtomicBool>,
    /// When its run is given up.
    pub due: Instant,
}

/// A name for the run that is number `id` in this process.
#[must_use]
pub fn run_name(id: u64) -> String {
    static BEGAN: LazyLock<u128> =
        LazyLock::new(|| SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default().as_micros());
    format!("{}-{}-{id}", *BEGAN, std::process::id())
}

/// Something to write down.
type Job = Box<dyn FnOnce(&Accounts) + Send>;

/// See the module's head. One for each process.
pub struct Accounts {
    path: Option<PathBuf>,
    budget: Budget,
    ledger: Mutex<Option<Arc<Ledger>>>,
    /// Where calls are told besides.
    collector: Option<Collector>,
    telemetry: OnceLock<Option<Telemetry>>,
    breakers: Breakers,
    /// When other processes' were read last.
    restored: Mutex<Option<Instant>>,
    /// What else is to be written down, in order. Kept here and not with the runtime, which forgets at its end what it has not begun.
    jobs: Mutex<VecDeque<Job>>,
    /// Calls that cost nothing and are not written down yet.
    later: Mutex<Vec<Recorded>>,
    /// Held while they are: who flushes next finds them written.
    flushing: Mutex<()>,
    /// [`LATER`].
    wait: Duration,
    /// What providers told that calls cost which had no price, the dearest of each.
    dearest: Mutex<BTreeMap<String, MicroUsd>>,
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
            collector: None,
            telemetry: OnceLock::new(),
            breakers: Breakers::default(),
            restored: Mutex::default(),
            jobs: Mutex::default(),
            later: Mutex::default(),
            flushing: Mutex::default(),
            wait: LATER,
            dearest: Mutex::default(),
        }
    }

    /// The same, which tells a collector of each call, too.
    #[must_use]
    pub fn with_collector(mut self, collector: Option<Collector>) -> Self {
        self.collector = collector;
        self
    }

    /// Who tells a collector of calls; started with the first of them.
    fn telemetry(&self) -> Option<&Telemetry> {
        let collector = self.collector.as_ref()?;
        let start = || Telemetry::new(collector).inspect_err(|error| tracing::warn!(error)).ok();
        self.telemetry.get_or_init(start).as_ref()
    }

    /// How a model is. Blocks for the first time, where there is a ledger.
    #[must_use]
    pub fn health(&self, circuit: &Circuit) -> Health {
        self.restore();
        self.breakers.health(circuit)
    }

    /// Takes in how models are by other processes' calls. Blocks, at most every few seconds, and only where there is a ledger: for
    /// what says nothing none is made.
    fn restore(&self) {
        let mut restored = self.restored.lock().unwrap_or_else(PoisonError::into_inner);
        let is_fresh = restored.is_some_and(|at| at.elapsed() < FRESH);
        if is_fresh || !self.path.as_ref().is_some_and(|path| path.exists()) {
            return;
        }
        *restored = Some(Instant::now());
        let state = |ledger: Arc<Ledger>| ledger.state(Breakers::prefix()).map_err(|error| error.to_string());
        match self.ledger().and_then(state) {
            Ok(kept) => self.breakers.restore(kept),
            Err(error) => tracing::warn!(error, "how the models were is not known"),
        }
    }

    /// Lets a call to a model through. After a rest that is one call, of all processes that share the ledger; whether it is that one
    /// is told.
    ///
    /// # Errors
    /// How the model is, where it is left alone.
    async fn admit(self: &Arc<Self>, circuit: &Circuit) -> Result<(Permit, bool), Health> {
        let finds_out = self.breakers.health(circuit) == Health::Trying;
        let permit = self.breakers.admit(circuit)?;
        if !finds_out || self.path.is_none() {
            return Ok((permit, finds_out));
        }
        let (accounts, claim) = (self.clone(), Breakers::claim(circuit));
        let claimed = tokio::task::spawn_blocking(move || {
            let claim = |ledger: Arc<Ledger>| {
                let claimed = ledger.claim_state(&claim, PROBE, SystemTime::now());
                claimed.map_err(|error| error.to_string())
            };
            accounts.ledger().and_then(claim)
        });
        match claimed.await {
            // Where nothing can be written down, each process finds out for itself.
            Ok(Ok(true) | Err(_)) | Err(_) => Ok((permit, true)),
            Ok(Ok(false)) => {
                drop(self.breakers.told(circuit, permit, End::Nothing));
                Err(Health::Resting(PROBE))
            }
        }
    }

    /// Forgets what is held against a model. Blocks.
    ///
    /// # Errors
    /// Why that cannot be kept.
    pub fn forgive(&self, circuit: &Circuit) -> Result<(), String> {
        let (name, value) = self.breakers.forgive(circuit);
        if self.path.is_none() {
            return Ok(());
        }
        self.ledger()?.keep_state(&name, &value).map_err(|error| error.to_string())
    }

    /// How fast a model was lately. Blocks.
    #[must_use]
    pub fn measured(&self, model: &str, provider: &str, now: SystemTime) -> Option<Measured> {
        self.path.as_ref().filter(|path| path.exists())?;
        self.flush();
        self.ledger().ok()?.measured(model, provider, now).ok()?
    }

    /// What was asked since `since`, as JSON. Blocks.
    ///
    /// # Errors
    /// What is wrong with the ledger.
    pub fn report(&self, since: SystemTime, by: By) -> Result<serde_json::Value, String> {
        self.work();
        self.flush();
        // Where nothing was asked yet, no ledger is made.
        if !self.path.as_ref().is_some_and(|path| path.exists()) {
            return Ok(report(&[], &Spent::default()));
        }
        let ledger = self.ledger()?;
        let rows = ledger.usage(since, by).map_err(|error| error.to_string())?;
        Ok(report(&rows, &self.spent(SystemTime::now())?))
    }

    /// Whether there is a limit to hold.
    #[must_use]
    pub fn is_limited(&self) -> bool {
        let Budget { per_run, per_day, per_month, .. } = self.budget;
        per_run.or(per_day).or(per_month).is_some() || !self.budget.providers.is_empty()
    }

    /// The price of models that have none, where there is one; any of them may be one whose prompts are written to a cache.
    #[must_use]
    pub fn unknown_price(&self) -> Option<Price> {
        self.budget.unknown_price.map(Price::with_cache_writes)
    }

    /// What one run may cost.
    #[must_use]
    pub fn per_run(&self) -> Option<MicroUsd> {
        self.budget.per_run
    }

    /// Takes in how a call to a model ended.
    fn told(self: &Arc<Self>, circuit: &Circuit, permit: Permit, end: End) {
        let Some((name, value)) = self.breakers.told(circuit, permit, end) else { return };
        if self.path.is_none() {
            return;
        }
        self.write(move |accounts| {
            let keep =
                |ledger: Arc<Ledger>| ledger.keep_state(&name, &value).map_err(|error| error.to_string());
            if let Err(error) = accounts.ledger().and_then(keep) {
                tracing::warn!(error, "how a model is was not written down");
            }
        });
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

    /// Has something written down, on a thread that may block; at the latest when the process ends.
    fn write(self: &Arc<Self>, job: impl FnOnce(&Self) + Send + 'static) {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner).push_back(Box::new(job));
        let accounts = self.clone();
        off_the_loop(move || accounts.work());
    }

    fn work(&self) {
        let next = || self.jobs.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        while let Some(job) = next() {
            job(self);
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
        self.write(move |accounts| {
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
        match (chosen.place, chosen.price.or(self.unknown_price())) {
            (Place::Embedded | Place::Local, _) => Ok(chosen.price),
            (Place::Hosted, None) if limits != Limits::default() => Err(refused(format!(
                "{}: its price is not known, and there is a budget to hold; nothing was sent. Set model.price or \
                 budget.unknown_price, or have its provider tell it (`redraft models list --refresh`)",
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
        self.work();
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
