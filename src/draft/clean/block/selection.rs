//! What of a selection an answer leaves out: a comment, or a definition without a body, stands there instead.
//!
//! Without that, the draft would take the place of more than it has.

use std::collections::HashSet;

use super::{Answer, Repeats, is_hint, name};
use crate::draft::place::Code;
use crate::syntax::items::Item;

/// See the module's head. Without a selection nothing is left out.
pub(super) struct Selection {
    text: String,
    /// The names that it defines, less those that the answer has.
    wanted: HashSet<String>,
    /// The names that may be hints: what was one before may be one still, and one beside the whole of it, such as an
    /// overload, stands for nothing.
    may_be_hints: HashSet<String>,
    /// Comments that may stand for a part of it.
    comments: Vec<String>,
    /// A definition that does.
    hint: Option<String>,
}

impl Selection {
    pub fn of(answer: &Answer<'_>, items: &[Item]) -> Self {
        let file = answer.place.file();
        let replaced = answer.place.replaced(answer.around);
        let hints = replaced.iter().filter(|item| is_hint(file, item)).filter_map(|item| name(file, item));
        let whole = items.iter().filter(|item| !is_hint(answer.code, item));
        Self {
            text: answer.place.base(),
            wanted: replaced.iter().filter_map(|item| name(file, item)).collect(),
            may_be_hints: hints.chain(whole.filter_map(|item| name(answer.code, item))).collect(),
            comments: Vec::new(),
            hint: None,
        }
    }

    pub fn is_blank(&self) -> bool {
        self.text.trim().is_empty()
    }

    /// Takes in a comment of the answer; returns whether it seems to stand for something.
    pub fn comment(&mut self, text: &str) -> bool {
        let stands = elides(text) && !self.text.contains(text.trim());
        self.comments.extend(stands.then(|| text.to_owned()));
        stands
    }

    /// Takes in a statement of the answer that goes into the draft.
    pub fn kept(&mut self, code: &Code, item: &Item) {
        let Some(name) = name(code, item).filter(|name| self.wanted.remove(name)) else { return };
        if !self.may_be_hints.contains(&name) && is_hint(code, item) {
            self.hint.get_or_insert_with(|| code.part(&item.range));
        }
    }

    /// The line that stands for what is left out.
    pub fn elided(self, repeats: Repeats) -> Option<String> {
        let is_less = |comment: &String| {
            let has_dots = comment.contains("...") || comment.contains('…');
            !self.text.trim().is_empty() && (!self.wanted.is_empty() || repeats == Repeats::No && has_dots)
        };
        let elided = self.hint.or_else(|| self.comments.into_iter().find(is_less))?;
        Some(elided.lines().next().unwrap_or_default().to_owned())
    }
}

/// Whether a comment stands for code that the file has.
pub(super) fn elides(comment: &str) -> bool {
    const MARKS: [&str; 8] = [
        "existing",
        "unchanged",
        "rest of",
        "other methods",
        "other code",
        "other functions",
        "as before",
        "same as",
    ];
    let comment = comment.trim_start_matches('#').trim().to_lowercase();
    comment.starts_with("...") || comment.starts_with('…') || MARKS.iter().any(|mark| comment.contains(mark))
}
