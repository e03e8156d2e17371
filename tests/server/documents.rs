//! What editors do with documents, the odd and the large included: whatever they tell, the session goes on, and what stands in a
//! document is what its editor has.

use redraft::model::provider::scripted::Scripted;
use serde_json::{Value, json};

use crate::harness::{Client, URI, wait_for};
use crate::{LINES, SHAPES, gated, open_all, writer, written};

const NONE: &str = "file:///project/none.py";

#[test]
fn what_is_told_of_documents_that_are_not_open_changes_nothing() {
    let mut client = Client::with(&writer(), "final", SHAPES);
    let at = json!({ "line": 0, "character": 0 });
    let change = json!({ "range": { "start": at, "end": at }, "text": "x" });
    let identifier = json!({ "uri": NONE, "version": 2 });
    for (method, params) in [
        ("textDocument/didChange", json!({ "textDocument": identifier, "contentChanges": [change] })),
        ("textDocument/willSave", json!({ "textDocument": { "uri": NONE }, "reason": 1 })),
        ("textDocument/didSave", json!({ "textDocument": { "uri": NONE } })),
        ("textDocument/didClose", json!({ "textDocument": { "uri": NONE } })),
        ("workspace/didChangeWatchedFiles", json!({ "changes": [{ "uri": NONE, "type": 3 }] })),
        ("workspace/didRenameFiles", json!({ "files": [{ "oldUri": URI, "newUri": NONE }] })),
    ] {
        client.notify(method, params);
    }
    client.barrier();
    let run = client.run("implement", "raise");
    client.until_state(&run, "done");
    assert_eq!(client.text(), written(SHAPES));
    client.finish();
}

#[test]
fn changes_of_all_shapes_leave_the_server_with_what_the_editor_has() {
    let mut client = Client::with(&writer(), "final", SHAPES);
    let at = |line: u32, character: u32| json!({ "line": line, "character": character });
    let notify = |client: &mut Client, version: i32, changes: Value| {
        let identifier = json!({ "uri": URI, "version": version });
        let params = json!({ "textDocument": identifier, "contentChanges": changes });
        client.notify("textDocument/didChange", params);
    };
    // Nothing; the whole text; ends that are swapped, past the line's end and past the document's.
    notify(&mut client, 2, json!([]));
    notify(&mut client, 3, json!([{ "text": "" }, { "text": format!("#\n{SHAPES}") }]));
    notify(&mut client, 9, json!([{ "range": { "start": at(0, 99), "end": at(0, 0) }, "text": "# a" }]));
    notify(
        &mut client,
        10,
        json!([{ "range": { "start": at(999, 0), "end": at(999, 9) }, "text": "# b\n" }]),
    );
    let text = format!("# a\n{SHAPES}# b\n");
    let document = client.document();
    (document.text, document.version) = (text.clone(), 10);
    let run = client.run("implement", "raise");
    client.until_state(&run, "done");
    assert_eq!(client.text(), written(&text));
    client.finish();
}

#[test]
fn a_document_that_is_renamed_meanwhile_keeps_what_stands_and_gets_no_more() {
    let (provider, gate) = gated();
    let mut client = Client::with(&provider, "stream", SHAPES);
    let run = client.run("implement", "raise");
    gate.open();
    client.until_text(LINES[0]);
    let stood = client.text().to_owned();
    let renamed = "file:///project/renamed.py";
    client.close(URI);
    client.open(renamed, &stood);
    assert!(client.until_state(&run, "cancelled").contains("closed"));
    wait_for(provider.dropped(1));
    open_all(&gate);
    client.barrier();
    assert_eq!(client.documents[renamed].text, stood);
    client.finish();
}

#[test]
fn large_files_are_written_into_or_refused() {
    let lines: String = (0..200_000).map(|n| format!("x{n} = {n}\n")).collect();
    // So many lines, and one line of five megabytes.
    for text in [format!("{lines}\n\n{SHAPES}"), format!("x = '{}'\n\n\n{SHAPES}", "🦀 ".repeat(1_000_000))]
    {
        let mut client = Client::with(&writer(), "final", &text);
        let argument = client.argument("implement", "raise");
        match client.execute("redraft.run", argument) {
            Ok(answer) => {
                client.until_state(answer["run"].as_str().unwrap(), "done");
                assert!(client.text() == written(&text), "the draft stands");
            }
            // On a machine with much to do it takes longer to read than anyone waits.
            Err(error) => {
                let why = error["message"].as_str().unwrap();
                assert!(why.contains("could not be parsed in time"), "{why}");
                assert!(client.text() == text && client.edits.is_empty());
            }
        }
        client.barrier();
        client.finish();
    }
}

#[test]
fn files_with_errors_everywhere_are_written_into_or_left_alone() {
    let broken = [
        "x = (((\n",
        "def (:\n  ]\n",
        "class\n\tif\n  else\n",
        "'''\n",
        "\0\u{1}\u{feff}\n",
        "}{\n\u{2028}\n",
    ];
    let mut drafts = 0;
    for broken in broken {
        for text in [format!("{broken}\n\n{SHAPES}"), format!("{SHAPES}\n\n{broken}")] {
            let mut client = Client::with(&writer(), "final", &text);
            let argument = client.argument("implement", "raise");
            // What is a function there is for the parser to say: all of the body, or nothing.
            if let Ok(answer) = client.execute("redraft.run", argument) {
                let run = answer["run"].as_str().unwrap().to_owned();
                client.until("the end", |client| {
                    matches!(client.states(&run).last(), Some(&("done" | "failed")))
                });
                if client.states(&run).last() == Some(&"failed") {
                    client.message();
                    assert_eq!(client.text(), text);
                } else {
                    assert_eq!(client.text(), written(&text));
                    drafts += 1;
                }
            }
            client.barrier();
            client.finish_without_progress();
        }
    }
    assert!(drafts >= 6, "{drafts}: most of them have a function all the same");
}

#[test]
fn a_document_that_is_too_large_to_write_into_is_followed_all_the_same() {
    let large = "# 0123456789\n".repeat(3_000_000);
    let mut client = Client::with(&Scripted::default(), "final", SHAPES);
    client.open(NONE, &large);
    let at = json!({ "line": 2_999_999, "character": 0 });
    let range = json!({ "start": at, "end": at });
    let params = json!({ "textDocument": { "uri": NONE }, "range": range, "context": { "diagnostics": [] } });
    assert_eq!(client.call("textDocument/codeAction", params).unwrap(), json!([]));
    let argument = json!({ "uri": NONE, "range": range, "instruction": "anything" });
    let error = client.execute("redraft.generate", argument).unwrap_err();
    assert!(error["message"].as_str().unwrap().contains("MiB"), "{error}");
    client.close(NONE);
    client.barrier();
    client.finish();
}
