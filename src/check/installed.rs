//! Imports of modules that are nowhere: not in the workspace, not in the installed environment, not of the language.

use super::{Finding, closed};
use crate::syntax::modules::{Place, join, parent};
use crate::syntax::taken::Taking;
use crate::workspace::view::View;

pub(super) fn check(text: &str, view: &View<'_>, taken: &[Taking]) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    for taking in taken.iter().filter(|taking| !taking.is_conditional) {
        if findings.iter().any(|known| known.range == taking.range) {
            continue;
        }
        if let Some(message) = missing(text, view, &taking.module) {
            findings.push(Finding::error("names", "no-module", taking.range.clone(), message));
        }
    }
    findings
}

/// What there is to say of a module that is surely nowhere.
fn missing(text: &str, view: &View<'_>, module: &str) -> Option<String> {
    let own = view.own();
    if view.module(own, module).is_some() {
        return None;
    }
    let first = module.split('.').next().filter(|first| !first.is_empty());
    if let Some(first) = first
        && view.module(own, first).is_none()
    {
        let is_nowhere = !view.language().is_of_the_library(first)
            && view.brings(first) == Some(false)
            && !is_named_elsewhere(view, first)
            && !is_on_disk(view, first)
            && !closed::is_spelled(view, text, first)
            && !closed::is_known(view, first);
        return is_nowhere
            .then(|| format!("there is no module `{first}` in the workspace, and none is installed"));
    }
    // What is there has no such part: by its directory, where files of all kinds count.
    let (above, name) = match module.rsplit_once('.') {
        Some((above, name)) if !name.is_empty() => (above, name),
        _ => return None,
    };
    let above = if above.chars().all(|ch| ch == '.') { format!("{above}.") } else { above.to_owned() };
    let place = match first {
        Some(_) => {
            let found = view.module(own, &above)?;
            let is_whole = closed::module(view, &found, &above);
            is_whole.then_some(found.path)?
        }
        None => match view.language().modules.place(&view.path(own), module)? {
            Place::Exact(path) => parent(&path)?.to_owned(),
            Place::Below(_) => return None,
        },
    };
    let is_nowhere = view.has_stem(&place, name) == Some(false)
        && !name.starts_with(view.language().private)
        && !closed::is_known(view, name)
        && !closed::is_spelled(view, text, name);
    is_nowhere.then(|| format!("there is no module `{}`", join(&place, name).replace('/', ".")))
}

/// Whether something of the name is where imports may start, though nobody reads it: what git ignores.
fn is_on_disk(view: &View<'_>, name: &str) -> bool {
    let path = view.path(view.own());
    let own = std::iter::successors(parent(&path), |directory| parent(directory));
    let sources = view.language().modules.sources().iter().copied();
    own.chain(sources).any(|directory| view.has_stem(directory, name) == Some(true))
}

/// Whether a file or a directory of the workspace has the name: where programs look for modules is theirs to say.
fn is_named_elsewhere(view: &View<'_>, name: &str) -> bool {
    let is_it = |part: &str| part.split('.').next() == Some(name);
    view.index().files().iter().any(|entry| entry.path.split('/').any(is_it))
}
