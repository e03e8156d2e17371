//! Answers in words: told to whoever knows Redraft, shown as a page or a message to the others; the document is left alone.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use redraft::model::provider::scripted::{Gate, Scripted, Step};
use serde_json::{Value, json};
use tower_lsp::lsp_types::Url;

use crate::harness::{Client, URI, rich, setup};

const FILE: &str =
    "import math\n\n\ndef area(r):\n    return 3 * r * r\n\n\ndef todo():\n    raise NotImplementedError\n";

/// An editor with these capabilities, and the state directory of its server.
fn client(provider: &Scripted, name: &str, capability: &str, value: Value) -> (Client, PathBuf) {
    let state = std::env::temp_dir().join(format!("redraft-telling-{name}-{}", std::process::id()));
    let mut capabilities = rich();
    *capabilities.pointer_mut(capability).unwrap() = value;
    let setup = redraft::server::Setup { state: Some(state.clone()), ..setup(Arc::new(provider.clone())) };
    let mut client = Client::greeted(setup, &capabilities, json!({ "delivery": "stream" }));
    client.open(URI, FILE);
    (client, state)
}

#[test]
fn a_client_that_shows_answers_is_told_them() {
    let provider = Scripted::saying(["It is `r` squared, by three.\n", "Roughly pi."]);
    let (mut client, _) = client(&provider, "own", "/experimental/redraft", json!({ "answers": true }));
    let argument = client.argument("explain", "return 3");
    let answer = client.execute("redraft.run", argument).unwrap();
    assert_eq!(answer["regions"], json!([]), "nothing will be changed");
    let run = answer["run"].as_str().unwrap().to_owned();
    client.until_state(&run, "done");
    let told = &client.told[0];
    assert_eq!(
        (told["run"].as_str(), told["text"].as_str()),
        (Some(run.as_str()), Some("It is `r` squared, by three."))
    );
    assert_eq!((&told["title"], &told["range"]["end"]["line"]), (&json!("Explain `area`"), &json!(4)));
    // More is asked of the same, wherever it stands by now.
    client.type_before("import math", "import os\n\n");
    let again = json!({ "run": run, "instruction": "Why three?" });
    let run = client.execute("redraft.again", again).unwrap()["run"].as_str().unwrap().to_owned();
    client.until_state(&run, "done");
    assert!(provider.requests()[1].turns[0].text.contains("Why three?\n\n```python\ndef area(r):"));
    assert_eq!((&client.told[1]["range"]["start"]["line"], client.told.len()), (&json!(5), 2));
    client.command("redraft.keep", &run);
    client.command("redraft.revert", &run);
    assert_eq!(client.text(), format!("import os\n\n{FILE}"));
    assert!(client.edits.is_empty());
    client.finish();
}

#[test]
fn a_client_that_shows_files_is_given_a_page() {
    let provider = Scripted::saying(["It squares."]);
    let window = json!({ "workDoneProgress": true, "showDocument": { "support": true } });
    let (mut client, state) = client(&provider, "page", "/window", window);
    client.run("explain", "return 3");
    client.until("a page", |client| !client.shown.is_empty());
    let shown = client.shown.pop_front().unwrap();
    let path = Url::parse(shown["params"]["uri"].as_str().unwrap()).unwrap().to_file_path().unwrap();
    assert!(path.starts_with(state.join("answers")), "{path:?}");
    assert_eq!(fs::read_to_string(&path).unwrap(), "# Explain `area`\n\nIt squares.\n");
    // One that shows nothing after all gets the message.
    client.respond(&shown["id"], json!({ "success": false }));
    client.shows(3, "Explain `area`\n\nIt squares.");
    client.finish();
    fs::remove_dir_all(state).unwrap();
}

#[test]
fn everyone_else_gets_a_message() {
    let provider = Scripted::saying(["It squares."]);
    let (mut client, state) = client(&provider, "message", "/experimental", json!({}));
    client.run("explain", "return 3");
    client.shows(3, "Explain `area`\n\nIt squares.");
    assert!(client.told.is_empty() && !state.exists());
    client.finish();
}

#[test]
fn a_draft_is_neither_kept_nor_kept_out_by_a_question_about_it() {
    let (writing, telling) = (Gate::new(), Gate::new());
    let wait = |gate: &Gate| Step::Wait(gate.clone());
    let provider = Scripted::new([
        vec![Step::say("    return 1\n"), wait(&writing), Step::stop()],
        vec![wait(&telling), Step::say("It is one."), Step::stop()],
    ]);
    let (mut client, _) = client(&provider, "draft", "/experimental/redraft", json!({ "answers": true }));
    let draft = client.run("implement", "raise");
    client.until_text("return 1");
    // A question about a function that is being written, and the end of the draft beside it.
    let question = client.run("explain", "return 1");
    writing.open();
    client.until_state(&draft, "done");
    telling.open();
    client.until_state(&question, "done");
    assert_eq!(client.states(&draft).last(), Some(&"done"), "it was not kept by that");
    client.command("redraft.revert", &draft);
    client.until_state(&draft, "reverted");
    assert_eq!(client.text(), FILE);
    client.finish();
}

/// A part of a key that the selection's edge cuts is a secret as well.
#[test]
fn no_key_is_told_of() {
    let line = "MIIEpAIBAAKCAQEA0Z3VS5JJcds3xfn5Vn1cXU9q";
    let lines: String = (0..10).map(|n| format!("{n}{line}\n")).collect();
    let file = format!(
        "KEY = \"\"\"-----BEGIN RSA PRIVATE KEY-----\n{lines}-----END RSA PRIVATE KEY-----\n\"\"\"\n"
    );
    let provider = Scripted::saying(["A key."]);
    let mut client = Client::with(&provider, "final", &file);
    let (start, end) = (client.find("3MII"), client.find("7MII"));
    let mut argument = client.argument("explain", "KEY = ");
    argument["range"] = client.range(start..end);
    let run = client.execute("redraft.run", argument).unwrap()["run"].as_str().unwrap().to_owned();
    client.until_state(&run, "done");
    assert!(!format!("{:?}", provider.requests()).contains("MIIEpAIBAAK"), "{:?}", provider.requests());
    client.shows(3, "A key.");
    client.finish();
}

/// So is the end of a key whose head stands above all that is shown around a place.
#[test]
fn no_key_is_shown_around_a_place() {
    let lines = "MIIEpAIBAAKCAQEA0Z3VS5JJcds3xfn5Vn1cXU9q\n".repeat(50);
    let file = format!(
        "KEY = \"\"\"-----BEGIN RSA PRIVATE KEY-----\n{lines}-----END RSA PRIVATE KEY-----\n\"\"\"\nx = 1\ny = 2\n"
    );
    let provider = Scripted::saying(["One."]);
    let mut client = Client::with(&provider, "final", &file);
    let at = client.find("x = 1");
    let mut argument = client.argument("explain", "x = 1");
    argument["range"] = client.range(at..at + 5);
    let run = client.execute("redraft.run", argument).unwrap()["run"].as_str().unwrap().to_owned();
    client.until_state(&run, "done");
    assert!(!format!("{:?}", provider.requests()).contains("MIIEpAIBAAK"), "{:?}", provider.requests());
    client.shows(3, "One.");
    client.finish();
}
