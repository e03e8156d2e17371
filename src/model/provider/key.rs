//! API keys: read when a request leaves, given to nobody but the origin that they were configured for, and never shown.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use url::{Origin, Url};

use super::fault::Peer;
use super::http::Http;
use crate::model::spec::KeySource;
use crate::model::{ErrorKind, ModelError};

/// Where a key comes from, and the one origin that it may go to.
pub(super) struct BoundKey {
    source: KeySource,
    origin: Origin,
}

impl BoundKey {
    pub(super) fn new(source: KeySource, endpoint: &Url) -> Self {
        Self { source, origin: endpoint.origin() }
    }

    /// The key for a request to `url`, read now. `None` if none was configured.
    pub(super) async fn read(
        &self,
        url: &Url,
        http: &Http,
        peer: &Peer,
    ) -> Result<Option<SecretString>, ModelError> {
        if url.origin() != self.origin {
            return Err(peer.error(ErrorKind::Config, "its key is kept for the configured address alone"));
        }
        let key = match &self.source {
            KeySource::None => return Ok(None),
            KeySource::Env(variable) => http.variable(variable).ok_or_else(|| {
                let what = format!(
                    "its key is missing: the environment variable {variable} is not set. Set it (and restart the \
                     editor), or remove api_key_env if this server needs no key"
                );
                peer.error(ErrorKind::Config, &what)
            })?,
            KeySource::Keyring { service, account } => from_keyring(service, account, peer).await?,
        };
        // A key that was piped into a variable often brings its line's end with it.
        let key = SecretString::from(key.expose_secret().trim());
        if !may_be_a_key(key.expose_secret()) {
            let what = format!("its key from {} is empty or has characters that no key has", self.source);
            return Err(peer.error(ErrorKind::Config, &what));
        }
        Ok(Some(key))
    }
}

/// Whether this can be sent as a key; blanks around it do not count.
#[must_use]
pub fn may_be_a_key(text: &str) -> bool {
    let key = text.trim();
    !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_graphic())
}

impl fmt::Debug for BoundKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BoundKey({})", self.source)
    }
}

impl fmt::Display for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("nowhere"),
            Self::Env(variable) => write!(f, "the environment variable {variable}"),
            Self::Keyring { service, account } => write!(f, "the keyring entry {service}/{account}"),
        }
    }
}

/// The keyring may ask its user to unlock it: that blocks, so it happens on a thread of its own.
#[cfg(feature = "keyring")]
async fn from_keyring(service: &str, account: &str, peer: &Peer) -> Result<SecretString, ModelError> {
    let (of_service, of_account) = (service.to_owned(), account.to_owned());
    let read = move || keyring::Entry::new(&of_service, &of_account)?.get_password();
    match tokio::task::spawn_blocking(read).await {
        Ok(Ok(key)) => Ok(SecretString::from(key)),
        Ok(Err(error)) => {
            let what =
                format!("its key could not be read from the keyring entry {service}/{account}: {error}");
            Err(peer.error(ErrorKind::Config, &what))
        }
        // Only a runtime that is shutting down drops the task; the call is cancelled with it.
        Err(_) => std::future::pending().await,
    }
}

#[cfg(not(feature = "keyring"))]
async fn from_keyring(service: &str, account: &str, peer: &Peer) -> Result<SecretString, ModelError> {
    let what = format!(
        "its key is in the keyring entry {service}/{account}, and this build reads no keyrings. Build with \
         `--features keyring`, or name an environment variable with api_key_env"
    );
    Err(peer.error(ErrorKind::Config, &what))
}

#[cfg(test)]
mod tests {
    use super::super::http::Deadlines;
    use super::*;

    async fn read(source: KeySource, url: &str) -> Result<Option<String>, ModelError> {
        let endpoint = Url::parse("https://host/v1/messages").unwrap();
        let peer = Peer {
            name: "p".to_owned(),
            origin: "https://host".to_owned(),
            model: "m".to_owned(),
            key: source.clone(),
        };
        let http = Http::new(Deadlines::default(), |name| match name {
            "GOOD" => Some(SecretString::from(" sk-good\n")),
            "EMPTY" => Some(SecretString::from(" ")),
            "BROKEN" => Some(SecretString::from("sk-a\nb")),
            _ => None,
        });
        let key = BoundKey::new(source, &endpoint).read(&Url::parse(url).unwrap(), &http, &peer).await?;
        Ok(key.map(|key| key.expose_secret().to_owned()))
    }

    #[tokio::test]
    async fn a_key_goes_to_its_origin_alone() {
        let good = || KeySource::Env("GOOD".to_owned());
        assert_eq!(read(good(), "https://host/other").await.unwrap().as_deref(), Some("sk-good"));
        for url in ["http://host/", "https://host:444/", "https://evil.host/", "https://host.evil/"] {
            let error = read(good(), url).await.unwrap_err();
            assert_eq!(error.kind, ErrorKind::Config, "{url}");
        }
        assert_eq!(read(KeySource::None, "https://host/").await.unwrap(), None);
    }

    #[tokio::test]
    async fn a_key_that_cannot_be_is_told_without_being_shown() {
        for (variable, fragment) in
            [("MISSING", "MISSING is not set"), ("EMPTY", "is empty"), ("BROKEN", "variable BROKEN")]
        {
            let error = read(KeySource::Env(variable.to_owned()), "https://host/").await.unwrap_err();
            assert_eq!(error.kind, ErrorKind::Config);
            assert!(error.message.contains(fragment) && !error.message.contains("sk-"), "{error}");
        }
    }

    #[cfg(not(feature = "keyring"))]
    #[tokio::test]
    async fn a_build_without_keyrings_says_so() {
        let source = KeySource::Keyring { service: "redraft".to_owned(), account: "me".to_owned() };
        let error = read(source, "https://host/").await.unwrap_err();
        assert!(
            error.message.contains("redraft/me") && error.message.contains("--features keyring"),
            "{error}"
        );
    }
}
