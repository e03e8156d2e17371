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
    /// How it ended, if that was before the client had agreed to show it.
    ended: Option<String>,
}

impl Progress {
    /// Asks the client for it, as its request `id`.
    pub fn create(outgoing: &Outgoing, id: i64, token: String, title: String) -> Self {
        outgoing.request(id, "window/workDoneProgress/create", json!({ "token": token }));
        Self { token, title, stage: Stage::Asked, reported: Time::ZERO, ended: None }
    }

    pub fn none() -> Self {
        Self {
            token: String::new(),
            title: String::new(),
            stage: Stage::Off,
            reported: Time::ZERO,
            ended: None,
        }
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
        if let Some(message) = self.ended.take() {
            self.end(outgoing, &message);
        }
    }

    /// Whether the client has not answered yet whether it shows it.
    pub fn is_asked(&self) -> bool {
        self.stage == Stage::Asked
    }

    pub fn report(&mut self, outgoing: &Outgoing, now: Time, message: &str) {
        if self.stage == Stage::Shown && now >= self.reported + INTERVAL {
            self.reported = now;
            let value = json!({ "kind": "report", "message": message, "cancellable": true });
            outgoing.notify("$/progress", json!({ "token": self.token, "value": value }));
        }
    }

    pub fn end(&mut self, outgoing: &Outgoing, message: &str) {
        if self.stage == Stage::Asked {
            // It is begun and ended once the client has agreed, so that a run that failed at once is seen.
            self.ended = Some(message.to_owned());
            return;
        }
        if self.stage == Stage::Shown {
            let value = json!({ "kind": "end", "message": message });
            outgoing.notify("$/progress", json!({ "token": self.token, "value": value }));
        }
        self.stage = Stage::Off;
    }
}
