//! What work costs: processor time of all threads, and memory.

use std::fs;
use std::time::{Duration, Instant};

/// Ticks of the kernel's accounting in a second: USER_HZ, the same on every Linux.
const TICKS: u64 = 100;

/// What `work` gives, how long it took, and the processor time of all threads, in steps of 10 ms.
pub fn of<T>(work: impl FnOnce() -> T) -> (T, Duration, Duration) {
    let (began, before) = (Instant::now(), processor());
    let done = work();
    (done, began.elapsed(), processor().saturating_sub(before))
}

/// Processor time of this process so far.
fn processor() -> Duration {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // Behind the program's name, which may have blanks: user and system time are the 12th and 13th fields.
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace().skip(11).take(2);
    let ticks: u64 = fields.filter_map(|field| field.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 1_000 / TICKS)
}

/// Memory that is the process's own, in MiB.
pub fn memory() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap_or("0");
    line.trim().trim_end_matches(" kB").parse::<f64>().unwrap_or(0.0) / 1024.0
}

pub fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
