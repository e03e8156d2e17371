//! The streaming diff: what the region shows while the answer is on its way.
//!
//! Lines of the old text that the answer repeats are kept, new ones go in where they belong, and an old line is deleted only
//! when a later one has surely been met again. What is left over goes with the batch diff at the end.

/// See the module's head. Lines are without line ends.
#[derive(Clone, Debug)]
pub struct StreamDiff {
    old: Vec<String>,
    /// The first old line that was not met yet.
    next: usize,
    shown: Vec<String>,
    eol: &'static str,
}

/// An old line is looked for so far ahead: further away, equal lines are chance.
const AHEAD: usize = 200;

impl StreamDiff {
    /// `eol` joins the lines that are shown; `old` is cut at it.
    #[must_use]
    pub fn new(old: &str, eol: &'static str) -> Self {
        let old = if old.is_empty() { Vec::new() } else { old.split(eol).map(str::to_owned).collect() };
        Self { old, next: 0, shown: Vec::new(), eol }
    }

    /// Takes in the next line of the answer.
    pub fn push(&mut self, line: &str) {
        let ahead = &self.old[self.next..self.old.len().min(self.next + AHEAD)];
        let met = if ahead.first().is_some_and(|old| old == line) {
            Some(0)
        } else {
            // Only a line that says something, and only once, is a landmark.
            let mut places = ahead.iter().enumerate().filter(|(_, old)| *old == line).map(|(at, _)| at);
            let place = places.next().filter(|_| line.trim().len() > 3);
            place.filter(|_| places.next().is_none())
        };
        if let Some(at) = met {
            self.next += at + 1;
        }
        self.shown.push(line.to_owned());
    }

    /// What the region shows now: the answer so far, then the old lines that may still come.
    #[must_use]
    pub fn shown(&self) -> String {
        let lines: Vec<&str> = self.shown.iter().chain(&self.old[self.next..]).map(String::as_str).collect();
        lines.join(self.eol)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(old: &str, lines: &[&str]) -> String {
        let mut stream = StreamDiff::new(old, "\n");
        lines.iter().for_each(|line| stream.push(line));
        stream.shown()
    }

    #[test]
    fn new_lines_go_in_and_old_ones_stay_until_met() {
        for (old, lines, expected) in [
            ("\n    pass", &["", "    a = 1"][..], "\n    a = 1\n    pass"),
            ("one\ntwo\nthree", &["one", "2"], "one\n2\ntwo\nthree"),
            ("one\ntwo\nthree", &["one", "2", "three"], "one\n2\nthree"),
            ("one\n}\ntwo\n}", &["1", "}"], "1\n}\none\n}\ntwo\n}"),
            ("", &["a"], "a"),
        ] {
            assert_eq!(shown(old, lines), expected, "{old:?} {lines:?}");
        }
    }

    proptest! {
        /// What is shown begins with the answer so far and ends with old lines in their order.
        #[test]
        fn nothing_old_is_lost_before_it_was_met(
            old in proptest::collection::vec("[a-d]{1,5}", 0..6),
            new in proptest::collection::vec("[a-d]{1,5}", 0..6),
        ) {
            let lines: Vec<&str> = new.iter().map(String::as_str).collect();
            let shown = shown(&old.join("\n"), &lines);
            let shown: Vec<&str> = if shown.is_empty() { Vec::new() } else { shown.split('\n').collect() };
            prop_assert_eq!(&shown[..lines.len()], &lines[..]);
            let rest: Vec<String> = shown[lines.len()..].iter().map(|&line| line.to_owned()).collect();
            prop_assert!(old.ends_with(&rest), "{:?}", rest);
        }
    }
}
