//! What the checkers of the configuration need to run in a project, or why they do not run there: that is told, lest what was not
//! checked be taken for clean.

use std::path::{Path, PathBuf};

use super::{Failure, setup};
use crate::check::process::Supervisor;
use crate::config::Config;
use crate::syntax::Language;

/// The state directory and the supervisor for those of the project at `root`; nothing where none is configured.
///
/// # Errors
/// Why they do not run, as a sentence.
pub(super) fn needed(
    config: &Config,
    root: &Path,
    language: &Language,
) -> Result<Option<(PathBuf, Supervisor)>, String> {
    let Config { checkers, .. } = config;
    if checkers.is_empty() {
        return Ok(None);
    }
    let names: Vec<&str> = checkers.iter().map(|checker| checker.name.as_str()).collect();
    let not_run = |why: &str| format!("not run: {}: {why}", names.join(", "));
    if !config.trusts(root) {
        return Err(not_run(&format!("the folder {} is not trusted (`trust.folders`)", root.display())));
    }
    let language = language.id;
    if !checkers.iter().any(|one| one.languages.is_empty() || one.languages.iter().any(|id| id == language)) {
        return Err(not_run(&format!("none of them is for {language} (`checker.languages`)")));
    }
    let state = setup::state_dir().map_err(|failure| match failure {
        Failure::Usage(why) | Failure::Failed(why) => not_run(&format!("there is no state directory: {why}")),
        Failure::Interrupted => not_run("there is no state directory"),
    })?;
    let supervisor = Supervisor::this().map_err(|trouble| not_run(&trouble.to_string()))?;
    Ok(Some((state, supervisor)))
}
