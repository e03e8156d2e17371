//! Drafts: a model's text becomes clean code, clean code becomes the smallest edits, and the edits make their way into
//! a document that its user goes on typing in. Kernels here are sans-I/O: values in, values out, no clock.

pub mod form;
pub mod imports;
