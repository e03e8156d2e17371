//! `redraft doctor`: what is there, what is not, and what to do then; no key and no part of one is told, and nobody is asked.

use serde_json::Value;

use super::fault_server::{FaultServer, nobody};
use super::setup::{Folder, KEY, says};

/// What it says of a folder, as rows of name, state and message with its hint; and its exit code.
async fn told(folder: &Folder) -> (Vec<[String; 3]>, Option<i32>) {
    let ran = folder.run(&["doctor", "--json"]).await;
    assert!(!ran.output.contains(KEY) && !ran.output.contains(&KEY[..6]), "{ran:?}");
    let json: Value = serde_json::from_str(&ran.output).unwrap();
    assert_eq!(json["version"], 1);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let row = |check: &Value| {
        let message = format!("{} {}", text(&check["message"]), text(&check["hint"]));
        [text(&check["name"]), text(&check["state"]), message]
    };
    (json["checks"].as_array().unwrap().iter().map(row).collect(), ran.code)
}

/// Fails unless one row has this name and state, and says this.
fn has(rows: &[[String; 3]], name: &str, state: &str, fragment: &str) {
    let is_it = |row: &&[String; 3]| row[0] == name && row[1] == state && row[2].contains(fragment);
    assert!(rows.iter().any(|row| is_it(&row)), "no {state} of {name} with {fragment:?} in {rows:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_all_is_there_it_says_so_and_asks_nobody() {
    let (folder, server) = Folder::with_server(vec![says("x")]).await;
    let (rows, code) = told(&folder).await;
    assert_eq!(code, Some(0), "{rows:#?}");
    for (name, fragment) in [
        ("version", env!("CARGO_PKG_VERSION")),
        ("configuration", "config.toml: no mistakes"),
        ("state", "state: not there yet, and can be made"),
        ("ledger", "ledger.sqlite: it opens"),
        ("model", "fast, coder-1 at http://127.0.0.1:"),
        ("key", "TEST_KEY of testing: this environment variable is set"),
        ("server", "something listens at http://127.0.0.1:"),
        ("budget", "no model of this configuration costs money"),
        ("checkers", "none but the built-in ones"),
        ("prompts", "no mistakes"),
    ] {
        has(&rows, name, "ok", fragment);
    }
    assert!(server.requests().is_empty());
    let ran = folder.run(&["doctor"]).await;
    ran.expect(0, &["everything that a draft needs is there"]);
    assert!(ran.output.starts_with("ok       version        redraft "), "{}", ran.output);
    folder.run(&["doctor", "now"]).await.expect(2, &["unexpected argument 'now'"]);
}

/// What is wrong, and what is said of it.
#[tokio::test(flavor = "multi_thread")]
async fn each_problem_is_told_with_what_to_do() {
    let server = FaultServer::start(vec![says("x")]).await;
    let (here, gone) = (server.origin(), nobody().await);
    let provider = |origin: &str, more: &str| {
        format!(
            "[[provider]]\nname = \"p\"\nkind = \"openai\"\nbase_url = \"{origin}/v1\"\n{more}\
             [[model]]\nname = \"m\"\nprovider = \"p\"\nid = \"coder\"\n"
        )
    };
    let checker = |program: &str| {
        format!("[[checker]]\nname = \"c\"\nkind = \"lsp\"\ncommand = [\"{program}\", \"server\"]\n")
    };
    let rows = [
        ("a server that is not there", provider(&gone, ""), "server", "nothing listens at http://127.0.0.1:"),
        (
            "a key that is not set",
            provider(&here, "api_key_env = \"REDRAFT_TEST_NOT_SET\"\n"),
            "key",
            "REDRAFT_TEST_NOT_SET of p: this environment variable is not set set it",
        ),
        (
            "a key that can be none",
            provider(&here, "api_key_env = \"TEST_BLANK\"\n"),
            "key",
            "TEST_BLANK of p: this environment variable is empty",
        ),
        (
            "a checker that is not there",
            provider(&here, "") + &checker("no-such-program"),
            "checkers",
            "there is no program `no-such-program` in the folders of PATH install it",
        ),
        (
            "a checker of the workspace that is not there",
            provider(&here, "") + &checker("tools/none"),
            "checkers",
            "tools/none is no program",
        ),
        (
            "a model without a price",
            provider("https://h.example", ""),
            "model",
            "no model can be asked: m: its price is not known",
        ),
        (
            "a mistake",
            "[refine]\nrounds = 99\n".to_owned(),
            "configuration",
            "config.toml:2:10: refine.rounds: ",
        ),
        ("another", "x = 1\n".to_owned(), "configuration", "config.toml:1:1: x: there is no such setting"),
    ];
    for (what, config, name, fragment) in rows {
        let folder = Folder::new();
        folder.write("config.toml", config);
        let (rows, code) = told(&folder).await;
        has(&rows, name, "problem", fragment);
        let problems = rows.iter().filter(|row| row[1] == "problem").count();
        assert_eq!((problems, code), (1, Some(1)), "{what}: {rows:#?}");
        folder.run(&["doctor"]).await.expect(1, &["one problem"]);
    }
    assert!(server.requests().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_any_configuration_it_is_the_embedded_model() {
    let folder = Folder::new();
    let (rows, code) = told(&folder).await;
    has(&rows, "configuration", "ok", "not there; the defaults hold");
    has(&rows, "model", "ok", "qwen2.5-coder-0.5b, on this machine");
    let how =
        if cfg!(feature = "embedded") { "`redraft models pull qwen2.5-coder-0.5b`" } else { "embedded" };
    has(&rows, "weights", "problem", how);
    assert_eq!(code, Some(1));
    // One that did not come from `models pull`, or not all of it.
    if cfg!(feature = "embedded") {
        folder.write("state/models/qwen2.5-coder-0.5b-instruct-q4_k_m.gguf", "x");
        has(&told(&folder).await.0, "weights", "problem", "is 0 MB, and should be 491 MB");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_directory_and_a_ledger_that_cannot_be_used_are_told() {
    let (folder, _server) = Folder::with_server(vec![says("x")]).await;
    folder.write("state/ledger.sqlite", "no ledger\n".repeat(1_000));
    let (rows, code) = told(&folder).await;
    has(&rows, "state", "ok", "state: can be written to");
    has(&rows, "ledger", "problem", "ledger.sqlite");
    assert_eq!(code, Some(1));
    let (folder, _server) = Folder::with_server(vec![says("x")]).await;
    folder.write("state", "a file");
    let (rows, code) = told(&folder).await;
    has(&rows, "state", "problem", "state is no directory");
    assert!(rows.iter().all(|row| row[0] != "ledger"), "{rows:#?}");
    assert_eq!((code, folder.read("state").as_str()), (Some(1), "a file"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_workspace_counts_where_it_is_trusted() {
    let server = FaultServer::start(vec![says("x")]).await;
    let folder = Folder::with_model(&server.origin());
    folder.write("pyproject.toml", "");
    folder.write(".redraft.toml", "default_model = \"nobody\"\n");
    folder.write(".redraft/prompts/a.prompt.md", "---\nreplace: bodi\n---\nx\n");
    let (rows, code) = told(&folder).await;
    has(&rows, "workspace", "note", "is not trusted");
    assert_eq!(code, Some(0), "{rows:#?}");
    let here = folder.path("pyproject.toml").canonicalize().unwrap();
    let trust = format!("[trust]\nfolders = [{:?}, \"/no/such\"]\n", here.parent().unwrap());
    folder.write("config.toml", folder.read("config.toml") + &trust);
    let (rows, code) = told(&folder).await;
    has(&rows, "trust", "note", "/no/such is no folder");
    has(&rows, "workspace", "ok", "is trusted");
    has(&rows, "model", "problem", "there is no model \"nobody\"");
    has(&rows, "prompts", "problem", "a.prompt.md:2: replace: there is no \"bodi\"");
    assert_eq!(code, Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_left_and_who_is_asked_instead_is_told() {
    let server = FaultServer::start(vec![says("x")]).await;
    let folder = Folder::with_model(&server.origin());
    let dear = "[[provider]]\nname = \"far\"\nkind = \"openai\"\nbase_url = \"https://h.example/v1\"\n\
                [[model]]\nname = \"dear\"\nprovider = \"far\"\nid = \"x\"\nprice = { input = 1, output = 10 }\n\
                [budget]\nper_day = 0\n[routing]\nfallback = [\"fast\"]\n";
    let config = folder.read("config.toml").replace("default_model = \"fast\"", "default_model = \"dear\"");
    folder.write("config.toml", config + dear);
    let (rows, code) = told(&folder).await;
    has(&rows, "model", "note", "fallback number 1 (dear: it may cost ");
    has(&rows, "budget", "note", "$0.00 of $0.00 left today");
    assert_eq!(code, Some(0), "{rows:#?}");
}
