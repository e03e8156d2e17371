//! A model fails, and the next one of the plan is asked: its draft stands in the end, and nothing of the first one's.

use std::sync::Arc;

use redraft::model::provider::http::Http;
use redraft::model::provider::scripted::{Gate, Scripted, Step};
use redraft::model::registry::Registry;
use redraft::model::spec::{Abilities, Catalogue, ModelSource, ModelSpec};
use redraft::model::{ErrorKind, Provider, Tokens};
use serde_json::json;

use crate::harness::{Client, URI, around, rich, wait_for};
use crate::{LINES, SHAPES, open_all, writer, written};

/// A server with the models `a`, `b` and so on, whose windows are told.
fn greeted(models: &[(&Scripted, Option<u32>)], delivery: &str) -> Client {
    let name = |at: usize| char::from(b'a' + u8::try_from(at).unwrap()).to_string();
    let spec = |(at, (_, window)): (usize, &(&Scripted, Option<u32>))| ModelSpec {
        name: name(at),
        provider: "embedded".to_owned(),
        source: ModelSource::Id("id".to_owned()),
        price: None,
        max_tokens: None,
        context_window: window.map(Tokens),
        abilities: Abilities::default(),
        pace: None,
    };
    let catalogue = Catalogue::new(Vec::new(), models.iter().enumerate().map(spec).collect(), None);
    let providers: Vec<Scripted> = models.iter().map(|(provider, _)| (*provider).clone()).collect();
    let make = move |model: &ModelSpec| {
        let at = usize::from(model.name.as_bytes()[0] - b'a');
        Ok(Arc::new(providers.get(at).cloned().unwrap_or_default()) as Arc<dyn Provider>)
    };
    let registry = Registry::new(catalogue, Http::default(), Box::new(make));
    let setup = around(registry);
    let mut client = Client::greeted(setup, &rich(), json!({ "delivery": delivery }));
    client.open(URI, SHAPES);
    client
}

fn empty() -> Step {
    Step::fail(ErrorKind::Empty, "the answer is empty")
}

fn breaks() -> Step {
    Step::fail(ErrorKind::Stream, "the stream broke")
}

/// Says a draft of its own, as far as its third line, and breaks once the gate is opened.
fn half(gate: &Gate) -> Vec<Step> {
    let says = ["    wrong = 1\n", "    other = 2\n", "    thi"].map(Step::say);
    says.into_iter().chain([Step::Wait(gate.clone()), breaks()]).collect()
}

#[test]
fn before_the_first_edit_nobody_sees_it() {
    for delivery in ["stream", "final"] {
        for first in [vec![breaks()], vec![Step::say("    wro"), breaks()], vec![empty()]] {
            let (a, b) = (Scripted::new([first]), writer());
            let mut client = greeted(&[(&a, None), (&b, None)], delivery);
            let run = client.run("implement", "raise");
            client.until_state(&run, "done");
            assert_eq!(client.text(), written(SHAPES), "{delivery}");
            assert_eq!((a.requests().len(), b.requests().len()), (1, 1));
            let last = client.statuses.last().unwrap();
            assert_eq!((&last["model"], &last["state"]), (&json!("b"), &json!("done")));
            assert!(client.log.iter().any(|line| line.contains("b is asked instead")), "{:?}", client.log);
            client.command("redraft.revert", &run);
            client.until_state(&run, "reverted");
            assert_eq!(client.text(), SHAPES);
            client.finish();
        }
    }
}

#[test]
fn over_what_was_written_the_next_draft_begins_anew_and_typing_is_kept() {
    let gate = Gate::new();
    let (a, b) = (Scripted::new([half(&gate)]), writer());
    let mut client = greeted(&[(&a, None), (&b, None)], "stream");
    let run = client.run("implement", "raise");
    client.until_text("    other = 2\n");
    client.type_before("def below", "# typed\n");
    client.type_before("def area", "# above\n");
    gate.open();
    client.until_state(&run, "done");
    let expected =
        written(SHAPES).replace("def below", "# typed\ndef below").replace("def area", "# above\ndef area");
    assert_eq!(client.text(), expected);
    let states = client.states(&run);
    assert_eq!(
        states,
        ["gathering", "asking", "streaming", "asking", "streaming", "checking", "done"],
        "the second model is seen to begin"
    );
    client.finish();
}

/// The lines that the break brings along are wrong enough for a better draft: its call is the only one from then on.
#[test]
fn a_break_right_behind_wrong_lines_asks_one_model_not_two() {
    let wrong = "    a = 1\n    b = (1, 2]\n    c = 3\n    d = 4\n    e = 5\n    f = 6\n";
    let right = vec![Step::say(&LINES.concat()), Step::stop()];
    let (a, b) = (Scripted::new([vec![Step::say(wrong), breaks()], right]), writer());
    let mut client = greeted(&[(&a, None), (&b, None)], "final");
    let run = client.run("implement", "raise");
    client.until_state(&run, "done");
    assert_eq!(client.text(), written(SHAPES));
    assert_eq!((a.requests().len(), b.requests().len()), (2, 0));
    client.finish();
}

#[test]
fn at_most_once_over_what_was_written() {
    let gates = [Gate::new(), Gate::new()];
    let (a, b, c) = (Scripted::new([half(&gates[0])]), Scripted::new([half(&gates[1])]), writer());
    let mut client = greeted(&[(&a, None), (&b, None), (&c, None)], "stream");
    let run = client.run("implement", "raise");
    for (at, gate) in gates.iter().enumerate() {
        wait_for([&a, &b][at].begun(1));
        client.until_text("    other = 2\n");
        gate.open();
    }
    assert!(client.until_state(&run, "failed").contains("the stream broke"));
    client.shows(1, "the stream broke");
    assert_eq!(client.text(), SHAPES);
    assert_eq!([&a, &b, &c].map(|model| model.requests().len()), [1, 1, 0]);
    client.finish();
}

#[test]
fn what_every_model_would_refuse_is_asked_of_one() {
    for kind in [ErrorKind::Auth, ErrorKind::Rejected, ErrorKind::Budget, ErrorKind::Config] {
        let (a, b) = (Scripted::new([vec![Step::fail(kind, "it was refused")]]), writer());
        let mut client = greeted(&[(&a, None), (&b, None)], "final");
        let run = client.run("implement", "raise");
        assert!(client.until_state(&run, "failed").contains("it was refused"));
        client.shows(1, "it was refused");
        assert_eq!((client.text(), b.requests().len()), (SHAPES, 0), "{kind:?}");
        client.finish();
    }
}

#[test]
fn a_prompt_that_is_too_large_is_asked_once_more_with_less() {
    let refuses = || vec![Step::fail(ErrorKind::Overflow, "the prompt is larger than the window")];
    let answer: Vec<Step> = LINES.iter().map(|line| Step::say(line)).chain([Step::stop()]).collect();
    for (scripts, state) in [(vec![refuses(), answer], "done"), (vec![refuses(), refuses()], "failed")] {
        let a = Scripted::new(scripts);
        let mut client = greeted(&[(&a, None)], "final");
        let run = client.run("implement", "raise");
        client.until_state(&run, state);
        let sizes: Vec<usize> = a.requests().iter().map(|request| request.turns[0].text.len()).collect();
        assert!(sizes.len() == 2 && sizes[1] < sizes[0], "{sizes:?}");
        assert!(a.requests()[1].turns[0].text.contains("def area"), "the target is not cut");
        if state == "failed" {
            client.shows(1, "larger than the window");
        }
        client.finish();
    }
}

#[test]
fn a_smaller_window_gets_a_smaller_context_of_whole_pieces() {
    let (a, b) = (Scripted::new([vec![breaks()]]), writer());
    let mut client = greeted(&[(&a, None), (&b, Some(600))], "final");
    let helper =
        |n| format!("\n\ndef area_{n}(radius, unit_{n}):\n    return radius * unit_{n}  # area_{n} ends\n");
    let helpers: String = (0..20).map(helper).collect();
    client.change(SHAPES.len()..SHAPES.len(), &helpers);
    let run = client.run("implement", "raise");
    client.until_state(&run, "done");
    let [large, small] = [a.requests().remove(0), b.requests().remove(0)];
    let text = |request: &redraft::model::Request| format!("{}\n{}", request.system, request.turns[0].text);
    let (shown, most) = (text(&small), 600 - small.max_tokens.0 as usize);
    assert!(Tokens::estimate(&shown).0 as usize <= most && shown.len() < text(&large).len(), "{shown}");
    for n in 0..20 {
        // A signature that begins is whole.
        let (begins, whole) = (format!("def area_{n}("), format!("def area_{n}(radius, unit_{n})"));
        assert_eq!(shown.contains(&begins), shown.contains(&whole), "{shown}");
    }
    assert!(shown.contains("def area_") && shown.contains("def area(r)"), "{shown}");
    client.finish();
}

#[test]
fn a_stop_reaches_the_model_that_is_asked_now() {
    let gate = Gate::new();
    let (a, b) = (Scripted::new([vec![breaks()]]), Scripted::new([crate::gated_lines(&gate)]));
    let mut client = greeted(&[(&a, None), (&b, None)], "stream");
    let run = client.run("implement", "raise");
    wait_for(b.begun(1));
    client.command("redraft.stop", &run);
    wait_for(b.dropped(1));
    open_all(&gate);
    client.until_state(&run, "cancelled");
    client.finish();
}
