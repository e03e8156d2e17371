//! Sums of what is spent, and the limits that they are held against.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rusqlite::{OptionalExtension as _, Transaction, params};

use super::calendar::Moment;
use super::{Budget, MicroUsd, Refused, Reserve};

/// The most that may be spent; `None` is no limit. Days and months are those of UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// By all calls of one run.
    pub per_run: Option<MicroUsd>,
    pub per_day: Option<MicroUsd>,
    pub per_month: Option<MicroUsd>,
    /// With the provider that is asked.
    pub provider_per_day: Option<MicroUsd>,
    pub provider_per_month: Option<MicroUsd>,
}

/// What is spent in this day and this month of UTC. What is reserved and not settled counts as spent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spent {
    pub day: MicroUsd,
    pub month: MicroUsd,
    /// How much of `month` is reserved: by calls that are running, or whose process died.
    pub open: MicroUsd,
    /// Each provider that was asked this month, by name.
    pub providers: Vec<ProviderSpent>,
}

/// What is spent with one provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderSpent {
    pub provider: String,
    pub day: MicroUsd,
    pub month: MicroUsd,
}

/// How far back a provider's charges say something of its next one: a month, and some days more.
const LATELY: Duration = Duration::from_secs(35 * 24 * 60 * 60);

impl Moment {
    /// How far ahead of the clock the ledger may be and still be believed. Longer than any month, so that within a month
    /// no clock that goes back frees anything; and a clock that once was years ahead does not stop us for years.
    const MAX_AHEAD: Duration = Duration::from_secs(32 * 24 * 60 * 60);

    /// The time that counts: now, or the latest time in the ledger where that is later, so that a clock that goes back
    /// brings back no budget of the past. If it is more than `MAX_AHEAD` later, now counts; what is written down at later
    /// times still does, since windows have a beginning and no end.
    pub(super) fn effective(self, tx: &Transaction) -> rusqlite::Result<Self> {
        let latest: Option<i64> =
            tx.query_row("SELECT max(at) FROM call", [], |row| row.get(0)).optional()?.flatten();
        let latest = latest.map_or(self, Self::from_millis);
        Ok(if latest.since(self) <= Self::MAX_AHEAD { latest.max(self) } else { self })
    }
}

/// The first limit that `wanted` would break.
pub(super) fn refusal(
    tx: &Transaction,
    wanted: &Reserve,
    limits: &Limits,
    moment: Moment,
) -> rusqlite::Result<Option<Refused>> {
    let run = run(tx, &wanted.run)?;
    let spent = spent(tx, moment)?;
    let provider = spent.providers.iter().find(|spent| spent.provider == wanted.provider);
    let (provider_day, provider_month) =
        provider.map_or((MicroUsd(0), MicroUsd(0)), |spent| (spent.day, spent.month));
    let name = || wanted.provider.clone();
    let (tomorrow, next_month) = (Some(moment.next_day()), Some(moment.next_month()));
    let checks = [
        (limits.per_run, run, Budget::Run, None),
        (limits.provider_per_day, provider_day, Budget::ProviderDay(name()), tomorrow),
        (limits.per_day, spent.day, Budget::Day, tomorrow),
        (limits.provider_per_month, provider_month, Budget::ProviderMonth(name()), next_month),
        (limits.per_month, spent.month, Budget::Month, next_month),
    ];
    Ok(checks.into_iter().find_map(|(limit, spent, which, rolls)| {
        let limit = limit?;
        let broken = spent.0.saturating_add(wanted.amount.0) > limit.0;
        broken.then(|| Refused::Budget { which, limit, spent, wanted: wanted.amount, rolls: rolls.map(time) })
    }))
}

/// Sums by provider, from the index alone. What was written down later than the month, by a clock that was ahead, counts.
pub(super) fn spent(tx: &Transaction, moment: Moment) -> rusqlite::Result<Spent> {
    let mut rows = tx.prepare(
        "SELECT provider, sum(charge), coalesce(sum(charge) FILTER (WHERE at >= ?2), 0),
                coalesce(sum(charge) FILTER (WHERE outcome IS NULL), 0)
         FROM call WHERE at >= ?1 GROUP BY provider ORDER BY provider",
    )?;
    let mut rows = rows.query(params![moment.month().millis(), moment.day().millis()])?;
    let mut spent = Spent::default();
    while let Some(row) = rows.next()? {
        let provider =
            ProviderSpent { provider: row.get(0)?, month: amount(row.get(1)?), day: amount(row.get(2)?) };
        spent.day.0 = spent.day.0.saturating_add(provider.day.0);
        spent.month.0 = spent.month.0.saturating_add(provider.month.0);
        spent.open.0 = spent.open.0.saturating_add(amount(row.get(3)?).0);
        spent.providers.push(provider);
    }
    Ok(spent)
}

/// See `Ledger::dearest`. Calls that are open are not known to cost what they hold.
pub(super) fn dearest(
    tx: &Transaction,
    provider: &str,
    model: &str,
    moment: Moment,
) -> rusqlite::Result<MicroUsd> {
    let (own, any): (Option<i64>, Option<i64>) = tx.query_row(
        "SELECT max(charge) FILTER (WHERE model = ?3), max(charge) FROM call
         WHERE at >= ?1 AND provider = ?2 AND charge > 0 AND outcome IS NOT NULL",
        params![moment.before(LATELY).millis(), provider, model],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    Ok(amount(own.or(any).unwrap_or_default()))
}

/// What a run has spent, on whatever day.
fn run(tx: &Transaction, name: &str) -> rusqlite::Result<MicroUsd> {
    let sum: Option<i64> = tx
        .query_row(
            "SELECT sum(charge) FROM call WHERE run = (SELECT id FROM run WHERE name = ?1)",
            [name],
            |row| row.get(0),
        )
        .optional()?
        .flatten();
    Ok(amount(sum.unwrap_or_default()))
}

/// Nothing in the file is below 0: its table has a check, and it is checked when it is opened.
fn amount(sum: i64) -> MicroUsd {
    MicroUsd(u64::try_from(sum).unwrap_or_default())
}

fn time(moment: Moment) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(u64::try_from(moment.millis()).unwrap_or_default())
}
