//! What is wrong with a draft that stands is shown in it, and goes with it.

use std::sync::Arc;

use redraft::model::provider::scripted::Scripted;
use serde_json::{Value, json};

use crate::harness::{Client, URI, rich, setup};
use crate::{SHAPES, writer};

fn greeted(provider: &Scripted) -> Client {
    let mut capabilities = rich();
    capabilities["textDocument"]["publishDiagnostics"] = json!({});
    let mut client =
        Client::greeted(setup(Arc::new(provider.clone())), &capabilities, json!({ "delivery": "final" }));
    // A fault that was there before is nobody's news.
    client.open(URI, &format!("{SHAPES}\n\nwas_there_before\n"));
    client
}

fn shown(client: &Client) -> Vec<Value> {
    client.diagnostics.get(URI).cloned().unwrap_or_default()
}

#[test]
fn what_a_draft_made_up_is_shown_until_it_is_kept_or_taken_back() {
    for (command, state) in [("redraft.keep", "kept"), ("redraft.revert", "reverted")] {
        let draft = "    return circle_area(r) * made_up\n";
        let provider = Scripted::saying([draft, draft]);
        let mut client = greeted(&provider);
        let run = client.run("implement", "raise");
        client.until_state(&run, "done");
        assert!(client.message().1.contains("left over: 2 findings"));
        client.until("diagnostics", |client| !shown(client).is_empty());
        let diagnostics = shown(&client);
        let told: Vec<&str> =
            diagnostics.iter().filter_map(|diagnostic| diagnostic["message"].as_str()).collect();
        assert_eq!(told, ["`circle_area` is bound nowhere", "`made_up` is bound nowhere"]);
        assert_eq!((&diagnostics[0]["source"], &diagnostics[0]["severity"]), (&json!("redraft"), &json!(1)));
        let at = client.find("circle_area");
        assert_eq!(diagnostics[0]["range"], client.range(at..at + "circle_area".len()));
        client.command(command, &run);
        client.until_state(&run, state);
        client.until("nothing", |client| shown(client).is_empty());
        client.finish();
    }
}

#[test]
fn a_draft_with_nothing_wrong_is_left_in_peace() {
    let mut client = greeted(&writer());
    let run = client.run("implement", "raise");
    client.until_state(&run, "done");
    client.command("redraft.keep", &run);
    client.until_state(&run, "kept");
    client.barrier();
    assert!(client.diagnostics.is_empty());
    client.finish();
}

#[test]
fn what_is_shown_goes_when_its_user_works_on_the_draft_or_closes_the_document() {
    for closes in [false, true] {
        let mut client = greeted(&Scripted::saying(["    return made_up\n"; 2]));
        let run = client.run("implement", "raise");
        client.until_state(&run, "done");
        assert!(client.message().1.contains("left over: `made_up`"));
        client.until("diagnostics", |client| !shown(client).is_empty());
        if closes {
            client.close(URI);
        } else {
            client.type_before("made_up", "r  # ");
        }
        client.until("nothing", |client| shown(client).is_empty());
        client.finish();
    }
}

#[test]
fn a_report_says_where_a_draft_is_and_the_way_back() {
    let mut client = greeted(&writer());
    let before = client.text().to_owned();
    let run = client.run("implement", "raise");
    client.until_state(&run, "done");
    assert_eq!(client.statuses.last().unwrap()["uri"], URI);
    client.type_before("import os", "import re\n");
    let report = client.call("redraft/report", json!({ "run": run })).unwrap();
    assert_eq!((&report["uri"], &report["stands"]), (&json!(URI), &json!(true)));
    assert_eq!(report["title"], "Implement `area`");
    assert_eq!(report["document_version"], client.documents[URI].version);
    let drafted = client.find("total += n");
    let lines = client.range(drafted..drafted + 1);
    assert!(report["ranges"][0]["start"]["line"].as_u64() <= lines["start"]["line"].as_u64(), "{report}");
    let mut document = client.text().to_owned();
    for edit in report["way_back"].as_array().unwrap().iter().rev() {
        let offset = |at: &Value| {
            let line = usize::try_from(at["line"].as_u64().unwrap()).unwrap();
            let start: usize = document.split_inclusive('\n').take(line).map(str::len).sum();
            start + usize::try_from(at["character"].as_u64().unwrap()).unwrap()
        };
        let (start, end) = (offset(&edit["range"]["start"]), offset(&edit["range"]["end"]));
        document.replace_range(start..end, edit["newText"].as_str().unwrap());
    }
    assert_eq!(document, format!("import re\n{before}"));
    client.command("redraft.revert", &run);
    client.until_state(&run, "reverted");
    client.finish();
}
