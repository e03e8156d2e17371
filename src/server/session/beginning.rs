//! From a prompt that is made to a run that works: its request is answered, and once the client knows it, the model is asked.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tower_lsp::jsonrpc;

use super::ready::{Making, Ready, Unready};
use super::refining::{delivery, limits};
use super::{Awaited, Preparing, Session};
use crate::action::inspect::Checkers;
use crate::action::prepare::{PrepareError, Sent};
use crate::check::Version;
use crate::check::gates::Figures;
use crate::config::Stage;
use crate::job::{Delivery, Input, Run, State};
use crate::model::account::Entry;
use crate::model::choose::Task as Errand;
use crate::model::registry::Chosen;
use crate::model::route::{Route, Wanted};
use crate::server::convert::{Target, range_out};
use crate::server::event::{Asked, RunId, TaskEvent};
use crate::server::live::{Live, call, status};
use crate::server::params::{content_modified, invalid, run_name};
use crate::server::progress::Progress;

/// So long after the question the file is looked at for the answer's sake: sooner, and the request would wait for a core.
const LOOK: Duration = Duration::from_millis(5);

/// A run whose place is still there and free.
struct Begun {
    run: Run,
    gates: Option<Stage>,
    trusted: Option<PathBuf>,
    sent: Sent,
    chosen: Chosen,
    route: Route,
    wanted: Wanted,
    making: Making,
}

impl Session {
    pub(super) fn prepared(&mut self, id: RunId, asked: Option<Asked>, outcome: Result<Ready, Unready>) {
        let Some(Preparing { registry, wanted: first, snapshot, wish, changes, closed, stopped }) =
            self.preparing.remove(&id)
        else {
            return;
        };
        if stopped {
            return drop(asked.map(|asked| asked.reply.send(Ok(json!({ "run": run_name(id) })))));
        }
        let uri = snapshot.uri.clone();
        let outcome = match outcome {
            // A model that cannot be used is a run that fails: answered, then told.
            Err(Unready::Model(error)) => return self.has_no_model(id, &uri, asked, &error.message),
            Err(Unready::Prepare(error)) => Err(error),
            Ok(ready) => Ok(ready),
        };
        let begun = self.begun(outcome, &uri, closed, &changes);
        // The client cancelled the request: it would not know the run.
        let is_cancelled = asked.as_ref().is_some_and(|asked| asked.reply.is_closed());
        let Begun { run, gates, sent, chosen, route, trusted, wanted, making } = match begun {
            Ok(begun) if !is_cancelled => begun,
            outcome => {
                let error = outcome.err().unwrap_or_else(cancelled);
                self.tell_ended(id, &uri, &self.name_of_model(&first), (State::Failed, &error.message));
                return match asked {
                    Some(asked) => drop(asked.reply.send(Err(error))),
                    // Nobody waits for an answer: it was Redraft that began it once more.
                    None => self.show(1, &error.message),
                };
            }
        };
        if let Some(note) = route.note() {
            let message = format!("{}: {note}", sent.title);
            if wanted.named.is_some() {
                self.show(2, &message);
            }
            self.outgoing
                .notify("window/logMessage", json!({ "type": 2, "message": format!("Redraft: {message}") }));
        }
        let answer = json!({ "run": run_name(id), "regions": self.announced(&uri, &run) });
        let offered = asked.as_ref().map(|asked| asked.taken.clone());
        let checkers = trusted.and_then(|folder| self.checkers(&folder, &snapshot));
        let (progress, path) = (Progress::none(), self.around().path(&snapshot));
        self.insert(Live {
            id,
            uri,
            run,
            chosen,
            route,
            registry,
            wanted,
            making,
            snapshot,
            wish,
            sent,
            progress,
            offered,
            call: None,
            calls: 0,
            spent: Arc::default(),
            enough: Arc::default(),
            began: Instant::now(),
            took: None,
            path,
            checkers,
            gates: gates.map(Figures::from),
            baseline: Arc::default(),
            findings: Vec::new(),
            wake: None,
            again: false,
        });
        let Some(Asked { reply, taken }) = asked else { return self.launch(id) };
        // Where the handler is gone by now, `taken` says so.
        let _ = reply.send(Ok(answer));
        let tasks = self.tasks.clone();
        tokio::spawn(async move {
            taken.settled().await;
            let _ = tasks.send(TaskEvent::Taken { run: id }).await;
        });
    }

    /// The run of what was prepared, if its place is still there and free.
    fn begun(
        &mut self,
        outcome: Result<Ready, PrepareError>,
        uri: &str,
        closed: bool,
        changes: &[super::Told],
    ) -> jsonrpc::Result<Begun> {
        let Ready { task, sent, chosen, route, refine, trusted, wanted, making } =
            outcome.map_err(|error| {
                if matches!(error, PrepareError::Render(_)) {
                    tracing::error!(%error, "a prompt could not be rendered");
                }
                invalid(error.to_string())
            })?;
        let is_open = self.documents.contains_key(uri);
        let is_chosen = self.profile.options.delivery.is_some();
        let asks = sent.prompt.confirm && self.profile.change_annotations;
        let delivery = if is_open && asks {
            Delivery::Preview
        } else if is_open {
            delivery(self.profile.delivery(), is_chosen, refine.mode)
        } else {
            Delivery::Proposal
        };
        let mut run = Run::new(task, delivery).refined(limits(refine));
        let now = self.now();
        for (edits, before, after) in changes {
            run.step(now, Input::Changed { edits, before, after });
        }
        // One that was offered to a request that is cancelled holds no place.
        self.end_what_was_declined();
        let range = run.range();
        let taken = || {
            let writes = |other: &&Live| other.uri == uri && other.run.is_working() && !other.run.tells();
            let mut others = self.runs.values().filter(writes);
            others.any(|other| overlap(&other.run.range(), &range))
        };
        let why = if run.state().is_over() {
            "the place was deleted meanwhile"
        } else if closed {
            "the document was closed"
        } else if !run.tells() && taken() {
            "another run is writing there; wait for it or stop it"
        } else {
            return Ok(Begun { run, gates: refine.gates, sent, chosen, route, trusted, wanted, making });
        };
        Err(content_modified(why.to_owned()))
    }

    /// What is told before it is known which model it will be: the one that is wanted first.
    pub(super) fn name_of_model(&self, wanted: &Wanted) -> String {
        self.setup
            .registry
            .as_ref()
            .map_or_else(|_| String::new(), |registry| registry.first(wanted).to_owned())
    }

    /// The run has nobody to ask: that is told once its command is answered.
    pub(super) fn has_no_model(&self, run: RunId, uri: &str, asked: Option<Asked>, message: &str) {
        let (tasks, uri, message) = (self.tasks.clone(), uri.to_owned(), message.to_owned());
        tokio::spawn(async move {
            if let Some(Asked { reply, taken }) = asked {
                let _ = reply.send(Ok(json!({ "run": run_name(run) })));
                taken.settled().await;
            }
            let _ = tasks.send(TaskEvent::HasNoModel { run, uri, message }).await;
        });
    }

    /// A task of a run died.
    pub(super) fn panicked(&mut self, run: RunId) {
        let why = "Redraft met an error of its own; please report it";
        match self.preparing.remove(&run) {
            // Its user has stopped it, and was told.
            Some(Preparing { stopped: true, .. }) => {}
            Some(Preparing { snapshot, wanted, .. }) => {
                self.tell_ended(run, &snapshot.uri, &self.name_of_model(&wanted), (State::Failed, why));
                self.show(1, why);
            }
            None => self.abort(run, why.to_owned()),
        }
    }

    /// The only ranges of the document that the run may change: the draft's, and the import block's.
    fn announced(&self, uri: &str, run: &Run) -> Vec<Value> {
        let Some(Target { text, .. }) = self.target(uri).filter(|_| !run.tells()) else { return Vec::new() };
        run.ranges().iter().map(|range| range_out(text, range, self.profile.encoding)).collect()
    }

    /// The request that a run was offered to has its answer, or was cancelled.
    pub(super) fn taken(&mut self, id: RunId) {
        self.end_what_was_declined();
        self.launch(id);
    }

    /// Runs whose requests were cancelled at the last moment are forgotten: nobody knows them, and nothing was asked.
    fn end_what_was_declined(&mut self) {
        let declined = |live: &Live| live.offered.as_ref().is_some_and(|taken| taken.known() == Some(false));
        let ids: Vec<RunId> = self.runs.values().filter(|live| declined(live)).map(|live| live.id).collect();
        for id in ids {
            let Some(live) = self.runs.remove(&id) else { continue };
            self.sent.retain(|(sent, _)| *sent != id);
            let why = cancelled().message;
            self.tell_ended(id, &live.uri, &live.chosen.name, (State::Failed, &why));
        }
    }

    /// Asks the model, unless the run was stopped before it could begin.
    fn launch(&mut self, id: RunId) {
        let Some(live) = self.runs.get_mut(&id) else { return };
        live.offered = None;
        if live.run.state() != State::Asking {
            // What became of it before its client knew it was not told yet.
            if self.profile.knows_redraft {
                self.outgoing.notify("redraft/status", live.status());
            }
            return self.forget_what_is_over();
        }
        let (title, place) = (live.sent.title.clone(), live.run.task().place.clone());
        let (path, baseline, checkers) = (live.path.clone(), live.baseline.clone(), live.checkers.clone());
        let around = self.around();
        if let Some(Checkers { suite, .. }) = checkers {
            // A server that starts while the model reads keeps nobody waiting.
            let language = place.source().language.id;
            tokio::spawn(async move { suite.warm(language).await });
        }
        self.ask(id);
        // While the model reads: the answer's last look at the file needs what this finds, on the loop. The request goes first.
        tokio::spawn(async move {
            tokio::time::sleep(LOOK).await;
            drop(tokio::task::spawn_blocking(move || {
                place.look();
                let source = place.source();
                let version = Version { text: source.text.clone(), tree: source.tree.cloned() };
                baseline.look(source.language, &path, &version, around.known());
            }));
        });
        self.keep_what_is_written_over(id);
        if self.profile.work_done_progress {
            let request = self.await_answer(Awaited::Progress { run: id });
            let token = format!("redraft/{}", run_name(id));
            let progress = Progress::create(&self.outgoing, request, token, title);
            self.runs.entry(id).and_modify(|live| live.progress = progress);
        }
        if let Some(live) = self.runs.get(&id).filter(|_| self.profile.knows_redraft) {
            self.outgoing.notify("redraft/status", live.status());
        }
    }

    /// Asks the model that is the run's now.
    pub(super) fn ask(&mut self, id: RunId) {
        let Some(live) = self.runs.get_mut(&id) else { return };
        let entry = Entry {
            run: live.account(),
            task: live.wanted.task.unwrap_or(Errand::Implement).name(),
            failover: live.route.switches() > 0,
            spent: live.spent.clone(),
            enough: live.enough.clone(),
            due: live.route.due(),
        };
        let (accounts, chosen) = (live.registry.accounts().clone(), live.chosen.clone());
        let (request, retries) = (live.sent.request.clone(), self.retries.clone());
        let tasks = self.tasks.clone();
        live.wait_for(|number| call((id, number), accounts, chosen, entry, request, retries, tasks));
    }

    /// A draft that a new run writes over is kept by that.
    fn keep_what_is_written_over(&mut self, id: RunId) {
        let Some(live) = self.runs.get(&id).filter(|live| !live.run.tells()) else { return };
        let range = live.run.range();
        let replaced: Vec<RunId> = self
            .runs
            .values()
            .filter(|other| other.id != id && other.uri == live.uri && other.run.stands())
            .filter(|other| overlap(&other.run.range(), &range))
            .map(|other| other.id)
            .collect();
        for other in replaced {
            self.step(other, Input::Keep);
        }
    }

    /// What was told to be gathering does not begin: whoever watches is told.
    pub(super) fn tell_ended(&self, run: RunId, uri: &str, model: &str, (state, message): (State, &str)) {
        if self.profile.knows_redraft {
            let ended = status((run, 1), uri, state.name(), model, 0, None, Some(message));
            self.outgoing.notify("redraft/status", ended);
        }
    }
}

fn cancelled() -> jsonrpc::Error {
    invalid("the request was cancelled".to_owned())
}

fn overlap(a: &Range<usize>, b: &Range<usize>) -> bool {
    a.start <= b.end && b.start <= a.end
}
