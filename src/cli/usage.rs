//! `redraft usage`: what was asked of models, how it went, and what it cost.

use std::io::Write as _;
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use super::{Failure, setup};
use crate::model::ledger::{By, Spent, UsageRow, dollars, report};

/// How long the longest bar is, in characters.
const BAR: usize = 20;

#[derive(Debug, clap::Args)]
pub(super) struct UsageArgs {
    /// How far back: days, hours or minutes (7d, 12h, 30m)
    #[arg(long, value_name = "TIME", default_value = "30d", value_parser = crate::model::ledger::since)]
    since: Duration,
    /// What the figures are brought together by
    #[arg(long, value_enum, default_value_t = Group::Model)]
    by: Group,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Group {
    Model,
    Task,
    Day,
}

pub(super) fn run(args: &UsageArgs) -> Result<ExitCode, Failure> {
    let config = setup::config().map_err(|problems| Failure::Usage(setup::told(&problems)))?;
    let accounts = setup::accounts(&config, &setup::state_dir()?);
    let ledger = accounts.ledger().map_err(Failure::Failed)?;
    let now = SystemTime::now();
    let by = match args.by {
        Group::Model => By::Model,
        Group::Task => By::Task,
        Group::Day => By::Day,
    };
    let since = now.checked_sub(args.since).unwrap_or(SystemTime::UNIX_EPOCH);
    let told = |error: crate::model::ledger::LedgerError| Failure::Failed(error.to_string());
    let rows = ledger.usage(since, by).map_err(told)?;
    let spent = ledger.spent(now).map_err(told)?;
    let text = if args.json { format!("{:#}\n", report(&rows, &spent)) } else { as_text(&rows, &spent) };
    // A closed pipe (`| head`) is no failure.
    let _ = std::io::stdout().write_all(text.as_bytes());
    Ok(ExitCode::SUCCESS)
}

fn as_text(rows: &[UsageRow], spent: &Spent) -> String {
    if rows.is_empty() {
        return "Nothing was asked in that time.\n".to_owned();
    }
    let width = rows.iter().map(|row| row.name.chars().count()).max().unwrap_or_default().max(5);
    let most = rows.iter().map(|row| row.calls).max().unwrap_or(1).max(1) as usize;
    let seconds =
        |time: Option<Duration>| time.map_or("-".to_owned(), |time| format!("{:.1}", time.as_secs_f64()));
    let mut text = format!(
        "{:width$}  {:>5} {:>4} {:>5} {:>6}  {:>12} {:>12} {:>6}  {:>10}  {:>9}\n",
        "", "calls", "ok", "fail", "cancel", "first token", "whole, s", "tok/s", "tokens", "cost"
    );
    for row in rows {
        let bar = "█".repeat((row.calls as usize * BAR).div_ceil(most));
        text += &format!(
            "{:width$}  {:>5} {:>4} {:>5} {:>6}  {:>12} {:>12} {:>6}  {:>10}  {:>9}  {bar}\n",
            row.name,
            row.calls,
            row.ok,
            row.failed,
            row.cancelled,
            format!("{} / {}", seconds(row.first_token_p50), seconds(row.first_token_p95)),
            format!("{} / {}", seconds(row.whole_p50), seconds(row.whole_p95)),
            row.tokens_per_second_p50.map_or("-".to_owned(), |rate| format!("{rate:.0}")),
            row.prompt + row.completion,
            dollars(row.cost),
        );
    }
    text.push('\n');
    for row in rows.iter().filter(|row| row.runs > 0) {
        text += &format!(
            "{:width$}  {} runs: kept {}, edited {}, reverted {}; {} rounds, {} retries, {} failovers\n",
            row.name, row.runs, row.kept, row.edited, row.reverted, row.rounds, row.retries, row.failovers
        );
    }
    text += "times are p50 / p95 of what succeeded\n";
    text += &format!("today {}, this month {} (UTC)", dollars(spent.day), dollars(spent.month));
    if spent.open.0 > 0 {
        text += &format!(
            ", of which {} are reserved by calls that run, or whose process died",
            dollars(spent.open)
        );
    }
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_has_a_line_for_each_row_and_the_sums() {
        let row = UsageRow {
            name: "p/m".to_owned(),
            calls: 4,
            ok: 3,
            failed: 1,
            runs: 3,
            kept: 2,
            ..UsageRow::default()
        };
        let text =
            as_text(&[row.clone(), UsageRow { name: "q/n".to_owned(), calls: 1, ..row }], &Spent::default());
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[1].starts_with("p/m") && lines[1].ends_with(&"█".repeat(20)), "{text}");
        assert!(lines[2].ends_with(&format!("  {}", "█".repeat(5))), "{text}");
        assert_eq!(lines[4], "p/m    3 runs: kept 2, edited 0, reverted 0; 0 rounds, 0 retries, 0 failovers");
        assert_eq!(lines[6], "times are p50 / p95 of what succeeded");
    }
}
