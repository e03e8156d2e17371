//! The symbols of a file: what it defines, without what its functions do inside.

use std::ops::Range;

use tree_sitter::Node;

use super::{Source, lines, query};

/// How many symbols a file's outline has at most; a generated file may have more, and nobody reads on.
const SYMBOLS: usize = 20_000;

/// How deep blocks are followed (classes in classes, imports under `if` and `try`).
const DEPTH: u32 = 16;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Class,
    Function,
    Method,
    /// An assignment to a name, of the module or of a class.
    Constant,
    Import,
    /// A name for a type.
    Alias,
}

/// One symbol. All ranges are bytes of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Symbol {
    pub kind: Kind,
    /// Empty for an import.
    pub name: String,
    /// With its decorators.
    pub whole: Range<usize>,
    /// From the definition's keyword through the colon; the whole statement for the other kinds.
    pub signature: Range<usize>,
    /// The class that holds it: an index into the outline, always a smaller one.
    pub parent: Option<usize>,
}

/// The outline, in the file's order; empty without a tree. Functions are not entered; a symbol takes about 4 µs.
#[must_use]
pub fn outline(source: &Source<'_>) -> Vec<Symbol> {
    outline_where(source, &|_| true)
}

/// The outline without the members of the classes that `enter` says no to.
#[must_use]
pub fn outline_where(source: &Source<'_>, enter: &dyn Fn(&Symbol) -> bool) -> Vec<Symbol> {
    let mut symbols = Vec::new();
    if let Some(tree) = source.tree {
        level(&Walk { source, enter }, tree.root_node(), None, 0, &mut symbols);
    }
    symbols
}

/// The docstring of `symbol`, which is of `source`'s outline. Looked for only here: a query for each symbol of a large file
/// takes longer than all the rest of its outline.
#[must_use]
pub fn docstring(source: &Source<'_>, symbol: &Symbol) -> Option<Range<usize>> {
    if source.language.docs.above().is_some() {
        return source.language.docs.over(source.text, symbol.whole.start)?.doc;
    }
    // The definition is the parent of the keyword that it begins with.
    let start = symbol.signature.start;
    let keyword = source.tree?.root_node().descendant_for_byte_range(start, start + 1)?;
    let body = keyword.parent()?.child_by_field_name("body")?;
    query::first(&source.language.queries().docstring, "docstring", body, 0, source.text)
        .map(|docstring| docstring.byte_range())
}

/// What all levels share.
struct Walk<'a> {
    source: &'a Source<'a>,
    enter: &'a dyn Fn(&Symbol) -> bool,
}

/// What one level holds, before nested levels are merged in.
struct Found<'tree> {
    symbol: Symbol,
    node: Node<'tree>,
}

fn level<'tree>(walk: &Walk<'_>, at: Node<'tree>, parent: Option<usize>, depth: u32, out: &mut Vec<Symbol>) {
    if depth > DEPTH {
        return;
    }
    let source = walk.source;
    let (mut found, mut containers) = (Vec::<Found<'tree>>::new(), Vec::new());
    query::run(&source.language.queries().symbols, at, 1, source.text, |captures| {
        if let Some(container) = query::get(captures, "container").filter(|one| one.id() != at.id()) {
            containers.push(container);
        }
        if let Some(one) = symbol(source, captures, parent) {
            match found.iter_mut().rev().take(4).find(|known| known.node.id() == one.node.id()) {
                Some(known) if one.symbol.whole.len() > known.symbol.whole.len() => *known = one,
                Some(_) => {}
                None => found.push(one),
            }
        }
    });
    found.sort_by_key(|one| one.symbol.whole.start);
    containers.sort_by_key(Node::start_byte);
    containers.dedup_by_key(|node| node.id());
    let mut containers = containers.into_iter().peekable();
    for one in found {
        while let Some(before) = containers.next_if(|node| node.start_byte() < one.symbol.whole.start) {
            level(walk, before, parent, depth + 1, out);
        }
        if out.len() >= SYMBOLS {
            return;
        }
        let (end, class) = (one.symbol.whole.end, one.symbol.kind == Kind::Class);
        let entered = class && (walk.enter)(&one.symbol);
        out.push(one.symbol);
        let index = out.len() - 1;
        if class {
            while let Some(inside) = containers.next_if(|node| node.end_byte() <= end) {
                if entered {
                    level(walk, inside, Some(index), depth + 1, out);
                }
            }
        }
    }
    for after in containers {
        level(walk, after, parent, depth + 1, out);
    }
}

fn symbol<'tree>(
    source: &Source<'_>,
    captures: &query::Match<'_, 'tree>,
    parent: Option<usize>,
) -> Option<Found<'tree>> {
    let get = |name| query::get(captures, name);
    let (kind, node) = [
        ("function", if parent.is_some() { Kind::Method } else { Kind::Function }),
        ("class", Kind::Class),
        ("constant", Kind::Constant),
        ("import", Kind::Import),
        ("alias", Kind::Alias),
    ]
    .into_iter()
    .find_map(|(name, kind)| get(name).map(|node| (kind, node)))?;
    let symbol = Symbol {
        kind,
        name: get("name").map(|name| lines::slice(source.text, &name.byte_range())).unwrap_or_default(),
        whole: get("whole").unwrap_or(node).byte_range(),
        signature: node.start_byte()..get("end").map_or(node.end_byte(), |end| end.end_byte()),
        parent,
    };
    Some(Found { symbol, node })
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Fixture;
    use super::*;

    #[test]
    fn symbols_have_kinds_parents_and_signatures() {
        let fixture = Fixture::new(concat!(
            "\"\"\"M.\"\"\"\nimport os\nLIMIT: int = 3\ntype Row = dict[str, int]\n",
            "if True:\n    from a import b\n",
            "@deco\nclass A(Base):\n    '''Of A.'''\n    x = 1\n    @property\n    def f(self) -> int:\n        'Of f.'\n        y = 1\n",
            "    class B:\n        async def g(self): ...\n    z = 2\n",
            "def h[T](\n    a: T,\n):\n    def inner(): pass\n    return inner\n",
        ));
        let source = fixture.source();
        let symbols = outline(&source);
        let text = |range: &Range<usize>| lines::slice(&fixture.text, range);
        let got: Vec<_> = symbols
            .iter()
            .map(|one| {
                let parent = one.parent.map_or(String::new(), |parent| format!("{}.", symbols[parent].name));
                let docstring = docstring(&source, one).as_ref().map(text).unwrap_or_default();
                format!("{:?} {parent}{} | {} | {docstring}", one.kind, one.name, text(&one.signature))
            })
            .collect();
        assert_eq!(
            got,
            [
                "Import  | import os | ",
                "Constant LIMIT | LIMIT: int = 3 | ",
                "Alias Row | type Row = dict[str, int] | ",
                "Import  | from a import b | ",
                "Class A | class A(Base): | '''Of A.'''",
                "Constant A.x | x = 1 | ",
                "Method A.f | def f(self) -> int: | 'Of f.'",
                "Class A.B | class B: | ",
                "Method B.g | async def g(self): | ",
                "Constant A.z | z = 2 | ",
                "Function h | def h[T](\n    a: T,\n): | ",
            ]
        );
        assert!(text(&symbols[4].whole).starts_with("@deco\nclass A"));
        assert!(text(&symbols[6].whole).starts_with("@property\n"));
    }
}
