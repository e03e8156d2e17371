//! What is wrong with a draft that stands, by what the workspace itself says: shown as diagnostics in its region, until it is kept or
//! taken back. Only what it brought in is told.

use std::panic::{AssertUnwindSafe, catch_unwind};

use serde_json::{Value, json};

use super::Session;
use super::project::Around;
use crate::check::{Finding, Severity, check};
use crate::job::Run;
use crate::server::convert::range_out;
use crate::server::event::{RunId, TaskEvent};
use crate::server::live::Live;
use crate::workspace::{Snapshot, Stamp};

impl Session {
    /// A draft stands: it is looked at, off the loop.
    pub(super) fn look_at(&self, id: RunId) {
        let Some(live) = self.runs.get(&id).filter(|_| self.profile.shows_diagnostics) else { return };
        let Some(doc) = self.documents.get(&live.uri) else { return };
        let (before, now, around) = (live.snapshot.clone(), doc.document.snapshot().clone(), self.around());
        let ranges = live.run.ranges();
        let tasks = self.tasks.clone();
        tokio::task::spawn_blocking(move || {
            let look = AssertUnwindSafe(|| introduced(&around, &before, &now));
            let mut findings = catch_unwind(look).unwrap_or_default();
            findings.retain(|finding| {
                ranges
                    .iter()
                    .any(|range| range.start <= finding.range.start && finding.range.end <= range.end)
            });
            let _ = tasks.blocking_send(TaskEvent::Looked { run: id, stamp: now.stamp(), findings });
        });
    }

    /// A draft was looked at.
    pub(super) fn looked(&mut self, id: RunId, stamp: Stamp, findings: Vec<Finding>) {
        let Some(live) = self.runs.get_mut(&id).filter(|live| live.run.stands()) else { return };
        let is_same =
            self.documents.get(&live.uri).is_some_and(|doc| doc.document.snapshot().stamp() == stamp);
        // What the user has typed since may have made another thing of it.
        if !is_same || findings.is_empty() {
            return;
        }
        for finding in &findings {
            tracing::info!(code = finding.code, "a draft stands with a finding");
        }
        live.findings = findings;
        let uri = live.uri.clone();
        self.show_findings(&uri);
    }

    /// Takes away what was shown of a draft that is kept, taken back or gone.
    pub(super) fn forget_findings(&mut self, id: RunId) {
        let Some(live) = self.runs.get_mut(&id).filter(|live| !live.findings.is_empty()) else { return };
        live.findings.clear();
        let uri = live.uri.clone();
        self.show_findings(&uri);
    }

    /// The same of those drafts of a document that `is_gone` says so of.
    pub(super) fn forget_findings_of(&mut self, uri: &str, is_gone: impl Fn(&Run) -> bool) {
        let gone = |live: &&Live| live.uri == uri && !live.findings.is_empty() && is_gone(&live.run);
        let ids: Vec<RunId> = self.runs.values().filter(gone).map(|live| live.id).collect();
        ids.into_iter().for_each(|id| self.forget_findings(id));
    }

    /// Shows what is wrong with the drafts that stand in a document.
    fn show_findings(&self, uri: &str) {
        let Some(doc) = self.documents.get(uri) else { return };
        let snapshot = doc.document.snapshot();
        let encoding = self.profile.encoding;
        let shown = |finding: &Finding| -> Value {
            json!({
                "range": range_out(&snapshot.text, &finding.range, encoding),
                "severity": if finding.severity == Severity::Error { 1 } else { 2 },
                "source": "redraft",
                "code": format!("{}/{}", finding.source, finding.code),
                "message": finding.message,
            })
        };
        let of_document = self.runs.values().filter(|live| live.uri == uri);
        let diagnostics: Vec<Value> = of_document.flat_map(|live| live.findings.iter().map(shown)).collect();
        let params = json!({ "uri": uri, "version": snapshot.version, "diagnostics": diagnostics });
        self.outgoing.notify("textDocument/publishDiagnostics", params);
    }
}

/// What is wrong with a document now that was not wrong before.
fn introduced(around: &Around, before: &Snapshot, now: &Snapshot) -> Vec<Finding> {
    let mut known: Vec<(&str, String)> =
        findings(around, before).into_iter().map(|finding| (finding.code, finding.message)).collect();
    let mut found = findings(around, now);
    found.retain(|finding| {
        let same =
            known.iter().position(|(code, message)| *code == finding.code && *message == finding.message);
        same.map(|at| known.swap_remove(at)).is_none()
    });
    found
}

fn findings(around: &Around, snapshot: &Snapshot) -> Vec<Finding> {
    let (tree, name) = (snapshot.parse(), around.path(snapshot));
    match snapshot.source(tree.as_ref(), &name) {
        Some(source) => check(&source, &around.view(snapshot, tree.as_ref(), &name)),
        None => Vec::new(),
    }
}
