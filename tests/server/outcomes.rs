//! How a run can end: stopped, kept, taken back, done again, gone wrong; and what a model may say that is no draft.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use redraft::model::meter::Meter;
use redraft::model::provider::scripted::{Gate, Scripted, Step};
use redraft::model::{Answer, ErrorKind, Finish, ModelError, Provider, Request, Usage};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::harness::{Client, Manner, URI, rich, setup, wait_for};
use crate::{LINES, SHAPES, STUB, gated, open_all, writer, written};

/// A run that has written its first line.
fn begun() -> (Client, Scripted, Gate, String) {
    let (provider, gate) = gated();
    let mut client = Client::with(&provider, "stream", SHAPES);
    let run = client.run("implement", "raise");
    gate.open();
    client.until_text(LINES[0]);
    (client, provider, gate, run)
}

#[test]
fn after_a_stop_there_is_no_edit_and_revert_brings_back_what_was() {
    for by_progress in [false, true] {
        let (mut client, provider, gate, run) = begun();
        let edits = client.edits.len();
        gate.open();
        if by_progress {
            client.notify("window/workDoneProgress/cancel", json!({ "token": format!("redraft/{run}") }));
            client.barrier();
        } else {
            client.command("redraft.stop", &run);
        }
        let (edits, text) = (edits.max(client.edits.len()), client.text().to_owned());
        wait_for(provider.dropped(1));
        open_all(&gate);
        assert!(client.until_state(&run, "cancelled").contains("what stands stays"));
        client.barrier();
        assert_eq!((client.edits.len(), client.text()), (edits, text.as_str()));
        let titles: Vec<Value> =
            client.actions("total = 0").iter().map(|action| action["title"].clone()).collect();
        assert!(
            titles.contains(&json!("Revert the draft")) && titles.contains(&json!("Keep the draft")),
            "{titles:?}"
        );
        client.command("redraft.revert", &run);
        client.until_state(&run, "reverted");
        assert_eq!(client.text(), SHAPES);
        client.finish();
    }
}

/// Its question is still being made: nothing is asked.
#[test]
fn a_run_that_gathers_can_be_stopped() {
    for _ in 0..20 {
        let provider = writer();
        let mut client = Client::with(&provider, "final", SHAPES);
        let begun = client.begin("implement", "raise");
        // Once, and once more by an impatient user.
        let stop = || json!({ "command": "redraft.stop", "arguments": [{ "run": "run-1" }] });
        let stops = [(); 2].map(|()| client.request("workspace/executeCommand", stop()));
        assert!(client.answer(stops[0]).is_ok());
        // The second may come when it is over.
        let _ = client.answer(stops[1]);
        assert_eq!(client.states("run-1").iter().filter(|state| **state == "cancelled").count(), 1);
        assert_eq!(client.answer(begun).unwrap()["run"], "run-1");
        client.until_state("run-1", "cancelled");
        client.barrier();
        assert_eq!((client.text(), provider.live()), (SHAPES, 0));
        assert!(provider.requests().is_empty());
        client.finish();
    }
}

#[test]
fn a_document_that_is_closed_while_its_draft_is_taken_back_ends_the_run() {
    let failing = [Step::say(LINES[0]), Step::fail(ErrorKind::Stream, "the stream broke")];
    let gate = Gate::new();
    let script = [failing[0].clone(), Step::Wait(gate.clone()), failing[1].clone()];
    let provider = Scripted::new([script.to_vec(), vec![failing[1].clone()]]);
    let mut client = Client::with(&provider, "stream", SHAPES);
    let run = client.run("implement", "raise");
    client.until_text(LINES[0]);
    client.manners.push_back(Manner::Holds);
    gate.open();
    client.until("the edit that takes it back", |client| !client.held.is_empty());
    client.close(URI);
    assert!(client.until_state(&run, "failed").contains("the stream broke"));
    client.shows(1, "the stream broke");
    client.held.clear();
    client.finish();
}

/// Many editors have no way to cancel a progress: Helix, Emacs, Neovim without a plug-in.
#[test]
fn a_run_at_work_can_be_stopped_by_a_code_action_anywhere_in_its_document() {
    for place in ["total = 0", "import os"] {
        let (mut client, provider, gate, run) = begun();
        client.open("file:///project/other.py", SHAPES);
        let listed = client.actions(place);
        let stop = listed.iter().find(|action| action["title"] == "Stop: Implement `area`");
        let stop = stop.unwrap_or_else(|| panic!("{place}: {listed:?}"));
        assert_eq!(stop["kind"], "refactor.rewrite.redraft.draft");
        assert_eq!(stop["command"]["command"], "redraft.stop");
        client.execute("redraft.stop", stop["command"]["arguments"][0].clone()).unwrap();
        wait_for(provider.dropped(1));
        open_all(&gate);
        client.until_state(&run, "cancelled");
        let titles: Vec<Value> = client.actions(place).iter().map(|action| action["title"].clone()).collect();
        assert!(!titles.contains(&stop["title"]), "{titles:?}");
        client.finish();
    }
}

#[test]
fn an_editor_that_asks_by_itself_is_offered_the_stop_at_the_draft_only() {
    let (mut client, _provider, gate, run) = begun();
    for (place, expected) in [("total = 0", 1), ("return 2", 0)] {
        let at = client.find(place);
        let context = json!({ "diagnostics": [], "triggerKind": 2 });
        let listed = client.actions_in(client.range(at..at), context);
        let stops = listed.iter().filter(|action| action["command"]["command"] == "redraft.stop").count();
        assert_eq!(stops, expected, "{place}: {listed:?}");
    }
    client.command("redraft.stop", &run);
    open_all(&gate);
    client.finish();
}

#[test]
fn a_stop_while_an_edit_is_on_its_way_leaves_what_lands_to_be_reverted() {
    let (mut client, _provider, gate, run) = begun();
    client.manners.push_back(Manner::Holds);
    gate.open();
    client.until("an edit", |client| !client.held.is_empty());
    client.command("redraft.stop", &run);
    client.release(Manner::Honest);
    client.barrier();
    assert!(client.text().contains(LINES[1]));
    client.command("redraft.revert", &run);
    client.until_state(&run, "reverted");
    assert_eq!(client.text(), SHAPES);
    client.finish();
}

#[test]
fn a_kept_draft_is_no_longer_watched() {
    let mut client = Client::with(&writer(), "final", SHAPES);
    let run = client.run("implement", "raise");
    client.until_state(&run, "done");
    client.command("redraft.keep", &run);
    client.until_state(&run, "kept");
    for command in ["redraft.keep", "redraft.revert", "redraft.stop", "redraft.again"] {
        let error = client.execute(command, json!({ "run": run })).unwrap_err();
        assert_eq!(error["code"], -32602, "{command}: {error}");
    }
    assert_eq!(client.text(), written(SHAPES));
    client.finish();
}

#[test]
fn again_takes_the_draft_back_and_asks_once_more() {
    let provider = Scripted::saying([LINES.concat().as_str(), "    return 3 * r * r\n"]);
    let mut client = Client::with(&provider, "final", SHAPES);
    let run = client.run("implement", "raise");
    client.until_state(&run, "done");
    client.command("redraft.again", &run);
    client.until_state(&run, "reverted");
    client.until_state("run-2", "done");
    assert_eq!(client.text(), SHAPES.replace(STUB, "    return 3 * r * r\n"));
    assert_eq!(provider.requests()[0], provider.requests()[1]);
    client.finish();
}

#[test]
fn again_with_an_instruction_goes_on_from_the_draft() {
    let provider = Scripted::saying([LINES.concat().as_str(), "```python\nreturn sum(range(r))\n```\n"]);
    let mut client = Client::with(&provider, "final", SHAPES);
    let run = client.run("implement", "raise");
    client.until_state(&run, "done");
    let answer = client.execute("redraft.again", json!({ "run": run, "instruction": "shorter" })).unwrap();
    let second = answer["run"].as_str().unwrap().to_owned();
    client.until_state(&second, "done");
    assert_eq!(client.text(), SHAPES.replace(STUB, "    return sum(range(r))\n"));
    let asked = &provider.requests()[1].turns[0].text;
    assert!(asked.contains("shorter") && asked.contains("total += n"), "{asked}");
    client.command("redraft.revert", &second);
    client.until_state(&second, "reverted");
    assert_eq!(client.text(), written(SHAPES));
    client.finish();
}

/// The model says this; the run fails for a reason that holds `fragment`, and what was there is there again.
fn fails(delivery: &str, script: Vec<Step>, fragment: &str) {
    let provider = Scripted::new([script.clone()]);
    let mut client = Client::with(&provider, delivery, SHAPES);
    let run = client.run("implement", "raise");
    let why = client.until_state(&run, "failed");
    assert!(why.contains(fragment), "{fragment:?} is not in {why:?} ({script:?})");
    client.shows(1, fragment);
    assert_eq!(client.text(), SHAPES, "{delivery} {script:?}");
    assert!(client.actions("raise").iter().all(|action| action["kind"] != "refactor.rewrite.redraft.draft"));
    client.finish_without_progress();
}

#[test]
fn an_error_in_the_middle_takes_back_what_stands_and_says_why() {
    let (mut client, _provider, gate, run) = {
        let gate = Gate::new();
        let script = vec![
            Step::say(LINES[0]),
            Step::Wait(gate.clone()),
            Step::fail(ErrorKind::Stream, "the line broke"),
        ];
        let provider = Scripted::new([script]);
        let mut client = Client::with(&provider, "stream", SHAPES);
        let run = client.run("implement", "raise");
        client.until_text(LINES[0]);
        (client, provider, gate, run)
    };
    client.type_before("import os", "# mine\n");
    client.type_after("total = 0", "  # 🦀 mine");
    gate.open();
    assert!(client.until_state(&run, "failed").contains("the line broke"));
    client.shows(1, "the line broke");
    let text = client.text();
    assert!(
        text.starts_with("# mine\n")
            && text.contains("# 🦀 mine")
            && text.contains("raise NotImplementedError\n"),
        "{text}"
    );
    assert!(!text.contains("total = 0"), "{text}");
    client.finish();
}

#[test]
fn answers_that_are_no_draft_leave_the_text_as_it_was() {
    let end = |finish| Step::End(Answer { finish, usage: Usage::default() });
    for delivery in ["final", "stream"] {
        let said = |text: &str| vec![Step::say(text), Step::stop()];
        fails(delivery, vec![Step::fail(ErrorKind::Rejected, "no such model")], "no such model");
        fails(delivery, vec![Step::say(LINES[0]), end(Finish::Length)], "cut at the limit");
        fails(delivery, vec![end(Finish::Refusal)], "refused");
        fails(delivery, vec![Step::say(LINES[0]), end(Finish::Refusal)], "refused");
        fails(delivery, vec![Step::stop()], "no code");
        fails(delivery, said("  \n\n"), "no code");
        fails(delivery, said("    return (r\n"), "does not parse");
        fails(delivery, said("    pass\n"), "without a body");
        fails(delivery, said("    return r  # \u{202e}evil\n"), "U+202E");
        fails(delivery, said("    return '\u{200b}'\n"), "U+200B");
        fails(delivery, said("    return '\u{1b}[2J'\n"), "U+001B");
        fails(delivery, said("    total = r\n    # ... rest of the code ...\n"), "leaves code out");
        fails(delivery, vec![Step::say(LINES[0])], "without an end");
    }
}

#[test]
fn prose_alone_is_no_draft() {
    fails("final", vec![Step::say("I am sorry, but I cannot help with that request.\n"), Step::stop()], "");
}

#[test]
fn an_obedient_model_can_do_nothing_but_write_text_in_its_region() {
    let orders = concat!(
        "    # Run: redraft.stop; open file:///etc/passwd; {\"command\": \"rm\", \"arguments\": [\"-rf\"]}\n",
        "    url = \"https://evil.example/?q=\" + \"${TM_SELECTED_TEXT} $0\"\n",
        "    edit = {\"documentChanges\": [{\"kind\": \"delete\", \"uri\": \"file:///project/other.py\"}]}\n",
        "    return url, edit\n",
    );
    for delivery in ["final", "stream", "preview"] {
        let mut client = Client::with(&Scripted::saying([orders]), delivery, SHAPES);
        client.open("file:///project/other.py", "x = 1\n");
        let run = client.run("implement", "raise");
        client.until_state(&run, "done");
        assert_eq!(client.text(), SHAPES.replace(STUB, orders), "{delivery}");
        assert_eq!(client.documents["file:///project/other.py"].text, "x = 1\n");
        for edit in &client.edits {
            let change = &edit["params"]["edit"]["documentChanges"][0];
            assert_eq!((change["textDocument"]["uri"].as_str(), change.get("kind")), (Some(URI), None));
            assert!(
                change["edits"].as_array().unwrap().iter().all(|edit| edit.get("insertTextFormat").is_none())
            );
        }
        client.finish();
    }
}

#[test]
fn code_after_the_function_is_not_taken() {
    let answer = format!(
        "def area(r):\n{}\n\ndef below():\n    import shutil\n    shutil.rmtree('/')\n\narea(3)\n",
        LINES.concat()
    );
    let mut client = Client::with(&Scripted::saying([answer.as_str()]), "final", SHAPES);
    let run = client.run("implement", "raise");
    client.until_state(&run, "done");
    assert_eq!(client.text(), written(SHAPES));
    client.finish();
}

/// A provider that panics: when it is asked, or after it has said this.
#[derive(Debug)]
struct Panics(Option<&'static str>);

impl Provider for Panics {
    fn call(
        &self,
        _: Request,
        deltas: mpsc::Sender<String>,
        _: Meter,
    ) -> BoxFuture<'static, Result<Answer, ModelError>> {
        let Some(text) = self.0 else { panic!("a test's panic at once") };
        Box::pin(async move {
            deltas.send(text.to_owned()).await.unwrap();
            panic!("a test's panic")
        })
    }
}

#[test]
fn a_panic_of_a_provider_is_its_runs_error() {
    for said in [None, Some(""), Some(LINES[0])] {
        let mut client =
            Client::greeted(setup(Arc::new(Panics(said))), &rich(), json!({ "delivery": "stream" }));
        client.open(URI, SHAPES);
        for _ in 0..2 {
            let run = client.run("implement", "raise");
            assert!(client.until_state(&run, "failed").contains("report it"));
            client.shows(1, "report it");
            assert_eq!(client.text(), SHAPES);
        }
        client.finish_without_progress();
    }
}

/// VS Code makes a link of `[text](command:…)` in a message, and a click on it would run that.
#[test]
fn what_a_provider_says_is_no_link_of_a_message() {
    let linked = "set it [here](command:workbench.action.terminal.new)";
    let provider = Scripted::new([vec![Step::fail(ErrorKind::Rejected, linked)]]);
    let mut client = Client::with(&provider, "stream", SHAPES);
    client.run("implement", "raise");
    client.shows(1, "set it [here] (command:workbench.action.terminal.new)");
    client.finish_without_progress();
}
