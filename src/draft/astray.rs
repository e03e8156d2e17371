//! A draft that has gone wrong is known before it is whole: where a statement of its own level has come, all before it is whole, and
//! an error there stays one, whatever comes. So the rest of the answer need not be waited for.

use std::time::Duration;

use super::strings::Scanner;
use crate::syntax::Language;
use crate::syntax::piece::reads;

/// The draft is looked at again after so many lines: each look parses it from its beginning.
const EVERY: usize = 4;
/// How long a look may take: the answer comes meanwhile.
const PARSE: Duration = Duration::from_millis(20);

/// See the module's head.
#[derive(Clone, Debug)]
pub struct Astray {
    language: &'static Language,
    /// The indentation of the draft's own statements.
    base: String,
    scanner: Scanner,
    text: String,
    lines: usize,
    looked: usize,
}

impl Astray {
    #[must_use]
    pub fn new(language: &'static Language, base: &str) -> Self {
        let base = base.to_owned();
        Self { language, base, scanner: Scanner::of(language), text: String::new(), lines: 0, looked: 0 }
    }

    /// Takes in the next line of the draft; whether it has gone wrong by now.
    pub fn push(&mut self, line: &str) -> bool {
        let goes_on = self.scanner.is_open();
        self.scanner.line(line);
        self.text.push_str(line);
        self.text.push('\n');
        self.lines += 1;
        let statement = line.trim_start();
        let begins = |words: &[&str]| words.iter().any(|word| statement.starts_with(word));
        let is_whole = !goes_on && !self.scanner.is_open() && !self.scanner.opens_block();
        let is_own = line[..line.len() - statement.len()] == self.base && !statement.is_empty();
        if !is_whole
            || !is_own
            || begins(self.language.unended)
            || begins(&[self.language.comment])
            || self.lines < self.looked + EVERY
        {
            return false;
        }
        self.looked = self.lines;
        // What could not be read in time says nothing.
        reads(self.language, self.text.trim_end(), &self.base, PARSE) == Some(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The number of lines after which the draft is known to be wrong.
    fn known(base: &str, draft: &str) -> Option<usize> {
        let mut astray = Astray::new(Language::by_id("python").unwrap(), base);
        draft.lines().position(|line| astray.push(&format!("{base}{line}"))).map(|at| at + 1)
    }

    #[test]
    fn what_has_gone_wrong_is_known_at_the_next_statement() {
        for (draft, at) in [
            ("a = 1\nb = (1, 2]\nc = 3\nd = 4\ne = 5", Some(4)),
            ("a = 1\nb = = 2\nc = 3\nd = 4\ne = 5", Some(4)),
            ("for x in y\n    print(x)\na = 1\nb = 2\nc = 3", Some(4)),
            ("@wraps\na = 1\nb = 2\nc = 3\nd = 4", Some(4)),
            ("if x:\n    a = (\n        1 +\n    )\nb = 1", Some(5)),
        ] {
            for base in ["", "    ", "\t"] {
                assert_eq!(known(base, draft), at, "{base:?} {draft}");
            }
        }
    }

    #[test]
    fn what_may_still_become_right_is_waited_for() {
        for draft in [
            "a = 1\nb = 2\ntry:\n    c = 1\nexcept E:\n    d = 2\nelse:\n    e = 3\nfinally:\n    f = 4\ng = 5",
            "a = 1\nb = 2\nc = 3\ntry: d = 1\nexcept E: d = 2\ne = 5",
            "a = 1\nb = 2\nc = 3\n@one\n@two\ndef f():\n    return 1\nd = f()",
            "a = 1\nb = 2\nc = '''\nnot = = code\n'''\nd = [\n    1,\n    2,\n]\ne = 3",
            "match a:\n    case 1:\n        b = 1\n    case _:\n        b = 2\nc = b\nd = c\ne = d",
            "if a:\n    b = 1\nelif c:\n    b = 2\nelse:\n    b = 3\nd = b\ne = d",
            "# = = comment\na = 1\n# more\nb = 2\nc = 3\nd = \\\n    4\ne = 5",
            "async with a as b:\n    async for c in b:\n        yield c\nd = lambda: 1\ne: int = 2\nf = e",
        ] {
            for base in ["", "    "] {
                assert_eq!(known(base, draft), None, "{draft}");
            }
        }
    }
}
