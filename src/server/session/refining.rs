//! A draft is checked, and a better one is asked for. Off the loop.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::Session;
use crate::action::prepare::{PrepareError, Room, Sent};
use crate::action::redraft::{overlay, redraft};
use crate::check::{Finding, Severity};
use crate::config::{Mode, Refine};
use crate::job::rounds::{Limits, Redraft};
use crate::job::{Checked, Delivery, Input, Task};
use crate::server::event::{RunId, TaskEvent};

impl Session {
    /// What the draft brought in that is wrong.
    pub(super) fn check(&mut self, id: RunId) {
        let Some(live) = self.runs.get(&id) else { return };
        let Some(text) = self.target(&live.uri).map(|target| target.text.clone()) else { return };
        let Some(live) = self.runs.get_mut(&id) else { return };
        let Some(proposal) = live.run.to_check(&text) else { return };
        let Some(live) = self.runs.get(&id) else { return };
        // Where its user changed the file meanwhile, that is what there was before.
        let is_same = proposal.text == live.snapshot.text;
        let baseline = if is_same { live.baseline.clone() } else { Arc::default() };
        let (around, path) = (self.around(), live.path.clone());
        let tasks = self.tasks.clone();
        tokio::task::spawn_blocking(move || {
            let look = || overlay(&proposal, &path).look(around.known(), &baseline);
            let findings = catch_unwind(AssertUnwindSafe(look)).unwrap_or_else(|_| vec![fault()]);
            let checked = Checked { findings, mended: None };
            let _ = tasks.blocking_send(TaskEvent::Checked { run: id, checked });
        });
    }

    /// The question for a better draft is made.
    pub(super) fn refine(&self, id: RunId, wanted: Box<Redraft>) {
        let Some(live) = self.runs.get(&id) else { return };
        let (task, sent, room) = (live.run.task().clone(), live.sent.clone(), Room::of(&live.chosen));
        let (snapshot, around, tasks) = (live.snapshot.clone(), self.around(), self.tasks.clone());
        tracing::info!(round = live.run.round(), findings = wanted.faults.len(), "a draft is redrafted");
        tokio::task::spawn_blocking(move || {
            let work = || {
                let (tree, name) = (snapshot.parse(), around.path(&snapshot));
                let view = around.view(&snapshot, tree.as_ref(), &name);
                redraft((&task, &sent), &wanted, &view, room)
            };
            let event = match catch_unwind(AssertUnwindSafe(work)) {
                Ok(outcome) => TaskEvent::Redraft { run: id, outcome: Box::new(outcome) },
                Err(_) => TaskEvent::Panicked { run: id },
            };
            let _ = tasks.blocking_send(event);
        });
    }

    /// It is asked.
    pub(super) fn redraft(&mut self, id: RunId, outcome: Result<(Task, Sent), PrepareError>) {
        let Some(live) = self.runs.get_mut(&id).filter(|live| live.run.is_asking()) else { return };
        match outcome {
            Ok((task, sent)) => {
                live.sent = sent.clone();
                if let Some((_, known)) = self.sent.iter_mut().find(|(run, _)| *run == id) {
                    *known = sent;
                }
                self.step(id, Input::Again(Box::new(task)));
                self.ask(id);
            }
            Err(error) => self.step(id, Input::Unrefined(error.to_string())),
        }
    }
}

/// How far drafts are redrafted.
pub(super) fn limits(refine: Refine) -> Limits {
    let default = Limits::default();
    Limits {
        rounds: refine.rounds.unwrap_or(default.rounds),
        time: refine.time.unwrap_or(default.time),
        tokens: refine.tokens.unwrap_or(default.tokens),
    }
}

/// How a draft comes, where the editor has it come as `delivery`; `is_chosen`: because its user says so.
pub(super) fn delivery(delivery: Delivery, is_chosen: bool, mode: Option<Mode>) -> Delivery {
    match (delivery, mode) {
        (Delivery::Stream, Some(Mode::Verified)) => Delivery::Final,
        (Delivery::Final, Some(Mode::Live)) if !is_chosen => Delivery::Stream,
        (delivery, _) => delivery,
    }
}

/// A check that died found nothing, which is not to be taken for a clean draft.
fn fault() -> Finding {
    let message = "the checks met an error of Redraft's own; please report it".to_owned();
    Finding {
        source: "redraft".into(),
        code: "fault".into(),
        severity: Severity::Warning,
        range: 0..0,
        message,
        fix: Vec::new(),
    }
}
