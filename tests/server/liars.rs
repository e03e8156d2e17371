//! Editors that refuse, drop and lie: the draft comes all the same where it can, and else what was there is there again.

use redraft::model::provider::scripted::Scripted;

use crate::harness::{Client, Manner};
use crate::{LINES, SHAPES, gated, open_all, writer, written};

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
