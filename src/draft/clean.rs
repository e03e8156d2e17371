//! Cleaning: a model's answer, cut anywhere, becomes the lines that the region is to hold.
//!
//! Three layers, each a state machine over whole lines: `unwrap` (what is code), `peel` (which of it is wanted), `layout`
//! (how it stands in the file). Because only whole lines pass, where the stream was cut makes no difference. At the end the
//! whole is looked at once more, by its tree (`body`, `block`): which of two functions of a name is the one, what a body needs
//! of what stands beside it, what of a repeated class is new.

mod block;
mod body;
mod braces;
mod error;
mod helpers;
mod pass;
mod setup;
#[cfg(test)]
mod tests;

use self::body::{Body, Missing};
pub use self::error::CleanError;
use self::helpers::Lacking;
use self::pass::{Pass, Reading};
pub use self::setup::Setup;
use crate::draft::docstring;
use crate::draft::form::{Form, Shape};
use crate::draft::layout::Common;
use crate::draft::peel::{self, Start};
use crate::draft::place::{Code, words};
use crate::draft::strings::Scanner;
use crate::draft::unwrap::{self, Sources};

/// The most text of one answer; a larger one is no draft of a region.
const LIMIT: usize = 1024 * 1024;

/// How many more lines of its block are waited for, where the function is whole but uses what is defined nowhere.
const PATIENCE: usize = 25;

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
    /// The function is whole, and what it needs may still come.
    waits: Option<Wait>,
    /// How many lines were told.
    told: usize,
    /// How many of the other definitions that came first the file has, as far as they were looked for.
    known: usize,
}

#[derive(Clone, Copy, Debug, Default)]
struct Wait {
    /// Since the function was whole.
    lines: usize,
    /// Nothing is missing, or what comes will not bring it.
    over: bool,
}

/// A clean answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cleaned {
    /// What the region is to hold, with its `lead`.
    pub text: String,
    /// Import statements for the file's import block.
    pub imports: Vec<String>,
    /// What the answer has that is not in the draft, and that its user should know.
    pub note: Option<String>,
}

impl Cleaner {
    #[must_use]
    pub fn new(form: &Form, setup: Setup) -> Self {
        let pass = Pass::new(form, &setup, Reading::default());
        Self {
            form: form.clone(),
            setup,
            partial: String::new(),
            answer: String::new(),
            pass,
            waits: None,
            told: 0,
            known: 0,
        }
    }

    /// Takes in more of the answer; returns the lines that are new, as they are to stand in the file, without line ends.
    pub fn push(&mut self, delta: &str) -> Vec<String> {
        if self.answer.len() + delta.len() > LIMIT {
            self.answer.push_str(delta);
            return Vec::new();
        }
        self.answer.push_str(delta);
        // Only what is new is searched: a line may come in many pieces.
        if let Some(end) = delta.rfind('\n') {
            self.partial.push_str(&delta[..end]);
            for line in std::mem::take(&mut self.partial).split('\n') {
                self.line(line.trim_end_matches('\r'));
            }
            self.partial.push_str(&delta[end + 1..]);
        } else {
            self.partial.push_str(delta);
        }
        // What seems to be a body at the margin may as well be what stands before the function.
        let upto = if self.pass.peel.may_be_before() { self.told } else { self.pass.lines.len() };
        let new = self.pass.lines.get(self.told..upto).unwrap_or_default().to_vec();
        self.told += new.len();
        new
    }

    fn line(&mut self, line: &str) {
        let code = self.pass.code.len();
        self.pass.line(line);
        if !self.pass.is_done() || !matches!(self.form.shape, Shape::Body { .. }) {
            return;
        }
        let is_code = self.pass.code.len() > code;
        let (first, at_edge) = (self.waits.is_none(), self.pass.unwrap.is_at_edge());
        let mut wait = self.waits.unwrap_or_default();
        wait.lines += 1;
        // What came with the last statement is whole where the next one begins, or its block ends.
        // Between braces the last line is the function's own.
        let braces = self.setup.language().lexis.braces;
        if !wait.over && (first || at_edge || (is_code && self.pass.peel.is_beside())) {
            wait.over = match self.missing(self.pass.code.len() - usize::from(is_code && !braces)) {
                Missing::Nothing => true,
                Missing::Names(lacking) => !is_code || (!braces && !may_bring(line, &lacking)),
                // The function as it was shown: it comes once more, in another block.
                Missing::Body => false,
            };
        }
        wait.over |= wait.lines > PATIENCE;
        if !wait.over && !is_code {
            self.pass.unwrap.go_on();
        }
        self.waits = Some(wait);
    }

    /// What the function in the first lines of the code lacks.
    fn missing(&self, lines: usize) -> Missing {
        body::missing(&self.pass, lines, &self.form, &self.setup)
    }

    /// Whether more of the answer makes no difference.
    #[must_use]
    pub fn is_done(&self) -> bool {
        if self.answer.len() > LIMIT {
            return true;
        }
        match self.waits {
            Some(wait) => wait.over,
            None if self.pass.is_done() => true,
            None => {
                let is_next = self.pass.peel.ends_with(&self.partial);
                is_next && self.missing(self.pass.code.len()) == Missing::Nothing
            }
        }
    }

    /// Whether all that is wanted has come, though what it needs may follow.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.is_done() || self.pass.is_done()
    }

    /// Whether the lines so far will be told in the end as well, as far as can be seen: nothing came before the function that
    /// may have to stand before its body.
    pub fn is_sure(&mut self) -> bool {
        let peel = &self.pass.peel;
        let is_there = |name: &String| self.setup.place.as_ref().is_some_and(|place| place.has_word(name));
        self.known += peel.others().iter().skip(self.known).take_while(|name| is_there(name)).count();
        !peel.may_be_before() && self.known == peel.others().len()
    }

    /// What the region is to hold so far.
    #[must_use]
    pub fn so_far(&self) -> String {
        self.joined(&self.pass.lines[..self.told.min(self.pass.lines.len())])
    }

    /// The lines of that from number `first` on.
    #[must_use]
    pub fn lines_from(&self, first: usize) -> &[String] {
        self.pass.lines.get(first..self.told).unwrap_or_default()
    }

    /// The end of the answer: the last line is whole now.
    ///
    /// # Errors
    /// When there is nothing in it for the region.
    pub fn finish(mut self) -> Result<Cleaned, CleanError> {
        if self.answer.len() > LIMIT {
            return Err(CleanError::TooLarge);
        }
        let last = std::mem::take(&mut self.partial);
        if !last.is_empty() {
            self.line(last.trim_end_matches('\r'));
        }
        self.pass.end();
        let reading = self.read_again();
        let cleaned = match &self.form.shape {
            Shape::Docstring => self.docstring(),
            Shape::Body { .. } => self.body(reading),
            Shape::Block => self.block(reading),
            Shape::File => self.whole(),
        }?;
        if self.setup.secrets.is_marked(&cleaned.text) {
            return Err(CleanError::Redacted);
        }
        Ok(cleaned)
    }

    /// What the stream's first reading got wrong shows only at the end: then the whole answer is read once more.
    fn read_again(&mut self) -> Reading {
        let mut answer = self.answer.replace("\r\n", "\n").replace('\r', "\n");
        let lone_cr = answer.lines().count() != self.answer.lines().count();
        let mut reading = Reading::default();
        // Reasoning whose opening tag the server kept, or code on the closing tag's line.
        let reasoned =
            self.pass.code.iter().any(|line| line.contains("</think>")) || self.pass.code.is_empty();
        let end = answer.rfind("</think>").filter(|_| reasoned);
        if let Some(end) = end {
            answer.drain(..end + "</think>".len());
        }
        self.answer = answer;
        // A fence that seemed to stand inside a string was the end after all.
        reading.blind_to_strings = self.pass.unwrap.is_open() && ends_with_fence(&self.answer);
        // What read as code before a fenced block was prose.
        if self.pass.unwrap.is_raw() && unwrap::fences(&self.answer) >= 2 {
            reading.sources = Sources::Fences;
        }
        if lone_cr || end.is_some() || reading != Reading::default() {
            self.pass = self.reads(reading);
        }
        reading
    }

    /// One more reading of the whole answer.
    fn reads(&self, reading: Reading) -> Pass {
        let mut pass = Pass::new(&self.form, &self.setup, reading);
        self.answer.lines().for_each(|line| pass.line(line));
        pass.end();
        pass
    }

    /// A function's body: where the first block has none, or one that needs more, the others may have it.
    fn body(&self, reading: Reading) -> Result<Cleaned, CleanError> {
        let rank = |body: &Result<Body, CleanError>| match body {
            Err(_) => 0,
            Ok(body) if body.is_stub => 1,
            Ok(body) if body.misses => 2,
            // What stands in the first block may be a command, and the function in the next.
            Ok(body) if body.is_bare => 3,
            Ok(_) => 4,
        };
        let mut best = body::read(&self.pass, &self.form, &self.setup, reading);
        let all = Reading { all_blocks: true, ..reading };
        let changes = Reading { sources: Sources::Changes, ..all };
        for (reading, may) in
            [(all, unwrap::fences(&self.answer) > 2), (changes, unwrap::tells_changes(&self.answer))]
        {
            if rank(&best) < 4 && may {
                let other = body::read(&self.reads(reading), &self.form, &self.setup, reading);
                if rank(&other) > rank(&best) {
                    best = other;
                }
            }
        }
        best.map(|body| body.cleaned)
    }

    fn block(&mut self, reading: Reading) -> Result<Cleaned, CleanError> {
        if self.pass.code.is_empty() && unwrap::tells_changes(&self.answer) {
            self.pass = self.reads(Reading { sources: Sources::Changes, ..reading });
        }
        let part =
            if self.pass.code.is_empty() { None } else { block::read(&self.pass, &self.form, &self.setup)? };
        let (imports, note) = match part {
            None => {
                if self.pass.peel.is_repeated() {
                    // It only looked like what is around.
                    self.setup.around.clear();
                    self.pass = self.reads(reading);
                }
                (self.pass.peel.imports().to_vec(), None)
            }
            Some(part) => {
                self.pass = self.taken(&part.code, None);
                (part.imports, part.note)
            }
        };
        if self.pass.lines.is_empty() && !imports.is_empty() {
            // Nothing but imports: they are what was asked for.
            let lines = imports.iter().flat_map(|import| import.lines());
            let lines: Vec<String> = lines.map(|line| self.form.base.clone() + line).collect();
            return Ok(Cleaned { text: self.joined(&lines), imports: Vec::new(), note });
        }
        let common =
            Common::of_code(self.pass.wanted.iter().map(String::as_str), Scanner::of(self.setup.language()))
                .filter(|_| self.setup.deeper > 0);
        if let Some(common) = common {
            if common.first == common.least {
                return Err(CleanError::Flattened);
            }
            self.pass = self.taken(&self.pass.wanted, Some(common));
        }
        let Cleaned { text, .. } = self.whole()?;
        Ok(Cleaned { text, imports, note })
    }

    /// These lines of code, all of which are wanted, as they are to stand in the file.
    fn taken(&self, code: &[String], common: Option<Common>) -> Pass {
        let reading = Reading { start: Some(Start::Bare(0)), common, ..Reading::default() };
        let mut pass = Pass::new(&self.form, &self.setup, reading);
        code.iter().for_each(|line| pass.code(line));
        pass
    }

    fn docstring(&self) -> Result<Cleaned, CleanError> {
        let code = if self.pass.code.is_empty() { self.pass.unwrap.prose() } else { &self.pass.code };
        let code = code.join("\n");
        let text = match self.setup.language().docs.above() {
            Some(above) => docstring::extract_above(&code, &self.form.base, &self.setup, above),
            None => docstring::extract(&self.own_part(&code), &self.form.base, &self.setup.name),
        };
        let text = text.ok_or(CleanError::NoDocstring)?.replace('\n', self.form.eol.as_str());
        Ok(Cleaned {
            text: self.form.lead.clone() + &text + &self.setup.tail,
            imports: Vec::new(),
            note: None,
        })
    }

    /// The part of the code that defines what is to be documented, where several definitions have its name.
    fn own_part(&self, code: &str) -> String {
        let part = || {
            let parsed = Code::parse(code, self.setup.place.as_ref()?.language())?;
            let all = crate::syntax::items::definitions(&parsed.source());
            let own = all.into_iter().filter(|one| {
                let around: Vec<String> = one.around.iter().map(|(_, outer)| outer.name.clone()).collect();
                one.definition().is_some_and(|own| own.name == self.setup.name)
                    && self.setup.around.ends_with(&around)
            });
            let own = own.max_by_key(|one| one.around.len())?;
            Some(parsed.part(&own.definition()?.range))
        };
        part().unwrap_or_else(|| code.to_owned())
    }

    /// All that was wanted, as it is.
    fn whole(&self) -> Result<Cleaned, CleanError> {
        if self.pass.lines.is_empty() {
            let any = self.pass.code.iter().any(|line| !line.trim().is_empty());
            return Err(if any { CleanError::NoBody } else { CleanError::NoCode });
        }
        Ok(Cleaned {
            text: self.joined(&self.pass.lines),
            imports: self.pass.peel.imports().to_vec(),
            note: None,
        })
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
        text + &self.setup.tail
    }
}

/// Whether a line behind the function may bring what it lacks: it defines that, or something else before it, or leads there.
fn may_bring(line: &str, lacking: &[Lacking]) -> bool {
    let calls = lacking.iter().any(|name| name.is_called);
    let text = line.trim();
    match peel::defined(text) {
        Some(name) => calls || lacking.iter().any(|one| one.name == name),
        None if peel::is_import(text) => words(text).any(|word| lacking.iter().any(|one| one.name == word)),
        None => calls && text.starts_with(['@', '#']),
    }
}

fn ends_with_fence(answer: &str) -> bool {
    answer.lines().map(str::trim).rfind(|line| !line.is_empty()).is_some_and(|line| line.starts_with("```"))
}
