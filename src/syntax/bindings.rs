//! Which names a piece of code uses, and where they are bound: what a draft takes along when a part of it is moved.
//!
//! By the text alone: nothing is imported or run. Where a language lets names appear in other ways (`exec`, `import *`),
//! nothing is known of them.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::ops::Range;

use super::{Source, lines, query};

/// The names of one text.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// By their start; the first is the whole text.
    scopes: Vec<Scope>,
    /// Where each name is bound in a scope.
    bound: HashMap<(usize, String), Vec<Binding>>,
    used: Vec<Word>,
    /// Names that a scope says are not its own (`global`).
    declared: Vec<Word>,
    members: Vec<Member>,
    /// Where the first parameter of each scope stands.
    first: HashMap<usize, usize>,
    /// What only an asynchronous function can have.
    waits: Vec<Range<usize>>,
    /// There are no more than these.
    is_whole: bool,
}

#[derive(Clone, Debug)]
struct Scope {
    range: Range<usize>,
    kind: Kind,
    parent: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// A part of a function: a comprehension, a lambda.
    Part,
    Function,
    /// Its names are not seen by the functions inside of it.
    Class,
}

#[derive(Clone, Debug)]
struct Binding {
    range: Range<usize>,
    parameter: bool,
}

#[derive(Clone, Debug)]
struct Word {
    name: String,
    range: Range<usize>,
    scope: usize,
}

/// An access to a member: `object.name`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    pub name: String,
    /// Of the whole access.
    pub range: Range<usize>,
    /// Of the member's own word.
    pub word: Range<usize>,
    /// The object, where it is a plain name.
    pub object: Option<String>,
    /// It is assigned to or deleted.
    pub stored: bool,
}

/// Where a name is bound that is bound once in its scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Once<'a> {
    /// Where it stands there.
    pub place: &'a Range<usize>,
    /// The function (or the whole text) whose scope it is.
    pub function: &'a Range<usize>,
    /// It stands in the function's header, and before all others.
    pub parameter: bool,
    pub first: bool,
    /// The class that the function stands in, itself.
    pub class: Option<&'a Range<usize>>,
}

impl Names {
    /// The names of `source`; none without a tree.
    #[must_use]
    pub fn of(source: &Source<'_>) -> Self {
        let Some(tree) = source.tree else { return Self::default() };
        let text = source.text;
        let word = |node: tree_sitter::Node<'_>| (lines::slice(text, &node.byte_range()), node.byte_range());
        let mut scopes = vec![(0..text.len_bytes().max(1), Kind::Function)];
        let (mut bound, mut used, mut labels, mut declared) =
            (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let mut waits = Vec::new();
        let mut accesses: HashMap<Range<usize>, Member> = HashMap::new();
        let is_whole = query::run_whole(source.language.bindings_query(), tree, text, |captures| {
            let get = |name| query::get(captures, name);
            for (capture, node) in captures {
                match *capture {
                    "scope" => scopes.push((node.byte_range(), Kind::Part)),
                    "function" => scopes.push((node.byte_range(), Kind::Function)),
                    "class" => scopes.push((node.byte_range(), Kind::Class)),
                    "wait" => waits.push(node.byte_range()),
                    "outer" => bound.push((word(*node), How::Outer)),
                    "parameter" => bound.push((word(*node), How::Parameter)),
                    "bound" => bound.push((word(*node), How::Here)),
                    "through" => bound.push((word(*node), How::Through)),
                    "global" => declared.push(word(*node)),
                    "label" => labels.push(node.byte_range()),
                    "used" => used.push(word(*node)),
                    _ => {}
                }
            }
            let member = get("member").or_else(|| get("any"));
            let Some((member, access)) = member.and_then(|member| Some((member, member.parent()?))) else {
                return;
            };
            let (name, at) = word(member);
            let one = accesses.entry(access.byte_range()).or_insert_with(|| Member {
                name,
                range: access.byte_range(),
                word: at,
                object: None,
                stored: false,
            });
            one.object = one.object.take().or_else(|| get("object").map(|object| word(object).0));
            one.stored |= get("stored").is_some();
        });
        let mut members: Vec<Member> = accesses.into_values().collect();
        members.sort_by_key(|member| member.word.start);
        let mut names = Self { scopes: nested(scopes), members, waits, is_whole, ..Self::default() };
        let binding =
            bound.iter().map(|((_, range), _)| range).chain(declared.iter().map(|(_, range)| range));
        let known: HashSet<usize> = labels.iter().chain(binding).map(|word| word.start).collect();
        names.bind(bound, &declared);
        let plain = used.into_iter().filter(|(_, range)| !known.contains(&range.start));
        names.used = plain.map(|(name, range)| names.word(name, range)).collect();
        names.declared = declared.into_iter().map(|(name, range)| names.word(name, range)).collect();
        names
    }

    /// Whether all that there are were found, in the time that there was. Of what is not whole nothing can be said to be missing.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.is_whole
    }

    /// The names that `range` uses and that are not bound within `home`.
    #[must_use]
    pub fn free(&self, range: &Range<usize>, home: &Range<usize>) -> BTreeSet<String> {
        let free = self.within(range).filter(|word| self.binding(word, home).is_none());
        free.map(|word| word.name.clone()).collect()
    }

    /// The names that are used and that no scope around binds, with where. A class's names count in all that is inside of it:
    /// headers and the first part of comprehensions do see them, and which is which makes little difference to who asks.
    pub fn unbound(&self) -> impl Iterator<Item = (&str, &Range<usize>)> {
        let is_bound = |word: &Word| {
            let mut at = word.scope;
            loop {
                if self.bound.contains_key(&(at, word.name.clone())) {
                    return true;
                }
                if at == 0 {
                    return false;
                }
                at = self.scopes[at].parent;
            }
        };
        let free = self.used.iter().filter(move |word| !is_bound(word));
        free.map(|word| (word.name.as_str(), &word.range))
    }

    /// Whether the module's level binds the name, or some function does in its stead (`global`).
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.bound.contains_key(&(0, name.to_owned())) || self.is_declared(name)
    }

    /// Whether the module's level binds the name once, and no function does in its stead.
    #[must_use]
    pub fn is_settled(&self, name: &str) -> bool {
        self.bound.get(&(0, name.to_owned())).is_some_and(|places| places.len() == 1)
            && !self.is_declared(name)
    }

    /// Whether some scope says that `name` is another's.
    #[must_use]
    pub fn is_declared(&self, name: &str) -> bool {
        self.declared.iter().any(|word| word.name == name)
    }

    /// Whether `name`, used at `range`, is what the module's level binds, and binds once.
    #[must_use]
    pub fn is_of_the_module(&self, name: &str, range: &Range<usize>) -> bool {
        let word = self.word(name.to_owned(), range.clone());
        let mut at = word.scope;
        while at > 0 {
            let seen = at == word.scope || self.scopes[at].kind != Kind::Class;
            if seen && self.bound.contains_key(&(at, word.name.clone())) {
                return false;
            }
            at = self.scopes[at].parent;
        }
        self.is_settled(name)
    }

    /// Where `name`, used at `range`, is bound, if that is once, in a function or at the module's level, and only there.
    #[must_use]
    pub fn once(&self, name: &str, range: &Range<usize>) -> Option<Once<'_>> {
        let from = self.holding(range);
        let mut at = from;
        loop {
            let scope = &self.scopes[at];
            let seen = at == from || scope.kind != Kind::Class;
            let places = self.bound.get(&(at, name.to_owned())).filter(|_| seen);
            let Some(places) = places else {
                if at == 0 {
                    return None;
                }
                at = scope.parent;
                continue;
            };
            let [Binding { range: place, parameter }] = places.as_slice() else { return None };
            if scope.kind != Kind::Function || self.is_declared(name) {
                return None;
            }
            let class = &self.scopes[scope.parent];
            return Some(Once {
                place,
                function: &scope.range,
                parameter: *parameter,
                first: self.first.get(&at) == Some(&place.start),
                class: (at > 0 && class.kind == Kind::Class).then_some(&class.range),
            });
        }
    }

    /// The parameters that `range` uses, of the functions whose headers begin within `home`.
    #[must_use]
    pub fn parameters_used(&self, range: &Range<usize>, home: &Range<usize>) -> BTreeSet<String> {
        let of_header = |word: &&Word| {
            self.binding(word, home)
                .is_some_and(|binding| binding.parameter && !inside(&binding.range, range))
        };
        self.within(range).filter(of_header).map(|word| word.name.clone()).collect()
    }

    /// The names that the scope of exactly `range` (a function, a class) binds itself.
    #[must_use]
    pub fn local(&self, range: &Range<usize>) -> BTreeSet<String> {
        let scope = self.scopes.iter().rposition(|scope| scope.range == *range);
        let of_scope = |((at, name), _): (&(usize, String), _)| (Some(*at) == scope).then(|| name.clone());
        self.bound.iter().filter_map(of_scope).collect()
    }

    /// The names that the statement at `range` binds in the scope that it stands in.
    #[must_use]
    pub fn bound_by(&self, range: &Range<usize>) -> BTreeSet<String> {
        let around = self.around(range);
        let binds = |((scope, name), places): (&(usize, String), &Vec<Binding>)| {
            let binds = *scope == around && places.iter().any(|place| inside(&place.range, range));
            binds.then(|| name.clone())
        };
        self.bound.iter().filter_map(binds).collect()
    }

    /// The names that scopes within `range` say are bound further out.
    #[must_use]
    pub fn declared(&self, range: &Range<usize>) -> BTreeSet<String> {
        let within = self.declared.iter().filter(|word| inside(&word.range, range));
        within.map(|word| word.name.clone()).collect()
    }

    /// The accesses to members within `range`, in order.
    pub fn members<'a>(&'a self, range: &'a Range<usize>) -> impl Iterator<Item = &'a Member> {
        self.members.iter().filter(|member| inside(&member.range, range))
    }

    /// Whether the function that is exactly `home` waits within `range` itself, not in a function inside of it.
    #[must_use]
    pub fn waits(&self, range: &Range<usize>, home: &Range<usize>) -> bool {
        self.waits.iter().filter(|wait| inside(wait, range)).any(|wait| {
            let mut at = self.holding(wait);
            while at > 0 && self.scopes[at].kind == Kind::Part {
                at = self.scopes[at].parent;
            }
            self.scopes[at].range == *home
        })
    }

    fn within<'a>(&'a self, range: &'a Range<usize>) -> impl Iterator<Item = &'a Word> {
        self.used.iter().filter(|word| inside(&word.range, range))
    }

    /// Where a word's name is bound, within `home`.
    fn binding(&self, word: &Word, home: &Range<usize>) -> Option<&Binding> {
        let mut at = word.scope;
        loop {
            let seen = at == word.scope || self.scopes[at].kind != Kind::Class;
            let places = self.bound.get(&(at, word.name.clone())).filter(|_| seen);
            if let Some(place) = places.into_iter().flatten().find(|place| inside(&place.range, home)) {
                return Some(place);
            }
            if at == 0 {
                return None;
            }
            at = self.scopes[at].parent;
        }
    }

    fn word(&self, name: String, range: Range<usize>) -> Word {
        let scope = self.holding(&range);
        Word { name, range, scope }
    }

    /// The innermost scope that holds `range`.
    fn holding(&self, range: &Range<usize>) -> usize {
        let mut at = self.scopes.partition_point(|scope| scope.range.start <= range.start).saturating_sub(1);
        while at > 0 && !inside(range, &self.scopes[at].range) {
            at = self.scopes[at].parent;
        }
        at
    }

    /// The innermost scope that holds `range` and is not `range` itself.
    fn around(&self, range: &Range<usize>) -> usize {
        let at = self.holding(range);
        if self.scopes[at].range == *range { self.scopes[at].parent } else { at }
    }

    fn bind(&mut self, bound: Vec<((String, Range<usize>), How)>, declared: &[(String, Range<usize>)]) {
        let declared: HashSet<(usize, &str)> =
            declared.iter().map(|(name, range)| (self.holding(range), name.as_str())).collect();
        for ((name, range), how) in bound {
            let mut at = self.holding(&range);
            if matches!(how, How::Outer) {
                at = self.scopes[at].parent;
            }
            let parameter = matches!(how, How::Parameter);
            if parameter {
                let first = self.first.entry(at).or_insert(range.start);
                *first = range.start.min(*first);
            }
            loop {
                if !declared.contains(&(at, name.as_str())) {
                    let place = Binding { range: range.clone(), parameter };
                    self.bound.entry((at, name.clone())).or_default().push(place);
                }
                if !matches!(how, How::Through) || at == 0 {
                    break;
                }
                at = self.scopes[at].parent;
            }
        }
    }
}

/// Which scope a name is bound in.
enum How {
    /// The one that it stands in.
    Here,
    Parameter,
    /// The one around the one that it names.
    Outer,
    /// All around: which of them is a comprehension makes no difference to who asks.
    Through,
}

fn inside(inner: &Range<usize>, outer: &Range<usize>) -> bool {
    outer.start <= inner.start && inner.end <= outer.end
}

/// Ranges that nest, as scopes in order.
fn nested(mut ranges: Vec<(Range<usize>, Kind)>) -> Vec<Scope> {
    // A function that is the whole text stays behind it: the sort is stable.
    ranges.sort_by_key(|(range, _)| (range.start, std::cmp::Reverse(range.end)));
    let mut scopes: Vec<Scope> = Vec::with_capacity(ranges.len());
    let mut open: Vec<usize> = Vec::new();
    for (range, kind) in ranges {
        while open.last().is_some_and(|&at| at > 0 && !inside(&range, &scopes[at].range)) {
            open.pop();
        }
        let parent = open.last().copied().unwrap_or(0);
        open.push(scopes.len());
        scopes.push(Scope { range, kind, parent });
    }
    scopes
}

#[cfg(test)]
mod tests;
