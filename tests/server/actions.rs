//! What is offered where: listed without a model, tagged where that can be shown, and nothing that edits by itself.

use std::ops::Range;
use std::sync::Arc;

use redraft::model::provider::scripted::Scripted;
use serde_json::{Value, json};

use crate::SHAPES;
use crate::document::{Document, Encoding};
use crate::harness::{Client, URI, rich, setup};

const COMMENTED: &str =
    "# redraft: use a comprehension\nfor a in b:\n    c.append(a)\n\n\ndef f():\n    pass\n";

fn kinds(actions: &[Value]) -> Vec<&str> {
    actions.iter().map(|action| action["kind"].as_str().unwrap()).collect()
}

#[test]
fn only_and_the_trigger_choose_what_is_listed() {
    let provider = Scripted::default();
    let mut client = Client::with(&provider, "final", SHAPES);
    let stub = client.find("raise");
    let implement = "refactor.rewrite.redraft.implement";
    let docstring = "refactor.rewrite.redraft.docstring";
    let all = [implement, docstring, "refactor.rewrite.redraft.explain", "refactor.rewrite.redraft.complete"];
    for (context, expected) in [
        (json!({ "diagnostics": [] }), all.to_vec()),
        (json!({ "diagnostics": [], "triggerKind": 1 }), all.to_vec()),
        (json!({ "diagnostics": [], "triggerKind": 2 }), vec![implement]),
        (json!({ "diagnostics": [], "triggerKind": 99, "newer": {} }), all.to_vec()),
        (json!({ "diagnostics": [], "only": ["refactor"] }), all.to_vec()),
        (json!({ "diagnostics": [], "only": ["refactor.rewrite.redraft.implement"] }), vec![implement]),
        (json!({ "diagnostics": [], "only": ["refactor.rewrite.red"] }), vec![]),
        (json!({ "diagnostics": [], "only": ["quickfix", "source"] }), vec![]),
        (json!({ "diagnostics": [], "only": [""] }), all.to_vec()),
        (json!({ "diagnostics": [], "only": [] }), all.to_vec()),
        (json!({ "diagnostics": [], "only": null }), all.to_vec()),
    ] {
        let listed = client.actions_in(client.range(stub..stub), context.clone());
        assert_eq!(kinds(&listed), expected, "{context}");
    }
    assert!(provider.requests().is_empty(), "no model is asked for a list");
    client.finish();
}

#[test]
fn an_action_carries_what_is_needed_to_redo_it_and_no_edit() {
    for (tags, expected) in [(json!([1]), json!([1])), (json!([]), Value::Null), (json!([2]), Value::Null)] {
        let mut capabilities = rich();
        capabilities["textDocument"]["codeAction"]["tagSupport"]["valueSet"] = tags;
        let mut client = Client::greeted(setup(Arc::new(Scripted::default())), &capabilities, Value::Null);
        client.open(URI, SHAPES);
        let expect = client.argument("implement", "raise");
        let action = client.actions("raise").remove(0);
        assert_eq!(action["command"]["command"], "redraft.run");
        assert_eq!(action["command"]["arguments"], json!([expect]));
        assert_eq!(action["tags"], expected);
        for absent in ["isPreferred", "edit", "data", "disabled"] {
            assert!(action.get(absent).is_none(), "{action}");
        }
        client.finish();
    }
}

#[test]
fn a_diagnostic_is_offered_a_fix_and_comes_back_whole() {
    let mut client = Client::with(&Scripted::default(), "final", SHAPES);
    let at = client.find("os.sep");
    let diagnostic = json!({
        "range": client.range(at..at + 6), "message": "wrong", "code": 7, "source": "checker", "severity": 1,
        "data": { "any": ["thing"] }, "codeDescription": { "href": "https://example.org" },
    });
    let context =
        json!({ "diagnostics": [diagnostic, { "message": "without a range" }, 3], "only": ["quickfix"] });
    let listed = client.actions_in(client.range(at..at), context);
    assert_eq!(kinds(&listed), ["quickfix.redraft.fix"]);
    assert_eq!(listed[0]["diagnostics"], json!([diagnostic]));
    assert_eq!(listed[0]["command"]["arguments"][0]["diagnostic"], diagnostic);
    assert!(listed[0].get("isPreferred").is_none());
    client.finish();
}

#[test]
fn a_selection_below_an_instruction_is_offered_a_rewrite() {
    let provider = Scripted::saying(["```python\nc.extend(a for a in b)\n```\n"]);
    let mut client = Client::with(&provider, "final", COMMENTED);
    let (start, end) = (client.find("for a"), client.find("append(a)") + 9);
    let listed = client
        .actions_in(client.range(start..end), json!({ "diagnostics": [], "only": ["refactor.rewrite"] }));
    let rewrite = listed.iter().find(|action| action["kind"] == "refactor.rewrite.redraft.rewrite").unwrap();
    assert!(rewrite["title"].as_str().unwrap().contains("use a comprehension"), "{rewrite}");
    let answer = client.execute("redraft.run", rewrite["command"]["arguments"][0].clone()).unwrap();
    client.until_state(answer["run"].as_str().unwrap(), "done");
    assert_eq!(
        client.text(),
        COMMENTED.replace("for a in b:\n    c.append(a)\n", "c.extend(a for a in b)\n")
    );
    assert!(provider.requests()[0].turns[0].text.contains("use a comprehension"));
    client.finish();
}

#[test]
fn places_without_an_action_have_an_empty_list() {
    let mut client = Client::with(&Scripted::default(), "final", SHAPES);
    client.open_as("file:///project/a.txt", "plaintext", "def f():\n    pass\n");
    client.open_as("file:///project/binary.py", "python", "\0\u{1}\u{2}\0");
    for uri in ["file:///project/a.txt", "file:///project/binary.py", "file:///not/open.py", "untitled:1", ""]
    {
        let far = json!({ "line": 4_000_000_000_u32, "character": 4_000_000_000_u32 });
        let params = json!({ "textDocument": { "uri": uri }, "range": { "start": far, "end": far }, "context": { "diagnostics": [] } });
        assert_eq!(client.call("textDocument/codeAction", params).unwrap(), json!([]), "{uri}");
    }
    client.finish();
}

/// What is written at the place between `$1` and `$2` of a fixture, or at `$0`.
struct Case {
    fixture: &'static str,
    action: &'static str,
    /// A diagnostic's message, or an instruction.
    hint: &'static str,
    answer: &'static str,
    expected: &'static str,
}

const CASES: [Case; 10] = [
    Case {
        fixture: "import os\n\n\ndef f(x):$0\n    pass\n\n\ndef g():\n    return 1\n",
        action: "implement",
        hint: "",
        answer: "import re\n\n\ndef f(x):\n    return re.escape(x)\n",
        expected: "import os\nimport re\n\n\ndef f(x):\n    return re.escape(x)\n\n\ndef g():\n    return 1\n",
    },
    Case {
        fixture: "class A:\n    def f(self): ...$0\n\n    x = 1\n",
        action: "implement",
        hint: "",
        answer: "        return self.x\n",
        expected: "class A:\n    def f(self):\n        return self.x\n\n    x = 1\n",
    },
    Case {
        fixture: "def f():\n    \"\"\"Of one. 👩‍👩‍👧\"\"\"$0\n\n\nx = '🦀'\n",
        action: "implement",
        hint: "",
        answer: "    return 1\n",
        expected: "def f():\n    \"\"\"Of one. 👩‍👩‍👧\"\"\"\n    return 1\n\n\nx = '🦀'\n",
    },
    Case {
        fixture: "# 🦀\ndef f():  # 🦀\n    raise NotImplementedError('🦀')  # $0🦀\n# 🦀\n",
        action: "implement",
        hint: "",
        answer: "    return '🦀'\n",
        expected: "# 🦀\ndef f():  # 🦀\n    return '🦀'  # 🦀\n# 🦀\n",
    },
    Case {
        fixture: "a = 1\n# redraft: double it\n$1b = a$2\nc = b\n",
        action: "rewrite",
        hint: "",
        answer: "```python\nb = 2 * a\n```\n",
        expected: "a = 1\n# redraft: double it\nb = 2 * a\nc = b\n",
    },
    Case {
        fixture: "x = 1\r\n\r\ndef f(a):$0\r\n\treturn a\r\n",
        action: "docstring",
        hint: "",
        answer: "\"\"\"Return it.\"\"\"\n",
        expected: "x = 1\r\n\r\ndef f(a):\r\n\t\"\"\"Return it.\"\"\"\r\n\treturn a\r\n",
    },
    Case {
        fixture: "x = 1\n$1y = z$2\nw = 2\n",
        action: "fix",
        hint: "undefined name 'z'",
        answer: "```python\ny = x\n```\n",
        expected: "x = 1\ny = x\nw = 2\n",
    },
    Case {
        fixture: "x = 1\n$0\nw = 2",
        action: "generate",
        hint: "a y",
        answer: "y = 3\n",
        expected: "x = 1\ny = 3\nw = 2",
    },
    Case {
        fixture: "x = 1\n$1y = 0\n$2w = 2\n",
        action: "generate",
        hint: "a better y",
        answer: "y = 3\n",
        expected: "x = 1\ny = 3\nw = 2\n",
    },
    Case {
        fixture: "\u{feff}x = 1\n$0",
        action: "generate",
        hint: "a y",
        answer: "y = 3\n",
        expected: "\u{feff}x = 1\ny = 3\n",
    },
];

/// A fixture's text, and the place in it.
fn place(fixture: &str) -> (String, Range<usize>) {
    let text = fixture.replace("$0", "").replace("$1", "").replace("$2", "");
    let start = fixture.find("$0").or(fixture.find("$1")).unwrap();
    let end = fixture.find("$2").map_or(start, |end| end - "$1".len());
    (text, start..end)
}

/// The texts between and around the ranges that a run announced as all that it may change.
fn outside(text: &str, regions: &Value, encoding: Encoding) -> Vec<String> {
    let document = Document::new(text, 0);
    let range = |region: &Value| {
        let edit = json!({ "range": region, "newText": "" });
        document.read(&[edit], encoding).remove(0).0
    };
    let mut ranges: Vec<Range<usize>> = regions.as_array().unwrap().iter().map(range).collect();
    ranges.sort_by_key(|range| range.start);
    let starts = std::iter::once(0).chain(ranges.iter().map(|range| range.end));
    let ends = ranges.iter().map(|range| range.start).chain([text.len()]);
    starts.zip(ends).map(|(start, end)| text[start..end].to_owned()).collect()
}

/// Begins what the case is about; returns the answer.
fn begin(client: &mut Client, case: &Case, range: Value) -> Value {
    if case.action == "generate" {
        let argument = json!({ "uri": URI, "range": range, "instruction": case.hint });
        return client.execute("redraft.generate", argument).unwrap();
    }
    let diagnostic = json!({ "range": range, "message": case.hint });
    let diagnostics = if case.hint.is_empty() { json!([]) } else { json!([diagnostic]) };
    let listed = client.actions_in(range, json!({ "diagnostics": diagnostics }));
    let mut arguments = listed.iter().map(|listed| &listed["command"]["arguments"][0]);
    let argument = arguments.find(|argument| argument["action"] == case.action);
    client.execute("redraft.run", argument.expect(case.fixture).clone()).unwrap()
}

#[test]
fn each_action_changes_what_it_announced_and_nothing_else() {
    for case in &CASES {
        for (delivery, encoding) in [("final", "utf-8"), ("stream", "utf-16"), ("preview", "utf-32")] {
            let (text, range) = place(case.fixture);
            let mut capabilities = rich();
            capabilities["general"]["positionEncodings"] = json!([encoding]);
            let provider = Arc::new(Scripted::saying([case.answer]));
            let mut client = Client::greeted(setup(provider), &capabilities, json!({ "delivery": delivery }));
            client.open(URI, &text);
            let range = client.range(range);
            let answer = begin(&mut client, case, range);
            let run = answer["run"].as_str().unwrap();
            client.until_state(run, "done");
            assert_eq!(client.text(), case.expected, "{} {delivery}", case.fixture);
            let mut left = client.text();
            let outside = outside(&text, &answer["regions"], client.encoding);
            assert!(left.starts_with(&outside[0]) && left.ends_with(outside.last().unwrap()), "{outside:?}");
            for text in &outside {
                left = &left[left.find(text).expect(case.fixture) + text.len()..];
            }
            client.command("redraft.revert", run);
            client.until_state(run, "reverted");
            assert_eq!(client.text(), text, "{delivery}");
            client.finish();
        }
    }
}
