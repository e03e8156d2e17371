//! Another model is asked when the first one fails: its draft is a draft of its own.

use proptest::prelude::*;

use super::*;

impl World {
    /// The first model failed, and another is asked.
    fn again(&mut self) -> &mut Self {
        let task = Box::new(self.run.task().clone());
        self.tell(Input::Again(task))
    }
}

#[test]
fn the_next_model_begins_anew() {
    let partial = "```python\nimport json\n\ndef f(x):\n    y = 1\n    z = json.loads(y)\n    retu";
    for delivery in [Delivery::Stream, Delivery::Final, Delivery::Preview] {
        for first in ["", "```python\ndef", partial] {
            let mut world = World::new(delivery);
            if !first.is_empty() {
                world.says(first);
            }
            let shown = delivery == Delivery::Stream && first == partial;
            assert_eq!(world.text.to_string().contains("y = 1"), shown, "{delivery:?}");
            assert_eq!(world.run.has_written(), shown);
            world.again().says(ANSWER).ends(Finish::Stop);
            assert_eq!(world.text, DONE, "{delivery:?} {first:?}");
            assert_eq!(world.lines, ["    y = re.sub('a', 'b', x)", "    return y"]);
            let begun: &[State] = if first.is_empty() { &[] } else { &[State::Streaming, State::Asking] };
            let rest = [State::Streaming, State::Checking, State::Done];
            assert_eq!(world.states, [begun, &rest].concat(), "{delivery:?} {first:?}");
            world.tell(Input::Revert);
            assert_eq!(world.text, FILE, "{delivery:?} {first:?}");
        }
    }
}

#[test]
fn the_next_model_may_fail_too() {
    for delivery in [Delivery::Stream, Delivery::Final] {
        let mut world = World::new(delivery);
        world.says("def f(x):\n    y = 1\n    z = 2\n").types("def below", "# typed\n").again();
        world.says("def f(x):\n    other = 1\n").breaks().settle();
        assert_eq!(world.text.to_string().replace("# typed\n", ""), FILE);
        assert_eq!(world.run.state(), State::Failed);
    }
}

#[test]
fn a_run_that_is_over_asks_nobody() {
    for end in [Input::Stop, Input::Closed] {
        let mut world = World::new(Delivery::Stream);
        world.says("def f(x):\n    y = 1\n").tell(end);
        let stood = world.text.clone();
        world.again().says(ANSWER).ends(Finish::Stop);
        assert_eq!(world.text, stood);
        assert_eq!(world.run.state(), State::Cancelled);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Wherever the first answer breaks off, and whatever its user types beside the draft meanwhile, what stands in the end is the
    /// second model's draft alone.
    #[test]
    fn two_models_texts_are_never_joined(
        first in "(```python\n)?(import json\n)?(def f\\(x\\):\n)?(    [a-d] = [0-9]\n|    return [a-d]\n|\n){0,6}( {4}[a-d])?",
        cut in 0usize..40,
        typed in 0usize..3,
    ) {
        let mut world = World::new(Delivery::Stream);
        for chunk in first.split_inclusive([' ', '\n']) {
            world.says(chunk);
        }
        for _ in 0..typed {
            world.types("def below", "# typed\n");
        }
        world.again();
        let cut = ANSWER.floor_char_boundary(cut.min(ANSWER.len()));
        world.says(&ANSWER[..cut]).says(&ANSWER[cut..]).ends(Finish::Stop);
        prop_assert_eq!(world.text.to_string().replace("# typed\n", ""), DONE);
        prop_assert_eq!(world.text.to_string().matches("# typed").count(), typed);
    }
}
