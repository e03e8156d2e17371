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

/// Their hashes, which are compared at once.
static COMMON_HASHES: [u32; COMMON.len()] = {
    let mut hashes = [0; COMMON.len()];
    let mut at = 0;
    while at < hashes.len() {
        hashes[at] = hash(COMMON[at]);
        at += 1;
    }
    hashes
};

/// Calls `found` with the hash of each word of `text`: `get_HTTPResponse` has `get`, `http` and `response`. Lower case, a
/// plural's `s` is left out, single letters and the commonest words too.
pub fn each(text: &str, mut found: impl FnMut(u32)) {
    let text = &text[..text.floor_char_boundary(text.len().min(MAX_BYTES))];
    let mut word = String::new();
    if text.is_ascii() {
        let next = |at: usize| text.as_bytes().get(at + 1).map(|byte| char::from(*byte));
        split(text.bytes().enumerate().map(|(at, byte)| (char::from(byte), next(at))), |part| match part {
            Some(ch) => word.push(ch.to_ascii_lowercase()),
            None => end(&mut word, &mut found),
        });
    } else {
        let next = text.chars().skip(1).map(Some).chain([None]);
        split(text.chars().zip(next), |part| match part {
            Some(ch) => word.extend(ch.to_lowercase()),
            None => end(&mut word, &mut found),
        });
    }
}

/// Tells `part` each character of a word, and nothing at its end, of `chars` with the one behind each.
#[inline]
fn split(chars: impl Iterator<Item = (char, Option<char>)>, mut part: impl FnMut(Option<char>)) {
    let mut before = ' ';
    for (ch, next) in chars {
        let begins = ch.is_uppercase()
            && (before.is_lowercase() || before.is_uppercase() && next.is_some_and(char::is_lowercase))
            || ch.is_numeric() != before.is_numeric();
        if begins || !ch.is_alphanumeric() {
            part(None);
        }
        if ch.is_alphanumeric() {
            part(Some(ch));
        }
        before = ch;
    }
    part(None);
}

fn end(word: &mut String, found: &mut impl FnMut(u32)) {
    if word.len() < 2 {
        return word.clear();
    }
    let plain = match word.strip_suffix('s') {
        Some(stem) if stem.len() > 2 && !stem.ends_with('s') => stem,
        _ => word.as_str(),
    };
    if !COMMON_HASHES.contains(&hash(word)) {
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
