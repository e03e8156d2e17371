//! Which functions of a file say the types of what they take and give.

use std::collections::HashMap;
use std::ops::Range;

use super::{Source, lines, query};

/// What one function's header says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hints {
    /// Where its header starts.
    pub start: usize,
    /// The parameters without a type, as they stand there.
    pub bare: Vec<String>,
    /// It says what it gives.
    pub result: bool,
}

/// Those of all functions of `source`, in the file's order; none without a tree.
#[must_use]
pub fn hints(source: &Source<'_>) -> Vec<Hints> {
    within(source, &(0..source.text.len_bytes()))
}

/// What the function says whose header is `header`, in bytes; nothing where the language's functions say no types.
#[must_use]
pub fn of(source: &Source<'_>, header: &Range<usize>) -> Option<Hints> {
    within(source, header).into_iter().find(|hints| header.contains(&hints.start))
}

/// Those of the functions that `range` is of, or that are in it.
fn within(source: &Source<'_>, range: &Range<usize>) -> Vec<Hints> {
    let Some(tree) = source.tree else { return Vec::new() };
    let mut found: HashMap<usize, Hints> = HashMap::new();
    // Where there is more than was looked at in time, what was found counts.
    let _ = query::run_over(&source.language.queries().hints, tree, range, source.text, |captures| {
        if let Some(function) = query::get(captures, "function") {
            let start = function.start_byte();
            found.entry(function.id()).or_default().start = start;
        }
        if let Some(function) = query::get(captures, "result").and_then(|node| node.parent()) {
            found.entry(function.id()).or_default().result = true;
        }
        let bare = query::get(captures, "bare");
        let function = bare.and_then(|node| node.parent()).and_then(|list| list.parent());
        if let (Some(bare), Some(function)) = (bare, function) {
            let text = lines::slice(source.text, &bare.byte_range());
            found.entry(function.id()).or_default().bare.push(text);
        }
    });
    let mut found: Vec<Hints> = found.into_values().collect();
    found.sort_by_key(|hints| hints.start);
    found
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Fixture;
    use super::*;

    #[test]
    fn what_has_no_type_is_named() {
        for (text, expected) in [
            ("def f(): pass\n", "none"),
            ("def f() -> int: pass\n", "result"),
            ("async def f(a, b: int, *c, d=1, **e) -> int: pass\n", "a *c d=1 **e result"),
            (
                "class A:\n  def f(self, *, a: int = 1, **k: int): pass\n  @classmethod\n  def g(cls, /, b): pass\n",
                "none; b none",
            ),
            ("def f(a: int) -> int:\n  def g(b): return b\n  return g(a)\n", "result; b none"),
            ("x = lambda a: a\n", ""),
        ] {
            let fixture = Fixture::new(text);
            let told: Vec<String> = hints(&fixture.source())
                .into_iter()
                .map(|one| {
                    let result = if one.result { "result" } else { "none" };
                    one.bare.iter().map(String::as_str).chain([result]).collect::<Vec<_>>().join(" ")
                })
                .collect();
            assert_eq!(told.join("; "), expected, "{text}");
        }
    }
}
