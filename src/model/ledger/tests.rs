//! One ledger and one hand: what is written down is found again. The rooms below have many hands, and accidents.

mod budgets;
mod damage;
mod kill;
mod usage;

use std::fs;
use std::time::UNIX_EPOCH;

use super::*;

const HOUR: u64 = 60 * 60;
/// 2026-11-25 12:00 UTC.
const NOON: u64 = 1_795_608_000;
const FOREVER: Duration = Duration::from_secs(60);

/// The ledger of this test, in a directory that is not there yet.
fn place(name: &str) -> PathBuf {
    let directory = std::env::temp_dir().join(format!("redraft-ledger-{name}-{}", std::process::id()));
    let _ = fs::remove_dir_all(&directory);
    directory.join("state/ledger.sqlite")
}

fn tidy(path: &Path) {
    let _ = fs::remove_dir_all(path.parent().and_then(Path::parent).unwrap());
}

fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

fn noon() -> SystemTime {
    at(NOON)
}

fn open(path: &Path) -> Ledger {
    Ledger::open_with(path, noon(), FOREVER).unwrap()
}

fn call(run: &str, provider: &str, amount: u64) -> Reserve {
    Reserve {
        run: run.to_owned(),
        provider: provider.to_owned(),
        model: "m".to_owned(),
        task: "generate".to_owned(),
        amount: MicroUsd(amount),
        local: false,
    }
}

fn settled(spent: u64) -> Settled {
    Settled {
        spent: MicroUsd(spent),
        prompt: Tokens(10),
        cached: Tokens(4),
        completion: Tokens(100),
        outcome: Outcome::Ok,
        first_token: Some(Duration::from_millis(500)),
        whole: Duration::from_millis(2_500),
        retries: 0,
        failover: false,
    }
}

fn month(ledger: &Ledger) -> u64 {
    ledger.spent(noon()).unwrap().month.0
}

const NONE: Limits = Limits {
    per_run: None,
    per_day: None,
    per_month: None,
    provider_per_day: None,
    provider_per_month: None,
};

#[test]
fn what_is_reserved_counts_and_what_is_settled_counts_instead() {
    let path = place("counts");
    let ledger = open(&path);
    let ids: Vec<_> = [("a", 100), ("b", 200), ("a", 300)]
        .map(|(provider, amount)| ledger.reserve(&call("r", provider, amount), &NONE, noon()).unwrap())
        .into();
    let sums = |ledger: &Ledger, time| {
        let spent = ledger.spent(time).unwrap();
        let providers: Vec<_> =
            spent.providers.into_iter().map(|one| (one.provider, one.day.0, one.month.0)).collect();
        (spent.day.0, spent.month.0, spent.open.0, providers)
    };
    let both = |a: u64, b: u64| vec![("a".to_owned(), a, a), ("b".to_owned(), b, b)];
    assert_eq!(sums(&ledger, noon()), (600, 600, 600, both(400, 200)));
    ledger.settle(ids[0], &settled(40)).unwrap();
    assert_eq!(sums(&ledger, noon()), (540, 540, 500, both(340, 200)));
    ledger.release(ids[1]).unwrap();
    assert_eq!(sums(&ledger, noon()), (340, 340, 300, both(340, 0)));
    ledger.settle(ids[2], &settled(333)).unwrap();
    assert_eq!(sums(&ledger, noon()), (373, 373, 0, both(373, 0)), "more than reserved, as it was");
    // Another process, the next day, the next month.
    let ledger = open(&path);
    assert_eq!(sums(&ledger, noon()), (373, 373, 0, both(373, 0)));
    let tomorrow = at(NOON + 12 * HOUR);
    assert_eq!(sums(&ledger, tomorrow).0, 0);
    assert_eq!(sums(&ledger, tomorrow).1, 373);
    assert_eq!(sums(&ledger, at(NOON + 5 * 24 * HOUR + 12 * HOUR)), (0, 0, 0, vec![]), "December");
    tidy(&path);
}

#[test]
fn a_call_that_is_closed_twice_never_costs_less() {
    let path = place("twice");
    let ledger = open(&path);
    let reserve = || ledger.reserve(&call("r", "p", 100), &NONE, noon()).unwrap();
    let (lower, higher, released, late) = (reserve(), reserve(), reserve(), reserve());
    ledger.settle(lower, &settled(50)).unwrap();
    ledger.settle(lower, &settled(20)).unwrap();
    ledger.settle(higher, &settled(50)).unwrap();
    ledger.settle(higher, &settled(70)).unwrap();
    ledger.settle(released, &settled(50)).unwrap();
    ledger.release(released).unwrap();
    ledger.release(late).unwrap();
    ledger.settle(late, &settled(50)).unwrap();
    assert_eq!(month(&ledger), 50 + 70 + 50 + 50);
    for closed in [ledger.settle(ReservationId(99), &settled(1)), ledger.release(ReservationId(99))] {
        assert_eq!(closed, Err(LedgerError::Unknown { path: path.clone(), id: 99 }));
    }
    tidy(&path);
}

#[test]
fn amounts_beyond_all_reason_stay_beyond_every_limit() {
    let path = place("huge");
    let ledger = open(&path);
    let limits = Limits { per_day: Some(MicroUsd(1_000_000)), ..NONE };
    for _ in 0..3 {
        let id = ledger.reserve(&call("r", "p", u64::MAX), &NONE, noon()).unwrap();
        ledger.settle(id, &settled(u64::MAX)).unwrap();
        assert!(ledger.reserve(&call("s", "p", 1), &limits, noon()).is_err());
        assert!(ledger.reserve(&call("s", "p", u64::MAX), &limits, noon()).is_err());
    }
    tidy(&path);
}

#[test]
fn one_of_many_has_a_claim() {
    let path = place("claims");
    let now = SystemTime::now();
    let hold = Duration::from_secs(60);
    drop(open(&path));
    let claimed: Vec<bool> = std::thread::scope(|scope| {
        // Each with a handle of its own, as processes have.
        let claim = || open(&path).claim_state("probe/a", hold, now).unwrap();
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(claim)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(claimed.iter().filter(|claimed| **claimed).count(), 1);
    let ledger = open(&path);
    for (key, after, expected) in [
        ("probe/a", Duration::from_secs(59), false),
        ("probe/b", Duration::from_secs(59), true),
        ("probe/a", Duration::from_secs(60), true),
        ("probe/a", Duration::from_secs(61), false),
    ] {
        assert_eq!(ledger.claim_state(key, hold, now + after).unwrap(), expected, "{key} {after:?}");
    }
    assert!(ledger.claim_state("probe/a", hold, now).unwrap(), "the clock was set back");
    tidy(&path);
}

#[test]
fn state_is_kept_by_key() {
    let path = place("state");
    let ledger = open(&path);
    for (key, value) in
        [("breaker/b", "1"), ("breaker/a", "2"), ("breaker", "3"), ("breaker/b", "é\n"), ("x%_", "")]
    {
        ledger.keep_state(key, value).unwrap();
    }
    drop(ledger);
    let ledger = open(&path);
    let pairs = |pairs: &[(&str, &str)]| -> Vec<_> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    };
    let both = pairs(&[("breaker/a", "2"), ("breaker/b", "é\n")]);
    assert_eq!(ledger.state("breaker/").unwrap(), both);
    assert_eq!(ledger.state("").unwrap().len(), 4);
    assert_eq!(ledger.state("x%").unwrap(), pairs(&[("x%_", "")]));
    assert_eq!(ledger.state("%").unwrap(), []);
    tidy(&path);
}

#[test]
fn what_is_older_than_a_year_and_some_goes() {
    const DAY: u64 = 24 * HOUR;
    let path = place("old");
    let ledger = open(&path);
    for days in [500, 401, 399, 100, 0] {
        ledger.reserve(&call(&format!("r{days}"), "p", 1), &NONE, at(NOON - days * DAY)).unwrap();
    }
    // One run with an old and a young call: it stays, with the young one.
    ledger.keep_state("k", "v").unwrap();
    drop(ledger);
    let names = |now| {
        let ledger = Ledger::open_with(&path, now, FOREVER).unwrap();
        let connection = ledger.lock();
        let mut rows = connection.prepare("SELECT name FROM run ORDER BY id").unwrap();
        let names: Vec<String> = rows.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
        let calls: i64 = connection.query_row("SELECT count(*) FROM call", [], |row| row.get(0)).unwrap();
        assert_eq!(calls, i64::try_from(names.len()).unwrap());
        names
    };
    let all = ["r500", "r401", "r399", "r100", "r0"];
    assert_eq!(names(at(NOON - 300 * DAY)), all, "the clock went back");
    assert_eq!(names(noon()), all[2..]);
    assert_eq!(names(at(NOON + 9_000 * DAY)), all[2..], "a clock that is far ahead removes nothing more");
    assert_eq!(open(&path).state("").unwrap().len(), 1);
    tidy(&path);
}

#[cfg(unix)]
#[test]
fn its_files_are_the_users_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let path = place("modes");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    for _ in 0..2 {
        let ledger = open(&path);
        ledger.reserve(&call("r", "p", 1), &NONE, noon()).unwrap();
        let directory = path.parent().unwrap();
        assert_eq!(mode(directory), 0o700);
        let files: Vec<_> = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert_eq!(files.len(), 3, "the database, its log and its index: {files:?}");
        assert!(files.iter().all(|file| mode(file) == 0o600), "{files:?}");
        drop(ledger);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    }
    tidy(&path);
}

#[test]
fn commits_are_on_the_disk_when_they_return() {
    let path = place("pragmas");
    let ledger = open(&path);
    let connection = ledger.lock();
    for (pragma, expect) in
        [("journal_mode", "wal"), ("synchronous", "2"), ("foreign_keys", "1"), ("user_version", "2")]
    {
        let value = connection
            .query_row(&format!("SELECT CAST({pragma} AS TEXT) FROM pragma_{pragma}"), [], |row| {
                row.get::<_, String>(0)
            })
            .unwrap();
        assert_eq!(value, expect, "{pragma}");
    }
    drop(connection);
    drop(ledger);
    tidy(&path);
}

/// A ledger that an older Redraft made is brought to this form, with all that is in it.
#[test]
fn an_older_ledger_goes_on() {
    let path = place("older");
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let made = format!("PRAGMA application_id = {}; PRAGMA user_version = 1;", open::APPLICATION);
    let row = "INSERT INTO run (name) VALUES ('r'); INSERT INTO call (run, provider, model, task, local, at, charge, outcome)
               VALUES (1, 'p', 'm', 't', 0, 0, 9, 0), (1, 'p', 'm', 't', 0, 0, 0, 0);";
    let sql = [include_str!("schema.sql"), made.as_str(), row].concat();
    rusqlite::Connection::open(&path).unwrap().execute_batch(&sql).unwrap();
    let ledger = open(&path);
    let plan: String = ledger
        .lock()
        .query_row(
            "EXPLAIN QUERY PLAN SELECT max(charge) FROM call
             WHERE at >= 0 AND provider = 'p' AND charge > 0 AND outcome IS NOT NULL",
            [],
            |row| row.get("detail"),
        )
        .unwrap();
    assert!(plan.contains("COVERING INDEX call_paid"), "{plan}");
    assert_eq!(ledger.dearest("p", "m", SystemTime::UNIX_EPOCH).unwrap(), MicroUsd(9));
    drop(ledger);
    drop(open(&path));
    tidy(&path);
}

#[test]
fn a_ledger_can_be_shared_by_threads() {
    fn check<T: Send + Sync>() {}
    check::<Ledger>();
}
