//! What was completed last: shown on while its user types along it, without asking anyone.

use crate::draft::inline::without_closed;
use crate::workspace::Snapshot;

/// How much before the cursor has to be the same for a completion to be shown on, in bytes.
const SAME: usize = 2_000;

/// What was shown last.
#[derive(Clone, Debug)]
pub(in crate::server) struct Shown {
    pub uri: String,
    /// What stood before the cursor, as far as it is compared, and what was shown behind it.
    pub before: String,
    /// What stood behind the cursor in its line.
    pub behind: String,
    pub texts: Vec<String>,
}

impl Shown {
    /// What is left of each that its user typed along. A bracket that the editor closed meanwhile is closed.
    pub fn on(&self, before: &str, behind: &str) -> Vec<String> {
        let added = behind.strip_suffix(self.behind.as_str()).unwrap_or(behind);
        let rest = |text: &String| {
            let lengths = (0..=text.len()).filter(|&length| text.is_char_boundary(length));
            let rest = lengths.map(|length| text.split_at(length)).find_map(|(typed, rest)| {
                let whole = format!("{}{typed}", self.before);
                // What reaches to the file's beginning is all there is.
                let is_there = if before.len() < SAME { whole == before } else { whole.ends_with(before) };
                is_there.then_some(rest)
            })?;
            let rest = without_closed(added, rest);
            (!rest.trim().is_empty()).then(|| rest.to_owned())
        };
        self.texts.iter().filter_map(rest).collect()
    }
}

/// The text before the cursor, as far as it is compared.
pub(super) fn before(snapshot: &Snapshot, at: usize) -> String {
    let text = &snapshot.text;
    let start = text.byte_to_char(at.saturating_sub(SAME));
    text.slice(start..text.byte_to_char(at)).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_shown_is_shown_on() {
        let shown = Shown {
            uri: String::new(),
            before: "x = ".to_owned(),
            behind: ")".to_owned(),
            texts: vec!["f(é)".to_owned(), "f(0)".to_owned()],
        };
        for (before, rests) in [
            ("x = ", &["f(é)", "f(0)"][..]),
            ("x = f(", &["é)", "0)"]),
            ("x = f(é", &[")"]),
            ("x = f(é)", &[]),
            ("x = g", &[]),
            ("x =", &[]),
            ("", &[]),
            ("y\nx = ", &[]),
            ("= ", &[]),
        ] {
            assert_eq!(shown.on(before, ")"), rests, "{before}");
        }
        // Closed by the editor as they were typed.
        assert_eq!(shown.on("x = f(", "))"), ["é", "0"]);
    }
}
