//! The retry policy: whether a failed call is worth the same question again, and when. Pure: time and chance are
//! passed in, and waiting is `ask`'s.
//!
//! Only what may go better by itself is asked again: a connection that broke before the first text, a server's passing
//! fault, a rate limit with a short wait. All calls of the process share one budget, so that an outage is not made
//! worse by us.

use std::time::{Duration, Instant, SystemTime};

use super::{ErrorKind, ModelError};

/// A call is made once and repeated at most so often.
pub const MAX_RETRIES: u32 = 2;
/// The ceiling of the first wait; it doubles with each further one.
pub const BASE_WAIT: Duration = Duration::from_millis(500);
/// The longest wait, our own or asked for (then ours is on top of it): a person is looking at a progress bar.
pub const MAX_WAIT: Duration = Duration::from_secs(8);
/// How far back the budget looks.
pub const BUDGET_WINDOW: Duration = Duration::from_secs(60);
/// Retries that are always allowed within the window: the fifth part of one call would be none.
pub const BUDGET_FLOOR: u32 = 4;
/// Beyond the floor, one retry for each so many calls: 20 %.
pub const BUDGET_CALLS_FOR_EACH_RETRY: u32 = 5;
/// A wait longer than this is no honest `Retry-After`.
const MAX_HONEST_WAIT: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// What is to be done about a failed call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Ask the same again after this wait.
    Retry { after: Duration },
    /// The error is final.
    Stop,
}

/// Decides about `error` after `attempts` calls (1 after the first one). `jitter` is a random number in 0..1; the wait
/// is that share of the ceiling ("full jitter"), on top of what the server asked for: all who were turned away with us come back
/// then, too.
pub fn decide(
    error: &ModelError,
    attempts: u32,
    jitter: f64,
    budget: &mut RetryBudget,
    now: Instant,
) -> Decision {
    let asked = error.retry_after;
    let worth_it = match error.kind {
        ErrorKind::Connect => attempts <= MAX_RETRIES,
        // A server that fails gets one more chance: more of them are what keeps it failing, and there may be another model.
        ErrorKind::Server | ErrorKind::Overloaded => attempts <= 1,
        // Without a told wait, asking again within seconds only uses up the limit.
        ErrorKind::RateLimit => attempts <= MAX_RETRIES && asked.is_some(),
        ErrorKind::Config
        | ErrorKind::Budget
        | ErrorKind::Auth
        | ErrorKind::Stream
        | ErrorKind::Timeout
        | ErrorKind::Rejected
        | ErrorKind::Overflow
        | ErrorKind::Resting
        | ErrorKind::Empty
        | ErrorKind::TooLarge
        | ErrorKind::Engine => false,
    };
    if !worth_it || asked.is_some_and(|wait| wait > MAX_WAIT) || !budget.try_retry(now) {
        return Decision::Stop;
    }
    let ceiling = BASE_WAIT.saturating_mul(1 << attempts.saturating_sub(1).min(16)).min(MAX_WAIT);
    let wait = ceiling.mul_f64(jitter.clamp(0.0, 1.0));
    Decision::Retry { after: asked.unwrap_or_default() + wait }
}

/// Retries that the whole process may make: [`BUDGET_FLOOR`] and a fifth of the calls within [`BUDGET_WINDOW`]. Counts
/// are kept in slots, so its size does not depend on the traffic.
#[derive(Clone, Copy, Debug)]
pub struct RetryBudget {
    began: Instant,
    /// Index of the slot that the last event fell into, counted from `began`.
    newest: u64,
    slots: [Slot; SLOTS],
}

const SLOTS: usize = 6;

#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    calls: u32,
    retries: u32,
}

impl RetryBudget {
    #[must_use]
    pub fn new(now: Instant) -> Self {
        Self { began: now, newest: 0, slots: [Slot::default(); SLOTS] }
    }

    /// Counts a first attempt.
    pub fn note_call(&mut self, now: Instant) {
        let slot = self.slot(now);
        slot.calls = slot.calls.saturating_add(1);
    }

    /// Takes one retry from the budget, if there is one left.
    pub fn try_retry(&mut self, now: Instant) -> bool {
        self.slot(now);
        let calls: u32 = self.slots.iter().map(|slot| slot.calls).fold(0, u32::saturating_add);
        let retries: u32 = self.slots.iter().map(|slot| slot.retries).fold(0, u32::saturating_add);
        let allowed = retries < BUDGET_FLOOR.saturating_add(calls / BUDGET_CALLS_FOR_EACH_RETRY);
        if allowed {
            self.slot(now).retries += 1;
        }
        allowed
    }

    /// The slot of `now`, with those that fell out of the window emptied. Time that runs backwards counts as now.
    fn slot(&mut self, now: Instant) -> &mut Slot {
        let width = BUDGET_WINDOW.as_millis() / SLOTS as u128;
        let index = now.saturating_duration_since(self.began).as_millis() / width;
        let index = u64::try_from(index).unwrap_or(u64::MAX).max(self.newest);
        let passed = (index - self.newest).min(SLOTS as u64);
        for step in 1..=passed {
            self.slots[((self.newest + step) % SLOTS as u64) as usize] = Slot::default();
        }
        if passed == SLOTS as u64 {
            self.slots = [Slot::default(); SLOTS];
        }
        self.newest = index;
        &mut self.slots[(index % SLOTS as u64) as usize]
    }
}

/// The wait that a response's headers ask for: `retry-after-ms`, else `Retry-After` in seconds or as an HTTP date. What
/// makes no sense is ignored.
#[must_use]
pub fn retry_after(millis: Option<&str>, header: Option<&str>, now: SystemTime) -> Option<Duration> {
    let wait = number(millis, 0.001).or_else(|| number(header, 1.0)).or_else(|| {
        let date = httpdate::parse_http_date(header?.trim()).ok()?;
        Some(date.duration_since(now).unwrap_or_default())
    })?;
    (wait <= MAX_HONEST_WAIT).then_some(wait)
}

fn number(text: Option<&str>, unit_in_seconds: f64) -> Option<Duration> {
    let value: f64 = text?.trim().parse().ok()?;
    Duration::try_from_secs_f64(value * unit_in_seconds).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(kind: ErrorKind, retry_after_ms: Option<u64>) -> ModelError {
        ModelError { kind, message: String::new(), retry_after: retry_after_ms.map(Duration::from_millis) }
    }

    #[test]
    fn what_is_asked_again_and_when() {
        let ms = |millis| Decision::Retry { after: Duration::from_millis(millis) };
        for (kind, told, attempts, jitter, expect) in [
            (ErrorKind::Connect, None, 1, 1.0, ms(500)),
            (ErrorKind::Connect, None, 1, 0.0, ms(0)),
            (ErrorKind::Connect, None, 2, 0.5, ms(500)),
            (ErrorKind::Connect, None, 3, 0.5, Decision::Stop),
            (ErrorKind::Server, Some(2_000), 1, 0.5, ms(2_250)),
            (ErrorKind::Server, Some(100), 1, 1.0, ms(600)),
            (ErrorKind::Server, Some(100), 2, 1.0, Decision::Stop),
            (ErrorKind::Server, Some(8_001), 1, 0.5, Decision::Stop),
            (ErrorKind::RateLimit, Some(8_000), 1, 0.0, ms(8_000)),
            (ErrorKind::RateLimit, Some(8_000), 2, 0.5, ms(8_500)),
            (ErrorKind::RateLimit, Some(8_001), 1, 0.5, Decision::Stop),
            (ErrorKind::RateLimit, None, 1, 0.5, Decision::Stop),
            (ErrorKind::Overloaded, None, 1, 1.0, ms(500)),
            (ErrorKind::Overloaded, None, 2, 1.0, Decision::Stop),
            (ErrorKind::Config, None, 1, 0.5, Decision::Stop),
            (ErrorKind::Auth, None, 1, 0.5, Decision::Stop),
            (ErrorKind::Rejected, Some(1), 1, 0.5, Decision::Stop),
            (ErrorKind::Stream, None, 1, 0.5, Decision::Stop),
            (ErrorKind::Timeout, None, 1, 0.5, Decision::Stop),
            (ErrorKind::Empty, None, 1, 0.5, Decision::Stop),
            (ErrorKind::TooLarge, None, 1, 0.5, Decision::Stop),
            (ErrorKind::Engine, None, 1, 0.5, Decision::Stop),
        ] {
            let now = Instant::now();
            let decision = decide(&error(kind, told), attempts, jitter, &mut RetryBudget::new(now), now);
            assert_eq!(decision, expect, "{kind:?} {told:?} attempt {attempts}");
        }
    }

    #[test]
    fn the_budget_is_a_floor_and_a_fifth_of_the_calls_in_the_window() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut budget = RetryBudget::new(start);
        let take = |budget: &mut RetryBudget, now| (0..100).filter(|_| budget.try_retry(now)).count();
        assert_eq!(take(&mut budget, at(0)), 4);
        (0..50).for_each(|_| budget.note_call(at(5)));
        assert_eq!(take(&mut budget, at(6)), 10);
        assert_eq!(take(&mut budget, at(55)), 0, "still within the window");
        assert_eq!(take(&mut budget, at(61)), 4, "calls and retries of the first slot are forgotten");
        assert_eq!(take(&mut budget, at(100_000)), 4, "a long pause forgets all");
        assert_eq!(take(&mut budget, at(5)), 0, "a clock that runs backwards gives nothing");
    }

    #[test]
    fn a_retry_that_stops_for_another_reason_costs_nothing() {
        let now = Instant::now();
        let mut budget = RetryBudget::new(now);
        for _ in 0..100 {
            assert_eq!(decide(&error(ErrorKind::Auth, None), 1, 0.0, &mut budget, now), Decision::Stop);
        }
        assert!(budget.try_retry(now));
    }

    #[test]
    fn retry_after_is_read_in_every_form_and_nonsense_is_ignored() {
        let now = httpdate::parse_http_date("Fri, 06 Nov 2026 08:00:00 GMT").unwrap();
        for (millis, header, expect_ms) in [
            (None, Some("3"), Some(3_000)),
            (None, Some(" 0 "), Some(0)),
            (None, Some("1.5"), Some(1_500)),
            (Some("250"), Some("9"), Some(250)),
            (Some("soon"), Some("9"), Some(9_000)),
            (None, Some("Fri, 06 Nov 2026 08:00:05 GMT"), Some(5_000)),
            (None, Some("Fri, 06 Nov 2026 07:00:00 GMT"), Some(0)),
            (None, Some("Fri, 06 Nov 2099 07:00:00 GMT"), None),
            (None, Some("-1"), None),
            (None, Some("NaN"), None),
            (None, Some("inf"), None),
            (None, Some("1e300"), None),
            (None, Some("99999999"), None),
            (None, Some("soon"), None),
            (None, Some(""), None),
            (None, None, None),
        ] {
            let expect = expect_ms.map(Duration::from_millis);
            assert_eq!(retry_after(millis, header, now), expect, "{millis:?} {header:?}");
        }
    }
}
