//! Drafts for files that are not open: read from the disk, offered to the editor, judged by what it says of them. The server
//! writes nothing.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use redraft::model::provider::scripted::{Gate, Scripted, Step};
use serde_json::{Value, json};

use crate::SHAPES;
use crate::document::{Document, clamped};
use crate::harness::{Client, Manner, rich, setup, wait_for};

pub(crate) const CODE: &str = "def triple(n):\n    return 3 * n\n";
/// `SHAPES` with the code behind its last line.
const DRAFTED: &str = "def below():\n    return 2\ndef triple(n):\n    return 3 * n\n";

/// A folder that is open in the editor, and one beside it; both go at the end.
pub(crate) struct Folder(pub PathBuf);

impl Folder {
    pub fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("redraft-proposals-{}-{count}", std::process::id()));
        fs::create_dir_all(folder.join("open")).unwrap();
        fs::create_dir_all(folder.join("closed")).unwrap();
        let this = Self(folder);
        this.write("shapes.py", SHAPES);
        this
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join("open").join(name)
    }

    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        fs::write(self.path(name), text).unwrap();
    }

    pub fn uri(&self, name: &str) -> String {
        format!("file://{}", self.path(name).display())
    }

    /// What stands on the disk: the server must not have changed it.
    fn names(&self) -> Vec<String> {
        let names = fs::read_dir(self.0.join("open")).unwrap();
        let mut names: Vec<String> =
            names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn client(&self, provider: &Scripted, capabilities: &Value) -> Client {
        let mut client = Client::raw(setup(Arc::new(provider.clone())));
        client.initialize_in(&json!(self.uri("")), capabilities, json!({ "untrustedWorkspace": true }));
        client
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _gone = fs::remove_dir_all(&self.0);
    }
}

pub(crate) fn capable() -> Value {
    let mut capabilities = rich();
    capabilities["workspace"]["workspaceEdit"]["resourceOperations"] = json!(["rename", "create"]);
    capabilities
}

pub(crate) fn wish(uri: &str, line: u32) -> Value {
    let at = json!({ "line": line, "character": 0 });
    json!({ "uri": uri, "range": { "start": at, "end": at }, "instruction": "triple a number" })
}

/// Begins a run for a file that is not open.
fn generate(client: &mut Client, uri: &str, line: u32) -> String {
    let answer = client.execute("redraft.generate", wish(uri, line)).unwrap();
    answer["run"].as_str().unwrap().to_owned()
}

pub(crate) fn proposal(client: &mut Client) -> Value {
    client.until("a proposal", |client| !client.proposals.is_empty());
    client.proposals.pop_front().unwrap()
}

/// The text that a proposal makes of `text`, and whether it makes the file.
pub(crate) fn made(client: &Client, proposal: &Value, text: &str) -> (String, bool) {
    let changes = proposal["params"]["edit"]["documentChanges"].as_array().unwrap();
    let (last, first) = changes.split_last().unwrap();
    for create in first {
        assert_eq!((create["kind"].as_str(), &create["uri"]), (Some("create"), &last["textDocument"]["uri"]));
        assert_eq!(create["options"], json!({ "overwrite": false, "ignoreIfExists": false }));
    }
    let mut edits = last["edits"].as_array().unwrap().clone();
    if !first.is_empty() {
        // It takes the line end of an empty buffer along, where an editor has one.
        assert_eq!((edits.len(), &edits[0]["range"]["end"]), (1, &json!({ "line": 1, "character": 0 })));
        edits[0]["range"] = clamped(text, &edits[0]["range"], client.encoding);
    }
    let mut document = Document::new(text, 0);
    document.apply(&edits, client.encoding);
    (document.text, !first.is_empty())
}

/// What an editor does with a proposal that its user accepts.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Way {
    /// Tells nothing but its answer.
    Silent,
    /// Opens the document, then changes it, then answers (Neovim, VS Code).
    OpensFirst,
    /// Opens the document with the draft in it.
    OpensDrafted,
    /// Answers, and then opens the document with the draft in it.
    AnswersFirst,
    /// Answers, and then opens the document and changes it.
    AnswersThenChanges,
}

const WAYS: [Way; 5] =
    [Way::Silent, Way::OpensFirst, Way::OpensDrafted, Way::AnswersFirst, Way::AnswersThenChanges];

fn accept(client: &mut Client, proposal: &Value, way: Way, uri: &str, old: &str, new: &str) {
    let answer = |client: &mut Client| client.respond(&proposal["id"].clone(), json!({ "applied": true }));
    let change = |client: &mut Client| {
        let encoding = client.encoding;
        client.documents.get_mut(uri).unwrap().change(0..old.len(), new, encoding);
        client.tell(uri);
    };
    match way {
        Way::Silent => answer(client),
        Way::OpensFirst => {
            client.open(uri, old);
            change(client);
            answer(client);
        }
        Way::OpensDrafted => {
            client.open(uri, new);
            answer(client);
        }
        Way::AnswersFirst => {
            answer(client);
            client.open(uri, new);
        }
        Way::AnswersThenChanges => {
            answer(client);
            client.open(uri, old);
            change(client);
        }
    }
}

#[test]
fn a_draft_is_offered_for_a_file_that_is_not_open() {
    for way in WAYS {
        for (name, old) in [("shapes.py", SHAPES), ("new.py", ""), ("made/up/new.py", "")] {
            let folder = Folder::new();
            let uri = folder.uri(name);
            let mut client = folder.client(&Scripted::saying([CODE]), &capable());
            let run = generate(&mut client, &uri, if old.is_empty() { 0 } else { 14 });
            let proposal = proposal(&mut client);
            let edit = &proposal["params"]["edit"];
            assert_eq!(edit["changeAnnotations"]["redraft"]["needsConfirmation"], true);
            for change in edit["documentChanges"].as_array().unwrap() {
                let annotated = match change.get("edits") {
                    Some(edits) => {
                        edits.as_array().unwrap().iter().all(|edit| edit["annotationId"] == "redraft")
                    }
                    None => change["annotationId"] == "redraft",
                };
                assert!(annotated, "{change}");
            }
            let (new, creates) = made(&client, &proposal, old);
            assert_eq!(creates, old.is_empty(), "{name}");
            let expected = if old.is_empty() { CODE } else { DRAFTED };
            assert!(new.ends_with(expected) && new.starts_with(old.trim_end()), "{name}: {new}");
            accept(&mut client, &proposal, way, &uri, old, &new);
            client.until_state(&run, "done");
            if way == Way::Silent {
                client.shows(3, "was not open");
                let error = client.execute("redraft.revert", json!({ "run": run })).unwrap_err();
                assert!(error["code"] == -32602 && error["message"].as_str().unwrap().contains("not open"));
                client.open(&uri, &new);
            }
            client.command("redraft.revert", &run);
            client.until_state(&run, "reverted");
            assert_eq!(client.documents[&uri].text, old, "{way:?} {name}");
            client.barrier();
            assert_eq!(client.edits.len(), 2, "{way:?} {name}");
            client.finish();
            assert_eq!(
                (folder.names(), fs::read_to_string(folder.path("shapes.py")).unwrap()),
                (vec!["shapes.py".to_owned()], SHAPES.to_owned())
            );
        }
    }
}

#[test]
fn a_proposal_that_is_declined_is_no_draft() {
    let folder = Folder::new();
    let mut client = folder.client(&Scripted::saying([CODE, CODE]), &capable());
    for name in ["shapes.py", "new.py"] {
        let run = generate(&mut client, &folder.uri(name), 0);
        let proposal = proposal(&mut client);
        client.respond(&proposal["id"], json!({ "applied": false, "failureReason": "no" }));
        assert!(client.until_state(&run, "cancelled").contains("declined"));
    }
    client.barrier();
    assert_eq!(client.edits.len(), 2, "it is offered once");
    client.finish();
}

#[test]
fn an_editor_that_says_it_applied_what_it_did_not_is_found_out_once_the_file_is_open() {
    let folder = Folder::new();
    let uri = folder.uri("shapes.py");
    let mut client = folder.client(&Scripted::saying([CODE]), &capable());
    let run = generate(&mut client, &uri, 14);
    let proposal = proposal(&mut client);
    client.open(&uri, SHAPES);
    client.respond(&proposal["id"], json!({ "applied": true }));
    assert!(client.until_state(&run, "failed").contains("did not take"));
    client.shows(1, "did not take");
    assert_eq!(client.documents[&uri].text, SHAPES);
    client.finish();
}

#[test]
fn without_annotations_it_is_a_plain_edit() {
    let folder = Folder::new();
    let mut capabilities = capable();
    capabilities["workspace"]["workspaceEdit"] = json!({ "resourceOperations": ["create"] });
    let mut client = folder.client(&Scripted::saying([CODE, CODE]), &capabilities);
    for (name, old) in [("shapes.py", SHAPES), ("new.py", "")] {
        let run = generate(&mut client, &folder.uri(name), 0);
        let proposal = proposal(&mut client);
        assert!(!proposal.to_string().contains("nnotation"), "{proposal}");
        assert_eq!(made(&client, &proposal, old).1, old.is_empty());
        client.respond(&proposal["id"], json!({ "applied": true }));
        client.until_state(&run, "done");
        client.shows(3, "was not open");
    }
    client.finish();
}

#[test]
fn what_may_not_be_offered_is_refused_with_what_to_do() {
    let folder = Folder::new();
    folder.write(".env.py", "KEY = 1\n");
    folder.write("latin.py", b"# \xe9\n");
    folder.write("binary.py", b"\0\0\0");
    folder.write("notes.txt", "x\n");
    folder.write("large.py", vec![b'#'; 17 * 1024 * 1024]);
    fs::write(folder.0.join("closed/other.py"), "x = 1\n").unwrap();
    std::os::unix::fs::symlink(folder.0.join("closed/other.py"), folder.path("link.py")).unwrap();
    fs::create_dir(folder.path("folder.py")).unwrap();
    let provider = Scripted::default();
    let mut plain = capable();
    plain["workspace"]["workspaceEdit"] = json!({});
    let mut no_create = capable();
    no_create["workspace"]["workspaceEdit"]["resourceOperations"] = json!(["rename"]);
    let mut no_edits = capable();
    no_edits["workspace"]["applyEdit"] = json!(false);
    for (capabilities, name, line, fragment) in [
        (&capable(), ".env.py", 0, "secrets"),
        (&capable(), "secrets.py", 0, "secrets"),
        (&capable(), ".git/hooks/new.py", 0, "secrets"),
        (&capable(), "latin.py", 0, "not UTF-8"),
        (&capable(), "binary.py", 0, "binary"),
        (&capable(), "large.py", 0, "MiB"),
        (&capable(), "folder.py", 0, "no plain file"),
        (&capable(), "link.py", 0, "outside of the folders"),
        (&capable(), "../closed/other.py", 0, "outside of the folders"),
        (&capable(), "../closed/new.py", 0, "outside of the folders"),
        (&capable(), "%2e%2e/closed/new.py", 0, "outside of the folders"),
        (&capable(), "a%00.py", 0, "a"),
        (&capable(), "notes.txt", 0, "Python"),
        (&capable(), "new.hs", 0, "Python"),
        (&capable(), "shapes.py", 99, "outside"),
        (&capable(), "new.py", 1, "outside"),
        (&no_create, "new.py", 0, "makes files"),
        (&plain, "shapes.py", 0, "edits files that are not"),
        (&no_edits, "shapes.py", 0, "edits files that are not"),
    ] {
        let mut client = folder.client(&provider, capabilities);
        let error = client.execute("redraft.generate", wish(&folder.uri(name), line)).unwrap_err();
        let message = error["message"].as_str().unwrap();
        assert!(error["code"] == -32602 && message.contains(fragment), "{name}: {error}");
        client.finish();
    }
    let mut client = folder.client(&provider, &capable());
    for uri in ["untitled:new.py", "http://example.org/a.py", "nonsense"] {
        let error = client.execute("redraft.generate", wish(uri, 0)).unwrap_err();
        assert!(
            error["code"] == -32602 && error["message"].as_str().unwrap().contains("not open"),
            "{error}"
        );
    }
    let argument = json!({ "action": "implement", "uri": folder.uri("shapes.py"), "version": 0, "range": wish("", 7)["range"] });
    assert!(client.execute("redraft.run", argument).is_err(), "an action is of an open document");
    client.finish();
    let mut homeless = Client::greeted(setup(Arc::new(provider.clone())), &capable(), Value::Null);
    let error = homeless.execute("redraft.generate", wish(&folder.uri("shapes.py"), 0)).unwrap_err();
    assert!(error["message"].as_str().unwrap().contains("no folder open"), "{error}");
    homeless.finish();
    assert!(provider.requests().is_empty());
}

/// A run for this file whose model answers behind the gate.
fn gated(name: &str) -> (Folder, Client, Gate, String) {
    let folder = Folder::new();
    let gate = Gate::new();
    let script = vec![Step::Wait(gate.clone()), Step::say(CODE), Step::stop()];
    let provider = Scripted::new([script]);
    let mut client = folder.client(&provider, &capable());
    let run = generate(&mut client, &folder.uri(name), if name == "shapes.py" { 14 } else { 0 });
    wait_for(provider.begun(1));
    (folder, client, gate, run)
}

#[test]
fn a_file_that_changes_meanwhile_is_drafted_as_it_is_then() {
    let (folder, mut client, gate, run) = gated("shapes.py");
    let changed = SHAPES.replace("import os", "# 🦀\nimport os");
    folder.write("shapes.py", &changed);
    gate.open();
    let proposal = proposal(&mut client);
    let (new, _) = made(&client, &proposal, &changed);
    assert!(new.starts_with("# 🦀") && new.ends_with(DRAFTED), "{new}");
    client.respond(&proposal["id"], json!({ "applied": true }));
    client.until_state(&run, "done");
    client.shows(3, "was not open");
    client.finish();
}

#[test]
fn a_file_that_goes_or_comes_meanwhile_ends_its_run() {
    for (name, fragment) in [("shapes.py", "is gone"), ("new.py", "made by somebody else")] {
        let (folder, mut client, gate, run) = gated(name);
        if name == "new.py" {
            folder.write(name, "mine = 1\n");
        } else {
            fs::remove_file(folder.path(name)).unwrap();
        }
        gate.open();
        assert!(client.until_state(&run, "failed").contains(fragment));
        client.shows(1, fragment);
        assert!(client.edits.is_empty());
        client.finish();
    }
}

#[test]
fn a_file_that_is_opened_meanwhile_gets_its_draft_as_any_document() {
    for (name, old) in [("shapes.py", SHAPES), ("new.py", "")] {
        let (folder, mut client, gate, run) = gated(name);
        let uri = folder.uri(name);
        client.open(&uri, old);
        let encoding = client.encoding;
        client.documents.get_mut(&uri).unwrap().change(0..0, "# typed\n", encoding);
        client.tell(&uri);
        client.barrier();
        client.manners.push_back(Manner::Holds);
        gate.open();
        client.until("an edit", |client| !client.held.is_empty());
        assert_eq!(client.held[0]["params"]["edit"]["documentChanges"][0]["textDocument"]["version"], 2);
        client.release(Manner::Honest);
        client.until_state(&run, "done");
        let text = &client.documents[&uri].text;
        assert!(text.starts_with("# typed\n") && text.ends_with(CODE), "{text}");
        client.finish();
    }
}

#[test]
fn one_run_at_a_time_is_at_work_on_a_file_that_is_not_open() {
    let (folder, mut client, gate, run) = gated("shapes.py");
    let error = client.execute("redraft.generate", wish(&folder.uri("shapes.py"), 0)).unwrap_err();
    assert_eq!(error["code"], -32801, "{error}");
    client.command("redraft.stop", &run);
    client.until_state(&run, "cancelled");
    gate.open();
    client.barrier();
    assert!(client.edits.is_empty());
    client.finish();
}

#[test]
fn a_proposal_that_is_accepted_after_a_stop_is_told() {
    let (folder, mut client, gate, run) = gated("shapes.py");
    gate.open();
    let proposal = proposal(&mut client);
    client.command("redraft.stop", &run);
    client.until_state(&run, "cancelled");
    client.respond(&proposal["id"], json!({ "applied": true }));
    client.shows(2, "undo it there");
    assert_eq!(client.edits.len(), 1);
    client.finish();
    drop(folder);
}

#[test]
fn an_empty_document_is_written_as_a_whole_file() {
    let answer = "import math\n\n\ndef area(r):\n    return math.pi * r * r\n";
    let folder = Folder::new();
    let uri = folder.uri("empty.py");
    let mut client = folder.client(&Scripted::saying([answer]), &capable());
    client.open(&uri, "");
    let run = generate(&mut client, &uri, 0);
    client.until_state(&run, "done");
    assert_eq!(client.documents[&uri].text, answer);
    client.finish();
}
