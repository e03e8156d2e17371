//! The engine's process played by shell scripts: every way in which it can fail has its message.

use super::*;
use crate::model::engine::EmbeddedProvider;
use crate::model::{Finish, Provider, Request, Role, Turn};
use tokio::sync::mpsc;

const READY: &str = r#"{"type":"ready","model":"m","context":1,"threads":1,"load_ms":1}"#;

/// Asks an engine that is a shell script. Line 1 of its input is `load`, line 2 `ask`.
async fn ask(script: &str) -> (Result<Finish, ModelError>, Vec<String>) {
    let command = ["/bin/sh", "-c", script].map(OsString::from).to_vec();
    let options = EngineOptions { command: Some(command), ..EngineOptions::new("Cargo.toml".into()) };
    let (deltas, mut texts) = mpsc::channel(16);
    let answer = EmbeddedProvider::new(options).ask(request(), deltas).await;
    let mut got = Vec::new();
    while let Ok(text) = texts.try_recv() {
        got.push(text);
    }
    (answer.map(|answer| answer.finish), got)
}

fn request() -> Request {
    Request {
        system: String::new(),
        turns: vec![Turn { role: Role::User, text: "hi".into() }],
        prefill: None,
        fill: None,
        max_tokens: Tokens(4),
        temperature: None,
        stop: vec![],
    }
}

#[tokio::test]
async fn every_way_to_fail_has_its_message() {
    for (script, expect) in [
        ("exit 3", "ended with code 3"),
        ("read load; echo first >&2; echo why >&2; sleep 0.1; exit 1", "its last words: first | why"),
        ("read load; kill -9 $$", "want of memory"),
        ("read load; kill -6 $$", "failed assertion"),
        ("read load; echo hello", "the engine sent not a frame"),
        (r#"read load; echo '{"type":"error","id":null,"fault":"engine","message":"bad file"}'"#, "bad file"),
        (r#"read load; echo '{"type":"cancelled","id":1}'"#, "did not say that it is ready"),
        (
            r#"read load; echo "$READY"; read ask; echo '{"type":"delta","id":1,"text":"a"}'; kill -9 $$"#,
            "was killed",
        ),
    ] {
        let (answer, texts) = ask(&format!("READY='{READY}'; {script}")).await;
        let error = answer.expect_err(script);
        assert_eq!(error.kind, ErrorKind::Engine, "{script}");
        assert!(error.message.contains(expect), "{script}: {}", error.message);
        assert_eq!(texts.len(), usize::from(script.contains("delta")), "{script}");
    }
}

#[tokio::test]
async fn an_answer_and_a_refused_question() {
    let script = format!(
        r#"read load; echo '{READY}'; read ask; echo '{{"type":"delta","id":0,"text":"late"}}'
        echo '{{"type":"delta","id":1,"text":"now"}}'
        echo '{{"type":"done","id":1,"finish":"length","prompt":1,"cached":0,"completion":1,"timings":{{"prompt_ms":1,"generate_ms":1}}}}'
        read more"#
    );
    assert_eq!(ask(&script).await, (Ok(Finish::Length), vec!["now".to_owned()]));
    let script = format!(
        r#"read load; echo '{READY}'; read ask; echo '{{"type":"error","id":1,"fault":"question","message":"too long"}}'; read more"#
    );
    let error = ask(&script).await.0.expect_err("refused");
    assert_eq!((error.kind, error.message.as_str()), (ErrorKind::Rejected, "too long"));
}

#[tokio::test]
async fn a_missing_model_file_says_how_to_get_it() {
    for (file, expected) in [
        ("no/qwen2.5-coder-1.5b-instruct-q4_k_m.gguf", "`redraft models pull qwen2.5-coder-1.5b`"),
        ("no/such.gguf", "the model's `path` in the configuration"),
    ] {
        let command = Some(vec!["/bin/false".into()]);
        let options = EngineOptions { command, ..EngineOptions::new(file.into()) };
        let asked = EmbeddedProvider::new(options).ask(request(), mpsc::channel(1).0).await;
        let error = asked.expect_err("missing");
        assert_eq!(error.kind, ErrorKind::Config);
        assert!(error.message.contains(expected), "{}", error.message);
    }
}

#[tokio::test]
async fn the_engine_gets_no_secret() {
    // The environment of the tests has PATH and more; none of it may arrive.
    let script = "read load; env | cut -d= -f1 | tr '\n' ' ' >&2; sleep 0.1; exit 1";
    let message = ask(script).await.0.expect_err("exits").message;
    let names = message.split("its last words: ").nth(1).expect("the names").trim_end_matches(|c| c != ' ');
    let names = names.split(". ").next().expect("a part");
    for name in names.split_whitespace().map(|name| name.trim_end_matches('.')) {
        let harmless = [
            "GGML_NO_BACKTRACE",
            "PWD",
            "OLDPWD",
            "SHLVL",
            "_",
            "PATH",
            "IFS",
            "OPTIND",
            "PS1",
            "PS2",
            "PS4",
            "PPID",
        ];
        assert!(
            ENVIRONMENT.contains(&name) || name == SPIN.0 || harmless.contains(&name),
            "{name} in {message}"
        );
    }
    assert!(message.contains("GGML_NO_BACKTRACE"), "{message}");
    assert!(!message.contains("CARGO"), "{message}");
}
