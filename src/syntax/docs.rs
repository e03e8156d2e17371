//! Where the documentation of a definition stands: in its body, or in comments right above it.

use std::ops::Range;

use ropey::Rope;

use super::lines;

/// See the module's head.
#[derive(Debug)]
pub enum Docs {
    /// The first statement of the body, as the language's query `docstring` says.
    Inside,
    /// Comments above the definition.
    Above(Above),
}

/// How comments above a definition document it.
#[derive(Debug)]
pub struct Above {
    /// What each of its lines begins with, the usual one first; empty where it is a block.
    pub lines: &'static [&'static str],
    /// What opens a block; what each of its further lines begins with; what closes it.
    pub block: Option<(&'static str, &'static str, &'static str)>,
    /// How lines begin that may stand between it and the definition, and are no part of that in the grammar.
    pub attributes: &'static [&'static str],
    /// How lines begin that read like documentation, and are for a tool or of the whole file.
    pub others: &'static [&'static str],
}

/// What stands above a definition. Bytes of the text before it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Over {
    pub doc: Option<Range<usize>>,
    /// Where the first line of what belongs to the definition begins, behind its indentation.
    pub start: usize,
}

/// The most text above a definition, in bytes, that is looked at.
const ABOVE: usize = 16 * 1024;

impl Docs {
    #[must_use]
    pub fn above(&self) -> Option<&Above> {
        match self {
            Self::Inside => None,
            Self::Above(above) => Some(above),
        }
    }

    /// What belongs to a definition that begins at byte `start` of `text`, and stands above it.
    pub(super) fn over(&self, text: &Rope, start: usize) -> Option<Over> {
        let above = self.above()?;
        let line = lines::start(text, lines::of(text, start));
        let from = lines::clamp(text, line.saturating_sub(ABOVE));
        let over = above.over(&lines::slice(text, &(from..line)))?;
        let doc = over.doc.map(|doc| doc.start + from..doc.end + from);
        Some(Over { doc, start: over.start + from })
    }
}

impl Above {
    /// What `before`, whole lines, ends with. `None` where nothing of it belongs to what follows.
    pub(super) fn over(&self, before: &str) -> Option<Over> {
        let mut over: Option<Over> = None;
        let mut end = before.len();
        // Whether a block is open, read from below.
        let mut in_block = false;
        while let Some((start, line)) = line_above(before, end) {
            let text = line.trim();
            let begins = |mark: &&str| text.starts_with(mark);
            let block = self.block.filter(|_| in_block || text.ends_with(self.close()));
            let is_line = self.lines.iter().any(&begins) && !self.others.iter().any(&begins);
            let has_doc = over.as_ref().is_some_and(|over| over.doc.is_some());
            let first = start + (line.len() - line.trim_start().len());
            if let Some((open, _, _)) = block.filter(|_| in_block || !has_doc) {
                // Another comment than one that documents is none of its own.
                let one = over.get_or_insert(Over { doc: None, start: first });
                let last = start + line.trim_end().len();
                let doc = one.doc.get_or_insert(last..last);
                doc.start = first;
                in_block = !text.starts_with(&open[..2]);
                if !in_block && !text.starts_with(open) {
                    one.doc = None;
                    return over.filter(|over| over.start > first);
                }
                one.start = first;
                if !in_block {
                    return over;
                }
            } else if is_line {
                let last = start + line.trim_end().len();
                let one = over.get_or_insert(Over { doc: None, start: first });
                one.start = first;
                one.doc.get_or_insert(last..last).start = first;
            } else if !has_doc && self.attributes.iter().any(&begins) {
                over.get_or_insert(Over { doc: None, start: first }).start = first;
            } else {
                break;
            }
            end = start;
        }
        // A block without its beginning is none.
        over.filter(|_| !in_block)
    }

    fn close(&self) -> &'static str {
        self.block.map_or("", |(_, _, close)| close.trim())
    }

    /// The text of the line of a documentation, without its marks.
    #[must_use]
    pub fn bare<'a>(&self, line: &'a str) -> &'a str {
        let mut text = line.trim();
        if let Some((open, middle, close)) = self.block {
            text = text.strip_suffix(close.trim()).unwrap_or(text);
            let stripped = text.strip_prefix(open).or_else(|| text.strip_prefix(middle.trim()));
            text = stripped.unwrap_or(text);
        }
        let mark = self.lines.iter().find_map(|mark| text.strip_prefix(mark));
        let text = mark.unwrap_or(text);
        text.strip_prefix(' ').unwrap_or(text).trim_end()
    }

    /// Whether a line is one of documentation, or may be.
    #[must_use]
    pub fn is_marked(&self, line: &str) -> bool {
        let text = line.trim();
        self.lines.iter().any(|mark| text.starts_with(mark))
            || self.block.is_some_and(|(open, _, _)| text.starts_with(open))
    }

    /// The documentation that says `lines`, each indented by `base`.
    #[must_use]
    pub fn written(&self, lines: &[&str], base: &str) -> String {
        let put = |mark: &str, line: &str| format!("{base}{mark}{line}").trim_end().to_owned();
        let written: Vec<String> = match (self.lines.first(), self.block) {
            (Some(mark), _) => lines.iter().map(|line| put(&format!("{mark} "), line)).collect(),
            (None, Some((open, _, close))) if lines.len() == 1 => {
                vec![put(&format!("{open} "), &format!("{}{close}", lines[0]))]
            }
            (None, Some((open, middle, close))) => {
                let inside = lines.iter().map(|line| put(&format!("{middle} "), line));
                std::iter::once(put(open, "")).chain(inside).chain([put(close, "")]).collect()
            }
            (None, None) => Vec::new(),
        };
        written.join("\n")
    }
}

/// The line of `text` that ends at byte `end`, with its line end taken off, and where it begins.
fn line_above(text: &str, end: usize) -> Option<(usize, &str)> {
    if end == 0 {
        return None;
    }
    let line = text[..end].strip_suffix('\n').unwrap_or(&text[..end]);
    let start = line.rfind('\n').map_or(0, |at| at + 1);
    Some((start, &line[start..]))
}

#[cfg(test)]
mod tests {
    use super::super::Language;

    fn check(language: &str, before: &str, doc: Option<&str>, from: Option<&str>) {
        let above = Language::by_id(language).unwrap().docs.above().unwrap();
        let over = above.over(before);
        let got = over.as_ref().and_then(|over| over.doc.clone()).map(|doc| &before[doc]);
        assert_eq!(got, doc, "{before:?}");
        assert_eq!(over.map(|over| &before[over.start..]), from, "{before:?}");
    }

    #[test]
    fn what_is_above_is_found() {
        for (before, doc, from) in [
            ("", None, None),
            ("let x = 1;\n", None, None),
            ("/// A.\n/// B.\n", Some("/// A.\n/// B."), Some("/// A.\n/// B.\n")),
            ("x\n    /// A.\r\n    #[a]\n", Some("/// A."), Some("/// A.\r\n    #[a]\n")),
            ("/// A.\n\n", None, None),
            ("// A.\n#[a]\n", None, Some("#[a]\n")),
            ("/** A.\n * B. */\n", Some("/** A.\n * B. */"), Some("/** A.\n * B. */\n")),
            ("/* A. */\n", None, None),
            ("B. */\n", None, None),
        ] {
            check("rust", before, doc, from);
        }
        check(
            "go",
            "x\n// A does.\n//\n// More.\n",
            Some("// A does.\n//\n// More."),
            Some("// A does.\n//\n// More.\n"),
        );
    }

    #[test]
    fn it_is_written_as_its_language_has_it() {
        for (language, lines, want) in [
            ("rust", &["A.", "", "B."][..], "  /// A.\n  ///\n  /// B."),
            ("go", &["A."], "  // A."),
            ("typescript", &["A."], "  /** A. */"),
            ("typescript", &["A.", "", "@returns b"], "  /**\n   * A.\n   *\n   * @returns b\n   */"),
        ] {
            let above = Language::by_id(language).unwrap().docs.above().unwrap();
            assert_eq!(above.written(lines, "  "), want);
            let bare: Vec<&str> = want.lines().map(|line| above.bare(line)).collect();
            assert_eq!(
                bare.into_iter().filter(|line| !line.is_empty()).count(),
                lines.iter().filter(|line| !line.is_empty()).count()
            );
        }
    }
}
