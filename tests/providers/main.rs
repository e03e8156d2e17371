//! Hosted providers against a server with every fault of a real one: each has one defined outcome, and none hangs, leaks a
//! key, or leaves the answers of two attempts joined.

#![expect(clippy::unwrap_used, reason = "in a test, a panic is the report")]

mod answers;
#[path = "../support/fault_server.rs"]
mod fault_server;
mod faults;
mod retries;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use fault_server::{Act, FLOOD_BYTES, FaultServer, nobody};
use redraft::model::address::BaseUrl;
use redraft::model::ask::{Retries, Watch, ask};
use redraft::model::provider::hosted;
use redraft::model::provider::http::{Deadlines, Http};
use redraft::model::spec::{KeySource, ModelSource, ModelSpec, ProviderSpec, Wire};
use redraft::model::{
    Answer, ErrorKind, Finish, MicroUsd, ModelError, Provider, Request, Role, Tokens, Turn, Usage,
};
use secrecy::SecretString;
use tokio::sync::{Semaphore, mpsc};

const KEY: &str = "sk-test-key-0123456789";
const SSE: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";
/// No outcome takes longer; one that does hangs.
const HANG: Duration = Duration::from_secs(20);

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    OpenAi,
    Anthropic,
}

use Kind::{Anthropic, OpenAi};

fn provider(kind: Kind, origin: &str, deadlines: Deadlines) -> Arc<dyn Provider> {
    let base_url = BaseUrl::parse(&format!("{origin}/v1")).unwrap();
    let key = KeySource::Env("TEST_KEY".to_owned());
    let wire = match kind {
        OpenAi => Wire::OpenAi { base_url, key },
        Anthropic => Wire::Anthropic { base_url, key },
    };
    let spec = ProviderSpec { name: "testing".to_owned(), wire, is_local: None };
    let model = ModelSpec {
        name: "fast".to_owned(),
        provider: "testing".to_owned(),
        source: ModelSource::Id("coder-1".to_owned()),
        price: None,
        max_tokens: None,
        context_window: None,
        abilities: redraft::model::spec::Abilities::default(),
        pace: None,
    };
    let http = Http::new(deadlines, |name| (name == "TEST_KEY").then(|| SecretString::from(KEY)));
    hosted(&spec, &model, &http).unwrap()
}

/// Long enough that only what is broken meets them.
fn patient() -> Deadlines {
    Deadlines { trailer: Duration::from_secs(10), ..Deadlines::default() }
}

/// Short enough that a test which is about time does not take any.
const SHORT: Duration = Duration::from_millis(120);

fn request() -> Request {
    Request {
        system: "Write code.".to_owned(),
        turns: vec![Turn { role: Role::User, text: "def f():".to_owned() }],
        prefill: None,
        fill: None,
        max_tokens: Tokens(256),
        temperature: Some(0.0),
        stop: Vec::new(),
    }
}

/// Runs a call with a reader, and returns its outcome and the text that reached the reader.
async fn collect<F>(call: impl FnOnce(mpsc::Sender<String>) -> F) -> (Result<Answer, ModelError>, String)
where
    F: Future<Output = Result<Answer, ModelError>>,
{
    let (sender, mut deltas) = mpsc::channel::<String>(4);
    let reader = tokio::spawn(async move {
        let mut text = String::new();
        while let Some(delta) = deltas.recv().await {
            text.push_str(&delta);
        }
        text
    });
    let outcome = tokio::time::timeout(HANG, call(sender)).await.expect("the call hangs");
    (outcome, reader.await.unwrap())
}

async fn call(kind: Kind, origin: &str, deadlines: Deadlines) -> (Result<Answer, ModelError>, String) {
    let provider = provider(kind, origin, deadlines);
    collect(|deltas| provider.ask(request(), deltas)).await
}

#[track_caller]
fn check_error(error: &ModelError, origin: &str, kind: ErrorKind, fragment: &str) {
    let message = &error.message;
    assert_eq!(error.kind, kind, "{message}");
    assert!(message.contains(fragment), "{fragment:?} is not in: {message}");
    assert!(message.starts_with(&format!("testing ({origin}): ")), "{message}");
    assert!(!message.contains(KEY) && !message.contains("def f"), "{message}");
    assert!(message.chars().count() < 700 && !message.contains(char::is_control), "{message}");
}

/// The one outcome of a fault: its kind, a piece of its message, and the text that was out before it.
async fn check(kind: Kind, script: Vec<Act>, deadlines: Deadlines, expect: (ErrorKind, &str, &str)) {
    let server = FaultServer::start(vec![script.clone()]).await;
    let (outcome, text) = call(kind, &server.origin(), deadlines).await;
    let error = outcome.expect_err(&format!("{script:?}"));
    check_error(&error, &server.origin(), expect.0, expect.1);
    assert_eq!(text, expect.2, "{error}");
    assert_eq!(server.requests().len(), 1, "a provider never asks twice: {error}");
}

fn chunk(text: &str) -> String {
    format!("data: {}\n\n", serde_json::json!({"choices": [{"delta": {"content": text}}]}))
}

fn block(text: &str) -> String {
    let data =
        serde_json::json!({"type": "content_block_delta", "delta": {"type": "text_delta", "text": text}});
    format!("event: content_block_delta\ndata: {data}\n\n")
}

const OPENAI_END: &str = concat!(
    "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n",
    "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":11,\"completion_tokens\":5,\"cost\":0.000002,",
    "\"prompt_tokens_details\":{\"cached_tokens\":8}}}\n\n",
    "data: [DONE]\n\n"
);

const ANTHROPIC_END: &str = concat!(
    "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"max_tokens\"},",
    "\"usage\":{\"output_tokens\":5}}\n\n",
    "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"
);

fn openai_answer() -> String {
    [": PROCESSING\n\n", &chunk("return "), &chunk("\"é𝄞\"\n"), OPENAI_END].concat()
}

fn anthropic_answer() -> String {
    let start = "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":3,\
                 \"cache_read_input_tokens\":8,\"output_tokens\":1}}}\n\nevent: ping\ndata: {\"type\": \"ping\"}\n\n";
    [start, &block("return "), &block("\"é𝄞\"\n"), ANTHROPIC_END].concat()
}

fn status(line: &str, headers: &str, body: &str) -> Vec<Act> {
    let length = body.len();
    vec![Act::send(&format!(
        "HTTP/1.1 {line}\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n{body}"
    ))]
}

fn stream(text: &str) -> Vec<Act> {
    vec![Act::send(SSE), Act::send(text)]
}
