//! Which of the statements beside a function its body needs, and what it needs that is nowhere.

use std::collections::{BTreeSet, HashSet};
use std::ops::Range;

use crate::draft::clean::Setup;
use crate::draft::clean::body::Found;
use crate::draft::form::Form;
use crate::draft::place::words;
use crate::syntax::bindings::Member;
use crate::syntax::definition;
use crate::syntax::items::{self, Item, Kind};

/// The search for them.
pub(super) struct Search<'a> {
    pub found: &'a Found<'a>,
    pub setup: &'a Setup,
    /// The statements around the function: of the module, of the functions that it stands in.
    beside: Vec<Item>,
    /// Those of its class, and the names of members that the file's class has.
    members: Vec<Item>,
    pub has: HashSet<String>,
    /// What the function calls its object, and its class.
    pub receiver: Option<String>,
    pub class: Option<(String, Range<usize>)>,
    /// The function is a method of its class, not of its objects.
    pub is_of_class: bool,
    pub taken: Vec<Item>,
    pub taken_members: Vec<Item>,
}

impl<'a> Search<'a> {
    pub fn new(found: &'a Found<'a>, form: &Form, setup: &'a Setup) -> Self {
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
    pub fn take(&mut self, form: &Form) {
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
    pub fn needed(&self) -> BTreeSet<String> {
        let names = self.found.names;
        let mut needed = names.free(&self.found.body, &self.found.home);
        needed.extend(names.declared(&self.found.body));
        for item in self.all_taken() {
            needed.extend(names.free(&item.range, &item.range));
        }
        needed
    }

    pub fn all_taken(&self) -> impl Iterator<Item = &Item> {
        self.taken.iter().chain(&self.taken_members)
    }

    /// The accesses to members in the body and in what was taken.
    pub fn accesses(&self) -> impl Iterator<Item = &Member> {
        let ranges: Vec<&Range<usize>> =
            std::iter::once(&self.found.body).chain(self.all_taken().map(|item| &item.range)).collect();
        ranges.into_iter().flat_map(|range| self.found.names.members(range))
    }

    /// Whether a member is accessed by the function's object or class.
    pub fn is_own(&self, member: &Member) -> bool {
        let object = member.object.as_ref();
        object.is_some()
            && (object == self.receiver.as_ref() || object == self.class.as_ref().map(|(name, _)| name))
    }

    pub fn is_moved(&self, member: &str) -> bool {
        self.taken_members.iter().any(|item| self.found.names.bound_by(&item.range).contains(member))
    }
}

/// A name that the body needs, and that neither the answer so far nor the file has: it may still come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::draft::clean) struct Lacking {
    pub name: String,
    /// It is called: a function of that name may follow others.
    pub is_called: bool,
}

/// What the body lacks.
pub(in crate::draft::clean) fn lacking(found: &Found<'_>, form: &Form, setup: &Setup) -> Vec<Lacking> {
    let Some(place) = &setup.place else { return Vec::new() };
    let mut search = Search::new(found, form, setup);
    let of_class: HashSet<String> =
        search.members.iter().flat_map(|item| found.names.bound_by(&item.range)).collect();
    search.take(form);
    let here = found.names.bound_by(&(0..found.code.text.len_bytes()));
    let language = place.language();
    let mut lacking: BTreeSet<String> = search.needed();
    lacking.retain(|name| {
        *name != setup.name && !here.contains(name) && !language.is_builtin(name) && !place.has_word(name)
    });
    if place.imports_all() {
        lacking.clear();
    }
    let plain = lacking.clone();
    if !place.inherits(outer(&place.around(&form.base))) {
        let stored: HashSet<&String> =
            search.accesses().filter(|member| member.stored).map(|member| &member.name).collect();
        let is_known = |name: &String| {
            stored.contains(name)
                || search.has.contains(name)
                || of_class.contains(name)
                || place.has_word(name)
        };
        let own = search.accesses().filter(|member| search.is_own(member));
        lacking.extend(own.map(|member| &member.name).filter(|name| !is_known(name)).cloned());
    }
    let ranges = std::iter::once(&found.body).chain(search.all_taken().map(|item| &item.range));
    let text: String = ranges.map(|range| found.code.part(range)).collect();
    // A member may be passed on without a call.
    let is_called = |name: &String| !plain.contains(name) || text.contains(&format!("{name}("));
    lacking.into_iter().map(|name| Lacking { is_called: is_called(&name), name }).collect()
}

/// Names that the functions around bind: what the answer has of them is a repetition.
fn locals(form: &Form, setup: &Setup) -> HashSet<String> {
    let place = setup.place.as_ref();
    place.map(|place| place.locals(outer(&place.around(&form.base)))).unwrap_or_default()
}

/// The definitions around, without the function itself.
fn outer(around: &[definition::Definition]) -> &[definition::Definition] {
    &around[..around.len().saturating_sub(1)]
}

/// The members of the class that the file has around the function.
fn members_of_file(form: &Form, setup: &Setup) -> HashSet<String> {
    let Some(place) = &setup.place else { return HashSet::new() };
    let around = place.around(&form.base);
    let around = outer(&around);
    if around.last().is_none_or(|outer| outer.kind != definition::Kind::Class) {
        return HashSet::new();
    }
    let name = |item: &Item| match &item.definition {
        Some(own) => Some(own.name.clone()),
        None => words(&place.file().part(&item.range)).next().map(str::to_owned),
    };
    place.items(around).iter().filter_map(name).collect()
}
