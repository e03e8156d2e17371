//! A model that says the same over and over: small ones get into that, and would go on to their limit for minutes.
//!
//! Lines, and blocks of lines, that follow themselves so often that no one writes them; and one line that never ends. Rows
//! of a table may be equal: what is asked for is well above what tables have.

use std::collections::VecDeque;

use crate::text::hidden;

/// The longest block of lines that is looked for. Blank lines do not count.
const BLOCK: usize = 40;

/// How often a block of so many lines follows itself in a model that does not stop.
const TIMES: [(usize, usize); 5] = [(1, 16), (2, 10), (5, 6), (12, 5), (BLOCK, 4)];

/// What repeats has at least so many bytes: a column of numbers is data.
const BYTES: usize = 240;

/// A line without an end: this many bytes of it repeat what was before, at most that many bytes further back.
const LINE: usize = 1_000;
const PERIOD: usize = 120;

/// How much of what repeats is told, in characters.
const TOLD: usize = 60;

/// See the module's head.
#[derive(Clone, Debug, Default)]
pub struct Repeats {
    /// The last lines, the newest first.
    lines: VecDeque<String>,
    /// For each number of lines: how many lines in a row equal the one so far back.
    equal: Vec<usize>,
    partial: String,
    /// The length of `partial` when it was last looked at.
    looked: usize,
}

/// What a model repeats.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repetition {
    /// The beginning of it.
    pub text: String,
    pub times: usize,
}

impl Repeats {
    /// Takes in more of an answer; what it has begun to repeat, if so.
    pub fn push(&mut self, delta: &str) -> Option<Repetition> {
        let mut found = None;
        let mut parts = delta.split('\n');
        self.partial.push_str(parts.next().unwrap_or_default());
        for part in parts {
            let line = std::mem::replace(&mut self.partial, part.to_owned());
            self.looked = 0;
            found = found.or_else(|| self.line(line.trim_end()));
        }
        found.or_else(|| self.unended())
    }

    fn line(&mut self, line: &str) -> Option<Repetition> {
        if line.is_empty() {
            return None;
        }
        self.equal.resize(BLOCK, 0);
        for (equal, before) in
            self.equal.iter_mut().zip(self.lines.iter().map(Some).chain(std::iter::repeat(None)))
        {
            *equal = if before.is_some_and(|before| before == line) { *equal + 1 } else { 0 };
        }
        self.lines.truncate(BLOCK - 1);
        self.lines.push_front(line.to_owned());
        self.equal.iter().zip(1..).find_map(|(equal, size)| {
            let times = equal / size + 1;
            let (_, enough) = TIMES.iter().find(|(most, _)| size <= *most)?;
            let bytes: usize = self.lines.iter().take(size).map(String::len).sum();
            let first = self.lines.get(size - 1)?;
            (times >= *enough && bytes * times >= BYTES).then(|| Repetition { text: told(first), times })
        })
    }

    /// Whether the line that has no end yet goes round.
    fn unended(&mut self) -> Option<Repetition> {
        let bytes = self.partial.as_bytes();
        if bytes.len() < LINE + PERIOD || bytes.len() < self.looked + PERIOD {
            return None;
        }
        self.looked = bytes.len();
        let tail = &bytes[bytes.len() - LINE..];
        let before = |period: usize| &bytes[bytes.len() - LINE - period..bytes.len() - period];
        let period = (1..=PERIOD).find(|&period| tail == before(period))?;
        let start = self.partial.floor_char_boundary(bytes.len() - period);
        Some(Repetition { text: told(&self.partial[start..]), times: LINE / period })
    }
}

fn told(text: &str) -> String {
    let shown = |ch: char| if ch.is_control() || hidden::is_hidden(ch) { '?' } else { ch };
    text.trim().chars().take(TOLD).map(shown).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn repeats(answer: &str) -> Option<Repetition> {
        let mut repeats = Repeats::default();
        answer.split_inclusive(' ').find_map(|part| repeats.push(part))
    }

    #[test]
    fn what_goes_round_is_told() {
        let numbered: String = (0..40).map(|n| format!("x{n} = read(stream, offset + {n})\n")).collect();
        for (answer, text) in [
            ("    result = sorted(result)\n".repeat(30), Some("result = sorted(result)")),
            ("    result = sorted(result)\n\n".repeat(30), Some("result = sorted(result)")),
            ("if a:\n    return first(a)\nb = a\n".repeat(20), Some("if a:")),
            (format!("def f():\n{}\n", "    step()\n    other()\n".repeat(8)).repeat(9), Some("def f():")),
            ("x = ".to_owned() + &"not ".repeat(400), Some("not")),
            ("\u{202e}evil\u{7}\n".repeat(80), Some("?evil?")),
            // A table, a column of numbers, a few equal steps, lines that differ.
            ("        [0, 0, 0, 0, 0, 0, 0, 0],\n".repeat(12), None),
            ("    0,\n".repeat(30), None),
            ("row += 1\ncolumn += 1\n".repeat(4), None),
            (numbered, None),
            ("x = [".to_owned() + &"0, ".repeat(300), None),
            ("\n".repeat(500), None),
        ] {
            let found = repeats(&answer).map(|found| found.text);
            assert_eq!(found.as_deref(), text, "{answer:.80}");
        }
    }

    proptest! {
        /// However it is cut, it is found with the same line; and a block that was found is found wherever it begins.
        #[test]
        fn cuts_make_no_difference(
            head in "[a-z =\n]{0,40}",
            block in proptest::collection::vec("[a-z]{8} = [a-z]{8}\\([a-z]{4}\\)", 1..8),
            cuts in proptest::collection::vec(1usize..60, 1..40),
        ) {
            let answer = head + "\n" + &(block.join("\n") + "\n").repeat(30);
            let (mut repeats, mut from, mut found) = (Repeats::default(), 0, None);
            for cut in cuts.iter().cycle() {
                let to = (from + cut).min(answer.len());
                if let Some(repetition) = repeats.push(&answer[from..to]) {
                    found = Some(repetition);
                    break;
                }
                from = to;
                if from == answer.len() {
                    break;
                }
            }
            let mut whole = Repeats::default();
            prop_assert_eq!(&found, &whole.push(&answer));
            prop_assert!(found.is_some_and(|found| found.times <= 30));
        }
    }
}
