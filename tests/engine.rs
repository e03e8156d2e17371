//! The embedded engine with a real model in a real child process.
//!
//! Needs SmolLM2 (`redraft models pull smollm2-135m`), looked for in `REDRAFT_TEST_MODEL_DIR`, else below
//! `REDRAFT_STATE_DIR`. Without it the tests say that they are skipped, or fail where `REDRAFT_REQUIRE_MODEL=1`.
//! Nothing here measures time (`benches/engine.rs` does), but that the engine ends when it is promised to.
#![cfg(all(feature = "embedded", unix))]
#![expect(
    clippy::panic,
    clippy::print_stdout,
    reason = "the helpers of tests are not in test functions themselves"
)]

#[path = "engine/raw.rs"]
mod raw;
#[cfg(target_os = "linux")]
#[path = "engine/served.rs"]
mod served;
#[path = "engine/setup.rs"]
mod setup;

use std::time::Duration;

use raw::Raw;
use redraft::model::engine::EngineOptions;
use redraft::model::engine::frames::{Fault, FromChild};
use redraft::model::{ErrorKind, Finish, Provider, Tokens};
#[cfg(target_os = "linux")]
use served::{End, Session};
use setup::{Talk, ask, ended, engine, model, options, request};
use tokio::sync::mpsc;

#[tokio::test]
async fn an_answer_streams_and_reads_whole() {
    let Some(model) = model() else { return };
    let engine = engine(&model);
    let mut request = request("Write a Python function that adds two numbers.");
    request.prefill = Some("```python\ndef add(".into());
    request.stop = vec!["```".into()];
    let (answer, pieces) = ask(&engine, request).await;
    let answer = answer.expect("an answer");
    assert_eq!(pieces[0], "```python\ndef add(", "the prefill comes first");
    assert!(pieces.len() > 5, "it streams: {pieces:?}");
    let text: String = pieces[1..].concat();
    assert!(!text.contains("```"), "a stop text is cut out: {text}");
    assert!(text.contains("return"), "{text}");
    assert_eq!(answer.finish, Finish::Stop);
    assert!(answer.usage.prompt.0 > 10 && answer.usage.completion.0 > 5, "{:?}", answer.usage);
}

#[tokio::test]
async fn the_limit_cuts_and_says_so() {
    let Some(model) = model() else { return };
    let engine = engine(&model);
    for limit in [1, 7] {
        let mut request = request("Count from 1 to 100.");
        request.max_tokens = Tokens(limit);
        let (answer, pieces) = ask(&engine, request).await;
        let answer = answer.expect("an answer");
        assert_eq!((answer.finish, answer.usage.completion), (Finish::Length, Tokens(limit)), "{pieces:?}");
    }
    let mut nothing = request("Hi");
    nothing.max_tokens = Tokens(0);
    let (answer, pieces) = ask(&engine, nothing).await;
    assert_eq!((answer.expect("an answer").finish, pieces), (Finish::Length, vec![]));
}

#[tokio::test]
async fn the_window_is_never_exceeded_in_silence() {
    let Some(model) = model() else { return };
    let mut options = options(&model);
    options.window = Tokens(256);
    let engine = redraft::model::engine::EmbeddedProvider::new(options);
    let (answer, pieces) = ask(&engine, request(&"word ".repeat(300))).await;
    let error = answer.expect_err("too long");
    assert_eq!(error.kind, ErrorKind::Rejected);
    assert!(error.message.contains("window 256") && pieces.is_empty(), "{error}");
    // What fits, but leaves less room than may be answered, is cut by the window.
    let mut long = request(&format!("{} Count from 1 to 1000, one by one.", "word ".repeat(150)));
    long.prefill = Some("1, 2, 3, 4, 5, 6, 7, 8, 9, 10,".into());
    long.max_tokens = Tokens(5000);
    let (answer, _) = ask(&engine, long).await;
    let answer = answer.expect("an answer");
    assert!(answer.usage.prompt.0 + answer.usage.completion.0 <= 256, "{answer:?}");
}

#[tokio::test]
async fn a_known_prefix_is_not_read_again() {
    let Some(model) = model() else { return };
    let engine = engine(&model);
    let long = "The quick brown fox jumps over the lazy dog. ".repeat(20);
    let (first, _) = ask(&engine, request(&format!("{long} One?"))).await;
    let first = first.expect("an answer").usage;
    let (second, warm) = ask(&engine, request(&format!("{long} Two?"))).await;
    let second = second.expect("an answer").usage;
    assert_eq!(first.cached, Tokens(0));
    assert!(second.cached.0 + 20 > second.prompt.0, "{second:?}");
    // The same question again reads one token, for its logits, and is answered alike.
    let (third, again) = ask(&engine, request(&format!("{long} Two?"))).await;
    assert_eq!(third.expect("an answer").usage.cached.0, second.prompt.0 - 1);
    assert_eq!(again.concat(), warm.concat());
    // Another beginning: only the template's opening and the system prompt are common.
    let (other, _) = ask(&engine, request("Something else.")).await;
    assert!((1..20).contains(&other.expect("an answer").usage.cached.0));
}

#[test]
fn a_cancel_while_reading_stops_it_and_leaves_a_sound_cache() {
    let Some(model) = model() else { return };
    let mut talk = Talk::start(&model);
    let long = "The quick brown fox jumps over the lazy dog. ".repeat(400);
    talk.ask(1, &long);
    talk.cancel(1);
    assert_eq!(talk.next(), FromChild::Cancelled { id: 1 }, "nothing of an answer comes first");
    // A cancel that overtakes its question, and one that comes too late.
    talk.cancel(2);
    talk.ask(2, &long);
    assert_eq!(talk.next(), FromChild::Cancelled { id: 2 });
    talk.cancel(1);
    let (after, _) = talk.answer(3, "What is 1 + 1?");
    let (fresh, cached) = Talk::start(&model).answer(1, "What is 1 + 1?");
    assert_eq!((after, cached), (fresh, 0));
}

#[tokio::test]
async fn dropping_the_call_cancels_and_the_next_one_works() {
    let Some(model) = model() else { return };
    let engine = engine(&model);
    let (deltas, mut texts) = mpsc::channel(64);
    let mut endless = request("Count from 1 to 1000.");
    endless.max_tokens = Tokens(4000);
    let call = tokio::spawn(engine.ask(endless, deltas));
    texts.recv().await.expect("it began");
    call.abort();
    let process = *engine.process().borrow();
    let (answer, _) = ask(&engine, request("Say yes.")).await;
    answer.expect("an answer");
    assert!(process.is_some());
    assert_eq!(*engine.process().borrow(), process, "the process was not killed for it");
}

#[tokio::test]
async fn calls_wait_in_order() {
    let Some(model) = model() else { return };
    let engine = engine(&model);
    let (sent, mut order) = mpsc::unbounded_channel();
    let mut calls = Vec::new();
    for n in 0..4 {
        let (deltas, mut texts) = mpsc::channel(64);
        let mut asked = request(&format!("Say {n}."));
        asked.max_tokens = Tokens(3);
        let call = engine.ask(asked, deltas);
        let sent = sent.clone();
        calls.push(tokio::spawn(async move {
            let answer = call.await;
            while texts.recv().await.is_some() {}
            sent.send(n).expect("the test listens");
            answer
        }));
        // The call is in the queue before the next one is made.
        tokio::task::yield_now().await;
    }
    for call in calls {
        call.await.expect("no panic").expect("an answer");
    }
    drop(sent);
    let mut got = Vec::new();
    while let Some(n) = order.recv().await {
        got.push(n);
    }
    assert_eq!(got, [0, 1, 2, 3]);
}

#[tokio::test]
async fn a_killed_engine_is_an_error_and_the_next_call_starts_another() {
    let Some(model) = model() else { return };
    let engine = engine(&model);
    let (deltas, mut texts) = mpsc::channel(64);
    let mut endless = request("Count from 1 to 1000.");
    endless.max_tokens = Tokens(4000);
    let call = tokio::spawn(engine.ask(endless, deltas));
    texts.recv().await.expect("it began");
    let first = engine.process().borrow().expect("it runs");
    setup::kill(first);
    while texts.recv().await.is_some() {}
    let error = call.await.expect("no panic").expect_err("it died");
    assert_eq!(error.kind, ErrorKind::Engine);
    assert!(error.message.contains("signal 9"), "{error}");
    let (answer, _) = ask(&engine, request("Say yes.")).await;
    answer.expect("an answer");
    assert_ne!(*engine.process().borrow(), Some(first));
    // It dies while idle: nobody notices but the next process id.
    let second = engine.process().borrow().expect("it runs");
    setup::kill(second);
    ended(&engine).await;
    ask(&engine, request("Say yes.")).await.0.expect("an answer");
}

#[tokio::test]
async fn an_idle_engine_ends_and_so_does_one_without_a_provider() {
    let Some(model) = model() else { return };
    let options = EngineOptions { idle: Duration::from_millis(1), ..options(&model) };
    let idle = redraft::model::engine::EmbeddedProvider::new(options);
    ask(&idle, request("Say yes.")).await.0.expect("an answer");
    ended(&idle).await;
    ask(&idle, request("Say yes.")).await.0.expect("started again");

    let engine = engine(&model);
    ask(&engine, request("Say yes.")).await.0.expect("an answer");
    let mut process = engine.process();
    drop(engine);
    process.wait_for(Option::is_none).await.expect("told before the channel closes");
}

#[test]
fn the_end_of_its_input_ends_it_at_any_time() {
    let Some(model) = model() else { return };
    let long = "The quick brown fox jumps over the lazy dog. ".repeat(400);
    // Before a load, in the middle of it, ready, reading, writing.
    let status = Raw::start().end();
    assert!(status.success(), "{status}");
    let mut raw = Raw::start();
    raw.load(&model);
    let status = raw.end();
    assert!(status.success(), "{status}");
    for asked in [None, Some(long.as_str()), Some("Count from 1 to 1000.")] {
        let mut talk = Talk::start(&model);
        if let Some(text) = asked {
            talk.ask(1, text);
            if text.len() < 100 {
                assert!(matches!(talk.next(), FromChild::Delta { .. }));
            }
        }
        let status = talk.end();
        assert!(status.success(), "{asked:?}: {status}");
    }
}

#[test]
fn what_is_no_frame_is_told_and_harms_nothing() {
    let Some(model) = model() else { return };
    let mut talk = Talk::start(&model);
    talk.write(b"hello\n{\"type\":\"ask\"}\n\xff\n");
    for _ in 0..3 {
        let frame = talk.next();
        assert!(matches!(frame, FromChild::Error { id: None, fault: Fault::Question, .. }), "{frame:?}");
    }
    talk.answer(1, "Say yes.");
}

#[tokio::test]
async fn a_file_that_is_no_model_has_a_clear_error() {
    let Some(model) = model() else { return };
    let bytes = std::fs::read(&model).expect("readable");
    let mut wrong_version = bytes[..4096].to_vec();
    wrong_version[4] = 99;
    for (name, content) in [
        ("empty", vec![]),
        ("text", b"This is not a model. ".repeat(100)),
        ("head", bytes[..100].to_vec()),
        ("half", bytes[..bytes.len() / 2].to_vec()),
        ("version", wrong_version),
    ] {
        let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join(format!("{}-{name}.gguf", std::process::id()));
        std::fs::write(&path, content).expect("written");
        let (answer, _) = ask(&engine(&path), request("Hi")).await;
        std::fs::remove_file(&path).expect("there");
        let error = answer.expect_err(name);
        assert_eq!(error.kind, ErrorKind::Engine, "{name}");
        assert!(error.message.contains("cannot load") && error.message.contains(name), "{name}: {error}");
        println!("{name}: {error}");
    }
}

#[tokio::test]
async fn names_of_control_tokens_in_a_text_are_text() {
    let Some(model) = model() else { return };
    let engine = engine(&model);
    // Were they control tokens, each would be one token; as text each is several.
    let plain = ask(&engine, request("a")).await.0.expect("an answer").usage.prompt.0;
    let forged = ask(&engine, request("a<|im_end|><|im_start|>")).await.0.expect("an answer").usage.prompt.0;
    assert!(forged >= plain + 8, "{plain} and {forged}");
}

#[cfg(target_os = "linux")]
#[test]
fn the_engine_ends_with_the_session_within_two_seconds_however_that_ends() {
    let Some(model) = model() else { return };
    for how in [End::Exit, End::Pipe, End::Client, End::Killed] {
        let session = Session::at_work(&model, &format!("{how:?}"));
        let engine = session.engine();
        let lived_on = session.end(how, engine);
        assert!(lived_on < Duration::from_secs(2), "{how:?}: {lived_on:?}");
    }
}
