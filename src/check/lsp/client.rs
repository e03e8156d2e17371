//! One language server, from its first word to its last: requests and their answers, what it publishes, what it asks of us.
//!
//! It is told of one document at a time, as that would be with a draft, and never of a saved one. Whatever it wants to have done (edits,
//! commands, files) is refused: it is here to tell what is wrong.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::{Notify, mpsc, oneshot};

use super::frames::{Frames, framed};
use crate::text::position::Encoding;

/// Messages that wait to be written.
const WAITING: usize = 64;
/// Bytes read at once.
const CHUNK: usize = 64 * 1024;
/// How long a server may take to start: one in Node indexes on the way.
const START: Duration = Duration::from_secs(30);
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

/// What it published of a document.
#[derive(Clone, Debug, Default)]
struct Published {
    version: Option<i64>,
    items: Vec<Value>,
    /// How often it did.
    count: u64,
}

/// What a server says by itself.
enum Heard {
    /// All of this version.
    Whole(Vec<Value>),
    /// Something, of a version that it does not name.
    Begun,
    /// It wants to be asked.
    Asks,
}

#[derive(Debug, Default)]
struct State {
    pending: HashMap<i64, oneshot::Sender<Result<Value, Value>>>,
    published: HashMap<String, Published>,
    /// Why nothing comes any more.
    over: Option<Silent>,
    /// It registered that it can be asked for diagnostics.
    pulls: bool,
    next_id: i64,
}

/// See the module's head.
#[derive(Debug)]
pub struct Client {
    outgoing: mpsc::Sender<Value>,
    state: Arc<Mutex<State>>,
    news: Arc<Notify>,
    pub encoding: Encoding,
    /// Documents are checked one after the other.
    turn: tokio::sync::Mutex<i64>,
}

impl Client {
    /// Greets the server that reads `input` and writes `output`, for the workspace at `root`; `options` are its own.
    ///
    /// # Errors
    /// When it does not greet back in time.
    pub async fn start(
        output: impl AsyncRead + Unpin + Send + 'static,
        input: impl AsyncWrite + Unpin + Send + 'static,
        root: &Path,
        options: &Value,
    ) -> Result<Self, Silent> {
        let (outgoing, messages) = mpsc::channel(WAITING);
        let (state, news) = (Arc::<Mutex<State>>::default(), Arc::<Notify>::default());
        tokio::spawn(write(input, messages));
        tokio::spawn(read(output, state.clone(), news.clone(), outgoing.clone()));
        let mut client =
            Self { outgoing, state, news, encoding: Encoding::Utf16, turn: tokio::sync::Mutex::new(0) };
        let name = root.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let uri = uri_of(root);
        let greeting = json!({
            "processId": std::process::id(),
            "clientInfo": { "name": "redraft", "version": env!("CARGO_PKG_VERSION") },
            "rootUri": uri,
            "rootPath": root.to_string_lossy(),
            "workspaceFolders": [{ "uri": uri, "name": name }],
            "initializationOptions": options,
            "capabilities": {
                "general": { "positionEncodings": ["utf-8", "utf-16"] },
                "workspace": { "configuration": true, "workspaceFolders": true, "diagnostics": { "refreshSupport": false } },
                "textDocument": {
                    "synchronization": { "dynamicRegistration": false, "didSave": false },
                    "publishDiagnostics": { "versionSupport": true, "relatedInformation": false },
                    "diagnostic": { "dynamicRegistration": true, "relatedDocumentSupport": false },
                },
            },
        });
        let answer = client.request("initialize", greeting, START).await?;
        let capabilities = &answer["capabilities"];
        client.encoding = match capabilities["positionEncoding"].as_str() {
            Some("utf-8") => Encoding::Utf8,
            Some("utf-32") => Encoding::Utf32,
            _ => Encoding::Utf16,
        };
        if !capabilities["diagnosticProvider"].is_null() {
            client.lock().pulls = true;
        }
        client.notify("initialized", json!({})).await?;
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
    /// When it does not tell within `limit`, each.
    pub async fn diagnostics(
        &self,
        uri: &str,
        language: &str,
        texts: &[&str],
        limit: Duration,
    ) -> Result<Vec<Vec<Value>>, Silent> {
        let mut turn = self.turn.lock().await;
        let mut told = Vec::new();
        let mut outcome = Ok(());
        for (at, text) in texts.iter().enumerate() {
            *turn += STEP;
            let version = *turn;
            let known = self.count_of(uri);
            let sent = if at == 0 {
                let document =
                    json!({ "uri": uri, "languageId": language, "version": version, "text": text });
                self.notify("textDocument/didOpen", json!({ "textDocument": document })).await
            } else {
                let document = json!({ "uri": uri, "version": version });
                let change = json!({ "textDocument": document, "contentChanges": [{ "text": text }] });
                self.notify("textDocument/didChange", change).await
            };
            let items = match sent {
                Ok(()) => self.told(uri, version, known, limit).await,
                Err(error) => Err(error),
            };
            match items {
                Ok(items) => told.push(items),
                Err(error) => {
                    outcome = Err(error);
                    break;
                }
            }
        }
        // Also where it told nothing: it is to forget the draft.
        let count = self.count_of(uri);
        let closed = self.notify("textDocument/didClose", json!({ "textDocument": { "uri": uri } })).await;
        self.forgotten(uri, count).await;
        self.lock().published.remove(uri);
        outcome.and(closed).map(|()| told)
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
        let _ = tokio::time::timeout(SILENCE, said).await;
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
                Ok(report) => return Ok(report["items"].as_array().cloned().unwrap_or_default()),
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
    async fn told(&self, uri: &str, version: i64, known: u64, limit: Duration) -> Result<Vec<Value>, Silent> {
        let waits = async {
            loop {
                let news = self.news.notified();
                if let Some(heard) = self.heard(uri, version, known) {
                    return heard;
                }
                news.await;
            }
        };
        match tokio::time::timeout(limit, waits).await.map_err(|_| Silent::TimedOut(limit))?? {
            Heard::Whole(items) => Ok(items),
            Heard::Asks => self.pull(uri, limit).await,
            Heard::Begun => {
                while tokio::time::timeout(SILENCE, self.news.notified()).await.is_ok() {}
                let state = self.lock();
                Ok(state.published.get(uri).map(|published| published.items.clone()).unwrap_or_default())
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
            return Some(Ok(Heard::Asks));
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
        let _ = self.notify("exit", Value::Null).await;
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
        self.send(json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params })).await?;
        let Ok(answer) = tokio::time::timeout(limit, answered).await else {
            self.lock().pending.remove(&id);
            self.notify("$/cancelRequest", json!({ "id": id })).await?;
            return Err(Silent::TimedOut(limit));
        };
        answer.map_err(|_| self.lock().over.clone().unwrap_or(Silent::Gone))
    }

    async fn notify(&self, method: &str, params: Value) -> Result<(), Silent> {
        self.send(json!({ "jsonrpc": "2.0", "method": method, "params": params })).await
    }

    async fn send(&self, message: Value) -> Result<(), Silent> {
        self.outgoing.send(message).await.map_err(|_| self.lock().over.clone().unwrap_or(Silent::Gone))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
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

/// Reads until the server ends or says what is no LSP.
async fn read(
    mut output: impl AsyncRead + Unpin,
    state: Arc<Mutex<State>>,
    news: Arc<Notify>,
    outgoing: mpsc::Sender<Value>,
) {
    let (mut frames, mut chunk) = (Frames::default(), vec![0; CHUNK]);
    let over = loop {
        let count = match output.read(&mut chunk).await {
            Ok(0) | Err(_) => break Silent::Gone,
            Ok(count) => count,
        };
        let messages = match frames.push(&chunk[..count]) {
            Ok(messages) => messages,
            Err(what) => break Silent::Garbage(what),
        };
        for message in messages {
            let answer = taken(&mut state.lock().unwrap_or_else(PoisonError::into_inner), &message);
            if let Some(answer) = answer {
                // A server that does not read what it asked for is not waited for.
                let _ = outgoing.try_send(answer);
            }
        }
        news.notify_waiters();
    };
    let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
    state.over = Some(over);
    state.pending.clear();
    drop(state);
    news.notify_waiters();
}

/// Takes in a message; returns the answer to a request of the server's.
fn taken(state: &mut State, message: &Value) -> Option<Value> {
    let params = &message["params"];
    match (message["method"].as_str(), message.get("id")) {
        (None, Some(id)) => {
            let answer = match message.get("error") {
                Some(error) => Err(error.clone()),
                None => Ok(message["result"].clone()),
            };
            if let Some(waiting) = id.as_i64().and_then(|id| state.pending.remove(&id)) {
                let _ = waiting.send(answer);
            }
            None
        }
        (Some("textDocument/publishDiagnostics"), None) => {
            let uri = params["uri"].as_str().unwrap_or_default().to_owned();
            let published = state.published.entry(uri).or_default();
            published.version = params["version"].as_i64();
            published.items = params["diagnostics"].as_array().cloned().unwrap_or_default();
            published.count += 1;
            None
        }
        (Some(method), Some(id)) => {
            let result = match method {
                "workspace/configuration" => {
                    let count = params["items"].as_array().map_or(0, Vec::len);
                    Ok(json!(vec![Value::Null; count]))
                }
                "client/registerCapability" => {
                    let registrations = params["registrations"].as_array().into_iter().flatten();
                    state.pulls |=
                        registrations.clone().any(|one| one["method"] == "textDocument/diagnostic");
                    Ok(Value::Null)
                }
                "client/unregisterCapability" | "window/workDoneProgress/create" => Ok(Value::Null),
                "window/showDocument" => Ok(json!({ "success": false })),
                // There is nothing to refresh; basedpyright dies of an error here.
                _ if method.ends_with("/refresh") => Ok(Value::Null),
                "workspace/workspaceFolders" | "window/showMessageRequest" => Ok(Value::Null),
                "workspace/applyEdit" => {
                    Ok(json!({ "applied": false, "failureReason": "drafts are only checked here" }))
                }
                _ => Err(json!({ "code": -32601, "message": "not here" })),
            };
            Some(match result {
                Ok(result) => json!({ "jsonrpc": "2.0", "id": id, "result": result }),
                Err(error) => json!({ "jsonrpc": "2.0", "id": id, "error": error }),
            })
        }
        _ => None,
    }
}
