//! Language servers as processes: whoever asks waits as long as its user would, and is told why there is no answer.

use std::time::{Duration, Instant};

use redraft::check::lsp::{Server, uri_of};
use ropey::Rope;
use serde_json::{Value, json};

use crate::setup::{World, left};

/// How long a draft waits.
const WAIT: Duration = Duration::from_secs(2);
/// Far less than a server may take to start.
const SOON: Duration = Duration::from_secs(15);

/// A server whose only fault is what `diagnosed` makes of the text; `begin` comes first.
fn script(begin: &str, diagnosed: &str) -> String {
    format!(
        r#"import json
def say(message):
    body = json.dumps(message).encode()
    sys.stdout.buffer.write(b"Content-Length: %d\r\n\r\n" % len(body) + body); sys.stdout.buffer.flush()
def hear():
    length = 0
    while (line := sys.stdin.buffer.readline()).strip():
        length = int(line.split(b":")[1])
    return json.loads(sys.stdin.buffer.read(length)) if length else sys.exit()
text, options = "", None
{begin}
while True:
    message = hear(); method = message.get("method")
    def reply(result): say({{"jsonrpc": "2.0", "id": message["id"], "result": result}})
    if method == "initialize":
        options = message["params"]["initializationOptions"]
        reply({{"capabilities": {{"diagnosticProvider": {{}}}}}})
    elif method == "textDocument/didOpen": text = message["params"]["textDocument"]["text"]
    elif method == "textDocument/diagnostic": reply({diagnosed})
    elif method == "shutdown": reply(None)
    elif method == "exit": sys.exit()
"#
    )
}

const NONE: &str = r#"{"kind": "full", "items": []}"#;

fn server(world: &World, script: &str, options: &Value) -> Server {
    Server::new("it", world.argv(script), &world.path(""), options, (WAIT, 512), &world.supervisor())
}

async fn check(server: &Server, world: &World) -> Result<Vec<String>, String> {
    let uri = uri_of(&world.path("a.py"));
    let found = server.check(&uri, "python", &Rope::from_str("x = 1\n")).await?;
    Ok(found.into_iter().map(|one| one.message).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_waits_for_a_server_no_longer_than_its_user_said() {
    let world = World::new();
    let slow = server(&world, "time.sleep(600)", &Value::Null);
    for _ in 0..2 {
        let began = Instant::now();
        let told = check(&slow, &world).await;
        assert_eq!(told, Err("is starting still, after 2 s".to_owned()));
        assert!(began.elapsed() < SOON, "it waited for {:?}", began.elapsed());
    }
    assert_eq!(left(&world.mark).iter().filter(|line| !line.contains("supervise")).count(), 1, "one starts");
    slow.goodbye().await;
    assert_eq!(left(&world.mark), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_does_not_greet_rests_and_says_why() {
    for (script, why) in [
        (
            "sys.stderr.write('no such option'); sys.exit(2)",
            "does not start: it ended; it said: no such option",
        ),
        ("print('no LSP at all', flush=True); time.sleep(600)", "does not start: it does not speak LSP"),
    ] {
        let world = World::new();
        let server = server(&world, script, &Value::Null);
        let first = check(&server, &world).await.unwrap_err();
        assert!(first.starts_with(why) && first.ends_with("; it is left alone for 5 minutes"), "{first}");
        // Its process is gone, and no other one is started.
        assert_eq!(check(&server, &world).await, Err(first));
        crate::setup::gone(&world.mark).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_starts_late_is_there_for_the_next_draft() {
    let world = World::new();
    let wait = format!("while not os.path.exists({:?}): time.sleep(0.01)", world.path("go"));
    let server = server(&world, &script(&wait, NONE), &Value::Null);
    assert_eq!(check(&server, &world).await, Err("is starting still, after 2 s".to_owned()));
    std::fs::write(world.path("go"), "").unwrap();
    let began = Instant::now();
    while let Err(why) = check(&server, &world).await {
        assert!(why.starts_with("is starting still") && began.elapsed() < SOON, "{why}");
    }
    server.goodbye().await;
    assert_eq!(left(&world.mark), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_server_tells_is_taken_or_told_of_and_its_options_are_handed_over() {
    let place = r#"{"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 1}}"#;
    let item = |message: &str| {
        format!(r#"{{"kind": "full", "items": [{{"range": {place}, "message": {message}}}]}}"#)
    };
    for (diagnosed, expected) in [
        (NONE.to_owned(), Ok(vec![])),
        (item("json.dumps(options)"), Ok(vec![r#"{"strict": true}"#.to_owned()])),
        (item("7"), Err("no diagnostic")),
        (r#"{"kind": "full", "items": [{"message": "no place"}]}"#.to_owned(), Err("no diagnostic")),
        ("None".to_owned(), Err("told nothing: its report is no full list")),
        (r#""hello""#.to_owned(), Err("told nothing: its report is no full list")),
    ] {
        let world = World::new();
        let server = server(&world, &script("", &diagnosed), &json!({ "strict": true }));
        let told = check(&server, &world).await;
        match (&told, &expected) {
            (Err(told), Err(part)) => assert!(told.contains(part), "{diagnosed}: {told}"),
            _ => assert_eq!(told.as_deref().ok(), expected.as_deref().ok(), "{diagnosed}: {told:?}"),
        }
        server.goodbye().await;
        assert_eq!(left(&world.mark), [""; 0]);
    }
}
