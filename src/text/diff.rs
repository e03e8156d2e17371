//! The smallest honest edits between two texts: by lines, then each hunk trimmed to what really differs.

use std::ops::Range;

use imara_diff::{Algorithm, Diff, InternedInput};

use crate::text::edit::Edit;

/// Sorted, disjoint edits in `old`'s offsets that make it `new`. Empty where they are equal. No edit begins or ends between
/// the two bytes of a CRLF, where LSP has no position.
#[must_use]
pub fn edits(old: &str, new: &str) -> Vec<Edit> {
    if old == new {
        return Vec::new();
    }
    let outer = trimmed(old, new, 0);
    if !(old[outer.range.clone()].contains('\n') || outer.text.contains('\n')) {
        return vec![outer];
    }
    // Whole lines around what differs, so that the line diff sees lines as they are.
    let start = old[..outer.range.start].rfind('\n').map_or(0, |at| at + 1);
    let tail = old[outer.range.end..].find('\n').map_or(old.len(), |at| outer.range.end + at + 1);
    let new_end = new.len() - (old.len() - tail);
    by_lines(&old[start..tail], &new[start..new_end], start)
}

/// The same, down to characters: for telling apart what one coarse replacement holds, not for showing to a person.
#[must_use]
pub fn fine_edits(old: &str, new: &str) -> Vec<Edit> {
    edits(old, new).into_iter().flat_map(|edit| by_chars(&old[edit.range.clone()], edit)).collect()
}

/// Hunks of more characters than this are not looked into: the search is quadratic at worst.
const FINE: usize = 4_096;

fn by_chars(old: &str, edit: Edit) -> Vec<Edit> {
    if old.is_empty() || edit.text.is_empty() || old.len() + edit.text.len() > FINE {
        return vec![edit];
    }
    let chars = |text: &str| -> Vec<(usize, char)> { text.char_indices().collect() };
    let (a, b) = (chars(old), chars(&edit.text));
    let at = |chars: &[(usize, char)], index: u32, len: usize| {
        chars.get(index as usize).map_or(len, |&(at, _)| at)
    };
    let mut input = InternedInput::default();
    input.update_before(a.iter().map(|&(_, ch)| ch));
    input.update_after(b.iter().map(|&(_, ch)| ch));
    Diff::compute(Algorithm::Myers, &input)
        .hunks()
        .map(|hunk| {
            let from = at(&a, hunk.before.start, old.len())..at(&a, hunk.before.end, old.len());
            let to = at(&b, hunk.after.start, edit.text.len())..at(&b, hunk.after.end, edit.text.len());
            Edit::new(from.start + edit.range.start..from.end + edit.range.start, &edit.text[to])
        })
        .collect()
}

/// How much `edits` change in all, in bytes.
#[must_use]
pub fn size(edits: &[Edit]) -> usize {
    edits.iter().map(Edit::size).sum()
}

fn by_lines(old: &str, new: &str, base: usize) -> Vec<Edit> {
    let (starts_a, starts_b) = (starts(&lines(old)), starts(&lines(new)));
    line_changes(old, new)
        .into_iter()
        .map(|(before, after)| {
            let from = starts_a[before.start]..starts_a[before.end];
            let to = starts_b[after.start]..starts_b[after.end];
            if from.is_empty() || to.is_empty() {
                // Lines that come or go are whole lines, whatever they share with their neighbours.
                return Edit::new(base + from.start..base + from.end, &new[to]);
            }
            trimmed(&old[from.clone()], &new[to], base + from.start)
        })
        .collect()
}

/// Which lines of `old` (counted from zero) which lines of `new` take the place of.
#[must_use]
pub fn line_changes(old: &str, new: &str) -> Vec<(Range<usize>, Range<usize>)> {
    let mut input = InternedInput::default();
    input.update_before(lines(old).into_iter());
    input.update_after(lines(new).into_iter());
    let wide = |range: Range<u32>| range.start as usize..range.end as usize;
    let diff = Diff::compute(Algorithm::Histogram, &input);
    diff.hunks().map(|hunk| (wide(hunk.before), wide(hunk.after))).collect()
}

/// Lines with their line ends.
fn lines(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}

fn starts(lines: &[&str]) -> Vec<usize> {
    let mut at = 0;
    let mut starts = vec![0];
    for line in lines {
        at += line.len();
        starts.push(at);
    }
    starts
}

/// One edit without the beginning and end that both texts share, at `base`.
fn trimmed(old: &str, new: &str, base: usize) -> Edit {
    let mut head = old.bytes().zip(new.bytes()).take_while(|(a, b)| a == b).count();
    while !(old.is_char_boundary(head) && new.is_char_boundary(head))
        || splits_crlf(old, head)
        || splits_crlf(new, head)
    {
        head -= 1;
    }
    let (a, b) = (&old[head..], &new[head..]);
    let mut tail = a.bytes().rev().zip(b.bytes().rev()).take_while(|(a, b)| a == b).count();
    let at = |text: &str, tail: usize| text.len() - tail;
    while !(a.is_char_boundary(at(a, tail)) && b.is_char_boundary(at(b, tail)))
        || splits_crlf(old, at(old, tail))
        || splits_crlf(new, at(new, tail))
    {
        tail -= 1;
    }
    Edit::new(base + head..base + at(old, tail), &new[head..at(new, tail)])
}

fn splits_crlf(text: &str, at: usize) -> bool {
    at > 0 && at < text.len() && text.as_bytes()[at - 1] == b'\r' && text.as_bytes()[at] == b'\n'
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::text::edit::applied;

    #[test]
    fn what_is_equal_is_kept() {
        for (old, new, expected) in [
            ("", "", vec![]),
            ("a\nb\n", "a\nb\n", vec![]),
            ("a\n", "a\nb\n", vec![Edit::new(2..2, "b\n")]),
            ("a\nb\nc\n", "a\nc\n", vec![Edit::new(2..4, "")]),
            (
                "x = 1\ny = 2\nz = 3\n",
                "x = 9\ny = 2\nz = 4\n",
                vec![Edit::new(4..5, "9"), Edit::new(16..17, "4")],
            ),
            ("a\r\n", "a\n", vec![Edit::new(1..3, "\n")]),
            ("\n    pass", "\n    a = 1\n    return a", vec![Edit::new(5..9, "a = 1\n    return a")]),
            ("    raise\n", "    result = 0\n    raise\n", vec![Edit::new(0..0, "    result = 0\n")]),
        ] {
            assert_eq!(edits(old, new), expected, "{old:?} -> {new:?}");
        }
    }

    proptest! {
        #[test]
        fn old_and_edits_make_new(
            old in "(a|b|é|😀|    |\n|\r\n){0,30}",
            new in "(a|b|é|😀|    |\n|\r\n){0,30}",
        ) {
            prop_assert_eq!(&applied(&old, &fine_edits(&old, &new)), &new);
            let edits = edits(&old, &new);
            prop_assert_eq!(&applied(&old, &edits), &new);
            let mut last = 0;
            for edit in &edits {
                prop_assert!(!edit.is_empty());
                prop_assert!(edit.range.start >= last);
                prop_assert!(!splits_crlf(&old, edit.range.start) && !splits_crlf(&old, edit.range.end));
                last = edit.range.end;
            }
        }
    }
}
