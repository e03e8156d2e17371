//! Editors that refuse, drop and lie: the draft comes all the same where it can, and else what was there is there again.

use proptest::prelude::*;
use redraft::model::ErrorKind;
use redraft::model::provider::scripted::{Gate, Scripted, Step};
use serde_json::json;

use crate::harness::{Client, Manner, wait_for};
use crate::{LINES, SHAPES, gated, gated_lines, open_all, writer, written};

fn check(delivery: &str, manners: &[Manner], expected: &str) {
    let mut client = Client::with(&writer(), delivery, SHAPES);
    client.manners.extend(manners.iter().cloned());
    let run = client.run("implement", "raise");
    client.until_state(&run, "done");
    client.barrier();
    assert_eq!(client.text(), expected, "{delivery} {manners:?}");
    client.finish();
}

#[test]
fn an_edit_that_is_refused_or_dropped_comes_again() {
    let whole = written(SHAPES);
    for delivery in ["final", "stream"] {
        check(delivery, &[Manner::Refuses, Manner::Refuses], &whole);
        let typed = whole.replace("def below", " def below");
        check(delivery, &[Manner::Drops("def below")], &typed);
        check(delivery, &[Manner::Refuses, Manner::Drops("def below"), Manner::Mute], &typed);
    }
}

/// No answer is no refusal: the editor may be asking its user. It is one once that user types on.
#[test]
fn an_edit_that_is_ignored_comes_again_when_its_user_types_on() {
    for delivery in ["final", "stream"] {
        let mut client = Client::with(&writer(), delivery, SHAPES);
        client.manners.push_back(Manner::Ignores);
        let run = client.run("implement", "raise");
        client.until("an edit", |client| !client.edits.is_empty());
        client.type_before("import os", "# 🦀\n");
        client.until_state(&run, "done");
        client.barrier();
        assert_eq!(client.text(), written(SHAPES).replace("import os", "# 🦀\nimport os"), "{delivery}");
        client.finish();
    }
}

/// Emacs before 29 leaves what comes right behind an answer unread until something else comes.
#[test]
fn an_editor_that_does_not_answer_is_reminded_once() {
    let mut client = Client::with(&writer(), "final", SHAPES);
    client.manners.push_back(Manner::Holds);
    let run = client.run("implement", "raise");
    let reminded =
        |client: &Client| client.log.iter().filter(|line| line.contains("has not answered")).count();
    client.until("a reminder", |client| reminded(client) > 0);
    assert_eq!(client.held.len(), 1, "it comes after the edit");
    client.release(Manner::Honest);
    client.until_state(&run, "done");
    assert_eq!((client.text(), reminded(&client)), (written(SHAPES).as_str(), 1));
    client.finish();
}

#[test]
fn an_edit_without_an_answer_is_acknowledged_by_its_content() {
    check("final", &[Manner::Mute], &written(SHAPES));
}

#[test]
fn an_echo_that_comes_with_typing_is_told_apart() {
    for delivery in ["final", "stream"] {
        let typed = Manner::Merges { before: "import os", text: "# 🦀\n" };
        check(delivery, &[typed], &written(SHAPES).replace("import os", "# 🦀\nimport os"));
        let typed = Manner::Merges { before: "return 2", text: "x = 1; " };
        check(delivery, &[typed], &written(SHAPES).replace("return 2", "x = 1; return 2"));
    }
}

#[test]
fn an_edit_that_was_applied_though_stale_is_put_right() {
    for delivery in ["final", "stream"] {
        // One line above: every line of the edit's range is another's now.
        let typed = Manner::AppliesStale { before: "import os", text: "# one\n" };
        check(delivery, &[typed], &written(SHAPES).replace("import os", "# one\nimport os"));
    }
}

#[test]
fn an_editor_that_never_takes_an_edit_has_its_run_fail() {
    for manner in [Manner::Refuses, Manner::Drops("def below")] {
        let mut client = Client::with(&writer(), "final", SHAPES);
        client.manners.extend(std::iter::repeat_n(manner.clone(), 12));
        let run = client.run("implement", "raise");
        assert!(client.until_state(&run, "failed").contains("did not take"));
        client.shows(1, "did not take");
        let edits = client.edits.len();
        client.barrier();
        let typed = if matches!(manner, Manner::Drops(_)) { edits } else { 0 };
        let expected = SHAPES.replace("def below", &format!("{}def below", " ".repeat(typed)));
        assert_eq!((client.text(), client.edits.len()), (expected.as_str(), edits));
        assert!(edits <= 6, "{edits}");
        client.finish();
    }
}

#[test]
fn an_editor_that_stops_taking_edits_midway_is_told_to_undo() {
    let (provider, gate) = gated();
    let mut client = Client::with(&provider, "stream", SHAPES);
    let run = client.run("implement", "raise");
    gate.open();
    client.until_text(LINES[0]);
    client.manners.extend(std::iter::repeat_n(Manner::Refuses, 24));
    open_all(&gate);
    assert!(client.until_state(&run, "failed").contains("undo it by hand"));
    client.shows(1, "undo it by hand");
    client.finish();
}

#[test]
fn a_progress_that_the_editor_does_not_want_is_not_shown() {
    let mut client = Client::with(&Scripted::default(), "final", SHAPES);
    // Beyond its last script the model fails at once, perhaps before the editor has agreed to the progress.
    let run = client.run("implement", "raise");
    client.until_state(&run, "failed");
    client.shows(1, "no script");
    client.finish_without_progress();
}

/// An editor that is busy while a run streams its first line, and the model fails behind the gate.
fn busy(scripts: impl FnOnce(&Gate) -> Vec<Vec<Step>>) -> (Client, Scripted, Gate, String) {
    let gate = Gate::new();
    let provider = Scripted::new(scripts(&gate));
    let mut client = Client::with(&provider, "stream", SHAPES);
    client.manners.extend(std::iter::repeat_n(Manner::Freezes, 24));
    let run = client.run("implement", "raise");
    client.until("an edit", |client| !client.frozen.is_empty());
    (client, provider, gate, run)
}

fn breaks(gate: &Gate) -> Vec<Step> {
    vec![Step::say(LINES[0]), Step::Wait(gate.clone()), Step::fail(ErrorKind::Stream, "the line broke")]
}

#[test]
fn an_edit_that_lands_after_its_run_failed_is_taken_back() {
    let (mut client, _provider, gate, run) = busy(|gate| vec![breaks(gate)]);
    gate.open();
    client.until_state(&run, "failed");
    client.shows(1, "the line broke");
    let error = client.execute("redraft.revert", json!({ "run": run })).unwrap_err();
    assert_eq!(error["code"], -32602, "for its user it is over");
    client.thaw(&Manner::Honest);
    client.until("the taking back", |client| client.text() == SHAPES);
    client.barrier();
    assert_eq!(client.states(&run).iter().filter(|state| **state == "failed").count(), 1);
    client.finish();
}

#[test]
fn an_edit_that_lands_after_a_stop_stands_and_nothing_more_is_sent() {
    let (mut client, _provider, gate, run) = busy(|gate| vec![breaks(gate)]);
    client.command("redraft.stop", &run);
    client.until_state(&run, "cancelled");
    gate.open();
    let sent = client.edits.len();
    client.thaw(&Manner::Honest);
    client.barrier();
    assert_eq!(client.text(), SHAPES.replace("    raise", &format!("{}    raise", LINES[0])));
    assert_eq!(client.edits.len(), sent, "no edit after the stop");
    assert!(client.actions("total = 0").iter().any(|action| action["title"] == "Revert the draft"));
    client.command("redraft.revert", &run);
    client.until_state(&run, "reverted");
    assert_eq!(client.text(), SHAPES);
    client.finish();
}

#[test]
fn an_edit_that_lands_in_the_wrong_place_after_a_stop_is_put_right() {
    let (mut client, _provider, _gate, run) = busy(|gate| vec![breaks(gate)]);
    client.command("redraft.stop", &run);
    client.until_state(&run, "cancelled");
    client.thaw(&Manner::AppliesStale { before: "import os", text: "# one\n" });
    let expected = SHAPES.replace("import os", "# one\nimport os");
    client.until("the repair", |client| client.text() == expected);
    client.finish();
}

/// The same draft once more, in the same place, while the first one's edit is still on its way: which of them lands cannot be
/// told, and one stands.
#[test]
fn a_late_edit_is_not_taken_for_that_of_the_next_run() {
    let (mut client, provider, gate, run) = busy(|gate| vec![breaks(gate), gated_lines(gate)]);
    gate.open();
    client.until_state(&run, "failed");
    client.shows(1, "the line broke");
    let second = client.run("implement", "raise");
    wait_for(provider.begun(2));
    let sent = client.frozen.len();
    gate.open();
    client.until("an edit of the second", |client| client.frozen.len() > sent);
    client.thaw(&Manner::Honest);
    open_all(&gate);
    client.until_state(&second, "done");
    assert_eq!(client.text(), written(SHAPES));
    client.barrier();
    assert_eq!((client.text(), client.states(&run).last()), (written(SHAPES).as_str(), Some(&"failed")));
    client.finish();
}

#[test]
fn an_editor_that_never_answers_whether_it_shows_progress_gets_its_drafts_and_is_not_waited_for() {
    let provider = writer();
    (0..40).for_each(|_| provider.add(vec![Step::fail(ErrorKind::Rejected, "it says no")]));
    let mut client = Client::with(&provider, "final", SHAPES);
    client.ignores_progress = true;
    let run = client.run("implement", "raise");
    client.until_state(&run, "done");
    assert_eq!(client.text(), written(SHAPES));
    client.command("redraft.revert", &run);
    client.until_state(&run, "reverted");
    // Nor are its runs kept for ever: these fail.
    for _ in 0..40 {
        let run = client.run("implement", "raise");
        client.until_state(&run, "failed");
        client.shows(1, "it says no");
    }
    assert_eq!(client.execute("redraft.stop", json!({ "run": run })).unwrap_err()["code"], -32602);
    client.finish();
}

/// What the user types while a draft streams, and what the editor does with an edit.
fn turn() -> impl Strategy<Value = (usize, Manner)> {
    let manner = prop_oneof![
        4 => Just(Manner::Honest),
        1 => Just(Manner::Refuses),
        1 => Just(Manner::Drops("def below")),
        1 => Just(Manner::IgnoresAndTypes("def below")),
        1 => Just(Manner::TypesFirst { before: "import os", text: "# t\n" }),
        1 => Just(Manner::AppliesStale { before: "import os", text: "# s\n" }),
        1 => Just(Manner::MergesOrRefuses { before: "def below", text: "# m\n" }),
    ];
    (0usize..5, manner)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]
    /// The real server, an editor in any mood, and a user who types above, below and at the edge of the region: all that was
    /// typed is there, the draft is whole, and nothing else changed.
    #[test]
    fn whatever_the_editor_does_and_the_user_types(turns in proptest::collection::vec(turn(), 5)) {
        let (provider, gate) = gated();
        let mut client = Client::with(&provider, "stream", SHAPES);
        let run = client.run("implement", "raise");
        let mut typed = Vec::new();
        for (place, manner) in turns {
            client.manners.push_back(manner);
            let (text, behind) = [("# a\n", "import os"), ("# b\n", "def below"), ("  # 🦀", "\n    raise"), ("# 👩‍👩‍👧\n", "def above"), ("", "")][place];
            if !text.is_empty() && client.text().contains(behind) {
                client.type_before(behind, text);
                typed.push(text);
            }
            gate.open();
        }
        client.until_state(&run, "done");
        client.barrier();
        let mut text = client.text().to_owned();
        for typed in typed {
            prop_assert!(text.contains(typed), "{typed:?} is gone: {text}");
            text = text.replacen(typed, "", 1);
        }
        for by_manner in ["# t\n", "# s\n", "# m\n"] {
            text = text.replace(by_manner, "");
        }
        while text.contains(" def below") {
            text = text.replace(" def below", "def below");
        }
        prop_assert_eq!(text, written(SHAPES));
        client.finish();
    }
}
