//! A region: the part of a document that a run owns, and whose text in it is whose.
//!
//! What stands in the document is `user(ours)`: `ours` is the text as the run alone would have it, and `user` is what the
//! user made of it since, as replacements in `ours`' offsets. A run goes on by changing `ours`; the user's replacements
//! are carried along. So nothing that the user typed can be lost: no operation here takes a user span's text away.

mod span;
#[cfg(test)]
mod tests;

use std::ops::Range;

use self::span::{carried, common, conflicts, precedes};
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

    /// Where bytes of `ours` are in the document; nothing where the user changed something among them.
    #[must_use]
    pub fn placed(&self, range: &Range<usize>) -> Option<Range<usize>> {
        let is_inside = |span: &Edit| {
            range.start < span.range.end.max(span.range.start + 1) && span.range.start < range.end
        };
        if self.user.iter().any(is_inside) {
            return None;
        }
        let start = self.start + self.shifted(range.start, |span| span.range.end <= range.start);
        Some(start..start + range.len())
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

    /// What stands there is ours, as it is.
    pub(crate) fn settle(&mut self) {
        self.ours = self.text();
        self.user.clear();
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

fn blank(text: &str) -> bool {
    text.trim().is_empty()
}
