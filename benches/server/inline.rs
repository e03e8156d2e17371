//! Completions while one types: what the server adds to the time of its model, and how soon the next key ends one. In files of some
//! hundred lines of the project that REDRAFT_PROJECT names; without one, in a generated file.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use redraft::model::ledger::{Ledger, Outcome, Recorded, Reserve, Settled};
use redraft::model::{MicroUsd, Tokens};
use serde_json::{Value, json};

use crate::buffer::{At, Buffer, python};
use crate::editor::{Editor, initialize_in, new_folder};
use crate::model::Model;
use crate::stats::Times;

/// Files, places in each, and keys at each place; the last of these is answered with more than a line.
const FILES: usize = 6;
const PLACES: usize = 40;
const KEYS: usize = 3;
/// Servers that are asked once.
const STARTS: usize = 40;
/// Files of the project that are taken have so many lines.
const LINES: std::ops::RangeInclusive<usize> = 300..=1_000;
/// Longer than the index of the project takes.
const INDEXED: Duration = Duration::from_secs(3);
/// Between two of a user's keys.
const PAUSE: Duration = Duration::from_millis(10);
/// Calls of somebody who has let a local model complete for five weeks.
const CALLS: usize = 50_000;

/// The two parts of what the server adds, and both together.
#[derive(Default)]
struct Added {
    before: Times,
    behind: Times,
    both: Times,
}

impl Added {
    fn add(&mut self, (before, behind): (Duration, Duration)) {
        self.before.add(before);
        self.behind.add(behind);
        self.both.add(before + behind);
    }

    fn print(self, what: &str) {
        self.before.print(&format!("{what}: request to the model's being asked"));
        self.behind.print(&format!("{what}: last token to the answer"));
        self.both.print(&format!("{what}: both"));
    }
}

/// A file and where one may type in it: the ends of lines of code.
struct File {
    uri: String,
    text: String,
    places: Vec<At>,
}

pub fn measure() {
    let root = std::env::var_os("REDRAFT_PROJECT").map(PathBuf::from);
    let files = files(root.as_deref());
    let root = root.map_or_else(|| "file:///bench".to_owned(), |root| format!("file://{}", root.display()));
    let lines: usize = files.iter().map(|file| file.text.lines().count()).sum();
    println!("  {} files with {lines} lines, in {root}", files.len());
    let model = Model::start();
    for fills in [true, false] {
        let how = if fills { "filling in the middle" } else { "by a prompt" };
        println!("  {how}");
        first(&files, &root, &model, fills);
        typed(&files, &root, &model, fills, new_folder());
    }
    let folder = new_folder();
    write_calls(&folder);
    println!("  filling in the middle, with {CALLS} calls in the ledger");
    typed(&files, &root, &model, true, folder);
    println!("  the next key");
    next_key(&files, &root, &model);
}

/// The first completion of a server.
fn first(files: &[File], root: &str, model: &Model, fills: bool) {
    for rests in [false, true] {
        let mut added = Added::default();
        for n in 0..STARTS {
            let file = &files[n % files.len()];
            let mut editor = spawn(model, root, fills, new_folder());
            editor.open(Buffer::of(file.uri.clone(), &file.text));
            if rests {
                editor.settle(Duration::from_millis(300));
            }
            added.add(complete(&mut editor, file, file.places[n % file.places.len()], model, false));
        }
        added.print(if rests {
            "first of a server, at rest"
        } else {
            "first of a server, right after didOpen"
        });
    }
}

/// One that types, at many places: the first key of each, and the next ones.
fn typed(files: &[File], root: &str, model: &Model, fills: bool, folder: PathBuf) {
    let mut editor = spawn(model, root, fills, folder);
    let (mut moved, mut here) = (Added::default(), Added::default());
    let (mut there, mut block) = (Added::default(), Added::default());
    for (n, file) in files.iter().enumerate() {
        editor.open(Buffer::of(file.uri.clone(), &file.text));
        editor.settle(if n == 0 { INDEXED } else { Duration::from_millis(300) });
        // What is made on first use; elsewhere, since what was shown at a place is shown there again.
        complete(&mut editor, file, file.places[file.places.len() - 1], model, false);
        for &(line, column) in spread(&file.places) {
            editor.settle(PAUSE);
            moved.add(complete(&mut editor, file, (line, column), model, false));
            for key in 0..KEYS {
                editor.settle(PAUSE);
                let at = (line, column + key);
                editor.change(&file.uri, at, at, "q");
                let is_block = key + 1 == KEYS;
                let times = complete(&mut editor, file, (line, column + key + 1), model, is_block);
                match key {
                    0 => here.add(times),
                    _ if is_block => block.add(times),
                    _ => there.add(times),
                }
            }
            editor.change(&file.uri, (line, column), (line, column + KEYS), "");
        }
    }
    moved.print("at another place, nothing typed");
    here.print("right after the first key there");
    there.print("right after the next key there");
    block.print("the same, an answer of three lines");
}

/// The next key, while the model reads and while it writes.
fn next_key(files: &[File], root: &str, model: &Model) {
    let mut editor = spawn(model, root, true, new_folder());
    for writes in [false, true] {
        let (mut answered, mut closed) = (Times::default(), Times::default());
        for file in files {
            editor.open(Buffer::of(file.uri.clone(), &file.text));
            editor.settle(Duration::from_millis(300));
            for &(line, column) in spread(&file.places) {
                let id = ask(&mut editor, file, (line, column));
                let mut asked = model.asked();
                if writes {
                    asked.begin();
                    asked.say("value");
                }
                editor.settle(PAUSE);
                let began = Instant::now();
                editor.change(&file.uri, (line, column), (line, column), "q");
                let (at, answer) = editor.answer(id);
                assert_eq!(answer, Ok(Value::Null), "the key ends it");
                answered.add(at - began);
                closed.add(asked.closed().saturating_duration_since(began));
                editor.change(&file.uri, (line, column), (line, column + 1), "");
            }
        }
        let when = if writes { "while the model writes" } else { "while the model reads" };
        answered.print(&format!("{when}: key to the old request's answer"));
        closed.print(&format!("{when}: key to the closed connection"));
    }
}

/// Asks at a place and answers as the model, with a line or with more of them: what went before the model, and what behind it.
fn complete(editor: &mut Editor, file: &File, at: At, model: &Model, is_block: bool) -> (Duration, Duration) {
    let began = Instant::now();
    let id = ask(editor, file, at);
    let mut asked = model.asked();
    let before = asked.at.saturating_duration_since(began);
    let is_fenced = asked.body.get("messages").is_some();
    asked.begin();
    let (head, tail) = if is_fenced { ("```python\n", "\n```\n") } else { ("", "\n") };
    let line = file.text.lines().nth(at.0).unwrap_or_default();
    let indent = &line[..line.len() - line.trim_start().len()];
    let first = if is_block {
        format!("\n{indent}total = first(second)\n{indent}if total:\n{indent}    total.first(second, ")
    } else {
        "value.first(second, ".to_owned()
    };
    asked.say(&format!("{head}{first}"));
    let began = Instant::now();
    asked.end(&format!("third){tail}"));
    let (at, answer) = editor.answer(id);
    let answer = answer.expect("it is answered");
    assert_eq!(answer["items"][0]["insertText"], format!("{first}third)"), "{answer}");
    (before, at.saturating_duration_since(began))
}

fn ask(editor: &mut Editor, file: &File, (line, character): At) -> i64 {
    let params = json!({
        "textDocument": { "uri": file.uri },
        "position": { "line": line, "character": character },
        "context": { "triggerKind": 2 },
    });
    editor.request("textDocument/inlineCompletion", params)
}

fn spawn(model: &Model, root: &str, fills: bool, folder: PathBuf) -> Editor {
    let abilities = if fills { "abilities = [\"fim\"]\n" } else { "" };
    let mut editor = Editor::spawn_as(Some(&model.address), folder, abilities);
    let mut params = initialize_in(root);
    params["capabilities"]["textDocument"]["inlineCompletion"] = json!({});
    let id = editor.request("initialize", params);
    editor.answer(id).1.expect("initialize is answered");
    editor.notify("initialized", json!({}));
    editor
}

/// Some of the places, from all over the file.
fn spread(places: &[At]) -> impl Iterator<Item = &At> {
    places.iter().step_by(places.len().div_ceil(PLACES))
}

fn files(root: Option<&Path>) -> Vec<File> {
    let Some(root) = root else { return vec![File::new("file:///bench/lines.py".to_owned(), python(500))] };
    let mut paths = Vec::new();
    crate::project::walk(root, &mut paths);
    paths.sort();
    let read = |path: &PathBuf| {
        let text = std::fs::read_to_string(path).ok()?;
        let file = File::new(format!("file://{}", path.display()), text);
        (LINES.contains(&file.text.lines().count()) && file.places.len() >= PLACES).then_some(file)
    };
    let files: Vec<File> = paths.iter().filter_map(read).collect();
    let step = files.len().div_ceil(FILES).max(1);
    files.into_iter().step_by(step).collect()
}

impl File {
    fn new(uri: String, text: String) -> Self {
        let place = |(line, text): (usize, &str)| {
            let is_code = text.starts_with("        ") && text.ends_with(')') && text.is_ascii();
            is_code.then_some((line, text.len()))
        };
        let places = text.lines().enumerate().filter_map(place).collect();
        Self { uri, text, places }
    }
}

/// A ledger with many calls of a model of this machine, over the last month.
fn write_calls(folder: &Path) {
    let now = SystemTime::now();
    let ledger = Ledger::open(&folder.join("ledger.sqlite"), now).expect("a new ledger");
    let call = |n: usize| Recorded {
        reserve: Reserve {
            run: format!("bench-{n}"),
            provider: "local".to_owned(),
            model: "fast".to_owned(),
            task: "inline".to_owned(),
            amount: MicroUsd(0),
            local: true,
        },
        settled: Settled {
            outcome: Outcome::Ok,
            prompt: Tokens(300),
            cached: Tokens(0),
            completion: Tokens(20),
            spent: MicroUsd(0),
            first_token: Some(Duration::from_millis(200)),
            whole: Duration::from_millis(400),
            retries: 0,
            failover: false,
        },
        at: now - Duration::from_secs(30 * 24 * 3600) + Duration::from_secs(50 * n as u64),
    };
    let calls: Vec<Recorded> = (0..CALLS).map(call).collect();
    ledger.record(&calls).expect("they are written down");
}
