//! The first line of a definition's documentation, in its body or above it.

use tree_sitter::Node;

use super::{Extraction, Text};
use crate::syntax::docs::Above;

/// The most that is kept of a docstring's first line.
const DOC: usize = 160;
/// How much text above a definition is looked at for its documentation, in bytes.
const DOCS: usize = 8 * 1024;

impl Extraction<'_> {
    /// The first line of the docstring that `body` begins with.
    pub(super) fn docstring(&mut self, body: Node<'_>) -> Text {
        // A statement that is nothing but a string: what is returned or assigned does not begin with it.
        let string = body.named_child(0).and_then(|statement| {
            statement.named_child(0).filter(|string| string.start_byte() == statement.start_byte())
        });
        let Some(string) = string else { return Text::default() };
        if !self.language.kinds.strings.contains(&string.kind()) {
            return Text::default();
        }
        let text = self.slice(string).trim_start_matches(['r', 'R', 'u', 'U']);
        if !text.starts_with(['"', '\'']) {
            return Text::default();
        }
        let inside = text.trim_matches(['"', '\'']).trim_start();
        self.doc_line(inside.lines().next().unwrap_or_default().trim())
    }

    /// The first line of the documentation above byte `start` that says something.
    pub(super) fn doc_above(&mut self, above: &Above, start: usize) -> Text {
        let line = self.text[..start].rfind('\n').map_or(0, |at| at + 1);
        let from = self.text.ceil_char_boundary(line.saturating_sub(DOCS));
        let before = &self.text[from..line];
        let doc = above.over(before).and_then(|over| over.doc).map_or("", |doc| &before[doc]);
        let mut said = doc.lines().map(|line| above.bare(line).trim()).filter(|line| !line.is_empty());
        let first = said.next().unwrap_or_default().to_owned();
        self.doc_line(&first)
    }

    fn doc_line(&mut self, line: &str) -> Text {
        // Cut between words: half a word tells nothing, and half a key would not be known as one.
        let end = line.floor_char_boundary(DOC.min(line.len()));
        let end = if end < line.len() { line[..end].rfind(char::is_whitespace).unwrap_or(0) } else { end };
        self.pool.put(line[..end].trim_end())
    }
}
