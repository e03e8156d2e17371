//! What may tell tools to look away: comments, and names, each as what it stands for, however it was imported.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use tree_sitter::Tree;

use super::{Source, lines, query};

/// Where each stands, and what it says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// As they stand.
    pub comments: Vec<(Range<usize>, String)>,
    /// With all that they are members of.
    pub names: Vec<(Range<usize>, String)>,
}

/// Those that begin in `range`, in order; nothing where not all of them could be looked for.
#[must_use]
pub fn marks(source: &Source<'_>, range: &Range<usize>) -> Option<Marks> {
    let (mut marks, tree) = (Marks::default(), source.tree?);
    let imported = imported(source, tree)?;
    let mut names: BTreeMap<usize, usize> = BTreeMap::new();
    let is_whole = query::run_over(&source.language.queries().marks, tree, range, source.text, |captures| {
        for (capture, node) in captures.iter().filter(|(_, node)| range.contains(&node.start_byte())) {
            let at = node.byte_range();
            if *capture == "comment" {
                marks.comments.push((at.clone(), lines::slice(source.text, &at)));
            } else if *capture == "name" {
                // Of `a.b.c` and `a.b`, the whole.
                let end = names.entry(at.start).or_default();
                *end = at.end.max(*end);
            }
        }
    });
    let whole = |(start, end): (usize, usize)| {
        let text = lines::slice(source.text, &(start..end));
        let (first, rest) = text.split_once('.').map_or((text.as_str(), ""), |(first, rest)| (first, rest));
        let first = imported.get(first).map_or(first, String::as_str);
        (start..end, if rest.is_empty() { first.to_owned() } else { format!("{first}.{rest}") })
    };
    marks.names = names.into_iter().map(whole).collect();
    is_whole.then_some(marks)
}

/// What the names that imports bind stand for, where they are called otherwise.
fn imported(source: &Source<'_>, tree: &Tree) -> Option<HashMap<String, String>> {
    let mut imported = HashMap::new();
    let is_whole = query::run_whole(&source.language.queries().taken, tree, source.text, |captures| {
        let text =
            |name| query::get(captures, name).map(|node| lines::slice(source.text, &node.byte_range()));
        let (Some(module), member, called) = (text("module"), text("member"), text("as")) else { return };
        let whole = member.as_ref().map_or(module.clone(), |member| format!("{module}.{member}"));
        if let Some(name) = called.or(member) {
            imported.insert(name, whole);
        }
    });
    is_whole.then_some(imported)
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Fixture;
    use super::*;

    #[test]
    fn comments_are_told_from_strings_and_names_are_whole() {
        for (text, comments, names) in [
            ("x = '# a'  # b\n# c", "# b|# c", ""),
            ("import pytest as pt\n@pt.mark.skip\ndef f(): pt.skip('x')", "", "pytest.mark.skip|pytest.skip"),
            (
                "from pytest import skip, mark as m\nskip()\n@m.skip\ndef f(): x",
                "",
                "pytest.skip|pytest.mark.skip",
            ),
            ("import a.b\na.b.c\nself.skip()", "", "a.b.c|self.skip"),
            ("skip()\nraise Skip\nskip", "", "skip|Skip"),
        ] {
            let fixture = Fixture::new(text);
            let marks = marks(&fixture.source(), &(0..text.len())).unwrap();
            let told = |found: Vec<(Range<usize>, String)>| {
                found.into_iter().map(|(_, text)| text).collect::<Vec<_>>().join("|")
            };
            assert_eq!(
                (told(marks.comments).as_str(), told(marks.names).as_str()),
                (comments, names),
                "{text}"
            );
        }
    }
}
