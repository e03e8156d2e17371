//! The repair of an edit that landed in the wrong place: what takes it back, carried over what the user types meanwhile.
//!
//! Until it has landed, the document is not as the regions have it; so every change is told to them as it would be in the
//! repaired document.

use ropey::Rope;

use crate::text::diff;
use crate::text::edit::{Edit, apply_all};

/// Edits that make the repaired document of the one that stands. Invariant: sorted and disjoint.
#[derive(Debug, Default)]
pub(crate) struct Repair {
    edits: Vec<Edit>,
}

impl Repair {
    pub fn edits(&self) -> &[Edit] {
        &self.edits
    }

    /// An edit of ours made `after` of `before` where it should not have.
    pub fn misplaced(&mut self, before: &Rope, after: &Rope) {
        let mut repaired = before.clone();
        apply_all(&mut repaired, &self.edits);
        self.edits = diff::edits(&after.to_string(), &repaired.to_string());
    }

    /// Takes in a change of the document and returns it as a change of the repaired one. What was typed into the misplaced
    /// text stays: the repair is split around it.
    pub fn changed(&mut self, edit: &Edit) -> Edit {
        let seen = Edit::new(self.start(edit)..self.end(edit), edit.text.clone());
        let moved = |offset: usize| offset - edit.range.len() + edit.text.len();
        let behind = edit.new_range().end;
        let mut carried = Vec::with_capacity(self.edits.len());
        for repair in self.edits.drain(..) {
            let (start, end) = (repair.range.start, repair.range.end);
            if edit.range.end <= start {
                carried.push(Edit::new(moved(start)..moved(end), repair.text));
            } else if end <= edit.range.start {
                carried.push(repair);
            } else if edit.range.start > start {
                carried.push(Edit::new(start..edit.range.start, repair.text));
                carried.push(Edit::new(behind..moved(end.max(edit.range.end)), ""));
            } else if edit.range.end <= end {
                carried.push(Edit::new(behind..moved(end), repair.text));
            }
            // Else the user deleted all of the misplaced text and more: there is nothing to take back.
        }
        carried.retain(|repair| !repair.is_empty());
        self.edits = carried;
        Edit { range: seen.range.start..seen.range.end.max(seen.range.start), ..seen }
    }

    /// Where the change begins in the repaired document.
    fn start(&self, edit: &Edit) -> usize {
        let at = edit.range.start;
        let deletes = !edit.range.is_empty();
        self.mapped(at, |repair| {
            let behind = at > repair.range.start || (deletes && at == repair.range.end);
            behind.then_some(repair.text.len())
        })
    }

    /// Where it ends: what the repair brings back is the user's to delete only if all of the misplaced text was deleted.
    fn end(&self, edit: &Edit) -> usize {
        let at = edit.range.end;
        self.mapped(at, |repair| {
            if at <= repair.range.start {
                None
            } else if edit.range.start <= repair.range.start {
                Some(0)
            } else {
                Some(repair.text.len())
            }
        })
    }

    /// `at` in the repaired document. `inside` says how far behind a repair's start it is where it is not past its end.
    fn mapped(&self, at: usize, inside: impl Fn(&Edit) -> Option<usize>) -> usize {
        let mut shift = 0isize;
        for repair in &self.edits {
            if at > repair.range.end {
                shift += repair.text.len().cast_signed() - repair.range.len().cast_signed();
            } else if let Some(behind) = inside(repair) {
                return repair.range.start.saturating_add_signed(shift) + behind;
            } else {
                break;
            }
        }
        at.saturating_add_signed(shift)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::text::edit::sequential;

    proptest! {
        /// Repairing after a change is the same as making the change, as it was told, in the repaired document.
        #[test]
        fn the_repaired_document_sees_the_same_change(
            text in "[a-z]{0,12}",
            wrong in (0usize..12, 0usize..5, "[0-9]{0,4}"),
            changes in proptest::collection::vec((0usize..20, 0usize..6, "[A-Z]{0,3}"), 1..5),
        ) {
            let before = Rope::from_str(&text);
            let start = wrong.0.min(text.len());
            let misplaced = [Edit::new(start..(start + wrong.1).min(text.len()), wrong.2)];
            let mut document = before.clone();
            apply_all(&mut document, &misplaced);
            let mut repair = Repair::default();
            repair.misplaced(&before, &document);
            let mut repaired = before;
            for (at, len, text) in changes {
                let at = at.min(document.len_bytes());
                let change = Edit::new(at..(at + len).min(document.len_bytes()), text);
                let told = repair.changed(&change);
                change.apply(&mut document);
                told.apply(&mut repaired);
                let mut made = document.clone();
                for edit in sequential(repair.edits()) {
                    edit.apply(&mut made);
                }
                prop_assert_eq!(&made, &repaired, "{:?} told as {:?}, repair {:?}", change, told, repair.edits());
            }
        }
    }
}
