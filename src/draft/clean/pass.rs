//! One reading of an answer: the three layers at work, line by line.

use std::collections::HashSet;

use super::Setup;
use crate::draft::form::{Form, Shape};
use crate::draft::layout::Layout;
use crate::draft::peel::{Peel, Want};
use crate::draft::unwrap::Unwrap;

/// How our prompts mark the place in the code around it; small models repeat it.
const MARK: (&str, &str) = ("<<the ", ">>");

/// How an answer is read, where its first reading went wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Reading {
    pub blind_to_strings: bool,
    pub fences_only: bool,
    pub wants_header: bool,
    pub again: bool,
}

/// The layers at work on one answer.
#[derive(Clone, Debug)]
pub(super) struct Pass {
    pub unwrap: Unwrap,
    pub peel: Peel,
    layout: Layout,
    collects: bool,
    want_body: bool,
    /// All code, for what is extracted in the end.
    pub code: Vec<String>,
    pub lines: Vec<String>,
    /// Lines that only count if more follows: blank ones, and comments at the margin.
    held: Vec<String>,
}

impl Pass {
    pub fn new(form: &Form, setup: &Setup, reading: Reading) -> Self {
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

    pub fn line(&mut self, line: &str) {
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
