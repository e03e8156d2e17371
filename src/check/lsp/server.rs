//! A language server of one workspace: started when it is first needed, kept warm, started again when it dies, and ended properly.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use ropey::Rope;
use tokio::sync::Mutex;

use super::client::{Client, Silent};
use super::convert::findings;
use super::options;
use crate::check::Finding;
use crate::check::process::{Supervised, Supervisor, spawn};

/// A server that dies more often than this within `WITHIN` is left alone for that time: it would only die again.
const DEATHS: usize = 3;
const WITHIN: Duration = Duration::from_secs(300);
/// How long it may take to end by itself.
const GOODBYE: Duration = Duration::from_secs(2);

/// See the module's head.
#[derive(Debug)]
pub struct Server {
    name: String,
    argv: Vec<OsString>,
    root: PathBuf,
    /// How long it may take for one text.
    wait: Duration,
    memory_mib: u32,
    supervisor: Supervisor,
    running: Mutex<Running>,
}

#[derive(Debug, Default)]
struct Running {
    now: Option<(Arc<Client>, Supervised)>,
    started: Vec<Instant>,
}

impl Server {
    /// One that is not started yet. `limits` are the time for one text, and memory in MiB.
    #[must_use]
    pub fn new(
        name: &str,
        argv: Vec<OsString>,
        root: &Path,
        (wait, memory_mib): (Duration, u32),
        supervisor: &Supervisor,
    ) -> Self {
        let (name, root, supervisor) = (name.to_owned(), root.to_owned(), supervisor.clone());
        Self { name, argv, root, wait, memory_mib, supervisor, running: Mutex::default() }
    }

    /// Starts it, if it does not run.
    pub async fn warm(&self) {
        if let Err(why) = self.client().await {
            tracing::info!(server = self.name, why, "a language server does not start");
        }
    }

    /// What it finds in a text of the document at `uri`.
    ///
    /// # Errors
    /// Why it told nothing, to go behind its name.
    pub async fn check(&self, uri: &str, language: &str, text: &Rope) -> Result<Vec<Finding>, String> {
        let content = text.to_string();
        let mut tries = 0;
        loop {
            let client = self.client().await?;
            match client.diagnostics(uri, language, &[&content], self.wait).await {
                Ok(items) => {
                    let items = items.into_iter().next().unwrap_or_default();
                    return Ok(findings(&self.name, &items, text, client.encoding));
                }
                // It may have died of something else: another one is asked, once.
                Err(Silent::Gone) if tries == 0 => tries += 1,
                Err(why) => return Err(format!("told nothing: {why}")),
            }
        }
    }

    async fn client(&self) -> Result<Arc<Client>, String> {
        let mut running = self.running.lock().await;
        if let Some((client, _)) = running.now.as_ref().filter(|(client, _)| !client.is_over()) {
            return Ok(client.clone());
        }
        let died = running.now.take();
        running.started.retain(|at| at.elapsed() < WITHIN);
        if running.started.len() > DEATHS {
            return Err(format!("died {DEATHS} times, and rests"));
        }
        let said = died.map(|(_, process)| process.stderr()).unwrap_or_default();
        if !said.trim().is_empty() {
            tracing::info!(server = self.name, said, "a language server died");
        }
        running.started.push(Instant::now());
        let child = spawn(&self.argv, &self.root, self.memory_mib, &self.supervisor)
            .map_err(|trouble| trouble.to_string())?;
        let greeted = Client::start(child.stdout, child.stdin, &self.root, &options::of(&self.argv)).await;
        let client = Arc::new(greeted.map_err(|why| {
            let said = child.process.stderr();
            let last = said.trim_end().lines().next_back().unwrap_or_default();
            if last.is_empty() {
                format!("does not start: {why}")
            } else {
                format!("does not start: {why}; it said: {last}")
            }
        })?);
        running.now = Some((client.clone(), child.process));
        Ok(client)
    }

    /// Ends it as LSP has it, and by force where it does not.
    pub async fn goodbye(&self) {
        if let Some((client, mut process)) = self.running.lock().await.now.take() {
            client.goodbye().await;
            drop(client);
            let _ = tokio::time::timeout(GOODBYE, process.ended()).await;
            process.stop().await;
        }
    }
}
