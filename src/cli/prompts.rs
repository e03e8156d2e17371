//! `redraft prompts`: which prompts there are, what one says, what would be sent for a place, and whether files are right.

mod case;
mod test;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use serde_json::json;

use super::generate::{Asked, asked};
use super::{Failure, USAGE, setup};
use crate::config::{self, Config};
use crate::model::{Role, Tokens};
use crate::prompt::format::{ENDING, Input};
use crate::prompt::library::{FOLDERS, read};
use crate::prompt::{FileError, Library, Prompt, Shelves};
use crate::text::hidden::made_visible;

#[derive(Debug, clap::Args)]
pub(super) struct PromptsArgs {
    #[command(subcommand)]
    command: PromptsCommand,
}

#[derive(Debug, clap::Subcommand)]
enum PromptsCommand {
    /// Print all prompts: what each does, and the file that it is of
    List {
        /// One JSON object
        #[arg(long)]
        json: bool,
    },
    /// Print a prompt as its file has it
    Show { name: String },
    /// Print what a model would be sent for a place, and how many tokens each part has; nobody is asked
    Render {
        name: String,
        file: PathBuf,
        /// The place: a line, a line and a column, or the lines that are selected (from 1)
        #[arg(long, value_name = "LINE[:COL]|LINE-LINE")]
        at: super::generate::Place,
        /// What its user wants besides, in words
        #[arg(long, value_name = "TEXT")]
        instruction: Option<String>,
        /// What the prompt asks
        #[arg(long, value_name = "NAME=VALUE", value_parser = named)]
        input: Vec<(String, String)>,
        /// One JSON object
        #[arg(long)]
        json: bool,
    },
    /// Tell all that is wrong with prompt files; exit with 2 if anything is
    Check {
        /// A folder of prompts, or one file [default: yours, and those of this workspace]
        path: Option<PathBuf>,
    },
    /// Try prompts at their cases: what is offered, what is asked, what comes of an answer
    Test(test::TestArgs),
}

/// An answer to what a prompt asks: `NAME=VALUE`.
pub(super) fn named(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or_else(|| format!("{text:?} is no NAME=VALUE"))?;
    Ok((name.trim().to_owned(), value.to_owned()))
}

pub(super) fn run(args: &PromptsArgs) -> Result<ExitCode, Failure> {
    match &args.command {
        PromptsCommand::List { json } => list(*json),
        PromptsCommand::Show { name } => show(name),
        PromptsCommand::Render { name, file, at, instruction, input, json } => {
            let input: BTreeMap<String, String> = input.iter().cloned().collect();
            let ask = Asked { action: name, at: *at, instruction: instruction.as_deref(), input };
            render(file, ask, *json)
        }
        PromptsCommand::Check { path } => check(path.as_deref()),
        PromptsCommand::Test(args) => {
            let (library, root) = here()?;
            let config = setup::config().map_err(|problems| Failure::Usage(setup::told(&problems)))?;
            // Cases may have tests, which are run.
            let root = root.filter(|root| config.trusts(root));
            let folders = root.iter().flat_map(|root| FOLDERS.map(|folder| root.join(folder)));
            let folders = config::prompts_dir().into_iter().chain(folders).map(|folder| folder.join("tests"));
            let folders: Vec<PathBuf> = args.cases().map_or_else(|| folders.collect(), |cases| vec![cases]);
            test::run(args, &library, &folders)
        }
    }
}

/// The prompts for files below `root`: the workspace's where that is trusted.
pub(super) fn library(config: &Config, root: Option<&Path>) -> Arc<Library> {
    Shelves::new(config::prompts_dir()).library(root.filter(|root| config.trusts(root)))
}

/// The prompts of the workspace that this folder is in.
fn here() -> Result<(Arc<Library>, Option<PathBuf>), Failure> {
    let config = setup::config().map_err(|problems| Failure::Usage(setup::told(&problems)))?;
    let root = std::env::current_dir().ok().map(|here| root_of(&here));
    Ok((library(&config, root.as_deref()), root))
}

/// The nearest folder above that has prompts, or is a repository's; else the folder itself.
pub(super) fn root_of(folder: &Path) -> PathBuf {
    let has = |folder: &&Path| {
        folder.join(".git").exists() || FOLDERS.iter().any(|prompts| folder.join(prompts).is_dir())
    };
    folder.ancestors().find(has).unwrap_or(folder).to_owned()
}

fn list(json: bool) -> Result<ExitCode, Failure> {
    let (library, root) = here()?;
    let origin = |prompt: &Prompt| match &prompt.path {
        None => "built in".to_owned(),
        Some(path) => {
            let root = root.as_deref().unwrap_or(Path::new("/"));
            path.strip_prefix(root).unwrap_or(path).display().to_string()
        }
    };
    if json {
        let rows: Vec<_> = library.iter().map(|one| row(one)).collect();
        let problems: Vec<String> = library.problems().iter().map(ToString::to_string).collect();
        print(&format!("{:#}\n", json!({ "version": 1, "prompts": rows, "problems": problems })));
        return Ok(ExitCode::SUCCESS);
    }
    let width = library.iter().map(|prompt| prompt.name.chars().count()).max().unwrap_or(0);
    let lines = library.iter().map(|prompt| {
        let what = if prompt.replace.is_some() { "" } else { " (no action)" };
        let description = made_visible(&prompt.description.replace('\n', " "), WIDTH);
        format!("{:width$}  {description}{what} [{}]\n", prompt.name, made_visible(&origin(prompt), WIDTH))
    });
    print(&lines.collect::<String>());
    tell(library.problems());
    if let Some(root) = root.filter(|root| FOLDERS.iter().any(|prompts| root.join(prompts).is_dir()))
        && let Ok(config) = setup::config()
        && !config.trusts(&root)
    {
        let message = format!(
            "the prompts of {} are left out: the folder is not trusted (`trust.folders` in the configuration)",
            root.display()
        );
        let _ = writeln!(std::io::stderr(), "{message}");
    }
    Ok(ExitCode::SUCCESS)
}

fn row(prompt: &Prompt) -> serde_json::Value {
    let input =
        |input: &Input| json!({ "name": input.name, "prompt": input.prompt, "default": input.default });
    json!({
        "name": prompt.name,
        "title": prompt.title,
        "description": prompt.description,
        "kind": prompt.kind,
        "is_action": prompt.replace.is_some(),
        "task": prompt.task.name(),
        "inputs": prompt.inputs.iter().map(input).collect::<Vec<_>>(),
        "path": prompt.path,
    })
}

fn show(name: &str) -> Result<ExitCode, Failure> {
    let (library, _) = here()?;
    let prompt = find(&library, name)?;
    let text = match &prompt.path {
        Some(path) => std::fs::read_to_string(path)
            .map_err(|error| Failure::Failed(format!("{}: cannot be read: {error}", path.display())))?,
        None => crate::prompt::library::text(name).unwrap_or_default().to_owned(),
    };
    print(&text);
    Ok(ExitCode::SUCCESS)
}

fn find<'a>(library: &'a Library, name: &str) -> Result<&'a Arc<Prompt>, Failure> {
    let names = || library.iter().map(|prompt| prompt.name.as_str());
    library.get(name).ok_or_else(|| {
        let hint = crate::text::nearest::did_you_mean(name, names());
        let broken = library.problems().iter().find(|problem| {
            problem.path.file_name().is_some_and(|file| file.to_string_lossy() == format!("{name}{ENDING}"))
        });
        let broken = broken.map(|problem| format!(" Its file has mistakes: {problem}")).unwrap_or_default();
        let names: Vec<&str> = names().collect();
        Failure::Usage(format!("there is no prompt {name:?}; there are {}.{hint}{broken}", names.join(", ")))
    })
}

fn render(file: &Path, ask: Asked<'_>, json: bool) -> Result<ExitCode, Failure> {
    let (sent, model) = asked(file, ask)?;
    let request = &sent.request;
    let context = sent.shown();
    let texts: Vec<(&str, &str)> = std::iter::once(("system", request.system.as_str()))
        .chain(
            request
                .turns
                .iter()
                .map(|turn| (if turn.role == Role::User { "user" } else { "assistant" }, turn.text.as_str())),
        )
        .chain(request.prefill.as_deref().map(|prefill| ("prefill", prefill)))
        .collect();
    let tokens = |text: &str| Tokens::estimate(text).0;
    if json {
        let parts: Vec<_> = texts
            .iter()
            .map(|(part, text)| json!({ "part": part, "text": text, "tokens": tokens(text) }))
            .collect();
        print(&format!(
            "{:#}\n",
            json!({
                "version": 1,
                "title": sent.title,
                "model": model,
                "parts": parts,
                "context_tokens": context.0,
                "rules": sent.rules.iter().map(|rule| rule.path.as_str()).collect::<Vec<_>>(),
                "tokens": sent.tokens.0,
                "max_tokens": request.max_tokens.0,
                "stop": request.stop,
                "redacted": sent.redacted,
            })
        ));
        return Ok(ExitCode::SUCCESS);
    }
    for (part, text) in &texts {
        print(&format!("=== {part}: {} tokens\n{text}\n", tokens(text)));
    }
    let (stop, redacted) = (request.stop.join(" "), sent.redacted);
    let stop = if stop.is_empty() { String::new() } else { format!(", ends at {:?}", request.stop) };
    let redacted = if redacted > 0 { format!(", {redacted} secrets taken out") } else { String::new() };
    let rules: Vec<&str> = sent.rules.iter().map(|rule| rule.path.as_str()).collect();
    let rules = if rules.is_empty() { String::new() } else { format!(", rules of {}", rules.join(", ")) };
    let told = format!(
        "{}: {model}, about {} tokens ({} of them context{rules}), an answer of at most {}{stop}{redacted}",
        sent.title, sent.tokens.0, context.0, request.max_tokens.0
    );
    let _ = writeln!(std::io::stderr(), "{told}");
    Ok(ExitCode::SUCCESS)
}

fn check(path: Option<&Path>) -> Result<ExitCode, Failure> {
    let (problems, count) = match path {
        Some(path) if path.is_dir() => {
            let library = Library::default().with(path);
            (library.problems().to_vec(), library.iter().count())
        }
        Some(path) => match read(path) {
            Ok(_) => (Vec::new(), 1),
            Err(problems) => (problems, 0),
        },
        None => {
            let root = std::env::current_dir().map(|here| root_of(&here)).unwrap_or_default();
            let folders = FOLDERS.map(|folder| root.join(folder));
            let folders = config::prompts_dir().into_iter().chain(folders);
            let library = folders.fold(Library::default(), |library, folder| library.with(&folder));
            (library.problems().to_vec(), library.iter().count())
        }
    };
    tell(&problems);
    if !problems.is_empty() {
        return Ok(ExitCode::from(USAGE));
    }
    print(&format!("{count} prompts, and nothing is wrong with them\n"));
    Ok(ExitCode::SUCCESS)
}

fn tell(problems: &[FileError]) {
    for problem in problems {
        let _ = writeln!(std::io::stderr(), "{}", made_visible(&problem.to_string(), WIDTH));
    }
}

/// The most characters of one line.
const WIDTH: usize = 1_000;

// A closed pipe (`| head`) is no failure.
fn print(text: &str) {
    let _ = std::io::stdout().write_all(text.as_bytes());
}
