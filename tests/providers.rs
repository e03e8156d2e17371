//! Hosted providers against a server with every fault of a real one: each has one defined outcome, and none hangs, leaks a
//! key, or leaves the answers of two attempts joined.

#[path = "support/fault_server.rs"]
mod fault_server;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use fault_server::{Act, FLOOD_BYTES, FaultServer, nobody};
use redraft::model::address::BaseUrl;
use redraft::model::ask::{Retries, ask};
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
    let spec = ProviderSpec { name: "testing".to_owned(), wire };
    let model = ModelSpec {
        name: "fast".to_owned(),
        provider: "testing".to_owned(),
        source: ModelSource::Id("coder-1".to_owned()),
        price: None,
        max_tokens: None,
        context_window: None,
    };
    let http = Http::new(deadlines, |name| (name == "TEST_KEY").then(|| SecretString::from(KEY)));
    hosted(&spec, &model, &http).unwrap()
}

/// Long enough that only what is broken meets them.
fn patient() -> Deadlines {
    Deadlines { trailer: Duration::from_secs(10), ..Deadlines::default() }
}

/// Short enough that a test which is about time does not take any.
fn hasty() -> Deadlines {
    let short = Duration::from_millis(120);
    Deadlines { first_token: short, between_tokens: short, trailer: short, ..Deadlines::default() }
}

fn request() -> Request {
    Request {
        system: "Write code.".to_owned(),
        turns: vec![Turn { role: Role::User, text: "def f():".to_owned() }],
        prefill: None,
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

#[tokio::test]
async fn a_whole_answer_comes_with_its_usage() {
    let usage = |cost| Usage { prompt: Tokens(11), cached: Tokens(8), completion: Tokens(5), cost };
    let openai = Answer { finish: Finish::Stop, usage: usage(Some(MicroUsd(2))) };
    let anthropic = Answer { finish: Finish::Length, usage: usage(None) };
    for (kind, answer, expect, path, auth) in [
        (OpenAi, openai_answer(), openai, "/v1/chat/completions", format!("authorization: Bearer {KEY}")),
        (Anthropic, anthropic_answer(), anthropic, "/v1/messages", format!("x-api-key: {KEY}")),
    ] {
        // In one piece, and one byte after the other.
        for send in [Act::Send as fn(_) -> _, Act::Drip as fn(_) -> _] {
            let server =
                FaultServer::start(vec![vec![Act::send(SSE), send(answer.clone().into_bytes())]]).await;
            let (outcome, text) = call(kind, &server.origin(), patient()).await;
            assert_eq!(outcome.as_ref(), Ok(&expect));
            assert_eq!(text, "return \"é𝄞\"\n");
            let request = &server.requests()[0];
            assert!(request.starts_with(&format!("POST {path} HTTP/1.1\r\n")), "{request}");
            assert!(request.contains(&auth) && request.contains("\"model\":\"coder-1\""), "{request}");
        }
    }
}

#[tokio::test]
async fn an_answer_cut_at_any_byte_is_whole_or_told_to_be_cut() {
    for (kind, answer, reason) in [
        (OpenAi, openai_answer(), "\"stop\"}]}\n\n"),
        (Anthropic, anthropic_answer(), "\"output_tokens\":5}}\n\n"),
    ] {
        let complete = answer.find(reason).unwrap() + reason.len();
        for cut in 0..answer.len() {
            let script = vec![Act::send(SSE), Act::Send(answer.as_bytes()[..cut].to_vec())];
            let server = FaultServer::start(vec![script]).await;
            let (outcome, text) = call(kind, &server.origin(), patient()).await;
            assert!("return \"é𝄞\"\n".starts_with(&text), "{text}");
            assert_eq!(outcome.is_ok(), cut >= complete, "cut at {cut}: {outcome:?}");
            if let Err(error) = outcome {
                check_error(&error, &server.origin(), ErrorKind::Stream, "");
            }
        }
    }
}

#[tokio::test]
async fn connections_that_break() {
    let origin = nobody().await;
    let (outcome, _) = call(OpenAi, &origin, patient()).await;
    check_error(&outcome.unwrap_err(), &origin, ErrorKind::Connect, "connection refused");

    let before = (ErrorKind::Connect, "broke before the answer began", "");
    check(OpenAi, vec![Act::Reset], patient(), before).await;
    check(OpenAi, vec![], patient(), before).await;
    check(OpenAi, vec![Act::send("HTTP/1.1 200 OK\r\ncontent-")], patient(), before).await;
    check(OpenAi, vec![Act::send("SSH-2.0-OpenSSH_9.2\r\n")], patient(), before).await;
    check(OpenAi, vec![Act::send(SSE), Act::Reset], patient(), before).await;

    let chunked = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
    let text = chunk("x = 1\n");
    let piece = format!("{:x}\r\n{text}\r\n", text.len());
    let within = (ErrorKind::Stream, "broke in the middle of the answer", "x = 1\n");
    check(OpenAi, vec![Act::send(chunked), Act::send(&piece), Act::send("5\r\nda")], patient(), within).await;
}

#[tokio::test]
async fn a_reset_in_mid_stream_is_told_and_after_the_end_it_does_not_matter() {
    let finished = "data: {\"choices\":[{\"delta\":{\"content\":\"x\"},\"finish_reason\":\"stop\"}]}\n\n";
    for (kind, text, complete) in
        [(OpenAi, chunk("x"), false), (Anthropic, block("x"), false), (OpenAi, finished.to_owned(), true)]
    {
        // A reset can overtake what was sent before it, so it waits until the text was read.
        let gate = Arc::new(Semaphore::new(0));
        let script = vec![Act::send(SSE), Act::send(&text), Act::Await(gate.clone()), Act::Reset];
        let server = FaultServer::start(vec![script]).await;
        let provider = provider(kind, &server.origin(), patient());
        let (sender, mut deltas) = mpsc::channel(4);
        let running = tokio::spawn(async move { provider.ask(request(), sender).await });
        assert_eq!(deltas.recv().await.as_deref(), Some("x"));
        gate.add_permits(1);
        let outcome = tokio::time::timeout(HANG, running).await.expect("the call hangs").unwrap();
        assert_eq!(outcome.is_ok(), complete, "{outcome:?}");
        if let Err(error) = outcome {
            check_error(&error, &server.origin(), ErrorKind::Stream, "broke in the middle of the answer");
        }
    }
}

#[tokio::test]
async fn silence_and_pings_meet_a_deadline() {
    let first = (ErrorKind::Timeout, "no answer began within 0.12 s", "");
    let between = (ErrorKind::Timeout, "nothing came for 0.12 s", "x");
    let ping = || Act::Flood(b": ping\n\n".to_vec());
    let empty = || Act::Flood(b"data: {\"choices\":[{\"delta\":{\"content\":\"\"}}]}\n\n".to_vec());
    let anthropic_ping = || Act::Flood(b"event: ping\ndata: {\"type\":\"ping\"}\n\n".to_vec());
    for (kind, script, expect) in [
        (OpenAi, vec![Act::Silence], first),
        (OpenAi, vec![Act::send(SSE), Act::Silence], first),
        (OpenAi, vec![Act::send(SSE), ping()], first),
        (OpenAi, vec![Act::send(SSE), empty()], first),
        (OpenAi, vec![Act::send(SSE), Act::send("data: {"), Act::Silence], first),
        (
            OpenAi,
            vec![Act::send("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n{"), Act::Silence],
            first,
        ),
        (OpenAi, vec![Act::send(SSE), Act::send(&chunk("x")), Act::Silence], between),
        (OpenAi, vec![Act::send(SSE), Act::send(&chunk("x")), ping()], between),
        (Anthropic, vec![Act::send(SSE), anthropic_ping()], first),
        (Anthropic, vec![Act::send(SSE), Act::send(&block("x")), anthropic_ping()], between),
    ] {
        check(kind, script, hasty(), expect).await;
    }
    // A status is told even if its body never ends.
    let endless = vec![Act::send("HTTP/1.1 500 Oops\r\ncontent-length: 99\r\n\r\n{"), Act::Silence];
    check(OpenAi, endless, hasty(), (ErrorKind::Server, "500 Internal Server Error", "")).await;
    let whole = Deadlines { whole: Duration::from_millis(120), ..patient() };
    let reasoning = "data: {\"choices\":[{\"delta\":{\"reasoning_content\":\"hm\"}}]}\n\n";
    let script = vec![Act::send(SSE), Act::Flood(reasoning.as_bytes().to_vec())];
    check(OpenAi, script, whole, (ErrorKind::Timeout, "not complete after 0.12 s", "")).await;
}

#[tokio::test]
async fn a_finished_answer_does_not_wait_for_its_end_marker() {
    let end = "data: {\"choices\":[{\"delta\":{\"content\":\"x\"},\"finish_reason\":\"stop\"}]}\n\n";
    for after in [Act::Silence, Act::Flood(b":\n\n".to_vec())] {
        let server = FaultServer::start(vec![vec![Act::send(SSE), Act::send(end), after]]).await;
        let deadlines = Deadlines { trailer: Duration::from_millis(50), ..patient() };
        let (outcome, text) = call(OpenAi, &server.origin(), deadlines).await;
        assert_eq!((outcome.unwrap().finish, text.as_str()), (Finish::Stop, "x"));
    }
}

#[tokio::test]
async fn streams_that_are_wrong() {
    let x = chunk("x");
    let half: &[u8] = b"data: {\"choices\":[{\"delta\":{\"content\":\"\xC3\"}}]}\n\n";
    let error = "data: {\"error\":{\"message\":\"upstream died\",\"code\":502}}\n\n";
    let overloaded = "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\
                      \"message\":\"Overloaded\"}}\n\n";
    let length = "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"length\"}]}\n\ndata: [DONE]\n\n";
    for (kind, text, expect) in [
        (OpenAi, "", (ErrorKind::Stream, "sent nothing that is an answer", "")),
        (OpenAi, "data: [DONE]\n\n", (ErrorKind::Empty, "answered with nothing", "")),
        (OpenAi, length, (ErrorKind::Empty, "output limit of 256 tokens", "")),
        (OpenAi, &chunk(" \n"), (ErrorKind::Stream, "without an end marker", " \n")),
        (OpenAi, &[&chunk(" \n"), OPENAI_END].concat(), (ErrorKind::Empty, "answered with nothing", " \n")),
        (OpenAi, &x, (ErrorKind::Stream, "without an end marker", "x")),
        (OpenAi, &[&x, "data: {"].concat(), (ErrorKind::Stream, "in the middle of an event", "x")),
        (OpenAi, &[&x, "data: {nonsense}\n\n"].concat(), (ErrorKind::Stream, "not JSON", "x")),
        (OpenAi, error, (ErrorKind::Server, "\"upstream died\"", "")),
        (OpenAi, &[&x, error].concat(), (ErrorKind::Server, "\"upstream died\"", "x")),
        (Anthropic, overloaded, (ErrorKind::Overloaded, "\"Overloaded\"", "")),
        (Anthropic, &block("x"), (ErrorKind::Stream, "without an end marker", "x")),
        (Anthropic, ANTHROPIC_END, (ErrorKind::Empty, "output limit of 256 tokens", "")),
    ] {
        check(kind, stream(text), patient(), expect).await;
    }
    let script = vec![Act::send(SSE), Act::send(&x), Act::Send(half.to_vec())];
    check(OpenAi, script, patient(), (ErrorKind::Stream, "not UTF-8", "x")).await;
}

#[tokio::test]
async fn what_is_too_large_is_given_up() {
    let line = vec![Act::send(SSE), Act::send("data: "), Act::Flood(vec![b'x'; 64 * 1024])];
    let text = Act::Flood(chunk(&"x".repeat(64 * 1024)).into_bytes());
    for (script, fragment) in [(line, "larger than 8 MiB"), (vec![Act::send(SSE), text], "larger than 4 MiB")]
    {
        let mut server = FaultServer::start(vec![script]).await;
        let (outcome, text) = call(OpenAi, &server.origin(), patient()).await;
        check_error(&outcome.unwrap_err(), &server.origin(), ErrorKind::TooLarge, fragment);
        assert!(text.len() <= 4 * 1024 * 1024);
        server.ended(1).await;
        assert!(server.flooded() < FLOOD_BYTES, "the client went before the end");
    }
}

#[tokio::test]
async fn a_refusal_is_an_answer() {
    let filtered =
        "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"content_filter\"}]}\n\ndata: [DONE]\n\n";
    let refused = "data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"refusal\"}}\n\n\
                   data: {\"type\":\"message_stop\"}\n\n";
    for (kind, text) in [(OpenAi, filtered), (Anthropic, refused)] {
        let server = FaultServer::start(vec![stream(text)]).await;
        let (outcome, _) = call(kind, &server.origin(), patient()).await;
        assert_eq!(outcome.unwrap().finish, Finish::Refusal);
    }
}

#[tokio::test]
async fn each_status_has_its_outcome() {
    let error = |message: &str| format!("{{\"error\":{{\"message\":\"{message}\"}}}}");
    let long = format!("{KEY} \u{1b}[2J{}", "y".repeat(5_000));
    for (line, kind, fragment) in [
        ("400 Bad Request", ErrorKind::Rejected, "400 Bad Request: \"why\". Check the settings of the model"),
        (
            "401 Unauthorized",
            ErrorKind::Auth,
            "\"why\". Check the key from the environment variable TEST_KEY",
        ),
        ("402 Payment Required", ErrorKind::Rejected, "account's balance"),
        ("403 Forbidden", ErrorKind::Auth, "may not do this"),
        ("404 Not Found", ErrorKind::Rejected, "Check base_url and the model's id, \"coder-1\""),
        ("408 Request Timeout", ErrorKind::Server, "408 Request Timeout"),
        ("409 Conflict", ErrorKind::Server, "409 Conflict"),
        ("413 Payload Too Large", ErrorKind::Rejected, "larger than the server takes"),
        ("422 Unprocessable Entity", ErrorKind::Rejected, "422"),
        ("429 Too Many Requests", ErrorKind::RateLimit, "wait a little"),
        ("500 Internal Server Error", ErrorKind::Server, "on the server's side"),
        ("503 Service Unavailable", ErrorKind::Server, "503 Service Unavailable: \"why\""),
        ("529 Overloaded", ErrorKind::Overloaded, "529 Overloaded: \"why\". The provider is overloaded"),
        ("700 Odd", ErrorKind::Rejected, "700"),
    ] {
        for provider in [OpenAi, Anthropic] {
            check(provider, status(line, "", &error("why")), patient(), (kind, fragment, "")).await;
        }
    }
    let key_echoed = status("401 No", "", &format!("bad key {long}"));
    check(OpenAi, key_echoed, patient(), (ErrorKind::Auth, "\"bad key [key] \\u{1b}[2Jyyy", "")).await;
    let page = status("404 Not Found", "", "<!DOCTYPE html><html>nginx</html>");
    check(OpenAi, page, patient(), (ErrorKind::Rejected, "404 Not Found: \"a web page\"", "")).await;
    let quota = "{\"error\":{\"code\":\"insufficient_quota\",\"message\":\"pay\"}}";
    let quota = status("429 Too Many Requests", "retry-after: 1\r\n", quota);
    check(OpenAi, quota, patient(), (ErrorKind::Rejected, "quota is used up", "")).await;
}

#[tokio::test]
async fn a_good_status_with_something_else_than_a_stream() {
    let html = "content-type: text/html; charset=utf-8\r\n";
    let json = "content-type: application/json\r\n";
    for (headers, body, expect) in [
        (html, "<html>Log in</html>", (ErrorKind::Rejected, "a web page")),
        (
            json,
            "{\"error\":{\"message\":\"no such model\",\"code\":404}}",
            (ErrorKind::Rejected, "no such model"),
        ),
        (json, "{\"error\":\"model not loaded\"}", (ErrorKind::Server, "model not loaded")),
        (json, "{\"hello\":1}", (ErrorKind::Stream, "neither a stream nor a complete answer")),
        (json, "{\"choices\":", (ErrorKind::Stream, "is not, or not to its end")),
        (json, "", (ErrorKind::Stream, "it is empty")),
        ("content-type: text/plain\r\n", "hello", (ErrorKind::Stream, "in the middle of an event")),
        ("", "", (ErrorKind::Stream, "sent nothing that is an answer")),
    ] {
        check(OpenAi, status("200 OK", headers, body), patient(), (expect.0, expect.1, "")).await;
    }
    let openai = "{\"choices\":[{\"message\":{\"content\":\"x = 1\"},\"finish_reason\":\"length\"}],\
                  \"usage\":{\"prompt_tokens\":2}}";
    let anthropic = "{\"content\":[{\"type\":\"text\",\"text\":\"x = 1\"}],\"stop_reason\":\"max_tokens\",\
                     \"usage\":{\"input_tokens\":2}}";
    for (kind, body) in [(OpenAi, openai), (Anthropic, anthropic)] {
        let server = FaultServer::start(vec![status("200 OK", json, body)]).await;
        let (outcome, text) = call(kind, &server.origin(), patient()).await;
        let answer = outcome.unwrap();
        assert_eq!((answer.finish, answer.usage.prompt, text.as_str()), (Finish::Length, Tokens(2), "x = 1"));
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed_and_the_key_does_not_travel() {
    let other = FaultServer::start(vec![stream(&openai_answer())]).await;
    for line in ["301 Moved Permanently", "302 Found", "307 Temporary Redirect", "308 Permanent Redirect"] {
        let location = format!("location: {}/v1?token=secret\r\n", other.origin());
        let message = format!("to {}\". Redirects are not followed", other.origin());
        for kind in [OpenAi, Anthropic] {
            let script = status(line, &location, "moved");
            check(kind, script, patient(), (ErrorKind::Rejected, &message, "")).await;
        }
    }
    assert_eq!(other.requests(), Vec::<String>::new());
}

#[tokio::test]
async fn the_wait_that_a_server_asks_for_is_read() {
    for (headers, expect) in [
        ("retry-after: 3\r\n", Some(Duration::from_secs(3))),
        ("retry-after: 3\r\nretry-after-ms: 250\r\n", Some(Duration::from_millis(250))),
        ("retry-after: Fri, 31 Dec 1999 23:59:59 GMT\r\n", Some(Duration::ZERO)),
        ("retry-after: whenever\r\n", None),
        ("", None),
    ] {
        let server = FaultServer::start(vec![status("429 Too Many Requests", headers, "")]).await;
        let (outcome, _) = call(OpenAi, &server.origin(), patient()).await;
        let error = outcome.unwrap_err();
        assert_eq!((error.kind, error.retry_after), (ErrorKind::RateLimit, expect), "{headers}");
    }
}

#[tokio::test]
async fn the_loop_asks_again_what_may_pass_and_nothing_else() {
    let good = || stream(&openai_answer());
    let soon = "retry-after-ms: 1\r\n";
    let busy = || status("503 Service Unavailable", "", "");
    let error = |code| stream(&format!("data: {{\"error\":{{\"message\":\"e\",\"code\":{code}}}}}\n\n"));
    let ok: Result<&str, ErrorKind> = Ok("return \"é𝄞\"\n");
    for (scripts, asked, expect) in [
        (vec![good()], 1, ok),
        (vec![busy(), good()], 2, ok),
        (vec![busy(), busy(), good()], 3, ok),
        (vec![busy(), busy(), busy(), good()], 3, Err(ErrorKind::Server)),
        (vec![vec![Act::Reset], good()], 2, ok),
        (vec![vec![Act::send(SSE), Act::Reset], good()], 2, ok),
        (vec![status("408 Request Timeout", "", ""), good()], 2, ok),
        (vec![status("409 Conflict", "", ""), good()], 2, ok),
        (vec![status("429 Too Many Requests", soon, ""), good()], 2, ok),
        (
            vec![status("429 Too Many Requests", "retry-after: 60\r\n", ""), good()],
            1,
            Err(ErrorKind::RateLimit),
        ),
        (vec![status("429 Too Many Requests", "", ""), good()], 1, Err(ErrorKind::RateLimit)),
        (vec![status("529 Overloaded", "", ""), good()], 2, ok),
        (vec![status("529 Overloaded", "", ""); 3], 2, Err(ErrorKind::Overloaded)),
        (vec![error(502), good()], 2, ok),
        (vec![error(400), good()], 1, Err(ErrorKind::Rejected)),
        (vec![status("401 Unauthorized", soon, ""), good()], 1, Err(ErrorKind::Auth)),
        (vec![status("404 Not Found", soon, ""), good()], 1, Err(ErrorKind::Rejected)),
        (vec![stream("data: [DONE]\n\n"), good()], 1, Err(ErrorKind::Empty)),
        // Text was out: what comes after it is final, and is not joined with another attempt's.
        (
            vec![stream(&[&chunk("x"), "data: {\"error\":{\"code\":502}}\n\n"].concat()), good()],
            1,
            Err(ErrorKind::Server),
        ),
    ] {
        let server = FaultServer::start(scripts).await;
        let provider = provider(OpenAi, &server.origin(), patient());
        let retries = Retries::with_jitter(|| 0.0);
        let (outcome, text) = collect(|deltas| ask(&*provider, request(), deltas, &retries)).await;
        assert_eq!(server.requests().len(), asked, "{outcome:?}");
        match expect {
            Ok(expect) => assert_eq!((outcome.is_ok(), text.as_str()), (true, expect), "{outcome:?}"),
            Err(kind) => {
                let error = outcome.unwrap_err();
                assert_eq!(error.kind, kind, "{error}");
                assert_eq!(error.message.ends_with(&format!("(asked {asked} times)")), asked > 1, "{error}");
            }
        }
    }
}

#[tokio::test]
async fn dropping_a_call_closes_its_connection() {
    for (script, text) in [
        (vec![Act::Silence], false),
        (vec![Act::send(SSE), Act::Silence], false),
        (vec![Act::send(SSE), Act::send(&chunk("x")), Act::Silence], true),
    ] {
        let mut server = FaultServer::start(vec![script]).await;
        let provider = provider(OpenAi, &server.origin(), patient());
        let (sender, mut deltas) = mpsc::channel::<String>(4);
        let running = tokio::spawn(async move { provider.ask(request(), sender).await });
        while server.requests().is_empty() {
            tokio::task::yield_now().await;
        }
        if text {
            assert_eq!(deltas.recv().await.as_deref(), Some("x"));
        }
        running.abort();
        tokio::time::timeout(HANG, server.ended(1)).await.expect("the connection stays open");
        assert_eq!(deltas.recv().await, None, "nothing comes after a cancel");
    }
}

#[tokio::test]
async fn a_reader_that_goes_ends_the_call() {
    let mut server =
        FaultServer::start(vec![vec![Act::send(SSE), Act::send(&chunk("x")), Act::Silence]]).await;
    let provider = provider(OpenAi, &server.origin(), patient());
    let (sender, deltas) = mpsc::channel(4);
    drop(deltas);
    let retries = Retries::new();
    let outcome =
        tokio::time::timeout(HANG, ask(&*provider, request(), sender, &retries)).await.expect("it hangs");
    assert_eq!(outcome.unwrap_err().kind, ErrorKind::Stream);
    if !server.requests().is_empty() {
        server.ended(1).await;
    }
}

#[tokio::test]
async fn nothing_leaves_without_its_key() {
    let server = FaultServer::start(vec![stream(&openai_answer())]).await;
    let base_url = BaseUrl::parse(&server.origin()).unwrap();
    let key = KeySource::Env("OTHER_KEY".to_owned());
    let spec = ProviderSpec { name: "testing".to_owned(), wire: Wire::OpenAi { base_url, key } };
    let model = ModelSpec {
        name: "fast".to_owned(),
        provider: "testing".to_owned(),
        source: ModelSource::Id("coder-1".to_owned()),
        price: None,
        max_tokens: None,
        context_window: None,
    };
    let provider = hosted(&spec, &model, &Http::new(patient(), |_| None)).unwrap();
    let (outcome, _) = collect(|deltas| provider.ask(request(), deltas)).await;
    check_error(&outcome.unwrap_err(), &server.origin(), ErrorKind::Config, "variable OTHER_KEY is not set");
    assert_eq!(server.requests().len(), 0);
    assert!(!format!("{provider:?}").contains(KEY));
}
