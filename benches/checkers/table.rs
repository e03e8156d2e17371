//! A table that a page of the documentation can have.

use std::time::Duration;

/// One thing that was measured.
pub struct Row {
    name: String,
    cold: Option<Duration>,
    warm: Vec<Duration>,
}

impl Row {
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), cold: None, warm: Vec::new() }
    }

    /// The first time, with whatever has to be started.
    pub fn cold(&mut self, time: Duration) {
        self.cold = Some(time);
    }

    pub fn warm(&mut self, time: Duration) {
        self.warm.push(time);
    }

    pub fn print(mut self) {
        self.warm.sort();
        let last = self.warm.len().saturating_sub(1);
        let at = |percent: usize| shown(self.warm.get(last * percent / 100).copied());
        println!("| {} | {} | {} | {} |", self.name, shown(self.cold), at(50), at(95));
    }
}

pub fn head() {
    println!("| check | first, ms | median, ms | p95, ms |\n|---|---|---|---|");
}

fn shown(time: Option<Duration>) -> String {
    time.map_or_else(|| "-".to_owned(), |time| format!("{:.1}", time.as_secs_f64() * 1e3))
}

/// The load average of the machine, where it tells one.
pub fn load() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().unwrap_or("unknown").to_owned()
}
