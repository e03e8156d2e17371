//! The edge: the only protocol code. tower-lsp's routing with our own transport, one owner of state, and the conversions.
//!
//! A message is read (`transport`), its handler is polled once in order (`dispatch`), which puts a typed event into the
//! session's queue (`backend`); the session's loop (`session`) is all that changes anything.

mod backend;
mod client;
mod convert;
mod disk;
mod dispatch;
mod event;
mod live;
mod memory;
mod outgoing;
mod params;
mod progress;
mod session;
mod transport;
mod warm;

pub use self::dispatch::serve;
pub use self::session::{Loaded, Reload, Setup};
