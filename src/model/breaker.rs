//! When a model that fails is left alone: a circuit breaker. Sans I/O; one for each provider, origin, model and key.
//!
//! Closed, it lets every call through and counts. It opens after five failures in a row, or when half of the last twenty failed;
//! then it lets nothing through for a while, and after that exactly one call, whose end decides. A refused key opens it until
//! the configuration changes. What the user cancelled, and what was refused for its own sake (400), says nothing of a model's
//! health.

use std::collections::VecDeque;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::choose::Health;
use super::{ErrorKind, ModelError};

#[cfg(test)]
mod tests;

/// So many failures in a row open it.
const IN_A_ROW: u32 = 5;
/// So does half of so many calls.
const LAST: usize = 20;
/// How long it stays open at first; twice as long each time that its probe fails.
const REST: Duration = Duration::from_secs(30);
/// And at most: a provider that came back is noticed within a coffee.
const MAX_REST: Duration = Duration::from_secs(10 * 60);

/// Milliseconds since 1970: it outlives the process.
pub type Time = u64;

/// See the module's head.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Breaker {
    /// Whether each of the last calls failed, the oldest first.
    last: VecDeque<bool>,
    in_a_row: u32,
    state: State,
    /// When a call's end, or its user, changed it last: of two processes' breakers, the later one is right.
    #[serde(default)]
    changed: Time,
    /// The one call that finds out; nobody knows of it after a restart.
    #[serde(skip)]
    probing: Option<u64>,
    #[serde(skip)]
    calls: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
enum State {
    #[default]
    Closed,
    /// Until that time nothing goes through; `times`: how often it opened in a row.
    Open { until: Time, times: u32 },
    /// The key was refused under this configuration.
    Barred { configuration: u64 },
}

/// One call that was let through; it is to be told how it ended.
#[derive(Debug, PartialEq, Eq)]
#[must_use = "a call that is not told holds the breaker's one probe"]
pub struct Permit(u64);

/// How a call ended, as far as the model's health goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Well,
    Failed,
    /// The key was refused.
    Refused,
    /// It says nothing: cancelled, or refused for what was asked.
    Nothing,
}

impl End {
    /// What an error says.
    #[must_use]
    pub fn of(error: &ModelError) -> Self {
        match error.kind {
            ErrorKind::Auth => Self::Refused,
            ErrorKind::Connect
            | ErrorKind::Stream
            | ErrorKind::Timeout
            | ErrorKind::RateLimit
            | ErrorKind::Server
            | ErrorKind::Overloaded
            | ErrorKind::Empty
            | ErrorKind::TooLarge
            | ErrorKind::Engine => Self::Failed,
            ErrorKind::Config
            | ErrorKind::Rejected
            | ErrorKind::Overflow
            | ErrorKind::Resting
            | ErrorKind::Budget => Self::Nothing,
        }
    }
}

impl Breaker {
    /// How the model is, under the configuration that hashes to `configuration`.
    #[must_use]
    pub fn health(&self, now: Time, configuration: u64) -> Health {
        match self.state {
            State::Closed => Health::Well,
            State::Barred { configuration: barred } if barred == configuration => Health::Barred,
            State::Barred { .. } => Health::Well,
            State::Open { until, .. } if now < until => {
                // A clock that was set back does not make it rest any longer.
                Health::Resting(Duration::from_millis(until - now).min(MAX_REST))
            }
            State::Open { .. } if self.probing.is_some() => Health::Resting(Duration::ZERO),
            State::Open { .. } => Health::Trying,
        }
    }

    /// Whether it lets every call through, and the last one went well.
    #[must_use]
    pub fn is_well(&self) -> bool {
        self.state == State::Closed && self.in_a_row == 0
    }

    /// One that holds nothing against its model, since now.
    #[must_use]
    pub fn forgiven(now: Time) -> Self {
        Self { changed: now, ..Self::default() }
    }

    /// Takes over what another process knows, where that is later; the own calls under way are still told.
    pub fn follow(&mut self, other: Self) {
        if other.changed > self.changed && self.probing.is_none() {
            *self = Self { calls: self.calls, ..other };
        }
    }

    /// Lets a call through, if it may.
    pub fn admit(&mut self, now: Time, configuration: u64) -> Option<Permit> {
        if let State::Open { until, times } = self.state {
            let most = now.saturating_add(millis(MAX_REST));
            self.state = State::Open { until: until.min(most), times };
        }
        match self.health(now, configuration) {
            Health::Well => {
                if self.state != State::Closed {
                    *self = Self { calls: self.calls, ..Self::default() };
                }
            }
            Health::Trying => self.probing = Some(self.calls + 1),
            Health::Resting(_) | Health::Barred => return None,
        }
        self.calls += 1;
        Some(Permit(self.calls))
    }

    /// Takes in how a call ended.
    pub fn told(&mut self, permit: Permit, end: End, now: Time, configuration: u64) {
        let is_probe = self.probing == Some(permit.0);
        if is_probe {
            self.probing = None;
        }
        if end != End::Nothing {
            self.changed = now;
        }
        match (end, self.state) {
            (End::Nothing, _) => {}
            (End::Refused, _) => self.state = State::Barred { configuration },
            (End::Well, State::Open { .. }) if is_probe => {
                *self = Self { calls: self.calls, changed: now, ..Self::default() };
            }
            (End::Failed, State::Open { times, .. }) if is_probe => self.open(now, times + 1),
            // A call from before it opened.
            (_, State::Open { .. } | State::Barred { .. }) => {}
            (End::Well, State::Closed) => self.count(false),
            (End::Failed, State::Closed) => {
                self.count(true);
                let failed = self.last.iter().filter(|failed| **failed).count();
                if self.in_a_row >= IN_A_ROW || (self.last.len() == LAST && failed * 2 >= LAST) {
                    self.open(now, 1);
                }
            }
        }
    }

    fn count(&mut self, failed: bool) {
        self.in_a_row = if failed { self.in_a_row + 1 } else { 0 };
        if self.last.len() == LAST {
            self.last.pop_front();
        }
        self.last.push_back(failed);
    }

    fn open(&mut self, now: Time, times: u32) {
        let rest = REST.saturating_mul(1 << (times - 1).min(16)).min(MAX_REST);
        self.state = State::Open { until: now.saturating_add(millis(rest)), times };
        self.last.clear();
        self.in_a_row = 0;
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
