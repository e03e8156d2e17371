//! Limits: for one hand, for eight at once, for a clock that goes back, and against a model of it all.

use std::sync::Barrier;

use proptest::prelude::*;

use super::*;

const DAY: u64 = 24 * HOUR;

#[test]
fn each_limit_is_held_and_the_sentence_says_which() {
    let usd = |amount| Some(MicroUsd(amount));
    let path = place("limits");
    let ledger = open(&path);
    // Yesterday 1.00 with p, today 2.00 with p in run r, and 0.50 with q.
    for (run, provider, amount, time) in
        [("old", "p", 1_000_000, NOON - DAY), ("r", "p", 2_000_000, NOON), ("s", "q", 500_000, NOON)]
    {
        ledger.reserve(&call(run, provider, amount), &NONE, at(time)).unwrap();
    }
    let day = Some(at(NOON + 12 * HOUR));
    let month = Some(at(NOON + 5 * DAY + 12 * HOUR));
    for (limits, which, spent, rolls) in [
        (Limits { per_run: usd(2_300_000), ..NONE }, Budget::Run, 2_000_000, None),
        (Limits { per_day: usd(2_800_000), ..NONE }, Budget::Day, 2_500_000, day),
        (Limits { per_month: usd(3_800_000), ..NONE }, Budget::Month, 3_500_000, month),
        (
            Limits { provider_per_day: usd(2_300_000), ..NONE },
            Budget::ProviderDay("p".into()),
            2_000_000,
            day,
        ),
        (
            Limits { provider_per_month: usd(3_300_000), ..NONE },
            Budget::ProviderMonth("p".into()),
            3_000_000,
            month,
        ),
    ] {
        let limit = [
            limits.per_run,
            limits.per_day,
            limits.per_month,
            limits.provider_per_day,
            limits.provider_per_month,
        ]
        .into_iter()
        .flatten()
        .next()
        .unwrap();
        let wanted = MicroUsd(300_001);
        let refused = ledger.reserve(&call("r", "p", wanted.0), &limits, noon()).unwrap_err();
        assert_eq!(refused, Refused::Budget { which, limit, spent: MicroUsd(spent), wanted, rolls });
        let told = refused.to_string();
        for part in ["can cost $0.300001", &dollars(limit), &dollars(MicroUsd(spent))] {
            assert!(told.contains(part), "{told}");
        }
        assert_eq!(told.contains("begins anew at 2026-1"), rolls.is_some(), "{told}");
        // To the last millionth, and what costs nothing whatever is left.
        let id = ledger.reserve(&call("r", "p", 300_000), &limits, noon()).unwrap();
        assert!(ledger.reserve(&call("r", "p", 1), &limits, noon()).is_err());
        ledger.reserve(&call("r", "p", 0), &limits, noon()).unwrap();
        ledger.release(id).unwrap();
    }
    assert_eq!(super::month(&ledger), 3_500_000, "what was refused left nothing");
    tidy(&path);
}

#[test]
fn dollars_are_told_as_a_person_reads_them() {
    for (amount, expect) in [
        (0, "$0.00"),
        (1, "$0.000001"),
        (300, "$0.0003"),
        (10_000, "$0.01"),
        (120_000, "$0.12"),
        (1_500_000, "$1.50"),
        (12_345_678, "$12.345678"),
        (u64::MAX, "$18446744073709.551615"),
    ] {
        assert_eq!(dollars(MicroUsd(amount)), expect);
    }
}

#[test]
fn eight_at_once_are_admitted_to_exactly_what_can_be_paid() {
    const EACH: u64 = 1_000;
    const TRIES: usize = 3;
    let usd = |amount| Some(MicroUsd(amount));
    for (limits, expect) in [
        (Limits { per_day: usd(EACH), ..NONE }, 1),
        (Limits { per_day: usd(EACH - 1), ..NONE }, 0),
        (Limits { per_month: usd(7 * EACH + EACH / 2), ..NONE }, 7),
        (Limits { per_run: usd(5 * EACH), per_day: usd(20 * EACH), ..NONE }, 5),
        (Limits { provider_per_day: usd(13 * EACH), provider_per_month: usd(12 * EACH), ..NONE }, 12),
        (Limits { per_day: usd(23 * EACH), ..NONE }, 23),
        (Limits { per_day: usd(24 * EACH), ..NONE }, 24),
        (NONE, 24),
    ] {
        let path = place("eight");
        let start = Barrier::new(8);
        // Each has a handle of its own, as two editors have; the file is made by whoever comes first.
        let admitted: usize = std::thread::scope(|scope| {
            let each = || {
                start.wait();
                let ledger = open(&path);
                let tries = (0..TRIES).map(|_| ledger.reserve(&call("r", "p", EACH), &limits, noon()));
                tries
                    .filter(|done| match done {
                        Ok(_) => true,
                        Err(Refused::Budget { .. }) => false,
                        Err(Refused::Ledger(error)) => panic!("{error}"),
                    })
                    .count()
            };
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(each)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(admitted, expect, "{limits:?}");
        assert_eq!(month(&open(&path)), EACH * expect as u64);
        tidy(&path);
    }
}

#[test]
fn a_clock_that_goes_back_frees_nothing() {
    let path = place("clock");
    let ledger = open(&path);
    let limits = Limits { per_day: Some(MicroUsd(100)), per_month: Some(MicroUsd(150)), ..NONE };
    let reserve = |time| ledger.reserve(&call("r", "p", 60), &limits, at(time)).map(|_| ());
    let december = NOON + 6 * DAY;
    reserve(NOON).unwrap();
    for back in [NOON - HOUR, NOON - DAY, NOON - 26 * DAY, NOON - 40 * DAY, 0] {
        let Err(Refused::Budget { which: Budget::Day, spent: MicroUsd(60), .. }) = reserve(back) else {
            panic!("{back}")
        };
        assert!(ledger.spent(at(back)).unwrap().day >= MicroUsd(60));
    }
    reserve(NOON + DAY).unwrap();
    // Back to the day before: what was spent on either day counts for the month, and the later day is still today.
    assert!(reserve(NOON).is_err());
    assert_eq!(ledger.spent(noon()).unwrap().month, MicroUsd(120));
    reserve(december).unwrap();
    assert!(reserve(NOON + DAY).is_err());
    // Once the clock was years ahead: what was spent then counts, and the days go on.
    let ahead = december + 4_000 * DAY;
    reserve(ahead).unwrap();
    assert_eq!(ledger.spent(at(december + DAY)).unwrap().day, MicroUsd(60));
    let none = Limits { per_day: Some(MicroUsd(140)), ..NONE };
    for days in [1, 2, 3] {
        let time = at(december + days * DAY);
        ledger.reserve(&call("r", "p", 60), &none, time).unwrap();
        assert!(ledger.reserve(&call("r", "p", 60), &none, time).is_err());
    }
    tidy(&path);
}

/// What the property does, one after the other.
#[derive(Clone, Debug)]
enum Step {
    Reserve {
        run: u8,
        provider: u8,
        amount: u64,
    },
    Settle {
        which: usize,
        spent: u64,
    },
    Release {
        which: usize,
    },
    /// The clock moves, forth or back, by hours.
    Clock(i64),
    Reopen,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => (0..3u8, 0..2u8, 0..400u64)
            .prop_map(|(run, provider, amount)| Step::Reserve { run, provider, amount }),
        3 => (0..30usize, 0..500u64).prop_map(|(which, spent)| Step::Settle { which, spent }),
        1 => (0..30usize).prop_map(|which| Step::Release { which }),
        2 => (-30..60i64).prop_map(Step::Clock),
        1 => (-1_600..1_600i64).prop_map(Step::Clock),
        1 => Just(Step::Reopen),
    ];
    prop::collection::vec(step, 1..60)
}

/// A ledger as it would be on paper: a list, and sums over it.
#[derive(Default)]
struct Paper {
    lines: Vec<Line>,
    now: u64,
}

struct Line {
    id: ReservationId,
    at: u64,
    run: u8,
    provider: u8,
    charge: u64,
    open: bool,
}

impl Paper {
    fn effective(&self) -> u64 {
        let latest = self.lines.iter().map(|line| line.at).max().unwrap_or_default();
        if latest > self.now && latest - self.now <= 32 * DAY { latest } else { self.now }
    }

    fn sum(&self, keep: impl Fn(&Line) -> bool) -> u64 {
        self.lines.iter().filter(|line| keep(line)).map(|line| line.charge).sum()
    }

    /// In this day and in this month.
    fn sums(&self, keep: impl Fn(&Line) -> bool) -> (u64, u64) {
        let moment = Moment::of(at(self.effective()));
        let from = |start: Moment| {
            let start = u64::try_from(start.millis() / 1_000).unwrap();
            self.sum(|line| line.at >= start && keep(line))
        };
        (from(moment.day()), from(moment.month()))
    }

    fn admits(&self, run: u8, provider: u8, amount: u64, limits: &Limits) -> bool {
        let all = self.sums(|_| true);
        let own = self.sums(|line| line.provider == provider);
        let fits = |limit: Option<MicroUsd>, spent: u64| limit.is_none_or(|limit| spent + amount <= limit.0);
        amount == 0
            || fits(limits.per_run, self.sum(|line| line.run == run))
                && fits(limits.per_day, all.0)
                && fits(limits.per_month, all.1)
                && fits(limits.provider_per_day, own.0)
                && fits(limits.provider_per_month, own.1)
    }
}

fn limits() -> impl Strategy<Value = Limits> {
    let limit = |most: u64| prop::option::weighted(0.6, (0..most).prop_map(MicroUsd));
    (limit(2_000), limit(1_500), limit(3_000), limit(1_200), limit(2_500)).prop_map(
        |(per_run, per_day, per_month, provider_per_day, provider_per_month)| Limits {
            per_run,
            per_day,
            per_month,
            provider_per_day,
            provider_per_month,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn it_is_what_would_be_on_paper(steps in steps(), limits in limits()) {
        let path = place("paper");
        // What is tested here is sums, so nothing waits for the disk.
        let quick = || {
            let ledger = open(&path);
            ledger.lock().pragma_update(None, "synchronous", "OFF").unwrap();
            ledger
        };
        let mut ledger = quick();
        let mut paper = Paper { now: NOON, ..Paper::default() };
        for step in steps {
            match step {
                Step::Reserve { run, provider, amount } => {
                    let wanted = call(&run.to_string(), &provider.to_string(), amount);
                    let admitted = ledger.reserve(&wanted, &limits, at(paper.now));
                    prop_assert_eq!(admitted.is_ok(), paper.admits(run, provider, amount, &limits), "{:?}", admitted);
                    if let Ok(id) = admitted {
                        let at = paper.effective();
                        paper.lines.push(Line { id, at, run, provider, charge: amount, open: true });
                    }
                }
                Step::Settle { which, spent } => {
                    let Some(line) = paper.lines.get_mut(which) else { continue };
                    ledger.settle(line.id, &settled(spent)).unwrap();
                    line.charge = if line.open { spent } else { line.charge.max(spent) };
                    line.open = false;
                }
                Step::Release { which } => {
                    let Some(line) = paper.lines.get_mut(which) else { continue };
                    ledger.release(line.id).unwrap();
                    line.charge = if line.open { 0 } else { line.charge };
                    line.open = false;
                }
                Step::Clock(hours) => paper.now = paper.now.saturating_add_signed(hours * 3_600),
                Step::Reopen => {
                    drop(ledger);
                    ledger = quick();
                }
            }
            let spent = ledger.spent(at(paper.now)).unwrap();
            prop_assert_eq!((spent.day.0, spent.month.0), paper.sums(|_| true));
            prop_assert_eq!(spent.open.0, paper.sums(|line| line.open).1);
            for provider in 0..2u8 {
                let found = spent.providers.iter().find(|one| one.provider == provider.to_string());
                let found = found.map_or((0, 0), |one| (one.day.0, one.month.0));
                prop_assert_eq!(found, paper.sums(|line| line.provider == provider));
            }
        }
        drop(ledger);
        tidy(&path);
    }
}

#[test]
fn what_the_dearest_call_cost_is_known() {
    let path = place("dearest");
    let ledger = open(&path);
    let dearest = |provider: &str, model: &str| ledger.dearest(provider, model, noon()).unwrap().0;
    assert_eq!(dearest("p", "m"), 0);
    for (provider, model, spent) in
        [("p", "m", 3), ("p", "m", 9), ("p", "m", 0), ("p", "n", 20), ("q", "m", 50)]
    {
        let reserve = Reserve { model: model.to_owned(), ..call("r", provider, 0) };
        let call = Recorded { reserve, settled: settled(spent), at: noon() };
        ledger.record(&[call]).unwrap();
    }
    // What is open is not known to cost that.
    ledger.reserve(&call("r", "p", 1_000), &NONE, noon()).unwrap();
    assert_eq!((dearest("p", "m"), dearest("p", "n"), dearest("q", "m")), (9, 20, 50));
    assert_eq!(dearest("p", "other"), 20, "of its provider's");
    assert_eq!(dearest("none", "m"), 0);
    let later = at(NOON + 36 * 24 * HOUR);
    assert_eq!(ledger.dearest("p", "m", later).unwrap().0, 0, "that was long ago");
    drop(ledger);
    tidy(&path);
}
