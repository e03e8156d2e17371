//! Drafts: a model's text becomes clean code, clean code becomes the smallest edits, and the edits make their way into
//! a document that its user goes on typing in. Kernels here are sans-I/O: values in, values out, no clock.

pub mod astray;
pub mod clean;
pub mod form;
pub mod imports;
pub mod inline;
pub mod place;
pub mod region;
pub mod repeat;
pub mod secrets;
pub mod stream;
pub mod verify;
pub mod weave;
pub mod words;

mod docstring;
mod flight;
mod layout;
mod left_out;
mod peel;
mod repair;
mod strings;
mod unwrap;

#[cfg(test)]
mod liar;
