//! A checker's process as Redraft has it: started below a supervisor, fed, read, and ended when nobody waits for it any more.
//!
//! Never a shell; an environment in which no key can be; limits on time, memory and output. Whoever drops what is here ends
//! the processes, and all that they started.

mod live;
mod supervised;

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

pub use self::live::none_left;
pub use self::supervised::Supervised;
use self::supervised::{Tail, keep_tail};
use super::supervise::{BY_SIGNAL, NOT_STARTED, SAYS, TIMED_OUT, TOO_MUCH_MEMORY, signal_of};

/// How long the supervisor may take to end what it supervises, past the deadline that it keeps itself.
const GRACE: Duration = Duration::from_secs(3);
/// Bytes read at once.
const CHUNK: usize = 64 << 10;
/// What of the environment a checker gets: where programs, caches and toolchains are, and which language is spoken. By full
/// names, and only such as no key is kept in.
pub const ENVIRONMENT: &[&str] = &[
    "APPDATA",
    "CARGO_HOME",
    "COMSPEC",
    "CONDA_PREFIX",
    "GOCACHE",
    "GOMODCACHE",
    "GOPATH",
    "GOROOT",
    "HOME",
    "JAVA_HOME",
    "LANG",
    "LANGUAGE",
    "LC_ALL",
    "LC_CTYPE",
    "LC_MESSAGES",
    "LOCALAPPDATA",
    "LOGNAME",
    "PATH",
    "PATHEXT",
    "RUSTUP_HOME",
    "RUSTUP_TOOLCHAIN",
    "SYSTEMDRIVE",
    "SYSTEMROOT",
    "TEMP",
    "TMP",
    "TMPDIR",
    "TZ",
    "USER",
    "USERNAME",
    "USERPROFILE",
    "VIRTUAL_ENV",
    "WINDIR",
    "XDG_CACHE_HOME",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "XDG_RUNTIME_DIR",
    "XDG_STATE_HOME",
];

/// What a checker may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// From start to end; nobody waits longer for a draft.
    pub time: Duration,
    /// Of all its processes together, in MiB. What several of them share counts for each.
    pub memory_mib: u32,
    /// What it may say on standard output, in bytes. Of what it says on standard error, the end is kept.
    pub output: usize,
}

impl Default for Limits {
    /// A minute, 2 GiB, 8 MiB: twice what a type checker takes for a large project, and far more findings than are shown.
    fn default() -> Self {
        Self { time: Duration::from_secs(60), memory_mib: 2048, output: 8 << 20 }
    }
}

/// The program that supervises: `redraft` itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Supervisor(pub PathBuf);

impl Supervisor {
    /// The program that runs.
    ///
    /// # Errors
    /// `NotStarted`, where the system does not tell which it is.
    pub fn this() -> Result<Self, Trouble> {
        let program = std::env::current_exe()
            .map_err(|error| Trouble::NotStarted(format!("Redraft's own program is not known: {error}")))?;
        // The binary was replaced while it runs: Linux still has the old one, whose options are ours.
        let running = Path::new("/proc/self/exe");
        Ok(Self(if !program.exists() && running.exists() { running.into() } else { program }))
    }
}

/// One run of a checker.
#[derive(Clone, Debug)]
pub struct Spec {
    /// The program and its arguments. A relative program with a slash is looked for in `folder`, a plain name in `PATH`.
    pub argv: Vec<OsString>,
    /// Where it runs.
    pub folder: PathBuf,
    /// What it reads; nothing, where `None`.
    pub stdin: Option<Vec<u8>>,
    /// What it gets of environment besides `ENVIRONMENT`.
    pub env: Vec<(OsString, OsString)>,
    pub limits: Limits,
    pub supervisor: Supervisor,
}

/// How it ended by itself, and what it said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// Its exit code.
    pub status: i32,
    pub stdout: Vec<u8>,
    /// The end of what it said there, with what cannot be seen made visible.
    pub stderr: String,
}

/// Why there is no result. Each is what a checker's name goes before.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    #[error("cannot be started: {0}")]
    NotStarted(String),
    #[error("took more than {} s and was stopped", .0.as_secs_f64())]
    TimedOut(Duration),
    #[error("took more than {0} MiB of memory and was stopped")]
    TooMuchMemory(u32),
    #[error("said more than {} KiB and was stopped", .0 >> 10)]
    TooMuchOutput(usize),
    #[error("died of signal {0}")]
    Died(i32),
    /// What it said is not what it should say, or it failed without saying of what.
    #[error("gave no result: {0}")]
    Unreadable(String),
    /// It runs tests, and ran none.
    #[error("gave no result: a report without a single test")]
    NoTests,
    #[error("was not run: {0}")]
    NoCopy(#[from] super::copy::CopyError),
}

impl Trouble {
    /// Whether something was run, and it is what it did that was no result.
    #[must_use]
    pub fn is_of_the_run(&self) -> bool {
        !matches!(self, Self::NotStarted(_) | Self::NoCopy(_))
    }
}

/// Runs a checker to its end. Dropping the future ends it, and all that it started.
///
/// # Errors
/// `Trouble`, where it did not end by itself.
pub async fn run(spec: Spec) -> Result<Output, Trouble> {
    run_keeping(spec, ()).await
}

/// The same; `kept` is dropped once none of its processes is left, also where the future is dropped before.
pub(super) async fn run_keeping(spec: Spec, kept: impl Send + 'static) -> Result<Output, Trouble> {
    let Spec { argv, folder, stdin, env, limits, supervisor } = spec;
    let pipe = if stdin.is_some() { Stdio::piped() } else { Stdio::null() };
    let (mut process, pipes) =
        start(&argv, &folder, &env, (Some(limits.time), limits.memory_mib), &supervisor, pipe)?;
    process.kept = Some(Box::new(kept));
    let work = async {
        let feed = async {
            if let (Some(mut pipe), Some(bytes)) = (pipes.stdin, stdin) {
                // One that does not want to read all of it need not.
                let _ = pipe.write_all(&bytes).await;
            }
            Ok(())
        };
        let read = read_at_most(pipes.stdout, limits.output);
        let ended = async { Ok(process.ended().await) };
        tokio::try_join!(feed, read, ended)
    };
    let done = timeout(limits.time + GRACE, work).await.unwrap_or(Err(Trouble::TimedOut(limits.time)));
    process.stop().await;
    let ((), stdout, status) = done?;
    let stderr = process.said().await;
    outcome(status, stdout, &stderr, &limits)
}

/// A process that runs on, such as a language server.
#[derive(Debug)]
pub struct Child {
    pub stdin: ChildStdin,
    pub stdout: ChildStdout,
    pub process: Supervised,
}

/// Starts one that may run as long as it likes, in `folder`. Its time and output are its starter's to limit.
///
/// # Errors
/// `NotStarted`. That the program itself cannot be started is told by its end.
pub fn spawn(
    argv: &[OsString],
    folder: &Path,
    memory_mib: u32,
    supervisor: &Supervisor,
) -> Result<Child, Trouble> {
    let (process, pipes) = start(argv, folder, &[], (None, memory_mib), supervisor, Stdio::piped())?;
    let stdin = pipes.stdin.ok_or_else(|| Trouble::NotStarted("it has no standard input".into()))?;
    Ok(Child { stdin, stdout: pipes.stdout, process })
}

struct Pipes {
    stdin: Option<ChildStdin>,
    stdout: ChildStdout,
}

fn start(
    argv: &[OsString],
    folder: &Path,
    env: &[(OsString, OsString)],
    (time, memory_mib): (Option<Duration>, u32),
    supervisor: &Supervisor,
    stdin: Stdio,
) -> Result<(Supervised, Pipes), Trouble> {
    let [program, arguments @ ..] = argv else {
        return Err(Trouble::NotStarted("there is no program".into()));
    };
    let program = find(program, folder)?;
    let mut command = Command::new(&supervisor.0);
    command
        .arg("supervise")
        .args(["--seconds", &time.unwrap_or_default().as_secs_f64().to_string()])
        .args(["--memory-mib", &memory_mib.to_string()])
        .args(["--parent", &std::process::id().to_string()])
        .args(["--apart", "--"])
        .arg(program)
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .envs(ENVIRONMENT.iter().filter_map(|name| Some((name, std::env::var_os(name)?))))
        .envs(env.iter().map(|(name, value)| (name, value)))
        .stdin(stdin)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let (mut child, live) = live::started(&mut command).map_err(|error| {
        let (supervisor, folder) = (supervisor.0.display(), folder.display());
        Trouble::NotStarted(format!("{supervisor} cannot be run in {folder}: {error}"))
    })?;
    let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let tail = Tail::default();
    let mut process = Supervised { child: Some(child), tail, reading: None, kept: None, live };
    // Where a pipe is missing, dropping `process` ends it.
    let (stdin, Some(stdout), Some(stderr)) = pipes else {
        return Err(Trouble::NotStarted("it has no standard output".into()));
    };
    process.reading = Some(tokio::spawn(keep_tail(stderr, process.tail.clone())));
    Ok((process, Pipes { stdin, stdout }))
}

/// The program that a name means: one with a slash from `folder`, a plain one from `PATH`. Of `PATH`, only absolute folders
/// count: what a workspace has lying about is not what the user configured.
///
/// # Errors
/// `NotStarted`, where there is none.
pub fn find(program: &OsStr, folder: &Path) -> Result<OsString, Trouble> {
    let path = Path::new(program);
    if path.components().count() > 1 || path.is_absolute() {
        return Ok(folder.join(path).into_os_string());
    }
    // Windows looks by rules of its own, which no list of folders has.
    if cfg!(not(unix)) {
        return Ok(program.to_owned());
    }
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let mut places = std::env::split_paths(&folders).filter(|folder| folder.is_absolute());
    let place = places.find_map(|folder| Some(folder.join(path)).filter(|place| is_program(place)));
    place.map(PathBuf::into_os_string).ok_or_else(|| {
        Trouble::NotStarted(format!("there is no program `{}` in the folders of PATH", program.display()))
    })
}

/// Whether this is a file that can be run.
#[must_use]
pub fn is_program(path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        path.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
    }
    #[cfg(not(unix))]
    path.is_file()
}

async fn read_at_most(mut from: impl AsyncRead + Unpin, most: usize) -> Result<Vec<u8>, Trouble> {
    let mut read = Vec::new();
    let mut chunk = vec![0; CHUNK];
    loop {
        match from.read(&mut chunk).await {
            Ok(0) | Err(_) => return Ok(read),
            Ok(length) if read.len() + length > most => return Err(Trouble::TooMuchOutput(most)),
            Ok(length) => read.extend_from_slice(&chunk[..length]),
        }
    }
}

/// What became of it, by its supervisor's exit code and last line.
fn outcome(
    status: Option<ExitStatus>,
    stdout: Vec<u8>,
    stderr: &str,
    limits: &Limits,
) -> Result<Output, Trouble> {
    let killed = status.and_then(signal_of);
    if let Some(signal) = killed {
        return Err(Trouble::Died(signal));
    }
    let code = status.and_then(|status| status.code()).unwrap_or(-1);
    let last = stderr.trim_end().lines().next_back().unwrap_or_default();
    // A program may end with any of these codes itself; then there is no such line.
    let says = |what: &str| last.strip_prefix(SAYS).and_then(|said| said.split_once(what));
    if code == i32::from(TIMED_OUT) && says("stopped after").is_some() {
        return Err(Trouble::TimedOut(limits.time));
    }
    if code == i32::from(TOO_MUCH_MEMORY) && says("stopped, since").is_some() {
        return Err(Trouble::TooMuchMemory(limits.memory_mib));
    }
    if code == i32::from(NOT_STARTED)
        && let Some((program, why)) = says(" cannot be started: ")
    {
        return Err(Trouble::NotStarted(format!("{program}: {why}")));
    }
    if code > i32::from(BY_SIGNAL)
        && let Some(signal) = says("died of signal ").and_then(|(_, signal)| signal.parse().ok())
    {
        return Err(Trouble::Died(signal));
    }
    Ok(Output { status: code, stdout, stderr: stderr.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_variable_of_a_checker_can_hold_a_key() {
        for name in ENVIRONMENT {
            for word in ["KEY", "TOKEN", "SECRET", "PASS", "AUTH", "CREDENTIAL", "REDRAFT"] {
                assert!(!name.contains(word), "{name}");
            }
            assert!(!name.contains('*'), "{name}: by its full name only");
        }
    }

    #[cfg(unix)]
    #[test]
    fn programs_are_found_from_the_folder_and_the_path() {
        let folder = Path::new("/work space");
        for (program, expected) in [
            ("./tools/check", Some("/work space/./tools/check")),
            ("tools/check", Some("/work space/tools/check")),
            ("/bin/sh", Some("/bin/sh")),
            ("no-such-program-anywhere", None),
        ] {
            let found = find(OsStr::new(program), folder).ok();
            assert_eq!(found.as_deref(), expected.map(OsStr::new), "{program}");
        }
        assert!(find(OsStr::new("sh"), folder).is_ok_and(|found| Path::new(&found).is_absolute()));
    }
}
