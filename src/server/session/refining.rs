//! A draft is checked, and a better one is asked for. Off the loop.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use futures_util::FutureExt;

use super::Session;
use crate::action::inspect::{Checkers, inspect};
use crate::action::prepare::{PrepareError, Room, Sent};
use crate::action::redraft::redraft;
use crate::check::suite::Suite;
use crate::check::{Beside, Overlay};
use crate::config::{Mode, Refine};
use crate::job::rounds::{Limits, Redraft};
use crate::job::{Delivery, Input, Task};
use crate::server::client::below;
use crate::server::event::{RunId, TaskEvent};
use crate::server::live::Live;
use crate::workspace::Snapshot;

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
        let (mut checkers, gates, tasks) = (live.checkers.clone(), live.gates, self.tasks.clone());
        if let Some(checkers) = &mut checkers {
            if !is_same {
                checkers.known = Arc::default();
            }
            checkers.tested.clone_from(&live.wish.tested);
            checkers.beside = self.beside(live);
        }
        let prompt = live.sent.prompt.clone();
        let look = move |overlay: &Overlay| {
            let mut found = overlay.look(around.known(), &baseline);
            found.extend(overlay.lacks(&prompt.requires));
            found
        };
        let work = async move {
            let inspected =
                AssertUnwindSafe(inspect(proposal, path, look, checkers, gates)).catch_unwind().await;
            let event = match inspected {
                Ok(checked) => TaskEvent::Checked { run: id, checked },
                Err(_) => TaskEvent::Panicked { run: id },
            };
            let _ = tasks.send(event).await;
        };
        if let Some(live) = self.runs.get_mut(&id) {
            // Whoever stops the run ends the checkers with it.
            live.wait_for(|_| tokio::spawn(work).abort_handle());
        }
    }

    /// The checkers of the workspace at `folder`, which is trusted, where any is for the document.
    pub(super) fn checkers(&mut self, folder: &Path, snapshot: &Snapshot) -> Option<Checkers> {
        let supervisor = self.setup.supervisor.as_ref()?;
        let (state, specs) = (self.setup.state.as_deref()?, &self.setup.config.checkers);
        let path = below(snapshot.path.as_deref()?, folder)?;
        let make = || Arc::new(Suite::new(specs, folder, state, supervisor));
        let suite = self.suites.entry(folder.to_owned()).or_insert_with(make).clone();
        let is_for = snapshot.language.is_some_and(|language| suite.is_for(language.id));
        let (known, beside, tested) = (Arc::default(), Arc::default(), None);
        is_for.then(|| Checkers { suite, path, known, beside, tested })
    }

    /// The other documents of the workspace that a run's document is in, as they stand.
    fn beside(&self, live: &Live) -> Beside {
        let folder = live.snapshot.path.as_deref().and_then(|path| self.profile.folder_of(path));
        let Some(folder) = folder else { return Arc::default() };
        let others = self.documents.iter().filter(|(uri, _)| **uri != live.uri).filter_map(|(_, doc)| {
            let snapshot = doc.document.snapshot();
            Some((below(snapshot.path.as_deref()?, folder)?, snapshot.text.clone()))
        });
        Arc::new(others.collect())
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
