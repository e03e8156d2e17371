//! Where a module's imports stand.

use std::ops::Range;

use super::{Source, lines, query};

/// The imports of a module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imports {
    /// Whole lines (without the last one's end), from the first import of the block to the last; empty where there is
    /// none, at the start of the line where it belongs.
    pub block: Range<usize>,
    /// Whether nothing but comments and the docstring precedes the block, so that what must come first may stand in it.
    pub leading: bool,
    /// Further imports that the module runs when it is loaded, outside of the block.
    pub elsewhere: Vec<Range<usize>>,
}

/// One run of imports with nothing but comments and blanks between them.
#[derive(Default)]
struct Run {
    statements: Vec<Range<usize>>,
    leading: bool,
}

/// How many of a module's statements are looked at.
const STATEMENTS: usize = 20_000;

/// Finds the block: of the runs of imports before the first definition the longest (the first of equals). `None` without
/// a tree.
#[must_use]
pub fn find(source: &Source<'_>) -> Option<Imports> {
    let (text, kinds) = (source.text, &source.language.kinds);
    let root = source.tree?.root_node();
    let queries = source.language.queries();
    let docstring =
        query::first(&queries.docstring, "docstring", root, 0, text).map(|node| node.byte_range());
    let (mut runs, mut all, mut leading, mut before) = (vec![Run::default()], Vec::new(), true, true);
    let mut head = 0;
    let mut cursor = root.walk();
    for child in root.children(&mut cursor).take(STATEMENTS) {
        let is_docstring = docstring.as_ref().is_some_and(|docstring| docstring.start == child.start_byte());
        if query::first(&queries.imports, "head", child, 0, text).is_some() {
            head = child.end_byte();
            continue;
        }
        if !child.is_named() || kinds.comments.contains(&child.kind()) || is_docstring {
            continue;
        }
        let mut itself = false;
        if !definition(kinds, child.kind()) {
            let (mut found, mut typing) = (Vec::new(), false);
            query::run(&queries.imports, child, 3, text, |captures| {
                typing |= query::get(captures, "typing").is_some_and(|node| node.id() == child.id());
                // Some grammars have the line's end in the statement.
                found
                    .extend(query::get(captures, "import").map(|node| lines::trim(text, &node.byte_range())));
            });
            itself = found.first() == Some(&lines::trim(text, &child.byte_range()));
            all.extend(found.into_iter().filter(|_| !typing));
        }
        before &= !definition(kinds, child.kind());
        if !itself {
            leading = false;
            runs.push(Run::default());
        } else if before && let Some(run) = runs.last_mut() {
            if run.statements.is_empty() {
                run.leading = leading;
            }
            run.statements.push(lines::trim(text, &child.byte_range()));
        }
    }
    let after = docstring.map(|docstring| docstring.end).or((head > 0).then_some(head));
    Some(assemble(source, &runs, all, after))
}

fn assemble(source: &Source<'_>, runs: &[Run], all: Vec<Range<usize>>, after: Option<usize>) -> Imports {
    let text = source.text;
    let mut best: Option<(&Run, &[Range<usize>])> = None;
    for run in runs {
        let statements = alone(source, &run.statements);
        if statements.len() > best.map_or(0, |(_, best)| best.len()) {
            best = Some((run, statements));
        }
    }
    let (block, leading) = match best {
        Some((run, [first, .., last])) => (span(source, first, last), run.leading),
        Some((run, [only])) => (span(source, only, only), run.leading),
        _ => {
            let at = place(source, after);
            (at..at, true)
        }
    };
    let elsewhere =
        all.into_iter().filter(|range| range.end <= block.start || range.start >= block.end).collect();
    let block = lines::clamp_range(text, &block);
    Imports { block, leading, elsewhere }
}

fn definition(kinds: &super::language::Kinds, kind: &str) -> bool {
    kinds.functions.contains(&kind) || kinds.classes.contains(&kind) || kinds.decorated.contains(&kind)
}

/// The statements without those at the end or the start that share their line with other code.
fn alone<'a>(source: &Source<'_>, statements: &'a [Range<usize>]) -> &'a [Range<usize>] {
    let text = source.text;
    let clean = |range: &Range<usize>| {
        let rest = lines::slice(text, &(range.end..lines::end(text, lines::of(text, range.end))));
        let rest = rest.trim();
        let first = lines::first(text, lines::of(text, range.start)) == range.start;
        first && (rest.is_empty() || source.language.lexis.is_comment(rest))
    };
    let Some(start) = statements.iter().position(clean) else { return &[] };
    let end = statements.iter().rposition(clean).map_or(start, |last| last + 1);
    &statements[start..end]
}

fn span(source: &Source<'_>, first: &Range<usize>, last: &Range<usize>) -> Range<usize> {
    first.start..lines::end(source.text, lines::of(source.text, last.end))
}

/// Where imports belong in a module without any: below what must stand `after` (its docstring), or else below the comment that it opens with (the
/// interpreter's line, a licence), unless that comment sits on the first statement.
fn place(source: &Source<'_>, after: Option<usize>) -> usize {
    let text = source.text;
    if let Some(after) = after {
        // A node may end behind its line's end.
        let row = lines::of(text, lines::trim(text, &(0..after)).end);
        return lines::start(text, row + 1);
    }
    let count = lines::count(text);
    let comment = |line: &usize| lines::begins_with(text, *line, source.language.comment);
    let end = (0..count).take_while(comment).count();
    let special = (0..end.min(2)).take_while(|&line| special(source, line)).count();
    let line = if end < count && lines::blank(text, end) || end == count { end } else { special };
    if line == 0 { lines::first(text, 0).min(bom(source)) } else { lines::start(text, line) }
}

/// The interpreter's line and the one that names the encoding.
fn special(source: &Source<'_>, line: usize) -> bool {
    let comment = lines::slice(source.text, &lines::range(source.text, line));
    comment.trim_start_matches('\u{feff}').starts_with("#!")
        || comment.contains("coding:")
        || comment.contains("coding=")
}

fn bom(source: &Source<'_>) -> usize {
    if source.text.chars().next() == Some('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Fixture;
    use super::*;

    /// The text with the block in brackets, and the imports elsewhere.
    fn check(text: &str, want: &str, elsewhere: &[&str]) {
        let fixture = Fixture::new(text);
        let found = find(&fixture.source()).unwrap();
        let part = |range| lines::slice(&fixture.text, &range);
        let end = fixture.text.len_bytes();
        let got = format!(
            "{}«{}»{}",
            part(0..found.block.start),
            part(found.block.clone()),
            part(found.block.end..end)
        );
        assert_eq!(got, want);
        let got: Vec<_> = found.elsewhere.into_iter().map(part).collect();
        assert_eq!(got, elsewhere, "{text}");
    }

    #[test]
    fn the_block_is_found() {
        for (text, want) in [
            ("", "«»"),
            ("x = 1\n", "«»x = 1\n"),
            ("\u{feff}x = 1\n", "\u{feff}«»x = 1\n"),
            ("import os\n", "«import os»\n"),
            (
                "'''Doc.'''\r\n\r\nimport os  # why\r\nfrom a import (\r\n  b,\r\n)\r\nx",
                "'''Doc.'''\r\n\r\n«import os  # why\r\nfrom a import (\r\n  b,\r\n)»\r\nx",
            ),
            (
                "from __future__ import annotations\n\nimport a\n# c\n\nimport b\n# d\nx",
                "«from __future__ import annotations\n\nimport a\n# c\n\nimport b»\n# d\nx",
            ),
            ("'''Doc.'''\nx = 1\n", "'''Doc.'''\n«»x = 1\n"),
            ("'''Doc.'''", "'''Doc.'''«»"),
            (
                "#!/usr/bin/env python\n# coding: utf-8\nx = 1\n",
                "#!/usr/bin/env python\n# coding: utf-8\n«»x = 1\n",
            ),
            ("# Licence\n# text\n\nx = 1\n", "# Licence\n# text\n«»\nx = 1\n"),
            ("# what x is\nx = 1\n", "«»# what x is\nx = 1\n"),
            ("a = 1\nimport os\nimport re\n", "a = 1\n«import os\nimport re»\n"),
            ("import a; import b\nx", "«»import a; import b\nx"),
            ("import a\nimport b; x = 1\n", "«import a»\nimport b; x = 1\n"),
            ("def f():\n    import os\n\nimport a\n", "«»def f():\n    import os\n\nimport a\n"),
        ] {
            let elsewhere: &[&str] = match text {
                "import a; import b\nx" => &["import a", "import b"],
                "import a\nimport b; x = 1\n" => &["import b"],
                "def f():\n    import os\n\nimport a\n" => &["import a"],
                _ => &[],
            };
            check(text, want, elsewhere);
        }
    }

    #[test]
    fn imports_under_conditions_are_elsewhere() {
        check(
            "import os\ntry:\n    import tomllib\nexcept ImportError:\n    import tomli as tomllib\n\nif TYPE_CHECKING:\n    from a import b\n",
            "«import os»\ntry:\n    import tomllib\nexcept ImportError:\n    import tomli as tomllib\n\nif TYPE_CHECKING:\n    from a import b\n",
            &["import tomllib", "import tomli as tomllib"],
        );
    }
}
