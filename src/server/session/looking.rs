//! What is wrong with a draft that stands: shown as diagnostics in its region, until it is kept or taken back.

use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};

use ropey::Rope;
use serde_json::{Value, json};

use super::Session;
use crate::action::redraft::overlay;
use crate::check::{Baseline, Finding, Severity};
use crate::job::{Run, State};
use crate::server::convert::range_out;
use crate::server::event::{Reply, RunId, TaskEvent};
use crate::server::live::Live;
use crate::server::params::{invalid, run_name};

impl Session {
    /// A draft stands: what is wrong with it is shown.
    pub(super) fn show_findings_of(&mut self, id: RunId) {
        let Some(live) = self.runs.get_mut(&id).filter(|_| self.profile.shows_diagnostics) else { return };
        let placed = live.run.faults().iter().filter_map(|fault| {
            let range = live.run.placed(fault)?;
            Some(Finding { range, ..fault.finding.clone() })
        });
        live.findings = placed.collect();
        if live.findings.is_empty() {
            return;
        }
        for finding in &live.findings {
            tracing::info!(code = %finding.code, "a draft stands with a finding");
        }
        let uri = live.uri.clone();
        self.show_findings(&uri);
    }

    /// Where a part of the draft was held back, nobody has looked at what stands: the built-in checks do now.
    pub(super) fn look_at_what_stands(&self, id: RunId) {
        let Some(live) = self.runs.get(&id) else { return };
        let Some(text) = self.target(&live.uri).map(|target| target.text.clone()) else { return };
        let Some(proposal) = live.run.as_it_stands(&text) else { return };
        let (around, path, tasks) = (self.around(), live.path.clone(), self.tasks.clone());
        tokio::task::spawn_blocking(move || {
            let work = || overlay(&proposal, &path).look(around.known(), &Baseline::default());
            if let Ok(findings) = catch_unwind(AssertUnwindSafe(work)) {
                let _ = tasks.blocking_send(TaskEvent::Stands { run: id, text, findings });
            }
        });
    }

    /// The built-in checks have looked at what stands, which was `text` then.
    pub(super) fn stands(&mut self, id: RunId, text: &Rope, findings: Vec<Finding>) {
        let Some(live) = self.runs.get(&id).filter(|live| live.run.state() == State::Done) else { return };
        let is_same = self.target(&live.uri).is_some_and(|target| target.text == text);
        let Some(live) = self.runs.get_mut(&id) else { return };
        live.run.stands_with(text, &findings);
        if !is_same || findings.is_empty() || !self.profile.shows_diagnostics {
            return;
        }
        live.findings = findings;
        let uri = live.uri.clone();
        self.show_findings(&uri);
    }

    /// `redraft/report`.
    pub(super) fn report(&self, id: RunId, reply: Reply) {
        let report = self.runs.get(&id).map(|live| {
            let text = self.target(&live.uri).map(|target| target.text);
            let placed =
                |range: &Range<usize>| text.map(|text| range_out(text, range, self.profile.encoding));
            let back = live.run.way_back();
            let back = back.iter().map(|edit| json!({ "range": placed(&edit.range), "newText": edit.text }));
            let left = live.run.faults().iter().map(|fault| {
                let range = live.run.placed(fault).and_then(|range| placed(&range));
                json!({
                    "source": fault.finding.source,
                    "code": fault.finding.code,
                    "severity": fault.finding.severity.name(),
                    "message": fault.finding.message,
                    "range": range,
                })
            });
            json!({
                "version": 1,
                "run": run_name(id),
                "title": live.sent.title,
                "uri": live.uri,
                "document_version": self.target(&live.uri).and_then(|target| target.version),
                "ranges": live.run.ranges().iter().map(placed).collect::<Vec<_>>(),
                "way_back": if text.is_some() { back.collect() } else { Vec::new() },
                "stands": live.run.stands(),
                "state": live.run.state().name(),
                "model": live.chosen.name,
                "rounds": live.run.round(),
                "round_of_draft": live.run.round_of_draft(),
                "checked_by": live.run.asked(),
                "not_checked": live.run.unheard(),
                "reached": live.run.reached(),
                "left": left.collect::<Vec<_>>(),
                "tokens": live.run.written().0,
                "cost_micro_usd": live.cost().map(|cost| cost.0),
                "seconds": live.took.map(|took| took.as_secs_f64()),
                "message": live.run.message(),
            })
        });
        let unknown = || invalid(format!("there is no run {:?} any more", run_name(id)));
        let _ = reply.send(report.ok_or_else(unknown));
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
