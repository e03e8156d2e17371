//! A language server of one workspace: started when it is first needed, kept warm, started again when it dies, and ended properly.
//!
//! It starts in the background: whoever asks waits as long as its user would, and no longer.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared};
use ropey::Rope;
use serde_json::Value;
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout, timeout_at};

use super::client::{Client, Silent};
use super::convert::findings;
use super::options;
use crate::check::Finding;
use crate::check::process::{Child, Supervised, Supervisor, spawn};

/// A server that dies more often than this within `WITHIN` is left alone for that time: it would only die again. So is one that does
/// not greet back.
const DEATHS: usize = 3;
const WITHIN: Duration = Duration::from_secs(300);
/// How long a server may take to start, whether or not somebody waits for it: one in Node indexes on the way.
const START: Duration = Duration::from_secs(30);
/// How long it may take to end by itself.
const GOODBYE: Duration = Duration::from_secs(2);

/// See the module's head.
#[derive(Debug)]
pub struct Server {
    name: String,
    argv: Vec<OsString>,
    root: PathBuf,
    options: Value,
    /// How long whoever asks waits for one text, the start included.
    wait: Duration,
    memory_mib: u32,
    supervisor: Supervisor,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    stage: Stage,
    started: Vec<Instant>,
}

#[derive(Debug, Default)]
enum Stage {
    #[default]
    Stopped,
    Starting(Starting),
    Running(Arc<Client>, Supervised),
    /// It is not tried again before this time; and why.
    Resting(Instant, String),
}

/// One that is being greeted. Dropping it ends that, and the process.
#[derive(Debug)]
struct Starting {
    _stop: oneshot::Sender<()>,
    greeting: Greeting,
}

/// What comes of greeting it, for all who wait for it.
type Greeting = Shared<BoxFuture<'static, Greeted>>;
/// The client, with the process for the first who takes it; or why there is none.
type Greeted = Result<(Arc<Client>, Arc<Mutex<Option<Supervised>>>), String>;

impl Server {
    /// One that is not started yet, with its user's `options`. `limits` are the time for one text, and memory in MiB.
    #[must_use]
    pub fn new(
        name: &str,
        argv: Vec<OsString>,
        root: &Path,
        options: &Value,
        (wait, memory_mib): (Duration, u32),
        supervisor: &Supervisor,
    ) -> Self {
        let options = options::of(&argv, options);
        let (name, root, supervisor) = (name.to_owned(), root.to_owned(), supervisor.clone());
        Self { name, argv, root, options, wait, memory_mib, supervisor, state: Mutex::default() }
    }

    /// Starts it, if it does not run; to be called within a runtime.
    pub fn warm(&self) {
        if let Err(why) = self.greeting() {
            tracing::info!(server = self.name, why, "a language server does not start");
        }
    }

    /// What it finds in a text of the document at `uri`.
    ///
    /// # Errors
    /// Why it told nothing, to go behind its name.
    pub async fn check(&self, uri: &str, language: &str, text: &Rope) -> Result<Vec<Finding>, String> {
        let content = text.to_string();
        let due = Instant::now() + self.wait;
        let mut tries = 0;
        loop {
            let client = self.client(due).await?;
            let left = due.saturating_duration_since(Instant::now());
            match client.diagnostics(uri, language, &[&content], left).await {
                Ok(items) => {
                    let items = items.into_iter().next().unwrap_or_default();
                    return findings(&self.name, &items, text, client.encoding);
                }
                // It may have died of something else: another one is asked, once.
                Err(Silent::Gone) if tries == 0 => tries += 1,
                Err(Silent::TimedOut(_)) => return Err(format!("told nothing within {}", self.patience())),
                Err(why) => return Err(format!("told nothing: {why}")),
            }
        }
    }

    async fn client(&self, due: Instant) -> Result<Arc<Client>, String> {
        loop {
            let greeting = match self.greeting()? {
                Ok(client) => return Ok(client),
                Err(greeting) => greeting,
            };
            if timeout_at(due, greeting).await.is_err() {
                return Err(format!("is starting still, after {}", self.patience()));
            }
        }
    }

    /// The one that runs, or what is to be waited for; started, where there is none.
    fn greeting(&self) -> Result<Result<Arc<Client>, Greeting>, String> {
        let mut state = self.lock();
        state.settle();
        match &state.stage {
            Stage::Running(client, _) => return Ok(Ok(client.clone())),
            Stage::Starting(starting) => return Ok(Err(starting.greeting.clone())),
            Stage::Resting(until, why) if Instant::now() < *until => return Err(why.clone()),
            Stage::Resting(..) | Stage::Stopped => {}
        }
        let child = spawn(&self.argv, &self.root, self.memory_mib, &self.supervisor);
        let child = child.map_err(|trouble| trouble.to_string())?;
        let (stop, stopped) = oneshot::channel();
        let (root, options, limit) = (self.root.clone(), self.options.clone(), self.wait.max(START));
        let task = tokio::spawn(async move { greeted(child, &root, &options, limit, stopped).await });
        let greeting =
            task.map(|done| done.unwrap_or_else(|_| Err("does not start".to_owned()))).boxed().shared();
        state.started.push(Instant::now());
        state.stage = Stage::Starting(Starting { _stop: stop, greeting: greeting.clone() });
        Ok(Err(greeting))
    }

    fn patience(&self) -> String {
        format!("{} s", self.wait.as_secs_f64())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends it as LSP has it, and by force where it does not.
    pub async fn goodbye(&self) {
        let stage = std::mem::take(&mut self.lock().stage);
        match stage {
            Stage::Running(client, mut process) => {
                client.goodbye().await;
                drop(client);
                let _ = timeout(GOODBYE, process.ended()).await;
                process.stop().await;
            }
            Stage::Starting(Starting { _stop: stop, greeting }) => {
                drop(stop);
                // Its process is gone by then.
                drop(greeting.await);
            }
            Stage::Resting(..) | Stage::Stopped => {}
        }
    }
}

impl State {
    /// Takes in what has become of it meanwhile.
    fn settle(&mut self) {
        self.stage = match std::mem::take(&mut self.stage) {
            Stage::Starting(starting) => match starting.greeting.peek().cloned() {
                None => Stage::Starting(starting),
                Some(Err(why)) => resting(&why),
                Some(Ok((client, process))) => {
                    let process = process.lock().unwrap_or_else(PoisonError::into_inner).take();
                    process.map_or(Stage::Stopped, |process| Stage::Running(client, process))
                }
            },
            Stage::Running(client, process) if client.is_over() => {
                self.started.retain(|at| at.elapsed() < WITHIN);
                let said = last_of(&process.stderr());
                if self.started.len() > DEATHS {
                    resting(&format!("died {DEATHS} times{said}"))
                } else {
                    tracing::info!(said, "a language server died");
                    Stage::Stopped
                }
            }
            stage => stage,
        };
    }
}

/// Greets a server, and ends it where that fails or nobody waits for it any more.
async fn greeted(
    child: Child,
    root: &Path,
    options: &Value,
    limit: Duration,
    stopped: oneshot::Receiver<()>,
) -> Greeted {
    let Child { stdin, stdout, mut process } = child;
    let greeting = Client::start(stdout, stdin, root, options, limit);
    let outcome = tokio::select! {
        outcome = greeting => outcome,
        _ = stopped => Err(Silent::Gone),
    };
    match outcome {
        Ok(client) => Ok((Arc::new(client), Arc::new(Mutex::new(Some(process))))),
        Err(why) => {
            process.stop().await;
            Err(format!("does not start: {why}{}", last_of(&process.said().await)))
        }
    }
}

/// That it is left alone for a while, and why.
fn resting(why: &str) -> Stage {
    let minutes = WITHIN.as_secs() / 60;
    Stage::Resting(Instant::now() + WITHIN, format!("{why}; it is left alone for {minutes} minutes"))
}

/// What it said last.
fn last_of(said: &str) -> String {
    match said.trim_end().lines().next_back() {
        Some(last) if !last.trim().is_empty() => format!("; it said: {last}"),
        _ => String::new(),
    }
}
