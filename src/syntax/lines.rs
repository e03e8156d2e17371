//! Questions about the lines of a rope, by byte offset. Every offset is clamped to the text and to a character's start,
//! so that no caller can panic here with what a client sent.

use std::ops::Range;

use ropey::Rope;

/// A tab counts to the next multiple of this, as Python's tokenizer has it.
const TAB: usize = 8;

/// `byte` within the text and at the start of a character.
#[must_use]
pub fn clamp(text: &Rope, byte: usize) -> usize {
    let byte = byte.min(text.len_bytes());
    let (chunk, start, _, _) = text.chunk_at_byte(byte);
    start + chunk.floor_char_boundary(byte - start)
}

/// `range` within the text, in order, at characters' starts.
#[must_use]
pub fn clamp_range(text: &Rope, range: &Range<usize>) -> Range<usize> {
    let (start, end) = (clamp(text, range.start), clamp(text, range.end));
    start.min(end)..end.max(start)
}

/// A copy of the text of `range`.
#[must_use]
pub fn slice(text: &Rope, range: &Range<usize>) -> String {
    let range = clamp_range(text, range);
    // Most slices are short and within one chunk, where a slice of the rope costs more than the copy.
    let (chunk, start, _, _) = text.chunk_at_byte(range.start);
    match chunk.get(range.start - start..range.end - start) {
        Some(slice) => slice.to_owned(),
        None => text.byte_slice(range).to_string(),
    }
}

/// The line that holds `byte`.
#[must_use]
pub fn of(text: &Rope, byte: usize) -> usize {
    text.byte_to_line(clamp(text, byte))
}

/// The number of lines; the one after a final line end counts.
#[must_use]
pub fn count(text: &Rope) -> usize {
    text.len_lines()
}

/// Where `line` starts (the end of the text for a line past it).
#[must_use]
pub fn start(text: &Rope, line: usize) -> usize {
    if line >= text.len_lines() { text.len_bytes() } else { text.line_to_byte(line) }
}

/// Where the text of `line` ends, before its line end.
#[must_use]
pub fn end(text: &Rope, line: usize) -> usize {
    let (start, next) = (start(text, line), start(text, line + 1));
    let mut end = next;
    while end > start && matches!(text.byte(end - 1), b'\n' | b'\r') {
        end -= 1;
    }
    end
}

/// The text range of `line` without its line end.
#[must_use]
pub fn range(text: &Rope, line: usize) -> Range<usize> {
    start(text, line)..end(text, line)
}

/// Where the first character of `line` stands that is no blank (its end for a blank line). A byte-order mark is passed.
#[must_use]
pub fn first(text: &Rope, line: usize) -> usize {
    let range = range(text, line);
    let mut at = range.start;
    if at == 0 && text.byte_slice(range.clone()).chars().next() == Some('\u{feff}') {
        at += '\u{feff}'.len_utf8();
    }
    while at < range.end && matches!(text.byte(at), b' ' | b'\t' | b'\x0c') {
        at += 1;
    }
    at
}

#[must_use]
pub fn blank(text: &Rope, line: usize) -> bool {
    first(text, line) == end(text, line)
}

/// Whether the text of `line` begins with `prefix` after its indentation.
#[must_use]
pub fn begins_with(text: &Rope, line: usize, prefix: &str) -> bool {
    let (first, end) = (first(text, line), end(text, line));
    end - first >= prefix.len()
        && text.byte_slice(first..end).bytes().zip(prefix.bytes()).all(|(a, b)| a == b)
}

/// The blanks that `line` begins with.
#[must_use]
pub fn indent(text: &Rope, line: usize) -> String {
    let start = start(text, line);
    let indent = slice(text, &(start..first(text, line)));
    indent.trim_start_matches('\u{feff}').to_owned()
}

/// The column that an indentation reaches.
#[must_use]
pub fn width(indent: &str) -> usize {
    indent.chars().fold(0, |width, ch| match ch {
        '\t' => (width / TAB + 1) * TAB,
        '\x0c' => 0,
        _ => width + 1,
    })
}

/// `range` without the blanks and line ends at both of its ends; empty at its start when it holds nothing else.
#[must_use]
pub fn trim(text: &Rope, range: &Range<usize>) -> Range<usize> {
    let range = clamp_range(text, range);
    let blank = |byte: u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b'\x0c');
    let slice = text.byte_slice(range.clone());
    let head = slice.bytes().take_while(|&byte| blank(byte)).count();
    if head == slice.len_bytes() {
        return range.start..range.start;
    }
    let tail = slice.bytes_at(slice.len_bytes()).reversed().take_while(|&byte| blank(byte)).count();
    range.start + head..range.end - tail
}

/// `source` with the indentation `indent` taken off each of its lines but the first, which is expected without it. A line
/// that has less keeps what it has.
#[must_use]
pub fn dedent(source: &str, indent: &str) -> String {
    if indent.is_empty() {
        return source.to_owned();
    }
    let mut lines = source.split_inclusive('\n');
    let mut out = lines.next().unwrap_or_default().to_owned();
    for line in lines {
        out.push_str(line.strip_prefix(indent).unwrap_or(line));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_have_ends_and_indents() {
        let rope = Rope::from_str("\u{feff}a\r\n\tb \n\n    c\rd");
        let ranges: Vec<_> = (0..count(&rope)).map(|line| slice(&rope, &range(&rope, line))).collect();
        assert_eq!(ranges, ["\u{feff}a", "\tb ", "", "    c", "d"]);
        assert_eq!(indent(&rope, 0), "");
        assert_eq!(first(&rope, 0), 3);
        assert_eq!((indent(&rope, 1).as_str(), indent(&rope, 3).as_str()), ("\t", "    "));
        assert!(blank(&rope, 2) && !blank(&rope, 1) && blank(&rope, 99));
        assert_eq!(width(" \t "), 9);
    }

    #[test]
    fn offsets_are_clamped() {
        let rope = Rope::from_str("é😀");
        assert_eq!(clamp(&rope, 1), 0);
        assert_eq!(clamp(&rope, 4), 2);
        assert_eq!(clamp(&rope, 99), 6);
        #[expect(clippy::reversed_empty_ranges, reason = "a client can send one")]
        let backwards = 9..1;
        assert_eq!(clamp_range(&rope, &backwards), 0..6);
    }

    #[test]
    fn blanks_are_trimmed() {
        for (text, want) in [("", 0..0), ("  ", 0..0), (" a ", 1..2), ("\r\n a b\n", 3..6)] {
            let rope = Rope::from_str(text);
            assert_eq!(trim(&rope, &(0..text.len())), want, "{text:?}");
        }
    }

    #[test]
    fn indentation_is_taken_off() {
        assert_eq!(dedent("a\n    b\n\n  c\n", "    "), "a\nb\n\n  c\n");
        assert_eq!(dedent("a\n b", ""), "a\n b");
    }
}
