//! One reading of an answer: the three layers at work, line by line.

use std::collections::HashSet;

use super::Setup;
use crate::draft::form::{Form, Shape};
use crate::draft::layout::{Common, Layout};
use crate::draft::peel::{Peel, Start, Want};
use crate::draft::secrets::Secrets;
use crate::draft::unwrap::{Sources, Unwrap};

/// How our prompts mark the place in the code around it; small models repeat it.
const MARK: (&str, &str) = ("<<the ", ">>");

/// How an answer is read, where its first reading went wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Reading {
    /// A fence ends a block even where it seems to stand in a string.
    pub blind_to_strings: bool,
    pub sources: Sources,
    /// All blocks have code of the answer, not only those up to what is wanted.
    pub all_blocks: bool,
    /// Where what is wanted begins in the code.
    pub start: Option<Start>,
    /// What the indentations of the wanted lines have in common.
    pub common: Option<Common>,
}

/// The layers at work on one answer.
#[derive(Clone, Debug)]
pub(super) struct Pass {
    pub unwrap: Unwrap,
    pub peel: Peel,
    layout: Layout,
    /// The same before its first line.
    fresh: Layout,
    secrets: Secrets,
    want: Shape,
    all_blocks: bool,
    /// All code, for what is told apart in the end.
    pub code: Vec<String>,
    /// What is wanted of it, as it stands there.
    pub wanted: Vec<String>,
    /// The same as it is to stand in the file.
    pub lines: Vec<String>,
    /// Lines that only count if more follows: blank ones, and comments at the margin.
    held: Vec<String>,
}

impl Pass {
    pub fn new(form: &Form, setup: &Setup, reading: Reading) -> Self {
        let language = setup.language();
        let comments = setup.opening.lines().map(str::trim).filter(|line| language.lexis.is_comment(line));
        let known: HashSet<String> = comments.map(str::to_owned).collect();
        let around = setup.around.clone();
        let want = match &form.shape {
            Shape::Body { name, docstring } => Want::Body {
                name: name.clone(),
                around,
                decorators: setup.decorators(),
                docstring: docstring.is_some(),
            },
            Shape::Block => Want::Block { hoist: setup.hoist, around },
            Shape::Docstring | Shape::File => Want::Block { hoist: false, around: Vec::new() },
        };
        let layout = Layout::new(&form.base, form.unit, setup.deeper, reading.common).in_language(language);
        Self {
            unwrap: Unwrap::new(!reading.blind_to_strings, reading.sources).in_language(language),
            peel: Peel::new(want, known, reading.start).in_language(language),
            fresh: layout.clone(),
            layout,
            secrets: setup.secrets.clone(),
            want: form.shape.clone(),
            all_blocks: reading.all_blocks,
            code: Vec::new(),
            wanted: Vec::new(),
            lines: Vec::new(),
            held: Vec::new(),
        }
    }

    /// Whether all that is wanted has come, as far as its layers can tell.
    pub fn is_done(&self) -> bool {
        self.unwrap.is_done() || self.peel.is_done()
    }

    /// The next line of the answer.
    pub fn line(&mut self, line: &str) {
        let code = self.unwrap.line(line).map(str::to_owned);
        if self.unwrap.is_at_edge() && !matches!(self.want, Shape::File) {
            if code.is_none() && self.unwrap.is_open() && self.peel.may_be_before() {
                self.peel.forget();
                self.clear();
            } else {
                self.peel.begin_again();
            }
        }
        if let Some(code) = code {
            self.code(&code);
        }
        let in_parts = matches!(self.want, Shape::Body { .. } | Shape::Block);
        if self.all_blocks || (in_parts && self.lines.is_empty() && !self.peel.is_repeated()) {
            self.unwrap.go_on();
        }
    }

    /// The next line of its code.
    pub fn code(&mut self, code: &str) {
        if code.trim().starts_with(MARK.0) && code.trim().ends_with(MARK.1) {
            return;
        }
        self.code.push(code.to_owned());
        if self.want != Shape::Docstring {
            let lines = self.peel.line(code);
            if self.peel.is_restarted() {
                self.clear();
            }
            lines.into_iter().for_each(|wanted| self.take(wanted));
        }
    }

    /// What was taken so far was not what is wanted.
    fn clear(&mut self) {
        [&mut self.wanted, &mut self.lines, &mut self.held].into_iter().for_each(Vec::clear);
        self.layout = self.fresh.clone();
    }

    /// The end of the answer.
    pub fn end(&mut self) {
        for wanted in self.peel.rest() {
            self.take(wanted);
        }
    }

    fn take(&mut self, wanted: String) {
        let text = self.layout.in_string();
        let margin = !text && wanted.trim_start().starts_with('#') && self.peel.is_beside();
        let laid = self.layout.line(&wanted);
        self.wanted.push(wanted);
        if (laid.trim().is_empty() && !text) || margin {
            self.held.push(if laid.trim().is_empty() { String::new() } else { laid });
            return;
        }
        let held = std::mem::take(&mut self.held);
        if !self.lines.is_empty() {
            self.lines.extend(held);
        }
        self.lines.extend(self.secrets.restore(&laid));
    }
}
