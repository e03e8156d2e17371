//! What leaves for the client's documents: one edit in flight for each, and when to look again.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use serde_json::json;

use super::{Awaited, Session};
use crate::job::Send;
use crate::server::convert::workspace_edit;
use crate::server::event::RunId;

impl Session {
    /// Lets every run send what it may: one edit in flight for each document.
    pub(super) fn settle(&mut self) {
        self.start_parses();
        let ids: Vec<RunId> = self.runs.keys().copied().collect();
        // Twice: a run whose edit is found to be lost lets another one of its document go on.
        for &id in ids.iter().chain(&ids) {
            self.settle_run(id);
        }
        self.forget_what_is_over();
    }

    pub(super) fn settle_run(&mut self, id: RunId) {
        let now = self.now();
        // Twice at most: a run that gives up goes on to take its draft back.
        for _ in 0..3 {
            let Some(live) = self.runs.get(&id) else { return };
            let uri = live.uri.clone();
            let blocked =
                self.runs.values().any(|other| other.id != id && other.uri == uri && other.run.in_flight());
            let (Some(live), Some(doc)) = (self.runs.get_mut(&id), self.documents.get(&uri)) else { return };
            live.wake = None;
            if blocked || !live.run.is_live() {
                return;
            }
            let snapshot = doc.document.snapshot();
            let polled = catch_unwind(AssertUnwindSafe(|| live.run.poll(now, &snapshot.text)));
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
                    let label = confirm.then(|| live.sent.title.clone());
                    let wire = workspace_edit(
                        &uri,
                        snapshot.version,
                        &snapshot.text,
                        &edits,
                        self.profile.encoding,
                        label.as_deref(),
                    );
                    let request = self.await_answer(Awaited::Applied { run: id, edit });
                    self.outgoing.request(request, "workspace/applyEdit", json!({ "edit": wire }));
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

    /// When something is to be done without an event.
    pub(super) fn wake(&self) -> Option<Instant> {
        let parses = self.documents.values().filter(|doc| !doc.parsing).filter_map(|doc| doc.parse_at);
        let runs = self.runs.values().filter_map(|live| live.wake);
        parses.chain(runs).min().map(|at| self.started + at)
    }
}
