//! A region: the part of a document that a run owns, and whose text in it is whose.
//!
//! What stands in the document is `user(ours)`: `ours` is the text as the run alone would have it, and `user` is what the
//! user made of it since, as replacements in `ours`' offsets. A run goes on by changing `ours`; the user's replacements
//! are carried along. So nothing that the user typed can be lost: no operation here takes a user span's text away.

use std::ops::Range;

use crate::text::edit::{Edit, applied};

/// A region. Invariants: `user` is sorted and disjoint, in `ours`' offsets; applied to `ours` it gives the document's text
/// at `start`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Region {
    start: usize,
    base: String,
    ours: String,
    user: Vec<Edit>,
}

/// What a change of the user's did to a region.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Touch {
    /// It was elsewhere; the region may have moved.
    Outside,
    /// It is inside: there is a new, longer or shorter user span.
    Inside,
    /// Nothing but white space is left of a region that held text.
    Gone,
}

/// What happens to an operation that a user span stands in the way of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// It is held back, and with it what it would have changed.
    Hold,
    /// It is split around the span: what is ours goes, what is the user's stays. For reverting.
    Split,
}

/// The next step of a region: edits of the document, and the region as it is once they have landed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Sorted, disjoint, in the document's offsets.
    pub edits: Vec<Edit>,
    pub next: Region,
}

impl Region {
    /// The region of `base`, which stands in the document at byte `start`.
    #[must_use]
    pub fn new(start: usize, base: impl Into<String>) -> Self {
        let base = base.into();
        Self { start, ours: base.clone(), base, user: Vec::new() }
    }

    /// What stood there when the run began.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The text as the run alone would have it.
    #[must_use]
    pub fn ours(&self) -> &str {
        &self.ours
    }

    /// The text as it stands in the document.
    #[must_use]
    pub fn text(&self) -> String {
        applied(&self.ours, &self.user)
    }

    /// The bytes of the document that it covers.
    #[must_use]
    pub fn range(&self) -> Range<usize> {
        let taken: usize = self.user.iter().map(|span| span.range.len()).sum();
        let given: usize = self.user.iter().map(|span| span.text.len()).sum();
        self.start..self.start + self.ours.len() - taken + given
    }

    /// Whether the user changed anything in it.
    #[must_use]
    pub fn is_touched(&self) -> bool {
        !self.user.is_empty()
    }

    /// The same region where something before it grew by `bytes`.
    #[must_use]
    pub(crate) fn moved_by(&self, bytes: isize) -> Self {
        Self { start: self.start.saturating_add_signed(bytes), ..self.clone() }
    }

    /// Takes in one change of the document that is not ours. Insertions at either edge are inside: the start is biased left,
    /// the end right.
    pub fn changed(&mut self, edit: &Edit) -> Touch {
        let Range { start, end } = self.range();
        let Range { start: from, end: to } = edit.range;
        if to < start || (to == start && from < to) {
            self.start = start - edit.range.len() + edit.text.len();
            return Touch::Outside;
        }
        if from > end || (from == end && from < to) {
            return Touch::Outside;
        }
        let held_text = !blank(&self.text());
        let inner = from.max(start) - start..to.min(end) - start;
        if from < start {
            // What takes the place of both sides of the boundary stands before the region.
            self.start = from + edit.text.len();
            self.compose(inner, "");
        } else {
            self.compose(inner, &edit.text);
        }
        if held_text && blank(&self.text()) { Touch::Gone } else { Touch::Inside }
    }

    /// The step by which `ours` becomes `applied(ours, ops)`, as far as `policy` lets it. `ops` are sorted, disjoint
    /// and in `ours`' offsets.
    #[must_use]
    pub fn step(&self, ops: &[Edit], policy: Policy) -> Step {
        let mut edits = Vec::new();
        let mut taken = Vec::new();
        for op in ops {
            let blocked = self.user.iter().any(|span| conflicts(op, span));
            match (blocked, policy) {
                (false, _) => {
                    edits.push(self.in_document(op));
                    taken.push(op.clone());
                }
                (true, Policy::Hold) => {}
                (true, Policy::Split) => {
                    edits.extend(self.split(op));
                    taken.push(op.clone());
                }
            }
        }
        let user = self.user.iter().flat_map(|span| carried(span, &taken)).collect();
        let ours = applied(&self.ours, &taken);
        let mut next = Self { start: self.start, base: self.base.clone(), ours, user: Vec::new() };
        next.user = next.normal(user);
        edits.retain(|edit| !edit.is_empty());
        Step { edits, next }
    }

    /// `op` as an edit of the document; no span conflicts with it.
    fn in_document(&self, op: &Edit) -> Edit {
        let start = self.start + self.shifted(op.range.start, |span| !precedes(op, span));
        Edit::new(start..start + op.range.len(), op.text.clone())
    }

    /// `op` without what the user typed inside it: the pieces between the spans go, the text stands where the first did.
    fn split(&self, op: &Edit) -> Vec<Edit> {
        let spans: Vec<&Edit> = self.user.iter().filter(|span| conflicts(op, span)).collect();
        let text_of = |span: &Edit| {
            let start =
                self.shifted(span.range.start, |other| other.range.end <= span.range.start && other != span);
            start..start + span.text.len()
        };
        let start = match spans.first() {
            Some(span) if span.range.start < op.range.start => text_of(span).end,
            _ => self.shifted(op.range.start, |span| !conflicts(op, span) && !precedes(op, span)),
        };
        let end = match spans.last() {
            Some(span) if op.range.end < span.range.end => text_of(span).start.max(start),
            _ => self.shifted(op.range.end, |span| conflicts(op, span) || !precedes(op, span)),
        };
        let mut edits = vec![Edit::new(self.start + start..self.start + end, op.text.clone())];
        for span in spans {
            let users = text_of(span);
            let users = self.start + users.start..self.start + users.end;
            let Some(last) = edits
                .last_mut()
                .filter(|last| last.range.start <= users.start && users.end <= last.range.end)
            else {
                continue;
            };
            let rest = users.end..last.range.end;
            last.range.end = users.start;
            edits.push(Edit::new(rest, ""));
        }
        edits
    }

    /// Byte `offset` of `ours` in the region's text, behind the spans that `before` names.
    fn shifted(&self, offset: usize, before: impl Fn(&Edit) -> bool) -> usize {
        let spans = || self.user.iter().filter(|span| before(span));
        offset + spans().map(|span| span.text.len()).sum::<usize>()
            - spans().map(|span| span.range.len()).sum::<usize>()
    }

    /// Puts a replacement, in the offsets of the region's text, on top of the user's spans.
    fn compose(&mut self, range: Range<usize>, text: &str) {
        let mut spans = Vec::with_capacity(self.user.len() + 1);
        let (mut head, mut tail) = (String::new(), String::new());
        // The replacement in `ours`' offsets; until a span says otherwise, its own offsets less the shift before it.
        let (mut from, mut to) = (None, None);
        let (mut after, mut shift) = (Vec::new(), 0isize);
        for span in std::mem::take(&mut self.user) {
            let start = span.range.start.saturating_add_signed(shift);
            let end = start + span.text.len();
            let next_shift = shift + span.text.len().cast_signed() - span.range.len().cast_signed();
            if end < range.start {
                spans.push(span);
                shift = next_shift;
            } else if start > range.end {
                to.get_or_insert(range.end.saturating_add_signed(-shift));
                after.push(span);
            } else {
                if start <= range.start {
                    head.push_str(&span.text[..range.start - start]);
                    from.get_or_insert(span.range.start);
                } else {
                    from.get_or_insert(range.start.saturating_add_signed(-shift));
                }
                if end >= range.end {
                    tail = span.text[range.end - start..].to_owned();
                    to = Some(span.range.end);
                }
                shift = next_shift;
            }
        }
        let from = from.unwrap_or_else(|| range.start.saturating_add_signed(-shift));
        let to = to.unwrap_or_else(|| range.end.saturating_add_signed(-shift)).max(from);
        spans.push(Edit::new(from..to, head + text + &tail));
        spans.extend(after);
        self.user = self.normal(spans);
    }

    /// Spans without what they share with the text they replace.
    fn normal(&self, spans: Vec<Edit>) -> Vec<Edit> {
        let mut normal: Vec<Edit> = Vec::with_capacity(spans.len());
        for mut span in spans {
            let old = &self.ours[span.range.clone()];
            let head = common(old.chars(), span.text.chars());
            let tail = common(old[head..].chars().rev(), span.text[head..].chars().rev());
            span.range = span.range.start + head..span.range.end - tail;
            span.text = span.text[head..span.text.len() - tail].to_owned();
            if span.is_empty() {
                continue;
            }
            match normal.last_mut() {
                // Two spans that touch are one: an order between two insertions at one place would be arbitrary.
                Some(last) if last.range.end == span.range.start => {
                    last.range.end = span.range.end;
                    last.text.push_str(&span.text);
                }
                _ => normal.push(span),
            }
        }
        normal
    }
}

/// Whether `op` would delete or split what `span` holds.
fn conflicts(op: &Edit, span: &Edit) -> bool {
    if op.range.is_empty() {
        span.range.start < op.range.start && op.range.start < span.range.end
    } else if span.range.is_empty() {
        op.range.start < span.range.start && span.range.start < op.range.end
    } else {
        span.range.start < op.range.end && op.range.start < span.range.end
    }
}

/// Whether `op` stands before `span`; the two do not conflict.
fn precedes(op: &Edit, span: &Edit) -> bool {
    let both_insert = op.range.is_empty() && span.range.is_empty() && op.range.start == span.range.start;
    if both_insert { goes_first(&op.text, &span.text) } else { op.range.end <= span.range.start }
}

/// Whether our insertion goes before the user's at the same place: where lines stay whole that way, and only that way.
fn goes_first(ours: &str, users: &str) -> bool {
    let breaks = |ch: char| ch == '\n' || ch == '\r';
    let after = users.ends_with(breaks) || ours.starts_with(breaks);
    !after && (ours.ends_with(breaks) || users.starts_with(breaks))
}

/// `span` in the offsets that `ops` leave. Where an operation was split around it, what is left of the span stands behind
/// the operation's text, but for the part that began before it.
fn carried(span: &Edit, ops: &[Edit]) -> Vec<Edit> {
    let mut parts = vec![span.clone()];
    // Backwards, so that an operation's own offsets are still those of the parts before it.
    for op in ops.iter().rev() {
        parts = parts.iter().flat_map(|part| carried_one(part, op)).collect();
    }
    parts
}

fn carried_one(span: &Edit, op: &Edit) -> Vec<Edit> {
    let moved = |offset: usize| offset - op.range.len() + op.text.len();
    let Range { start, end } = span.range;
    if !conflicts(op, span) {
        let range = if precedes(op, span) { moved(start)..moved(end) } else { start..end };
        return vec![Edit::new(range, span.text.clone())];
    }
    let behind = op.new_range().end;
    let tail = behind..moved(end.max(op.range.end));
    if start < op.range.start {
        vec![Edit::new(start..op.range.start, span.text.clone()), Edit::new(tail, "")]
    } else {
        vec![Edit::new(tail, span.text.clone())]
    }
}

fn common(a: impl Iterator<Item = char>, b: impl Iterator<Item = char>) -> usize {
    a.zip(b).take_while(|(a, b)| a == b).map(|(ch, _)| ch.len_utf8()).sum()
}

fn blank(text: &str) -> bool {
    text.trim().is_empty()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use ropey::Rope;

    use super::*;
    use crate::text::diff;
    use crate::text::edit::apply_all;

    /// `<` and `>` in `document` bound the region.
    fn fixture(document: &str) -> (Rope, Region) {
        let (before, rest) = document.split_once('<').unwrap();
        let (base, after) = rest.split_once('>').unwrap();
        (Rope::from_str(&format!("{before}{base}{after}")), Region::new(before.len(), base))
    }

    fn shown(rope: &Rope, region: &Region) -> String {
        let mut text = rope.to_string();
        let range = region.range();
        assert_eq!(text[range.clone()], region.text(), "the region tells what stands in the document");
        text.insert(range.end, '>');
        text.insert(range.start, '<');
        text
    }

    #[test]
    fn user_changes_move_and_fill_the_region() {
        for (document, edit, expected, touch) in [
            ("a<bc>d", Edit::new(0..0, "xx"), "xxa<bc>d", Touch::Outside),
            ("a<bc>d", Edit::new(1..1, "x"), "a<xbc>d", Touch::Inside),
            ("a<bc>d", Edit::new(3..3, "x"), "a<bcx>d", Touch::Inside),
            ("a<bc>d", Edit::new(0..1, "x"), "x<bc>d", Touch::Outside),
            ("a<bc>d", Edit::new(3..4, "x"), "a<bc>x", Touch::Outside),
            ("a<bc>d", Edit::new(0..2, "x"), "x<c>d", Touch::Inside),
            ("a<bc>d", Edit::new(2..4, "x"), "a<bx>", Touch::Inside),
            ("a<bc>d", Edit::new(0..4, "x"), "x<>", Touch::Gone),
            ("a<>d", Edit::new(1..1, "x"), "a<x>d", Touch::Inside),
        ] {
            let (mut rope, mut region) = fixture(document);
            assert_eq!(region.changed(&edit), touch, "{document} {edit:?}");
            edit.apply(&mut rope);
            assert_eq!(shown(&rope, &region), expected, "{document} {edit:?}");
        }
    }

    #[test]
    fn the_users_text_is_never_taken() {
        for (document, user, target, policy, expected) in [
            // A whole line goes in above the line that the user types in.
            (
                "<\n    pass>",
                Edit::new(9..9, "x"),
                "\n    a = 1\n    pass",
                Policy::Hold,
                "<\n    a = 1\n    passx>",
            ),
            // What would delete the line around the user's text is held.
            ("<one\ntwo\nthree>", Edit::new(5..5, "X"), "three", Policy::Hold, "<one\ntXwo\nthree>"),
            // Going back, it is split around it.
            ("<one\ntwo\nthree>", Edit::new(5..5, "X"), "three", Policy::Split, "<Xthree>"),
            ("<abcdef>", Edit::new(2..4, "X"), "", Policy::Split, "<X>"),
            ("<abcdef>", Edit::new(2..4, ""), "", Policy::Split, "<>"),
            ("<abcdef>", Edit::new(2..4, "X"), "abc!f", Policy::Split, "<abX!f>"),
            // Lines stay lines where both put something in the same place.
            ("<>", Edit::new(0..0, "# mine"), "\nours", Policy::Hold, "<# mine\nours>"),
            ("<>", Edit::new(0..0, "# mine"), "ours\n", Policy::Hold, "<ours\n# mine>"),
        ] {
            let (mut rope, mut region) = fixture(document);
            region.changed(&user);
            user.apply(&mut rope);
            let step = region.step(&diff::edits(region.ours(), target), policy);
            apply_all(&mut rope, &step.edits);
            assert_eq!(shown(&rope, &step.next), expected, "{document} {user:?} {target:?}");
        }
    }

    proptest! {
        /// Whatever the order of the user's and our changes: the region tells what stands in the document, what stands
        /// outside is the user's, and every character that the user typed (here: capitals) is still there.
        #[test]
        fn the_region_and_the_document_agree(
            base in "[a-c\n]{0,12}",
            moves in proptest::collection::vec((any::<bool>(), 0usize..40, 0usize..6, "[A-Z\n]{0,4}", "[a-c\n]{0,14}"), 0..12),
            split in any::<bool>(),
        ) {
            let mut rope = Rope::from_str(&format!("((({base})))"));
            let mut region = Region::new(3, base.clone());
            let mut typed = Vec::new();
            for (ours, at, len, text, target) in moves {
                if ours {
                    let policy = if split { Policy::Split } else { Policy::Hold };
                    let step = region.step(&diff::edits(region.ours(), &target), policy);
                    for pair in step.edits.windows(2) {
                        prop_assert!(pair[0].range.end <= pair[1].range.start, "sorted and disjoint: {:?}", step.edits);
                    }
                    apply_all(&mut rope, &step.edits);
                    region = step.next;
                    if split {
                        prop_assert_eq!(region.ours(), target.as_str());
                    }
                } else {
                    let from = at.min(rope.len_bytes());
                    let to = (from + len).min(rope.len_bytes());
                    let taken = rope.byte_slice(from..to).to_string();
                    let edit = Edit::new(from..to, text.clone());
                    region.changed(&edit);
                    edit.apply(&mut rope);
                    typed.extend(text.chars().filter(char::is_ascii_uppercase));
                    for ch in taken.chars().filter(char::is_ascii_uppercase) {
                        let place = typed.iter().position(|&other| other == ch);
                        prop_assert!(place.is_some());
                        typed.remove(place.unwrap());
                    }
                }
                prop_assert_eq!(rope.byte_slice(region.range()).to_string(), region.text());
                let mut left: Vec<char> = rope.chars().filter(char::is_ascii_uppercase).collect();
                left.sort_unstable();
                typed.sort_unstable();
                prop_assert_eq!(&left, &typed);
            }
        }
    }
}
