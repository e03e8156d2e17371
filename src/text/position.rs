//! Positions as LSP has them: a line and a column in code units of the negotiated encoding.
//!
//! Everything is clamped, nothing panics: a column past a line's end is the line's end (LSP 3.17, `Position`), a line
//! past the end is the end of the text, the middle of a character is its start.

use std::ops::Range;

use ropey::Rope;

/// What a column counts (LSP 3.17, `PositionEncodingKind`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Encoding {
    Utf8,
    #[default]
    Utf16,
    Utf32,
}

/// A zero-based line and a column in the units of an `Encoding`; means nothing without one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    pub line: u32,
    pub column: u32,
}

/// The byte offset of `position`, clamped into the text.
#[must_use]
pub fn to_offset(rope: &Rope, position: Position, encoding: Encoding) -> usize {
    let line = position.line as usize;
    if line >= rope.len_lines() {
        return rope.len_bytes();
    }
    let start = rope.line_to_byte(line);
    let end = line_content_end(rope, line);
    let column = position.column as usize;
    match encoding {
        Encoding::Utf8 => {
            let offset = start.saturating_add(column).min(end);
            rope.char_to_byte(rope.byte_to_char(offset))
        }
        Encoding::Utf16 => {
            let content = rope.byte_slice(start..end);
            let column = column.min(content.len_utf16_cu());
            start + content.char_to_byte(content.utf16_cu_to_char(column))
        }
        Encoding::Utf32 => {
            let content = rope.byte_slice(start..end);
            start + content.char_to_byte(column.min(content.len_chars()))
        }
    }
}

/// The position of byte `offset`, clamped into the text.
#[must_use]
pub fn to_position(rope: &Rope, offset: usize, encoding: Encoding) -> Position {
    let offset = offset.min(rope.len_bytes());
    let line = rope.byte_to_line(offset);
    let before = rope.byte_slice(rope.line_to_byte(line)..rope.char_to_byte(rope.byte_to_char(offset)));
    let column = match encoding {
        Encoding::Utf8 => before.len_bytes(),
        Encoding::Utf16 => before.len_utf16_cu(),
        Encoding::Utf32 => before.len_chars(),
    };
    Position { line: narrow(line), column: narrow(column) }
}

/// The bytes of line `line` without its line end. `line` must be below `rope.len_lines()`.
#[must_use]
pub fn line_range(rope: &Rope, line: usize) -> Range<usize> {
    rope.line_to_byte(line)..line_content_end(rope, line)
}

fn line_content_end(rope: &Rope, line: usize) -> usize {
    let start = rope.line_to_byte(line);
    let mut end = rope.line_to_byte(line + 1);
    if end > start && rope.byte(end - 1) == b'\n' {
        end -= 1;
        if end > start && rope.byte(end - 1) == b'\r' {
            end -= 1;
        }
    } else if end > start && rope.byte(end - 1) == b'\r' {
        end -= 1;
    }
    end
}

fn narrow(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ALL: [Encoding; 3] = [Encoding::Utf8, Encoding::Utf16, Encoding::Utf32];

    #[test]
    fn columns_count_the_encodings_units() {
        let rope = Rope::from_str("a😀b\r\né\rlast");
        for (encoding, line, column, offset) in [
            (Encoding::Utf8, 0, 5, 5),
            (Encoding::Utf8, 0, 3, 1), // the middle of a character is its start
            (Encoding::Utf16, 0, 3, 5),
            (Encoding::Utf16, 0, 2, 1), // half a surrogate pair
            (Encoding::Utf32, 0, 2, 5),
            (Encoding::Utf16, 0, 99, 6), // past the line's end, before its line end
            (Encoding::Utf16, 1, 1, 10),
            (Encoding::Utf16, 2, 4, 15),
            (Encoding::Utf16, 9, 0, 15),
            (Encoding::Utf32, u32::MAX, u32::MAX, 15),
        ] {
            assert_eq!(
                to_offset(&rope, Position { line, column }, encoding),
                offset,
                "{encoding:?} {line}:{column}"
            );
        }
    }

    proptest! {
        #[test]
        fn offsets_survive_the_round_trip(text in "(a|é|😀|\u{301}|\t|\n|\r\n|\r|\u{c}|\u{2028}){0,40}") {
            let rope = Rope::from_str(&text);
            for (offset, _) in text.char_indices().chain([(text.len(), ' ')]) {
                let inside_crlf = text[..offset].ends_with('\r') && text[offset..].starts_with('\n');
                for encoding in ALL {
                    let position = to_position(&rope, offset, encoding);
                    let back = to_offset(&rope, position, encoding);
                    prop_assert_eq!(back, if inside_crlf { offset - 1 } else { offset });
                }
            }
        }

        #[test]
        fn nothing_panics(text in any::<String>(), line in any::<u32>(), column in any::<u32>()) {
            let rope = Rope::from_str(&text);
            for encoding in ALL {
                for line in [line, line % 5] {
                    for column in [column, column % 9] {
                        let offset = to_offset(&rope, Position { line, column }, encoding);
                        prop_assert!(text.is_char_boundary(offset));
                    }
                }
            }
        }
    }
}
