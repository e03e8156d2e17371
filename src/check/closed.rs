//! What is known whole: modules and classes all of whose members are written down where they are seen. Only of these can be said that
//! something is not there.

use ropey::Rope;

use crate::syntax::Source;
use crate::syntax::bindings::Names;
use crate::syntax::facts::{Facts, Symbol};
use crate::syntax::names::{each, hash, pair};
use crate::syntax::parse::parse_str;
use crate::workspace::FileNo;
use crate::workspace::view::{Def, Module, View};

use std::time::Duration;

/// How long a module that may be at fault is parsed.
const PARSE: Duration = Duration::from_secs(2);
/// Words that say that a module makes its members when it is loaded or asked.
const MODULE: [&str; 7] =
    ["__getattr__", "globals()", "setattr(", "exec(", "sys.modules", "vars(", "import *"];
/// Words that say so of a class or its objects: in its own text, and in its file.
const CLASS: [&str; 3] = ["__getattr__", "__getattribute__", "__dict__"];
const FILE: [&str; 4] = ["setattr(", "__setattr__", "exec(", "vars("];
/// How decorators begin below which a method gives its object nothing that is not written.
const OF_METHODS: [&str; 12] = [
    "@property",
    "@staticmethod",
    "@classmethod",
    "@abstractmethod",
    "@abc.",
    "@override",
    "@overload",
    "@typing.",
    "@cached_property",
    "@functools.",
    "@contextmanager",
    "@contextlib.",
];
/// The most classes that are looked through for those that inherit from one.
const HEIRS: usize = 256;
/// Bases that add nothing.
const EMPTY: [&str; 7] =
    ["object", "ABC", "abc.ABC", "Generic", "typing.Generic", "Protocol", "typing.Protocol"];
/// Bases that add nothing but what the members of built-in types are called.
const BUILTIN: [&str; 6] =
    ["Exception", "ValueError", "TypeError", "RuntimeError", "LookupError", "KeyError"];
/// What may be said with a class's bases and changes nothing.
const METACLASSES: [&str; 2] = ["metaclass=ABCMeta", "metaclass=abc.ABCMeta"];
/// Decorators that give a class no members with names of their own, with the modules that they are of.
const DECORATORS: [(&str, &[&str]); 4] = [
    ("dataclass", &["dataclasses"]),
    ("final", &["typing", "typing_extensions"]),
    ("runtime_checkable", &["typing", "typing_extensions"]),
    ("total_ordering", &["functools"]),
];

/// Whether all that a module has is seen: its names are all written down in its file, and it is surely the one that `named` means.
pub(super) fn module(view: &View<'_>, module: &Module, named: &str) -> bool {
    let Some(file) = module.file else { return false };
    let path = view.path(file);
    // Below a directory that is no root of imports (`flask/typing.py`, `examples/pydantic`), a file may have the name of a module
    // that comes from elsewhere.
    if !named.starts_with('.') && !view.is_outside(&path) {
        let tail = named.replace('.', "/");
        let start = module.path.strip_suffix(tail.as_str()).map(|start| start.trim_end_matches('/'));
        let sources = view.language().modules.sources();
        if start.is_none_or(|start| !start.is_empty() && !sources.contains(&start)) {
            return false;
        }
    }
    if view.language().declares(&path) {
        return false;
    }
    let (Some(facts), Some(text)) = (view.facts(file), view.text(file)) else { return false };
    let stars = facts.imports.iter().any(|import| facts.get(import.member) == "*");
    facts.is_whole && !stars && !MODULE.iter().any(|word| text.contains(word))
}

/// Whether the module's text binds the name at its level, in whichever way.
pub(super) fn says(view: &View<'_>, module: &Module, name: &str) -> bool {
    module.file.and_then(|file| names_of(view, file)).is_none_or(|names| names.has(name))
}

/// Whether the module's text has the name as a string: what makes a module's members is told their names.
pub(super) fn quotes(view: &View<'_>, module: &Module, name: &str) -> bool {
    let Some(text) = module.file.and_then(|file| view.text(file)) else { return true };
    ['"', '\''].into_iter().any(|quote| text.contains(&format!("{quote}{name}{quote}")))
}

/// Whether another file of the workspace uses the name as a member of something called like the module: it may be given there.
pub(super) fn is_given(view: &View<'_>, module: &Module, name: &str) -> bool {
    let base = module.path.rsplit('/').next().unwrap_or(&module.path);
    let key = pair(hash(base), hash(name));
    let own = view.facts(view.own()).is_some_and(|facts| facts.uses(key));
    view.index().tables().used(key) > u32::from(own)
}

/// Whether the file binds the name once and for all: no function of it gives the name to something else.
pub(super) fn is_settled(view: &View<'_>, file: FileNo, name: &str) -> bool {
    names_of(view, file).is_some_and(|names| names.is_settled(name))
}

/// All names of a file other than the view's own.
fn names_of(view: &View<'_>, file: FileNo) -> Option<Names> {
    let text = view.text(file)?;
    let tree = parse_str(view.language(), &text, PARSE)?;
    let rope = Rope::from_str(&text);
    let source = Source { text: &rope, tree: Some(&tree), language: view.language(), path: "" };
    Some(Names::of(&source)).filter(Names::is_whole)
}

/// Whether another file of the workspace uses the name: what it names may have come about there.
pub(super) fn is_known(view: &View<'_>, name: &str) -> bool {
    let key = hash(name);
    let own = view.index().entry(view.own()).and_then(|entry| entry.facts.as_ref());
    view.index().tables().used(key) > u32::from(own.is_some_and(|facts| facts.uses(key)))
}

/// The class and all that it inherits from, if that is all that its objects have their members from. `own` is the text of the
/// view's own file.
pub(super) fn class(view: &View<'_>, own: &str, class: Def) -> Option<Vec<Def>> {
    let lineage = view.lineage(class);
    let is_whole = |def: &Def| {
        let facts = view.facts(def.file)?;
        let symbol = facts.symbols.get(def.symbol)?;
        let other = if def.file == view.own() { None } else { Some(view.text(def.file)?) };
        let text = other.as_deref().unwrap_or(own);
        let has = |text: &str, words: &[&str]| words.iter().any(|word| text.contains(word));
        let is_dynamic = has(text, &FILE) || has(text.get(symbol.whole())?, &CLASS);
        // Another one of the name may take its place: what a class is made of need not be what it says.
        let is_only = is_alone(&facts, facts.name(outermost(&facts, symbol)));
        let plain = |item: &&str| EMPTY.contains(item) || BUILTIN.contains(item);
        let open = bases(&facts, symbol).filter(|item| !plain(item)).count();
        let is_whole = facts.is_whole
            && is_only
            && has_plain_methods(&facts, def.symbol)
            && !is_dynamic
            && is_decorated_plainly(&facts, symbol)
            && open == view.bases(*def).len();
        is_whole.then_some(())
    };
    (!lineage.is_empty() && lineage.iter().all(|def| is_whole(def).is_some())).then_some(lineage)
}

/// Whether some class of the workspace that inherits from this one has members that are not seen: an object may be of it.
pub(super) fn has_open_heirs(view: &View<'_>, own: &str, class: Def) -> bool {
    let mut heirs = vec![class];
    let mut at = 0;
    while let Some(one) = heirs.get(at).copied().filter(|_| at < HEIRS) {
        at += 1;
        let Some(name) = name_of(view, one) else { return true };
        let files = view.index().files().iter().filter_map(|entry| {
            let no = view.index().file(&entry.path)?;
            if no == view.own() { None } else { Some((no, entry.facts.clone()?)) }
        });
        for (file, facts) in files.chain(view.facts(view.own()).map(|facts| (view.own(), facts))) {
            for (symbol, found) in facts.symbols.iter().enumerate() {
                let names_it = |item: &str| {
                    item.split('[').next().is_some_and(|item| item.rsplit('.').next() == Some(&name))
                };
                if !facts.written_bases(found).into_iter().any(names_it) {
                    continue;
                }
                let heir = Def { file, symbol };
                if self::class(view, own, heir).is_none() {
                    return true;
                }
                if !heirs.contains(&heir) {
                    heirs.push(heir);
                }
            }
        }
    }
    // What is meant to be mixed in where nobody sees it has what it is mixed into.
    at >= HEIRS || name_of(view, class).is_none_or(|name| name.ends_with("Mixin"))
}

fn name_of(view: &View<'_>, class: Def) -> Option<String> {
    let facts = view.facts(class.file)?;
    Some(facts.name(facts.symbols.get(class.symbol)?).to_owned())
}

/// The outermost class around one, or itself.
fn outermost<'a>(facts: &'a Facts, symbol: &'a Symbol) -> &'a Symbol {
    std::iter::successors(Some(symbol), |one| facts.symbols.get(one.parent()?))
        .take(16)
        .last()
        .unwrap_or(symbol)
}

/// Whether no method has a decorator that may give its object something.
fn has_plain_methods(facts: &Facts, class: usize) -> bool {
    facts.members(class).all(|(_, member)| {
        let mut decorators = facts.get(member.decorators).lines().filter(|line| line.starts_with('@'));
        decorators.all(|line| {
            OF_METHODS.iter().any(|known| line.starts_with(known))
                || [".setter", ".getter", ".deleter"].iter().any(|end| line.ends_with(end))
        })
    })
}

/// Whether the text has the name in a string or a comment: what is told a name may make it.
pub(super) fn is_spelled(view: &View<'_>, text: &str, name: &str) -> bool {
    let (mut all, mut code) = (0, 0);
    let parts = text.split(|ch: char| ch != '_' && !ch.is_alphanumeric());
    parts.for_each(|part| all += usize::from(part == name));
    each(view.language(), text, |_, word| code += usize::from(word == name));
    all > code
}

/// Whether the file's level defines the name once, in whichever way.
pub(super) fn is_alone(facts: &Facts, name: &str) -> bool {
    facts.top(name).count() == 1 && !facts.imports.iter().any(|import| import.bound(facts) == name)
}

/// Whether nothing but what the workspace says is among the class's bases.
pub(super) fn is_bare(view: &View<'_>, class: Def) -> bool {
    let Some(facts) = view.facts(class.file) else { return false };
    let Some(symbol) = facts.symbols.get(class.symbol) else { return false };
    !bases(&facts, symbol).any(|item| BUILTIN.contains(&item))
}

/// The bases as they are written, without their subscripts; what else stands in the brackets, too, but for what changes nothing.
fn bases<'a>(facts: &'a Facts, class: &Symbol) -> impl Iterator<Item = &'a str> {
    let written = facts.written_bases(class).into_iter();
    let plain = written.filter(|item| !METACLASSES.contains(&item.replace(' ', "").as_str()));
    plain.map(|item| item.split('[').next().unwrap_or(item).trim())
}

fn is_decorated_plainly(facts: &Facts, symbol: &Symbol) -> bool {
    let mut decorators = facts.get(symbol.decorators).lines().filter(|line| line.starts_with('@'));
    decorators.all(|line| DECORATORS.iter().any(|(name, modules)| is_decorator(facts, line, name, modules)))
}

/// Whether the line `@name`, `@module.name` or one of these with arguments is the decorator that one of these modules has.
pub(super) fn is_decorator(facts: &Facts, line: &str, name: &str, modules: &[&str]) -> bool {
    let written = line.trim_start_matches('@').split('(').next().unwrap_or_default().trim();
    let (bound, is_member) = match written.split_once('.') {
        Some((module, last)) if last == name => (module, false),
        None if written == name => (written, true),
        _ => return false,
    };
    let mut imports = facts.imports.iter().filter(|import| import.bound(facts) == bound).peekable();
    imports.peek().is_some()
        && imports.all(|import| {
            modules.contains(&facts.get(import.module)) && import.member.is_empty() != is_member
        })
}
