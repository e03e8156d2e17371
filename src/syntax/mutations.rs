//! Small changes after which code does something else: an operator is another one, a number is one more or less, a condition says the
//! opposite. Which there are is data of the language; whether tests notice is not known here.

use std::ops::Range;

use tree_sitter::Node;

use super::{Source, lines, query};
use crate::text::edit::Edit;

/// What a language makes of its own code. All are texts, and kinds of its grammar.
#[derive(Debug)]
pub(super) struct Mutations {
    /// A kind of node, and the text that takes its place.
    pub swaps: &'static [(&'static str, &'static str)],
    /// What a function gives that gives nothing.
    pub nothing: &'static str,
    /// What stands before and behind a condition that says the opposite.
    pub negation: (&'static str, &'static str),
}

impl Mutations {
    pub(super) const NONE: Self = Self { swaps: &[], nothing: "", negation: ("", "") };
}

/// The changes that lie in `range`, each for itself, in the file's order; none without a tree.
#[must_use]
pub fn mutations(source: &Source<'_>, range: &Range<usize>) -> Vec<Edit> {
    let Some(tree) = source.tree else { return Vec::new() };
    let language = source.language;
    let table = &language.mutations;
    let text = |node: Node<'_>| lines::slice(source.text, &node.byte_range());
    let mut edits: Vec<Edit> = Vec::new();
    let (mut conditions, mut types) = (Vec::new(), Vec::new());
    query::run(&language.queries().mutants, tree.root_node(), u32::MAX, source.text, |captures| {
        let get = |name| query::get(captures, name);
        if let Some(node) = get("swapped") {
            let other = table.swaps.iter().find(|(kind, _)| *kind == node.kind());
            edits.extend(other.map(|(_, other)| Edit::new(node.byte_range(), *other)));
        }
        if let (Some(whole), Some(kept)) = (get("dropped"), get("kept")) {
            edits.push(Edit::new(whole.byte_range(), text(kept)));
        }
        if let Some(node) = get("number") {
            edits.extend(neighbours(&text(node)).map(|other| Edit::new(node.byte_range(), other)));
        }
        if let Some(node) = get("returned").filter(|node| text(*node) != table.nothing) {
            edits.push(Edit::new(node.byte_range(), table.nothing));
        }
        conditions.extend(get("condition").map(|node| (node.byte_range(), text(node))));
        types.extend(get("type").map(|node| node.byte_range()));
    });
    let (before, behind) = table.negation;
    for (range, condition) in conditions {
        // A constant, or what is negated already, has its opposite by now.
        if !edits.iter().any(|edit| edit.range == range) {
            edits.push(Edit::new(range, format!("{before}{condition}{behind}")));
        }
    }
    let holds =
        |outer: &Range<usize>, inner: &Range<usize>| outer.start <= inner.start && inner.end <= outer.end;
    edits.retain(|edit| holds(range, &edit.range) && !types.iter().any(|other| holds(other, &edit.range)));
    edits.sort_by(|one, other| {
        (one.range.start, one.range.end, &one.text).cmp(&(other.range.start, other.range.end, &other.text))
    });
    edits.dedup();
    edits
}

/// One more and one less, of a number that is written plainly.
fn neighbours(text: &str) -> impl Iterator<Item = String> + use<> {
    let whole = text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse::<i64>().ok()).flatten();
    let plain = |byte: u8| byte.is_ascii_digit() || byte == b'.';
    let broken = text.contains('.') && text.bytes().all(plain);
    let broken = broken.then(|| text.parse::<f64>().ok()).flatten();
    let whole = whole.into_iter().flat_map(|number| {
        [number.checked_add(1), number.checked_sub(1)].into_iter().flatten().map(|number| number.to_string())
    });
    let broken = broken
        .into_iter()
        .flat_map(|number| [number + 1.0, number - 1.0])
        .map(|number| format!("{number:?}"));
    whole.chain(broken)
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Fixture;
    use super::*;

    #[test]
    fn every_change_is_one_place_and_its_text() {
        for (text, expected) in [
            ("a < b", "<: <="),
            ("a is  not b not in c", "is  not: is; not in: in"),
            ("a + b * c // d", "+: -; *: /; //: *"),
            ("a and b or not c", "and: or; or: and; not c: c"),
            ("x += 1", "+=: -=; 1: 0; 1: 2"),
            ("x = 0, 0x1f, 1.5, 1e3, 7_0", "0: -1; 0: 1; 1.5: 0.5; 1.5: 2.5"),
            ("x = True", "True: False"),
            ("def f():\n  return a, b", "a, b: None"),
            ("def f():\n  return None", ""),
            ("if a:\n  pass\nelif not b:\n  pass", "a: not (a); not b: b"),
            ("while True:\n  pass", "True: False"),
            ("x = a if b(c) else d", "b(c): not (b(c))"),
            ("def f(a: int | None, b: Literal[1] = 2): pass", "2: 1; 2: 3"),
            ("f(*a, **b)\n'1 + 1'\n# 1 + 1", ""),
        ] {
            let fixture = Fixture::new(text);
            let told: Vec<String> = mutations(&fixture.source(), &(0..text.len()))
                .into_iter()
                .map(|edit| format!("{}: {}", &text[edit.range], edit.text))
                .collect();
            assert_eq!(told.join("; "), expected, "{text}");
        }
    }

    #[test]
    fn only_the_range_is_changed() {
        let fixture = Fixture::new("a < b\nc < d\ne < f\n");
        let starts: Vec<usize> =
            mutations(&fixture.source(), &(6..11)).iter().map(|edit| edit.range.start).collect();
        assert_eq!(starts, [8]);
    }
}
