//! Line ends: what a file uses, and bringing new text to it.

use ropey::Rope;

/// The line end that a file's own lines have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Eol {
    #[default]
    Lf,
    CrLf,
    /// The classic Mac's; legal in LSP, and so in us.
    Cr,
}

impl Eol {
    /// The first line end of `rope` decides; a file without one gets LF.
    #[must_use]
    pub fn of(rope: &Rope) -> Self {
        let mut after_cr = false;
        for chunk in rope.chunks() {
            for byte in chunk.bytes() {
                match (after_cr, byte) {
                    (true, b'\n') => return Self::CrLf,
                    (true, _) => return Self::Cr,
                    (false, b'\n') => return Self::Lf,
                    (false, b'\r') => after_cr = true,
                    (false, _) => {}
                }
            }
        }
        if after_cr { Self::Cr } else { Self::Lf }
    }

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Lf => "\n",
            Self::CrLf => "\r\n",
            Self::Cr => "\r",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_end_decides() {
        for (text, eol) in [
            ("", Eol::Lf),
            ("a", Eol::Lf),
            ("a\nb\r\n", Eol::Lf),
            ("a\r\nb\n", Eol::CrLf),
            ("a\rb", Eol::Cr),
            ("a\r", Eol::Cr),
        ] {
            assert_eq!(Eol::of(&Rope::from_str(text)), eol, "{text:?}");
        }
    }
}
