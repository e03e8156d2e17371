//! Memory that was needed for a moment only goes back to the system when the server rests.
//!
//! An editor's server is idle nearly all of its life, and there is one for each window. What it has in memory then should
//! be what it uses then. Elsewhere than on Linux with glibc, nothing is done.

use std::time::{Duration, Instant};

use super::event::{ClientEvent, TaskEvent};

/// What only the beginning needed (of the server, of a document, of the project's index) is given back so soon after.
const BEGUN: Duration = Duration::from_millis(300);
/// A user who pauses for so long does something else.
const PAUSE: Duration = Duration::from_secs(10);

/// When the server rests next.
#[derive(Debug, Default)]
pub(super) struct Rest {
    at: Option<Instant>,
}

impl Rest {
    pub fn at(&self) -> Option<Instant> {
        self.at
    }

    /// It rests now, until something happens.
    pub fn begins(&mut self) {
        self.at = None;
    }

    /// The client wants something.
    pub fn client(&mut self, event: &ClientEvent) {
        let begins = matches!(event, ClientEvent::Initialized | ClientEvent::Opened(_));
        self.at = Some(Instant::now() + if begins { BEGUN } else { PAUSE });
    }

    /// A task of the server's own came to something.
    pub fn task(&mut self, event: &TaskEvent) {
        let soon = Instant::now() + BEGUN;
        match event {
            TaskEvent::Project(..) | TaskEvent::Indexed(..) => self.at = Some(soon),
            // Of a document that was opened, or changed: that was told when it was.
            TaskEvent::Parsed { .. } => self.at = Some(self.at.unwrap_or(soon)),
            _ => self.at = Some(Instant::now() + PAUSE),
        }
    }
}

/// Drops a value off the loop: to free the tree of a large file takes as long as all else that an event does.
pub(super) fn drop_elsewhere(value: impl Send + 'static) {
    drop(tokio::task::spawn_blocking(move || drop(value)));
}

/// Gives back what is free, and lets go of the pages of the program's file.
pub(super) fn give_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        trim();
        let_go();
    }
}

/// Returns what is free on the heap: the analysis of a query takes ten times the memory of the query.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn trim() {
    unsafe extern "C" {
        fn malloc_trim(pad: usize) -> std::ffi::c_int;
    }
    // SAFETY: glibc's function takes any number, at any time, on any thread, and touches nothing but free memory.
    let _anything_returned = unsafe { malloc_trim(0) };
}

/// Lets go of the program's code and constants. What is still used comes back with the next touch, a page fault of a
/// microsecond each, from the page cache; what only the start used (relocations, configuration, protocol tables) does not.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn let_go() {
    // Where the linker has put the program's read-only part: the first two addresses that it writes down itself.
    unsafe extern "C" {
        safe static __executable_start: u8;
        safe static etext: u8;
    }
    let page = rustix::param::page_size();
    let start = (&raw const __executable_start).addr().next_multiple_of(page);
    let end = (&raw const etext).addr() / page * page;
    let Some(length) = end.checked_sub(start).filter(|length| *length > 0) else { return };
    let address = (&raw const __executable_start).with_addr(start).cast_mut().cast();
    // SAFETY: the range is mapped from the program's file, read-only and never written, so that a page that was let go is
    // read from the file again, the same as before. The kernel does that under pressure on its own.
    let let_go = unsafe { rustix::mm::madvise(address, length, rustix::mm::Advice::LinuxDontNeed) };
    if let Err(error) = let_go {
        tracing::debug!(%error, "the program's pages stay");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Code, constants and the heap are what they were, also while other threads are in the middle of them.
    #[test]
    fn nothing_in_use_is_lost() {
        const TEXT: &str = "a constant of the program's file";
        let count = || (0..10_000).map(|n| format!("{TEXT} {n}").len()).sum::<usize>();
        let expected = count();
        std::thread::scope(|scope| {
            let busy: Vec<_> = (0..2).map(|_| scope.spawn(count)).collect();
            for _ in 0..20 {
                give_back();
            }
            for thread in busy {
                assert_eq!(thread.join().ok(), Some(expected));
            }
        });
        assert_eq!(count(), expected);
    }
}
