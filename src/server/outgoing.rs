//! The one queue to the client: answers, notifications and requests leave in the order in which they were made.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use serde::Serialize;
use serde_json::{Value, json};
use tokio::sync::{Notify, mpsc};

use super::transport::framed;

/// While more bytes than this wait for a client that does not read, nothing more is read from it.
const LIMIT: usize = 32 * 1024 * 1024;

/// A handle; cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Outgoing {
    queue: mpsc::UnboundedSender<Vec<u8>>,
    gauge: Arc<Gauge>,
}

/// The other end, for the writer's thread.
#[derive(Debug)]
pub(super) struct Queue {
    frames: mpsc::UnboundedReceiver<Vec<u8>>,
    gauge: Arc<Gauge>,
}

#[derive(Debug, Default)]
struct Gauge {
    waiting: AtomicUsize,
    /// The client reads no more, and never will.
    gone: AtomicBool,
    written: Notify,
}

pub(super) fn channel() -> (Outgoing, Queue) {
    let (queue, frames) = mpsc::unbounded_channel();
    let gauge = Arc::new(Gauge::default());
    (Outgoing { queue, gauge: gauge.clone() }, Queue { frames, gauge })
}

impl Outgoing {
    /// Sends a whole message. After the client is gone, nothing.
    pub fn send(&self, message: &impl Serialize) {
        match serde_json::to_vec(message) {
            Ok(body) => {
                let frame = framed(&body);
                self.gauge.waiting.fetch_add(frame.len(), Ordering::Relaxed);
                // The writer is gone only when the client is.
                let _ = self.queue.send(frame);
            }
            Err(error) => tracing::error!(%error, "a message could not be serialised"),
        }
    }

    pub fn notify(&self, method: &str, params: impl Serialize) {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": value(params) }));
    }

    pub fn request(&self, id: i64, method: &str, params: impl Serialize) {
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": value(params) }));
    }

    /// Waits until the client has read enough, or is gone.
    pub async fn has_room(&self) {
        while self.gauge.is_full() {
            let written = self.gauge.written.notified();
            if !self.gauge.is_full() {
                return;
            }
            written.await;
        }
    }
}

impl Queue {
    /// Writes until all senders are gone or the client is.
    pub fn write_to(mut self, mut output: impl Write) {
        while let Some(frame) = self.frames.blocking_recv() {
            let mut result = output.write_all(&frame);
            if self.frames.is_empty() {
                result = result.and_then(|()| output.flush());
            }
            self.gauge.waiting.fetch_sub(frame.len(), Ordering::Relaxed);
            self.gauge.written.notify_one();
            if let Err(error) = result {
                tracing::debug!(%error, "the client does not read any more");
                self.gauge.gone.store(true, Ordering::Relaxed);
                self.gauge.written.notify_one();
                return;
            }
        }
    }
}

impl Gauge {
    fn is_full(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) > LIMIT && !self.gone.load(Ordering::Relaxed)
    }
}

fn value(params: impl Serialize) -> Value {
    serde_json::to_value(params).unwrap_or(Value::Null)
}
