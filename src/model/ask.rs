//! The one retry loop of the program. Providers never retry by themselves, and neither does the HTTP client.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use tokio::sync::mpsc;

use super::retry::{self, Decision, RetryBudget};
use super::{Answer, ErrorKind, ModelError, Provider, Request};

/// Deltas that may wait between a provider and its reader. A handful: the reader's own queue is the one that counts.
const RELAYED_DELTAS: usize = 16;

/// What all calls of the process share for their retries: the budget, and where chance comes from.
pub struct Retries {
    budget: Mutex<RetryBudget>,
    jitter: fn() -> f64,
}

impl Retries {
    #[must_use]
    pub fn new() -> Self {
        Self::with_jitter(fastrand::f64)
    }

    /// With a source of numbers in 0..1 that a test chooses; 0 never waits.
    #[must_use]
    pub fn with_jitter(jitter: fn() -> f64) -> Self {
        Self { budget: Mutex::new(RetryBudget::new(Instant::now())), jitter }
    }

    fn note_call(&self) {
        self.budget.lock().unwrap_or_else(PoisonError::into_inner).note_call(Instant::now());
    }

    fn decide(&self, error: &ModelError, attempts: u32) -> Decision {
        let mut budget = self.budget.lock().unwrap_or_else(PoisonError::into_inner);
        retry::decide(error, attempts, (self.jitter)(), &mut budget, Instant::now())
    }
}

impl Default for Retries {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Retries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Retries").field("budget", &self.budget).finish_non_exhaustive()
    }
}

/// Asks `provider`, and asks it the same again where `retry` says so and no text has come yet: text of two attempts is
/// never joined. Dropping the future cancels the call.
///
/// # Errors
/// The last attempt's; its message tells how many there were.
pub async fn ask(
    provider: &dyn Provider,
    request: Request,
    deltas: mpsc::Sender<String>,
    retries: &Retries,
) -> Result<Answer, ModelError> {
    retries.note_call();
    let mut attempts = 0;
    loop {
        attempts += 1;
        let (outcome, said) = attempt(provider, request.clone(), &deltas).await;
        let error = match outcome {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        let decision = match said {
            Said::Nothing => retries.decide(&error, attempts),
            Said::Something => Decision::Stop,
        };
        match decision {
            Decision::Retry { after } => {
                tracing::info!(attempts, wait_ms = after.as_millis(), "asking again: {error}");
                tokio::time::sleep(after).await;
            }
            Decision::Stop if attempts > 1 => {
                return Err(ModelError { message: format!("{error} (asked {attempts} times)"), ..error });
            }
            Decision::Stop => return Err(error),
        }
    }
}

/// Whether an attempt's text reached the reader.
#[derive(Clone, Copy)]
enum Said {
    Nothing,
    Something,
}

/// One call, with a look at what it says on the way.
async fn attempt(
    provider: &dyn Provider,
    request: Request,
    deltas: &mpsc::Sender<String>,
) -> (Result<Answer, ModelError>, Said) {
    let (sender, mut relay) = mpsc::channel(RELAYED_DELTAS);
    let mut call = provider.ask(request, sender);
    let mut said = Said::Nothing;
    loop {
        tokio::select! {
            biased;
            Some(delta) = relay.recv() => {
                said = Said::Something;
                if deltas.send(delta).await.is_err() {
                    return (Err(nobody_listens()), said);
                }
            }
            () = deltas.closed() => return (Err(nobody_listens()), said),
            result = &mut call => {
                // It may have spoken when it was polled for the last time.
                while let Ok(delta) = relay.try_recv() {
                    said = Said::Something;
                    if deltas.send(delta).await.is_err() {
                        return (Err(nobody_listens()), said);
                    }
                }
                return (result, said);
            }
        }
    }
}

fn nobody_listens() -> ModelError {
    ModelError {
        kind: ErrorKind::Stream,
        message: "the answer was given up: nobody reads it any more".to_owned(),
        retry_after: None,
    }
}
