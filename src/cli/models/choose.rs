//! `redraft models choose`: which models would be asked, in which order, and why.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use serde_json::{Value, json};

use crate::cli::{Failure, setup};
use crate::config::{Choices, Config};
use crate::model::choose::{Plan, Requirements, Task};
use crate::model::registry::Registry;
use crate::model::route::Wanted;
use crate::model::spec::Abilities;
use crate::model::{ErrorKind, MicroUsd, Tokens};
use crate::workspace::disk::Disk;

/// The longest answer that an action asks for: what a call may cost, and whether the budget has room for it, is told by that.
const MOST_ANSWER: Tokens = Tokens(2_000);

/// How large a prompt is, where nobody says.
pub(crate) const PROMPT: Tokens = Tokens(2_000);

/// Each that is not given is the configuration's.
#[derive(Debug, clap::Args)]
pub(crate) struct ChooseArgs {
    /// What the code is asked for
    #[arg(long, value_name = "TASK", value_parser = task, default_value = "implement")]
    task: Task,
    /// The model that is named for the run
    #[arg(long, value_name = "NAME")]
    model: Option<String>,
    /// Models that cost nothing go first
    #[arg(long)]
    prefer_free: bool,
    /// To the end of an answer of 120 tokens
    #[arg(long, value_name = "MS")]
    max_latency_ms: Option<u32>,
    /// US dollars for the call, at most
    #[arg(long, value_name = "DOLLARS", value_parser = dollars)]
    max_cost: Option<MicroUsd>,
    /// The smallest window, in tokens
    #[arg(long, value_name = "TOKENS")]
    min_context: Option<u32>,
    /// `local`: the prompt may not leave this machine
    #[arg(long, value_name = "CLASS", value_parser = ["local", "cloud"])]
    privacy: Option<String>,
    /// What the model must be able to do
    #[arg(long, value_name = "ABILITY", value_parser = Abilities::NAMES)]
    needs: Vec<String>,
    /// How large the prompt is, in tokens
    #[arg(long, value_name = "TOKENS", default_value_t = PROMPT.0)]
    prompt: u32,
    /// One JSON object
    #[arg(long)]
    json: bool,
}

fn task(name: &str) -> Result<Task, String> {
    let names = Task::ALL.map(Task::name).join(", ");
    Task::named(name).ok_or_else(|| format!("the tasks are {names}"))
}

fn dollars(text: &str) -> Result<MicroUsd, String> {
    let dollars: Option<f64> = text.parse().ok().filter(|dollars| (0.0..1e6).contains(dollars));
    let dollars = dollars.ok_or_else(|| "this is an amount of US dollars, as in 0.05".to_owned())?;
    Ok(MicroUsd((dollars * 1e6).round() as u64))
}

pub(crate) fn run(args: &ChooseArgs) -> Result<ExitCode, Failure> {
    let config = setup::config().map_err(|problems| Failure::Usage(setup::told(&problems)))?;
    let registry = setup::registry(&config, &setup::state_dir()?);
    let wished = registry.routing().requirements.clone();
    let requirements = Requirements {
        max_latency: args
            .max_latency_ms
            .map(|ms| Duration::from_millis(u64::from(ms)))
            .or(wished.max_latency),
        max_cost: args.max_cost.or(wished.max_cost),
        prefer_free: args.prefer_free || wished.prefer_free,
        min_context: args.min_context.map(Tokens).or(wished.min_context),
        only_local: args.privacy.as_ref().map_or(wished.only_local, |privacy| privacy == "local"),
        needs: args.needs.iter().fold(wished.needs, |needs, name| needs.with(name)),
    };
    let wanted = Wanted {
        named: args.model.clone(),
        requirements: Some(requirements),
        ..usual(args.task, Tokens(args.prompt))
    };
    let (plan, _) = planned(&config, &registry, wanted)?;
    let text = if args.json { format!("{:#}\n", as_json(&plan)) } else { plan.to_string() };
    // A closed pipe (`| head`) is no failure.
    let _ = std::io::stdout().write_all(text.as_bytes());
    if plan.places.is_empty() {
        return Err(Failure::Failed("no model can be asked".to_owned()));
    }
    Ok(ExitCode::SUCCESS)
}

/// What a run of this task wants with a prompt of this size, as far as nobody says more.
pub(crate) fn usual(task: Task, prompt: Tokens) -> Wanted {
    Wanted { task: Some(task), prompt, least: prompt, answer: Some(MOST_ANSWER), ..Wanted::default() }
}

/// The folder of the workspace around the current one.
pub(crate) fn root() -> Option<PathBuf> {
    Disk::around(Path::new("any")).directories().next().map(Path::to_owned)
}

/// The plan for what is wanted in the workspace around the current folder; and what is wanted there, by that workspace's own choices.
pub(crate) fn planned(
    config: &Config,
    registry: &Registry,
    mut wanted: Wanted,
) -> Result<(Plan, Wanted), Failure> {
    let choices = match root() {
        Some(root) => {
            Choices::of(config, &root, None).map_err(|problems| Failure::Usage(setup::told(&problems)))?
        }
        None => Choices::default(),
    };
    choices.check(registry.catalogue()).map_err(|error| Failure::Usage(error.message))?;
    choices.apply(&mut wanted);
    let plan = registry.plan(&wanted).map_err(|error| match error.kind {
        ErrorKind::Config => Failure::Usage(error.message),
        _ => Failure::Failed(error.message),
    })?;
    Ok((plan, wanted))
}

fn as_json(plan: &Plan) -> Value {
    let places = plan
        .places
        .iter()
        .map(|place| json!({ "name": place.name, "why": place.why, "at_most_micro_usd": place.at_most.0 }));
    let left_out = plan.left_out.iter().map(|one| json!({ "name": one.name, "why": one.why }));
    json!({
        "version": 1,
        "places": places.collect::<Vec<_>>(),
        "left_out": left_out.collect::<Vec<_>>(),
    })
}
