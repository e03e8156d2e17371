//! How a language reads line by line, before there is anything whole to parse: comments, strings, blocks. Data only.

/// See the module's head.
#[derive(Debug, PartialEq, Eq)]
pub struct Lexis {
    /// What comments to the line's end begin with.
    pub comments: &'static [&'static str],
    /// Comments with an end of their own.
    pub blocks: &'static [Quotes],
    /// Of two that begin alike the longer one first.
    pub strings: &'static [Quotes],
    /// `'a'` is a character, and a lone `'` something else.
    pub characters: bool,
    /// Blocks stand in braces: indentation means nothing.
    pub braces: bool,
    /// What import statements begin with, each with what they hold besides.
    pub imports: &'static [(&'static str, &'static str)],
    /// How lines begin that a whole file has at its top, and no part of one: an answer that is a file may have them.
    pub heads: &'static [&'static str],
}

/// What opens and closes a string or a comment.
#[derive(Debug, PartialEq, Eq)]
pub struct Quotes {
    pub open: &'static str,
    pub close: &'static str,
    /// It may go over lines.
    pub lines: bool,
    /// A backslash takes the meaning from what follows it.
    pub escapes: bool,
}

impl Quotes {
    /// A string that ends with its line at the latest.
    pub(super) const fn short(quote: &'static str) -> Self {
        Self { open: quote, close: quote, lines: false, escapes: true }
    }

    /// One that goes over lines.
    pub(super) const fn long(quote: &'static str) -> Self {
        Self { open: quote, close: quote, lines: true, escapes: true }
    }

    /// A text that is as it is written.
    pub(super) const fn raw(open: &'static str, close: &'static str) -> Self {
        Self { open, close, lines: true, escapes: false }
    }

    /// How many bytes of `text`, which stands behind the opening quotes, there are through the closing ones.
    #[must_use]
    pub fn end(&self, text: &str) -> Option<usize> {
        let mut escaped = false;
        for (at, ch) in text.char_indices() {
            if escaped {
                escaped = false;
            } else if self.escapes && ch == '\\' {
                escaped = true;
            } else if text[at..].starts_with(self.close) {
                return Some(at + self.close.len());
            }
        }
        None
    }
}

/// `/* … */`, as most languages with braces have it.
pub(super) const C_COMMENT: Quotes = Quotes::raw("/*", "*/");

impl Lexis {
    /// Whether a line begins an import statement.
    #[must_use]
    pub fn is_import(&self, line: &str) -> bool {
        self.imports.iter().any(|(start, more)| line.starts_with(start) && line.contains(more))
    }

    /// Whether a line is a comment, or begins one.
    #[must_use]
    pub fn is_comment(&self, line: &str) -> bool {
        let line = line.trim_start();
        self.comments.iter().any(|mark| line.starts_with(mark))
            || self.blocks.iter().any(|block| line.starts_with(block.open))
    }

    /// How many bytes a character takes that `text` begins with: one, or an escape, between two quotes.
    #[must_use]
    pub fn character(&self, text: &str) -> Option<usize> {
        let inside = text.strip_prefix('\'').filter(|_| self.characters)?;
        let first = inside.chars().next().filter(|ch| *ch != '\'')?;
        let end = if first == '\\' {
            // `'\''` and `'\u{1f600}'`.
            inside.char_indices().skip(2).find(|(at, ch)| *ch == '\'' || *at > 12)?.0
        } else {
            first.len_utf8()
        };
        inside[end..].starts_with('\'').then_some(end + 2)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Language;

    #[test]
    fn characters_are_told_from_other_quotes() {
        let rust = Language::by_id("rust").unwrap();
        for (text, want) in [
            ("'a' ", Some(3)),
            ("'{'", Some(3)),
            ("'é'", Some(4)),
            ("'\\''", Some(4)),
            ("'\\u{1f600}'", Some(11)),
            ("'a, 'b", None),
            ("'static", None),
            ("''", None),
            ("'", None),
        ] {
            assert_eq!(rust.lexis.character(text), want, "{text}");
        }
    }
}
