//! What an answer defines beside the function, and its body needs: it goes into the body, as definitions of its own.
//!
//! ```text
//! def scale(x):                        def f(self, x):
//!     return x * 2                         def scale(x):
//!                                              return x * 2
//! class A:                       =>
//!     def f(self, x):                      def half(x):
//!         return self.half(scale(x))           return x / 2
//!     def half(self, x):
//!         return x / 2                     return half(scale(x))
//! ```
//!
//! A method closes over the function's own `self` there, so it loses the parameter and its callers the `self.`. Where that
//! would change a meaning (a name that the body binds itself, `global`, a property) the draft is refused.

mod search;

use std::collections::{BTreeSet, HashSet};
use std::ops::Range;

use self::search::Search;
pub(super) use self::search::{Lacking, lacking};
use super::body::Found;
use super::{CleanError, Setup};
use crate::draft::form::{Form, Shape};
use crate::draft::layout::Layout;
use crate::draft::place::words;
use crate::draft::strings::Scanner;
use crate::syntax::bindings::{Member, Names};
use crate::syntax::items::{self, Item, Kind};
use crate::syntax::lines;
use crate::text::edit::{Edit, applied};

/// What goes into the body, and what changes in it for that.
#[derive(Debug, Default)]
pub(super) struct Helpers {
    /// Their sources, in the answer's order and indentation.
    pub items: Vec<String>,
    /// In the offsets of the answer's code.
    pub edits: Vec<Edit>,
    pub note: Option<String>,
}

/// The helpers of `found`'s body.
///
/// # Errors
/// When the body needs what cannot stand in it.
pub(super) fn of(found: &Found<'_>, form: &Form, setup: &Setup) -> Result<Helpers, CleanError> {
    let mut search = Search::new(found, form, setup);
    search.take(form);
    search.check()?;
    let mut edits = Vec::new();
    for member in
        search.accesses().filter(|member| search.is_moved(&member.name) && !search.is_of_others(member))
    {
        edits.push(search.plain(member)?);
    }
    let mut whole: Vec<(usize, String)> = Vec::new();
    for item in &search.taken {
        whole.push((item.range.start, search.source(item, &item.range, &edits)));
    }
    for item in &search.taken_members {
        let (range, more) = search.unbound(item)?;
        let edits: Vec<Edit> = edits.iter().cloned().chain(more).collect();
        whole.push((item.range.start, search.source(item, &range, &edits)));
    }
    whole.sort_by_key(|(at, _)| *at);
    edits.retain(|edit| found.body.start <= edit.range.start && edit.range.end <= found.body.end);
    edits.sort_by_key(|edit| edit.range.start);
    Ok(Helpers { items: whole.into_iter().map(|(_, text)| text).collect(), edits, note: search.note() })
}

impl Search<'_> {
    /// Whether a member that only sounds like one of the class is one of a text or a list.
    fn is_of_others(&self, member: &Member) -> bool {
        !self.is_own(member) && self.found.code.language.is_common_member(&member.name)
    }

    /// Whether what was taken can stand in the body.
    fn check(&self) -> Result<(), CleanError> {
        let names = self.found.names;
        let moved: BTreeSet<String> = self.all_taken().flat_map(|item| names.bound_by(&item.range)).collect();
        let mut taken: BTreeSet<String> = match &self.found.function {
            Some(_) => names.local(&self.found.home),
            None => names.bound_by(&self.found.body),
        };
        if let Some(opening) = self.setup.opening_code() {
            let opening_names = Names::of(&opening.source());
            let theirs = items::definitions(&opening.source()).pop();
            taken.extend(
                theirs
                    .iter()
                    .filter_map(|one| one.definition())
                    .flat_map(|own| opening_names.local(&own.range)),
            );
        }
        taken.extend(names.declared(&self.found.body));
        taken.extend(self.all_taken().flat_map(|item| names.declared(&item.range)));
        match moved.into_iter().find(|name| taken.contains(name)) {
            Some(name) => Err(CleanError::Outside(name)),
            None => Ok(()),
        }
    }

    /// The edit by which `self.name` becomes `name`.
    fn plain(&self, member: &Member) -> Result<Edit, CleanError> {
        let by_class = member.object.as_ref() != self.receiver.as_ref();
        let is_method = |item: &&Item| {
            item.definition.as_ref().is_some_and(|own| own.name == member.name && own.decorators.is_empty())
        };
        let unbound = by_class
            && self
                .taken_members
                .iter()
                .filter(|item| item.kind == Kind::Function)
                .any(|item| is_method(&item));
        if !self.is_own(member) || member.stored || unbound {
            return Err(self.outside(&member.name));
        }
        Ok(Edit::new(member.range.start..member.word.start, ""))
    }

    fn outside(&self, member: &str) -> CleanError {
        CleanError::Outside(format!("{}.{member}", self.receiver.as_deref().unwrap_or("self")))
    }

    /// A member of the class as a definition of the function: what stays of it, and what is cut out of that.
    fn unbound(&self, item: &Item) -> Result<(Range<usize>, Option<Edit>), CleanError> {
        let (Some(own), Kind::Function) = (&item.definition, item.kind) else {
            return match &item.definition {
                Some(own) => Err(self.outside(&own.name)),
                None => Ok((item.range.clone(), None)),
            };
        };
        let decorators: Vec<String> =
            own.decorators.iter().map(|range| self.found.code.part(range)).collect();
        if decorators == ["@staticmethod"] {
            return Ok((own.range.clone(), None));
        }
        let first = own.first_parameter.as_ref().filter(|first| {
            let named = self.found.code.part(first);
            words(&named).next() == self.receiver.as_deref() && !named.starts_with('*')
        });
        // What is a class's method is one of the function's too where that has the class as its own first parameter.
        let alike = decorators.is_empty() || (decorators == ["@classmethod"] && self.is_of_class);
        let Some(first) = first.filter(|_| alike) else { return Err(self.outside(&own.name)) };
        let rest = self.found.code.part(&(first.end..own.header.end));
        let behind = rest.trim_start().strip_prefix(',').map(str::trim_start);
        let end = behind.map_or(first.end, |behind| own.header.end - behind.len());
        Ok((own.range.clone(), Some(Edit::new(first.start..end, ""))))
    }

    /// The source of `range` of an item, with the comments right above it, indented as it is.
    fn source(&self, item: &Item, range: &Range<usize>, edits: &[Edit]) -> String {
        let code = self.found.code;
        let line = code.whole_lines(&(item.range.start..item.range.start)).start;
        let indent = code.part(&(line..item.range.start));
        let indent = if indent.trim().is_empty() { indent } else { String::new() };
        let mut inside: Vec<Edit> = edits
            .iter()
            .filter(|edit| range.start <= edit.range.start && edit.range.end <= range.end)
            .map(|edit| {
                Edit::new(edit.range.start - range.start..edit.range.end - range.start, edit.text.clone())
            })
            .collect();
        inside.sort_by_key(|edit| edit.range.start);
        let mut above = Vec::new();
        for row in (0..code.line(item.range.start)).rev() {
            let start = lines::start(&code.text, row);
            let text = code.part(&code.whole_lines(&(start..start)));
            if !text.trim_start().starts_with('#') || !text.starts_with(&indent) {
                break;
            }
            above.insert(0, text + "\n");
        }
        format!("{}{indent}{}", above.concat(), applied(&code.part(range), &inside))
    }

    /// Attributes that the body uses, that no one in the file has, and that the answer sets in another method.
    fn note(&self) -> Option<String> {
        let (place, (_, class)) = (self.setup.place.as_ref()?, self.class.as_ref()?);
        let receiver = self.receiver.as_ref()?;
        let names = self.found.names;
        let in_body =
            |range: &Range<usize>| self.found.home.start <= range.start && range.end <= self.found.home.end;
        let set = names.members(class).filter(|member| {
            member.stored && member.object.as_ref() == Some(receiver) && !in_body(&member.range)
        });
        let set: HashSet<&str> = set.map(|member| member.name.as_str()).collect();
        let own: HashSet<&str> = names
            .members(&self.found.body)
            .filter(|member| member.stored)
            .map(|member| member.name.as_str())
            .collect();
        let lost = names.members(&self.found.body).find(|member| {
            let name = member.name.as_str();
            self.is_own(member)
                && set.contains(name)
                && !own.contains(name)
                && !self.has.contains(name)
                && !place.has_word(name)
        })?;
        Some(format!(
            "the draft uses `{receiver}.{0}`, which the answer sets in another method, and nothing in the file does: add that by hand",
            lost.name
        ))
    }
}

/// The body's lines with the helpers before them, below its docstring.
pub(super) fn placed(lines: &[String], helpers: &[String], form: &Form, setup: &Setup) -> Vec<String> {
    if helpers.is_empty() {
        return lines.to_vec();
    }
    let documented = matches!(&form.shape, Shape::Body { docstring: Some(_), .. });
    let own = if documented { 0 } else { docstring(lines) };
    let mut placed = lines[..own].to_vec();
    let mut apart = false;
    for helper in helpers {
        let mut layout = Layout::new(&form.base, form.unit, 0, None);
        let laid: Vec<String> = helper.lines().map(|line| layout.line(line)).collect();
        let is_definition = laid.iter().any(|line| {
            ["def ", "class ", "async def ", "@"].iter().any(|start| line.trim_start().starts_with(start))
        });
        let first = placed.is_empty() && !documented && setup.opening.lines().count() <= 1;
        if (is_definition || apart) && !first {
            placed.push(String::new());
        }
        placed.extend(laid);
        apart = is_definition;
    }
    if apart {
        placed.push(String::new());
    }
    placed.extend_from_slice(
        lines[own..].iter().skip_while(|line| line.trim().is_empty()).cloned().collect::<Vec<_>>().as_slice(),
    );
    placed
}

/// How many lines the docstring takes that they begin with.
fn docstring(lines: &[String]) -> usize {
    let quoted = lines.first().is_some_and(|line| {
        line.trim_start().trim_start_matches(['r', 'R', 'u', 'U']).starts_with(['"', '\''])
    });
    if !quoted {
        return 0;
    }
    let mut scanner = Scanner::default();
    for (at, line) in lines.iter().enumerate() {
        scanner.line(line);
        if !scanner.is_open() {
            return at + 1;
        }
    }
    lines.len()
}
