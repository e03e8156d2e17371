//! From what a user selected to the region that an edit takes: whole lines where lines are meant, and the `redraft:`
//! comment that tells what to do with them.

use std::ops::Range;

use crate::syntax::{Source, lines, statement};

/// What a comment that instructs begins with, after the language's comment mark. Case does not count.
const MARK: &str = "redraft:";

/// How many lines of comment are read as one instruction, and how many blank lines may stand below it.
const COMMENT: usize = 40;

/// A region of selected code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Selection {
    pub region: Range<usize>,
    /// The indentation of the least indented line; empty for a part of a line.
    pub base: String,
    /// What the comment says.
    pub instruction: Option<String>,
}

/// The region of a selection, and the instruction above or at the top of it. `None` when nothing but blanks, or nothing
/// below the instruction, is selected.
pub(super) fn select(source: &Source<'_>, range: &Range<usize>) -> Option<Selection> {
    let text = source.text;
    let range = trim(source, range);
    let line = lines::of(text, range.start);
    let (inside, range) = match inside(source, &range) {
        Some((instruction, end)) => (Some(instruction), trim(source, &(end..range.end.max(end)))),
        None => (None, range),
    };
    if range.is_empty() {
        return None;
    }
    let instruction = inside.or_else(|| above(source, line));
    let (first, last) = (lines::of(text, range.start), lines::of(text, range.end));
    if first == last && !covers(source, &range, first) {
        return Some(Selection { region: range, base: String::new(), instruction });
    }
    Some(Selection { region: whole(source, first, last), base: base(source, first, last), instruction })
}

/// The lines from `first` to `last` without the last one's end, and without a byte-order mark.
pub(super) fn whole(source: &Source<'_>, first: usize, last: usize) -> Range<usize> {
    let start = lines::start(source.text, first).max(bom(source));
    start..lines::end(source.text, last).max(start)
}

/// The indentation of the least indented of these lines; blank ones and those that begin inside of a string do not count.
pub(super) fn base(source: &Source<'_>, first: usize, last: usize) -> String {
    let text = source.text;
    let counts = |line: &usize| {
        *line == first
            || !lines::blank(text, *line) && !statement::in_string(source, lines::start(text, *line))
    };
    let indents = (first..=last).filter(counts).map(|line| lines::indent(text, line));
    indents.min_by_key(|indent| lines::width(indent)).unwrap_or_default()
}

/// The instruction of the comment right above `line`; blank lines may stand between.
pub(super) fn above(source: &Source<'_>, line: usize) -> Option<String> {
    let text = source.text;
    let comment = |line: &usize| lines::begins_with(text, *line, source.language.comment);
    let lowest = (line.saturating_sub(COMMENT)..line).rev().find(|&line| !lines::blank(text, line))?;
    let block: Vec<usize> = (lowest.saturating_sub(COMMENT)..=lowest).rev().take_while(comment).collect();
    let top = *block.iter().find(|&&line| marked(source, line))?;
    Some(read(source, top..lowest + 1))
}

/// The comment that `line` is a part of, in whole lines, without its mark and that of an instruction.
pub(super) fn comment(source: &Source<'_>, line: usize) -> Option<String> {
    let is_one = |line: &usize| lines::begins_with(source.text, *line, source.language.comment);
    let first = lines::first(source.text, line);
    if !is_one(&line) || statement::in_string(source, first) {
        return None;
    }
    let top = (line.saturating_sub(COMMENT)..=line).rev().take_while(is_one).last().unwrap_or(line);
    let last = (line..lines::count(source.text)).take(COMMENT).take_while(is_one).last().unwrap_or(line);
    let texts: Vec<String> = (top..=last).filter_map(|line| comment_text(source, line)).collect();
    let text = texts.join(" ");
    let is_marked = text.get(..MARK.len()).is_some_and(|head| head.eq_ignore_ascii_case(MARK));
    let text = if is_marked { text[MARK.len()..].trim() } else { text.trim() };
    // What is for tools or for who reads the documentation asks for nothing: `#!`, `///`, `//!`, `# noqa`.
    let lower = text.to_lowercase();
    let is_for_others = text.starts_with(['!', '/'])
        || source.language.evasions.suppressions.iter().any(|mark| lower.starts_with(&mark.to_lowercase()));
    (!text.is_empty() && !is_for_others).then(|| text.to_owned())
}

/// The instruction at the top of `range`, and where the comment's last line ends.
fn inside(source: &Source<'_>, range: &Range<usize>) -> Option<(String, usize)> {
    let text = source.text;
    let top = lines::of(text, range.start);
    if lines::first(text, top) < range.start || !marked(source, top) {
        return None;
    }
    let comment = |line: &usize| lines::begins_with(text, *line, source.language.comment);
    let last = (top..=lines::of(text, range.end)).take(COMMENT).take_while(comment).last().unwrap_or(top);
    Some((read(source, top..last + 1), lines::end(text, last)))
}

fn marked(source: &Source<'_>, line: usize) -> bool {
    comment_text(source, line).is_some_and(|text| {
        text.get(..MARK.len()).is_some_and(|head| head.eq_ignore_ascii_case(MARK)) && text.len() > MARK.len()
    })
}

/// The text of a comment line, without its mark.
fn comment_text(source: &Source<'_>, line: usize) -> Option<String> {
    let first = lines::first(source.text, line);
    let text = lines::slice(source.text, &(first..lines::end(source.text, line)));
    text.strip_prefix(source.language.comment).map(|text| text.trim().to_owned())
}

fn read(source: &Source<'_>, range: Range<usize>) -> String {
    let texts: Vec<String> = range.filter_map(|line| comment_text(source, line)).collect();
    texts.join(" ").get(MARK.len()..).unwrap_or_default().trim().to_owned()
}

/// Whether `range` is all of the line's text but its indentation and the blanks at its end.
fn covers(source: &Source<'_>, range: &Range<usize>, line: usize) -> bool {
    let text = lines::trim(source.text, &(lines::first(source.text, line)..lines::end(source.text, line)));
    range.start <= text.start && range.end >= text.end
}

/// `range` without blanks at its ends; a byte-order mark is no part of any selection.
fn trim(source: &Source<'_>, range: &Range<usize>) -> Range<usize> {
    let start = range.start.max(bom(source));
    lines::trim(source.text, &(start..range.end.max(start)))
}

/// How many bytes the byte-order mark takes.
pub(super) fn bom(source: &Source<'_>) -> usize {
    if source.text.chars().next() == Some('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 }
}
