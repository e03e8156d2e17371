//! The second layer of cleaning: from the code of an answer to the statements that the region wants.
//!
//! Models repeat what they were shown: imports, the class around, decorators, the signature, the docstring. All of that
//! stands in the file already; new imports go to the import block.

use std::collections::HashSet;

use crate::draft::strings::Scanner;

/// What the region wants.
#[derive(Clone, Debug)]
pub(crate) enum Want {
    /// The body of the function of this name, which stands in the definitions `around` (outermost first) and has these
    /// `decorators`; `docstring` says whether the file has its docstring already.
    Body { name: String, around: Vec<String>, decorators: Vec<String>, docstring: bool },
    /// All statements, but for imports at their head where `hoist` is set. Where the answer begins with the header of one
    /// of `around`, which of its statements are wanted shows only at its end.
    Block { hoist: bool, around: Vec<String> },
}

/// Where the wanted statements begin, as the number of a line, where that is known from a look at the whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Start {
    /// With the function's header.
    Header(usize),
    /// With the first of them: no header was repeated.
    Bare(usize),
}

impl Start {
    pub fn line(self) -> usize {
        let (Self::Header(line) | Self::Bare(line)) = self;
        line
    }
}

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
    /// What the answer defines before the wanted function.
    others: Vec<String>,
    start: Option<Start>,
    /// The number of lines that were taken in.
    at: usize,
    begun: Option<Start>,
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
            start,
            at: 0,
            begun: None,
        }
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

    /// Whether the statements seem to be the body alone, and may as well be what stands before the function.
    pub fn may_be_before(&self) -> bool {
        self.is_bare() && self.header.is_none()
    }

    /// Whether a line stands no deeper than the wanted function's header.
    pub fn is_beside(&self, line: &str) -> bool {
        let column = line.len() - line.trim_start().len();
        !line.trim().is_empty() && self.header.is_some_and(|header| column <= header)
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

    /// A block of code ended, and another begins: where nothing was taken yet, it may have the function again, or its body.
    pub fn begin_again(&mut self) {
        self.scanner = Scanner::default();
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
        if hoist && is_import(text) && self.start.is_none() {
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
                if text.starts_with(['@', '#']) && !around.is_empty() {
                    self.held.push(line.to_owned());
                    return (State::Seek, None);
                }
                if named(text).is_some_and(|(_, name)| around.iter().any(|around| around == name)) {
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

/// Code without its blanks, to be compared.
pub(crate) fn squeezed(text: &str) -> String {
    text.chars().filter(|ch| !ch.is_whitespace()).collect()
}

/// The number of the line of `code` that begins the definition of the function `name`.
pub(crate) fn defined_at(code: &[String], name: &str) -> Option<usize> {
    code.iter().position(|line| named(line.trim()) == Some((Keyword::Def, name)))
}

/// Whether a line begins an import statement.
pub(crate) fn is_import(text: &str) -> bool {
    text.starts_with("import ") || (text.starts_with("from ") && text.contains(" import"))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Keyword {
    Def,
    Class,
}

/// What a line begins to define, and its name.
fn named(text: &str) -> Option<(Keyword, &str)> {
    let rest = text.strip_prefix("async ").unwrap_or(text).trim_start();
    let (keyword, rest) = match rest.strip_prefix("def ") {
        Some(rest) => (Keyword::Def, rest),
        None => (Keyword::Class, text.strip_prefix("class ")?),
    };
    let rest = rest.trim_start();
    let end = rest.find(|ch: char| !(ch.is_alphanumeric() || ch == '_')).unwrap_or(rest.len());
    (end > 0).then(|| (keyword, &rest[..end]))
}

/// What stands behind the header's colon on its own line.
fn one_line_body(line: &str) -> Option<&str> {
    // Nobody writes such a line; and each colon is a look at all before it.
    if line.len() > 1_000 {
        return None;
    }
    for (at, ch) in line.char_indices() {
        if ch == ':' {
            let mut scanner = Scanner::default();
            scanner.line(&line[..=at]);
            if scanner.opens_block() {
                return Some(line[at + 1..].trim()).filter(|body| !body.is_empty() && !body.starts_with('#'));
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peeled(want: Want, code: &str) -> (String, Vec<String>) {
        let mut peel = Peel::new(want, HashSet::from(["# known".to_owned()]), None);
        let lines: Vec<String> = code.lines().flat_map(|line| peel.line(line)).collect();
        (lines.join("\n"), peel.imports().to_vec())
    }

    fn body_in(around: &[&str], docstring: bool) -> Want {
        let around = around.iter().map(|&name| name.to_owned()).collect();
        Want::Body { name: "f".to_owned(), around, decorators: vec!["@cache".to_owned()], docstring }
    }

    fn body(docstring: bool) -> Want {
        body_in(&["A"], docstring)
    }

    #[test]
    fn a_body_is_peeled_out_of_what_was_repeated() {
        for (code, expected) in [
            ("def f(x):\n    return x", "    return x"),
            ("    return x", "    return x"),
            ("return x", "return x"),
            ("import os\n\n@cache\nasync def f(\n    x: int = 1,\n) -> str:\n    return x", "    return x"),
            (
                "class A:\n    x = 1\n\n    def g(self):\n        return 2\n\n    def f(self):\n        return 1\n\n    def h(self):\n        pass",
                "        return 1\n",
            ),
            ("def f(x):\n    return x\n\nprint(f(1))", "    return x\n"),
            ("    y = 1\n    return y\nprint(f(1))", "    y = 1\n    return y"),
            ("def f(x): return x", "return x"),
            ("def f(x: int = {1: 2}) -> int: return x  # why", "return x  # why"),
            (
                "def f(x):\n    s = '''\nnot over\n'''\n    return s",
                "    s = '''\nnot over\n'''\n    return s",
            ),
            ("def f(x):\n    # known\n    # new\n    return x", "    # new\n    return x"),
            ("def f():\n    return 1\nif __name__ == '__main__':\n    f()", "    return 1"),
            ("x = 1\nif __name__ == '__main__':\n    f()", "x = 1"),
            (" y = 1\nfor z in x:\n    y += z", "y = 1\nfor z in x:\n    y += z"),
            (
                "def f(x):\n    y = 1\n# at the margin\n    return y",
                "    y = 1\n# at the margin\n    return y",
            ),
            ("def g():\n    return 1\n", ""),
            // The header alone, and then the function.
            ("def f(x):\n\ndef f(x):\n    return x", "    return x"),
        ] {
            assert_eq!(peeled(body(false), code).0, expected, "{code:?}");
        }
    }

    #[test]
    fn the_function_is_the_one_of_its_own_class() {
        let two = "class B:\n    def f(self):\n        return 'b'\n\nclass A:\n    def f(self):\n        return 'a'\n";
        for (around, code, expected) in [
            (&["A"][..], two, "        return 'a'"),
            (&["B"], two, "        return 'b'\n"),
            (&["C"], two, ""),
            (&[], two, ""),
            (
                &["O", "A"],
                "class O:\n    class B:\n        def f(self):\n            x\n    class A(\n        B,\n    ):\n        def f(self):\n            y",
                "            y",
            ),
            (&["O", "A"], two, "        return 'a'"),
            (&["A", "O"], two, ""),
            (
                &["outer"],
                "def g():\n    def f():\n        x\n\ndef outer():\n    def f():\n        y\n    return f",
                "        y",
            ),
            (&["A"], "def f(self):\n    x", "    x"),
            (&["A"], "@f.setter\ndef f(self):\n    x\n\n@cache\ndef f(self):\n    y", "    y"),
        ] {
            assert_eq!(peeled(body_in(around, false), code).0, expected, "{around:?} {code:?}");
        }
    }

    #[test]
    fn the_docstring_goes_only_if_the_file_has_one() {
        let code = "def f():\n    \"\"\"One.\n\n    Two.\n    \"\"\"\n    return 1";
        assert_eq!(peeled(body(true), code).0, "    return 1");
        assert_eq!(peeled(body(false), code).0, "    \"\"\"One.\n\n    Two.\n    \"\"\"\n    return 1");
        assert_eq!(peeled(body(true), "    \"\"\"One.\"\"\"\n    return 1").0, "    return 1");
    }

    #[test]
    fn imports_at_the_head_are_told_apart() {
        let code = "import os\nfrom a import (\n    b,\n    c,\n)\n\nx = b(os)\nimport late";
        let block = |hoist| Want::Block { hoist, around: vec!["A".to_owned()] };
        let (text, imports) = peeled(block(true), code);
        assert_eq!(text, "x = b(os)\nimport late");
        assert_eq!(imports, ["import os", "from a import (\n    b,\n    c,\n)"]);
        assert_eq!(peeled(block(false), code).0, code);
    }

    #[test]
    fn a_block_that_repeats_what_is_around_waits_for_its_end() {
        let block = || Want::Block { hoist: true, around: vec!["A".to_owned(), "f".to_owned()] };
        for (code, expected) in [
            ("@dataclass\nclass A:\n    x = 1", ""),
            ("# known\n    async def f(self):\n        x = 1", ""),
            ("@cache\ndef g():\n    pass", "@cache\ndef g():\n    pass"),
            ("class B(A):\n    pass", "class B(A):\n    pass"),
        ] {
            assert_eq!(peeled(block(), code).0, expected, "{code:?}");
        }
    }
}
