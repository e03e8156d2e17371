//! Names that are made up: bound nowhere, imported from modules that do not have them, looked up in such.

use std::ops::Range;

use super::{Finding, closed};
use crate::syntax::Source;
use crate::syntax::bindings::Names;
use crate::syntax::calls::Calls;
use crate::syntax::facts::Facts;
use crate::syntax::taken::Taking;
use crate::workspace::view::{Module, Target, View};

/// Names that are there though nothing binds them: of a class's body, of interactive sessions, of translations (`gettext`).
const THERE: [&str; 9] = [
    "__class__",
    "__module__",
    "__qualname__",
    "__spec__",
    "_",
    "reveal_type",
    "get_ipython",
    "exit",
    "quit",
];
/// Functions by which names come about in other ways.
const OTHER_WAYS: [&str; 3] = ["exec", "globals", "locals"];

pub(super) fn check(
    source: &Source<'_>,
    text: &str,
    view: &View<'_>,
    names: &Names,
    calls: &Calls,
    taken: &[Taking],
) -> Vec<Finding> {
    let Some(facts) = view.facts(view.own()) else { return Vec::new() };
    let mut findings = unbound(source, text, &facts, names, calls);
    findings.extend(imports(text, view, taken));
    findings.extend(members(source, text, view, &facts, names));
    findings
}

/// Names that nothing binds.
fn unbound(source: &Source<'_>, text: &str, facts: &Facts, names: &Names, calls: &Calls) -> Vec<Finding> {
    let has_star = facts.imports.iter().any(|import| facts.get(import.member) == "*");
    if has_star || text.contains("import *") || calls.has_any(&OTHER_WAYS) {
        return Vec::new();
    }
    let unbound = names.unbound().filter(|(name, _)| {
        !source.language.is_builtin(name) && !THERE.contains(name) && !names.is_declared(name)
    });
    unbound
        .map(|(name, range)| error("unbound", range.clone(), format!("`{name}` is bound nowhere")))
        .collect()
}

/// What is imported from modules that do not have it.
fn imports(text: &str, view: &View<'_>, taken: &[Taking]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for Taking { module, member, .. } in taken {
        let Some((member, range)) = member.as_ref().filter(|(name, _)| name != "*") else { continue };
        let Some(found) = view.module(view.own(), module) else { continue };
        let target = Target::Module(found.clone());
        let is_there = view.attribute(&target, member).is_some() || binds(view, &found, member);
        if is_there
            || is_special(member)
            || closed::is_spelled(view, text, member)
            || is_elsewhere(view, &found, module, member)
        {
            continue;
        }
        findings.push(error("no-member", range.clone(), format!("the module `{module}` has no `{member}`")));
    }
    findings
}

/// Whether the module may have the member in a way that is not seen.
fn is_elsewhere(view: &View<'_>, module: &Module, named: &str, member: &str) -> bool {
    !closed::module(view, module, named)
        || closed::is_given(view, module, member)
        || closed::quotes(view, module, member)
        || closed::says(view, module, member)
        // Modules in other files than those of the language: built ones.
        || view.has_stem(&module.path, member) == Some(true)
}

/// Members of modules of the workspace that are not there.
fn members(source: &Source<'_>, text: &str, view: &View<'_>, facts: &Facts, names: &Names) -> Vec<Finding> {
    let whole = 0..source.text.len_bytes();
    let mut findings = Vec::new();
    for member in names.members(&whole) {
        let Some(object) = member.object.as_deref().filter(|_| !member.stored) else { continue };
        let mut imports = facts.imports.iter().filter(|import| import.bound(facts) == object);
        let (Some(import), None) = (imports.next(), imports.next()) else { continue };
        let at = member.range.start..member.range.start + object.len();
        if !names.is_of_the_module(object, &at) {
            continue;
        }
        let Some(target @ Target::Module(_)) = view.resolve(view.own(), object) else { continue };
        let Target::Module(module) = &target else { continue };
        let is_there = view.attribute(&target, &member.name).is_some()
            || binds(view, module, &member.name)
            || is_special(&member.name)
            || is_set_elsewhere(names, object, &member.name);
        // Of what is taken from a module, the whole path.
        let (from, taken) = (facts.get(import.module), facts.get(import.member));
        let path = if taken.is_empty() { from.to_owned() } else { format!("{from}.{taken}") };
        if is_there
            || closed::is_known(view, &member.name)
            || closed::is_spelled(view, text, &member.name)
            || is_elsewhere(view, module, &path, &member.name)
        {
            continue;
        }
        let message = format!("the module `{object}` has no `{}`", member.name);
        findings.push(error("no-member", member.word.clone(), message));
    }
    findings
}

/// Whether a module's own file binds the name, whatever to: what it imports from elsewhere is not followed there.
fn binds(view: &View<'_>, module: &Module, name: &str) -> bool {
    let Some(facts) = module.file.and_then(|file| view.facts(file)) else { return false };
    facts.top(name).next().is_some() || facts.imports.iter().any(|import| import.bound(&facts) == name)
}

/// What every module has.
fn is_special(name: &str) -> bool {
    name.starts_with("__") && name.ends_with("__")
}

/// Whether the file itself gives the module the member.
fn is_set_elsewhere(names: &Names, object: &str, name: &str) -> bool {
    let all = 0..usize::MAX;
    names.members(&all).any(|one| one.stored && one.object.as_deref() == Some(object) && one.name == name)
}

fn error(code: &'static str, range: Range<usize>, message: String) -> Finding {
    Finding::error("names", code, range, message)
}
