//! One pinned file of the model hub: a GET that goes on where it broke off.

use std::time::Duration;

use reqwest::header::{CONTENT_RANGE, RANGE};
use reqwest::{Client, Response, StatusCode};

use super::catalogue::{Entry, Hub};
use super::part::PartFile;
use super::{Event, Listener, PullError};

/// How long a connection may take. Behind a firewall that drops packets, this is what a user waits for before the
/// mirror is tried.
const CONNECT: Duration = Duration::from_secs(5);
/// How long the hub may take to begin its answer, redirects included.
const FIRST_BYTE: Duration = Duration::from_secs(20);
/// How long it may be silent.
const SILENCE: Duration = Duration::from_secs(30);
/// Tries without a single new byte before the hub is given up.
const BARREN: usize = 3;
/// The hub sends to its storage by one or two redirects. No key is sent, so none can leak.
const REDIRECTS: usize = 5;

/// Fetches what `part` lacks. `endpoint` has no final slash.
pub async fn fetch(
    endpoint: &str,
    entry: &Entry,
    hub: &Hub,
    part: &mut PartFile,
    tell: &Listener,
) -> Result<(), PullError> {
    let url = format!("{endpoint}/{}/resolve/{}/{}", hub.repository, hub.revision, entry.file);
    let client = client(&url)?;
    let mut barren = 0;
    while part.length() < part.size() {
        let before = part.length();
        match fetch_once(&client, &url, part, tell).await {
            Ok(()) => {}
            Err(error @ PullError::Cut { .. }) => {
                barren = if part.length() > before { 0 } else { barren + 1 };
                if barren == BARREN {
                    return Err(error);
                }
                tell(Event::Resuming { at: part.length(), why: error.to_string() });
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

async fn fetch_once(
    client: &Client,
    url: &str,
    part: &mut PartFile,
    tell: &Listener,
) -> Result<(), PullError> {
    let mut response = begin(client, url, part).await?;
    loop {
        let cut = |why: String, part: &PartFile| PullError::Cut { at: part.length(), size: part.size(), why };
        match response.chunk().await {
            Ok(Some(bytes)) => part.write(&bytes, url)?,
            Ok(None) if part.length() < part.size() => return Err(cut("the answer ended".into(), part)),
            Ok(None) => return Ok(()),
            Err(error) => return Err(cut(reason(&error), part)),
        }
        tell(Event::Bytes { done: part.length(), total: part.size() });
    }
}

/// The answer, at the place where `part` ends.
async fn begin(client: &Client, url: &str, part: &mut PartFile) -> Result<Response, PullError> {
    let unreachable = |why| PullError::Unreachable { url: url.into(), why };
    let mut request = client.get(url);
    if part.length() > 0 {
        request = request.header(RANGE, format!("bytes={}-", part.length()));
    }
    let response = tokio::time::timeout(FIRST_BYTE, request.send())
        .await
        .map_err(|_| unreachable(format!("no answer within {} s", FIRST_BYTE.as_secs())))?
        .map_err(|error| unreachable(reason(&error)))?;
    match response.status() {
        StatusCode::OK => part.keep(0)?,
        StatusCode::PARTIAL_CONTENT if starts_at(&response) == Some(part.length()) => {}
        StatusCode::PARTIAL_CONTENT | StatusCode::RANGE_NOT_SATISFIABLE => {
            part.keep(0)?;
            let why = "it does not go on where the download broke off".into();
            return Err(PullError::Cut { at: 0, size: part.size(), why });
        }
        status => return Err(PullError::Status { url: url.into(), status: status.as_u16() }),
    }
    let got = response.content_length().map(|rest| rest + part.length());
    match got {
        Some(got) if got != part.size() => {
            Err(PullError::WrongSize { from: url.into(), got, size: part.size() })
        }
        _ => Ok(response),
    }
}

/// The first byte of a `Content-Range: bytes 5-9/10`.
fn starts_at(response: &Response) -> Option<u64> {
    let range = response.headers().get(CONTENT_RANGE)?.to_str().ok()?;
    range.strip_prefix("bytes ")?.split_once('-')?.0.parse().ok()
}

fn client(url: &str) -> Result<Client, PullError> {
    let unreachable = |why| PullError::Unreachable { url: url.into(), why };
    let parsed = url::Url::parse(url).map_err(|error| unreachable(error.to_string()))?;
    let loopback = match parsed.host() {
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    };
    if parsed.scheme() != "https" && !loopback {
        return Err(unreachable(
            "plain http is used to this machine only: set HF_ENDPOINT to an https address".into(),
        ));
    }
    // Another part of the program may have installed it already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
        .connect_timeout(CONNECT)
        .read_timeout(SILENCE)
        .redirect(reqwest::redirect::Policy::limited(REDIRECTS))
        .https_only(!loopback)
        .user_agent(concat!("redraft/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|error| unreachable(reason(&error)))
}

/// The innermost cause: reqwest's own words say only that sending failed.
fn reason(error: &reqwest::Error) -> String {
    let mut inner: &dyn std::error::Error = error;
    while let Some(source) = inner.source() {
        inner = source;
    }
    inner.to_string()
}
