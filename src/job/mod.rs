//! One run, from the question to a draft that stands: ask, stream, verify, land; or back to what was.
//!
//! A sans-I/O state machine: `step` takes what happened and returns what is to be done. Its owner (the session, or the
//! command line) performs the effects, brings their outcomes back, and calls `poll` when it may send an edit.

mod event;
mod task;
#[cfg(test)]
mod tests;

use std::ops::Range;
use std::time::Duration;

use ropey::Rope;

pub use self::event::{Delivery, Effect, Input, Send, State};
pub use self::task::Task;
use crate::draft::clean::{Cleaned, Cleaner};
use crate::draft::region::Region;
use crate::draft::stream::StreamDiff;
use crate::draft::verify::Rejected;
use crate::draft::weave::{Heard, Next, Time, Weave};
use crate::model::{Answer, Finish, Tokens};
use crate::text::edit::Edit;

/// A client that asks its user before it applies an edit answers within this time.
const CONFIRMATION: Duration = Duration::from_secs(600);

/// What is going on beneath the state.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Phase {
    Asking,
    Verifying,
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
    stream: StreamDiff,
    /// The region's text and the import block's, once they are known.
    targets: Vec<String>,
    written: usize,
    answer: Option<Answer>,
    message: Option<String>,
}

impl Run {
    #[must_use]
    pub fn new(task: Task, delivery: Delivery) -> Self {
        let regions = task.regions();
        let mut stream = StreamDiff::new(regions[0].base(), task.form.eol.as_str());
        if !task.form.lead.is_empty() {
            stream.push("");
        }
        let mut weave = Weave::new(regions);
        if delivery == Delivery::Preview {
            weave.set_patience(CONFIRMATION);
        }
        Self {
            cleaner: Some(Cleaner::new(&task.form, task.setup())),
            weave,
            stream,
            task,
            delivery,
            state: State::Asking,
            phase: Phase::Asking,
            targets: Vec::new(),
            written: 0,
            answer: None,
            message: None,
        }
    }

    #[must_use]
    pub fn task(&self) -> &Task {
        &self.task
    }

    #[must_use]
    pub fn state(&self) -> State {
        self.state
    }

    #[must_use]
    pub fn delivery(&self) -> Delivery {
        self.delivery
    }

    /// Why it failed, or what else the user should know.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        self.message.as_deref()
    }

    /// How the model's answer ended, and what it used.
    #[must_use]
    pub fn answer(&self) -> Option<&Answer> {
        self.answer.as_ref()
    }

    /// What was written so far: what was told, or a safe estimate.
    #[must_use]
    pub fn written(&self) -> Tokens {
        match &self.answer {
            Some(answer) if answer.usage.completion.0 > 0 => answer.usage.completion,
            // What was begun for the model is not its own.
            _ => Tokens(
                u32::try_from(self.written.saturating_sub(self.begun()).saturating_mul(10).div_ceil(36))
                    .unwrap_or(u32::MAX),
            ),
        }
    }

    /// The bytes of the answer that the prompt began.
    fn begun(&self) -> usize {
        self.task.request.prefill.as_ref().map_or(0, String::len)
    }

    /// The draft's region in the document as it stands.
    #[must_use]
    pub fn range(&self) -> Range<usize> {
        self.weave.regions()[0].range()
    }

    /// All that it may change, the draft's region first.
    #[must_use]
    pub fn ranges(&self) -> Vec<Range<usize>> {
        self.weave.regions().iter().map(Region::range).collect()
    }

    /// Whether `range` touches a region of this run.
    #[must_use]
    pub fn touches(&self, range: &Range<usize>) -> bool {
        self.ranges().iter().any(|own| own.start <= range.end && range.start <= own.end)
    }

    /// Whether an edit of it is on its way.
    #[must_use]
    pub fn in_flight(&self) -> bool {
        self.weave.in_flight()
    }

    /// Whether the model or the editor still has something to do for it.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.phase != Phase::Resting || self.weave.in_flight()
    }

    /// Whether there is something to stop: a model at work, or a draft on its way into the document.
    #[must_use]
    pub fn can_stop(&self) -> bool {
        matches!(self.phase, Phase::Asking | Phase::Verifying | Phase::Landing)
    }

    /// Whether there is a draft that can be kept or taken back.
    #[must_use]
    pub fn stands(&self) -> bool {
        self.phase == Phase::Resting
            && matches!(self.state, State::Done | State::Cancelled)
            && self.weave.regions().iter().any(|region| region.ours() != region.base())
    }

    /// What the user's own typing held back: edits that would complete the draft, over what the user typed.
    #[must_use]
    pub fn rest(&self) -> Vec<Edit> {
        if self.state == State::Done { self.weave.rest() } else { Vec::new() }
    }

    /// Takes in what happened. `poll` is to be called afterwards.
    pub fn step(&mut self, now: Time, input: Input<'_>) -> Vec<Effect> {
        match input {
            Input::Delta(text) => self.delta(text),
            Input::Answered(Ok(answer)) => self.answered(answer),
            Input::Answered(Err(error)) if self.phase == Phase::Asking => self.fail(error.message),
            Input::Verified(verdict) if self.phase == Phase::Verifying => self.verified(verdict),
            Input::Changed { edits, before, after } => self.changed(now, edits, before, after),
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
            Input::Revert if self.stands() => {
                self.weave.revert();
                self.phase = Phase::Reverting(State::Reverted);
                Vec::new()
            }
            Input::Closed => self.cancel("the document was closed"),
            Input::Answered(Err(_)) | Input::Verified(_) | Input::Keep | Input::Revert => Vec::new(),
        }
    }

    /// What to send now. `document` is the text as it stands.
    pub fn poll(&mut self, now: Time, document: &Rope) -> (Send, Vec<Effect>) {
        let may_send = match self.phase {
            Phase::Asking | Phase::Verifying => self.delivery == Delivery::Stream,
            Phase::Landing | Phase::Reverting(_) => true,
            Phase::Resting => self.weave.in_flight(),
        };
        if !may_send {
            return (Send::Nothing, Vec::new());
        }
        match (self.weave.poll(now, document), self.phase.clone()) {
            (Next::Send { id, edits }, _) => {
                let confirm = self.delivery == Delivery::Preview && self.phase == Phase::Landing;
                (Send::Edit { id, edits, confirm }, Vec::new())
            }
            (Next::Wait(at), _) => (Send::At(at), Vec::new()),
            (Next::Settled, Phase::Landing) => (Send::Nothing, self.landed()),
            (Next::Settled, Phase::Reverting(state)) => {
                self.phase = Phase::Resting;
                (Send::Nothing, self.enter(state))
            }
            (Next::Settled, _) => (Send::Nothing, Vec::new()),
            (Next::GaveUp, Phase::Reverting(_)) => {
                self.weave.stop();
                self.phase = Phase::Resting;
                let why = self.message.take().unwrap_or_default();
                self.message = Some(format!(
                    "{why}; the editor did not take the edit that takes the draft back: undo it by hand"
                ));
                (Send::Nothing, self.enter(State::Failed))
            }
            (Next::GaveUp, _) => {
                let effects = self.fail("the editor did not take the edits".to_owned());
                (Send::At(now), effects)
            }
        }
    }

    fn delta(&mut self, text: &str) -> Vec<Effect> {
        if self.phase != Phase::Asking {
            return Vec::new();
        }
        let Some(cleaner) = &mut self.cleaner else { return Vec::new() };
        self.written += text.len();
        let was_done = cleaner.is_done();
        let lines = cleaner.push(text);
        let is_done = cleaner.is_done();
        let mut effects = Vec::new();
        if self.state == State::Asking {
            effects.extend(self.enter(State::Streaming));
        }
        let new = !lines.is_empty();
        for line in lines {
            self.stream.push(&line);
            effects.push(Effect::Line(line));
        }
        if new && self.delivery == Delivery::Stream {
            self.weave.stream(0, self.stream.shown());
        }
        if is_done && !was_done {
            effects.push(Effect::Enough);
        }
        effects
    }

    fn answered(&mut self, answer: Answer) -> Vec<Effect> {
        let finish = answer.finish;
        let most = self.task.request.max_tokens.0;
        self.answer = Some(answer);
        if self.phase != Phase::Asking {
            return Vec::new();
        }
        let Some(cleaner) = self.cleaner.take() else { return Vec::new() };
        match finish {
            Finish::Refusal => return self.fail("the model refused to answer".to_owned()),
            // What came after the code may well have been cut.
            Finish::Length if !cleaner.is_done() => {
                return self.fail(format!("the answer was cut at the limit of {most} tokens; ask for less (or raise the model's `max_tokens`, if it is that low)"));
            }
            Finish::Length | Finish::Stop => {}
        }
        let known = cleaner.lines_told();
        match cleaner.finish() {
            Err(error) => self.fail(error.to_string()),
            Ok(cleaned) => {
                let mut effects = self.last_lines(&cleaned, known);
                let imports = self.weave.regions().get(1).map(crate::draft::region::Region::text);
                self.targets = self.task.targets(&cleaned, imports);
                self.phase = Phase::Verifying;
                effects.extend(self.enter(State::Checking));
                effects.push(Effect::Verify(Box::new(self.task.proposal(&self.targets))));
                effects
            }
        }
    }

    /// The lines of the draft that were not told yet, for those who print them.
    fn last_lines(&self, cleaned: &Cleaned, known: usize) -> Vec<Effect> {
        let eol = self.task.form.eol.as_str();
        let text = cleaned.text.strip_prefix(self.task.form.lead.as_str()).unwrap_or(&cleaned.text);
        let text = text.strip_suffix(eol).unwrap_or(text);
        text.split(eol).skip(known).map(|line| Effect::Line(line.to_owned())).collect()
    }

    fn verified(&mut self, verdict: Result<(), Rejected>) -> Vec<Effect> {
        match verdict {
            Ok(()) => {
                let mut targets = self.targets.clone();
                if let Some(imports) = targets.get_mut(1).filter(|_| !self.weave.takes(0, &self.targets[0])) {
                    // The user wrote where the draft would go: without it, nobody needs its imports.
                    self.weave.regions()[1].base().clone_into(imports);
                }
                self.weave.finish(targets);
                self.phase = Phase::Landing;
                Vec::new()
            }
            Err(rejected) => self.fail(rejected.to_string()),
        }
    }

    fn changed(&mut self, now: Time, edits: &[Edit], before: &Rope, after: &Rope) -> Vec<Effect> {
        let heard = self.weave.changed(now, edits, before, after);
        match (heard, &self.phase) {
            (Heard::Undone, Phase::Resting) if self.stands() => {
                self.weave.stop();
                self.enter(State::Reverted)
            }
            (Heard::Undone, Phase::Asking | Phase::Verifying | Phase::Landing) => {
                self.cancel("you took the draft back")
            }
            (Heard::Gone, Phase::Asking | Phase::Verifying | Phase::Landing) => {
                self.cancel("the place of the draft was deleted")
            }
            _ => Vec::new(),
        }
    }

    fn applied(&mut self, now: Time, id: u64, applied: bool) -> Vec<Effect> {
        if !applied && self.delivery == Delivery::Preview && self.phase == Phase::Landing {
            self.weave.answered(now, id, applied);
            return self.cancel("the draft was declined");
        }
        self.weave.answered(now, id, applied);
        Vec::new()
    }

    fn landed(&mut self) -> Vec<Effect> {
        self.phase = Phase::Resting;
        if !self.weave.rest().is_empty() {
            self.message =
                Some("a part of the draft is held back, for you typed where it would go".to_owned());
        }
        self.enter(State::Done)
    }

    fn cancel(&mut self, why: &str) -> Vec<Effect> {
        match self.phase {
            Phase::Asking | Phase::Verifying | Phase::Landing => {}
            Phase::Reverting(_) | Phase::Resting => return Vec::new(),
        }
        let asking = self.phase == Phase::Asking;
        self.phase = Phase::Resting;
        self.weave.stop();
        self.cleaner = None;
        self.message = Some(why.to_owned());
        let mut effects = if asking { vec![Effect::StopAsking] } else { Vec::new() };
        effects.extend(self.enter(State::Cancelled));
        effects
    }

    fn fail(&mut self, why: String) -> Vec<Effect> {
        let mut effects = if self.phase == Phase::Asking { vec![Effect::StopAsking] } else { Vec::new() };
        self.message = Some(why);
        self.cleaner = None;
        let untouched = self.weave.regions().iter().all(|region| region.ours() == region.base());
        if untouched && !self.weave.in_flight() {
            self.weave.stop();
            self.phase = Phase::Resting;
            effects.extend(self.enter(State::Failed));
        } else {
            self.weave.revert();
            self.phase = Phase::Reverting(State::Failed);
        }
        effects
    }

    /// Fails from outside: a panic, or a limit of the owner's.
    pub fn abort(&mut self, why: String) -> Vec<Effect> {
        if self.phase == Phase::Resting { Vec::new() } else { self.fail(why) }
    }

    fn enter(&mut self, state: State) -> Vec<Effect> {
        if self.state == state {
            return Vec::new();
        }
        self.state = state;
        vec![Effect::Entered(state)]
    }
}
