//! Answers of a model, kept in a file: what was asked once is not asked again. So all arms of an experiment share their first round,
//! and one that was interrupted goes on where it was.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;

use crate::model::meter::Meter;
use crate::model::{Answer, Finish, ModelError, Provider, Request, Role, Tokens, Usage};

/// Deltas on their way.
const DELTAS: usize = 64;

/// One answer, as a line of the file.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Kept {
    /// Of the question.
    key: String,
    text: String,
    /// It was cut at its limit.
    is_cut: bool,
    prompt: u32,
    completion: u32,
    seconds: f64,
}

/// See the module's head.
#[derive(Debug)]
pub(super) struct Answers {
    known: Mutex<HashMap<String, Kept>>,
    file: Mutex<File>,
    /// What the calls since the last look took, as they took when they were made.
    spent: Mutex<Duration>,
}

/// A provider whose answers are kept.
#[derive(Debug)]
pub(super) struct Recorded {
    pub inner: Arc<dyn Provider>,
    pub answers: Arc<Answers>,
}

impl Answers {
    /// Those of a file, which is made where there is none.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub fn open(path: &Path) -> Result<Self, String> {
        let failed = |error: std::io::Error| format!("{}: {error}", path.display());
        let mut known = HashMap::new();
        if path.exists() {
            let text = std::fs::read_to_string(path).map_err(failed)?;
            // The last line may have been cut.
            for kept in text.lines().filter_map(|line| serde_json::from_str::<Kept>(line).ok()) {
                known.insert(kept.key.clone(), kept);
            }
        }
        let file = OpenOptions::new().create(true).append(true).open(path).map_err(failed)?;
        Ok(Self { known: Mutex::new(known), file: Mutex::new(file), spent: Mutex::default() })
    }

    /// What the calls took since this was asked last.
    pub fn take_spent(&self) -> Duration {
        std::mem::take(&mut *self.spent.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn find(&self, key: &str) -> Option<Kept> {
        let kept = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned()?;
        self.spend(kept.seconds);
        Some(kept)
    }

    fn spend(&self, seconds: f64) {
        *self.spent.lock().unwrap_or_else(PoisonError::into_inner) +=
            Duration::from_secs_f64(seconds.max(0.0));
    }

    fn keep(&self, kept: Kept) {
        self.spend(kept.seconds);
        if let Ok(line) = serde_json::to_string(&kept) {
            let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
            // What cannot be kept is asked again the next time.
            let _ = writeln!(file, "{line}").and_then(|()| file.flush());
        }
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(kept.key.clone(), kept);
    }
}

/// An answer that is coming; kept when it is over, also where its reader has heard enough.
struct Coming {
    answers: Arc<Answers>,
    kept: Option<Kept>,
    began: Instant,
}

impl Drop for Coming {
    fn drop(&mut self) {
        if let Some(mut kept) = self.kept.take().filter(|kept| !kept.text.is_empty()) {
            kept.seconds = self.began.elapsed().as_secs_f64();
            self.answers.keep(kept);
        }
    }
}

impl Provider for Recorded {
    fn call(
        &self,
        request: Request,
        deltas: mpsc::Sender<String>,
        meter: Meter,
    ) -> BoxFuture<'static, Result<Answer, ModelError>> {
        let key = key_of(&request);
        let (inner, answers) = (self.inner.clone(), self.answers.clone());
        Box::pin(async move {
            if let Some(kept) = answers.find(&key) {
                // A reader that has heard enough is gone.
                let _ = deltas.send(kept.text).await;
                let finish = if kept.is_cut { Finish::Length } else { Finish::Stop };
                let (prompt, completion) = (Tokens(kept.prompt), Tokens(kept.completion));
                return Ok(Answer { finish, usage: Usage { prompt, completion, ..Usage::default() } });
            }
            let kept =
                Kept { key, text: String::new(), is_cut: false, prompt: 0, completion: 0, seconds: 0.0 };
            let mut coming = Coming { answers, kept: Some(kept), began: Instant::now() };
            let (said, mut heard) = mpsc::channel(DELTAS);
            let mut asked = inner.call(request, said, meter);
            let outcome = loop {
                tokio::select! {
                    biased;
                    Some(text) = heard.recv() => {
                        if let Some(kept) = &mut coming.kept {
                            kept.text += &text;
                        }
                        let _ = deltas.send(text).await;
                    }
                    outcome = &mut asked => break outcome,
                }
            };
            while let Ok(text) = heard.try_recv() {
                if let Some(kept) = &mut coming.kept {
                    kept.text += &text;
                }
                let _ = deltas.send(text).await;
            }
            match (&outcome, &mut coming.kept) {
                (Ok(answer), Some(kept)) => {
                    kept.is_cut = answer.finish == Finish::Length;
                    (kept.prompt, kept.completion) = (answer.usage.prompt.0, answer.usage.completion.0);
                }
                // What failed is asked again.
                _ => coming.kept = None,
            }
            outcome
        })
    }

    fn ready(&self) -> Result<(), ModelError> {
        self.inner.ready()
    }
}

fn key_of(request: &Request) -> String {
    let mut hash = Sha256::new();
    let mut part = |text: &str| {
        hash.update(text.len().to_le_bytes());
        hash.update(text.as_bytes());
    };
    part(&request.system);
    for turn in &request.turns {
        part(if turn.role == Role::User { "user" } else { "assistant" });
        part(&turn.text);
    }
    part(request.prefill.as_deref().unwrap_or_default());
    part(&format!("{} {:?} {:?}", request.max_tokens.0, request.temperature, request.stop));
    hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Turn;
    use crate::model::provider::scripted::Scripted;

    fn request(text: &str) -> Request {
        let turns = vec![Turn { role: Role::User, text: text.to_owned() }];
        Request {
            system: String::new(),
            turns,
            prefill: None,
            fill: None,
            max_tokens: Tokens(9),
            temperature: None,
            stop: Vec::new(),
        }
    }

    async fn answer(provider: &Recorded, text: &str) -> Option<String> {
        let (deltas, mut heard) = mpsc::channel(DELTAS);
        provider.ask(request(text), deltas).await.ok()?;
        let mut whole = String::new();
        while let Ok(text) = heard.try_recv() {
            whole += &text;
        }
        Some(whole)
    }

    #[tokio::test]
    async fn what_was_asked_is_not_asked_again() {
        let path = std::env::temp_dir().join(format!("redraft-recorded-{}", std::process::id()));
        let _ = std::fs::remove_file(&path);
        let scripted = Scripted::saying(["one\n", "two\n"]);
        for times in 0..2 {
            let answers = Arc::new(Answers::open(&path).unwrap());
            let provider = Recorded { inner: Arc::new(scripted.clone()), answers };
            for (question, expected) in [("a", "one\n"), ("b", "two\n"), ("a", "one\n")] {
                assert_eq!(answer(&provider, question).await.as_deref(), Some(expected), "{times}");
            }
            // What failed is not kept.
            assert_eq!(answer(&provider, "c").await, None);
        }
        let _ = std::fs::remove_file(&path);
        assert_eq!(scripted.requests().len(), 4);
    }
}
