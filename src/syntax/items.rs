//! The statements of one block as what they are: definitions with their parts, imports, stubs. For code that is taken apart
//! statement by statement; `outline` is for what a whole file offers, `definition` for the place of a cursor.

use std::ops::Range;

use tree_sitter::Node;

use super::parts::{children, parts, unwrapped};
use super::{Source, lines, query, spine};

/// How deep definitions are looked for in each other.
const DEPTH: usize = 500;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Function,
    Class,
    Import,
    Comment,
    Docstring,
    /// It stands for what is yet to be written (`pass`, `...`).
    Stub,
    Other,
}

/// One statement. All ranges are bytes of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    pub kind: Kind,
    /// With its decorators.
    pub range: Range<usize>,
    pub definition: Option<Definition>,
}

/// What a statement defines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Definition {
    pub name: String,
    /// Without its decorators.
    pub range: Range<usize>,
    /// From its keyword through the colon.
    pub header: Range<usize>,
    /// From the colon to its end, or between its braces.
    pub body: Range<usize>,
    pub decorators: Vec<Range<usize>>,
    /// The first parameter of a function, with its type and default.
    pub first_parameter: Option<Range<usize>>,
}

/// A definition and those around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nested {
    pub item: Item,
    /// Outermost first.
    pub around: Vec<(Kind, Definition)>,
}

impl Nested {
    #[must_use]
    pub fn definition(&self) -> Option<&Definition> {
        self.item.definition.as_ref()
    }
}

/// The statements of the definition whose range (without decorators) is `of`, or of the module's level.
#[must_use]
pub fn items(source: &Source<'_>, of: Option<&Range<usize>>) -> Vec<Item> {
    let Some(tree) = source.tree else { return Vec::new() };
    let block = match of {
        None => Some(tree.root_node()),
        Some(range) => spine::down(tree, range)
            .into_iter()
            .find(|node| node.byte_range() == *range && is_definition(source, node.kind()))
            .and_then(|node| parts(source, node))
            .map(|parts| parts.body),
    };
    block.map(|block| of_block(source, block)).unwrap_or_default()
}

/// All definitions, however deep, in the text's order.
#[must_use]
pub fn definitions(source: &Source<'_>) -> Vec<Nested> {
    let Some(tree) = source.tree else { return Vec::new() };
    let (mut found, mut around) = (Vec::new(), Vec::<(Kind, Definition)>::new());
    let mut cursor = tree.walk();
    let (mut depth, mut decorated): (usize, Option<(Node<'_>, Node<'_>)>) = (0, None);
    loop {
        let node = cursor.node();
        around.retain(|(_, outer)| {
            outer.range.start <= node.start_byte() && node.end_byte() <= outer.range.end
        });
        if source.language.kinds.decorated.contains(&node.kind()) {
            let inner = unwrapped(source, node);
            // Of wrappers around each other the outermost is the whole.
            let is_known = inner.zip(decorated).is_some_and(|(inner, (_, known))| inner.id() == known.id());
            decorated = if is_known { decorated } else { inner.map(|inner| (node, inner)) };
        } else if is_definition(source, node.kind()) {
            let whole =
                decorated.filter(|(_, inner)| inner.id() == node.id()).map_or(node, |(whole, _)| whole);
            let item = item(source, whole);
            if let Some(definition) = item.definition.clone() {
                let kind = item.kind;
                found.push(Nested { item, around: around.clone() });
                around.push((kind, definition));
            }
        }
        if depth < DEPTH && cursor.goto_first_child() {
            depth += 1;
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return found;
            }
            depth -= 1;
        }
    }
}

fn of_block(source: &Source<'_>, block: Node<'_>) -> Vec<Item> {
    let queries = source.language.queries();
    let docstring =
        query::first(&queries.docstring, "docstring", block, 0, source.text).map(|node| node.byte_range());
    let mut stubs = Vec::new();
    query::run(&queries.stubs, block, 1, source.text, |captures| {
        stubs.extend(query::get(captures, "stub").map(|node| node.byte_range()));
    });
    let statements = children(source, block).into_iter().filter(Node::is_named);
    let mut found: Vec<Item> = statements.map(|child| item(source, child)).collect();
    for one in &mut found {
        if docstring.as_ref() == Some(&one.range) {
            one.kind = Kind::Docstring;
        } else if stubs.contains(&one.range) {
            one.kind = Kind::Stub;
        }
    }
    found
}

/// A grammar may have the same kind for other statements (Ruby's `require` is a call).
fn is_import(source: &Source<'_>, node: Node<'_>) -> bool {
    query::first(&source.language.queries().imports, "import", node, 0, source.text).is_some()
}

fn item(source: &Source<'_>, node: Node<'_>) -> Item {
    let kinds = &source.language.kinds;
    let inner = unwrapped(source, node).unwrap_or(node);
    let kind = if kinds.functions.contains(&inner.kind()) {
        Kind::Function
    } else if kinds.classes.contains(&inner.kind()) {
        Kind::Class
    } else if kinds.comments.contains(&inner.kind()) {
        Kind::Comment
    } else if kinds.imports.contains(&inner.kind()) && is_import(source, inner) {
        Kind::Import
    } else {
        Kind::Other
    };
    let definition = if is_definition(source, inner.kind()) { definition(source, node, inner) } else { None };
    // A variable whose value is no function is a statement like others.
    let is_other = definition.is_none() && !source.language.sources.target.is_empty();
    let kind = if is_other && matches!(kind, Kind::Function | Kind::Class) { Kind::Other } else { kind };
    Item { kind, range: node.byte_range(), definition }
}

fn definition(source: &Source<'_>, whole: Node<'_>, node: Node<'_>) -> Option<Definition> {
    let parts = parts(source, node)?;
    let mut cursor = whole.walk();
    let decorators = if whole.id() == node.id() {
        Vec::new()
    } else {
        let others = whole.children(&mut cursor).filter(|child| {
            child.is_named()
                && (child.end_byte() <= node.start_byte() || node.end_byte() <= child.start_byte())
        });
        others
            .filter(|child| !source.language.kinds.comments.contains(&child.kind()))
            .map(|child| child.byte_range())
            .collect()
    };
    let first = node.child_by_field_name("parameters").and_then(|parameters| parameters.named_child(0));
    Some(Definition {
        name: lines::slice(source.text, &parts.name.byte_range()),
        range: node.byte_range(),
        header: node.start_byte()..parts.opener,
        body: parts.opener..parts.closer.unwrap_or(node.end_byte()),
        decorators,
        first_parameter: first.map(|first| first.byte_range()),
    })
}

fn is_definition(source: &Source<'_>, kind: &str) -> bool {
    let kinds = &source.language.kinds;
    kinds.functions.contains(&kind) || kinds.classes.contains(&kind)
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Fixture;
    use super::*;

    const TEXT: &str = concat!(
        "'''M.'''\nimport a\n# c\nx = 1\n",
        "@d\n@e(1)\nclass A(B):\n    'Of A.'\n    pass\n    async def f(self: A, x=1) -> int:\n        def g(): ...\n        return g\n",
        "if x:\n    def h(*, y): return y\n...\n",
    );

    #[test]
    fn statements_are_what_they_are() {
        let fixture = Fixture::new(TEXT);
        let source = fixture.source();
        let tell = |of: Option<&Range<usize>>| -> Vec<String> {
            let word = |item: &Item| {
                lines::slice(&fixture.text, &item.range).lines().next().unwrap_or_default().to_owned()
            };
            items(&source, of).iter().map(|item| format!("{:?} {}", item.kind, word(item))).collect()
        };
        let top = [
            "Docstring '''M.'''",
            "Import import a",
            "Comment # c",
            "Other x = 1",
            "Class @d",
            "Other if x:",
            "Stub ...",
        ];
        assert_eq!(tell(None), top);
        let all = items(&source, None);
        let class = all[4].definition.as_ref().unwrap();
        assert_eq!(
            tell(Some(&class.range)),
            ["Docstring 'Of A.'", "Stub pass", "Function async def f(self: A, x=1) -> int:"]
        );
        assert_eq!(tell(Some(&(0..1))), [""; 0]);
    }

    #[test]
    fn definitions_know_what_is_around_them() {
        let fixture = Fixture::new(TEXT);
        let found = definitions(&fixture.source());
        let part = |range: &Range<usize>| lines::slice(&fixture.text, range);
        let tell = |one: &Nested| {
            let around: String = one.around.iter().map(|(_, outer)| format!("{}.", outer.name)).collect();
            let own = one.definition().unwrap();
            let decorators: Vec<String> = own.decorators.iter().map(part).collect();
            let first = own.first_parameter.as_ref().map(part).unwrap_or_default();
            format!("{around}{} | {} | {} | {first}", own.name, decorators.join(" "), part(&own.header))
        };
        assert_eq!(
            found.iter().map(tell).collect::<Vec<_>>(),
            [
                "A | @d @e(1) | class A(B): | ",
                "A.f |  | async def f(self: A, x=1) -> int: | self: A",
                "A.f.g |  | def g(): | ",
                "h |  | def h(*, y): | *",
            ]
        );
    }
}
