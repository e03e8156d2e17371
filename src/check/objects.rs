//! Which classes objects are of, where the text says so: of methods' receivers, of parameters with a type, of names that are bound
//! once, to what a class makes.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use crate::syntax::bindings::Names;
use crate::syntax::calls::Call;
use crate::syntax::facts::{Facts, Symbol, is_plain};
use crate::workspace::view::{Def, View};

/// Methods whose first parameter is their class, though nothing says so.
const OF_THE_CLASS: [&str; 3] = ["__new__", "__init_subclass__", "__class_getitem__"];
/// Decorators below which a method's first parameter is what it is without them. Others may call it with something else.
const TRANSPARENT: [&str; 6] = [
    "@property",
    "@abstractmethod",
    "@abc.abstractmethod",
    "@override",
    "@cached_property",
    "@functools.cached_property",
];

/// What is known of an object.
pub(super) struct Object {
    /// What it is of, or is.
    pub class: Def,
    pub is_class: bool,
}

/// See the module's head.
pub(super) struct Objects<'a> {
    text: &'a str,
    view: &'a View<'a>,
    names: &'a Names,
    facts: Arc<Facts>,
    /// By where a name stands, the class whose call it is bound to, and where that is written.
    made: HashMap<usize, (String, Range<usize>)>,
}

impl<'a> Objects<'a> {
    pub fn new(text: &'a str, view: &'a View<'a>, names: &'a Names, calls: &[Call]) -> Option<Self> {
        let made = calls.iter().filter_map(|call| Some((call.given?, (path(call), place(call))))).collect();
        Some(Self { text, view, names, facts: view.facts(view.own())?, made })
    }

    /// What the object called `name` at `range` is.
    pub fn of(&self, name: &str, range: &Range<usize>) -> Option<Object> {
        let of = |class| Some(Object { class, is_class: false });
        let once = self.names.once(name, range)?;
        if !once.parameter {
            let (class, at) = self.made.get(&once.place.start)?;
            return of(self.class(class, at)?);
        }
        let (_, symbol) = self.facts.starting_at(once.function.start)?;
        if let (true, Some(class)) = (once.first, once.class) {
            let (at, _) = self.facts.starting_at(class.start)?;
            let is_own = symbol.parent() == Some(at);
            let class = Def { file: self.view.own(), symbol: at };
            return is_own.then(|| Some(Object { class, is_class: self.is_of_the_class(symbol)? }))?;
        }
        let is_starred = self.text[..once.place.start].ends_with('*');
        if !is_plain(self.facts.list(symbol)) {
            return None;
        }
        let parameters = self.facts.parameters(symbol);
        let annotation = parameters.iter().find(|one| one.name == name)?.annotation;
        let is_one = !is_starred && !annotation.is_empty();
        is_one.then(|| of(self.class(without_none(annotation), once.place)?))?
    }

    /// Whether the text looks at what is called `name` as something else than it is said to be. It is all searched: to be asked of the few
    /// that something is wrong with.
    pub fn is_narrowed(&self, name: &str) -> bool {
        ["isinstance(", "cast("].iter().any(|how| self.text.contains(&format!("{how}{name}")))
    }

    /// The class that `path`, written at `range`, names.
    fn class(&self, path: &str, range: &Range<usize>) -> Option<Def> {
        let first = path.split('.').next()?;
        self.names.is_of_the_module(first, range).then(|| self.view.class(self.view.own(), path))?
    }

    /// Whether a method's first parameter is its class, rather than an object of it; nothing where it may be something else.
    fn is_of_the_class(&self, method: &Symbol) -> Option<bool> {
        let decorators = self.facts.get(method.decorators);
        if OF_THE_CLASS.contains(&self.facts.name(method)) || decorators.contains("@classmethod") {
            return Some(true);
        }
        let is_plain = |line: &str| TRANSPARENT.contains(&line) || line.ends_with(".setter");
        decorators.lines().all(is_plain).then_some(false)
    }
}

/// A type without its quotes, and without the `None` that it may be as well.
fn without_none(annotation: &str) -> &str {
    let plain = annotation.trim_matches(['"', '\'']).trim();
    let optional = ["Optional[", "typing.Optional["].iter().find_map(|start| plain.strip_prefix(start));
    let plain = optional.and_then(|inside| inside.strip_suffix(']')).unwrap_or(plain);
    let plain = plain.strip_suffix("| None").or_else(|| plain.strip_prefix("None |")).unwrap_or(plain);
    plain.trim()
}

/// What is called, as it is written.
fn path(call: &Call) -> String {
    call.object.as_ref().map_or_else(|| call.name.clone(), |(object, _)| format!("{object}.{}", call.name))
}

fn place(call: &Call) -> Range<usize> {
    call.object.as_ref().map_or_else(|| call.range.clone(), |(_, range)| range.clone())
}
