//! The one retry loop of the program. Providers never retry by themselves, and neither does the HTTP client.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use tokio::sync::mpsc;

use super::meter::{Heard, Meter};
use super::retry::{self, Decision, RetryBudget};
use super::{Answer, ErrorKind, ModelError, Provider, Request, Tokens, weight};

/// Deltas that may wait between a provider and its reader. A handful: the reader's own queue is the one that counts.
const RELAYED_DELTAS: usize = 16;

/// What all calls of the process share for their retries: the budget, and where chance comes from.
pub struct Retries {
    /// A call is made once, whatever comes of it.
    once: bool,
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
        Self { once: false, budget: Mutex::new(RetryBudget::new(Instant::now())), jitter }
    }

    /// For a call that is to find out whether a model is well again: that is one question, and not three.
    #[must_use]
    pub fn once() -> Self {
        Self { once: true, ..Self::new() }
    }

    fn note_call(&self) {
        self.budget.lock().unwrap_or_else(PoisonError::into_inner).note_call(Instant::now());
    }

    fn decide(&self, error: &ModelError, attempts: u32) -> Decision {
        if self.once {
            return Decision::Stop;
        }
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

/// What is seen of a call while it goes on.
#[derive(Debug)]
pub struct Watch {
    began: Instant,
    /// The most that may be answered, where somebody pays for more.
    most: Option<Tokens>,
    seen: Mutex<Seen>,
    meter: Meter,
}

/// What was seen of a call so far.
#[derive(Clone, Copy, Debug, Default)]
pub struct Seen {
    /// From the question to the first text.
    pub first: Option<Duration>,
    /// From the question until now.
    pub whole: Duration,
    /// An estimate of what was answered.
    pub written: Tokens,
    pub attempts: u32,
    /// In so many pieces; our own engine sends one for each token.
    pub deltas: u32,
    weight: u64,
    pub bytes: u64,
}

/// An answer is cut when it has more tenths of a byte than this for each token that was allowed: a quarter more than the 3.6 bytes
/// that a token of code has at least, since an honest answer may have longer words. Into how many pieces it comes says nothing.
const MOST_TENTHS: u64 = 36 * 5 / 4;

/// Who pays for the attempts of a call.
pub trait Payer: Send {
    /// What is seen of the attempt that is made now.
    fn watch(&self) -> &Watch;

    /// The attempt ended with `error`, and there would be another one: pays for this one, and makes sure of the next. Not made
    /// for a reason in words for the user.
    fn again<'a>(&'a mut self, error: &'a ModelError) -> BoxFuture<'a, Result<(), String>>;
}

/// Nobody pays.
impl Payer for Watch {
    fn watch(&self) -> &Watch {
        self
    }

    fn again<'a>(&'a mut self, _: &'a ModelError) -> BoxFuture<'a, Result<(), String>> {
        self.meter = Meter::default();
        Box::pin(std::future::ready(Ok(())))
    }
}

impl Watch {
    /// Begins now. An answer of more than `most` is cut.
    #[must_use]
    pub fn new(most: Option<Tokens>) -> Self {
        Self { began: Instant::now(), most, seen: Mutex::default(), meter: Meter::default() }
    }

    /// Begins again, for the attempt after one that was paid.
    #[must_use]
    pub fn anew(&self) -> Self {
        let seen = Seen { attempts: 1, ..Seen::default() };
        Self { seen: Mutex::new(seen), ..Self::new(self.most) }
    }

    /// What the provider let be known.
    #[must_use]
    pub fn heard(&self) -> Heard {
        self.meter.heard()
    }

    #[must_use]
    pub fn seen(&self) -> Seen {
        let seen = *self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let written = Tokens::of_weight(seen.weight);
        Seen { whole: self.began.elapsed(), written, ..seen }
    }

    fn asks(&self) {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).attempts += 1;
    }

    /// Notes a piece of the answer; whether it is too much.
    fn hears(&self, delta: &str) -> bool {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.first.get_or_insert_with(|| self.began.elapsed());
        seen.deltas = seen.deltas.saturating_add(1);
        seen.weight = seen.weight.saturating_add(weight(delta));
        seen.bytes = seen.bytes.saturating_add(delta.len() as u64);
        self.most.is_some_and(|most| seen.bytes.saturating_mul(10) > u64::from(most.0) * MOST_TENTHS)
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
    payer: &mut dyn Payer,
) -> Result<Answer, ModelError> {
    retries.note_call();
    let mut attempts = 0;
    loop {
        attempts += 1;
        payer.watch().asks();
        let (outcome, said) = attempt(provider, request.clone(), &deltas, payer.watch()).await;
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
                if let Err(why) = payer.again(&error).await {
                    return Err(ModelError { message: format!("{error} (not asked again: {why})"), ..error });
                }
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
    watch: &Watch,
) -> (Result<Answer, ModelError>, Said) {
    let (sender, mut relay) = mpsc::channel(RELAYED_DELTAS);
    let mut call = provider.call(request, sender, watch.meter.clone());
    let mut said = Said::Nothing;
    loop {
        tokio::select! {
            biased;
            Some(delta) = relay.recv() => {
                said = Said::Something;
                if watch.hears(&delta) {
                    return (Err(too_dear()), said);
                }
                if deltas.send(delta).await.is_err() {
                    return (Err(nobody_listens()), said);
                }
            }
            () = deltas.closed() => return (Err(nobody_listens()), said),
            result = &mut call => {
                // It may have spoken when it was polled for the last time.
                while let Ok(delta) = relay.try_recv() {
                    said = Said::Something;
                    if watch.hears(&delta) {
                        return (Err(too_dear()), said);
                    }
                    if deltas.send(delta).await.is_err() {
                        return (Err(nobody_listens()), said);
                    }
                }
                return (result, said);
            }
        }
    }
}

fn too_dear() -> ModelError {
    ModelError {
        kind: ErrorKind::Budget,
        message:
            "the provider sent more than was asked for and reserved in the budget, so the answer was cut"
                .to_owned(),
        retry_after: None,
    }
}

fn nobody_listens() -> ModelError {
    ModelError {
        kind: ErrorKind::Stream,
        message: "the answer was given up: nobody reads it any more".to_owned(),
        retry_after: None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::Finish;
    use super::super::provider::scripted::{Gate, Scripted, Step};
    use super::*;

    fn request() -> Request {
        Request {
            system: String::new(),
            turns: Vec::new(),
            prefill: None,
            fill: None,
            max_tokens: Tokens(1),
            temperature: None,
            stop: Vec::new(),
        }
    }

    async fn run(provider: &Scripted) -> (Result<Answer, ModelError>, String) {
        let (sender, mut deltas) = mpsc::channel::<String>(1);
        let provider = provider.clone();
        let retries = Retries::with_jitter(|| 0.0);
        let call =
            tokio::spawn(
                async move { ask(&provider, request(), sender, &retries, &mut Watch::new(None)).await },
            );
        let mut text = String::new();
        while let Some(delta) = deltas.recv().await {
            text.push_str(&delta);
        }
        (call.await.unwrap(), text)
    }

    #[tokio::test]
    async fn every_delta_arrives_and_in_order() {
        let lines: String = (0..500).map(|line| format!("{line}\n")).collect();
        let (outcome, text) = run(&Scripted::saying([lines.as_str()])).await;
        assert_eq!((outcome.unwrap().finish, text), (Finish::Stop, lines));
    }

    #[tokio::test]
    async fn text_of_two_attempts_is_never_joined() {
        let fail = || Step::fail(ErrorKind::Connect, "gone");
        for (scripts, calls, expect) in [
            (vec![vec![fail()], vec![Step::say("b"), Step::stop()]], 2, (true, "b")),
            (vec![vec![Step::say("a"), fail()], vec![Step::say("b"), Step::stop()]], 1, (false, "a")),
            (vec![vec![fail()], vec![Step::say("a"), fail()], vec![Step::stop()]], 2, (false, "a")),
            (vec![vec![fail()]; 5], 3, (false, "")),
        ] {
            let provider = Scripted::new(scripts);
            let (outcome, text) = run(&provider).await;
            assert_eq!((outcome.is_ok(), text.as_str()), expect, "{outcome:?}");
            assert_eq!(provider.requests().len(), calls);
        }
    }

    #[tokio::test]
    async fn a_dropped_call_and_a_reader_that_goes_reach_the_provider() {
        let held = || vec![Step::say("a"), Step::Wait(Gate::new()), Step::stop()];
        let provider = Scripted::new([held(), held()]);
        let start = |deltas| {
            let provider = provider.clone();
            tokio::spawn(async move {
                ask(&provider, request(), deltas, &Retries::new(), &mut Watch::new(None)).await
            })
        };
        let (sender, mut deltas) = mpsc::channel(1);
        let call = start(sender);
        assert_eq!(deltas.recv().await.as_deref(), Some("a"));
        call.abort();
        provider.dropped(1).await;

        let (sender, mut deltas) = mpsc::channel(1);
        let call = start(sender);
        assert_eq!(deltas.recv().await.as_deref(), Some("a"));
        drop(deltas);
        assert_eq!(call.await.unwrap().unwrap_err().kind, ErrorKind::Stream);
        provider.dropped(2).await;
        assert_eq!(provider.live(), 0);
    }

    #[tokio::test]
    async fn a_gate_holds_a_call_until_it_is_opened() {
        let gate = Gate::new();
        let provider = Scripted::new([vec![Step::Wait(gate.clone()), Step::say("a"), Step::stop()]]);
        let (sender, mut deltas) = mpsc::channel(1);
        let asked = provider.clone();
        let call = tokio::spawn(async move {
            ask(&asked, request(), sender, &Retries::new(), &mut Watch::new(None)).await
        });
        provider.begun(1).await;
        assert!(deltas.try_recv().is_err());
        gate.open();
        assert_eq!(deltas.recv().await.as_deref(), Some("a"));
        assert!(call.await.unwrap().is_ok());
        let beyond = run(&provider).await.0.unwrap_err();
        assert!(beyond.message.contains("no script"), "{beyond}");
    }
}
