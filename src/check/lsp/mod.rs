//! Real language servers as checkers: each is started once for a workspace, kept warm, and shown drafts as open documents that
//! nobody saves. The editor's own servers never see a draft before its user does.

mod client;
mod convert;
mod frames;
mod incoming;
mod options;
mod server;
#[cfg(test)]
mod tests;

pub use self::client::{Client, Silent, uri_of};
pub use self::convert::findings;
pub use self::server::Server;
