//! The parts of one definition's node: its name, its body, and what opens and closes that.

use tree_sitter::Node;

use super::{Source, definition::Kind, query};

/// See the module's head.
pub(super) struct Parts<'tree> {
    pub kind: Kind,
    pub name: Node<'tree>,
    pub body: Node<'tree>,
    /// Where the token ends that opens the body.
    pub opener: usize,
    /// Where the token begins that closes it; nothing where indentation does.
    pub closer: Option<usize>,
    /// A syntax error stands between the header and the body, or the body's end is missing.
    pub is_broken: bool,
}

/// The parts of `node`; `None` where it defines nothing, or its body does not begin.
pub(super) fn parts<'tree>(source: &Source<'_>, node: Node<'tree>) -> Option<Parts<'tree>> {
    let (kind, name, body, opener) = named(source, node)?;
    let language = source.language;
    let (mut token, mut is_broken) = (None, false);
    let mut cursor = node.walk();
    for child in node.children(&mut cursor) {
        is_broken |= child.is_error();
        if child.kind() == language.opener && !child.is_missing() {
            token = Some(child.end_byte());
        }
    }
    if language.closer.is_empty() {
        return Some(Parts { kind, name, body, opener: token?, closer: None, is_broken });
    }
    let last = body.child_count().saturating_sub(1);
    let mut cursor = body.walk();
    let opener = opener.or_else(|| body.children(&mut cursor).find(|child| child.kind() == language.opener));
    let opener = opener.filter(|child| !child.is_missing())?.end_byte();
    let closer = body.child(last).filter(|child| child.kind() == language.closer && !child.is_missing());
    let closer = closer.map(|closer| closer.start_byte());
    let is_broken = is_broken || closer.is_none();
    Some(Parts { kind, name, body, opener, closer, is_broken })
}

type Named<'tree> = (Kind, Node<'tree>, Node<'tree>, Option<Node<'tree>>);

/// What a node defines, its name, its body, and the header's end where no token opens that: by the grammar's fields, or as the language's
/// query says.
fn named<'tree>(source: &Source<'_>, node: Node<'tree>) -> Option<Named<'tree>> {
    let language = source.language;
    let kinds = &language.kinds;
    let kind = if kinds.functions.contains(&node.kind()) {
        Kind::Function
    } else if kinds.classes.contains(&node.kind()) {
        Kind::Class
    } else {
        return None;
    };
    if language.sources.target.is_empty() {
        return Some((kind, node.child_by_field_name("name")?, node.child_by_field_name("body")?, None));
    }
    let mut found: Option<Named<'tree>> = None;
    query::run(&language.queries().target, node, 0, source.text, |captures| {
        let is_it = query::get(captures, "definition").is_some_and(|one| one.id() == node.id());
        let pair = query::get(captures, "name").zip(query::get(captures, "body"));
        let Some((name, body)) = pair.filter(|_| is_it) else { return };
        let opener = query::last(captures, "opener");
        // An optional part may match a second time without it.
        let end = |opener: Option<Node<'_>>| opener.map(|opener| opener.end_byte());
        if found.as_ref().is_none_or(|known| end(known.3) < end(opener)) {
            found = Some((kind, name, body, opener));
        }
    });
    found
}

/// What stands in a block: its children, and those of a list between its braces.
pub(super) fn children<'tree>(source: &Source<'_>, block: Node<'tree>) -> Vec<Node<'tree>> {
    let kinds = &source.language.kinds;
    let lists = kinds.lists;
    // Where no token opens a body, its node is the definition's, and the header's parts are no part of it.
    let is_definition = kinds.functions.contains(&block.kind()) || kinds.classes.contains(&block.kind());
    let mut cursor = block.walk();
    let mut found = Vec::new();
    for (index, child) in (0..).zip(block.children(&mut cursor)) {
        if is_definition && block.field_name_for_child(index).is_some_and(|field| field != "body") {
            continue;
        }
        if lists.contains(&child.kind()) {
            let mut cursor = child.walk();
            found.extend(child.children(&mut cursor));
        } else {
            found.push(child);
        }
    }
    found
}

/// The definition that stands in `node`, which may have it in wrappers: with decorators, exported, as a variable's value.
pub(super) fn unwrapped<'tree>(source: &Source<'_>, node: Node<'tree>) -> Option<Node<'tree>> {
    let mut inner = node;
    while source.language.kinds.decorated.contains(&inner.kind()) {
        let last = u32::try_from(inner.named_child_count()).unwrap_or(u32::MAX).checked_sub(1);
        let child = inner.child_by_field_name("definition");
        inner = child.or_else(|| inner.named_child(last?))?;
    }
    Some(inner)
}
