//! Drafts are checked, and redrafted until nothing is wrong with them, or it is told what is.

use std::sync::Arc;

use redraft::model::provider::scripted::Scripted;
use serde_json::json;

use crate::SHAPES;
use crate::harness::{Client, URI, rich, setup};

const BAD: &str = "    return made_up(r)\n";
const GOOD: &str = "    return 3 * r * r\n";

fn greeted(provider: &Scripted, options: serde_json::Value) -> Client {
    let mut client = Client::greeted(setup(Arc::new(provider.clone())), &rich(), options);
    client.open(URI, SHAPES);
    client
}

#[test]
fn a_draft_is_redrafted_by_what_the_checks_find() {
    for delivery in ["final", "stream"] {
        let provider = Scripted::saying([BAD, GOOD]);
        let mut client = greeted(&provider, json!({ "delivery": delivery }));
        let run = client.run("implement", "raise");
        client.until_state(&run, "refining");
        client.until_state(&run, "done");
        assert!(client.text().contains(GOOD) && !client.text().contains("made_up"));
        let requests = provider.requests();
        let [first, second] = requests.as_slice() else { panic!("{} calls", requests.len()) };
        assert_eq!(first.system, second.system, "providers' caches hit");
        assert_eq!(first.turns[0], second.turns[0]);
        assert!(second.turns[1].text.contains("return made_up(r)"), "{}", second.turns[1].text);
        let told = &second.turns[2].text;
        assert!(told.contains("return made_up(r)\n    ^ `made_up` is bound nowhere"), "{told}");
        client.command("redraft.revert", &run);
        client.until_state(&run, "reverted");
        assert_eq!(client.text(), SHAPES);
        client.finish();
    }
}

#[test]
fn how_often_is_its_users_choice() {
    for (refine, calls) in [(json!({ "rounds": 0 }), 1), (json!({ "rounds": 1 }), 2), (json!({}), 3)] {
        let answers =
            ["    return one(r)\n", "    return two(r)\n", "    return three(r)\n", "    return four(r)\n"];
        let provider = Scripted::saying(answers);
        let mut client = greeted(&provider, json!({ "delivery": "final", "config": { "refine": refine } }));
        let run = client.run("implement", "raise");
        client.until_state(&run, "done");
        assert!(client.message().1.contains("left over: `one`"), "the first is as good as any");
        assert_eq!(provider.requests().len(), calls);
        assert!(client.text().contains("return one(r)"));
        client.finish();
    }
}

#[test]
fn a_mode_may_be_chosen() {
    for (options, shows) in [
        (json!({ "delivery": "stream", "config": { "refine": { "mode": "verified" } } }), false),
        (json!({ "delivery": "stream" }), true),
        (json!({ "config": { "refine": { "mode": "live" } } }), true),
    ] {
        let provider = Scripted::saying([BAD, GOOD]);
        let mut client = greeted(&provider, options.clone());
        let run = client.run("implement", "raise");
        client.until_state(&run, "done");
        client.barrier();
        let shown = client.log.iter().any(|line| line.contains("applyEdit") && line.contains("made_up"));
        assert_eq!(shown, shows, "{options}");
        client.finish();
    }
}

#[test]
fn a_wrong_choice_is_told() {
    let refine = json!({ "rounds": 11, "mode": "quick", "tokens": 0, "speed": 1 });
    let provider = Scripted::saying([GOOD]);
    let mut client = greeted(&provider, json!({ "config": { "refine": refine } }));
    let mut told: Vec<String> = (0..4).map(|_| client.message().1).collect();
    told.sort();
    for (told, expected) in told.iter().zip([
        "config.refine.mode: is one of \"verified\", \"live\"",
        "config.refine.rounds: is a whole number from 0 to 10",
        "config.refine.speed: is no setting",
        "config.refine.tokens: is a whole number from 1",
    ]) {
        assert!(told.contains(expected), "{told}");
    }
    client.finish();
}
