//! What leaves for the client's documents: one edit in flight for each, and when to look again.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use serde_json::json;

use super::unopened::Unopened;
use super::{Awaited, NUDGE, Session};
use crate::job::Send;
use crate::server::convert::workspace_edit;
use crate::server::event::RunId;
use crate::text::edit::Edit;

impl Session {
    /// Lets every run send what it may: one edit in flight for each document.
    pub(super) fn settle(&mut self) {
        self.start_parses();
        self.believe();
        self.nudge();
        let ids: Vec<RunId> = self.runs.keys().copied().collect();
        // Twice: a run whose edit is found to be lost lets another one of its document go on.
        for &id in ids.iter().chain(&ids) {
            self.settle_run(id);
        }
        self.forget_what_is_over();
        self.forget_unopened();
    }

    /// See `NUDGE`.
    fn nudge(&mut self) {
        if self.nudge.is_some_and(|(request, _)| !self.awaited.contains_key(&request)) {
            self.nudge = None;
        }
        if self.nudge.is_some_and(|(_, at)| at <= self.now()) {
            self.nudge = None;
            let message = "Redraft: the editor has not answered an edit yet";
            self.outgoing.notify("window/logMessage", json!({ "type": 4, "message": message }));
        }
    }

    pub(super) fn settle_run(&mut self, id: RunId) {
        let now = self.now();
        // Twice at most: a run that gives up goes on to take its draft back.
        for _ in 0..3 {
            let Some(live) = self.runs.get(&id) else { return };
            let uri = live.uri.clone();
            let blocked =
                self.runs.values().any(|other| other.id != id && other.uri == uri && other.run.in_flight());
            let may_send = self.may_send(id);
            let text = self.target(&uri).map(|target| target.text.clone());
            let (Some(live), Some(text)) = (self.runs.get_mut(&id), text) else { return };
            live.wake = None;
            if blocked || !may_send || !live.run.is_live() {
                return;
            }
            let polled = catch_unwind(AssertUnwindSafe(|| live.run.poll(now, &text)));
            let Ok((send, effects)) = polled else {
                if let Some(mut live) = self.runs.remove(&id) {
                    live.hang_up();
                    live.progress.end(&self.outgoing, "Redraft met an error of its own");
                }
                self.show(1, "a run met an error of Redraft's own and was ended; please report it");
                return;
            };
            let again = match send {
                Send::Edit { id: edit, edits, confirm } => {
                    self.send_edit(id, edit, edits, confirm);
                    true
                }
                Send::At(at) => {
                    live.wake = Some(at);
                    at <= now
                }
                Send::Nothing => false,
            };
            self.perform(id, effects);
            if !again {
                return;
            }
        }
    }

    /// Whether edits of a run may leave now: into a file that is not open goes its draft, and nothing else.
    fn may_send(&self, id: RunId) -> bool {
        let Some(live) = self.runs.get(&id) else { return false };
        self.documents.contains_key(&live.uri) || !live.run.state().is_over()
    }

    fn send_edit(&mut self, id: RunId, edit: u64, edits: Vec<Edit>, confirm: bool) {
        let Some(live) = self.runs.get(&id) else { return };
        let (uri, title) = (live.uri.clone(), live.sent.title.clone());
        let label = (confirm && self.profile.change_annotations).then_some(title.as_str());
        let Some(target) = self.target(&uri) else { return };
        let wire = workspace_edit(target, &edits, self.profile.encoding, label);
        let request = self.await_answer(Awaited::Applied { run: id, edit });
        self.nudge = Some((request, self.now() + NUDGE));
        self.outgoing.request(request, "workspace/applyEdit", json!({ "edit": wire }));
        self.was_sent(&uri, id, edit, edits);
    }

    /// When something is to be done without an event.
    pub(super) fn wake(&self) -> Option<Instant> {
        let parses = self.documents.values().filter(|doc| !doc.parsing).filter_map(|doc| doc.parse_at);
        let runs = self.runs.values().filter_map(|live| live.wake);
        let believed = self.unopened.values().filter_map(Unopened::believed_at);
        let nudge = self.nudge.map(|(_, at)| at);
        parses.chain(runs).chain(believed).chain(nudge).min().map(|at| self.started + at)
    }
}
