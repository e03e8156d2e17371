//! Whole runs, without a model and without an editor: what is told in, what comes out.

mod again;
mod late;
mod refined;
mod tell;

use ropey::Rope;

use super::rounds::Redraft;
use super::{Delivery, Effect, Input, Run, Send, State, Task};
use crate::draft::form::{Form, Shape};
use crate::draft::imports::Existing;
use crate::draft::place::Place;
use crate::draft::secrets::Secrets;
use crate::draft::verify::Proposal;
use crate::draft::weave::Time;
use crate::model::{Answer, ErrorKind, Finish, ModelError, Request, Tokens, Usage};
use crate::syntax::Language;
use crate::text::edit::{Edit, apply_all, sequential};
use crate::text::{eol::Eol, indent::Indent};

const FILE: &str =
    "import os\n\n\ndef f(x):\n    raise NotImplementedError\n\n\ndef below():\n    return 2\n";

/// A run and the text that an honest editor holds.
struct World {
    run: Run,
    text: Rope,
    now: Time,
    lines: Vec<String>,
    states: Vec<State>,
    stopped_asking: bool,
    edits: usize,
    /// What is to be checked, and what is to be made better.
    proposals: Vec<Proposal>,
    wanted: Vec<Redraft>,
    /// What was told in words.
    words: Vec<String>,
    /// What a busy editor has not looked at yet: the edits, and the text that they are of. Nothing while it is not busy.
    waiting: Option<Vec<(u64, Vec<Edit>, Rope)>>,
}

impl World {
    fn new(delivery: Delivery) -> Self {
        let start = FILE.find("\n    raise").unwrap();
        let end = FILE.find("Error\n").unwrap() + "Error".len();
        let (lead, base) = ("\n".to_owned(), "    ".to_owned());
        let shape = Shape::Body { name: "f".to_owned(), docstring: None };
        let request = Request {
            system: String::new(),
            turns: Vec::new(),
            prefill: None,
            fill: None,
            max_tokens: Tokens(100),
            temperature: None,
            stop: Vec::new(),
        };
        let task = Task {
            tells: false,
            mends: None,
            place: Place::new(Rope::from_str(FILE), None, Language::by_id("python").unwrap(), start..end),
            imports: Some(0.."import os".len()),
            existing: Existing { leading: true, elsewhere: Vec::new() },
            form: Form { shape, lead, base, unit: Indent::Spaces(4), eol: Eol::Lf },
            opening: "def f(x):".to_owned(),
            name: "f".to_owned(),
            secrets: Secrets::default(),
            first: request.clone(),
            request,
        };
        Self {
            text: task.place.text().clone(),
            run: Run::new(task, delivery),
            now: Time::from_secs(1),
            lines: Vec::new(),
            states: Vec::new(),
            stopped_asking: false,
            edits: 0,
            proposals: Vec::new(),
            wanted: Vec::new(),
            words: Vec::new(),
            waiting: None,
        }
    }

    fn tell(&mut self, input: Input<'_>) -> &mut Self {
        let effects = self.run.step(self.now, input);
        self.perform(effects);
        self.settle()
    }

    fn perform(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Line(line) => self.lines.push(line),
                Effect::Entered(state) => self.states.push(state),
                Effect::StopAsking => self.stopped_asking = true,
                Effect::Enough => {}
                Effect::Anew => self.lines.clear(),
                Effect::Told(text) => self.words.push(text),
                Effect::Check => self.proposals.extend(self.run.to_check(&self.text)),
                Effect::Refine(redraft) => self.wanted.push(*redraft),
                Effect::Verify(proposal) => {
                    let verdict = proposal.verify();
                    let effects = self.run.step(self.now, Input::Verified(verdict));
                    self.perform(effects);
                }
            }
        }
    }

    /// Lets the editor apply all that is sent, and time pass, until nothing more comes.
    fn settle(&mut self) -> &mut Self {
        for _ in 0..20 {
            let (send, effects) = self.run.poll(self.now, &self.text);
            self.perform(effects);
            match send {
                Send::Edit { id, edits, .. } => {
                    self.edits += 1;
                    if let Some(waiting) = &mut self.waiting {
                        waiting.push((id, edits, self.text.clone()));
                        continue;
                    }
                    let before = self.text.clone();
                    apply_all(&mut self.text, &edits);
                    self.change(&sequential(&edits), &before);
                    self.run.step(self.now, Input::Applied { id, applied: true });
                }
                // A busy editor needs no time to do nothing.
                Send::At(_) if self.waiting.is_some() => break,
                Send::At(at) => self.now = self.now.max(at),
                Send::Nothing => break,
            }
        }
        self
    }

    fn change(&mut self, edits: &[Edit], before: &Rope) {
        let after = self.text.clone();
        let effects = self.run.step(self.now, Input::Changed { edits, before, after: &after });
        self.perform(effects);
    }

    fn types(&mut self, at: &str, text: &str) -> &mut Self {
        let before = self.text.clone();
        let place = before.to_string().find(at).unwrap();
        let edit = Edit::new(place..place, text);
        edit.apply(&mut self.text);
        self.change(&[edit], &before);
        self.settle()
    }

    fn says(&mut self, text: &str) -> &mut Self {
        self.tell(Input::Delta(text))
    }

    fn ends(&mut self, finish: Finish) -> &mut Self {
        self.tell(Input::Answered(Ok(Answer { finish, usage: Usage::default() })))
    }

    fn breaks(&mut self) -> &mut Self {
        let message = "the stream broke".to_owned();
        self.tell(Input::Answered(Err(ModelError { kind: ErrorKind::Stream, message, retry_after: None })))
    }
}

const ANSWER: &str =
    "```python\nimport re\nimport json\n\ndef f(x):\n    y = re.sub('a', 'b', x)\n    return y\n```\n";
const DONE: &str = "import os\nimport re\n\n\ndef f(x):\n    y = re.sub('a', 'b', x)\n    return y\n\n\ndef below():\n    return 2\n";

#[test]
fn a_draft_comes_in_by_each_way_of_delivery() {
    for (delivery, edits) in [(Delivery::Final, 1), (Delivery::Preview, 1), (Delivery::Stream, 2)] {
        let mut world = World::new(delivery);
        for chunk in ANSWER.split_inclusive(' ') {
            world.says(chunk);
        }
        world.ends(Finish::Stop);
        assert_eq!(world.text, DONE, "{delivery:?}");
        assert_eq!(world.lines, ["    y = re.sub('a', 'b', x)", "    return y"]);
        assert_eq!(world.states, [State::Streaming, State::Checking, State::Done]);
        assert!(
            world.edits >= edits && (delivery == Delivery::Stream || world.edits == 1),
            "{delivery:?}: {}",
            world.edits
        );
        assert!(world.run.stands());
    }
}

#[test]
fn what_goes_wrong_leaves_the_file_as_it_was() {
    type Fault = fn(&mut World) -> &mut World;
    let faults: [(&str, Fault); 7] = [
        ("the stream broke", |world| world.breaks()),
        ("limit of 100 tokens", |world| world.ends(Finish::Length)),
        ("refused", |world| world.ends(Finish::Refusal)),
        ("does not parse", |world| world.says("    return (\n").ends(Finish::Stop)),
        ("leaves code out", |world| world.says("    # ... rest of the code ...\n").ends(Finish::Stop)),
        ("invisible", |world| world.says("    z = '\u{202e}'\n").ends(Finish::Stop)),
        ("gave up", |world| {
            world.run.abort("gave up".to_owned());
            world
        }),
    ];
    for delivery in [Delivery::Stream, Delivery::Final] {
        for (why, fault) in faults {
            let mut world = World::new(delivery);
            world.says("def f(x):\n    y = 1\n").types("def below", "# typed\n");
            assert_eq!(world.text.to_string().contains("y = 1"), delivery == Delivery::Stream);
            fault(&mut world);
            world.settle();
            assert_eq!(world.text.to_string().replace("# typed\n", ""), FILE, "{why}");
            assert_eq!(world.run.state(), State::Failed, "{why}");
            assert!(world.run.message().unwrap().contains(why), "{why}: {:?}", world.run.message());
            assert!(!world.run.stands() && !world.run.is_live());
        }
    }
}

#[test]
fn a_stop_leaves_what_stands_and_can_be_taken_back() {
    let mut world = World::new(Delivery::Stream);
    world.says("def f(x):\n    y = 1\n    z = 2\n").tell(Input::Stop);
    assert!(world.stopped_asking);
    let stood = world.text.clone();
    assert!(stood.to_string().contains("    z = 2\n    raise"));
    world.says("    later = 3\n").ends(Finish::Stop);
    assert_eq!(world.text, stood, "nothing comes after a stop");
    world.types("z = 2", "# mine ").tell(Input::Revert);
    assert_eq!(world.run.state(), State::Reverted);
    assert_eq!(world.text.to_string().replace("# mine ", ""), FILE);
}

#[test]
fn a_draft_is_kept_or_taken_back() {
    for (input, state, text) in [(Input::Keep, State::Kept, DONE), (Input::Revert, State::Reverted, FILE)] {
        let mut world = World::new(Delivery::Final);
        world.says(ANSWER).ends(Finish::Stop).tell(input);
        assert_eq!((world.run.state(), world.text.to_string().as_str()), (state, text));
        assert!(!world.run.stands());
    }
}

#[test]
fn what_the_user_types_into_the_draft_is_kept_and_the_rest_is_offered() {
    let mut world = World::new(Delivery::Stream);
    world.says("def f(x):\n    y = 1\n").types("NotImplemented", "MINE");
    world.says("    return y\n").ends(Finish::Stop);
    assert_eq!(world.run.state(), State::Done);
    let text = world.text.to_string();
    assert!(text.contains("raise MINENotImplementedError") && text.contains("    return y\n"), "{text}");
    let mut whole = world.text.clone();
    apply_all(&mut whole, &world.run.rest());
    assert!(!whole.to_string().contains("MINE"), "{whole}");
}

#[test]
fn deleting_the_place_or_closing_the_document_ends_the_run() {
    let mut world = World::new(Delivery::Stream);
    world.says("def f(x):\n    y = 1\n");
    let before = world.text.clone();
    let start = before.to_string().find("def f").unwrap();
    let end = before.to_string().find("\n\n\ndef below").unwrap();
    let edit = Edit::new(start..end, "");
    edit.apply(&mut world.text);
    world.change(&[edit], &before);
    assert_eq!(world.run.state(), State::Cancelled);
    let mut world = World::new(Delivery::Final);
    assert!(world.tell(Input::Closed).stopped_asking);
    assert_eq!(world.run.state(), State::Cancelled);
}

#[test]
fn a_declined_preview_changes_nothing() {
    let mut world = World::new(Delivery::Preview);
    world.run.step(world.now, Input::Delta(ANSWER));
    let answer = Answer { finish: Finish::Stop, usage: Usage::default() };
    let effects = world.run.step(world.now, Input::Answered(Ok(answer)));
    world.perform(effects);
    let (Send::Edit { id, confirm: true, .. }, _) = world.run.poll(world.now, &world.text) else {
        panic!("it asks")
    };
    world.tell(Input::Applied { id, applied: false });
    assert_eq!(world.run.state(), State::Cancelled);
    assert_eq!(world.text, FILE);
}

#[test]
fn the_last_lines_wait_a_moment_for_the_end() {
    for ends_at_once in [true, false] {
        let mut world = World::new(Delivery::Stream);
        world.says("```python\ndef f(x):\n    y = 1\n");
        let effects = world.run.step(world.now, Input::Delta("    return y\n```\n"));
        world.perform(effects);
        let (send, _) = world.run.poll(world.now, &world.text);
        assert!(matches!(send, Send::At(at) if at > world.now), "{send:?}");
        if !ends_at_once {
            assert!(world.settle().text.to_string().contains("    return y\n    raise"), "{}", world.text);
        }
        world.ends(Finish::Stop);
        assert_eq!(world.edits, if ends_at_once { 2 } else { 3 });
        assert!(world.text.to_string().contains("    y = 1\n    return y\n\n\ndef below"), "{}", world.text);
    }
}
