//! Whether the user types, so that work in the background waits.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// No file is begun within this time after the user typed.
const TYPING: Duration = Duration::from_millis(100);

/// When the user typed last, in milliseconds since the indexer began.
#[derive(Debug)]
pub(super) struct Pace {
    started: Instant,
    typed: AtomicU64,
}

impl Default for Pace {
    fn default() -> Self {
        Self { started: Instant::now(), typed: AtomicU64::new(0) }
    }
}

impl Pace {
    fn now(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    pub fn typed(&self) {
        self.typed.store(self.now().max(1), Ordering::Relaxed);
    }

    pub fn is_typing(&self) -> bool {
        let typed = self.typed.load(Ordering::Relaxed);
        typed > 0 && u128::from(self.now().saturating_sub(typed)) < TYPING.as_millis()
    }
}
