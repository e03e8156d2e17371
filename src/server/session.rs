//! The session: one loop that owns all state. Everything else computes, and ends by sending an event to it.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ropey::Rope;
use serde_json::{Value, json};
use tokio::sync::{Semaphore, mpsc, oneshot};

use super::client::Profile;
use super::event::{Asked, ClientEvent, Command, Reply, RunId, TaskEvent};
use super::live::Live;
use super::memory::{Rest, give_back};
use super::outgoing::Outgoing;
use crate::action::inline::Held;
use crate::action::prepare::{Sent, Wish};
use crate::check::suite::Suite;
use crate::draft::weave::Time;
use crate::job::{Input, State};
use crate::model::ask::Retries;
use crate::model::registry::Registry;
use crate::model::route::Wanted;
use crate::prompt::Library;
use crate::text::edit::Edit;
use crate::workspace::{Document, Index, Snapshot};

mod beginning;
mod commands;
mod costs;
mod documents;
mod failover;
pub(in crate::server) mod inline;
mod library;
mod looking;
pub(in crate::server) mod project;
pub(in crate::server) mod ready;
mod refining;
mod reload;
pub(in crate::server) mod repairs;
mod requests;
mod runs;
mod sending;
mod setup;
mod telling;
mod testing;
#[cfg(test)]
mod tests;
mod unopened;

pub use self::setup::{Loaded, Reload, Setup};
use self::unopened::Unopened;

/// Events of our own tasks that wait for the loop.
const TASKS: usize = 1024;
/// Runs at work at once; a person follows a few.
const LIVE_RUNS: usize = 16;
/// Runs that are over and kept: their drafts can still be taken back, or something of theirs may land late. The oldest goes
/// when another comes.
const STANDING_RUNS: usize = 32;
/// Runs whose prompts can still be looked at.
const HISTORY: usize = 32;
/// Requests of ours whose answers are still expected; some clients never answer (Vim with ALE), so the oldest go.
const AWAITED: usize = 1024;
/// Parses for requests at once; a client that asks after every key gets its answers in order all the same.
const PARSES: usize = 2;
/// An edit without an answer for this long: the client is told so, once. Emacs before 29 leaves what comes right behind the
/// answer to a request unread until something else comes.
const NUDGE: Duration = Duration::from_secs(1);
/// How long language servers may take to end when the editor does.
const GOODBYE: Duration = Duration::from_secs(1);
/// A document is parsed this long after a change, if no request wants it sooner.
const PARSE_DELAY: Duration = Duration::from_millis(50);

/// An open document, and where its tree is.
#[derive(Debug)]
struct Doc {
    document: Document,
    parse_at: Option<Time>,
    parsing: bool,
    /// What the index knows it by, once it does.
    indexed: Option<Arc<str>>,
}

/// A change that the client told: the edits, and the text before and after them.
type Told = (Vec<Edit>, Rope, Rope);

/// A run whose prompt is being made, off the loop; what its document goes through meanwhile is replayed.
#[derive(Debug)]
struct Preparing {
    registry: Arc<Registry>,
    wanted: Wanted,
    snapshot: Snapshot,
    wish: Wish,
    changes: Vec<Told>,
    /// Its document was closed; one that is opened by that name later is another.
    closed: bool,
    /// Its user has stopped it, and was told.
    stopped: bool,
}

/// What an answer of the client is to.
#[derive(Clone, Debug)]
enum Awaited {
    Applied {
        run: RunId,
        edit: u64,
    },
    Progress {
        run: RunId,
    },
    /// A page is to be shown; else this is said.
    Page {
        message: String,
    },
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
    project: project::Standing,
    /// The documents that were worked in, the last first.
    recent: VecDeque<String>,
    /// Drafts that were kept, the last first.
    kept: VecDeque<repairs::Kept>,
    /// The checkers of each trusted folder that a draft was made in.
    suites: BTreeMap<PathBuf, Arc<Suite>>,
    /// The project's index as it was handed out last; and how many projects there were.
    index: Arc<Index>,
    projects: u64,
    /// Files that are not open, and that drafts are offered for.
    unopened: HashMap<String, Unopened>,
    preparing: HashMap<RunId, Preparing>,
    /// Commands that wait for the configuration, while it is read again.
    reloading: Option<Vec<(Command, Asked)>>,
    /// The prompts of each folder as they were last looked at, and whether that goes on.
    libraries: HashMap<Option<PathBuf>, Arc<Library>>,
    looks_for_prompts: bool,
    /// Estimates that wait for it as well.
    estimates: Vec<(Command, Reply)>,
    runs: BTreeMap<RunId, Live>,
    /// Completions at work, one for a document: dropping it ends one.
    inlines: HashMap<String, oneshot::Sender<()>>,
    /// What was completed last.
    shown: Option<inline::Shown>,
    /// The context of the place that was completed last, in a document.
    held: Option<(String, Held)>,
    sent: VecDeque<(RunId, Sent)>,
    awaited: BTreeMap<i64, Awaited>,
    openings: u64,
    next_run: RunId,
    next_request: i64,
    /// Whether what the first run needs was made, or is being made.
    is_warm: bool,
    /// Nothing begins any more.
    is_shut_down: bool,
    /// The last edit that was sent, and when its client is reminded of it.
    nudge: Option<(i64, Time)>,
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
        project: project::Standing::default(),
        recent: VecDeque::new(),
        kept: VecDeque::new(),
        suites: BTreeMap::new(),
        index: Arc::default(),
        projects: 0,
        unopened: HashMap::new(),
        preparing: HashMap::new(),
        reloading: None,
        libraries: HashMap::new(),
        looks_for_prompts: false,
        estimates: Vec::new(),
        runs: BTreeMap::new(),
        inlines: HashMap::new(),
        shown: None,
        held: None,
        sent: VecDeque::new(),
        awaited: BTreeMap::new(),
        openings: 0,
        next_run: 0,
        next_request: 0,
        is_warm: false,
        is_shut_down: false,
        nudge: None,
        started: Instant::now(),
    };
    let mut rest = Rest::default();
    loop {
        let wake = session.wake();
        tokio::select! {
            biased;
            event = events.recv() => match event {
                Some(ClientEvent::Gone) | None => break,
                Some(event) => {
                    rest.client(&event);
                    session.guarded(|session| session.client(event));
                }
            },
            Some(event) = task_events.recv() => {
                rest.task(&event);
                session.guarded(|session| session.task(event));
            }
            () = sleep_until(wake), if wake.is_some() => {}
            () = sleep_until(rest.at()), if rest.at().is_some() => {
                rest.begins();
                drop(tokio::task::spawn_blocking(give_back));
                continue;
            }
        }
        session.guarded(Session::settle);
    }
    for live in session.runs.values_mut() {
        live.hang_up();
        // What the user left standing is what the user took.
        if live.run.stands() {
            live.finish(live.fate());
        }
    }
    let suites = std::mem::take(&mut session.suites);
    let goodbye = futures_util::future::join_all(suites.values().map(|suite| suite.goodbye()));
    // What does not end by then is ended.
    let _ = tokio::time::timeout(GOODBYE, goodbye).await;
    drop(suites);
    // Whoever waits for the end does not wait for long.
    let _ = tokio::task::spawn_blocking(move || session.project.finish()).await;
}

/// A message in which nothing is a link: VS Code makes `[text](command:…)` one, and a provider's error may say that.
fn unlinked(message: &str) -> String {
    message.replace("](", "] (")
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
            ClientEvent::Folders { added, removed } => self.folders(added, &removed),
            ClientEvent::Initialized => self.greet(),
            ClientEvent::Opened(opened) => self.opened(opened),
            ClientEvent::Changed { uri, version, changes } => self.changed(&uri, version, changes),
            ClientEvent::Closed { uri } => self.closed(&uri),
            ClientEvent::Saving { uri } => self.tell_runs(&uri, || Input::Saving),
            ClientEvent::Saved { uri } => self.tell_runs(&uri, || Input::Saved),
            ClientEvent::Touched { files } => self.touched(files),
            ClientEvent::Actions { ask, reply } => self.actions(ask, reply),
            ClientEvent::Prompts { params, reply } => self.prompts(&params, reply),
            ClientEvent::Models { reply } => self.models(reply),
            ClientEvent::Options(options) => self.wants(*options),
            ClientEvent::Command { command, asked } => self.command(command, asked),
            ClientEvent::Inline { ask, reply } => self.inline(&ask, reply),
            ClientEvent::Report { run, reply } => self.report(run, reply),
            ClientEvent::Sent { run, reply } => self.what_was_sent(run, reply),
            ClientEvent::Usage { since, by, reply } => self.usage(since, by, reply),
            ClientEvent::Status { reply } => self.status(reply),
            ClientEvent::Estimate { command, reply } if self.reloads() => {
                self.estimates.push((command, reply))
            }
            ClientEvent::Estimate { command, reply } => self.estimate(command, reply),
            ClientEvent::CancelProgress { token } => {
                let run = self.runs.values().find(|live| live.progress.token() == token).map(|live| live.id);
                if let Some(run) = run {
                    self.step(run, Input::Stop);
                }
            }
            ClientEvent::Answered { id, answer } => self.answered(id, &answer),
            // The loop has ended with it.
            ClientEvent::Gone => {}
            ClientEvent::Shutdown { reply } => {
                self.is_shut_down = true;
                self.preparing.clear();
                // What waits for the configuration begins no more.
                self.reloading.iter_mut().for_each(Vec::clear);
                self.estimates.clear();
                self.inlines.clear();
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
            TaskEvent::Prepared { run, asked, outcome } => self.prepared(run, asked, *outcome),
            TaskEvent::Rerouted { run, error, outcome } => self.rerouted(run, error, *outcome),
            TaskEvent::Taken { run } => self.taken(run),
            TaskEvent::Found { params, asked, found } => self.found(*params, asked, found),
            TaskEvent::Reread { uri, found } => self.reread(&uri, found),
            TaskEvent::Planned { command, asked } => self.command(*command, asked),
            TaskEvent::Panicked { run } => self.panicked(run),
            TaskEvent::HasNoModel { run, uri, message } => {
                self.tell_ended(run, &uri, "", (State::Failed, &message));
                self.show(1, &message);
            }
            TaskEvent::Delta { run, call, text } => self.heard(run, call, &text),
            TaskEvent::Answered { run, call, rest, outcome } => self.said_all(run, call, &rest, outcome),
            TaskEvent::Verified { run, verdict } => self.step(run, Input::Verified(verdict)),
            TaskEvent::Parsed { uri, stamp, tree, learnt } => self.parsed(&uri, stamp, tree, learnt),
            TaskEvent::Stands { run, text, findings } => self.stands(run, &text, findings),
            TaskEvent::Checked { run, checked } => self.step(run, Input::Checked(checked)),
            TaskEvent::Redraft { run, outcome } => self.redraft(run, *outcome),
            TaskEvent::Reloaded(outcome) => self.reloaded(outcome),
            TaskEvent::Library { folder, library } => self.looked(folder, library),
            TaskEvent::Shown { shown, items, reply } => {
                self.shown = Some(shown);
                let _ = reply.send(Ok(items));
            }
            // Gathered in folders that are open still.
            TaskEvent::Held { uri, held, project } if project == self.projects => {
                self.held = Some((uri, held))
            }
            TaskEvent::Held { .. } => {}
            TaskEvent::Project(number, project) => self.project_started(number, project),
            TaskEvent::Indexed(number, index) => self.indexed(number, index),
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
    }

    /// A message that the user sees. `kind` is LSP's `MessageType`.
    fn show(&self, kind: u8, message: &str) {
        self.outgoing.notify(
            "window/showMessage",
            json!({ "type": kind, "message": format!("Redraft: {}", unlinked(message)) }),
        );
    }

    /// A number for a request of ours.
    fn await_answer(&mut self, awaited: Awaited) -> i64 {
        self.next_request += 1;
        self.awaited.insert(self.next_request, awaited);
        if self.awaited.len() > AWAITED {
            self.awaited.pop_first();
        }
        self.next_request
    }
}
