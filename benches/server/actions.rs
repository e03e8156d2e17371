//! How long a menu of code actions takes: where nothing has changed, and in the moment after a character was typed.

use std::time::{Duration, Instant};

use crate::asking::open;
use crate::editor::Editor;
use crate::stats::Times;

const REPETITIONS: usize = 200;

pub fn measure() {
    for lines in [100, 5_000] {
        let mut editor = Editor::ready(None);
        let uri = open(&mut editor, lines);
        for place in ["at rest", "right after an edit elsewhere", "right after an edit of the function"] {
            let mut times = Times::default();
            // Looked up before the clock runs: in 5,000 lines it takes this benchmark 0.3 ms.
            let stub = editor.stub(&uri);
            for n in 0..REPETITIONS {
                let began = match place {
                    "at rest" => Instant::now(),
                    _ => edit(&mut editor, &uri, place.ends_with("function"), n),
                };
                let id = editor.actions_at(&uri, stub);
                let (at, answer) = editor.answer(id);
                times.add(at - began);
                let answer = answer.expect("actions");
                assert!(answer.as_array().is_some_and(|actions| actions.len() >= 2), "{answer}");
                // Parses that were put off have their time between two of a user's keys.
                editor.settle(Duration::from_millis(5));
            }
            times.print(&format!("{lines} lines, {place}"));
        }
    }
}

/// Types a character, or deletes it again; returns when it was told.
fn edit(editor: &mut Editor, uri: &str, in_function: bool, n: usize) -> Instant {
    let wanted = if in_function { "The area of a circle" } else { "# The scale" };
    let (line, column) = if in_function { (0, 7) } else { (1, 4) };
    let line = editor.buffer(uri).find(wanted) + line;
    let (end, text) = if n.is_multiple_of(2) { (column, "x") } else { (column + 1, "") };
    let began = Instant::now();
    editor.change(uri, (line, column), (line, end), text);
    began
}
