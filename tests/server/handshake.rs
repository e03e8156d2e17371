//! How a session begins and ends, and what is no message.

use std::io::Write;
use std::sync::Arc;
use std::time::Instant;

use redraft::model::provider::scripted::Scripted;
use serde_json::{Value, json};

use crate::harness::{Client, HANG, URI, rich, setup};
use crate::{SHAPES, gated, writer};

fn raw() -> Client {
    Client::raw(setup(Arc::new(Scripted::default())))
}

#[test]
fn position_encodings_are_negotiated() {
    for (offered, chosen) in [
        (json!({ "general": { "positionEncodings": ["utf-16", "utf-8", "utf-32"] } }), "utf-8"),
        (json!({ "general": { "positionEncodings": ["utf-32", "utf-16"] } }), "utf-32"),
        (json!({ "general": { "positionEncodings": ["utf-16"] } }), "utf-16"),
        (json!({ "general": { "positionEncodings": ["utf-64", 7] } }), "utf-16"),
        (json!({ "general": {} }), "utf-16"),
        (json!({}), "utf-16"),
    ] {
        let mut client = raw();
        let result = client.initialize(&offered, Value::Null);
        assert_eq!(result["capabilities"]["positionEncoding"], chosen, "{offered}");
        assert_eq!(result["capabilities"]["textDocumentSync"]["change"], 2);
        assert_eq!(result["serverInfo"]["name"], "redraft");
        client.finish();
    }
}

#[test]
fn values_of_newer_clients_are_no_reason_to_fail() {
    let mut client = raw();
    let capabilities = json!({
        "general": { "positionEncodings": ["utf-9000"], "markdown": { "parser": 3 } },
        "workspace": { "workspaceEdit": { "failureHandling": "miracle", "resourceOperations": ["transmute"] } },
        "textDocument": { "completion": { "completionItem": { "tagSupport": { "valueSet": [99] } } }, "codeAction": 5 },
        "window": "yes",
        "experimental": [1, 2],
    });
    client.initialize(&capabilities, json!([1]));
    client.finish();
}

#[test]
fn what_comes_too_early_or_twice_is_refused() {
    let mut client = raw();
    let ask = json!({ "textDocument": { "uri": URI }, "range": { "start": { "line": 0, "character": 0 }, "end": { "line": 0, "character": 0 } }, "context": { "diagnostics": [] } });
    for (method, params) in [
        ("textDocument/codeAction", ask),
        ("workspace/executeCommand", json!({ "command": "redraft.stop", "arguments": [{ "run": "run-1" }] })),
    ] {
        assert_eq!(client.fails(method, params), -32002, "{method}");
    }
    client.notify(
        "textDocument/didOpen",
        json!({ "textDocument": { "uri": URI, "languageId": "python", "version": 1, "text": SHAPES } }),
    );
    client.initialize(&rich(), Value::Null);
    assert_eq!(client.fails("initialize", json!({ "capabilities": {} })), -32600);
    assert_eq!(client.fails("no/such/method", Value::Null), -32601);
    client.notify("no/such/notification", json!({}));
    client.notify("$/optional", json!({}));
    client.finish();
}

#[test]
fn wrong_parameters_are_the_requests_error() {
    let mut client = Client::with(&Scripted::default(), "final", SHAPES);
    for (method, params) in [
        ("textDocument/codeAction", json!({ "textDocument": 3 })),
        ("textDocument/codeAction", Value::Null),
        ("workspace/executeCommand", json!({ "command": 1 })),
        ("workspace/executeCommand", Value::Null),
        ("redraft/sent", json!({ "run": "run-77" })),
        ("redraft/sent", json!({ "run": 1 })),
        ("redraft/sent", json!([])),
    ] {
        assert_eq!(client.fails(method, params.clone()), -32602, "{method} {params}");
    }
    client.notify("textDocument/didChange", json!({ "textDocument": 1 }));
    client.notify("textDocument/didOpen", Value::Null);
    client.notify("window/workDoneProgress/cancel", json!({ "token": 5 }));
    client.notify("window/workDoneProgress/cancel", json!({ "token": "redraft/run-9" }));
    client.finish();
}

#[test]
fn what_is_no_message_is_told_and_the_session_goes_on() {
    let mut client = Client::greeted(setup(Arc::new(Scripted::default())), &rich(), Value::Null);
    for (bytes, code) in [
        (&b"Content-Length: 5\r\n\r\n{oops"[..], -32700),
        (b"Content-Length: 3\r\n\r\n\xff\xfe\xfd", -32700),
        (b"Content-Length: nonsense\r\n\r\n", -32700),
        (b"Content-Length: -1\r\n\r\n", -32700),
        (b"X-Other: 1\r\n\r\n", -32700),
        (b"Content-Length: 70000000\r\n\r\n", -32700),
        (b"Content-Length: 2\r\n\r\n[]", -32600),
        (b"Content-Length: 1\r\n\r\n7", -32600),
        (
            b"Content-Length: 54\r\n\r\n{\"jsonrpc\":\"2.0\",\"id\":{\"a\":1},\"method\":\"shutdown\"    }",
            -32600,
        ),
    ] {
        client.send_raw(bytes);
        if bytes.windows(8).any(|window| window == b"70000000") {
            client.send_raw(&vec![b'x'; 70_000_000]);
        }
        client.until("a refusal", |client| !client.refusals.is_empty());
        let refusal = client.refusals.pop_front().unwrap();
        assert_eq!(refusal["code"], code, "{:?}: {refusal}", String::from_utf8_lossy(bytes));
        client.barrier();
    }
    client.finish();
}

#[test]
fn answers_that_nobody_waits_for_do_no_harm() {
    let mut client = Client::with(&writer(), "final", SHAPES);
    for id in [json!(1), json!(-5), json!("x"), Value::Null] {
        client.respond(&id, json!({ "applied": true }));
    }
    client.barrier();
    let run = client.run("implement", "raise");
    client.until_state(&run, "done");
    client.finish();
}

#[test]
fn exit_codes_tell_how_it_ended() {
    let mut client = Client::greeted(setup(Arc::new(Scripted::default())), &rich(), Value::Null);
    client.notify("exit", Value::Null);
    assert_eq!(client.exit_code(), 1, "exit without a shutdown, while the input stays open");

    let mut client = raw();
    client.notify("exit", Value::Null);
    assert_eq!(client.exit_code(), 1, "exit before anything");

    let mut client = Client::greeted(setup(Arc::new(Scripted::default())), &rich(), Value::Null);
    client.hang_up();
    assert_eq!(client.exit_code(), 1, "the editor died");

    let mut client = Client::greeted(setup(Arc::new(Scripted::default())), &rich(), Value::Null);
    client.call("shutdown", Value::Null).unwrap();
    assert_eq!(client.fails("textDocument/codeAction", json!({})), -32600);
    client.hang_up();
    assert_eq!(client.exit_code(), 0);
}

#[test]
fn a_run_ends_with_its_session() {
    for how in ["exit", "shutdown", "end of input"] {
        let (provider, gate) = gated();
        let mut client = Client::with(&provider, "stream", SHAPES);
        client.run("implement", "raise");
        gate.open();
        client.until_text(crate::LINES[0]);
        match how {
            "exit" => client.notify("exit", Value::Null),
            "shutdown" => {
                client.call("shutdown", Value::Null).unwrap();
                crate::harness::wait_for(provider.dropped(1));
                let edits = client.edits.len();
                client.notify("exit", Value::Null);
                assert_eq!(client.exit_code(), 0);
                assert_eq!(client.edits.len(), edits, "no edit after the shutdown");
                continue;
            }
            _ => client.hang_up(),
        }
        assert_eq!(client.exit_code(), 1);
        crate::harness::wait_for(provider.dropped(1));
        assert_eq!(provider.live(), 0, "{how}");
    }
}

#[test]
fn a_configuration_error_is_told_and_the_server_lives() {
    let mut setup = setup(Arc::new(Scripted::default()));
    setup.registry = Err("config.toml:3: default_model: there is no model \"fast\"".to_owned());
    setup.notices = vec!["a notice".to_owned()];
    let mut client =
        Client::greeted(setup, &rich(), json!({ "delivery": "sometimes", "config": { "budget": {} } }));
    client.shows(2, "a notice");
    client.shows(2, "config.budget");
    client.shows(2, "\"sometimes\"");
    client.shows(1, "config.toml:3");
    client.open(URI, SHAPES);
    assert!(!client.actions("raise").is_empty());
    let run = client.run("implement", "raise");
    assert!(client.until_state(&run, "failed").contains("config.toml:3"));
    client.shows(1, "config.toml:3");
    assert_eq!(client.text(), SHAPES);
    client.finish();
}

#[test]
fn a_client_that_died_is_not_waited_for_though_somebody_holds_what_it_never_read() {
    let (input, mut writer) = std::io::pipe().unwrap();
    let (_unread, output) = std::io::pipe().unwrap();
    let server = std::thread::spawn(move || {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let code =
            runtime.block_on(redraft::server::serve(setup(Arc::new(Scripted::default())), input, output));
        runtime.shutdown_background();
        code
    });
    let mut send = |message: Value| {
        let body = message.to_string();
        write!(writer, "Content-Length: {}\r\n\r\n{body}", body.len()).unwrap();
    };
    send(json!({ "jsonrpc": "2.0", "id": 0, "method": "initialize", "params": { "capabilities": {} } }));
    // Each is answered with its own name: more than the server keeps for whoever does not read.
    for id in 1..60 {
        let params = json!({ "command": "x".repeat(1024 * 1024), "arguments": [] });
        send(json!({ "jsonrpc": "2.0", "id": id, "method": "workspace/executeCommand", "params": params }));
    }
    drop(writer);
    let deadline = Instant::now() + HANG;
    while !server.is_finished() {
        assert!(Instant::now() < deadline, "the server does not end");
        std::thread::yield_now();
    }
    assert_eq!(server.join().unwrap(), 1);
}
