//! `redraft serve`: one editor over standard input and output.

use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use super::{Failure, setup};
use crate::check::process::Supervisor;
use crate::config;
use crate::model::registry::Registry;
use crate::server::{Loaded, Reload, Setup, serve};

/// Threads of the runtime: one for the loop, one for what it waits for.
const WORKERS: usize = 2;

/// How long the end waits for the disk.
const LAST: Duration = Duration::from_millis(500);

#[derive(Debug, clap::Args)]
pub(super) struct ServeArgs {
    /// Accepted and ignored: standard input and output are all there is
    #[arg(long)]
    pub(super) stdio: bool,
}

pub(super) fn run(_: &ServeArgs) -> Result<ExitCode, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .enable_all()
        .build()
        .map_err(|error| Failure::Failed(format!("the runtime could not start: {error}")))?;
    let reload = reload();
    // The server goes on where there are mistakes: the editor shows what is wrong, and runs say so.
    let (registry, config) = match (reload.load)(None) {
        Ok((registry, config)) => (Ok(registry), config),
        Err(problems) => (Err(problems), Arc::default()),
    };
    let (state, notices) = (setup::state_dir().ok(), Vec::new());
    let setup = Setup {
        state,
        registry,
        config,
        notices,
        reload: Some(Arc::new(reload)),
        supervisor: Supervisor::this().ok(),
    };
    let code = runtime.block_on(serve(setup, std::io::stdin(), std::io::stdout()));
    // What calls cost is being written down. Threads that compute on do not hold the exit up any longer than that.
    runtime.shutdown_timeout(LAST);
    Ok(ExitCode::from(code))
}

/// What tells that a file is another one: when it was written, and how long it is. Nothing for one that is not there.
type Stamp = Option<(SystemTime, u64)>;

/// Reads the configuration file again when it is another one.
fn reload() -> Reload {
    let stamp = || -> Stamp {
        let metadata = config::config_file().ok()?.path.metadata().ok()?;
        Some((metadata.modified().ok()?, metadata.len()))
    };
    let last = Mutex::new(stamp());
    let is_changed = move || {
        let now = stamp();
        std::mem::replace(&mut *last.lock().unwrap_or_else(PoisonError::into_inner), now) != now
    };
    let load = |old: Option<&Registry>| -> Loaded {
        let config = setup::config().map_err(|problems| setup::told(&problems))?;
        let state = config::state_dir().map_err(|problem| problem.to_string())?;
        Ok((setup::after(&config, &state, old), Arc::new(config)))
    };
    Reload { is_changed: Box::new(is_changed), load: Box::new(load) }
}
