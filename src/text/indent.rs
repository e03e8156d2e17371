//! Indentation: what one level is in a file.

use ropey::Rope;

/// One level of indentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Indent {
    Tab,
    Spaces(u8),
}

impl Default for Indent {
    fn default() -> Self {
        Self::Spaces(4)
    }
}

impl Indent {
    /// How many lines are looked at: enough to see a file's habit, few enough for any file.
    const LINES: usize = 2_000;
    /// And how many increases: a habit that is not to be seen by then is none.
    const ENOUGH: u32 = 100;

    /// The level that most of `rope`'s increases of indentation have; four spaces where there are none.
    #[must_use]
    pub fn of(rope: &Rope) -> Self {
        Self::seen(rope).unwrap_or_default()
    }

    /// The same; nothing where there are no increases.
    #[must_use]
    pub fn seen(rope: &Rope) -> Option<Self> {
        let mut votes = [0u32; 9]; // [0] counts tabs, [n] counts n spaces.
        let (mut before, mut spaces, mut lines, mut increases) = (0usize, 0usize, 0usize, 0u32);
        // Whether the line's first character that is no space is yet to come.
        let mut leading = true;
        for byte in rope.chunks().flat_map(str::bytes) {
            if lines >= Self::LINES || increases >= Self::ENOUGH {
                break;
            }
            match byte {
                b'\n' => {
                    (leading, spaces) = (true, 0);
                    lines += 1;
                }
                _ if !leading => {}
                b' ' => spaces += 1,
                b'\t' if spaces == 0 => {
                    leading = false;
                    votes[0] += 1;
                    increases += 1;
                }
                b'\r' | b'\t' => leading = false,
                // The stars of a comment stand one further than what they are about.
                b'*' if spaces == before + 1 => leading = false,
                _ => {
                    leading = false;
                    if spaces > before && spaces - before <= 8 {
                        votes[spaces - before] += 1;
                        increases += 1;
                    }
                    before = spaces;
                }
            }
        }
        let best = (0..votes.len()).max_by_key(|&n| (votes[n], n == 4)).filter(|&n| votes[n] > 0);
        best.map(|best| match best {
            0 => Self::Tab,
            n => Self::Spaces(u8::try_from(n).unwrap_or(4)),
        })
    }

    /// The text of one level.
    #[must_use]
    pub fn unit(self) -> String {
        match self {
            Self::Tab => "\t".to_owned(),
            Self::Spaces(n) => " ".repeat(usize::from(n)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_habit_of_the_file_decides() {
        for (text, indent) in [
            ("", Indent::Spaces(4)),
            ("a:\n  b\n  c\nd:\n  e\n", Indent::Spaces(2)),
            ("a:\n\tb\n", Indent::Tab),
            ("a:\n    b:\n        c\n", Indent::Spaces(4)),
            ("x = f(a,\n      b)\nif x:\n    y\nif z:\n    y\n", Indent::Spaces(4)),
        ] {
            assert_eq!(Indent::of(&Rope::from_str(text)), indent, "{text:?}");
        }
    }
}
