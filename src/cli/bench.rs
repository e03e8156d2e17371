//! `redraft bench refine`: what refinement brings, as an experiment that anyone can rerun. Problems with hidden tests are drafted once as
//! the model has it, once with the built-in checks, once with the docstring's examples as well; the first round is the same for all.

mod problem;
mod recorded;
mod table;
mod verify;

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use self::problem::{Problem, Runner, load};
use self::recorded::{Answers, Recorded};
use self::table::{Arm, Figures, Row};
use super::generate;
use super::{Failure, setup};
use crate::check::process::Limits;
use crate::config::{CheckerKind, CheckerSpec};
use crate::job::rounds;
use crate::model::route::Wanted;

/// How long the end waits.
const LAST: Duration = Duration::from_secs(3);
/// Time is no limit of the experiment, or a slow machine would have other results.
const NO_LIMIT: Duration = Duration::from_secs(86_400);

#[derive(Debug, clap::Args)]
pub(super) struct BenchArgs {
    #[command(subcommand)]
    command: BenchCommand,
}

#[derive(Debug, clap::Subcommand)]
enum BenchCommand {
    /// What checks and further rounds bring, by hidden tests
    Refine(RefineArgs),
    /// Whether the hidden tests pass with what a function's author wrote, and fail without; no model is asked
    Verify(ProblemArgs),
}

/// Which problems there are, and what runs them.
#[derive(Debug, clap::Args)]
struct ProblemArgs {
    /// The problems, as scripts/bench_data.py fetches them
    #[arg(long, value_name = "FILE")]
    data: PathBuf,
    /// How many of them, chosen by the seed [default: all]
    #[arg(long, value_name = "NUMBER")]
    problems: Option<usize>,
    /// Which ones
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,
    /// The interpreter that runs examples and tests; problems of repositories need one with pytest
    #[arg(long, value_name = "PROGRAM", default_value = "python3")]
    python: String,
}

impl ProblemArgs {
    fn load(&self) -> Result<Vec<Problem>, Failure> {
        load(&self.data, self.problems, self.seed).map_err(Failure::Usage)
    }
}

#[derive(Debug, clap::Args)]
struct RefineArgs {
    #[command(flatten)]
    problems: ProblemArgs,
    /// The model to ask [default: the configuration's]
    #[arg(long, value_name = "NAME")]
    model: Option<String>,
    /// Rounds after the first draft
    #[arg(long, value_name = "NUMBER", default_value_t = 3)]
    rounds: u32,
    /// Where answers are kept; what is there is not asked again
    #[arg(long, value_name = "FILE")]
    answers: PathBuf,
    /// One JSON object
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &BenchArgs) -> Result<ExitCode, Failure> {
    match &args.command {
        BenchCommand::Refine(args) => refine(args),
        BenchCommand::Verify(args) => verify::run(args),
    }
}

fn refine(args: &RefineArgs) -> Result<ExitCode, Failure> {
    let python = &args.problems.python;
    let problems = args.problems.load()?;
    let config = setup::config().map_err(|problems| Failure::Usage(setup::told(&problems)))?;
    let state = setup::state_dir()?;
    let registry = setup::registry(&config, &state);
    let answers = Arc::new(Answers::open(&args.answers).map_err(Failure::Failed)?);
    let runner = Runner::new(python).map_err(Failure::Failed)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime =
        runtime.map_err(|error| Failure::Failed(format!("the runtime could not start: {error}")))?;
    let wanted = Wanted { named: args.model.clone(), ..Wanted::default() };
    let (mut chosen, _) = registry.route(&wanted).map_err(|error| Failure::Failed(error.message))?;
    chosen.provider = Arc::new(Recorded { inner: chosen.provider.clone(), answers: answers.clone() });
    let mut figures = Figures::new(chosen.name.clone());
    for (at, problem) in problems.iter().enumerate() {
        for arm in Arm::ALL {
            let folder = problem.unpack(&state).map_err(Failure::Failed)?;
            let limits = rounds::Limits {
                rounds: if arm == Arm::None { 0 } else { args.rounds },
                time: NO_LIMIT,
                ..rounds::Limits::default()
            };
            let checkers = if arm == Arm::All { vec![examples(python)] } else { Vec::new() };
            let began = Instant::now();
            let drafted = runtime.block_on(generate::draft(
                &problem.target(&folder),
                problem.line,
                &registry,
                &chosen,
                limits,
                (checkers, &state),
            ));
            let asking = answers.take_spent();
            // What replayed answers took counts as it was; the rest is what the checks took now.
            let checking = began.elapsed().saturating_sub(asking);
            let passed = match &drafted {
                Ok(drafted) => {
                    let tests = problem.test(&folder, &drafted.text, &runner);
                    runtime.block_on(tests).map_err(Failure::Failed)?
                }
                Err(_) => false,
            };
            let _ = std::fs::remove_dir_all(&folder);
            let row = Row::of(problem, arm, passed, drafted.as_ref().ok(), asking, checking);
            figures.add(row);
        }
        let _ = writeln!(std::io::stderr(), "{}/{} {}", at + 1, problems.len(), figures.line());
    }
    runtime.shutdown_timeout(LAST);
    let text = if args.json { format!("{:#}\n", figures.as_json()) } else { figures.as_text() };
    // A closed pipe (`| head`) is no failure.
    let _ = std::io::stdout().write_all(text.as_bytes());
    Ok(ExitCode::SUCCESS)
}

/// The docstring's examples as a checker.
fn examples(python: &str) -> CheckerSpec {
    CheckerSpec {
        name: "examples".to_owned(),
        kind: CheckerKind::Examples,
        command: vec![python.to_owned()],
        languages: Vec::new(),
        time: Some(Limits::default().time),
        options: serde_json::Value::Null,
        found_codes: vec![1],
        memory_mib: None,
    }
}
