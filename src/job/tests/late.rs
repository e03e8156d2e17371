//! What an editor that was busy does late: an edit that lands after its run is over is taken back, or accounted for.

use super::*;
use crate::job::rounds::Limits;
use crate::text::position::{Encoding, to_offset, to_position};

/// A whole answer that a busy editor has not looked at.
fn asked(delivery: Delivery) -> World {
    let mut world = World::new(delivery);
    world.waiting = Some(Vec::new());
    // The last lines wait a moment for the answer's end.
    world.says(ANSWER).waits();
    world
}

impl World {
    /// The editor looks at what waits: it takes what is of the text that it has, and refuses the rest.
    fn thaws(&mut self) -> &mut Self {
        for (id, edits, known) in self.waiting.take().unwrap_or_default() {
            let applied = known == self.text;
            if applied {
                self.lands(&edits);
            }
            self.tell(Input::Applied { id, applied });
        }
        self.settle()
    }

    /// Time passes until the run has something to send, or is over.
    fn waits(&mut self) -> &mut Self {
        if let (Send::At(at), _) = self.run.poll(self.now, &self.text) {
            self.now = self.now.max(at);
        }
        self.settle()
    }

    fn gives_up(&mut self) -> &mut Self {
        while !self.run.state().is_over() {
            self.waits();
        }
        self
    }

    fn lands(&mut self, edits: &[Edit]) {
        let before = self.text.clone();
        apply_all(&mut self.text, edits);
        self.change(&sequential(edits), &before);
    }

    fn check(&self, state: State, text: &str) {
        assert_eq!((self.run.state(), self.text.to_string().as_str()), (state, text));
        assert!(!self.run.is_live() && !self.run.watches(self.now + Time::from_secs(10)), "all is answered");
    }
}

#[test]
fn a_draft_that_lands_after_it_was_given_up_is_taken_back() {
    for delivery in [Delivery::Final, Delivery::Stream] {
        let mut world = asked(delivery);
        world.ends(Finish::Stop).gives_up();
        assert_eq!(world.run.state(), State::Failed, "{delivery:?}");
        assert!(world.run.watches(world.now) && !world.run.is_live() && !world.run.stands());
        assert!(world.waiting.as_ref().unwrap().len() > 4, "it was sent again and again");
        world.thaws().check(State::Failed, FILE);
        assert_eq!(world.states.iter().filter(|state| **state == State::Failed).count(), 1, "told once");
    }
}

#[test]
fn a_draft_that_lands_after_an_error_is_taken_back() {
    let mut world = asked(Delivery::Stream);
    world.breaks().gives_up();
    assert_eq!(world.run.state(), State::Failed);
    world.types("def below", "# typed\n");
    let mut edits = world.waiting.take().unwrap();
    // It takes the edit whatever its version: below it, the user's typing moves nothing.
    let (id, edits, _) = edits.remove(0);
    world.lands(&edits);
    world.tell(Input::Applied { id, applied: true });
    world.check(State::Failed, &FILE.replace("def below", "# typed\ndef below"));
}

#[test]
fn what_lands_after_a_stop_is_the_part_that_stands_and_can_be_taken_back() {
    let mut world = asked(Delivery::Stream);
    world.tell(Input::Stop);
    assert_eq!((world.run.state(), world.run.stands()), (State::Cancelled, false));
    let sent = world.edits;
    world.thaws();
    assert!(world.run.stands(), "it can be kept or taken back");
    assert!(world.text.to_string().contains("    y = re.sub"), "{}", world.text);
    assert_eq!(world.edits, sent, "nothing is sent after a stop");
    world.tell(Input::Revert);
    world.check(State::Reverted, FILE);
}

#[test]
fn what_lands_in_the_wrong_place_after_a_stop_is_put_right() {
    let mut world = World::new(Delivery::Stream);
    world.says("def f(x):\n    y = 1\n");
    let stood = world.text.to_string();
    world.waiting = Some(Vec::new());
    world.now += Time::from_secs(1);
    world.says("    z = 2\n").tell(Input::Stop);
    let (id, edits, known) = world.waiting.take().unwrap().remove(0);
    world.types("import os", "# typed\n");
    let raw = raw(&edits, &known, &world.text);
    world.lands(&raw);
    world.tell(Input::Applied { id, applied: true });
    world.check(State::Cancelled, &format!("# typed\n{stood}"));
}

/// Its first lines stand somewhere else, and until they are put right the file is torn.
#[test]
fn a_draft_is_checked_in_the_file_as_it_will_be_once_all_is_put_right() {
    let mut world = World::new(Delivery::Stream);
    world.run = Run::new(world.run.task().clone(), Delivery::Stream).refined(Limits::default());
    world.waiting = Some(Vec::new());
    world.says("def f(x):\n    y = x\n").waits();
    let (_, edits, known) = world.waiting.as_mut().unwrap().remove(0);
    world.types("\ndef f", "# typed\n");
    let raw = raw(&edits, &known, &world.text);
    world.lands(&raw);
    let whole = FILE.replace("\ndef f", "# typed\n\ndef f");
    assert!(world.text.to_string().contains("    y = x\ndef f"), "it is torn: {}", world.text);
    world.says("    return y\n").ends(Finish::Stop);
    let proposal = world.proposals.pop().expect("something is to be checked");
    assert_eq!(proposal.text, whole);
    let body = "    y = x\n    return y";
    assert_eq!(proposal.drafted_text(), whole.replace("    raise NotImplementedError", body));
}

#[test]
fn what_lands_after_the_user_took_the_draft_back_is_taken_back_too() {
    let mut world = World::new(Delivery::Stream);
    world.says("def f(x):\n    y = 1\n");
    let stood = world.text.clone();
    world.waiting = Some(Vec::new());
    world.now += Time::from_secs(1);
    world.says("    z = 2\n");
    let (id, edits, _) = world.waiting.take().unwrap().remove(0);
    // An undo, and the edit of before on top of it: the place is the same, and so is what stands there.
    world.text = Rope::from_str(FILE);
    let undo = crate::text::diff::edits(&stood.to_string(), FILE);
    world.change(&undo, &stood);
    world.settle();
    assert_eq!(world.run.state(), State::Cancelled);
    let at = FILE.find("\n    raise").unwrap();
    let late = vec![Edit::new(at..at, edits[0].text.clone())];
    world.lands(&late);
    world.tell(Input::Applied { id, applied: true });
    world.check(State::Cancelled, FILE);
}

#[test]
fn a_second_landing_of_a_draft_that_stands_is_taken_back() {
    let mut world = asked(Delivery::Final);
    world.ends(Finish::Stop).waits();
    let mut waiting = world.waiting.take().unwrap();
    let (id, again, _) = waiting.pop().unwrap();
    world.lands(&again);
    world.tell(Input::Applied { id, applied: true });
    assert_eq!((world.run.state(), world.text.to_string().as_str()), (State::Done, DONE));
    // And then the first, which was given up, with the lines and columns that it was sent with.
    let (id, first, known) = waiting.pop().unwrap();
    let first = raw(&first, &known, &world.text);
    world.lands(&first);
    world.tell(Input::Applied { id, applied: true });
    world.check(State::Done, DONE);
    assert!(world.run.stands());
}

#[test]
fn nobody_watches_for_ever() {
    let mut world = asked(Delivery::Final);
    world.ends(Finish::Stop).gives_up();
    assert!(world.run.watches(world.now));
    assert!(!world.run.watches(world.now + Time::from_secs(3600)));
}

/// Edits of `known` as a careless editor takes them: the same lines and columns, though they are others now.
fn raw(edits: &[Edit], known: &Rope, text: &Rope) -> Vec<Edit> {
    let place = |at| to_offset(text, to_position(known, at, Encoding::Utf8), Encoding::Utf8);
    edits
        .iter()
        .map(|edit| Edit::new(place(edit.range.start)..place(edit.range.end), edit.text.clone()))
        .collect()
}
