//! The user's configuration: what may be asked, with which keys, and which folders are trusted. User scope only: it is
//! read from a file of the user's and the environment, and nothing of a workspace or of LSP gets in here.
//!
//! A file is read whole or not at all, and every problem of it is told at once, each with its place. All keys of
//! the contract are checked.

mod checkers;
mod inline;
mod languages;
mod parse;
mod places;
mod problem;
mod refine;
pub mod settings;
mod table;
mod workspace;

use std::path::{Path, PathBuf};

pub use self::checkers::{CheckerKind, CheckerSpec, LinePattern, ReportFormat};
pub use self::inline::Automatic;
pub use self::places::{config_file, prompts_dir, state_dir};
pub use self::problem::{Place, Problem};
pub use self::refine::{Mode, Refine, Stage};
pub use self::workspace::{Choices, WORKSPACE_FILE};
use sha2::{Digest, Sha256};

use crate::model::ModelError;
use crate::model::account::Budget;
use crate::model::route::Routing;
use crate::model::spec::{Catalogue, ModelSpec};
use crate::model::telemetry::Collector;

/// The most that a configuration file may have, in bytes: far more than anyone writes, and little to read.
pub const MAX_CONFIG_BYTES: u64 = 1024 * 1024;

/// A configuration that was read and found good.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Config {
    /// The models that there are, the built-in one among them.
    pub catalogue: Catalogue,
    /// What may be spent.
    pub budget: Budget,
    /// How models are chosen.
    pub routing: Routing,
    /// How drafts are checked and redrafted.
    pub refine: Refine,
    /// When completions are asked for while one types.
    pub automatic: Automatic,
    /// Where traces and metrics of calls go.
    pub collector: Option<Collector>,
    /// A hash of the file's text.
    pub file: u64,
    /// Topics, and the files that are the examples for them, as globs.
    pub references: Vec<(String, Vec<String>)>,
    /// What looks at drafts beside the built-in checks, in trusted workspaces.
    pub checkers: Vec<CheckerSpec>,
    /// Workspaces below these folders are trusted. Absolute, without `..`.
    trusted: Vec<PathBuf>,
}

impl Config {
    /// Reads a configuration. `path` is for the messages.
    ///
    /// # Errors
    /// Every problem of the text, in its order.
    pub fn parse(text: &str, path: &Path) -> Result<Self, Vec<Problem>> {
        let config = parse::parse(text, path, places::home().as_deref())?;
        let file = Sha256::digest(text.as_bytes())
            .iter()
            .take(8)
            .fold(0, |hash, byte| (hash << 8) | u64::from(*byte));
        Ok(Self { file, ..config })
    }

    /// Reads the user's configuration file (see [`config_file`]). Without one, the defaults; but one that was named by
    /// `REDRAFT_CONFIG` has to be there.
    ///
    /// # Errors
    /// Every problem of the file, or the one that it cannot be read.
    pub fn load() -> Result<Self, Vec<Problem>> {
        let file = config_file().map_err(|problem| vec![problem])?;
        match places::read(&file).map_err(|problem| vec![problem])? {
            Some(text) => Self::parse(&text, &file.path),
            None => Ok(Self::default()),
        }
    }

    /// The model of that name, or the default one.
    ///
    /// # Errors
    /// `Config`, with the names that there are.
    pub fn model(&self, name: Option<&str>) -> Result<&ModelSpec, ModelError> {
        self.catalogue.model(name)
    }

    /// The folders below which workspaces are trusted.
    #[must_use]
    pub fn trusted_folders(&self) -> &[PathBuf] {
        &self.trusted
    }

    /// Whether the workspace at `folder` is below one of the trusted folders, or is one. Both are looked up on the disk, so
    /// that neither `..` nor a symbolic link leads out; what does not exist is not trusted.
    #[must_use]
    pub fn trusts(&self, folder: &Path) -> bool {
        let Ok(folder) = folder.canonicalize() else { return false };
        let mut trusted = self.trusted.iter().filter_map(|trusted| trusted.canonicalize().ok());
        trusted.any(|trusted| folder.starts_with(trusted))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trust_is_by_folder_and_cannot_be_walked_out_of() {
        let root = std::env::temp_dir().join(format!("redraft-trust-{}", std::process::id()));
        for folder in ["code/project", "codex", "other"] {
            std::fs::create_dir_all(root.join(folder)).unwrap();
        }
        #[cfg(unix)]
        std::os::unix::fs::symlink(root.join("other"), root.join("code/link")).unwrap();
        let config = Config { trusted: vec![root.join("code"), root.join("missing")], ..Config::default() };
        let verdicts = ["code", "code/project", "codex", "other", "code/../other", "code/link", "missing"]
            .map(|folder| config.trusts(&root.join(folder)));
        std::fs::remove_dir_all(&root).unwrap();
        assert_eq!(verdicts, [true, true, false, false, false, false, false]);
        assert!(!Config::default().trusts(Path::new("/")), "without configuration nothing is trusted");
    }
}
