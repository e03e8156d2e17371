//! An editor: a child process with the server in it, its messages with the moments when they came, and buffers that the
//! server's edits are applied to and echoed from.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::buffer::{At, Buffer, STUB, wire};
use crate::model::PATIENCE;

/// See the module's head.
#[derive(Debug)]
pub struct Editor {
    child: Child,
    stdin: ChildStdin,
    incoming: Receiver<(Instant, Value)>,
    next_id: i64,
    pub buffers: HashMap<String, Buffer>,
    folder: PathBuf,
}

/// What came of the server.
#[derive(Clone, Debug)]
pub enum Event {
    Answer {
        id: i64,
        answer: Result<Value, Value>,
    },
    /// An edit; it was applied, echoed and answered.
    Edit {
        text: String,
    },
    Status {
        run: String,
        state: String,
    },
    Other,
}

impl Editor {
    /// Starts a server; `model` is the address of its one model, if it has one.
    pub fn spawn(model: Option<&str>) -> Self {
        Self::spawn_with(model, new_folder())
    }

    /// The same with what an earlier one has kept.
    pub fn spawn_with(model: Option<&str>, folder: PathBuf) -> Self {
        Self::spawn_as(model, folder, "")
    }

    /// The same with more lines of its model's configuration.
    pub fn spawn_as(model: Option<&str>, folder: PathBuf, more: &str) -> Self {
        let config = folder.join("config.toml");
        let text = model.map_or_else(String::new, |url| format!("[[provider]]\nname = \"local\"\nkind = \"openai\"\nbase_url = \"{url}\"\n[[model]]\nname = \"fast\"\nprovider = \"local\"\nid = \"scripted\"\n{more}"));
        std::fs::write(&config, text).expect("a configuration");
        let binary = std::env::var_os("REDRAFT_BIN").unwrap_or_else(|| env!("CARGO_BIN_EXE_redraft").into());
        let mut child = Command::new(binary)
            .arg("serve")
            .env("REDRAFT_CONFIG", &config)
            .env("REDRAFT_STATE_DIR", &folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the server starts");
        let stdin = child.stdin.take().expect("piped");
        let mut stdout = BufReader::new(child.stdout.take().expect("piped"));
        let (sender, incoming) = channel();
        std::thread::spawn(move || {
            while let Some(message) = read(&mut stdout) {
                if sender.send(message).is_err() {
                    return;
                }
            }
        });
        Self { child, stdin, incoming, next_id: 0, buffers: HashMap::new(), folder }
    }

    /// A server that is ready.
    pub fn ready(model: Option<&str>) -> Self {
        let mut editor = Self::spawn(model);
        let id = editor.request("initialize", initialize());
        editor.answer(id).1.expect("initialize is answered");
        editor.notify("initialized", json!({}));
        editor
    }

    pub fn open(&mut self, buffer: Buffer) {
        let document = json!({ "uri": buffer.uri, "languageId": "python", "version": buffer.version, "text": buffer.whole() });
        self.notify("textDocument/didOpen", json!({ "textDocument": document }));
        self.buffers.insert(buffer.uri.clone(), buffer);
    }

    /// The user types: the change is made here and told.
    pub fn change(&mut self, uri: &str, start: At, end: At, text: &str) {
        let params = self.buffer(uri).change(start, end, text);
        self.notify("textDocument/didChange", params);
    }

    pub fn buffer(&mut self, uri: &str) -> &mut Buffer {
        self.buffers.get_mut(uri).expect("it is open")
    }

    /// Where the stub of a document is to be written.
    pub fn stub(&mut self, uri: &str) -> At {
        (self.buffer(uri).find(&format!("def {STUB}")) + 2, 4)
    }

    /// Asks for the actions on the stub of a document.
    pub fn ask_actions(&mut self, uri: &str) -> i64 {
        let at = self.stub(uri);
        self.actions_at(uri, at)
    }

    pub fn actions_at(&mut self, uri: &str, at: At) -> i64 {
        let params = json!({ "textDocument": { "uri": uri }, "range": wire(at, at), "context": { "diagnostics": [] } });
        self.request("textDocument/codeAction", params)
    }

    /// The arguments of a run that implements the stub of a document.
    pub fn implement(&mut self, uri: &str) -> Value {
        let at = self.stub(uri);
        json!({ "action": "implement", "uri": uri, "version": self.buffer(uri).version, "range": wire(at, at) })
    }

    pub fn command(&mut self, command: &str, argument: Value) -> i64 {
        self.request("workspace/executeCommand", json!({ "command": command, "arguments": [argument] }))
    }

    pub fn request(&mut self, method: &str, params: Value) -> i64 {
        self.next_id += 1;
        self.send(&json!({ "jsonrpc": "2.0", "id": self.next_id, "method": method, "params": params }));
        self.next_id
    }

    pub fn notify(&mut self, method: &str, params: Value) {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    fn send(&mut self, message: &Value) {
        self.write(&frame(message));
    }

    /// Writes bytes that were made before.
    pub fn write(&mut self, bytes: &[u8]) {
        self.stdin.write_all(bytes).expect("the server reads");
    }

    /// Waits for the answer to a request, and deals with what else comes.
    pub fn answer(&mut self, wanted: i64) -> (Instant, Result<Value, Value>) {
        loop {
            let (at, event) =
                self.next(PATIENCE).unwrap_or_else(|| panic!("request {wanted} was not answered"));
            if let Event::Answer { id, answer } = event
                && id == wanted
            {
                return (at, answer);
            }
        }
    }

    /// Waits until a run is in that state.
    pub fn state(&mut self, wanted: &str) -> Instant {
        loop {
            let (at, event) =
                self.next(PATIENCE).unwrap_or_else(|| panic!("the run did not get to {wanted}"));
            if let Event::Status { state, .. } = event {
                if state == wanted {
                    return at;
                }
                assert!(state != "failed", "a run failed on its way to {wanted}");
            }
        }
    }

    /// Deals with what comes until nothing does for that long.
    pub fn settle(&mut self, quiet: Duration) {
        while self.next(quiet).is_some() {}
    }

    /// The next message, if one comes in time.
    pub fn next(&mut self, patience: Duration) -> Option<(Instant, Event)> {
        let (at, message) = self.incoming.recv_timeout(patience).ok()?;
        Some((at, self.event(message)))
    }

    fn event(&mut self, mut message: Value) -> Event {
        let params = message["params"].take();
        match (message["method"].as_str(), message["id"].as_i64()) {
            (None, Some(id)) => {
                let error = message["error"].take();
                let answer = if error.is_null() { Ok(message["result"].take()) } else { Err(error) };
                Event::Answer { id, answer }
            }
            (Some("workspace/applyEdit"), Some(id)) => {
                let change = &params["edit"]["documentChanges"][0];
                let edits = change["edits"].as_array().expect("edits").clone();
                let buffer = self.buffer(change["textDocument"]["uri"].as_str().expect("a URI"));
                let applied = change["textDocument"]["version"] == buffer.version;
                if applied {
                    let echo = buffer.apply(&edits);
                    self.notify("textDocument/didChange", echo);
                }
                self.send(&json!({ "jsonrpc": "2.0", "id": id, "result": { "applied": applied } }));
                let text = edits.iter().filter_map(|edit| edit["newText"].as_str()).collect();
                Event::Edit { text }
            }
            (Some(_), Some(id)) => {
                self.send(&json!({ "jsonrpc": "2.0", "id": id, "result": null }));
                Event::Other
            }
            (Some("redraft/status"), None) => {
                let text = |key: &str| params[key].as_str().unwrap_or_default().to_owned();
                Event::Status { run: text("run"), state: text("state") }
            }
            _ => Event::Other,
        }
    }

    /// Kilobytes of the server's memory, as the kernel calls it: `VmRSS`, `RssAnon`, `RssFile`.
    pub fn memory(&self, key: &str) -> u64 {
        let path = format!("/proc/{}/status", self.child.id());
        let status = std::fs::read_to_string(path).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':')).unwrap_or("0");
        line.trim().trim_end_matches(" kB").parse().unwrap_or(0)
    }
}

impl Editor {
    /// Ends the server as an editor does; what it keeps stays.
    pub fn end(mut self) -> PathBuf {
        let id = self.request("shutdown", Value::Null);
        self.answer(id).1.expect("shutdown is answered");
        self.notify("exit", Value::Null);
        self.child.wait().expect("the server ends");
        std::mem::take(&mut self.folder)
    }
}

impl Drop for Editor {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if !self.folder.as_os_str().is_empty() {
            let _ = std::fs::remove_dir_all(&self.folder);
        }
    }
}

/// A folder for the state of a server.
pub fn new_folder() -> PathBuf {
    static COUNT: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
    let count = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let folder = std::env::temp_dir().join(format!("redraft-bench-{}-{count}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder for the state");
    folder
}

/// What a client that groups undo and knows Redraft sends first.
pub fn initialize() -> Value {
    initialize_in("file:///bench")
}

/// The same in a folder.
pub fn initialize_in(root: &str) -> Value {
    json!({
        "processId": std::process::id(),
        "clientInfo": { "name": "bench" },
        "rootUri": root,
        "capabilities": {
            "general": { "positionEncodings": ["utf-16"] },
            "textDocument": { "codeAction": { "codeActionLiteralSupport": { "codeActionKind": { "valueSet": [] } } } },
            "experimental": { "redraft": { "undoGrouping": true } },
        },
    })
}

pub fn frame(message: &Value) -> Vec<u8> {
    let body = message.to_string();
    format!("Content-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

/// One message, and when it was there as a whole.
fn read(input: &mut impl BufRead) -> Option<(Instant, Value)> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if input.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let line = line.trim();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("Content-Length:") {
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    input.read_exact(&mut body).ok()?;
    let at = Instant::now();
    Some((at, serde_json::from_slice(&body).ok()?))
}
