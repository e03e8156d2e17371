//! The supervisors that are at work, by their process ids: what else falls to this process was left by one that was killed.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, Once, PoisonError};

use tokio::process::{Child, Command};
use tokio::sync::Notify;

use crate::check::tree;

static AT_WORK: Mutex<BTreeSet<u32>> = Mutex::new(BTreeSet::new());
static ENDED: Notify = Notify::const_new();

/// One of them, as long as it or what it left may be there.
#[derive(Debug, Default)]
pub(super) struct Live(Option<u32>);

/// Starts one.
pub(super) fn started(command: &mut Command) -> std::io::Result<(Child, Live)> {
    static ADOPTS: Once = Once::new();
    // What loses its supervisor falls to this process, where it is found whatever it did to its environment and its session.
    ADOPTS.call_once(tree::adopt_orphans);
    // Under the lock, so that nobody takes one for an orphan that has just been started.
    let mut at_work = lock();
    let child = command.spawn()?;
    let id = child.id();
    at_work.extend(id);
    Ok((child, Live(id)))
}

/// Ends what those left that were killed. Blocks for as long as processes take to be gone.
pub(super) fn kill_orphans() -> usize {
    let at_work = lock();
    tree::kill_orphans(|id| at_work.contains(&id))
}

/// Waits until no checker is at work, and what was kept for it is dropped.
pub async fn none_left() {
    loop {
        let ended = ENDED.notified();
        if lock().is_empty() {
            return;
        }
        ended.await;
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        if let Some(id) = self.0 {
            lock().remove(&id);
        }
        ENDED.notify_waiters();
    }
}

fn lock() -> MutexGuard<'static, BTreeSet<u32>> {
    AT_WORK.lock().unwrap_or_else(PoisonError::into_inner)
}
