//! The HTTP client that all providers of a process share, and how long each phase of a call may take.
//!
//! Built on first use: a start-up pays neither its time nor its memory. There are two of it inside, because plain http
//! to this machine must never go through a proxy, ask a name server, or fail where no certificates are installed.
//! Both follow no redirect (a key would travel with it) and repeat nothing (`ask` has the one retry loop).

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use reqwest::{Client, ClientBuilder, redirect, retry};
use secrecy::SecretString;
use url::Url;

use crate::model::address;

/// Idle connections that are kept for each host: runs in parallel are few.
const IDLE_CONNECTIONS: usize = 4;
/// How long an idle connection is kept: longer than between two rounds of a run, shorter than most servers keep theirs.
const IDLE_TIME: Duration = Duration::from_secs(50);

/// How long each phase of a call may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadlines {
    /// Name, connection, TLS.
    pub connect: Duration,
    /// From the call to the first sign of the model; keep-alives are none.
    pub first_token: Duration,
    /// From one sign of the model to the next.
    pub between_tokens: Duration,
    /// The whole call.
    pub whole: Duration,
    /// From the finish reason to the end of the stream: only the usage is awaited then.
    pub trailer: Duration,
}

impl Default for Deadlines {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            // A local server may have to load the model first.
            first_token: Duration::from_secs(60),
            between_tokens: Duration::from_secs(30),
            whole: Duration::from_secs(600),
            trailer: Duration::from_secs(2),
        }
    }
}

/// Builds a client with a deadline for its connections.
type Build = fn(Duration) -> Result<Client, reqwest::Error>;

/// Reads an environment variable.
pub type ReadVariable = fn(&str) -> Option<SecretString>;

/// The client; clones share it.
#[derive(Clone)]
pub struct Http(Arc<Shared>);

struct Shared {
    deadlines: Deadlines,
    variable: ReadVariable,
    local: OnceLock<Client>,
    hosted: OnceLock<Client>,
}

impl Http {
    /// With deadlines and an environment of a test's choice; everyone else takes the default.
    #[must_use]
    pub fn new(deadlines: Deadlines, variable: ReadVariable) -> Self {
        Self(Arc::new(Shared { deadlines, variable, local: OnceLock::new(), hosted: OnceLock::new() }))
    }

    #[must_use]
    pub fn deadlines(&self) -> Deadlines {
        self.0.deadlines
    }

    pub(in crate::model) fn variable(&self, name: &str) -> Option<SecretString> {
        (self.0.variable)(name)
    }

    /// The client for `url`, built on first use: the one for other machines reads the system's certificates, which
    /// takes some 10 ms.
    pub(in crate::model) async fn client(&self, url: &Url) -> Result<Client, reqwest::Error> {
        let (cell, build) = self.place(url);
        if let Some(client) = cell.get() {
            return Ok(client.clone());
        }
        let connect = self.0.deadlines.connect;
        let client = match tokio::task::spawn_blocking(move || build(connect)).await {
            Ok(client) => client?,
            // Only a runtime that is shutting down drops the task; the call is cancelled with it.
            Err(_) => std::future::pending().await,
        };
        Ok(cell.get_or_init(|| client).clone())
    }

    /// Builds the client for `url`, if there is none yet. What is wrong with it is told to the call that needs it.
    pub(super) fn warm(&self, url: &Url) {
        let (cell, build) = self.place(url);
        if cell.get().is_none()
            && let Ok(client) = build(self.0.deadlines.connect)
        {
            // A call may have been first.
            let _ = cell.set(client);
        }
    }

    /// Where the client for `url` is, and how it is built.
    fn place(&self, url: &Url) -> (&OnceLock<Client>, Build) {
        if url.scheme() == "http" && address::is_loopback(url) {
            (&self.0.local, build_local)
        } else {
            (&self.0.hosted, build_hosted)
        }
    }
}

impl Default for Http {
    fn default() -> Self {
        Self::new(Deadlines::default(), |name| std::env::var(name).ok().map(SecretString::from))
    }
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Http").field("deadlines", &self.0.deadlines).finish_non_exhaustive()
    }
}

/// Makes rustls use ring, for every client of the process. Whoever came first wins, and it can only be ring.
pub fn install_crypto() {
    let _already_installed = rustls::crypto::ring::default_provider().install_default();
}

fn build_hosted(connect: Duration) -> Result<Client, reqwest::Error> {
    shared(connect).https_only(true).build()
}

/// No proxy, no certificates, and `localhost` is this machine whatever a name server says.
fn build_local(connect: Duration) -> Result<Client, reqwest::Error> {
    let loopback = [SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), SocketAddr::from((Ipv6Addr::LOCALHOST, 0))];
    shared(connect).no_proxy().tls_certs_only([]).resolve_to_addrs("localhost", &loopback).build()
}

fn shared(connect: Duration) -> ClientBuilder {
    install_crypto();
    Client::builder()
        .user_agent(concat!("redraft/", env!("CARGO_PKG_VERSION")))
        .redirect(redirect::Policy::none())
        .retry(retry::never())
        .referer(false)
        .connect_timeout(connect)
        .pool_max_idle_per_host(IDLE_CONNECTIONS)
        .pool_idle_timeout(IDLE_TIME)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_built_before_it_is_needed() {
        let http = Http::default();
        let built = |url: &str| http.place(&Url::parse(url).unwrap()).0.get().is_some();
        for (url, other) in
            [("http://127.0.0.1:1/v1", "https://h.example/v1"), ("https://h.example/v1", "http://[::1]/")]
        {
            let before = built(other);
            http.warm(&Url::parse(url).unwrap());
            assert_eq!((built(url), built(other)), (true, before), "{url}");
        }
    }
}
