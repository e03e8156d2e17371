//! The engine's process as its parent has it: started, spoken to, ended, and what it died of.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};

use super::frames::{Decoder, FromChild, ToChild, encode};
use crate::model::store::CATALOGUE;
use crate::model::{ErrorKind, ModelError, Tokens};

/// Without a question for this long, the process ends and gives its memory back.
pub const IDLE: Duration = Duration::from_secs(600);
/// The window that is allocated, in tokens: the prompt (about 1,000 by default), some rounds on it, and the answers.
/// The cache of the default model takes 12 KiB for each.
pub const WINDOW: Tokens = Tokens(8192);
/// How long a model may take to load: gigabytes from a slow disk.
const LOAD_DEADLINE: Duration = Duration::from_secs(120);
/// How long the process may take to end by itself, and to be collected once its output has ended.
const END_GRACE: Duration = Duration::from_secs(1);
/// What is kept of the process's standard error for a message: lines, and characters of each.
const TAIL_LINES: usize = 8;
const TAIL_COLUMNS: usize = 300;
/// Bytes of standard error that are read as one line at most, so that a line without end costs no memory.
const STDERR_LINE: u64 = 16 << 10;
/// Bytes read at once.
const CHUNK: usize = 16 << 10;
/// What of the environment the engine gets: where libraries and GPUs are, how threads behave, what to log. No key can
/// be among it.
const ENVIRONMENT: &[&str] = &[
    "CUDA_VISIBLE_DEVICES",
    "DYLD_LIBRARY_PATH",
    "GGML_VK_VISIBLE_DEVICES",
    "GOMP_SPINCOUNT",
    "HIP_VISIBLE_DEVICES",
    "LD_LIBRARY_PATH",
    "OMP_NUM_THREADS",
    "OMP_WAIT_POLICY",
    "REDRAFT_LOG",
    "SYSTEMROOT",
    "TMPDIR",
    "VK_ICD_FILENAMES",
];

/// How long llama.cpp's threads spin when they wait for each other, before they sleep. OpenMP's own 300,000 take the core
/// from the thread that is waited for as soon as anything else runs. Measured on two cores with one other busy program:
/// reading 65 → 85 tokens a second, writing 17 → 22; with nothing else running, at most 4 % are lost.
const SPIN: (&str, &str) = ("GOMP_SPINCOUNT", "1000");

/// Which model, and how it is run.
#[derive(Clone, Debug)]
pub struct EngineOptions {
    /// The GGUF file.
    pub model: PathBuf,
    /// The window to allocate; the model's own, if that is smaller.
    pub window: Tokens,
    /// Threads that compute; `None`: one for each physical core.
    pub threads: Option<u32>,
    /// Without a question for this long, the process ends.
    pub idle: Duration,
    /// The program and its arguments; `None`: this binary's `engine`.
    pub command: Option<Vec<OsString>>,
}

impl EngineOptions {
    #[must_use]
    pub fn new(model: PathBuf) -> Self {
        Self { model, window: WINDOW, threads: None, idle: IDLE, command: None }
    }

    /// What can be known to fail before a process is started.
    pub(super) fn check(&self) -> Result<(), ModelError> {
        let config = |message| Err(ModelError { kind: ErrorKind::Config, message, retry_after: None });
        if cfg!(not(feature = "embedded")) && self.command.is_none() {
            return config(
                "this redraft was built without the embedded engine: configure another provider, or build it with \
                 the cargo feature `embedded`"
                    .into(),
            );
        }
        if !self.model.is_file() {
            let path = self.model.display();
            let file = self.model.file_name().and_then(|name| name.to_str());
            let what = match CATALOGUE.iter().find(|entry| Some(entry.file) == file) {
                Some(entry) => format!("fetch it with `redraft models pull {}`", entry.name),
                None => "look at the model's `path` in the configuration".to_owned(),
            };
            return config(format!("there is no model file {path}: {what}"));
        }
        Ok(())
    }
}

/// A running engine. Dropping it kills it.
#[derive(Debug)]
pub struct Process {
    child: Child,
    stdin: ChildStdin,
    stdout: ChildStdout,
    decoder: Decoder,
    chunk: Vec<u8>,
    tail: Arc<Mutex<VecDeque<String>>>,
}

impl Process {
    pub fn spawn(options: &EngineOptions) -> Result<Self, ModelError> {
        let mut command = match options.command.as_deref() {
            Some([program, arguments @ ..]) => {
                let mut command = Command::new(program);
                command.args(arguments);
                command
            }
            _ => {
                let mut command = Command::new(this_program()?);
                command.arg("engine");
                command
            }
        };
        command
            .env_clear()
            .env(SPIN.0, SPIN.1)
            .envs(ENVIRONMENT.iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
        // On a failed assertion ggml would start a debugger to print a backtrace.
        command.env("GGML_NO_BACKTRACE", "1");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = command
            .spawn()
            .map_err(|error| engine_error(format!("the engine process cannot start: {error}")))?;
        let (Some(stdin), Some(stdout), Some(stderr)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(engine_error("the engine process started without its pipes".into()));
        };
        let tail = Arc::default();
        tokio::spawn(keep_tail(stderr, Arc::clone(&tail)));
        Ok(Self { child, stdin, stdout, decoder: Decoder::default(), chunk: vec![0; CHUNK], tail })
    }

    pub fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// Has the model loaded.
    pub async fn load(&mut self, options: &EngineOptions) -> Result<(), ModelError> {
        let threads = options.threads.unwrap_or_else(physical_cores);
        let load = ToChild::Load { path: options.model.clone(), context: options.window.0, threads };
        let ready = async {
            self.send(&load).await?;
            match self.next().await? {
                FromChild::Ready { model, context, threads, load_ms } => {
                    tracing::info!(model, context, threads, load_ms, "the embedded engine is ready");
                    Ok(())
                }
                FromChild::Error { message, .. } => Err(engine_error(message)),
                _ => Err(engine_error("the engine did not say that it is ready".into())),
            }
        };
        tokio::time::timeout(LOAD_DEADLINE, ready).await.unwrap_or_else(|_| {
            let (path, seconds) = (options.model.display(), LOAD_DEADLINE.as_secs());
            Err(engine_error(format!("the engine did not load {path} within {seconds} s")))
        })
    }

    pub async fn send(&mut self, frame: &ToChild) -> Result<(), ModelError> {
        let line = encode(frame).map_err(|error| ModelError {
            kind: ErrorKind::Rejected,
            message: format!("the question cannot be sent to the engine: {error}"),
            retry_after: None,
        })?;
        match self.stdin.write_all(&line).await {
            Ok(()) => Ok(()),
            Err(_) => Err(self.death().await),
        }
    }

    /// The next frame. Dropping the future loses nothing.
    pub async fn next(&mut self) -> Result<FromChild, ModelError> {
        loop {
            match self.decoder.next_frame() {
                Ok(Some(frame)) => return Ok(frame),
                Ok(None) => {}
                Err(error) => return Err(engine_error(format!("the engine sent {error}"))),
            }
            match self.stdout.read(&mut self.chunk).await {
                Ok(length) if length > 0 => self.decoder.push(&self.chunk[..length]),
                Ok(_) | Err(_) => return Err(self.death().await),
            }
        }
    }

    pub fn has_exited(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    /// Waits until the process has died by itself.
    pub async fn exited(&mut self) -> String {
        match self.child.wait().await {
            Ok(status) => describe(status),
            Err(error) => error.to_string(),
        }
    }

    /// Closes its input, by which it ends; kills it if it does not.
    pub async fn end(self) {
        let Self { mut child, stdin, .. } = self;
        drop(stdin);
        if tokio::time::timeout(END_GRACE, child.wait()).await.is_err() {
            // It has ended meanwhile, or is collected when `child` is dropped.
            let _ = child.kill().await;
        }
    }

    /// Its output has ended: what happened?
    async fn death(&mut self) -> ModelError {
        let how = match tokio::time::timeout(END_GRACE, self.child.wait()).await {
            Ok(Ok(status)) => describe(status),
            Ok(Err(error)) => error.to_string(),
            Err(_) => "closed its output".into(),
        };
        let tail = self.tail.lock().unwrap_or_else(PoisonError::into_inner);
        let said = if tail.is_empty() { String::new() } else { format!("; its last words: {}", join(&tail)) };
        engine_error(format!("the embedded engine {how}{said}. The next run starts it again"))
    }
}

pub fn engine_error(message: String) -> ModelError {
    ModelError { kind: ErrorKind::Engine, message, retry_after: None }
}

fn this_program() -> Result<PathBuf, ModelError> {
    let program = std::env::current_exe()
        .map_err(|error| engine_error(format!("the engine's program is not known: {error}")))?;
    // The binary was replaced while it runs: Linux still has the old one, which speaks our version of the frames.
    let running = Path::new("/proc/self/exe");
    Ok(if !program.exists() && running.exists() { running.into() } else { program })
}

fn describe(status: ExitStatus) -> String {
    #[cfg(unix)]
    {
        use std::os::unix::process::ExitStatusExt;
        const KILL: i32 = 9;
        const ABORT: i32 = 6;
        match status.signal() {
            Some(KILL) => return "was killed (signal 9), perhaps by the system for want of memory".into(),
            Some(ABORT) => return "aborted (signal 6), which is a failed assertion in llama.cpp".into(),
            Some(signal) => return format!("died of signal {signal}"),
            None => {}
        }
    }
    match status.code() {
        Some(code) => format!("ended with code {code}"),
        None => "ended".into(),
    }
}

fn join(tail: &VecDeque<String>) -> String {
    tail.iter().map(String::as_str).collect::<Vec<_>>().join(" | ")
}

/// Reads standard error to its end, and keeps its last lines.
async fn keep_tail(stderr: ChildStderr, tail: Arc<Mutex<VecDeque<String>>>) {
    let mut reader = BufReader::new(stderr);
    let mut line = Vec::new();
    loop {
        line.clear();
        match (&mut reader).take(STDERR_LINE).read_until(b'\n', &mut line).await {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
        let text: String = String::from_utf8_lossy(&line).trim().chars().take(TAIL_COLUMNS).collect();
        if text.is_empty() {
            continue;
        }
        tracing::debug!(target: "redraft::engine", "{text}");
        let mut tail = tail.lock().unwrap_or_else(PoisonError::into_inner);
        if tail.len() == TAIL_LINES {
            tail.pop_front();
        }
        tail.push_back(text);
    }
}

/// Hyper-threads share the units that llama.cpp keeps busy, so more threads than cores only wait for each other.
fn physical_cores() -> u32 {
    let logical = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let cores = (0..logical)
        .filter_map(|cpu| {
            let path = format!("/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list");
            std::fs::read_to_string(path).ok()
        })
        .collect::<std::collections::BTreeSet<_>>()
        .len();
    u32::try_from(if cores == 0 { logical } else { cores.min(logical) }).unwrap_or(1)
}

#[cfg(all(test, unix))]
mod tests;
