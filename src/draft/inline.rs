//! An inline completion: how much of a model's text is one, and whether it is worth to be shown. While it comes, whole lines decide;
//! at its end the tree does.
//!
//! What stands in the cursor's line behind the cursor keeps it to that line. Else it goes on to the end of the block that it is in, or
//! that its first line opens, and never into what the file has already.

use std::time::Duration;

use ropey::Rope;
use tree_sitter::Tree;

use super::strings::Scanner;
use crate::syntax::parse::{follow, parse};
use crate::syntax::{Language, Source, lines, statement};
use crate::text::edit::Edit;
use crate::text::hidden;

/// The most lines of a completion that opens no block, and of any.
const LINES: usize = 6;
const MOST: usize = 30;
/// How many lines around the cursor are parsed with it, and how long that may take.
pub const AROUND: usize = 200;
const PARSE: Duration = Duration::from_millis(50);
/// A line that is shorter, in bytes, may well stand twice (`}`, `end`, `pass`).
const SHORT: usize = 4;

/// See the module's head.
#[derive(Clone, Debug)]
pub struct Inline {
    language: &'static Language,
    /// The text before the cursor, and behind it: as much as is looked at.
    before: String,
    after: String,
    /// The whole text with its tree, and where the cursor is in it: a parse that goes on from there takes a quarter of one from nothing.
    document: Option<(Rope, Tree, usize)>,
    text: String,
    done: bool,
}

impl Inline {
    #[must_use]
    pub fn new(language: &'static Language, before: &str, after: &str) -> Self {
        let first = before.rmatch_indices('\n').nth(AROUND).map_or(0, |(at, _)| at + 1);
        let end = after.match_indices('\n').nth(AROUND).map_or(after.len(), |(at, _)| at);
        let (before, after) = (before[first..].to_owned(), after[..end].to_owned());
        Self { language, before, after, document: None, text: String::new(), done: false }
    }

    /// The same with the document's tree, and where the cursor is in that.
    #[must_use]
    pub fn in_document(self, text: &Rope, tree: &Tree, at: usize) -> Self {
        Self { document: Some((text.clone(), tree.clone(), at)), ..self }
    }

    /// Takes in more of the model's text; whether the rest makes no difference any more.
    pub fn push(&mut self, delta: &str) -> bool {
        if self.done {
            return true;
        }
        self.text.push_str(&delta.replace("\r\n", "\n"));
        // Only what is whole says how a line stands.
        let whole = self.text.rfind('\n').map_or(0, |at| at + 1);
        if let Some(end) = self.end(whole) {
            self.text.truncate(end);
            self.done = true;
        }
        self.done
    }

    /// What is to be shown behind the cursor; nothing where that is of no use.
    #[must_use]
    pub fn finish(mut self) -> Option<String> {
        if !self.done
            && let Some(end) = self.end(self.text.len())
        {
            self.text.truncate(end);
        }
        let mut text = self.text.trim_end().to_owned();
        text = without_what_follows(self.rest(), &text).to_owned();
        text = self.within_its_block(text);
        let text = text.trim_end();
        let is_blank = text.trim().is_empty();
        let all = format!("{}{}", self.before, self.after);
        (!is_blank && hidden::introduced(&all, text).is_none() && !self.repeats(text))
            .then(|| text.to_owned())
    }

    /// The cursor's line up to the cursor.
    fn line(&self) -> &str {
        self.before.rsplit('\n').next().unwrap_or_default()
    }

    /// What stands in the cursor's line behind it.
    fn rest(&self) -> &str {
        self.after.split('\n').next().unwrap_or_default().trim_end_matches('\r')
    }

    /// Where the first `whole` bytes of the text end a completion, if they do.
    fn end(&self, whole: usize) -> Option<usize> {
        let line = self.line();
        // An editor closes the brace that is typed.
        let is_empty_block = line.trim_end().ends_with('{') && self.rest().trim_start().starts_with('}');
        let is_one_line = !self.rest().trim().is_empty() && !is_empty_block;
        let indent = lines::width(&line[..line.len() - line.trim_start().len()]);
        let mut scanner = Scanner::of(self.language);
        let (mut at, mut opens, mut count) = (0, false, 0);
        for piece in self.text[..whole].split_inclusive('\n') {
            let code = piece.trim();
            let is_first = at == 0;
            let own = lines::width(&piece[..piece.len() - piece.trim_start().len()]);
            let goes_on = scanner.is_open();
            let text = if is_first { format!("{line}{piece}") } else { piece.to_owned() };
            if is_first && is_one_line {
                return piece.ends_with('\n').then_some(piece.len() - 1);
            }
            if !is_first && !code.is_empty() {
                let is_shallower = !goes_on && (own < indent || opens && own <= indent && !self.closes(code));
                let next = self.after.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
                let is_level = lines::width(&next[..next.len() - next.trim_start().len()]) == own;
                let is_there =
                    next.trim() == code && (is_level && own <= indent || !goes_on && code.len() >= SHORT);
                if is_shallower || is_there {
                    return Some(at);
                }
            }
            if code.is_empty() && !is_first && !opens && !goes_on && count > 0 {
                return Some(at);
            }
            scanner.line(text.trim_end_matches(['\n', '\r']));
            if is_first {
                opens = self.opens(&text, &scanner);
            }
            count += usize::from(!code.is_empty());
            at += piece.len();
            if opens && own <= indent && !is_first && self.closes(code)
                || count >= MOST
                || !opens && count >= LINES && !scanner.is_open()
            {
                return Some(at);
            }
        }
        None
    }

    /// Whether the cursor's line opens a block, the completion's first line included.
    fn opens(&self, line: &str, scanner: &Scanner) -> bool {
        let lexis = &self.language.lexis;
        if lexis.braces { lexis.opens(line) } else { scanner.opens_block() }
    }

    /// Whether a line ends the block that was opened.
    fn closes(&self, code: &str) -> bool {
        let closer = self.language.closer;
        !closer.is_empty() && code.starts_with(closer)
    }

    /// The text up to the end of the block that the cursor is in, by the tree.
    fn within_its_block(&self, text: String) -> String {
        // Within a line, no block ends but by what closes it.
        let closer = self.language.closer;
        if !text.contains('\n') && (closer.is_empty() || !text.contains(closer)) {
            return text;
        }
        let (rope, old, cursor) = match &self.document {
            Some((whole, tree, at)) => {
                let (mut rope, mut tree) = (whole.clone(), tree.clone());
                follow(&mut tree, &mut rope, &Edit::new(*at..*at, text.clone()));
                (rope, Some(tree), *at)
            }
            None => {
                let around = format!("{}{text}{}", self.before, self.after);
                (Rope::from_str(&around), None, self.before.len())
            }
        };
        let Some(tree) = parse(self.language, &rope, old.as_ref(), PARSE) else { return text };
        let source = Source { text: &rope, tree: Some(&tree), language: self.language, path: "" };
        match statement::block_end(&source, cursor) {
            Some(end) if end > cursor && end < cursor + text.len() => text[..end - cursor].to_owned(),
            _ => text,
        }
    }

    /// Whether it says what stands right above or below once more.
    fn repeats(&self, text: &str) -> bool {
        let lines = |text: &str| -> Vec<String> {
            text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
        };
        let whole = lines(&format!("{}{text}", self.line()));
        let before = lines(self.before.rsplit_once('\n').map_or("", |(before, _)| before));
        let after = lines(&self.after);
        let count = whole.len();
        let is_long = whole.iter().any(|line| line.len() > SHORT);
        let is_above = before.len() >= count && before[before.len() - count..] == whole[..];
        // What begins with the next line is not the cursor's.
        let own = if text.starts_with('\n') { lines(text) } else { whole.clone() };
        let is_below = after.starts_with(&own);
        // The same line over and over.
        let is_endless = whole.windows(3).any(|three| three[0] == three[1] && three[1] == three[2]);
        is_long && (is_above || is_below) || is_endless
    }
}

/// The text up to a bracket that it closes and did not open, where that one stands in the line behind the cursor: the editor closed it.
#[must_use]
pub fn without_closed<'a>(rest: &str, text: &'a str) -> &'a str {
    let mut depth = 0_i32;
    let closed = text.char_indices().find(|(_, ch)| {
        depth += step(*ch);
        depth < 0
    });
    let is_there = |(_, ch): &(usize, char)| rest.trim_start().starts_with(*ch);
    closed.filter(is_there).map_or(text, |(at, _)| &text[..at])
}

/// The text without an end that stands in the line behind the cursor already: brackets that the editor has closed, a line that follows.
fn without_what_follows<'a>(rest: &str, text: &'a str) -> &'a str {
    let rest = rest.trim_end();
    let open = without_closed(rest, text);
    if open.len() < text.len() {
        return open;
    }
    let depth = |text: &str| text.chars().map(step).sum::<i32>();
    let cut = (1..=rest.len().min(text.len()))
        .rev()
        .filter(|&length| rest.is_char_boundary(length))
        .find(|&length| text.ends_with(&rest[..length]));
    let is_whole = cut.is_some_and(|length| length == rest.len() || !rest[..length].trim().is_empty());
    let kept = cut.filter(|_| is_whole).map_or(text, |length| &text[..text.len() - length]);
    // A bracket that the text itself opened is closed by its own.
    if depth(kept) > 0 && depth(text) == 0 { text } else { kept }
}

/// How a character changes how many brackets are open.
fn step(ch: char) -> i32 {
    i32::from("([{".contains(ch)) - i32::from(")]}".contains(ch))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `marked` has `$0` at the cursor; what is shown of `said`, however it is cut.
    #[track_caller]
    fn check(language: &str, marked: &str, said: &str, want: Option<&str>) {
        let language = Language::by_id(language).unwrap();
        let (before, after) = marked.split_once("$0").unwrap();
        for size in [1, 3, 1_000] {
            let mut inline = Inline::new(language, before, after);
            let chars: Vec<char> = said.chars().collect();
            for piece in chars.chunks(size) {
                if inline.push(&piece.iter().collect::<String>()) {
                    break;
                }
            }
            // By the document's tree it is the same, whatever the line ends are there.
            for eol in ["\n", "\r\n"] {
                let [head, tail] = [before, after].map(|text| text.replace('\n', eol));
                let rope = Rope::from_str(&format!("{head}{tail}"));
                let tree = parse(language, &rope, None, PARSE).unwrap();
                let known = inline.clone().in_document(&rope, &tree, head.len());
                assert_eq!(known.finish().as_deref(), want, "{marked}\n{said:?} with its tree, {eol:?}");
            }
            assert_eq!(inline.finish().as_deref(), want, "{marked}\n{said:?} in pieces of {size}");
        }
    }

    #[test]
    fn a_completion_ends_with_its_line_or_its_block() {
        for (marked, said, want) in [
            // Something stands behind the cursor.
            ("x = f($0)\n", "a, b)\ny = 2\n", Some("a, b")),
            ("x = $0 + 1\n", "a\nb\n", Some("a")),
            // The line opens a block, and the completion has that.
            ("def f(x):$0\n", "\n    return x\n\n\ndef g():\n    pass\n", Some("\n    return x")),
            (
                "def f(x):\n    $0\n",
                "if x:\n        return 1\n    return 2\n\n\ndef g(): pass\n",
                Some("if x:\n        return 1"),
            ),
            (
                "def f(x):\n    y = 1\n    $0\n",
                "z = 2\n    return z\n\n    more()\n",
                Some("z = 2\n    return z"),
            ),
            ("def f(x):\n    return$0\n\n\ny = 1\n", " x\n\n\ny = 1\n", Some(" x")),
            // What follows is there already.
            ("def f(x):\n    $0\n    return y\n", "y = x\n    return y\n", Some("y = x")),
            ("x = [$0\n]\n", "\n    1,\n    2,\n]\n", Some("\n    1,\n    2,")),
            ("x = 1\n$0", "x = 1\n", None),
            ("$0\n", "a\na\na\na\n", None),
            ("x = $0\n", "'\u{202e}'\n", None),
            ("x = 1$0\n", "\n\n", None),
            ("", "", None),
        ] {
            if !marked.is_empty() {
                check("python", marked, said, want);
            }
        }
        for (marked, said, want) in [
            ("fn f() {$0}\n", "\n    1\n", Some("\n    1")),
            ("fn f() {\n    $0\n}\n", "let x = 1;\n    x\n}\n\nfn g() {}\n", Some("let x = 1;\n    x")),
            (
                "fn f() {\n    if a $0\n}\n",
                "{\n        b();\n    }\n    c();\n}\n",
                Some("{\n        b();\n    }"),
            ),
            ("fn f(a: u8$0) {}\n", ", b: u8) -> u8 {\n", Some(", b: u8")),
        ] {
            check("rust", marked, said, want);
        }
        check(
            "ruby",
            "def f(x)\n  $0\nend\n",
            "x.each do |y|\n    puts y\n  end\n  z\nend\n",
            Some("x.each do |y|\n    puts y\n  end"),
        );
    }
}
