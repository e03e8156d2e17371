//! SIGKILL in the midst of writes: what a process was told before is there afterwards.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};

use super::*;

const KILLS: u64 = 200;
/// So many children write at once: two editors.
const AT_ONCE: u64 = 2;
/// A child whose parent died does not go on for ever.
const MOST: u64 = 10_000;
const PLACE: &str = "REDRAFT_TEST_LEDGER";
const MARK: &str = "ledger says";

/// What the call `at` of a child reserves, and what it spends: sometimes more than it reserved.
fn amounts(at: u64) -> (u64, u64) {
    (1_000 + at * 37 % 500, at * 911 % 1_700)
}

/// No test of its own: it is what the one below starts again and again, and kills.
#[test]
fn a_child_that_writes_until_it_is_killed() {
    let Some(path) = std::env::var_os(PLACE) else { return };
    let ledger = open(Path::new(&path));
    for at in 0..MOST {
        let (reserved, spent) = amounts(at);
        let run = format!("{}/{at}", std::process::id());
        let id = ledger.reserve(&call(&run, "p", reserved), &NONE, noon()).unwrap();
        println!("{MARK} {} reserved {reserved}", id.0);
        ledger.settle(id, &settled(spent)).unwrap();
        println!("{MARK} {} settled {spent}", id.0);
    }
}

/// A child that writes into `path`, and the lines that it says.
fn child(path: &Path) -> (Child, BufReader<ChildStdout>) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "model::ledger::tests::kill::a_child_that_writes_until_it_is_killed",
            "--nocapture",
        ])
        .env(PLACE, path)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap());
    (child, lines)
}

/// "ledger says 7 reserved 1000" as it was told: the call's number, whether it is settled, and how much. A line that was
/// cut off by the kill says nothing.
fn told(line: &str) -> Option<(i64, bool, u64)> {
    let at = line.find(MARK)?;
    let mut words = line.strip_suffix('\n')?[at + MARK.len()..].split_whitespace();
    Some((words.next()?.parse().ok()?, words.next()? == "settled", words.next()?.parse().ok()?))
}

/// Reads until `count` lines were told, waits for some turns of a loop, kills, and reads what was told until then.
fn kill_after(
    (mut child, mut lines): (Child, BufReader<ChildStdout>),
    count: u64,
    turns: u64,
) -> Vec<(i64, bool, u64)> {
    let (mut all, mut line) = (Vec::new(), String::new());
    while (all.len() as u64) < count {
        line.clear();
        assert!(lines.read_line(&mut line).unwrap() > 0, "the child ended by itself");
        all.extend(told(&line));
    }
    // Not `spin_loop`: a virtual machine may take that for a wait, of microseconds each.
    (0..turns).for_each(|turn| _ = std::hint::black_box(turn));
    child.kill().unwrap();
    child.wait().unwrap();
    while {
        line.clear();
        lines.read_line(&mut line).unwrap() > 0
    } {
        all.extend(told(&line));
    }
    all
}

#[test]
fn no_kill_makes_the_ledger_forget() {
    let path = place("kill");
    drop(open(&path));
    let mut least = 0;
    let mut known = 0;
    for batch in 0..KILLS / AT_ONCE {
        // Each has a thread that reads and kills it: SQLite's locks are not fair, so that one of them may write for both.
        let words: Vec<_> = std::thread::scope(|scope| {
            let kills = (0..AT_ONCE).map(|at| batch * AT_ONCE + at);
            let path = &path;
            let threads: Vec<_> = kills
                .map(|kill| {
                    scope.spawn(move || kill_after(child(path), 1 + kill * 7 % 9, kill * 37 % 101 * 1_000))
                })
                .collect();
            threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
        });
        let ledger = open(&path);
        let connection = ledger.lock();
        for (id, settled, amount) in words {
            let (charge, outcome): (u64, Option<u8>) = connection
                .query_row("SELECT charge, outcome FROM call WHERE id = ?1", [id], |row| {
                    Ok((row.get::<_, i64>(0)?.unsigned_abs(), row.get(1)?))
                })
                .unwrap();
            if settled {
                assert_eq!((charge, outcome), (amount, Some(0)), "call {id}");
                least += amount;
            } else if outcome.is_none() {
                assert_eq!(charge, amount, "call {id}");
            }
        }
        drop(connection);
        // All that was told as settled, and all that is open, is spent; and nothing that an earlier look has seen is gone.
        let spent = ledger.spent(noon()).unwrap();
        assert!(spent.month.0 >= least + spent.open.0 && spent.month.0 >= known);
        known = spent.month.0;
    }
    tidy(&path);
}
