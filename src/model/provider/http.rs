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

    pub(super) fn variable(&self, name: &str) -> Option<SecretString> {
        (self.0.variable)(name)
    }

    /// The client for `url`, built on first use: the one for other machines reads the system's certificates, which
    /// takes some 10 ms.
    pub(super) async fn client(&self, url: &Url) -> Result<Client, reqwest::Error> {
        let local = url.scheme() == "http" && address::is_loopback(url);
        let cell = if local { &self.0.local } else { &self.0.hosted };
        if let Some(client) = cell.get() {
            return Ok(client.clone());
        }
        let connect = self.0.deadlines.connect;
        let build = move || if local { build_local(connect) } else { build_hosted(connect) };
        let client = match tokio::task::spawn_blocking(build).await {
            Ok(client) => client?,
            // Only a runtime that is shutting down drops the task; the call is cancelled with it.
            Err(_) => std::future::pending().await,
        };
        Ok(cell.get_or_init(|| client).clone())
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
