//! The command line: one file each subcommand. Exit codes: 0 done, 1 failed with a message, 2 wrong usage or
//! configuration, 130 interrupted.

mod bench;
mod check;
mod checkers;
mod config;
mod context;
mod doctor;
mod engine;
mod generate;
mod models;
mod prompts;
mod serve;
mod setup;
mod supervise;
mod terminal;
mod usage;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Wrong usage or configuration.
const USAGE: u8 = 2;
/// The user interrupted.
const INTERRUPTED: u8 = 130;

/// Redraft writes code in any editor: draft, check, redraft.
#[derive(Debug, Parser)]
#[command(version, about, max_term_width = 100)]
struct Cli {
    /// Write the log to this file instead of standard error (how much: REDRAFT_LOG=error|warn|info|debug|trace)
    #[arg(long, global = true, value_name = "FILE")]
    log_file: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve an editor over standard input and output (the Language Server Protocol)
    Serve(serve::ServeArgs),
    /// Write code into a file: the body of a function, or what an instruction says
    Generate(generate::GenerateArgs),
    /// What of the workspace a prompt would show beside a function, and why
    Context(context::ContextArgs),
    /// Models: fetch, list and find those of the embedded engine; see which are asked, and why
    Models(models::ModelsArgs),
    /// What is wrong with files: syntax, made-up names, wrong calls, what your checkers find
    Check(check::CheckArgs),
    /// Prompts: which there are, what would be sent, whether files are right
    Prompts(prompts::PromptsArgs),
    /// Experiments: what checks and further rounds bring
    Bench(bench::BenchArgs),
    /// The configuration: where it is, whether it is right, what comes of it
    Config(config::ConfigArgs),
    /// What was asked of models, how it went, and what it cost
    Usage(usage::UsageArgs),
    /// Whether everything that a draft needs is there, and what to do where it is not
    Doctor(doctor::DoctorArgs),
    /// The process that runs the embedded model; only Redraft itself starts it
    #[command(hide = true)]
    Engine,
    /// The process between Redraft and a checker; only Redraft itself starts it
    #[command(hide = true)]
    Supervise(supervise::SuperviseArgs),
}

impl Cli {
    /// What `redraft serve` is parsed to.
    fn serve() -> Self {
        Self { log_file: None, command: Some(Command::Serve(serve::ServeArgs { stdio: true })) }
    }
}

/// Whether this is what editors start. It is told without clap: the parser of all commands would be 1 MiB of what an idle
/// server has in memory.
fn is_plain_serve() -> bool {
    let mut arguments = std::env::args_os().skip(1);
    arguments.next().is_some_and(|first| first == "serve") && arguments.all(|rest| rest == "--stdio")
}

/// Why a command ended without doing its work.
#[derive(Debug)]
enum Failure {
    /// Wrong usage or configuration.
    Usage(String),
    /// It was tried.
    Failed(String),
    Interrupted,
}

/// The program.
#[must_use]
pub fn main() -> ExitCode {
    let cli = if is_plain_serve() { Cli::serve() } else { Cli::parse() };
    let Some(command) = cli.command else {
        let help = Cli::command().render_help();
        let _ = write!(std::io::stdout(), "{help}");
        return ExitCode::SUCCESS;
    };
    // A supervisor has no log: its standard error is the checker's.
    if !matches!(command, Command::Supervise(_))
        && let Err(message) = log(cli.log_file.as_deref())
    {
        return failed(&Failure::Usage(message));
    }
    let outcome = match command {
        Command::Engine => return engine::run(),
        Command::Supervise(args) => return supervise::run(args),
        Command::Serve(args) => serve::run(&args),
        Command::Generate(args) => generate::run(&args),
        Command::Context(args) => context::run(&args),
        Command::Bench(args) => bench::run(&args),
        Command::Check(args) => check::run(&args),
        Command::Config(args) => config::run(&args),
        Command::Doctor(args) => doctor::run(&args),
        Command::Prompts(args) => prompts::run(&args),
        Command::Usage(args) => usage::run(&args),
        Command::Models(args) => setup::state_dir().and_then(|state| models::run(args, &state)),
    };
    outcome.unwrap_or_else(|failure| failed(&failure))
}

fn failed(failure: &Failure) -> ExitCode {
    let (message, code) = match failure {
        Failure::Usage(message) => (message.as_str(), ExitCode::from(USAGE)),
        Failure::Failed(message) => (message.as_str(), ExitCode::FAILURE),
        Failure::Interrupted => ("interrupted", ExitCode::from(INTERRUPTED)),
    };
    // Standard error may be closed; then there is nobody to tell.
    let _ = writeln!(std::io::stderr(), "redraft: {message}");
    code
}

/// Sets up the log. Nothing of prompts, answers or keys is logged at any level but trace.
fn log(file: Option<&std::path::Path>) -> Result<(), String> {
    let level = std::env::var("REDRAFT_LOG").unwrap_or_else(|_| "warn".to_owned());
    if !["error", "warn", "info", "debug", "trace"].contains(&level.as_str()) {
        return Err(format!("REDRAFT_LOG is {level:?}; it takes error, warn, info, debug or trace"));
    }
    // Only our own modules: what libraries log of requests is not ours to show.
    let own: LevelFilter = level.parse().unwrap_or(LevelFilter::WARN);
    let filter = Targets::new().with_default(LevelFilter::ERROR).with_target("redraft", own);
    let subscriber = tracing_subscriber::fmt().with_max_level(LevelFilter::TRACE).with_target(false);
    match file {
        None => {
            subscriber.with_writer(std::io::stderr).with_ansi(false).finish().with(filter).init();
        }
        Some(path) => {
            let file = std::fs::File::options().create(true).append(true).open(path);
            let file =
                file.map_err(|error| format!("the log file {} cannot be opened: {error}", path.display()))?;
            let writer = std::sync::Mutex::new(file);
            subscriber.with_writer(writer).with_ansi(false).finish().with(filter).init();
        }
    }
    Ok(())
}
