//! Where Redraft keeps what it knows: the state directory, and the ledger in it.

use std::path::{Path, PathBuf};

use super::Check;
use crate::cli::models::amount;
use crate::cli::setup;
use crate::config::{self, Config};

/// With less room than this on the disk, the ledger and the index of a large project may not fit, in bytes.
const LITTLE: u64 = 100_000_000;

/// Looks at the state directory and the ledger; the directory, where it can be used.
pub(super) fn state(checks: &mut Vec<Check>, config: &Config) -> Option<PathBuf> {
    let state = match config::state_dir() {
        Ok(state) => state,
        Err(problem) => {
            checks.push(Check::problem("state", problem.to_string()));
            return None;
        }
    };
    let check = directory(&state);
    let is_usable = check.state != super::State::Problem;
    checks.push(check);
    if is_usable {
        checks.push(ledger(config, &state));
    }
    Some(state)
}

fn directory(state: &Path) -> Check {
    let elsewhere = "make it one that can be written to, or set REDRAFT_STATE_DIR to another directory";
    // What is not there yet is made in the nearest folder above that is.
    let Some(there) = state.ancestors().find(|above| above.exists()) else {
        return Check::problem("state", format!("{}: nothing of this path is there", state.display()));
    };
    if !there.is_dir() {
        let message = format!("{}: {} is no directory", state.display(), there.display());
        return Check::problem("state", message).hint(elsewhere);
    }
    if let Err(why) = can_write(there) {
        let message = format!("{}: {} cannot be written to: {why}", state.display(), there.display());
        return Check::problem("state", message).hint(elsewhere);
    }
    let what = if there == state { "can be written to" } else { "not there yet, and can be made" };
    let free = free(there);
    let room = free.map_or_else(String::new, |free| format!(", {} free", amount(free)));
    let message = format!("{}: {what}{room}", state.display());
    if free.is_some_and(|free| free < LITTLE) {
        return Check::note("state", message)
            .hint("make room, or set REDRAFT_STATE_DIR to a directory of another disk");
    }
    Check::ok("state", message)
}

/// Opens it as a call does, which makes it where there is none.
fn ledger(config: &Config, state: &Path) -> Check {
    match setup::accounts(config, state).ledger() {
        Ok(_) => Check::ok("ledger", format!("{}: it opens", setup::ledger(state).display())),
        Err(why) => Check::problem("ledger", why)
            .hint("until then no call that costs money is made; move the file away to begin a new one"),
    }
}

/// Whether files can be made in a directory. Nothing is written to find out.
#[cfg(unix)]
fn can_write(directory: &Path) -> std::io::Result<()> {
    use rustix::fs::{Access, access};
    Ok(access(directory, Access::WRITE_OK | Access::EXEC_OK)?)
}

#[cfg(not(unix))]
fn can_write(directory: &Path) -> std::io::Result<()> {
    directory.metadata().map(|_| ())
}

/// The bytes that its user may still write to the disk that it is on, where the system says so.
#[cfg(unix)]
fn free(directory: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(directory).ok()?;
    disk.f_bavail.checked_mul(disk.f_frsize)
}

#[cfg(not(unix))]
fn free(_: &Path) -> Option<u64> {
    None
}
