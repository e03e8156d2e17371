//! From the command to the request that reaches the model's server, over a connection that is there already.

use std::time::{Duration, Instant};

use crate::buffer::{Buffer, python};
use crate::editor::Editor;
use crate::model::Model;
use crate::stats::Times;
use crate::typing::failed;

const REPETITIONS: usize = 200;

pub fn measure() {
    let model = Model::start();
    for lines in [100, 5_000] {
        let mut editor = Editor::ready(Some(&model.address));
        let uri = open(&mut editor, lines);
        let cold = ask(&mut editor, &uri, &model);
        println!("  {lines} lines, the first run of a server: {:.2} ms", cold.as_secs_f64() * 1e3);
        // A second one, for what is made on first use behind the first.
        ask(&mut editor, &uri, &model);
        let before = model.connections();
        for edits in [false, true] {
            let (mut left, mut answered) = (Times::default(), Times::default());
            for n in 0..REPETITIONS {
                if edits {
                    // In a function near the file's head, as a user types; the same character goes again.
                    let line = editor.buffer(&uri).find("# The scale") + 1;
                    let (end, text) = if n % 2 == 0 { (4, "x") } else { (5, "") };
                    editor.change(&uri, (line, 4), (line, end), text);
                }
                let argument = editor.implement(&uri);
                let began = Instant::now();
                let id = editor.command("redraft.run", argument);
                let asked = model.asked();
                left.add(asked.at.saturating_duration_since(began));
                answered.add(editor.answer(id).0 - began);
                asked.refuse();
                failed(&mut editor);
                if !edits {
                    editor.settle(Duration::from_millis(2));
                }
            }
            let how = if edits { "right after an edit" } else { "at rest" };
            left.print(&format!("{lines} lines, {how}: command to request"));
            answered.print(&format!("{lines} lines, {how}: command to its answer"));
        }
        println!("  {} new connections for {} runs", model.connections() - before, 2 * REPETITIONS);
    }
}

fn ask(editor: &mut Editor, uri: &str, model: &Model) -> Duration {
    let argument = editor.implement(uri);
    let began = Instant::now();
    editor.command("redraft.run", argument);
    let asked = model.asked();
    let took = asked.at - began;
    asked.refuse();
    failed(editor);
    took
}

/// Opens a document of so many lines and waits until it is parsed.
pub fn open(editor: &mut Editor, lines: usize) -> String {
    let buffer = Buffer::new(&format!("lines_{lines}"), &python(lines));
    let uri = buffer.uri.clone();
    editor.open(buffer);
    editor.settle(Duration::from_millis(300));
    uri
}
