//! Where a line of Python stands: inside a triple-quoted string, inside brackets, or in plain code.
//!
//! A line scanner, not a parser: it sees a stream's lines before there is anything whole to parse.

/// The state between two lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Scanner {
    /// The quotes of the triple-quoted string that is open.
    string: Option<&'static str>,
    /// Open brackets.
    depth: u32,
    /// The last line ended with a backslash.
    continued: bool,
    /// Whether the last significant character outside comments was a colon.
    colon: bool,
}

impl Scanner {
    /// Whether the next line begins inside a string that goes over lines: its white space is text.
    pub fn in_string(&self) -> bool {
        self.string.is_some()
    }

    /// Whether the next line goes on with a statement.
    pub fn is_open(&self) -> bool {
        self.string.is_some() || self.depth > 0 || self.continued
    }

    /// Whether the last line opened a block.
    pub fn opens_block(&self) -> bool {
        self.colon && !self.is_open()
    }

    /// Takes in one line, without its line end.
    pub fn line(&mut self, line: &str) {
        self.colon = false;
        self.continued = false;
        let mut rest = line;
        while let Some(ch) = rest.chars().next() {
            if let Some(quotes) = self.string {
                rest = match find_end(rest, quotes) {
                    Some(end) => {
                        self.string = None;
                        &rest[end..]
                    }
                    None => return,
                };
                continue;
            }
            match ch {
                '#' => return,
                '"' | '\'' => {
                    rest = self.quoted(rest, ch);
                    self.colon = false;
                    continue;
                }
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

    /// What is left of `rest`, which begins with a quote, behind its string.
    fn quoted<'a>(&mut self, rest: &'a str, quote: char) -> &'a str {
        for triple in ["\"\"\"", "'''"] {
            if let Some(inside) = rest.strip_prefix(triple) {
                self.string = Some(triple);
                return inside;
            }
        }
        let single = if quote == '"' { "\"" } else { "'" };
        find_end(&rest[1..], single).map_or("", |end| &rest[1 + end..])
    }
}

/// The byte behind the first unescaped `quotes` of `text`.
fn find_end(text: &str, quotes: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, ch) in text.char_indices() {
        if escaped {
            escaped = false;
        } else if ch == '\\' {
            escaped = true;
        } else if text[at..].starts_with(quotes) {
            return Some(at + quotes.len());
        }
    }
    None
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
