//! Reading import statements out of a text, with the place of each name, so that names can be put beside them.

use std::ops::Range;

/// One import statement. Offsets are bytes of the text that it was read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Statement {
    /// From the keyword to the end of the last token.
    pub range: Range<usize>,
    /// The module of `from module import …`, with its leading dots; `None` for `import …`.
    pub from: Option<String>,
    pub names: Vec<Name>,
    /// Of the opening and the closing parenthesis.
    pub parens: Option<(usize, usize)>,
    /// A comma follows the last name.
    pub comma: bool,
}

/// One imported name; `*` among them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Name {
    pub name: String,
    pub alias: Option<String>,
    pub range: Range<usize>,
}

impl Statement {
    pub(super) fn starred(&self) -> bool {
        self.names.iter().any(|name| name.name == "*")
    }
}

/// The import statements that begin at the start of a line of `text` (or follow another one behind a semicolon). Whatever
/// else stands there is passed over.
pub(super) fn statements(text: &str) -> Vec<Statement> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < text.len() {
        match statement(text, at) {
            Some((statement, end)) => {
                found.push(statement);
                at = end;
            }
            None => at = next_line(text, at),
        }
    }
    found
}

/// The statements of a text that holds nothing but imports, blanks and comments.
pub(super) fn only(text: &str) -> Option<Vec<Statement>> {
    let text = text.trim_start_matches([' ', '\t', '\r', '\n']);
    let (mut found, mut at) = (Vec::new(), 0);
    while at < text.len() {
        let rest = &text[at..];
        if rest.starts_with(['\n', '\r', ' ', '\t', ';']) {
            at += 1;
        } else if rest.starts_with('#') {
            at = next_line(text, at);
        } else {
            let (statement, end) = statement(text, at)?;
            found.push(statement);
            at = end;
        }
    }
    Some(found)
}

fn next_line(text: &str, at: usize) -> usize {
    text[at..].find(['\n', '\r']).map_or(text.len(), |found| at + found + 1)
}

/// One statement from `at` on, and where the next one may begin: behind its line end, or behind its semicolon.
fn statement(text: &str, at: usize) -> Option<(Statement, usize)> {
    let mut lexer = Lexer { text, at, deep: false };
    let from = match lexer.word()? {
        "import" => None,
        "from" => Some(lexer.module()?),
        _ => return None,
    };
    if from.is_some() && lexer.word() != Some("import") {
        return None;
    }
    let open = from.is_some().then(|| lexer.take("(")).flatten();
    lexer.deep = open.is_some();
    let mut one = Statement { range: at..lexer.at, from, names: Vec::new(), parens: None, comma: false };
    loop {
        if open.is_some() && !one.names.is_empty() && lexer.peek(")") {
            break;
        }
        let name = lexer.name(one.from.is_some())?;
        one.range.end = name.range.end;
        one.names.push(name);
        one.comma = lexer.take(",").is_some();
        if !one.comma {
            break;
        }
    }
    if let Some(open) = open {
        let close = lexer.take(")")?;
        lexer.deep = false;
        one.parens = Some((open, close));
        one.range.end = close + 1;
    } else if one.comma {
        return None;
    }
    lexer.end().map(|end| (one, end))
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
    /// Inside of parentheses, where line ends and comments are blanks.
    deep: bool,
}

impl<'a> Lexer<'a> {
    fn blanks(&mut self) {
        loop {
            let rest = &self.text[self.at..];
            let continued = ["\\\r\n", "\\\n", "\\\r"].into_iter().find(|mark| rest.starts_with(mark));
            if rest.starts_with([' ', '\t', '\x0c']) || self.deep && rest.starts_with(['\n', '\r']) {
                self.at += 1;
            } else if let Some(mark) = continued {
                self.at += mark.len();
            } else if self.deep && rest.starts_with('#') {
                self.at += rest.find(['\n', '\r']).unwrap_or(rest.len());
            } else {
                return;
            }
        }
    }

    /// A keyword or a name. The first one of a statement must not be indented, hence no blanks before it there.
    fn word(&mut self) -> Option<&'a str> {
        let rest = &self.text[self.at..];
        let end = rest.find(|ch: char| ch != '_' && !ch.is_alphanumeric()).unwrap_or(rest.len());
        let word = &rest[..end];
        if word.is_empty() || word.starts_with(|ch: char| ch.is_ascii_digit()) {
            return None;
        }
        self.at += end;
        self.blanks();
        Some(word)
    }

    /// A dotted name, with leading dots where they may be.
    fn module(&mut self) -> Option<String> {
        let mut module = String::new();
        while self.peek(".") {
            self.take(".");
            module.push('.');
        }
        if !module.is_empty() && self.text[self.at..].starts_with("import") {
            return Some(module);
        }
        module.push_str(&self.dotted()?.0);
        Some(module)
    }

    /// A dotted name, and where it ends.
    fn dotted(&mut self) -> Option<(String, usize)> {
        let start = self.at;
        let mut dotted = self.word().filter(|word| !reserved(word))?.to_owned();
        let mut end = start + dotted.len();
        while self.take(".").is_some() {
            let at = self.at;
            let word = self.word().filter(|word| !reserved(word))?;
            dotted.push('.');
            dotted.push_str(word);
            end = at + word.len();
        }
        Some((dotted, end))
    }

    fn name(&mut self, plain: bool) -> Option<Name> {
        let start = self.at;
        if plain && self.take("*").is_some() {
            return Some(Name { name: "*".to_owned(), alias: None, range: start..start + 1 });
        }
        let (name, mut end) = self.dotted()?;
        let mut alias = None;
        if (!plain || !name.contains('.')) && self.text[self.at..].starts_with("as") {
            let before = self.at;
            if self.word() == Some("as") {
                let at = self.at;
                let word = self.word().filter(|word| !reserved(word))?;
                end = at + word.len();
                alias = Some(word.to_owned());
            } else {
                self.at = before;
            }
        }
        (!plain || !name.contains('.')).then_some(Name { name, alias, range: start..end })
    }

    fn peek(&self, token: &str) -> bool {
        self.text[self.at..].starts_with(token)
    }

    /// Takes `token`, and tells where it stands.
    fn take(&mut self, token: &str) -> Option<usize> {
        let at = self.at;
        self.peek(token).then(|| {
            self.at += token.len();
            // What the parenthesis opens may begin on the next line.
            self.deep |= token == "(";
            if token == ")" {
                self.deep = false;
            }
            self.blanks();
            at
        })
    }

    /// Where the next statement may begin, if this one ends here.
    fn end(&mut self) -> Option<usize> {
        self.blanks();
        let rest = &self.text[self.at..];
        if rest.is_empty() {
            return Some(self.at);
        }
        if rest.starts_with(';') {
            self.at += 1;
            self.blanks();
            return Some(self.at);
        }
        rest.starts_with(['\n', '\r', '#']).then(|| next_line(self.text, self.at))
    }
}

/// Words that cannot be names; those that would make a broken statement read as a whole one.
fn reserved(word: &str) -> bool {
    matches!(
        word,
        "import" | "from" | "as" | "if" | "for" | "def" | "class" | "return" | "in" | "and" | "or" | "not"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(one: &Statement) -> String {
        let names: Vec<_> = one
            .names
            .iter()
            .map(|name| {
                name.alias.as_ref().map_or(name.name.clone(), |alias| format!("{}={alias}", name.name))
            })
            .collect();
        format!("{}:{}", one.from.as_deref().unwrap_or("-"), names.join("+"))
    }

    #[test]
    fn statements_are_read() {
        for (text, want) in [
            ("", ""),
            ("import os", "-:os"),
            ("import os.path as p, re\r\n# c\r\nfrom a.b import c as d, e # x\n", "-:os.path=p+re a.b:c=d+e"),
            ("from .import a\nfrom .. import b\nfrom ..x.y import (c)\n", ".:a ..:b ..x.y:c"),
            ("from m import (  # why\n    a,  # of a\n    b as c,\n)\nimport z\n", "m:a+b=c -:z"),
            ("from m import \\\n    a, \\\n    b\n", "m:a+b"),
            ("from m import *\n", "m:*"),
            ("import a; import b; x = 1\nimport c", "-:a -:b -:c"),
            ("from asx import asy, iffy\n", "asx:asy+iffy"),
            (
                "    import os\nfrom m import\nimport\nimport a,\nfrom m import (a\nimport 1x\nfrom m import a.b\n",
                "",
            ),
            ("importer = 1\nfrom_ = 2\nimport os = 3\n", ""),
        ] {
            let got: Vec<_> = statements(text).iter().map(show).collect();
            assert_eq!(got.join(" "), want, "{text:?}");
        }
    }

    #[test]
    fn nothing_but_imports() {
        assert!(only("import os\nos.remove('x')").is_none());
        assert!(only("import os; os.remove('x')").is_none());
        assert!(only("x").is_none());
        assert_eq!(only("  import os\n\n# c\nfrom a import b\n").unwrap().len(), 2);
    }
}
