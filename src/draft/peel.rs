//! The second layer of cleaning: from the code of an answer to the statements that the region wants.
//!
//! Models repeat what they were shown: imports, the class around, decorators, the signature, the docstring. All of that
//! stands in the file already; new imports go to the import block.

mod braced;
mod line;
#[cfg(test)]
mod tests;
mod want;

use std::collections::HashSet;

use self::braced::Braced;
use self::line::{Keyword, named, one_line_body};
pub(crate) use self::line::{defined, defined_at, is_import, squeezed};
pub(crate) use self::want::{Start, Want};
use crate::draft::place::words;
use crate::draft::strings::Scanner;
use crate::syntax::Language;

#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    /// Before the statements that are wanted.
    Seek,
    /// Inside an import statement that goes over lines.
    Import,
    /// Inside the header of the wanted function, which stands at this indentation.
    Header(usize),
    /// Behind the header: the docstring and known comments may follow.
    Opening(Option<usize>),
    /// Inside the docstring that the file has.
    Docstring(Option<usize>),
    /// Inside another definition, which stands at this indentation.
    Other(usize),
    /// Inside the wanted statements; those of a function end at its header's indentation.
    Statements(Option<usize>),
    /// Inside of what is around the place: nothing is told before its end.
    Repeated,
    Done,
}

/// See the module's head.
#[derive(Clone, Debug)]
pub(crate) struct Peel {
    want: Want,
    /// Comment lines that the file has right before the region: an answer may repeat them.
    known: HashSet<String>,
    state: State,
    scanner: Scanner,
    /// Import statements from the answer's head; the last may be unfinished.
    imports: Vec<String>,
    /// The definitions around that the answer repeats: their indentation and name.
    repeated: Vec<(usize, String)>,
    /// Decorators and comments that may be those of what is around.
    held: Vec<String>,
    /// The decorators right above, without their blanks.
    decorators: Vec<String>,
    /// The indentation of the wanted function's header.
    header: Option<usize>,
    /// What the answer defines before the wanted function; empty for what is no definition.
    others: Vec<String>,
    /// What was taken so far was not the body: the function has come.
    is_restarted: bool,
    is_beside: bool,
    start: Option<Start>,
    /// The number of lines that were taken in.
    at: usize,
    begun: Option<Start>,
    /// Of a language whose blocks stand in braces.
    braced: Option<Box<Braced>>,
}

impl Peel {
    pub fn new(want: Want, known: HashSet<String>, start: Option<Start>) -> Self {
        Self {
            want,
            known,
            state: State::Seek,
            scanner: Scanner::default(),
            imports: Vec::new(),
            repeated: Vec::new(),
            held: Vec::new(),
            decorators: Vec::new(),
            header: None,
            others: Vec::new(),
            is_restarted: false,
            is_beside: false,
            start,
            at: 0,
            begun: None,
            braced: None,
        }
    }

    /// The same for code of `language`.
    pub fn in_language(mut self, language: &'static Language) -> Self {
        self.scanner = Scanner::of(language);
        self.braced = language.lexis.braces.then(|| Box::new(Braced::new(language)));
        self
    }

    /// Whether the wanted statements are over.
    pub fn is_done(&self) -> bool {
        self.state == State::Done
    }

    /// Whether they are over should the next line begin like this.
    pub fn ends_with(&self, partial: &str) -> bool {
        let text = partial.trim_start();
        let State::Statements(Some(header)) = self.state else { return self.is_done() };
        !self.scanner.is_open()
            && !text.is_empty()
            && !text.starts_with('#')
            && partial.len() - text.len() <= header
    }

    pub fn imports(&self) -> &[String] {
        &self.imports
    }

    /// Where the wanted statements began.
    pub fn begun(&self) -> Option<Start> {
        self.begun
    }

    /// What the answer defines before the wanted function: it may turn out to be needed there.
    pub fn others(&self) -> &[String] {
        &self.others
    }

    /// Whether what was taken before the last line was not the body.
    pub fn is_restarted(&self) -> bool {
        self.is_restarted
    }

    /// Whether the statements seem to be the body alone, and may as well be what stands before the function.
    pub fn may_be_before(&self) -> bool {
        self.is_bare() && self.header.is_none()
    }

    /// Whether the last line begins something, and stands no deeper than the wanted function's header.
    pub fn is_beside(&self) -> bool {
        self.is_beside
    }

    /// Whether the statements were taken for the body itself, without its header.
    pub fn is_bare(&self) -> bool {
        matches!(self.begun, Some(Start::Bare(_)))
    }

    /// Whether the answer repeats what is around the place, so that a look at the whole has to say what of it is wanted.
    pub fn is_repeated(&self) -> bool {
        self.state == State::Repeated
    }

    /// What was held back to the end.
    pub fn rest(&mut self) -> Vec<String> {
        if self.is_repeated() { Vec::new() } else { std::mem::take(&mut self.held) }
    }

    /// A block of code begins behind what was taken for a body at the margin, and was prose.
    pub fn forget(&mut self) {
        (self.state, self.scanner, self.is_restarted) = (State::Seek, self.scanner.anew(), true);
        (self.begun, self.header) = (None, None);
    }

    /// A block of code ended, and another begins: where nothing was taken yet, it may have the function again, or its body.
    pub fn begin_again(&mut self) {
        self.scanner = self.scanner.anew();
        if let Some(braced) = &mut self.braced {
            braced.forget();
        }
        self.state = match self.state {
            State::Statements(_) if matches!(self.want, Want::Body { .. }) => State::Done,
            State::Header(_) | State::Opening(_) | State::Docstring(_) | State::Other(_) => State::Seek,
            ref other => other.clone(),
        };
        self.repeated.clear();
        self.decorators.clear();
        if self.state == State::Seek {
            (self.begun, self.header) = (None, None);
        }
    }

    /// Takes in one line and returns what of it, or of what was held back, is wanted.
    pub fn line(&mut self, line: &str) -> Vec<String> {
        let at = self.at;
        self.at += 1;
        if self.start.is_some_and(|start| at < start.line()) {
            return Vec::new();
        }
        let inside = self.scanner.is_open();
        self.scanner.line(line);
        let column = line.len() - line.trim_start().len();
        self.is_restarted = false;
        self.is_beside =
            !inside && !line.trim().is_empty() && self.header.is_some_and(|header| column <= header);
        let state = std::mem::replace(&mut self.state, State::Done);
        let (state, taken) = self.next(state, line, inside);
        if matches!((&state, &self.want), (State::Statements(_), Want::Body { .. })) {
            self.begun.get_or_insert(Start::Bare(at));
        }
        self.state = state;
        let mut out = if taken.is_some() { std::mem::take(&mut self.held) } else { Vec::new() };
        out.extend(taken);
        out
    }

    fn next(&mut self, state: State, line: &str, inside: bool) -> (State, Option<String>) {
        let text = line.trim();
        let column = line.len() - line.trim_start().len();
        if self.braced.is_some() && matches!(self.want, Want::Body { .. }) {
            return self.next_braced(state, line);
        }
        match state {
            State::Seek if inside => {
                if let Some(decorator) = self.decorators.last_mut() {
                    decorator.push_str(&squeezed(text));
                }
                (State::Seek, None)
            }
            State::Seek => self.seek(line, text, column),
            State::Import => {
                if let Some(import) = self.imports.last_mut() {
                    import.push('\n');
                    import.push_str(line.trim_end());
                }
                (if self.scanner.is_open() { State::Import } else { State::Seek }, None)
            }
            State::Header(at) => {
                (if self.scanner.is_open() { State::Header(at) } else { State::Opening(Some(at)) }, None)
            }
            State::Opening(header) => self.opening(header, line, text, column),
            State::Docstring(header) => (
                if self.scanner.in_string() { State::Docstring(header) } else { State::Opening(header) },
                None,
            ),
            State::Other(at) if !inside && !text.is_empty() && column <= at => self.seek(line, text, column),
            State::Statements(None) if !inside && self.may_be_before() && self.is_header(text) => {
                self.is_restarted = true;
                self.others.push(String::new());
                self.header(line, column)
            }
            State::Statements(header) => {
                let over = header.is_some_and(|header| column <= header) && !text.starts_with('#');
                let guard = matches!(self.want, Want::Body { .. }) && text.starts_with("if __name__");
                if !inside && !text.is_empty() && (over || guard) {
                    (State::Done, None)
                } else {
                    (State::Statements(header), Some(line.to_owned()))
                }
            }
            other @ (State::Other(_) | State::Repeated | State::Done) => (other, None),
        }
    }

    fn seek(&mut self, line: &str, text: &str, column: usize) -> (State, Option<String>) {
        if text.is_empty() {
            return (State::Seek, None);
        }
        let hoist = !matches!(self.want, Want::Block { hoist: false, .. });
        let lexis = self.scanner.lexis();
        if hoist && self.start.is_none() && lexis.heads.iter().any(|head| text.starts_with(head)) {
            return (State::Seek, None);
        }
        if hoist && lexis.is_import(text) && self.start.is_none() {
            self.imports.push(text.to_owned());
            return (if self.scanner.is_open() { State::Import } else { State::Seek }, None);
        }
        match &self.want {
            Want::Body { .. } => self.seek_body(line, text, column),
            Want::Block { .. } if self.start.is_some() => (State::Statements(None), Some(line.to_owned())),
            Want::Block { around, .. } => {
                if self.known.contains(text) {
                    return (State::Seek, None);
                }
                let is_comment = lexis.is_comment(text) || text.starts_with(['@', '#']);
                if is_comment && !around.is_empty() {
                    self.held.push(line.to_owned());
                    return (State::Seek, None);
                }
                let is_around = |name: &str| around.iter().any(|around| around == name);
                let opens = self.braced.is_some() && lexis.opens(text) && words(text).any(is_around);
                if opens || named(text).is_some_and(|(_, name)| is_around(name)) {
                    self.held.clear();
                    return (State::Repeated, None);
                }
                (State::Statements(None), Some(line.to_owned()))
            }
        }
    }

    fn seek_body(&mut self, line: &str, text: &str, column: usize) -> (State, Option<String>) {
        let at = self.at - 1;
        if self.start == Some(Start::Header(at)) {
            return self.header(line, column);
        }
        if self.start.is_none() {
            self.repeated.retain(|(outer, _)| *outer < column);
            let decorators = std::mem::take(&mut self.decorators);
            if text.starts_with('@') {
                self.decorators = decorators;
                self.decorators.push(squeezed(text));
                return (State::Seek, None);
            }
            if let Some((keyword, name)) = named(text) {
                if keyword == Keyword::Def && self.is_wanted(name, &decorators) {
                    return self.header(line, column);
                }
                if self.is_around(name) {
                    self.repeated.push((column, name.to_owned()));
                    return (State::Seek, None);
                }
                self.others.push(name.to_owned());
                return (State::Other(column), None);
            }
            if !self.repeated.is_empty() || (text.starts_with('#') && column == 0) {
                return (State::Seek, None);
            }
        }
        // No signature was repeated: the answer is the body itself, at whatever indentation. One blank before it is chance.
        self.header = column.checked_sub(1).filter(|_| column > 1);
        if column == 1 {
            return self.opening(None, &line[1..], text, 0);
        }
        self.opening(column.checked_sub(1), line, text, column)
    }

    /// Whether a line at the margin begins the wanted function.
    fn is_header(&self, text: &str) -> bool {
        let defined = named(text).filter(|(keyword, _)| *keyword == Keyword::Def);
        self.start.is_none() && defined.is_some_and(|(_, name)| self.is_wanted(name, &[]))
    }

    /// The line is the wanted function's header, or its beginning.
    fn header(&mut self, line: &str, column: usize) -> (State, Option<String>) {
        self.begun = Some(Start::Header(self.at - 1));
        self.header = Some(column);
        match one_line_body(line) {
            Some(body) if !self.scanner.is_open() && !self.scanner.opens_block() => {
                (State::Statements(Some(column)), Some(body.to_owned()))
            }
            _ if self.scanner.is_open() => (State::Header(column), None),
            _ => (State::Opening(Some(column)), None),
        }
    }

    /// Whether a function of this name is the wanted one, in the definitions that the answer repeats around it. One with
    /// other decorators may be the getter of the setter that is wanted.
    fn is_wanted(&self, wanted: &str, decorated: &[String]) -> bool {
        let Want::Body { name, around, decorators, .. } = &self.want else { return false };
        if !decorated.is_empty() && decorated != decorators.as_slice() {
            return false;
        }
        let behind = around.len().checked_sub(self.repeated.len()).map(|skip| &around[skip..]);
        let repeated = self.repeated.iter().map(|(_, name)| name);
        wanted == name && behind.is_some_and(|behind| behind.iter().eq(repeated))
    }

    /// Whether a definition of this name is one of those around the wanted one.
    fn is_around(&self, name: &str) -> bool {
        let Want::Body { around, .. } = &self.want else { return false };
        let chain: Vec<&str> = self.repeated.iter().map(|(_, name)| name.as_str()).chain([name]).collect();
        around.windows(chain.len()).any(|part| part.iter().eq(chain.iter()))
    }

    fn opening(
        &mut self,
        header: Option<usize>,
        line: &str,
        text: &str,
        column: usize,
    ) -> (State, Option<String>) {
        let Want::Body { docstring, .. } = &self.want else {
            return (State::Statements(header), Some(line.to_owned()));
        };
        if text.is_empty() || self.known.contains(text) {
            return (State::Opening(header), None);
        }
        if header.is_some_and(|header| column <= header) {
            // The header stood alone: the function may come again, with its body.
            let again = named(text).is_some() || text.starts_with('@') || is_import(text);
            return if again && self.start.is_none() {
                self.seek(line, text, column)
            } else {
                (State::Done, None)
            };
        }
        let quoted = text.trim_start_matches(['r', 'R', 'u', 'U']);
        if *docstring && (quoted.starts_with("\"\"\"") || quoted.starts_with("'''")) {
            return (
                if self.scanner.in_string() { State::Docstring(header) } else { State::Opening(header) },
                None,
            );
        }
        (State::Statements(header), Some(line.to_owned()))
    }
}
