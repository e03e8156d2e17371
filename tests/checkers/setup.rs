//! A folder of its own for each checker, a mark by which its processes are known, and what its script can do.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use redraft::check::process::{Limits, Spec, Supervisor};

/// What scripts may call.
const HEAD: &str = r#"
import os, signal, sys, time
mark = sys.argv[1]
def deaf():
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_IGN)
def child():
    if os.fork() == 0:
        deaf()
        time.sleep(600)
        os._exit(0)
def daemon():
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            deaf()
            for stream in (0, 1, 2):
                os.close(stream)
            time.sleep(600)
        os._exit(0)
def bare():
    """Leaves one that nothing but its parent links to this one; returns once it is so."""
    ended, begun = os.pipe()
    if os.fork() == 0:
        os.setsid()
        os.execve(sys.executable, [sys.executable, "-ISc", "import time; time.sleep(600)", mark], {})
    os.close(begun)
    os.read(ended, 1)
def flee(generations):
    if os.fork() == 0:
        for _ in range(generations):
            os.setsid()
            if os.fork() != 0:
                os._exit(0)
        time.sleep(600)
"#;

/// How long is waited for what must come.
const PATIENCE: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(10);

/// A folder, gone with the value.
pub struct World {
    folder: PathBuf,
    /// In the arguments of each of its checker's processes: a fork has those of its parent.
    pub mark: String,
}

impl World {
    pub fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        // With an end, so that none is the beginning of another one.
        let mark = format!("redraft-checker-{}-{number}.", std::process::id());
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(&mark);
        std::fs::create_dir_all(&folder).unwrap();
        Self { folder, mark }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    pub fn supervisor(&self) -> Supervisor {
        Supervisor(env!("CARGO_BIN_EXE_redraft").into())
    }

    /// A checker that is this script.
    pub fn argv(&self, script: &str) -> Vec<OsString> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let path = self.path(&format!("checker{}.py", NEXT.fetch_add(1, Ordering::Relaxed)));
        std::fs::write(&path, format!("{HEAD}{script}\n")).unwrap();
        vec![python().into(), "-IS".into(), path.into_os_string(), self.mark.clone().into()]
    }

    pub fn spec(&self, script: &str) -> Spec {
        Spec {
            argv: self.argv(script),
            folder: self.folder.clone(),
            stdin: None,
            env: Vec::new(),
            limits: Limits::default(),
            supervisor: self.supervisor(),
        }
    }
}

/// Python itself: what is called so may be a script that takes long to find it.
pub fn python() -> &'static str {
    static PYTHON: OnceLock<String> = OnceLock::new();
    PYTHON.get_or_init(|| {
        let mut command = std::process::Command::new("python3");
        let output = command.args(["-c", "import sys; print(sys.executable, end='')"]).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    })
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// The processes with `mark` in their arguments, each with its id.
pub fn left(mark: &str) -> Vec<String> {
    let ids = std::fs::read_dir("/proc").unwrap().flatten();
    let ids = ids.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let line = |id: u32| {
        let arguments = std::fs::read(format!("/proc/{id}/cmdline")).ok()?;
        let line = String::from_utf8_lossy(&arguments).replace('\0', " ");
        line.contains(mark).then(|| format!("{id} {line}"))
    };
    ids.filter_map(line).collect()
}

pub fn is_gone(mark: &str) -> bool {
    left(mark).is_empty()
}

/// Waits until none is left.
pub async fn gone(mark: &str) {
    until(|| is_gone(mark)).await;
}

pub async fn until(mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < PATIENCE, "it did not come");
        tokio::time::sleep(PAUSE).await;
    }
}

pub fn blocking_until(mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < PATIENCE, "it did not come");
        std::thread::sleep(PAUSE);
    }
}
