//! One run, from the question to a draft that stands: ask, stream, verify, land; or back to what was.
//!
//! A sans-I/O state machine: `step` takes what happened and returns what is to be done. Its owner (the session, or the
//! command line) performs the effects, brings their outcomes back, and calls `poll` when it may send an edit.

mod checking;
mod ending;
mod event;
pub mod rounds;
mod task;
mod tell;
#[cfg(test)]
mod tests;
mod view;

use std::time::Duration;

use ropey::Rope;

pub use self::event::{Checked, Delivery, Effect, Input, Send, State};
use self::rounds::{Candidate, Limits, Rounds};
pub use self::task::Task;
use crate::draft::astray::Astray;
use crate::draft::clean::Cleaner;
use crate::draft::form::Shape;
use crate::draft::region::Region;
use crate::draft::repeat::{Repeats, Repetition};
use crate::draft::stream::StreamDiff;
use crate::draft::verify::Proposal;
use crate::draft::weave::{Heard, Next, Time, Weave};
use crate::draft::words::Words;
use crate::model::{Answer, Finish, Tokens, Usage};

/// A client that asks its user before it applies an edit answers within this time.
const CONFIRMATION: Duration = Duration::from_secs(600);

/// Where the draft is whole, the answer's end mostly comes with the next token or two. The last lines wait for it so long:
/// an edit of their own would have the final one wait for its echo.
const ENDING: Duration = Duration::from_millis(20);

/// What is going on beneath the state.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Phase {
    Asking,
    Verifying,
    /// The checks are at it.
    Inspecting,
    /// The last edits are on their way.
    Landing,
    /// What was there comes back; then this.
    Reverting(State),
    /// Nothing goes on.
    Resting,
}

/// See the module's head.
#[derive(Debug)]
pub struct Run {
    task: Task,
    delivery: Delivery,
    state: State,
    phase: Phase,
    weave: Weave,
    cleaner: Option<Cleaner>,
    /// In place of it, where the answer is to be told.
    words: Option<Words>,
    stream: StreamDiff,
    repeats: Repeats,
    astray: Option<Astray>,
    /// The lines of the draft that were told.
    told: Vec<String>,
    /// The region's text and the import block's, once they are known.
    targets: Vec<String>,
    written: usize,
    /// Where drafts are checked, and redrafted.
    rounds: Option<Rounds>,
    /// What stands, or is to stand, and what is wrong with it.
    chosen: Option<Candidate>,
    /// What was handed out to be checked.
    inspected: Option<Box<Proposal>>,
    /// The tokens of earlier rounds' answers, and of all prompts and answers.
    earlier: Tokens,
    spent: Tokens,
    /// The draft is whole: its last lines wait until then for the answer's end.
    ending: Time,
    /// The last whole answer, and whether it is this round's.
    answer: Option<Answer>,
    is_whole: bool,
    message: Option<String>,
    /// It went wrong, or its user took it back: what lands of it afterwards is taken back as well.
    unwanted: bool,
}

impl Run {
    #[must_use]
    pub fn new(task: Task, delivery: Delivery) -> Self {
        let regions = task.regions();
        let stream = stream_over(regions[0].base(), &task);
        let mut weave = Weave::new(regions);
        if delivery.confirms() {
            weave.set_patience(CONFIRMATION);
        }
        if delivery == Delivery::Proposal {
            weave.send_once();
        }
        Self {
            cleaner: (!task.tells).then(|| Cleaner::new(&task.form, task.setup())),
            words: task.tells.then(Words::default),
            weave,
            stream,
            repeats: Repeats::default(),
            astray: astray_of(&task),
            told: Vec::new(),
            task,
            delivery,
            state: State::Asking,
            phase: Phase::Asking,
            targets: Vec::new(),
            written: 0,
            rounds: None,
            chosen: None,
            inspected: None,
            earlier: Tokens(0),
            spent: Tokens(0),
            ending: Time::ZERO,
            answer: None,
            is_whole: false,
            message: None,
            unwanted: false,
        }
    }

    /// The same, with drafts that are checked, and redrafted so far.
    #[must_use]
    pub fn refined(mut self, limits: Limits) -> Self {
        let base = || self.weave.regions()[0].base().to_owned();
        self.rounds = (!self.task.tells).then(|| Rounds::new(limits, base()));
        self
    }

    /// Takes in what happened. `poll` is to be called afterwards.
    pub fn step(&mut self, now: Time, input: Input<'_>) -> Vec<Effect> {
        match input {
            Input::Delta(text) => self.delta(now, text),
            Input::Answered(Ok(answer)) => self.answered(now, answer),
            Input::Answered(Err(error)) if self.phase == Phase::Asking => self.missed(error.message),
            Input::Again(task) if self.phase == Phase::Asking => self.again(*task),
            Input::Verified(verdict) if self.phase == Phase::Verifying => self.verified(now, verdict),
            Input::Checked(checked) if self.phase == Phase::Inspecting => self.checked(now, checked),
            Input::Unrefined(why) if self.phase == Phase::Asking => self.missed(why),
            Input::Changed { edits, before, after } => {
                let heard = self.weave.changed(now, edits, before, after);
                self.heard(heard)
            }
            Input::Other { edits, before, after } => {
                let heard = self.weave.moved(now, edits, before, after);
                self.heard(heard)
            }
            Input::Applied { id, applied } => self.applied(now, id, applied),
            Input::Saving => {
                self.weave.saving(now);
                Vec::new()
            }
            Input::Saved => {
                self.weave.saved(now);
                Vec::new()
            }
            Input::Stop => self.cancel("stopped; what stands stays"),
            Input::Keep if self.stands() => self.enter(State::Kept),
            Input::Revert if self.stands() => self.revert(State::Reverted),
            Input::Closed => match self.phase.clone() {
                // There is nothing left to take it back from.
                Phase::Reverting(then) => {
                    self.come_to_rest();
                    self.enter(then)
                }
                _ => self.cancel("the document was closed"),
            },
            Input::Answered(Err(_))
            | Input::Again(_)
            | Input::Verified(_)
            | Input::Checked(_)
            | Input::Unrefined(_)
            | Input::Keep
            | Input::Revert => Vec::new(),
        }
    }

    /// What to send now. `document` is the text as it stands.
    pub fn poll(&mut self, now: Time, document: &Rope) -> (Send, Vec<Effect>) {
        let may_send = match self.phase {
            Phase::Asking if now < self.ending => return (Send::At(self.ending), Vec::new()),
            Phase::Asking | Phase::Inspecting => self.delivery == Delivery::Stream,
            // What it finds decides on the last edit, which may be all that is left to send.
            Phase::Verifying => false,
            Phase::Landing | Phase::Reverting(_) => true,
            // What landed late in the wrong place is put right, whatever became of the run.
            Phase::Resting => self.weave.in_flight() || self.weave.is_astray(),
        };
        if !may_send {
            return (Send::Nothing, Vec::new());
        }
        match (self.weave.poll(now, document), self.phase.clone()) {
            (Next::Send { id, edits }, _) => {
                let confirm = self.delivery.confirms() && self.phase == Phase::Landing;
                (Send::Edit { id, edits, confirm }, Vec::new())
            }
            (Next::Wait(at), _) => (Send::At(at), Vec::new()),
            (Next::Settled, Phase::Landing) => (Send::Nothing, self.landed()),
            (Next::Settled, Phase::Reverting(state)) => {
                self.come_to_rest();
                (Send::Nothing, self.enter(state))
            }
            (Next::Settled, _) => (Send::Nothing, Vec::new()),
            (Next::GaveUp, Phase::Reverting(_) | Phase::Resting) => (Send::Nothing, self.left_to_the_user()),
            (Next::GaveUp, _) => {
                let effects = self.fail("the editor did not take the edits".to_owned());
                (Send::At(now), effects)
            }
        }
    }

    fn delta(&mut self, now: Time, text: &str) -> Vec<Effect> {
        if self.phase != Phase::Asking {
            return Vec::new();
        }
        if self.words.is_some() {
            return self.hear_words(text);
        }
        // A redraft is not shown before it is known to be better.
        let is_first = !self.is_redrafting();
        let Some(cleaner) = &mut self.cleaner else { return Vec::new() };
        self.written += text.len();
        let was_done = cleaner.is_done();
        let lines = cleaner.push(text);
        let (is_done, is_whole) = (cleaner.is_done(), cleaner.is_whole());
        let is_sure = !lines.is_empty() && cleaner.is_sure();
        let sure =
            if is_sure && is_first { cleaner.lines_from(self.told.len()).to_vec() } else { Vec::new() };
        let mut effects = Vec::new();
        if self.state == State::Asking {
            effects.extend(self.enter(State::Streaming));
        }
        lines.iter().for_each(|line| self.stream.push(line));
        let watch = self.astray.as_mut().filter(|_| self.rounds.is_some());
        let is_wrong = watch.is_some_and(|watch| lines.iter().any(|line| watch.push(line)));
        effects.extend(sure.iter().cloned().map(Effect::Line));
        self.told.extend(sure);
        if !lines.is_empty() && is_first && self.delivery == Delivery::Stream {
            self.weave.stream(0, self.stream.shown());
        }
        if is_done && !was_done {
            self.ending = now + ENDING;
            effects.push(Effect::Enough);
        }
        if is_wrong {
            effects.extend(self.went_astray(now));
            return effects;
        }
        if let Some(found) = self.repeats.push(text) {
            effects.extend(self.repeated(now, &found, is_whole));
        }
        effects
    }

    /// The model goes round and round. Where the draft is whole, that is of no account; else there will be none.
    fn repeated(&mut self, now: Time, found: &Repetition, is_whole: bool) -> Vec<Effect> {
        if !is_whole {
            return self.missed(format!(
                "the model repeats itself (`{}`, {} times in a row), so it was stopped; say more of what you want, or choose another model",
                found.text, found.times
            ));
        }
        let usage = Usage { completion: self.written(), ..Usage::default() };
        let answered = self.answered(now, Answer { finish: Finish::Stop, usage });
        std::iter::once(Effect::StopAsking).chain(answered).collect()
    }

    /// The answer begins anew, over whatever of the first one stands: the next draft is compared with it, line by line.
    fn again(&mut self, task: Task) -> Vec<Effect> {
        self.task = task;
        self.cleaner = (!self.task.tells).then(|| Cleaner::new(&self.task.form, self.task.setup()));
        self.words = self.task.tells.then(Words::default);
        self.stream = stream_over(self.weave.regions()[0].ours(), &self.task);
        self.repeats = Repeats::default();
        self.astray = astray_of(&self.task);
        (self.written, self.is_whole) = (0, false);
        self.ending = Time::ZERO;
        if self.is_redrafting() {
            return Vec::new();
        }
        let anew = (!self.told.is_empty()).then_some(Effect::Anew);
        self.told.clear();
        anew.into_iter().chain(self.enter(State::Asking)).collect()
    }

    fn answered(&mut self, now: Time, answer: Answer) -> Vec<Effect> {
        let finish = answer.finish;
        let most = self.task.request.max_tokens.0;
        (self.answer, self.is_whole) = (Some(answer), true);
        if self.phase != Phase::Asking {
            return Vec::new();
        }
        if let Some(words) = self.words.take() {
            return self.tell(words, finish);
        }
        let Some(cleaner) = self.cleaner.take() else { return Vec::new() };
        match finish {
            Finish::Refusal => return self.missed("the model refused to answer".to_owned()),
            // What came after the code may well have been cut.
            Finish::Length if !cleaner.is_whole() => {
                return self.missed(format!("the answer was cut at the limit of {most} tokens; ask for less (or raise the model's `max_tokens`, if it is that low)"));
            }
            Finish::Length | Finish::Stop => {}
        }
        match cleaner.finish() {
            Err(error) => self.rejected(now, error.to_string(), None),
            Ok(cleaned) => {
                let imports = self.weave.regions().get(1).map(Region::text);
                self.targets = self.task.targets(&cleaned, imports);
                let mut effects = if self.is_redrafting() { Vec::new() } else { self.last_lines() };
                self.message = cleaned.note;
                self.phase = Phase::Verifying;
                effects.extend(self.enter(State::Checking));
                effects.push(Effect::Verify(Box::new(self.task.proposal(&self.targets))));
                effects
            }
        }
    }

    /// The lines of the draft that were not told yet, for those who print them; all, where the end changed what was told.
    fn last_lines(&mut self) -> Vec<Effect> {
        let (text, eol) = (&self.targets[0], self.task.form.eol.as_str());
        let text = text.strip_prefix(self.task.form.lead.as_str()).unwrap_or(text);
        let text = text.strip_suffix(eol).unwrap_or(text);
        let lines: Vec<String> = text.split(eol).map(str::to_owned).collect();
        self.tell_rest(lines)
    }

    /// The lines of what is told in the end that were not told yet; all, where they do not go on from what was.
    fn tell_rest(&mut self, lines: Vec<String>) -> Vec<Effect> {
        let goes_on = lines.starts_with(&self.told);
        let known = if goes_on { self.told.len() } else { 0 };
        self.told.clone_from(&lines);
        let anew = (!goes_on).then_some(Effect::Anew);
        anew.into_iter().chain(lines.into_iter().skip(known).map(Effect::Line)).collect()
    }

    fn heard(&mut self, heard: Heard) -> Vec<Effect> {
        // What becomes of the place is nothing to an answer about it.
        if self.task.tells {
            return Vec::new();
        }
        if self.phase == Phase::Resting && self.unwanted && self.weave.heard_ours() {
            return self.revert(self.state);
        }
        match (heard, &self.phase) {
            // An editor that does not join our edits goes back one of them at a time.
            (Heard::Undone, Phase::Resting) if self.stands() && !self.weave.is_as_before() => {
                self.weave.went_back();
                Vec::new()
            }
            (Heard::Undone, Phase::Resting) if self.stands() => {
                self.unwanted = true;
                self.weave.stop();
                self.enter(State::Reverted)
            }
            (Heard::Undone, Phase::Asking | Phase::Verifying | Phase::Inspecting | Phase::Landing) => {
                self.unwanted = true;
                self.weave.went_back();
                self.cancel("you took the draft back")
            }
            (Heard::Gone, Phase::Asking | Phase::Verifying | Phase::Inspecting | Phase::Landing) => {
                self.unwanted = true;
                self.cancel("the place of the draft was deleted")
            }
            _ => Vec::new(),
        }
    }

    fn applied(&mut self, now: Time, id: u64, applied: bool) -> Vec<Effect> {
        if !applied && self.delivery.confirms() && self.phase == Phase::Landing {
            self.weave.answered(now, id, applied);
            return self.cancel("the draft was declined");
        }
        self.weave.answered(now, id, applied);
        Vec::new()
    }

    fn landed(&mut self) -> Vec<Effect> {
        self.come_to_rest();
        if !self.weave.rest().is_empty() {
            self.message =
                Some("a part of the draft is held back, for you typed where it would go".to_owned());
        }
        self.enter(State::Done)
    }

    fn enter(&mut self, state: State) -> Vec<Effect> {
        if self.state == state {
            return Vec::new();
        }
        self.state = state;
        vec![Effect::Entered(state)]
    }
}

/// What sees a draft of `task` go wrong; nothing where it is no code.
fn astray_of(task: &Task) -> Option<Astray> {
    let is_code = !matches!(task.form.shape, Shape::Docstring);
    is_code.then(|| Astray::new(task.place.source().language, &task.form.base))
}

/// What the region shows while a draft of `task` comes over `old`.
fn stream_over(old: &str, task: &Task) -> StreamDiff {
    let mut stream = StreamDiff::new(old, task.form.eol.as_str());
    if !task.form.lead.is_empty() {
        stream.push("");
    }
    stream
}
