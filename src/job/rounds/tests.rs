//! Which draft stands, and when there is another round.

use super::*;

const LATER: Time = Time::from_secs(1);

fn rounds(rounds: u32) -> Rounds {
    Rounds::new(Limits { rounds, ..Limits::default() }, "    pass".to_owned())
}

/// A draft with so many errors and warnings.
fn draft(text: &str, errors: usize, warnings: usize) -> Candidate {
    let error = |_| Finding::error("names", "unbound", 0..1, format!("of {text}"));
    let warning = |at| Finding { severity: Severity::Warning, ..error(at) };
    let findings = (0..errors).map(error).chain((0..warnings).map(warning));
    let faults = findings.map(|finding| Fault { finding, region: Some(0), line: String::new() }).collect();
    Candidate {
        targets: vec![text.to_owned()],
        faults,
        lacking: Vec::new(),
        depth: Depth::Slow,
        reached: Vec::new(),
        asked: Vec::new(),
        unheard: Vec::new(),
        note: None,
        round: 0,
    }
}

/// What comes of drafts of one round each: the text that stands (or why none does), after how many rounds, and why no more.
fn outcome(most: u32, drafts: &[Result<(&str, usize, usize), &str>]) -> (String, u32, Option<String>) {
    let mut rounds = rounds(most);
    for one in drafts {
        let verdict = match one {
            Ok((text, errors, warnings)) => {
                rounds.checked(LATER, Tokens(10), draft(text, *errors, *warnings))
            }
            Err(why) => rounds.rejected(LATER, Tokens(10), (*why).to_owned(), Some((*why).to_owned())),
        };
        match verdict {
            Verdict::Again(_) => {}
            Verdict::Land(best, why) => return (best.targets[0].clone(), rounds.round(), why),
            Verdict::Fail(why) => return (format!("failed: {why}"), rounds.round(), None),
        }
    }
    panic!("the rounds go on");
}

#[test]
fn the_best_draft_stands() {
    for (most, drafts, expected, round) in [
        // A clean one ends it.
        (3, vec![Ok(("a", 0, 0))], "a", 1),
        (3, vec![Ok(("a", 1, 0)), Ok(("b", 0, 0))], "b", 2),
        // Errors count before warnings, then the size of the change.
        (1, vec![Ok(("a", 1, 0)), Ok(("b", 0, 5))], "b", 2),
        (1, vec![Ok(("a", 0, 2)), Ok(("b", 1, 0))], "a", 2),
        (1, vec![Ok(("a much longer draft", 1, 0)), Ok(("short", 1, 0))], "short", 2),
        (1, vec![Ok(("short", 1, 0)), Ok(("a much longer draft", 1, 0))], "short", 2),
        // One that cannot stand is no draft.
        (3, vec![Err("no code"), Ok(("b", 0, 0))], "b", 2),
        (1, vec![Ok(("a", 1, 0)), Err("no code")], "a", 2),
        (2, vec![Err("x"), Err("y"), Err("z")], "failed: z", 3),
        (0, vec![Ok(("a", 3, 0))], "a", 1),
        (0, vec![Err("no code")], "failed: no code", 1),
    ] {
        let (text, rounds, _) = outcome(most, &drafts);
        assert_eq!((text.as_str(), rounds), (expected, round), "{drafts:?}");
    }
}

#[test]
fn rounds_that_lead_nowhere_end() {
    let patience = "3 rounds made it no better";
    for (most, drafts, expected, reason) in [
        (1, vec![Ok(("a", 1, 0)), Ok(("a", 1, 0))], "a", "round 2 wrote the draft of round 1 again"),
        (9, vec![Ok(("a", 1, 0)), Ok(("b", 2, 0)), Ok(("a", 1, 0)), Ok(("c", 2, 0))], "a", patience),
        (9, vec![Ok(("a", 1, 0)), Ok(("b", 2, 0)), Ok(("c", 2, 0)), Ok(("d", 2, 0))], "a", patience),
        (9, vec![Ok(("a", 1, 0)), Err("x"), Err("x"), Err("y")], "a", patience),
    ] {
        let (text, _, why) = outcome(most, &drafts);
        assert_eq!((text.as_str(), why.as_deref()), (expected, Some(reason)), "{drafts:?}");
    }
}

#[test]
fn a_model_that_writes_the_same_again_is_asked_afresh() {
    let mut rounds = rounds(3);
    let mut afresh = Vec::new();
    for text in ["a", "a", "b"] {
        let Verdict::Again(redraft) = rounds.checked(LATER, Tokens(1), draft(text, 1, 0)) else { panic!() };
        afresh.push(redraft.afresh);
    }
    assert_eq!(afresh, [false, true, false]);
}

#[test]
fn limits_end_it() {
    for (now, spent, reason) in [
        (Time::from_secs(200), Tokens(10), "the 120 seconds of refinement are over (`refine.seconds`)"),
        (LATER, Tokens(50_000), "40000 tokens are used up (`refine.tokens`)"),
    ] {
        let mut rounds = rounds(3);
        assert!(matches!(rounds.checked(LATER, Tokens(10), draft("a", 2, 0)), Verdict::Again(_)));
        let Verdict::Land(best, why) = rounds.checked(now, spent, draft("b", 1, 0)) else {
            panic!("another round")
        };
        assert_eq!((best.targets[0].as_str(), why.as_deref()), ("b", Some(reason)));
    }
}

#[test]
fn a_round_is_told_of_the_best_draft_and_of_what_others_had_wrong() {
    let mut rounds = rounds(3);
    rounds.checked(LATER, Tokens(1), draft("a", 1, 0));
    let Verdict::Again(redraft) = rounds.checked(LATER, Tokens(1), draft("b", 2, 0)) else { panic!() };
    assert_eq!(redraft.draft.as_deref(), Some("a"));
    assert_eq!(redraft.faults.len(), 1);
    assert_eq!(redraft.tried, ["of b"]);
    let Verdict::Again(redraft) = rounds.checked(LATER, Tokens(1), draft("c", 0, 1)) else { panic!() };
    assert_eq!(redraft.draft.as_deref(), Some("c"));
    assert_eq!(redraft.tried, ["of b", "of a"]);
}
