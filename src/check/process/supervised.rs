//! A process below its supervisor, while it runs: waited for, ended, and the end of what it says on standard error.

use std::collections::VecDeque;
use std::process::ExitStatus;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::AsyncReadExt as _;
use tokio::process::ChildStderr;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::live::{Live, kill_orphans};
use super::{CHUNK, GRACE};
use crate::check::supervise::{MARK, signal_of};
use crate::check::tree;
use crate::text::hidden::made_visible;

/// What is kept of standard error, in bytes: some compilers say there what they find.
const TAIL: usize = 64 << 10;

/// A process below its supervisor. Dropping it ends both, and all that they started.
pub struct Supervised {
    /// The supervisor, until it is handed to the task that ends it.
    pub(super) child: Option<tokio::process::Child>,
    pub(super) tail: Tail,
    pub(super) reading: Option<JoinHandle<()>>,
    pub(super) kept: Option<Box<dyn Send>>,
    /// Dropped last.
    pub(super) live: Live,
}

impl std::fmt::Debug for Supervised {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Supervised").field("child", &self.child).finish_non_exhaustive()
    }
}

impl Supervised {
    /// Whether it has ended.
    pub fn has_ended(&mut self) -> bool {
        self.child.as_mut().is_none_or(|child| !matches!(child.try_wait(), Ok(None)))
    }

    /// Waits until it has ended by itself. Dropping the future loses nothing.
    pub async fn ended(&mut self) -> Option<ExitStatus> {
        let child = self.child.as_mut()?;
        let id = child.id();
        let status = child.wait().await.ok()?;
        if signal_of(status).is_some() {
            sweep(id).await;
        }
        Some(status)
    }

    /// The end of what it said on standard error so far, with what cannot be seen made visible.
    #[must_use]
    pub fn stderr(&self) -> String {
        self.tail.text()
    }

    /// Ends it, if it has not ended, and returns once nothing of it is left.
    pub async fn stop(&mut self) {
        if let Some(child) = &mut self.child {
            end(child).await;
        }
    }

    /// All that it said on standard error, once it has ended.
    pub(in crate::check) async fn said(&mut self) -> String {
        if let Some(reading) = self.reading.take() {
            // Whoever could still say something is dead; but a system under load may be slow to close.
            let _ = timeout(GRACE, reading).await;
        }
        self.stderr()
    }
}

impl Drop for Supervised {
    fn drop(&mut self) {
        let Some(mut child) = self.child.take() else { return };
        if !matches!(child.try_wait(), Ok(None)) {
            return;
        }
        ask_to_end(&mut child);
        let (kept, live) = (self.kept.take(), std::mem::take(&mut self.live));
        // Without a runtime the request has to do: the supervisor does the rest.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                end(&mut child).await;
                drop(kept);
                drop(live);
            });
        }
    }
}

fn ask_to_end(child: &mut tokio::process::Child) {
    match child.id() {
        Some(id) if cfg!(unix) => tree::ask_to_end(id),
        // One that has ended is no failure.
        _ => drop(child.start_kill()),
    }
}

/// Asks a supervisor to end; where it does not (a checker may have stopped it), ends it, and what it left.
async fn end(child: &mut tokio::process::Child) {
    let Some(id) = child.id() else { return };
    ask_to_end(child);
    let status = timeout(GRACE, child.wait()).await;
    match status {
        Ok(Ok(status)) if signal_of(status).is_none() => {}
        Ok(_) => sweep(Some(id)).await,
        Err(_) => {
            // It has ended meanwhile, or is collected by the runtime.
            let _ = child.kill().await;
            sweep(Some(id)).await;
        }
    }
}

/// Ends what a supervisor left that was killed: whatever bears its mark, and what fell to this process.
async fn sweep(supervisor: Option<u32>) {
    let Some(id) = supervisor else { return };
    let work = move || tree::kill_marked(MARK, &id.to_string()) + kill_orphans();
    let killed = tokio::task::spawn_blocking(work).await;
    tracing::warn!(
        killed = killed.unwrap_or_default(),
        "a checker's supervisor was killed; what it left was ended"
    );
}

/// The end of a stream.
#[derive(Clone, Debug, Default)]
pub(super) struct Tail(Arc<Mutex<VecDeque<u8>>>);

impl Tail {
    fn push(&self, bytes: &[u8]) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.extend(bytes);
        let over = kept.len().saturating_sub(TAIL);
        kept.drain(..over);
    }

    fn text(&self) -> String {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        made_visible(&String::from_utf8_lossy(kept.make_contiguous()), usize::MAX)
    }
}

pub(super) async fn keep_tail(mut stderr: ChildStderr, tail: Tail) {
    let mut chunk = vec![0; CHUNK];
    while let Ok(length @ 1..) = stderr.read(&mut chunk).await {
        tail.push(&chunk[..length]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_end_of_a_stream_is_kept() {
        let tail = Tail::default();
        for _ in 0..3 {
            tail.push(&vec![b'a'; TAIL / 2]);
        }
        tail.push(b"\x1b[1mz\xff");
        let text = tail.text();
        assert!(text.ends_with("a\\u{1b}[1mz\u{fffd}"), "{}", &text[text.len() - 30..]);
        assert_eq!(text.chars().filter(|ch| *ch == 'a').count(), TAIL - 6);
    }
}
