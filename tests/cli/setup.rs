//! A folder with files and a configuration whose model is a scripted server, and the real program run in it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::{Child, ChildStderr, Command};

use super::fault_server::{Act, FaultServer};

/// What the scripted server must be sent, and nobody may be shown.
pub const KEY: &str = "sk-test-0123456789";

const HEAD: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";

/// A stream's beginning with this text.
pub fn begin(text: &str) -> Act {
    Act::send(&format!("{HEAD}{}", delta(text)))
}

/// A stream's end with this text before it.
pub fn end(text: &str) -> Act {
    let done = r#"data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#;
    Act::send(&format!("{}{done}\n\ndata: [DONE]\n\n", delta(text)))
}

/// The script of a whole answer.
pub fn says(text: &str) -> Vec<Act> {
    vec![begin(text), end("")]
}

fn delta(text: &str) -> String {
    let chunk = serde_json::json!({"choices": [{"index": 0, "delta": {"content": text}}]});
    format!("data: {chunk}\n\n")
}

/// An answer without a stream: a status line and a body.
pub fn refuses(status: &str, body: &str) -> Vec<Act> {
    let length = body.len();
    let head = format!("HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n");
    vec![Act::send(&format!("{head}connection: close\r\n\r\n{body}"))]
}

/// A folder of its own, gone with the value.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("redraft-cli-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// With a configuration that has one model, at this origin.
    pub fn with_model(origin: &str) -> Self {
        let folder = Self::new();
        let provider = format!(
            "[[provider]]\nname = \"testing\"\nkind = \"openai\"\nbase_url = \"{origin}/v1\"\napi_key_env = \"TEST_KEY\"\n"
        );
        let model = "[[model]]\nname = \"fast\"\nprovider = \"testing\"\nid = \"coder-1\"\n";
        folder.write("config.toml", format!("default_model = \"fast\"\n{provider}{model}"));
        folder
    }

    /// With a server that follows these scripts.
    pub async fn with_server(scripts: Vec<Vec<Act>>) -> (Self, FaultServer) {
        let server = FaultServer::start(scripts).await;
        (Self::with_model(&server.origin()), server)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        std::fs::create_dir_all(self.path(name).parent().unwrap()).unwrap();
        std::fs::write(self.path(name), content).unwrap();
    }

    pub fn read(&self, name: &str) -> String {
        String::from_utf8(std::fs::read(self.path(name)).unwrap()).unwrap()
    }

    /// All files with their bytes: what must be as before when nothing may be written.
    pub fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let entries = std::fs::read_dir(&self.0).unwrap().map(|entry| entry.unwrap().path());
        entries
            .filter(|path| path.is_file())
            .map(|path| (path.clone(), std::fs::read(path).unwrap()))
            .collect()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_redraft"));
        command.args(arguments).current_dir(&self.0).stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        for proxy in ["http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"] {
            command.env_remove(proxy);
        }
        command.env_remove("REDRAFT_LOG").env("TEST_KEY", KEY).env("TEST_BLANK", " ");
        command.env("REDRAFT_STATE_DIR", self.path("state"));
        match self.path("config.toml") {
            config if config.is_file() => command.env("REDRAFT_CONFIG", config),
            // The one of whoever runs the tests must not matter.
            _ => command.env_remove("REDRAFT_CONFIG").env("XDG_CONFIG_HOME", self.path("none")),
        };
        command
    }

    pub async fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(arguments, self.command(arguments).output().await.unwrap())
    }

    /// The same with its standard output in a file of this name.
    pub async fn run_into(&self, name: &str, arguments: &[&str]) -> Ran {
        let file = std::fs::File::create(self.path(name)).unwrap();
        let child = self.command(arguments).stdout(file).spawn().unwrap();
        Ran::of(arguments, child.wait_with_output().await.unwrap())
    }

    /// Starts the program.
    pub fn spawn(&self, arguments: &[&str]) -> Running {
        let mut child = self.command(arguments).spawn().unwrap();
        let told = BufReader::new(child.stderr.take().unwrap());
        Running { child, told }
    }

    /// Starts the program, and returns when it has told that the model writes.
    pub async fn start(&self, arguments: &[&str]) -> Running {
        let Running { child, mut told } = self.spawn(arguments);
        let mut line = String::new();
        while !line.contains("redraft: writing") {
            line.clear();
            assert_ne!(told.read_line(&mut line).await.unwrap(), 0, "it ended before it wrote");
        }
        Running { child, told }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What is left in the system's temporary folder harms nobody.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A run that is under way.
pub struct Running {
    pub child: Child,
    told: BufReader<ChildStderr>,
}

impl Running {
    /// What Ctrl-C at a terminal sends.
    pub fn interrupt(&self) {
        self.signal("INT");
    }

    pub fn signal(&self, name: &str) {
        let id = self.child.id().unwrap().to_string();
        let kill = std::process::Command::new("kill").args([&format!("-{name}"), &id]).status();
        assert!(kill.unwrap().success());
    }

    pub async fn end(mut self) -> Ran {
        let mut error = String::new();
        self.told.read_to_string(&mut error).await.unwrap();
        let mut output = String::new();
        if let Some(mut stdout) = self.child.stdout.take() {
            stdout.read_to_string(&mut output).await.unwrap();
        }
        let code = self.child.wait().await.unwrap().code();
        Ran { code, output, error }
    }
}

/// How it ended.
#[derive(Debug)]
pub struct Ran {
    pub code: Option<i32>,
    pub output: String,
    pub error: String,
}

impl Ran {
    fn of(arguments: &[&str], output: Output) -> Self {
        let [out, error] = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
        assert!(!error.contains("panicked"), "{arguments:?}: {error}");
        Self { code: output.status.code(), output: out, error }
    }

    /// It ended with this code, and said all of this on standard error; never the key.
    pub fn expect(&self, code: i32, fragments: &[&str]) {
        assert_eq!(self.code, Some(code), "{self:?}");
        for fragment in fragments {
            assert!(self.error.contains(fragment), "no {fragment:?} in {self:?}");
        }
        assert!(!self.error.contains(KEY) && !self.output.contains(KEY), "the key is shown: {self:?}");
    }
}

/// A file's bytes as a person reads them in a failed test.
pub fn shown(path: &Path) -> String {
    format!("{:?}", String::from_utf8_lossy(&std::fs::read(path).unwrap()))
}
