//! Runs whose answer is told: whatever comes, the file is nothing to them.

use super::*;

fn world() -> World {
    let mut world = World::new(Delivery::Stream);
    let task = Task { tells: true, ..world.run.task().clone() };
    world.run = Run::new(task, Delivery::Stream).refined(Default::default());
    world
}

#[test]
fn an_answer_is_told_once_and_changes_nothing() {
    let mut world = world();
    for piece in ["<think>\nhm\n</think>\n\nIt ", "adds.\n\n```python\nreturn", " 1\n```\n"] {
        world.says(piece).types("    return 2", "# typed meanwhile\n");
    }
    let text = world.text.clone();
    world.ends(Finish::Stop);
    assert_eq!(world.words, ["It adds.\n\n```python\nreturn 1\n```"]);
    assert_eq!(world.lines.join("\n"), world.words[0]);
    assert_eq!((world.states.as_slice(), world.edits), (&[State::Streaming, State::Done][..], 0));
    assert_eq!(world.text, text);
    assert!(world.run.has_told() && !world.run.stands() && !world.run.is_live());
    world.tell(Input::Keep).tell(Input::Revert).tell(Input::Stop);
    assert_eq!((world.run.state(), world.edits), (State::Done, 0));
}

#[test]
fn what_was_told_of_a_fence_is_told_anew() {
    let mut world = world();
    world.says("```markdown\nIt\nadds.\n```").ends(Finish::Stop);
    assert_eq!(
        (world.words.join(""), world.lines.join("\n")),
        ("It\nadds.".to_owned(), "It\nadds.".to_owned())
    );
}

#[test]
fn the_place_may_go_while_it_is_asked_about() {
    let mut world = world();
    let before = world.text.clone();
    let edit = Edit::new(0..before.len_bytes(), "");
    edit.apply(&mut world.text);
    world.says("It a").change(&[edit], &before);
    world.says("dds.").ends(Finish::Stop);
    assert_eq!(world.words, ["It adds."]);
}

#[test]
fn what_goes_wrong_tells_nothing() {
    type Fault = fn(&mut World) -> &mut World;
    let faults: [(&str, State, Fault); 6] = [
        ("the stream broke", State::Failed, |world| world.breaks()),
        ("refused", State::Failed, |world| world.ends(Finish::Refusal)),
        ("stopped", State::Cancelled, |world| world.tell(Input::Stop)),
        ("closed", State::Cancelled, |world| world.tell(Input::Closed)),
        ("repeats itself", State::Failed, |world| world.says(&"and so on and so forth\n".repeat(200))),
        ("gave up", State::Failed, |world| {
            let effects = world.run.abort("gave up".to_owned());
            world.perform(effects);
            world
        }),
    ];
    for (expected, state, fault) in faults {
        let mut world = world();
        fault(world.says("It ")).says("adds.").ends(Finish::Stop);
        assert_eq!((world.run.state(), world.words.as_slice()), (state, &[][..]), "{expected}");
        assert!(world.run.message().unwrap().contains(expected), "{:?}", world.run.message());
        assert_eq!((world.text.to_string().as_str(), world.edits), (FILE, 0));
    }
    let mut nothing = world();
    nothing.says("\n \n").ends(Finish::Stop);
    assert!(nothing.run.message().unwrap().contains("answered nothing"));
    let mut cut = world();
    cut.says("It ad").ends(Finish::Length);
    assert_eq!((cut.words.as_slice(), cut.run.state()), (&["It ad".to_owned()][..], State::Done));
    assert!(cut.run.message().unwrap().contains("limit of 100 tokens"));
}

#[test]
fn another_model_begins_anew() {
    let mut world = world();
    world.says("It sub");
    let task = world.run.task().clone();
    world.says("tracts.\nNo").tell(Input::Again(Box::new(task)));
    world.says("It adds.").ends(Finish::Stop);
    assert_eq!(
        (world.words.as_slice(), world.lines.as_slice()),
        (&["It adds.".to_owned()][..], &["It adds.".to_owned()][..])
    );
}
