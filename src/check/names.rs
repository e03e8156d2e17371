//! Names that are made up: bound nowhere, imported from modules of the workspace that do not have them.

use std::ops::Range;
use std::time::Duration;

use ropey::Rope;

use super::Finding;
use crate::syntax::Source;
use crate::syntax::bindings::Names;
use crate::syntax::facts::{Facts, Import};
use crate::syntax::names::hash;
use crate::syntax::parse::parse_str;
use crate::workspace::FileNo;
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
/// How long a module that may be at fault is parsed.
const PARSE: Duration = Duration::from_secs(2);
/// Words that say that names come about in other ways.
const OTHER_WAYS: [&str; 4] = ["NameError", "exec(", "globals()", "locals()"];
/// Words that say that a module makes its members when it is loaded or asked.
const DYNAMIC: [&str; 6] = ["__getattr__", "globals()", "setattr(", "exec(", "sys.modules", "vars("];

pub(super) fn check(source: &Source<'_>, view: &View<'_>, names: &Names) -> Vec<Finding> {
    let Some(facts) = view.facts(view.own()) else { return Vec::new() };
    let text = source.text.to_string();
    let mut findings = unbound(source, &text, &facts, names);
    findings.extend(imports(&text, view, &facts));
    findings.extend(members(source, view, &facts, names));
    findings
}

/// Names that nothing binds.
fn unbound(source: &Source<'_>, text: &str, facts: &Facts, names: &Names) -> Vec<Finding> {
    let has_star = facts.imports.iter().any(|import| facts.get(import.member) == "*");
    if has_star || text.contains("import *") || OTHER_WAYS.iter().any(|word| text.contains(word)) {
        return Vec::new();
    }
    let unbound = names.unbound().filter(|(name, _)| {
        !source.language.is_builtin(name) && !THERE.contains(name) && !names.is_declared(name)
    });
    unbound
        .map(|(name, range)| error("unbound", range.clone(), format!("`{name}` is bound nowhere")))
        .collect()
}

/// What is imported from modules of the workspace that do not have it.
fn imports(text: &str, view: &View<'_>, facts: &Facts) -> Vec<Finding> {
    let mut findings = Vec::new();
    if is_guarded(text) {
        return findings;
    }
    for import in &facts.imports {
        let (module, member) = (facts.get(import.module), facts.get(import.member));
        if member.is_empty() || member == "*" {
            continue;
        }
        let Some(found) = view.module(view.own(), module) else { continue };
        let is_there = view.import(view.own(), facts, import).is_some() || binds(view, &found, member);
        if is_there || !is_closed(view, &found, module) || says(view, &found, member) {
            continue;
        }
        let Some(range) = place_of(text, facts, import) else { continue };
        findings.push(error("no-member", range, format!("the module `{module}` has no `{member}`")));
    }
    findings
}

/// Members of modules of the workspace that are not there.
fn members(source: &Source<'_>, view: &View<'_>, facts: &Facts, names: &Names) -> Vec<Finding> {
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
            || is_known(view, &member.name)
            || !is_closed(view, module, &path)
            || says(view, module, &member.name)
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

/// Whether another file of the workspace uses the name: it may be given to a module from there.
fn is_known(view: &View<'_>, name: &str) -> bool {
    let key = hash(name);
    let own = view.index().entry(view.own()).and_then(|entry| entry.facts.as_ref());
    view.index().tables().used(key) > u32::from(own.is_some_and(|facts| facts.uses(key)))
}

/// Whether the module's text binds the name at its level, in whichever way.
fn says(view: &View<'_>, module: &Module, name: &str) -> bool {
    let Some(text) = module.file.and_then(|file| view.text(file)) else { return true };
    let Some(tree) = parse_str(view.language(), &text, PARSE) else { return true };
    let rope = Rope::from_str(&text);
    let source = Source { text: &rope, tree: Some(&tree), language: view.language(), path: "" };
    Names::of(&source).has(name)
}

/// Whether all that a module has is seen: it is a file of the workspace whose names are all written down in it, and surely the
/// one that `named` means.
fn is_closed(view: &View<'_>, module: &Module, named: &str) -> bool {
    let Some(file) = module.file else { return false };
    // Below a directory that is no root of imports (`flask/typing.py`, `examples/pydantic`), a file may have the name of a module
    // that comes from elsewhere.
    if !named.starts_with('.') {
        let tail = named.replace('.', "/");
        let start = module.path.strip_suffix(tail.as_str()).map(|start| start.trim_end_matches('/'));
        let sources = view.language().modules.sources();
        if start.is_none_or(|start| !start.is_empty() && !sources.contains(&start)) {
            return false;
        }
    }
    if !is_of_the_workspace(view, file) || view.language().declares(&view.path(file)) {
        return false;
    }
    let (Some(facts), Some(text)) = (view.facts(file), view.text(file)) else { return false };
    let stars = facts.imports.iter().any(|import| facts.get(import.member) == "*");
    !stars && !text.contains("import *") && !DYNAMIC.iter().any(|word| text.contains(word))
}

fn is_of_the_workspace(view: &View<'_>, file: FileNo) -> bool {
    view.index().entry(file).is_some()
}

/// Imports whose failure is expected: the file catches it.
fn is_guarded(text: &str) -> bool {
    text.contains("ImportError") || text.contains("ModuleNotFoundError")
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

/// Where an imported name stands: behind its module's.
fn place_of(text: &str, facts: &Facts, import: &Import) -> Option<Range<usize>> {
    let (module, member) = (facts.get(import.module), facts.get(import.member));
    let statement = text.match_indices("from ").find_map(|(at, _)| {
        let rest = text[at + "from ".len()..].trim_start();
        let rest = rest.strip_prefix(module)?.trim_start().strip_prefix("import")?;
        Some(text.len() - rest.len())
    })?;
    let is_word = |at: usize| {
        let part = |ch: char| ch == '_' || ch.is_alphanumeric();
        !text[..at].ends_with(part) && !text[at + member.len()..].starts_with(part)
    };
    let found =
        text[statement..].match_indices(member).map(|(at, _)| statement + at).find(|at| is_word(*at))?;
    Some(found..found + member.len())
}

fn error(code: &'static str, range: Range<usize>, message: String) -> Finding {
    Finding::error("names", code, range, message)
}
