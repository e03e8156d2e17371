//! The embedded engine against llama.cpp itself, on one prompt: reading, writing, a known prefix, a cancel.
//!
//! `cargo bench --bench engine -- [MODEL.gguf]`; without an argument, the default model below `REDRAFT_STATE_DIR`.
//! llama.cpp's own loop runs in this process, ours in the child, one after the other on the same two threads, several
//! times in turn, since a shared machine's speed wanders. `docs/performance.md` has the numbers.

#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

#[cfg(feature = "embedded")]
#[path = "engine/run.rs"]
mod run;

fn main() {
    #[cfg(feature = "embedded")]
    run::main();
    #[cfg(not(feature = "embedded"))]
    println!("built without the cargo feature `embedded`: there is nothing to measure");
}
