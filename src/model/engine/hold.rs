//! From the pieces of tokens to the text of an answer: what may be half a character or the beginning of a stop text
//! is held back until it is known.
//!
//! Sans-I/O and without a model. The stop text that is complete first ends the answer, so the outcome does not depend
//! on how the answer was cut into tokens; of two that end at the same place, the longer one is cut out.

/// The state between two tokens.
#[derive(Debug)]
pub struct Hold {
    stops: Vec<String>,
    /// The beginning of a character: at most three bytes.
    bytes: Vec<u8>,
    /// Text that may be the beginning of a stop text: shorter than the longest of them.
    text: String,
    stopped: bool,
}

impl Hold {
    /// Empty stop texts would end every answer before it begins, and are ignored.
    #[must_use]
    pub fn new(stops: impl IntoIterator<Item = String>) -> Self {
        let stops = stops.into_iter().filter(|stop| !stop.is_empty()).collect();
        Self { stops, bytes: Vec::new(), text: String::new(), stopped: false }
    }

    /// Takes one token's bytes and returns the text that is now sure. After a stop text it returns nothing.
    pub fn push(&mut self, piece: &[u8]) -> String {
        if self.stopped {
            return String::new();
        }
        self.bytes.extend_from_slice(piece);
        self.decode();
        if let Some(start) = self.first_stop() {
            self.stopped = true;
            self.text.truncate(start);
            return std::mem::take(&mut self.text);
        }
        let kept = self.text.split_off(self.text.len() - self.possible_stop());
        std::mem::replace(&mut self.text, kept)
    }

    /// Whether a stop text was met.
    #[must_use]
    pub fn stopped(&self) -> bool {
        self.stopped
    }

    /// The answer has ended: what was held back is text after all.
    #[must_use]
    pub fn finish(mut self) -> String {
        if self.stopped {
            return String::new();
        }
        self.text.push_str(&String::from_utf8_lossy(&self.bytes));
        self.text
    }

    /// Moves whole characters from `bytes` to `text`. Bytes that are no character become U+FFFD.
    fn decode(&mut self) {
        let mut rest: &[u8] = &self.bytes;
        loop {
            match std::str::from_utf8(rest) {
                Ok(text) => {
                    self.text.push_str(text);
                    rest = &[];
                    break;
                }
                Err(error) => {
                    let (good, bad) = rest.split_at(error.valid_up_to());
                    self.text.push_str(&String::from_utf8_lossy(good));
                    rest = bad;
                    let Some(length) = error.error_len() else { break };
                    self.text.push('\u{FFFD}');
                    rest = &rest[length..];
                }
            }
        }
        self.bytes = rest.to_vec();
    }

    /// Where the stop text begins that is complete first.
    fn first_stop(&self) -> Option<usize> {
        let found = self
            .stops
            .iter()
            .filter_map(|stop| self.text.find(stop).map(|start| (start + stop.len(), start)));
        found.min().map(|(_, start)| start)
    }

    /// The length of the longest end of `text` that begins a stop text.
    fn possible_stop(&self) -> usize {
        let of = |stop: &String| {
            let longest = (stop.len() - 1).min(self.text.len());
            (1..=longest).rev().find(|&n| self.text.as_bytes().ends_with(&stop.as_bytes()[..n])).unwrap_or(0)
        };
        // A stop text's first byte begins a character, so the cut is between characters.
        self.stops.iter().map(of).max().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn run(pieces: &[&[u8]], stops: &[&str]) -> (String, bool) {
        let mut hold = Hold::new(stops.iter().map(ToString::to_string));
        let mut text = String::new();
        for piece in pieces {
            text.push_str(&hold.push(piece));
        }
        let stopped = hold.stopped();
        (text + &hold.finish(), stopped)
    }

    #[test]
    fn stop_texts_end_the_answer_and_are_not_in_it() {
        for (text, stops, expect, stopped) in [
            ("abc", &[][..], "abc", false),
            ("abc", &[""], "abc", false),
            ("abc```def", &["```"], "abc", true),
            ("```", &["```"], "", true),
            ("a``b`", &["```"], "a``b`", false),
            // The one that is complete first, not the one that begins first.
            ("xabcx", &["abc", "b"], "xa", true),
            // Of two that end together, the longer.
            ("xabc", &["bc", "abc"], "x", true),
            ("é€\u{1F600}é€!", &["€!"], "é€\u{1F600}é", true),
            ("aaab", &["aab"], "a", true),
            ("héhèhé!", &["hé!"], "héhè", true),
        ] {
            for size in 1..=text.len() {
                let pieces: Vec<&[u8]> = text.as_bytes().chunks(size).collect();
                assert_eq!(run(&pieces, stops), (expect.into(), stopped), "{text:?} {stops:?} in {size}s");
            }
        }
    }

    #[test]
    fn what_is_sure_is_not_held() {
        let mut hold = Hold::new(["\n\n".to_owned()]);
        let sure = ["ab", "\n", "c", "\n", "\n", "d"].map(|piece| hold.push(piece.as_bytes()));
        assert_eq!(sure, ["ab", "", "\nc", "", "", ""]);
        assert!(hold.stopped());
    }

    #[test]
    fn bytes_that_are_no_character_are_shown_as_such() {
        assert_eq!(run(&[b"a\xffb", b"\xc3", b"(", b"\xf0\x9f"], &[]).0, "a\u{FFFD}b\u{FFFD}(\u{FFFD}");
        assert_eq!(run(&[b"\xe2", b"\x82", b"\xac"], &[]).0, "€");
    }

    proptest! {
        #[test]
        fn the_cut_does_not_matter(
            bytes in proptest::collection::vec(prop_oneof![Just(b'a'), Just(b'b'), Just(0xC3), Just(0xA9), Just(0xE2), Just(0x82), Just(0xAC), Just(0xFF)], 0..40),
            stops in proptest::collection::vec("[abé€]{1,4}", 0..4),
            cuts in proptest::collection::vec(0usize..40, 0..12),
        ) {
            let stops: Vec<&str> = stops.iter().map(String::as_str).collect();
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let pieces: Vec<&[u8]> = cuts.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect();
            let whole = run(&[&bytes], &stops);
            prop_assert_eq!(&run(&pieces, &stops), &whole);
            let lossy = String::from_utf8_lossy(&bytes);
            prop_assert!(lossy.starts_with(&whole.0));
            prop_assert!(whole.1 || whole.0 == lossy);
            prop_assert!(!stops.iter().any(|stop| whole.0.contains(stop)));
        }
    }
}
