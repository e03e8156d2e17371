//! A provider that says what a test wrote down. In the library so that every test can use it; no configuration leads to it.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::BoxFuture;
use tokio::sync::{Semaphore, mpsc, watch};

use crate::model::meter::Meter;
use crate::model::{Answer, ErrorKind, Finish, ModelError, Provider, Request, Usage};

/// What a call does next.
#[derive(Clone, Debug)]
pub enum Step {
    /// The head of a good answer comes; with text it does so by itself.
    Begin,
    /// The model reasons, and says nothing.
    Work,
    /// It states what was used so far.
    State(Usage),
    /// Sends text.
    Say(String),
    /// Waits until the test opens the gate.
    Wait(Gate),
    /// Ends with an error.
    Fail(ModelError),
    /// Ends well.
    End(Answer),
}

impl Step {
    #[must_use]
    pub fn say(text: &str) -> Self {
        Self::Say(text.to_owned())
    }

    /// Ends well, for the reason `stop`, with no usage told.
    #[must_use]
    pub fn stop() -> Self {
        Self::End(Answer { finish: Finish::Stop, usage: Usage::default() })
    }

    #[must_use]
    pub fn fail(kind: ErrorKind, message: &str) -> Self {
        Self::Fail(ModelError { kind, message: message.to_owned(), retry_after: None })
    }
}

/// Holds a call until a test lets it go on. Each `open` lets one waiting step (or the next one to come) pass.
#[derive(Clone, Debug)]
pub struct Gate(Arc<Semaphore>);

impl Gate {
    #[must_use]
    pub fn new() -> Self {
        Self(Arc::new(Semaphore::new(0)))
    }

    pub fn open(&self) {
        self.0.add_permits(1);
    }

    async fn pass(&self) {
        if let Ok(permit) = self.0.acquire().await {
            permit.forget();
        }
    }
}

impl Default for Gate {
    fn default() -> Self {
        Self::new()
    }
}

/// The provider: each call takes the next script. A call beyond the last script fails, and so does a script that ends
/// without `End` or `Fail`, as a stream does that breaks off.
#[derive(Clone, Debug, Default)]
pub struct Scripted(Arc<State>);

#[derive(Debug, Default)]
struct State {
    scripts: Mutex<VecDeque<Vec<Step>>>,
    requests: Mutex<Vec<Request>>,
    /// Calls that have begun.
    begun: watch::Sender<usize>,
    /// Calls that were dropped before their end.
    dropped: watch::Sender<usize>,
    live: AtomicUsize,
}

impl Scripted {
    #[must_use]
    pub fn new(scripts: impl IntoIterator<Item = Vec<Step>>) -> Self {
        let scripted = Self::default();
        scripts.into_iter().for_each(|script| scripted.add(script));
        scripted
    }

    /// One script for each text, which says it line by line.
    #[must_use]
    pub fn saying<'a>(answers: impl IntoIterator<Item = &'a str>) -> Self {
        Self::new(
            answers
                .into_iter()
                .map(|answer| answer.split_inclusive('\n').map(Step::say).chain([Step::stop()]).collect()),
        )
    }

    /// Adds the script of a later call.
    pub fn add(&self, script: Vec<Step>) {
        self.0.scripts.lock().unwrap_or_else(PoisonError::into_inner).push_back(script);
    }

    /// What was asked so far, oldest first.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        self.0.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Calls that run now.
    #[must_use]
    pub fn live(&self) -> usize {
        self.0.live.load(Ordering::SeqCst)
    }

    /// Waits until so many calls have begun.
    pub async fn begun(&self, calls: usize) {
        at_least(&self.0.begun, calls).await;
    }

    /// Waits until so many calls were dropped before their end, which is how a cancel reaches a provider.
    pub async fn dropped(&self, calls: usize) {
        at_least(&self.0.dropped, calls).await;
    }
}

async fn at_least(counter: &watch::Sender<usize>, count: usize) {
    let waited = counter.subscribe().wait_for(|seen| *seen >= count).await.map(|_| ());
    debug_assert!(waited.is_ok(), "the sender lives as long as the provider");
}

impl Provider for Scripted {
    fn call(
        &self,
        request: Request,
        deltas: mpsc::Sender<String>,
        meter: Meter,
    ) -> BoxFuture<'static, Result<Answer, ModelError>> {
        let state = self.0.clone();
        Box::pin(async move {
            let mut call = Call::begin(state, request);
            let outcome = call.run(&deltas, &meter).await;
            call.ended = true;
            outcome
        })
    }
}

/// A running call; notices that it is dropped.
struct Call {
    state: Arc<State>,
    script: Option<Vec<Step>>,
    ended: bool,
}

impl Call {
    fn begin(state: Arc<State>, request: Request) -> Self {
        state.requests.lock().unwrap_or_else(PoisonError::into_inner).push(request);
        let script = state.scripts.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        state.live.fetch_add(1, Ordering::SeqCst);
        state.begun.send_modify(|calls| *calls += 1);
        Self { state, script, ended: false }
    }

    async fn run(&mut self, deltas: &mpsc::Sender<String>, meter: &Meter) -> Result<Answer, ModelError> {
        let Some(script) = self.script.take() else { return Err(broken("there is no script for this call")) };
        for step in script {
            match step {
                Step::Begin => meter.begins(),
                Step::Work => {
                    meter.begins();
                    meter.works();
                }
                Step::State(usage) => {
                    meter.begins();
                    meter.states(usage, false);
                }
                Step::Say(text) => {
                    meter.begins();
                    if deltas.send(text).await.is_err() {
                        return Err(broken("nobody reads the answer"));
                    }
                }
                Step::Wait(gate) => gate.pass().await,
                Step::Fail(error) => return Err(error),
                Step::End(answer) => return Ok(answer),
            }
        }
        Err(broken("the script ended without an end"))
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        self.state.live.fetch_sub(1, Ordering::SeqCst);
        if !self.ended {
            self.state.dropped.send_modify(|calls| *calls += 1);
        }
    }
}

fn broken(what: &str) -> ModelError {
    ModelError { kind: ErrorKind::Stream, message: format!("scripted: {what}"), retry_after: None }
}
