//! Ground state: the open documents. A change goes in, a snapshot comes out; only the session's loop holds it mutably.

mod document;

pub use document::{Change, Document, MAX_BYTES, Opened, Snapshot, Stamp};
