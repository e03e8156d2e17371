//! Reading the body of an answer: text on its way to the reader, a deadline for each phase, and one defined outcome for
//! each fault. What an event means is the business of a format's `Reader`.

use reqwest::{Response, StatusCode};
use secrecy::SecretString;
use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use super::exchange::{Exchange, Progress, Reader, root_cause, seconds};
use super::fault::{self, Fault, Peer};
use super::http::Deadlines;
use crate::model::sse::{Decoder, Event, Tail};
use crate::model::{Answer, ErrorKind, Finish, ModelError};

/// The most text that one answer may have, in bytes: a hundred times an honest one.
const MAX_ANSWER_BYTES: usize = 4 * 1024 * 1024;
/// The most that is read of an answer that is no stream, in bytes.
const MAX_WHOLE_BYTES: usize = 8 * 1024 * 1024;

/// The reading of one answer.
pub(super) struct Reading<'a> {
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

impl<'a> Reading<'a> {
    pub(super) fn new(call: &'a Exchange, key: Option<&'a SecretString>, first_token: Instant) -> Self {
        Self {
            call,
            key,
            reader: call.format.reader(),
            deadlines: call.http.deadlines(),
            due: first_token,
            began: false,
            text_bytes: 0,
            blank: true,
        }
    }

    pub(super) async fn read_events(mut self, mut response: Response) -> Result<Answer, ModelError> {
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
    pub(super) async fn read_whole(mut self, response: Response) -> Result<Answer, ModelError> {
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
        self.states();
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
        self.states();
        match progress.map_err(|fault| self.call.peer.fault(fault, self.key))? {
            Progress::Nothing => {}
            Progress::Working => {
                self.call.meter.works();
                self.progress();
            }
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

    /// Has what the provider stated so far stand on the meter: whatever comes, it is paid for.
    fn states(&self) {
        self.call.meter.states(self.reader.usage(), self.reader.finish().is_some());
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
                 needs more: set a larger max_tokens for it, and a larger budget.per_run where that is what limits it",
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
        // A model that reasoned was at work, and is not asked the same again.
        if !self.began && self.text_bytes == 0 {
            let what = format!("the connection broke before the answer began ({cause})");
            self.call.peer.error(ErrorKind::Connect, &what)
        } else {
            let what = format!("the connection broke in the middle of the answer ({cause})");
            self.call.peer.error(ErrorKind::Stream, &what)
        }
    }
}

/// The body, as much of it as comes in time, and not more than `limit` bytes (and the chunk that goes over it).
pub(super) async fn read_up_to(mut response: Response, limit: usize, due: Instant) -> Vec<u8> {
    let mut body = Vec::new();
    while body.len() < limit && Instant::now() < due {
        match timeout_at(due, response.chunk()).await {
            Ok(Ok(Some(chunk))) => body.extend_from_slice(&chunk),
            Ok(Ok(None) | Err(_)) | Err(_) => break,
        }
    }
    body
}
