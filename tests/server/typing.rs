//! The user goes on typing while a draft streams: nothing typed is lost, and the draft stands where it belongs.

use redraft::model::provider::scripted::{Gate, Scripted, Step};
use serde_json::json;
use std::sync::Arc;

use crate::harness::{Client, Manner, URI, rich_utf16, setup};
use crate::{LINES, SHAPES, STUB, gated, open_all, written};

fn streaming(text: &str) -> (Client, String, Gate) {
    let (provider, gate) = gated();
    let setup = setup(Arc::new(provider));
    let mut client = Client::greeted(setup, &rich_utf16(), json!({ "delivery": "stream" }));
    client.open(URI, text);
    let run = client.run("implement", "raise");
    (client, run, gate)
}

/// Types above and below while each line comes, in this sort of file; all that is typed stands in the end, and the draft.
fn check(way: impl Fn(&str) -> String) {
    let text = way(SHAPES);
    let (mut client, run, gate) = streaming(&text);
    let typed = [("above():", "👩‍👩‍👧"), ("below():", "é"), ("import", "𝒞\n# "), ("return os", "x = 1\n    ")];
    let mut expected = text;
    for (line, (needle, insert)) in LINES.iter().zip(typed) {
        let insert = way(insert);
        client.type_before(needle, &insert);
        expected = expected.replace(needle, &format!("{insert}{needle}"));
        gate.open();
        client.until_text(&way(line));
        client.type_after("2", "0");
        expected = expected.replace('2', "20").replace("200", "20");
        client.change(client.find("20") + 1..client.find("20") + 2, "");
        expected = expected.replace("20", "2");
    }
    open_all(&gate);
    client.until_state(&run, "done");
    assert_eq!(client.text(), expected.replace(&way(STUB), &way(&LINES.concat())));
    client.finish();
}

#[test]
fn above_and_below() {
    check(str::to_owned);
}

#[test]
fn above_and_below_in_a_file_with_crlf_and_tabs() {
    check(|text| text.replace("    ", "\t").replace('\n', "\r\n"));
}

#[test]
fn at_the_regions_edges() {
    let (mut client, run, gate) = streaming(SHAPES);
    gate.open();
    client.until_text(LINES[0]);
    client.type_after("\"\"\"Of a circle.\"\"\"", "  # 🦀 right behind");
    client.type_before("\n\ndef below", "# after\n");
    open_all(&gate);
    client.until_state(&run, "done");
    let text = client.text().to_owned();
    assert!(text.contains("\"\"\"Of a circle.\"\"\"  # 🦀 right behind\n    total = 0\n"), "{text}");
    assert!(text.contains("# after\n"), "{text}");
    assert_eq!(text.replace("  # 🦀 right behind", "").replace("# after\n", ""), written(SHAPES));
    client.finish();
}

#[test]
fn inside_the_draft_what_is_typed_is_kept_and_the_rest_goes_on_around_it() {
    let (mut client, run, gate) = streaming(SHAPES);
    gate.open();
    client.until_text(LINES[0]);
    client.type_after("total = 0", "  # mine 🦀");
    gate.open();
    client.until_text(LINES[1]);
    client.type_after("range(r):", "  # mine, too");
    open_all(&gate);
    client.until_state(&run, "done");
    let expected = written(SHAPES)
        .replace("total = 0", "total = 0  # mine 🦀")
        .replace("range(r):", "range(r):  # mine, too");
    assert_eq!(client.text(), expected);
    client.command("redraft.revert", &run);
    client.until_state(&run, "reverted");
    let text = client.text();
    assert!(
        text.contains("# mine 🦀") && text.contains("# mine, too") && text.contains(STUB.trim_end()),
        "{text}"
    );
    client.finish();
}

#[test]
fn what_the_user_types_in_the_stub_holds_its_deletion_back_and_the_rest_is_offered() {
    let (mut client, run, gate) = streaming(SHAPES);
    gate.open();
    client.until_text(LINES[0]);
    client.type_after("NotImplemented", "🦀");
    open_all(&gate);
    assert!(client.until_state(&run, "done").contains("held back"));
    client.shows(3, "held back");
    assert!(client.text().contains("NotImplemented🦀Error"), "{}", client.text());
    let actions = client.actions("🦀");
    let rest =
        actions.iter().find(|action| action["title"].as_str().unwrap().starts_with("Complete")).unwrap();
    let edits = rest["edit"]["documentChanges"][0]["edits"].as_array().unwrap().clone();
    let encoding = client.encoding;
    client.document().apply(&edits, encoding);
    client.tell(URI);
    assert_eq!(client.text(), written(SHAPES));
    client.finish();
}

#[test]
fn a_draft_for_the_end_lands_where_the_function_has_gone() {
    let (provider, gate) = gated();
    let mut client = Client::with(&provider, "final", SHAPES);
    let run = client.run("implement", "raise");
    client.type_before("import", "# one\n# two\n");
    client.type_after("(r", ", s");
    open_all(&gate);
    client.until_state(&run, "done");
    assert_eq!(
        client.text(),
        format!(
            "# one\n# two\n{}",
            written(SHAPES).replace("(r)", "(r, s)").replace("range(r, s)", "range(r)")
        )
    );
    client.finish();
}

#[test]
fn an_import_that_the_user_adds_meanwhile_is_not_added_again() {
    let gate = Gate::new();
    let answer = "import math\nimport re\n\ndef area(r):\n    return math.pi * len(re.findall('', r))\n";
    let provider = Scripted::new([vec![Step::Wait(gate.clone()), Step::say(answer), Step::stop()]]);
    let mut client = Client::with(&provider, "final", SHAPES);
    let run = client.run("implement", "raise");
    client.type_before("import os", "import math\n");
    client.barrier();
    gate.open();
    client.until_state(&run, "done");
    assert_eq!(client.text().split("\n\n\n").next().unwrap(), "import math\nimport os\nimport re");
    client.finish();
}

#[test]
fn typing_that_the_editor_tells_late_makes_our_edit_stale_and_it_comes_again() {
    let (mut client, run, gate) = streaming(SHAPES);
    client.manners.push_back(Manner::TypesFirst { before: "import os", text: "# 🦀\n" });
    gate.open();
    client.until_text(LINES[0]);
    client.manners.push_back(Manner::TypesFirst { before: "def below", text: "# below\n" });
    open_all(&gate);
    client.until_state(&run, "done");
    assert_eq!(
        client.text(),
        written(SHAPES).replace("def below", "# below\ndef below").replace("import os", "# 🦀\nimport os")
    );
    client.finish();
}

#[test]
fn undo_while_it_streams_cancels_and_keeps_the_undone_text() {
    let (provider, gate) = gated();
    let mut client = Client::with(&provider, "stream", SHAPES);
    let run = client.run("implement", "raise");
    gate.open();
    client.until_text(LINES[0]);
    let at = client.find(LINES[0]);
    client.change(at..at + LINES[0].len(), "");
    assert!(client.until_state(&run, "cancelled").contains("took the draft back"));
    crate::harness::wait_for(provider.dropped(1));
    open_all(&gate);
    client.barrier();
    assert_eq!(client.text(), SHAPES);
    client.finish();
}

#[test]
fn undo_after_the_end_takes_the_draft_back() {
    let (mut client, run, gate) = streaming(SHAPES);
    open_all(&gate);
    client.until_state(&run, "done");
    let start = client.find(LINES[0]);
    let body = LINES.concat();
    client.change(start..start + body.len(), STUB);
    client.until_state(&run, "reverted");
    assert!(client.execute("redraft.revert", json!({ "run": run })).is_err());
    assert_eq!(client.text(), SHAPES);
    client.finish();
}

/// The user undoes, or does again, and the text is this.
fn go_to(client: &mut Client, text: &str) {
    let now = client.text().to_owned();
    let start = now.bytes().zip(text.bytes()).take_while(|(a, b)| a == b).count();
    let most = now.len().min(text.len()) - start;
    let end = now.bytes().rev().zip(text.bytes().rev()).take(most).take_while(|(a, b)| a == b).count();
    client.change(start..now.len() - end, &text[start..text.len() - end]);
}

/// Editors that make each edit a step of undo go back one of them at a time: what is left of the draft can still be taken back.
#[test]
fn an_undo_of_a_part_leaves_the_rest_of_the_draft_to_be_reverted() {
    for last in ["reverted", "undone"] {
        let (mut client, run, gate) = streaming(SHAPES);
        let mut texts = vec![client.text().to_owned()];
        for line in LINES {
            gate.open();
            client.until_text(line);
            texts.push(client.text().to_owned());
        }
        gate.open();
        client.until_state(&run, "done");
        texts.push(client.text().to_owned());
        texts.dedup();
        for at in [texts.len() - 2, texts.len() - 1, 2, 1] {
            go_to(&mut client, &texts[at]);
            client.barrier();
            assert_eq!(client.states(&run).last(), Some(&"done"));
        }
        match last {
            "undone" => go_to(&mut client, SHAPES),
            _ => client.command("redraft.revert", &run),
        }
        client.until_state(&run, "reverted");
        assert_eq!(client.text(), SHAPES);
        client.finish();
    }
}

#[test]
fn the_function_is_deleted_while_it_streams() {
    let (mut client, run, gate) = streaming(SHAPES);
    gate.open();
    client.until_text(LINES[0]);
    let (start, end) = (client.find("def area"), client.find("def below"));
    let expected = format!("{}{}", &client.text()[..start], &client.text()[end..]);
    client.change(start..end, "");
    assert!(client.until_state(&run, "cancelled").contains("deleted"));
    open_all(&gate);
    client.barrier();
    assert_eq!(client.text(), expected);
    client.finish();
}

#[test]
fn the_whole_text_is_told_anew() {
    let (mut client, run, gate) = streaming(SHAPES);
    gate.open();
    client.until_text(LINES[0]);
    let text = format!("# new\n{}", client.text());
    client.document().text.clone_from(&text);
    client.document().version += 7;
    client.document().untold.push(json!({ "text": text }));
    client.tell(URI);
    open_all(&gate);
    client.until_state(&run, "done");
    assert_eq!(client.text(), format!("# new\n{}", written(SHAPES)));
    client.finish();
}
