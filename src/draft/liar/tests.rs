//! What must hold whatever the client does and whatever its user types; then the manners one by one.

use proptest::prelude::*;

use super::*;
use crate::draft::weave::Heard;
use crate::text::diff;

proptest! {
    /// Random typing above, below and inside the region against a client in every manner.
    #[test]
    fn no_client_makes_us_lose_text(steps in proptest::collection::vec(step(), 0..60), base in "(|old\n|old\nlines\nstand\n)", merges in any::<bool>()) {
        let (before, after) = ("10203\n", "40506\n0");
        let mut world = World::new(before, &base, after);
        world.merges = merges;
        for step in steps {
            world.step(step);
        }
        world.thaw();
        world.settle();
        world.check(before, after);
    }

    /// After an error everything is as it was, but for what the user typed. (A client that merges tells a letter of ours
    /// between two of the user's as the user's.)
    #[test]
    fn a_revert_leaves_what_the_user_typed(steps in proptest::collection::vec(step(), 0..60), base in "(|old\n|old\nlines\nstand\n)") {
        let (before, after) = ("10203\n", "40506\n0");
        let mut world = World::new(before, &base, after);
        for step in steps {
            world.step(step);
        }
        world.thaw();
        world.target = base.clone();
        world.settle();
        world.ends(End::Failed);
        world.settle();
        world.check(before, after);
        let plain: String = world.client.chars().filter(|ch| !ch.is_ascii_uppercase() && *ch != '0').collect();
        if !world.gave_up {
            prop_assert_eq!(plain, format!("123\n{base}456\n"));
        }
    }
}

proptest! {
    /// A run is over, and its client wakes up later: after a stop nothing of the draft is sent, and what lands is the part that
    /// stands; what landed of a run that failed is taken back; what landed in the wrong place is put right.
    #[test]
    fn what_lands_late_is_taken_back_or_accounted_for(
        steps in proptest::collection::vec(step(), 0..40),
        end in prop_oneof![Just(End::Stopped), Just(End::Failed), Just(End::Done)],
        after in proptest::collection::vec(step(), 0..30),
        base in "(|old\n|old\nlines\nstand\n)",
        merges in any::<bool>(),
    ) {
        let (before, behind) = ("10203\n", "40506\n0");
        let mut world = World::new(before, &base, behind);
        world.merges = merges;
        for step in steps {
            world.step(step);
        }
        if world.end.is_none() {
            world.ends(end);
        }
        for step in after {
            world.step(step);
        }
        world.thaw();
        world.settle();
        world.check(before, behind);
        if base.is_empty() {
            prop_assert!(
                !world.sent_at_rest.contains(|ch: char| ch.is_ascii_lowercase()),
                "sent after the stop: {:?}",
                world.sent_at_rest
            );
        }
    }
}

/// A world with one line of answer in flight.
fn asked() -> World {
    let mut world = World::new("1\n", "pass\n", "2\n");
    world.step(Step::Line("first".to_owned()));
    assert_eq!(world.inbox.len(), 1, "the first line leaves at once");
    world
}

#[test]
fn a_true_answer_without_an_echo_is_not_believed() {
    let mut world = asked();
    world.step(Step::Type(0, "X".to_owned()));
    world.step(Step::Handle(Manner::Liar));
    world.step(Step::Tell);
    assert!(world.inbox.is_empty() && world.weave.in_flight(), "it waits for the echo");
    world.step(Step::Pass(400));
    assert_eq!(world.inbox.len(), 1, "and sends again, rebased");
    world.step(Step::Handle(Manner::Honest));
    world.step(Step::Tell);
    assert!(world.client.to_string().starts_with("X1\nfirstgg\n"), "{}", world.client);
}

/// Emacs' eglot asks its user first, or tells what it did once its user pauses: each edit that is sent meanwhile would be
/// one more question, or land twice.
#[test]
fn an_edit_that_nothing_says_was_dropped_is_not_sent_again() {
    for answers_first in [true, false] {
        let mut world = asked();
        world.tells_within = Duration::from_secs(600);
        if answers_first {
            world.step(Step::Handle(Manner::Honest));
        }
        for _ in 0..60 {
            world.step(Step::Pass(5_000));
            assert!(world.weave.in_flight() && world.inbox.len() == usize::from(!answers_first));
        }
        world.step(Step::Handle(Manner::Honest));
        world.step(Step::Tell);
        assert_eq!(world.client, "1\nfirstgg\n2\n");
        world.settle();
        assert_eq!(world.client, "1\nfirstgg\n2\n");
    }
}

#[test]
fn an_edit_that_was_dropped_is_sent_again_once_the_user_types_on() {
    for (manner, by_typing) in
        [(Manner::Silent, true), (Manner::Silent, false), (Manner::Drops, true), (Manner::Drops, false)]
    {
        let mut world = asked();
        world.step(Step::Handle(manner));
        if by_typing {
            world.step(Step::Type(0, "X".to_owned()));
            world.step(Step::Tell);
            world.step(Step::Pass(400));
        } else {
            world.step(Step::Pass(600_000));
        }
        assert_eq!(world.inbox.len(), 1);
        world.step(Step::Handle(Manner::Honest));
        world.step(Step::Tell);
        assert!(world.client.to_string().ends_with("1\nfirstgg\n2\n"), "{}", world.client);
    }
}

#[test]
fn one_edit_is_in_flight_and_later_lines_merge() {
    let mut world = asked();
    for line in ["second", "third"] {
        world.step(Step::Line(line.to_owned()));
    }
    assert_eq!(world.inbox.len(), 1);
    world.step(Step::Handle(Manner::Honest));
    world.step(Step::Pass(100));
    world.step(Step::Tell);
    world.step(Step::Pass(200));
    assert_eq!(world.inbox.len(), 1);
    assert_eq!(diff::size(&world.inbox[0].1), "secondgh\nthirdgi\n".len());
}

#[test]
fn an_undo_is_told_apart_from_typing() {
    for (undo, expected) in [(true, Heard::Undone), (false, Heard::Inside)] {
        let mut world = asked();
        let undone = world.client.clone();
        world.step(Step::Handle(Manner::Honest));
        world.step(Step::Tell);
        let before = world.client.clone();
        let mut after = before.clone();
        Edit::new(4..5, "").apply(&mut after);
        let after = if undo { undone } else { after };
        let edits = diff::edits(&before.to_string(), &after.to_string());
        assert_eq!(world.weave.changed(world.now, &edits, &before, &after), expected);
    }
}

#[test]
fn edits_wait_for_quiet_and_for_saves() {
    let mut world = asked();
    world.step(Step::Handle(Manner::Honest));
    world.step(Step::Tell);
    world.weave.saving(world.now);
    world.step(Step::Line("second".to_owned()));
    world.step(Step::Pass(500));
    assert!(world.inbox.is_empty(), "nothing between willSave and didSave");
    world.weave.saved(world.now);
    world.step(Step::Pass(50));
    assert!(world.inbox.is_empty(), "nor just after");
    world.step(Step::Pass(60));
    assert_eq!(world.inbox.len(), 1);
}

#[test]
fn a_client_that_never_takes_our_edits_is_given_up() {
    let mut world = asked();
    for _ in 0..20 {
        world.step(Step::Handle(Manner::Refuses));
        world.step(Step::Pass(2_000));
    }
    assert!(world.gave_up);
    assert_eq!(world.client, "1\npass\n2\n");
}

/// Neovim does not check the version that didOpen gave, and tells late and in one: typing, and our edit, as it was sent, on
/// top of that.
#[test]
fn a_stale_edit_that_neovim_took_is_taken_back_and_sent_again() {
    let mut world = World::new("def f():\n", "", "rest\n");
    world.step(Step::Line("    return".to_owned()));
    world.step(Step::Type(0, "# TYPED\n".to_owned()));
    world.step(Step::Handle(Manner::Careless));
    assert!(world.client.to_string().starts_with("# TYPED\n    returngg\ndef f"), "{}", world.client);
    world.merges = true;
    world.step(Step::Tell);
    world.settle();
    assert_eq!(world.client, "# TYPED\ndef f():\n    returngg\nrest\n");
}

/// The same with an edit that deletes, told as Neovim tells it: the user's change and ours, both in one notification.
#[test]
fn a_stale_deletion_is_taken_back_where_it_is_told_apart() {
    let mut world = World::new("def f():\n", "    pass\n", "rest\n");
    world.target = "    return 1\n".to_owned();
    world.weave.finish(vec![world.target.clone()]);
    world.poll();
    world.step(Step::Type(0, "# TYPED\n".to_owned()));
    world.step(Step::Handle(Manner::Careless));
    assert_eq!(world.client, "# TYPED\ndef return 1\n    pass\nrest\n", "it took the wrong text away");
    let edits: Vec<Edit> = world.untold.drain(..).flat_map(|(edits, _)| edits).collect();
    let after = world.client.clone();
    world.hear(&edits, after);
    world.settle();
    assert_eq!(world.client, "# TYPED\ndef f():\n    return 1\nrest\n");
}

/// Emacs' eglot (1.17) counts a version when it tells: it takes what comes for the last one that it told, though its user has
/// typed since, and tells both as one range. (Where our edit takes away what was never told, nobody can bring it back.)
fn typed_on_a_careless_client_that_merges(above: usize, below: usize, then: usize, base: &str, answer: &str) {
    let (head, tail) = ("# head\ndef f():\n    \"\"\"Text of some length.\"\"\"\n", "# tail\nrest\nmore\n");
    let mut world = World::new(head, base, tail);
    world.target = answer.to_owned();
    world.weave.finish(vec![world.target.clone()]);
    world.poll();
    world.step(Step::Type(0, "# ABOVE\n".repeat(above)));
    let end = world.client.len_bytes();
    world.step(Step::Type(end, "# BELOW\n".repeat(below)));
    world.step(Step::Handle(Manner::Careless));
    // Its user goes on before it tells anything (kak-lsp, which tells the whole text).
    world.step(Step::Type(0, "# THEN\n".repeat(then)));
    world.merges = true;
    world.step(Step::Tell);
    world.settle();
    let (then, above, below) =
        ("# THEN\n".repeat(then), "# ABOVE\n".repeat(above), "# BELOW\n".repeat(below));
    assert_eq!(world.client, format!("{then}{above}{head}{answer}{tail}{below}"), "{base:?} {answer:?}");
}

#[test]
fn a_stale_replacement_is_taken_back_though_it_was_told_together_with_typing() {
    let typed = [
        (1, 0, 0),
        (0, 1, 0),
        (1, 1, 0),
        (2, 0, 0),
        (2, 1, 0),
        (3, 3, 0),
        (0, 0, 0),
        (1, 0, 1),
        (2, 0, 1),
        (1, 1, 2),
        (3, 2, 3),
    ];
    for (above, below, then) in typed {
        for base in ["    raise NotImplementedError\n", "    pass\n", "    x = 1\n    pass\n"] {
            for answer in [
                "    result = 0\n    return result\n",
                "    return 1\n",
                "    raise Other\n    # two\n    x = 2\n",
            ] {
                typed_on_a_careless_client_that_merges(above, below, then, base, answer);
            }
        }
    }
}

/// kak-lsp (22): as above, and what is past a line's end takes the break along. It tells the whole text.
#[test]
fn a_stale_replacement_that_took_a_break_along_is_taken_back() {
    let (head, tail) = ("import math\n\n\ndef f():\n", "\n\ndef g():\n    return 2\n");
    for typed in ["one = 1\n", "one = 1\ntwo = 2\n"] {
        let mut world = World::new(head, "    raise NotImplementedError\n", tail);
        world.target = "    result = 0\n    return result\n".to_owned();
        world.weave.finish(vec![world.target.clone()]);
        world.poll();
        world.step(Step::Type(0, typed.to_owned()));
        let (id, edits, known) = world.inbox.pop_front().unwrap();
        let raw: Vec<Edit> = moved(&edits, &known, &world.client)
            .into_iter()
            .map(|edit| {
                let line = world.client.byte_to_line(edit.range.end);
                let wanted = known.byte_to_line(edits[0].range.end);
                let is_short = line == wanted && world.client.line(line).len_bytes() <= 1;
                Edit { range: edit.range.start..edit.range.end + usize::from(is_short), ..edit }
            })
            .collect();
        world.client_changes(&raw);
        world.weave.answered(world.now, id, true);
        world.merges = true;
        world.step(Step::Tell);
        world.settle();
        assert_eq!(world.client, format!("{typed}{head}{}{tail}", world.target));
    }
}
