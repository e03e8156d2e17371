//! A model editor: it speaks the protocol with a server in memory (or a process), keeps documents, applies the server's edits
//! as it was told to, and records everything. It fails on a second answer, on one that never comes, on a message left
//! unread, on an edit that is not exact, and on two edits in flight at once. It never sleeps: it waits for messages.

mod manners;
mod user;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::future::Future;
use std::io::{BufRead, BufReader, Read, Write};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use redraft::check::process::Supervisor;
use redraft::model::Provider;
use redraft::model::provider::http::Http;
use redraft::model::provider::scripted::Scripted;
use redraft::model::registry::Registry;
use redraft::model::spec::Catalogue;
use redraft::server::{Setup, serve};
use serde_json::{Value, json};

pub use self::manners::Manner;
use crate::document::{Document, Encoding};

/// What takes longer hangs; nothing that is right comes near it.
pub const HANG: Duration = Duration::from_secs(20);
pub const URI: &str = "file:///project/shapes.py";

pub struct Client {
    writer: Option<Box<dyn Write + Send>>,
    incoming: Receiver<Value>,
    server: Option<JoinHandle<i32>>,
    pub encoding: Encoding,
    pub documents: BTreeMap<String, Document>,
    next_id: i64,
    pending: BTreeSet<i64>,
    /// Commands that begin a run.
    beginnings: BTreeSet<i64>,
    answers: BTreeMap<i64, Value>,
    pub statuses: Vec<Value>,
    /// `redraft/answer`, and files that were to be shown, which the test answers.
    pub told: Vec<Value>,
    pub shown: VecDeque<Value>,
    /// Kinds of `$/progress` by token, of every token that was created.
    pub progress: BTreeMap<String, Vec<String>>,
    /// What the user was shown and the test has not read.
    pub messages: VecDeque<(u64, String)>,
    /// Requests of the server's for an edit, all of them.
    pub edits: Vec<Value>,
    pub manners: VecDeque<Manner>,
    /// Requests to show progress are never answered (Vim with ALE).
    pub ignores_progress: bool,
    pub held: VecDeque<Value>,
    /// Edits of what is not open, which the test handles.
    pub proposals: VecDeque<Value>,
    /// What a busy editor has not looked at.
    pub frozen: VecDeque<Value>,
    /// Answers with the id null: to what was no request.
    pub refusals: VecDeque<Value>,
    /// What was published last, by document.
    pub diagnostics: BTreeMap<String, Vec<Value>>,
    pub log: Vec<String>,
}

pub fn rich() -> Value {
    json!({
        "general": { "positionEncodings": ["utf-16", "utf-8"] },
        "window": { "workDoneProgress": true },
        "workspace": { "applyEdit": true, "workspaceEdit": { "documentChanges": true, "changeAnnotationSupport": {} } },
        "textDocument": { "codeAction": { "codeActionLiteralSupport": { "codeActionKind": { "valueSet": [] } }, "tagSupport": { "valueSet": [1] } } },
        "experimental": { "redraft": {} },
    })
}

/// `rich`, by UTF-16.
pub fn rich_utf16() -> Value {
    let mut capabilities = rich();
    capabilities["general"] = json!({ "positionEncodings": ["utf-16"] });
    capabilities
}

pub fn setup(provider: Arc<dyn Provider>) -> Setup {
    let make = Box::new(move |_: &_| Ok(provider.clone()));
    around(Registry::new(Catalogue::default(), Http::default(), make))
}

/// A server's setup around a registry.
pub fn around(registry: Registry) -> Setup {
    Setup {
        state: None,
        registry: Ok(Arc::new(registry)),
        config: Arc::default(),
        notices: Vec::new(),
        reload: None,
        shelves: Arc::default(),
        supervisor: Some(Supervisor(env!("CARGO_BIN_EXE_redraft").into())),
    }
}

/// Waits for something of the provider's.
pub fn wait_for(future: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async { tokio::time::timeout(HANG, future).await.expect("the provider is not asked") });
}

impl Client {
    /// A server in memory; nothing was said yet.
    pub fn raw(setup: Setup) -> Self {
        let (input, writer) = std::io::pipe().unwrap();
        let (reader, output) = std::io::pipe().unwrap();
        let server = std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
            let code = runtime.block_on(serve(setup, input, output));
            runtime.shutdown_background();
            i32::from(code)
        });
        Self::over(reader, writer, server)
    }

    /// A server behind any two ends; `server` returns its exit code.
    pub fn over(
        reader: impl Read + Send + 'static,
        writer: impl Write + Send + 'static,
        server: JoinHandle<i32>,
    ) -> Self {
        let (sender, incoming) = channel();
        std::thread::spawn(move || {
            let mut reader = BufReader::new(reader);
            while let Some(message) = read_frame(&mut reader) {
                if sender.send(message).is_err() {
                    return;
                }
            }
        });
        Self {
            writer: Some(Box::new(writer)),
            incoming,
            server: Some(server),
            encoding: Encoding::Utf16,
            documents: BTreeMap::new(),
            next_id: 0,
            pending: BTreeSet::new(),
            beginnings: BTreeSet::new(),
            answers: BTreeMap::new(),
            statuses: Vec::new(),
            told: Vec::new(),
            shown: VecDeque::new(),
            progress: BTreeMap::new(),
            messages: VecDeque::new(),
            edits: Vec::new(),
            manners: VecDeque::new(),
            ignores_progress: false,
            held: VecDeque::new(),
            proposals: VecDeque::new(),
            frozen: VecDeque::new(),
            refusals: VecDeque::new(),
            diagnostics: BTreeMap::new(),
            log: Vec::new(),
        }
    }

    /// A server that has been greeted.
    pub fn greeted(setup: Setup, capabilities: &Value, options: Value) -> Self {
        let mut client = Self::raw(setup);
        client.initialize(capabilities, options);
        client
    }

    /// A capable editor whose drafts come as `delivery` says, with a document that is open.
    pub fn with(provider: &Scripted, delivery: &str, text: &str) -> Self {
        let setup = setup(Arc::new(provider.clone()));
        let mut client = Self::greeted(setup, &rich(), json!({ "delivery": delivery }));
        client.open(URI, text);
        client
    }

    pub fn initialize(&mut self, capabilities: &Value, options: Value) -> Value {
        self.initialize_in(&Value::Null, capabilities, options)
    }

    /// With this folder open.
    pub fn initialize_in(&mut self, root: &Value, capabilities: &Value, options: Value) -> Value {
        let params = json!({ "processId": null, "rootUri": root, "capabilities": capabilities, "initializationOptions": options });
        let result = self.call("initialize", params).unwrap();
        self.encoding = Encoding::of(result["capabilities"]["positionEncoding"].as_str().unwrap());
        self.notify("initialized", json!({}));
        result
    }

    // What the editor says.

    pub fn send_raw(&mut self, bytes: &[u8]) {
        let writer = self.writer.as_mut().unwrap();
        writer.write_all(bytes).unwrap();
        writer.flush().unwrap();
    }

    fn send(&mut self, message: &Value) {
        self.log.push(format!("> {message}"));
        let body = message.to_string();
        self.send_raw(format!("Content-Length: {}\r\n\r\n{body}", body.len()).as_bytes());
    }

    pub fn notify(&mut self, method: &str, params: Value) {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    /// Sends a request; its answer is read by `answer`.
    pub fn request(&mut self, method: &str, params: Value) -> i64 {
        self.next_id += 1;
        self.pending.insert(self.next_id);
        if ["redraft.run", "redraft.generate"].iter().any(|command| params["command"] == *command) {
            self.beginnings.insert(self.next_id);
        }
        self.send(&json!({ "jsonrpc": "2.0", "id": self.next_id, "method": method, "params": params }));
        self.next_id
    }

    /// The answer to a request: its result, or its error.
    pub fn answer(&mut self, id: i64) -> Result<Value, Value> {
        self.until("an answer", |client| client.answers.contains_key(&id));
        let mut answer = self.answers.remove(&id).unwrap();
        match answer.get("error") {
            Some(error) => Err(error.clone()),
            None => Ok(answer["result"].take()),
        }
    }

    pub fn call(&mut self, method: &str, params: Value) -> Result<Value, Value> {
        let id = self.request(method, params);
        self.answer(id)
    }

    /// The answer's error code.
    pub fn fails(&mut self, method: &str, params: Value) -> i64 {
        let error = self.call(method, params).expect_err("an error");
        assert!(!error["message"].as_str().unwrap().is_empty(), "{error}");
        error["code"].as_i64().unwrap()
    }

    pub fn until(&mut self, what: &str, done: impl Fn(&Self) -> bool) {
        let deadline = Instant::now() + HANG;
        while !done(self) {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.incoming.recv_timeout(left) {
                Ok(message) => self.take(message),
                Err(RecvTimeoutError::Timeout) => panic!("{what:?} never came:\n{}", self.log.join("\n")),
                Err(RecvTimeoutError::Disconnected) => {
                    panic!("{what:?} never came, and the server is gone:\n{}", self.log.join("\n"))
                }
            }
        }
    }

    // What the server says.

    fn take(&mut self, message: Value) {
        self.log.push(format!("< {message}"));
        let method = message.get("method").and_then(Value::as_str).map(str::to_owned);
        match (method.as_deref(), message.get("id")) {
            (None, Some(Value::Null)) => self.refusals.push_back(message["error"].clone()),
            (None, Some(id)) => {
                let id = id.as_i64().unwrap();
                assert!(self.pending.remove(&id), "an answer to nothing, or a second one: {message}");
                assert!(message.get("result").is_some() != message.get("error").is_some(), "{message}");
                // A client knows a run, and where it is, before that tells anything; but for one that was stopped before it began.
                let told = self.statuses.iter().filter(|status| status["run"] == message["result"]["run"]);
                let known = ["gathering", "cancelled"];
                let is_late = told.clone().any(|status| !known.iter().any(|state| status["state"] == *state));
                assert!(!self.beginnings.remove(&id) || !is_late, "it told something before this: {message}");
                self.answers.insert(id, message);
            }
            (Some("workspace/applyEdit"), Some(_)) => self.apply(message),
            (Some("window/workDoneProgress/create"), Some(_)) if self.ignores_progress => {}
            (Some("window/workDoneProgress/create"), Some(id)) => {
                let token = message["params"]["token"].as_str().unwrap().to_owned();
                assert!(self.progress.insert(token, Vec::new()).is_none(), "a token twice: {message}");
                self.respond(&id.clone(), Value::Null);
            }
            (Some("$/progress"), None) => {
                let kinds = self.progress.get_mut(message["params"]["token"].as_str().unwrap()).unwrap();
                kinds.push(message["params"]["value"]["kind"].as_str().unwrap().to_owned());
            }
            (Some("redraft/status"), None) => self.statuses.push(message["params"].clone()),
            (Some("redraft/answer"), None) => self.told.push(message["params"].clone()),
            (Some("window/showDocument"), Some(_)) => self.shown.push_back(message),
            (Some("window/logMessage"), None) => {}
            (Some("textDocument/publishDiagnostics"), None) => {
                let params = &message["params"];
                let uri = params["uri"].as_str().unwrap().to_owned();
                self.diagnostics.insert(uri, params["diagnostics"].as_array().unwrap().clone());
            }
            (Some("window/showMessage"), None) => {
                let params = &message["params"];
                let text = params["message"].as_str().unwrap().to_owned();
                self.messages.push_back((params["type"].as_u64().unwrap(), text));
            }
            _ => panic!("nobody asked for {message}"),
        }
    }

    pub fn respond(&mut self, id: &Value, result: Value) {
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "result": result }));
    }

    // The end.

    /// Closes the session as an editor does, and looks whether all is told and answered.
    pub fn finish(mut self) {
        self.call("shutdown", Value::Null).unwrap();
        self.notify("exit", Value::Null);
        let code = self.exit_code();
        assert_eq!(code, 0);
        self.check();
    }

    /// As `finish`, where a run may have ended before its progress was agreed to.
    pub fn finish_without_progress(mut self) {
        self.barrier();
        self.progress.retain(|_, kinds| !kinds.is_empty());
        self.finish();
    }

    /// Lets the editor die.
    pub fn hang_up(&mut self) {
        self.writer = None;
    }

    /// Waits for the server's end; its input stays as it is.
    pub fn exit_code(&mut self) -> i32 {
        let deadline = Instant::now() + HANG;
        let server = self.server.take().unwrap();
        while !server.is_finished() {
            assert!(Instant::now() < deadline, "the server does not end:\n{}", self.log.join("\n"));
            // Whatever comes is taken, since a full pipe would hold the server up.
            if let Ok(message) = self.incoming.recv_timeout(Duration::from_millis(2)) {
                self.take(message);
            }
        }
        while let Ok(message) = self.incoming.recv_timeout(Duration::from_millis(20)) {
            self.take(message);
        }
        server.join().unwrap()
    }

    /// Everything was answered, told and read.
    pub fn check(&mut self) {
        let log = || self.log.join("\n");
        assert!(self.pending.is_empty(), "without an answer: {:?}\n{}", self.pending, log());
        assert!(self.answers.is_empty(), "unread: {:?}", self.answers);
        assert!(self.messages.is_empty(), "unread: {:?}", self.messages);
        assert!(self.held.is_empty() && self.refusals.is_empty(), "{:?} {:?}", self.held, self.refusals);
        let unseen = (&self.frozen, &self.proposals);
        assert!(self.frozen.is_empty() && self.proposals.is_empty(), "never looked at: {unseen:?}");
        for (token, kinds) in &self.progress {
            let count = |wanted: &str| kinds.iter().filter(|kind| *kind == wanted).count();
            assert_eq!((count("begin"), count("end")), (1, 1), "{token}: {kinds:?}\n{}", log());
            assert_eq!((kinds[0].as_str(), kinds[kinds.len() - 1].as_str()), ("begin", "end"), "{token}");
        }
    }
}

fn read_frame(reader: &mut impl BufRead) -> Option<Value> {
    let mut length = None;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end().split_once(": ") {
            Some(("Content-Length", value)) => length = value.parse::<usize>().ok(),
            Some(_) => {}
            None => break,
        }
    }
    let mut body = vec![0; length?];
    reader.read_exact(&mut body).ok()?;
    Some(serde_json::from_slice(&body).unwrap())
}
