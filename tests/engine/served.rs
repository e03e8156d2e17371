//! The whole chain: a client, the server, and the engine that is the server's child.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

const HANG: Duration = Duration::from_secs(60);

/// How the end of a session comes about.
#[derive(Clone, Copy, Debug)]
pub enum End {
    /// The client shuts the server down.
    Exit,
    /// The client dies, and with it its end of the pipe.
    Pipe,
    /// The client dies, and somebody else holds the pipe.
    Client,
    /// The server is killed.
    Killed,
}

pub struct Session {
    server: Child,
    /// What the server is told is its client.
    client: Child,
    home: PathBuf,
}

impl Session {
    /// A server with this model as its only one, at work on a draft.
    pub fn at_work(model: &Path, name: &str) -> Self {
        let home = std::env::temp_dir().join(format!("redraft-served-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&home).expect("a folder");
        let config = home.join("config.toml");
        let text = format!(
            "default_model = \"small\"\n[[model]]\nname = \"small\"\nprovider = \"embedded\"\npath = {model:?}\n"
        );
        std::fs::write(&config, text).expect("written");
        let server = Command::new(env!("CARGO_BIN_EXE_redraft"))
            .arg("serve")
            .env("REDRAFT_CONFIG", &config)
            .env("REDRAFT_STATE_DIR", home.join("state"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the server starts");
        let client = Command::new("sleep").arg("600").spawn().expect("a process");
        let mut session = Self { server, client, home };
        let mut output = session.server.stdout.take().expect("piped");
        std::thread::spawn(move || {
            let mut sink = [0; 4096];
            while output.read(&mut sink).is_ok_and(|read| read > 0) {}
        });
        session.greet();
        session
    }

    fn greet(&mut self) {
        let uri = "file:///project/a.py";
        let text = format!("{}def f(x):\n    pass\n", "# The quick brown fox.\n".repeat(200));
        let at = json!({ "line": 201, "character": 4 });
        let argument =
            json!({ "action": "implement", "uri": uri, "version": 1, "range": { "start": at, "end": at } });
        let document = json!({ "uri": uri, "languageId": "python", "version": 1, "text": text });
        let client = self.client.id();
        self.send(Some(1), "initialize", json!({ "processId": client, "capabilities": {} }));
        self.send(None, "initialized", json!({}));
        self.send(None, "textDocument/didOpen", json!({ "textDocument": document }));
        let command = json!({ "command": "redraft.run", "arguments": [argument] });
        self.send(Some(2), "workspace/executeCommand", command);
    }

    fn send(&mut self, id: Option<u32>, method: &str, params: Value) {
        let mut message = json!({ "jsonrpc": "2.0", "method": method, "params": params });
        if let Some(id) = id {
            message["id"] = json!(id);
        }
        let body = message.to_string();
        let input = self.server.stdin.as_mut().expect("open");
        write!(input, "Content-Length: {}\r\n\r\n{body}", body.len()).expect("it reads");
    }

    /// The engine, once it has started.
    pub fn engine(&self) -> u32 {
        let since = Instant::now();
        loop {
            if let Some(engine) = child_of(self.server.id()) {
                return engine;
            }
            assert!(since.elapsed() < HANG, "no engine starts");
            std::thread::yield_now();
        }
    }

    /// Ends the session; returns how long server and engine live on.
    pub fn end(mut self, how: End, engine: u32) -> Duration {
        let since = Instant::now();
        match how {
            End::Exit => {
                self.send(Some(3), "shutdown", Value::Null);
                self.send(None, "exit", Value::Null);
            }
            End::Pipe => self.server.stdin = None,
            End::Client => {
                self.client.kill().expect("it lives");
                self.client.wait().expect("it ends");
            }
            End::Killed => self.server.kill().expect("it lives"),
        }
        while self.server.try_wait().expect("our child").is_none() || lives(engine) {
            assert!(since.elapsed() < HANG, "{how:?}: they live on");
            std::thread::yield_now();
        }
        since.elapsed()
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        for child in [&mut self.server, &mut self.client] {
            let _ended = child.kill();
            let _ended = child.wait();
        }
        let _gone = std::fs::remove_dir_all(&self.home);
    }
}

/// What the kernel says of a process: its state and its parent.
fn stat(id: &str) -> Option<(String, u32)> {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // The name stands in parentheses, and may hold anything.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    Some((fields.next()?.to_owned(), fields.next()?.parse().ok()?))
}

fn child_of(parent: u32) -> Option<u32> {
    let ids =
        std::fs::read_dir("/proc").ok()?.flatten().filter_map(|entry| entry.file_name().into_string().ok());
    ids.filter(|id| stat(id).is_some_and(|(_, of)| of == parent)).find_map(|id| id.parse().ok())
}

/// Whether it runs; one that is dead and not buried does not.
fn lives(id: u32) -> bool {
    stat(&id.to_string()).is_some_and(|(state, _)| state != "Z" && state != "X")
}
