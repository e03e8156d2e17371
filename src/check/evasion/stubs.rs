//! Functions that are yet to be written, though they were asked for, or were written before. What an inner function or a base class
//! leaves empty may well be right.

use std::ops::Range;

use super::super::Finding;
use super::super::overlay::Overlay;
use super::{joined, outermost, says};
use crate::syntax::Source;
use crate::syntax::definition::{self, Definition, Kind};
use crate::syntax::flow::{Flow, Outcome};
use crate::syntax::marks::Marks;

/// How comments begin that put something off.
const LATER: [&str; 3] = ["todo", "fixme", "xxx"];

/// `brought` are the marks in the draft.
pub(super) fn check(overlay: &Overlay, brought: &Marks) -> Vec<Finding> {
    let stubs = Stubs::new(overlay, brought);
    let is_left = |found: &&Definition| is_function(found) && !found.declared;
    let whole = stubs.new.iter().filter(is_left).filter_map(|found| stubs.whole(found));
    whole.chain(stubs.around()).collect()
}

/// A draft, and what it takes the place of.
struct Stubs<'a> {
    overlay: &'a Overlay,
    brought: &'a Marks,
    before: (Source<'a>, Flow),
    after: (Source<'a>, Flow),
    /// The definitions of both.
    old: Vec<Definition>,
    new: Vec<Definition>,
}

impl<'a> Stubs<'a> {
    fn new(overlay: &'a Overlay, brought: &'a Marks) -> Self {
        let (before, after) = (overlay.source(&overlay.before), overlay.source(&overlay.after));
        let old = definition::within(&before, &overlay.base);
        let new = definition::within(&after, &overlay.draft);
        // A draft may be a part of a body.
        let outer = outermost(&after, &(overlay.draft.start..overlay.draft.start));
        let drafted = outer.map_or(overlay.draft.clone(), |outer| joined(&outer.whole, &overlay.draft));
        let before = (before, Flow::of(&before, &overlay.base));
        let after = (after, Flow::of(&after, &drafted));
        Self { overlay, brought, before, after, old, new }
    }

    /// A function that the draft has from its first word to its last.
    fn whole(&self, found: &Definition) -> Option<Finding> {
        let was = self.old.iter().find(|was| path(&self.old, was) == path(&self.new, found));
        let counts = match was {
            // As it was left.
            Some(was) if was.stub.is_some() => found.stub.is_none(),
            Some(was) => !self.before.1.outcome(&self.before.0, was).is_refused,
            None => !self.is_inner(found),
        };
        // A new function beside those that were asked for may do nothing.
        let is_asked_for = was.is_some() || !self.old.iter().any(is_function);
        if counts && found.stub.is_some() && is_asked_for {
            return Some(finding(found, found.header.clone(), "is left without a body"));
        }
        let puts_off = counts && self.puts_off(found, &self.outcome(found));
        puts_off.then(|| finding(found, found.header.clone(), "is put off, not written"))
    }

    /// The function whose body is drafted, or a part of it.
    fn around(&self) -> Option<Finding> {
        let draft = &self.overlay.draft;
        let around = definition::around(&self.after.0, &(draft.start..draft.start));
        let is_other = |found: &Definition| !self.new.iter().any(|one| one.header == found.header);
        let found = around.into_iter().rev().find(|found| is_function(found) && is_other(found))?;
        let outcome = self.outcome(&found);
        if found.declared || found.stub.is_some() || !self.puts_off(&found, &outcome) {
            return None;
        }
        let told = if outcome.is_refused { outcome.refusals } else { outcome.left };
        let are_ours = told.iter().all(|at| draft.start <= at.start && at.end <= draft.end);
        let at = told.into_iter().next().filter(|_| are_ours)?;
        Some(finding(&found, at, "is put off, not written"))
    }

    fn outcome(&self, found: &Definition) -> Outcome {
        self.after.1.outcome(&self.after.0, found)
    }

    /// Whether all that a function says is that it will be written.
    fn puts_off(&self, found: &Definition, outcome: &Outcome) -> bool {
        let body = found.opened..found.extent.end;
        let token = self.overlay.language.comment;
        let is_later = |(at, text): &(Range<usize>, String)| {
            body.contains(&at.start) && LATER.iter().any(|mark| says(text, token, mark))
        };
        outcome.is_refused || outcome.is_nothing && self.brought.comments.iter().any(is_later)
    }

    /// Whether it stands in a function, or in a class that is drafted with it.
    fn is_inner(&self, found: &Definition) -> bool {
        let around = definition::around(&self.after.0, &found.whole);
        let is_new = |outer: &Definition| self.new.iter().any(|one| one.whole == outer.whole);
        around.iter().any(|outer| holds(outer, found) && (is_function(outer) || is_new(outer)))
    }
}

fn finding(found: &Definition, at: Range<usize>, what: &str) -> Finding {
    Finding::error("evasions", "stub", at, format!("`{}` {what}", found.name))
}

fn is_function(found: &Definition) -> bool {
    found.kind == Kind::Function
}

/// What a definition is called from outside of the others.
fn path<'a>(all: &'a [Definition], found: &'a Definition) -> Vec<&'a str> {
    let outer = all.iter().filter(|outer| holds(outer, found));
    outer.chain([found]).map(|one| one.name.as_str()).collect()
}

fn holds(outer: &Definition, inner: &Definition) -> bool {
    outer.whole != inner.whole && outer.whole.start <= inner.whole.start && inner.whole.end <= outer.whole.end
}
