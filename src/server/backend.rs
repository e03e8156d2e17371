//! The handlers: each puts one typed event into the session's queue before its first await, and a request's waits for its
//! one reply. No state is held here.

use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};
use tower_lsp::jsonrpc::{Error, Result};
use tower_lsp::lsp_types::{
    DidChangeConfigurationParams, DidChangeTextDocumentParams, DidChangeWatchedFilesParams,
    DidChangeWorkspaceFoldersParams, DidCloseTextDocumentParams, DidOpenTextDocumentParams,
    DidSaveTextDocumentParams, ExecuteCommandParams, InitializeParams, InitializeResult, InitializedParams,
    WillSaveTextDocumentParams, WorkspaceFolder,
};
use tower_lsp::{LanguageServer, async_trait};

use super::client::{Options, Profile};
use super::convert::{encoding_name, path_of};
use super::event::{Asked, ClientEvent, Reply, taking};
use super::params::{self, Ask, COMMANDS, InlineAsk, run_id};
use super::session::repairs::REPAIR;
use crate::action;
use crate::text::position::Position;
use crate::workspace::{Change, Opened};

/// See the module's head.
#[derive(Clone, Debug)]
pub(super) struct Backend {
    events: mpsc::Sender<ClientEvent>,
}

impl Backend {
    pub fn new(events: mpsc::Sender<ClientEvent>) -> Self {
        Self { events }
    }

    /// Puts an event into the queue. The dispatcher has made sure that there is room.
    fn tell(&self, event: ClientEvent) {
        if self.events.try_send(event).is_err() {
            tracing::error!("the session does not take an event");
        }
    }

    async fn ask(&self, event: impl FnOnce(Reply) -> ClientEvent) -> Result<Value> {
        let (reply, answer) = oneshot::channel();
        self.tell(event(reply));
        answer.await.unwrap_or_else(|_| Err(Error::internal_error()))
    }

    pub async fn code_actions(&self, ask: Ask) -> Result<Value> {
        self.ask(|reply| ClientEvent::Actions { ask, reply }).await
    }

    /// `textDocument/inlineCompletion` (LSP 3.18), which tower-lsp 0.20 does not route.
    pub async fn inline(&self, ask: InlineAsk) -> Result<Value> {
        self.ask(|reply| ClientEvent::Inline { ask, reply }).await
    }

    /// `redraft/prompts`: what can run at a place, and what it asks its user.
    pub async fn prompts(&self, params: Value) -> Result<Value> {
        let params = params::prompts(params)?;
        self.ask(|reply| ClientEvent::Prompts { params, reply }).await
    }

    /// `redraft/models`: the models that can be asked.
    pub async fn models(&self, _: Value) -> Result<Value> {
        self.ask(|reply| ClientEvent::Models { reply }).await
    }

    pub async fn sent(&self, params: Value) -> Result<Value> {
        let run = params.get("run").and_then(Value::as_str).unwrap_or_default();
        let run = run_id(run)?;
        self.ask(|reply| ClientEvent::Sent { run, reply }).await
    }

    /// `redraft/report`: what was checked of a run's draft, and what is left.
    pub async fn report(&self, params: Value) -> Result<Value> {
        let run = params.get("run").and_then(Value::as_str).unwrap_or_default();
        let run = run_id(run)?;
        self.ask(|reply| ClientEvent::Report { run, reply }).await
    }

    pub async fn usage(&self, params: Value) -> Result<Value> {
        let (since, by) = params::usage(&params)?;
        self.ask(|reply| ClientEvent::Usage { since, by, reply }).await
    }

    pub async fn status(&self, _: Value) -> Result<Value> {
        self.ask(|reply| ClientEvent::Status { reply }).await
    }

    /// Takes what `redraft.run` or `redraft.generate` takes.
    pub async fn estimate(&self, params: Value) -> Result<Value> {
        let name = if params.get("instruction").is_some() { "redraft.generate" } else { "redraft.run" };
        let command = params::command(name, vec![params])?;
        self.ask(|reply| ClientEvent::Estimate { command, reply }).await
    }

    /// `window/workDoneProgress/cancel`, which tower-lsp 0.20 does not route.
    pub async fn cancel_progress(&self, params: Value) {
        if let Some(token) = params.get("token").and_then(Value::as_str) {
            self.tell(ClientEvent::CancelProgress { token: token.to_owned() });
        }
    }

    /// `initialize` with its raw parameters: what lsp-types cannot read must not be fatal.
    pub fn initialize_raw(&self, params: &Value) -> Value {
        let profile = Profile::read(params);
        let mut result = json!({
            "serverInfo": { "name": "redraft", "version": env!("CARGO_PKG_VERSION") },
            "capabilities": {
                "positionEncoding": encoding_name(profile.encoding),
                "textDocumentSync": { "openClose": true, "change": 2, "willSave": true, "save": { "includeText": false } },
                "codeActionProvider": { "codeActionKinds": kinds(), "resolveProvider": false },
                "executeCommandProvider": { "commands": COMMANDS },
                "workspace": { "workspaceFolders": { "supported": true, "changeNotifications": true } },
            },
        });
        if profile.completes_inline {
            result["capabilities"]["inlineCompletionProvider"] = json!(true);
        }
        self.tell(ClientEvent::Profile(Box::new(profile)));
        result
    }
}

/// The kinds of all code actions.
fn kinds() -> Vec<String> {
    action::kinds().into_iter().chain([REPAIR.to_owned()]).collect()
}

#[async_trait]
impl LanguageServer for Backend {
    async fn initialize(&self, _: InitializeParams) -> Result<InitializeResult> {
        // The dispatcher puts `initialize_raw`'s answer in its place; this only moves tower-lsp's own state on.
        Ok(InitializeResult::default())
    }

    async fn initialized(&self, _: InitializedParams) {
        self.tell(ClientEvent::Initialized);
    }

    async fn shutdown(&self) -> Result<()> {
        self.ask(|reply| ClientEvent::Shutdown { reply }).await.map(|_| ())
    }

    async fn did_change_workspace_folders(&self, params: DidChangeWorkspaceFoldersParams) {
        let paths = |folders: Vec<WorkspaceFolder>| {
            folders.iter().filter_map(|folder| path_of(folder.uri.as_str())).collect()
        };
        let DidChangeWorkspaceFoldersParams { event } = params;
        self.tell(ClientEvent::Folders { added: paths(event.added), removed: paths(event.removed) });
    }

    async fn did_open(&self, params: DidOpenTextDocumentParams) {
        let document = params.text_document;
        let uri = document.uri.to_string();
        self.tell(ClientEvent::Opened(Opened {
            path: path_of(&uri),
            uri,
            language: document.language_id,
            version: document.version,
            text: document.text,
        }));
    }

    async fn did_change(&self, params: DidChangeTextDocumentParams) {
        let at = |position: tower_lsp::lsp_types::Position| Position {
            line: position.line,
            column: position.character,
        };
        let changes = params
            .content_changes
            .into_iter()
            .map(|change| Change {
                range: change.range.map(|range| at(range.start)..at(range.end)),
                text: change.text,
            })
            .collect();
        let version = params.text_document.version;
        self.tell(ClientEvent::Changed { uri: params.text_document.uri.to_string(), version, changes });
    }

    /// `settings.redraft` has what `initializationOptions` has; clients that send something else say nothing with it.
    async fn did_change_configuration(&self, params: DidChangeConfigurationParams) {
        if let Some(options @ Value::Object(_)) = params.settings.get("redraft") {
            self.tell(ClientEvent::Options(Box::new(Options::read(options))));
        }
    }

    async fn did_change_watched_files(&self, params: DidChangeWatchedFilesParams) {
        let files = params.changes.iter().filter_map(|change| path_of(change.uri.as_str())).collect();
        self.tell(ClientEvent::Touched { files });
    }

    async fn did_close(&self, params: DidCloseTextDocumentParams) {
        self.tell(ClientEvent::Closed { uri: params.text_document.uri.to_string() });
    }

    async fn will_save(&self, params: WillSaveTextDocumentParams) {
        self.tell(ClientEvent::Saving { uri: params.text_document.uri.to_string() });
    }

    async fn did_save(&self, params: DidSaveTextDocumentParams) {
        self.tell(ClientEvent::Saved { uri: params.text_document.uri.to_string() });
    }

    async fn execute_command(&self, params: ExecuteCommandParams) -> Result<Option<Value>> {
        let command = params::command(&params.command, params.arguments)?;
        let (taker, taken) = taking();
        let answer = self.ask(|reply| ClientEvent::Command { command, asked: Asked { reply, taken } }).await;
        // tower-lsp looks for a cancel before it polls a handler, and takes what the poll gives.
        taker.take_with_the_answer();
        answer.map(Some)
    }
}
