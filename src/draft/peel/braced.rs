//! The body of a function between braces, found while the answer comes: its header is known by the tree of what has come so
//! far, with the braces closed that are open; its end by the brace that closes it, and by the tree once more.

use super::{Peel, Start, State, Want};
use std::ops::Range;

use crate::draft::place::{Code, LONE, in_class};
use crate::draft::strings::Scanner;
use crate::syntax::Language;
use crate::syntax::items::{self, Definition, Kind};

/// See the module's head.
#[derive(Clone, Debug)]
pub(super) struct Braced {
    language: &'static Language,
    /// The code of this block so far.
    code: String,
    scanner: Scanner,
    body: Body,
    /// The function's name has come: before, there is no header to look for.
    named: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Body {
    Ahead,
    /// So many brackets are open in it, its own brace among them.
    Open(u32),
    /// A bracket in a string or the like has led astray: the end of all code is its end.
    Endless,
}

/// What a line is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Outside,
    /// It opens the body; what follows the brace.
    Opens(String),
    Inside,
    /// It closes the body; what precedes the brace.
    Closes(String),
}

impl Braced {
    pub fn new(language: &'static Language) -> Self {
        Self {
            language,
            code: String::new(),
            scanner: Scanner::of(language),
            body: Body::Ahead,
            named: false,
        }
    }

    /// Another block of code begins.
    pub fn forget(&mut self) {
        *self = Self::new(self.language);
    }

    /// Takes in a line of an answer to the question for the function `name` in the definitions `around`.
    pub fn line(&mut self, line: &str, name: &str, around: &[String]) -> Step {
        let (start, before) = (self.code.len(), self.scanner.depth());
        self.code.push_str(line);
        self.code.push('\n');
        self.scanner.line(line);
        self.named |= line.contains(name);
        // What closes a parameter's braces may open the body's on the same line.
        let by_words = self.language.lexis.words.is_some();
        let opens = by_words || self.scanner.depth() > before || line.trim_end().ends_with('{');
        match self.body {
            Body::Endless => Step::Inside,
            Body::Ahead if self.scanner.is_quoted() || !opens || !self.named => Step::Outside,
            Body::Ahead => {
                let found = self
                    .find(name, around)
                    .filter(|found| (start + 1..=self.code.len()).contains(&found.body.start))
                    .filter(|found| self.code.trim_end().len() <= found.body.end);
                let Some(found) = found else { return Step::Outside };
                self.body = Body::Open(self.scanner.depth());
                Step::Opens(self.code[found.body.start..].trim().to_owned())
            }
            Body::Open(depth) if self.scanner.depth() >= depth => Step::Inside,
            Body::Open(_) => {
                let end = self.find(name, around).map(|found| found.body.end);
                if let Some(end) = end.filter(|end| (start..self.code.len()).contains(end)) {
                    return Step::Closes(self.code[start..end].to_owned());
                }
                self.body = Body::Endless;
                Step::Inside
            }
        }
    }

    /// The last function of the name in what has come so far.
    fn find(&self, name: &str, around: &[String]) -> Option<Definition> {
        let closers = self.language.closers(self.scanner.depth() as usize).join("\n");
        let closed = format!("{}{closers}", self.code);
        self.find_in(&closed, name, around).or_else(|| {
            let (whole, put) = in_class(&closed, self.language)?;
            let found = self.find_in(&whole, name, around)?;
            let back = |range: &Range<usize>| {
                range.start.checked_sub(put.len()).map(|start| start..range.end - put.len())
            };
            Some(Definition { body: back(&found.body)?, ..found })
        })
    }

    fn find_in(&self, text: &str, name: &str, around: &[String]) -> Option<Definition> {
        let code = Code::parse(text, self.language)?;
        let is_it = |one: &items::Nested| {
            let chain: Vec<&str> = one.around.iter().map(|(_, outer)| outer.name.as_str()).collect();
            let is_lone = chain == [LONE];
            let fits = chain.len() <= around.len()
                && around[around.len() - chain.len()..].iter().map(String::as_str).eq(chain);
            one.item.kind == Kind::Function
                && one.definition().is_some_and(|own| own.name == name)
                && (fits || is_lone)
        };
        items::definitions(&code.source()).into_iter().rfind(is_it)?.item.definition
    }
}

impl Peel {
    /// The same where blocks stand in braces.
    pub(super) fn next_braced(&mut self, state: State, line: &str) -> (State, Option<String>) {
        if self.start.is_some() {
            return (State::Statements(None), Some(line.to_owned()));
        }
        let (Some(braced), Want::Body { name, around, .. }) = (&mut self.braced, &self.want) else {
            return (state, None);
        };
        if state == State::Done {
            return (State::Done, None);
        }
        let some = |text: String| Some(text).filter(|text| !text.trim().is_empty());
        match braced.line(line, name, around) {
            Step::Outside => (State::Seek, None),
            Step::Opens(rest) => {
                self.begun = Some(Start::Header(self.at - 1));
                // A comment behind the header is of its line, which the file has.
                match some(rest).filter(|rest| !self.scanner.lexis().is_only_comment(rest)) {
                    None => (State::Opening(None), None),
                    Some(rest) => (State::Statements(None), Some(rest)),
                }
            }
            Step::Closes(rest) => (State::Done, some(rest)),
            Step::Inside => {
                let text = line.trim();
                if state == State::Opening(None) && (text.is_empty() || self.known.contains(text)) {
                    return (state, None);
                }
                (State::Statements(None), Some(line.to_owned()))
            }
        }
    }
}
