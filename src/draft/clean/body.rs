//! The body of one function out of an answer, with a look at the whole: which of several functions is the one, and what of
//! the rest its body needs.
//!
//! What the answer defines beside the function, and the body uses, goes into the body (`helpers`); imports go to the import
//! block. What cannot be taken along is told, never dropped in silence.

use std::collections::BTreeSet;
use std::ops::Range;

use super::helpers::{self, Helpers, Lacking};
use super::pass::{Pass, Reading};
use super::{CleanError, Cleaned, Setup};
use crate::draft::form::{Form, Shape};
use crate::draft::peel::{self, Start, squeezed};
use crate::draft::place::Code;
use crate::syntax::bindings::Names;
use crate::syntax::items::{self, Definition, Item, Kind, Nested};

/// What came of one reading.
#[derive(Debug)]
pub(super) struct Body {
    pub cleaned: Cleaned,
    /// It does nothing yet: the answer may have the function once more.
    pub is_stub: bool,
    /// It uses names that nothing that is known of has.
    pub misses: bool,
    /// The answer did not repeat the function's header.
    pub is_bare: bool,
}

/// The function in an answer's code.
pub(super) struct Found<'a> {
    pub code: &'a Code,
    pub names: &'a Names,
    /// The function; none where the answer is its body alone.
    pub function: Option<Nested>,
    /// The bytes of its body.
    pub body: Range<usize>,
    /// Where a name has to be bound to be the body's own.
    pub home: Range<usize>,
}

/// Takes the body out of what `pass` has read.
pub(super) fn read(pass: &Pass, form: &Form, setup: &Setup, reading: Reading) -> Result<Body, CleanError> {
    let Shape::Body { name, .. } = &form.shape else { return Err(CleanError::NoBody) };
    let plain = |pass: &Pass| finished(pass, form, setup, pass.peel.imports().to_vec(), Vec::new(), None);
    if setup.place.is_none() {
        return plain(pass);
    }
    let closed = super::braces::closed(&pass.code, setup.language());
    let lines = closed.as_deref().unwrap_or(&pass.code);
    let apart = setup.apart_for(lines, name).ok_or(CleanError::TooLarge)?;
    let (code, names) = (&apart.code, &apart.names);
    let Some(found) = find(code, names, pass, setup, name)? else {
        if setup.language().lexis.braces {
            return super::braces::bare(code, pass, form, setup, reading);
        }
        // Code that no grammar follows: a line that begins the function is all there is to go by.
        return match peel::defined_at(&pass.code, name).filter(|_| pass.peel.is_bare()) {
            Some(line) => plain(&again(&pass.code, form, setup, reading, Start::Header(line))),
            None => plain(pass),
        };
    };
    if setup.language().lexis.braces {
        return super::braces::read(&found, pass, form, setup, reading);
    }
    check_header(&found, setup)?;
    check_whole(&found)?;
    let Helpers { items, edits, note } = helpers::of(&found, form, setup)?;
    let text = crate::text::edit::applied(&code.text.to_string(), &edits);
    let start = match &found.function {
        Some(function) => Start::Header(code.line(header(function).start)),
        None => Start::Bare(code.line(found.body.start)),
    };
    let lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let head = pass.peel.imports();
    let pass = again(&lines, form, setup, reading, start);
    let mut body = finished(&pass, form, setup, imports(head, code), items, note)?;
    body.is_stub = is_stub(&found);
    body.misses = !helpers::lacking(&found, form, setup).is_empty();
    body.is_bare = found.function.is_none();
    Ok(body)
}

/// What a function still lacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Missing {
    Nothing,
    /// It uses what neither the code so far nor the file has.
    Names(Vec<Lacking>),
    /// It does nothing yet.
    Body,
}

/// What the function in the first lines of the code so far lacks.
pub(super) fn missing(pass: &Pass, lines: usize, form: &Form, setup: &Setup) -> Missing {
    let Shape::Body { name, .. } = &form.shape else { return Missing::Nothing };
    let Some(apart) = setup.apart_for(pass.code.get(..lines).unwrap_or(&pass.code), name) else {
        return Missing::Nothing;
    };
    let Ok(Some(found)) = find(&apart.code, &apart.names, pass, setup, name) else { return Missing::Nothing };
    if is_stub(&found) {
        return Missing::Body;
    }
    let lacking = match setup.language().lexis.braces {
        true => super::braces::lacking(&found, setup),
        false => helpers::lacking(&found, form, setup),
    };
    if lacking.is_empty() { Missing::Nothing } else { Missing::Names(lacking) }
}

pub(super) fn again(code: &[String], form: &Form, setup: &Setup, reading: Reading, start: Start) -> Pass {
    let mut pass = Pass::new(form, setup, Reading { start: Some(start), ..reading });
    code.iter().for_each(|line| pass.code(line));
    pass.end();
    pass
}

pub(super) fn finished(
    pass: &Pass,
    form: &Form,
    setup: &Setup,
    imports: Vec<String>,
    helpers: Vec<String>,
    note: Option<String>,
) -> Result<Body, CleanError> {
    if pass.lines.is_empty() {
        let any = pass.code.iter().any(|line| !line.trim().is_empty());
        return Err(if any { CleanError::NoBody } else { CleanError::NoCode });
    }
    let lines = helpers::placed(&pass.lines, &helpers, form, setup);
    let text = form.lead.clone() + &lines.join(form.eol.as_str()) + &setup.tail;
    Ok(Body { cleaned: Cleaned { text, imports, note }, is_stub: false, misses: false, is_bare: false })
}

/// The function's own part of the answer. More than one that could be it, and none that is, is an error.
fn find<'a>(
    code: &'a Code,
    names: &'a Names,
    pass: &Pass,
    setup: &Setup,
    name: &str,
) -> Result<Option<Found<'a>>, CleanError> {
    let of = |function: Nested| {
        let own = innermost(code, function, name);
        let (body, home) =
            own.definition().map(|own| (own.body.clone(), own.range.clone())).unwrap_or_default();
        Found { code, names, function: Some(own), body, home }
    };
    let all: Vec<Nested> = items::definitions(&code.source())
        .into_iter()
        .filter(|one| one.item.kind == Kind::Function && one.definition().is_some_and(|own| own.name == name))
        .collect();
    let chain = |one: &Nested| one.around.iter().map(|(_, outer)| outer.name.clone()).collect::<Vec<_>>();
    let own: Vec<&Nested> = all.iter().filter(|one| setup.around.ends_with(&chain(one))).collect();
    let best = best(code, &own, setup);
    // The body alone: no function was repeated, or only as far as its header.
    let written = best.is_some_and(|best| !stub(code, best));
    if let Some(Start::Bare(line)) = pass.peel.begun().filter(|_| !written)
        && (all.is_empty() || best.is_some_and(|best| code.line(best.item.range.end) < line))
    {
        let range = crate::syntax::lines::start(&code.text, line)..code.text.len_bytes();
        return Ok(Some(Found { code, names, function: None, body: range.clone(), home: range }));
    }
    if let Some(best) = best {
        return Ok(Some(of(best.clone())));
    }
    // A class of another name, as models invent them for what they were shown a part of; not another class of the file.
    let top = |name: &str| setup.place.as_ref().is_some_and(|place| place.binds(name));
    let invented = |(kind, outer): &(Kind, Definition)| *kind == Kind::Class && !top(&outer.name);
    let in_classes: Vec<&Nested> = all.iter().filter(|one| one.around.iter().all(invented)).collect();
    let written: Vec<&Nested> = in_classes.iter().copied().filter(|one| !stub(code, one)).collect();
    match (&in_classes[..], &written[..]) {
        ([], _) => Ok(None),
        ([one], _) | (_, [one]) => Ok(Some(of((*one).clone()))),
        _ => Err(CleanError::Ambiguous(name.to_owned())),
    }
}

/// The one of several functions of the name that is meant: with the file's decorators, written rather than left as a stub,
/// with the file's header, in the most of the definitions around; of equals the first.
fn best<'a>(code: &Code, candidates: &[&'a Nested], setup: &Setup) -> Option<&'a Nested> {
    let opening = setup.opening_code();
    let theirs =
        opening.and_then(|opening| items::definitions(&opening.source()).pop().map(|one| (opening, one)));
    let decorators = |code: &Code, one: &Nested| -> BTreeSet<String> {
        one.definition()
            .into_iter()
            .flat_map(|own| own.decorators.iter())
            .map(|range| squeezed(&code.part(range)))
            .collect()
    };
    let same_decorators = |one: &Nested| {
        theirs.as_ref().is_some_and(|(opening, theirs)| decorators(opening, theirs) == decorators(code, one))
    };
    let same_header = |one: &Nested| {
        let head = |code: &Code, one: &Nested| squeezed(&code.part(&header(one)));
        theirs.as_ref().is_some_and(|(opening, theirs)| head(opening, theirs) == head(code, one))
    };
    let decorated = candidates.iter().any(|one| same_decorators(one));
    let fit = candidates.iter().filter(|one| !decorated || same_decorators(one));
    let key = |one: &&&'a Nested| (!stub(code, one), same_header(one), one.around.len());
    fit.rev().max_by_key(key).copied()
}

/// A function whose body is but the function once more: then that one.
fn innermost(code: &Code, function: Nested, name: &str) -> Nested {
    let mut function = function;
    loop {
        let Some(own) = function.definition() else { return function };
        let mut inside = items::items(&code.source(), Some(&own.range));
        inside.retain(|item| !matches!(item.kind, Kind::Comment | Kind::Docstring));
        match &inside[..] {
            [one]
                if one.kind == Kind::Function
                    && one.definition.as_ref().is_some_and(|one| one.name == name) =>
            {
                let mut around = function.around.clone();
                around.push((Kind::Function, own.clone()));
                function = Nested { item: one.clone(), around };
            }
            _ => return function,
        }
    }
}

/// What the body needs of a header that the file's header has not.
fn check_header(found: &Found<'_>, setup: &Setup) -> Result<(), CleanError> {
    let Some(opening) = setup.opening_code() else { return Ok(()) };
    let theirs = items::definitions(&opening.source()).pop();
    let (Some(function), Some(theirs)) = (&found.function, theirs) else { return Ok(()) };
    let known = Names::of(&opening.source());
    let known = theirs.definition().map(|own| known.local(&own.range)).unwrap_or_default();
    let used = found.names.parameters_used(&found.body, &header(function));
    let top = |name: &str| setup.place.as_ref().is_some_and(|place| place.binds(name));
    if let Some(new) = used.into_iter().find(|name| !known.contains(name) && !top(name)) {
        return Err(CleanError::Parameter(new));
    }
    let is_async = |code: &Code, one: &Nested| code.part(&header(one)).starts_with("async");
    if is_async(found.code, function)
        && !is_async(opening, &theirs)
        && found.names.waits(&found.body, &found.home)
    {
        return Err(CleanError::Async);
    }
    Ok(())
}

/// An ellipsis among other statements stands for those that the model did not write.
fn check_whole(found: &Found<'_>) -> Result<(), CleanError> {
    let Some(own) = found.function.as_ref().and_then(|function| function.definition()) else { return Ok(()) };
    let items = items::items(&found.code.source(), Some(&own.range));
    let ellipsis = items.iter().any(|item| item.kind == Kind::Stub && found.code.part(&item.range) == "...");
    if ellipsis && !is_stub(found) {
        return Err(CleanError::LeftOut("...".to_owned()));
    }
    Ok(())
}

/// The import statements of the module's level, each as it stands: those at the head, and those that follow.
pub(super) fn imports(head: &[String], code: &Code) -> Vec<String> {
    let items = items::items(&code.source(), None);
    let mut imports = head.to_vec();
    for item in items.iter().filter(|item| item.kind == Kind::Import) {
        let import = code.part(&item.range);
        if !imports.contains(&import) {
            imports.push(import);
        }
    }
    imports
}

pub(super) fn is_stub(found: &Found<'_>) -> bool {
    found.function.as_ref().is_some_and(|function| stub(found.code, function))
}

/// Whether a function does nothing yet.
fn stub(code: &Code, function: &Nested) -> bool {
    let Some(own) = function.definition() else { return true };
    let stands = |item: &Item| matches!(item.kind, Kind::Stub | Kind::Comment | Kind::Docstring);
    items::items(&code.source(), Some(&own.range)).iter().all(stands)
}

pub(super) fn header(function: &Nested) -> Range<usize> {
    function.definition().map(|own: &Definition| own.header.clone()).unwrap_or_default()
}
