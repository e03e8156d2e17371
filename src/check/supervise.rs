//! The process between Redraft and a checker: it starts the checker, and sees to it that nothing of it is left, however it
//! ends, and whatever becomes of Redraft. It must not read what they say to each other: their pipes are inherited.
//!
//! A process of its own, since only one that outlives a killed parent can end what that parent started; and since children
//! of an editor's server that have lost their parent would otherwise go to the system, where nobody finds them.

use std::ffi::OsString;
use std::io::Write as _;
use std::process::{ExitCode, ExitStatus};
use std::time::Duration;

use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep, sleep_until};

use super::tree;

/// Exit codes of the supervisor's own, as `timeout` and shells have them; each comes with a last line that begins with `SAYS`.
pub(super) const TIMED_OUT: u8 = 124;
pub(super) const TOO_MUCH_MEMORY: u8 = 125;
pub(super) const NOT_STARTED: u8 = 127;
/// What is added to a signal's number, as shells do.
pub(super) const BY_SIGNAL: u8 = 128;
/// The end that it was told to make: 128 and SIGTERM.
const TOLD: u8 = BY_SIGNAL + 15;
/// What its own lines on standard error begin with.
pub(super) const SAYS: &str = "redraft: ";
/// The variable by which a checker's processes can be found, should the supervisor itself be killed: its process id.
pub(super) const MARK: &str = "REDRAFT_SUPERVISOR";

/// How often the parent and the memory are looked at: at most so long is a killed parent outlived.
const LOOK: Duration = Duration::from_millis(100);
/// Looking takes at most one part in so many of the time: a table of 10,000 processes takes 100 ms to read.
const SHARE: u32 = 20;
/// Between two looks for what is left after it was killed; a process takes a moment to be gone.
const PAUSE: Duration = Duration::from_millis(2);
const LONG_PAUSE: Duration = Duration::from_millis(50);
/// The longest time for a thing that can be asked for, in seconds: a day.
const MAX_SECONDS: f64 = 86_400.0;

/// What is to be run, and how long.
#[derive(Clone, Debug)]
pub struct Orders {
    /// `None`: as long as it likes.
    pub time: Option<Duration>,
    /// Of all its processes together, in MiB; `None`: as much as it likes.
    pub memory_mib: Option<u32>,
    /// Who started this process; by default, whoever is its parent once it looks.
    pub parent: Option<u32>,
    /// In a session of its own, by which what it starts can be told from its parent's other children.
    pub apart: bool,
    pub program: OsString,
    pub arguments: Vec<OsString>,
}

/// Why it is over.
enum End {
    Program(ExitStatus),
    Lost(std::io::Error),
    Deadline(Duration),
    Memory(u32),
    Told,
}

impl Orders {
    /// `seconds` as a deadline; none for 0, and for what is no time.
    #[must_use]
    pub fn deadline(seconds: f64) -> Option<Duration> {
        (seconds > 0.0).then(|| Duration::from_secs_f64(seconds.min(MAX_SECONDS)))
    }

    /// Runs the program to its end, or to the end of its limits, and ends all that it started.
    #[must_use]
    pub fn run(&self) -> ExitCode {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        match runtime {
            Ok(runtime) => runtime.block_on(self.supervise()).into(),
            Err(error) => self.not_started(&error).into(),
        }
    }

    async fn supervise(&self) -> u8 {
        let parent = self.parent.or_else(tree::parent);
        tree::adopt_orphans();
        if self.apart {
            tree::leave_session();
        }
        // Before anything is started, so that no end that is asked for is missed.
        let mut signals = match Signals::listen() {
            Ok(signals) => signals,
            Err(error) => return self.not_started(&error),
        };
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).env(MARK, std::process::id().to_string());
        #[cfg(unix)]
        command.process_group(0);
        let mut child = match command.spawn() {
            Ok(child) => child,
            Err(error) => return self.not_started(&error),
        };
        let id = child.id();
        let end = tokio::select! {
            status = child.wait() => status.map_or_else(End::Lost, End::Program),
            end = self.watch(parent, id) => end,
            () = signals.one() => End::Told,
        };
        end_all(&mut child, id).await;
        tell(&end)
    }

    /// Ends with the first limit that is passed.
    async fn watch(&self, parent: Option<u32>, program: Option<u32>) -> End {
        let began = Instant::now();
        let deadline = self.time.map(|time| (began + time, time));
        let mut look = began + LOOK;
        loop {
            match deadline {
                Some((at, time)) if at <= look => {
                    sleep_until(at).await;
                    return End::Deadline(time);
                }
                _ => sleep_until(look).await,
            }
            let looked = Instant::now();
            if parent.is_some() && tree::parent() != parent {
                return End::Told;
            }
            let processes = tree::descendants();
            tree::collect(&processes, program);
            let used: u64 = processes.iter().map(|process| process.memory).sum();
            if let Some(limit) = self.memory_mib.filter(|limit| used > u64::from(*limit) << 20) {
                return End::Memory(limit);
            }
            look = Instant::now() + LOOK.max(looked.elapsed() * SHARE);
        }
    }

    fn not_started(&self, error: &std::io::Error) -> u8 {
        say(&format!("{} cannot be started: {error}", self.program.display()));
        NOT_STARTED
    }
}

/// The signals that ask for an end: what a terminal sends for Ctrl-C and when it is closed, and what is sent to a process that is to end.
#[derive(Debug)]
pub struct Signals {
    #[cfg(unix)]
    kinds: [tokio::signal::unix::Signal; 3],
}

impl Signals {
    /// From now on they do not end the process.
    ///
    /// # Errors
    /// When the system does not tell of them.
    pub fn listen() -> std::io::Result<Self> {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            let [end, interrupt, hangup] =
                [SignalKind::terminate(), SignalKind::interrupt(), SignalKind::hangup()].map(signal);
            Ok(Self { kinds: [end?, interrupt?, hangup?] })
        }
        #[cfg(not(unix))]
        Ok(Self {})
    }

    /// Waits for the next one.
    pub async fn one(&mut self) {
        #[cfg(unix)]
        {
            let [end, interrupt, hangup] = &mut self.kinds;
            tokio::select! {
                _ = end.recv() => {}
                _ = interrupt.recv() => {}
                _ = hangup.recv() => {}
            }
        }
        #[cfg(not(unix))]
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// Kills all that is left, and returns once nothing is. What forks while it is looked for is found by the next look, and what
/// cannot die yet (a disk that does not answer) is waited for: whoever waits for this process has a limit of its own.
async fn end_all(child: &mut Child, program: Option<u32>) {
    // One that has ended already is no failure.
    let _ = child.start_kill();
    let mut pause = PAUSE;
    loop {
        if let Some(program) = program {
            tree::kill_group(program);
        }
        let left = tree::descendants();
        left.iter().for_each(|process| tree::kill(process.id));
        tree::collect(&left, None);
        if left.is_empty() {
            break;
        }
        sleep(pause).await;
        pause = (pause * 2).min(LONG_PAUSE);
    }
    if cfg!(not(target_os = "linux")) {
        let _ = child.wait().await;
    }
}

/// Says why it is over, where the exit code alone does not, and makes that code.
fn tell(end: &End) -> u8 {
    match end {
        End::Program(status) => match (status.code(), signal_of(*status)) {
            (Some(code), _) => u8::try_from(code & 0xff).unwrap_or(u8::MAX),
            (None, Some(signal)) => {
                say(&format!("died of signal {signal}"));
                BY_SIGNAL.saturating_add(u8::try_from(signal).unwrap_or_default())
            }
            (None, None) => u8::MAX,
        },
        End::Lost(error) => {
            say(&format!("the program was lost: {error}"));
            NOT_STARTED
        }
        End::Deadline(time) => {
            say(&format!("stopped after {} s", time.as_secs_f64()));
            TIMED_OUT
        }
        End::Memory(limit) => {
            say(&format!("stopped, since it had more than {limit} MiB of memory"));
            TOO_MUCH_MEMORY
        }
        End::Told => TOLD,
    }
}

pub(super) fn signal_of(status: ExitStatus) -> Option<i32> {
    #[cfg(unix)]
    {
        use std::os::unix::process::ExitStatusExt as _;
        status.signal()
    }
    #[cfg(not(unix))]
    {
        let _ = status;
        None
    }
}

/// A last line, which stands alone whether or not the program ended its own.
fn say(what: &str) {
    // Nobody to tell it to, if standard error is closed.
    let _ = writeln!(std::io::stderr(), "\n{SAYS}{what}");
}
