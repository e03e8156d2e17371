//! The names that a text mentions.

use std::collections::HashSet;

/// How much of a text is read, in bytes.
const MAX_BYTES: usize = 64 * 1024;

/// The identifiers in `texts`, those of prose and of strings too: a docstring names what it is about.
pub(super) fn of<'a>(texts: &[&'a str]) -> HashSet<&'a str> {
    let words = texts.iter().flat_map(|text| {
        let mut end = text.len().min(MAX_BYTES);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text[..end].split(|ch: char| ch != '_' && !ch.is_alphanumeric())
    });
    words.filter(|word| !word.is_empty() && !word.starts_with(|ch: char| ch.is_ascii_digit())).collect()
}
