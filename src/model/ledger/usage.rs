//! What was asked, how it went and what it cost: the figures of `redraft usage`. Percentiles are made here, from the
//! calls themselves, since SQL has none.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use rusqlite::{Row, Transaction, params};

use super::calendar::Moment;
use super::measure::{Times, duration, percentile};
use super::{Fate, MicroUsd, Outcome, Tokens, UNSENT, code_of_fate, code_of_outcome};

/// By what calls are brought together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// "provider/model".
    Model,
    Task,
    /// "2026-11-25", of UTC.
    Day,
}

/// The figures of one model, task or day. Latencies and pace are those of calls that succeeded.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct UsageRow {
    pub name: String,
    /// Whether all of it was asked of models on this machine.
    pub local: bool,
    /// Runs that called here at least once; one with two models is in both rows.
    pub runs: u32,
    pub calls: u32,
    pub ok: u32,
    pub failed: u32,
    pub cancelled: u32,
    /// Calls that are running, or whose process died; their reservation is in `cost`.
    pub open: u32,
    pub first_token_p50: Option<Duration>,
    pub first_token_p95: Option<Duration>,
    pub whole_p50: Option<Duration>,
    pub whole_p95: Option<Duration>,
    pub tokens_per_second_p50: Option<f64>,
    pub prompt: u64,
    pub cached: u64,
    pub completion: u64,
    pub cost: MicroUsd,
    pub retries: u64,
    pub failovers: u32,
    /// Rounds of refinement. These, and what became of runs, are told once for each run: with the last of its calls that
    /// succeeded, whose text it was, or else with its last one.
    pub rounds: u64,
    pub kept: u32,
    pub reverted: u32,
    pub edited: u32,
}

pub(super) fn usage(tx: &Transaction, since: Moment, by: By) -> rusqlite::Result<Vec<UsageRow>> {
    let mut rows = tx.prepare(
        "SELECT call.run, provider, model, task, local, at, charge, outcome, prompt, cached, completion,
                first_token, whole, retries, failover, rounds, fate
         FROM call JOIN run ON run.id = call.run
         WHERE at >= ?1 AND outcome IS NOT ?2 ORDER BY call.id",
    )?;
    let mut rows = rows.query(params![since.millis(), UNSENT])?;
    let mut groups: BTreeMap<String, Group> = BTreeMap::new();
    let mut ends: HashMap<i64, End> = HashMap::new();
    while let Some(row) = rows.next()? {
        let call = Call::of(row)?;
        let name = call.group(by);
        let end = ends.entry(call.run).or_insert_with(|| End::of(&call, &name));
        if call.is(Outcome::Ok) || !end.ok {
            *end = End::of(&call, &name);
        }
        groups.entry(name).or_default().add(&call);
    }
    for end in ends.into_values() {
        if let Some(group) = groups.get_mut(&end.name) {
            group.end(&end);
        }
    }
    Ok(groups.into_iter().map(|(name, group)| group.row(name)).collect())
}

/// A call as it is in the file.
struct Call {
    run: i64,
    provider: String,
    model: String,
    task: String,
    local: bool,
    at: Moment,
    charge: i64,
    outcome: Option<u8>,
    prompt: Tokens,
    cached: Tokens,
    completion: Tokens,
    first_token: Option<Duration>,
    whole: Duration,
    retries: u32,
    failover: bool,
    rounds: u32,
    fate: u8,
}

impl Call {
    fn of(row: &Row) -> rusqlite::Result<Self> {
        Ok(Self {
            run: row.get(0)?,
            provider: row.get(1)?,
            model: row.get(2)?,
            task: row.get(3)?,
            local: row.get(4)?,
            at: Moment::from_millis(row.get(5)?),
            charge: row.get(6)?,
            outcome: row.get(7)?,
            prompt: Tokens(row.get(8)?),
            cached: Tokens(row.get(9)?),
            completion: Tokens(row.get(10)?),
            first_token: row.get::<_, Option<i64>>(11)?.map(duration),
            whole: duration(row.get(12)?),
            retries: row.get(13)?,
            failover: row.get(14)?,
            rounds: row.get(15)?,
            fate: row.get(16)?,
        })
    }

    fn group(&self, by: By) -> String {
        match by {
            By::Model => format!("{}/{}", self.provider, self.model),
            By::Task => self.task.clone(),
            By::Day => self.at.day_name(),
        }
    }

    fn is(&self, outcome: Outcome) -> bool {
        self.outcome == Some(code_of_outcome(outcome))
    }
}

/// How a run ended, and the group that it is told with.
struct End {
    name: String,
    ok: bool,
    rounds: u32,
    fate: u8,
}

impl End {
    fn of(call: &Call, name: &str) -> Self {
        Self { name: name.to_owned(), ok: call.is(Outcome::Ok), rounds: call.rounds, fate: call.fate }
    }
}

#[derive(Default)]
struct Group {
    row: UsageRow,
    runs: HashSet<i64>,
    hosted: bool,
    times: Times,
}

impl Group {
    fn add(&mut self, call: &Call) {
        self.runs.insert(call.run);
        self.hosted |= !call.local;
        let row = &mut self.row;
        row.calls += 1;
        row.open += u32::from(call.outcome.is_none());
        row.ok += u32::from(call.is(Outcome::Ok));
        row.failed += u32::from(call.is(Outcome::Failed));
        row.cancelled += u32::from(call.is(Outcome::Cancelled));
        row.prompt += u64::from(call.prompt.0);
        row.cached += u64::from(call.cached.0);
        row.completion += u64::from(call.completion.0);
        row.cost.0 = row.cost.0.saturating_add(u64::try_from(call.charge).unwrap_or_default());
        row.retries += u64::from(call.retries);
        row.failovers += u32::from(call.failover);
        if call.is(Outcome::Ok) {
            self.times.add(call.first_token, call.whole, call.completion);
        }
    }

    fn end(&mut self, end: &End) {
        let is = |fate| u32::from(end.fate == code_of_fate(fate));
        self.row.rounds += u64::from(end.rounds);
        self.row.kept += is(Fate::Kept);
        self.row.reverted += is(Fate::Reverted);
        self.row.edited += is(Fate::Edited);
    }

    fn row(mut self, name: String) -> UsageRow {
        UsageRow {
            name,
            local: !self.hosted,
            runs: u32::try_from(self.runs.len()).unwrap_or(u32::MAX),
            first_token_p50: percentile(&mut self.times.first_token, 50),
            first_token_p95: percentile(&mut self.times.first_token, 95),
            whole_p50: percentile(&mut self.times.whole, 50),
            whole_p95: percentile(&mut self.times.whole, 95),
            tokens_per_second_p50: self.times.pace_p50(),
            ..self.row
        }
    }
}
