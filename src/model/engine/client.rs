//! The server's side of the embedded engine: a provider whose model is a child process.
//!
//! One task keeps the process: it starts it for the first question, hands it one question at a time in the order in
//! which they came, tells it when the asker has gone, and ends it when nobody asks. The process may die at any time;
//! that is the error of the question that ran, and the next one starts a new process.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::sync::{mpsc, oneshot, watch};

use super::frames::{Fault, FromChild, ToChild, usage};
pub use super::process::EngineOptions;
use super::process::{Process, engine_error};
use crate::model::meter::Meter;
use crate::model::{Answer, ErrorKind, ModelError, Provider, Request};

/// Questions that wait inside the queue; more wait, in order, to get into it. A wait is not bounded here: who asks has
/// the deadlines, and takes a question back by dropping it.
const QUEUE: usize = 16;
/// How long a cancelled question may go on before the process is killed instead. It stops within 0.1 s by itself.
const CANCEL_GRACE: Duration = Duration::from_secs(2);

/// A model on this machine.
#[derive(Clone, Debug)]
pub struct EmbeddedProvider {
    shared: Arc<Shared>,
}

impl EmbeddedProvider {
    /// Starts nothing: the first question does.
    #[must_use]
    pub fn new(options: EngineOptions) -> Self {
        let (process, _) = watch::channel(None);
        Self { shared: Arc::new(Shared { options, queue: Mutex::new(None), process }) }
    }

    /// The id of the engine process while there is one.
    #[must_use]
    pub fn process(&self) -> watch::Receiver<Option<u32>> {
        self.shared.process.subscribe()
    }
}

impl Provider for EmbeddedProvider {
    fn call(
        &self,
        request: Request,
        deltas: mpsc::Sender<String>,
        _: Meter,
    ) -> BoxFuture<'static, Result<Answer, ModelError>> {
        let shared = self.shared.clone();
        Box::pin(async move {
            let lost = || engine_error("the embedded engine's task has ended; ask again".into());
            shared.options.check()?;
            let queue = shared.queue();
            drop(shared);
            let (reply, answer) = oneshot::channel();
            queue.send(Job { request, deltas, reply }).await.map_err(|_| lost())?;
            // Held no longer, so that the engine ends with its provider.
            drop(queue);
            answer.await.unwrap_or_else(|_| Err(lost()))
        })
    }

    fn ready(&self) -> Result<(), ModelError> {
        self.shared.options.check()
    }
}

#[derive(Debug)]
struct Shared {
    options: EngineOptions,
    /// To the task that keeps the process; `None` before the first question.
    queue: Mutex<Option<mpsc::Sender<Job>>>,
    process: watch::Sender<Option<u32>>,
}

impl Shared {
    /// The queue of the running task; a task is started when there is none (or its runtime has ended).
    fn queue(&self) -> mpsc::Sender<Job> {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        match &*queue {
            Some(queue) if !queue.is_closed() => queue.clone(),
            _ => {
                let (sender, jobs) = mpsc::channel(QUEUE);
                let keeper = Keeper {
                    options: self.options.clone(),
                    engine: None,
                    last_id: 0,
                    process: self.process.clone(),
                };
                // On a task of its own: the process must be started by a thread that lives on (`child::run`).
                tokio::spawn(keeper.keep(jobs));
                queue.insert(sender).clone()
            }
        }
    }
}

/// A question and where its answer goes. The asker has gone when `reply` is closed.
struct Job {
    request: Request,
    deltas: mpsc::Sender<String>,
    reply: oneshot::Sender<Result<Answer, ModelError>>,
}

/// How a question left the process.
enum Left {
    /// Ready for the next one.
    Ready(Result<Answer, ModelError>),
    /// The asker has gone; the process still works on it.
    Unwanted,
    Broken(ModelError),
}

struct Keeper {
    options: EngineOptions,
    engine: Option<Process>,
    last_id: u64,
    process: watch::Sender<Option<u32>>,
}

impl Keeper {
    async fn keep(mut self, mut jobs: mpsc::Receiver<Job>) {
        while let Some(job) = self.next_job(&mut jobs).await {
            if !job.reply.is_closed() {
                self.serve(job).await;
            }
        }
        self.end().await;
    }

    /// Waits for a question, and ends the process when none comes.
    async fn next_job(&mut self, jobs: &mut mpsc::Receiver<Job>) -> Option<Job> {
        loop {
            let Some(engine) = &mut self.engine else { return jobs.recv().await };
            tokio::select! {
                biased;
                job = jobs.recv() => return job,
                ended = engine.exited() => tracing::debug!(%ended, "the idle engine died"),
                () = tokio::time::sleep(self.options.idle) => tracing::debug!("the engine is idle and is ended"),
            }
            self.end().await;
        }
    }

    async fn serve(&mut self, mut job: Job) {
        if let Err(error) = self.ensure_started().await {
            let _ = job.reply.send(Err(error));
            return;
        }
        let Some(engine) = &mut self.engine else { return };
        self.last_id += 1;
        let id = self.last_id;
        match run(engine, id, &mut job).await {
            Left::Ready(result) => {
                let _ = job.reply.send(result);
            }
            Left::Unwanted => {
                drop(job);
                if tokio::time::timeout(CANCEL_GRACE, cancel(engine, id)).await != Ok(true) {
                    tracing::warn!("the engine does not stop when it is asked to, and is killed");
                    self.kill();
                }
            }
            Left::Broken(error) => {
                self.kill();
                let _ = job.reply.send(Err(error));
            }
        }
    }

    async fn ensure_started(&mut self) -> Result<(), ModelError> {
        if self.engine.as_mut().is_some_and(Process::has_exited) {
            self.kill();
        }
        if self.engine.is_none() {
            let engine = Process::spawn(&self.options)?;
            self.process.send_replace(engine.id());
            let engine = self.engine.insert(engine);
            if let Err(error) = engine.load(&self.options).await {
                self.kill();
                return Err(error);
            }
        }
        Ok(())
    }

    async fn end(&mut self) {
        if let Some(engine) = self.engine.take() {
            engine.end().await;
            self.process.send_replace(None);
        }
    }

    /// Dropping kills.
    fn kill(&mut self) {
        self.engine = None;
        self.process.send_replace(None);
    }
}

async fn run(engine: &mut Process, id: u64, job: &mut Job) -> Left {
    let request = job.request.clone().into();
    if let Err(error) = engine.send(&ToChild::Ask { id, request }).await {
        return Left::Broken(error);
    }
    loop {
        let frame = tokio::select! {
            biased;
            () = job.reply.closed() => return Left::Unwanted,
            frame = engine.next() => frame,
        };
        match frame {
            Err(error) => return Left::Broken(error),
            Ok(FromChild::Delta { id: of, text }) if of == id => tokio::select! {
                biased;
                () = job.reply.closed() => return Left::Unwanted,
                sent = job.deltas.send(text) => if sent.is_err() { return Left::Unwanted },
            },
            Ok(FromChild::Done { id: of, finish, prompt, cached, completion, timings }) if of == id => {
                tracing::debug!(prompt, cached, completion, ?timings, "the engine answered");
                let usage = usage(prompt, cached, completion);
                return Left::Ready(Ok(Answer { finish: finish.into(), usage }));
            }
            Ok(FromChild::Error { id: Some(of), fault, message }) if of == id => {
                return Left::Ready(Err(told(fault, message)));
            }
            Ok(FromChild::Error { id: None, message, .. }) => return Left::Broken(engine_error(message)),
            // A late word about an earlier question.
            Ok(_) => {}
        }
    }
}

/// Whether the process stopped working on `id` and can go on.
async fn cancel(engine: &mut Process, id: u64) -> bool {
    if engine.send(&ToChild::Cancel { id }).await.is_err() {
        return false;
    }
    loop {
        match engine.next().await {
            Ok(
                FromChild::Cancelled { id: of }
                | FromChild::Done { id: of, .. }
                | FromChild::Error { id: Some(of), .. },
            ) if of == id => return true,
            Ok(FromChild::Error { id: None, .. }) | Err(_) => return false,
            Ok(_) => {}
        }
    }
}

fn told(fault: Fault, message: String) -> ModelError {
    let kind = match fault {
        Fault::Question => ErrorKind::Rejected,
        Fault::Engine => ErrorKind::Engine,
    };
    ModelError { kind, message, retry_after: None }
}
