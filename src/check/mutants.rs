//! Mutants of a draft: the file with one small change in what was drafted, after which its tests should fail. Pure; running them is the
//! business of `measure`.

use std::time::Duration;

use super::overlay::Overlay;
use crate::syntax::definition::{self, Kind};
use crate::syntax::mutations::mutations;
use crate::syntax::{Source, errors, lines, parse};
use crate::text::edit::Edit;

/// The most of one draft: each is a run of the tests.
const MOST: usize = 20;
/// How long the parse of one may take.
const PARSE: Duration = Duration::from_secs(1);

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mutant {
    /// What is changed, in the drafted file.
    pub edit: Edit,
    /// The whole file with it.
    pub text: String,
    /// Its line, from 1.
    pub line: usize,
    /// What the change is, in words.
    pub what: String,
}

/// Those of the functions that a draft is of and holds, spread evenly over it, the same ones each time.
#[must_use]
pub fn of(overlay: &Overlay) -> Vec<Mutant> {
    let version = &overlay.after;
    let (text, tree) = (&version.text, version.tree.as_ref());
    let source = Source { text, tree, language: overlay.language, path: &overlay.path };
    let Some(tree) = tree else { return Vec::new() };
    let around = definition::around(&source, &(overlay.draft.start..overlay.draft.start));
    let within = definition::within(&source, &overlay.draft);
    let functions: Vec<_> = around
        .into_iter()
        .chain(within)
        .filter(|found| found.kind == Kind::Function)
        .map(|found| found.header.start..found.body.end)
        .collect();
    let is_in_function = |edit: &Edit| {
        functions.iter().any(|range| range.start <= edit.range.start && edit.range.end <= range.end)
    };
    let known = errors(tree);
    let mutant = |edit: Edit| {
        let mut mutated = text.clone();
        edit.apply(&mut mutated);
        // A change that does not parse would be noticed by nobody's merit.
        let tree = parse(overlay.language, &mutated, None, PARSE)?;
        let old = lines::slice(text, &edit.range);
        let what = format!("`{old}` as `{}`", edit.text);
        let line = lines::of(text, edit.range.start) + 1;
        (errors(&tree) <= known).then(|| Mutant { edit, text: mutated.to_string(), line, what })
    };
    let edits: Vec<Edit> = mutations(&source, &overlay.draft).into_iter().filter(is_in_function).collect();
    spread(&edits).filter_map(mutant).collect()
}

/// At most `MOST` of them, as far from each other as they can be.
fn spread(edits: &[Edit]) -> impl Iterator<Item = Edit> {
    let count = edits.len().min(MOST);
    (0..count).map(move |at| edits[at * edits.len() / count].clone())
}

#[cfg(test)]
mod tests {
    use super::super::evasion::tests::overlay;
    use super::*;

    #[test]
    fn a_small_function_has_these() {
        let draft = "\n    if n < 2 and not quiet:\n        return n + 1\n    return True";
        let overlay = overlay("LIMIT = 3\n\n\ndef f(n, quiet):", "\n    pass", draft);
        let mutants = of(&overlay);
        let told: Vec<String> = mutants.iter().map(|one| format!("{}: {}", one.line, one.what)).collect();
        assert_eq!(
            told,
            [
                "5: `n < 2 and not quiet` as `not (n < 2 and not quiet)`",
                "5: `<` as `<=`",
                "5: `2` as `1`",
                "5: `2` as `3`",
                "5: `and` as `or`",
                "5: `not quiet` as `quiet`",
                "6: `n + 1` as `None`",
                "6: `+` as `-`",
                "6: `1` as `0`",
                "6: `1` as `2`",
                "7: `True` as `False`",
                "7: `True` as `None`",
            ]
        );
        assert_eq!(
            mutants[5].text,
            "LIMIT = 3\n\n\ndef f(n, quiet):\n    if n < 2 and quiet:\n        return n + 1\n    return True\n\nLAST = 1\n"
        );
        assert_eq!(of(&overlay), mutants);
    }

    #[test]
    fn many_are_spread_and_what_is_no_function_has_none() {
        let lines: String = (0..100).map(|at| format!("\n    x = y + {at}")).collect();
        let mutants = of(&overlay("def f(y):", "\n    pass", &lines));
        assert_eq!(mutants.len(), MOST);
        let (first, last) = (mutants[0].line, mutants[MOST - 1].line);
        assert!(first < 5 && last > 90 && mutants.is_sorted_by_key(|one| one.line), "{first} to {last}");
        assert_eq!(of(&overlay("", "x = 1", "x = 1 + 2")), []);
        assert_eq!(of(&overlay("def f(y):", "\n    pass", "\n    g(y)")), []);
    }
}
