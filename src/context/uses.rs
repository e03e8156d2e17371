//! Which names the visible code of the target's file uses, and how: what its author already works with.

use rustc_hash::FxHashMap;

use crate::syntax::Language;
use crate::syntax::names::{self, hash};

/// Counts by the names' hashes.
#[derive(Debug, Default)]
pub(super) struct Uses {
    plain: FxHashMap<u32, u32>,
    /// Behind a dot.
    attributes: FxHashMap<u32, u32>,
    /// The name before the dot and the one behind it.
    pairs: FxHashMap<(u32, u32), u32>,
    /// Where the name that was asked for is used, in bytes.
    places: Vec<usize>,
}

impl Uses {
    /// Of `text`, whose import statements are passed over; with the places of `wanted`.
    pub(super) fn of(language: &Language, text: &str, wanted: Option<&str>) -> Self {
        let wanted = wanted.map(|name| (hash(name), name));
        // A name in every fifty bytes or so: the tables do not grow while they are filled.
        let names = text.len() / 50;
        let mut uses = Self::default();
        uses.plain.reserve(names / 4);
        uses.attributes.reserve(names / 8);
        uses.pairs.reserve(names / 4);
        let bytes = text.as_bytes();
        let mut before: Option<(usize, u32)> = None;
        let mut import = Skip::default();
        names::each(language, text, |at, name| {
            let key = hash(name);
            let dotted = at > 0 && bytes[at - 1] == b'.';
            if !import.skips(bytes, at, name) {
                if wanted == Some((key, name)) {
                    uses.places.push(at);
                }
                if dotted {
                    *uses.attributes.entry(key).or_default() += 1;
                    if let Some((_, base)) = before.filter(|(end, _)| end + 1 == at) {
                        *uses.pairs.entry((base, key)).or_default() += 1;
                    }
                } else {
                    *uses.plain.entry(key).or_default() += 1;
                }
            }
            before = Some((at + name.len(), key));
        });
        uses
    }

    /// Where the name that was asked for is used.
    pub(super) fn places(&self) -> &[usize] {
        &self.places
    }

    /// How often it is used by its own name.
    pub(super) fn plain(&self, name: u32) -> u32 {
        self.plain.get(&name).copied().unwrap_or_default()
    }

    /// How often it is used as an attribute of anything.
    pub(super) fn attribute(&self, name: u32) -> u32 {
        self.attributes.get(&name).copied().unwrap_or_default()
    }

    /// How often it is used as an attribute of `base`.
    pub(super) fn pair(&self, base: u32, name: u32) -> u32 {
        self.pairs.get(&(base, name)).copied().unwrap_or_default()
    }
}

/// Recognises import statements: they begin a line, and go on while a bracket is open.
#[derive(Default)]
struct Skip {
    /// Where the statement ends.
    until: usize,
}

impl Skip {
    fn skips(&mut self, bytes: &[u8], at: usize, name: &str) -> bool {
        if at < self.until {
            return true;
        }
        if name != "import" && name != "from" {
            return false;
        }
        let begins = bytes[..at].iter().rev().take_while(|byte| **byte != b'\n').all(u8::is_ascii_whitespace);
        if begins {
            let (mut end, mut depth) = (at, 0);
            while end < bytes.len() {
                match bytes[end] {
                    b'(' => depth += 1,
                    b')' => depth -= 1,
                    b'\n' if depth <= 0 && bytes[end - 1] != b'\\' => break,
                    _ => {}
                }
                end += 1;
            }
            self.until = end;
        }
        begins
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uses_are_counted_without_imports() {
        let python = Language::by_id("python").unwrap();
        let text = "import a\nfrom b import (\n  c,\n  d,\n)\na.x(c, 'd')\nself.y.z(a.x)\n";
        let uses = Uses::of(python, text, Some("a"));
        let plain = ["a", "b", "c", "d", "self", "x"].map(|name| uses.plain(hash(name)));
        assert_eq!(plain, [2, 0, 1, 0, 1, 0]);
        assert_eq!((uses.attribute(hash("x")), uses.pair(hash("a"), hash("x"))), (2, 2));
        assert_eq!(uses.places(), [text.find("a.x(c").unwrap(), text.rfind("a.x").unwrap()]);
        assert_eq!((uses.pair(hash("self"), hash("y")), uses.pair(hash("y"), hash("z"))), (1, 1));
    }
}
