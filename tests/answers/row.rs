//! One row: read from a text, and run as an editor would run it.
//!
//! ```text
//! ==== what it is about
//! ---- path            of the file, which tells its language; `pkg/mod.py` without it
//! ---- file            with `$0` at the cursor, or `$1` and `$2` around the selection
//! ---- do              the action and its instruction; `implement` without it
//! ---- all             where the model is not to be ended before it ends: what comes last counts
//! ---- answer
//! ---- becomes         the file afterwards
//! ---- fails           or a part of the reason why there is no draft
//! ---- says            a part of what is told beside a draft
//! ```

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use redraft::action::Diagnostic;
use redraft::action::prepare::{Room, Stock, Wish, prepare};
use redraft::draft::weave::Time;
use redraft::job::{Delivery, Effect, Input, Run, Send, State};
use redraft::model::{Answer, Finish, Tokens, Usage};
use redraft::prompt::Library;
use redraft::syntax::facts::extract;
use redraft::syntax::{Language, Source, parse};
use redraft::text::edit::{apply_all, sequential};
use redraft::workspace::Index;
use redraft::workspace::view::View;
use ropey::Rope;

#[derive(Clone, Debug, Default)]
pub struct Row {
    pub title: String,
    path: String,
    file: String,
    action: String,
    instruction: Option<String>,
    answer: String,
    /// What is last in the answer counts.
    pub needs_all: bool,
    pub want: Outcome,
}

/// What comes of a row. Of what is told, a part is enough.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    text: Option<String>,
    told: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivered {
    AtOnce,
    AsItComes,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    ByTheModel,
    AsSoonAsMayBe,
}

impl PartialEq for Outcome {
    /// `other` is what is wanted.
    fn eq(&self, other: &Self) -> bool {
        let told = match (&self.told, &other.told) {
            (Some(told), Some(part)) => told.contains(part.as_str()),
            (told, part) => told.is_none() && part.is_none(),
        };
        told && self.text == other.text
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.text.as_deref().unwrap_or("(no draft)");
        write!(f, "{text}---- told: {}", self.told.as_deref().unwrap_or("nothing"))
    }
}

/// The rows of a text.
pub fn rows(text: &str) -> Vec<Row> {
    text.split("==== ").skip(1).map(row).collect()
}

fn row(text: &str) -> Row {
    let mut parts = text.split("---- ");
    let mut row = Row {
        title: parts.next().unwrap_or_default().trim().to_owned(),
        path: "pkg/mod.py".to_owned(),
        action: "implement".to_owned(),
        ..Row::default()
    };
    for part in parts {
        let (head, rest) = part.split_once('\n').unwrap_or((part, ""));
        let (key, argument) = head.split_once(' ').unwrap_or((head, ""));
        match key {
            "path" => row.path = argument.to_owned(),
            "file" => row.file = rest.to_owned(),
            "do" => {
                let (action, instruction) = argument.split_once(' ').unwrap_or((argument, ""));
                row.action = action.to_owned();
                row.instruction = Some(instruction.to_owned()).filter(|instruction| !instruction.is_empty());
            }
            "all" => row.needs_all = true,
            "answer" => row.answer = rest.to_owned(),
            "becomes" => row.want.text = Some(rest.to_owned()),
            "fails" | "says" => row.want.told = Some(argument.to_owned()),
            other => panic!("{}: what is {other:?}?", row.title),
        }
    }
    assert!(row.want.text.is_some() || row.want.told.is_some(), "{}: nothing is wanted", row.title);
    row
}

impl Row {
    /// An answer that puts back what was taken out of a file.
    pub fn putting_back(path: &str, file: String, answer: String, whole: String) -> Self {
        let want = Outcome { text: Some(whole), told: None };
        Self { path: path.to_owned(), file, answer, want, action: "implement".to_owned(), ..Self::default() }
    }

    /// The same in a file, and by a model, with other line ends.
    pub fn with_crlf(&self) -> Self {
        let crlf = |text: &String| text.replace('\n', "\r\n");
        let want = Outcome { text: self.want.text.as_ref().map(crlf), ..self.want.clone() };
        Self { file: crlf(&self.file), answer: crlf(&self.answer), want, ..self.clone() }
    }

    pub fn run(&self, delivered: Delivered, ended: Ended, chance: &mut fastrand::Rng) -> Outcome {
        let (text, range) = self.place();
        let text = Rope::from_str(&text);
        let language = Language::by_path(&self.path).unwrap();
        let tree = parse(language, &text, None, Duration::from_secs(60)).unwrap();
        let source = Source { text: &text, tree: Some(&tree), language, path: &self.path };
        let (index, facts) = (Index::default(), Arc::new(extract(language, &text.to_string(), &tree)));
        let view = View::new(&index, None, language, source.path, facts);
        let fixes = self.action == "fix";
        let said = self.instruction.clone().filter(|_| fixes);
        let diagnostic =
            said.map(|message| Diagnostic { range: range.clone(), message, ..Diagnostic::default() });
        let instruction = self.instruction.clone().filter(|_| !fixes);
        let wish = Wish {
            action: self.action.clone(),
            range,
            diagnostic,
            instruction,
            input: BTreeMap::new(),
            tested: None,
        };
        let room = Room {
            context: Tokens(1_000),
            window: Tokens(32_000),
            output: Tokens(4_000),
            least: Tokens(0),
            greedy: true,
            prefill: false,
        };
        let (task, _) = match prepare(&source, &view, &wish, room, Stock::of(&Library::built_in())) {
            Ok(prepared) => prepared,
            Err(error) => return Outcome { text: None, told: Some(error.to_string()) },
        };
        let delivery = match delivered {
            Delivered::AtOnce => Delivery::Final,
            Delivered::AsItComes => Delivery::Stream,
        };
        let mut world = World {
            run: Run::new(task, delivery),
            text: text.clone(),
            now: Time::from_secs(1),
            enough: false,
            printed: Vec::new(),
        };
        for piece in cut(&self.answer, chance) {
            world.tell(Input::Delta(piece));
            if world.enough && ended == Ended::AsSoonAsMayBe {
                break;
            }
        }
        world.tell(Input::Answered(Ok(Answer { finish: Finish::Stop, usage: Usage::default() })));
        world.outcome(&text)
    }

    fn place(&self) -> (String, std::ops::Range<usize>) {
        let split = self.file.split_once("$0").or_else(|| self.file.split_once("$1"));
        let (before, rest) = split.unwrap_or_else(|| panic!("{}: where is the cursor?", self.title));
        match rest.split_once("$2") {
            Some((inside, after)) => {
                (format!("{before}{inside}{after}"), before.len()..before.len() + inside.len())
            }
            None => (format!("{before}{rest}"), before.len()..before.len()),
        }
    }
}

/// `text` in pieces of random sizes: tokens, lines, or all at once.
fn cut<'a>(text: &'a str, chance: &mut fastrand::Rng) -> Vec<&'a str> {
    let most = [1, 4, 30, 10_000][chance.usize(..4)];
    let (mut pieces, mut rest) = (Vec::new(), text);
    while !rest.is_empty() {
        let mut at = chance.usize(1..=most).min(rest.len());
        while !rest.is_char_boundary(at) {
            at += 1;
        }
        let (piece, more) = rest.split_at(at);
        pieces.push(piece);
        rest = more;
    }
    pieces
}

/// A run and the text that an honest editor holds.
struct World {
    run: Run,
    text: Rope,
    now: Time,
    enough: bool,
    /// What the command line prints.
    printed: Vec<String>,
}

impl World {
    fn tell(&mut self, input: Input<'_>) {
        let effects = self.run.step(self.now, input);
        self.perform(effects);
        self.settle();
    }

    fn perform(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Enough => self.enough = true,
                Effect::Line(line) => self.printed.push(line),
                Effect::Anew => self.printed.clear(),
                // Answers are cleaned here, and not checked.
                Effect::Check
                | Effect::Refine(_)
                | Effect::Told(_)
                | Effect::Entered(_)
                | Effect::StopAsking => {}
                Effect::Verify(proposal) => {
                    let verdict = proposal.verify();
                    let effects = self.run.step(self.now, Input::Verified(verdict));
                    self.perform(effects);
                }
            }
        }
    }

    fn settle(&mut self) {
        for _ in 0..50 {
            let (send, effects) = self.run.poll(self.now, &self.text);
            self.perform(effects);
            match send {
                Send::Edit { id, edits, .. } => {
                    let before = self.text.clone();
                    apply_all(&mut self.text, &edits);
                    let (after, edits) = (self.text.clone(), sequential(&edits));
                    let input = Input::Changed { edits: &edits, before: &before, after: &after };
                    let effects = self.run.step(self.now, input);
                    self.perform(effects);
                    self.run.step(self.now, Input::Applied { id, applied: true });
                }
                Send::At(at) => self.now = self.now.max(at),
                Send::Nothing => return,
            }
        }
    }

    fn outcome(&self, before: &Rope) -> Outcome {
        let told = self.run.message().map(str::to_owned);
        if self.run.state() != State::Done {
            assert_eq!(self.text, *before, "what fails leaves the file as it was");
            return Outcome { text: None, told };
        }
        // What was printed is what stands, so that `redraft generate FILE --at LINE > part.py` is right.
        let range = self.run.range();
        let stands = self.text.byte_slice(range).to_string();
        let printed = self.printed.join("\n");
        assert_eq!(
            stands.replace("\r\n", "\n").trim_matches('\n'),
            printed.trim_matches('\n'),
            "what was printed"
        );
        Outcome { text: Some(self.text.to_string()), told }
    }
}
