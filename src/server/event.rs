//! What reaches the session's loop, and how a request gets its one answer.

use std::cell::Cell;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use ropey::Rope;
use serde_json::Value;
use tokio::sync::{oneshot, watch};
use tokio::task::futures::TaskLocalFuture;
use tower_lsp::jsonrpc;
use tree_sitter::Tree;

use super::client::{Options, Profile};
use super::disk::Found;
use super::params::{Ask, GenerateParams, InlineAsk, PromptsParams, RunParams};
use super::session::Loaded;
use super::session::inline::Shown;
use super::session::project::{Learnt, Project};
use super::session::ready::{Ready, Unready};
use crate::action::inline::Held;
use crate::action::prepare::{PrepareError, Sent};
use crate::check::Finding;
use crate::draft::verify::Rejected;
use crate::job::{Checked, Task};
use crate::model::ledger::By;
use crate::model::{Answer, ModelError};
use crate::prompt::Library;
use crate::workspace::{Change, Index, Opened, Stamp};

/// The number of a run.
pub(super) type RunId = u64;
/// A way to answer one request; dropping it answers with an internal error.
pub(super) type Reply = oneshot::Sender<jsonrpc::Result<Value>>;

/// A request that begins something: a client may cancel it until its handler has the answer, and then would not know what
/// was begun. So nothing begins before it is known that the answer was taken.
#[derive(Debug)]
pub(super) struct Asked {
    pub reply: Reply,
    pub taken: Taken,
}

/// Whether a handler has the answer to its request.
#[derive(Clone, Debug)]
pub(super) struct Taken(watch::Receiver<bool>);

/// The handler's side of it; dropping it without a word is a cancel.
#[derive(Debug)]
pub(super) struct Taker(watch::Sender<bool>);

tokio::task_local! {
    /// What a handler has its answer by, until that answer is in the queue to the client: what waits for it comes after it there.
    static ANSWERED: Cell<Option<Taker>>;
}

/// From the client, in the client's order.
#[derive(Debug)]
pub(super) enum ClientEvent {
    /// The client is gone: the last event.
    Gone,
    Initialized,
    Opened(Opened),
    Changed {
        uri: String,
        version: i32,
        changes: Vec<Change>,
    },
    Closed {
        uri: String,
    },
    Saving {
        uri: String,
    },
    Saved {
        uri: String,
    },
    /// Files that changed on disk.
    Touched {
        files: Vec<PathBuf>,
    },
    Actions {
        ask: Ask,
        reply: Reply,
    },
    /// The prompts that can run at a place, with what they ask.
    Prompts {
        params: PromptsParams,
        reply: Reply,
    },
    /// The models that can be asked.
    Models {
        reply: Reply,
    },
    /// What its user wants of the server is another.
    Options(Box<Options>),
    Command {
        command: Command,
        asked: Asked,
    },
    /// The rest of what is being typed is wanted.
    Inline {
        ask: InlineAsk,
        reply: Reply,
    },
    Sent {
        run: RunId,
        reply: Reply,
    },
    Report {
        run: RunId,
        reply: Reply,
    },
    /// What was asked so far, how it went, what it cost.
    Usage {
        since: Duration,
        by: By,
        reply: Reply,
    },
    /// What is at work, and what is spent.
    Status {
        reply: Reply,
    },
    /// What a command would ask, of whom, and what that may cost.
    Estimate {
        command: Command,
        reply: Reply,
    },
    CancelProgress {
        token: String,
    },
    /// The answer to a request of ours.
    Answered {
        id: i64,
        answer: Result<Value, String>,
    },
    Profile(Box<Profile>),
    /// Folders were opened and closed.
    Folders {
        added: Vec<PathBuf>,
        removed: Vec<PathBuf>,
    },
    Shutdown {
        reply: Reply,
    },
}

/// What `workspace/executeCommand` asks for.
#[derive(Debug)]
pub(super) enum Command {
    Run(RunParams),
    Generate(GenerateParams),
    Stop(RunId),
    Keep(RunId),
    Revert(RunId),
    Again { run: RunId, instruction: Option<String>, model: Option<String> },
}

/// From our own tasks.
#[derive(Debug)]
pub(super) enum TaskEvent {
    /// A completion is there: remembered, then shown.
    Shown {
        shown: Shown,
        items: Value,
        reply: Reply,
    },
    /// The context of a place that is being completed.
    Held {
        uri: String,
        held: Held,
        project: u64,
    },
    /// The prompts of a folder were looked at.
    Library {
        folder: Option<PathBuf>,
        library: Arc<Library>,
    },
    Prepared {
        run: RunId,
        asked: Option<Asked>,
        outcome: Box<Result<Ready, Unready>>,
    },
    /// The same question for another model, or a smaller one for the same.
    Rerouted {
        run: RunId,
        /// Why the first one gave no answer.
        error: ModelError,
        outcome: Box<Result<Ready, Unready>>,
    },
    /// The request that asked for the run has its answer, or was cancelled.
    Taken {
        run: RunId,
    },
    /// What is on the disk where a draft is to be offered for a file that is not open.
    Found {
        params: Box<GenerateParams>,
        asked: Asked,
        found: Result<Found, String>,
    },
    /// The same once more, before the draft is offered.
    Reread {
        uri: String,
        found: Result<Found, String>,
    },
    /// What a command comes to was found out.
    Planned {
        command: Box<Command>,
        asked: Asked,
    },
    /// What a run has nobody to ask for was answered.
    HasNoModel {
        run: RunId,
        uri: String,
        message: String,
    },
    /// A task died: that run's error and nothing else.
    Panicked {
        run: RunId,
    },
    /// What the model says in the run's `call`, which may have been ended meanwhile.
    Delta {
        run: RunId,
        call: u64,
        text: String,
    },
    Answered {
        run: RunId,
        call: u64,
        /// The text that came with the end.
        rest: String,
        outcome: Result<Answer, ModelError>,
    },
    Verified {
        run: RunId,
        verdict: Result<(), Rejected>,
    },
    Parsed {
        uri: String,
        stamp: Stamp,
        tree: Option<Tree>,
        learnt: Option<Learnt>,
    },
    /// The built-in checks have looked at what stands where a draft was held back in part, in this text.
    Stands {
        run: RunId,
        text: Rope,
        findings: Vec<Finding>,
    },
    Checked {
        run: RunId,
        checked: Checked,
    },
    /// The question for another round, or why there is none.
    Redraft {
        run: RunId,
        outcome: Box<Result<(Task, Sent), PrepareError>>,
    },
    /// The configuration was read again.
    Reloaded(Loaded),
    /// The project around the documents is there.
    Project(u64, Project),
    /// A newer snapshot of its index.
    Indexed(u64, Arc<Index>),
}

pub(super) fn taking() -> (Taker, Taken) {
    let (taker, taken) = watch::channel(false);
    (Taker(taker), Taken(taken))
}

impl Taker {
    /// The answer is the handler's: no cancel can take it away any more.
    pub fn take(self) {
        self.0.send_replace(true);
    }

    /// The same, said by the dispatcher once the answer is in its queue ([`answered`]).
    pub fn take_with_the_answer(self) {
        if ANSWERED.try_with(|place| place.set(Some(self))).is_err() {
            tracing::error!("a handler that nobody dispatches");
        }
    }
}

/// A handler whose answer can be waited for.
pub(super) fn answering<F: Future>(handler: F) -> TaskLocalFuture<Cell<Option<Taker>>, F> {
    ANSWERED.scope(Cell::new(None), handler)
}

/// The answer of a handler is in the queue to the client.
pub(super) fn answered<F: Future>(handler: Pin<&mut TaskLocalFuture<Cell<Option<Taker>>, F>>) {
    if let Some(taker) = handler.take_value().and_then(Cell::into_inner) {
        taker.take();
    }
}

impl Taken {
    /// Whether it was taken; nothing while that is open.
    pub fn known(&self) -> Option<bool> {
        // First whether there is still somebody to say it: what was said before that is then seen.
        let is_over = self.0.has_changed().is_err();
        let taken = *self.0.borrow();
        (is_over || taken).then_some(taken)
    }

    /// Waits until it is known.
    pub async fn settled(mut self) {
        // An error is an answer, too: the handler is gone.
        let _ = self.0.wait_for(|taken| *taken).await;
    }
}
