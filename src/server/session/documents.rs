//! The session's documents: what the client says of them, and their trees.

use std::cmp::Reverse;
use std::panic::{AssertUnwindSafe, catch_unwind};

use ropey::Rope;
use tree_sitter::Tree;

use super::project::Learnt;
use super::{Doc, PARSE_DELAY, Session};
use crate::job::{Input, Run};
use crate::server::event::{RunId, TaskEvent};
use crate::server::live::Live;
use crate::server::memory::drop_elsewhere;
use crate::text::edit::Edit;
use crate::workspace::{Change, Document, Opened, Stamp};

impl Session {
    pub(super) fn opened(&mut self, opened: Opened) {
        let uri = opened.uri.clone();
        let path = opened.path.clone();
        let parse_at = Some(self.now());
        self.openings += 1;
        let new =
            Doc { document: Document::open(opened, self.openings), parse_at, parsing: false, indexed: None };
        self.works_in(&uri);
        if new.document.snapshot().language.is_some() {
            self.want_project(path.as_deref());
        }
        // A client that crashed and came back opens what is open: runs see what that changed.
        let old = self.documents.insert(uri.clone(), new).map(|old| old.document.snapshot().text.clone());
        let (before, applied) = match (old, self.unopened_is_open(&uri)) {
            (Some(before), _) => (before, None),
            (None, Some(unopened)) => unopened,
            (None, None) => return,
        };
        let Some(doc) = self.documents.get(&uri) else { return };
        let after = doc.document.snapshot().text.clone();
        let edits =
            crate::text::edit::sequential(&crate::text::diff::edits(&before.to_string(), &after.to_string()));
        self.replay_later(&uri, &edits, &before, &after);
        self.tell_change(&uri, &edits, &before, &after);
        self.was_applied(applied);
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
        self.typed();
        self.inlines.remove(uri);
        self.works_in(uri);
        self.replay_later(uri, &edits, &before, &after);
        self.follow_kept(uri, &edits);
        self.tell_change(uri, &edits, &before, &after);
    }

    /// Tells the runs of a document what happened to it. An edit is one run's: the first that knows it for its own, those
    /// that wait for one before those that are over and only watch for what lands late.
    pub(super) fn tell_change(&mut self, uri: &str, edits: &[Edit], before: &Rope, after: &Rope) {
        let mut runs: Vec<&Live> = self.runs.values().filter(|live| live.uri == uri).collect();
        runs.sort_by_key(|live| (!live.run.in_flight(), !live.run.is_working(), Reverse(live.id)));
        let runs: Vec<RunId> = runs.into_iter().map(|live| live.id).collect();
        let mut is_known = false;
        for id in runs {
            if is_known {
                self.step(id, Input::Other { edits, before, after });
            } else {
                self.step(id, Input::Changed { edits, before, after });
                is_known = self.run_of(id).is_some_and(Run::heard_itself);
            }
        }
        // The user is at work on it: what was wrong may be right by now.
        self.forget_findings_of(uri, Run::is_touched);
    }

    /// A run that is being prepared sees a change when it begins.
    pub(super) fn replay_later(&mut self, uri: &str, edits: &[Edit], before: &Rope, after: &Rope) {
        for preparing in self.preparing.values_mut().filter(|preparing| preparing.snapshot.uri == uri) {
            preparing.changes.push((edits.to_vec(), before.clone(), after.clone()));
        }
    }

    pub(super) fn closed(&mut self, uri: &str) {
        self.inlines.remove(uri);
        // What is taken back at that moment is not done once more.
        self.runs.values_mut().filter(|live| live.uri == uri).for_each(|live| live.again = false);
        self.tell_runs(uri, || Input::Closed);
        // What the user leaves standing there is what the user took.
        for live in self.runs.values().filter(|live| live.uri == uri && live.run.stands()) {
            live.finish(live.fate());
        }
        self.forget_kept(uri);
        self.forget_findings_of(uri, |_| true);
        for live in self.runs.values().filter(|live| live.uri == uri && live.offered.is_some()) {
            let ended = (live.run.state(), live.run.message().unwrap_or_default());
            self.tell_ended(live.id, uri, &live.chosen.name, ended);
        }
        self.runs.retain(|_, live| live.uri != uri);
        for preparing in self.preparing.values_mut().filter(|preparing| preparing.snapshot.uri == uri) {
            preparing.closed = true;
        }
        self.recent.retain(|other| other != uri);
        let Some(mut closed) = self.documents.remove(uri) else { return };
        self.unlearn(closed.indexed.take());
        drop_elsewhere(closed);
    }

    /// Parses documents whose time has come, off the loop, so that an action finds a tree.
    pub(super) fn start_parses(&mut self) {
        let now = self.now();
        let is_due = |doc: &Doc| !doc.parsing && doc.parse_at.is_some_and(|at| at <= now);
        if !self.documents.values().any(is_due) {
            return;
        }
        let around = self.around();
        for doc in self.documents.values_mut().filter(|doc| is_due(doc)) {
            doc.parse_at = None;
            let is_indexed = doc.indexed.is_some() || !around.is_started();
            if !doc.document.wants_parse() && is_indexed {
                continue;
            }
            doc.parsing = true;
            let (snapshot, tasks, around) =
                (doc.document.snapshot().clone(), self.tasks.clone(), around.clone());
            tokio::task::spawn_blocking(move || {
                let work = || {
                    let tree = snapshot.parse();
                    let learnt = tree.as_ref().map(|tree| around.learnt(&snapshot, Some(tree)));
                    (tree, learnt)
                };
                let (tree, learnt) = catch_unwind(AssertUnwindSafe(work)).unwrap_or_default();
                let (uri, stamp) = (snapshot.uri.clone(), snapshot.stamp());
                let _ = tasks.blocking_send(TaskEvent::Parsed { uri, stamp, tree, learnt });
            });
        }
    }

    pub(super) fn parsed(&mut self, uri: &str, stamp: Stamp, tree: Option<Tree>, learnt: Option<Learnt>) {
        let now = self.now();
        let Some(doc) = self.documents.get_mut(uri) else { return };
        doc.parsing = false;
        drop_elsewhere(doc.document.parsed(stamp, tree));
        if let Some(learnt) = learnt {
            self.learn(uri, stamp, learnt);
        }
        let Some(doc) = self.documents.get_mut(uri) else { return };
        if doc.document.wants_parse() {
            doc.parse_at.get_or_insert(now + PARSE_DELAY);
        }
        // Who completes asks with the next key, and waits for nobody; one that is at work makes what it needs itself.
        if self.profile.completes_inline && !self.inlines.contains_key(uri) {
            let snapshot = doc.document.snapshot().clone();
            self.warm_up(&snapshot);
        }
    }
}
