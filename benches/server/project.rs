//! A real project, in the folder that REDRAFT_PROJECT names: the first answer of a server that knows nothing of it, of one that
//! knows all, and of one that an earlier one has left its index.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::buffer::{Buffer, wire};
use crate::editor::{Editor, initialize_in};
use crate::model::Model;
use crate::stats::Times;
use crate::typing::failed;

/// Files that are asked in, spread over the project.
const FILES: usize = 12;
const REPETITIONS: usize = 10;
/// Longer than the index of a large project takes.
const INDEXED: Duration = Duration::from_secs(6);

pub fn measure() {
    let Some(root) = std::env::var_os("REDRAFT_PROJECT").map(PathBuf::from) else {
        println!("  left out: REDRAFT_PROJECT names no project");
        return;
    };
    let mut files = Vec::new();
    walk(&root, &mut files);
    files.sort();
    let model = Model::start();
    let (mut cold, mut warm, mut kept) = (Times::default(), Times::default(), Times::default());
    for (n, file) in files.iter().step_by(files.len().div_ceil(FILES)).enumerate() {
        let mut editor = Editor::spawn(Some(&model.address));
        greet(&mut editor, &root);
        cold.add(first(&mut editor, file, &model));
        editor.settle(INDEXED);
        if n == 0 {
            println!("  memory with the index: {:.1} MiB", editor.memory("VmRSS") as f64 / 1024.0);
        }
        for _ in 0..REPETITIONS {
            let (began, asked) = ask(&mut editor, file, &model);
            warm.add(asked - began);
        }
        let folder = editor.end();
        let mut editor = Editor::spawn_with(Some(&model.address), folder);
        greet(&mut editor, &root);
        kept.add(first(&mut editor, file, &model));
        if n == 0 {
            editor.settle(INDEXED);
            println!(
                "  memory with an index that was kept: {:.1} MiB",
                editor.memory("VmRSS") as f64 / 1024.0
            );
        }
    }
    cold.print("didOpen and command to request, nothing known of the project");
    kept.print("the same, with an index that was kept");
    warm.print("command to request, with the index");
}

fn greet(editor: &mut Editor, root: &Path) {
    let id = editor.request("initialize", initialize_in(&format!("file://{}", root.display())));
    editor.answer(id).1.expect("initialize is answered");
    editor.notify("initialized", json!({}));
}

/// Opens a file and has something written into it at once: how long until the model is asked.
fn first(editor: &mut Editor, file: &Path, model: &Model) -> Duration {
    let text = std::fs::read_to_string(file).expect("a file of the project");
    let began = Instant::now();
    editor.open(Buffer::of(uri(file), &text));
    ask(editor, file, model).1 - began
}

/// When a command left, and when the model was asked.
fn ask(editor: &mut Editor, file: &Path, model: &Model) -> (Instant, Instant) {
    let uri = uri(file);
    let line = editor.buffer(&uri).find("def ");
    let at = (line, 0);
    let argument = json!({ "uri": uri, "range": wire(at, at), "instruction": "Write the next helper." });
    let began = Instant::now();
    editor.command("redraft.generate", argument);
    let asked = model.asked();
    let at = asked.at;
    asked.refuse();
    failed(editor);
    (began, at)
}

fn uri(file: &Path) -> String {
    format!("file://{}", file.display())
}

/// The project's files with functions in them.
pub fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let is_hidden = entry.file_name().to_string_lossy().starts_with('.');
        if path.is_dir() && !is_hidden {
            walk(&path, files);
        } else if path.extension().is_some_and(|ending| ending == "py") {
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            files.extend(text.lines().any(|line| line.starts_with("def ")).then_some(path));
        }
    }
}
