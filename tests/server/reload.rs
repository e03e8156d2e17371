//! The configuration changes while the server runs.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use redraft::model::provider::scripted::Scripted;
use redraft::model::registry::Registry;
use redraft::server::{Reload, Setup};
use serde_json::json;

use crate::harness::{Client, URI, rich, setup};
use crate::{LINES, SHAPES, gated, open_all, writer, written};

type Outcome = Result<Arc<Registry>, String>;

/// What the file holds, for whoever changes it.
#[derive(Clone, Default)]
struct File {
    next: Arc<Mutex<Option<Outcome>>>,
    is_changed: Arc<AtomicBool>,
}

impl File {
    fn becomes(&self, outcome: Result<&Scripted, &str>) {
        let registry = outcome.map_err(str::to_owned).and_then(models_of);
        *self.next.lock().unwrap() = Some(registry);
        self.is_changed.store(true, Ordering::SeqCst);
    }
}

fn models_of(provider: &Scripted) -> Outcome {
    setup(Arc::new(provider.clone())).registry
}

fn greeted(registry: Outcome) -> (Client, File) {
    let file = File::default();
    let (flag, next) = (file.is_changed.clone(), file.next.clone());
    let reload = Reload {
        is_changed: Box::new(move || flag.swap(false, Ordering::SeqCst)),
        load: Box::new(move |_| {
            next.lock().unwrap().clone().unwrap().map(|registry| (registry, Arc::default()))
        }),
    };
    let setup = Setup {
        state: None,
        registry,
        config: Arc::default(),
        notices: Vec::new(),
        shelves: Arc::default(),
        reload: Some(Arc::new(reload)),
        supervisor: None,
    };
    let mut client = Client::greeted(setup, &rich(), json!({ "delivery": "stream" }));
    client.open(URI, SHAPES);
    (client, file)
}

#[test]
fn the_next_run_asks_the_new_models_and_one_at_work_keeps_the_old() {
    let (old, gate) = gated();
    let (mut client, file) = greeted(models_of(&old));
    let first = client.run("implement", "raise");
    gate.open();
    client.until_text(LINES[0]);
    let new = writer();
    file.becomes(Ok(&new));
    client.open("file:///project/other.py", SHAPES);
    let other = "file:///project/other.py";
    let mut argument = client.argument("implement", "raise");
    argument["uri"] = json!(other);
    argument["version"] = json!(client.documents[other].version);
    argument["range"] =
        json!({ "start": { "line": 9, "character": 4 }, "end": { "line": 9, "character": 4 } });
    let second = client.execute("redraft.run", argument).unwrap()["run"].as_str().unwrap().to_owned();
    client.until_state(&second, "done");
    assert_eq!((old.requests().len(), new.requests().len()), (1, 1));
    open_all(&gate);
    client.until_state(&first, "done");
    assert_eq!(client.text(), written(SHAPES));
    assert!(client.log.iter().any(|line| line.contains("holds from now on")));
    client.finish();
}

#[test]
fn mistakes_are_told_and_what_held_before_does() {
    let old = writer();
    let (mut client, file) = greeted(models_of(&old));
    file.becomes(Err("config.toml:1:1: default_modle: there is no such setting"));
    let run = client.run("implement", "raise");
    client.until_state(&run, "done");
    client.shows(1, "default_modle");
    assert_eq!(old.requests().len(), 1);
    client.finish();
}

#[test]
fn what_was_wrong_from_the_start_can_be_put_right() {
    let (mut client, file) = greeted(Err("config.toml:1:1: this is not TOML".to_owned()));
    client.shows(1, "not TOML");
    let new = writer();
    file.becomes(Ok(&new));
    // Looked at when actions are asked for, and again when one is run.
    let run = client.run("implement", "raise");
    client.until_state(&run, "done");
    assert_eq!((client.text(), new.requests().len()), (written(SHAPES).as_str(), 1));
    client.finish();
}
