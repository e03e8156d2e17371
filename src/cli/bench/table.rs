//! What came of an experiment: for each arm how many problems pass, with the interval that chance allows, and what it took.

use std::time::Duration;

use serde_json::{Value, json};

use super::problem::Problem;
use crate::cli::generate::Drafted;

/// Of the normal distribution: 95 of 100 intervals hold what they estimate.
const Z: f64 = 1.96;

/// How drafts are refined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arm {
    /// As the model has it.
    None,
    /// Syntax, made-up names, calls that do not fit, evasions.
    Names,
    /// And the docstring's examples.
    All,
}

impl Arm {
    pub const ALL: [Self; 3] = [Self::None, Self::Names, Self::All];

    fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Names => "built-in",
            Self::All => "all",
        }
    }
}

/// One problem in one arm.
#[derive(Clone, Debug)]
pub(super) struct Row {
    id: String,
    set: String,
    arm: Arm,
    passed: bool,
    /// There is a draft.
    drafted: bool,
    rounds: u32,
    tokens: u32,
    left: usize,
    asking: Duration,
    checking: Duration,
}

impl Row {
    pub fn of(
        problem: &Problem,
        arm: Arm,
        passed: bool,
        drafted: Option<&Drafted>,
        asking: Duration,
        checking: Duration,
    ) -> Self {
        Self {
            id: problem.id.clone(),
            set: problem.set.clone(),
            arm,
            passed,
            drafted: drafted.is_some(),
            rounds: drafted.map_or(0, |drafted| drafted.rounds),
            tokens: drafted.map_or(0, |drafted| drafted.tokens),
            left: drafted.map_or(0, |drafted| drafted.left.len()),
            asking,
            checking,
        }
    }
}

/// All of them.
#[derive(Clone, Debug)]
pub(super) struct Figures {
    model: String,
    rows: Vec<Row>,
}

impl Figures {
    pub fn new(model: String) -> Self {
        Self { model, rows: Vec::new() }
    }

    pub fn add(&mut self, row: Row) {
        self.rows.push(row);
    }

    /// How it stands, in one line.
    pub fn line(&self) -> String {
        let part = |arm: Arm| {
            let rows = self.of(arm, None);
            format!("{} {}/{}", arm.name(), rows.iter().filter(|row| row.passed).count(), rows.len())
        };
        Arm::ALL.map(part).join(", ")
    }

    /// The rows of an arm, of one set or of all.
    fn of(&self, arm: Arm, set: Option<&str>) -> Vec<&Row> {
        let is_of = |row: &&Row| row.arm == arm && set.is_none_or(|set| row.set == set);
        self.rows.iter().filter(is_of).collect()
    }

    /// A table for each set.
    pub fn as_text(&self) -> String {
        let mut sets: Vec<&str> = Vec::new();
        for row in &self.rows {
            if !sets.contains(&&*row.set) {
                sets.push(&row.set);
            }
        }
        match sets.as_slice() {
            [] | [_] => self.table(&self.model, None),
            several => {
                let table = |set: &&str| self.table(&format!("{}, {set}", self.model), Some(set));
                several.iter().map(table).collect::<Vec<_>>().join("\n")
            }
        }
    }

    fn table(&self, title: &str, set: Option<&str>) -> String {
        let mut text = format!(
            "{title}: {} problems\n\n{:<9} {:>6} {:>7} {:>15} {:>8} {:>7} {:>9} {:>9} {:>9}\n",
            self.of(Arm::None, set).len(),
            "checks",
            "pass",
            "pass %",
            "95 % interval",
            "drafts",
            "rounds",
            "tokens",
            "asking, s",
            "checks, s"
        );
        for arm in Arm::ALL {
            let rows = self.of(arm, set);
            let count = rows.len().max(1) as f64;
            let passed = rows.iter().filter(|row| row.passed).count();
            let (low, high) = interval(passed, rows.len());
            let mean = |of: &dyn Fn(&Row) -> f64| rows.iter().map(|row| of(row)).sum::<f64>() / count;
            text += &format!(
                "{:<9} {:>6} {:>7.1} {:>15} {:>8} {:>7.2} {:>9.0} {:>9.1} {:>9.2}\n",
                arm.name(),
                passed,
                100.0 * passed as f64 / count,
                format!("{:.1}-{:.1}", 100.0 * low, 100.0 * high),
                rows.iter().filter(|row| row.drafted).count(),
                mean(&|row| f64::from(row.rounds)),
                mean(&|row| f64::from(row.tokens)),
                mean(&|row| row.asking.as_secs_f64()),
                mean(&|row| row.checking.as_secs_f64()),
            );
        }
        for arm in [Arm::Names, Arm::All] {
            let pairs = self.of(Arm::None, set).into_iter().zip(self.of(arm, set));
            let (gained, lost) = pairs.fold((0, 0), |(gained, lost), (before, after)| {
                (
                    gained + usize::from(!before.passed && after.passed),
                    lost + usize::from(before.passed && !after.passed),
                )
            });
            text += &format!("{}: {gained} problems gained, {lost} lost against none\n", arm.name());
        }
        text
    }

    pub fn as_json(&self) -> Value {
        let rows = self.rows.iter().map(|row| {
            json!({
                "id": row.id,
                "set": row.set,
                "arm": row.arm.name(),
                "passed": row.passed,
                "drafted": row.drafted,
                "rounds": row.rounds,
                "tokens": row.tokens,
                "left": row.left,
                "asking_seconds": row.asking.as_secs_f64(),
                "checking_seconds": row.checking.as_secs_f64(),
            })
        });
        json!({ "version": 1, "model": self.model, "rows": rows.collect::<Vec<_>>() })
    }
}

/// Wilson's score interval (1927) of `passed` among `count`.
fn interval(passed: usize, count: usize) -> (f64, f64) {
    if count == 0 {
        return (0.0, 1.0);
    }
    let (n, p) = (count as f64, passed as f64 / count as f64);
    let middle = (p + Z * Z / (2.0 * n)) / (1.0 + Z * Z / n);
    let half = Z / (1.0 + Z * Z / n) * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
    ((middle - half).max(0.0), (middle + half).min(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_wilsons() {
        for (passed, count, low, high) in
            [(0, 10, 0.0, 0.278), (5, 10, 0.237, 0.763), (10, 10, 0.722, 1.0), (0, 0, 0.0, 1.0)]
        {
            let (found_low, found_high) = interval(passed, count);
            assert!((found_low - low).abs() < 0.001 && (found_high - high).abs() < 0.001, "{passed}/{count}");
        }
    }

    #[test]
    fn each_set_has_a_table_of_its_own() {
        let row = |set: &str, arm: Arm, passed: bool| Row {
            id: String::new(),
            set: set.to_owned(),
            arm,
            passed,
            drafted: true,
            rounds: 1,
            tokens: 9,
            left: 0,
            asking: Duration::ZERO,
            checking: Duration::ZERO,
        };
        let told = |rows: &[Row]| {
            let text = Figures { model: "m".to_owned(), rows: rows.to_vec() }.as_text();
            let is_told = |line: &&str| line.contains("problems") || line.starts_with("none");
            let cut = |line: &str| line.split_whitespace().take(4).collect::<Vec<_>>().join(" ");
            text.lines().filter(is_told).map(cut).collect::<Vec<_>>()
        };
        let one = Arm::ALL.map(|arm| row("one", arm, true));
        let two = Arm::ALL.map(|arm| row("two", arm, arm == Arm::All));
        assert_eq!(
            told(&one),
            [
                "m: 1 problems",
                "none 1 100.0 20.7-100.0",
                "built-in: 0 problems gained,",
                "all: 0 problems gained,"
            ]
        );
        assert_eq!(
            told(&[one, two].concat()),
            [
                "m, one: 1 problems",
                "none 1 100.0 20.7-100.0",
                "built-in: 0 problems gained,",
                "all: 0 problems gained,",
                "m, two: 1 problems",
                "none 0 0.0 0.0-79.3",
                "built-in: 0 problems gained,",
                "all: 1 problems gained,",
            ]
        );
    }
}
