//! One call to a hosted provider: what is sent, and what the head of the answer leads to. `reading` reads its body.
//!
//! What the bytes mean is the business of a `Format`; this file knows HTTP and time. Nothing is repeated here.

use std::error::Error;
use std::io;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use reqwest::Response;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER};
use secrecy::SecretString;
use serde_json::Value;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout, timeout_at};
use url::Url;

use super::fault::{self, Fault, Peer};
use super::http::Http;
use super::key::BoundKey;
use super::reading::{Reading, read_up_to};
use crate::model::meter::Meter;
use crate::model::retry::retry_after;
use crate::model::sse::Event;
use crate::model::{Answer, ErrorKind, Finish, ModelError, Request, Tokens, Usage, address};

/// The most that is read of an error's body, in bytes.
const MAX_ERROR_BYTES: usize = 64 * 1024;

/// The most that is read of a list of models: OpenRouter's has half a megabyte.
const MAX_LIST_BYTES: usize = 16 * 1024 * 1024;
/// How long a list may take.
const LIST: Duration = Duration::from_secs(15);

/// What a provider speaks: how a request is written, and who reads the answer.
pub(super) trait Format: Send + Sync {
    /// Where a request goes, below the base address; without one, where most go.
    fn path(&self, host: &str, request: Option<&Request>) -> &'static str;
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
    pub(super) meter: Meter,
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
        self.meter.begins();
        let media = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let media = media.unwrap_or_default().to_ascii_lowercase();
        if media.starts_with("text/html") {
            return Err(self.page());
        }
        let reading = Reading::new(self, key, first_token);
        if media.starts_with("application/json") {
            reading.read_whole(response).await
        } else {
            reading.read_events(response).await
        }
    }

    /// Fetches what is at the address, in place of asking a model.
    pub(super) async fn get(&self) -> Result<Value, ModelError> {
        let due = Instant::now() + LIST;
        let work = async {
            // What is asked for besides is ours; an address that is configured has none.
            let mut address = self.url.clone();
            address.set_query(None);
            if let Err(error) = address::check(&address) {
                return Err(self.peer.error(ErrorKind::Config, &error.to_string()));
            }
            let key = self.key.read(&self.url, &self.http, &self.peer).await?;
            let client = self.http.client(&self.url).await.map_err(|error| self.transport(&error))?;
            let request = client.get(self.url.clone()).headers(self.format.headers(key.as_ref()));
            let response = request.send().await.map_err(|error| self.transport(&error))?;
            if !response.status().is_success() {
                return Err(self.refused(response, key.as_ref(), due).await);
            }
            let body = read_up_to(response, MAX_LIST_BYTES, due).await;
            serde_json::from_slice(&body).map_err(|_| self.page())
        };
        match timeout_at(due, work).await {
            Ok(outcome) => outcome,
            Err(_) => Err(self.late(&format!("no answer within {}", seconds(LIST)))),
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
            let what = format!(
                "no secure connection ({}). Check base_url, and whether this system trusts the server's certificate",
                fault::quote(&error.to_string(), None)
            );
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

    pub(super) fn no_first_token(&self) -> ModelError {
        let limit = seconds(self.http.deadlines().first_token);
        self.late(&format!("no answer began within {limit}. The model may still be loading: try again"))
    }

    pub(super) fn late(&self, what: &str) -> ModelError {
        self.peer.error(ErrorKind::Timeout, what)
    }

    fn page(&self) -> ModelError {
        let what = "it answered with a web page, not with a model's answer. Check base_url (that of an OpenAI-compatible \
                    server mostly ends in /v1), and whether a login or a proxy stands before it";
        self.peer.error(ErrorKind::Rejected, what)
    }
}

/// The innermost cause, fit for a message: reqwest's own words only repeat the address.
pub(super) fn root_cause(error: &reqwest::Error) -> String {
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

pub(super) fn seconds(duration: Duration) -> String {
    format!("{} s", duration.as_secs_f64())
}
