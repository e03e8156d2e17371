//! `redraft context`: which code of the workspace a prompt would show, and why.

mod batch;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use ropey::Rope;
use serde_json::json;
use tree_sitter::Tree;

use super::Failure;
use crate::context::{self, Ask, Context, Explained};
use crate::prompt::secret::Redactor;
use crate::syntax::facts::{Facts, extract};
use crate::syntax::parse::parse_str;
use crate::syntax::{Language, Source, definition, lines};
use crate::workspace::Index;
use crate::workspace::build::Project;
use crate::workspace::view::{Reader, View};

/// A parse on the command line may take as long as a person waits.
const PARSE: Duration = Duration::from_secs(30);
/// How long a project is indexed for one question.
const PATIENCE: Duration = Duration::from_secs(10);
/// The version of what `--json` prints.
const VERSION: u32 = 1;

#[derive(Debug, Args)]
pub(super) struct ContextArgs {
    /// The place: a line of the function that is to be written (from 1)
    #[arg(value_name = "FILE:LINE[:COL]", required_unless_present = "batch")]
    place: Option<String>,
    /// The most tokens that may be shown
    #[arg(long, default_value_t = 1_000, value_name = "TOKENS")]
    budget: u32,
    /// What is to be written, in words
    #[arg(long, value_name = "TEXT")]
    instruction: Option<String>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// Tell of every candidate how likely it is used, and why
    #[arg(long)]
    explain: bool,
    /// Answer questions on standard input, a JSON object on each line (docs/cli.md)
    #[arg(long, conflicts_with_all = ["place", "json", "explain", "instruction"])]
    batch: bool,
}

pub(super) fn run(args: &ContextArgs) -> Result<std::process::ExitCode, Failure> {
    if args.batch {
        return batch::run();
    }
    let place = args.place.as_deref().unwrap_or_default();
    let (path, line) = place_of(place)?;
    let state = super::setup::state_dir().ok();
    let Project { disk, index } = Project::around(&path, PATIENCE, state.as_deref());
    let name = disk.path_of(&path).unwrap_or_else(|| path.display().to_string());
    let text = std::fs::read_to_string(&path)
        .map_err(|error| Failure::Failed(format!("{}: cannot be read: {error}", path.display())))?;
    let hint = args.instruction.as_deref().unwrap_or_default();
    let subject = Subject::new(&name, text).map_err(Failure::Failed)?;
    let question = Question { line, hint, budget: args.budget, least: context::WORTH, explain: args.explain };
    let answer = ask(&index, &disk, &subject, &question).map_err(Failure::Failed)?;
    let output = if args.json { as_json(args, &answer) } else { as_text(args, &answer) };
    let _ = std::io::Write::write_all(&mut std::io::stdout(), output.as_bytes());
    Ok(std::process::ExitCode::SUCCESS)
}

/// One question.
struct Question<'a> {
    /// From 0.
    line: usize,
    hint: &'a str,
    budget: u32,
    /// As the context's ask has it.
    least: f32,
    /// Every candidate is wanted.
    explain: bool,
}

/// What would be shown, and (asked for) every candidate.
struct Answer {
    context: Context,
    comment: &'static str,
    explained: Vec<Explained>,
}

/// The file that is asked about.
struct Subject {
    /// As the index calls it.
    path: String,
    text: String,
    rope: Rope,
    tree: Tree,
    language: &'static Language,
    facts: Arc<Facts>,
}

impl Subject {
    fn new(path: &str, text: String) -> Result<Self, String> {
        let language = Language::by_path(path).ok_or_else(|| {
            format!("{path}: Redraft knows {}, and this is no file of these by its name", Language::names())
        })?;
        let tree = parse_str(language, &text, PARSE)
            .ok_or_else(|| format!("{path} could not be parsed in time or is too large"))?;
        let facts = Arc::new(extract(language, &text, &tree));
        Ok(Self { path: path.to_owned(), rope: Rope::from_str(&text), text, tree, language, facts })
    }
}

fn ask(
    index: &Index,
    reader: &dyn Reader,
    subject: &Subject,
    question: &Question<'_>,
) -> Result<Answer, String> {
    let Subject { path, rope, tree, language, facts, .. } = subject;
    if question.line >= rope.len_lines() {
        return Err(format!(
            "line {} is outside of {}, which has {} lines",
            question.line + 1,
            path,
            rope.len_lines()
        ));
    }
    let source = Source { text: rope, tree: Some(tree), language, path };
    let at = lines::first(rope, question.line);
    let definition = definition::around(&source, &(at..at)).into_iter().next_back();
    let (focus, region) = match &definition {
        Some(found) => {
            let region = found.stub.clone().unwrap_or_else(|| found.body.clone());
            (found.whole.start..found.whole.end.max(region.end), region)
        }
        None => (lines::start(rope, question.line)..lines::end(rope, question.line), at..at),
    };
    let view = View::new(index, Some(reader), language, path, facts.clone());
    let ask = Ask {
        text: rope,
        focus: &focus,
        region: &region,
        hint: question.hint,
        recent: &[],
        budget: question.budget,
        least: question.least,
    };
    let explained = if question.explain { context::explain(&view, &ask) } else { Vec::new() };
    let mut context = context::gather(&view, &ask);
    // As in a prompt: what is printed may be piped to a model.
    let mut redactor = Redactor::apart_from(&[]);
    for excerpt in &mut context.excerpts {
        excerpt.text = redactor.redact(&excerpt.text);
    }
    Ok(Answer { context, comment: language.comment, explained })
}

fn as_text(args: &ContextArgs, answer: &Answer) -> String {
    use std::fmt::Write as _;
    let mut out = answer.context.render(answer.comment) + "\n";
    if args.explain {
        out.push('\n');
        for one in answer.explained.iter().take(200) {
            let _ = writeln!(
                out,
                "{:5.1} %  {}:{} {} ({})",
                one.likely * 100.0,
                one.path,
                one.line + 1,
                one.name,
                one.reason.told()
            );
        }
    }
    out
}

fn as_json(args: &ContextArgs, answer: &Answer) -> String {
    let excerpts: Vec<_> = answer
        .context
        .excerpts
        .iter()
        .map(|one| json!({ "path": one.label, "line": one.line + 1, "name": one.name, "text": one.text, "reason": one.reason.told(), "likely": one.likely, "tokens": one.tokens }))
        .collect();
    let mut told = json!({ "version": VERSION, "excerpts": excerpts, "tokens": answer.context.tokens(), "omitted": answer.context.omitted });
    if args.explain {
        told["candidates"] = answer
            .explained
            .iter()
            .map(|one| json!({ "path": one.path, "line": one.line + 1, "name": one.name, "reason": one.reason.told(), "likely": one.likely, "evidence": one.evidence }))
            .collect();
    }
    format!("{told}\n")
}

/// `FILE:LINE` or `FILE:LINE:COL`; the line from 0.
fn place_of(place: &str) -> Result<(PathBuf, usize), Failure> {
    let wrong =
        || Failure::Usage(format!("{place:?} is no place: write FILE:LINE or FILE:LINE:COL, both from 1"));
    let number = |text: &str| text.parse::<usize>().ok().filter(|&number| number > 0);
    let (rest, last) = place.rsplit_once(':').ok_or_else(wrong)?;
    let last = number(last).ok_or_else(wrong)?;
    match rest.rsplit_once(':').and_then(|(file, line)| Some((file, number(line)?))) {
        Some((file, line)) if !file.is_empty() => Ok((PathBuf::from(file), line - 1)),
        _ => Ok((PathBuf::from(rest), last - 1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::disk::Disk;

    #[test]
    fn secrets_are_not_printed() {
        let text =
            "password = \"hunter2-Xk9!pQ7z\"\n\n\ndef f(x):\n    \"\"\"Uses password.\"\"\"\n    pass\n";
        let disk = Disk::new(&[]);
        let subject = Subject::new("a.py", text.to_owned()).unwrap();
        let question = Question { line: 3, hint: "", budget: 1_000, least: 0.0, explain: false };
        let index = Index::default();
        let answer = ask(&index, &disk, &subject, &question).unwrap();
        let shown = answer.context.render(answer.comment);
        assert!(shown.contains("password") && !shown.contains("hunter2"), "{shown}");
    }
}
