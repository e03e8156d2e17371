//! Cleaning: a model's answer, cut anywhere, becomes the lines that the region is to hold.
//!
//! Three layers, each a state machine over whole lines: `unwrap` (what is code), `peel` (which of it is wanted), `layout`
//! (how it stands in the file). Because only whole lines pass, where the stream was cut makes no difference.

use std::collections::HashSet;

use thiserror::Error;

use crate::draft::docstring;
use crate::draft::form::{Form, Shape};
use crate::draft::layout::Layout;
use crate::draft::peel::{self, Peel, Want};
use crate::draft::unwrap::{self, Unwrap};

/// The most text of one answer; a larger one is no draft of a region.
const LIMIT: usize = 1024 * 1024;

/// How our prompts mark the place in the code around it; small models repeat it.
const MARK: (&str, &str) = ("<<the ", ">>");

/// See the module's head.
#[derive(Clone, Debug)]
pub struct Cleaner {
    form: Form,
    setup: Setup,
    /// The line that is not whole yet.
    partial: String,
    /// The answer so far.
    answer: String,
    pass: Pass,
}

/// What the cleaner knows of the file beside the form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Setup {
    /// Whether imports at the head of the answer go to the file's import block.
    pub hoist: bool,
    /// The lines of the file between a function's header and the region: comments that an answer may repeat.
    pub opening: String,
    /// The name of the definition that it is about, if there is one.
    pub name: String,
}

/// A clean answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cleaned {
    /// What the region is to hold, with its `lead`.
    pub text: String,
    /// Import statements for the file's import block.
    pub imports: Vec<String>,
}

/// Why there is nothing to put into the region.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum CleanError {
    #[error("the answer has no code in it")]
    NoCode,
    #[error("the answer has code, but not the body of the function that was asked for")]
    NoBody,
    #[error(
        "the answer's body needs `{0}`, which the answer defines outside of the function, where nothing may change"
    )]
    Outside(String),
    #[error("the answer has no docstring in it")]
    NoDocstring,
    #[error("the answer is larger than {} KiB, which is no draft of a region", LIMIT / 1024)]
    TooLarge,
}

impl Cleaner {
    #[must_use]
    pub fn new(form: &Form, setup: Setup) -> Self {
        let pass = Pass::new(form, &setup, Reading::default());
        Self { form: form.clone(), setup, partial: String::new(), answer: String::new(), pass }
    }

    /// Takes in more of the answer; returns the lines that are new, as they are to stand in the file, without line ends.
    pub fn push(&mut self, delta: &str) -> Vec<String> {
        if self.answer.len() + delta.len() > LIMIT {
            self.answer.push_str(delta);
            return Vec::new();
        }
        self.answer.push_str(delta);
        let before = self.pass.lines.len();
        // Only what is new is searched: a line may come in many pieces.
        if let Some(end) = delta.rfind('\n') {
            self.partial.push_str(&delta[..end]);
            for line in std::mem::take(&mut self.partial).split('\n') {
                self.pass.line(line.trim_end_matches('\r'));
            }
            self.partial.push_str(&delta[end + 1..]);
        } else {
            self.partial.push_str(delta);
        }
        self.pass.lines[before..].to_vec()
    }

    /// Whether more of the answer makes no difference.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.answer.len() > LIMIT || self.pass.unwrap.is_done() || self.pass.peel.is_done()
    }

    /// What the region is to hold so far.
    #[must_use]
    pub fn so_far(&self) -> String {
        self.joined(&self.pass.lines)
    }

    /// How many lines were returned so far.
    #[must_use]
    pub fn lines_told(&self) -> usize {
        self.pass.lines.len()
    }

    /// The end of the answer: the last line is whole now. `defined` finds what the file defines at its top level, where
    /// that is to be known: an answer may repeat it, and what it leaves out is there.
    ///
    /// # Errors
    /// When there is nothing in it for the region.
    pub fn finish(mut self, defined: impl FnOnce() -> HashSet<String>) -> Result<Cleaned, CleanError> {
        if self.answer.len() > LIMIT {
            return Err(CleanError::TooLarge);
        }
        let last = std::mem::take(&mut self.partial);
        if !last.is_empty() {
            self.pass.line(last.trim_end_matches('\r'));
        }
        self.read_again();
        let imports = self.pass.peel.imports().to_vec();
        match &self.form.shape {
            Shape::Docstring => {
                let code =
                    if self.pass.code.is_empty() { self.pass.unwrap.into_prose() } else { self.pass.code };
                let text = docstring::extract(&code.join("\n"), &self.form.base, &self.setup.name);
                let text = text.ok_or(CleanError::NoDocstring)?.replace('\n', self.form.eol.as_str());
                Ok(Cleaned { text: self.form.lead + &text, imports: Vec::new() })
            }
            _ if self.pass.lines.is_empty() && imports.is_empty() => {
                Err(if self.pass.code.iter().any(|line| !line.trim().is_empty()) {
                    CleanError::NoBody
                } else {
                    CleanError::NoCode
                })
            }
            Shape::Body { .. } if self.pass.lines.is_empty() => Err(CleanError::NoBody),
            Shape::Body { .. } if let Some(name) = self.needs_outside(defined) => {
                Err(CleanError::Outside(name))
            }
            // Nothing but imports: they are what was asked for.
            Shape::Block if self.pass.lines.is_empty() => {
                let lines: Vec<String> = imports
                    .iter()
                    .flat_map(|import| import.lines().map(|line| self.form.base.clone() + line))
                    .collect();
                Ok(Cleaned { text: self.joined(&lines), imports: Vec::new() })
            }
            _ => Ok(Cleaned { text: self.joined(&self.pass.lines), imports }),
        }
    }

    /// What the stream's first reading got wrong shows only at the end: then the whole answer is read once more.
    fn read_again(&mut self) {
        let mut answer = self.answer.replace("\r\n", "\n").replace('\r', "\n");
        let lone_cr = answer.lines().count() != self.answer.lines().count();
        let mut reading = Reading::default();
        // Reasoning whose opening tag the server kept, or code on the closing tag's line.
        let reasoned =
            self.pass.code.iter().any(|line| line.contains("</think>")) || self.pass.code.is_empty();
        if let Some(end) = answer.rfind("</think>").filter(|_| reasoned) {
            answer.drain(..end + "</think>".len());
            reading.again = true;
        }
        // A fence that seemed to stand inside a string was the end after all.
        reading.blind_to_strings = self.pass.unwrap.is_unclosed() && ends_with_fence(&answer);
        // What read as code before a fenced block was prose.
        reading.fences_only = self.pass.unwrap.is_raw() && unwrap::fences(&answer) >= 2;
        if let Shape::Body { name, .. } = &self.form.shape {
            reading.wants_header =
                self.pass.peel.is_bare() && peel::defines(&self.pass.code.join("\n"), name);
        }
        if lone_cr || reading != Reading::default() {
            let mut pass = Pass::new(&self.form, &self.setup, reading);
            answer.lines().for_each(|line| pass.line(line));
            if reading.fences_only
                && let Shape::Body { name, .. } = &self.form.shape
            {
                let wants_header = pass.peel.is_bare() && peel::defines(&pass.code.join("\n"), name);
                if wants_header {
                    pass = Pass::new(&self.form, &self.setup, Reading { wants_header, ..reading });
                    answer.lines().for_each(|line| pass.line(line));
                }
            }
            self.pass = pass;
        }
    }

    /// A name that the body uses and that only the answer defines, outside of the function.
    fn needs_outside(&self, defined: impl FnOnce() -> HashSet<String>) -> Option<String> {
        let text = self.pass.lines.join("\n");
        let used: HashSet<&str> = text.split(|ch: char| !(ch.is_alphanumeric() || ch == '_')).collect();
        let outside = if self.pass.peel.is_bare() { &[] } else { self.pass.peel.outside() };
        let foreign = |name: &&String| **name != self.setup.name && used.contains(name.as_str());
        let mut needed = outside.iter().filter(foreign).peekable();
        needed.peek()?;
        let defined = defined();
        needed.find(|name| !defined.contains(*name)).cloned()
    }

    fn joined(&self, lines: &[String]) -> String {
        if lines.is_empty() {
            return String::new();
        }
        let eol = self.form.eol.as_str();
        let mut text = self.form.lead.clone() + &lines.join(eol);
        if self.form.shape == Shape::File {
            text.push_str(eol);
        }
        text
    }
}

/// How an answer is read, where its first reading went wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Reading {
    blind_to_strings: bool,
    fences_only: bool,
    wants_header: bool,
    again: bool,
}

/// The layers at work on one answer.
#[derive(Clone, Debug)]
struct Pass {
    unwrap: Unwrap,
    peel: Peel,
    layout: Layout,
    collects: bool,
    want_body: bool,
    /// All code, for what is extracted in the end.
    code: Vec<String>,
    lines: Vec<String>,
    /// Lines that only count if more follows: blank ones, and comments at the margin.
    held: Vec<String>,
}

impl Pass {
    fn new(form: &Form, setup: &Setup, reading: Reading) -> Self {
        let want = match &form.shape {
            Shape::Body { name, docstring } => {
                let known: HashSet<String> = setup
                    .opening
                    .lines()
                    .map(|line| line.trim().to_owned())
                    .filter(|line| line.starts_with('#'))
                    .collect();
                Want::Body { name: name.clone(), docstring: docstring.is_some(), known }
            }
            Shape::Block => Want::Block { hoist: setup.hoist },
            Shape::Docstring | Shape::File => Want::Block { hoist: false },
        };
        Self {
            unwrap: Unwrap::new(!reading.blind_to_strings, reading.fences_only),
            peel: Peel::new(want, reading.wants_header),
            layout: Layout::new(&form.base, form.unit),
            collects: form.shape == Shape::Docstring,
            want_body: matches!(form.shape, Shape::Body { .. }),
            code: Vec::new(),
            lines: Vec::new(),
            held: Vec::new(),
        }
    }

    fn line(&mut self, line: &str) {
        let Some(code) = self.unwrap.line(line) else { return };
        if code.trim().starts_with(MARK.0) && code.trim().ends_with(MARK.1) {
            return;
        }
        self.code.push(code.to_owned());
        if self.collects {
            return;
        }
        let Some(wanted) = self.peel.line(code) else { return };
        let margin =
            self.want_body && wanted.starts_with('#') && !self.peel.is_bare() && !self.layout.in_string();
        let text = self.layout.in_string();
        let laid = self.layout.line(wanted);
        if (laid.trim().is_empty() && !text) || margin {
            self.held.push(if laid.trim().is_empty() { String::new() } else { laid });
            return;
        }
        let held = std::mem::take(&mut self.held);
        if !self.lines.is_empty() {
            self.lines.extend(held);
        }
        self.lines.push(laid);
    }
}

fn ends_with_fence(answer: &str) -> bool {
    answer.lines().map(str::trim).rfind(|line| !line.is_empty()).is_some_and(|line| line.starts_with("```"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::text::{eol::Eol, indent::Indent};

    fn form(shape: Shape) -> Form {
        let lead = if shape == Shape::Block { "" } else { "\n" };
        Form { shape, lead: lead.to_owned(), base: "    ".to_owned(), unit: Indent::Spaces(4), eol: Eol::Lf }
    }

    fn body() -> Form {
        form(Shape::Body { name: "f".to_owned(), docstring: Some("\"\"\"Do.\"\"\"".to_owned()) })
    }

    fn setup() -> Setup {
        Setup {
            name: "f".to_owned(),
            hoist: true,
            opening: "def f(x):\n    \"\"\"Do.\"\"\"\n    # TODO: write".to_owned(),
        }
    }

    fn defined() -> HashSet<String> {
        HashSet::from(["known".to_owned()])
    }

    fn cleaned(form: &Form, answer: &str) -> Result<Cleaned, CleanError> {
        let mut cleaner = Cleaner::new(form, setup());
        cleaner.push(answer);
        cleaner.finish(defined)
    }

    const FULL: &str = r#"Sure, here it is:

```python
import os


def f(x):
    """Do."""
    # TODO: write
    y = os.path.join(x)

    return y


print(f(1))
```
It joins."#;

    #[test]
    fn answers_become_what_the_region_holds() {
        let function = "```python\ndef f(x):\n    \"\"\"Do it.\"\"\"\n```";
        for (form, answer, text, imports) in [
            (body(), FULL, "\n    y = os.path.join(x)\n\n    return y", vec!["import os"]),
            (body(), "return x", "\n    return x", vec![]),
            (
                form(Shape::Block),
                "```\nfrom a import b\nx = b()\n```",
                "    x = b()",
                vec!["from a import b"],
            ),
            (form(Shape::Block), "import os", "    import os", vec![]),
            (form(Shape::Block), "<<the part to rewrite>>\nx = 1", "    x = 1", vec![]),
            (form(Shape::Docstring), function, "\n    \"\"\"Do it.\"\"\"", vec![]),
            (form(Shape::Docstring), "This does it.", "\n    \"\"\"This does it.\"\"\"", vec![]),
        ] {
            let cleaned = cleaned(&form, answer).unwrap();
            let imports: Vec<String> = imports.into_iter().map(str::to_owned).collect();
            assert_eq!((cleaned.text.as_str(), cleaned.imports), (text, imports), "{answer:?}");
        }
    }

    #[test]
    fn an_answer_without_a_draft_is_told() {
        for (form, answer, error) in [
            (body(), "", CleanError::NoCode),
            (body(), "I am sorry, I cannot do that.", CleanError::NoCode),
            (body(), "def g(x):\n    return x", CleanError::NoBody),
            (body(), "```python\n```", CleanError::NoCode),
            (
                body(),
                "def helper(y):\n    return y\n\ndef f(x):\n    return helper(x)",
                CleanError::Outside("helper".to_owned()),
            ),
            (body(), "def f(x):\n    return RATE * x\n\nRATE = 3", CleanError::Outside("RATE".to_owned())),
            (form(Shape::Docstring), "def f(x):\n    return x", CleanError::NoDocstring),
        ] {
            assert_eq!(cleaned(&form, answer), Err(error), "{answer:?}");
        }
    }

    #[test]
    fn line_ends_and_leads_are_the_files() {
        let form = Form {
            lead: "\r\n".to_owned(),
            eol: Eol::CrLf,
            base: "\t".to_owned(),
            unit: Indent::Tab,
            ..body()
        };
        let answer = "def f(x):\r\n    if x:\r\n        return 1\r\n    return 2\r\n";
        assert_eq!(cleaned(&form, answer).unwrap().text, "\r\n\tif x:\r\n\t\treturn 1\r\n\treturn 2");
    }

    const PARTS: [&str; 14] = [
        "```python\n",
        "```\n",
        "def f(x):\n",
        "    \"\"\"Do.\"\"\"\n",
        "    x = 'é😀'\n",
        "import os\n",
        "\n",
        "Sure, here it is:\n",
        "    if x:\r\n        y\r\n",
        "    s = '''\n",
        "x'''\n",
        "<think>\nwhat\n</think>\n",
        "class A:\n    def f(self):\n",
        "print(f(1))",
    ];

    proptest! {
        /// Where the stream was cut makes no difference, and what was told line by line is the beginning of the whole.
        #[test]
        fn cuts_make_no_difference(
            parts in proptest::collection::vec(proptest::sample::select(&PARTS[..]), 0..12),
            cuts in proptest::collection::vec(0usize..400, 0..8),
        ) {
            let answer = parts.concat();
            for form in [body(), form(Shape::Block), form(Shape::Docstring), form(Shape::File)] {
                let whole = cleaned(&form, &answer);
                let mut cleaner = Cleaner::new(&form, setup());
                let mut told = Vec::new();
                let fits = |at: &usize| *at <= answer.len() && answer.is_char_boundary(*at);
                let mut cuts: Vec<usize> = cuts.iter().copied().filter(fits).collect();
                cuts.push(answer.len());
                cuts.sort_unstable();
                let mut from = 0;
                for to in cuts {
                    told.extend(cleaner.push(&answer[from..to]));
                    from = to;
                }
                let so_far = cleaner.so_far();
                prop_assert_eq!(&so_far, &cleaner.joined(&told));
                prop_assert_eq!(&cleaner.finish(defined), &whole);
                if let Ok(cleaned) = &whole {
                    // These may have an answer read once more.
                    let read_again = ["```", "</think>", "def f"].iter().any(|mark| answer.contains(mark));
                    let so_far = so_far.trim_end_matches(form.eol.as_str());
                    prop_assert!(read_again || cleaned.text.starts_with(so_far), "{:?} {:?}", cleaned.text, so_far);
                }
            }
        }
    }
}
