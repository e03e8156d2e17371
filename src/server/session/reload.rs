//! The configuration is read again when it has changed, without a restart. What asks a model waits for that; runs at work keep the
//! models that they began with.

use std::panic::{AssertUnwindSafe, catch_unwind};

use serde_json::json;

use super::{Loaded, Session};
use crate::server::event::{Asked, Command, TaskEvent};
use crate::server::memory::drop_elsewhere;

impl Session {
    /// Begins to read the configuration, if it has changed. Whether it is being read.
    pub(super) fn reloads(&mut self) -> bool {
        if self.reloading.is_some() {
            return true;
        }
        let Some(reload) = self.setup.reload.clone().filter(|reload| (reload.is_changed)()) else {
            return false;
        };
        self.reloading = Some(Vec::new());
        let (tasks, known) = (self.tasks.clone(), self.setup.registry.as_ref().ok().cloned());
        tokio::task::spawn_blocking(move || {
            let load = AssertUnwindSafe(|| (reload.load)(known.as_deref()));
            let outcome = catch_unwind(load)
                .unwrap_or_else(|_| Err("Redraft met an error of its own; please report it".to_owned()));
            let _ = tasks.blocking_send(TaskEvent::Reloaded(outcome));
        });
        true
    }

    /// Has a command wait for the configuration, if that is being read; else gives it back.
    pub(super) fn after_reload(&mut self, command: Command, asked: Asked) -> Option<(Command, Asked)> {
        let asks = matches!(command, Command::Run(_) | Command::Generate(_) | Command::Again { .. });
        if !asks || !self.reloads() {
            return Some((command, asked));
        }
        self.reloading.get_or_insert_default().push((command, asked));
        None
    }

    /// The configuration was read.
    pub(super) fn reloaded(&mut self, outcome: Loaded) {
        match outcome {
            Ok((registry, config)) => {
                self.is_warm = false;
                if self.setup.config.checkers != config.checkers {
                    // Runs at work keep theirs.
                    drop_elsewhere(std::mem::take(&mut self.suites));
                }
                self.setup.config = config;
                drop_elsewhere(std::mem::replace(&mut self.setup.registry, Ok(registry)));
                let message = "Redraft: the configuration has changed, and holds from now on";
                self.outgoing.notify("window/logMessage", json!({ "type": 3, "message": message }));
            }
            Err(problems) => {
                if self.setup.registry.is_ok() {
                    let lead = "the configuration has changed, and has mistakes; what held before still does";
                    self.show(1, &format!("{lead}:\n{problems}"));
                } else {
                    self.show(1, &problems);
                    self.setup.registry = Err(problems);
                }
            }
        }
        for (command, reply) in std::mem::take(&mut self.estimates) {
            self.estimate(command, reply);
        }
        for (command, asked) in self.reloading.take().unwrap_or_default() {
            self.command(command, asked);
        }
    }
}
