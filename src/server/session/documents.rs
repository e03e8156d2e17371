//! The session's documents: what the client says of them, and their trees.

use std::panic::{AssertUnwindSafe, catch_unwind};

use ropey::Rope;
use tree_sitter::Tree;

use super::{Doc, PARSE_DELAY, Session};
use crate::job::Input;
use crate::server::event::{RunId, TaskEvent};
use crate::server::warm;
use crate::text::edit::Edit;
use crate::workspace::{Change, Document, Opened, Stamp};

impl Session {
    pub(super) fn opened(&mut self, opened: Opened) {
        let uri = opened.uri.clone();
        let parse_at = Some(self.now());
        self.openings += 1;
        let new = Doc { document: Document::open(opened, self.openings), parse_at, parsing: false };
        // A client that crashed and came back opens what is open: runs see what that changed.
        let Some(old) = self.documents.insert(uri.clone(), new) else { return };
        let before = old.document.snapshot().text.clone();
        let Some(doc) = self.documents.get(&uri) else { return };
        let after = doc.document.snapshot().text.clone();
        let edits =
            crate::text::edit::sequential(&crate::text::diff::edits(&before.to_string(), &after.to_string()));
        self.replay_later(&uri, &edits, &before, &after);
        self.tell_runs(&uri, || Input::Changed { edits: &edits, before: &before, after: &after });
    }

    pub(super) fn changed(&mut self, uri: &str, version: i32, changes: Vec<Change>) {
        let now = self.now();
        let encoding = self.profile.encoding;
        let Some(doc) = self.documents.get_mut(uri) else {
            tracing::warn!(uri, "a change of a document that is not open");
            return;
        };
        let before = doc.document.snapshot().text.clone();
        let edits = doc.document.change(version, changes, encoding);
        let after = doc.document.snapshot().text.clone();
        doc.parse_at.get_or_insert(now + PARSE_DELAY);
        self.replay_later(uri, &edits, &before, &after);
        let runs: Vec<RunId> =
            self.runs.values().filter(|live| live.uri == uri).map(|live| live.id).collect();
        for run in runs {
            self.step(run, Input::Changed { edits: &edits, before: &before, after: &after });
        }
    }

    /// A run that is being prepared sees a change when it begins.
    fn replay_later(&mut self, uri: &str, edits: &[Edit], before: &Rope, after: &Rope) {
        for preparing in self.preparing.values_mut().filter(|preparing| preparing.uri == uri) {
            preparing.changes.push((edits.to_vec(), before.clone(), after.clone()));
        }
    }

    pub(super) fn closed(&mut self, uri: &str) {
        self.tell_runs(uri, || Input::Closed);
        self.runs.retain(|_, live| live.uri != uri);
        for preparing in self.preparing.values_mut().filter(|preparing| preparing.uri == uri) {
            preparing.closed = true;
        }
        self.documents.remove(uri);
    }

    /// Parses documents whose time has come, off the loop, so that an action finds a tree.
    pub(super) fn start_parses(&mut self) {
        let now = self.now();
        for doc in self.documents.values_mut() {
            if doc.parsing || doc.parse_at.is_none_or(|at| at > now) {
                continue;
            }
            doc.parse_at = None;
            if !doc.document.wants_parse() {
                continue;
            }
            doc.parsing = true;
            let (snapshot, tasks) = (doc.document.snapshot().clone(), self.tasks.clone());
            tokio::task::spawn_blocking(move || {
                let tree = catch_unwind(AssertUnwindSafe(|| snapshot.parse())).unwrap_or_default();
                let (stamp, language) = (snapshot.stamp(), snapshot.language);
                let _ = tasks.blocking_send(TaskEvent::Parsed { uri: snapshot.uri, stamp, tree });
                if let Some(language) = language.filter(|language| !language.is_warm()) {
                    warm::language(language);
                }
            });
        }
    }

    pub(super) fn parsed(&mut self, uri: &str, stamp: Stamp, tree: Option<Tree>) {
        let now = self.now();
        let Some(doc) = self.documents.get_mut(uri) else { return };
        doc.parsing = false;
        doc.document.parsed(stamp, tree);
        if doc.document.wants_parse() {
            doc.parse_at.get_or_insert(now + PARSE_DELAY);
        }
    }
}
