//! `redraft serve`: one editor over standard input and output.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use super::{Failure, setup};
use crate::check::copy::Copy;
use crate::check::process::Supervisor;
use crate::config;
use crate::model::listing::Listings;
use crate::model::registry::Registry;
use crate::prompt::Shelves;
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
        shelves: Arc::new(Shelves::new(config::prompts_dir())),
    };
    if let Ok(state) = setup::state_dir() {
        drop(runtime.spawn_blocking(move || Copy::sweep_left(&state)));
    }
    let code = runtime.block_on(serve(setup, std::io::stdin(), std::io::stdout()));
    // What calls cost is being written down. Threads that compute on do not hold the exit up any longer than that.
    runtime.shutdown_timeout(LAST);
    Ok(ExitCode::from(code))
}

/// What tells that a file is another one: when it was written, and how long it is. Nothing for one that is not there.
type Stamp = Option<(SystemTime, u64)>;

fn stamp(path: &Path) -> Stamp {
    let metadata = path.metadata().ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

/// Of what models are made: the configuration file, and what providers said of their models (`models list --refresh`).
fn files() -> [Option<PathBuf>; 2] {
    let config = config::config_file().ok().map(|file| file.path);
    [config, config::state_dir().ok().map(|state| Listings::file(&state))]
}

/// Tells whether one of the files is another one than when it was asked last.
fn changes(files: impl Fn() -> [Option<PathBuf>; 2] + Send + Sync) -> impl Fn() -> bool + Send + Sync {
    let stamps = move || files().map(|path| stamp(&path?));
    let last = Mutex::new(stamps());
    move || {
        let now = stamps();
        std::mem::replace(&mut *last.lock().unwrap_or_else(PoisonError::into_inner), now) != now
    }
}

/// Reads the configuration again when a file of it is another one.
fn reload() -> Reload {
    let load = |old: Option<&Registry>| -> Loaded {
        let config = setup::config().map_err(|problems| setup::told(&problems))?;
        let state = config::state_dir().map_err(|problem| problem.to_string())?;
        Ok((setup::after(&config, &state, old), Arc::new(config)))
    };
    Reload { is_changed: Box::new(changes(files)), load: Box::new(load) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_list_of_models_is_seen_as_a_new_configuration_is() {
        let state = std::env::temp_dir().join(format!("redraft-serve-{}", std::process::id()));
        let (config, list) = (state.join("config.toml"), Listings::file(&state));
        let is_changed = changes({
            let (config, list) = (config.clone(), list.clone());
            move || [Some(config.clone()), Some(list.clone())]
        });
        assert!(!is_changed(), "neither is there");
        std::fs::create_dir_all(&state).unwrap();
        for (path, text) in [(&config, "a"), (&list, "b"), (&list, "bb"), (&config, "aa")] {
            std::fs::write(path, text).unwrap();
            assert_eq!((is_changed(), is_changed()), (true, false), "{}", path.display());
        }
        std::fs::remove_dir_all(&state).unwrap();
        assert!(is_changed());
    }
}
