//! What tests ask: each assertion with what it is about, and whether anything could make it fail. By the tree alone: what a name stands
//! for is not known, so two texts are the same thing or they are not.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use tree_sitter::Node;

use super::flow::Flow;
use super::{Source, lines, query, spine};

/// One assertion.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Assertion {
    pub range: Range<usize>,
    /// The outermost function that it stands in.
    pub function: Option<String>,
    /// It holds, whatever is tested.
    pub is_hollow: bool,
    /// What stands before it in its block never goes on to it.
    pub is_unreached: bool,
    /// Its failure comes to nobody.
    pub is_swallowed: bool,
    /// How many cases it looks at, at most; nothing where that cannot be told.
    pub times: Option<usize>,
    /// The texts that it compares for being the same.
    pub equal: Vec<String>,
    /// The texts that it asks something of, those included.
    pub asked: Vec<String>,
}

/// Those that begin in `range`, in order; nothing where not all of them could be looked for.
#[must_use]
pub fn assertions(source: &Source<'_>, range: &Range<usize>) -> Option<Vec<Assertion>> {
    let known = Known::of(source, range)?;
    if known.assertions.is_empty() {
        return Some(Vec::new());
    }
    // What ends the way to one may stand anywhere before it.
    let flow = Flow::of(source, &(0..range.end));
    let mut found: Vec<Assertion> =
        known.assertions.values().map(|node| known.read(source, &flow, *node)).collect();
    found.sort_by_key(|one| (one.range.start, one.range.end));
    Some(found)
}

/// What the query captures, by its nodes.
#[derive(Default)]
struct Known<'tree> {
    assertions: HashMap<usize, Node<'tree>>,
    conditions: HashMap<usize, Node<'tree>>,
    constants: Vec<Node<'tree>>,
    either: HashSet<usize>,
    around: HashSet<usize>,
    both: HashMap<usize, Range<usize>>,
    claims: Vec<Claim<'tree>>,
    /// How often a node is gone through, for each of its reasons.
    repeated: HashMap<usize, Vec<Node<'tree>>>,
    displays: HashSet<usize>,
    several: Vec<(Range<usize>, usize)>,
    many: Vec<Range<usize>>,
    tried: Vec<(Range<usize>, Option<Node<'tree>>)>,
}

/// What a condition says of texts.
struct Claim<'tree> {
    node: Node<'tree>,
    equal: Option<[String; 2]>,
    asked: Option<String>,
}

impl<'tree> Known<'tree> {
    fn of(source: &Source<'tree>, range: &Range<usize>) -> Option<Self> {
        let (mut known, queries) = (Self::default(), source.language.queries());
        let is_whole = query::run_over(&queries.assertions, source.tree?, range, source.text, |captures| {
            known.take(source, range, captures);
        });
        is_whole.then_some(known)
    }

    fn take(&mut self, source: &Source<'_>, range: &Range<usize>, captures: &query::Match<'_, 'tree>) {
        let get = |name| query::get(captures, name);
        let text = |node: Node<'_>| lines::slice(source.text, &node.byte_range());
        if let (Some(node), Some(cases)) = (get("repeated"), get("cases")) {
            self.repeated.entry(node.id()).or_default().push(cases);
        }
        self.displays.extend(get("display").map(|node| node.id()));
        if let Some(node) = get("tried") {
            self.tried.push((node.byte_range(), get("handled")));
        }
        if !captures.iter().all(|(_, node)| range.contains(&node.start_byte())) {
            return;
        }
        if let Some(node) = get("assertion") {
            self.assertions.insert(node.id(), node);
        }
        self.conditions.extend(get("condition").map(|node| (node.id(), node)));
        self.constants.extend(get("constant"));
        self.either.extend(get("either").map(|node| node.id()));
        self.around.extend(get("around").map(|node| node.id()));
        self.both.extend(get("both").map(|node| (node.id(), node.byte_range())));
        self.several.extend(get("several").map(|node| (node.byte_range(), node.named_child_count())));
        self.many.extend(get("many").map(|node| node.byte_range()));
        if let Some(node) = get("claim") {
            let equal = get("one").zip(get("other")).map(|(one, other)| [text(one), text(other)]);
            let equal = equal.filter(|[one, other]| one != other);
            self.claims.push(Claim { node, equal, asked: get("asked").map(text) });
        }
    }

    fn read(&self, source: &Source<'_>, flow: &Flow, node: Node<'_>) -> Assertion {
        let range = node.byte_range();
        let path = way(source, node);
        let mut assertion = Assertion {
            function: self.function(source, &path),
            is_hollow: self.is_hollow(source, &range),
            is_unreached: is_unreached(source, flow, &path),
            is_swallowed: self.is_swallowed(source, flow, &range),
            times: self.times(&path, &range),
            range,
            ..Assertion::default()
        };
        let conditions = self.conditions.values().filter(|one| within(&one.byte_range(), &assertion.range));
        let mut asked: Vec<String> =
            conditions.map(|one| lines::slice(source.text, &one.byte_range())).collect();
        for claim in self.claims.iter().filter(|claim| within(&claim.node.byte_range(), &assertion.range)) {
            let through = |id: usize| self.both.contains_key(&id) || self.around.contains(&id);
            if claim.node.id() == node.id() || self.is_condition(source, claim.node, through) {
                assertion.equal.extend(claim.equal.iter().flatten().cloned());
                asked.extend(claim.asked.clone());
            }
        }
        asked.extend(assertion.equal.iter().cloned());
        asked.sort_unstable();
        asked.dedup();
        Assertion { asked, ..assertion }
    }

    fn function(&self, source: &Source<'_>, path: &[Node<'_>]) -> Option<String> {
        let function = path.iter().find(|node| source.language.kinds.functions.contains(&node.kind()))?;
        let name = function.child_by_field_name("name")?;
        Some(lines::slice(source.text, &name.byte_range()))
    }

    fn is_hollow(&self, source: &Source<'_>, range: &Range<usize>) -> bool {
        let through = |id: usize| self.either.contains(&id) || self.around.contains(&id);
        let mut constants = self.constants.iter().filter(|one| within(&one.byte_range(), range));
        constants.any(|one| self.is_condition(source, *one, through))
    }

    /// Whether a node is a whole condition, or a part of one through such nodes.
    fn is_condition(&self, source: &Source<'_>, node: Node<'_>, through: impl Fn(usize) -> bool) -> bool {
        let path = way(source, node);
        let part = path.iter().rev().take_while(|one| one.id() == node.id() || through(one.id()));
        part.into_iter().any(|one| self.conditions.contains_key(&one.id()))
    }

    fn is_swallowed(&self, source: &Source<'_>, flow: &Flow, range: &Range<usize>) -> bool {
        let is_idle = |handled: &Option<Node<'_>>| handled.is_none_or(|block| flow.is_idle(source, block));
        self.tried.iter().any(|(tried, handled)| within(range, tried) && is_idle(handled))
    }

    fn times(&self, path: &[Node<'_>], range: &Range<usize>) -> Option<usize> {
        if self.many.iter().any(|many| within(many, range)) {
            return None;
        }
        let parts = 1 + self.both.values().filter(|both| within(both, range)).count();
        let several = self.several.iter().filter(|(several, _)| within(several, range));
        let each = several.map(|(_, count)| *count).chain([parts]).max()?;
        let mut repeated = path.iter().filter_map(|node| self.repeated.get(&node.id())).flatten();
        repeated.try_fold(each, |times, cases| {
            let is_known = self.displays.contains(&cases.id());
            is_known.then(|| times.saturating_mul(cases.named_child_count()))
        })
    }
}

/// The nodes from the root down to one.
fn way<'tree>(source: &Source<'tree>, node: Node<'_>) -> Vec<Node<'tree>> {
    let mut path = source.tree.map(|tree| spine::down(tree, &node.byte_range())).unwrap_or_default();
    if let Some(at) = path.iter().position(|one| one.id() == node.id()) {
        path.truncate(at + 1);
    }
    path
}

/// Whether something before it in a block around it ends the function, or leaves the block.
fn is_unreached(source: &Source<'_>, flow: &Flow, path: &[Node<'_>]) -> bool {
    path.windows(2).any(|pair| {
        let [block, own] = pair else { return false };
        let mut cursor = block.walk();
        source.language.kinds.blocks.contains(&block.kind())
            && block
                .named_children(&mut cursor)
                .take_while(|one| one.id() != own.id())
                .any(|one| flow.ends(source, one))
    })
}

fn within(inner: &Range<usize>, outer: &Range<usize>) -> bool {
    outer.start <= inner.start && inner.end <= outer.end
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Fixture;
    use super::*;

    fn read(text: &str) -> Vec<Assertion> {
        let fixture = Fixture::new(text);
        assertions(&fixture.source(), &(0..text.len())).unwrap()
    }

    #[test]
    fn what_cannot_fail_is_known() {
        for (body, expected) in [
            ("assert True", "hollow"),
            ("assert 1, 'x'", "hollow"),
            ("assert (a, 'x')", "hollow"),
            ("assert a == 1 or True", "hollow"),
            ("assert ((True or a) or b)", "hollow"),
            ("self.assertTrue(a or 1)", "hollow"),
            ("assert not False", "hollow"),
            ("return\n    assert a", "unreached"),
            ("if a:\n        return\n    else:\n        raise E\n    assert a", "unreached"),
            ("for x in a:\n        continue\n        assert x", "unreached"),
            ("try:\n        assert a\n    except AssertionError:\n        pass", "swallowed"),
            ("try:\n        assert a\n    except:\n        '''So.'''\n        return", "swallowed"),
            ("try:\n        assert a\n    except (E, Exception) as e:\n        ...", "swallowed"),
            ("with contextlib.suppress(AssertionError):\n        assert a", "swallowed"),
            // These can.
            ("assert 1 <= a, 'positive'", ""),
            ("assert False or a", ""),
            ("assert a or b, True", ""),
            ("assert True and a", ""),
            ("assert f(True)", ""),
            ("assert False", ""),
            ("assert 0", ""),
            ("if a:\n        return\n    assert a", ""),
            ("with raises(E):\n        raise E\n    assert a", ""),
            ("while True:\n        if a: break\n    assert a", ""),
            ("try:\n        assert a\n    except ValueError:\n        pass", ""),
            ("try:\n        assert a\n    except AssertionError as e:\n        assert e", ""),
            ("try:\n        a\n    except AssertionError:\n        pass\n    assert a", ""),
        ] {
            let found = read(&format!("def test_a(self, a):\n    {body}\n"));
            let first = found.iter().find(|one| !one.asked.is_empty()).unwrap();
            let told = [
                (first.is_hollow, "hollow"),
                (first.is_unreached, "unreached"),
                (first.is_swallowed, "swallowed"),
            ];
            let told: Vec<&str> = told.into_iter().filter(|(is, _)| *is).map(|(_, what)| what).collect();
            assert_eq!(told.join(" "), expected, "{body}");
            assert_eq!(first.function.as_deref(), Some("test_a"));
        }
    }

    #[test]
    fn what_they_ask_is_known() {
        for (text, times, equal, asked) in [
            ("assert f(2) == 4", Some(1), "f(2) 4", "4 f(2) f(2) == 4"),
            ("assert a == 4 and (b is not None)", Some(2), "a 4", "4 a a == 4 and (b is not None) b"),
            ("assert a == a", Some(1), "", "a a == a"),
            ("assert a", Some(1), "", "a"),
            ("assert isinstance(a, int)", Some(1), "", "a isinstance(a, int)"),
            ("assert not a == 4", Some(1), "", "not a == 4"),
            ("self.assertEqual(a, 4)", Some(1), "a 4", "4 a"),
            ("self.assertAlmostEqual(a, 4)", Some(1), "a 4", "4 a"),
            ("self.assertNotEqual(a, 4)", Some(1), "", "a"),
            ("self.assertIsNotNone(a)", Some(1), "", "a"),
            ("with pytest.raises(E) as e: a", Some(1), "", ""),
            (
                "assert [f(1), f(2), f(3)] == b",
                Some(3),
                "[f(1), f(2), f(3)] b",
                "[f(1), f(2), f(3)] [f(1), f(2), f(3)] == b b",
            ),
            ("for x in (1, 2): assert x", Some(2), "", "x"),
            ("for x in xs: assert x", None, "", "x"),
            ("assert all(x for x in xs)", None, "", "all(x for x in xs)"),
            ("@pytest.mark.parametrize('a', [1, 2])\ndef test(a): assert a", Some(2), "", "a"),
            ("@pytest.mark.parametrize('a', CASES)\ndef test(a): assert a", None, "", "a"),
        ] {
            let found = read(text);
            let [one] = found.as_slice() else { panic!("{text}: {found:?}") };
            let told = (one.times, one.equal.join(" "), one.asked.join(" "));
            assert_eq!(told, (times, equal.to_owned(), asked.to_owned()), "{text}");
        }
    }
}
