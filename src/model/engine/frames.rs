//! What the server and its engine process say to each other: one JSON object per line, over the child's stdio.
//!
//! Sans-I/O: bytes in, frames out, and back, so that both sides and the tests share it. JSON escapes line ends, so a
//! line is a frame whatever a prompt holds. This module must not read, write or know about processes.

use std::path::PathBuf;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::model::{Fill, Finish, Request, Role, Tokens, Turn, Usage};

/// The longest line in bytes, its end excluded. A window of 32,768 tokens is about 128 KiB of text; JSON escapes at
/// most six-fold. What is longer is no frame of ours.
pub const MAX_LINE: usize = 4 << 20;

/// From the server to its engine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ToChild {
    /// Comes first, once. `context` is the window to allocate, in tokens.
    Load { path: PathBuf, context: u32, threads: u32 },
    /// Ids rise.
    Ask { id: u64, request: Question },
    /// Stops the question `id`, whether it runs or waits. The engine answers it with `Cancelled` (or with how it had
    /// ended just before).
    Cancel { id: u64 },
}

/// From the engine to its server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum FromChild {
    /// The model is loaded. `context` is the window that it got.
    Ready { model: String, context: u32, threads: u32, load_ms: u32 },
    /// A piece of the answer to `id`.
    Delta { id: u64, text: String },
    /// The answer to `id` is whole.
    Done { id: u64, finish: End, prompt: u32, cached: u32, completion: u32, timings: Timings },
    /// `id` was stopped because it was asked to be.
    Cancelled { id: u64 },
    /// `id` failed; without an id the engine did, and it ends.
    Error { id: Option<u64>, fault: Fault, message: String },
}

/// `crate::model::Request` as it travels.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Question {
    pub system: String,
    pub turns: Vec<Said>,
    pub prefill: Option<String>,
    #[serde(default)]
    pub fill: Option<Fill>,
    pub max_tokens: u32,
    pub temperature: Option<f32>,
    pub stop: Vec<String>,
}

/// One turn of the conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    pub assistant: bool,
    pub text: String,
}

/// How an answer ended. An engine never refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    Stop,
    Length,
}

/// Whose fault a failure is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// The question cannot be answered as it is; the same one will fail again.
    Question,
    /// The engine or its model.
    Engine,
}

/// Milliseconds that the engine spent on one answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timings {
    /// Reading what of the prompt was not cached.
    pub prompt_ms: u32,
    /// Generating, the first token excluded.
    pub generate_ms: u32,
}

/// What is wrong with a line.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    #[error("a frame of more than {MAX_LINE} bytes")]
    TooLong,
    #[error("not a frame: {0}")]
    Malformed(#[from] serde_json::Error),
    #[error("the stream ended within a frame")]
    Cut,
}

impl From<Request> for Question {
    fn from(request: Request) -> Self {
        let said = |turn: Turn| Said { assistant: turn.role == Role::Assistant, text: turn.text };
        Self {
            system: request.system,
            turns: request.turns.into_iter().map(said).collect(),
            prefill: request.prefill,
            fill: request.fill,
            max_tokens: request.max_tokens.0,
            temperature: request.temperature,
            stop: request.stop,
        }
    }
}

impl From<End> for Finish {
    fn from(end: End) -> Self {
        match end {
            End::Stop => Self::Stop,
            End::Length => Self::Length,
        }
    }
}

/// The usage that `FromChild::Done` tells.
#[must_use]
pub fn usage(prompt: u32, cached: u32, completion: u32) -> Usage {
    let [prompt, cached, completion] = [prompt, cached, completion].map(Tokens);
    Usage { prompt, cached, completion, ..Usage::default() }
}

/// One frame as the bytes of its line.
///
/// # Errors
/// `TooLong`, and `Malformed` for what JSON cannot say (a path that is not Unicode).
pub fn encode(frame: &impl Serialize) -> Result<Vec<u8>, FrameError> {
    let mut line = serde_json::to_vec(frame)?;
    if line.len() > MAX_LINE {
        return Err(FrameError::TooLong);
    }
    line.push(b'\n');
    Ok(line)
}

/// Lines out of bytes that come in pieces. After an error it goes on with the next line.
#[derive(Debug, Default)]
pub struct Decoder {
    /// What has come and was not yet taken: at most `MAX_LINE` and one piece.
    buffer: Vec<u8>,
    /// How much of `buffer` is known to hold no line end.
    seen: usize,
    /// The rest of a line that is too long is being dropped.
    skipping: bool,
}

impl Decoder {
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The next frame, or `None` until more bytes come.
    ///
    /// # Errors
    /// `TooLong` or `Malformed`, each for one line.
    pub fn next_frame<F: DeserializeOwned>(&mut self) -> Result<Option<F>, FrameError> {
        loop {
            let Some(end) = self.buffer[self.seen..].iter().position(|&byte| byte == b'\n') else {
                return self.wait();
            };
            let rest = self.buffer.split_off(self.seen + end + 1);
            let line = std::mem::replace(&mut self.buffer, rest);
            self.seen = 0;
            if std::mem::take(&mut self.skipping) {
                continue;
            }
            let line = line[..line.len() - 1].trim_ascii();
            if line.len() > MAX_LINE {
                return Err(FrameError::TooLong);
            }
            if !line.is_empty() {
                return Ok(Some(serde_json::from_slice(line)?));
            }
        }
    }

    /// The stream has ended.
    ///
    /// # Errors
    /// `Cut` when it did so within a frame.
    pub fn finish(self) -> Result<(), FrameError> {
        if self.skipping || !self.buffer.trim_ascii().is_empty() { Err(FrameError::Cut) } else { Ok(()) }
    }

    fn wait<F>(&mut self) -> Result<Option<F>, FrameError> {
        self.seen = self.buffer.len();
        if self.skipping || self.buffer.len() > MAX_LINE {
            self.buffer.clear();
            self.seen = 0;
            if !std::mem::replace(&mut self.skipping, true) {
                return Err(FrameError::TooLong);
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples() -> Vec<FromChild> {
        vec![
            FromChild::Ready { model: "qwen2 1B".into(), context: 4096, threads: 2, load_ms: 300 },
            FromChild::Delta { id: 1, text: "def f():\r\n\t\"é\u{1F600}\u{2028}\"\n\0".into() },
            FromChild::Delta { id: 1, text: String::new() },
            FromChild::Done {
                id: u64::MAX,
                finish: End::Length,
                prompt: 10,
                cached: 3,
                completion: 7,
                timings: Timings { prompt_ms: 5, generate_ms: 9 },
            },
            FromChild::Cancelled { id: 3 },
            FromChild::Error { id: None, fault: Fault::Engine, message: "no".into() },
        ]
    }

    fn drain(decoder: &mut Decoder, into: &mut Vec<Result<FromChild, String>>) {
        loop {
            match decoder.next_frame() {
                Ok(Some(frame)) => into.push(Ok(frame)),
                Ok(None) => return,
                Err(error) => into.push(Err(error.to_string())),
            }
        }
    }

    #[test]
    fn frames_survive_any_cut() {
        let bytes: Vec<u8> =
            samples().iter().flat_map(|frame| encode(frame).expect("small and plain")).collect();
        for size in 1..=bytes.len() {
            let (mut decoder, mut got) = (Decoder::default(), Vec::new());
            for piece in bytes.chunks(size) {
                decoder.push(piece);
                drain(&mut decoder, &mut got);
            }
            assert_eq!(
                got.into_iter().map(Result::unwrap).collect::<Vec<_>>(),
                samples(),
                "pieces of {size}"
            );
            decoder.finish().expect("ended between frames");
        }
    }

    #[test]
    fn a_request_keeps_its_parts() {
        let request = Request {
            system: "s".into(),
            turns: vec![
                Turn { role: Role::User, text: "u".into() },
                Turn { role: Role::Assistant, text: "a".into() },
            ],
            prefill: Some("def".into()),
            fill: None,
            max_tokens: Tokens(9),
            temperature: Some(0.5),
            stop: vec!["\n\n".into()],
        };
        let ask = ToChild::Ask { id: 7, request: request.into() };
        let mut decoder = Decoder::default();
        decoder.push(&encode(&ask).expect("small and plain"));
        assert_eq!(decoder.next_frame::<ToChild>().expect("whole"), Some(ask));
    }

    #[test]
    fn garbage_costs_its_own_line_only() {
        for garbage in
            ["", "x", "{", "[]", "null", r#"{"type":"nothing"}"#, r#"{"type":"delta","id":-1}"#, "\u{0}"]
        {
            let (mut decoder, mut got) = (Decoder::default(), Vec::new());
            decoder.push(garbage.as_bytes());
            decoder.push(b"\n\xff\xfe\n");
            decoder.push(&encode(&samples()[4]).expect("small"));
            drain(&mut decoder, &mut got);
            assert_eq!(got.last().expect("three lines").as_ref(), Ok(&samples()[4]), "{garbage:?}");
            let errors = got.iter().filter(|frame| frame.is_err()).count();
            assert_eq!(errors, if garbage.is_empty() { 1 } else { 2 }, "{garbage:?}: {got:?}");
        }
    }

    #[test]
    fn a_line_without_end_is_dropped_once_and_never_kept() {
        let (mut decoder, mut got) = (Decoder::default(), Vec::new());
        let piece = vec![b'x'; 1 << 20];
        for _ in 0..9 {
            decoder.push(&piece);
            drain(&mut decoder, &mut got);
            assert!(decoder.buffer.len() <= MAX_LINE + piece.len());
        }
        decoder.push(b"\n");
        decoder.push(&encode(&samples()[4]).expect("small"));
        drain(&mut decoder, &mut got);
        assert_eq!(got, [Err(FrameError::TooLong.to_string()), Ok(samples()[4].clone())]);
        let long = FromChild::Delta { id: 1, text: "x".repeat(MAX_LINE) };
        assert!(matches!(encode(&long), Err(FrameError::TooLong)));
    }

    #[test]
    fn an_end_within_a_frame_is_told() {
        let mut decoder = Decoder::default();
        decoder.push(br#"{"type":"del"#);
        assert!(decoder.next_frame::<FromChild>().expect("not yet").is_none());
        assert!(matches!(decoder.finish(), Err(FrameError::Cut)));
    }
}
