//! An answer in words, as it comes: lines of Markdown, without what a model that reasons says to itself before it.
//!
//! What a reader would not see is written out, since the text is shown and never looked at by a parser.

use crate::draft::unwrap::reasoning;
use crate::text::hidden::made_visible;

/// The most text of one answer, in bytes: what is longer is cut, and nobody reads it.
const LIMIT: usize = 256 * 1024;

/// See the module's head.
#[derive(Clone, Debug, Default)]
pub struct Words {
    /// The line that is not whole yet.
    partial: String,
    lines: Vec<String>,
    /// What ends the block of reasoning that is open.
    closing: Option<String>,
    taken: usize,
}

impl Words {
    /// Takes in more of the answer; returns the lines that are whole now.
    pub fn push(&mut self, delta: &str) -> Vec<String> {
        let room = LIMIT.saturating_sub(self.taken);
        let cut = (0..=room.min(delta.len())).rev().find(|&at| delta.is_char_boundary(at)).unwrap_or(0);
        self.taken += cut;
        let known = self.lines.len();
        let (whole, rest) =
            delta[..cut].rsplit_once('\n').map_or((None, &delta[..cut]), |(whole, rest)| (Some(whole), rest));
        if let Some(whole) = whole {
            self.partial.push_str(whole);
            std::mem::take(&mut self.partial).split('\n').for_each(|line| self.line(line));
        }
        self.partial.push_str(rest);
        self.lines[known..].to_vec()
    }

    /// The whole answer, without blank lines around it; nothing where it says nothing.
    #[must_use]
    pub fn finish(mut self) -> Option<String> {
        let last = std::mem::take(&mut self.partial);
        self.line(&last);
        let text = self.lines.join("\n");
        let text = unfenced(text.trim_end());
        (!text.is_empty()).then(|| text.to_owned())
    }

    fn line(&mut self, line: &str) {
        if let Some(closing) = &self.closing {
            let Some((_, rest)) = line.split_once(closing.as_str()) else { return };
            let rest = rest.to_owned();
            self.closing = None;
            return self.line(&rest);
        }
        if self.lines.is_empty() {
            if line.trim().is_empty() {
                return;
            }
            if let Some(closing) = reasoning(line) {
                self.closing = Some(closing);
                return self.line(line);
            }
        }
        self.lines.push(made_visible(line.trim_end(), usize::MAX));
    }
}

/// The text without a fence that is around all of it: it is Markdown by itself.
fn unfenced(text: &str) -> &str {
    let inside =
        ["```markdown\n", "```md\n"].iter().find_map(|open| text.strip_prefix(open)?.strip_suffix("\n```"));
    inside.map_or(text, str::trim_end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_come_without_reasoning_wherever_they_are_cut() {
        let cases = [
            ("One.\n\nTwo.", Some("One.\n\nTwo.")),
            ("\n\n<think>\nwell\n</think>\n\n# It\r\nadds.\n\n", Some("# It\nadds.")),
            ("<think>well</think>\nIt adds.", Some("It adds.")),
            ("<think>well</think> It adds.", Some(" It adds.")),
            ("<think>\nwell</think>It adds.", Some("It adds.")),
            ("It `<think>`s.\n<think>\n", Some("It `<think>`s.\n<think>")),
            ("a\u{202e}b", Some("a\\u{202e}b")),
            ("<think>\nnever ends", None),
            (" \n\n", None),
        ];
        for (answer, expected) in cases {
            for size in 1..=answer.len() {
                let (mut words, mut told) = (Words::default(), Vec::new());
                let chars: Vec<char> = answer.chars().collect();
                for piece in chars.chunks(size) {
                    told.extend(words.push(&piece.iter().collect::<String>()));
                }
                let text = words.finish();
                assert_eq!(text.as_deref(), expected, "{answer:?} in pieces of {size}");
                let told = told.join("\n");
                assert!(text.unwrap_or_default().starts_with(told.trim_end()), "{told:?}");
            }
        }
    }

    #[test]
    fn a_fence_around_all_of_it_goes() {
        for (text, inside) in [
            ("```markdown\nIt\n\nadds.\n```", "It\n\nadds."),
            ("```py\nx\n```", "```py\nx\n```"),
            ("```md\nx", "```md\nx"),
        ] {
            assert_eq!(unfenced(text), inside);
        }
    }

    #[test]
    fn an_endless_answer_is_cut() {
        let mut words = Words::default();
        for _ in 0..LIMIT {
            words.push("é é\n");
        }
        assert!(words.finish().unwrap().len() <= LIMIT);
    }
}
