//! Calls of functions, methods and classes of the workspace with arguments that they do not take.

use std::ops::Range;

use super::Finding;
use super::callables::{Callable, Callables};
use crate::syntax::calls::Call;
use crate::syntax::facts::Takes;

pub(super) fn check(callables: &Callables<'_>, calls: &[Call]) -> Vec<Finding> {
    let of_call = |call| {
        let callable = callables.of(call)?;
        let narrowed = |(object, _): &(String, _)| callables.objects.is_narrowed(object);
        wrong(&callable, call)
            .filter(|_| callables.is_settled(&callable) && !call.object.as_ref().is_some_and(narrowed))
    };
    calls.iter().filter_map(of_call).collect()
}

/// What is wrong with a call of `callable`.
fn wrong(callable: &Callable, call: &Call) -> Option<Finding> {
    let takes = callable.takes();
    let error =
        |code, range: &Range<usize>, message| Some(Finding::error("names", code, range.clone(), message));
    let name = &callable.name;
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
