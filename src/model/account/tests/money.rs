//! What a call is charged where its provider says little, or nothing, or something else; and what becomes of what was reserved.

use super::*;
use crate::model::provider::scripted::Step::{Begin, State, Work};

/// The most that a call of `request` costs, in dollars.
const WHOLE: u64 = PROMPT + 20;

fn stated(prompt: u32, completion: u32) -> Step {
    State(usage(prompt, completion))
}

fn fail(kind: ErrorKind) -> Step {
    Step::fail(kind, "no")
}

fn limited(per_day: u64) -> Budget {
    Budget { per_day: dollars(per_day), ..unlimited() }
}

/// What a hosted model's call costs, in dollars, and how often it is asked.
async fn costs(name: &str, scripts: Vec<Vec<Step>>, reasons: Option<bool>) -> (u64, usize) {
    let path = place(name);
    let provider = Scripted::new(scripts);
    let chosen = Chosen { reasons, ..chosen(&provider, Place::Hosted, Some(DEAR)) };
    let spent = Arc::default();
    let accounts = accounts(&path, limited(1_000));
    let _ = ask_and_add(&accounts, &chosen, &spent).await;
    drop(accounts);
    let cost = row(&path, |row| row.open == 0).cost.0;
    assert_eq!(cost, spent.load(Ordering::Relaxed), "{name}: the run and the ledger have the same");
    std::fs::remove_dir_all(path.parent().unwrap()).unwrap();
    (cost / 1_000_000, provider.requests().len())
}

#[tokio::test]
async fn an_answer_that_failed_costs_what_was_stated_or_all_that_it_can_have_been() {
    let [no, perhaps, yes] = [Some(false), None, Some(true)];
    let say = || Step::say(&"y".repeat(18));
    for (name, steps, reasons, expect) in [
        // Stated before it failed.
        ("stated-empty", vec![stated(7, 19), fail(ErrorKind::Empty)], no, WHOLE),
        ("stated-broken", vec![stated(7, 4), say(), fail(ErrorKind::Stream)], no, 7 + 5),
        ("stated-more", vec![stated(7, 9), say(), fail(ErrorKind::Stream)], no, 7 + 9),
        ("over-whole", vec![stated(40, 3), Work, fail(ErrorKind::Stream)], no, 43),
        // Nothing stated: it reasoned, or may have.
        ("reasoned", vec![Work, fail(ErrorKind::Stream)], no, WHOLE),
        ("reasoned-said", vec![Work, say(), fail(ErrorKind::Stream)], no, WHOLE),
        ("silent", vec![Begin, fail(ErrorKind::Timeout)], no, WHOLE),
        ("said", vec![say(), fail(ErrorKind::Stream)], no, PROMPT + 5),
        ("said-perhaps", vec![say(), fail(ErrorKind::Stream)], perhaps, WHOLE),
        ("said-yes", vec![say(), fail(ErrorKind::Stream)], yes, WHOLE),
        // It was turned away, by a status or in the body of a good answer.
        ("status", vec![fail(ErrorKind::Rejected)], yes, 0),
        ("body", vec![Begin, fail(ErrorKind::RateLimit)], yes, 0),
        ("body-worked", vec![Work, fail(ErrorKind::RateLimit)], yes, WHOLE),
        // A good answer, with some of its counts.
        ("both", vec![say(), end(usage(3, 4))], yes, 7),
        ("no-prompt", vec![say(), end(usage(0, 4))], yes, PROMPT + 4),
        ("no-completion", vec![say(), end(usage(5, 0))], no, 5 + 5),
        ("no-completion-worked", vec![Work, say(), end(usage(5, 0))], no, WHOLE),
        ("no-completion-yes", vec![say(), end(usage(5, 0))], yes, WHOLE),
        ("no-completion-perhaps", vec![say(), end(usage(5, 0))], perhaps, 5 + 5),
        ("not-believed", vec![say(), end(usage(5, 1))], no, 5 + 5),
    ] {
        assert_eq!(costs(name, vec![steps], reasons).await, (expect, 1), "{name}");
    }
}

#[tokio::test]
async fn each_attempt_that_was_at_work_is_paid_for() {
    let good = || vec![Step::say("x"), end(usage(1, 1))];
    let down = || vec![fail(ErrorKind::Server)];
    for (name, scripts, expect) in [
        ("again-free", vec![down(), good()], (2, 2)),
        ("again-worked", vec![vec![Work, fail(ErrorKind::Server)], good()], (WHOLE + 2, 2)),
        ("again-began", vec![vec![Begin, fail(ErrorKind::Connect)]; 3], (3 * WHOLE, 3)),
        (
            "again-mixed",
            vec![vec![fail(ErrorKind::Connect)], vec![Begin, fail(ErrorKind::Connect)], good()],
            (WHOLE + 2, 3),
        ),
        ("again-turned-away", vec![vec![Begin, fail(ErrorKind::Overloaded)], good()], (2, 2)),
    ] {
        assert_eq!(costs(name, scripts, Some(false)).await, expect, "{name}");
    }
}

#[tokio::test]
async fn what_the_budget_does_not_pay_for_is_not_asked_again() {
    let path = place("not-again");
    let provider = Scripted::new(vec![vec![Work, fail(ErrorKind::Server)]; 2]);
    let chosen = chosen(&provider, Place::Hosted, Some(DEAR));
    let error = ask_for(&accounts(&path, limited(2 * WHOLE - 1)), &chosen).await.unwrap_err();
    assert_eq!((error.kind, provider.requests().len()), (ErrorKind::Server, 1));
    assert!(error.message.contains("not asked again: the budget does not allow this"), "{error}");
    assert_eq!(row(&path, |row| row.open == 0).cost.0, WHOLE * 1_000_000);
    std::fs::remove_dir_all(path.parent().unwrap()).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_is_dropped_while_its_model_reasons_costs_all_that_it_can() {
    for (name, steps, expect) in [
        ("head", vec![Begin, Step::Wait(Gate::new())], WHOLE),
        ("works", vec![Work, Step::Wait(Gate::new())], WHOLE),
        ("no-head", vec![Step::Wait(Gate::new())], PROMPT),
    ] {
        let path = place(&format!("drops-{name}"));
        let provider = Scripted::new([steps]);
        let (accounts, chosen) = (accounts(&path, unlimited()), chosen(&provider, Place::Hosted, Some(DEAR)));
        let asks = tokio::spawn(async move { ask_for(&accounts, &chosen).await });
        provider.begun(1).await;
        asks.abort();
        assert_eq!(row(&path, |row| row.open == 0).cost.0, expect * 1_000_000, "{name}");
        std::fs::remove_dir_all(path.parent().unwrap()).unwrap();
    }
}

#[tokio::test]
async fn a_run_whose_time_is_over_is_given_up_and_paid() {
    let path = place("over");
    let provider = Scripted::new([vec![Work, Step::Wait(Gate::new())]]);
    let chosen = chosen(&provider, Place::Hosted, Some(DEAR));
    let entry = Entry {
        run: run_name(3),
        task: "fix",
        failover: false,
        spent: Arc::default(),
        enough: Arc::default(),
        due: Instant::now(),
    };
    let (sender, _deltas) = mpsc::channel(1);
    let retries = Retries::with_jitter(|| 0.0);
    let error = call(&accounts(&path, unlimited()), &chosen, entry, request(), sender, &retries).await;
    let error = error.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Timeout);
    assert!(error.message.contains("not done in the time that it had"), "{error}");
    assert_eq!(row(&path, |row| row.open == 0).failed, 1);
    std::fs::remove_dir_all(path.parent().unwrap()).unwrap();
}

#[tokio::test]
async fn a_cost_that_is_told_counts_where_it_is_more_than_the_price() {
    for (told, expect) in [(0, 8), (7, 8), (9, 9)] {
        let path = place("told-cost");
        let told = Usage { cost: dollars(told), ..usage(4, 4) };
        let provider = Scripted::new([vec![Step::say("x"), end(told)]]);
        let chosen = chosen(&provider, Place::Hosted, Some(DEAR));
        ask_for(&accounts(&path, limited(1_000)), &chosen).await.unwrap();
        assert_eq!(row(&path, |row| row.open == 0).cost.0, expect * 1_000_000);
        std::fs::remove_dir_all(path.parent().unwrap()).unwrap();
    }
}

#[tokio::test]
async fn a_gateway_that_told_a_cost_is_held_to_the_budget() {
    let path = place("gateway");
    let says = || vec![Step::say("x"), end(Usage { cost: dollars(5), ..usage(1, 1) })];
    let untold = || vec![Step::say("x"), end(usage(1, 1))];
    let provider = Scripted::new([says(), says(), untold()]);
    let chosen = chosen(&provider, Place::Local, None);
    // The first call is not known to cost anything; the others may cost as much as it did. A new process knows that from the
    // ledger.
    for (asked, budget) in [(1, 14), (2, 14), (2, 14), (3, 15), (3, 15)] {
        let accounts = accounts(&path, limited(budget));
        let outcome = ask_for(&accounts, &chosen).await;
        assert_eq!(provider.requests().len(), asked, "{outcome:?}");
        if let Err(error) = outcome {
            assert_eq!(error.kind, ErrorKind::Budget);
            assert!(error.message.contains("nothing was sent"), "{error}");
        }
        while !is_written(&path, u32::try_from(asked).unwrap()) {
            tokio::task::yield_now().await;
        }
    }
    let cost = row(&path, |row| row.open == 0).cost;
    assert_eq!(Some(cost), dollars(15), "what it does not tell may be as much");
    std::fs::remove_dir_all(path.parent().unwrap()).unwrap();
}

#[test]
fn a_call_that_is_dropped_while_the_ledger_is_waited_for_reserves_nothing() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    let path = place("waits");
    let accounts = accounts(&path, limited(1_000));
    accounts.ledger().unwrap();
    let provider = Scripted::saying(["x"]);
    let chosen = chosen(&provider, Place::Hosted, Some(DEAR));
    // Another one has the process's ledger, and the call waits for it.
    let held = accounts.ledger.lock().unwrap();
    let asks = runtime.spawn({
        let accounts = accounts.clone();
        async move { ask_for(&accounts, &chosen).await }
    });
    // Ours, the test's call, its breaker's, and that of the thread that waits.
    while Arc::strong_count(&accounts) < 4 {
        std::thread::yield_now();
    }
    asks.abort();
    drop(held);
    assert!(runtime.block_on(asks).unwrap_err().is_cancelled());
    // Whether it had been taken by then or not, it is given back.
    while Arc::strong_count(&accounts) > 1 {
        std::thread::yield_now();
    }
    let spent = Ledger::open(&path, SystemTime::now()).unwrap().spent(SystemTime::now()).unwrap();
    assert_eq!((spent.month, spent.open), (MicroUsd(0), MicroUsd(0)));
    assert_eq!(provider.requests().len(), 0);
    std::fs::remove_dir_all(path.parent().unwrap()).unwrap();
}

#[tokio::test]
#[cfg(unix)]
async fn a_ledger_that_was_moved_away_or_replaced_is_not_written_to() {
    let path = place("moved");
    let budget = limited(WHOLE);
    let says = || vec![Step::say("x"), end(usage(1, 1))];
    let provider = Scripted::new([says(), says()]);
    let chosen = chosen(&provider, Place::Hosted, Some(DEAR));
    let accounts = accounts(&path, budget);
    ask_for(&accounts, &chosen).await.unwrap();
    row(&path, |row| row.open == 0);
    // Moved away: a new one is made, which other processes see, too.
    let away = path.with_extension("away");
    std::fs::rename(&path, &away).unwrap();
    // With what SQLite keeps beside it, out of which it would be restored.
    let remove_rest = || {
        for ending in ["sqlite-wal", "sqlite-shm"] {
            let _ = std::fs::remove_file(path.with_extension(ending));
        }
    };
    remove_rest();
    ask_for(&accounts, &chosen).await.unwrap();
    assert_eq!(row(&path, |row| row.open == 0).ok, 1, "the new one has what was asked since");
    // Replaced by what is none: nothing is asked.
    std::fs::remove_file(&path).unwrap();
    remove_rest();
    std::fs::write(&path, "no ledger\n".repeat(1_000)).unwrap();
    let error = ask_for(&accounts, &chosen).await.unwrap_err();
    assert_eq!((error.kind, provider.requests().len()), (ErrorKind::Budget, 2));
    assert!(error.message.contains("is no ledger of costs"), "{error}");
    std::fs::remove_dir_all(path.parent().unwrap()).unwrap();
}
