//! The first layer of cleaning: what is code of a model's answer, and what is reasoning, prose and fence.
//!
//! Works on whole lines, so where the stream was cut makes no difference.

#[cfg(test)]
mod tests;

use crate::draft::strings::Scanner;
use crate::syntax::Language;

/// Info strings of blocks that are not the answer's code: commands to run, output, data.
const OTHER: [&str; 11] =
    ["bash", "sh", "shell", "console", "text", "txt", "output", "json", "toml", "yaml", "plaintext"];

/// Info strings of blocks that tell changes, which are read where there is no other code.
const CHANGES: [&str; 2] = ["diff", "patch"];

/// Tags that open a block of reasoning.
const REASONING: [&str; 3] = ["think", "thinking", "reasoning"];

#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    /// Nothing but blank lines yet.
    Start,
    /// Inside a block of reasoning that this closes.
    Reasoning(String),
    /// Text that is no code; a fence or a line of code ends it.
    Prose,
    /// Inside the fenced block that is the answer; `changes`: of lines with a mark whether they are new.
    Fenced { fence: String, indent: usize, changes: bool },
    /// Inside a fenced block that is something else.
    Other { fence: String },
    /// Code without a fence.
    Raw,
    /// Behind the code.
    After,
}

/// Where code is looked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Sources {
    /// In blocks, and in what reads as code.
    #[default]
    All,
    /// In blocks.
    Fences,
    /// In blocks of changes.
    Changes,
}

/// See the module's head.
#[derive(Clone, Debug)]
pub(crate) struct Unwrap {
    state: State,
    scanner: Scanner,
    /// Whether a fence inside a string does not close the block.
    minds_strings: bool,
    sources: Sources,
    was_raw: bool,
    fenced: bool,
    /// The last line was a block's edge.
    at_edge: bool,
    /// The last line was blank.
    after_blank: bool,
    /// Prose so far: all there is, if no code follows.
    prose: Vec<String>,
}

impl Unwrap {
    pub fn new(minds_strings: bool, sources: Sources) -> Self {
        Self {
            state: State::Start,
            scanner: Scanner::default(),
            minds_strings,
            sources,
            was_raw: false,
            fenced: false,
            at_edge: false,
            after_blank: false,
            prose: Vec::new(),
        }
    }

    /// The same for code of `language`.
    pub fn in_language(self, language: &'static Language) -> Self {
        Self { scanner: Scanner::of(language), ..self }
    }

    /// Whether the answer's code is over.
    pub fn is_done(&self) -> bool {
        self.state == State::After
    }

    /// Whether the code began without a fence, or seemed to.
    pub fn is_raw(&self) -> bool {
        self.was_raw
    }

    /// Whether a block of code ended or began with the last line.
    pub fn is_at_edge(&self) -> bool {
        self.at_edge
    }

    /// The code was not all that is needed: more of it may follow in a further block.
    pub fn go_on(&mut self) {
        if self.is_done() {
            self.scanner = self.scanner.anew();
            self.state = State::Prose;
        }
    }

    /// Whether a block is open: its end was not seen.
    pub fn is_open(&self) -> bool {
        matches!(self.state, State::Fenced { .. })
    }

    /// All there was, if it looked like prose.
    pub fn prose(&self) -> &[String] {
        if self.state == State::Prose { &self.prose } else { &[] }
    }

    /// Takes in one line and returns it if it is code.
    pub fn line<'a>(&mut self, line: &'a str) -> Option<&'a str> {
        self.at_edge = false;
        let after_blank = std::mem::replace(&mut self.after_blank, line.trim().is_empty());
        match &self.state {
            State::Start | State::Prose => self.before(line),
            State::Reasoning(end) => {
                if line.contains(end.as_str()) {
                    self.state = State::Start;
                }
                None
            }
            State::Other { fence } => {
                if closes(line, fence) {
                    self.state = State::Prose;
                }
                None
            }
            State::Fenced { fence, indent, changes } => {
                let is_text = self.minds_strings && self.scanner.in_string();
                if !is_text && closes(line, fence) {
                    self.at_edge = true;
                    self.state = State::After;
                    return None;
                }
                // No line of code begins with backticks: a block within the block has the answer once more.
                if self.minds_strings && !is_text && opens(line).is_some_and(|(_, info)| !info.is_empty()) {
                    self.open(line);
                    return None;
                }
                let line = &line[line.len().min(indented(line).min(*indent))..];
                let line = if *changes { changed(line)? } else { line };
                self.scanner.line(line);
                Some(line)
            }
            State::Raw => {
                // A block that begins is not the end of what may have been prose.
                if !self.scanner.in_string() && opens(line).is_some_and(|(_, info)| !info.is_empty()) {
                    self.open(line);
                    return None;
                }
                if !self.scanner.in_string() && opens(line).is_some() {
                    self.at_edge = true;
                    self.state = State::After;
                    return None;
                }
                // Without a fence, only a sentence tells that the code is over.
                if after_blank && !self.scanner.is_open() && is_sentence(line) {
                    self.at_edge = true;
                    self.state = State::After;
                    return None;
                }
                self.scanner.line(line);
                Some(line)
            }
            State::After => None,
        }
    }

    fn before<'a>(&mut self, line: &'a str) -> Option<&'a str> {
        let text = line.trim();
        if text.is_empty() {
            return None;
        }
        if self.state == State::Start
            && let Some(end) = reasoning(text)
        {
            if !text.contains(&end) {
                self.state = State::Reasoning(end);
            }
            return None;
        }
        if opens(line).is_some() {
            self.open(line);
            return None;
        }
        let ends = self.scanner.lexis().braces && text.ends_with(['{', ';', '}']);
        let reads_as_code = is_code(line) || ends || (self.state == State::Start && !is_prose(text));
        if self.sources == Sources::All && reads_as_code {
            self.state = State::Raw;
            self.was_raw |= !self.fenced;
            self.scanner.line(line);
            return Some(line);
        }
        self.state = State::Prose;
        self.prose.push(line.to_owned());
        None
    }

    /// `line` opens a block.
    fn open(&mut self, line: &str) {
        let Some((fence, info)) = opens(line) else { return };
        let info = info.to_ascii_lowercase();
        let changes = CHANGES.contains(&info.as_str());
        let wanted = changes == (self.sources == Sources::Changes) && !OTHER.contains(&info.as_str());
        self.scanner = self.scanner.anew();
        if wanted {
            (self.at_edge, self.fenced) = (self.fenced || self.was_raw, true);
            self.state = State::Fenced { fence, indent: indented(line), changes };
        } else {
            self.state = State::Other { fence };
        }
    }
}

/// What ends the block of reasoning that `line` opens, if it does; that may be in the line, too.
pub(crate) fn reasoning(line: &str) -> Option<String> {
    let text = line.trim_start();
    let tag = REASONING.iter().find(|tag| text.starts_with(&format!("<{tag}>")))?;
    Some(format!("</{tag}>"))
}

/// How many lines of `text` are fences.
pub(crate) fn fences(text: &str) -> usize {
    text.lines().filter(|line| opens(line).is_some()).count()
}

/// Whether a block of `text` tells changes.
pub(crate) fn tells_changes(text: &str) -> bool {
    text.lines().filter_map(opens).any(|(_, info)| CHANGES.contains(&info.to_ascii_lowercase().as_str()))
}

/// A line of a block of changes as it is afterwards; nothing for what goes and for what is no code.
fn changed(line: &str) -> Option<&str> {
    let heads = ["+++ ", "--- ", "@@", "diff ", "index ", "new file", "\\ No newline"];
    match line.chars().next() {
        _ if heads.iter().any(|head| line.starts_with(head)) => None,
        Some('-') => None,
        Some('+' | ' ') => Some(&line[1..]),
        _ => Some(line),
    }
}

/// The fence that `line` opens, and its info string's first word.
fn opens(line: &str) -> Option<(String, &str)> {
    let text = line.trim_start();
    let mark = text.chars().next().filter(|ch| matches!(ch, '`' | '~'))?;
    let len = text.chars().take_while(|&ch| ch == mark).count();
    let info = text[len..].trim();
    (len >= 3 && !info.contains('`'))
        .then(|| (text[..len].to_owned(), info.split_whitespace().next().unwrap_or("")))
}

fn closes(line: &str, fence: &str) -> bool {
    let text = line.trim();
    text.len() >= fence.len() && text.starts_with(fence) && text.chars().all(|ch| fence.starts_with(ch))
}

fn indented(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

/// Whether a line begins as only code does.
fn is_code(line: &str) -> bool {
    const OPENERS: [&str; 12] = [
        "def ",
        "async def ",
        "class ",
        "import ",
        "from ",
        "@",
        "return ",
        "raise ",
        "\"\"\"",
        "'''",
        "self.",
        "if __name__",
    ];
    let prose = line.trim_end().ends_with(['.', ':'])
        && line.split_whitespace().count() > 4
        && !line.contains(['(', '=']);
    line.starts_with([' ', '\t']) || (OPENERS.iter().any(|opener| line.starts_with(opener)) && !prose)
}

/// Whether a line at the margin is a sentence and nothing that could be code.
fn is_sentence(line: &str) -> bool {
    line.starts_with(char::is_uppercase)
        && line.trim_end().ends_with(['.', ':', '!'])
        && line.split_whitespace().count() > 3
        && !is_code(line)
        && is_prose(line.trim())
}

/// Whether the first line of an answer reads as a sentence: words with spaces between them, and nothing that code has.
fn is_prose(text: &str) -> bool {
    let number = text.trim_start_matches(|ch: char| ch.is_ascii_digit());
    let text = if number.len() < text.len() { number.strip_prefix(". ").unwrap_or(text) } else { text };
    let words = text.split_whitespace().count();
    let starts = text.chars().next().is_some_and(|ch| ch.is_alphabetic() || matches!(ch, '*' | '-' | '>'));
    let keyword = [
        "for ",
        "while ",
        "if ",
        "with ",
        "try:",
        "pass",
        "assert ",
        "del ",
        "global ",
        "nonlocal ",
        "yield",
        "await ",
        "async ",
        "match ",
        "print ",
        "not ",
        "lambda",
    ];
    let sentence = text.ends_with(['.', ':', '!', '?']) && !text.ends_with("):") && words > 1;
    let operators = ["=", "(", "[", "{", " + ", " - ", " % "];
    let code = operators.iter().any(|operator| text.contains(operator))
        || keyword.iter().any(|word| text.starts_with(word));
    let interjection = matches!(
        text.trim_end_matches(['!', '.', ',', ':']),
        "Sure" | "Certainly" | "Okay" | "OK" | "Here" | "Absolutely"
    );
    interjection
        || (starts
            && (words > 2 || sentence)
            && (!code || (text.ends_with(':') && words > 4 && text.starts_with(char::is_uppercase))))
}
