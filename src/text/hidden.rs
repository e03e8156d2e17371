//! Characters that a reader does not see: controls, bidirectional overrides, tags, zero-width marks.
//!
//! A model that newly writes them hides something (Boucher and Anderson, "Trojan Source", 2021); those that a file has
//! already stay byte for byte.

/// The first character of `new` that hides something and that `old` holds fewer of.
#[must_use]
pub fn introduced(old: &str, new: &str) -> Option<char> {
    let count = |text: &str, wanted: char| text.chars().filter(|&ch| ch == wanted).count();
    new.chars().filter(|&ch| is_hidden(ch)).find(|&ch| count(new, ch) > count(old, ch))
}

/// Whether a reader would not see `ch`. Tabs and line ends are seen.
#[must_use]
pub fn is_hidden(ch: char) -> bool {
    matches!(ch,
        '\u{0}'..='\u{8}' | '\u{b}'..='\u{c}' | '\u{e}'..='\u{1f}' | '\u{7f}'..='\u{9f}'
        | '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// The first `most` characters of `text`, with what a reader would not see written out (`\\u{1b}`). Tabs and line ends stay.
#[must_use]
pub fn made_visible(text: &str, most: usize) -> String {
    let mut visible = String::with_capacity(text.len().min(most));
    let mut chars = text.chars().peekable();
    for _ in 0..most {
        match chars.next() {
            None => break,
            Some('\r') if chars.peek() == Some(&'\n') => {}
            Some(ch @ ('\n' | '\t')) => visible.push(ch),
            Some(ch) if ch.is_control() || is_hidden(ch) => visible.extend(ch.escape_unicode()),
            Some(ch) => visible.push(ch),
        }
    }
    visible
}

/// Somebody else's words as data: the first `most` characters of them on one line, with what a reader would not see written out.
#[must_use]
pub fn quoted(text: &str, most: usize) -> String {
    made_visible(&text.split_whitespace().collect::<Vec<_>>().join(" "), most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_new_hidden_characters_are_told() {
        for (old, new, expected) in [
            ("", "plain\ttext\r\n é 😀 שלום", None),
            ("", "a\u{202e}b", Some('\u{202e}')),
            ("a\u{200d}b", "x\u{200d}y", None),
            ("a\u{200d}b", "x\u{200d}y\u{200d}", Some('\u{200d}')),
            ("", "\u{1b}[31m", Some('\u{1b}')),
            ("", "\u{e0041}", Some('\u{e0041}')),
        ] {
            assert_eq!(introduced(old, new), expected, "{old:?} -> {new:?}");
        }
    }

    #[test]
    fn words_are_quoted_on_one_line() {
        for (text, expected) in [
            (" one\n\ttwo \r\n", "one two"),
            ("a\u{202e} \u{1b}[31m\u{200b}b", "a\\u{202e} \\u{1b}[31m\\u{200b}b"),
            ("one\u{2028}two", "one two"),
            ("", ""),
        ] {
            assert_eq!(quoted(text, 99), expected, "{text:?}");
        }
        assert_eq!(quoted("éé é", 3), "éé ");
    }

    #[test]
    fn what_hides_is_written_out() {
        for (text, most, expected) in [
            ("plain é 😀\tx\r\ny\n", 99, "plain é 😀\tx\ny\n"),
            ("\u{1b}[31mred\u{202e}\0", 99, "\\u{1b}[31mred\\u{202e}\\u{0}"),
            ("over\rwritten", 99, "over\\u{d}written"),
            ("éééé", 2, "éé"),
            ("", 2, ""),
        ] {
            assert_eq!(made_visible(text, most), expected, "{text:?}");
        }
    }
}
