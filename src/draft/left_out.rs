//! Comments that stand for code which the model did not write. A comment that only speaks of other code is a comment: it must say
//! nothing else, from its first word to its last.

use std::sync::LazyLock;

use regex::Regex;

use super::strings::Scanner;

/// What a part of a file is called, and what code is.
const PART: &str = "(?:(?:the|your|this|its|existing|original|remaining) )*(?:(?:code|function|method|class|file|module|body|implementation|logic|script|program) ?){1,2}";
const CODE: &str = "(?:code|function|method|body|implementation|logic|test|import|definition|helper)s?";
/// How it says that it is as it was.
const SAME: &str = "(?:(?:stays?|remains?|is|are|left|kept|unchanged)\\b ?)*(?:the same|unchanged|untouched|as is|as it (?:is|was)|as before|omitted|elided|truncated|not shown)(?: (?:here|below|above|as before|for (?:brevity|clarity)))*";
/// Or that it would be there.
const THERE: &str = "(?:(?:continues?|goes|comes|follows) )?(?:here|below|above)";

#[cfg(test)]
/// The first line of `draft` that is such a comment, and that `base` does not have.
pub(super) fn first<'a>(draft: &'a str, base: &str, token: &str) -> Option<&'a str> {
    first_in(draft, base, token, Scanner::default())
}

/// The same in code that `scanner` reads.
pub(super) fn first_in<'a>(draft: &'a str, base: &str, token: &str, mut scanner: Scanner) -> Option<&'a str> {
    let lines: Vec<(&str, bool)> = draft
        .lines()
        .map(|line| {
            let is_text = scanner.in_string();
            scanner.line(line);
            (line, is_text)
        })
        .collect();
    let comment = |at: usize| {
        let (line, is_text) = *lines.get(at)?;
        line.trim().strip_prefix(token).filter(|_| !is_text)
    };
    (0..lines.len()).find_map(|at| {
        let is_alone = (at == 0 || comment(at - 1).is_none()) && comment(at + 1).is_none();
        let stands = stands_for_code(comment(at)?, is_alone) && !base.contains(lines[at].0);
        stands.then_some(lines[at].0)
    })
}

/// Whether the text of a comment does; `is_alone`: no other comment stands above it or below it.
fn stands_for_code(text: &str, is_alone: bool) -> bool {
    static WHOLE: LazyLock<Regex> = LazyLock::new(|| {
        let forms = [
            format!("(?:the )?(?:rest|remainder) of {PART}(?: ?(?:{SAME}|{THERE}))?"),
            format!("(?:all |the )*(?:other|existing|original|previous|remaining|same) {CODE} {SAME}"),
            format!("(?:the )?(?:existing|remaining|unchanged|same) code(?: {THERE})?"),
            format!("(?:the )?(?:code|implementation|logic|(?:function |method )?body) {SAME}"),
            "(?:omitted|elided|truncated) for (?:brevity|clarity)".to_owned(),
            format!(
                "(?:(?:add|write|put|insert|place|implement|complete) )?(?:your |the |own )*(?:code|implementation|logic) {THERE}"
            ),
        ];
        Regex::new(&format!("^(?:{})$", forms.join("|"))).expect("it is a constant")
    });
    // With dots or in brackets, less says as much.
    static FRAMED: LazyLock<Regex> = LazyLock::new(|| {
        let forms = [
            format!(
                "(?:(?:the )?(?:rest|remainder)(?: of {PART})?|everything else|all else)(?: ?(?:{SAME}|{THERE}))?"
            ),
            format!("{SAME}|same|snip|(?:the )?same as (?:before|it was|(?:in )?the original)"),
            format!(
                "(?:all |the )*(?:other|existing|original|previous|remaining) {CODE}(?: (?:{SAME}|{THERE}))?(?: (?:for|to|of|in|from) .{{1,60}})?"
            ),
        ];
        Regex::new(&format!("^(?:{})$", forms.join("|"))).expect("it is a constant")
    });
    let text = text.to_lowercase();
    let is_frame = |ch: char| ch.is_whitespace() || "#.…()[]<>{}-=*:;!".contains(ch);
    let words = text.trim_matches(is_frame).split_whitespace().collect::<Vec<_>>().join(" ").replace(',', "");
    let has_dots = text.contains("...") || text.contains('…');
    if words.is_empty() {
        return has_dots && is_alone;
    }
    let is_framed = has_dots || text.trim().starts_with(['(', '[', '<']);
    WHOLE.is_match(&words) || is_framed && FRAMED.is_match(words.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_stand_for_code_or_are_comments() {
        for comment in [
            "# ... rest of the code ...",
            "# ... rest unchanged",
            "# rest of the function remains the same",
            "# ... rest of the function body remains unchanged ...",
            "# (same as before)",
            "# ...",
            "# …",
            "#...",
            "# ... existing code ...",
            "# existing code",
            "# ... existing methods ...",
            "# ... existing code for parsing ...",
            "# Other methods remain unchanged.",
            "# The rest of the code is unchanged.",
            "# Implementation remains the same as before",
            "# code unchanged",
            "# (unchanged)",
            "# [rest omitted for brevity]",
            "# Your code here",
            "# implementation goes here",
            "# --- rest of the file ---",
        ] {
            let draft = format!("\n    n = 1\n    {comment}\n    return n");
            assert_eq!(first(&draft, "", "#").map(str::trim), Some(comment));
            assert_eq!(first(&draft, &draft, "#"), None, "{comment} was there");
        }
        for comment in [
            "# Reuses the existing code path of multiplication.",
            "# Reuses the existing code path…",
            "# see the existing code for details",
            "# The rest of the code relies on the order.",
            "# The rest of the line is a comment.",
            "# rest",
            "# the same, for the other side",
            "# Same as above, but backwards",
            "# unchanged",
            "# n remains unchanged",
            "# the rest is unchanged",
            "# same as before",
            "# the file is unchanged",
            "# Helper functions below",
            "# The rest of the tests",
            "# (the rest are zeros)",
            "# (other threads may wait here)",
            "# Other methods",
            "# original implementation",
            "# wait ...",
            "# ... and so on",
            "# code here is hot",
            "# a\n    # ...\n    # z",
            "s = '''\n    # ...\n    '''",
            "x = 1  # ...",
        ] {
            let draft = format!("\n    n = 1\n    {comment}\n    return n");
            assert_eq!(first(&draft, "", "#"), None, "{comment}");
        }
    }
}
