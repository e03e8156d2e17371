//! The client against a server in memory, which answers as scripts say.

use std::path::Path;
use std::time::Duration;

use ropey::Rope;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::task::JoinHandle;

use super::frames::{Frames, framed};
use super::*;
use crate::check::Severity;
use crate::text::position::Encoding;

const LIMIT: Duration = Duration::from_secs(20);
const SHORT: Duration = Duration::from_millis(100);
/// The id of a request.
const READY: i64 = 9;
const URI: &str = "file:///w/a.py";

/// How the server tells of a document.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Way {
    Pull,
    /// Asked for only once it is registered.
    Registered,
    /// Busy twice.
    Busy,
    /// It has nothing to say before it says that it is ready.
    Starting,
    Push,
    /// Without versions, an empty list first.
    Unversioned,
    /// Of an older version first.
    Late,
    /// Of a closed document, that there is nothing, as of its next version.
    Closing,
    Silence,
    Error,
    Garbage,
    Ends,
    /// Asked, it answers with this.
    Answers(&'static str),
    /// It publishes this.
    Publishes(&'static str),
}

fn items(text: &str) -> Value {
    let column = text.find("bad");
    let range = |at: usize| json!({ "start": { "line": 0, "character": at }, "end": { "line": 0, "character": at + 3 } });
    json!(
        column
            .map(|at| json!({ "range": range(at), "severity": 1, "code": "X1", "message": "bad\u{7}" }))
            .into_iter()
            .collect::<Vec<_>>()
    )
}

fn json_of(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

struct Server {
    stream: DuplexStream,
    way: Way,
    seen: Vec<String>,
    text: String,
    version: Value,
    busy: u32,
    is_ready: bool,
}

impl Server {
    async fn say(&mut self, message: Value) {
        let _ = self.stream.write_all(&framed(&message)).await;
    }

    async fn publish(&mut self, version: Value, items: Value) {
        let params = json!({ "uri": URI, "version": version, "diagnostics": items });
        self.say(json!({ "jsonrpc": "2.0", "method": "textDocument/publishDiagnostics", "params": params }))
            .await;
    }

    async fn tell_status(&mut self) {
        let params = json!({ "health": "ok", "quiescent": self.is_ready });
        self.say(json!({ "jsonrpc": "2.0", "method": "experimental/serverStatus", "params": params })).await;
    }

    /// Serves until it is hung up; returns the methods that it was asked.
    async fn serve(mut self) -> Vec<String> {
        let (mut frames, mut chunk) = (Frames::default(), vec![0; 4096]);
        loop {
            let count = self.stream.read(&mut chunk).await.unwrap_or(0);
            if count == 0 {
                return self.seen;
            }
            for message in frames.push(&chunk[..count]).unwrap() {
                if self.take(message).await.is_none() {
                    return self.seen;
                }
            }
        }
    }

    async fn take(&mut self, message: Value) -> Option<()> {
        let method = message["method"].as_str().unwrap_or("answer").to_owned();
        if method == "answer" && message["id"] == 1 {
            assert_eq!(
                message["result"],
                json!([{ "strict": true }, null]),
                "its settings, where it asks for them"
            );
        }
        self.seen.push(method.clone());
        let reply = |result: Value| json!({ "jsonrpc": "2.0", "id": message["id"], "result": result });
        match method.as_str() {
            "initialize" => {
                let pulls =
                    matches!(self.way, Way::Pull | Way::Busy | Way::Starting | Way::Error | Way::Answers(_));
                let provider = pulls.then(|| json!({}));
                let capabilities = json!({ "positionEncoding": "utf-8", "diagnosticProvider": provider });
                let name = if self.way == Way::Starting { "rust-analyzer" } else { "it" };
                self.say(reply(json!({ "capabilities": capabilities, "serverInfo": { "name": name } })))
                    .await;
            }
            "initialized" => {
                let ask = |id: i64, method: &str, params: Value| json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
                self.say(ask(
                    1,
                    "workspace/configuration",
                    json!({ "items": [{ "section": "tool" }, { "section": "other" }] }),
                ))
                .await;
                self.say(ask(2, "workspace/applyEdit", json!({ "edit": {} }))).await;
                self.say(ask(3, "no/such", json!({}))).await;
                if self.way == Way::Registered {
                    let registrations = json!([{ "id": "d", "method": "textDocument/diagnostic" }]);
                    let params = json!({ "registrations": registrations });
                    self.say(json!({ "jsonrpc": "2.0", "id": 4, "method": "client/registerCapability", "params": params }))
                        .await;
                }
                self.say(ask(5, "workspace/diagnostic/refresh", Value::Null)).await;
            }
            "textDocument/didOpen" | "textDocument/didChange" => {
                let text = message.pointer("/params/textDocument/text");
                let text = text.or(message.pointer("/params/contentChanges/0/text")).unwrap();
                self.text = text.as_str().unwrap().to_owned();
                self.version = message["params"]["textDocument"]["version"].clone();
                let (version, items) = (self.version.clone(), items(&self.text));
                match self.way {
                    Way::Push | Way::Closing => self.publish(version, items).await,
                    Way::Unversioned => {
                        self.publish(Value::Null, json!([])).await;
                        self.publish(Value::Null, items).await;
                    }
                    Way::Late => {
                        self.publish(json!(version.as_i64().unwrap() - 1), json!([])).await;
                        self.publish(version, items).await;
                    }
                    Way::Publishes(items) => self.publish(version, json_of(items)).await,
                    Way::Garbage => drop(self.stream.write_all(b"Traceback (most recent call last)\n").await),
                    Way::Starting if !self.is_ready => {
                        self.tell_status().await;
                        // It is ready once that has its answer.
                        let request = json!({ "jsonrpc": "2.0", "id": READY, "method": "window/workDoneProgress/create", "params": {} });
                        self.say(request).await;
                    }
                    Way::Ends => return None,
                    _ => {}
                }
            }
            "answer" if message["id"] == READY && self.way == Way::Starting => {
                self.is_ready = true;
                self.tell_status().await;
            }
            "textDocument/diagnostic" => {
                let failed = |code: i64| json!({ "jsonrpc": "2.0", "id": message["id"], "error": { "code": code, "message": "no" } });
                if self.way == Way::Error {
                    self.say(failed(-32603)).await;
                } else if self.way == Way::Starting && !self.is_ready {
                    self.say(reply(json!({ "kind": "full", "items": [] }))).await;
                } else if let Way::Answers(report) = self.way {
                    self.say(reply(json_of(report))).await;
                } else if self.way == Way::Busy && self.busy < 2 {
                    self.busy += 1;
                    self.say(failed(-32802)).await;
                } else {
                    let items = items(&self.text);
                    self.say(reply(json!({ "kind": "full", "items": items }))).await;
                }
            }
            "textDocument/didClose" if self.way == Way::Closing => {
                let next = self.version.as_i64().unwrap() + 1;
                self.publish(json!(next), json!([])).await;
            }
            "shutdown" => self.say(reply(Value::Null)).await,
            "exit" => return None,
            _ => {}
        }
        Some(())
    }
}

/// `pipe` is how many bytes may be on their way.
async fn started(way: Way, pipe: usize) -> (Client, JoinHandle<Vec<String>>) {
    let (ours, theirs) = tokio::io::duplex(pipe);
    let server = Server {
        stream: theirs,
        way,
        seen: Vec::new(),
        text: String::new(),
        version: Value::Null,
        busy: 0,
        is_ready: false,
    };
    let server = tokio::spawn(server.serve());
    let (output, input) = tokio::io::split(ours);
    let options = json!({ "tool": { "strict": true } });
    (Client::start(output, input, Path::new("/w"), &options, LIMIT).await.unwrap(), server)
}

/// What the server tells of texts, each with its count of findings, and what it was asked.
async fn told(way: Way, texts: &[&str], limit: Duration) -> (Result<Vec<usize>, Silent>, Vec<String>) {
    let (client, server) = started(way, 1 << 20).await;
    let items = client.diagnostics(URI, "python", texts, limit).await;
    let counts = items.map(|items| items.iter().map(Vec::len).collect());
    client.goodbye().await;
    drop(client);
    (counts, server.await.unwrap())
}

#[tokio::test]
async fn a_server_tells_of_each_version_in_its_own_way() {
    for way in [Way::Pull, Way::Registered, Way::Busy, Way::Starting, Way::Push, Way::Unversioned, Way::Late]
    {
        let (counts, seen) = told(way, &["good", "bad", "good"], LIMIT).await;
        assert_eq!(counts, Ok(vec![0, 1, 0]), "{way:?}");
        let documents: Vec<&str> = seen
            .iter()
            .map(String::as_str)
            .filter(|method| method.starts_with("textDocument/did") || *method == "exit")
            .collect();
        let expected = [
            "textDocument/didOpen",
            "textDocument/didChange",
            "textDocument/didChange",
            "textDocument/didClose",
            "exit",
        ];
        assert_eq!(documents, expected, "{way:?}");
        assert!(!seen.iter().any(|method| method.contains("Save")), "nothing is saved");
        assert_eq!(
            seen.iter().filter(|method| *method == "answer").count(),
            if matches!(way, Way::Registered | Way::Starting) { 5 } else { 4 },
            "each request has its answer"
        );
    }
}

#[tokio::test]
async fn a_server_that_tells_nothing_is_never_taken_for_content() {
    for (way, limit, expected) in [
        (Way::Silence, SHORT, Silent::TimedOut(SHORT)),
        (Way::Error, LIMIT, Silent::Refused("no".to_owned())),
        (Way::Ends, LIMIT, Silent::Gone),
    ] {
        assert_eq!(told(way, &["bad"], limit).await.0, Err(expected), "{way:?}");
    }
    // Of a client that was told of nothing, nothing can be unchanged.
    for report in [
        "null",
        "{}",
        "\"hello\"",
        r#"{"kind":"unchanged","resultId":"1"}"#,
        r#"{"kind":"full","items":"nope"}"#,
        r#"{"items":[]}"#,
    ] {
        let told = told(Way::Answers(report), &["bad"], LIMIT).await.0;
        assert!(matches!(told, Err(Silent::Garbage(_))), "{report}: {told:?}");
    }
    for items in ["\"garbage\"", "null", "{}"] {
        let told = told(Way::Publishes(items), &["bad"], LIMIT).await.0;
        assert!(matches!(told, Err(Silent::Garbage(_))), "{items}: {told:?}");
    }
    let (garbage, _) = told(Way::Garbage, &["bad"], LIMIT).await;
    assert!(matches!(&garbage, Err(Silent::Garbage(what)) if what.contains("Traceback")), "{garbage:?}");
}

#[tokio::test]
async fn what_is_said_of_a_closed_document_is_not_said_of_the_next_text() {
    // So few that each message is taken in before the next one is there.
    let (client, server) = started(Way::Closing, 8).await;
    for (text, expected) in [("good", 0), ("bad", 1), ("good", 0), ("bad", 1)] {
        let items = client.diagnostics(URI, "python", &[text], LIMIT).await.unwrap();
        assert_eq!(items[0].len(), expected, "{text}");
    }
    client.goodbye().await;
    server.await.unwrap();
}

#[test]
fn diagnostics_become_findings() {
    let text = Rope::from_str("é = 1\nbad\u{1F600}x\n");
    let item = |severity: u64, line: u32, from: u32, to: u32| {
        let range =
            json!({ "start": { "line": line, "character": from }, "end": { "line": line, "character": to } });
        json!({ "range": range, "severity": severity, "code": 7, "message": "a\u{1b}[31mb" })
    };
    for (encoding, to, end) in [(Encoding::Utf16, 5, 14), (Encoding::Utf8, 7, 14), (Encoding::Utf16, 99, 15)]
    {
        let found = findings("ty", &[item(2, 1, 0, to)], &text, encoding).unwrap();
        assert_eq!(found[0].range, 7..end, "{encoding:?}");
        assert_eq!((found[0].severity, found[0].code.as_ref()), (Severity::Warning, "7"));
        assert_eq!(found[0].message, "a\\u{1b}[31mb");
    }
    let hints = [item(3, 0, 0, 1), item(4, 0, 0, 1)];
    assert_eq!(findings("ty", &hints, &text, Encoding::Utf16), Ok(vec![]));
    let many = vec![item(1, 1, 0, 3); 5_000];
    assert_eq!(findings("ty", &many, &text, Encoding::Utf16).unwrap().len(), 5_000, "none is left out");
    for garbage in [
        json!({}),
        json!("bad"),
        json!(null),
        json!({ "range": item(1, 0, 0, 1)["range"] }),
        json!({ "message": "m", "range": {} }),
        json!({ "message": "m", "range": { "start": { "line": -1, "character": 0 }, "end": { "line": 0, "character": 0 } } }),
    ] {
        let told = findings("ty", &[item(1, 0, 0, 1), garbage.clone()], &text, Encoding::Utf16);
        assert!(told.is_err(), "{garbage}");
    }
}

#[tokio::test]
async fn a_check_that_was_given_up_leaves_no_document_open() {
    let (client, server) = started(Way::Silence, 1 << 20).await;
    for _ in 0..2 {
        let given_up = client.diagnostics(URI, "python", &["bad"], LIMIT);
        assert!(tokio::time::timeout(5 * SHORT, given_up).await.is_err());
    }
    client.goodbye().await;
    let seen = server.await.unwrap();
    let documents: Vec<&str> =
        seen.iter().map(String::as_str).filter(|method| method.starts_with("textDocument/did")).collect();
    assert_eq!(documents, ["textDocument/didOpen", "textDocument/didClose", "textDocument/didOpen"]);
}
