//! The breaker by scripts of calls, and under many callers at once.

use std::sync::{Arc, Barrier, Mutex};

use super::*;

const HERE: u64 = 1;

/// Runs a script: `+` a call that goes well, `-` one that fails, `!` a refused key, `0` one that says nothing, a number the seconds
/// that pass. What each call found: `x` where it was not let through.
fn run(breaker: &mut Breaker, now: &mut Time, script: &str) -> String {
    let mut told = String::new();
    for part in script.split(' ').filter(|part| !part.is_empty()) {
        if let Some(seconds) = part.strip_suffix('s') {
            *now += seconds.parse::<u64>().unwrap() * 1_000;
            continue;
        }
        for end in part.chars() {
            let Some(permit) = breaker.admit(*now, HERE) else {
                told.push('x');
                continue;
            };
            let end = match end {
                '+' => End::Well,
                '-' => End::Failed,
                '!' => End::Refused,
                _ => End::Nothing,
            };
            told.push('.');
            breaker.told(permit, end, *now, HERE);
        }
    }
    told
}

#[test]
fn scripts_of_calls() {
    for (script, want) in [
        // Five in a row open it.
        ("----- -", ".....x"),
        ("----+---- -+", "..........x"),
        // What says nothing does not count, and breaks no row.
        ("----00- +", ".......x"),
        // Half of the last twenty.
        ("+-+-+-+-+-+-+-+-+-+- -", "....................x"),
        ("++-+-+-+-+-+-+-+-+-+ +", "....................."),
        // After its rest, one call decides.
        ("----- 29s + 1s + +", ".....x.."),
        // It rests twice as long each time.
        ("----- 30s - + 59s + 1s + +", "......xx.."),
        // A probe that says nothing leaves it to the next.
        ("----- 30s 0 + +", "........"),
        // A refused key.
        ("! + 9999s +", ".xx"),
    ] {
        let (mut breaker, mut now) = (Breaker::default(), 1_000_000);
        assert_eq!(run(&mut breaker, &mut now, script), want, "{script}");
    }
}

#[test]
fn a_refused_key_counts_until_the_configuration_changes() {
    let mut breaker = Breaker::default();
    run(&mut breaker, &mut 0, "!");
    assert_eq!((breaker.health(0, HERE), breaker.health(0, 2)), (Health::Barred, Health::Well));
    let permit = breaker.admit(0, 2).unwrap();
    breaker.told(permit, End::Well, 0, 2);
    assert_eq!(breaker.health(0, HERE), Health::Well);
}

#[test]
fn half_open_lets_one_of_fifty_through() {
    let (mut breaker, mut now) = (Breaker::default(), 0);
    run(&mut breaker, &mut now, "----- 30s");
    let (breaker, gate) = (Arc::new(Mutex::new(breaker)), Arc::new(Barrier::new(50)));
    let callers: Vec<_> = (0..50)
        .map(|_| {
            let (breaker, gate) = (breaker.clone(), gate.clone());
            std::thread::spawn(move || {
                gate.wait();
                breaker.lock().unwrap().admit(now, HERE)
            })
        })
        .collect();
    let permits: Vec<Permit> = callers.into_iter().filter_map(|caller| caller.join().unwrap()).collect();
    assert_eq!(permits.len(), 1);
}

#[test]
fn it_survives_a_restart_and_a_clock_that_was_set_back() {
    let (mut breaker, mut now) = (Breaker::default(), 1_000_000_000);
    run(&mut breaker, &mut now, "-----");
    let kept = serde_json::to_string(&breaker).unwrap();
    let mut again: Breaker = serde_json::from_str(&kept).unwrap();
    assert_eq!(again.health(now, HERE), Health::Resting(REST));
    assert!(again.admit(0, HERE).is_none());
    assert!(again.admit(millis(MAX_REST), HERE).is_some(), "it rests for ten minutes at most");
    // A probe that was under way when the process died is forgotten.
    let (mut breaker, mut now) = (Breaker::default(), 0);
    run(&mut breaker, &mut now, "----- 30s");
    let _ = breaker.admit(now, HERE).unwrap();
    let mut again: Breaker = serde_json::from_str(&serde_json::to_string(&breaker).unwrap()).unwrap();
    assert!(again.admit(now, HERE).is_some());
}

#[test]
fn a_late_end_of_an_early_call_closes_nothing() {
    let (mut breaker, now) = (Breaker::default(), 0);
    let early = breaker.admit(now, HERE).unwrap();
    run(&mut breaker, &mut { now }, "-----");
    breaker.told(early, End::Well, now, HERE);
    assert!(breaker.admit(now, HERE).is_none());
}
