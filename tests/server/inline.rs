//! Completions while one types: shown, shown on, ended by the next key, and one at a time.

use std::sync::Arc;

use redraft::config::Config;
use redraft::model::account::Accounts;
use redraft::model::provider::http::Http;
use redraft::model::provider::scripted::{Gate, Scripted, Step};
use redraft::model::registry::Registry;
use redraft::server::Setup;
use serde_json::{Value, json};

use crate::fault_server::{Act, FaultServer};
use crate::harness::{Client, URI, around, rich, setup, wait_for};

const FILE: &str = "def area(r):\n    return \n\n\ndef below():\n    return 2\n";

fn client(provider: &Scripted) -> Client {
    client_of(setup(Arc::new(provider.clone())), &json!({}))
}

fn client_of(setup: Setup, options: &Value) -> Client {
    let mut capabilities = rich();
    capabilities["textDocument"]["inlineCompletion"] = json!({});
    let mut client = Client::raw(setup);
    let result = client.initialize(&capabilities, options.clone());
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

/// A server whose one model is the provider's, and costs so many dollars for a million tokens.
fn priced(provider: &Scripted, price: u32, more: &str, ledger: &std::path::Path) -> Setup {
    let text = format!(
        "[[model]]\nname = \"m\"\nprovider = \"embedded\"\nid = \"qwen2.5-coder-0.5b\"\n\
         price = {{ input = {price}, output = {price} }}\n{more}"
    );
    let config = Config::parse(&text, "config.toml".as_ref()).unwrap();
    let provider = provider.clone();
    let make = Box::new(move |_: &_| Ok(Arc::new(provider.clone()) as _));
    let registry = Registry::new(config.catalogue.clone(), Http::default(), make)
        .with_accounts(Accounts::new(Some(ledger.to_owned()), config.budget.clone()));
    Setup { config: Arc::new(config), ..around(registry) }
}

/// By itself and by hand: who is asked, as the user's configuration has it, and never more than the budget pays for.
#[test]
fn whose_completions_come_by_themselves_is_the_users_to_say() {
    let inline = |automatic: &str| format!("[inline]\nautomatic = \"{automatic}\"\n");
    let rows = [
        (0, String::new(), true, true),
        (1, String::new(), false, true),
        (1, inline("free"), false, true),
        (1, inline("always"), true, true),
        (0, inline("never"), false, true),
        (1, inline("never"), false, true),
        (1, inline("always") + "[budget]\nper_day = 0\n", false, false),
    ];
    for (number, (price, more, by_itself, by_hand)) in rows.into_iter().enumerate() {
        let name = format!("redraft-inline-{}-{number}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        for (trigger, comes) in [(2, by_itself), (1, by_hand)] {
            let provider = Scripted::new([vec![Step::say("3\n"), Step::stop()]]);
            let setup = priced(&provider, price, &more, &folder.join("ledger.sqlite"));
            let mut client = client_of(setup, &json!({}));
            let params = params(&client, "return ", trigger);
            if comes {
                let answer = client.call("textDocument/inlineCompletion", params).unwrap();
                assert_eq!(answer["items"][0]["insertText"], "3", "{price} {more} {trigger}");
            } else if trigger == 2 {
                // Nobody is told of what nobody asked for.
                assert_eq!(client.call("textDocument/inlineCompletion", params), Ok(Value::Null), "{more}");
            } else {
                assert!(client.fails("textDocument/inlineCompletion", params) < 0, "{more}");
            }
            assert_eq!(provider.requests().len(), usize::from(comes), "{price} {more} {trigger}");
            client.finish();
        }
        let _ = std::fs::remove_dir_all(&folder);
    }
}

/// What was asked for by hand is shown on while its user types along it, though none comes by itself.
#[test]
fn what_was_asked_for_by_hand_is_shown_on() {
    let provider = Scripted::new([vec![Step::say("3 * r\n"), Step::stop()]]);
    let ledger = std::env::temp_dir().join(format!("redraft-inline-{}-hand/l", std::process::id()));
    let never = "[inline]\nautomatic = \"never\"\n";
    let mut client = client_of(priced(&provider, 0, never, &ledger), &json!({}));
    let by_hand = params(&client, "return ", 1);
    let answer = client.call("textDocument/inlineCompletion", by_hand).unwrap();
    assert_eq!(answer["items"][0]["insertText"], "3 * r");
    client.type_before("\n\n\ndef below", "3 ");
    assert_eq!(ask(&mut client, "return 3 ")["items"][0]["insertText"], "* r");
    client.type_before("\n\n\ndef below", "+ ");
    assert_eq!(ask(&mut client, "return 3 + "), Value::Null);
    assert_eq!(provider.requests().len(), 1);
    client.finish();
    let _ = ledger.parent().map(std::fs::remove_dir_all);
}

/// An editor merges the settings of the folder that it opened: it cannot have paid models asked.
#[test]
fn an_editor_cannot_set_it() {
    let provider = Scripted::default();
    let ledger = std::env::temp_dir().join(format!("redraft-inline-{}-set/l", std::process::id()));
    let options = json!({ "config": { "inline": { "automatic": "always" } } });
    let mut client = client_of(priced(&provider, 1, "", &ledger), &options);
    let (kind, told) = client.message();
    assert!(kind == 2 && told.contains("config.inline: cannot be set by the editor"), "{told}");
    assert_eq!(ask(&mut client, "return "), Value::Null);
    assert_eq!(provider.requests().len(), 0);
    client.finish();
    let _ = ledger.parent().map(std::fs::remove_dir_all);
}

#[test]
fn who_asks_by_hand_where_something_is_shown_gets_another_beside_it() {
    let said = |text: &str| vec![Step::say(text), Step::stop()];
    let provider = Scripted::new([said("3 * r\n"), said("r ** 2\n"), said("r ** 2\n"), said("\n")]);
    let mut client = client(&provider);
    let texts = |client: &mut Client, needle: &str, trigger| {
        let params = params(client, needle, trigger);
        let answer = client.call("textDocument/inlineCompletion", params).unwrap();
        let items = answer["items"].as_array().unwrap().clone();
        items.iter().map(|item| item["insertText"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(texts(&mut client, "return ", 2), ["3 * r"]);
    assert_eq!(texts(&mut client, "return ", 2), ["3 * r"], "nobody is asked where nobody asks");
    assert_eq!(texts(&mut client, "return ", 1), ["3 * r", "r ** 2"]);
    // What says the same, or nothing, is none.
    assert_eq!(texts(&mut client, "return ", 1), ["3 * r", "r ** 2"]);
    assert_eq!(texts(&mut client, "return ", 1), ["3 * r", "r ** 2"]);
    let temperatures: Vec<_> = provider.requests().iter().map(|request| request.temperature).collect();
    assert_eq!(temperatures, [Some(0.0), Some(0.8), Some(0.8), Some(0.8)]);
    // Those that are typed along stay.
    client.type_before("\n\n\ndef below", "r *");
    assert_eq!(texts(&mut client, "return r *", 1), ["* 2"]);
    client.finish();
}

/// Editors close the bracket that their user types.
#[test]
fn what_is_typed_along_and_closed_by_the_editor_is_closed_once() {
    let provider = Scripted::new([vec![Step::say("f(r, 2)\n"), Step::stop()]]);
    let mut client = client_of(setup(Arc::new(provider.clone())), &json!({}));
    assert_eq!(ask(&mut client, "return ")["items"][0]["insertText"], "f(r, 2)");
    client.type_before("\n\n\ndef below", "f()");
    assert_eq!(ask(&mut client, "return f(")["items"][0]["insertText"], "r, 2");
    client.type_before(")\n\n\ndef below", "r, 2");
    assert_eq!(ask(&mut client, "return f(r, 2"), Value::Null);
    client.finish();
}

/// What is shown is not cut once more at each key.
#[test]
fn the_bracket_of_what_is_shown_stays_while_one_types_along() {
    let provider = Scripted::new([vec![Step::say("len(r))\n"), Step::stop()]]);
    let mut client = client_of(setup(Arc::new(provider.clone())), &json!({}));
    client.type_before("\n\n\ndef below", "print()");
    let ask = |client: &mut Client| ask(client, "print(")["items"][0]["insertText"].clone();
    assert_eq!(ask(&mut client), "len(r)");
    for (typed, rest) in [("l", "en(r)"), ("en", "(r)"), ("(r", ")")] {
        client.type_before(")\n\n\ndef below", typed);
        let at = client.find(")\n\n\ndef below");
        let position = client.range(at..at)["start"].clone();
        let params =
            json!({ "textDocument": { "uri": URI }, "position": position, "context": { "triggerKind": 2 } });
        let answer = client.call("textDocument/inlineCompletion", params).unwrap();
        assert_eq!(answer["items"][0]["insertText"], rest, "{typed}");
    }
    client.finish();
}

/// A hosted model is not told of what looks like secrets because somebody types there.
#[test]
fn what_looks_like_secrets_is_sent_nowhere_unasked() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let refuses = vec![Act::send("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")];
    let (far, secrets) = (runtime.block_on(FaultServer::start(vec![refuses])), "file:///project/secrets.py");
    let text = format!(
        "default_model = \"m\"\n[[provider]]\nname = \"far\"\nkind = \"openai\"\nbase_url = \"{}/v1\"\nprivacy = \"cloud\"\n\
         [[model]]\nname = \"m\"\nprovider = \"far\"\nid = \"x\"\nprice = {{ input = 0, output = 0 }}\n\
         [inline]\nautomatic = \"always\"\n",
        far.origin()
    );
    let config = Arc::new(Config::parse(&text, "config.toml".as_ref()).unwrap());
    for (uri, trigger, asked) in [(URI, 2, 1), (secrets, 2, 1), (secrets, 1, 2)] {
        let make = Box::new(|_: &_| Ok(Arc::new(Scripted::default()) as _));
        let registry = Registry::new(config.catalogue.clone(), Http::default(), make);
        let mut client = client_of(Setup { config: config.clone(), ..around(registry) }, &json!({}));
        client.open(secrets, FILE);
        let mut params = params(&client, "return ", trigger);
        params["textDocument"]["uri"] = json!(uri);
        let answer = client.call("textDocument/inlineCompletion", params);
        assert_eq!(answer.is_err(), trigger == 1, "who asked is told: {answer:?}");
        assert_eq!(far.requests().len(), asked, "{uri} {trigger}");
        client.finish();
    }
}
