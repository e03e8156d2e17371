//! The process's handle on the ledger, and what is read from it.

use std::sync::{Arc, PoisonError};
use std::time::SystemTime;

use super::{Accounts, Budget};
use crate::model::MicroUsd;
use crate::model::ledger::{Ledger, LedgerError, Reserve, Spent};

impl Accounts {
    /// The ledger; it is opened when it is needed first, and again after an error, or when its file was moved away or replaced:
    /// what is written into a file that no other process sees would be a second ledger. Blocks.
    ///
    /// # Errors
    /// What is wrong with it, in words for the user.
    pub fn ledger(&self) -> Result<Arc<Ledger>, String> {
        let mut ledger = self.ledger.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(ledger) = ledger.as_ref().filter(|ledger| ledger.is_in_place()) {
            return Ok(ledger.clone());
        }
        *ledger = None;
        let path =
            self.path.as_ref().ok_or("there is no state directory, so costs cannot be written down")?;
        let opened = Ledger::open(path, SystemTime::now()).map_err(|error| error.to_string())?;
        Ok(ledger.insert(Arc::new(opened)).clone())
    }

    /// Takes in what went wrong with the ledger: it is opened again, and checked, unless another process only held it for long.
    pub(super) fn forget(&self, error: &LedgerError) {
        if !matches!(error, LedgerError::Locked { .. }) {
            *self.ledger.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
    }

    /// What the limits leave to a run that has not begun; nothing where there are none. Blocks.
    ///
    /// # Errors
    /// What is wrong with the ledger.
    pub fn left(&self, now: SystemTime) -> Result<Option<MicroUsd>, String> {
        let Budget { per_run, per_day, per_month, .. } = self.budget;
        if per_day.is_none() && per_month.is_none() {
            return Ok(per_run);
        }
        let spent = self.spent(now)?;
        Ok([per_run, rest(per_day, spent.day), rest(per_month, spent.month)].into_iter().flatten().min())
    }

    /// The same of a provider's own limits.
    ///
    /// # Errors
    /// As `left`.
    pub fn left_with(&self, provider: &str, now: SystemTime) -> Result<Option<MicroUsd>, String> {
        let Some((per_day, per_month)) = self.budget.providers.get(provider).copied() else {
            return Ok(None);
        };
        let spent = self.spent(now)?;
        let spent = spent.providers.iter().find(|spent| spent.provider == provider);
        let spent = spent.map_or_else(Default::default, |spent| (spent.day, spent.month));
        Ok([rest(per_day, spent.0), rest(per_month, spent.1)].into_iter().flatten().min())
    }

    /// What the dearest call cost that a provider without a price told the cost of: nothing is known of the next one, so it may
    /// be such a one. Where the ledger cannot be read, what this process heard of. Blocks.
    #[must_use]
    pub fn dearest(&self, provider: &str, model: &str, now: SystemTime) -> MicroUsd {
        let heard = self.dearest.lock().unwrap_or_else(PoisonError::into_inner).get(provider).copied();
        let is_there = self.path.as_ref().is_some_and(|path| path.exists());
        let kept = || self.ledger().ok()?.dearest(provider, model, now).ok();
        let kept = if is_there { kept() } else { None };
        kept.unwrap_or_default().max(heard.unwrap_or_default())
    }

    /// Whether there is anything that calls may be known to have cost by.
    pub(super) fn may_know_costs(&self) -> bool {
        self.path.as_ref().is_some_and(|path| path.exists())
            || !self.dearest.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// A provider told a cost where none was known of. The ledger has it in a moment.
    pub(super) fn heard_of(&self, reserve: &Reserve, spent: MicroUsd) {
        if spent > MicroUsd(0) {
            let mut dearest = self.dearest.lock().unwrap_or_else(PoisonError::into_inner);
            let known = dearest.entry(reserve.provider.clone()).or_default();
            *known = spent.max(*known);
        }
    }

    pub(super) fn spent(&self, now: SystemTime) -> Result<Spent, String> {
        self.ledger()?.spent(now).map_err(|error| {
            self.forget(&error);
            error.to_string()
        })
    }
}

/// What a limit leaves.
fn rest(limit: Option<MicroUsd>, spent: MicroUsd) -> Option<MicroUsd> {
    Some(MicroUsd(limit?.0.saturating_sub(spent.0)))
}
