//! The session: one loop that owns all state. Everything else computes, and ends by sending an event to it.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use ropey::Rope;
use serde_json::{Value, json};
use tokio::sync::{Semaphore, mpsc};

use super::client::Profile;
use super::convert::workspace_edit;
use super::event::{ClientEvent, RunId, TaskEvent};
use super::live::{Live, status};
use super::memory;
use super::outgoing::Outgoing;
use crate::action::Diagnostic;
use crate::action::prepare::{Sent, Wish};
use crate::draft::weave::Time;
use crate::job::{Effect, Input, Run, Send, State};
use crate::model::ask::Retries;
use crate::model::registry::{Chosen, Registry};
use crate::text::edit::Edit;
use crate::workspace::Document;

mod commands;
mod documents;
mod requests;

/// Events of our own tasks that wait for the loop.
const TASKS: usize = 1024;
/// Runs at work at once; a person follows a few.
const LIVE_RUNS: usize = 16;
/// Drafts that can still be taken back; the oldest is kept when another comes.
const STANDING_RUNS: usize = 32;
/// Runs whose prompts can still be looked at.
const HISTORY: usize = 32;
/// Requests of ours whose answers are still expected; some clients never answer (Vim with ALE), so the oldest go.
const AWAITED: usize = 1024;
/// Parses for requests at once; a client that asks after every key gets its answers in order all the same.
const PARSES: usize = 2;
/// A document is parsed this long after a change, if no request wants it sooner.
const PARSE_DELAY: Duration = Duration::from_millis(50);

/// What a session is made with.
#[derive(Debug)]
pub struct Setup {
    /// The models, or why there are none (a sentence for the user).
    pub registry: Result<Arc<Registry>, String>,
    /// What else the user should be told at the start.
    pub notices: Vec<String>,
}

/// An open document, and where its tree is.
#[derive(Debug)]
struct Doc {
    document: Document,
    parse_at: Option<Time>,
    parsing: bool,
}

/// A run whose prompt is being made, off the loop; what its document goes through meanwhile is replayed.
#[derive(Debug)]
struct Preparing {
    uri: String,
    wish: Wish,
    chosen: Chosen,
    changes: Vec<(Vec<Edit>, Rope, Rope)>,
    /// Its document was closed; one that is opened by that name later is another.
    closed: bool,
}

/// What an answer of the client is to.
#[derive(Clone, Copy, Debug)]
enum Awaited {
    Applied { run: RunId, edit: u64 },
    Progress { run: RunId },
}

/// See the module's head.
struct Session {
    setup: Setup,
    profile: Profile,
    outgoing: Outgoing,
    tasks: mpsc::Sender<TaskEvent>,
    retries: Arc<Retries>,
    /// Parses for requests: more at once would only make each miss its time limit.
    parses: Arc<Semaphore>,
    documents: HashMap<String, Doc>,
    preparing: HashMap<RunId, Preparing>,
    runs: BTreeMap<RunId, Live>,
    sent: VecDeque<(RunId, Sent)>,
    awaited: BTreeMap<i64, Awaited>,
    openings: u64,
    next_run: RunId,
    next_request: i64,
    /// Whether what the first run needs was made, or is being made.
    is_warm: bool,
    started: Instant,
}

/// Runs a session until the client's events end.
pub(super) async fn run(setup: Setup, mut events: mpsc::Receiver<ClientEvent>, outgoing: Outgoing) {
    let (tasks, mut task_events) = mpsc::channel(TASKS);
    let mut session = Session {
        setup,
        profile: Profile::default(),
        outgoing,
        tasks,
        retries: Arc::default(),
        parses: Arc::new(Semaphore::new(PARSES)),
        documents: HashMap::new(),
        preparing: HashMap::new(),
        runs: BTreeMap::new(),
        sent: VecDeque::new(),
        awaited: BTreeMap::new(),
        openings: 0,
        next_run: 0,
        next_request: 0,
        is_warm: false,
        started: Instant::now(),
    };
    loop {
        let wake = session.wake();
        tokio::select! {
            biased;
            event = events.recv() => match event {
                Some(event) => session.guarded(|session| session.client(event)),
                None => break,
            },
            Some(event) = task_events.recv() => session.guarded(|session| session.task(event)),
            () = sleep_until(wake), if wake.is_some() => {}
        }
        session.guarded(Session::settle);
    }
    for live in session.runs.values_mut() {
        live.hang_up();
    }
}

async fn sleep_until(wake: Option<Instant>) {
    if let Some(wake) = wake {
        tokio::time::sleep_until(wake.into()).await;
    }
}

impl Session {
    fn now(&self) -> Time {
        self.started.elapsed()
    }

    /// A panic ends what was being done, and nothing else; a request whose reply is dropped by it gets its error.
    fn guarded(&mut self, work: impl FnOnce(&mut Self)) {
        if catch_unwind(AssertUnwindSafe(|| work(self))).is_err() {
            tracing::error!("the session's loop caught a panic");
        }
    }

    fn client(&mut self, event: ClientEvent) {
        match event {
            ClientEvent::Profile(profile) => self.profile = *profile,
            ClientEvent::Initialized => self.greet(),
            ClientEvent::Opened(opened) => self.opened(opened),
            ClientEvent::Changed { uri, version, changes } => self.changed(&uri, version, changes),
            ClientEvent::Closed { uri } => self.closed(&uri),
            ClientEvent::Saving { uri } => self.tell_runs(&uri, || Input::Saving),
            ClientEvent::Saved { uri } => self.tell_runs(&uri, || Input::Saved),
            ClientEvent::Actions { ask, reply } => self.actions(ask, reply),
            ClientEvent::Command { command, reply } => self.command(command, reply),
            ClientEvent::Sent { run, reply } => self.what_was_sent(run, reply),
            ClientEvent::CancelProgress { token } => {
                let run = self.runs.values().find(|live| live.progress.token() == token).map(|live| live.id);
                if let Some(run) = run {
                    self.step(run, Input::Stop);
                }
            }
            ClientEvent::Answered { id, answer } => self.answered(id, &answer),
            ClientEvent::Shutdown { reply } => {
                self.preparing.clear();
                let runs: Vec<RunId> = self.runs.keys().copied().collect();
                for run in runs {
                    self.step(run, Input::Stop);
                }
                let _ = reply.send(Ok(Value::Null));
            }
        }
    }

    fn task(&mut self, event: TaskEvent) {
        match event {
            TaskEvent::Prepared { run, reply, outcome } => self.prepared(run, reply, *outcome),
            TaskEvent::Panicked { run } => {
                self.preparing.remove(&run);
                self.abort(run, "Redraft met an error of its own; please report it".to_owned());
            }
            TaskEvent::Delta { run, text } => self.step(run, Input::Delta(&text)),
            TaskEvent::Answered { run, rest, outcome } => {
                if !rest.is_empty() {
                    self.step(run, Input::Delta(&rest));
                }
                if let Some(live) = self.runs.get_mut(&run) {
                    live.call = None;
                }
                self.step(run, Input::Answered(outcome));
            }
            TaskEvent::Verified { run, verdict } => self.step(run, Input::Verified(verdict)),
            TaskEvent::Parsed { uri, stamp, tree } => self.parsed(&uri, stamp, tree),
        }
    }

    fn greet(&mut self) {
        let mut notices = std::mem::take(&mut self.setup.notices);
        notices.extend(
            self.profile.options.problems.iter().map(|problem| format!("initializationOptions: {problem}")),
        );
        for notice in notices {
            self.show(2, &notice);
        }
        if let Err(error) = &self.setup.registry {
            let error = error.clone();
            self.show(1, &error);
        }
        drop(tokio::task::spawn_blocking(memory::give_back));
    }

    /// The client answered a request of ours.
    fn answered(&mut self, id: i64, answer: &Result<Value, String>) {
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
                self.step(run, Input::Applied { id: edit, applied });
            }
            None => {}
        }
    }

    /// Tells every run of a document the same.
    fn tell_runs<'a>(&mut self, uri: &str, input: impl Fn() -> Input<'a>) {
        let runs: Vec<RunId> =
            self.runs.values().filter(|live| live.uri == uri).map(|live| live.id).collect();
        for run in runs {
            self.step(run, input());
        }
    }

    /// One step of one run. Its panic is its own error.
    fn step(&mut self, id: RunId, input: Input<'_>) {
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

    fn abort(&mut self, id: RunId, why: String) {
        let Some(live) = self.runs.get_mut(&id) else { return };
        let effects = catch_unwind(AssertUnwindSafe(|| live.run.abort(why))).unwrap_or_default();
        self.perform(id, effects);
    }

    fn perform(&mut self, id: RunId, effects: Vec<Effect>) {
        for effect in effects {
            let Some(live) = self.runs.get_mut(&id) else { return };
            match effect {
                Effect::Line(_) => {}
                Effect::StopAsking => live.hang_up(),
                Effect::Enough => {
                    if let Some(answer) = live.ends_early() {
                        live.hang_up();
                        self.step(id, Input::Answered(Ok(answer)));
                    }
                }
                Effect::Verify(proposal) => {
                    let tasks = self.tasks.clone();
                    tokio::task::spawn_blocking(move || {
                        let event = match catch_unwind(AssertUnwindSafe(|| proposal.verify())) {
                            Ok(verdict) => TaskEvent::Verified { run: id, verdict },
                            Err(_) => TaskEvent::Panicked { run: id },
                        };
                        let _ = tasks.blocking_send(event);
                    });
                }
                Effect::Entered(state) => self.entered(id, state),
            }
        }
    }

    /// A run is somewhere else: whoever watches is told.
    fn entered(&mut self, id: RunId, state: State) {
        let now = self.now();
        let Some(live) = self.runs.get_mut(&id) else { return };
        live.show_progress(&self.outgoing, now);
        if self.profile.knows_redraft {
            self.outgoing.notify("redraft/status", live.status());
        }
        if !state.is_over() {
            return;
        }
        let line = format!("{}: {}", live.sent.title, live.summary());
        let speaks = state == State::Failed || (state == State::Done && live.run.message().is_some());
        if state == State::Reverted && live.again {
            let (uri, wish, chosen) = (live.uri.clone(), live.wish.clone(), live.chosen.clone());
            // What was there is there again: the place of a selection is the region, that of a cursor its start.
            let region = live.run.range();
            let range = if wish.range.is_empty() { region.start..region.start } else { region };
            let diagnostic =
                wish.diagnostic.map(|diagnostic| Diagnostic { range: range.clone(), ..diagnostic });
            self.restart(&uri, Wish { range, diagnostic, ..wish }, chosen);
        }
        if speaks {
            self.show(if state == State::Failed { 1 } else { 3 }, &line);
        }
        self.outgoing
            .notify("window/logMessage", json!({ "type": 3, "message": format!("Redraft: {line}") }));
        self.forget_what_is_over();
    }

    /// Runs that nothing can be done with any more go; of those that stand, the oldest are kept.
    fn forget_what_is_over(&mut self) {
        let over = self
            .runs
            .extract_if(.., |_, live| !live.run.is_live() && !live.run.stands() && !live.progress.is_asked());
        let over: Vec<(RunId, Live)> = over.collect();
        if !over.is_empty() {
            // To free the tree of a large file takes as long as all else that a stop does.
            tokio::task::spawn_blocking(move || drop(over));
        }
        let standing: Vec<RunId> =
            self.runs.values().filter(|live| live.run.stands()).map(|live| live.id).collect();
        for id in standing.iter().take(standing.len().saturating_sub(STANDING_RUNS)) {
            self.runs.remove(id);
        }
    }

    /// Lets every run send what it may: one edit in flight for each document.
    fn settle(&mut self) {
        self.start_parses();
        let ids: Vec<RunId> = self.runs.keys().copied().collect();
        // Twice: a run whose edit is found to be lost lets another one of its document go on.
        for &id in ids.iter().chain(&ids) {
            self.settle_run(id);
        }
        self.forget_what_is_over();
    }

    fn settle_run(&mut self, id: RunId) {
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
                    self.next_request += 1;
                    self.awaited.insert(self.next_request, Awaited::Applied { run: id, edit });
                    if self.awaited.len() > AWAITED {
                        self.awaited.pop_first();
                    }
                    self.outgoing.request(self.next_request, "workspace/applyEdit", json!({ "edit": wire }));
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
    fn wake(&self) -> Option<Instant> {
        let parses = self.documents.values().filter(|doc| !doc.parsing).filter_map(|doc| doc.parse_at);
        let runs = self.runs.values().filter_map(|live| live.wake);
        parses.chain(runs).min().map(|at| self.started + at)
    }

    /// A message that the user sees. `kind` is LSP's `MessageType`.
    fn show(&self, kind: u8, message: &str) {
        self.outgoing
            .notify("window/showMessage", json!({ "type": kind, "message": format!("Redraft: {message}") }));
    }

    /// A number for a request of ours.
    fn await_answer(&mut self, awaited: Awaited) -> i64 {
        self.next_request += 1;
        self.awaited.insert(self.next_request, awaited);
        self.next_request
    }

    fn tell_gathering(&self, run: RunId, model: &str) {
        if self.profile.knows_redraft {
            self.outgoing.notify("redraft/status", status(run, "gathering", model, 0, None, None));
        }
    }

    fn insert(&mut self, live: Live) {
        self.sent.truncate(HISTORY - 1);
        self.sent.push_front((live.id, live.sent.clone()));
        self.runs.insert(live.id, live);
    }

    fn run_of(&self, id: RunId) -> Option<&Run> {
        self.runs.get(&id).map(|live| &live.run)
    }
}
