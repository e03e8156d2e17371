//! From the model's text to edits in the buffer, and from a stop to silence.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::asking::open;
use crate::buffer::STUB;
use crate::editor::{Editor, Event};
use crate::model::{Asked, Model, PATIENCE};
use crate::stats::Times;
use crate::typing::failed;

const REPETITIONS: usize = 60;
/// Longer than the interval between two edits of a stream.
const PAUSE: Duration = Duration::from_millis(100);

pub fn measure() {
    for lines in [100, 5_000] {
        let model = Model::start();
        let mut editor = Editor::ready(Some(&model.address));
        let uri = open(&mut editor, lines);
        let times = &mut [(); 6].map(|()| Times::default());
        for _ in 0..REPETITIONS {
            draft(&mut editor, &uri, &model, times);
            stop(&mut editor, &uri, &model, times);
        }
        let names = [
            "first line complete to the first edit",
            "last byte to the last edit",
            "last byte to a draft that stands",
            "stop to its answer",
            "stop to a closed connection",
            "stop while the model reads to a closed connection",
        ];
        for (times, name) in times.iter_mut().zip(names) {
            std::mem::take(times).print(&format!("{lines} lines, {name}"));
        }
    }
}

/// The answer's head up to a line that is not whole yet.
fn begin(asked: &mut Asked) {
    asked.begin();
    asked.say(&format!("```python\ndef {STUB}(radius: float) -> float:\n"));
    asked.say("    \"\"\"The area of a circle.\"\"\"\n    square = radius * radius");
}

fn draft(editor: &mut Editor, uri: &str, model: &Model, times: &mut [Times]) {
    let argument = editor.implement(uri);
    let id = editor.command("redraft.run", argument);
    let run = editor.answer(id).1.expect("a run")["run"].clone();
    let mut asked = model.asked();
    begin(&mut asked);
    editor.settle(PAUSE);
    let began = Instant::now();
    asked.say("\n");
    times[0].add(edit(editor) - began);
    editor.settle(PAUSE);
    let began = Instant::now();
    asked.end("    return math.pi * square\n```\n");
    let (last, done) = landed(editor);
    times[1].add(last - began);
    times[2].add(done - began);
    assert!(
        editor
            .buffer(uri)
            .whole()
            .contains("\n    square = radius * radius\n    return math.pi * square\n\n")
    );
    // The answer may come after the state.
    editor.command("redraft.revert", json!({ "run": run }));
    editor.state("reverted");
}

fn stop(editor: &mut Editor, uri: &str, model: &Model, times: &mut [Times]) {
    for streams in [true, false] {
        let argument = editor.implement(uri);
        let id = editor.command("redraft.run", argument);
        let run = editor.answer(id).1.expect("a run")["run"].clone();
        let mut asked = model.asked();
        if streams {
            begin(&mut asked);
            editor.state("streaming");
        }
        editor.settle(Duration::from_millis(20));
        let began = Instant::now();
        let id = editor.command("redraft.stop", json!({ "run": run }));
        let (at, answer) = editor.answer(id);
        answer.expect("stopped");
        let closed = asked.closed();
        if streams {
            times[3].add(at - began);
            times[4].add(closed.saturating_duration_since(began));
        } else {
            times[5].add(closed.saturating_duration_since(began));
        }
        editor.settle(Duration::from_millis(5));
    }
    // Connections are warm again for the next one.
    let argument = editor.implement(uri);
    let id = editor.command("redraft.run", argument);
    editor.answer(id).1.expect("a run");
    model.asked().refuse();
    failed(editor);
}

/// Waits for an edit.
fn edit(editor: &mut Editor) -> Instant {
    loop {
        let (at, event) = editor.next(PATIENCE).expect("an edit comes");
        if matches!(event, Event::Edit { .. }) {
            return at;
        }
    }
}

/// Waits for a draft that stands: when its last edit came, and when it was told.
fn landed(editor: &mut Editor) -> (Instant, Instant) {
    let mut last = None;
    loop {
        let (at, event) = editor.next(PATIENCE).expect("a draft lands");
        match event {
            Event::Edit { .. } => last = Some(at),
            Event::Status { state, .. } if state == "done" => return (last.expect("an edit"), at),
            Event::Status { state, .. } => assert!(state != "failed", "a run failed"),
            _ => {}
        }
    }
}
