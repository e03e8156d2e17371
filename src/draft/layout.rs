//! The third layer of cleaning: the indentation of the place, in the file's own units.
//!
//! The first line's indentation is the base; every line moves by as much. Where the text that is replaced begins deeper than
//! it goes on, so does the answer. What stands in a string that goes over lines is text and is not touched.

use crate::draft::strings::Scanner;
use crate::syntax::Language;
use crate::syntax::lexis::word_at;
use crate::text::indent::Indent;

/// See the module's head.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    base: String,
    unit: Indent,
    scanner: Scanner,
    /// The indentation that the answer's lines have in common, in columns.
    from: Option<usize>,
    /// By how many columns the first line is expected to be deeper than that.
    deeper: usize,
    /// Columns of one level in the answer, once an indented line was seen.
    step: Option<usize>,
    /// A line opened a block with an end of its own: where it stands, and whether it is whole. What follows is one level deeper.
    opened: Option<(usize, bool)>,
    /// The answer's first line came without the indentation that the others have; this many lines were seen.
    lines: usize,
    first_opens: bool,
}

/// How a line ends that is not all of a statement.
const GOES_ON: [&str; 8] = [",", "\\", "&&", "||", "+", "-", ".", "="];

/// A tab in an answer counts as so many columns.
const TAB: usize = 4;

impl Layout {
    /// `common` is what all lines have in common, where it is known.
    pub fn new(base: &str, unit: Indent, deeper: usize, common: Option<Common>) -> Self {
        Self {
            base: base.to_owned(),
            unit,
            scanner: Scanner::default(),
            from: common.map(|common| common.least),
            deeper,
            step: common.and_then(|common| common.step),
            lines: 0,
            opened: None,
            first_opens: false,
        }
    }

    /// The same for code of `language`.
    pub fn in_language(self, language: &'static Language) -> Self {
        Self { scanner: Scanner::of(language), ..self }
    }

    /// Whether the next line begins inside a string.
    pub fn in_string(&self) -> bool {
        self.scanner.in_string()
    }

    /// Takes in one line of the answer and returns it as it stands in the file.
    pub fn line(&mut self, line: &str) -> String {
        let (in_string, mut goes_on) = (self.scanner.in_string(), self.scanner.is_open());
        let lexis = self.scanner.lexis();
        let (braces, words) = (lexis.braces, lexis.words);
        if braces {
            // Open braces are levels like others; only in a comment blanks are text.
            goes_on = self.scanner.is_quoted();
        }
        self.scanner.line(line);
        let opened = self.opened.take().filter(|_| braces);
        if in_string {
            return line.to_owned();
        }
        let text = line.trim();
        if text.is_empty() {
            return String::new();
        }
        let columns = width(line);
        if braces {
            let is_whole = !GOES_ON.iter().any(|end| text.ends_with(end));
            let opener = opened.filter(|(_, is_whole)| !is_whole).map(|(at, _)| at);
            self.opened = opener.or_else(|| lexis.opens(line).then_some(columns)).map(|at| (at, is_whole));
        }
        if self.from.is_none() && braces && stands_out(text) {
            // Where a label stands says nothing of the statements behind it.
            return format!("{}{text}", self.base);
        }
        let mut from = *self.from.get_or_insert(columns.saturating_sub(self.deeper));
        if self.deeper == 0 && self.lines == 1 && from == 0 && columns > 0 && !self.first_opens && !goes_on {
            // The first line was written where the cursor would stand; the second shows the base.
            self.from = Some(columns);
            from = columns;
        }
        if self.lines == 0 {
            // Where indentation means nothing, whatever does not end a statement may go on with it.
            self.first_opens = self.scanner.opens_block()
                || self.scanner.is_open()
                || match words {
                    Some(words) => words.opens(text) || GOES_ON.iter().any(|end| text.ends_with(end)),
                    None => braces && !text.ends_with([';', '}']),
                };
        }
        self.lines += 1;
        let deeper = columns.saturating_sub(from);
        let mut out = self.base.clone();
        // A clause of the definition itself (`rescue`) stands at its level, above the body's.
        let above = from.saturating_sub(columns);
        if above > 0
            && !goes_on
            && (words.is_some_and(|words| words.is_clause(text)) || braces && stands_out(text))
        {
            let unit = self.unit.unit();
            let levels = above.div_ceil(self.step.unwrap_or_else(|| width(&unit).max(1)));
            let kept = (0..levels)
                .fold(out.as_str(), |rest, _| rest.strip_suffix(unit.as_str()).unwrap_or(rest))
                .len();
            out.truncate(kept);
        }
        // Without a block that opens, it is a statement that goes on; of how many columns a level has it says nothing.
        let step = opened.filter(|(_, is_whole)| *is_whole).map(|(at, _)| columns.saturating_sub(at));
        if braces && self.step.is_none() {
            self.step = step.filter(|&step| step > 0);
        }
        if goes_on {
            out.push_str(&" ".repeat(deeper));
        } else {
            self.levels(deeper, !braces, &mut out);
        }
        // What ends a line in a string is part of it.
        out.push_str(if self.scanner.in_string() { line.trim_start() } else { text });
        out
    }

    /// Indents by so many columns of the answer's; where they are a level if none is known, `is_level` says.
    fn levels(&mut self, deeper: usize, is_level: bool, out: &mut String) {
        if deeper == 0 {
            return;
        }
        let guess = match self.unit {
            Indent::Spaces(columns) if !is_level => usize::from(columns).clamp(1, deeper),
            _ => deeper.min(8),
        };
        let step = if is_level { *self.step.get_or_insert(guess) } else { self.step.unwrap_or(guess) };
        out.push_str(&self.unit.unit().repeat(deeper / step));
        out.push_str(&" ".repeat(deeper % step));
    }
}

/// Whether a line stands above its block's level by habit: a label, or a line of the preprocessor's.
fn stands_out(text: &str) -> bool {
    let word = word_at(text);
    let is_label = word > 0 && &text[word..] == ":" && !matches!(&text[..word], "default" | "else");
    let is_directive = text.strip_prefix('#').is_some_and(|rest| {
        ["if", "el", "endif", "define", "undef", "pragma", "error", "include"]
            .iter()
            .any(|word| rest.trim_start().starts_with(word))
    });
    is_label || is_directive
}

/// What the indentations of some lines have in common, in columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Common {
    pub least: usize,
    /// That of the first line.
    pub first: usize,
    /// The least step from the least, if there is any.
    pub step: Option<usize>,
}

impl Common {
    /// Of `lines`; those that begin in a string, go on with a statement or are comments do not count.
    pub fn of<'a>(lines: impl Iterator<Item = &'a str>) -> Option<Self> {
        Self::of_code(lines, Scanner::default())
    }

    /// The same of code that `scanner` reads.
    pub fn of_code<'a>(lines: impl Iterator<Item = &'a str>, mut scanner: Scanner) -> Option<Self> {
        let mut widths = Vec::new();
        let lexis = scanner.lexis();
        for line in lines {
            let goes_on = if lexis.braces { scanner.is_quoted() } else { scanner.is_open() };
            scanner.line(line);
            let text = line.trim();
            let is_comment = lexis.comments.iter().any(|mark| text.starts_with(mark));
            if !goes_on && !text.is_empty() && (widths.is_empty() || !is_comment) {
                widths.push(width(line));
            }
        }
        let (first, least) = (*widths.first()?, *widths.iter().min()?);
        let step = widths.iter().map(|width| width - least).filter(|&step| step > 0).min();
        Some(Self { least, first, step })
    }
}

/// The column that a line's indentation reaches.
pub(crate) fn width(line: &str) -> usize {
    line.chars().take_while(|ch| ch.is_whitespace()).map(|ch| if ch == '\t' { TAB } else { 1 }).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_take_the_indentation_of_the_place() {
        let four = Indent::Spaces(4);
        for (base, unit, answer, expected) in [
            ("    ", four, "x = 1\nif x:\n    y", "    x = 1\n    if x:\n        y"),
            ("    ", four, "        x = 1\n        if x:\n            y", "    x = 1\n    if x:\n        y"),
            ("\t", Indent::Tab, "if x:\n    if y:\n        z", "\tif x:\n\t\tif y:\n\t\t\tz"),
            ("  ", Indent::Spaces(2), "if x:\n    y", "  if x:\n    y"),
            ("    ", four, "\tif x:\n\t\ty", "    if x:\n        y"),
            // The first line without the indentation of the others.
            (
                "    ",
                four,
                "x = 1\n    y = 2\n    if x:\n        z",
                "    x = 1\n    y = 2\n    if x:\n        z",
            ),
            ("    ", four, "if x:\n    y", "    if x:\n        y"),
            // Lines that go on keep how far they stand out.
            ("", four, "f(a,\n  b)", "f(a,\n  b)"),
            // Strings are not touched.
            ("    ", four, "x = '''\nraw\n  text  \n'''\ny", "    x = '''\nraw\n  text  \n'''\n    y"),
            ("    ", four, "x\n\ny   ", "    x\n\n    y"),
        ] {
            let mut layout = Layout::new(base, unit, 0, None);
            let lines: Vec<String> = answer.split('\n').map(|line| layout.line(line)).collect();
            assert_eq!(lines.join("\n"), expected, "{answer:?}");
        }
    }
    #[test]
    fn a_deeper_first_line_stays_deeper() {
        for (deeper, at_end, answer, expected) in [
            (4, false, "    x = 1\ny = 2", "        x = 1\n    y = 2"),
            (
                4,
                false,
                "        x = 1\n    y = 2\n    if y:\n        z",
                "        x = 1\n    y = 2\n    if y:\n        z",
            ),
            (4, false, "\tx = 1\ny = 2", "        x = 1\n    y = 2"),
            // Two levels where there was one: what they have in common is known in the end.
            (4, true, "        x = 1\n    y = 2\nz", "            x = 1\n        y = 2\n    z"),
            (4, true, "x = 1\ny = 2", "    x = 1\n    y = 2"),
        ] {
            let common = Common::of(answer.split('\n')).filter(|_| at_end);
            let mut layout = Layout::new("    ", Indent::Spaces(4), deeper, common);
            let lines: Vec<String> = answer.split('\n').map(|line| layout.line(line)).collect();
            assert_eq!(lines.join("\n"), expected, "{answer:?}");
        }
        let told = |answer: &'static str| Common::of(answer.split('\n'));
        let common = |least, first, step| Some(Common { least, first, step });
        assert_eq!(told("    x = '''\na\n'''\n# c\n  y = (1,\n2)\n"), common(2, 4, Some(2)));
        assert_eq!(told("# c\n    x"), common(0, 0, Some(4)));
        assert_eq!(told("\n"), None);
    }
}
