//! `redraft serve`: one editor over standard input and output.

use std::process::ExitCode;
use std::time::Duration;

use super::{Failure, setup};
use crate::server::{Setup, serve};

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
    let (registry, notices) = match (setup::config(), setup::state_dir()) {
        (Ok(config), Ok(state)) => (Ok(setup::registry(&config, &state)), Vec::new()),
        // The server goes on: the editor shows what is wrong, and runs say so.
        (Err(problems), _) => (Err(setup::told(&problems)), Vec::new()),
        (_, Err(Failure::Usage(message) | Failure::Failed(message))) => (Err(message), Vec::new()),
        (_, Err(Failure::Interrupted)) => return Err(Failure::Interrupted),
    };
    let state = setup::state_dir().ok();
    let code =
        runtime.block_on(serve(Setup { state, registry, notices }, std::io::stdin(), std::io::stdout()));
    // What calls cost is being written down. Threads that compute on do not hold the exit up any longer than that.
    runtime.shutdown_timeout(LAST);
    Ok(ExitCode::from(code))
}
