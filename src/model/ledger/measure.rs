//! Latency and pace of answers: percentiles, and how fast a model has been of late on this machine.

use std::time::Duration;

use rusqlite::{Transaction, params};

use super::Tokens;
use super::calendar::Moment;

/// How many answers say how fast a model is: enough for a p95, few enough to follow a change.
pub const MEASURED_CALLS: u32 = 50;
/// What is older says nothing about today's model or network.
pub const MEASURED_AGE: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// Answers shorter than this, in tokens or time, come in one piece: their pace would be the network's.
const MIN_PACE_TOKENS: u32 = 16;
const MIN_PACE_TIME: Duration = Duration::from_millis(50);

/// How fast a model answered, by its last good answers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measured {
    pub first_token_p50: Option<Duration>,
    pub first_token_p95: Option<Duration>,
    /// Of the whole answer after its first token; of answers long enough to tell.
    pub tokens_per_second_p50: Option<f64>,
    /// How many answers this is from; never 0.
    pub calls: u32,
}

pub(super) fn measured(
    tx: &Transaction,
    model: &str,
    provider: &str,
    now: Moment,
) -> rusqlite::Result<Option<Measured>> {
    let mut rows = tx.prepare(
        "SELECT first_token, whole, completion FROM call
         WHERE provider = ?1 AND model = ?2 AND outcome = 0 AND at >= ?3 ORDER BY id DESC LIMIT ?4",
    )?;
    let since = now.before(MEASURED_AGE).millis();
    let mut rows = rows.query(params![provider, model, since, MEASURED_CALLS])?;
    let mut times = Times::default();
    while let Some(row) = rows.next()? {
        times.add(row.get::<_, Option<i64>>(0)?.map(duration), duration(row.get(1)?), Tokens(row.get(2)?));
    }
    let calls = u32::try_from(times.whole.len()).unwrap_or(u32::MAX);
    Ok((calls > 0).then(|| Measured {
        first_token_p50: percentile(&mut times.first_token, 50),
        first_token_p95: percentile(&mut times.first_token, 95),
        tokens_per_second_p50: times.pace_p50(),
        calls,
    }))
}

/// The times of some answers.
#[derive(Clone, Debug, Default)]
pub(super) struct Times {
    pub(super) first_token: Vec<Duration>,
    pub(super) whole: Vec<Duration>,
    /// Thousandths of tokens for each second: whole numbers have an order.
    pace: Vec<u64>,
}

impl Times {
    pub(super) fn add(&mut self, first_token: Option<Duration>, whole: Duration, completion: Tokens) {
        self.whole.push(whole);
        let Some(first_token) = first_token else { return };
        self.first_token.push(first_token);
        let writing = whole.saturating_sub(first_token);
        if completion.0 >= MIN_PACE_TOKENS && writing >= MIN_PACE_TIME {
            let pace = u128::from(completion.0) * 1_000_000_000 / writing.as_micros().max(1);
            self.pace.push(u64::try_from(pace).unwrap_or(u64::MAX));
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "a pace is shown with one digit behind the point")]
    pub(super) fn pace_p50(&mut self) -> Option<f64> {
        percentile(&mut self.pace, 50).map(|pace| pace as f64 / 1_000.0)
    }
}

/// The nearest rank: the smallest value that `percent` of all are not above. It is one of the values.
pub(super) fn percentile<T: Ord + Copy>(values: &mut [T], percent: usize) -> Option<T> {
    values.sort_unstable();
    let rank = (values.len() * percent).div_ceil(100).max(1);
    values.get(rank - 1).copied()
}

/// Microseconds as they are in the file; what is below 0 there is no time.
pub(super) fn duration(micros: i64) -> Duration {
    Duration::from_micros(u64::try_from(micros).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_nearest_ranks() {
        for (count, p50, p95) in
            [(0, None, None), (1, Some(1), Some(1)), (2, Some(1), Some(2)), (3, Some(2), Some(3))]
                .into_iter()
                .chain([(4, Some(2), Some(4)), (20, Some(10), Some(19)), (100, Some(50), Some(95))])
        {
            let mut values: Vec<u32> = (1..=count).rev().collect();
            assert_eq!((percentile(&mut values, 50), percentile(&mut values, 95)), (p50, p95), "{count}");
        }
    }

    #[test]
    fn only_what_is_long_enough_has_a_pace() {
        let ms = Duration::from_millis;
        for (first, whole, tokens, pace) in [
            (Some(ms(500)), ms(2_500), 100, Some(50.0)),
            (Some(ms(0)), ms(3_000), 100, Some(33.333)),
            (Some(ms(500)), ms(2_500), 15, None),
            (Some(ms(500)), ms(549), 100, None),
            (Some(ms(500)), ms(400), 100, None),
            (None, ms(2_500), 100, None),
            (Some(ms(0)), Duration::MAX, u32::MAX, Some(0.0)),
        ] {
            let mut times = Times::default();
            times.add(first, whole, Tokens(tokens));
            assert_eq!(times.pace_p50(), pace, "{first:?} {whole:?} {tokens}");
        }
    }
}
