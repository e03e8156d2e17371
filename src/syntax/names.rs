//! The names that a code uses, read off its bytes: no tree, so that it is as fast for a draft as for a file.

use super::Language;
use super::lexis::{Lexis, Quotes};

/// The hash by which names are known in an index: FNV-1a, 32 bits. Two names may share one; what is found by it is a hint.
#[must_use]
pub const fn hash(name: &str) -> u32 {
    let (bytes, mut hash, mut at) = (name.as_bytes(), 0x811c_9dc5_u32, 0);
    while at < bytes.len() {
        hash = (hash ^ bytes[at] as u32).wrapping_mul(0x0100_0193);
        at += 1;
    }
    hash
}

/// The hash of `name` as an attribute of `base`, by their hashes: `base.name`.
#[must_use]
pub fn pair(base: u32, name: u32) -> u32 {
    (base.rotate_left(5) ^ name).wrapping_mul(0x9e37_79b1) | 1
}

/// Calls `found` with the hash of every identifier outside of comments and strings, and with that of every pair `base.name`.
pub fn hashes(language: &Language, text: &str, mut found: impl FnMut(u32)) {
    let bytes = text.as_bytes();
    let mut before = (usize::MAX, 0);
    each(language, text, |at, name| {
        let key = hash(name);
        found(key);
        if at > 0 && bytes[at - 1] == b'.' && before.0 == at - 1 {
            found(pair(before.1, key));
        }
        before = (at + name.len(), key);
    });
}

/// Calls `found` with every identifier outside of comments and strings, and where it begins.
pub fn each(language: &Language, text: &str, mut found: impl FnMut(usize, &str)) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let byte = bytes[at];
        if is_name(byte) {
            let start = at;
            at += bytes[at..].iter().position(|&byte| !is_name(byte)).unwrap_or(bytes.len() - at);
            if !byte.is_ascii_digit() {
                found(start, &text[start..at]);
            }
        } else if let Some(end) =
            byte.is_ascii_punctuation().then(|| passed(&language.lexis, text, at)).flatten()
        {
            at = end;
        } else {
            at += 1;
        }
    }
}

/// Bytes of identifiers; those of other scripts are all taken for letters.
fn is_name(byte: u8) -> bool {
    NAMES[usize::from(byte)]
}

/// For each byte whether it is one of an identifier: every byte of a project is looked up here.
static NAMES: [bool; 256] = {
    let mut names = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        names[byte] = byte >= 0x80 || byte as u8 == b'_' || (byte as u8).is_ascii_alphanumeric();
        byte += 1;
    }
    names
};

/// Where the comment, string or character ends that begins at `at`; nothing where none does.
fn passed(lexis: &Lexis, text: &str, at: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let rest = &bytes[at..];
    let begins = |quotes: &&Quotes| rest.starts_with(quotes.open.as_bytes());
    if lexis.comments.iter().any(|mark| rest.starts_with(mark.as_bytes())) {
        return Some(at + rest.iter().position(|&byte| byte == b'\n').unwrap_or(rest.len()));
    }
    if let Some(quotes) = lexis.strings.iter().chain(lexis.blocks).find(begins) {
        return Some(string(bytes, at, quotes));
    }
    lexis.character(&text[at..]).map(|taken| at + taken)
}

/// Where the string that opens at `at` ends.
fn string(bytes: &[u8], at: usize, quotes: &Quotes) -> usize {
    let close = quotes.close.as_bytes();
    let mut at = at + quotes.open.len();
    while at < bytes.len() {
        match bytes[at] {
            b'\\' if quotes.escapes => at += 1,
            b'\n' if !quotes.lines => return at,
            byte if byte == close[0] && bytes[at..].starts_with(close) => return at + close.len(),
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_code() {
        let python = Language::by_id("python").unwrap();
        for (text, want) in [
            ("x = foo(bar.baz)  # qux", "x foo bar baz"),
            ("'a' + b + \"c\\\"d\" + e", "b e"),
            ("'''a\nb''' + c + \"\"\"d\"e\"\"\" + f", "c f"),
            ("s = 'open\nnext = 1", "s next"),
            ("1e5 + 0xff + é1", "é1"),
            ("", ""),
            ("'", ""),
            ("'\\", ""),
        ] {
            let mut got = Vec::new();
            each(python, text, |at, name| {
                assert!(text[at..].starts_with(name));
                got.push(name.to_owned());
            });
            assert_eq!(got.join(" "), want, "{text}");
        }
    }
}
