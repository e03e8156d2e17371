//! Order and account: what comes first is seen first, each request has one answer, and what was sent can be looked at.

use std::sync::Arc;

use redraft::model::provider::scripted::{Scripted, Step};
use redraft::model::{Answer, Finish, MicroUsd, Tokens, Usage};
use serde_json::{Value, json};

use crate::harness::{Client, URI, rich, setup, wait_for};
use crate::{LINES, SHAPES, gated, open_all, writer, written};

#[test]
fn every_request_sees_the_change_right_before_it() {
    let mut client = Client::with(&Scripted::default(), "final", SHAPES);
    let ids: Vec<(i64, i32)> = (0..298)
        .map(|_| {
            client.change(0..0, "#\n");
            let at = client.find("raise");
            let params = json!({ "textDocument": { "uri": URI }, "range": client.range(at..at), "context": { "diagnostics": [], "only": ["refactor.rewrite.redraft.implement"] } });
            let version = client.document().version;
            (client.request("textDocument/codeAction", params), version)
        })
        .collect();
    for (id, version) in ids {
        let actions = client.answer(id).unwrap();
        assert_eq!(actions[0]["command"]["arguments"][0]["version"], version, "{actions}");
        assert_eq!(actions[0]["command"]["arguments"][0]["range"]["start"]["line"], 8 + version);
    }
    client.finish();
}

/// The cancel meets the request at every stage, the run's beginning among them: it is sent so many requests later. (That it
/// meets the very moment between is a test of `src/server/session`.)
#[test]
fn a_cancelled_request_has_one_answer_and_starts_nothing() {
    let (mut began, mut cancelled) = (0, 0);
    for round in 0..120 {
        let provider = writer();
        let mut client = Client::with(&provider, "final", SHAPES);
        let id = client.begin("implement", "raise");
        (0..round % 12).for_each(|_| client.barrier());
        client.notify("$/cancelRequest", json!({ "id": id }));
        match client.answer(id) {
            Ok(answer) => {
                client.until_state(answer["run"].as_str().unwrap(), "done");
                assert_eq!(client.text(), written(SHAPES));
                began += 1;
            }
            Err(error) => {
                assert_eq!(error["code"], -32800, "{error}");
                // The place is free, and nobody works there.
                client.until("the end of what was gathering", |client| {
                    client.statuses.last().is_none_or(|status| status["state"] == "failed")
                });
                let run = client.run("implement", "raise");
                client.until_state(&run, "done");
                assert_eq!(client.text(), written(SHAPES));
                cancelled += 1;
            }
        }
        assert_eq!(provider.requests().len(), 1, "the model is asked by whom the client knows");
        client.notify("$/cancelRequest", json!({ "id": 4711 }));
        client.notify("$/cancelRequest", json!({ "id": id }));
        client.finish();
    }
    println!("{began} were answered before the cancel, {cancelled} were cancelled");
}

#[test]
fn the_status_tells_model_tokens_and_cost() {
    let usage =
        Usage { prompt: Tokens(100), completion: Tokens(42), cost: Some(MicroUsd(1234)), ..Usage::default() };
    let script = vec![Step::say(&LINES.concat()), Step::End(Answer { finish: Finish::Stop, usage })];
    let mut client = Client::with(&Scripted::new([script]), "final", SHAPES);
    let run = client.run("implement", "raise");
    client.until_state(&run, "done");
    assert_eq!(client.states(&run), ["gathering", "asking", "streaming", "checking", "done"]);
    for status in &client.statuses {
        assert_eq!(
            (&status["run"], &status["model"], &status["round"]),
            (&json!(run), &json!("qwen2.5-coder-0.5b"), &json!(1))
        );
        let keys: Vec<&str> = status.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(keys, ["cost_micro_usd", "message", "model", "round", "run", "state", "tokens", "uri"]);
    }
    let done = client.statuses.last().unwrap();
    assert_eq!(
        (&done["tokens"], &done["cost_micro_usd"], &done["message"]),
        (&json!(42), &json!(1234), &Value::Null)
    );
    client.finish();
}

#[test]
fn a_client_that_does_not_know_redraft_hears_no_status() {
    let mut capabilities = rich();
    capabilities["experimental"] = json!({ "other": {} });
    let mut client = Client::greeted(setup(Arc::new(writer())), &capabilities, Value::Null);
    client.open(URI, SHAPES);
    client.run("implement", "raise");
    client.until_text("return total");
    client.until("the end", |client| {
        client.progress.values().any(|kinds| kinds.iter().any(|kind| kind == "end"))
    });
    assert!(client.statuses.is_empty());
    client.finish();
}

#[test]
fn what_was_sent_is_what_the_model_saw_without_secrets() {
    let key = format!("AKIA{}", "ABCDEFGH23456724");
    let text = SHAPES
        .replace("def above", &format!("KEY = \"{key}\"\npassword = \"hunter2-Xk9!pQ7z\"\n\n\ndef above"));
    let provider = writer();
    let mut client = Client::with(&provider, "final", &text);
    let run = client.run("implement", "raise");
    client.until_state(&run, "done");
    let request = provider.requests().remove(0);
    let sent = client.call("redraft/sent", json!({ "run": run })).unwrap();
    assert_eq!(sent["system"], request.system);
    assert_eq!(sent["messages"], json!([request.turns[0].text]));
    assert_eq!((&sent["run"], &sent["title"]), (&json!(run), &json!("Implement `area`")));
    for excerpt in sent["excerpts"].as_array().unwrap() {
        assert!(excerpt["tokens"].is_u64() && excerpt["reason"].is_string(), "{excerpt}");
    }
    assert!(request.turns[0].text.contains("Of a circle."));
    for secret in [key.as_str(), "hunter2-Xk9"] {
        assert!(!format!("{request:?}").contains(secret), "the model saw {secret}");
        assert!(!sent.to_string().contains(secret), "the account of what was sent holds {secret}: {sent}");
    }
    assert_eq!(client.text(), written(&text), "the file keeps its own");
    client.finish();
}

/// The model rewrites a secret that it never sees, and nobody but the file is told.
/// A finding quotes the line that it is about, and only a part of a long one: nothing of a secret is in that either.
#[test]
fn a_part_of_a_secret_that_was_put_back_is_told_to_no_one() {
    let part = "Xk9pQ7zLmW2vB8nR4tYs";
    let secret: String = (0..15).map(|at| format!("{part}{at}")).collect();
    let text = format!("# redraft: upper case\npassword = \"{secret}\"\n");
    let answer = "```python\nPASSWORD = \"<redacted:password:1>\" + made_up\n```\n";
    let provider = Scripted::saying([answer; 6]);
    let mut client = Client::with(&provider, "final", &text);
    let (start, end) = (client.find("password"), client.text().len());
    let listed = client.actions_in(client.range(start..end), json!({ "diagnostics": [] }));
    let rewrite = listed.iter().find(|action| action["kind"] == "refactor.rewrite.redraft.rewrite").unwrap();
    let begun = client.execute("redraft.run", rewrite["command"]["arguments"][0].clone()).unwrap();
    client.until_state(begun["run"].as_str().unwrap(), "done");
    let requests = provider.requests();
    assert!(requests[1].turns.last().unwrap().text.contains("made_up"), "{requests:?}");
    assert!(!format!("{requests:?}").contains(part));
    let tells = |line: &&String| {
        line.starts_with('<') && line.contains(part) && !line.contains("workspace/applyEdit")
    };
    assert_eq!(client.log.iter().find(tells), None);
    client.shows(3, "made_up");
    client.finish_without_progress();
}

#[test]
fn a_secret_of_a_selection_is_put_back_and_told_to_no_one() {
    let secret = "hunter2-Xk9!pQ7z";
    let text = format!("# redraft: upper case\npassword = \"{secret}\"\nuser = \"me\"\n");
    let mark = "<redacted:password:1>";
    for (answer, outcome) in [
        (
            format!("USER = \"me\"\nPASSWORD = \"{mark}\""),
            Ok(format!("USER = \"me\"\nPASSWORD = \"{secret}\"")),
        ),
        (
            format!("USER = \"me\"\n# password = \"{mark}\", existing code"),
            Err("leaves code out: `# password = \"<redacted"),
        ),
        (format!("PASSWORD = \"{mark}\"\nprint(\"{mark}\")"), Err("our own mark")),
    ] {
        let provider = Scripted::saying([format!("```python\n{answer}\n```\n").as_str()]);
        let mut client = Client::with(&provider, "stream", &text);
        let (start, end) = (client.find("password"), client.find("me\"") + 3);
        let listed = client.actions_in(client.range(start..end), json!({ "diagnostics": [] }));
        let rewrite =
            listed.iter().find(|action| action["kind"] == "refactor.rewrite.redraft.rewrite").unwrap();
        let begun = client.execute("redraft.run", rewrite["command"]["arguments"][0].clone()).unwrap();
        let run = begun["run"].as_str().unwrap().to_owned();
        client.until_state(&run, if outcome.is_ok() { "done" } else { "failed" });
        match outcome {
            Ok(after) => assert_eq!(client.text(), format!("# redraft: upper case\n{after}\n")),
            Err(why) => {
                client.shows(1, why);
                assert_eq!(client.text(), text);
            }
        }
        let request = provider.requests().remove(0);
        assert!(request.turns[0].text.contains(mark) && request.turns[0].text.ends_with("just as they are."));
        assert!(!format!("{request:?}").contains(secret));
        let sent = client.call("redraft/sent", json!({ "run": run })).unwrap();
        assert_eq!((&sent["redacted"], sent.to_string().contains(secret)), (&json!(1), false), "{sent}");
        let told: Vec<&String> = client
            .log
            .iter()
            .filter(|line| {
                line.starts_with('<') && line.contains(secret) && !line.contains("workspace/applyEdit")
            })
            .collect();
        assert!(told.is_empty(), "{told:?}");
        client.finish_without_progress();
    }
}

#[test]
fn a_client_that_does_not_read_holds_nothing_up_but_itself() {
    let mut client = Client::with(&Scripted::default(), "final", SHAPES);
    let at = client.find("raise");
    let params = json!({ "textDocument": { "uri": URI }, "range": client.range(at..at), "context": { "diagnostics": [] } });
    // The harness reads only when it waits for something; two thousand answers are far more than a pipe holds.
    let ids: Vec<i64> =
        (0..2_000).map(|_| client.request("textDocument/codeAction", params.clone())).collect();
    for id in ids {
        assert_eq!(client.answer(id).unwrap().as_array().unwrap().len(), 4);
    }
    client.finish();
}

#[test]
fn typing_is_taken_in_while_a_model_answers_in_many_documents() {
    let texts: Vec<String> = (0..8).map(|n| format!("file:///project/f{n}.py")).collect();
    let gates: Vec<_> = texts.iter().map(|_| gated()).collect();
    let scripts = gates.iter().map(|(_, gate)| crate::gated_lines(gate));
    let provider = Scripted::new(scripts);
    let mut client = Client::with(&provider, "stream", SHAPES);
    let argument = client.argument("implement", "raise");
    let mut runs = Vec::new();
    for (n, uri) in texts.iter().enumerate() {
        client.open(uri, SHAPES);
        let mut argument = argument.clone();
        argument["uri"] = json!(uri);
        runs.push(client.execute("redraft.run", argument).unwrap()["run"].as_str().unwrap().to_owned());
        wait_for(provider.begun(n + 1));
    }
    for (_, gate) in &gates {
        open_all(gate);
        client.type_before("import", "#\n");
        client.barrier();
    }
    for run in &runs {
        client.until_state(run, "done");
    }
    for uri in &texts {
        assert_eq!(client.documents[uri].text, written(SHAPES), "{uri}");
    }
    assert_eq!(client.text(), format!("{}{SHAPES}", "#\n".repeat(8)));
    client.finish();
}
