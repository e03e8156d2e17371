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
    /// Blocks stand in braces, or between `words`: indentation means nothing.
    pub braces: bool,
    /// What opens and closes blocks that do not stand in braces.
    pub words: Option<&'static Words>,
    /// What begins a text that goes on to a line with the name that follows; nothing where there are none.
    pub heredoc: &'static str,
    /// What import statements begin with, each with what they hold besides.
    pub imports: &'static [(&'static str, &'static str)],
    /// How lines begin that a whole file has at its top, and no part of one: an answer that is a file may have them.
    pub heads: &'static [&'static str],
}

/// Words around blocks: `def` … `end`.
#[derive(Debug, PartialEq, Eq)]
pub struct Words {
    /// Open a block wherever they stand.
    pub always: &'static [&'static str],
    /// Open one where a statement or a value begins; elsewhere they are modifiers (`x if y`).
    pub leading: &'static [&'static str],
    /// Open one that a loop of the same line has not opened already.
    pub behind: &'static str,
    pub loops: &'static [&'static str],
    /// One of the first kind that is whole on its line where this follows what it names: `def f(x) = x`.
    pub endless: (&'static str, &'static str),
    /// Words before which a statement begins.
    pub starts: &'static [&'static str],
    pub closer: &'static str,
    /// Begin a part of a block, which stands at the level of what opened it.
    pub clauses: &'static [&'static str],
}

impl Words {
    /// How many blocks the word at `at` of `line` opens (1) or closes (-1).
    #[must_use]
    pub fn step(&self, line: &str, at: usize, word: &str) -> i32 {
        let (before, after) = (&line[..at], &line[at + word.len()..]);
        let is_part = before.ends_with(['.', '@', '$', ':']) && !before.ends_with("::")
            || after.starts_with(['?', '!', '=']) && !after.starts_with("==");
        let is_key = after.starts_with(':') && !after.starts_with("::");
        if is_part || is_key {
            return 0;
        }
        if word == self.closer {
            return -1;
        }
        let before = before.trim_end();
        let last = before.rsplit(|ch: char| !is_word(ch)).next().unwrap_or_default();
        let begins = || {
            before.is_empty()
                || self.starts.contains(&last)
                || last.is_empty() && !before.ends_with([')', ']', '}', '"', '\'', '`', '!', '?'])
        };
        let opens = if word == self.endless.0 {
            !self.is_endless(after)
        } else if word == self.behind {
            let first = line.trim_start().split(|ch: char| !is_word(ch)).next().unwrap_or_default();
            !self.loops.contains(&first)
        } else {
            self.always.contains(&word) || self.leading.contains(&word) && begins()
        };
        i32::from(opens)
    }

    /// Whether what stands behind the word is a name, its parameters, and a value.
    fn is_endless(&self, after: &str) -> bool {
        let name = after.trim_start().trim_start_matches(|ch: char| is_word(ch) || ".?!".contains(ch));
        let mut depth = 0_u32;
        let rest = match name.strip_prefix('(') {
            None => name,
            Some(_) => name
                .find(|ch| {
                    depth = match ch {
                        '(' => depth + 1,
                        ')' => depth.saturating_sub(1),
                        _ => depth,
                    };
                    depth == 0
                })
                .map_or("", |end| &name[end + 1..]),
        };
        // `def name=(value)` names a setter.
        let value = rest.trim_start();
        value.len() < rest.len() && value.starts_with(self.endless.1) && !value.starts_with("==")
    }

    /// Whether `line` begins a part of a block.
    #[must_use]
    pub fn is_clause(&self, line: &str) -> bool {
        let line = line.trim_start();
        self.clauses.contains(&&line[..word_at(line)])
    }

    /// Whether `line` opens a block that it does not close, as far as a line alone tells.
    #[must_use]
    pub fn opens(&self, line: &str) -> bool {
        let mut depth = 0;
        let mut at = 0;
        while at < line.len() {
            let len = word_at(&line[at..]);
            if len == 0 {
                at += line[at..].chars().next().map_or(1, char::len_utf8);
                continue;
            }
            depth += self.step(line, at, &line[at..at + len]);
            at += len;
        }
        depth > 0
    }
}

/// The length of the word that `text` begins with.
#[must_use]
pub fn word_at(text: &str) -> usize {
    text.find(|ch: char| !is_word(ch)).unwrap_or(text.len())
}

fn is_word(ch: char) -> bool {
    ch.is_alphanumeric() || ch == '_'
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

    /// Whether a line opens a block, as far as a line alone tells.
    #[must_use]
    pub fn opens(&self, line: &str) -> bool {
        line.trim_end().ends_with('{') || self.words.is_some_and(|words| words.opens(line))
    }

    /// Whether a line is a comment, or begins one.
    #[must_use]
    pub fn is_comment(&self, line: &str) -> bool {
        let line = line.trim_start();
        self.comments.iter().any(|mark| line.starts_with(mark))
            || self.blocks.iter().any(|block| line.starts_with(block.open))
    }

    /// The name that ends the text that `text` begins, which stands on lines of their own.
    #[must_use]
    pub fn heredoc<'a>(&self, text: &'a str) -> Option<&'a str> {
        let rest = text.strip_prefix(self.heredoc).filter(|_| !self.heredoc.is_empty())?;
        // `list << Item` is no text: nothing stands between the two but what says how it is indented.
        let name = rest.strip_prefix(['~', '-']).unwrap_or(rest);
        let bare = name.trim_start_matches(['"', '\'']);
        let len = word_at(bare);
        // `list << item` begins none.
        let is_one = bare.len() < name.len() || bare.starts_with(char::is_uppercase);
        (is_one && len > 0).then(|| &bare[..len])
    }

    /// Whether a line is a comment, and nothing else and no beginning of a longer one.
    #[must_use]
    pub fn is_only_comment(&self, line: &str) -> bool {
        let line = line.trim();
        let is_line = self.comments.iter().any(|mark| line.starts_with(mark));
        let ends = |block: &Quotes| {
            line.strip_prefix(block.open)
                .and_then(|rest| Some(rest.len() == block.end(rest)?))
                .unwrap_or(false)
        };
        is_line || self.blocks.iter().any(ends)
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
    fn words_open_and_close_blocks() {
        let ruby = Language::by_id("ruby").unwrap();
        for (line, opens) in [
            ("def f(x)", true),
            ("private def f", true),
            ("def f(x) = x", false),
            ("def self.f(x = g(1)) = x", false),
            ("def f(x = 1)", true),
            ("def ==(other)", true),
            ("def name=(value)", true),
            ("def !=(other)", true),
            ("save! if x", false),
            ("return empty? unless y", false),
            ("def f; end", false),
            ("class A < B", true),
            ("class << self", true),
            ("x = self.class", false),
            ("return x if y", false),
            ("if y", true),
            ("x = if y", true),
            ("x = y ? 1 : if z", true),
            ("if y then z end", false),
            ("elsif y", false),
            ("xs.each do |x|", true),
            ("while x do", true),
            ("begin", true),
            ("x while y", false),
            ("f(if: 1, end: 2)", false),
            ("x.end", false),
            (":end", false),
            ("endpoint = 1", false),
            ("f { |x| x }", false),
            ("", false),
        ] {
            assert_eq!(ruby.lexis.words.unwrap().opens(line), opens, "{line}");
        }
    }

    #[test]
    fn texts_that_end_with_a_name_are_seen() {
        let ruby = Language::by_id("ruby").unwrap();
        for (text, name) in [
            ("<<~EOS", Some("EOS")),
            ("<<-'eos'", Some("eos")),
            ("<<EOS.strip", Some("EOS")),
            ("<< item", None),
            ("<< Item.new", None),
            ("<< \"item\"", None),
            ("<<~", None),
            ("< EOS", None),
        ] {
            assert_eq!(ruby.lexis.heredoc(text), name, "{text}");
        }
        assert_eq!(Language::by_id("php").unwrap().lexis.heredoc("<<<'X'"), Some("X"));
        assert_eq!(Language::by_id("go").unwrap().lexis.heredoc("<<X"), None);
    }

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
