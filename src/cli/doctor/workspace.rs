//! The workspace around the current folder: whether it is trusted, whether the programs of the checkers are found, and what is
//! wrong with prompts. No program is run.

use std::ffi::OsStr;
use std::path::Path;

use super::Check;
use crate::check::process::{find, is_program};
use crate::cli::models::choose;
use crate::cli::prompts;
use crate::config::{CheckerSpec, Config};

pub(super) fn look(checks: &mut Vec<Check>, config: &Config) {
    checks.push(trust(config));
    let root = choose::root();
    if let Some(root) = &root {
        checks.push(if config.trusts(root) {
            Check::ok("workspace", format!("{} is trusted", root.display()))
        } else {
            let what = "its checkers, prompts and .redraft.toml are left out here";
            Check::note("workspace", format!("{} is not trusted: {what}", root.display()))
                .hint("if it is yours, name it or a folder above it in trust.folders")
        });
    }
    if config.checkers.is_empty() {
        checks.push(Check::ok("checkers", "none but the built-in ones"));
    }
    checks.extend(config.checkers.iter().map(|one| checker(one, root.as_deref().unwrap_or(Path::new(".")))));
    checks.extend(of_prompts(config));
}

fn trust(config: &Config) -> Check {
    let folders = config.trusted_folders();
    if folders.is_empty() {
        return Check::ok("trust", "no folder is trusted (trust.folders)");
    }
    let missing = folders.iter().find(|folder| !folder.is_dir());
    let told: Vec<String> = folders.iter().map(|folder| folder.display().to_string()).collect();
    match missing {
        Some(folder) => Check::note("trust", format!("trusted: {}", told.join(", ")))
            .hint(format!("{} is no folder", folder.display())),
        None => Check::ok("trust", format!("trusted: {}", told.join(", "))),
    }
}

/// Whether the checker's program is there; one with a slash is looked for in the workspace.
fn checker(checker: &CheckerSpec, root: &Path) -> Check {
    let name = &checker.name;
    let program = checker.command.first().map(String::as_str).unwrap_or_default();
    let found = find(OsStr::new(program), root).map_err(|trouble| trouble.to_string());
    let found = found.and_then(|found| match Path::new(&found) {
        // Windows has its own ways to a plain name.
        path if !path.is_absolute() || is_program(path) => Ok(path.display().to_string()),
        path => Err(format!("{} is no program", path.display())),
    });
    match found {
        Ok(path) => Check::ok("checkers", format!("{name}: {path}")),
        Err(why) => Check::problem("checkers", format!("{name}: {why}"))
            .hint("install it, correct checker.command, or take the checker out of the configuration"),
    }
}

/// The user's prompts, and the workspace's where that is trusted.
fn of_prompts(config: &Config) -> Vec<Check> {
    // As `redraft prompts list` finds it.
    let root = std::env::current_dir().ok().map(|here| prompts::root_of(&here));
    let library = prompts::library(config, root.as_deref());
    if library.problems().is_empty() {
        let own = library.iter().filter(|prompt| prompt.path.is_some()).count();
        let all = library.iter().count();
        return vec![Check::ok(
            "prompts",
            format!("{all}, {own} of them yours or this workspace's; no mistakes"),
        )];
    }
    library.problems().iter().map(|problem| Check::problem("prompts", problem.to_string())).collect()
}
