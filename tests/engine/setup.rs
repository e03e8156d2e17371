//! The model, the engine by way of its provider, and the engine by way of its frames.

use std::path::{Path, PathBuf};
use std::process::ExitStatus;

use redraft::model::engine::frames::{FromChild, Question, Said, ToChild};
use redraft::model::engine::{EmbeddedProvider, EngineOptions};
use redraft::model::store::catalogue;
use redraft::model::{Answer, ModelError, Provider, Request, Role, Tokens, Turn};
use tokio::sync::mpsc;

use super::raw::Raw;

/// The small model's file. `None`: the test is skipped, and says so.
pub fn model() -> Option<PathBuf> {
    let entry = catalogue::find("smollm2-135m").expect("it is in the catalogue");
    let folder = std::env::var_os("REDRAFT_TEST_MODEL_DIR").map(PathBuf::from);
    let folder = folder.or_else(|| Some(Path::new(&std::env::var_os("REDRAFT_STATE_DIR")?).join("models")));
    let file = folder.map(|folder| folder.join(entry.file)).filter(|file| file.is_file());
    if file.is_none() {
        let how =
            "run `redraft models pull smollm2-135m`, and set REDRAFT_STATE_DIR or REDRAFT_TEST_MODEL_DIR";
        assert!(
            std::env::var_os("REDRAFT_REQUIRE_MODEL").is_none_or(|value| value != "1"),
            "no {}: {how}",
            entry.file
        );
        println!("skipped: no {}; {how}", entry.file);
    }
    file
}

pub fn options(model: &Path) -> EngineOptions {
    let command = Some(vec![env!("CARGO_BIN_EXE_redraft").into(), "engine".into()]);
    // One thread: tests run side by side, and threads of one engine would spin while they wait for each other.
    EngineOptions { command, threads: Some(1), window: Tokens(8192), ..EngineOptions::new(model.into()) }
}

pub fn engine(model: &Path) -> EmbeddedProvider {
    EmbeddedProvider::new(options(model))
}

pub fn request(text: &str) -> Request {
    Request {
        system: "You are helpful.".into(),
        turns: vec![Turn { role: Role::User, text: text.into() }],
        prefill: None,
        fill: None,
        max_tokens: Tokens(48),
        temperature: Some(0.0),
        stop: vec![],
    }
}

/// The answer and its pieces.
pub async fn ask(engine: &EmbeddedProvider, request: Request) -> (Result<Answer, ModelError>, Vec<String>) {
    let (deltas, mut texts) = mpsc::channel(8);
    let call = tokio::spawn(engine.ask(request, deltas));
    let mut pieces = Vec::new();
    while let Some(text) = texts.recv().await {
        pieces.push(text);
    }
    (call.await.expect("no panic"), pieces)
}

/// Waits until there is no process.
pub async fn ended(engine: &EmbeddedProvider) {
    engine.process().wait_for(Option::is_none).await.expect("the provider lives");
}

pub fn kill(id: u32) {
    let killed =
        std::process::Command::new("kill").args(["-9", &id.to_string()]).status().expect("kill runs");
    assert!(killed.success());
}

/// A loaded engine, spoken to by frames.
pub struct Talk(Raw);

impl Talk {
    pub fn start(model: &Path) -> Self {
        let mut raw = Raw::start();
        raw.load(model);
        assert!(matches!(raw.next(), FromChild::Ready { context: 8192, .. }));
        Self(raw)
    }

    pub fn ask(&mut self, id: u64, text: &str) {
        let question = Question {
            system: "You are helpful.".into(),
            turns: vec![Said { assistant: false, text: text.into() }],
            prefill: None,
            fill: None,
            max_tokens: 500,
            temperature: None,
            stop: vec!["\n".into()],
        };
        self.0.send(&ToChild::Ask { id, request: question });
    }

    pub fn cancel(&mut self, id: u64) {
        self.0.send(&ToChild::Cancel { id });
    }

    /// Asks, and waits for the whole answer: its text, and how much of the prompt was cached.
    pub fn answer(&mut self, id: u64, text: &str) -> (String, u32) {
        self.ask(id, text);
        let mut whole = String::new();
        loop {
            match self.next() {
                FromChild::Delta { id: of, text } if of == id => whole += &text,
                FromChild::Done { id: of, cached, .. } if of == id => return (whole, cached),
                other => panic!("{other:?}"),
            }
        }
    }

    pub fn next(&mut self) -> FromChild {
        self.0.next()
    }

    pub fn write(&mut self, bytes: &[u8]) {
        self.0.write(bytes);
    }

    pub fn end(self) -> ExitStatus {
        self.0.end()
    }
}
