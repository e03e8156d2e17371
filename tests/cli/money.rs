//! What calls cost, from what a server says on the wire to what the ledger has and the budget allows.

use serde_json::Value;

use super::fault_server::{Act, FaultServer, nobody};
use super::setup::{Folder, says};
use super::{ANSWER, STUB};

const GENERATE: [&str; 5] = ["generate", "a.py", "--at", "1", "--write"];
const HEAD: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";
const PRICE: &str = "price = { input = 1, output = 10 }\n";

/// A folder whose model `m` is at `origin`; `provider` and `model` are more lines of those.
fn folder(origin: &str, provider: &str, model: &str, more: &str) -> Folder {
    let folder = Folder::new();
    folder.write(
        "config.toml",
        format!(
            "[[provider]]\nname = \"p\"\nkind = \"openai\"\nbase_url = \"{origin}/v1\"\n{provider}\
             [[model]]\nname = \"m\"\nprovider = \"p\"\nid = \"coder\"\n{model}{more}"
        ),
    );
    folder.write("a.py", STUB);
    folder
}

fn stream(events: &[&str]) -> Vec<Act> {
    let events: String = events.iter().map(|event| format!("data: {event}\n\n")).collect();
    vec![Act::send(&format!("{HEAD}{events}"))]
}

async fn spent(folder: &Folder) -> u64 {
    let usage = folder.run(&["usage", "--json"]).await;
    usage.expect(0, &[]);
    let usage: Value = serde_json::from_str(&usage.output).unwrap();
    usage["spent_micro_usd"]["month"].as_u64().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn reasoning_is_paid_for_however_the_call_ends() {
    let reasons = r#"{"choices":[{"delta":{"reasoning_content":"hm"}}]}"#;
    let length = r#"{"choices":[{"delta":{},"finish_reason":"length"}]}"#;
    let usage = r#"{"choices":[],"usage":{"prompt_tokens":100,"completion_tokens":4000}}"#;
    let error = r#"{"error":{"message":"upstream died","code":502}}"#;
    // An answer for a third of ten cents was reserved, and some of prompt.
    let whole = 33_330;
    for (name, scripts, asked, range) in [
        ("used up", vec![stream(&[reasons, length, usage, "[DONE]"])], 1, 40_100..40_101),
        ("broken", vec![stream(&[reasons])], 1, whole..whole + 1_000),
        ("an error, twice", vec![stream(&[reasons, error]); 2], 2, 2 * whole..2 * whole + 2_000),
    ] {
        let server = FaultServer::start(scripts).await;
        let folder = folder(&server.origin(), "privacy = \"cloud\"\n", PRICE, "");
        folder.run(&GENERATE).await.expect(1, &["m"]);
        let spent = spent(&folder).await;
        assert!(range.contains(&spent), "{name}: {spent}");
        assert_eq!(server.requests().len(), asked, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hosted_models_get_room_to_reason_and_no_temperature() {
    for (provider, model, most, temperature) in [
        ("", "", None, Some(0.0)),
        ("", "max_tokens = 3_000\n", Some(3_000), Some(0.0)),
        ("privacy = \"cloud\"\n", "price = { input = 1, output = 8 }\n", Some(4_096), None),
        ("privacy = \"cloud\"\n", "price = { input = 1, output = 25 }\n", Some(1_333), None),
        (
            "privacy = \"cloud\"\n",
            "price = { input = 0, output = 0 }\nmax_tokens = 5_000\n",
            Some(5_000),
            None,
        ),
    ] {
        let server = FaultServer::start(vec![says(ANSWER)]).await;
        let folder = folder(&server.origin(), provider, model, "");
        folder.run(&GENERATE).await.expect(0, &["m)"]);
        let request = &server.requests()[0];
        let body = request.split_once("\r\n\r\n").unwrap().1;
        let body: Value = serde_json::from_str(body).unwrap();
        assert_eq!(body.get("temperature").and_then(Value::as_f64), temperature, "{provider}{model}");
        let asked = body["max_tokens"].as_u64();
        match most {
            Some(_) => assert_eq!(asked, most, "{provider}{model}"),
            None => assert!(asked < Some(2_100), "the action's own: {asked:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_on_this_machine_is_held_to_the_budget_once_it_told_a_cost() {
    let chunk =
        serde_json::json!({"choices": [{"delta": {"content": ANSWER}, "finish_reason": "stop"}]}).to_string();
    let usage = r#"{"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":9,"cost":0.05}}"#;
    let server = FaultServer::start(vec![stream(&[&chunk, usage, "[DONE]"]); 3]).await;
    let folder = folder(&server.origin(), "", "", "[budget]\nper_day = 0.12\n");
    let generate = ["generate", "a.py", "--at", "1", "--diff"];
    for _ in 0..2 {
        folder.run(&generate).await.expect(0, &["$0.05"]);
    }
    folder.run(&generate).await.expect(2, &["m: it may cost $0.05, and the budget", "nothing was sent"]);
    assert_eq!((spent(&folder).await, server.requests().len()), (100_000, 2));
    let chosen = folder.run(&["models", "choose"]).await;
    assert!(chosen.output.contains("-  m: it may cost $0.05, and the budget"), "{chosen:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_ledger_stops_only_what_costs() {
    let (server, nobody) = (FaultServer::start(vec![says(ANSWER)]).await, nobody().await);
    let hosted = format!(
        "[[provider]]\nname = \"far\"\nkind = \"openai\"\nbase_url = \"{nobody}/v1\"\nprivacy = \"cloud\"\n\
         budget = {{ per_day = 1 }}\n[[model]]\nname = \"dear\"\nprovider = \"far\"\nid = \"x\"\n{PRICE}\
         [budget]\nper_day = 1\n"
    );
    let folder = folder(&server.origin(), "", "", &hosted);
    std::fs::create_dir_all(folder.path("state")).unwrap();
    folder.write("state/ledger.sqlite", "no ledger\n".repeat(1_000));
    folder.run(&[&GENERATE[..], &["--model", "dear"]].concat()).await.expect(0, &["(m)"]);
    assert_eq!(server.requests().len(), 1);
    let chosen = folder.run(&["models", "choose", "--model", "dear"]).await.output;
    assert!(chosen.contains("-  dear: what the budget leaves is not known:"), "{chosen}");
}
