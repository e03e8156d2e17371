//! 10,000 changes of one character each, as fast as the server takes them, and whether its shadow is the editor's buffer.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::buffer::{Buffer, python, wire};
use crate::editor::{Editor, Event, frame};
use crate::model::{Model, PATIENCE};

const LINES: usize = 5_000;
const CHANGES: usize = 10_000;
const ROUNDS: u64 = 5;
/// Lines of a function with the blank lines after it.
const FUNCTION: usize = 8;
/// Functions of one look at the shadow; a prompt has room for so much.
const SLICE: usize = 32;
const TYPED: [&str; 8] = ["x", "é", "😀", "漢", " ", "𝒳", "0", "_"];

pub fn measure() {
    let model = Model::start();
    for round in 1..=ROUNDS {
        let mut editor = Editor::ready(Some(&model.address));
        editor.open(Buffer::new("typed", &python(LINES)));
        editor.settle(Duration::from_millis(300));
        let uri = "file:///bench/typed.py";
        let mut frames = Vec::new();
        let mut random = Random(round);
        for _ in 0..CHANGES {
            let params = type_somewhere(editor.buffer(uri), &mut random);
            frames.extend(frame(
                &json!({ "jsonrpc": "2.0", "method": "textDocument/didChange", "params": params }),
            ));
        }
        let began = Instant::now();
        editor.write(&frames);
        let written = began.elapsed();
        // A command of an older version is refused with the version that the shadow has.
        let mut stale = editor.implement(uri);
        stale["version"] = json!(1);
        let id = editor.command("redraft.run", stale);
        let (at, answer) = editor.answer(id);
        let message = answer.expect_err("the version is old")["message"].to_string();
        assert!(message.contains(&format!("now {}", CHANGES + 1)), "{message}");
        let shadow = at - began;
        let id = editor.ask_actions(uri);
        let (at, answer) = editor.answer(id);
        let version = &answer.expect("actions")[0]["command"]["arguments"][0]["version"];
        assert_eq!(*version, CHANGES + 1);
        println!(
            "  seed {round}: {:.0} changes a second until the shadow is current ({:.0} ms; written in {:.0} ms), actions of the new tree {:.1} ms later",
            CHANGES as f64 / shadow.as_secs_f64(),
            shadow.as_secs_f64() * 1e3,
            written.as_secs_f64() * 1e3,
            (at - began - shadow).as_secs_f64() * 1e3
        );
        compare(&mut editor, uri, &model);
    }
    println!("  the shadow was the editor's buffer in all {ROUNDS} rounds");
}

/// Types or deletes one character in a comment, often past the line's end.
fn type_somewhere(buffer: &mut Buffer, random: &mut Random) -> serde_json::Value {
    let functions = LINES / FUNCTION;
    let line = loop {
        let line = buffer.find("import math") + 3 + random.below(functions * FUNCTION);
        if line < buffer.len() && buffer.text(line..line + 1).trim_start().starts_with("# ") {
            break line;
        }
    };
    let stops = buffer.stops(line);
    // Behind the comment's mark, which stays.
    let first = 6;
    let place = first + random.below(stops.len() - first);
    let end = *stops.last().expect("a line has an end");
    match random.below(4) {
        0 if place + 1 < stops.len() => buffer.change((line, stops[place]), (line, stops[place + 1]), ""),
        // The last character, with a range that goes on past the line's end.
        1 if stops.len() > first + 2 => {
            let last = stops[stops.len() - 2];
            buffer.change((line, last), (line, end + 50), "")
        }
        2 => {
            let past = end + random.below(30);
            buffer.change((line, past), (line, past + 7), TYPED[random.below(TYPED.len())])
        }
        _ => buffer.change((line, stops[place]), (line, stops[place]), TYPED[random.below(TYPED.len())]),
    }
}

/// Has the server rewrite every function, a slice at a time: what it sends to the model is what its shadow holds.
fn compare(editor: &mut Editor, uri: &str, model: &Model) {
    let buffer = editor.buffer(uri).clone();
    let functions: Vec<usize> =
        (0..buffer.len()).filter(|&line| buffer.text(line..line + 1).starts_with("def ")).collect();
    for slice in functions.chunks(SLICE) {
        let first = slice[0];
        let last = slice[slice.len() - 1];
        let last =
            (last..buffer.len()).find(|&line| buffer.text(line..line + 1).is_empty()).expect("it ends") - 1;
        let end = buffer.stops(last).pop().expect("an end");
        let range = wire((first, 0), (last, end));
        let id =
            editor.command("redraft.generate", json!({ "uri": uri, "range": range, "instruction": "x" }));
        editor.answer(id).1.expect("a run");
        let asked = model.asked();
        assert!(
            asked.question().contains(&buffer.text(first..last + 1)),
            "the shadow differs in lines {first} to {last}"
        );
        asked.refuse();
        failed(editor);
    }
}

/// Waits until a refused run is over.
pub fn failed(editor: &mut Editor) {
    loop {
        let (_, event) = editor.next(PATIENCE).expect("a refused run ends");
        if matches!(&event, Event::Status { state, .. } if state == "failed") {
            return;
        }
    }
}

/// xorshift64, so that a round can be had again.
#[derive(Debug)]
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % limit
    }
}
