//! What an editor can ask of what was spent, and of what would be; and what becomes of drafts.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use redraft::model::account::{Accounts, Budget};
use redraft::model::ledger::{By, Ledger};
use redraft::model::provider::http::Http;
use redraft::model::provider::scripted::{Gate, Scripted, Step};
use redraft::model::registry::Registry;
use redraft::model::spec::Catalogue;
use serde_json::{Value, json};

use crate::harness::{Client, HANG, URI, around, rich, wait_for};
use crate::{LINES, SHAPES, writer};

/// A folder for a ledger, gone with the value.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("redraft-costs-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn ledger(&self) -> PathBuf {
        self.0.join("ledger.sqlite")
    }

    fn greeted(&self, provider: &Scripted) -> Client {
        let provider = provider.clone();
        let make = Box::new(move |_: &_| Ok(Arc::new(provider.clone()) as _));
        let registry = Registry::new(Catalogue::default(), Http::default(), make)
            .with_accounts(Accounts::new(Some(self.ledger()), Budget::default()));
        let setup = around(registry);
        let mut client = Client::greeted(setup, &rich(), json!({ "delivery": "final" }));
        client.open(URI, SHAPES);
        client
    }

    /// Kept, reverted, edited: once something is written down, which the server may do as the last of all.
    fn fates(&self) -> (u32, u32, u32) {
        let ledger = Ledger::open(&self.ledger(), SystemTime::now()).unwrap();
        let began = Instant::now();
        loop {
            let rows = ledger.usage(SystemTime::UNIX_EPOCH, By::Model).unwrap();
            let fates = rows.iter().fold((0, 0, 0), |(kept, reverted, edited), row| {
                (kept + row.kept, reverted + row.reverted, edited + row.edited)
            });
            if fates != (0, 0, 0) || began.elapsed() > HANG {
                return fates;
            }
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn what_becomes_of_a_draft_is_written_down() {
    type After = fn(&mut Client, &str);
    let rows: [(&str, After, (u32, u32, u32)); 5] = [
        ("kept", |client, run| client.command("redraft.keep", run), (1, 0, 0)),
        (
            "reverted",
            |client, run| {
                client.command("redraft.revert", run);
                client.until_state(run, "reverted");
            },
            (0, 1, 0),
        ),
        ("left", |_, _| {}, (1, 0, 0)),
        ("edited", |client, _| client.type_before("total += n", "x = 1; "), (0, 0, 1)),
        (
            "edited and kept",
            |client, run| {
                client.type_before("total += n", "x = 1; ");
                client.command("redraft.keep", run);
            },
            (0, 0, 1),
        ),
    ];
    for (name, after, fates) in rows {
        let folder = Folder::new(&name.replace(' ', "-"));
        let mut client = folder.greeted(&writer());
        let run = client.run("implement", "raise");
        client.until_state(&run, "done");
        assert!(client.text().contains(LINES[1]));
        after(&mut client, &run);
        client.finish();
        assert_eq!(folder.fates(), fates, "{name}");
    }
}

/// Its editor dies while a completion is asked for: the session ends all the same.
#[test]
fn a_draft_is_written_down_whatever_its_client_waits_for() {
    let (folder, gate) = (Folder::new("dies"), Gate::new());
    let provider = writer();
    provider.add(vec![Step::Wait(gate.clone()), Step::stop()]);
    let mut client = folder.greeted(&provider);
    let run = client.run("implement", "raise");
    client.until_state(&run, "done");
    let at = client.find("return 2");
    let position = client.range(at..at)["start"].clone();
    let params =
        json!({ "textDocument": { "uri": URI }, "position": position, "context": { "triggerKind": 1 } });
    client.request("textDocument/inlineCompletion", params);
    wait_for(provider.begun(2));
    client.hang_up();
    client.exit_code();
    assert_eq!(folder.fates(), (1, 0, 0));
}

#[test]
fn an_editor_can_show_what_was_spent() {
    let folder = Folder::new("usage");
    let mut client = folder.greeted(&writer());
    let none = client.call("redraft/usage", json!({})).unwrap();
    assert_eq!((&none["version"], &none["rows"]), (&json!(1), &json!([])));
    let run = client.run("implement", "raise");
    client.until_state(&run, "done");
    // The call ends in a task of its own, perhaps behind the draft.
    let asked = Instant::now();
    let usage = loop {
        let usage = client.call("redraft/usage", json!({ "since": "1d", "by": "task" })).unwrap();
        if usage["rows"][0].is_object() || asked.elapsed() > HANG {
            break usage;
        }
    };
    let row = &usage["rows"][0];
    assert_eq!((&row["name"], &row["ok"], &row["local"]), (&json!("implement"), &json!(1), &json!(true)));
    let status = client.call("redraft/status", Value::Null).unwrap();
    assert_eq!(status["model"], "qwen2.5-coder-0.5b");
    assert_eq!((&status["runs"][0]["run"], &status["runs"][0]["state"]), (&json!(run), &json!("done")));
    assert_eq!(status["spent_micro_usd"]["today"], 0);
    for (params, fragment) in [
        (json!({ "since": "soon" }), "7d, 12h or 30m"),
        (json!({ "since": 7 }), "since is a text"),
        (json!({ "by": "moon" }), "model, task and day"),
    ] {
        let error = client.call("redraft/usage", params).unwrap_err();
        assert_eq!(error["code"], -32602);
        assert!(error["message"].as_str().unwrap().contains(fragment), "{error}");
    }
    client.finish();
}

#[test]
fn an_estimate_asks_nobody() {
    let folder = Folder::new("estimate");
    let provider = writer();
    let mut client = folder.greeted(&provider);
    let argument = client.argument("implement", "raise");
    let estimate = client.call("redraft/estimate", argument.clone()).unwrap();
    assert_eq!((&estimate["model"], &estimate["privacy"]), (&json!("qwen2.5-coder-0.5b"), &json!("local")));
    assert_eq!(
        (&estimate["title"], &estimate["cost_at_most_micro_usd"]),
        (&json!("Implement `area`"), &json!(0))
    );
    let prompt = estimate["tokens"]["prompt"].as_u64().unwrap();
    assert!(prompt > 50 && estimate["tokens"]["completion_at_most"].as_u64().unwrap() > 100, "{estimate}");
    assert_eq!(provider.requests().len(), 0);
    let generate = json!({ "uri": URI, "range": argument["range"], "instruction": "x" });
    assert_eq!(client.call("redraft/estimate", generate).unwrap()["title"], "Implement `area`");
    let wrong = json!({ "uri": "file:///nowhere.py", "range": argument["range"], "instruction": "x" });
    assert_eq!(client.call("redraft/estimate", wrong).unwrap_err()["code"], -32602);
    client.finish();
}

#[test]
fn models_are_listed_and_another_one_is_wanted_without_a_restart() {
    let mut client = Client::with(&writer(), "final", SHAPES);
    let models = client.call("redraft/models", json!({})).unwrap();
    let names: Vec<&str> =
        models["models"].as_array().unwrap().iter().filter_map(|model| model["name"].as_str()).collect();
    assert!(names.contains(&"qwen2.5-coder-1.5b"), "{models}");
    assert_eq!(models["default"], "qwen2.5-coder-0.5b");
    assert_eq!(
        (&models["models"][0]["privacy"], &models["models"][0]["is_there"]),
        (&json!("embedded"), &json!(true))
    );
    let wanted = |name: &str| json!({ "settings": { "redraft": { "config": { "default_model": name } } } });
    client.notify("workspace/didChangeConfiguration", wanted("qwen2.5-coder-1.5b"));
    assert_eq!(client.call("redraft/status", json!({})).unwrap()["model"], "qwen2.5-coder-1.5b");
    // What is another server's, or none of what may be said here, changes nothing.
    client.notify("workspace/didChangeConfiguration", json!({ "settings": { "pylsp": {} } }));
    client.notify("workspace/didChangeConfiguration", json!({ "settings": null }));
    assert_eq!(client.call("redraft/status", json!({})).unwrap()["model"], "qwen2.5-coder-1.5b");
    client.notify(
        "workspace/didChangeConfiguration",
        json!({ "settings": { "redraft": { "config": { "budget": { "per_run": 9 } } } } }),
    );
    client.shows(2, "settings.redraft: config.budget: cannot be set by the editor");
    client.finish();
}
