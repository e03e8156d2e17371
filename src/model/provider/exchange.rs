//! One call to a hosted provider: send, read, end, with a deadline for each phase and one defined outcome for each fault.
//!
//! What the bytes mean is the business of a `Format`; this file knows HTTP and time. Nothing is repeated here.

use std::error::Error;
use std::io;
use std::time::{Duration, SystemTime};

use futures_util::FutureExt;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::{Response, StatusCode};
use secrecy::SecretString;
use serde_json::Value;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout, timeout_at};
use url::Url;

use super::fault::{self, Fault, Peer};
use super::http::{Deadlines, Http};
use super::key::BoundKey;
use crate::model::retry::retry_after;
use crate::model::sse::{Decoder, Event, Tail};
use crate::model::{Answer, ErrorKind, Finish, ModelError, Request, Tokens, Usage, address};
use std::sync::Arc;

/// The most text that one answer may have, in bytes: a hundred times an honest one.
pub(super) const MAX_ANSWER_BYTES: usize = 4 * 1024 * 1024;
/// The most that is read of an answer that is no stream, in bytes.
const MAX_WHOLE_BYTES: usize = 8 * 1024 * 1024;
/// The most that is read of an error's body, in bytes.
const MAX_ERROR_BYTES: usize = 64 * 1024;

/// What a provider speaks: how a request is written, and who reads the answer.
pub(super) trait Format: Send + Sync {
    /// Where requests go, below the base address.
    fn path(&self) -> &'static str;
    /// The request's body. `host` is whom it goes to, for the few who need a word of their own.
    fn body(&self, model: &str, host: &str, request: &Request) -> Value;
    /// The headers that this format needs, with the key among them.
    fn headers(&self, key: Option<&SecretString>) -> HeaderMap;
    fn reader(&self) -> Box<dyn Reader>;
}

/// Reads one answer, sans I/O.
pub(super) trait Reader: Send {
    fn event(&mut self, event: &Event) -> Result<Progress, Fault>;
    /// Reads an answer that came in one piece, and returns its text.
    fn whole(&mut self, body: &Value) -> Result<String, Fault>;
    /// How the answer ended, once a reason or an end marker has said so.
    fn finish(&self) -> Option<Finish>;
    fn usage(&self) -> Usage;
}

/// What an event meant.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// Nothing: a ping, an empty chunk.
    Nothing,
    /// The model works (it reasons), and says nothing for the answer.
    Working,
    Text(String),
    /// The end marker: nothing comes after it.
    End,
}

/// One call.
pub(super) struct Exchange {
    pub(super) peer: Arc<Peer>,
    pub(super) key: Arc<BoundKey>,
    pub(super) http: Http,
    pub(super) url: Url,
    pub(super) body: String,
    pub(super) format: &'static dyn Format,
    pub(super) max_tokens: Tokens,
    pub(super) deltas: mpsc::Sender<String>,
}

impl Exchange {
    /// Runs the call to its end. Dropping the future closes the connection.
    pub(super) async fn run(self) -> Result<Answer, ModelError> {
        let whole = self.http.deadlines().whole;
        match timeout(whole, self.call()).await {
            Ok(outcome) => outcome,
            Err(_) => Err(self.late(&format!("the answer was not complete after {}", seconds(whole)))),
        }
    }

    async fn call(&self) -> Result<Answer, ModelError> {
        let begun = Instant::now();
        if let Err(error) = address::check(&self.url) {
            return Err(self.peer.error(ErrorKind::Config, &error.to_string()));
        }
        let key = self.key.read(&self.url, &self.http, &self.peer).await?;
        let key = key.as_ref();
        let first_token = begun + self.http.deadlines().first_token;
        let response = match timeout_at(first_token, self.send(key)).await {
            Ok(response) => response?,
            Err(_) => return Err(self.no_first_token()),
        };
        if !response.status().is_success() {
            return Err(self.refused(response, key, first_token).await);
        }
        let media = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let media = media.unwrap_or_default().to_ascii_lowercase();
        if media.starts_with("text/html") {
            return Err(self.page());
        }
        let stream = Stream {
            call: self,
            key,
            reader: self.format.reader(),
            deadlines: self.http.deadlines(),
            due: first_token,
            began: false,
            text_bytes: 0,
            blank: true,
        };
        if media.starts_with("application/json") {
            stream.read_whole(response).await
        } else {
            stream.read_events(response).await
        }
    }

    async fn send(&self, key: Option<&SecretString>) -> Result<Response, ModelError> {
        tracing::debug!(
            provider = self.peer.name,
            origin = self.peer.origin,
            model = self.peer.model,
            bytes = self.body.len(),
            "asking"
        );
        let client = self.http.client(&self.url).await.map_err(|error| self.transport(&error))?;
        let request = client
            .post(self.url.clone())
            .headers(self.format.headers(key))
            .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
            .body(self.body.clone());
        request.send().await.map_err(|error| self.transport(&error))
    }

    /// The error of a status that is not 2xx, with what the server says about it, if it says it in time.
    async fn refused(&self, response: Response, key: Option<&SecretString>, due: Instant) -> ModelError {
        let status = response.status();
        let header = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok());
        let wait = retry_after(header("retry-after-ms"), header(RETRY_AFTER.as_str()), SystemTime::now());
        let target = header("location").and_then(|target| self.url.join(target).ok());
        let (body, json) = if status.is_redirection() {
            (Vec::new(), Value::Null)
        } else {
            let body = read_up_to(response, MAX_ERROR_BYTES, due).await;
            let json = serde_json::from_slice(&body).unwrap_or_default();
            (body, json)
        };
        let words = match target.filter(|_| status.is_redirection()) {
            Some(target) => format!("to {}", target.origin().ascii_serialization()),
            None => fault::words_of(&body, &json),
        };
        self.peer.status(status.as_u16(), &fault::quote(&words, key), &json, wait)
    }

    /// A connection that could not be made, or broke before the answer's head.
    fn transport(&self, error: &reqwest::Error) -> ModelError {
        let connect = self.http.deadlines().connect;
        if let Some(error) = cause::<rustls::Error>(error) {
            let what = format!("no secure connection: {}", fault::quote(&error.to_string(), None));
            return self.peer.error(ErrorKind::Config, &what);
        }
        if error.is_builder() {
            let what = format!("the HTTP client could not be made: {}", root_cause(error));
            return self.peer.error(ErrorKind::Config, &what);
        }
        if error.is_timeout() {
            return self.late(&format!("no connection within {}. Is the server up?", seconds(connect)));
        }
        let refused = cause::<io::Error>(error).is_some_and(|e| e.kind() == io::ErrorKind::ConnectionRefused);
        let what = if refused {
            "nothing answers there (connection refused). Is the server running?".to_owned()
        } else if error.is_connect() {
            format!("no connection ({}). Check base_url and the network", root_cause(error))
        } else {
            format!("the connection broke before the answer began ({})", root_cause(error))
        };
        self.peer.error(ErrorKind::Connect, &what)
    }

    fn no_first_token(&self) -> ModelError {
        let limit = seconds(self.http.deadlines().first_token);
        self.late(&format!("no answer began within {limit}. The model may still be loading: try again"))
    }

    fn late(&self, what: &str) -> ModelError {
        self.peer.error(ErrorKind::Timeout, what)
    }

    fn page(&self) -> ModelError {
        let what = "it answered with a web page, not with a model's answer. Check base_url (that of an OpenAI-compatible \
                    server mostly ends in /v1), and whether a login or a proxy stands before it";
        self.peer.error(ErrorKind::Rejected, what)
    }
}

/// The reading of one answer.
struct Stream<'a> {
    call: &'a Exchange,
    key: Option<&'a SecretString>,
    reader: Box<dyn Reader>,
    deadlines: Deadlines,
    /// When the next sign of the model is due.
    due: Instant,
    /// Whether there was one.
    began: bool,
    text_bytes: usize,
    /// Whether all text so far is white space.
    blank: bool,
}

impl Stream<'_> {
    async fn read_events(mut self, mut response: Response) -> Result<Answer, ModelError> {
        let mut decoder = Decoder::new();
        loop {
            let chunk = match timeout_at(self.due, response.chunk()).await {
                Ok(Ok(Some(chunk))) => chunk,
                Ok(Ok(None)) => return self.end(Some(decoder.finish())),
                // The answer was complete, and only its end marker or usage is missing.
                Ok(Err(_)) | Err(_) if self.reader.finish().is_some() => return self.end(None),
                Ok(Err(error)) => return Err(self.broken(&error)),
                Err(_) => return Err(self.silent()),
            };
            let events = match decoder.push(&chunk) {
                Ok(events) => events,
                Err(error) => return Err(self.call.peer.error(ErrorKind::TooLarge, &error.to_string())),
            };
            for event in events {
                if self.take(&event).await? {
                    // The last bytes of the body mostly are here already; with them read, the connection can be kept.
                    while let Some(Ok(Some(_))) = response.chunk().now_or_never() {}
                    return self.end(None);
                }
            }
            // A stream that is never silent would never let the timer be looked at.
            if Instant::now() >= self.due {
                return if self.reader.finish().is_some() { self.end(None) } else { Err(self.silent()) };
            }
        }
    }

    /// An answer in one piece, from servers that ignore `stream`, or an error under a good status.
    async fn read_whole(mut self, response: Response) -> Result<Answer, ModelError> {
        let status = response.status();
        let body = read_up_to(response, MAX_WHOLE_BYTES, self.due).await;
        let Ok(json) = serde_json::from_slice::<Value>(&body) else {
            let fault = if Instant::now() >= self.due {
                return Err(self.call.no_first_token());
            } else if body.len() >= MAX_WHOLE_BYTES {
                return Err(self.call.peer.error(ErrorKind::TooLarge, "its answer is larger than 8 MiB"));
            } else if body.is_empty() || status == StatusCode::NO_CONTENT {
                Fault::Malformed("it is empty")
            } else {
                Fault::Malformed("it says that it is JSON, and is not, or not to its end")
            };
            return Err(self.call.peer.fault(fault, self.key));
        };
        let text = match json.get("error") {
            Some(error) if !error.is_null() => Err(fault::told(error)),
            _ => self.reader.whole(&json),
        };
        let text = text.map_err(|fault| self.call.peer.fault(fault, self.key))?;
        self.emit(text).await?;
        self.end(None)
    }

    /// Acts on one event; true for the end marker.
    async fn take(&mut self, event: &Event) -> Result<bool, ModelError> {
        let progress = if event.damaged {
            Err(Fault::Malformed("it holds bytes that are not UTF-8"))
        } else {
            self.reader.event(event)
        };
        match progress.map_err(|fault| self.call.peer.fault(fault, self.key))? {
            Progress::Nothing => {}
            Progress::Working => self.progress(),
            Progress::Text(text) => {
                self.emit(text).await?;
                self.progress();
            }
            Progress::End => return Ok(true),
        }
        if self.reader.finish().is_some() {
            self.due = self.due.min(Instant::now() + self.deadlines.trailer);
        }
        Ok(false)
    }

    fn progress(&mut self) {
        self.began = true;
        self.due = Instant::now() + self.deadlines.between_tokens;
    }

    async fn emit(&mut self, text: String) -> Result<(), ModelError> {
        self.text_bytes += text.len();
        self.blank &= text.trim().is_empty();
        if self.text_bytes > MAX_ANSWER_BYTES {
            let what = "its answer is larger than 4 MiB. Something is wrong with the server or the model";
            return Err(self.call.peer.error(ErrorKind::TooLarge, what));
        }
        if text.is_empty() {
            return Ok(());
        }
        self.call.deltas.send(text).await.map_err(|_| {
            self.call.peer.error(ErrorKind::Stream, "the answer was given up: nobody reads it any more")
        })
    }

    /// The outcome of a stream that came to an end. `tail` is how the decoder stood at the connection's end.
    fn end(&self, tail: Option<Tail>) -> Result<Answer, ModelError> {
        let Some(finish) = self.reader.finish() else {
            let what = match tail {
                Some(Tail::CutInAnEvent) => "the answer broke off in the middle of an event",
                _ if self.began => "the answer ended without an end marker: it is not whole",
                _ => "it sent nothing that is an answer. Is this the address of a model's API?",
            };
            return Err(self.call.peer.error(ErrorKind::Stream, what));
        };
        if self.blank && finish != Finish::Refusal {
            return Err(self.empty(finish));
        }
        Ok(Answer { finish, usage: self.reader.usage() })
    }

    fn empty(&self, finish: Finish) -> ModelError {
        let Peer { model, .. } = &*self.call.peer;
        let what = if finish == Finish::Length {
            format!(
                "the model \"{model}\" used its whole output limit of {} tokens and wrote nothing. A model that reasons \
                 needs more: raise max_tokens",
                self.call.max_tokens.0
            )
        } else {
            format!(
                "the model \"{model}\" answered with nothing. Ask again in other words, or choose another model"
            )
        };
        self.call.peer.error(ErrorKind::Empty, &what)
    }

    fn silent(&self) -> ModelError {
        if self.began {
            let limit = seconds(self.deadlines.between_tokens);
            self.call.late(&format!("the answer stopped: nothing came for {limit}"))
        } else {
            self.call.no_first_token()
        }
    }

    fn broken(&self, error: &reqwest::Error) -> ModelError {
        let cause = root_cause(error);
        if self.text_bytes == 0 {
            let what = format!("the connection broke before the answer began ({cause})");
            self.call.peer.error(ErrorKind::Connect, &what)
        } else {
            let what = format!("the connection broke in the middle of the answer ({cause})");
            self.call.peer.error(ErrorKind::Stream, &what)
        }
    }
}

/// The body, as much of it as comes in time, and not more than `limit` bytes (and the chunk that goes over it).
async fn read_up_to(mut response: Response, limit: usize, due: Instant) -> Vec<u8> {
    let mut body = Vec::new();
    while body.len() < limit && Instant::now() < due {
        match timeout_at(due, response.chunk()).await {
            Ok(Ok(Some(chunk))) => body.extend_from_slice(&chunk),
            Ok(Ok(None) | Err(_)) | Err(_) => break,
        }
    }
    body
}

/// The innermost cause, fit for a message: reqwest's own words only repeat the address.
fn root_cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    fault::quote(&cause.to_string(), None)
}

/// The first cause of the type `T`, looked for inside of I/O errors too: those do not show theirs as a source.
fn cause<'a, T: Error + 'static>(error: &'a reqwest::Error) -> Option<&'a T> {
    let mut next: Option<&'a (dyn Error + 'static)> = error.source();
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = inner.map(|inner| inner as &(dyn Error + 'static)).or_else(|| error.source());
    }
    None
}

fn seconds(duration: Duration) -> String {
    format!("{} s", duration.as_secs_f64())
}
