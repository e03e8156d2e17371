//! What is offered where: listed without a model, tagged where that can be shown, and nothing that edits by itself.

use std::sync::Arc;

use redraft::model::provider::scripted::Scripted;
use serde_json::{Value, json};

use crate::SHAPES;
use crate::harness::{Client, URI, rich, setup};

const COMMENTED: &str =
    "# redraft: use a comprehension\nfor a in b:\n    c.append(a)\n\n\ndef f():\n    pass\n";

fn kinds(actions: &[Value]) -> Vec<&str> {
    actions.iter().map(|action| action["kind"].as_str().unwrap()).collect()
}

#[test]
fn only_and_the_trigger_choose_what_is_listed() {
    let provider = Scripted::default();
    let mut client = Client::with(&provider, "final", SHAPES);
    let stub = client.find("raise");
    let implement = "refactor.rewrite.redraft.implement";
    let docstring = "refactor.rewrite.redraft.docstring";
    for (context, expected) in [
        (json!({ "diagnostics": [] }), vec![implement, docstring]),
        (json!({ "diagnostics": [], "triggerKind": 1 }), vec![implement, docstring]),
        (json!({ "diagnostics": [], "triggerKind": 2 }), vec![implement]),
        (json!({ "diagnostics": [], "triggerKind": 99, "newer": {} }), vec![implement, docstring]),
        (json!({ "diagnostics": [], "only": ["refactor"] }), vec![implement, docstring]),
        (json!({ "diagnostics": [], "only": ["refactor.rewrite.redraft.implement"] }), vec![implement]),
        (json!({ "diagnostics": [], "only": ["refactor.rewrite.red"] }), vec![]),
        (json!({ "diagnostics": [], "only": ["quickfix", "source"] }), vec![]),
        (json!({ "diagnostics": [], "only": [""] }), vec![implement, docstring]),
        (json!({ "diagnostics": [], "only": [] }), vec![implement, docstring]),
        (json!({ "diagnostics": [], "only": null }), vec![implement, docstring]),
    ] {
        let listed = client.actions_in(client.range(stub..stub), context.clone());
        assert_eq!(kinds(&listed), expected, "{context}");
    }
    assert!(provider.requests().is_empty(), "no model is asked for a list");
    client.finish();
}

#[test]
fn an_action_carries_what_is_needed_to_redo_it_and_no_edit() {
    for (tags, expected) in [(json!([1]), json!([1])), (json!([]), Value::Null), (json!([2]), Value::Null)] {
        let mut capabilities = rich();
        capabilities["textDocument"]["codeAction"]["tagSupport"]["valueSet"] = tags;
        let mut client = Client::greeted(setup(Arc::new(Scripted::default())), &capabilities, Value::Null);
        client.open(URI, SHAPES);
        let expect = client.argument("implement", "raise");
        let action = client.actions("raise").remove(0);
        assert_eq!(action["command"]["command"], "redraft.run");
        assert_eq!(action["command"]["arguments"], json!([expect]));
        assert_eq!(action["tags"], expected);
        for absent in ["isPreferred", "edit", "data", "disabled"] {
            assert!(action.get(absent).is_none(), "{action}");
        }
        client.finish();
    }
}

#[test]
fn a_diagnostic_is_offered_a_fix_and_comes_back_whole() {
    let mut client = Client::with(&Scripted::default(), "final", SHAPES);
    let at = client.find("os.sep");
    let diagnostic = json!({
        "range": client.range(at..at + 6), "message": "wrong", "code": 7, "source": "checker", "severity": 1,
        "data": { "any": ["thing"] }, "codeDescription": { "href": "https://example.org" },
    });
    let context =
        json!({ "diagnostics": [diagnostic, { "message": "without a range" }, 3], "only": ["quickfix"] });
    let listed = client.actions_in(client.range(at..at), context);
    assert_eq!(kinds(&listed), ["quickfix.redraft.fix"]);
    assert_eq!(listed[0]["diagnostics"], json!([diagnostic]));
    assert_eq!(listed[0]["command"]["arguments"][0]["diagnostic"], diagnostic);
    assert!(listed[0].get("isPreferred").is_none());
    client.finish();
}

#[test]
fn a_selection_below_an_instruction_is_offered_a_rewrite() {
    let provider = Scripted::saying(["```python\nc.extend(a for a in b)\n```\n"]);
    let mut client = Client::with(&provider, "final", COMMENTED);
    let (start, end) = (client.find("for a"), client.find("append(a)") + 9);
    let listed = client
        .actions_in(client.range(start..end), json!({ "diagnostics": [], "only": ["refactor.rewrite"] }));
    let rewrite = listed.iter().find(|action| action["kind"] == "refactor.rewrite.redraft.rewrite").unwrap();
    assert!(rewrite["title"].as_str().unwrap().contains("use a comprehension"), "{rewrite}");
    let answer = client.execute("redraft.run", rewrite["command"]["arguments"][0].clone()).unwrap();
    client.until_state(answer["run"].as_str().unwrap(), "done");
    assert_eq!(
        client.text(),
        COMMENTED.replace("for a in b:\n    c.append(a)\n", "c.extend(a for a in b)\n")
    );
    assert!(provider.requests()[0].turns[0].text.contains("use a comprehension"));
    client.finish();
}

#[test]
fn places_without_an_action_have_an_empty_list() {
    let mut client = Client::with(&Scripted::default(), "final", SHAPES);
    client.open_as("file:///project/a.txt", "plaintext", "def f():\n    pass\n");
    client.open_as("file:///project/binary.py", "python", "\0\u{1}\u{2}\0");
    for uri in ["file:///project/a.txt", "file:///project/binary.py", "file:///not/open.py", "untitled:1", ""]
    {
        let far = json!({ "line": 4_000_000_000_u32, "character": 4_000_000_000_u32 });
        let params = json!({ "textDocument": { "uri": uri }, "range": { "start": far, "end": far }, "context": { "diagnostics": [] } });
        assert_eq!(client.call("textDocument/codeAction", params).unwrap(), json!([]), "{uri}");
    }
    client.finish();
}
