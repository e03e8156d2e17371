//! How the statements of a body go on: whether anything comes of it, as far as statements alone tell. No values are known here: a
//! condition may be one or the other, and a loop may be run or not.

use std::collections::HashSet;
use std::ops::Range;

use tree_sitter::Node;

use super::definition::Definition;
use super::{Source, query, spine};

/// What is known of the statements of one file, by their nodes.
#[derive(Debug, Default)]
pub struct Flow {
    refused: HashSet<usize>,
    ended: HashSet<usize>,
    nothing: HashSet<usize>,
    left: HashSet<usize>,
    entered: HashSet<usize>,
    managed: HashSet<usize>,
    given: Vec<Range<usize>>,
}

/// What comes of a body.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Where it says that it is yet to be written.
    pub refusals: Vec<Range<usize>>,
    /// However it goes, it says so or does nothing.
    pub is_refused: bool,
    /// Its statements do nothing at all.
    pub is_nothing: bool,
    /// Those that go away with nothing.
    pub left: Vec<Range<usize>>,
}

/// The ways through some statements.
#[derive(Clone, Debug, Default)]
struct Ways {
    refusals: Vec<Range<usize>>,
    /// Some way gives a result.
    gives: bool,
    /// Some way comes to the end, and whether any of them may have done something.
    falls: bool,
    acts: bool,
}

impl Flow {
    /// Of what touches `range`; nothing is known without a tree, or where not all of it could be looked at.
    #[must_use]
    pub fn of(source: &Source<'_>, range: &Range<usize>) -> Self {
        let mut flow = Self::default();
        let Some(tree) = source.tree else { return flow };
        let is_whole =
            query::run_over(&source.language.queries().flow, tree, range, source.text, |captures| {
                for (capture, node) in captures {
                    let known = match *capture {
                        "refused" => &mut flow.refused,
                        "ended" => &mut flow.ended,
                        "nothing" => &mut flow.nothing,
                        "left" => &mut flow.left,
                        "entered" => &mut flow.entered,
                        "managed" => &mut flow.managed,
                        "given" => {
                            flow.given.push(node.byte_range());
                            continue;
                        }
                        _ => continue,
                    };
                    known.insert(node.id());
                }
            });
        if is_whole { flow } else { Self::default() }
    }

    /// What comes of the function's body.
    #[must_use]
    pub fn outcome(&self, source: &Source<'_>, function: &Definition) -> Outcome {
        let kinds = &source.language.kinds;
        let path = source.tree.map(|tree| spine::down(tree, &function.body)).unwrap_or_default();
        let is_body =
            |node: &&Node<'_>| kinds.blocks.contains(&node.kind()) && node.byte_range() == function.body;
        let Some(body) = path.iter().find(is_body) else { return Outcome::default() };
        let ways = self.block(source, *body);
        Outcome {
            is_refused: !(ways.refusals.is_empty() || ways.gives || ways.falls && ways.acts),
            refusals: ways.refusals,
            is_nothing: self.is_idle(source, *body),
            left: statements(source, *body)
                .iter()
                .filter(|one| self.left.contains(&one.id()))
                .map(Node::byte_range)
                .collect(),
        }
    }

    /// Whether a block does nothing, or goes away with nothing.
    pub(super) fn is_idle(&self, source: &Source<'_>, block: Node<'_>) -> bool {
        statements(source, block)
            .iter()
            .all(|one| self.nothing.contains(&one.id()) || self.left.contains(&one.id()))
    }

    /// Whether nothing that stands behind a statement in its block is come to.
    pub(super) fn ends(&self, source: &Source<'_>, statement: Node<'_>) -> bool {
        !self.statement(source, statement).falls
    }

    fn block(&self, source: &Source<'_>, block: Node<'_>) -> Ways {
        let mut ways = Ways { falls: true, ..Ways::default() };
        for statement in statements(source, block) {
            let next = self.statement(source, statement);
            ways.refusals.extend(next.refusals);
            ways.gives |= next.gives;
            ways.acts |= next.acts;
            ways.falls = next.falls;
            if !ways.falls {
                break;
            }
        }
        ways
    }

    fn statement(&self, source: &Source<'_>, statement: Node<'_>) -> Ways {
        let (id, range) = (statement.id(), statement.byte_range());
        let is_within = |given: &Range<usize>| range.start <= given.start && given.end <= range.end;
        if self.refused.contains(&id) {
            return Ways { refusals: vec![range], ..Ways::default() };
        }
        if self.entered.contains(&id) {
            let mut ways = Ways { falls: self.managed.contains(&id), ..Ways::default() };
            for block in blocks(source, statement) {
                let one = self.block(source, block);
                ways.refusals.extend(one.refusals);
                ways.gives |= one.gives;
                ways.falls |= one.falls;
                ways.acts |= one.acts;
            }
            return ways;
        }
        let kinds = &source.language.kinds;
        let defines = [kinds.functions, kinds.classes, kinds.decorated].concat().contains(&statement.kind());
        Ways {
            gives: !defines && self.given.iter().any(is_within),
            falls: !self.ended.contains(&id),
            acts: !self.nothing.contains(&id),
            ..Ways::default()
        }
    }
}

/// The statements of a block.
fn statements<'tree>(source: &Source<'_>, block: Node<'tree>) -> Vec<Node<'tree>> {
    let mut cursor = block.walk();
    let is_statement = |node: &Node<'_>| !source.language.kinds.comments.contains(&node.kind());
    block.named_children(&mut cursor).filter(is_statement).collect()
}

/// The blocks of a statement, and not those within them.
fn blocks<'tree>(source: &Source<'_>, statement: Node<'tree>) -> Vec<Node<'tree>> {
    let mut cursor = statement.walk();
    let mut found = Vec::new();
    for child in statement.named_children(&mut cursor) {
        if source.language.kinds.blocks.contains(&child.kind()) {
            found.push(child);
        } else {
            // A clause has its block as its own child.
            let mut inner = child.walk();
            found.extend(
                child
                    .named_children(&mut inner)
                    .filter(|node| source.language.kinds.blocks.contains(&node.kind())),
            );
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::definition;
    use super::super::fixture::Fixture;
    use super::*;

    #[test]
    fn a_body_is_refused_or_nothing_however_it_goes() {
        for (body, expected) in [
            ("raise NotImplementedError", "refused"),
            ("n = int(n)\n    raise NotImplementedError('f')", "refused"),
            ("if n < 0:\n        raise ValueError\n    raise NotImplementedError", "refused"),
            ("if n:\n        raise NotImplementedError\n    else:\n        pass", "refused"),
            ("with n:\n        raise NotImplementedError", "refused"),
            ("try:\n        raise NotImplementedError\n    finally:\n        pass", "refused"),
            ("raise NotImplementedError\n    return n", "refused"),
            ("return None", "nothing"),
            ("'''Doc.'''\n    # so\n    return", "nothing"),
            ("...", "nothing"),
            // Something comes of these.
            ("return n", ""),
            ("if n:\n        raise NotImplementedError", ""),
            ("if n:\n        raise NotImplementedError\n    return n", ""),
            ("if n:\n        return n\n    raise NotImplementedError", ""),
            ("if n:\n        n.go()\n    else:\n        raise NotImplementedError", ""),
            ("for x in n:\n        yield x\n    raise NotImplementedError", ""),
            ("try:\n        return n()\n    except E:\n        raise NotImplementedError", ""),
            ("class A:\n        def g(self):\n            raise NotImplementedError\n    return A", ""),
            ("def g():\n        return 1\n    g()", ""),
            ("raise ValueError", ""),
        ] {
            let fixture = Fixture::new(&format!("def f$0(n):\n    {body}\n"));
            let source = fixture.source();
            let function = definition::around(&source, &fixture.range).pop().unwrap();
            let outcome = Flow::of(&source, &function.whole).outcome(&source, &function);
            let told = match (outcome.is_refused, outcome.is_nothing) {
                (true, _) => "refused",
                (_, true) => "nothing",
                _ => "",
            };
            assert_eq!(told, expected, "{body}");
        }
    }
}
