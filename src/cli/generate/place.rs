//! From `--at` and `--instruction` to a task.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use ropey::Rope;
use tree_sitter::Tree;

use super::file::Text;
use crate::action::inspect::{Checkers, inspect};
use crate::action::prepare::{self, FREE, PrepareError, Room, STAGE, Sent, Stock, Wish, prepare_new};
use crate::action::redraft::redraft;
use crate::action::references::Reference;
use crate::action::{Diagnostic, PlanError};
use crate::check::gates::Figures;
use crate::check::process::Supervisor;
use crate::check::suite::Suite;
use crate::check::{Around, Baseline, Overlay};
use crate::cli::Failure;
use crate::cli::checkers::needed;
use crate::config::{CheckerSpec, Choices, Config, Stage};
use crate::draft::verify::Proposal;
use crate::job::rounds::Redraft;
use crate::job::{Checked, Task};
use crate::prompt::Library;
use crate::prompt::rules::{self, Rule};
use crate::syntax::facts::{Facts, extract};
use crate::syntax::{Language, Source, parse};
use crate::text::edit::{Edit, applied, apply_all};
use crate::text::position::{Encoding, Position, line_range, to_offset};
use crate::workspace::build::Project;
use crate::workspace::view::View;

/// A parse on the command line may take as long as a person waits for a large file on a busy machine: nothing else is held
/// up by it. 200,000 lines take half a second of an idle processor.
const PARSE: Duration = Duration::from_secs(30);

/// How long the project is indexed before the model is asked: what is not indexed by then is read when a name leads there.
pub(super) const INDEXING: Duration = Duration::from_millis(300);

/// A place as a person writes it: line and column, from 1, the column in characters; or the first and the last line of several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) struct Place {
    line: u32,
    column: Option<u32>,
    last: Option<u32>,
}

impl FromStr for Place {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = |text: &str| text.parse::<u32>().ok().filter(|&number| number > 0);
        let wrong = || format!("{text:?} is no place: write LINE, LINE:COL or LINE-LINE, from 1");
        let at = |line: &str, column: Option<&str>, last: Option<&str>| {
            let line = number(line)?;
            let column = column.map_or(Some(None), |column| number(column).map(Some))?;
            let last = last.map_or(Some(None), |last| number(last).filter(|last| *last >= line).map(Some))?;
            Some(Self { line, column, last })
        };
        let place = match (text.split_once(':'), text.split_once('-')) {
            (Some((line, column)), _) => at(line, Some(column), None),
            (None, Some((line, last))) => at(line, None, Some(last)),
            (None, None) => at(text, None, None),
        };
        place.ok_or_else(wrong)
    }
}

impl Place {
    /// The end of a line.
    pub(super) fn line(line: u32) -> Self {
        Self { line, column: None, last: None }
    }

    /// Its bytes: what is selected, else the end of the line where no column is given.
    fn range(self, text: &Rope, path: &Path) -> Result<Range<usize>, Failure> {
        let Some(last) = self.last else {
            let at = self.offset(text, path)?;
            return Ok(at..at);
        };
        let end = Self::line(last).offset(text, path)?;
        Ok(line_range(text, self.line as usize - 1).start..end)
    }

    fn offset(self, text: &Rope, path: &Path) -> Result<usize, Failure> {
        let line = self.line as usize - 1;
        if line >= text.len_lines() {
            // The empty line behind the last line end is a place, but nobody counts it.
            let ends = text.len_chars() > 0 && text.line(text.len_lines() - 1).len_chars() == 0;
            let lines = text.len_lines() - usize::from(ends);
            let message =
                format!("line {} is outside of {}, whose last line is {lines}", self.line, path.display());
            return Err(Failure::Usage(message));
        }
        Ok(match self.column {
            None => line_range(text, line).end,
            Some(column) => {
                to_offset(text, Position { line: self.line - 1, column: column - 1 }, Encoding::Utf32)
            }
        })
    }
}

/// A file with what is to be done in it, and the project around it: what models are asked about.
pub(super) struct Site<'a> {
    /// For messages.
    name: String,
    told: String,
    language: &'static Language,
    rope: Rope,
    tree: Option<Tree>,
    facts: Arc<Facts>,
    project: Arc<Project>,
    /// What was wrong with the file before.
    baseline: Arc<Baseline>,
    /// What quality gates ask of a draft.
    gates: Option<Figures>,
    target: Target<'a>,
    /// The prompts that there are, the one that is meant (by default, what the place says), and what it asks.
    library: Arc<Library>,
    action: Option<String>,
    input: BTreeMap<String, String>,
    /// How mature the code is to be.
    stage: &'static str,
    /// What the workspace asks of all code in it.
    rules: Vec<Rule>,
    /// Code that is the example for a topic.
    references: Vec<Reference>,
}

/// What is to be written.
#[derive(Clone, Debug)]
pub(super) enum Target<'a> {
    /// All of a new file.
    File(&'a str),
    /// At bytes of the file, with an instruction or without.
    At { range: Range<usize>, instruction: Option<&'a str>, diagnostic: Option<Diagnostic> },
}

impl<'a> Site<'a> {
    /// Parses the file and looks around, for as long as `indexing` at most; the index is kept below `state`.
    pub(super) fn new(
        path: &Path,
        text: &Text,
        at: Option<Place>,
        instruction: Option<&'a str>,
        is_new: bool,
        (indexing, state): (Duration, Option<&Path>),
    ) -> Result<Self, Failure> {
        let name = path.display().to_string();
        let language = Language::by_path(&name).ok_or_else(|| {
            Failure::Failed(format!(
                "{name}: Redraft writes {}, and this is no file of these by its name",
                Language::names()
            ))
        })?;
        let rope = Rope::from_str(&text.content);
        let target = match at {
            _ if is_new => Target::File(instruction.unwrap_or_default()),
            Some(at) => Target::At { range: at.range(&rope, path)?, instruction, diagnostic: None },
            None => return Err(Failure::Usage("say where with --at LINE[:COL]".to_owned())),
        };
        let tree = parse(language, &rope, None, PARSE);
        let project = Project::around(path, indexing, state);
        let told = project.disk.path_of(path).unwrap_or_else(|| told_path(path));
        let facts = tree.as_ref().map(|tree| extract(language, &text.content, tree)).unwrap_or_default();
        let (facts, project, baseline) = (Arc::new(facts), Arc::new(project), Arc::default());
        let library = Library::built_in();
        let (action, input, stage) = (None, BTreeMap::new(), STAGE);
        Ok(Self {
            name,
            told,
            language,
            rope,
            tree,
            facts,
            project,
            baseline,
            gates: None,
            target,
            library,
            action,
            input,
            stage,
            rules: Vec::new(),
            references: Vec::new(),
        })
    }

    /// The same, with quality gates for its drafts.
    pub(super) fn gated(self, stage: Option<Stage>) -> Self {
        Self { gates: stage.map(Figures::from), stage: stage.map_or(STAGE, Stage::name), ..self }
    }

    /// The same by the rules of its workspace, where that is trusted.
    pub(super) fn ruled(self, path: &Path, config: &Config, choices: &Choices) -> Self {
        let root = self.folder().filter(|root| config.trusts(root));
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let rules = root.map(|root| rules::read(root, &path)).unwrap_or_default();
        let named = choices.references.iter().chain(&config.references).cloned();
        let references = named.map(|(topic, files)| Reference { topic, files }).collect();
        Self { rules, references, ..self }
    }

    /// The same at these bytes, where a diagnostic may be.
    pub(super) fn placed(
        self,
        range: Range<usize>,
        instruction: Option<&'a str>,
        diagnostic: Option<Diagnostic>,
    ) -> Self {
        Self { target: Target::At { range, instruction, diagnostic }, ..self }
    }

    /// The file with these edits.
    pub(super) fn written(&self, edits: &[Edit]) -> String {
        applied(&self.rope.to_string(), edits)
    }

    /// Whether the file parses with these edits, if it did without them.
    pub(super) fn parses_with(&self, edits: &[Edit]) -> bool {
        let mut text = self.rope.clone();
        apply_all(&mut text, edits);
        let has_error = |tree: &Option<Tree>| tree.as_ref().is_none_or(|tree| tree.root_node().has_error());
        has_error(&self.tree) || !has_error(&parse(self.language, &text, None, PARSE))
    }

    /// The same with these prompts, one of which may be meant, and what that asks.
    pub(super) fn with(
        self,
        library: Arc<Library>,
        action: Option<String>,
        input: BTreeMap<String, String>,
    ) -> Self {
        Self { library, action, input, ..self }
    }

    /// The root of the project.
    pub(super) fn folder(&self) -> Option<&Path> {
        self.project.disk.directories().next()
    }

    /// What a draft has wrong that the file had not.
    pub(super) async fn check(&self, proposal: Proposal, checkers: Option<Checkers>) -> Checked {
        let (project, baseline) = (self.project.clone(), self.baseline.clone());
        let prompt = self.action.as_deref().and_then(|action| self.library.get(action));
        let requires = prompt.map(|prompt| prompt.requires.clone()).unwrap_or_default();
        let look = move |overlay: &Overlay| {
            let around = Around { index: &project.index, reader: Some(&project.disk) };
            let mut found = overlay.look(around, &baseline);
            found.extend(overlay.lacks(&requires));
            found
        };
        inspect(proposal, self.told.clone(), look, checkers, self.gates).await
    }

    /// The checkers of the project, where there are any.
    ///
    /// # Errors
    /// Why they do not run.
    pub(super) fn checkers(&self, config: &Config) -> Result<Option<Checkers>, String> {
        let Some(root) = self.folder() else { return Ok(None) };
        let needed = needed(config, root, self.language)?;
        Ok(needed.and_then(|(state, _)| self.trusted_checkers(&config.checkers, &state)))
    }

    /// The same of a project that is trusted.
    pub(super) fn trusted_checkers(&self, specs: &[CheckerSpec], state: &Path) -> Option<Checkers> {
        let (root, supervisor) = (self.folder()?, Supervisor::this().ok()?);
        let suite = Suite::new(specs, root, state, &supervisor);
        let path = self.told.clone();
        suite.is_for(self.language.id).then(|| Checkers {
            suite: suite.into(),
            path,
            known: Arc::default(),
            beside: Arc::default(),
            tested: None,
        })
    }

    /// What is asked for a better draft.
    pub(super) fn redraft(
        &self,
        task: &Task,
        sent: &Sent,
        wanted: &Redraft,
        room: Room,
    ) -> Result<(Task, Sent), PrepareError> {
        let Self { told, language, project, .. } = self;
        let view = View::new(&project.index, Some(&project.disk), language, told, self.facts.clone());
        redraft((task, sent), wanted, &view, room)
    }

    /// What a model with so much room is asked.
    pub(super) fn question(&self, room: Room) -> Result<(Task, Sent), PrepareError> {
        let Self { told, language, rope, tree, project, .. } = self;
        let view = View::new(&project.index, Some(&project.disk), language, told, self.facts.clone());
        let source = Source { text: rope, tree: tree.as_ref(), language, path: told };
        let stock = Stock {
            stage: self.stage,
            rules: &self.rules,
            references: &self.references,
            ..Stock::of(&self.library)
        };
        let (range, instruction, diagnostic) = match &self.target {
            Target::File(instruction) => return prepare_new(&source, &view, instruction, room, stock),
            Target::At { range, instruction, diagnostic } => (range, *instruction, diagnostic),
        };
        let ask = |action: &str| {
            let wish = Wish {
                tested: None,
                action: action.to_owned(),
                range: range.clone(),
                diagnostic: diagnostic.clone(),
                instruction: instruction.map(str::to_owned),
                input: self.input.clone(),
            };
            let is_named = self.action.is_some() && action != FREE;
            let prepared = prepare::prepare(&source, &view, &wish, room, stock)?;
            if is_named && !prepare::is_offered(&source, &wish, &self.library) {
                return Err(PrepareError::NotForPlace(action.to_owned()));
            }
            Ok(prepared)
        };
        if let Some(action) = &self.action {
            return ask(action);
        }
        if instruction.is_some() {
            return ask(FREE);
        }
        match ask("implement") {
            // No function to write there: a comment `# redraft: …` may say what to do.
            Err(error @ PrepareError::Plan(PlanError::NoStub { .. })) => ask(FREE).map_err(|_| error),
            outcome => outcome,
        }
    }

    /// Why nothing can be asked.
    pub(super) fn failure(&self, error: &PrepareError) -> Failure {
        let hint = match error {
            PrepareError::Plan(PlanError::NoStub { .. }) => ", or say what to write with --instruction",
            _ => "",
        };
        Failure::Failed(format!("{}: {error}{hint}", self.name))
    }
}

/// The path as the model is told it: from the current folder. Where a project lies on a machine, and whose it is, is
/// nothing to a provider, and a small model writes other code for another path.
fn told_path(path: &Path) -> String {
    let below = below_here(path);
    let told = match (&below, path.is_absolute()) {
        (Some(below), _) => below.as_path(),
        (None, true) => path.file_name().map_or(path, Path::new),
        (None, false) => path,
    };
    told.display().to_string()
}

/// The path as a diff names it, so that `patch -p1` finds it from here.
pub(super) fn diff_path(path: &Path) -> String {
    let path = below_here(path).unwrap_or_else(|| path.to_owned());
    path.display().to_string().trim_start_matches('/').to_owned()
}

/// The path from the current folder, if it is below that. The file itself need not be there yet.
fn below_here(path: &Path) -> Option<PathBuf> {
    let here = std::env::current_dir().ok()?.canonicalize().ok()?;
    let whole = path.canonicalize().or_else(|_| {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        folder.canonicalize().map(|folder| folder.join(path.file_name().unwrap_or_default()))
    });
    Some(whole.ok()?.strip_prefix(here).ok()?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read() {
        assert_eq!("12".parse(), Ok(Place::line(12)));
        assert_eq!("12:3".parse(), Ok(Place { column: Some(3), ..Place::line(12) }));
        assert_eq!("12-14".parse(), Ok(Place { last: Some(14), ..Place::line(12) }));
        for wrong in ["", "0", "x", "1:", "1:0", ":2", "-1", "1-", "2-1", "1:2-3", "1:2:3"] {
            assert!(wrong.parse::<Place>().is_err(), "{wrong:?}");
        }
    }
}
