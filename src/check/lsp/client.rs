//! One language server, from its first word to its last: requests and their answers, what it publishes, what it asks of us.
//!
//! It is told of one document at a time, as that would be with a draft, and never of a saved one. Whatever it wants to have done (edits,
//! commands, files) is refused: it is here to tell what is wrong.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::time::{Instant, timeout, timeout_at};

use super::frames::framed;
use super::incoming::{State, read};
use super::options;
use crate::text::position::Encoding;

/// Messages that wait to be written.
const WAITING: usize = 64;
/// How long it may take to say good-bye.
const GOODBYE: Duration = Duration::from_secs(2);
/// How often a server that is busy is asked again (`ServerCancelled`, `ContentModified`).
const AGAIN: u32 = 5;
const AGAIN_AFTER: Duration = Duration::from_millis(50);
/// Where what is published names no version: the silence that ends it.
const SILENCE: Duration = Duration::from_millis(150);
/// Between the versions of two texts. Of a document that is closed, pyrefly publishes that there is nothing, as of the version
/// after its last one: were that the next text's, it would look as if that had no faults.
const STEP: i64 = 100;

/// `ServerCancelled` and `ContentModified` (LSP 3.17): to be asked again.
const BUSY: [i64; 2] = [-32802, -32801];

/// Why a server told nothing.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum Silent {
    #[error("it said nothing for {} s", .0.as_secs())]
    TimedOut(Duration),
    #[error("it ended")]
    Gone,
    #[error("{0}")]
    Garbage(String),
    #[error("it answered with an error: {0}")]
    Refused(String),
}

/// What a server says by itself.
enum Heard {
    /// All of this version; nothing, where that was no list.
    Whole(Option<Vec<Value>>),
    /// Something, of a version that it does not name.
    Begun,
    /// It wants to be asked.
    Asks,
}

/// Whose turn it was last.
#[derive(Debug, Default)]
struct Turn {
    version: i64,
    /// The document that is open: its check was given up, where another one finds it so.
    open: Option<String>,
}

/// See the module's head.
#[derive(Debug)]
pub struct Client {
    outgoing: mpsc::Sender<Value>,
    state: Arc<Mutex<State>>,
    news: Arc<Notify>,
    pub encoding: Encoding,
    /// Documents are checked one after the other.
    turn: tokio::sync::Mutex<Turn>,
}

impl Client {
    /// Greets the server that reads `input` and writes `output`, for the workspace at `root`; `own` are its options: it is given
    /// them at once, and where it asks for its configuration.
    ///
    /// # Errors
    /// When it does not greet back within `limit`.
    pub async fn start(
        output: impl AsyncRead + Unpin + Send + 'static,
        input: impl AsyncWrite + Unpin + Send + 'static,
        root: &Path,
        own: &Value,
        limit: Duration,
    ) -> Result<Self, Silent> {
        let (outgoing, messages) = mpsc::channel(WAITING);
        let state = Arc::new(Mutex::new(State { settings: own.clone(), ..State::default() }));
        let news = Arc::<Notify>::default();
        tokio::spawn(write(input, messages));
        tokio::spawn(read(output, state.clone(), news.clone(), outgoing.clone()));
        let mut client =
            Self { outgoing, state, news, encoding: Encoding::Utf16, turn: tokio::sync::Mutex::default() };
        let name = root.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let uri = uri_of(root);
        let greeting = json!({
            "processId": std::process::id(),
            "clientInfo": { "name": "redraft", "version": env!("CARGO_PKG_VERSION") },
            "rootUri": uri,
            "rootPath": root.to_string_lossy(),
            "workspaceFolders": [{ "uri": uri, "name": name }],
            "initializationOptions": own,
            "capabilities": {
                "general": { "positionEncodings": ["utf-8", "utf-16"] },
                "workspace": { "configuration": true, "workspaceFolders": true, "diagnostics": { "refreshSupport": false } },
                "textDocument": {
                    "synchronization": { "dynamicRegistration": false, "didSave": false },
                    "publishDiagnostics": { "versionSupport": true, "relatedInformation": false },
                    "diagnostic": { "dynamicRegistration": true, "relatedDocumentSupport": false },
                },
                "experimental": { "serverStatusNotification": true },
            },
        });
        let answer = client.request("initialize", greeting, limit).await?;
        let capabilities = &answer["capabilities"];
        client.encoding = match capabilities["positionEncoding"].as_str() {
            Some("utf-8") => Encoding::Utf8,
            Some("utf-32") => Encoding::Utf32,
            _ => Encoding::Utf16,
        };
        client.lock().pulls |= !capabilities["diagnosticProvider"].is_null();
        client.lock().is_starting = options::tells_when_ready(&answer);
        client.notify("initialized", json!({}))?;
        if !own.is_null() {
            // Some read their settings only when they are told that there are any.
            client.notify("workspace/didChangeConfiguration", json!({ "settings": own }))?;
        }
        Ok(client)
    }

    /// Whether it can still be asked.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.lock().over.is_some()
    }

    /// LSP's diagnostics of each of `texts`, one after the other as versions of the document at `uri`.
    ///
    /// # Errors
    /// When it does not tell of all of them within `limit`, or tells what is no list of diagnostics.
    pub async fn diagnostics(
        &self,
        uri: &str,
        language: &str,
        texts: &[&str],
        limit: Duration,
    ) -> Result<Vec<Vec<Value>>, Silent> {
        let due = Instant::now() + limit;
        let mut turn = timeout_at(due, self.turn.lock()).await.map_err(|_| Silent::TimedOut(limit))?;
        self.close(&mut turn).await?;
        let mut told = Vec::new();
        let mut outcome = Ok(());
        for text in texts {
            turn.version += STEP;
            let known = self.count_of(uri);
            let is_open = turn.open.replace(uri.to_owned()).is_some();
            let version = turn.version;
            let items = match self.show((uri, language), version, text, is_open) {
                Ok(()) => self.told(uri, version, known, due).await,
                Err(error) => Err(error),
            };
            match items {
                Ok(items) => told.push(items),
                Err(error) => {
                    let is_late = matches!(error, Silent::TimedOut(_));
                    outcome = Err(if is_late { Silent::TimedOut(limit) } else { error });
                    break;
                }
            }
        }
        // Also where it told nothing: it is to forget the draft.
        let closed = self.close(&mut turn).await;
        outcome.and(closed).map(|()| told)
    }

    /// Opens the document with its first text, or changes it to another one.
    fn show(
        &self,
        (uri, language): (&str, &str),
        version: i64,
        text: &str,
        is_open: bool,
    ) -> Result<(), Silent> {
        if !is_open {
            let document = json!({ "uri": uri, "languageId": language, "version": version, "text": text });
            return self.notify("textDocument/didOpen", json!({ "textDocument": document }));
        }
        let document = json!({ "uri": uri, "version": version });
        let change = json!({ "textDocument": document, "contentChanges": [{ "text": text }] });
        self.notify("textDocument/didChange", change)
    }

    /// Closes the document that is open.
    async fn close(&self, turn: &mut Turn) -> Result<(), Silent> {
        let Some(uri) = turn.open.take() else { return Ok(()) };
        let count = self.count_of(&uri);
        let closed = self.notify("textDocument/didClose", json!({ "textDocument": { "uri": uri } }));
        self.forgotten(&uri, count).await;
        self.lock().published.remove(&uri);
        closed
    }

    /// Waits a moment for what a server publishes of a document that was closed, lest it be taken for what it says of the next text.
    async fn forgotten(&self, uri: &str, known: u64) {
        let said = async {
            loop {
                let news = self.news.notified();
                let is_asked = {
                    let state = self.lock();
                    state.pulls || state.over.is_some()
                };
                if is_asked || self.count_of(uri) > known {
                    return;
                }
                news.await;
            }
        };
        let _ = timeout(SILENCE, said).await;
    }

    /// How often something was published of a document.
    fn count_of(&self, uri: &str) -> u64 {
        self.lock().published.get(uri).map_or(0, |published| published.count)
    }

    async fn pull(&self, uri: &str, limit: Duration) -> Result<Vec<Value>, Silent> {
        let params = json!({ "textDocument": { "uri": uri } });
        let mut tries = 0;
        loop {
            match self.ask("textDocument/diagnostic", params.clone(), limit).await? {
                Ok(report) if report["kind"] == "full" => return listed(report["items"].as_array().cloned()),
                // That nothing has changed is no answer to who was not told of anything before.
                Ok(_) => return Err(Silent::Garbage("its report is no full list of diagnostics".to_owned())),
                Err(error) if BUSY.contains(&error["code"].as_i64().unwrap_or_default()) && tries < AGAIN => {
                    tries += 1;
                    tokio::time::sleep(AGAIN_AFTER).await;
                }
                Err(error) => return Err(refused(&error)),
            }
        }
    }

    /// What it tells of this version: asked, where it can be asked (some say so only once they have begun to work), else when it
    /// publishes. Where it names no version, what it said last before a silence counts.
    async fn told(&self, uri: &str, version: i64, known: u64, due: Instant) -> Result<Vec<Value>, Silent> {
        let limit = due.saturating_duration_since(Instant::now());
        let waits = async {
            loop {
                let news = self.news.notified();
                if let Some(heard) = self.heard(uri, version, known) {
                    return heard;
                }
                news.await;
            }
        };
        match timeout_at(due, waits).await.map_err(|_| Silent::TimedOut(limit))?? {
            Heard::Whole(items) => listed(items),
            Heard::Asks => self.pull(uri, due.saturating_duration_since(Instant::now())).await,
            Heard::Begun => {
                while Instant::now() < due && timeout(SILENCE, self.news.notified()).await.is_ok() {}
                let state = self.lock();
                listed(state.published.get(uri).and_then(|published| published.items.clone()))
            }
        }
    }

    /// What is to be made of what was heard so far.
    fn heard(&self, uri: &str, version: i64, known: u64) -> Option<Result<Heard, Silent>> {
        let state = self.lock();
        if let Some(over) = &state.over {
            return Some(Err(over.clone()));
        }
        if state.pulls {
            return (!state.is_starting).then_some(Ok(Heard::Asks));
        }
        let published = state.published.get(uri)?;
        match published.version {
            Some(told) if told == version => Some(Ok(Heard::Whole(published.items.clone()))),
            None if published.count > known => Some(Ok(Heard::Begun)),
            _ => None,
        }
    }

    /// Says good-bye; the process is to end by that.
    pub async fn goodbye(&self) {
        let _ = self.request("shutdown", Value::Null, GOODBYE).await;
        let _ = self.notify("exit", Value::Null);
    }

    async fn request(&self, method: &str, params: Value, limit: Duration) -> Result<Value, Silent> {
        self.ask(method, params, limit).await?.map_err(|error| refused(&error))
    }

    async fn ask(
        &self,
        method: &str,
        params: Value,
        limit: Duration,
    ) -> Result<Result<Value, Value>, Silent> {
        let (answer, answered) = oneshot::channel();
        let id = {
            let mut state = self.lock();
            if let Some(over) = &state.over {
                return Err(over.clone());
            }
            state.next_id += 1;
            let id = state.next_id;
            state.pending.insert(id, answer);
            id
        };
        self.send(json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }))?;
        let Ok(answer) = timeout(limit, answered).await else {
            self.lock().pending.remove(&id);
            self.notify("$/cancelRequest", json!({ "id": id }))?;
            return Err(Silent::TimedOut(limit));
        };
        answer.map_err(|_| self.lock().over.clone().unwrap_or(Silent::Gone))
    }

    fn notify(&self, method: &str, params: Value) -> Result<(), Silent> {
        self.send(json!({ "jsonrpc": "2.0", "method": method, "params": params }))
    }

    fn send(&self, message: Value) -> Result<(), Silent> {
        self.outgoing.try_send(message).map_err(|error| match error {
            TrySendError::Full(_) => Silent::Garbage("it does not read what it is told".to_owned()),
            TrySendError::Closed(_) => self.lock().over.clone().unwrap_or(Silent::Gone),
        })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is taken for diagnostics: a list, be it empty.
fn listed(items: Option<Vec<Value>>) -> Result<Vec<Value>, Silent> {
    items.ok_or_else(|| Silent::Garbage("what it tells is no list of diagnostics".to_owned()))
}

fn refused(error: &Value) -> Silent {
    Silent::Refused(error["message"].as_str().unwrap_or("without a message").to_owned())
}

/// A path as a `file` URI.
#[must_use]
pub fn uri_of(path: &Path) -> String {
    url::Url::from_file_path(path).map(String::from).unwrap_or_default()
}

async fn write(mut input: impl AsyncWrite + Unpin, mut messages: mpsc::Receiver<Value>) {
    while let Some(message) = messages.recv().await {
        let written = async {
            input.write_all(&framed(&message)).await?;
            input.flush().await
        };
        if written.await.is_err() {
            return;
        }
    }
}
