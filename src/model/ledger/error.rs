//! What the ledger says when it refuses, in words for the user: what, where, and what to do.

use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rusqlite::ErrorCode;

use super::MicroUsd;
use super::calendar::Moment;

/// What follows every fault of the file, since nothing is spent that cannot be written down.
const CLOSED: &str = "Until then, no model that costs money is asked";

/// The limits of a budget.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Budget {
    Run,
    Day,
    Month,
    /// Of the provider that is named.
    ProviderDay(String),
    ProviderMonth(String),
}

/// Why a call may not be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It would cost more than is left. `spent` includes what is reserved by calls that are running, and by some that died.
    #[error("{}", over(.which, *.limit, *.spent, *.wanted, *.rolls))]
    Budget {
        which: Budget,
        limit: MicroUsd,
        spent: MicroUsd,
        wanted: MicroUsd,
        /// When the limit begins anew; a run's never does.
        rolls: Option<SystemTime>,
    },
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// What is wrong with the ledger's file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    #[error("the ledger of costs cannot be used: {}: {why}. Put that right. {CLOSED}", .path.display())]
    Unusable { path: PathBuf, why: String },
    #[error("the ledger of costs, {}, may only be read. Make it and its directory writable. {CLOSED}", .path.display())]
    ReadOnly { path: PathBuf },
    #[error(
        "the ledger of costs, {}, is locked by another process, and {} ms of waiting did not help. End what holds it. {CLOSED}",
        .path.display(), .waited.as_millis()
    )]
    Locked { path: PathBuf, waited: Duration },
    #[error(
        "the ledger of costs, {}, is damaged ({why}). Bring back a copy of it, or move it away: a new one is made then, \
         which knows of nothing that was spent. {CLOSED}",
        .path.display()
    )]
    Damaged { path: PathBuf, why: String },
    #[error(
        "{} is no ledger of costs: it is another program's file, or damaged from its first byte. Move it away, and a new \
         one is made, which knows of nothing that was spent. {CLOSED}",
        .path.display()
    )]
    Foreign { path: PathBuf },
    #[error(
        "the ledger of costs, {}, was written by a newer Redraft (format {found}; this one knows {known}). Update this \
         one. {CLOSED}",
        .path.display()
    )]
    Newer { path: PathBuf, found: i64, known: i64 },
    /// A reservation that never was, or was removed for its age.
    #[error("the ledger of costs, {}, has no call {id}", .path.display())]
    Unknown { path: PathBuf, id: i64 },
}

impl LedgerError {
    pub(super) fn from_io(path: &Path, error: &io::Error) -> Self {
        Self::Unusable { path: path.to_owned(), why: error.to_string() }
    }

    /// `waited` is how long a lock was waited for.
    pub(super) fn from_sqlite(path: &Path, error: &rusqlite::Error, waited: Duration) -> Self {
        let path = path.to_owned();
        let why = error.to_string();
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Locked { path, waited },
            Some(ErrorCode::NotADatabase) => Self::Foreign { path },
            Some(ErrorCode::ReadOnly) => Self::ReadOnly { path },
            Some(
                ErrorCode::DatabaseCorrupt
                | ErrorCode::ConstraintViolation
                | ErrorCode::TypeMismatch
                | ErrorCode::Unknown,
            )
            | None => Self::Damaged { path, why },
            Some(_) => Self::Unusable { path, why },
        }
    }
}

/// An amount as a person reads it: two to six digits behind the point.
#[must_use]
pub fn dollars(amount: MicroUsd) -> String {
    let (whole, part) = (amount.0 / 1_000_000, amount.0 % 1_000_000);
    let part = format!("{part:06}");
    let zeros = part.bytes().rev().take(4).take_while(|digit| *digit == b'0').count();
    format!("${whole}.{}", &part[..part.len() - zeros])
}

fn over(
    which: &Budget,
    limit: MicroUsd,
    spent: MicroUsd,
    wanted: MicroUsd,
    rolls: Option<SystemTime>,
) -> String {
    let of = match which {
        Budget::Run => "for one run".to_owned(),
        Budget::Day => "for a day".to_owned(),
        Budget::Month => "for a month".to_owned(),
        Budget::ProviderDay(name) => format!("for a day with {name}"),
        Budget::ProviderMonth(name) => format!("for a month with {name}"),
    };
    let [limit, spent, wanted] = [limit, spent, wanted].map(dollars);
    let wait = rolls.map_or_else(String::new, |time| {
        format!("It begins anew at {} 00:00 UTC. ", Moment::of(time).day_name())
    });
    format!(
        "the budget does not allow this: it can cost {wanted}, and of the {limit} {of}, {spent} are spent or reserved. \
         {wait}Raise the limit in the configuration, or choose a model that costs less"
    )
}
