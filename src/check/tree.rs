//! The processes below this one: found, counted and killed. On Linux, from `/proc`; elsewhere only a process group is known.
//! It must not touch a process that is not below this one, or does not bear a supervisor's mark; nor wait for one that somebody else
//! of this process waits for.

/// A process, as `/proc/<id>/stat` has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Process {
    pub id: u32,
    parent: u32,
    session: u32,
    /// It has ended, and nobody has asked how.
    is_dead: bool,
    /// What it has of the machine's memory, in bytes. What several share counts for each.
    pub memory: u64,
}

/// Who started this process, or who took it over when that one died.
pub(super) fn parent() -> Option<u32> {
    #[cfg(unix)]
    return rustix::process::getppid().and_then(|id| u32::try_from(id.as_raw_nonzero().get()).ok());
    #[cfg(not(unix))]
    None
}

/// Has processes below this one that lose their parent become children of this one.
pub(super) fn adopt_orphans() {
    #[cfg(target_os = "linux")]
    {
        // Every Linux since 3.4 can; without it, what has left the process group is found by nobody.
        let _ = rustix::process::set_child_subreaper(Some(rustix::process::getpid()));
    }
}

/// Begins a session: what it starts may leave that for one of its own, and never comes into another one.
pub(super) fn leave_session() {
    // One that leads a group has begun its own already.
    #[cfg(unix)]
    let _ = rustix::process::setsid();
}

/// All processes below this one that have not been asked how they ended.
pub(super) fn descendants() -> Vec<Process> {
    below(&all(), vec![std::process::id()])
}

/// Those of `all` that are below the processes `above`.
fn below(all: &[Process], mut above: Vec<u32>) -> Vec<Process> {
    let mut found = Vec::new();
    while let Some(parent) = above.pop() {
        for process in all.iter().filter(|process| process.parent == parent) {
            found.push(*process);
            above.push(process.id);
        }
    }
    found
}

/// Asks those of `processes` that are dead children of this one how they ended, so that the system forgets them; but for
/// `other`, whom somebody else asks.
pub(super) fn collect(processes: &[Process], other: Option<u32>) {
    #[cfg(unix)]
    for process in processes {
        let is_ours = process.is_dead && process.parent == std::process::id() && Some(process.id) != other;
        if let Some(id) = pid(process.id).filter(|_| is_ours) {
            // It is gone either way.
            let _ = rustix::process::waitpid(Some(id), rustix::process::WaitOptions::NOHANG);
        }
    }
    #[cfg(not(unix))]
    let _ = (processes, other);
}

/// Kills it at once. That it has ended meanwhile is what is wanted.
pub(super) fn kill(id: u32) {
    #[cfg(unix)]
    if let Some(id) = pid(id) {
        let _ = rustix::process::kill_process(id, rustix::process::Signal::KILL);
    }
    #[cfg(not(unix))]
    let _ = id;
}

/// Kills all of the group that `leader` began: in one step, so that none of it can fork meanwhile.
pub(super) fn kill_group(leader: u32) {
    #[cfg(unix)]
    if let Some(leader) = pid(leader) {
        let _ = rustix::process::kill_process_group(leader, rustix::process::Signal::KILL);
    }
    #[cfg(not(unix))]
    let _ = leader;
}

/// Asks a process to end, also one that somebody has stopped.
pub(super) fn ask_to_end(id: u32) {
    #[cfg(unix)]
    if let Some(id) = pid(id) {
        use rustix::process::{Signal, kill_process};
        let _ = kill_process(id, Signal::TERM);
        let _ = kill_process(id, Signal::CONT);
    }
    #[cfg(not(unix))]
    let _ = id;
}

/// Kills all processes that have `name=value` in their environment, until there are none or it was tried too often.
/// Returns how many were found at first.
pub(super) fn kill_marked(name: &str, value: &str) -> usize {
    /// Each finds what the last one's victims forked meanwhile.
    const TRIES: usize = 100;
    let mark = format!("{name}={value}").into_bytes();
    let mut first = None;
    for _ in 0..TRIES {
        let marked: Vec<u32> = all().iter().filter(|one| is_marked(one, &mark)).map(|one| one.id).collect();
        marked.iter().copied().for_each(kill);
        first.get_or_insert(marked.len());
        if marked.is_empty() {
            break;
        }
    }
    first.unwrap_or_default()
}

/// Kills what fell to this process when a supervisor was killed, and all below it, and forgets it: its children of other sessions, but
/// for those that `is_ours`. Nobody else waits for these. Until there are none or it was tried too often; returns how many were
/// found at first.
pub(super) fn kill_orphans(is_ours: impl Fn(u32) -> bool) -> usize {
    /// A process takes a moment to be gone; then those below it fall to this one.
    const TRIES: usize = 500;
    const PAUSE: std::time::Duration = std::time::Duration::from_millis(2);
    let this = std::process::id();
    let mut first = None;
    for _ in 0..TRIES {
        let all = all();
        let Some(session) = all.iter().find(|one| one.id == this).map(|one| one.session) else { break };
        let is_orphan = |one: &&Process| one.parent == this && one.session != session && !is_ours(one.id);
        let orphans: Vec<Process> = all.iter().filter(is_orphan).copied().collect();
        let mut found = below(&all, orphans.iter().map(|one| one.id).collect());
        found.extend(&orphans);
        first.get_or_insert(found.len());
        if found.is_empty() {
            break;
        }
        found.iter().for_each(|one| kill(one.id));
        collect(&orphans, None);
        std::thread::sleep(PAUSE);
    }
    first.unwrap_or_default()
}

fn is_marked(process: &Process, mark: &[u8]) -> bool {
    let environment = || std::fs::read(format!("/proc/{}/environ", process.id)).unwrap_or_default();
    !process.is_dead && environment().split(|byte| *byte == 0).any(|variable| variable == mark)
}

#[cfg(unix)]
fn pid(id: u32) -> Option<rustix::process::Pid> {
    i32::try_from(id).ok().and_then(rustix::process::Pid::from_raw)
}

#[cfg(target_os = "linux")]
fn all() -> Vec<Process> {
    let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
    let page = u64::try_from(rustix::param::page_size()).unwrap_or(4096);
    let ids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    // One that ends meanwhile cannot be read.
    ids.filter_map(|id| of_stat(id, &std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?, page))
        .collect()
}

#[cfg(not(target_os = "linux"))]
fn all() -> Vec<Process> {
    Vec::new()
}

/// Reads `id (name) state parent …`. A name may hold anything, brackets and line ends too.
#[cfg(any(target_os = "linux", test))]
fn of_stat(id: u32, stat: &str, page: u64) -> Option<Process> {
    /// The field `rss` (proc_pid_stat(5), number 24), counted from the state, which is number 3.
    const RSS: usize = 21;
    /// `session`, number 6.
    const SESSION: usize = 3;
    let fields: Vec<&str> = stat.get(stat.rfind(')')? + 1..)?.split_whitespace().collect();
    Some(Process {
        id,
        parent: fields.get(1)?.parse().ok()?,
        session: fields.get(SESSION)?.parse().ok()?,
        is_dead: matches!(*fields.first()?, "Z" | "X" | "x"),
        memory: fields.get(RSS).and_then(|pages| pages.parse::<u64>().ok()).unwrap_or_default() * page,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_read_whatever_it_calls_itself() {
        let rest = "7 1 5 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 100 4096 25 18446744073709551615";
        for (stat, expected) in [
            (format!("9 (sh) S {rest}"), Some((7, 5, false, 25 * 4096))),
            (format!("9 (a) S 1 (b\n) Z {rest}"), Some((7, 5, true, 25 * 4096))),
            ("9 (sh) S 7 1 5".to_owned(), Some((7, 5, false, 0))),
            ("9 (sh) S 7".to_owned(), None),
            ("9 (sh) S".to_owned(), None),
            ("9 sh".to_owned(), None),
            (String::new(), None),
        ] {
            let read = of_stat(9, &stat, 4096).map(|one| (one.parent, one.session, one.is_dead, one.memory));
            assert_eq!(read, expected, "{stat:?}");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_is_below_this_process_is_found() {
        let mut child = std::process::Command::new("sleep").arg("100").spawn().unwrap();
        let found = descendants();
        assert!(found.iter().any(|process| process.id == child.id() && process.parent == std::process::id()));
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(descendants().iter().all(|process| process.id != child.id()));
    }
}
