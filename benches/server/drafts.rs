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
/// How long after the text its end comes: with it, with the next token, or when the last line is in the buffer already.
const ENDS: [Option<u64>; 3] = [None, Some(5), Some(60)];

#[derive(Debug, Default)]
struct Figures {
    first: Times,
    last: [Times; ENDS.len()],
    stands: Times,
    stops: [Times; 3],
}

pub fn measure() {
    for lines in [100, 5_000] {
        let model = Model::start();
        let mut editor = Editor::ready(Some(&model.address));
        let uri = open(&mut editor, lines);
        let mut figures = Figures::default();
        for _ in 0..REPETITIONS {
            for end in 0..ENDS.len() {
                draft(&mut editor, &uri, &model, end, &mut figures);
            }
            stop(&mut editor, &uri, &model, &mut figures.stops);
        }
        let Figures { first, last: [with_it, soon, late], stands, stops: [answer, closed, reading] } =
            figures;
        for (times, name) in [
            (first, "first line complete to the first edit"),
            (with_it, "last byte to the last edit, text and end at once"),
            (stands, "last byte to a draft that stands, text and end at once"),
            (soon, "last byte to the last edit, the end 5 ms after the text"),
            (late, "last byte to the last edit, the end 60 ms after the text"),
            (answer, "stop to its answer"),
            (closed, "stop to a closed connection"),
            (reading, "stop while the model reads to a closed connection"),
        ] {
            times.print(&format!("{lines} lines, {name}"));
        }
    }
}

/// The answer's head up to a line that is not whole yet.
fn begin(asked: &mut Asked) {
    asked.begin();
    asked.say(&format!("```python\ndef {STUB}(radius: float) -> float:\n"));
    asked.say("    \"\"\"The area of a circle.\"\"\"\n    square = radius * radius");
}

fn draft(editor: &mut Editor, uri: &str, model: &Model, end: usize, figures: &mut Figures) {
    let argument = editor.implement(uri);
    let id = editor.command("redraft.run", argument);
    let run = editor.answer(id).1.expect("a run")["run"].clone();
    let mut asked = model.asked();
    begin(&mut asked);
    editor.settle(PAUSE);
    let began = Instant::now();
    asked.say("\n");
    figures.first.add(edit(editor) - began);
    editor.settle(PAUSE);
    let last = "    return math.pi * square\n```\n";
    if let Some(after) = ENDS[end] {
        asked.say(last);
        editor.settle(Duration::from_millis(after));
    }
    let began = Instant::now();
    if ENDS[end].is_some() {
        asked.close()
    } else {
        asked.end(last)
    }
    let (last, done) = landed(editor);
    figures.last[end].add(last - began);
    if ENDS[end].is_none() {
        figures.stands.add(done - began);
    }
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

fn stop(editor: &mut Editor, uri: &str, model: &Model, times: &mut [Times; 3]) {
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
            times[0].add(at - began);
            times[1].add(closed.saturating_duration_since(began));
        } else {
            times[2].add(closed.saturating_duration_since(began));
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
