//! Calls of a scripted provider, paid from a real ledger.

mod money;

use std::path::Path;
use std::sync::atomic::Ordering;

use tokio::sync::mpsc;

use super::*;
use crate::model::ask::Retries;
use crate::model::health::Circuit;
use crate::model::ledger::{By, UsageRow};
use crate::model::provider::scripted::{Gate, Scripted, Step};
use crate::model::spec::{KeySource, Limits as Room, ModelSource};
use crate::model::{Answer, Finish, Request, Tokens, Usage};

/// A dollar for a token, in and out: what a call costs can be counted on fingers.
const DEAR: Price = Price {
    input: MicroUsd(1_000_000_000_000),
    cached: MicroUsd(0),
    written: None,
    output: MicroUsd(1_000_000_000_000),
};
/// What `request` counts as.
const PROMPT: u64 = 10;

fn dollars(dollars: u64) -> Option<MicroUsd> {
    Some(MicroUsd(dollars * 1_000_000))
}

/// No limit but those that a test sets: with `DEAR`, nothing can be had for the ten cents of a run.
fn unlimited() -> Budget {
    Budget { per_run: None, ..Budget::default() }
}

/// No run of a test takes so long.
fn due() -> Instant {
    Instant::now() + Duration::from_secs(600)
}

fn request() -> Request {
    Request {
        system: "x".repeat(36),
        turns: Vec::new(),
        prefill: None,
        fill: None,
        max_tokens: Tokens(20),
        temperature: None,
        stop: Vec::new(),
    }
}

fn chosen(provider: &Scripted, place: Place, price: Option<Price>) -> Chosen {
    Chosen {
        name: "m".to_owned(),
        provider_name: "p".to_owned(),
        provider: Arc::new(provider.clone()),
        limits: Room { output: Tokens(20), window: Tokens(1_000), context: Tokens(100) },
        price,
        place,
        circuit: Circuit::default(),
        room: Tokens(0),
        reasons: Some(false),
        fills: false,
    }
}

fn place(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("redraft-account-{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&path);
    std::fs::create_dir_all(&path).unwrap();
    path.join("ledger.sqlite")
}

fn accounts(path: &Path, budget: Budget) -> Arc<Accounts> {
    Arc::new(Accounts::new(Some(path.to_owned()), budget))
}

async fn ask_for(accounts: &Arc<Accounts>, chosen: &Chosen) -> Result<Answer, ModelError> {
    ask_and_add(accounts, chosen, &Arc::default()).await
}

/// The same; what it cost is added to what its run has spent.
async fn ask_and_add(
    accounts: &Arc<Accounts>,
    chosen: &Chosen,
    spent: &Arc<AtomicU64>,
) -> Result<Answer, ModelError> {
    let (sender, mut deltas) = mpsc::channel(64);
    let reads = tokio::spawn(async move { while deltas.recv().await.is_some() {} });
    let entry = Entry {
        run: run_name(fastrand::u64(..)),
        task: "implement",
        failover: false,
        spent: spent.clone(),
        enough: Arc::default(),
        due: due(),
    };
    let outcome = call(accounts, chosen, entry, request(), sender, &Retries::with_jitter(|| 0.0)).await;
    reads.await.unwrap();
    outcome
}

/// The one row of the ledger, once `is_there` says that it is what is waited for.
fn row(path: &Path, is_there: impl Fn(&UsageRow) -> bool) -> UsageRow {
    let ledger = Ledger::open(path, SystemTime::now()).unwrap();
    for _ in 0..10_000 {
        if let [row] = &ledger.usage(SystemTime::UNIX_EPOCH, By::Model).unwrap()[..]
            && is_there(row)
        {
            return row.clone();
        }
        std::thread::yield_now();
    }
    panic!("{:?}", ledger.usage(SystemTime::UNIX_EPOCH, By::Model));
}

fn is_written(path: &Path, calls: u32) -> bool {
    let ledger = Ledger::open(path, SystemTime::now()).unwrap();
    ledger.usage(SystemTime::UNIX_EPOCH, By::Model).unwrap().iter().map(|row| row.ok).sum::<u32>() == calls
}

fn usage(prompt: u32, completion: u32) -> Usage {
    Usage { prompt: Tokens(prompt), completion: Tokens(completion), ..Usage::default() }
}

fn end(usage: Usage) -> Step {
    Step::End(Answer { finish: Finish::Stop, usage })
}

#[tokio::test]
async fn calls_settle_at_what_they_cost() {
    let fail = |kind| Step::fail(kind, "no");
    for (name, steps, cost, ok) in [
        ("told", vec![Step::say("x"), end(usage(7, 3))], 10, 1),
        ("untold", vec![Step::say(&"y".repeat(18)), end(usage(0, 0))], PROMPT + 5, 1),
        ("refused", vec![fail(ErrorKind::Rejected)], 0, 0),
        ("broken", vec![Step::say(&"y".repeat(36)), fail(ErrorKind::Stream)], PROMPT + 10, 0),
        ("late", vec![fail(ErrorKind::Timeout)], PROMPT, 0),
    ] {
        let path = place(name);
        let provider = Scripted::new([steps]);
        let budget = Budget { per_day: dollars(30), ..unlimited() };
        let spent = Arc::default();
        let chosen = chosen(&provider, Place::Hosted, Some(DEAR));
        let outcome = ask_and_add(&accounts(&path, budget), &chosen, &spent).await;
        assert_eq!(outcome.is_ok(), ok == 1, "{name}: {outcome:?}");
        assert_eq!(spent.load(Ordering::Relaxed), cost * 1_000_000, "{name}: what failed costs, too");
        let row = row(&path, |row| row.open == 0);
        assert_eq!((row.cost.0, row.ok, row.ok + row.failed), (cost * 1_000_000, ok, 1), "{name}: {row:?}");
        std::fs::remove_dir_all(path.parent().unwrap()).unwrap();
    }
}

/// Two processes, each with 25 callers, come to a model whose rest is over.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_rest_one_call_of_all_processes_finds_out_and_is_not_made_again() {
    let path = place("probe");
    let (source, key) = (ModelSource::Id("m".to_owned()), KeySource::None);
    let circuit = Circuit::of("p", "http://127.0.0.1:1", &source, &key, 0);
    let breakers = Breakers::default();
    let fails = |_| breakers.told(&circuit, breakers.admit(&circuit).unwrap(), End::Failed);
    let (name, value) = (0..5).filter_map(fails).last().unwrap();
    // The rest is over.
    let mut state: serde_json::Value = serde_json::from_str(&value).unwrap();
    state["state"]["Open"]["until"] = serde_json::json!(1);
    let ledger = Ledger::open(&path, SystemTime::now()).unwrap();
    ledger.keep_state(&name, &state.to_string()).unwrap();
    let gate = Gate::new();
    let provider = Scripted::new([
        vec![Step::Wait(gate.clone()), Step::fail(ErrorKind::Server, "down")],
        vec![Step::say("x"), end(usage(1, 1))],
    ]);
    let processes = [accounts(&path, unlimited()), accounts(&path, unlimited())];
    for accounts in &processes {
        assert_eq!(accounts.health(&circuit), Health::Trying);
    }
    let call = |at: usize| {
        let accounts = processes[at % 2].clone();
        let chosen = Chosen { circuit: circuit.clone(), ..chosen(&provider, Place::Hosted, Some(DEAR)) };
        tokio::spawn(async move { ask_for(&accounts, &chosen).await })
    };
    let mut waiting: Vec<_> = (0..50).map(call).collect();
    for _ in 0..49 {
        let (done, _, rest) = futures_util::future::select_all(waiting).await;
        assert_eq!(done.unwrap().unwrap_err().kind, ErrorKind::Resting);
        waiting = rest;
    }
    gate.open();
    // A fault that is tried again otherwise.
    assert_eq!(waiting.pop().unwrap().await.unwrap().unwrap_err().kind, ErrorKind::Server);
    assert_eq!(provider.requests().len(), 1);
    drop(ledger);
    std::fs::remove_dir_all(path.parent().unwrap()).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_eight_at_once_those_that_can_be_paid_are_asked() {
    for (budget, admitted) in [(29, 0), (30, 1), (59, 1), (95, 3)] {
        let path = place(&format!("eight-{budget}"));
        let gate = Gate::new();
        let held = || vec![Step::Wait(gate.clone()), Step::say("x"), end(usage(1, 1))];
        let provider = Scripted::new((0..8).map(|_| held()));
        let accounts = accounts(&path, Budget { per_day: dollars(budget), ..unlimited() });
        let calls: Vec<_> = (0..8)
            .map(|_| {
                let (accounts, chosen) = (accounts.clone(), chosen(&provider, Place::Hosted, Some(DEAR)));
                tokio::spawn(async move { ask_for(&accounts, &chosen).await })
            })
            .collect();
        provider.begun(admitted).await;
        let mut refused = 0;
        let mut waiting = calls;
        // Those that are refused end while the others wait.
        while refused < 8 - admitted {
            let (done, _, rest) = futures_util::future::select_all(waiting).await;
            let error = done.unwrap().unwrap_err();
            assert_eq!(error.kind, ErrorKind::Budget);
            assert!(error.message.contains("nothing was sent"), "{error}");
            refused += 1;
            waiting = rest;
        }
        (0..admitted).for_each(|_| gate.open());
        for call in waiting {
            assert!(call.await.unwrap().is_ok());
        }
        assert_eq!(provider.requests().len(), admitted);
        std::fs::remove_dir_all(path.parent().unwrap()).unwrap();
    }
}

#[tokio::test]
async fn an_answer_that_costs_more_than_was_reserved_is_cut() {
    let path = place("cut");
    std::fs::remove_dir_all(path.parent().unwrap()).unwrap();
    // However it is cut into pieces.
    for piece in ["four", "sixteen letters.", "z"] {
        let path = place("cut");
        let steps = (0..1_000).map(|_| Step::say(piece)).chain([Step::stop()]).collect::<Vec<_>>();
        let provider = Scripted::new([steps]);
        let budget = Budget { per_day: dollars(30), ..unlimited() };
        let chosen = chosen(&provider, Place::Hosted, Some(DEAR));
        let error = ask_for(&accounts(&path, budget), &chosen).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Budget);
        let row = row(&path, |row| row.open == 0);
        // 20 tokens were reserved; what was on its way with the last piece, and a quarter, is all that is over.
        assert!(row.cost.0 <= (PROMPT + 25 + 5) * 1_000_000, "{piece}: {row:?}");
        std::fs::remove_dir_all(path.parent().unwrap()).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_is_dropped_is_settled() {
    for enough in [false, true] {
        let path = place(&format!("dropped-{enough}"));
        let provider = Scripted::new([vec![Step::say(&"y".repeat(18)), Step::Wait(Gate::new())]]);
        let accounts = accounts(&path, unlimited());
        let chosen = chosen(&provider, Place::Hosted, Some(DEAR));
        let (sender, mut deltas) = mpsc::channel(1);
        let entry = Entry {
            run: run_name(1),
            task: "fix",
            failover: false,
            spent: Arc::default(),
            enough: Arc::new(AtomicBool::new(enough)),
            due: due(),
        };
        let asks =
            tokio::spawn(
                async move { call(&accounts, &chosen, entry, request(), sender, &Retries::new()).await },
            );
        assert!(deltas.recv().await.is_some());
        asks.abort();
        let row = row(&path, |row| row.open == 0);
        assert_eq!(
            (row.cost.0, row.ok, row.cancelled),
            ((PROMPT + 5) * 1_000_000, u32::from(enough), u32::from(!enough))
        );
        std::fs::remove_dir_all(path.parent().unwrap()).unwrap();
    }
}

#[tokio::test]
async fn free_calls_are_written_down_together_later() {
    // What a provider says that it cost is written down at once.
    for (wait, cost) in [(Duration::MAX, None), (Duration::ZERO, None), (Duration::MAX, Some(MicroUsd(7)))] {
        let path = place("free");
        let says = || vec![Step::say("x"), end(Usage { cost, ..usage(1, 1) })];
        let provider = Scripted::new([says(), says()]);
        let mut accounts = Accounts::new(Some(path.clone()), unlimited());
        accounts.wait = wait;
        let accounts = Arc::new(accounts);
        let at = if cost.is_some() { Place::Hosted } else { Place::Embedded };
        let chosen = chosen(&provider, at, None);
        for _ in 0..2 {
            ask_for(&accounts, &chosen).await.unwrap();
        }
        if wait == Duration::MAX && cost.is_none() {
            assert!(!path.exists(), "nobody waits for a disk");
            drop(accounts);
        }
        while !is_written(&path, 2) {
            tokio::task::yield_now().await;
        }
        std::fs::remove_dir_all(path.parent().unwrap()).unwrap();
    }
}

#[tokio::test]
async fn what_became_of_a_run_is_known_after_its_free_calls() {
    let path = place("fate");
    let provider = Scripted::saying(["x"]);
    let (accounts, chosen) = (accounts(&path, Budget::default()), chosen(&provider, Place::Embedded, None));
    let (sender, _deltas) = mpsc::channel(64);
    let entry = Entry {
        run: run_name(9),
        task: "fix",
        failover: false,
        spent: Arc::default(),
        enough: Arc::default(),
        due: due(),
    };
    call(&accounts, &chosen, entry, request(), sender, &Retries::with_jitter(|| 0.0)).await.unwrap();
    accounts.finish(run_name(9), 1, Fate::Kept);
    assert_eq!(row(&path, |row| row.kept > 0).kept, 1);
    std::fs::remove_dir_all(path.parent().unwrap()).unwrap();
}

#[tokio::test]
async fn paid_calls_fail_closed_and_free_ones_go_on() {
    let path = place("closed");
    std::fs::write(&path, "no ledger\n".repeat(1_000)).unwrap();
    let limits = Budget { per_month: dollars(1_000), ..unlimited() };
    for (at, budget, price, asked) in [
        (Place::Hosted, unlimited(), Some(DEAR), false),
        (Place::Hosted, limits.clone(), None, false),
        (Place::Hosted, Budget { unknown_price: Some(DEAR), ..limits.clone() }, None, false),
        (Place::Hosted, unlimited(), None, true),
        (Place::Embedded, limits.clone(), None, true),
        (Place::Local, limits, None, true),
    ] {
        let provider = Scripted::saying(["x"]);
        let outcome = ask_for(&accounts(&path, budget), &chosen(&provider, at, price)).await;
        assert_eq!((outcome.is_ok(), provider.requests().len()), (asked, usize::from(asked)), "{outcome:?}");
        if let Err(error) = outcome {
            assert!(error.message.contains("nothing was sent"), "{error}");
        }
    }
    // A free call may still be looking for its ledger.
    let _ = std::fs::remove_dir_all(path.parent().unwrap());
}

#[tokio::test]
async fn a_run_costs_ten_cents_at_most_unless_its_user_says_otherwise() {
    // Of the 20 tokens of an answer; prompts are free.
    let cents = |cents: u64| {
        let output = MicroUsd(cents * 10_000 * 1_000_000 / 20);
        Some(Price { input: MicroUsd(0), cached: MicroUsd(0), written: None, output })
    };
    for (at, price, fragment) in [
        (Place::Hosted, cents(10), None),
        (Place::Hosted, cents(11), Some("$0.10 for one run")),
        (Place::Hosted, None, Some("Set model.price or budget.unknown_price, or have its provider tell it")),
        (Place::Local, None, None),
        (Place::Embedded, None, None),
    ] {
        let path = place("ten-cents");
        let provider = Scripted::saying(["x"]);
        let outcome = ask_for(&accounts(&path, Budget::default()), &chosen(&provider, at, price)).await;
        let told = outcome.as_ref().err().map(|error| error.message.as_str());
        assert_eq!(told.is_some(), fragment.is_some(), "{outcome:?}");
        assert!(told.unwrap_or_default().contains(fragment.unwrap_or_default()), "{outcome:?}");
        assert_eq!(provider.requests().len(), usize::from(told.is_none()));
        let _ = std::fs::remove_dir_all(path.parent().unwrap());
    }
}
