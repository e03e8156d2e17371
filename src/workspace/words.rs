//! The words of identifiers and prose, as a lexical search compares them.

use crate::syntax::names::hash;

/// How much of a text is read, in bytes.
const MAX_BYTES: usize = 64 * 1024;

/// Words that every docstring has: they tell nothing apart.
const COMMON: [&str; 48] = [
    "the", "and", "for", "from", "with", "that", "this", "not", "are", "was", "will", "has", "have", "can",
    "its", "which", "when", "then", "else", "into", "used", "use", "uses", "using", "given", "return",
    "returns", "raise", "raises", "none", "true", "false", "self", "cls", "def", "class", "if", "is", "it",
    "in", "of", "to", "as", "an", "or", "be", "by", "on",
];

/// Of `COMMON`.
const LONGEST_COMMON: usize = "returns".len();

/// Calls `found` with the hash of each word of `text`: `get_HTTPResponse` has `get`, `http` and `response`. Lower case, a
/// plural's `s` is left out, single letters and the commonest words too.
pub fn each(text: &str, mut found: impl FnMut(u32)) {
    let text = &text[..text.floor_char_boundary(text.len().min(MAX_BYTES))];
    let mut word = String::new();
    let mut before = ' ';
    let mut chars = text.chars().peekable();
    while let Some(ch) = chars.next() {
        let next_is_lower = chars.peek().is_some_and(|next| next.is_lowercase());
        let begins = ch.is_uppercase() && (before.is_lowercase() || before.is_uppercase() && next_is_lower)
            || ch.is_numeric() != before.is_numeric();
        if begins || !ch.is_alphanumeric() {
            end(&mut word, &mut found);
        }
        if ch.is_alphanumeric() {
            word.extend(ch.to_lowercase());
        }
        before = ch;
    }
    end(&mut word, &mut found);
}

fn end(word: &mut String, found: &mut impl FnMut(u32)) {
    let plain = match word.strip_suffix('s') {
        Some(stem) if stem.len() > 2 && !stem.ends_with('s') => stem,
        _ => word.as_str(),
    };
    if plain.len() > 1 && (word.len() > LONGEST_COMMON || !COMMON.contains(&word.as_str())) {
        found(hash(plain));
    }
    word.clear();
}

/// The distinct words of `texts`, sorted.
#[must_use]
pub fn of(texts: &[&str]) -> Vec<u32> {
    let mut words = Vec::new();
    for text in texts {
        each(text, |word| words.push(word));
    }
    words.sort_unstable();
    words.dedup();
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_and_prose_have_words() {
        for (text, want) in [
            ("get_HTTPResponse", vec!["get", "http", "response"]),
            ("parseJSON2Dict", vec!["parse", "json", "dict"]),
            ("Return the tokens of an address.", vec!["token", "address"]),
            ("class_s", vec![]),
            ("", vec![]),
        ] {
            let mut got = Vec::new();
            each(text, |word| got.push(word));
            assert_eq!(got, want.into_iter().map(hash).collect::<Vec<_>>(), "{text}");
        }
    }
}
