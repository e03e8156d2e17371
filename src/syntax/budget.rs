//! How long a piece of work may take: by the clock of its own thread, so that what is found in a file does not depend on what else the
//! machine does.

use std::time::{Duration, Instant};

/// See the module's head.
#[derive(Clone, Copy, Debug)]
pub(super) struct Budget {
    limit: Duration,
    started: Instant,
    /// What the thread had worked then.
    worked: Option<Duration>,
}

impl Budget {
    pub fn new(limit: Duration) -> Self {
        Self { limit, started: Instant::now(), worked: worked() }
    }

    /// Whether it is used up. Cheap to ask: a thread has not worked longer than has gone by.
    pub fn is_spent(&self) -> bool {
        if self.started.elapsed() <= self.limit {
            return false;
        }
        match (self.worked, worked()) {
            (Some(before), Some(now)) => now.saturating_sub(before) > self.limit,
            // Nothing tells what the thread itself did.
            _ => true,
        }
    }
}

/// What this thread has worked so far.
#[cfg(unix)]
fn worked() -> Option<Duration> {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::try_from(time).ok()
}

#[cfg(not(unix))]
fn worked() -> Option<Duration> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_do_costs_nothing() {
        let budget = Budget::new(Duration::from_millis(20));
        std::thread::park_timeout(Duration::from_millis(40));
        assert_eq!(budget.is_spent(), budget.worked.is_none());
        let none = Budget::new(Duration::ZERO);
        let began = Instant::now();
        while !none.is_spent() {
            assert!(began.elapsed() < Duration::from_secs(60), "it has worked since");
        }
    }
}
