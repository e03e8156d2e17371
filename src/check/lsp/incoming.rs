//! What a language server says: read from its output, taken into what is known of it, and its requests answered. Whatever it wants to
//! have done (edits, commands, files) is refused.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::sync::{Notify, mpsc, oneshot};

use super::client::Silent;
use super::frames::Frames;
use super::options;

/// Bytes read at once.
const CHUNK: usize = 64 * 1024;

/// What it published of a document.
#[derive(Clone, Debug, Default)]
pub(super) struct Published {
    pub version: Option<i64>,
    /// Nothing, where that was no list.
    pub items: Option<Vec<Value>>,
    /// How often it did.
    pub count: u64,
}

/// What is known of a server by what it said.
#[derive(Debug, Default)]
pub(super) struct State {
    pub pending: HashMap<i64, oneshot::Sender<Result<Value, Value>>>,
    pub published: HashMap<String, Published>,
    /// Why nothing comes any more.
    pub over: Option<Silent>,
    /// It registered that it can be asked for diagnostics.
    pub pulls: bool,
    /// It has not read the project yet, and will tell when it has.
    pub is_starting: bool,
    pub next_id: i64,
    /// What it is told where it asks for its configuration.
    pub settings: Value,
}

/// Reads until the server ends or says what is no LSP.
pub(super) async fn read(
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
            published.items = params["diagnostics"].as_array().cloned();
            published.count += 1;
            None
        }
        (Some("experimental/serverStatus"), None) => {
            state.is_starting &= params["quiescent"] != true;
            None
        }
        (Some(method), Some(id)) => {
            let result = match method {
                "workspace/configuration" => {
                    let items = params["items"].as_array().into_iter().flatten();
                    Ok(items
                        .map(|item| options::section(&state.settings, item["section"].as_str()))
                        .collect())
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
