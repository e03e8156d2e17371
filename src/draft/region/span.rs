//! How one operation of ours and one span of the user's stand to each other: in the way, before, behind; and where the span
//! is once the operation was made.

use std::ops::Range;

use crate::text::edit::Edit;

/// Whether `op` would delete or split what `span` holds.
pub(super) fn conflicts(op: &Edit, span: &Edit) -> bool {
    if op.range.is_empty() {
        span.range.start < op.range.start && op.range.start < span.range.end
    } else if span.range.is_empty() {
        op.range.start < span.range.start && span.range.start < op.range.end
    } else {
        span.range.start < op.range.end && op.range.start < span.range.end
    }
}

/// Whether `op` stands before `span`; the two do not conflict.
pub(super) fn precedes(op: &Edit, span: &Edit) -> bool {
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
pub(super) fn carried(span: &Edit, ops: &[Edit]) -> Vec<Edit> {
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

pub(super) fn common(a: impl Iterator<Item = char>, b: impl Iterator<Item = char>) -> usize {
    a.zip(b).take_while(|(a, b)| a == b).map(|(ch, _)| ch.len_utf8()).sum()
}
