//! Where a line of code stands: inside a string that goes over lines, inside brackets, or in plain code.
//!
//! A line scanner, not a parser: it sees a stream's lines before there is anything whole to parse.

use crate::syntax::Language;
use crate::syntax::lexis::{Lexis, Quotes, word_at};

/// The state between two lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Scanner {
    lexis: &'static Lexis,
    /// The quotes of the string or comment that is open.
    open: Option<&'static Quotes>,
    /// It is a string.
    is_text: bool,
    /// The line that ends the text that is open, and that of one that begins with the next line.
    heredoc: Option<String>,
    ahead: Option<String>,
    /// Open brackets.
    depth: u32,
    /// The last line ended with a backslash.
    continued: bool,
    /// Whether the last significant character outside comments was a colon.
    colon: bool,
}

impl Default for Scanner {
    fn default() -> Self {
        Self::of(Language::first())
    }
}

impl Scanner {
    /// One for code of `language`.
    pub fn of(language: &'static Language) -> Self {
        Self {
            lexis: &language.lexis,
            open: None,
            is_text: false,
            heredoc: None,
            ahead: None,
            depth: 0,
            continued: false,
            colon: false,
        }
    }

    /// The same at the start of a text.
    pub fn anew(&self) -> Self {
        Self {
            lexis: self.lexis,
            open: None,
            is_text: false,
            heredoc: None,
            ahead: None,
            depth: 0,
            continued: false,
            colon: false,
        }
    }

    pub fn lexis(&self) -> &'static Lexis {
        self.lexis
    }

    /// How many brackets are open.
    pub fn depth(&self) -> u32 {
        self.depth
    }

    /// Whether the next line begins inside a string that goes over lines: its white space is text.
    pub fn in_string(&self) -> bool {
        self.is_text && self.open.is_some() || self.heredoc.is_some()
    }

    /// Whether the next line begins inside a string or a comment.
    pub fn is_quoted(&self) -> bool {
        self.open.is_some() || self.heredoc.is_some()
    }

    /// Whether the next line goes on with a statement.
    pub fn is_open(&self) -> bool {
        self.is_quoted() || self.depth > 0 || self.continued
    }

    /// Whether the last line opened a block.
    pub fn opens_block(&self) -> bool {
        self.colon && !self.is_open()
    }

    /// Takes in one line, without its line end.
    pub fn line(&mut self, line: &str) {
        self.colon = false;
        self.continued = false;
        if let Some(name) = &self.heredoc {
            let text = line.trim_start();
            // What may stand behind the name ends a statement, or goes on with it.
            let ends = |rest: &str| rest.is_empty() || rest.starts_with([';', ',', ')', ']', '.']);
            if text.trim_end().strip_prefix(name.as_str()).is_some_and(ends) {
                self.heredoc = None;
            }
            return;
        }
        self.code(line);
        self.heredoc = self.ahead.take();
    }

    fn code(&mut self, line: &str) {
        let mut rest = line;
        while let Some(ch) = rest.chars().next() {
            if let Some(quotes) = self.open {
                let Some(end) = quotes.end(rest) else { return };
                self.open = None;
                rest = &rest[end..];
                continue;
            }
            if self.lexis.comments.iter().any(|mark| rest.starts_with(mark)) {
                return;
            }
            if let Some(name) = self.lexis.heredoc(rest) {
                self.ahead = Some(name.to_owned());
                rest = rest[self.lexis.heredoc.len()..].trim_start_matches(['~', '-', '"', '\'']);
                rest = rest[name.len()..].trim_start_matches(['"', '\'']);
                continue;
            }
            if let Some(behind) = self.quoted(rest) {
                rest = behind;
                continue;
            }
            let word = word_at(rest);
            if let Some(words) = self.lexis.words.filter(|_| word > 0) {
                let step = words.step(line, line.len() - rest.len(), &rest[..word]);
                self.depth = self.depth.saturating_add_signed(step);
                self.colon = false;
                rest = &rest[word..];
                continue;
            }
            match ch {
                '(' | '[' | '{' => self.depth += 1,
                ')' | ']' | '}' => self.depth = self.depth.saturating_sub(1),
                '\\' if rest.len() == 1 => self.continued = true,
                _ => {}
            }
            if !ch.is_whitespace() {
                self.colon = ch == ':' && self.depth == 0;
            }
            rest = &rest[ch.len_utf8()..];
        }
    }

    /// What is left of `rest` behind the quotes that it begins with, or behind all of a string that ends with its line.
    fn quoted<'a>(&mut self, rest: &'a str) -> Option<&'a str> {
        let begins = |quotes: &&Quotes| rest.starts_with(quotes.open);
        if let Some(block) = self.lexis.blocks.iter().find(begins) {
            (self.open, self.is_text) = (Some(block), false);
            return Some(&rest[block.open.len()..]);
        }
        if let Some(taken) = self.lexis.character(rest) {
            self.colon = false;
            return Some(&rest[taken..]);
        }
        let quotes = self.lexis.strings.iter().find(begins)?;
        let inside = &rest[quotes.open.len()..];
        self.colon = false;
        if quotes.lines {
            (self.open, self.is_text) = (Some(quotes), true);
            return Some(inside);
        }
        Some(quotes.end(inside).map_or("", |end| &inside[end..]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_leave_their_state() {
        for (lines, in_string, is_open, opens_block) in [
            ("x = 1", false, false, false),
            ("def f():", false, false, true),
            ("def f():  # why: not", false, false, true),
            ("def f(", false, true, false),
            ("def f(\n    a: int,\n) -> str:", false, false, true),
            ("x = '''a\n b", true, true, false),
            ("x = '''a\n b'''", false, false, false),
            ("x = 'it\\'s' # '''", false, false, false),
            ("x = \"\"\" ' # \\\"\"\" ", true, true, false),
            ("x = \"\" + '(' ", false, false, false),
            ("x = {1: 2}", false, false, false),
            ("x = 1 + \\", false, true, false),
        ] {
            let mut scanner = Scanner::default();
            lines.split('\n').for_each(|line| scanner.line(line));
            let state = (scanner.in_string(), scanner.is_open(), scanner.opens_block());
            assert_eq!(state, (in_string, is_open, opens_block), "{lines:?}");
        }
    }
}
