//! What is stale, forged, wrong or unknown is answered with what is wrong and what to do, and changes nothing.

use redraft::model::provider::scripted::Scripted;
use serde_json::{Value, json};

use crate::harness::{Client, Manner, URI, wait_for};
use crate::{LINES, SHAPES, gated, open_all, writer, written};

/// The command is refused with this code and a message that holds `fragment`; no model is asked.
#[track_caller]
fn refuses(client: &mut Client, command: &str, argument: Value, code: i64, fragment: &str) {
    let error = client.execute(command, argument.clone()).expect_err(&argument.to_string());
    let message = error["message"].as_str().unwrap();
    assert!(
        error["code"] == code && message.contains(fragment),
        "{argument}: {fragment:?} is not in {error}"
    );
}

#[test]
fn stale_and_forged_arguments() {
    let provider = Scripted::default();
    let mut client = Client::with(&provider, "final", SHAPES);
    let right = client.argument("implement", "raise");
    let with = |key: &str, value: Value| {
        let mut argument = right.clone();
        argument[key] = value;
        argument
    };
    let at = |line: u64, character: u64| json!({ "line": line, "character": character });
    for (argument, code, fragment) in [
        (with("version", json!(0)), -32801, "has changed"),
        (with("version", json!(2)), -32801, "has changed"),
        (with("version", json!("1")), -32602, "redraft.run"),
        (with("version", json!(1_i64 << 40)), -32602, "redraft.run"),
        (with("action", json!("delete-everything")), -32602, "delete-everything"),
        (with("action", json!("rewrite")), -32602, "nothing is selected"),
        (with("action", json!("fix")), -32602, "diagnostic"),
        (with("action", json!(null)), -32602, "redraft.run"),
        (with("uri", json!("file:///etc/passwd")), -32602, "not open"),
        (with("uri", json!({})), -32602, "redraft.run"),
        (with("range", json!({ "start": at(99, 0), "end": at(99, 0) })), -32602, "outside"),
        (with("range", json!({ "start": at(0, 0), "end": at(4_294_967_295, 0) })), -32602, "outside"),
        (with("range", json!({ "start": at(0, 0), "end": at(4_294_967_296, 0) })), -32602, "redraft.run"),
        (
            with("range", json!({ "start": { "line": -1, "character": 0 }, "end": at(0, 0) })),
            -32602,
            "redraft.run",
        ),
        (with("range", json!({ "start": at(0, 0), "end": at(0, 0) })), -32602, "no function"),
        (with("diagnostic", json!({ "message": "no range" })), -32602, "diagnostic"),
        (with("command", json!("rm -rf")), -32602, "unknown field"),
        (json!([]), -32602, "redraft.run"),
        (json!("implement"), -32602, "redraft.run"),
        (Value::Null, -32602, "redraft.run"),
    ] {
        refuses(&mut client, "redraft.run", argument, code, fragment);
    }
    for (command, argument, fragment) in [
        ("redraft.stop", json!({ "run": "run-1" }), "no run"),
        ("redraft.keep", json!({ "run": 1 }), "redraft.keep"),
        ("redraft.revert", json!({ "run": "run-18446744073709551616" }), "no run"),
        ("redraft.again", json!({ "run": "run-1", "instruction": 3 }), "redraft.again"),
        ("redraft.format", json!({}), "no command"),
        ("rm", json!({}), "no command"),
        (
            "redraft.generate",
            json!({ "uri": URI, "range": { "start": at(0, 0), "end": at(0, 0) }, "instruction": " " }),
            "instruction",
        ),
    ] {
        refuses(&mut client, command, argument, -32602, fragment);
    }
    for arguments in [json!([]), json!([right, right])] {
        let params = json!({ "command": "redraft.run", "arguments": arguments });
        assert_eq!(client.fails("workspace/executeCommand", params), -32602);
    }
    assert!(provider.requests().is_empty());
    // Whoever was told of a run that gathers is told that it is over.
    client.barrier();
    for status in client.statuses.clone() {
        let run = status["run"].as_str().unwrap();
        assert_eq!(client.states(run).last(), Some(&"failed"), "{run}");
    }
    assert_eq!((client.text(), client.edits.len()), (SHAPES, 0));
    client.finish();
}

#[test]
fn a_column_past_the_lines_end_is_the_lines_end() {
    let mut client = Client::with(&writer(), "final", SHAPES);
    let mut argument = client.argument("implement", "raise");
    for end in ["start", "end"] {
        argument["range"][end]["character"] = json!(4_000_000);
    }
    let answer = client.execute("redraft.run", argument).unwrap();
    client.until_state(answer["run"].as_str().unwrap(), "done");
    assert_eq!(client.text(), written(SHAPES));
    client.finish();
}

#[test]
fn documents_that_cannot_be_written_into() {
    let mut client = Client::with(&Scripted::default(), "final", SHAPES);
    let argument = client.argument("implement", "raise");
    let large = format!("def f():\n    pass\n{}", "# 0123456789\n".repeat(1_300_000));
    for (uri, language, text, fragment) in [
        ("file:///project/a.hs", "haskell", "f = 1\n", "Python"),
        ("file:///project/none", "plaintext", SHAPES, "Python"),
        ("file:///project/large.py", "python", large.as_str(), "MiB"),
    ] {
        client.open_as(uri, language, text);
        let mut argument = argument.clone();
        argument["uri"] = json!(uri);
        argument["range"] =
            json!({ "start": { "line": 0, "character": 0 }, "end": { "line": 0, "character": 0 } });
        refuses(&mut client, "redraft.run", argument, -32602, fragment);
    }
    client.finish();
}

#[test]
fn a_document_that_is_closed_ends_its_runs() {
    for reopened in [false, true] {
        let (provider, gate) = gated();
        let mut client = Client::with(&provider, "stream", SHAPES);
        let run = client.run("implement", "raise");
        gate.open();
        client.until_text(LINES[0]);
        let edits = client.edits.len();
        client.close(URI);
        if reopened {
            client.open(URI, "def other():\n    pass\n");
        }
        assert!(client.until_state(&run, "cancelled").contains("closed"));
        wait_for(provider.dropped(1));
        open_all(&gate);
        client.barrier();
        assert_eq!(client.edits.len(), edits);
        let error = client.execute("redraft.revert", json!({ "run": run })).unwrap_err();
        assert_eq!(error["code"], -32602);
        client.finish();
    }
}

#[test]
fn a_document_that_is_closed_while_the_prompt_is_made_gets_no_draft() {
    let other = "x = 1\n\n\ndef other():\n    pass\n";
    for _ in 0..8 {
        // The model says nothing yet, so that no edit is on its way when the document is closed.
        let (provider, _gate) = gated();
        let mut client = Client::with(&provider, "final", SHAPES);
        let argument = client.argument("implement", "raise");
        let id = client.request(
            "workspace/executeCommand",
            json!({ "command": "redraft.run", "arguments": [argument] }),
        );
        client.close(URI);
        client.open(URI, other);
        match client.answer(id) {
            // It began before the document was closed, and ended with that.
            Ok(answer) => drop(client.until_state(answer["run"].as_str().unwrap(), "cancelled")),
            Err(error) => assert_eq!(error["code"], -32801, "{error}"),
        }
        client.barrier();
        assert_eq!((client.text(), client.edits.len()), (other, 0));
        client.finish_without_progress();
    }
}

#[test]
fn an_editor_that_came_back_opens_what_is_open() {
    let (provider, gate) = gated();
    let mut client = Client::with(&provider, "stream", SHAPES);
    let run = client.run("implement", "raise");
    gate.open();
    client.until_text(LINES[0]);
    let text = format!("# restarted 🦀\n{}", client.text());
    client.open(URI, &text);
    open_all(&gate);
    client.until_state(&run, "done");
    assert_eq!(client.text(), format!("# restarted 🦀\n{}", written(SHAPES)));
    client.finish();
}

#[test]
fn a_second_run_in_the_same_place_waits_for_its_turn() {
    let (provider, gate) = gated();
    let mut client = Client::with(&provider, "final", SHAPES);
    let run = client.run("implement", "raise");
    let argument = client.argument("implement", "raise");
    refuses(&mut client, "redraft.run", argument, -32801, "another run");
    open_all(&gate);
    client.until_state(&run, "done");
    assert_eq!(client.text(), written(SHAPES));
    client.finish();
}

#[test]
fn no_more_runs_at_once_than_a_person_follows() {
    let text: String = (0..20).map(|n| format!("def f{n}():\n    pass  # {n}.\n\n\n")).collect();
    let provider = Scripted::new((0..20).map(|_| gated_forever()));
    let mut client = Client::with(&provider, "final", &text);
    let runs: Vec<String> = (0..16).map(|n| client.run("implement", &format!("pass  # {n}."))).collect();
    let argument = client.argument("implement", "pass  # 16.");
    refuses(&mut client, "redraft.run", argument, -32602, "at once");
    wait_for(provider.begun(16));
    for run in &runs {
        client.command("redraft.stop", run);
    }
    wait_for(provider.dropped(16));
    assert_eq!(provider.live(), 0);
    client.finish();
}

fn gated_forever() -> Vec<redraft::model::provider::scripted::Step> {
    crate::gated_lines(&redraft::model::provider::scripted::Gate::new())
}

#[test]
fn an_edit_waits_for_a_save_to_be_over() {
    let (provider, gate) = gated();
    let mut client = Client::with(&provider, "stream", SHAPES);
    let run = client.run("implement", "raise");
    wait_for(provider.begun(1));
    client.notify("textDocument/willSave", json!({ "textDocument": { "uri": URI }, "reason": 1 }));
    client.barrier();
    gate.open();
    client.until_state(&run, "streaming");
    client.barrier();
    assert_eq!(client.text(), SHAPES);
    client.manners.push_back(Manner::Honest);
    client.notify("textDocument/didSave", json!({ "textDocument": { "uri": URI } }));
    client.until_text(LINES[0]);
    open_all(&gate);
    client.until_state(&run, "done");
    client.finish();
}
