//! From spawn to the answer of `initialize`, and the memory of a server that has nothing to do.

use std::time::{Duration, Instant};

use crate::buffer::{Buffer, python};
use crate::editor::{Editor, initialize};
use crate::stats::Times;

const STARTS: usize = 60;
/// Long enough for the parse of a small file and whatever a server does after its start.
const REST: Duration = Duration::from_millis(800);

pub fn measure() {
    let mut times = Times::default();
    for _ in 0..STARTS {
        let began = Instant::now();
        let mut editor = Editor::spawn(None);
        let id = editor.request("initialize", initialize());
        let (at, answer) = editor.answer(id);
        answer.expect("initialize is answered");
        times.add(at - began);
    }
    times.print("spawn to the answer of initialize");
    let mut editor = Editor::ready(None);
    editor.settle(REST);
    print(&editor, "after initialize");
    editor.open(Buffer::new("small", &python(100)));
    editor.settle(REST);
    print(&editor, "with a file of 100 lines open");
    let uri = "file:///bench/small.py";
    let id = editor.ask_actions(uri);
    assert!(!editor.answer(id).1.expect("actions").as_array().expect("a list").is_empty());
    editor.settle(REST);
    print(&editor, "after its code actions were listed");
    editor.open(Buffer::new("large", &python(5_000)));
    editor.settle(REST);
    print(&editor, "with a file of 5,000 lines as well");
}

fn print(editor: &Editor, when: &str) {
    let mib = |key| editor.memory(key) as f64 / 1024.0;
    println!(
        "  memory {when}: {:.1} MiB ({:.1} of its own, {:.1} of its program file)",
        mib("VmRSS"),
        mib("RssAnon"),
        mib("RssFile")
    );
}
