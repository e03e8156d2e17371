//! Folders that are opened and closed while the server runs.

use std::fs;
use std::sync::Arc;

use redraft::model::provider::scripted::Scripted;
use serde_json::{Value, json};

use crate::harness::{Client, rich, setup};
use crate::proposals::{CODE, Folder, capable, proposal, wish};

#[test]
fn folders_come_and_go() {
    let folder = Folder::new();
    let mut client = Client::greeted(setup(Arc::new(Scripted::saying([CODE]))), &capable(), Value::Null);
    let this = json!([{ "uri": folder.uri(""), "name": "open" }]);
    for (added, removed, is_open) in
        [(json!([]), json!([]), false), (this.clone(), json!([]), true), (json!([]), this, false)]
    {
        let event = json!({ "event": { "added": added, "removed": removed } });
        client.notify("workspace/didChangeWorkspaceFolders", event);
        let answer = client.execute("redraft.generate", wish(&folder.uri("new.py"), 0));
        assert_eq!(answer.is_ok(), is_open, "{answer:?}");
        if is_open {
            let proposal = proposal(&mut client);
            client.respond(&proposal["id"], json!({ "applied": false }));
            client.until_state("run-1", "cancelled");
        }
    }
    client.finish();
}

/// What is known of a folder counts while it is open.
#[test]
fn a_folder_that_is_closed_is_in_no_context_and_one_that_is_opened_is() {
    let folder = Folder::new();
    let stub = "from helpers import scale\n\n\ndef area(r):\n    \"\"\"Of a circle.\"\"\"\n    raise NotImplementedError\n";
    folder.write("shapes.py", stub);
    fs::write(folder.0.join("closed/helpers.py"), "def scale(r):\n    return 3 * r\n").unwrap();
    let provider = Scripted::saying(["```python\n    return scale(r)\n```\n"; 400]);
    let mut client = Client::raw(setup(Arc::new(provider.clone())));
    client.initialize_in(&json!(folder.uri("")), &rich(), Value::Null);
    let uri = folder.uri("shapes.py");
    client.open(&uri, stub);
    let this = json!([{ "uri": format!("file://{}", folder.0.join("closed").display()), "name": "closed" }]);
    for (added, removed, is_seen) in
        [(json!([]), json!([]), false), (this.clone(), json!([]), true), (json!([]), this, false)]
    {
        let event = json!({ "event": { "added": added, "removed": removed } });
        client.notify("workspace/didChangeWorkspaceFolders", event);
        // The look at a new folder goes on beside the session.
        let mut sees = || {
            let run = client.run_in(&uri, "implement", "raise");
            client.until_state(&run, "done");
            client.command("redraft.revert", &run);
            client.until_state(&run, "reverted");
            provider.requests().last().unwrap().turns[0].text.contains("def scale")
        };
        if is_seen {
            assert!((0..100).any(|_| sees()), "it is never looked at");
        } else {
            assert!((0..20).all(|_| !sees()), "it is not open");
        }
    }
    client.messages.clear();
    client.finish();
}
