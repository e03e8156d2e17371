//! How values stand in the ledger's file.

use std::time::Duration;

use super::{Fate, MAX_CHARGE, MicroUsd, Outcome};

/// The outcome of a call that was released.
pub(super) const UNSENT: u8 = 3;

pub(super) const fn code_of_outcome(outcome: Outcome) -> u8 {
    match outcome {
        Outcome::Ok => 0,
        Outcome::Failed => 1,
        Outcome::Cancelled => 2,
    }
}

pub(super) const fn code_of_fate(fate: Fate) -> u8 {
    match fate {
        Fate::Unknown => 0,
        Fate::Kept => 1,
        Fate::Reverted => 2,
        Fate::Edited => 3,
    }
}

pub(super) fn charge(amount: MicroUsd) -> i64 {
    i64::try_from(amount.0).unwrap_or(i64::MAX).min(MAX_CHARGE)
}

pub(super) fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}
