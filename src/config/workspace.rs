//! What a workspace may choose of what its user has configured: `.redraft.toml` in its root, read in trusted workspaces only, and an
//! editor's `initializationOptions.config`. Neither can name an endpoint, a key, a price, a budget or a command.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;

use toml::de::DeTable;

use super::places::{self, ConfigFile};
use super::problem::{Problem, Problems};
use super::table::Table;
use super::{Config, Refine, settings};
use crate::model::ModelError;
use crate::model::choose::Task;
use crate::model::route::Wanted;
use crate::model::spec::Catalogue;

/// The file's name.
pub const WORKSPACE_FILE: &str = ".redraft.toml";

/// What may be in it, as the reference lists it.
const ROOT: [&str; 4] = ["default_model", "routing", "refine", "context"];
const ROUTING: [&str; 2] = ["fallback", "tasks"];

/// Which of the user's models are asked. What is not said is the user's own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choices {
    pub default_model: Option<String>,
    pub fallback: Option<Vec<String>>,
    pub tasks: BTreeMap<Task, String>,
    pub refine: Refine,
    pub references: Vec<(String, Vec<String>)>,
}

impl Choices {
    /// What the workspace at `folder` chooses: nothing where it is not trusted, or has no file. `untrusted` is what the
    /// client says of it, if it does. Blocks.
    ///
    /// # Errors
    /// Every mistake of the file.
    pub fn of(config: &Config, folder: &Path, untrusted: Option<bool>) -> Result<Self, Vec<Problem>> {
        let is_trusted = untrusted.map_or_else(|| config.trusts(folder), |untrusted| !untrusted);
        let path = folder.join(WORKSPACE_FILE);
        // A link would lead to a file that somebody else trusts.
        let is_file = std::fs::symlink_metadata(&path).is_ok_and(|metadata| metadata.is_file());
        if !is_trusted || !is_file {
            return Ok(Self::default());
        }
        let text = places::read(&ConfigFile { path: path.clone(), named: false });
        match text.map_err(|problem| vec![problem])? {
            Some(text) => Self::parse(&text, &path),
            None => Ok(Self::default()),
        }
    }

    /// Reads the file's text; `path` is for the messages.
    ///
    /// # Errors
    /// Every mistake, each with its place.
    pub fn parse(text: &str, path: &Path) -> Result<Self, Vec<Problem>> {
        let (document, errors) = DeTable::parse_recoverable(text);
        let problems = RefCell::new(Problems::new(text, path));
        for error in &errors {
            problems.borrow_mut().add(error.span(), "", format!("this is not TOML: {}", error.message()));
        }
        let mut choices = Self::default();
        if errors.is_empty() {
            let root = Table::root(&document, &problems);
            refuse_others(&root, "", &ROOT);
            choices.default_model = root.string("default_model").map(|name| name.value.to_owned());
            if let Some(refine) = root.table("refine") {
                choices.refine = super::parse::refine(&refine);
            }
            if let Some(context) = root.table("context") {
                choices.references = super::parse::references(&context);
            }
            if let Some(routing) = root.table("routing") {
                refuse_others(&routing, "routing", &ROUTING);
                choices.fallback = routing
                    .strings("fallback")
                    .map(|names| names.value.iter().map(|name| name.value.to_owned()).collect());
                if let Some(tasks) = routing.table("tasks") {
                    let pinned = Task::ALL
                        .into_iter()
                        .filter_map(|task| Some((task, tasks.string(task.name())?.value.to_owned())));
                    choices.tasks = pinned.collect();
                }
            }
        }
        let problems = problems.borrow_mut().take_sorted();
        if problems.is_empty() { Ok(choices) } else { Err(problems) }
    }

    /// These, and where they say nothing, those of `others`.
    #[must_use]
    pub fn over(self, others: &Self) -> Self {
        let mut tasks = others.tasks.clone();
        tasks.extend(self.tasks);
        Self {
            default_model: self.default_model.or_else(|| others.default_model.clone()),
            fallback: self.fallback.or_else(|| others.fallback.clone()),
            tasks,
            refine: self.refine.over(others.refine),
            references: self.references.into_iter().chain(others.references.iter().cloned()).collect(),
        }
    }

    /// Whether all that is named is configured.
    ///
    /// # Errors
    /// `Config`, for the first name that is not.
    pub fn check(&self, catalogue: &Catalogue) -> Result<(), ModelError> {
        let mut names =
            self.default_model.iter().chain(self.fallback.iter().flatten()).chain(self.tasks.values());
        names.try_for_each(|name| catalogue.model(Some(name)).map(|_| ()))
    }

    /// What a run wants by these.
    pub fn apply(&self, wanted: &mut Wanted) {
        wanted.default.clone_from(&self.default_model);
        wanted.fallback.clone_from(&self.fallback);
        wanted.pinned = wanted.task.and_then(|task| self.tasks.get(&task).cloned());
    }
}

/// Tells of settings that only the user's own file has.
fn refuse_others(table: &Table<'_>, name: &str, allowed: &[&str]) {
    for key in settings::within(name) {
        if let Some(span) = table.has(key).filter(|_| !allowed.contains(&key)) {
            let what = "a workspace cannot set this; it belongs into the user's own configuration file";
            table.problem(span, key, what);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Choices, String> {
        let told = |problems: Vec<Problem>| problems.iter().map(|one| format!("{one}\n")).collect();
        Choices::parse(text, Path::new(WORKSPACE_FILE)).map_err(told)
    }

    #[test]
    fn a_workspace_chooses_and_does_no_more() {
        let text = "default_model = \"a\"\n[routing]\nfallback = [\"b\"]\n[routing.tasks]\nfix = \"c\"\n[refine]\nrounds = 1\nmode = \"live\"\n[[context.reference]]\ntopic = \"redis\"\nfiles = [\"src/redis_*.py\"]\n";
        let choices = parse(text).unwrap();
        let expected = Choices {
            default_model: Some("a".to_owned()),
            fallback: Some(vec!["b".to_owned()]),
            tasks: BTreeMap::from([(Task::Fix, "c".to_owned())]),
            refine: Refine { rounds: Some(1), mode: Some(crate::config::Mode::Live), ..Refine::default() },
            references: vec![("redis".to_owned(), vec!["src/redis_*.py".to_owned()])],
        };
        assert_eq!(choices, expected);
        for (text, fragment) in [
            ("[budget]\nper_day = 9\n", ".redraft.toml:1:1: budget: a workspace cannot set this"),
            ("[[provider]]\nname = \"x\"\n", "provider: a workspace cannot set this"),
            (
                "[routing]\nallow_cloud_fallback = true\n",
                ":2:24: routing.allow_cloud_fallback: a workspace cannot",
            ),
            ("[inline]\nautomatic = \"always\"\n", ".redraft.toml:1:1: inline: a workspace cannot set this"),
            ("[trust]\nfolders = [\"/\"]\n", "trust: a workspace cannot set this"),
            ("default_modle = \"a\"\n", "Did you mean \"default_model\"?"),
            ("default_model = 7\n", "default_model: this is a string in quotes"),
            ("x", "this is not TOML"),
        ] {
            let told = parse(text).unwrap_err();
            assert!(told.contains(fragment), "{told}");
        }
    }

    #[test]
    fn what_is_said_later_goes_before() {
        let low = parse("default_model = \"a\"\n[routing.tasks]\nfix = \"c\"\ntest = \"d\"\n").unwrap();
        let high = parse("[routing]\nfallback = []\n[routing.tasks]\nfix = \"e\"\n").unwrap();
        let both = high.over(&low);
        let mut wanted = Wanted { task: Some(Task::Fix), ..Wanted::default() };
        both.apply(&mut wanted);
        assert_eq!((wanted.default.as_deref(), wanted.pinned.as_deref()), (Some("a"), Some("e")));
        assert_eq!(both.tasks.len(), 2);
        assert!(
            both.check(&Catalogue::default()).is_err()
                && Choices::default().check(&Catalogue::default()).is_ok()
        );
    }

    #[test]
    fn only_a_trusted_workspace_is_asked() {
        let folder = std::env::temp_dir().join(format!("redraft-choices-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(WORKSPACE_FILE), "default_model = \"a\"\n").unwrap();
        let config = Config { trusted: vec![folder.clone()], ..Config::default() };
        let of = |config: &Config, untrusted| Choices::of(config, &folder, untrusted).unwrap().default_model;
        let told = [
            of(&config, None),
            of(&config, Some(true)),
            of(&Config::default(), None),
            of(&Config::default(), Some(false)),
        ];
        std::fs::remove_dir_all(&folder).unwrap();
        assert_eq!(told.map(|name| name.is_some()), [true, false, false, true]);
    }
}
