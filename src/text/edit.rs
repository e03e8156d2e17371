//! Edits: one replacement, applied to ropes, strings and ranges.

use std::ops::Range;

use ropey::Rope;

/// The bytes of `range` become `text`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    pub range: Range<usize>,
    pub text: String,
}

impl Edit {
    #[must_use]
    pub fn new(range: Range<usize>, text: impl Into<String>) -> Self {
        Self { range, text: text.into() }
    }

    /// Bytes taken and given: how large a change this is.
    #[must_use]
    pub fn size(&self) -> usize {
        self.range.len() + self.text.len()
    }

    /// Whether it changes nothing, whatever the text.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.range.is_empty() && self.text.is_empty()
    }

    /// Applies it to `rope`. Offsets are clamped and brought to the starts of characters, so that no input panics.
    pub fn apply(&self, rope: &mut Rope) {
        let start = rope.byte_to_char(self.range.start.min(rope.len_bytes()));
        let end = rope.byte_to_char(self.range.end.min(rope.len_bytes())).max(start);
        if start < end {
            rope.remove(start..end);
        }
        if !self.text.is_empty() {
            rope.insert(start, &self.text);
        }
    }

    /// Where the bytes that it put in stand afterwards.
    #[must_use]
    pub fn new_range(&self) -> Range<usize> {
        self.range.start..self.range.start + self.text.len()
    }
}

/// Applies edits that are sorted, disjoint and all in the offsets of `rope` as it is before.
pub fn apply_all(rope: &mut Rope, edits: &[Edit]) {
    for edit in edits.iter().rev() {
        edit.apply(rope);
    }
}

/// `text` with edits that are sorted, disjoint and in its own offsets.
#[must_use]
pub fn applied(text: &str, edits: &[Edit]) -> String {
    let mut out = String::with_capacity(text.len() + edits.iter().map(|edit| edit.text.len()).sum::<usize>());
    let mut at = 0;
    for edit in edits {
        out.push_str(&text[at..edit.range.start]);
        out.push_str(&edit.text);
        at = edit.range.end;
    }
    out.push_str(&text[at..]);
    out
}

/// The edits that undo `edits` (sorted, disjoint, in `before`'s offsets), in the offsets of the text afterwards.
#[must_use]
pub fn inverse(before: &Rope, edits: &[Edit]) -> Vec<Edit> {
    let mut shift = 0isize;
    edits
        .iter()
        .map(|edit| {
            let start = edit.range.start.saturating_add_signed(shift);
            shift += edit.text.len().cast_signed() - edit.range.len().cast_signed();
            Edit::new(start..start + edit.text.len(), before.byte_slice(edit.range.clone()).to_string())
        })
        .collect()
}

/// The same edits one after the other: each in the offsets that the ones before it leave.
#[must_use]
pub fn sequential(edits: &[Edit]) -> Vec<Edit> {
    edits.iter().rev().cloned().collect()
}

/// Which side of an insertion an offset that stands exactly at it goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bias {
    Left,
    Right,
}

/// Where `offset` is after `edit`. An offset inside what was replaced goes to the start (`Left`) or end (`Right`) of what
/// took its place.
#[must_use]
pub fn map_offset(offset: usize, edit: &Edit, bias: Bias) -> usize {
    let Range { start, end } = edit.range;
    if offset < start || (offset == start && (bias == Bias::Left || start < end)) {
        offset
    } else if offset >= end {
        offset - edit.range.len() + edit.text.len()
    } else {
        match bias {
            Bias::Left => start,
            Bias::Right => start + edit.text.len(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_go_back_by_their_inverse() {
        let before = Rope::from_str("héllo wörld");
        let edits = [Edit::new(0..3, "J"), Edit::new(6..6, "!!"), Edit::new(7..13, "")];
        let mut rope = before.clone();
        apply_all(&mut rope, &edits);
        assert_eq!(rope.to_string(), applied(&before.to_string(), &edits));
        apply_all(&mut rope, &inverse(&before, &edits));
        assert_eq!(rope, before);
    }

    #[test]
    fn offsets_are_mapped_with_their_bias() {
        let insertion = Edit::new(5..5, "abc");
        let replacement = Edit::new(2..6, "x");
        for (offset, edit, left, right) in [
            (4, &insertion, 4, 4),
            (5, &insertion, 5, 8),
            (6, &insertion, 9, 9),
            (2, &replacement, 2, 2),
            (4, &replacement, 2, 3),
            (6, &replacement, 3, 3),
            (9, &replacement, 6, 6),
        ] {
            assert_eq!(map_offset(offset, edit, Bias::Left), left, "{offset} {edit:?}");
            assert_eq!(map_offset(offset, edit, Bias::Right), right, "{offset} {edit:?}");
        }
    }

    #[test]
    fn offsets_outside_the_text_are_clamped() {
        let mut rope = Rope::from_str("é");
        Edit::new(1..99, "x").apply(&mut rope);
        assert_eq!(rope, "x");
    }
}
