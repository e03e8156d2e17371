//! Prompts of workspaces, in an editor: offered where they are trusted, read again when they change, told of when they are wrong; what
//! their users are asked and what workspaces ask of all code goes into the question.

use std::fs;

use redraft::model::provider::scripted::Scripted;
use serde_json::{Value, json};

use crate::checkers::Place;
use crate::harness::Client;

const BODY: &str = "    return 3 * r * r\n";
const LIST: &str = "---\ntitle: Do it as the house does in `{{ name }}`\nreplace: body\nwhen: {nodes: function, is: stub}\n---\nAs the house does it.\n";

fn write(place: &Place, path: &str, text: &str) {
    let path = place.folder.join("work").join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// The titles at the stub.
fn titles(client: &mut Client, place: &Place) -> Vec<String> {
    let at = client.text_of(&place.uri()).lines().position(|line| line.contains("raise")).unwrap();
    let position = json!({ "line": at, "character": 4 });
    let params = json!({
        "textDocument": { "uri": place.uri() },
        "range": { "start": position, "end": position },
        "context": { "diagnostics": [] },
    });
    let actions = client.call("textDocument/codeAction", params).unwrap();
    let actions = actions.as_array().unwrap().iter();
    actions.map(|action| action["title"].as_str().unwrap_or_default().to_owned()).collect()
}

fn until_title(client: &mut Client, place: &Place, is_there: bool, title: &str) {
    while titles(client, place).iter().any(|one| one == title) != is_there {
        // The look at the folder goes on beside the session.
        std::thread::yield_now();
    }
}

const TITLE: &str = "Do it as the house does in `area`";

#[test]
fn a_workspaces_prompt_is_an_action_and_its_rules_are_in_the_question() {
    let place = Place::new("prompts");
    write(&place, ".redraft/prompts/house.prompt.md", LIST);
    write(&place, "AGENTS.md", "Numbers are written out.\n");
    let provider = Scripted::saying([BODY]);
    let mut client = place.client(&provider, "", Some(false));
    until_title(&mut client, &place, true, TITLE);
    let run = client.run_in(&place.uri(), "house", "raise");
    client.until_state(&run, "done");
    let asked = provider.requests()[0].turns[0].text.clone();
    assert!(asked.starts_with("The rules of this project:\n\nNumbers are written out.\n\n"), "{asked}");
    assert!(asked.contains("in full.\nAs the house does it.\n"), "{asked}");
    let sent = client.call("redraft/sent", json!({ "run": run })).unwrap();
    assert_eq!(sent["rules"][0]["path"], "AGENTS.md", "{sent}");
    client.finish();
}

#[test]
fn what_is_not_trusted_is_not_read() {
    let place = Place::new("untrusted-prompts");
    write(&place, ".redraft/prompts/house.prompt.md", LIST);
    write(&place, "AGENTS.md", "Numbers are written out.\n");
    let provider = Scripted::saying([BODY]);
    let mut client = place.client(&provider, "", Some(true));
    assert!(!titles(&mut client, &place).iter().any(|title| title == TITLE));
    let run = client.run_in(&place.uri(), "implement", "raise");
    client.until_state(&run, "done");
    assert!(!provider.requests()[0].turns[0].text.contains("Numbers"));
    client.finish();
}

#[test]
fn changes_and_mistakes_are_seen() {
    let place = Place::new("changed-prompts");
    let provider = Scripted::default();
    let mut client = place.client(&provider, "", Some(false));
    assert!(!titles(&mut client, &place).iter().any(|title| title == TITLE));
    write(&place, ".redraft/prompts/house.prompt.md", LIST);
    until_title(&mut client, &place, true, TITLE);
    write(&place, ".redraft/prompts/house.prompt.md", &LIST.replace("stub", "stubb"));
    until_title(&mut client, &place, false, TITLE);
    client.shows(2, "house.prompt.md:4: when.is: there is no \"stubb\"");
    client.finish();
}

#[test]
fn by_its_tests_is_offered_where_a_test_names_it() {
    let (place, title) = (Place::new("tested"), "Implement `area` by its tests");
    let mut client = place.client(&Scripted::default(), "", Some(false));
    assert!(!titles(&mut client, &place).iter().any(|one| one == title));
    let test = "tests/test_shapes.py";
    write(&place, test, "from shapes import area\n\n\ndef test_area():\n    assert area(0) == 0\n");
    let uri = place.uri().replace("shapes.py", test);
    client.notify("workspace/didChangeWatchedFiles", json!({ "changes": [{ "uri": uri, "type": 1 }] }));
    until_title(&mut client, &place, true, title);
    client.finish();
}

#[test]
fn what_its_user_is_asked_comes_with_the_command() {
    let place = Place::new("asking-prompts");
    let asks = LIST
        .replace("replace:", "inputs: [{name: how, prompt: How?}]\nreplace:")
        .replace("As the", "By {{ input.how }}, as the");
    write(&place, ".redraft/prompts/house.prompt.md", &asks);
    let provider = Scripted::saying([BODY]);
    let mut client = place.client(&provider, "", Some(false));
    assert!(!titles(&mut client, &place).iter().any(|title| title == TITLE), "a menu can ask nothing");
    let at = client.argument_in(&place.uri(), "house", "raise");
    let params = json!({ "uri": at["uri"], "range": at["range"] });
    let told = client.call("redraft/prompts", params).unwrap();
    let house =
        told["prompts"].as_array().unwrap().iter().find(|prompt| prompt["action"] == "house").unwrap();
    assert_eq!((&told["version"], &house["title"]), (&json!(1), &json!(TITLE)));
    assert_eq!(house["inputs"], json!([{ "name": "how", "description": "How?", "default": null }]));
    let error = client
        .call("redraft/prompts", json!({ "uri": "file:///none.py", "range": at["range"] }))
        .unwrap_err();
    assert!(error["message"].as_str().unwrap().contains("is not open"), "{error}");
    let mut argument: Value = client.argument_in(&place.uri(), "house", "raise");
    let error = client.execute("redraft.run", argument.clone()).unwrap_err();
    assert!(error["message"].as_str().unwrap().contains("asks for `how` (How?)"), "{error}");
    argument["input"] = json!({ "how": "hand" });
    argument["instruction"] = json!("Slowly.");
    let run = client.execute("redraft.run", argument).unwrap()["run"].as_str().unwrap().to_owned();
    client.until_state(&run, "done");
    let asked = provider.requests()[0].turns[0].text.clone();
    assert!(asked.contains("By hand, as the house does it.\nSlowly.\n"), "{asked}");
    client.finish();
}
