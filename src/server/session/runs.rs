//! The session's runs: what is told to them, and what comes of it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;

use serde_json::{Value, json};

use super::unopened::name_of;
use super::{Awaited, HISTORY, STANDING_RUNS, Session};
use crate::action::Diagnostic;
use crate::action::prepare::Wish;
use crate::job::{Effect, Input, Run, State};
use crate::model::ledger::Fate;
use crate::model::{Answer, ModelError};
use crate::server::convert::path_of;
use crate::server::disk;
use crate::server::event::{RunId, TaskEvent};
use crate::server::live::{Live, status};
use crate::server::memory::drop_elsewhere;

/// How many explanations can be asked about again.
const TOLD_RUNS: usize = 8;

impl Session {
    /// The client answered a request of ours.
    pub(super) fn answered(&mut self, id: i64, answer: &Result<Value, String>) {
        let now = self.now();
        match self.awaited.remove(&id) {
            Some(Awaited::Progress { run }) => {
                if let Some(live) = self.runs.get_mut(&run) {
                    live.progress.created(&self.outgoing, answer.is_ok());
                    live.show_progress(&self.outgoing, now);
                }
            }
            Some(Awaited::Applied { run, edit }) => {
                let applied =
                    answer.as_ref().is_ok_and(|answer| answer["applied"].as_bool().unwrap_or(false));
                if !(applied && self.is_taken_at_its_word(run, edit)) {
                    self.step(run, Input::Applied { id: edit, applied });
                }
            }
            Some(Awaited::Page { message }) => {
                let is_shown = answer.as_ref().is_ok_and(|answer| answer["success"].as_bool() == Some(true));
                if !is_shown {
                    self.show(3, &message);
                }
            }
            None => {}
        }
    }

    /// Tells every run of a document the same.
    pub(super) fn tell_runs<'a>(&mut self, uri: &str, input: impl Fn() -> Input<'a>) {
        let runs: Vec<RunId> =
            self.runs.values().filter(|live| live.uri == uri).map(|live| live.id).collect();
        for run in runs {
            self.step(run, input());
        }
    }

    /// The model of a run says this; nothing where nobody listens to that call any more.
    pub(super) fn heard(&mut self, id: RunId, call: u64, text: &str) {
        if self.runs.get(&id).is_some_and(|live| live.hears(call)) {
            self.step(id, Input::Delta(text));
        }
    }

    /// The same, and that is all it says.
    pub(super) fn said_all(&mut self, id: RunId, call: u64, rest: &str, outcome: Result<Answer, ModelError>) {
        if !rest.is_empty() {
            self.heard(id, call, rest);
        }
        // What it has just said may have been enough, or too wrong to go on with.
        let Some(live) = self.runs.get_mut(&id).filter(|live| live.hears(call)) else { return };
        live.call = None;
        match outcome {
            Ok(answer) => self.step(id, Input::Answered(Ok(answer))),
            Err(error) => self.failed(id, error),
        }
    }

    /// One step of one run. Its panic is its own error.
    pub(super) fn step(&mut self, id: RunId, input: Input<'_>) {
        let now = self.now();
        let Some(live) = self.runs.get_mut(&id) else { return };
        match catch_unwind(AssertUnwindSafe(|| live.run.step(now, input))) {
            Ok(effects) => self.perform(id, effects),
            Err(_) => self.abort(id, "Redraft met an error of its own; please report it".to_owned()),
        }
        if let Some(live) = self.runs.get_mut(&id) {
            live.show_progress(&self.outgoing, now);
        }
    }

    pub(super) fn abort(&mut self, id: RunId, why: String) {
        let Some(live) = self.runs.get_mut(&id) else { return };
        let effects = catch_unwind(AssertUnwindSafe(|| live.run.abort(why))).unwrap_or_default();
        self.perform(id, effects);
    }

    pub(super) fn perform(&mut self, id: RunId, effects: Vec<Effect>) {
        for effect in effects {
            let Some(live) = self.runs.get_mut(&id) else { return };
            match effect {
                Effect::Line(_) | Effect::Anew => {}
                Effect::Told(text) => self.tell(id, &text),
                Effect::StopAsking => live.hang_up(),
                Effect::Enough => {
                    if let Some(answer) = live.ends_early() {
                        live.enough.store(true, Ordering::Relaxed);
                        live.hang_up();
                        self.step(id, Input::Answered(Ok(answer)));
                    }
                }
                Effect::Verify(proposal) => {
                    let uri = live.uri.clone();
                    let again = path_of(&uri).filter(|_| self.unopened.contains_key(&uri));
                    if again.is_none()
                        && catch_unwind(AssertUnwindSafe(|| proposal.stands_at_once())).unwrap_or(false)
                    {
                        self.step(id, Input::Verified(Ok(())));
                        continue;
                    }
                    let (tasks, folders) = (self.tasks.clone(), self.profile.folders.clone());
                    tokio::task::spawn_blocking(move || {
                        if let Some(path) = again {
                            let found = disk::find(&folders, &path);
                            let _ = tasks.blocking_send(TaskEvent::Reread { uri, found });
                        }
                        let event = match catch_unwind(AssertUnwindSafe(|| proposal.verify())) {
                            Ok(verdict) => TaskEvent::Verified { run: id, verdict },
                            Err(_) => TaskEvent::Panicked { run: id },
                        };
                        let _ = tasks.blocking_send(event);
                    });
                }
                Effect::Check => self.check(id),
                Effect::Refine(redraft) => self.refine(id, redraft),
                Effect::Entered(state) => self.entered(id, state),
            }
        }
    }

    /// A run is somewhere else: whoever watches is told.
    pub(super) fn entered(&mut self, id: RunId, state: State) {
        let now = self.now();
        let Some(live) = self.runs.get_mut(&id) else { return };
        if state.is_over() && live.took.is_none() {
            live.took = Some(live.began.elapsed());
        }
        live.show_progress(&self.outgoing, now);
        // Its client is to know it first.
        if self.profile.knows_redraft && live.offered.is_none() {
            self.outgoing.notify("redraft/status", live.status());
        }
        match state {
            State::Kept => {
                live.finish(live.fate());
                self.remember_kept(id);
            }
            State::Reverted => live.finish(Fate::Reverted),
            _ => {}
        }
        match state {
            State::Done => {
                self.show_findings_of(id);
                self.look_at_what_stands(id);
            }
            State::Kept | State::Reverted | State::Failed => self.forget_findings(id),
            _ => {}
        }
        let Some(live) = self.runs.get_mut(&id) else { return };
        if !state.is_over() {
            return;
        }
        let (title, summary) = (&live.sent.title, live.summary());
        // What went wrong comes first: many editors show one line, as far as it fits.
        let mut line = match summary.strip_prefix("failed: ") {
            Some(why) => format!("{why} ({title})"),
            None => format!("{title}: {summary}"),
        };
        let unseen = state == State::Done && !live.run.tells() && !self.documents.contains_key(&live.uri);
        if unseen {
            line = format!("{line}; {} was not open: look at it, and save it", name_of(&live.uri));
        }
        let speaks =
            state == State::Failed || unseen || (state == State::Done && live.run.message().is_some());
        if state == State::Reverted && live.again {
            let (uri, wish, wanted) = (live.uri.clone(), live.wish.clone(), live.wanted.clone());
            // What was there is there again: the place of a selection is the region, that of a cursor its start.
            let region = live.run.range();
            let range = if wish.range.is_empty() { region.start..region.start } else { region };
            let diagnostic =
                wish.diagnostic.map(|diagnostic| Diagnostic { range: range.clone(), ..diagnostic });
            self.restart(&uri, Wish { range, diagnostic, ..wish }, wanted);
        }
        if speaks {
            self.show(if state == State::Failed { 1 } else { 3 }, &line);
        }
        self.outgoing
            .notify("window/logMessage", json!({ "type": 3, "message": format!("Redraft: {line}") }));
        self.forget_what_is_over();
    }

    /// Runs that nothing can be done with any more go, once nothing of theirs can land late; of those that stand, watch, or
    /// wait for the client to show their progress, the oldest go.
    pub(super) fn forget_what_is_over(&mut self) {
        let now = self.now();
        // What its client is yet to know is yet to be told.
        let is_over = |live: &Live| live.offered.is_none() && !live.is_known() && !live.run.watches(now);
        let over = self.runs.extract_if(.., |_, live| is_over(live));
        let over: Vec<(RunId, Live)> = over.collect();
        if !over.is_empty() {
            drop_elsewhere(over);
        }
        // What was told is there to be asked about again; drafts are there to be kept or taken back.
        let told: Vec<RunId> =
            self.runs.values().filter(|live| live.run.has_told()).map(|live| live.id).collect();
        told.iter().take(told.len().saturating_sub(TOLD_RUNS)).for_each(|id| drop(self.runs.remove(id)));
        let standing = |live: &&Live| live.offered.is_none() && !live.run.is_live() && !live.run.has_told();
        let standing: Vec<RunId> = self.runs.values().filter(standing).map(|live| live.id).collect();
        for id in standing.iter().take(standing.len().saturating_sub(STANDING_RUNS)) {
            self.forget_findings(*id);
            if let Some(live) = self.runs.remove(id).filter(|live| live.run.stands()) {
                live.finish(live.fate());
            }
        }
    }

    pub(super) fn tell_gathering(&self, run: RunId, uri: &str, model: &str) {
        if self.profile.knows_redraft {
            let gathering = status((run, 1), uri, "gathering", model, 0, None, None);
            self.outgoing.notify("redraft/status", gathering);
        }
    }

    pub(super) fn insert(&mut self, live: Live) {
        self.sent.truncate(HISTORY - 1);
        self.sent.push_front((live.id, live.sent.clone()));
        self.runs.insert(live.id, live);
    }

    pub(super) fn run_of(&self, id: RunId) -> Option<&Run> {
        self.runs.get(&id).map(|live| &live.run)
    }
}
