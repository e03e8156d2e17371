//! When edits may leave, and when one that has no echo counts as dropped.

use std::time::Duration;

use super::Time;

/// Edits leave at most this often (or every two round trips, where that is longer).
const INTERVAL: Duration = Duration::from_millis(80);
/// An edit that leaves up to so much after it might have does not move those after it: timers are late by a millisecond, and
/// a busy machine is by more. Beyond that, nothing was waiting.
const LATE: Duration = Duration::from_millis(10);
/// No echo within this time (or four round trips) after a change that does not hold it: the edit counts as dropped.
const ECHO: Duration = Duration::from_millis(300);
/// Where nothing was told since it was sent, an edit counts as dropped only after this time: there is no evidence. Emacs'
/// eglot asks its user before it applies an edit (before 1.15), and tells changes, ours too, when its user pauses for half
/// a second; an edit that is sent again meanwhile is asked about again, or lands twice.
const EVIDENCE: Duration = Duration::from_secs(600);
/// An edit without an answer may land so long after it counts as dropped: its client may be busy, or have gone to sleep.
const LANDS_WITHIN: Duration = Duration::from_secs(300);
/// A client tells of an edit at most so long after it has answered it; editors gather changes for up to half a second.
const TOLD_WITHIN: Duration = Duration::from_secs(2);
/// The longest round trip that counts: a client that was away for a while is not slow from then on.
const SLOWEST: Duration = Duration::from_secs(1);
/// While the user types inside the region, edits wait for this much quiet.
const QUIET: Duration = Duration::from_millis(250);
/// After a save, edits wait this long.
const AFTER_SAVE: Duration = Duration::from_millis(100);
/// A willSave without a didSave holds edits back no longer than this.
const SAVE_TAKES: Duration = Duration::from_secs(2);
/// The first wait before a refused edit is sent again; doubled each time. Neovim tells changes up to 150 ms late.
const BACK_OFF: Duration = Duration::from_millis(50);
/// How often one edit is sent again before the run gives up, where nothing else is said.
pub(super) const ATTEMPTS: u32 = 5;

/// See the module's head.
#[derive(Debug)]
pub(super) struct Pace {
    /// Whether edits leave without waiting for the interval.
    urgent: bool,
    patience: Duration,
    /// How often an edit that was dropped or refused is sent again.
    repeats: u32,
    /// How often the edit that is to land was sent in vain.
    attempts: u32,
    round_trip: Duration,
    not_before: Time,
    quiet_at: Time,
    saved_at: Time,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            urgent: false,
            patience: ECHO,
            repeats: ATTEMPTS,
            attempts: 0,
            round_trip: Duration::ZERO,
            not_before: Time::ZERO,
            quiet_at: Time::ZERO,
            saved_at: Time::ZERO,
        }
    }
}

impl Pace {
    /// The client asks its user first: an edit counts as dropped only after this time.
    pub fn set_patience(&mut self, patience: Duration) {
        self.patience = patience;
    }

    /// Nobody waits for an edit any longer than for any other.
    pub fn lose_patience(&mut self) {
        self.patience = ECHO;
    }

    /// An edit that is dropped or refused is given up at once.
    pub fn send_once(&mut self) {
        self.repeats = 0;
    }

    /// It is sent again as often as any other.
    pub fn send_again(&mut self) {
        self.repeats = ATTEMPTS;
    }

    /// From now on edits leave as soon as they can.
    pub fn hurry(&mut self) {
        self.urgent = true;
    }

    pub fn is_hurried(&self) -> bool {
        self.urgent
    }

    /// What was tried in vain no longer counts.
    pub fn begin_anew(&mut self) {
        self.attempts = 0;
    }

    /// Whether an edit was sent in vain so often that it will not land.
    pub fn is_spent(&self) -> bool {
        self.attempts > self.repeats
    }

    /// The time before which no edit may leave.
    pub fn gate(&self) -> Time {
        let gate = if self.urgent && self.attempts == 0 { Time::ZERO } else { self.not_before };
        gate.max(self.quiet_at).max(self.saved_at)
    }

    /// An edit leaves now: when it counts as dropped, and until when it may land all the same.
    pub fn sent(&mut self, now: Time) -> (Time, Time) {
        let late = now.saturating_sub(self.not_before);
        let due = if late <= LATE { self.not_before } else { now };
        self.not_before = due + INTERVAL.max(self.round_trip * 2);
        (now + EVIDENCE, now + EVIDENCE + LANDS_WITHIN)
    }

    /// A change was told that does not hold the edit in flight: when that counts as dropped. A client that is busy gets more
    /// time with each try.
    pub fn passed(&self, now: Time) -> Time {
        now + self.patience.max(self.round_trip * 4) * self.doubled()
    }

    /// When an edit that was sent at `sent` is no longer waited for.
    pub fn echo(&self, sent: Time) -> Time {
        sent + self.patience.max(self.round_trip * 4)
    }

    /// The client has said that it applied the edit, and it has `passed` or not: when it counts as dropped. It has decided:
    /// what comes now comes soon, however long its user took.
    pub fn decided(&self, now: Time, passed: bool) -> Time {
        now + if passed { self.soon() } else { EVIDENCE }
    }

    /// The same: until when it may land.
    pub fn told_by(&self, now: Time) -> Time {
        now + TOLD_WITHIN.max(self.soon())
    }

    /// The edit counts as dropped.
    pub fn dropped(&mut self) {
        self.attempts += 1;
    }

    /// The client has refused the edit.
    pub fn refused(&mut self, now: Time) {
        self.not_before = now + BACK_OFF * self.doubled();
    }

    /// The client has caught up with its user: an edit that it refused may go again.
    pub fn caught_up(&mut self, now: Time) {
        if self.attempts > 0 {
            self.not_before = self.not_before.min(now);
        }
    }

    /// An edit has landed, `trip` after it was sent.
    pub fn landed(&mut self, trip: Duration) {
        // Where a user is asked, the time is the user's.
        let trip = if self.patience > ECHO { Duration::ZERO } else { trip.min(SLOWEST) };
        self.round_trip = if self.round_trip.is_zero() { trip } else { (self.round_trip * 3 + trip) / 4 };
        self.attempts = 0;
    }

    /// The user typed inside a region.
    pub fn typed(&mut self, now: Time) {
        self.quiet_at = now + QUIET;
    }

    pub fn saving(&mut self, now: Time) {
        self.saved_at = now + SAVE_TAKES;
    }

    pub fn saved(&mut self, now: Time) {
        self.saved_at = now + AFTER_SAVE;
    }

    fn soon(&self) -> Duration {
        ECHO.max(self.round_trip * 4)
    }

    fn doubled(&self) -> u32 {
        1 << self.attempts.min(ATTEMPTS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_late_timer_does_not_move_the_edits_after_it() {
        let ms = Duration::from_millis;
        let mut pace = Pace::default();
        for (now, next) in [(1_000, 1_080), (1_083, 1_160), (1_160, 1_240), (1_400, 1_480)] {
            pace.sent(ms(now));
            assert_eq!(pace.gate(), ms(next), "{now}");
        }
    }
}
