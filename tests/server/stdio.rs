//! The real process: standard input and output, a configuration file, a model behind HTTP.

use std::io::{BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::sync::Semaphore;

use crate::fault_server::{Act, FaultServer, nobody};
use crate::harness::{Client, HANG, URI, rich};
use crate::{LINES, SHAPES, written};

const SSE: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";

struct Home(PathBuf);

impl Home {
    fn new(name: &str, config: &str) -> Self {
        let home = std::env::temp_dir().join(format!("redraft-server-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&home).unwrap();
        std::fs::write(home.join("config.toml"), config).unwrap();
        Self(home)
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let _gone = std::fs::remove_dir_all(&self.0);
    }
}

/// Spawns `redraft serve`, and gives its standard error to whoever waits for its end.
fn spawn(home: &Home) -> Client {
    let mut child: Child = Command::new(env!("CARGO_BIN_EXE_redraft"))
        .args(["serve", "--stdio"])
        .env_clear()
        .env("HOME", &home.0)
        .env("REDRAFT_CONFIG", home.0.join("config.toml"))
        .env("REDRAFT_STATE_DIR", home.0.join("state"))
        .env("TEST_KEY", "sk-test-0123456789")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let (reader, writer) = (child.stdout.take().unwrap(), child.stdin.take().unwrap());
    let server = std::thread::spawn(move || {
        let mut told = String::new();
        child.stderr.take().unwrap().read_to_string(&mut told).unwrap();
        assert!(!told.contains("panicked") && !told.contains("sk-test"), "{told}");
        child.wait().unwrap().code().unwrap()
    });
    Client::over(BufReader::new(reader), writer, server)
}

fn config(origin: &str) -> String {
    format!(
        "[[provider]]\nname = \"local\"\nkind = \"openai\"\nbase_url = \"{origin}/v1\"\napi_key_env = \"TEST_KEY\"\n\n[[model]]\nname = \"fast\"\nprovider = \"local\"\nid = \"coder\"\n"
    )
}

fn chunk(text: &str) -> Act {
    Act::send(&format!("data: {}\n\n", json!({ "choices": [{ "index": 0, "delta": { "content": text } }] })))
}

/// The lines of the answer, each behind the gate.
fn answer(gate: &Arc<Semaphore>) -> Vec<Act> {
    let mut script = vec![Act::send(SSE)];
    for line in LINES {
        script.extend([Act::Await(gate.clone()), chunk(line)]);
    }
    let end = json!({ "choices": [{ "index": 0, "delta": {}, "finish_reason": "stop" }] });
    script.extend([Act::Await(gate.clone()), Act::send(&format!("data: {end}\n\ndata: [DONE]\n\n"))]);
    script
}

fn start(runtime: &tokio::runtime::Runtime, scripts: Vec<Vec<Act>>) -> FaultServer {
    runtime.block_on(FaultServer::start(scripts))
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}

#[test]
fn a_draft_streams_from_a_server_into_the_document() {
    let (runtime, gate) = (runtime(), Arc::new(Semaphore::new(0)));
    let server = start(&runtime, vec![answer(&gate)]);
    let home = Home::new("streams", &config(&server.origin()));
    let mut client = spawn(&home);
    client.initialize(&rich(), json!({ "delivery": "stream" }));
    client.open(URI, SHAPES);
    let run = client.run("implement", "raise");
    for line in LINES {
        gate.add_permits(1);
        client.until_text(line);
        client.type_before("import", "#🦀\n");
    }
    gate.add_permits(1);
    client.until_state(&run, "done");
    assert_eq!(client.text(), format!("{}{}", "#🦀\n".repeat(4), written(SHAPES)));
    let requests = server.requests();
    assert_eq!(requests.len(), 1);
    assert!(requests[0].contains("Bearer sk-test-0123456789") && requests[0].contains("Of a circle."));
    client.finish();
}

#[test]
fn a_stop_closes_the_connection() {
    let (runtime, gate) = (runtime(), Arc::new(Semaphore::new(0)));
    let mut script = answer(&gate);
    script.truncate(3);
    script.push(Act::Silence);
    let mut server = start(&runtime, vec![script]);
    let home = Home::new("stops", &config(&server.origin()));
    let mut client = spawn(&home);
    client.initialize(&rich(), json!({ "delivery": "stream" }));
    client.open(URI, SHAPES);
    let run = client.run("implement", "raise");
    gate.add_permits(1);
    client.until_text(LINES[0]);
    client.command("redraft.stop", &run);
    runtime
        .block_on(async { tokio::time::timeout(HANG, server.ended(1)).await.expect("the connection stays") });
    client.command("redraft.revert", &run);
    client.until_state(&run, "reverted");
    assert_eq!(client.text(), SHAPES);
    client.finish();
}

#[test]
fn a_server_that_turns_us_away_is_told_without_the_key() {
    let runtime = runtime();
    let refusal = "HTTP/1.1 401 Unauthorized\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}";
    let server = start(&runtime, vec![vec![Act::send(refusal)]]);
    let home = Home::new("refused", &config(&server.origin()));
    let mut client = spawn(&home);
    client.initialize(&rich(), Value::Null);
    client.open(URI, SHAPES);
    let run = client.run("implement", "raise");
    let why = client.until_state(&run, "failed");
    assert!(why.contains("401") && !why.contains("sk-test"), "{why}");
    client.shows(1, "401");
    assert_eq!(client.text(), SHAPES);
    client.finish_without_progress();
}

#[test]
fn a_wrong_configuration_is_told_and_the_process_lives() {
    let home = Home::new("wrong", "default_model = \"none\"\nunknown = 1\n[[provider]\n");
    let mut client = spawn(&home);
    client.initialize(&rich(), Value::Null);
    client.shows(1, "config.toml");
    client.open(URI, SHAPES);
    assert!(!client.actions("raise").is_empty());
    client.finish();
}

#[test]
fn the_process_ends_with_its_client() {
    let home = Home::new("ends", "");
    let mut client = spawn(&home);
    client.initialize(&rich(), Value::Null);
    client.hang_up();
    assert_eq!(client.exit_code(), 1, "end of input");

    let mut client = spawn(&home);
    client.initialize(&rich(), Value::Null);
    client.call("shutdown", Value::Null).unwrap();
    client.notify("exit", Value::Null);
    assert_eq!(client.exit_code(), 0, "while its input stays open");

    let mut parent = Command::new("true").spawn().unwrap();
    let dead = parent.id();
    parent.wait().unwrap();
    let mut client = spawn(&home);
    let params = json!({ "processId": dead, "capabilities": {} });
    client.call("initialize", params).unwrap();
    assert_eq!(client.exit_code(), 1, "its parent is dead");
    assert!(!home.0.join("state").exists(), "nothing is written without need");
}

/// Three runs whose server says nothing.
fn waiting(runtime: &tokio::runtime::Runtime, name: &str) -> (FaultServer, Home, Client) {
    let silent = || vec![Act::send(SSE), Act::Silence];
    let server = start(runtime, vec![silent(), silent(), silent()]);
    let home = Home::new(name, &config(&server.origin()));
    let mut client = spawn(&home);
    client.initialize(&rich(), json!({ "delivery": "stream" }));
    client.open(URI, SHAPES);
    let mut argument = client.argument("implement", "raise");
    for n in 0..3 {
        let uri = format!("file:///project/f{n}.py");
        client.open(&uri, SHAPES);
        argument["uri"] = json!(uri);
        let answer = client.execute("redraft.run", argument.clone()).unwrap();
        client.until_state(answer["run"].as_str().unwrap(), "asking");
    }
    // A run is "asking" a moment before its connection is there.
    let asked = async {
        while server.requests().len() < 3 {
            tokio::task::yield_now().await;
        }
    };
    runtime.block_on(async { tokio::time::timeout(HANG, asked).await.expect("the requests come") });
    (server, home, client)
}

#[test]
fn a_shutdown_with_live_runs_is_answered_within_a_second() {
    let runtime = runtime();
    let (mut server, _home, mut client) = waiting(&runtime, "shutdown");
    let since = Instant::now();
    client.call("shutdown", Value::Null).unwrap();
    assert!(since.elapsed() < Duration::from_secs(1), "{:?}", since.elapsed());
    let hung_up = async { tokio::time::timeout(HANG, server.ended(3)).await.expect("connections stay") };
    runtime.block_on(hung_up);
    client.notify("exit", Value::Null);
    assert_eq!(client.exit_code(), 0);
}

#[test]
fn the_process_ends_within_two_seconds_of_its_clients_death_whatever_it_waits_for() {
    let runtime = runtime();
    let (mut server, _home, mut client) = waiting(&runtime, "death");
    let since = Instant::now();
    client.hang_up();
    assert_eq!(client.exit_code(), 1);
    assert!(since.elapsed() < Duration::from_secs(2), "{:?}", since.elapsed());
    let hung_up = async { tokio::time::timeout(HANG, server.ended(3)).await.expect("connections stay") };
    runtime.block_on(hung_up);
}

#[test]
fn an_unreachable_server_is_told_with_its_address() {
    let home = Home::new("unreachable", &config(&runtime().block_on(nobody())));
    let mut client = spawn(&home);
    client.initialize(&rich(), Value::Null);
    client.open(URI, SHAPES);
    let run = client.run("implement", "raise");
    let why = client.until_state(&run, "failed");
    assert!(why.contains("127.0.0.1"), "{why}");
    client.shows(1, "127.0.0.1");
    assert_eq!(client.text(), SHAPES);
    client.finish_without_progress();
}
