//! Text: offsets, positions, line ends, edits, diffs. Pure; knows ropes and nothing of protocols.
//!
//! Offsets are bytes of UTF-8 everywhere (`Range<usize>`). Positions, which count lines and code units, exist only at
//! the edge: `position` converts them, for every encoding that LSP has.

pub mod decode;
pub mod diff;
pub mod edit;
pub mod eol;
pub mod hidden;
pub mod indent;
pub mod nearest;
pub mod position;
