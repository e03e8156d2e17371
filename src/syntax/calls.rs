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

/// The calls of `source`, in order; none without a tree.
#[must_use]
pub fn calls(source: &Source<'_>) -> Vec<Call> {
    let Some(tree) = source.tree else { return Vec::new() };
    let text = source.text;
    let mut calls: HashMap<usize, Call> = HashMap::new();
    let mut keywords = Vec::new();
    let (mut open, mut names) = (Vec::new(), Vec::new());
    query::run(&source.language.queries().calls, tree.root_node(), u32::MAX, text, |captures| {
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
        open.extend(get("any").and_then(list));
    });
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
    calls
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Fixture;
    use super::*;

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
