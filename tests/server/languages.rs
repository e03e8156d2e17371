//! Other languages than Python, from end to end.

use std::sync::Arc;

use redraft::model::provider::scripted::{Gate, Scripted, Step};
use serde_json::{Value, json};

use crate::harness::{Client, rich, setup};

const LIB: &str = "file:///project/src/lib.rs";

const STACK: &str = r#"use std::fmt;

struct Stack {
    items: Vec<i32>,
}

impl Stack {
    /// The sum of all items, each counted once.
    fn unique(&self) -> i32 {
        todo!()
    }

    fn empty(&self) -> bool {
        self.items.is_empty()
    }
}
"#;

const BODY: [&str; 4] = [
    "        let mut seen = HashSet::new();\n",
    "        let new = self.items.iter().filter(|item| seen.insert(**item));\n",
    "        // A set: each \"}\" is met once.\n",
    "        new.sum()\n",
];

fn client(provider: &Scripted, delivery: &str) -> Client {
    let setup = setup(Arc::new(provider.clone()));
    let mut client = Client::greeted(setup, &rich(), json!({ "delivery": delivery }));
    client.open_as(LIB, "rust", STACK);
    client
}

#[test]
fn a_body_of_rust_comes_line_by_line() {
    let gate = Gate::new();
    let head = "```rust\nuse std::collections::HashSet;\n\nimpl Stack {\n    /// The sum of all items, each counted once.\n    fn unique(&self) -> i32 {\n";
    let mut steps = vec![Step::say(head)];
    steps.extend(BODY.iter().flat_map(|line| [Step::Wait(gate.clone()), Step::say(line)]));
    steps.extend([Step::Wait(gate.clone()), Step::say("    }\n}\n```\n"), Step::stop()]);
    let provider = Scripted::new([steps]);
    let mut client = client(&provider, "stream");
    let run = client.run_in(LIB, "implement", "todo!");
    for line in BODY {
        assert!(!client.text_of(LIB).contains(line));
        gate.open();
        client.until(line, |client| client.text_of(LIB).contains(line));
        let (before, after) = STACK.split_once("        todo!()\n").unwrap();
        let text = client.text_of(LIB);
        assert!(text.starts_with(before) && text.ends_with(after), "{text}");
    }
    gate.open();
    client.until_state(&run, "done");
    let written = STACK.replace("        todo!()\n", &BODY.concat());
    let with_import = written.replace("use std::fmt;\n", "use std::collections::HashSet;\nuse std::fmt;\n");
    assert_eq!(client.text_of(LIB), with_import);
    let asked = &provider.requests()[0].turns[0].text;
    assert!(asked.contains("Write the Rust method `Stack.unique`"), "{asked}");
    client.finish();
}

#[test]
fn what_does_not_parse_is_not_put_in() {
    let provider =
        Scripted::saying(["```rust\nfn unique(&self) -> i32 {\n    let x = = 1;\n    x\n}\n```\n"; 3]);
    let mut client = client(&provider, "final");
    let run = client.run_in(LIB, "implement", "todo!");
    client.until_state(&run, "failed");
    client.shows(1, "does not parse");
    assert_eq!(client.text_of(LIB), STACK);
    client.finish();
}

#[test]
fn a_language_is_known_by_its_identifier_or_its_file() {
    let provider = Scripted::default();
    let mut client = client(&provider, "final");
    for (uri, language, text, actions) in [
        ("file:///project/a.go", "go", "package a\n\nfunc f() int {\n\tpanic(\"TODO\")\n}\n", 2),
        (
            "file:///project/a.tsx",
            "typescriptreact",
            "export function f(): number {\n  throw new Error();\n}\n",
            2,
        ),
        ("file:///project/a.jsx", "javascriptreact", "function f() {\n}\n", 2),
        ("file:///project/main.rs", "", "fn f() -> u8 {}\n", 2),
        ("file:///project/lib.rs", "rust", "fn f() {}\n", 1),
        ("file:///project/a.hs", "haskell", "f = undefined\n", 0),
    ] {
        client.open_as(uri, language, text);
        let at = text.find("f(").unwrap_or(0);
        let line = text[..at].matches('\n').count();
        let at = json!({ "line": line, "character": at - text[..at].rfind('\n').map_or(0, |end| end + 1) });
        let params = json!({ "textDocument": { "uri": uri }, "range": { "start": at, "end": at }, "context": { "diagnostics": [] } });
        let listed: Vec<Value> =
            client.call("textDocument/codeAction", params).unwrap().as_array().unwrap().clone();
        let kinds = listed.iter().filter_map(|action| action["kind"].as_str()?.rsplit('.').next());
        let count = kinds.filter(|kind| ["implement", "docstring"].contains(kind)).count();
        assert_eq!(count, actions, "{uri}: {listed:?}");
    }
    client.finish();
}
