//! How a run ends otherwise than with a draft: it fails, is stopped, or is taken back.

use super::{Effect, Phase, Run, State};

impl Run {
    /// What was there comes back; then the run is there.
    pub(super) fn revert(&mut self, then: State) -> Vec<Effect> {
        self.unwanted = true;
        self.weave.revert();
        self.phase = Phase::Reverting(then);
        Vec::new()
    }

    /// Nothing goes on; what was sent may still land.
    pub(super) fn come_to_rest(&mut self) {
        self.weave.stop();
        self.phase = Phase::Resting;
    }

    /// The editor takes no edit, and something of ours stands where it should not: only its user can take it away.
    pub(super) fn left_to_the_user(&mut self) -> Vec<Effect> {
        let what = if self.weave.is_astray() {
            "an edit that came too late stands in the wrong place, and the editor did not take the one that puts it right"
        } else {
            "the editor did not take the edit that takes the draft back"
        };
        self.weave.leave_astray();
        self.come_to_rest();
        let why = self.message.take().map(|why| format!("{why}; ")).unwrap_or_default();
        self.message = Some(format!("{why}{what}: undo it by hand"));
        // Told once more where it has failed before: there is something to do now.
        self.state = State::Failed;
        vec![Effect::Entered(State::Failed)]
    }

    pub(super) fn cancel(&mut self, why: &str) -> Vec<Effect> {
        match self.phase {
            Phase::Asking | Phase::Verifying | Phase::Inspecting | Phase::Landing => {}
            Phase::Reverting(_) | Phase::Resting => return Vec::new(),
        }
        let asking = self.is_waiting();
        self.come_to_rest();
        (self.cleaner, self.words) = (None, None);
        self.message = Some(why.to_owned());
        let mut effects = if asking { vec![Effect::StopAsking] } else { Vec::new() };
        effects.extend(self.enter(State::Cancelled));
        effects
    }

    pub(super) fn fail(&mut self, why: String) -> Vec<Effect> {
        let mut effects = if self.is_waiting() { vec![Effect::StopAsking] } else { Vec::new() };
        self.message = Some(why);
        (self.cleaner, self.words) = (None, None);
        if self.has_written() {
            effects.extend(self.revert(State::Failed));
        } else {
            self.unwanted = true;
            self.come_to_rest();
            effects.extend(self.enter(State::Failed));
        }
        effects
    }

    /// Fails from outside: a panic, or a limit of the owner's.
    pub fn abort(&mut self, why: String) -> Vec<Effect> {
        if self.phase == Phase::Resting { Vec::new() } else { self.fail(why) }
    }
}
