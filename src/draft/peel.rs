//! The second layer of cleaning: from the code of an answer to the statements that the region wants.
//!
//! Models repeat what they were shown: imports, the class around, decorators, the signature, the docstring. All of that
//! stands in the file already; new imports go to the import block.

use std::collections::HashSet;

use crate::draft::strings::Scanner;

/// What the region wants.
#[derive(Clone, Debug)]
pub(crate) enum Want {
    /// The body of the function of this name; `docstring` says whether the file has its docstring already, `known` are the
    /// comment lines that the file has between header and region.
    Body { name: String, docstring: bool, known: HashSet<String> },
    /// All statements, but for imports at their head where `hoist` is set.
    Block { hoist: bool },
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
    Done,
}

/// See the module's head.
#[derive(Clone, Debug)]
pub(crate) struct Peel {
    want: Want,
    state: State,
    scanner: Scanner,
    /// Import statements from the answer's head; the last may be unfinished.
    imports: Vec<String>,
    /// The indentation of the class that the answer repeats: what stands in it is not a bare body.
    class: Option<usize>,
    /// The function's header must come: what stands before it is not its body.
    wants_header: bool,
    bare: bool,
    outside: Vec<String>,
}

impl Peel {
    pub fn new(want: Want, wants_header: bool) -> Self {
        Self {
            want,
            state: State::Seek,
            scanner: Scanner::default(),
            imports: Vec::new(),
            class: None,
            wants_header,
            bare: false,
            outside: Vec::new(),
        }
    }

    /// Whether the wanted statements are over.
    pub fn is_done(&self) -> bool {
        self.state == State::Done
    }

    pub fn imports(&self) -> &[String] {
        &self.imports
    }

    /// Names that the answer defines beside the wanted function, at its module's level.
    pub fn outside(&self) -> &[String] {
        &self.outside
    }

    /// Whether the statements were taken for the body itself, without its header.
    pub fn is_bare(&self) -> bool {
        self.bare
    }

    /// Takes in one line and returns it, or a part of it, if it is wanted.
    pub fn line<'a>(&mut self, line: &'a str) -> Option<&'a str> {
        let inside = self.scanner.is_open();
        self.scanner.line(line);
        if !inside {
            self.outside.extend(assigned(line).or_else(|| definition(line)).map(str::to_owned));
        }
        let state = std::mem::replace(&mut self.state, State::Done);
        let (state, taken) = self.next(state, line, inside);
        self.state = state;
        taken
    }

    fn next<'a>(&mut self, state: State, line: &'a str, inside: bool) -> (State, Option<&'a str>) {
        let text = line.trim();
        let column = line.len() - line.trim_start().len();
        match state {
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
            State::Other(at) => (State::Other(at), None),
            State::Statements(header) => {
                let over = header.is_some_and(|header| column <= header) && !text.starts_with('#');
                let guard = matches!(self.want, Want::Body { .. }) && text.starts_with("if __name__");
                if !inside && !text.is_empty() && (over || guard) {
                    (State::Done, None)
                } else {
                    (State::Statements(header), Some(line))
                }
            }
            State::Done => (State::Done, None),
        }
    }

    fn seek<'a>(&mut self, line: &'a str, text: &str, column: usize) -> (State, Option<&'a str>) {
        let hoist = !matches!(self.want, Want::Block { hoist: false });
        if text.is_empty() {
            return (State::Seek, None);
        }
        if hoist && is_import(text) {
            self.imports.push(line.trim().to_owned());
            return (if self.scanner.is_open() { State::Import } else { State::Seek }, None);
        }
        let Want::Body { name, .. } = &self.want else {
            return (State::Statements(None), Some(line));
        };
        if let Some(defined) = defined(text) {
            if defined == name {
                return match one_line_body(line) {
                    Some(body) if !self.scanner.is_open() && !self.scanner.opens_block() => {
                        (State::Statements(Some(column)), Some(body))
                    }
                    _ if self.scanner.is_open() => (State::Header(column), None),
                    _ => (State::Opening(Some(column)), None),
                };
            }
            return (State::Other(column), None);
        }
        if text.starts_with("class ") {
            self.class = Some(column);
        }
        let in_class = self.class.is_some_and(|class| column >= class);
        if in_class || text.starts_with('@') || (text.starts_with('#') && column == 0) {
            return (State::Seek, None);
        }
        if self.wants_header {
            return (State::Other(column), None);
        }
        // No signature was repeated: the answer is the body itself, at whatever indentation. One blank before it is chance.
        self.bare = true;
        if column == 1 {
            return self.opening(None, &line[1..], text, 0);
        }
        self.opening(column.checked_sub(1), line, text, column)
    }

    fn opening<'a>(
        &mut self,
        header: Option<usize>,
        line: &'a str,
        text: &str,
        column: usize,
    ) -> (State, Option<&'a str>) {
        let Want::Body { docstring, known, .. } = &self.want else {
            return (State::Statements(header), Some(line));
        };
        if text.is_empty() || known.contains(text) {
            return (State::Opening(header), None);
        }
        if header.is_some_and(|header| column <= header) {
            return (State::Done, None);
        }
        let quoted = text.trim_start_matches(['r', 'R', 'u', 'U']);
        if *docstring && (quoted.starts_with("\"\"\"") || quoted.starts_with("'''")) {
            return (
                if self.scanner.in_string() { State::Docstring(header) } else { State::Opening(header) },
                None,
            );
        }
        (State::Statements(header), Some(line))
    }
}

/// Whether a line of `code` begins the definition of the function `name`.
pub(crate) fn defines(code: &str, name: &str) -> bool {
    code.lines().any(|line| defined(line.trim()) == Some(name))
}

/// The name that a line at the module's level assigns.
fn assigned(line: &str) -> Option<&str> {
    let end = line.find(|ch: char| !(ch.is_alphanumeric() || ch == '_')).filter(|&end| end > 0)?;
    let rest = line[end..].trim_start();
    ((rest.starts_with('=') && !rest.starts_with("==")) || rest.starts_with(": ")).then_some(&line[..end])
}

/// The name that a line at the module's level defines.
fn definition(line: &str) -> Option<&str> {
    let class = line
        .strip_prefix("class ")
        .map(|rest| rest.split(|ch: char| !(ch.is_alphanumeric() || ch == '_')).next().unwrap_or(""));
    class.or_else(|| {
        if line.starts_with("def ") || line.starts_with("async def ") { defined(line) } else { None }
    })
}

/// Whether a line begins an import statement.
pub(crate) fn is_import(text: &str) -> bool {
    text.starts_with("import ") || (text.starts_with("from ") && text.contains(" import"))
}

/// The name of the function that a line begins to define.
fn defined(text: &str) -> Option<&str> {
    let rest = text.strip_prefix("async ").unwrap_or(text).trim_start().strip_prefix("def ")?.trim_start();
    let end = rest.find(|ch: char| !(ch.is_alphanumeric() || ch == '_')).unwrap_or(rest.len());
    Some(&rest[..end])
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
        let mut peel = Peel::new(want, false);
        let lines: Vec<&str> = code.lines().filter_map(|line| peel.line(line)).collect();
        (lines.join("\n"), peel.imports().to_vec())
    }

    fn body(docstring: bool) -> Want {
        Want::Body { name: "f".to_owned(), docstring, known: HashSet::from(["# known".to_owned()]) }
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
        ] {
            assert_eq!(peeled(body(false), code).0, expected, "{code:?}");
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
        let (text, imports) = peeled(Want::Block { hoist: true }, code);
        assert_eq!(text, "x = b(os)\nimport late");
        assert_eq!(imports, ["import os", "from a import (\n    b,\n    c,\n)"]);
        assert_eq!(peeled(Want::Block { hoist: false }, code).0, code);
    }
}
