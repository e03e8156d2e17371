//! Calls of functions of the workspace with arguments that they do not take.

use std::ops::Range;

use super::Finding;
use crate::syntax::Source;
use crate::syntax::bindings::Names;
use crate::syntax::calls::{Call, calls};
use crate::syntax::facts::{Kind, Takes};
use crate::workspace::view::{Target, View};

pub(super) fn check(source: &Source<'_>, view: &View<'_>, names: &Names) -> Vec<Finding> {
    calls(source).iter().filter_map(|call| of_call(view, names, call)).collect()
}

fn of_call(view: &View<'_>, names: &Names, call: &Call) -> Option<Finding> {
    if !names.is_of_the_module(&call.name, &call.range) {
        return None;
    }
    let Target::Def(def) = view.resolve(view.own(), &call.name)? else { return None };
    let facts = view.facts(def.file)?;
    let symbol = facts.symbols.get(def.symbol)?;
    // What a decorator makes of a function takes what it takes; so may another definition of the name.
    let is_plain = symbol.kind == Kind::Function && facts.get(symbol.decorators).is_empty();
    if !is_plain || facts.top(&call.name).count() != 1 {
        return None;
    }
    let takes = facts.takes(symbol);
    let error =
        |code, range: &Range<usize>, message| Some(Finding::error("names", code, range.clone(), message));
    let name = &call.name;
    if let Some((keyword, range)) =
        call.keywords.iter().find(|(keyword, _)| !takes.any_keywords && !takes.has_keyword(keyword))
    {
        return error("no-parameter", range, format!("`{name}` has no parameter `{keyword}`"));
    }
    if let Some(most) = takes.most_positional()
        && call.positional > most
    {
        let given = call.positional;
        let message = format!("`{name}` takes at most {most} arguments by position, and is given {given}");
        return error("arguments", &call.range, message);
    }
    if let Some(missing) = (!call.is_open).then(|| missing(&takes, call)).flatten() {
        return error("arguments", &call.range, format!("`{name}` is not given `{missing}`"));
    }
    None
}

/// The first parameter without a default that gets nothing.
fn missing<'a>(takes: &Takes<'a>, call: &Call) -> Option<&'a str> {
    let named = |name: &str| call.keywords.iter().any(|(keyword, _)| keyword == name);
    let positional = takes.positional.iter().skip(call.positional);
    let needed = positional.chain(&takes.keyword_only).filter(|one| !one.has_default);
    needed.map(|one| one.name).find(|name| !named(name))
}
