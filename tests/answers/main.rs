//! Answers as chat models write them, large and small: what becomes of each in its file. Every row is a file with a cursor, an
//! answer, and the file afterwards or the reason why there is no draft. Each is cut at random places, delivered in one edit
//! and line by line, with LF and with CRLF; the outcome is the same.

#![expect(clippy::unwrap_used, clippy::panic, reason = "in a test, a panic is the report")]

mod real;
mod row;

use row::{Delivered, Ended, rows};

fn check(name: &str, text: &str) {
    let rows = rows(text);
    assert!(!rows.is_empty(), "{name} has no rows");
    let seed = std::env::var("REDRAFT_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(20_261_125);
    let mut chance = fastrand::Rng::with_seed(seed);
    let mut faults = Vec::new();
    for row in &rows {
        let mut ways = Vec::new();
        let mut first = String::new();
        for delivered in [Delivered::AtOnce, Delivered::AsItComes] {
            for ended in [Ended::ByTheModel, Ended::AsSoonAsMayBe] {
                for crlf in [false, true] {
                    if ended == Ended::AsSoonAsMayBe && row.needs_all {
                        continue;
                    }
                    let row = if crlf { row.with_crlf() } else { row.clone() };
                    let got = row.run(delivered, ended, &mut chance);
                    if got != row.want {
                        ways.push(format!("{delivered:?}, {ended:?}, {}", if crlf { "CRLF" } else { "LF" }));
                        first = format!("---- got\n{got}\n---- wanted\n{}", row.want);
                    }
                }
            }
        }
        if !ways.is_empty() {
            faults.push(format!("==== {}\n({})\n{first}", row.title, ways.join("; ")));
        }
    }
    assert!(
        faults.is_empty(),
        "{name}: {} faults with REDRAFT_SEED={seed}\n{}",
        faults.len(),
        faults.join("\n")
    );
}

macro_rules! files {
    ($($name:ident),*) => {$(
        #[test]
        fn $name() {
            check(stringify!($name), include_str!(concat!(stringify!($name), ".txt")));
        }
    )*};
}

files!(
    bodies, classes, helpers, blocks, around, chatter, secrets, docstrings, rust, go, ecma, java, c, csharp,
    php, ruby
);
