//! The figures of the ledger as JSON, for the command line and for editors alike. `docs/cli.md` describes it.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Spent, UsageRow};

/// One object: `version`, `rows`, `spent_micro_usd`. Times are milliseconds.
#[must_use]
pub fn report(rows: &[UsageRow], spent: &Spent) -> Value {
    let ms = |time: Option<Duration>| time.map(|time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX));
    let rows: Vec<Value> = rows
        .iter()
        .map(|row| {
            json!({
                "name": row.name,
                "local": row.local,
                "runs": row.runs,
                "calls": row.calls,
                "ok": row.ok,
                "failed": row.failed,
                "cancelled": row.cancelled,
                "open": row.open,
                "first_token_ms": { "p50": ms(row.first_token_p50), "p95": ms(row.first_token_p95) },
                "total_ms": { "p50": ms(row.whole_p50), "p95": ms(row.whole_p95) },
                "tokens_per_second": row.tokens_per_second_p50,
                "tokens": { "prompt": row.prompt, "cached": row.cached, "completion": row.completion },
                "cost_micro_usd": row.cost.0,
                "retries": row.retries,
                "failovers": row.failovers,
                "rounds": row.rounds,
                "kept": row.kept,
                "reverted": row.reverted,
                "edited": row.edited,
            })
        })
        .collect();
    json!({
        "version": 1,
        "rows": rows,
        "spent_micro_usd": { "today": spent.day.0, "month": spent.month.0, "reserved": spent.open.0 },
    })
}

/// Reads how far back: `7d`, `12h`, `30m`.
///
/// # Errors
/// What it takes, in words for the user.
pub fn since(text: &str) -> Result<Duration, String> {
    let units = [('d', 24 * 60 * 60), ('h', 60 * 60), ('m', 60)];
    let found = units.into_iter().find_map(|(unit, seconds)| {
        let number: u64 = text.strip_suffix(unit)?.parse().ok()?;
        number.checked_mul(seconds).map(Duration::from_secs)
    });
    found.ok_or_else(|| "this is a number of days, hours or minutes, as in 7d, 12h or 30m".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_a_number_and_a_unit() {
        for (text, seconds) in [
            ("7d", Some(604_800)),
            ("12h", Some(43_200)),
            ("30m", Some(1_800)),
            ("7", None),
            ("d", None),
            ("-1d", None),
            ("99999999999999999999d", None),
            ("18446744073709551615d", None),
        ] {
            assert_eq!(since(text).ok().map(|time| time.as_secs()), seconds, "{text}");
        }
    }
}
