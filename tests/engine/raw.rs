//! The engine process and its pipes.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};

use redraft::model::engine::frames::{FromChild, ToChild, encode};

pub struct Raw {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
}

impl Raw {
    pub fn start() -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_redraft"))
            .arg("engine")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the engine starts");
        let stdin = child.stdin.take();
        let stdout = BufReader::new(child.stdout.take().expect("piped"));
        Self { child, stdin, stdout }
    }

    pub fn load(&mut self, model: &Path) {
        self.send(&ToChild::Load { path: model.into(), context: 8192, threads: 1 });
    }

    pub fn send(&mut self, frame: &ToChild) {
        self.write(&encode(frame).expect("a plain frame"));
    }

    pub fn write(&mut self, bytes: &[u8]) {
        self.stdin.as_mut().expect("open").write_all(bytes).expect("it reads");
    }

    pub fn next(&mut self) -> FromChild {
        let mut line = String::new();
        self.stdout.read_line(&mut line).expect("text");
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"))
    }

    /// Closes its input, and waits.
    pub fn end(mut self) -> ExitStatus {
        self.stdin = None;
        self.child.wait().expect("it ends")
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
