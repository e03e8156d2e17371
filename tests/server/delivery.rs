//! Drafts come into documents: at the end, line by line, or for confirmation; in every sort of file.

use std::sync::Arc;

use redraft::model::provider::scripted::{Gate, Scripted, Step};
use serde_json::{Value, json};

use crate::harness::{Client, Manner, URI, rich, setup, wait_for};
use crate::{LINES, SHAPES, STUB, gated, gated_lines, open_all, writer, written};

#[test]
fn at_the_end_it_is_one_edit() {
    let (provider, gate) = gated();
    let mut client = Client::with(&provider, "final", SHAPES);
    let run = client.run("implement", "raise");
    (0..LINES.len()).for_each(|_| gate.open());
    client.until_state(&run, "streaming");
    client.barrier();
    assert_eq!(client.text(), SHAPES);
    gate.open();
    client.until_state(&run, "done");
    assert_eq!((client.text(), client.edits.len()), (written(SHAPES).as_str(), 1));
    assert_eq!(client.states(&run), ["gathering", "asking", "streaming", "checking", "done"]);
    client.finish();
}

#[test]
fn line_by_line_each_appears_as_it_comes() {
    let (provider, gate) = gated();
    let mut client = Client::with(&provider, "stream", SHAPES);
    let run = client.run("implement", "raise");
    for line in LINES {
        assert!(!client.text().contains(line));
        gate.open();
        client.until_text(line);
        let (before, after) = SHAPES.split_once(STUB).unwrap();
        assert!(client.text().starts_with(before) && client.text().ends_with(after), "{}", client.text());
    }
    gate.open();
    client.until_state(&run, "done");
    assert_eq!(client.text(), written(SHAPES));
    assert!(client.edits.len() >= 4, "{}", client.edits.len());
    client.finish();
}

#[test]
fn for_confirmation_it_is_one_annotated_edit_that_can_wait() {
    let provider = writer();
    let mut client = Client::with(&provider, "preview", SHAPES);
    client.manners.push_back(Manner::Holds);
    let run = client.run("implement", "raise");
    client.until("an edit", |client| !client.held.is_empty());
    let edit = &client.held[0]["params"]["edit"];
    assert_eq!(edit["changeAnnotations"]["redraft"]["needsConfirmation"], true);
    for one in edit["documentChanges"][0]["edits"].as_array().unwrap() {
        assert_eq!(one["annotationId"], "redraft");
    }
    client.release(Manner::Honest);
    client.until_state(&run, "done");
    assert_eq!((client.text(), client.edits.len()), (written(SHAPES).as_str(), 1));
    client.finish();
}

#[test]
fn a_preview_that_is_declined_is_no_draft() {
    let mut client = Client::with(&writer(), "preview", SHAPES);
    client.manners.push_back(Manner::Refuses);
    let run = client.run("implement", "raise");
    assert!(client.until_state(&run, "cancelled").contains("declined"));
    client.barrier();
    assert_eq!((client.text(), client.edits.len()), (SHAPES, 1));
    client.finish();
}

const WITH_IMPORT: &str =
    "```python\nimport math\nimport os\n\n\ndef area(r):\n    return math.pi * r * r\n```\n";

#[test]
fn imports_go_to_the_import_block_once() {
    for delivery in ["final", "stream"] {
        let mut client = Client::with(&Scripted::saying([WITH_IMPORT]), delivery, SHAPES);
        let run = client.run("implement", "raise");
        client.until_state(&run, "done");
        let expected = SHAPES
            .replace("import os\n", "import math\nimport os\n")
            .replace(STUB, "    return math.pi * r * r\n");
        assert_eq!(client.text(), expected, "{delivery}");
        client.command("redraft.revert", &run);
        client.until_state(&run, "reverted");
        assert_eq!(client.text(), SHAPES, "{delivery}");
        client.finish();
    }
}

/// The file as it is with this line end, and with this text at its beginning and in its lines.
#[test]
fn every_sort_of_file_keeps_its_ways() {
    let tabs = |text: &str| text.replace("    ", "\t");
    let emoji =
        |text: &str| text.replace("Of a circle.", "Of 👩‍👩‍👧 a 𝒞ircle é.").replace("return 2", "return '🦀'");
    type Way<'a> = (&'a str, Box<dyn Fn(&str) -> String>);
    let ways: [Way; 7] = [
        ("CRLF", Box::new(|text| text.replace('\n', "\r\n"))),
        ("tabs", Box::new(tabs)),
        ("emoji", Box::new(emoji)),
        ("a byte-order mark", Box::new(|text| format!("\u{feff}{text}"))),
        ("no final newline", Box::new(|text| text.trim_end().to_owned())),
        (
            "the stub at the very end",
            Box::new(|text| text.split("\n\n\ndef below").next().unwrap().to_owned()),
        ),
        (
            "all at once",
            Box::new(move |text| format!("\u{feff}{}", emoji(&tabs(text)).trim_end().replace('\n', "\r\n"))),
        ),
    ];
    for (name, way) in ways {
        for encodings in [json!(["utf-8"]), json!(["utf-16"]), json!(["utf-32"])] {
            for delivery in ["final", "stream"] {
                let (text, expected) = (way(SHAPES), way(&written(SHAPES)));
                let mut capabilities = rich();
                capabilities["general"]["positionEncodings"] = encodings.clone();
                let provider = Arc::new(Scripted::saying([LINES.concat().as_str()]));
                let mut client =
                    Client::greeted(setup(provider), &capabilities, json!({ "delivery": delivery }));
                client.open(URI, &text);
                let run = client.run("implement", "raise");
                client.until_state(&run, "done");
                assert_eq!(client.text(), expected, "{name} {encodings} {delivery}");
                client.command("redraft.revert", &run);
                client.until_state(&run, "reverted");
                assert_eq!(client.text(), text, "{name} {encodings} {delivery}");
                client.finish();
            }
        }
    }
}

#[test]
fn two_runs_in_one_document_take_turns() {
    let two =
        SHAPES.replace("    return 2\n", "    raise ValueError  # no stub\n\n\ndef volume(r):\n    pass\n");
    let gates = [Gate::new(), Gate::new()];
    let second: Vec<Step> = ["    a = r\n", "    return a\n"]
        .iter()
        .flat_map(|line| [Step::Wait(gates[1].clone()), Step::say(line)])
        .chain([Step::Wait(gates[1].clone()), Step::stop()])
        .collect();
    let provider = Scripted::new([gated_lines(&gates[0]), second]);
    let mut client = Client::with(&provider, "stream", &two);
    client.manners.push_back(Manner::Holds);
    let first = client.run("implement", "raise NotImplementedError");
    wait_for(provider.begun(1));
    let second = client.run("implement", "pass");
    wait_for(provider.begun(2));
    gates[0].open();
    client.until("an edit", |client| !client.held.is_empty());
    // The other has something to send, and waits for the first one's echo: the harness takes no second edit meanwhile.
    gates[1].open();
    client.until_state(&second, "streaming");
    client.barrier();
    client.release(Manner::Honest);
    client.until_text(LINES[0]);
    client.until_text("    a = r\n");
    open_all(&gates[0]);
    open_all(&gates[1]);
    client.until_state(&first, "done");
    client.until_state(&second, "done");
    let expected = written(&two).replace("    pass\n", "    a = r\n    return a\n");
    assert_eq!(client.text(), expected);
    client.command("redraft.revert", &first);
    client.until_state(&first, "reverted");
    assert_eq!(client.text(), two.replace("    pass\n", "    a = r\n    return a\n"));
    client.finish();
}

#[test]
fn two_runs_that_need_the_same_import_add_it_once() {
    let two = SHAPES.replace("    return 2\n", "    pass\n");
    let other = "import math\n\n\ndef below():\n    return math.tau\n";
    let gates = [Gate::new(), Gate::new()];
    let held = |gate: &Gate, text: &str| vec![Step::Wait(gate.clone()), Step::say(text), Step::stop()];
    let provider = Scripted::new([held(&gates[0], WITH_IMPORT), held(&gates[1], other)]);
    let mut client = Client::with(&provider, "final", &two);
    let first = client.run("implement", "raise NotImplementedError");
    wait_for(provider.begun(1));
    let second = client.run("implement", "pass");
    wait_for(provider.begun(2));
    gates[0].open();
    client.until_state(&first, "done");
    gates[1].open();
    client.until_state(&second, "done");
    assert_eq!(client.text().matches("import math\n").count(), 1, "{}", client.text());
    client.finish();
}

#[test]
fn a_client_that_knows_little_gets_the_draft_all_the_same() {
    let provider = writer();
    let mut client = Client::greeted(setup(Arc::new(provider.clone())), &json!({}), Value::Null);
    client.open(URI, SHAPES);
    let command =
        client.actions("raise").iter().find(|action| action["title"] == "Implement `area`").unwrap().clone();
    assert!(command["command"].is_string(), "a bare command: {command}");
    client
        .call(
            "workspace/executeCommand",
            json!({ "command": command["command"], "arguments": command["arguments"] }),
        )
        .unwrap();
    client.until_text("return total");
    client.barrier();
    assert_eq!(client.text(), written(SHAPES));
    assert!(client.statuses.is_empty() && client.progress.is_empty());
    client.finish();
}
