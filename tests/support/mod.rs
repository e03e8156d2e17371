//! What integration tests share. Each of them uses a part of it.

pub mod fault_server;
