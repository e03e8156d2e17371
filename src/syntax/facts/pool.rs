//! The texts of one file's facts, in one string.

use serde::{Deserialize, Serialize};

/// A text in a pool.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Text {
    start: u32,
    len: u32,
}

impl Text {
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.len == 0
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pool {
    texts: Box<str>,
}

impl Pool {
    /// Empty for a text that is not this pool's (facts that were read from a damaged file).
    #[must_use]
    pub fn get(&self, text: Text) -> &str {
        let (start, len) = (text.start as usize, text.len as usize);
        self.texts.get(start..start.saturating_add(len)).unwrap_or_default()
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.texts.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }
}

/// A pool that is being filled.
#[derive(Debug, Default)]
pub(super) struct Filling {
    texts: String,
}

impl Filling {
    pub(super) fn put(&mut self, text: &str) -> Text {
        let start = self.texts.len();
        self.texts.push_str(text);
        self.since(start)
    }

    /// Puts `text` with every run of white space (and every comment to a line's end) as one blank, none behind an opening
    /// bracket or before a closing one. `marks` are offsets of `text`, in order; they are moved to the pool's.
    pub(super) fn put_collapsed(&mut self, text: &str, comment: &str, marks: &mut [usize]) -> Text {
        let start = self.texts.len();
        if !text.contains(['\n', '\r']) {
            marks.iter_mut().for_each(|mark| *mark += start);
            return self.put(text);
        }
        let mut marks = marks.iter_mut().peekable();
        let mut quote: Option<char> = None;
        let mut blank = false;
        let mut chars = text.char_indices();
        while let Some((at, ch)) = chars.next() {
            while let Some(mark) = marks.next_if(|mark| **mark <= at) {
                *mark = self.texts.len() + usize::from(blank && self.wants_blank(ch));
            }
            if quote.is_none() && ch.is_whitespace() {
                blank = true;
                continue;
            }
            if quote.is_none() && text[at..].starts_with(comment) {
                blank = true;
                for (_, ch) in chars.by_ref() {
                    if ch == '\n' {
                        break;
                    }
                }
                continue;
            }
            if blank && self.wants_blank(ch) {
                self.texts.push(' ');
            }
            blank = false;
            match quote {
                Some(open) if open == ch => quote = None,
                None if ch == '"' || ch == '\'' => quote = Some(ch),
                _ => {}
            }
            if matches!(ch, ')' | ']' | '}') && self.texts.ends_with(',') && self.texts.len() > start {
                // A trailing comma of a list that stood on lines of its own.
                self.texts.pop();
            }
            self.texts.push(ch);
        }
        let end = self.texts.len();
        marks.for_each(|mark| *mark = end);
        self.since(start)
    }

    fn wants_blank(&self, next: char) -> bool {
        !self.texts.ends_with(['(', '[', '{', '\n']) && !matches!(next, ')' | ']' | '}')
    }

    /// The text between two of the pool's own offsets.
    pub(super) fn between(&self, start: usize, end: usize) -> Text {
        let (start, end) = (start.min(self.texts.len()), end.min(self.texts.len()));
        let short = |offset| u32::try_from(offset).unwrap_or(u32::MAX);
        Text { start: short(start), len: short(end.saturating_sub(start)) }
    }

    pub(super) fn get(&self, text: Text) -> &str {
        let (start, len) = (text.start as usize, text.len as usize);
        self.texts.get(start..start + len).unwrap_or_default()
    }

    pub(super) fn since(&self, start: usize) -> Text {
        self.between(start, self.texts.len())
    }

    pub(super) fn finish(self) -> Pool {
        Pool { texts: self.texts.into_boxed_str() }
    }
}
