//! Drafts that are checked, and redrafted while that helps.

use super::*;
use crate::check::Finding;
use crate::job::Checked;
use crate::job::rounds::Limits;

const BAD: &str = "```python\ndef f(x):\n    return nothing(x)\n```\n";
const BAD_BODY: &str = "    return nothing(x)";
const GOOD: &str = "```python\ndef f(x):\n    return x + 1\n```\n";
const GOOD_BODY: &str = "    return x + 1";

impl World {
    fn refined(delivery: Delivery) -> Self {
        let mut world = Self::new(delivery);
        world.run = Run::new(world.run.task().clone(), delivery).refined(Limits::default());
        world
    }

    /// The checks find so much in what is to be checked.
    fn finds(&mut self, count: usize) -> &mut Self {
        let proposal = self.proposals.pop().expect("something is to be checked");
        let start = proposal.drafted().2.start + "\n".len();
        let message = "`nothing` is bound nowhere";
        let finding = |_| Finding::error("names", "unbound", start + 11..start + 18, message);
        let checked = Checked { findings: (0..count).map(finding).collect(), ..Checked::default() };
        self.tell(Input::Checked(checked))
    }

    fn answers(&mut self, answer: &str) -> &mut Self {
        self.says(answer).ends(Finish::Stop)
    }

    /// The next round's question is made.
    fn redrafts(&mut self) -> &mut Self {
        self.wanted.pop().expect("a better draft is wanted");
        let task = Box::new(self.run.task().clone());
        self.tell(Input::Again(task))
    }
}

fn with(body: &str) -> String {
    FILE.replace("    raise NotImplementedError", body)
}

#[test]
fn a_clean_draft_stands_at_once() {
    for delivery in [Delivery::Final, Delivery::Stream, Delivery::Preview] {
        let mut world = World::refined(delivery);
        world.answers(GOOD).finds(0);
        assert_eq!(world.text, with(GOOD_BODY));
        assert_eq!(world.states, [State::Streaming, State::Checking, State::Done]);
        assert_eq!((world.run.round(), world.run.faults().len()), (1, 0));
    }
}

#[test]
fn a_draft_with_findings_is_redrafted() {
    for delivery in [Delivery::Final, Delivery::Stream, Delivery::Preview] {
        let mut world = World::refined(delivery);
        world.answers(BAD);
        // Nobody sees what is not checked, but those who see it come.
        let shown = if delivery == Delivery::Stream { with(BAD_BODY) } else { FILE.to_owned() };
        assert_eq!(world.text, shown, "{delivery:?}");
        world.finds(1);
        assert_eq!(world.states.last(), Some(&State::Refining));
        assert_eq!(world.wanted[0].faults.len(), 1);
        world.redrafts().says("```python\ndef f(x):\n    return x");
        assert_eq!(world.text, shown, "a redraft is not shown before it is better");
        world.says(" + 1\n```\n").ends(Finish::Stop).finds(0);
        assert_eq!(world.text, with(GOOD_BODY), "{delivery:?}");
        assert_eq!(world.run.state(), State::Done);
        assert_eq!((world.run.round(), world.run.round_of_draft()), (2, Some(2)));
        assert_eq!(world.lines, [GOOD_BODY]);
        world.tell(Input::Revert);
        assert_eq!(world.text, FILE, "one step back, whatever the rounds");
    }
}

#[test]
fn a_worse_redraft_does_not_stand() {
    for delivery in [Delivery::Final, Delivery::Stream] {
        let mut world = World::refined(delivery);
        world.answers(BAD).finds(1).redrafts().answers(GOOD).finds(2).redrafts();
        world.answers("```python\ndef f(x):\n    return x + 2\n```\n").finds(3);
        assert_eq!(world.text, with(BAD_BODY), "{delivery:?}");
        assert_eq!((world.run.state(), world.run.round_of_draft()), (State::Done, Some(1)));
        let message = world.run.message().unwrap();
        assert!(message.contains("left over: `nothing`") && message.contains("2 rounds made it no better"));
        let at = world.run.placed(&world.run.faults()[0]).unwrap();
        assert_eq!(world.text.byte_slice(at).to_string(), "nothing");
    }
}

#[test]
fn a_round_that_comes_to_nothing_leaves_the_draft() {
    for delivery in [Delivery::Final, Delivery::Stream] {
        for end in 0..4 {
            let mut world = World::refined(delivery);
            world.answers(BAD).finds(1);
            match end {
                0 => world.redrafts().breaks(),
                1 => world.redrafts().says("def f(x):\n    ret").ends(Finish::Length),
                2 => world.tell(Input::Unrefined("it does not fit".to_owned())),
                _ => world.redrafts().ends(Finish::Refusal),
            };
            assert_eq!(world.text, with(BAD_BODY), "{delivery:?} {end}");
            assert_eq!(world.run.state(), State::Done, "{delivery:?} {end}");
            assert!(world.run.message().unwrap().contains("round 2 was not finished"), "{end}");
        }
    }
}

#[test]
fn an_answer_that_cannot_stand_is_asked_for_again() {
    for delivery in [Delivery::Final, Delivery::Stream] {
        for answer in ["I cannot help with that.", "```python\ndef f(x):\n    return (\n```\n"] {
            let mut world = World::refined(delivery);
            world.answers(answer);
            assert_eq!(world.states.last(), Some(&State::Refining), "{answer}");
            assert!(world.wanted[0].rejected.is_some());
            world.redrafts().answers(GOOD).finds(0);
            assert_eq!(world.text, with(GOOD_BODY), "{delivery:?} {answer}");
        }
    }
}

#[test]
fn a_draft_that_has_gone_wrong_is_not_waited_for() {
    for delivery in [Delivery::Final, Delivery::Stream] {
        let mut world = World::refined(delivery);
        world.says("```python\ndef f(x):\n    a = = 1\n    b = 2\n    c = 3\n    d = 4\n    e = 5\n");
        assert!(world.stopped_asking, "{delivery:?}");
        assert_eq!(world.states.last(), Some(&State::Refining));
        world.redrafts().answers(GOOD).finds(0);
        assert_eq!(world.text, with(GOOD_BODY), "{delivery:?}");
    }
}

#[test]
fn what_never_stands_leaves_the_file() {
    for delivery in [Delivery::Final, Delivery::Stream] {
        let mut world = World::refined(delivery);
        world.answers("no code").redrafts().answers("def f(x):\n    return (\n").redrafts();
        world.answers("none here either");
        assert_eq!(world.text, FILE, "{delivery:?}");
        assert_eq!(world.run.state(), State::Failed);
    }
}

#[test]
fn a_user_may_type_stop_and_undo_meanwhile() {
    let mut world = World::refined(Delivery::Stream);
    world.answers(BAD).types("return nothing", "# mine\n    ").finds(1);
    world.redrafts().types("def below", "# typed\n").answers(GOOD).finds(0);
    let text = world.text.to_string();
    assert!(text.contains("# mine\n") && text.contains("# typed\n"), "{text}");
    for delivery in [Delivery::Final, Delivery::Stream] {
        for moment in 0..2 {
            let mut world = World::refined(delivery);
            world.answers(BAD);
            if moment == 1 {
                world.finds(1).redrafts();
            }
            let stood = world.text.clone();
            world.tell(Input::Stop);
            assert!(world.stopped_asking, "whoever works for it is told");
            assert_eq!((world.run.state(), world.text.clone()), (State::Cancelled, stood));
        }
    }
}
