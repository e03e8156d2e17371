//! What is held of the budget for one call: taken from the ledger before it leaves, and given back where it never left.

use std::sync::Arc;
use std::time::SystemTime;

use super::Accounts;
use crate::model::MicroUsd;
use crate::model::ledger::{Ledger, Refused, ReservationId, Reserve, Settled};

/// A reservation, with the ledger that it is in: should the file be replaced meanwhile, its number means another call in the
/// new one.
#[derive(Debug)]
pub(super) struct Held {
    ledger: Arc<Ledger>,
    id: ReservationId,
    /// How much it is: what was asked for, or what such a call did cost before.
    pub amount: MicroUsd,
}

impl Held {
    /// Writes down what became of the call. Blocks.
    pub(super) fn settle(&self, settled: &Settled) -> Result<(), String> {
        let settle = || self.ledger.settle(self.id, settled);
        // Another process may have held the ledger for as long as we waited.
        settle().or_else(|_| settle()).map_err(|error| error.to_string())
    }
}

/// One that nobody has yet: a run that is stopped while the ledger is waited for does not come for it.
struct Waiting {
    accounts: Arc<Accounts>,
    held: Option<Held>,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let Some(held) = self.held.take() else { return };
        self.accounts.write(move |_| {
            if let Err(error) = held.ledger.release(held.id) {
                tracing::warn!(%error, "a reservation of which nothing was sent stands");
            }
        });
    }
}

/// Takes what a call can cost out of the budget, off the loop. Nothing is held for one that costs nothing; `may_tell` says that
/// its provider may tell a cost all the same, and then as much is held as it told before.
///
/// # Errors
/// The limit that it would break, or what is wrong with the ledger, in words for the user.
pub(super) async fn hold(
    accounts: &Arc<Accounts>,
    reserve: &Reserve,
    may_tell: bool,
) -> Result<Option<Held>, String> {
    if reserve.amount == MicroUsd(0) && !(may_tell && accounts.may_know_costs()) {
        return Ok(None);
    }
    let (accounts, mut reserve) = (accounts.clone(), reserve.clone());
    let work = move || {
        if reserve.amount == MicroUsd(0) {
            reserve.amount = accounts.dearest(&reserve.provider, &reserve.model, SystemTime::now());
        }
        if reserve.amount == MicroUsd(0) {
            return Ok(None);
        }
        // What this process has spent so far is written down first.
        accounts.work();
        let ledger = accounts.ledger()?;
        let limits = accounts.limits(&reserve.provider);
        match ledger.reserve(&reserve, &limits, SystemTime::now()) {
            Ok(id) => {
                let held = Held { ledger, id, amount: reserve.amount };
                Ok(Some(Waiting { accounts, held: Some(held) }))
            }
            Err(refused) => {
                if let Refused::Ledger(error) = &refused {
                    accounts.forget(error);
                }
                Err(refused.to_string())
            }
        }
    };
    let done = tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| Err(error.to_string()))?;
    Ok(done.and_then(|mut waiting| waiting.held.take()))
}
