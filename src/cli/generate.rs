//! `redraft generate`: the code generator of the command line. The same run as in an editor, on a file instead of a buffer.

mod file;
mod place;
mod print;
mod run;
mod trial;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use super::terminal::{self, Progress};
use super::{Failure, setup};
use crate::action::prepare::{PrepareError, Room, Sent};
use crate::check::copy::Copy;
use crate::check::process::none_left;
use crate::config::{Choices, Config, Refine};
use crate::job::Task;
use crate::job::rounds::Limits;
use crate::model::choose::Task as Errand;
use crate::model::ledger::Fate;
use crate::model::registry::{Chosen, Place as Location, Registry};
use crate::model::route::{Route, Wanted};
use crate::model::{ErrorKind, MicroUsd, ModelError};
use crate::prompt::format::Checks;
use crate::prompt::{Prompt, Replace};
use crate::text::edit::applied;

use self::file::Text;
pub(super) use self::place::Place;
use self::place::{INDEXING, Site};
pub(super) use self::trial::{Drafted, Trial, draft, tried};

#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("what").required(true).args(["at", "new"])))]
pub(super) struct GenerateArgs {
    /// The file to write into
    #[arg(required_unless_present = "new", conflicts_with = "new")]
    file: Option<PathBuf>,
    /// The place: any line of a function without a body, where to put what the instruction says, or the lines that are selected (1-based)
    #[arg(long, value_name = "LINE[:COL]|LINE-LINE")]
    at: Option<Place>,
    /// The prompt that says what to do (`redraft prompts list`; `test`, `integration-test` and `fix` run in editors only) [default: `implement`, or what a comment `# redraft: …` above the place says; with an instruction, `generate`]
    #[arg(long, value_name = "NAME", conflicts_with = "new")]
    action: Option<String>,
    /// What the prompt asks
    #[arg(long, value_name = "NAME=VALUE", value_parser = super::prompts::named, requires = "action")]
    input: Vec<(String, String)>,
    /// Write a new file
    #[arg(long, value_name = "FILE", requires = "instruction")]
    new: Option<PathBuf>,
    /// What to write, in words
    #[arg(long, value_name = "TEXT")]
    instruction: Option<String>,
    /// The model to ask [default: the configuration's]
    #[arg(long, value_name = "NAME")]
    model: Option<String>,
    /// How often a draft with findings is redrafted [default: the configuration's, else 3]
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(0..=10))]
    rounds: Option<u32>,
    /// End with 1 where findings are left
    #[arg(long)]
    strict: bool,
    /// Ask nobody: print which model would be asked, how large the prompt is, and what it may cost
    #[arg(long, group = "result")]
    estimate: bool,
    /// Print a unified diff of what would change
    #[arg(long, group = "result")]
    diff: bool,
    /// Write the change into the file
    #[arg(long, group = "result")]
    write: bool,
    /// Write the whole changed file to another place
    #[arg(long, value_name = "FILE", group = "result")]
    output: Option<PathBuf>,
}

/// An experiment indexes the whole project: what a model is asked must not depend on how busy the machine was.
const WHOLE: Duration = Duration::from_secs(600);
/// How long the end waits for the disk.
const LAST: Duration = Duration::from_secs(3);

pub(super) fn run(args: &GenerateArgs) -> Result<ExitCode, Failure> {
    let (path, text) = match (&args.new, &args.file) {
        (Some(path), _) => (path, file::new(path)?),
        (None, Some(path)) => (path, file::read(path)?),
        (None, None) => return Err(Failure::Usage("name a file".to_owned())),
    };
    if let (true, _, target) | (_, Some(target), _) = (args.write, &args.output, path) {
        // Told now: a model may take a minute to write what could not be kept.
        file::check_target(target)?;
    }
    let config = setup::config().map_err(|problems| Failure::Usage(setup::told(&problems)))?;
    let registry = setup::registry(&config, &setup::state_dir()?);
    let default = if args.instruction.is_some() { "generate" } else { "implement" };
    let prompt = args.action.as_deref().unwrap_or(default);
    let mut wanted = wanted(prompt, args.model.clone());
    // A wrong name is told before the project is looked at.
    registry.plan(&wanted).map_err(|error| Failure::Usage(error.message))?;
    let streams = !(args.diff || args.write || args.estimate || args.output.is_some());
    let mut progress = Progress::new(streams);
    let instruction = args.instruction.as_deref();
    let state = setup::state_dir().ok();
    let site =
        Site::new(path, &text, args.at, instruction, args.new.is_some(), (INDEXING, state.as_deref()))?;
    let choices = choices(&site, &config, &registry)?;
    let library = super::prompts::library(&config, site.folder());
    let prompt = library.get(prompt).cloned();
    if let Some(prompt) = prompt.as_ref().filter(|prompt| prompt.replace == Some(Replace::Proposal))
        && (args.diff || args.write)
    {
        let message = format!(
            "the prompt `{}` tells its answer in words and changes no file; leave --diff or --write out",
            prompt.name
        );
        return Err(Failure::Usage(message));
    }
    apply(prompt.as_deref(), &registry, &choices, &mut wanted);
    let input = args.input.iter().cloned().collect();
    let refine = choices.refine.over(config.refine);
    let site =
        site.gated(refine.gates).with(library, args.action.clone(), input).ruled(path, &config, &choices);
    let (question, first) = question(&site, &registry, &wanted)?;
    if let Some(note) = first.1.note() {
        progress.line(note);
    }
    if args.estimate {
        progress.clear();
        print_estimate(&question.1, &first);
        return Ok(ExitCode::SUCCESS);
    }
    Copy::sweep_left(&setup::state_dir()?);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime =
        runtime.map_err(|error| Failure::Failed(format!("the runtime could not start: {error}")))?;
    let mut limits = limits(args.rounds, refine);
    let checks = prompt.as_ref().map_or(Checks::All, |prompt| prompt.checks);
    if let Some(most) = prompt.and_then(|prompt| prompt.rounds) {
        limits.rounds = limits.rounds.min(most);
    }
    if checks == Checks::Nothing {
        limits.rounds = 0;
    }
    let (checkers, not_run) = match site.checkers(&config) {
        _ if checks != Checks::All => (None, None),
        Ok(checkers) => (checkers, None),
        Err(why) => (None, Some(format!("not checked: {why}"))),
    };
    let suite = checkers.as_ref().map(|checkers| checkers.suite.clone());
    let outcome: Result<run::Outcome, Failure> = runtime.block_on(async {
        let work = run::run(&site, question, &registry, first, &mut progress, (streams, limits), checkers);
        let outcome = work.await;
        // Whoever asked for an end does not wait for good-byes.
        if let Some(suite) = suite
            && !matches!(outcome, Err(Failure::Interrupted))
        {
            suite.goodbye().await;
        }
        // What the checkers leave is being cleared away.
        let _ = tokio::time::timeout(LAST, none_left()).await;
        outcome
    });
    let delivered = outcome.and_then(|outcome| {
        progress.clear();
        match (&outcome.told, &args.output) {
            (Some(told), Some(output)) => file::write(output, &format!("{told}\n"))?,
            (Some(_), None) => {}
            (None, _) => deliver(args, path, &text, &applied(&text.content, &outcome.edits))?,
        }
        if args.write {
            registry.accounts().finish(outcome.run.clone(), outcome.rounds, Fate::Kept);
        }
        Ok(outcome)
    });
    // What it cost is being written down.
    runtime.shutdown_timeout(LAST);
    let outcome = delivered?;
    if streams {
        for import in &outcome.imports {
            progress.line(&format!("the file would also get: {import}"));
        }
    }
    let left: Vec<String> = outcome.left.into_iter().chain(not_run).collect();
    for finding in &left {
        progress.line(&format!("left over: {finding}"));
    }
    progress.line(&outcome.figures);
    Ok(if args.strict && !left.is_empty() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// A question about a place.
pub(super) struct Asked<'a> {
    pub action: &'a str,
    pub at: Place,
    pub instruction: Option<&'a str>,
    pub input: BTreeMap<String, String>,
}

/// What would be sent for it, and to which model; nobody is asked.
pub(super) fn asked(path: &Path, ask: Asked<'_>) -> Result<(Sent, String), Failure> {
    let config = setup::config().map_err(|problems| Failure::Usage(setup::told(&problems)))?;
    let registry = setup::registry(&config, &setup::state_dir()?);
    let (text, state) = (file::read(path)?, setup::state_dir().ok());
    let site = Site::new(path, &text, Some(ask.at), ask.instruction, false, (INDEXING, state.as_deref()))?;
    let choices = choices(&site, &config, &registry)?;
    let library = super::prompts::library(&config, site.folder());
    let mut wanted = wanted(ask.action, None);
    apply(library.get(ask.action).map(AsRef::as_ref), &registry, &choices, &mut wanted);
    let gates = choices.refine.over(config.refine).gates;
    let site = site
        .gated(gates)
        .with(library, Some(ask.action.to_owned()), ask.input)
        .ruled(path, &config, &choices);
    let ((_, sent), (chosen, _)) = question(&site, &registry, &wanted)?;
    Ok((sent, chosen.name))
}

fn wanted(prompt: &str, named: Option<String>) -> Wanted {
    Wanted { task: Some(Errand::Implement), prompt_name: Some(prompt.to_owned()), named, ..Wanted::default() }
}

/// What the workspace chooses, and the prompt itself where that leaves it open.
fn apply(prompt: Option<&Prompt>, registry: &Registry, choices: &Choices, wanted: &mut Wanted) {
    if let Some(prompt) = prompt {
        wanted.task = Some(prompt.task);
    }
    choices.apply(wanted);
    let is_known = |name: &String| registry.catalogue().model(Some(name)).is_ok();
    let own = || prompt.and_then(|prompt| prompt.model.clone()).filter(is_known);
    wanted.default = wanted.default.take().or_else(own);
}

/// What the workspace chooses.
fn choices(site: &Site<'_>, config: &Config, registry: &Registry) -> Result<Choices, Failure> {
    let choices = match site.folder() {
        Some(folder) => {
            Choices::of(config, folder, None).map_err(|problems| Failure::Usage(setup::told(&problems)))?
        }
        None => Choices::default(),
    };
    choices.check(registry.catalogue()).map_err(|error| Failure::Usage(error.message))?;
    Ok(choices)
}

/// How far drafts are redrafted.
fn limits(rounds: Option<u32>, refine: Refine) -> Limits {
    let default = Limits::default();
    Limits {
        rounds: rounds.or(refine.rounds).unwrap_or(default.rounds),
        time: refine.time.unwrap_or(default.time),
        tokens: refine.tokens.unwrap_or(default.tokens),
    }
}

/// What is asked, and of whom.
type Question = ((Task, Sent), (Chosen, Route));

fn question(site: &Site<'_>, registry: &Registry, wanted: &Wanted) -> Result<Question, Failure> {
    let failed = |error: ModelError| match error.kind {
        ErrorKind::Config => Failure::Usage(error.message),
        _ => Failure::Failed(error.message),
    };
    let first = registry.route(wanted).map_err(failed)?;
    let (question, first) = fitting(site, registry, first)?;
    if !registry.weighs_prompts(wanted) {
        return Ok((question, first));
    }
    // How large the question is, is known by now.
    let answer = Some(question.1.answer);
    let (prompt, least) = (question.1.tokens, question.1.least());
    let sized = Wanted { prompt, least, answer, ..wanted.clone() };
    let again = registry.route(&sized).map_err(failed)?;
    let question = if again.0.name == first.0.name {
        question
    } else {
        site.question(Room::of(&again.0)).map_err(|error| site.failure(&error))?
    };
    Ok((question, again))
}

/// The first model of the plan that the question fits.
fn fitting(
    site: &Site<'_>,
    registry: &Registry,
    (mut chosen, mut route): (Chosen, Route),
) -> Result<Question, Failure> {
    loop {
        let error = match site.question(Room::of(&chosen)) {
            Ok(question) => return Ok((question, (chosen, route))),
            Err(error) => error,
        };
        let too_large = matches!(error, PrepareError::TooLarge { .. });
        let next = if too_large { route.next(registry) } else { None };
        chosen = next.ok_or_else(|| site.failure(&error))?;
    }
}

fn print_estimate(sent: &Sent, (chosen, route): &(Chosen, Route)) {
    let (prompt, answer) = (sent.tokens, sent.request.max_tokens);
    let cost = match chosen.most(prompt, answer) {
        Some(MicroUsd(0)) => "it costs nothing".to_owned(),
        Some(cost) => format!("it costs at most {cost}"),
        None => "its price is not known".to_owned(),
    };
    let place = if chosen.place == Location::Hosted { "another machine" } else { "this machine" };
    let mut text = format!(
        "{}: {} on {place}, a prompt of about {} tokens, an answer of at most {}; {cost}\n",
        sent.title, chosen.name, prompt.0, answer.0
    );
    if !route.rest().is_empty() {
        text += &format!("should it fail: {}\n", route.rest().join(", "));
    }
    // A closed pipe (`| head`) is no failure.
    let _ = std::io::stdout().write_all(text.as_bytes());
}

/// Puts the result where it was asked for.
fn deliver(args: &GenerateArgs, path: &Path, text: &Text, drafted: &str) -> Result<(), Failure> {
    if args.diff {
        let name = place::diff_path(path);
        let diff = terminal::unified(&name, &text.content, drafted, args.new.is_some(), terminal::colour());
        // A closed pipe (`| head`) is no failure.
        let _ = std::io::stdout().write_all(diff.as_bytes());
    } else if args.write {
        if !file::unchanged(path, text) {
            let message =
                format!("{}: was changed while the draft was made; nothing was written", path.display());
            return Err(Failure::Failed(message));
        }
        file::write(path, drafted)?;
    } else if let Some(output) = &args.output {
        file::write(output, drafted)?;
    }
    Ok(())
}
