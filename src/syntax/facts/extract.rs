//! From a tree to facts: one run of the language's query for each level (module, class body, block of an `if`).

mod doc;

use std::ops::ControlFlow;
use std::time::Duration;

use tree_sitter::{Node, Query, QueryCapture, QueryCursor, QueryCursorOptions, StreamingIterator as _, Tree};

use super::pool::{Filling, Text};
use super::signature::parameters;
use super::{Attribute, Facts, Import, Kind, Symbol};
use crate::syntax::budget::Budget;
use crate::syntax::{Language, names};

/// How many symbols a file has at most; a generated file may have more, and nobody reads on.
const SYMBOLS: usize = 20_000;
/// The same for imported names, and for what a class's initialiser sets.
const IMPORTS: usize = 5_000;
const ATTRIBUTES: usize = 64;
/// How deep blocks are followed (classes in classes, imports under `if` and `try`).
const DEPTH: u32 = 16;
/// The most that is kept of a constant's statement, and of a signature, in bytes.
const CONSTANT: usize = 240;
const SIGNATURE: usize = 4_000;
/// In-progress matches that a query may hold at once: ours need a handful; a hostile file could ask for millions.
const MATCHES: u32 = 256;
/// How long all levels of a file may take; code takes microseconds a symbol.
const LIMIT: Duration = Duration::from_millis(500);

/// The facts of `text`, whose tree is `tree`.
#[must_use]
pub fn extract(language: &'static Language, text: &str, tree: &Tree) -> Facts {
    let queries = language.queries();
    let mut work = Extraction {
        language,
        text,
        captures: Captures::of(&queries.facts),
        cursor: QueryCursor::new(),
        budget: Budget::new(LIMIT),
        is_whole: true,
        pool: Filling::default(),
        symbols: Vec::new(),
        imports: Vec::new(),
        exports: None,
        attributes: Vec::new(),
    };
    work.cursor.set_match_limit(MATCHES);
    work.level(tree.root_node(), None, 0);
    let mut used = Vec::with_capacity(text.len() / 24);
    names::hashes(language, text, |hash| used.push(hash));
    used.sort_unstable();
    used.dedup();
    Facts {
        pool: work.pool.finish(),
        symbols: work.symbols.into_boxed_slice(),
        imports: work.imports.into_boxed_slice(),
        exports: work.exports.map(Vec::into_boxed_slice),
        attributes: work.attributes.into_boxed_slice(),
        is_whole: work.is_whole,
        names: used.into_boxed_slice(),
    }
}

/// The indices of the query's captures.
struct Captures {
    function: Option<u32>,
    class: Option<u32>,
    constant: Option<u32>,
    alias: Option<u32>,
    whole: Option<u32>,
    name: Option<u32>,
    list: Option<u32>,
    returns: Option<u32>,
    end: Option<u32>,
    body: Option<u32>,
    container: Option<u32>,
    exports: Option<u32>,
    module: Option<u32>,
    member: Option<u32>,
    rename: Option<u32>,
}

impl Captures {
    fn of(query: &Query) -> Self {
        let index = |name| query.capture_index_for_name(name);
        Self {
            function: index("function"),
            class: index("class"),
            constant: index("constant"),
            alias: index("alias"),
            whole: index("whole"),
            name: index("name"),
            list: index("list"),
            returns: index("returns"),
            end: index("end"),
            body: index("body"),
            container: index("container"),
            exports: index("exports"),
            module: index("module"),
            member: index("member"),
            rename: index("as"),
        }
    }
}

struct Extraction<'a> {
    language: &'static Language,
    text: &'a str,
    captures: Captures,
    cursor: QueryCursor,
    budget: Budget,
    is_whole: bool,
    pool: Filling,
    symbols: Vec<Symbol>,
    imports: Vec<Import>,
    exports: Option<Vec<Text>>,
    attributes: Vec<Attribute>,
}

/// One definition of a level.
struct Found<'tree> {
    kind: Kind,
    node: Node<'tree>,
    whole: Node<'tree>,
    name: Node<'tree>,
    list: Option<Node<'tree>>,
    returns: Option<Node<'tree>>,
    end: Option<Node<'tree>>,
    body: Option<Node<'tree>>,
}

/// What a level holds.
#[derive(Default)]
struct Level<'tree> {
    found: Vec<Found<'tree>>,
    containers: Vec<Node<'tree>>,
}

impl<'a> Extraction<'a> {
    fn slice(&self, node: Node<'_>) -> &'a str {
        self.text.get(node.byte_range()).unwrap_or_default()
    }

    fn level(&mut self, at: Node<'_>, parent: Option<usize>, depth: u32) {
        if depth > DEPTH || self.budget.is_spent() {
            self.is_whole = false;
            return;
        }
        let mut level = self.matches(at);
        level.found.sort_by_key(|one| one.whole.start_byte());
        level.containers.sort_by_key(Node::start_byte);
        level.containers.dedup_by_key(|node| node.id());
        level.containers.retain(|node| node.id() != at.id());
        let mut containers = level.containers.into_iter().peekable();
        for one in &level.found {
            while let Some(before) = containers.next_if(|node| node.start_byte() < one.whole.start_byte()) {
                self.level(before, parent, depth + 1);
            }
            if self.symbols.len() >= SYMBOLS {
                self.is_whole = false;
                return;
            }
            let symbol = self.symbol(one, parent);
            self.symbols.push(symbol);
            let index = self.symbols.len() - 1;
            let end = one.whole.end_byte();
            while let Some(inside) = containers.next_if(|node| node.end_byte() <= end) {
                if one.kind == Kind::Class {
                    self.level(inside, Some(index), depth + 1);
                }
            }
            self.attributes_of(one, index, parent);
        }
        for after in containers {
            self.level(after, parent, depth + 1);
        }
    }

    /// Runs the query on one level.
    fn matches<'tree>(&mut self, at: Node<'tree>) -> Level<'tree> {
        let mut level = Level::default();
        let mut cursor = std::mem::replace(&mut self.cursor, QueryCursor::new());
        cursor.set_max_start_depth(Some(1));
        let budget = self.budget;
        let mut give_up =
            |_: &_| if budget.is_spent() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
        let options = QueryCursorOptions::new().progress_callback(&mut give_up);
        let query = &self.language.queries().facts;
        let mut matches = cursor.matches_with_options(query, at, self.text.as_bytes(), options);
        while let Some(one) = matches.next() {
            self.take(one.captures(), &mut level);
        }
        drop(matches);
        self.is_whole &= !cursor.did_exceed_match_limit() && !budget.is_spent();
        self.cursor = cursor;
        level
    }

    fn take<'tree>(&mut self, captured: &[QueryCapture<'tree>], level: &mut Level<'tree>) {
        let captures = &self.captures;
        let get = |index: Option<u32>| {
            captured.iter().find(|capture| Some(capture.index) == index).map(|capture| capture.node)
        };
        if let Some(container) = get(captures.container) {
            level.containers.push(container);
        }
        if let Some(module) = get(captures.module) {
            let (member, rename) = (get(captures.member), get(captures.rename));
            return self.import(module, member, rename);
        }
        if let Some(exports) = get(captures.exports) {
            return self.export(exports);
        }
        let kinds = [
            (captures.function, Kind::Function),
            (captures.class, Kind::Class),
            (captures.constant, Kind::Constant),
            (captures.alias, Kind::Alias),
        ];
        let kind = kinds.into_iter().find_map(|(index, kind)| get(index).map(|node| (node, kind)));
        let (Some((node, kind)), Some(name)) = (kind, get(captures.name)) else { return };
        let (end, body) = (get(captures.end), get(captures.body));
        // Half of a header says nothing that can be relied on.
        if end.is_some() && node.has_error() {
            let is_body = |part: &Node<'_>| body.is_some_and(|body| body.id() == part.id());
            if node.children(&mut node.walk()).any(|part| part.has_error() && !is_body(&part)) {
                return;
            }
        }
        let one = Found {
            kind,
            node,
            whole: get(captures.whole).unwrap_or(node),
            name,
            list: get(captures.list),
            returns: get(captures.returns),
            end,
            body,
        };
        // An optional part may match a second time without it.
        match level.found.iter_mut().rev().take(4).find(|known| known.name.id() == name.id()) {
            Some(known) if completeness(&one) > completeness(known) => *known = one,
            Some(_) => {}
            None => level.found.push(one),
        }
    }

    fn import(&mut self, module: Node<'_>, member: Option<Node<'_>>, rename: Option<Node<'_>>) {
        if self.imports.len() >= IMPORTS {
            self.is_whole = false;
            return;
        }
        let mut put = |node: Option<Node<'_>>| {
            let text = node.and_then(|node| self.text.get(node.byte_range())).unwrap_or_default();
            if text.is_empty() { Text::default() } else { self.pool.put(text) }
        };
        let one = Import { module: put(Some(module)), member: put(member), alias: put(rename) };
        self.imports.push(one);
    }

    fn export(&mut self, list: Node<'_>) {
        let mut cursor = list.walk();
        let strings = list.named_children(&mut cursor).take(IMPORTS);
        let names: Vec<Text> = strings
            .filter(|node| self.language.kinds.strings.contains(&node.kind()))
            .map(|node| {
                let name = self.text.get(node.byte_range()).unwrap_or_default();
                self.pool.put(name.trim_matches(['"', '\'']))
            })
            .collect();
        self.exports.get_or_insert_default().extend(names);
    }

    fn symbol(&mut self, one: &Found<'_>, parent: Option<usize>) -> Symbol {
        let kind = match one.kind {
            Kind::Function if parent.is_some() => Kind::Method,
            kind => kind,
        };
        let start = one.node.start_byte();
        let header_end = one.end.map_or(one.node.end_byte(), |end| end.end_byte());
        let limit = if one.end.is_some() { SIGNATURE } else { CONSTANT };
        // Where no token opens a body, it is the header's own last part.
        let has_opener = !self.language.opener.is_empty();
        let end = |end: Node<'_>| if has_opener { end.start_byte() } else { end.end_byte() };
        let shown = one.end.map_or(one.node.end_byte(), end).min(start + limit);
        let shown = self.text.floor_char_boundary(shown);
        let within = |node: Node<'_>| [node.start_byte(), node.end_byte()];
        let nodes = [Some(one.name), one.list, one.returns];
        let mut marks: Vec<usize> =
            nodes.iter().flatten().flat_map(|node| within(*node)).map(|byte| byte - start).collect();
        let text = self.text.get(start..shown).unwrap_or_default();
        let signature = self.pool.put_collapsed(text, self.language.comment, &mut marks);
        let mut pairs = marks.chunks_exact(2);
        let mut next = |node: Option<Node<'_>>| match (node, &mut pairs) {
            (Some(_), pairs) => {
                pairs.next().map_or(Text::default(), |pair| self.pool.between(pair[0], pair[1]))
            }
            (None, _) => Text::default(),
        };
        let [name, list, returns] = nodes.map(&mut next);
        let whole = one.whole.byte_range();
        Symbol {
            kind,
            holder: parent.map_or(0, |parent| short(parent + 1)),
            name,
            signature,
            list,
            returns,
            decorators: self.decorators(one),
            doc: match self.language.docs.above() {
                Some(above) => self.doc_above(above, whole.start),
                None => one.body.map_or(Text::default(), |body| self.docstring(body)),
            },
            whole: (short(whole.start), short(whole.end)),
            start: short(start),
            line: short(one.node.start_position().row),
            header_end: short(header_end),
        }
    }

    fn decorators(&mut self, one: &Found<'_>) -> Text {
        let (whole, node) = (one.whole.start_byte(), one.node.start_byte());
        if whole == node {
            return Text::default();
        }
        let text = self.text.get(whole..node).unwrap_or_default();
        let text = &text[..text.floor_char_boundary(text.len().min(SIGNATURE))];
        let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        self.pool.put(&lines.join("\n"))
    }

    /// The attributes that an initialiser sets, with what is known of their classes.
    fn attributes_of(&mut self, one: &Found<'_>, method: usize, parent: Option<usize>) {
        let (Some(class), Some(body)) = (parent, one.body) else { return };
        if one.kind != Kind::Function || !self.language.initialisers.contains(&self.slice(one.name)) {
            return;
        }
        let Some(symbol) = self.symbols.get(method).copied() else { return };
        let list = self.pool.get(symbol.list).to_owned();
        let parameters = parameters(&list);
        let Some(own) = parameters.first().map(|first| first.name) else { return };
        let query = &self.language.queries().attributes;
        let index = |name| query.capture_index_for_name(name);
        let (object, name, given) = (index("object"), index("name"), index("given"));
        let mut cursor = QueryCursor::new();
        cursor.set_match_limit(MATCHES);
        let mut matches = cursor.matches(query, body, self.text.as_bytes());
        let mut found: Vec<(Node<'_>, &str)> = Vec::new();
        while let Some(one) = matches.next() {
            let captured = one.captures();
            let get = |wanted| captured.iter().find(|one| Some(one.index) == wanted).map(|one| one.node);
            let (Some(of), Some(attribute), Some(last)) = (get(object), get(name), captured.last()) else {
                continue;
            };
            if self.slice(of) != own {
                continue;
            }
            let text = self.slice(last.node);
            let class = match given {
                given if Some(last.index) == given => {
                    parameters.iter().find(|one| one.name == text).map_or("", |one| one.annotation)
                }
                _ => text,
            };
            // A type that is written says more than what is called or given.
            let is_known = found.iter().any(|(known, _)| known.id() == attribute.id());
            if !class.is_empty() && !is_known && found.len() < ATTRIBUTES {
                found.push((attribute, class));
            }
        }
        drop(matches);
        for (attribute, class_text) in found {
            let name = self.pool.put(self.slice(attribute));
            let of = self.pool.put(class_text);
            self.attributes.push(Attribute { class: short(class), name, of });
        }
    }
}

fn completeness(one: &Found<'_>) -> usize {
    one.whole.byte_range().len() + [one.list, one.returns, one.body].iter().flatten().count()
}

fn short(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
