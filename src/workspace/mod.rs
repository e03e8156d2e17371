//! Ground state: the open documents, and the index of every file below the workspace's roots. A change goes in, an immutable
//! snapshot comes out.

pub mod build;
pub mod cache;
pub mod disk;
mod document;
#[cfg(test)]
pub(crate) mod fixture;
pub mod index;
pub mod indexer;
pub mod private;
mod tables;
pub mod view;
mod watch;
pub mod words;

pub use document::{Change, Document, MAX_BYTES, Opened, Snapshot, Stamp};
pub use index::{FileNo, Index};
pub use tables::Tables;
