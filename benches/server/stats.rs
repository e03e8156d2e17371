//! Many durations as one line.

use std::time::Duration;

/// The durations of one measurement.
#[derive(Debug, Default)]
pub struct Times(Vec<Duration>);

impl Times {
    pub fn add(&mut self, time: Duration) {
        self.0.push(time);
    }

    /// Prints median, 90th, 95th and 99th percentile, and worst, in milliseconds.
    pub fn print(mut self, what: &str) {
        assert!(!self.0.is_empty(), "{what}: nothing was measured");
        self.0.sort();
        let last = self.0.len() - 1;
        let at = |percent: usize| self.0[last * percent / 100].as_secs_f64() * 1e3;
        println!(
            "  {what}: median {:.2} ms, p90 {:.2}, p95 {:.2}, p99 {:.2}, worst {:.2} (of {})",
            at(50),
            at(90),
            at(95),
            at(99),
            at(100),
            last + 1
        );
    }
}

/// The load averages of the machine, where it tells them.
pub fn load() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().unwrap_or("unknown").to_owned()
}
