//! What reaches the session's loop, and how a request gets its one answer.

use serde_json::Value;
use tokio::sync::oneshot;
use tower_lsp::jsonrpc;
use tree_sitter::Tree;

use super::client::Profile;
use super::params::{Ask, GenerateParams, RunParams};
use crate::action::prepare::{PrepareError, Sent};
use crate::draft::verify::Rejected;
use crate::job::Task;
use crate::model::{Answer, ModelError};
use crate::workspace::{Change, Opened, Stamp};

/// The number of a run.
pub(super) type RunId = u64;
/// A way to answer one request; dropping it answers with an internal error.
pub(super) type Reply = oneshot::Sender<jsonrpc::Result<Value>>;

/// From the client, in the client's order.
#[derive(Debug)]
pub(super) enum ClientEvent {
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
    Actions {
        ask: Ask,
        reply: Reply,
    },
    Command {
        command: Command,
        reply: Reply,
    },
    Sent {
        run: RunId,
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
    Prepared {
        run: RunId,
        reply: Option<Reply>,
        outcome: Box<Result<(Task, Sent), PrepareError>>,
    },
    /// A task died: that run's error and nothing else.
    Panicked {
        run: RunId,
    },
    Delta {
        run: RunId,
        text: String,
    },
    Answered {
        run: RunId,
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
    },
}
