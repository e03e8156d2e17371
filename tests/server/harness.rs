//! A model editor: it speaks the protocol with a server in memory (or a process), keeps documents, applies the server's edits
//! as it was told to, and records everything. It fails on a second answer, on one that never comes, on a message left
//! unread, on an edit that is not exact, and on two edits in flight at once. It never sleeps: it waits for messages.

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

use crate::document::{Document, Encoding, clamped, range_out};

/// What takes longer hangs; nothing that is right comes near it.
pub const HANG: Duration = Duration::from_secs(20);
pub const URI: &str = "file:///project/shapes.py";

/// What the editor does with one edit of the server's.
#[derive(Clone, Debug)]
pub enum Manner {
    /// Checks the version, applies or refuses, and tells the truth: the change first, then the answer.
    Honest,
    /// Refuses it.
    Refuses,
    /// Drops it and answers that it was applied, for its user has typed a space just before the needle and it tells that next
    /// (Neovim, with a stale one).
    Drops(&'static str),
    /// Applies it and never answers.
    Mute,
    /// Neither applies nor answers.
    Ignores,
    /// The same, and its user types a space just before the needle, which it tells.
    IgnoresAndTypes(&'static str),
    /// Its user types this at the place of the needle just before; checks the version and answers true whatever happened, and
    /// tells all at once.
    TypesFirst { before: &'static str, text: &'static str },
    /// The same, but the edit is applied though it is stale (its range is of another text); told one by one.
    AppliesStale { before: &'static str, text: &'static str },
    /// Applies it, and its user types this in the same notification.
    Merges { before: &'static str, text: &'static str },
    /// The same where it is of the text that the editor has; refuses it elsewhere.
    MergesOrRefuses { before: &'static str, text: &'static str },
    /// Leaves it to the test.
    Holds,
    /// Is busy, and looks at it once it thaws; others may come meanwhile.
    Freezes,
}

pub struct Client {
    writer: Option<Box<dyn Write + Send>>,
    incoming: Receiver<Value>,
    server: Option<JoinHandle<i32>>,
    pub encoding: Encoding,
    pub documents: BTreeMap<String, Document>,
    next_id: i64,
    pending: BTreeSet<i64>,
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

    pub fn open(&mut self, uri: &str, text: &str) {
        self.open_as(uri, "python", text);
    }

    pub fn open_as(&mut self, uri: &str, language: &str, text: &str) {
        self.documents.insert(uri.to_owned(), Document::new(text, 1));
        let document = json!({ "uri": uri, "languageId": language, "version": 1, "text": text });
        self.notify("textDocument/didOpen", json!({ "textDocument": document }));
    }

    pub fn close(&mut self, uri: &str) {
        self.documents.remove(uri);
        self.notify("textDocument/didClose", json!({ "textDocument": { "uri": uri } }));
    }

    /// The user types `text` before the only `needle`, and the editor tells at once.
    pub fn type_before(&mut self, needle: &str, text: &str) {
        let at = self.find(needle);
        self.change(at..at, text);
    }

    pub fn type_after(&mut self, needle: &str, text: &str) {
        let at = self.find(needle) + needle.len();
        self.change(at..at, text);
    }

    pub fn change(&mut self, range: std::ops::Range<usize>, text: &str) {
        let encoding = self.encoding;
        self.document().change(range, text, encoding);
        self.tell(URI);
    }

    /// Tells the changes that were not told yet as one notification.
    pub fn tell(&mut self, uri: &str) {
        let document = self.documents.get_mut(uri).unwrap();
        let changes = std::mem::take(&mut document.untold);
        let identifier = json!({ "uri": uri, "version": document.version });
        if !changes.is_empty() {
            self.notify(
                "textDocument/didChange",
                json!({ "textDocument": identifier, "contentChanges": changes }),
            );
        }
    }

    pub fn document(&mut self) -> &mut Document {
        self.documents.get_mut(URI).unwrap()
    }

    pub fn text(&self) -> &str {
        &self.documents[URI].text
    }

    pub fn find(&self, needle: &str) -> usize {
        let text = self.text();
        assert_eq!(text.matches(needle).count(), 1, "{needle:?} in {text:?}");
        text.find(needle).unwrap()
    }

    pub fn range(&self, range: std::ops::Range<usize>) -> Value {
        range_out(self.text(), &range, self.encoding)
    }

    // Actions and runs.

    pub fn actions_in(&mut self, range: Value, context: Value) -> Vec<Value> {
        let params = json!({ "textDocument": { "uri": URI }, "range": range, "context": context });
        let actions = self.call("textDocument/codeAction", params).unwrap();
        actions.as_array().unwrap().clone()
    }

    /// All actions at the place of `needle`.
    pub fn actions(&mut self, needle: &str) -> Vec<Value> {
        let at = self.find(needle);
        self.actions_in(self.range(at..at), json!({ "diagnostics": [] }))
    }

    pub fn execute(&mut self, command: &str, argument: Value) -> Result<Value, Value> {
        self.call("workspace/executeCommand", json!({ "command": command, "arguments": [argument] }))
    }

    /// What `redraft.run` takes, at the place of `needle`.
    pub fn argument(&self, action: &str, needle: &str) -> Value {
        let at = self.find(needle);
        json!({ "action": action, "uri": URI, "version": self.documents[URI].version, "range": self.range(at..at) })
    }

    /// The same in another document.
    pub fn argument_in(&self, uri: &str, action: &str, needle: &str) -> Value {
        let document = &self.documents[uri];
        let at = document.text.find(needle).unwrap();
        let range = range_out(&document.text, &(at..at), self.encoding);
        json!({ "action": action, "uri": uri, "version": document.version, "range": range })
    }

    /// Begins the run of an action in another document; returns its name.
    pub fn run_in(&mut self, uri: &str, action: &str, needle: &str) -> String {
        let argument = self.argument_in(uri, action, needle);
        let answer = self.execute("redraft.run", argument).unwrap();
        answer["run"].as_str().unwrap().to_owned()
    }

    pub fn text_of(&self, uri: &str) -> &str {
        &self.documents[uri].text
    }

    pub fn change_in(&mut self, uri: &str, range: std::ops::Range<usize>, text: &str) {
        let encoding = self.encoding;
        self.documents.get_mut(uri).unwrap().change(range, text, encoding);
        self.tell(uri);
    }

    /// Begins the run of an action at `needle`; returns its name.
    pub fn run(&mut self, action: &str, needle: &str) -> String {
        let argument = self.argument(action, needle);
        let answer = self.execute("redraft.run", argument).unwrap();
        answer["run"].as_str().unwrap().to_owned()
    }

    pub fn command(&mut self, command: &str, run: &str) {
        assert_eq!(self.execute(command, json!({ "run": run })).unwrap(), json!({ "run": run }));
    }

    pub fn states(&self, run: &str) -> Vec<&str> {
        self.statuses
            .iter()
            .filter(|status| status["run"] == run)
            .map(|status| status["state"].as_str().unwrap())
            .collect()
    }

    /// Waits until the run is there; returns what the status says for a person.
    pub fn until_state(&mut self, run: &str, state: &str) -> String {
        self.until(state, |client| client.states(run).last() == Some(&state));
        let last = self.statuses.iter().rev().find(|status| status["run"] == run).unwrap();
        last["message"].as_str().unwrap_or_default().to_owned()
    }

    pub fn until_text(&mut self, needle: &str) {
        self.until(needle, |client| client.text().contains(needle));
    }

    /// Everything that was told so far has been taken in.
    pub fn barrier(&mut self) {
        let range = json!({ "start": { "line": 0, "character": 0 }, "end": { "line": 0, "character": 0 } });
        let params = json!({ "textDocument": { "uri": "file:///none" }, "range": range, "context": {} });
        self.call("textDocument/codeAction", params).unwrap();
    }

    /// What the user was shown next.
    pub fn message(&mut self) -> (u64, String) {
        self.until("a message", |client| !client.messages.is_empty());
        self.messages.pop_front().unwrap()
    }

    #[track_caller]
    pub fn shows(&mut self, kind: u64, fragment: &str) {
        let (shown, text) = self.message();
        assert!(shown == kind && text.contains(fragment), "{fragment:?} is not in {shown}: {text:?}");
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
                // A client knows a run, and where it is, before the run tells anything.
                let is_of = |status: &Value| {
                    status["run"] == message["result"]["run"] && status["state"] != "gathering"
                };
                let is_late = message["result"].get("regions").is_some() && self.statuses.iter().any(is_of);
                assert!(!is_late, "the run told something before its command was answered: {message}");
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

    fn apply(&mut self, message: Value) {
        let edit = &message["params"]["edit"];
        assert!(edit.get("changes").is_none(), "an edit without a version: {message}");
        let changes = edit["documentChanges"].as_array().unwrap();
        if changes.iter().any(|change| change["textDocument"]["version"].is_null()) {
            self.edits.push(message.clone());
            self.proposals.push_back(message);
            return;
        }
        assert_eq!(changes.len(), 1, "one document: {message}");
        assert!(changes[0]["textDocument"]["version"].is_i64(), "{message}");
        assert!(message["params"].get("label").is_none(), "a label stops some editors: {message}");
        assert!(self.held.is_empty(), "a second edit in flight: {message}");
        self.edits.push(message.clone());
        let manner = self.manners.pop_front().unwrap_or(Manner::Honest);
        self.handle(message, manner);
    }

    /// Handles an edit that the test held.
    pub fn release(&mut self, manner: Manner) {
        let message = self.held.pop_front().unwrap();
        self.handle(message, manner);
    }

    /// The editor looks at all that it was sent while it was busy.
    pub fn thaw(&mut self, manner: &Manner) {
        self.manners.clear();
        for message in std::mem::take(&mut self.frozen) {
            self.handle(message, manner.clone());
        }
    }

    fn handle(&mut self, message: Value, manner: Manner) {
        let change = message["params"]["edit"]["documentChanges"][0].clone();
        let uri = change["textDocument"]["uri"].as_str().unwrap().to_owned();
        let version = i32::try_from(change["textDocument"]["version"].as_i64().unwrap()).unwrap();
        let edits = change["edits"].as_array().unwrap().clone();
        let (id, encoding) = (message["id"].clone(), self.encoding);
        let is_current = self.documents.get(&uri).is_some_and(|document| document.version == version);
        let apply = |client: &mut Self| client.documents.get_mut(&uri).unwrap().apply(&edits, encoding);
        let answer = |client: &mut Self, applied: bool| client.respond(&id, json!({ "applied": applied }));
        match manner {
            Manner::Honest => {
                if is_current {
                    apply(self);
                    self.tell(&uri);
                }
                answer(self, is_current);
            }
            Manner::Refuses => answer(self, false),
            Manner::Drops(before) => {
                self.untold(before, " ");
                answer(self, true);
                self.tell(&uri);
            }
            Manner::Mute => {
                assert!(is_current, "stale");
                apply(self);
                self.tell(&uri);
            }
            Manner::Ignores => {}
            Manner::IgnoresAndTypes(before) => {
                self.untold(before, " ");
                self.tell(&uri);
            }
            Manner::TypesFirst { before, text } => {
                self.untold(before, text);
                answer(self, true);
                self.tell(&uri);
            }
            Manner::AppliesStale { before, text } => {
                self.untold(before, text);
                self.tell(&uri);
                let mut edits = edits.clone();
                for edit in &mut edits {
                    edit["range"] = clamped(&self.documents[&uri].text, &edit["range"], encoding);
                }
                self.documents.get_mut(&uri).unwrap().apply(&edits, encoding);
                self.tell(&uri);
                answer(self, true);
            }
            Manner::MergesOrRefuses { .. } if !is_current => answer(self, false),
            Manner::Merges { before, text } | Manner::MergesOrRefuses { before, text } => {
                assert!(is_current, "stale");
                apply(self);
                self.untold(before, text);
                self.tell(&uri);
                answer(self, true);
            }
            Manner::Holds => self.held.push_back(message),
            Manner::Freezes => self.frozen.push_back(message),
        }
    }

    /// The user types, and the editor does not tell yet.
    pub fn untold(&mut self, before: &str, text: &str) {
        let at = self.find(before);
        let encoding = self.encoding;
        self.document().change(at..at, text, encoding);
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
