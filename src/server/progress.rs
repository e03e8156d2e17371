//! Work-done progress of one run (LSP 3.17, "Work Done Progress"), with a token of the server's, and a cancel.

use std::time::Duration;

use serde_json::json;

use super::outgoing::Outgoing;
use crate::draft::weave::Time;

/// Reports leave at most this often: a person reads no faster.
const INTERVAL: Duration = Duration::from_millis(200);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// The client cannot show it, or it is over.
    Off,
    /// The client was asked for it.
    Asked,
    Shown,
}

/// See the module's head.
#[derive(Debug)]
pub(super) struct Progress {
    token: String,
    title: String,
    stage: Stage,
    reported: Time,
}

impl Progress {
    /// Asks the client for it, as its request `id`.
    pub fn create(outgoing: &Outgoing, id: i64, token: String, title: String) -> Self {
        outgoing.request(id, "window/workDoneProgress/create", json!({ "token": token }));
        Self { token, title, stage: Stage::Asked, reported: Time::ZERO }
    }

    pub fn none() -> Self {
        Self { token: String::new(), title: String::new(), stage: Stage::Off, reported: Time::ZERO }
    }

    pub fn token(&self) -> &str {
        &self.token
    }

    /// The client agreed, or not.
    pub fn created(&mut self, outgoing: &Outgoing, agreed: bool) {
        if self.stage != Stage::Asked {
            return;
        }
        if !agreed {
            self.stage = Stage::Off;
            return;
        }
        self.stage = Stage::Shown;
        let value = json!({ "kind": "begin", "title": self.title, "cancellable": true });
        outgoing.notify("$/progress", json!({ "token": self.token, "value": value }));
    }

    pub fn report(&mut self, outgoing: &Outgoing, now: Time, message: &str) {
        if self.stage == Stage::Shown && now >= self.reported + INTERVAL {
            self.reported = now;
            let value = json!({ "kind": "report", "message": message, "cancellable": true });
            outgoing.notify("$/progress", json!({ "token": self.token, "value": value }));
        }
    }

    pub fn end(&mut self, outgoing: &Outgoing, message: &str) {
        if self.stage == Stage::Shown {
            let value = json!({ "kind": "end", "message": message });
            outgoing.notify("$/progress", json!({ "token": self.token, "value": value }));
        }
        self.stage = Stage::Off;
    }
}
