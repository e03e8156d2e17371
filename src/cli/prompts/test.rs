//! `redraft prompts test`: whether prompts do what their cases say. A scripted model answers, or with `--real` the one that is configured.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use super::case::{Case, parse};
use crate::action::{Diagnostic, Query, list};
use crate::check::process::{self, Limits, Spec, find};
use crate::cli::generate::{self, Drafted, Trial};
use crate::cli::{Failure, setup};
use crate::model::choose::Task as Errand;
use crate::model::provider::http::Http;
use crate::model::provider::scripted::Scripted;
use crate::model::registry::{Chosen, Registry};
use crate::model::route::Wanted;
use crate::model::spec::Catalogue;
use crate::prompt::Library;
use crate::syntax::{Language, Source, parse as parse_source};
use crate::workspace::Index;
use crate::workspace::disk::facts_of;
use crate::workspace::index::{Known, Update};

/// How long a parse and the tests of one case may take.
const PARSE: Duration = Duration::from_secs(10);
const TESTS: Duration = Duration::from_secs(60);

#[derive(Debug, clap::Args)]
pub(super) struct TestArgs {
    /// The prompt [default: all]
    name: Option<String>,
    /// The folder with a folder of cases for each prompt [default: `tests` beside your prompts and this workspace's]
    #[arg(long, value_name = "DIR")]
    cases: Option<PathBuf>,
    /// Ask the model that is configured, rather than have the cases' answers
    #[arg(long)]
    real: bool,
    /// The model to ask
    #[arg(long, value_name = "NAME", requires = "real")]
    model: Option<String>,
    /// Print each draft, and each question that is another one than its case says
    #[arg(long)]
    show: bool,
    /// The interpreter that runs the tests of cases; a path is absolute
    #[arg(long, value_name = "PROGRAM", default_value = "python3")]
    python: String,
    /// One JSON object
    #[arg(long)]
    json: bool,
}

impl TestArgs {
    /// The folder that was named.
    pub(super) fn cases(&self) -> Option<PathBuf> {
        self.cases.clone()
    }
}

/// How a case went.
struct Row {
    case: Case,
    faults: Vec<String>,
    drafted: Option<Drafted>,
    parses: Option<bool>,
    passes: Option<bool>,
}

pub(super) fn run(args: &TestArgs, library: &Arc<Library>, folders: &[PathBuf]) -> Result<ExitCode, Failure> {
    let mut cases = Vec::new();
    for folder in folders {
        cases.extend(read(folder, args.name.as_deref())?);
    }
    if cases.is_empty() {
        let of = args.name.as_ref().map(|name| format!(" of {name:?}")).unwrap_or_default();
        let folders: Vec<String> = folders.iter().map(|folder| folder.display().to_string()).collect();
        return Err(Failure::Usage(format!("there are no cases{of} in {}", folders.join(", "))));
    }
    let asked = asked(args)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime =
        runtime.map_err(|error| Failure::Failed(format!("the runtime could not start: {error}")))?;
    let (mut rows, mut failed) = (Vec::new(), 0);
    for case in cases {
        let row = runtime.block_on(try_case(args, library, &asked, case))?;
        failed += usize::from(!row.faults.is_empty());
        if !args.json {
            print(&told(&row, args.show));
        }
        rows.push(row);
    }
    runtime.shutdown_timeout(Duration::from_secs(3));
    if args.json {
        let rows: Vec<_> = rows.iter().map(as_json).collect();
        print(&format!("{:#}\n", json!({ "version": 1, "model": asked.chosen.name, "cases": rows })));
    } else {
        print(&format!("{} cases, {failed} failed\n", rows.len()));
    }
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The cases of a folder, in order.
fn read(folder: &Path, name: Option<&str>) -> Result<Vec<Case>, Failure> {
    let mut paths: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok) {
        let is_wanted = name.is_none_or(|name| entry.file_name() == name);
        if is_wanted && entry.path().is_dir() {
            let files = fs::read_dir(entry.path()).into_iter().flatten().filter_map(Result::ok);
            paths.extend(
                files.map(|file| file.path()).filter(|path| path.extension().is_some_and(|end| end == "md")),
            );
        }
    }
    paths.sort();
    let read = |path: &PathBuf| {
        let text = fs::read_to_string(path).map_err(|error| error.to_string());
        let case = text.and_then(|text| parse(path, &text));
        case.map_err(|error| Failure::Usage(format!("{}: {error}", path.display())))
    };
    paths.iter().map(read).collect()
}

/// Who is asked.
struct Model {
    registry: Arc<Registry>,
    chosen: Chosen,
    is_real: bool,
}

fn asked(args: &TestArgs) -> Result<Model, Failure> {
    let registry = if args.real {
        let config = setup::config().map_err(|problems| Failure::Usage(setup::told(&problems)))?;
        setup::registry(&config, &setup::state_dir()?)
    } else {
        // What a case says must not depend on who runs it.
        let provider: Arc<Scripted> = Arc::default();
        Registry::new(Catalogue::default(), Http::default(), Box::new(move |_: &_| Ok(provider.clone())))
            .into()
    };
    let wanted = Wanted { task: Some(Errand::Implement), named: args.model.clone(), ..Wanted::default() };
    let (chosen, _) = registry.route(&wanted).map_err(|error| Failure::Failed(error.message))?;
    Ok(Model { registry, chosen, is_real: args.real })
}

async fn try_case(
    args: &TestArgs,
    library: &Arc<Library>,
    model: &Model,
    case: Case,
) -> Result<Row, Failure> {
    let mut row = Row { case, faults: Vec::new(), drafted: None, parses: None, passes: None };
    let Row { case, faults, passes: passed, .. } = &mut row;
    let Some(prompt) = library.get(&case.prompt) else {
        faults.push("there is no such prompt".to_owned());
        return Ok(row);
    };
    let needs_answers = prompt.inputs.iter().any(|input| input.default.is_none()) || prompt.kind.is_empty();
    if !needs_answers && offered(library, case).is_some_and(|is_offered| is_offered != case.front.offered) {
        let is_not = if case.front.offered { "is not" } else { "is" };
        faults.push(format!("the action {is_not} offered there"));
    }
    if !case.front.offered && needs_answers {
        faults.push("`offered: false` says nothing of a prompt that is in no menu".to_owned());
    }
    if case.needs_model && !model.is_real {
        faults.push("it says something of a draft, and has no answer (`--real` asks a model)".to_owned());
    }
    let is_asked = model.is_real || !case.answers.is_empty();
    if !case.front.offered || !(is_asked || case.question.is_some()) {
        return Ok(row);
    }
    let folder = Scratch::new(&setup::state_dir()?, case)?;
    let mut chosen = model.chosen.clone();
    let scripted = Scripted::saying(case.answers.iter().map(String::as_str));
    if !model.is_real {
        chosen.provider = Arc::new(scripted.clone());
    }
    let path = folder.0.join(&case.files[case.at].0);
    let diagnostic = case.front.diagnostic.clone().map(|message| Diagnostic {
        range: case.range.clone(),
        message,
        ..Diagnostic::default()
    });
    let ask = Trial {
        action: &case.prompt,
        range: case.range.clone(),
        instruction: case.front.instruction.as_deref(),
        input: case.front.input.clone(),
        diagnostic,
    };
    let (question, drafted) =
        generate::tried(&path, ask, library.clone(), (&model.registry, &chosen), is_asked).await?;
    let (used, answers) = (scripted.requests().len(), case.answers.len());
    if !model.is_real && is_asked && used < answers && case.front.fails.is_none() {
        faults.push(format!("{used} of {answers} answers were asked for"));
    }
    judge(case, faults, question.as_deref(), &drafted);
    if let Some(Ok(drafted)) = drafted {
        if let Some(tests) = &case.front.passes {
            let written = fs::write(&path, &drafted.text).map_err(|error| error.to_string());
            let outcome = match written {
                Ok(()) => passes(&folder.0, tests, &args.python).await,
                Err(error) => Err(error),
            };
            *passed = Some(outcome.is_ok());
            if let Err(why) = outcome {
                faults.push(format!("{tests} does not pass: {why}"));
            }
        }
        row.parses = Some(drafted.parses);
        row.drafted = Some(drafted);
    }
    Ok(row)
}

/// Whether the action is among those of the place; nothing where its language is not known.
fn offered(library: &Library, case: &Case) -> Option<bool> {
    let (path, text) = &case.files[case.at];
    let language = Language::by_path(path)?;
    let rope = ropey::Rope::from_str(text);
    let tree = parse_source(language, &rope, None, PARSE);
    let source = Source { text: &rope, tree: tree.as_ref(), language, path };
    let diagnostics = case.front.diagnostic.iter().map(|message| Diagnostic {
        range: case.range.clone(),
        message: message.clone(),
        ..Diagnostic::default()
    });
    let query = Query {
        range: case.range.clone(),
        diagnostics: diagnostics.collect(),
        automatic: case.front.automatic,
        // Some kinds are shown to who asks for them only.
        only: library.get(&case.prompt).map(|prompt| prompt.kind.clone()).into_iter().collect(),
        asks: false,
    };
    let known = |(path, text): &(String, String)| {
        let facts = facts_of(path, text)?;
        Some(Update { path: path.as_str().into(), state: Some(Known::Facts(Arc::new(facts))) })
    };
    let index = Index::default().with(case.files.iter().filter_map(known).collect());
    Some(list(&source, &query, library, &index).iter().any(|offer| offer.action == case.prompt))
}

/// What is other than the case says.
fn judge(
    case: &Case,
    faults: &mut Vec<String>,
    question: Option<&str>,
    drafted: &Option<Result<Drafted, String>>,
) {
    if let (Some(expected), Some(question)) = (&case.question, question)
        && expected != question
    {
        faults.push(format!("the question is another one:\n{question}"));
    }
    match (drafted, &case.front.fails) {
        (None, _) => {}
        (Some(Err(why)), Some(expected)) if why.contains(expected.as_str()) => {}
        (Some(Err(why)), _) => faults.push(format!("there is no draft: {why}")),
        (Some(Ok(_)), Some(expected)) => faults.push(format!("there is a draft; expected: {expected}")),
        (Some(Ok(drafted)), None) => {
            if !drafted.parses {
                faults.push("the file with the draft does not parse".to_owned());
            }
            if !drafted.stays {
                faults.push("the draft changes what is not its place".to_owned());
            }
            if !drafted.left.is_empty() && !case.front.left {
                faults.push(format!("left over: {}", drafted.left.join("; ")));
            }
            let lacks = case.front.has.iter().filter(|part| !drafted.text.contains(part.as_str()));
            faults.extend(lacks.map(|part| format!("the file lacks {part:?}")));
            let has = case.front.lacks.iter().filter(|part| drafted.text.contains(part.as_str()));
            faults.extend(has.map(|part| format!("the file has {part:?}")));
            if let Some(expected) = case.becomes.as_ref().filter(|expected| **expected != drafted.text) {
                let name = &case.files[case.at].0;
                let diff = crate::cli::terminal::unified(name, expected, &drafted.text, false, false);
                faults.push(format!("the file becomes another one:\n{diff}"));
            }
        }
    }
}

/// Runs these tests below a supervisor; the end of what they say, where they do not pass.
async fn passes(folder: &Path, tests: &str, python: &str) -> Result<(), String> {
    let supervisor = process::Supervisor::this().map_err(|trouble| trouble.to_string())?;
    let program = find(python.as_ref(), folder).map_err(|trouble| format!("{python} {trouble}"))?;
    let rest = ["-m", "pytest", "-q", "-p", "no:cacheprovider", tests].map(Into::into);
    let spec = Spec {
        argv: std::iter::once(program).chain(rest).collect(),
        folder: folder.to_owned(),
        stdin: None,
        env: Vec::new(),
        limits: Limits { time: TESTS, ..Limits::default() },
        supervisor,
    };
    let output = process::run(spec).await.map_err(|trouble| format!("{python} {trouble}"))?;
    if output.status == 0 {
        return Ok(());
    }
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), output.stderr);
    let lines: Vec<&str> = said.lines().filter(|line| !line.trim().is_empty()).collect();
    Err(lines[lines.len().saturating_sub(LINES)..].join("\n"))
}

/// How many lines of what tests say are told.
const LINES: usize = 12;

fn told(row: &Row, shows: bool) -> String {
    let Row { case, faults, drafted, .. } = row;
    let mut text = if faults.is_empty() {
        format!("ok      {}/{}\n", case.prompt, case.name)
    } else {
        let faults: Vec<String> =
            faults.iter().map(|fault| format!("        {}\n", fault.replace('\n', "\n        "))).collect();
        format!("FAILED  {}/{}\n{}", case.prompt, case.name, faults.concat())
    };
    if let Some(drafted) = drafted.as_ref().filter(|_| shows) {
        let (name, before) = &case.files[case.at];
        text += &crate::cli::terminal::unified(name, before, &drafted.text, false, false);
    }
    text
}

fn as_json(row: &Row) -> serde_json::Value {
    let drafted = row.drafted.as_ref();
    json!({
        "prompt": row.case.prompt,
        "case": row.case.name,
        "faults": row.faults,
        "parses": row.parses,
        "stays": drafted.map(|drafted| drafted.stays),
        "left": drafted.map(|drafted| drafted.left.clone()),
        "rounds": drafted.map(|drafted| drafted.rounds),
        "tokens": drafted.map(|drafted| drafted.tokens),
        "passes": row.passes,
    })
}

/// The files of a case in a folder of their own, gone with the value.
struct Scratch(PathBuf);

impl Scratch {
    fn new(state: &Path, case: &Case) -> Result<Self, Failure> {
        let name = format!("case-{}-{}", std::process::id(), fastrand::u64(..));
        let folder = Self(state.join("cases").join(name));
        let mut files: BTreeMap<&str, &str> = BTreeMap::from([(".redraft/case", "")]);
        files.extend(case.files.iter().map(|(path, text)| (path.as_str(), text.as_str())));
        for (path, text) in files {
            let path = Path::new(path);
            let is_inside = path.components().all(|part| matches!(part, std::path::Component::Normal(_)));
            if !is_inside {
                return Err(Failure::Usage(format!(
                    "{}/{}: {} leads out of the case",
                    case.prompt,
                    case.name,
                    path.display()
                )));
            }
            let path = folder.0.join(path);
            let made = path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(&path, text));
            made.map_err(|error| Failure::Failed(format!("{}: {error}", path.display())))?;
        }
        Ok(folder)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

// A closed pipe (`| head`) is no failure.
fn print(text: &str) {
    let _ = std::io::stdout().write_all(text.as_bytes());
}
