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
        let mut votes = [0u32; 9]; // [0] counts tabs, [n] counts n spaces.
        let mut before = 0usize;
        for line in rope.lines().take(Self::LINES) {
            if votes.iter().sum::<u32>() >= Self::ENOUGH {
                break;
            }
            let mut spaces = 0;
            let mut first = None;
            for ch in line.chars() {
                match ch {
                    ' ' => spaces += 1,
                    other => {
                        first = Some(other);
                        break;
                    }
                }
            }
            match first {
                Some('\t') if spaces == 0 => votes[0] += 1,
                None | Some('\n' | '\r' | '\t') => {}
                Some(_) => {
                    if spaces > before && spaces - before <= 8 {
                        votes[spaces - before] += 1;
                    }
                    before = spaces;
                }
            }
        }
        let best = (0..votes.len()).max_by_key(|&n| (votes[n], n == 4)).filter(|&n| votes[n] > 0);
        match best {
            None => Self::default(),
            Some(0) => Self::Tab,
            Some(n) => Self::Spaces(u8::try_from(n).unwrap_or(4)),
        }
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
