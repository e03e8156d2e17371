//! Calls of plain names and of their members: `f(1, key=2)`, `a.f()`.

use std::collections::HashMap;
use std::ops::Range;

use super::{Source, lines, query};

/// One call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    pub name: String,
    /// What it is a member of, and where that stands.
    pub object: Option<(String, Range<usize>)>,
    /// Where the name stands that is what the call makes, and nothing else.
    pub given: Option<usize>,
    /// Of the name.
    pub range: Range<usize>,
    /// How many arguments have no name.
    pub positional: usize,
    /// The names of the others.
    pub keywords: Vec<(String, Range<usize>)>,
    /// Something stands for any number of arguments.
    pub is_open: bool,
}

/// What a file calls.
#[derive(Clone, Debug, Default)]
pub struct Calls {
    /// In order.
    pub all: Vec<Call>,
    /// Where failures are expected: a test that something raises, an attempt that catches what it may raise.
    pub attempts: Vec<Range<usize>>,
}

impl Calls {
    /// Whether what stands at `range` is expected to fail.
    #[must_use]
    pub fn is_attempt(&self, range: &Range<usize>) -> bool {
        self.attempts.iter().any(|attempt| attempt.start <= range.start && range.end <= attempt.end)
    }

    /// Whether one of these plain names is called anywhere.
    #[must_use]
    pub fn has_any(&self, names: &[&str]) -> bool {
        self.all.iter().any(|call| call.object.is_none() && names.contains(&call.name.as_str()))
    }
}

/// The calls of `source`; nothing without a tree, or where not all could be found.
#[must_use]
pub fn calls(source: &Source<'_>) -> Option<Calls> {
    let tree = source.tree?;
    let text = source.text;
    let mut calls: HashMap<usize, Call> = HashMap::new();
    let mut keywords = Vec::new();
    let mut attempts = Vec::new();
    let (mut open, mut names) = (Vec::new(), Vec::new());
    let is_whole = query::run_whole(&source.language.queries().calls, tree, text, |captures| {
        let get = |name| query::get(captures, name);
        if let (Some(function), Some(arguments)) = (get("function"), get("arguments")) {
            let mut cursor = arguments.walk();
            let given = arguments.named_children(&mut cursor).filter(|child| !child.is_extra()).count();
            let name = lines::slice(text, &function.byte_range());
            let object = get("object").map(|one| (lines::slice(text, &one.byte_range()), one.byte_range()));
            let call = Call {
                name,
                object,
                given: None,
                range: function.byte_range(),
                positional: given,
                keywords: Vec::new(),
                is_open: false,
            };
            calls.insert(arguments.id(), call);
        }
        if let (Some(name), Some(arguments)) = (get("given"), get("by")) {
            names.push((arguments.id(), name.start_byte()));
        }
        let list = |node: tree_sitter::Node<'_>| node.parent().map(|parent| parent.id());
        if let Some(keyword) = get("keyword") {
            let within = keyword.parent().and_then(list);
            keywords.extend(within.map(|id| (id, keyword.byte_range())));
        }
        attempts.extend(get("attempt").map(|node| node.byte_range()));
        open.extend(get("any").and_then(list));
    });
    if !is_whole {
        return None;
    }
    for (id, range) in keywords {
        if let Some(call) = calls.get_mut(&id) {
            call.positional = call.positional.saturating_sub(1);
            call.keywords.push((lines::slice(text, &range), range));
        }
    }
    for id in open {
        if let Some(call) = calls.get_mut(&id) {
            call.positional = call.positional.saturating_sub(1);
            call.is_open = true;
        }
    }
    for (id, start) in names {
        if let Some(call) = calls.get_mut(&id) {
            call.given = Some(start);
        }
    }
    let mut calls: Vec<Call> = calls.into_values().collect();
    calls.sort_by_key(|call| call.range.start);
    Some(Calls { all: calls, attempts })
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Fixture;
    use super::*;

    #[test]
    fn failures_are_expected_in_attempts() {
        for (text, expected) in [
            ("with pytest.raises(TypeError):\n    f(1)\n", "f(1)"),
            ("with a, self.assertRaises(E) as e:\n    f(1)\n", "f(1)"),
            ("try:\n    f(1)\nexcept (ValueError, AttributeError) as e:\n    g()\n", "f(1)"),
            ("try:\n    f(1)\nexcept Exception:\n    pass\nwith open(x):\n    g()\n", ""),
        ] {
            let fixture = Fixture::new(text);
            let found = calls(&fixture.source()).unwrap();
            let told: Vec<&str> = found.attempts.iter().map(|range| &text[range.clone()]).collect();
            assert_eq!(told.join("; "), expected, "{text}");
        }
    }

    #[test]
    fn arguments_are_counted() {
        for (text, expected) in [
            ("f()", "f 0"),
            ("f(1, g(2, a=b), *c)", "f 2 open; g 1 a"),
            ("f(x for x in y)", ""),
            ("f(1,  # one\n  k=2, **d)", "f 1 k open"),
            ("a.f(1); f(1)(2); a.b.g(1)", "a.f 1; f 1"),
            ("x = a.F(1)\ny = z = f()\nx, y = f()\nx += f()", "x = a.F 1; z = f 0; f 0; f 0"),
        ] {
            let fixture = Fixture::new(text);
            let told: Vec<String> = calls(&fixture.source())
                .unwrap()
                .all
                .into_iter()
                .map(|call| {
                    let keywords: String = call.keywords.iter().map(|(name, _)| format!(" {name}")).collect();
                    let open = if call.is_open { " open" } else { "" };
                    let object = call.object.map(|(name, _)| format!("{name}.")).unwrap_or_default();
                    let given = call.given.map(|at| format!("{} = ", &text[at..=at])).unwrap_or_default();
                    format!("{given}{object}{} {}{keywords}{open}", call.name, call.positional)
                })
                .collect();
            assert_eq!(told.join("; "), expected, "{text}");
        }
    }
}
