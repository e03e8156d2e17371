//! From frames to handlers, in order: every handler is polled once before the next message is looked at, so that what it
//! puts into the session's queue is in the client's order. What is still waiting then is spawned. A panic is one
//! request's error. (tower-lsp's own transport keeps none of this; see `docs/architecture.md`.)

use std::io::{BufReader, Read, Write};
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use futures_util::FutureExt;
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::mpsc;
use tokio::time::Interval;
use tower_lsp::jsonrpc::{Error, ErrorCode, Id, Request, Response};
use tower_lsp::{ExitedError, LspService};
use tower_service::Service;

use super::backend::Backend;
use super::event::{ClientEvent, answered, answering};
use super::outgoing::{self, Outgoing};
use super::session::{self, Setup};
use super::transport::{Frame, read};

/// Frames that were read and not looked at yet.
const FRAMES: usize = 256;
/// Events of the client that wait for the session; a typing user makes ten a second.
const EVENTS: usize = 1024;
/// How often it is looked whether the client's process still lives.
const PARENT: Duration = Duration::from_millis(500);
/// What runs in the background gets so long to end after `exit`.
const GRACE: Duration = Duration::from_millis(500);

/// A message, as far as its kind is told by it.
#[derive(Debug, Deserialize)]
struct Message {
    #[serde(default, deserialize_with = "present")]
    id: Option<Value>,
    method: Option<String>,
    #[serde(default)]
    params: Option<Value>,
    #[serde(default)]
    result: Option<Value>,
    #[serde(default)]
    error: Option<Value>,
}

fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

type Handler = Pin<Box<dyn Future<Output = Result<Option<Response>, ExitedError>> + Send>>;

/// Serves one client until it exits or is gone; returns the process's exit code (LSP 3.17, `exit`).
pub async fn serve(
    setup: Setup,
    input: impl Read + Send + 'static,
    output: impl Write + Send + 'static,
) -> u8 {
    let (frames, mut incoming) = mpsc::channel(FRAMES);
    std::thread::spawn(move || {
        let mut input = BufReader::with_capacity(64 * 1024, input);
        while let Ok(Some(frame)) = read(&mut input) {
            if frames.blocking_send(frame).is_err() {
                return;
            }
        }
    });
    let (outgoing, queue) = outgoing::channel();
    let writer = std::thread::spawn(move || queue.write_to(output));
    let (events, client_events) = mpsc::channel(EVENTS);
    let session = tokio::spawn(session::run(setup, client_events, outgoing.clone()));
    let backend = || Backend::new(events.clone());
    let (service, socket) = LspService::build(|_| backend())
        .custom_method("redraft/codeAction", Backend::code_actions)
        .custom_method("textDocument/inlineCompletion", Backend::inline)
        .custom_method("redraft/prompts", Backend::prompts)
        .custom_method("redraft/models", Backend::models)
        .custom_method("redraft/sent", Backend::sent)
        .custom_method("redraft/report", Backend::report)
        .custom_method("redraft/usage", Backend::usage)
        .custom_method("redraft/status", Backend::status)
        .custom_method("redraft/estimate", Backend::estimate)
        .custom_method("window/workDoneProgress/cancel", Backend::cancel_progress)
        .finish();
    // Requests to the client go by `Outgoing`, in one order with everything else.
    drop(socket);
    let mut dispatch = Dispatch { service, raw: backend(), events, outgoing, shut_down: false, parent: None };
    let code = dispatch.run(&mut incoming).await;
    let events = dispatch.events.clone();
    drop(dispatch);
    // The session takes its children along. Handlers that wait for it hold its queue open, so it is told.
    let ends = async {
        let _ = events.send(ClientEvent::Gone).await;
        session.await
    };
    let _ = tokio::time::timeout(GRACE, ends).await;
    let _ = tokio::time::timeout(GRACE, tokio::task::spawn_blocking(|| writer.join())).await;
    code
}

struct Dispatch {
    service: LspService<Backend>,
    raw: Backend,
    events: mpsc::Sender<ClientEvent>,
    outgoing: Outgoing,
    shut_down: bool,
    parent: Option<u32>,
}

impl Dispatch {
    async fn run(&mut self, incoming: &mut mpsc::Receiver<Frame>) -> u8 {
        let mut look = tokio::time::interval(PARENT);
        look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            let frame = tokio::select! {
                biased;
                frame = incoming.recv() => frame,
                _ = look.tick() => {
                    if self.parent_is_gone() {
                        return 1;
                    }
                    continue;
                }
            };
            let Some(frame) = frame else { return u8::from(!self.shut_down) };
            if let Some(code) = self.room(incoming, &mut look).await {
                return code;
            }
            let body = match frame {
                Frame::Body(body) => body,
                Frame::Malformed(why) => {
                    self.refuse(ErrorCode::ParseError, why);
                    continue;
                }
            };
            match serde_json::from_slice::<Message>(&body) {
                Ok(message) => {
                    if let Some(code) = self.message(message).await {
                        return code;
                    }
                }
                Err(error) if error.is_data() => {
                    self.refuse(ErrorCode::InvalidRequest, format!("no message: {error}"))
                }
                Err(error) => self.refuse(ErrorCode::ParseError, format!("no JSON: {error}")),
            }
        }
    }

    /// Waits for room: for the answer, and for the one event that a handler may send. An exit code, where the client goes
    /// without having read what it was sent.
    async fn room(&self, incoming: &mpsc::Receiver<Frame>, look: &mut Interval) -> Option<u8> {
        let mut room = std::pin::pin!(async {
            self.outgoing.has_room().await;
            self.events.reserve().await.is_ok()
        });
        loop {
            tokio::select! {
                biased;
                has_room = &mut room => return (!has_room).then_some(1),
                _ = look.tick() => if incoming.is_closed() || self.parent_is_gone() {
                    return Some(u8::from(!self.shut_down));
                }
            }
        }
    }

    fn parent_is_gone(&self) -> bool {
        self.parent.is_some_and(|parent| !alive(parent))
    }

    /// Handles one message; an exit code ends it all.
    async fn message(&mut self, message: Message) -> Option<u8> {
        let Message { id, method, params, result, error } = message;
        let Some(method) = method else {
            self.answered(id.as_ref(), result, error);
            return None;
        };
        let id = match id.map(serde_json::from_value::<Id>) {
            None => None,
            Some(Ok(id)) => Some(id),
            Some(Err(_)) => {
                self.refuse(ErrorCode::InvalidRequest, "the id is neither a number nor a text".to_owned());
                return None;
            }
        };
        match (method.as_str(), &id) {
            ("exit", None) => return Some(u8::from(!self.shut_down)),
            ("shutdown", Some(_)) => self.shut_down = true,
            _ => {}
        }
        let is_initialize = method == "initialize" && id.is_some();
        let raw = if is_initialize { params.clone() } else { None };
        let request = request(method, id.clone(), if is_initialize { None } else { params });
        let handler = self.handler(request, is_initialize, raw);
        self.first_poll(handler, id).await;
        None
    }

    fn handler(&mut self, request: Request, is_initialize: bool, raw: Option<Value>) -> Handler {
        let handler = self.service.call(request);
        if !is_initialize {
            return handler;
        }
        let raw = raw.unwrap_or(Value::Null);
        self.parent = raw.get("processId").and_then(Value::as_u64).and_then(|id| u32::try_from(id).ok());
        let backend = self.raw.clone();
        Box::pin(async move {
            let response = handler.await?;
            Ok(response.map(|response| {
                if response.is_ok() {
                    Response::from_ok(response.id().clone(), backend.initialize_raw(&raw))
                } else {
                    response
                }
            }))
        })
    }

    /// Polls a handler once, here and now; spawns it if it is not done.
    async fn first_poll(&self, handler: Handler, id: Option<Id>) {
        let mut handler = Box::pin(answering(AssertUnwindSafe(handler).catch_unwind()));
        let first = std::future::poll_fn(|context| Poll::Ready(handler.as_mut().poll(context))).await;
        let outgoing = self.outgoing.clone();
        match first {
            Poll::Ready(outcome) => {
                answer(&outgoing, id, outcome);
                answered(handler.as_mut());
            }
            Poll::Pending => drop(tokio::spawn(async move {
                let outcome = handler.as_mut().await;
                answer(&outgoing, id, outcome);
                answered(handler.as_mut());
            })),
        }
    }

    /// The client answered a request of ours.
    fn answered(&self, id: Option<&Value>, result: Option<Value>, error: Option<Value>) {
        let Some(id) = id.and_then(Value::as_i64) else {
            tracing::debug!("an answer without a number");
            return;
        };
        let answer = match error {
            Some(error) if !error.is_null() => {
                Err(error.get("message").and_then(Value::as_str).unwrap_or("unknown error").to_owned())
            }
            _ => Ok(result.unwrap_or(Value::Null)),
        };
        let _ = self.events.try_send(ClientEvent::Answered { id, answer });
    }

    fn refuse(&self, code: ErrorCode, message: String) {
        tracing::warn!(%message, "a message was refused");
        let error = Error { code, message: message.into(), data: None };
        self.outgoing.send(&Response::from_error(Id::Null, error));
    }
}

fn request(method: String, id: Option<Id>, params: Option<Value>) -> Request {
    // lsp-types 0.94 knows neither tags nor newer kinds of code actions, so these are ours.
    let method = if method == "textDocument/codeAction" { "redraft/codeAction".to_owned() } else { method };
    let params =
        if method == "initialize" { Some(serde_json::json!({ "capabilities": {} })) } else { params };
    let is_ours = method.starts_with("redraft/");
    let mut request = Request::build(method);
    if let Some(id) = id {
        request = request.id(id);
    }
    match params {
        Some(params) if !params.is_null() => request.params(params).finish(),
        // Ours can do without.
        _ if is_ours => request.params(serde_json::json!({})).finish(),
        _ => request.finish(),
    }
}

type Outcome = Result<Result<Option<Response>, ExitedError>, Box<dyn std::any::Any + Send>>;

fn answer(outgoing: &Outgoing, id: Option<Id>, outcome: Outcome) {
    match (outcome, id) {
        (Ok(Ok(Some(response))), _) => outgoing.send(&response),
        (Ok(Ok(None)), _) | (_, None) => {}
        (Ok(Err(_)), Some(id)) => outgoing.send(&Response::from_error(id, Error::invalid_request())),
        (Err(_), Some(id)) => {
            tracing::error!("a handler panicked");
            outgoing.send(&Response::from_error(id, Error::internal_error()));
        }
    }
}

/// Whether the process still runs.
fn alive(id: u32) -> bool {
    let Some(id) = i32::try_from(id).ok().and_then(rustix::process::Pid::from_raw) else { return true };
    // No right to signal it is a sign of life, too.
    !matches!(rustix::process::test_kill_process(id), Err(rustix::io::Errno::SRCH))
}

#[cfg(test)]
mod tests {
    use tower_lsp::LanguageServer;

    use super::*;

    /// What leaves for the client when a handler ends so.
    async fn answers(
        handler: impl Future<Output = Result<Option<Response>, ExitedError>> + Send + 'static,
    ) -> String {
        let (outgoing, queue) = outgoing::channel();
        let (service, _socket) = LspService::new(|_| Backend::new(mpsc::channel(1).0));
        let (events, _) = mpsc::channel(1);
        let (raw, parent) = (Backend::new(events.clone()), None);
        let dispatch = Dispatch { service, raw, events, outgoing, shut_down: false, parent };
        dispatch.first_poll(Box::pin(handler), Some(Id::Number(7))).await;
        drop(dispatch);
        let written = tokio::task::spawn_blocking(move || {
            let mut written = Vec::new();
            queue.write_to(&mut written);
            written
        });
        String::from_utf8(written.await.unwrap()).unwrap()
    }

    /// What a run tells comes after the answer that names the run: it is begun when that answer is in the queue.
    #[tokio::test]
    async fn a_command_is_answered_before_what_waits_for_that_goes_on() {
        let (outgoing, _queue) = outgoing::channel();
        let (events, mut session) = mpsc::channel(1);
        let (raw, parent) = (Backend::new(events.clone()), None);
        let (service, _socket) = LspService::new(|_| Backend::new(mpsc::channel(1).0));
        let dispatch = Dispatch { service, raw: raw.clone(), events, outgoing, shut_down: false, parent };
        let (commanded, command) = tokio::sync::oneshot::channel();
        let handler = async move {
            let stop = serde_json::json!([{ "run": "run-1" }]);
            let params = serde_json::json!({ "command": "redraft.stop", "arguments": stop });
            let mut running = std::pin::pin!(raw.execute_command(serde_json::from_value(params).unwrap()));
            assert!(futures_util::poll!(&mut running).is_pending());
            let Some(ClientEvent::Command { asked, .. }) = session.recv().await else { unreachable!() };
            asked.reply.send(Ok(Value::Null)).unwrap();
            running.await.unwrap();
            assert_eq!(asked.taken.known(), None, "its answer is not in the queue yet");
            commanded.send(asked.taken).unwrap();
            Ok(Some(Response::from_ok(Id::Number(7), Value::Null)))
        };
        dispatch.first_poll(Box::pin(handler), Some(Id::Number(7))).await;
        assert_eq!(command.await.unwrap().known(), Some(true));
    }

    #[tokio::test]
    async fn a_panic_of_a_handler_is_its_requests_error() {
        let at_once = answers(async { panic!("a test's panic") }).await;
        let later = answers(async {
            tokio::task::yield_now().await;
            panic!("a test's panic")
        });
        for answer in [at_once, later.await] {
            assert_eq!(answer.matches("Content-Length").count(), 1, "{answer}");
            assert!(answer.contains("\"id\":7") && answer.contains("-32603"), "{answer}");
        }
    }
}
