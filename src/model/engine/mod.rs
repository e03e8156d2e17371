//! The embedded engine: a model on this machine, without a key or a server.
//!
//! llama.cpp aborts the process on a failed assertion and takes gigabytes, so it runs in a child process of the same
//! binary (`redraft engine`): `client` is the server's side, `child` the engine's, `frames` what they say. Only
//! `llama` knows llama.cpp, and only with the cargo feature `embedded`.

mod client;
pub mod frames;
mod hold;
mod make;
mod process;

#[cfg(feature = "embedded")]
mod child;
#[cfg(feature = "embedded")]
mod llama;
#[cfg(feature = "embedded")]
mod template;

#[cfg(feature = "embedded")]
pub use child::run as run_child;
pub use client::{EmbeddedProvider, EngineOptions};
pub use hold::Hold;
pub use make::maker;
pub use process::WINDOW;
