//! Plans by rows: what comes first, what follows, what is left out and why.

use super::*;

fn candidate(name: &str, place: Place, dollars: Option<u64>) -> Candidate {
    let price = dollars.map(|dollars| {
        let price = MicroUsd(dollars * 1_000_000);
        Price { input: price, cached: price, written: None, output: price }
    });
    Candidate {
        name: name.to_owned(),
        place,
        limits: Limits { output: Tokens(1_000), window: Tokens(32_000), context: Tokens(8_000) },
        price,
        abilities: Abilities::default(),
        pace: None,
        health: Health::Well,
        left: Left::Enough,
        room: Tokens(0),
        told: MicroUsd(0),
    }
}

/// `e` in a child process, `l` on this machine, `h` and `dear` hosted with a price, `p` hosted without.
fn all() -> Vec<Candidate> {
    vec![
        candidate("e", Place::Embedded, None),
        candidate("l", Place::Local, None),
        candidate("h", Place::Hosted, Some(1)),
        candidate("dear", Place::Hosted, Some(10)),
        candidate("p", Place::Hosted, None),
    ]
}

fn question<'a>(fallback: &'a [String]) -> Question<'a> {
    Question { prompt: Tokens(1_000), answer: Tokens(500), default: "h", fallback, ..Question::default() }
}

fn order(plan: &Plan) -> String {
    plan.places.iter().map(|one| one.name.as_str()).collect::<Vec<_>>().join(" ")
}

fn why_not<'a>(plan: &'a Plan, name: &str) -> &'a str {
    plan.left_out.iter().find(|one| one.name == name).map_or("", |one| one.why.as_str())
}

#[test]
fn who_is_asked_first_and_who_then() {
    let fallback = ["l", "dear", "e"].map(str::to_owned);
    let base = question(&fallback);
    for (question, want) in [
        (Question { fallback: &[], ..base.clone() }, "h"),
        (base.clone(), "h l dear e"),
        (Question { named: Some("dear"), ..base.clone() }, "dear l e"),
        (Question { pinned: Some("e"), task: Some(Task::Fix), ..base.clone() }, "e l"),
        (Question { pinned: Some("e"), allow_cloud_fallback: true, ..base.clone() }, "e l dear"),
        // The budget of half a cent takes no dear model.
        (Question { left: Left::Only(MicroUsd(5_000)), ..base.clone() }, "h l e"),
        (Question { left: Left::Only(MicroUsd(1_499)), ..base.clone() }, "l e"),
        (Question { default: "p", ..base.clone() }, "p l dear e"),
        (Question { default: "p", left: Left::Only(MicroUsd(5_000)), ..base.clone() }, "l e"),
        (
            Question {
                default: "p",
                left: Left::Only(MicroUsd(5_000)),
                unknown_price: candidate("", Place::Hosted, Some(2)).price,
                ..base.clone()
            },
            "p l e",
        ),
    ] {
        assert_eq!(order(&plan(&question, &all())), want, "{question:?}");
    }
}

#[test]
fn requirements_rank_and_leave_out() {
    let mut all = all();
    let pace = |first: u64, rate, calls| {
        let first_token = Duration::from_secs(first);
        Some(Pace { first_token, first_token_p95: None, rate, calls })
    };
    all[0].pace = pace(6, 40.0, 12);
    all[2].pace = pace(1, 120.0, 0);
    all[3].pace = pace(0, 240.0, 40);
    let base = question(&[]);
    let free = Requirements { prefer_free: true, ..Requirements::default() };
    let open = Question { requirements: free, allow_cloud_fallback: true, ..base.clone() };
    assert_eq!(order(&plan(&open, &all)), "e l h dear p");
    // Behind a local model nothing leaves the machine unless that is permitted.
    for (requirements, want) in [
        (Requirements { prefer_free: true, ..Requirements::default() }, "e l"),
        (Requirements { max_latency: Some(Duration::from_secs(3)), ..Requirements::default() }, "dear h l p"),
        (
            Requirements {
                max_latency: Some(Duration::from_secs(10)),
                prefer_free: true,
                ..Requirements::default()
            },
            "e l",
        ),
        (Requirements { max_cost: Some(MicroUsd(2_000)), ..Requirements::default() }, "e l"),
        (Requirements { only_local: true, prefer_free: true, ..Requirements::default() }, "e l"),
        (
            Requirements { min_context: Some(Tokens(40_000)), prefer_free: true, ..Requirements::default() },
            "",
        ),
    ] {
        let plan = plan(&Question { requirements: requirements.clone(), ..base.clone() }, &all);
        assert_eq!(order(&plan), want, "{requirements:?}\n{plan}");
    }
}

#[test]
fn what_the_default_keeps_here_stays_here() {
    let mut all = all();
    for one in &mut all {
        one.pace = Some(Pace {
            first_token: Duration::from_secs(if one.place == Place::Hosted { 0 } else { 2 }),
            first_token_p95: Some(Duration::from_secs(4)),
            rate: 60.0,
            calls: 20,
        });
    }
    let fast = Requirements { max_latency: Some(Duration::from_secs(9)), ..Requirements::default() };
    for (default, named, allow, want) in [
        ("e", None, false, "e l"),
        ("e", None, true, "h dear p e l"),
        ("h", None, false, "h dear p e l"),
        // Who is named is meant.
        ("e", Some("h"), false, "h"),
    ] {
        let question = Question {
            default,
            named,
            allow_cloud_fallback: allow,
            requirements: fast.clone(),
            ..question(&[])
        };
        let plan = plan(&question, &all);
        assert_eq!(order(&plan), want, "{plan}");
    }
    let question = Question { default: "e", requirements: fast, ..question(&[]) };
    let plan = plan(&question, &all);
    assert!(why_not(&plan, "h").contains("the default model does not"), "{plan}");
    assert!(plan.places[0].why.contains("19 of 20 at most 6.0 s"), "{plan}");
}

#[test]
fn what_does_not_fit_a_window_is_left_out() {
    let mut all = all();
    all[2].limits.window = Tokens(2_000);
    let fallback = ["l".to_owned()];
    for (least, want) in [(1_500, "h l"), (1_501, "l"), (31_501, "")] {
        let plan = plan(&Question { least: Tokens(least), ..question(&fallback) }, &all);
        assert_eq!(order(&plan), want, "{plan}");
    }
}

#[test]
fn every_model_has_its_reason() {
    let fallback = ["dear", "l"].map(str::to_owned);
    let mut all = all();
    all[1].health = Health::Barred;
    all[2].health = Health::Resting(Duration::from_secs(12));
    all[3].left = Left::Only(MicroUsd(1));
    let needs = Abilities { tools: true, ..Abilities::default() };
    for (requirements, name, want) in [
        (Requirements::default(), "l", "refused the key"),
        (Requirements::default(), "h", "asked again in 12 s"),
        (Requirements::default(), "dear", "its provider's budget leaves $0.000001"),
        (Requirements::default(), "e", "routing.fallback"),
        (Requirements { needs, ..Requirements::default() }, "dear", "`tools`"),
    ] {
        let plan = plan(&Question { requirements, ..question(&fallback) }, &all);
        assert!(why_not(&plan, name).contains(want), "{plan}");
        assert_eq!(plan.places.len() + plan.left_out.len(), all.len(), "each stands once");
    }
}

#[test]
fn without_a_ledger_only_what_costs_is_left_out() {
    let unknown = || Left::Unknown("it is damaged".to_owned());
    let fallback = ["l", "e", "dear"].map(str::to_owned);
    for (left, own, want) in [
        (unknown(), Left::Enough, "l e"),
        // Only that provider's limits are not known.
        (Left::Enough, unknown(), "h l e"),
        (Left::Enough, Left::Enough, "h l e dear"),
    ] {
        let mut all = all();
        all[3].left = own.clone();
        // `l` has no price, and told none.
        all[1].left = own;
        let plan = plan(&Question { default: "h", left, ..question(&fallback) }, &all);
        assert_eq!(order(&plan), want, "{plan}");
        for one in plan.left_out.iter().filter(|one| one.cause == Cause::Ledger) {
            assert_eq!(one.why, "what the budget leaves is not known: it is damaged");
        }
    }
}

#[test]
fn a_model_that_told_what_it_cost_is_held_against_the_budget() {
    let fallback = ["e"].map(str::to_owned);
    for (told, left, want) in [(0, 0, "l e"), (7, 7, "l e"), (7, 6, "e")] {
        let mut all = all();
        all[1].told = MicroUsd(told);
        let left = Left::Only(MicroUsd(left));
        let plan = plan(&Question { default: "l", left, ..question(&fallback) }, &all);
        assert_eq!(order(&plan), want, "{plan}");
    }
}

#[test]
fn a_model_that_may_reason_is_reckoned_with_the_room_that_it_gets() {
    let mut all = all();
    let at_most = |all: &[Candidate]| plan(&question(&[]), all).places[0].at_most.0;
    let before = at_most(&all);
    all[2].room = Tokens(900);
    assert_eq!(at_most(&all) - before, 900 - u64::from(question(&[]).answer.0));
    all[2].room = Tokens(9_000);
    assert_eq!(at_most(&all) - before, 1_000 - u64::from(question(&[]).answer.0), "its own limit holds");
}
