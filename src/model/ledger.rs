//! The ledger: what calls of models cost, before they are made and after, in one file that all editors of a user share.
//!
//! A call is reserved at the most that it can cost, in the same transaction that adds up what is spent, so that calls at
//! once cannot both take the last cent; it is settled at what it did cost. What is not settled, because its process died,
//! counts as spent until its day and month are over. Whatever goes wrong with the file is an error, never a budget without
//! a ledger. Time is passed in, and may go back: see `Moment::effective`.
//!
//! Methods block, on the disk and on other processes (at most [`BUSY`]): async callers want `spawn_blocking`. Nothing else
//! in this process may open the file: on Unix, closing it would take SQLite's locks away.

mod budget;
mod calendar;
mod codes;
mod error;
mod identity;
mod measure;
mod open;
mod report;
mod usage;

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use super::{MicroUsd, Tokens};
use calendar::Moment;
use codes::{UNSENT, charge, code_of_fate, code_of_outcome, micros};
use identity::Identity;

pub use budget::{Limits, ProviderSpent, Spent};
pub use calendar::day;
pub use error::{Budget, LedgerError, Refused, dollars};
pub use measure::{MEASURED_AGE, MEASURED_CALLS, Measured};
pub use open::KEPT;
pub use report::{report, since};
pub use usage::{By, UsageRow};

/// How long another process is waited for. It holds the file for some milliseconds at a time; a person waits for us.
pub const BUSY: Duration = Duration::from_secs(2);
/// The most that one call is written down at: eight million dollars. A million of them add up without an overflow.
const MAX_CHARGE: i64 = i64::MAX >> 20;

/// What is about to be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reserve {
    /// One name for all calls of a run: its retries, failovers and rounds share the limit of a run. Unique for ever.
    pub run: String,
    pub provider: String,
    pub model: String,
    /// The code action, as `usage` groups by it.
    pub task: String,
    /// The most that the call can cost. A call that costs nothing is written down all the same, and no limit refuses it.
    pub amount: MicroUsd,
    /// Whether the model is on this machine.
    pub local: bool,
}

/// A call that was reserved, to be settled or released once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ReservationId(i64);

/// What became of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settled {
    /// What it did cost. May be more than was reserved, by what was on its way when the stream was cut.
    pub spent: MicroUsd,
    pub prompt: Tokens,
    /// How many of the prompt's tokens the provider had cached.
    pub cached: Tokens,
    pub completion: Tokens,
    pub outcome: Outcome,
    /// From the question to the first text.
    pub first_token: Option<Duration>,
    /// From the question to the end.
    pub whole: Duration,
    /// How often it was asked again before.
    pub retries: u32,
    /// Whether this model stood in for another one.
    pub failover: bool,
}

/// A call that cost nothing and is over.
#[derive(Clone, Debug, PartialEq)]
pub struct Recorded {
    pub reserve: Reserve,
    pub settled: Settled,
    /// When it ended.
    pub at: SystemTime,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The answer was whole.
    Ok,
    Failed,
    /// By the user, or by us since enough had come.
    Cancelled,
}

/// What the user made of a run's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Kept,
    Reverted,
    /// Kept, and worked on.
    Edited,
    Unknown,
}

/// See the module's head.
#[derive(Debug)]
pub struct Ledger {
    path: PathBuf,
    busy: Duration,
    connection: Mutex<Connection>,
    /// Which file it is, whatever its name becomes.
    identity: Identity,
}

impl Ledger {
    /// The ledger in the file `path`, which is made, with its directory, where there is none. What is older than [`KEPT`]
    /// by `now` is removed from it.
    ///
    /// # Errors
    /// Where the file is damaged, locked, read-only, another program's, or of a newer Redraft. It is left as it is.
    pub fn open(path: &Path, now: SystemTime) -> Result<Self, LedgerError> {
        Self::open_with(path, now, BUSY)
    }

    fn open_with(path: &Path, now: SystemTime, busy: Duration) -> Result<Self, LedgerError> {
        let connection = open::open(path, Moment::of(now), busy)?;
        let identity = Identity::of(path);
        Ok(Self { path: path.to_owned(), busy, connection: Mutex::new(connection), identity })
    }

    /// Whether the file that was opened is still the one of that name: it may have been moved away, removed or replaced.
    #[must_use]
    pub fn is_in_place(&self) -> bool {
        self.identity == Identity::of(&self.path)
    }

    /// Takes `wanted.amount` out of the budget, if `limits` allow.
    ///
    /// # Errors
    /// The first limit that would be broken, the narrowest first; or what is wrong with the ledger.
    pub fn reserve(
        &self,
        wanted: &Reserve,
        limits: &Limits,
        now: SystemTime,
    ) -> Result<ReservationId, Refused> {
        self.write(|tx| {
            let moment = Moment::of(now).effective(tx)?;
            if wanted.amount > MicroUsd(0)
                && let Some(refused) = budget::refusal(tx, wanted, limits, moment)?
            {
                return Ok(Err(refused));
            }
            Ok(Ok(insert(tx, wanted, moment)?))
        })?
    }

    /// Writes down calls that cost nothing, after they were made: together, in one transaction.
    ///
    /// # Errors
    /// What is wrong with the ledger; then none of them is written down.
    pub fn record(&self, calls: &[Recorded]) -> Result<(), LedgerError> {
        self.write(|tx| {
            for call in calls {
                let id = insert(tx, &call.reserve, Moment::of(call.at).effective(tx)?)?;
                update(tx, id, &call.settled)?;
            }
            Ok(())
        })
    }

    /// Writes down what became of a call; it counts in the day and month in which it was reserved. Settled again, a call
    /// keeps its first figures and the greater cost: whatever the order, nothing that was spent is lost.
    ///
    /// # Errors
    /// What is wrong with the ledger; then the reservation stands, and counts as spent.
    pub fn settle(&self, id: ReservationId, settled: &Settled) -> Result<(), LedgerError> {
        self.close(id, charge(settled.spent), |tx| update(tx, id, settled))
    }

    /// Gives a reservation back of which nothing was sent. It counts in no figure of `usage`. One that was settled stays.
    ///
    /// # Errors
    /// What is wrong with the ledger; then the reservation stands, and counts as spent.
    pub fn release(&self, id: ReservationId) -> Result<(), LedgerError> {
        self.close(id, 0, |tx| {
            tx.execute(
                "UPDATE call SET charge = 0, outcome = ?2 WHERE id = ?1 AND outcome IS NULL",
                params![id.0, UNSENT],
            )
        })
    }

    fn close(
        &self,
        id: ReservationId,
        spent: i64,
        first: impl FnOnce(&Transaction) -> rusqlite::Result<usize>,
    ) -> Result<(), LedgerError> {
        let changed = self.write(|tx| {
            if first(tx)? > 0 {
                return Ok(1);
            }
            tx.execute("UPDATE call SET charge = max(charge, ?2) WHERE id = ?1", params![id.0, spent])
        })?;
        if changed == 0 {
            return Err(LedgerError::Unknown { path: self.path.clone(), id: id.0 });
        }
        Ok(())
    }

    /// Writes down how a run ended, which may be long after its calls, or just before the last of them is written down. Said
    /// again, the last word counts.
    ///
    /// # Errors
    /// What is wrong with the ledger.
    pub fn finish_run(&self, run: &str, rounds: u32, fate: Fate) -> Result<(), LedgerError> {
        self.write(|tx| {
            tx.execute(
                "INSERT INTO run (name, rounds, fate) VALUES (?1, ?2, ?3)
                 ON CONFLICT (name) DO UPDATE SET rounds = excluded.rounds, fate = excluded.fate",
                params![run, rounds, code_of_fate(fate)],
            )
        })?;
        Ok(())
    }

    /// What the dearest call of a model cost lately, or where it has none that cost anything, of its provider.
    ///
    /// # Errors
    /// What is wrong with the ledger.
    pub fn dearest(&self, provider: &str, model: &str, now: SystemTime) -> Result<MicroUsd, LedgerError> {
        self.read(|tx| budget::dearest(tx, provider, model, Moment::of(now).effective(tx)?))
    }

    /// What is spent, and reserved, in the day and the month of `now`.
    ///
    /// # Errors
    /// What is wrong with the ledger.
    pub fn spent(&self, now: SystemTime) -> Result<Spent, LedgerError> {
        self.read(|tx| budget::spent(tx, Moment::of(now).effective(tx)?))
    }

    /// What was asked since `since`, and how it went, by the name of what it is grouped by.
    ///
    /// # Errors
    /// What is wrong with the ledger.
    pub fn usage(&self, since: SystemTime, by: By) -> Result<Vec<UsageRow>, LedgerError> {
        self.read(|tx| usage::usage(tx, Moment::of(since), by))
    }

    /// How fast a model was, by its last [`MEASURED_CALLS`] answers; none where there is none of [`MEASURED_AGE`].
    ///
    /// # Errors
    /// What is wrong with the ledger.
    pub fn measured(
        &self,
        model: &str,
        provider: &str,
        now: SystemTime,
    ) -> Result<Option<Measured>, LedgerError> {
        self.read(|tx| measure::measured(tx, model, provider, Moment::of(now)))
    }

    /// Keeps a value by its key, instead of the one that was there: what has to survive a restart.
    ///
    /// # Errors
    /// What is wrong with the ledger.
    pub fn keep_state(&self, key: &str, value: &str) -> Result<(), LedgerError> {
        self.write(|tx| {
            tx.execute(
                "INSERT INTO state (key, value) VALUES (?1, ?2)
                 ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                [key, value],
            )
        })?;
        Ok(())
    }

    /// Claims `key` for so long; false where somebody else has it. A claim that was made in what is now the future counts for
    /// nothing: the clock was set back.
    ///
    /// # Errors
    /// What is wrong with the ledger.
    pub fn claim_state(&self, key: &str, hold: Duration, now: SystemTime) -> Result<bool, LedgerError> {
        let now = Moment::of(now).millis();
        let hold = i64::try_from(hold.as_millis()).unwrap_or(i64::MAX);
        self.write(|tx| {
            let free = "CAST(value AS INTEGER) <= ?2 - ?3 OR CAST(value AS INTEGER) > ?2";
            tx.execute(
                &format!(
                    "INSERT INTO state (key, value) VALUES (?1, ?2)
                     ON CONFLICT (key) DO UPDATE SET value = excluded.value WHERE {free}"
                ),
                rusqlite::params![key, now, hold],
            )
        })
        .map(|changed| changed > 0)
    }

    /// The keys that begin with `prefix`, in their order, with their values.
    ///
    /// # Errors
    /// What is wrong with the ledger.
    pub fn state(&self, prefix: &str) -> Result<Vec<(String, String)>, LedgerError> {
        self.read(|tx| {
            let mut rows = tx
                .prepare("SELECT key, value FROM state WHERE substr(key, 1, length(?1)) = ?1 ORDER BY key")?;
            rows.query_map([prefix], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
        })
    }

    /// One transaction that is the only writer from its beginning: what it reads is still so when it writes.
    fn write<T>(&self, work: impl FnOnce(&Transaction) -> rusqlite::Result<T>) -> Result<T, LedgerError> {
        self.within(TransactionBehavior::Immediate, work)
    }

    /// One transaction that sees one state of the file, and waits for no writer.
    fn read<T>(&self, work: impl FnOnce(&Transaction) -> rusqlite::Result<T>) -> Result<T, LedgerError> {
        self.within(TransactionBehavior::Deferred, work)
    }

    fn within<T>(
        &self,
        behavior: TransactionBehavior,
        work: impl FnOnce(&Transaction) -> rusqlite::Result<T>,
    ) -> Result<T, LedgerError> {
        let mut connection = self.lock();
        let done = connection.transaction_with_behavior(behavior).and_then(|tx| {
            // Dropped without a commit, it is rolled back.
            let value = work(&tx)?;
            tx.commit()?;
            Ok(value)
        });
        done.map_err(|error| LedgerError::from_sqlite(&self.path, &error, self.busy))
    }

    /// A panic within a transaction has rolled it back: the connection is as good as before.
    fn lock(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn insert(tx: &Transaction, wanted: &Reserve, moment: Moment) -> rusqlite::Result<ReservationId> {
    tx.execute("INSERT INTO run (name) VALUES (?1) ON CONFLICT (name) DO NOTHING", [&wanted.run])?;
    tx.execute(
        "INSERT INTO call (run, provider, model, task, local, at, charge)
         VALUES ((SELECT id FROM run WHERE name = ?1), ?2, ?3, ?4, ?5, ?6, ?7)",
        params![
            wanted.run,
            wanted.provider,
            wanted.model,
            wanted.task,
            wanted.local,
            moment.millis(),
            charge(wanted.amount)
        ],
    )?;
    Ok(ReservationId(tx.last_insert_rowid()))
}

/// What became of a call that is open; returns 0 where it is not.
fn update(tx: &Transaction, id: ReservationId, settled: &Settled) -> rusqlite::Result<usize> {
    tx.execute(
        "UPDATE call SET charge = ?2, outcome = ?3, prompt = ?4, cached = ?5, completion = ?6,
             first_token = ?7, whole = ?8, retries = ?9, failover = ?10
         WHERE id = ?1 AND outcome IS NULL",
        params![
            id.0,
            charge(settled.spent),
            code_of_outcome(settled.outcome),
            settled.prompt.0,
            settled.cached.0,
            settled.completion.0,
            settled.first_token.map(micros),
            micros(settled.whole),
            settled.retries,
            settled.failover
        ],
    )
}

#[cfg(test)]
mod tests;
