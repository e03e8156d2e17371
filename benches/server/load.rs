//! Eight models write at once into eight documents while the user types in a ninth, and in one of the eight.

use std::time::{Duration, Instant};

use crate::asking::open;
use crate::buffer::{Buffer, STUB, python};
use crate::editor::{Editor, Event};
use crate::model::{Asked, Model, PATIENCE};
use crate::stats::Times;

const RUNS: usize = 8;
/// Between two tokens of one model: 200 a second.
const TOKEN: Duration = Duration::from_millis(5);
/// A line of `    row_n = row_n + 1\n` has so many tokens here.
const TOKENS: usize = 8;
const LINES: usize = 100;
/// Between two keys: a hurried user's.
const KEY: Duration = Duration::from_millis(25);

pub fn measure() {
    let model = Model::start();
    let mut editor = Editor::ready(Some(&model.address));
    let typed = open(&mut editor, 5_000);
    let uris: Vec<String> = (0..RUNS)
        .map(|n| {
            let buffer = Buffer::new(&format!("run_{n}"), &python(200));
            let uri = buffer.uri.clone();
            editor.open(buffer);
            uri
        })
        .collect();
    editor.settle(Duration::from_millis(300));
    println!("  typing in 5,000 lines, with nothing else going on:");
    let until = Instant::now() + Duration::from_secs(2);
    keys(&mut editor, &typed, None, &mut |_, _| Instant::now() < until);
    let memory = editor.memory("VmRSS");
    let mut writers = Vec::new();
    for uri in &uris {
        let argument = editor.implement(uri);
        editor.command("redraft.run", argument);
        let asked = model.asked();
        writers.push(std::thread::spawn(move || write(asked)));
    }
    println!("  typing in 5,000 lines while {RUNS} runs stream at 200 tokens a second:");
    let began = Instant::now();
    let mut seen = Seen::default();
    keys(&mut editor, &typed, Some(&uris[0]), &mut |at, event| seen.take(at, event));
    let written = writers.into_iter().map(|writer| writer.join().expect("a writer ends"));
    let (ended, written): (Vec<Instant>, Vec<Vec<Instant>>) = written.unzip();
    println!(
        "  {} tokens in {:.1} s; memory {:.1} MiB before, {:.1} after; {} edits",
        RUNS * LINES * TOKENS,
        began.elapsed().as_secs_f64(),
        memory as f64 / 1024.0,
        editor.memory("VmRSS") as f64 / 1024.0,
        seen.edits.len()
    );
    lags(&seen, &written);
    let last = ended.iter().max().expect("eight");
    let over = seen.done.iter().max().expect("eight");
    println!(
        "  the last draft stands {:.2} ms after the last byte",
        over.saturating_duration_since(*last).as_secs_f64() * 1e3
    );
    for uri in &uris {
        let text = editor.buffer(uri).whole();
        assert!((0..LINES).all(|n| text.contains(&format!("row_{n} = row_{n} + 1\n"))), "a line is missing");
    }
}

/// What came of the runs.
#[derive(Debug, Default)]
struct Seen {
    /// When an edit came, and the number of the last line in it.
    edits: Vec<(Instant, usize)>,
    done: Vec<Instant>,
}

impl Seen {
    /// Whether there is more to come.
    fn take(&mut self, at: Instant, event: &Event) -> bool {
        match event {
            Event::Edit { text } => {
                let last = text.rsplit("row_").next().and_then(|rest| rest.split(' ').next()?.parse().ok());
                self.edits.extend(last.map(|last| (at, last)));
            }
            Event::Status { state, run } => {
                assert!(state != "failed", "{run} failed");
                if state == "done" {
                    self.done.push(at);
                }
            }
            _ => {}
        }
        self.done.len() < RUNS
    }
}

/// How long after its last line was complete an edit came. The writers go at one pace, so that the first to complete a
/// line stands for all: the lag is never told too small. A queue that grows would show in the last quarter.
fn lags(seen: &Seen, written: &[Vec<Instant>]) {
    let quarters = &mut [(); 4].map(|()| Times::default());
    for &(at, line) in &seen.edits {
        let Some(complete) = written.iter().filter_map(|lines| lines.get(line)).min() else { continue };
        quarters[(line * 4 / LINES).min(3)].add(at.saturating_duration_since(*complete));
    }
    for (n, times) in quarters.iter_mut().enumerate() {
        std::mem::take(times).print(&format!("line complete to its edit, quarter {} of the answers", n + 1));
    }
}

/// Types and asks for actions until `more` says that it is enough.
fn keys(editor: &mut Editor, typed: &str, also: Option<&str>, more: &mut dyn FnMut(Instant, &Event) -> bool) {
    let (mut times, mut inside) = (Times::default(), Times::default());
    let mut n = 0_usize;
    let mut next = Instant::now();
    loop {
        let in_run = also.filter(|_| n % 4 >= 2);
        let uri = in_run.unwrap_or(typed);
        let line = editor.buffer(uri).find("# The scale") + 1;
        let (end, text) = if n.is_multiple_of(2) { (4, "x") } else { (5, "") };
        let began = Instant::now();
        editor.change(uri, (line, 4), (line, end), text);
        let id = editor.actions_at(uri, (line, 5));
        let mut goes_on = true;
        loop {
            let (at, event) = editor.next(PATIENCE).expect("actions come");
            goes_on &= more(at, &event);
            if matches!(event, Event::Answer { id: answered, .. } if answered == id) {
                if in_run.is_some() { &mut inside } else { &mut times }.add(at - began);
                break;
            }
        }
        n += 1;
        next += KEY;
        while goes_on {
            let left = next.saturating_duration_since(Instant::now());
            let Some((at, event)) = editor.next(left) else { break };
            goes_on = more(at, &event);
        }
        if also.is_none() {
            goes_on = more(Instant::now(), &Event::Other);
        }
        if !goes_on {
            break;
        }
    }
    times.print("change and actions, there and back");
    if also.is_some() {
        inside.print("the same in a document that a run writes into");
    }
}

/// Streams an answer at the model's pace; returns when its last byte was written, and when each line was complete.
fn write(mut asked: Asked) -> (Instant, Vec<Instant>) {
    asked.begin();
    asked.say(&format!(
        "```python\ndef {STUB}(radius: float) -> float:\n    \"\"\"The area of a circle.\"\"\"\n"
    ));
    let mut lines = Vec::new();
    let mut next = Instant::now();
    for n in 0..LINES {
        let (row, again) = (format!("    row_{n}"), format!(" row_{n}"));
        for token in [&row, " ", "=", &again, " ", "+", " 1", "\n"] as [&str; TOKENS] {
            next += TOKEN;
            std::thread::sleep(next.saturating_duration_since(Instant::now()));
            asked.say(token);
        }
        lines.push(Instant::now());
    }
    asked.end("    return math.pi * radius * radius\n```\n");
    (Instant::now(), lines)
}
