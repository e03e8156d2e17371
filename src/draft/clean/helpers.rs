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

use std::collections::{BTreeSet, HashSet};
use std::ops::Range;

use super::body::Found;
use super::{CleanError, Setup};
use crate::draft::form::{Form, Shape};
use crate::draft::layout::Layout;
use crate::draft::place::words;
use crate::draft::strings::Scanner;
use crate::syntax::bindings::Member;
use crate::syntax::items::{self, Item, Kind};
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

/// The search for them.
struct Search<'a> {
    found: &'a Found<'a>,
    setup: &'a Setup,
    /// The statements around the function: of the module, of the functions that it stands in.
    beside: Vec<Item>,
    /// Those of its class, and the names of members that the file's class has.
    members: Vec<Item>,
    has: HashSet<String>,
    /// What the function calls its object, and its class.
    receiver: Option<String>,
    class: Option<(String, Range<usize>)>,
    /// The function is a method of its class, not of its objects.
    is_of_class: bool,
    taken: Vec<Item>,
    taken_members: Vec<Item>,
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

/// Whether the body needs what neither the answer so far nor the file has: it may still come.
pub(super) fn is_missing(found: &Found<'_>, form: &Form, setup: &Setup) -> bool {
    let Some(place) = &setup.place else { return false };
    let mut search = Search::new(found, form, setup);
    let members: HashSet<String> =
        search.members.iter().flat_map(|item| found.names.bound_by(&item.range)).collect();
    search.take(form);
    let here = found.names.bound_by(&(0..found.code.text.len_bytes()));
    let builtins = place.language().builtins;
    let is_named =
        |name: &String| here.contains(name) || builtins.contains(&name.as_str()) || place.has_word(name);
    if !place.imports_all() && search.needed().iter().any(|name| *name != setup.name && !is_named(name)) {
        return true;
    }
    let is_known =
        |name: &String| search.has.contains(name) || members.contains(name) || place.has_word(name);
    let own: HashSet<&String> =
        search.accesses().filter(|member| member.stored).map(|member| &member.name).collect();
    !place.inherits(outer(&place.around(&form.base)))
        && search
            .accesses()
            .any(|member| search.is_own(member) && !own.contains(&member.name) && !is_known(&member.name))
}

impl<'a> Search<'a> {
    fn new(found: &'a Found<'a>, form: &Form, setup: &'a Setup) -> Self {
        let source = found.code.source();
        let holds = |item: &Item| item.range.start <= found.home.start && found.home.end <= item.range.end;
        let is_code = |item: &Item| !matches!(item.kind, Kind::Comment | Kind::Docstring | Kind::Stub);
        let mut beside = items::items(&source, None);
        beside.retain(|item| {
            item.kind != Kind::Import && !found.code.part(&item.range).starts_with("if __name__")
        });
        if found.function.is_none() {
            beside.retain(|item| item.range.end <= found.body.start);
        }
        let around = found.function.as_ref().map(|function| function.around.as_slice()).unwrap_or_default();
        for (_, outer) in around.iter().filter(|(kind, _)| *kind == Kind::Function) {
            beside.extend(items::items(&source, Some(&outer.range)));
        }
        beside.retain(|item| is_code(item) && !holds(item));
        let class = around.last().filter(|(kind, _)| *kind == Kind::Class).map(|(_, class)| class);
        let mut members = class.map(|class| items::items(&source, Some(&class.range))).unwrap_or_default();
        members.retain(|item| is_code(item) && !holds(item));
        let own =
            found.function.as_ref().and_then(|function| function.definition()).filter(|_| class.is_some());
        let is_static = |range: &Range<usize>| found.code.part(range).contains("staticmethod");
        let is_classmethod = |range: &Range<usize>| found.code.part(range) == "@classmethod";
        let is_of_class = own.is_some_and(|own| own.decorators.iter().any(is_classmethod));
        let receiver = own.filter(|own| !own.decorators.iter().any(is_static));
        let receiver =
            receiver.and_then(|own| own.first_parameter.as_ref()).map(|first| found.code.part(first));
        let receiver = receiver.map(|first| words(&first).next().unwrap_or_default().to_owned());
        Self {
            found,
            setup,
            beside,
            members,
            has: members_of_file(form, setup),
            receiver,
            class: class.map(|class| (class.name.clone(), class.range.clone())),
            is_of_class,
            taken: Vec::new(),
            taken_members: Vec::new(),
        }
    }

    /// Takes what the body needs, and what that needs.
    fn take(&mut self, form: &Form) {
        let locals = locals(form, self.setup);
        let place = self.setup.place.as_ref();
        let known = |name: &String| locals.contains(name) || place.is_some_and(|place| place.binds(name));
        loop {
            let needed = self.needed();
            let is_needed = |item: &Item| {
                self.found
                    .names
                    .bound_by(&item.range)
                    .iter()
                    .any(|name| needed.contains(name) && !known(name))
            };
            let accessed: HashSet<String> = self
                .accesses()
                .filter(|member| self.is_own(member))
                .map(|member| member.name.clone())
                .collect();
            let is_accessed = |item: &Item| {
                self.found
                    .names
                    .bound_by(&item.range)
                    .iter()
                    .any(|name| accessed.contains(name) && !self.has.contains(name))
            };
            let (taken, beside): (Vec<Item>, Vec<Item>) = self.beside.iter().cloned().partition(is_needed);
            let (more, members): (Vec<Item>, Vec<Item>) = self.members.iter().cloned().partition(is_accessed);
            if taken.is_empty() && more.is_empty() {
                return;
            }
            (self.beside, self.members) = (beside, members);
            self.taken.extend(taken);
            self.taken_members.extend(more);
        }
    }

    /// The names that the body and what was taken so far use, and have from elsewhere.
    fn needed(&self) -> BTreeSet<String> {
        let names = self.found.names;
        let mut needed = names.free(&self.found.body, &self.found.home);
        needed.extend(names.declared(&self.found.body));
        for item in self.all_taken() {
            needed.extend(names.free(&item.range, &item.range));
        }
        needed
    }

    fn all_taken(&self) -> impl Iterator<Item = &Item> {
        self.taken.iter().chain(&self.taken_members)
    }

    /// The accesses to members in the body and in what was taken.
    fn accesses(&self) -> impl Iterator<Item = &Member> {
        let ranges: Vec<&Range<usize>> =
            std::iter::once(&self.found.body).chain(self.all_taken().map(|item| &item.range)).collect();
        ranges.into_iter().flat_map(|range| self.found.names.members(range))
    }

    /// Whether a member is accessed by the function's object or class.
    fn is_own(&self, member: &Member) -> bool {
        let object = member.object.as_ref();
        object.is_some()
            && (object == self.receiver.as_ref() || object == self.class.as_ref().map(|(name, _)| name))
    }

    fn is_moved(&self, member: &str) -> bool {
        self.taken_members.iter().any(|item| self.found.names.bound_by(&item.range).contains(member))
    }

    /// Whether a member that only sounds like one of the class is one of a text or a list.
    fn is_of_others(&self, member: &Member) -> bool {
        !self.is_own(member) && self.found.code.language.members.contains(&member.name.as_str())
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
            let opening_names = crate::syntax::bindings::Names::of(&opening.source());
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
            let start = crate::syntax::lines::start(&code.text, row);
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

/// Names that the functions around bind: what the answer has of them is a repetition.
fn locals(form: &Form, setup: &Setup) -> HashSet<String> {
    let place = setup.place.as_ref();
    place.map(|place| place.locals(outer(&place.around(&form.base)))).unwrap_or_default()
}

/// The definitions around, without the function itself.
fn outer(around: &[crate::syntax::definition::Definition]) -> &[crate::syntax::definition::Definition] {
    &around[..around.len().saturating_sub(1)]
}

/// The members of the class that the file has around the function.
fn members_of_file(form: &Form, setup: &Setup) -> HashSet<String> {
    let Some(place) = &setup.place else { return HashSet::new() };
    let around = place.around(&form.base);
    let around = outer(&around);
    if around.last().is_none_or(|outer| outer.kind != crate::syntax::definition::Kind::Class) {
        return HashSet::new();
    }
    let name = |item: &Item| match &item.definition {
        Some(own) => Some(own.name.clone()),
        None => words(&place.file().part(&item.range)).next().map(str::to_owned),
    };
    place.items(around).iter().filter_map(name).collect()
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
