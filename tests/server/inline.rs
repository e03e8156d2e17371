//! Completions while one types: shown, shown on, ended by the next key, and one at a time.

use std::sync::Arc;

use redraft::model::provider::scripted::{Gate, Scripted, Step};
use serde_json::{Value, json};

use crate::harness::{Client, URI, rich, setup, wait_for};

const FILE: &str = "def area(r):\n    return \n\n\ndef below():\n    return 2\n";

fn client(provider: &Scripted) -> Client {
    let mut capabilities = rich();
    capabilities["textDocument"]["inlineCompletion"] = json!({});
    let mut client = Client::raw(setup(Arc::new(provider.clone())));
    let result = client.initialize(&capabilities, json!({}));
    assert_eq!(result["capabilities"]["inlineCompletionProvider"], true);
    client.open(URI, FILE);
    client
}

/// The request at the cursor behind `needle`.
fn params(client: &Client, needle: &str, trigger: u32) -> Value {
    let at = client.text().find(needle).unwrap() + needle.len();
    let position = client.range(at..at)["start"].clone();
    json!({ "textDocument": { "uri": URI }, "position": position, "context": { "triggerKind": trigger } })
}

fn ask(client: &mut Client, needle: &str) -> Value {
    let params = params(client, needle, 2);
    client.call("textDocument/inlineCompletion", params).unwrap()
}

#[test]
fn a_client_that_does_not_complete_is_not_told_of_it() {
    let mut client = Client::raw(setup(Arc::new(Scripted::default())));
    let result = client.initialize(&rich(), json!({}));
    assert!(result["capabilities"].get("inlineCompletionProvider").is_none());
    client.finish();
}

#[test]
fn the_rest_of_a_line_is_shown_and_shown_on() {
    // The model does not stop where the line's block ends.
    let provider = Scripted::new([vec![
        Step::say("3 * r * r\n"),
        Step::say("\n\ndef other():\n    pass\n"),
        Step::stop(),
    ]]);
    let mut client = client(&provider);
    let answer = ask(&mut client, "return ");
    let item = &answer["items"][0];
    assert_eq!(item["insertText"], "3 * r * r");
    assert_eq!(
        item["range"],
        json!({ "start": { "line": 1, "character": 11 }, "end": { "line": 1, "character": 11 } })
    );
    let fill = provider.requests()[0].fill.clone().unwrap();
    assert_eq!((fill.prefix.as_str(), fill.path.as_str()), ("def area(r):\n    return ", "shapes.py"));
    assert!(fill.suffix.starts_with("\n\n\ndef below"), "{fill:?}");
    // Along it, nobody is asked.
    client.type_before("\n\n\ndef below", "3 *");
    assert_eq!(ask(&mut client, "return 3 *")["items"][0]["insertText"], " r * r");
    assert_eq!(provider.requests().len(), 1);
    client.finish();
}

#[test]
fn the_next_key_ends_it() {
    let gate = Gate::new();
    let provider = Scripted::new([
        vec![Step::Wait(gate), Step::say("1\n"), Step::stop()],
        vec![Step::say("2\n"), Step::stop()],
    ]);
    let mut client = client(&provider);
    let params = params(&client, "return ", 2);
    let first = client.request("textDocument/inlineCompletion", params);
    wait_for(provider.begun(1));
    client.type_before("\n\n\ndef below", "1 + ");
    assert_eq!(client.answer(first), Ok(Value::Null));
    wait_for(provider.dropped(1));
    assert_eq!(ask(&mut client, "return 1 + ")["items"][0]["insertText"], "2");
    client.finish();
}

#[test]
fn one_is_at_work_for_a_document_at_most() {
    let gate = Gate::new();
    let provider =
        Scripted::new([vec![Step::Wait(gate), Step::stop()], vec![Step::say("2\n"), Step::stop()]]);
    let mut client = client(&provider);
    let params = params(&client, "return ", 2);
    let first = client.request("textDocument/inlineCompletion", params.clone());
    wait_for(provider.begun(1));
    let second = client.request("textDocument/inlineCompletion", params);
    assert_eq!(client.answer(first), Ok(Value::Null));
    assert_eq!(client.answer(second).unwrap()["items"][0]["insertText"], "2");
    assert_eq!(provider.live(), 0);
    client.finish();
}

#[test]
fn a_request_that_is_cancelled_asks_no_more() {
    let gate = Gate::new();
    let provider = Scripted::new([vec![Step::Wait(gate), Step::stop()]]);
    let mut client = client(&provider);
    let params = params(&client, "return ", 1);
    let id = client.request("textDocument/inlineCompletion", params);
    wait_for(provider.begun(1));
    client.notify("$/cancelRequest", json!({ "id": id }));
    wait_for(provider.dropped(1));
    assert!(client.answer(id).is_err());
    client.finish();
}

#[test]
fn what_is_of_no_use_is_not_shown() {
    let same = [Step::say("\n    return \n"), Step::stop()].to_vec();
    let provider = Scripted::new([
        vec![Step::say(" \n"), Step::stop()],
        same,
        vec![Step::say("'\u{202e}'"), Step::stop()],
    ]);
    let mut client = client(&provider);
    for needle in ["return ", "def area(r):", "return 2"] {
        assert_eq!(ask(&mut client, needle), Value::Null, "{needle}");
    }
    // Nobody is told of what nobody asked for; who asks by hand is.
    assert_eq!(ask(&mut client, "return "), Value::Null);
    let params = params(&client, "return ", 1);
    assert!(client.fails("textDocument/inlineCompletion", params) < 0);
    let nowhere =
        json!({ "textDocument": { "uri": "file:///none.py" }, "position": { "line": 0, "character": 0 } });
    assert_eq!(client.call("textDocument/inlineCompletion", nowhere), Ok(Value::Null));
    client.finish();
}
