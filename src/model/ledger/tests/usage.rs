//! The figures of `usage` and `measured`.

use super::*;

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// Reserves a call at `time` and settles it, if it comes to that.
fn write(ledger: &Ledger, wanted: &Reserve, time: u64, end: Option<Settled>) {
    let id = ledger.reserve(wanted, &NONE, at(time)).unwrap();
    if let Some(end) = end {
        ledger.settle(id, &end).unwrap();
    }
}

fn ended(spent: u64, outcome: Outcome, first_token: Option<u64>, whole: u64) -> Settled {
    Settled { outcome, first_token: first_token.map(ms), whole: ms(whole), ..settled(spent) }
}

/// Three runs over two days: one fails over and is kept, one is local and edited, one is cancelled and one call died.
fn filled(path: &Path) -> Ledger {
    let ledger = open(path);
    let model =
        |run, provider, model: &str| Reserve { model: model.to_owned(), ..call(run, provider, 1_000) };
    write(&ledger, &model("1", "p", "big"), NOON, Some(ended(400, Outcome::Failed, None, 9_000)));
    let stand_in = Settled { failover: true, retries: 2, ..ended(100, Outcome::Ok, Some(200), 1_200) };
    write(&ledger, &model("1", "q", "small"), NOON, Some(stand_in));
    write(&ledger, &model("1", "p", "big"), NOON, Some(ended(1, Outcome::Failed, None, 1)));
    let local = Reserve {
        task: "docstring".into(),
        local: true,
        amount: MicroUsd(0),
        ..model("2", "embedded", "tiny")
    };
    write(&ledger, &local, NOON + 24 * HOUR, Some(ended(0, Outcome::Ok, Some(100), 5_100)));
    write(&ledger, &local, NOON + 24 * HOUR, Some(ended(0, Outcome::Ok, Some(300), 1_300)));
    write(
        &ledger,
        &model("3", "p", "big"),
        NOON + 24 * HOUR,
        Some(ended(30, Outcome::Cancelled, Some(10), 20)),
    );
    write(&ledger, &model("3", "p", "big"), NOON + 24 * HOUR, None);
    let unsent = ledger.reserve(&model("4", "p", "big"), &NONE, at(NOON + 24 * HOUR)).unwrap();
    ledger.release(unsent).unwrap();
    for (run, rounds, fate) in [
        ("1", 9, Fate::Reverted),
        ("1", 3, Fate::Kept),
        ("2", 1, Fate::Edited),
        ("3", 0, Fate::Unknown),
        ("4", 0, Fate::Reverted),
        ("nobody", 1, Fate::Kept),
    ] {
        ledger.finish_run(run, rounds, fate).unwrap();
    }
    ledger
}

#[test]
fn calls_are_brought_together_by_model_task_or_day() {
    let path = place("usage");
    let ledger = filled(&path);
    let rows = ledger.usage(at(0), By::Model).unwrap();
    let embedded = UsageRow {
        name: "embedded/tiny".to_owned(),
        local: true,
        runs: 1,
        calls: 2,
        ok: 2,
        first_token_p50: Some(ms(100)),
        first_token_p95: Some(ms(300)),
        whole_p50: Some(ms(1_300)),
        whole_p95: Some(ms(5_100)),
        tokens_per_second_p50: Some(20.0),
        prompt: 20,
        cached: 8,
        completion: 200,
        rounds: 1,
        edited: 1,
        ..UsageRow::default()
    };
    let big = UsageRow {
        name: "p/big".to_owned(),
        runs: 2,
        calls: 4,
        failed: 2,
        cancelled: 1,
        open: 1,
        prompt: 30,
        cached: 12,
        completion: 300,
        cost: MicroUsd(400 + 1 + 30 + 1_000),
        ..UsageRow::default()
    };
    let small = UsageRow {
        name: "q/small".to_owned(),
        runs: 1,
        calls: 1,
        ok: 1,
        first_token_p50: Some(ms(200)),
        first_token_p95: Some(ms(200)),
        whole_p50: Some(ms(1_200)),
        whole_p95: Some(ms(1_200)),
        tokens_per_second_p50: Some(100.0),
        prompt: 10,
        cached: 4,
        completion: 100,
        cost: MicroUsd(100),
        retries: 2,
        failovers: 1,
        rounds: 3,
        kept: 1,
        ..UsageRow::default()
    };
    assert_eq!(rows, [embedded, big, small]);
    let short = |since, by| -> Vec<_> {
        let rows = ledger.usage(at(since), by).unwrap();
        rows.into_iter()
            .map(|row| (row.name, row.runs, row.calls, row.cost.0, row.kept + row.edited))
            .collect()
    };
    let row = |name: &str, runs, calls, cost, fates| (name.to_owned(), runs, calls, cost, fates);
    assert_eq!(short(0, By::Task), [row("docstring", 1, 2, 0, 1), row("generate", 2, 5, 1_531, 1)]);
    let first = row("2026-11-25", 1, 3, 501, 1);
    let second = row("2026-11-26", 2, 4, 1_030, 1);
    assert_eq!(short(0, By::Day), [first, second.clone()]);
    assert_eq!(short(NOON + 1, By::Day), [second]);
    assert_eq!(short(NOON + 48 * HOUR, By::Day), []);
    tidy(&path);
}

#[test]
fn how_fast_a_model_is_comes_from_its_last_good_answers() {
    let path = place("measured");
    let ledger = open(&path);
    ledger.lock().pragma_update(None, "synchronous", "OFF").unwrap();
    assert_eq!(ledger.measured("m", "p", noon()).unwrap(), None);
    write(&ledger, &call("r", "p", 1), NOON, Some(ended(1, Outcome::Failed, Some(1), 2)));
    write(&ledger, &call("r", "p", 1), NOON, None);
    write(&ledger, &call("r", "q", 1), NOON, Some(ended(1, Outcome::Ok, Some(1), 2)));
    assert_eq!(ledger.measured("m", "p", noon()).unwrap(), None);
    // Ten slow ones that are forgotten, then as many as count: 1 to 50 ms, and 100 tokens in a second.
    let times = [1_000; 10].into_iter().chain(1..=u64::from(MEASURED_CALLS));
    for first in times {
        write(&ledger, &call("r", "p", 1), NOON, Some(ended(1, Outcome::Ok, Some(first), first + 1_000)));
    }
    let expect = Measured {
        first_token_p50: Some(ms(25)),
        first_token_p95: Some(ms(48)),
        tokens_per_second_p50: Some(100.0),
        calls: MEASURED_CALLS,
    };
    assert_eq!(ledger.measured("m", "p", noon()).unwrap(), Some(expect));
    let month = MEASURED_AGE.as_secs();
    assert_eq!(ledger.measured("m", "p", at(NOON + month)).unwrap(), Some(expect));
    assert_eq!(ledger.measured("m", "p", at(NOON + month + 1)).unwrap(), None);
    tidy(&path);
}
