//! The measurements.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use redraft::model::engine::frames::{FromChild, Question, Said, ToChild, encode};
use redraft::model::engine::{EmbeddedProvider, EngineOptions};
use redraft::model::store::{CATALOGUE, Store};
use redraft::model::{Answer, Provider, Request, Role, Tokens, Turn};
use tokio::sync::mpsc;

use raw::Raw;

#[path = "raw.rs"]
mod raw;

const THREADS: u32 = 2;
const GENERATED: usize = 64;
const ROUNDS: usize = 6;

pub fn main() {
    let path = std::env::args()
        .skip(1)
        .find(|argument| !argument.starts_with('-'))
        .map_or_else(default_model, PathBuf::from);
    println!("{} with {THREADS} threads", path.display());
    if std::env::args().any(|argument| argument == "--raw") {
        return waits(&path);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(against_raw(&path));
    cancels(&path);
    batches(&path);
}

fn default_model() -> PathBuf {
    let state = std::env::var_os("REDRAFT_STATE_DIR").expect("name a model file, or set REDRAFT_STATE_DIR");
    Store::below(Path::new(&state)).path(&CATALOGUE[0])
}

/// About 1,000 tokens of code.
fn code() -> String {
    (0..36).fold(String::new(), |text, n| {
        text + &format!("    def rate_{n}(self, start, end):\n        \"\"\"Returns row {n}.\"\"\"\n        return self.rows[{n}] * (end - start)\n\n")
    })
}

/// `salt` comes first, so that nothing of an earlier prompt is known.
fn request(salt: usize, tail: &str, max: usize) -> Request {
    Request {
        system: format!("{salt} You write Python."),
        turns: vec![Turn { role: Role::User, text: format!("{}\n{tail}", code()) }],
        prefill: None,
        fill: None,
        max_tokens: Tokens(max as u32),
        temperature: Some(0.0),
        stop: vec![],
    }
}

fn chatml(request: &Request) -> String {
    let (system, user) = (&request.system, &request.turns[0].text);
    format!(
        "<|im_start|>system\n{system}<|im_end|>\n<|im_start|>user\n{user}<|im_end|>\n<|im_start|>assistant\n"
    )
}

const TASK: &str = "Count from 1 to 100 in words, one for each line.";

async fn against_raw(path: &Path) {
    let command = Some(vec![env!("CARGO_BIN_EXE_redraft").into(), "engine".into()]);
    let options = EngineOptions { command, threads: Some(THREADS), ..EngineOptions::new(path.into()) };
    let engine = EmbeddedProvider::new(options);
    let began = Instant::now();
    let mut tiny = request(0, "", 1);
    tiny.turns[0].text = "Hi".into();
    ask(&engine, tiny).await;
    println!("from nothing to the first token of a 20-token prompt: {:?}", began.elapsed());

    let mut raw = Raw::load(path, 256, THREADS as i32);
    let mut best = [Duration::MAX; 4];
    for round in 1..=ROUNDS {
        let request = request(round, TASK, GENERATED);
        let mut tokens = raw.tokenize(&chatml(&request));
        let (raw_read, raw_write) = raw.run(&mut tokens, GENERATED);
        let (ours_read, ours_write, answer) = ask(&engine, request).await;
        assert_eq!(
            (answer.usage.prompt.0 as usize, answer.usage.completion.0 as usize),
            (tokens.len(), GENERATED)
        );
        for (best, time) in best.iter_mut().zip([raw_read, raw_write, ours_read, ours_write]) {
            *best = time.min(*best);
        }
        let per = |n: usize, time: Duration| n as f64 / time.as_secs_f64();
        println!(
            "round {round}: {} tokens read at {:.1}/s raw, {:.1}/s ours; written at {:.1}/s raw, {:.1}/s ours",
            tokens.len(),
            per(tokens.len(), raw_read),
            per(tokens.len(), ours_read),
            per(GENERATED - 1, raw_write),
            per(GENERATED - 1, ours_write),
        );
    }
    // Others use the machine too, and can only make a round slower: the best of each is what the code can do.
    let [raw_read, raw_write, ours_read, ours_write] = best.map(|time| time.as_secs_f64());
    let whole = (ours_read + ours_write) / (raw_read + raw_write);
    let (read, write) = (ours_read / raw_read, ours_write / raw_write);
    println!("ours / raw, best of {ROUNDS}: read {read:.3}, write {write:.3}, both {whole:.3}");
    drop(raw);

    let (cold, _, first) = ask(&engine, request(100, "Write f.", 8)).await;
    let (warm, _, second) = ask(&engine, request(100, "Write g.", 8)).await;
    println!(
        "a known prefix: {} tokens, {} cached: first token after {cold:?}; then {} tokens, {} cached: {warm:?}",
        first.usage.prompt.0, first.usage.cached.0, second.usage.prompt.0, second.usage.cached.0
    );
    if let Some(id) = *engine.process().borrow() {
        let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
        let lines = status.lines().filter(|line| line.starts_with("VmHWM") || line.starts_with("Rss"));
        println!("memory of the engine: {}", lines.collect::<Vec<_>>().join("; ").replace('\t', " "));
    }
}

/// Time to the first text, time from there to the end.
async fn ask(engine: &EmbeddedProvider, request: Request) -> (Duration, Duration, Answer) {
    let (deltas, mut texts) = mpsc::channel(64);
    let began = Instant::now();
    let call = tokio::spawn(engine.ask(request, deltas));
    let mut first = None;
    while texts.recv().await.is_some() {
        first.get_or_insert_with(|| began.elapsed());
    }
    let answer = call.await.expect("no panic").expect("an answer");
    let first = first.unwrap_or_else(|| began.elapsed());
    (first, began.elapsed() - first, answer)
}

/// From the cancel to the engine's word that it stopped, at several moments of reading and of writing.
fn cancels(path: &Path) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_redraft"))
        .arg("engine")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the engine");
    let mut stdin = child.stdin.take().expect("piped");
    let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
    let mut next =
        || serde_json::from_str::<FromChild>(&lines.next().expect("a line").expect("text")).expect("a frame");
    let mut send = |frame: &ToChild| stdin.write_all(&encode(frame).expect("small")).expect("it reads");
    send(&ToChild::Load { path: path.into(), context: 8192, threads: THREADS });
    assert!(matches!(next(), FromChild::Ready { .. }));
    let mut latencies = Vec::new();
    for id in 1..=20u64 {
        let asked = request(200 + id as usize, TASK, 64);
        let turns = asked
            .turns
            .into_iter()
            .map(|turn| Said { assistant: false, text: turn.text.repeat(3) })
            .collect();
        let question = Question {
            system: asked.system,
            turns,
            prefill: None,
            fill: None,
            max_tokens: 64,
            temperature: None,
            stop: vec![],
        };
        send(&ToChild::Ask { id, request: question });
        std::thread::sleep(Duration::from_millis(37 * id));
        let began = Instant::now();
        send(&ToChild::Cancel { id });
        assert_eq!(next(), FromChild::Cancelled { id });
        latencies.push(began.elapsed().as_secs_f64() * 1e3);
    }
    drop(stdin);
    let began = Instant::now();
    child.wait().expect("it ends");
    let ended = began.elapsed();
    let median = median(&mut latencies);
    println!(
        "cancel while reading: median {median:.1} ms, worst {:.1} ms of 20; end after end of input: {ended:?}",
        latencies[19]
    );
}

/// llama.cpp alone, for what the environment changes (`OMP_WAIT_POLICY`, `GOMP_SPINCOUNT`, other programs).
fn waits(path: &Path) {
    let mut raw = Raw::load(path, 256, THREADS as i32);
    let mut tokens = raw.tokenize(&chatml(&request(1, TASK, 1)));
    tokens.truncate(300);
    for _ in 0..3 {
        let (read, write) = raw.run(&mut tokens, 32);
        println!("read {:.1}/s, write {:.1}/s", 300.0 / read.as_secs_f64(), 31.0 / write.as_secs_f64());
    }
}

/// What a batch size costs and brings.
fn batches(path: &Path) {
    for batch in [64, 128, 256, 512] {
        let mut raw = Raw::load(path, batch, THREADS as i32);
        let mut tokens = raw.tokenize(&chatml(&request(1, TASK, 1)));
        let mut speeds: Vec<f64> =
            (0..3).map(|_| tokens.len() as f64 / raw.run(&mut tokens, 1).0.as_secs_f64()).collect();
        println!("batches of {batch}: {:.1} tokens/s read", median(&mut speeds));
    }
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
