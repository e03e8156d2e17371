//! Addresses of providers: what the user may configure, and the rule that plain http goes to this machine only.
//!
//! The rule is checked twice, when the configuration is read and when a request leaves.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use url::{Host, Url};

/// A provider's base address: http or https, a host, no user information, no query, no fragment.
#[derive(Clone, PartialEq, Eq)]
pub struct BaseUrl(Url);

/// Why an address is refused. The messages never repeat it: an address may hold a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    #[error("this is not a URL; write it as in \"https://host/v1\"")]
    NotAUrl,
    #[error("only http and https addresses can be asked")]
    Scheme,
    #[error("plain http goes to this machine only (127.0.0.1, [::1], localhost); use https")]
    PlainHttp,
    #[error("an address holds no user name or password; name the key's variable with api_key_env")]
    UserInfo,
    #[error("an address holds no query and no fragment (nothing after \"?\" or \"#\")")]
    Query,
    #[error("leave out the end of the path (\"{0}\"): it is added by itself")]
    FullPath(&'static str),
}

/// Ends of paths that people copy from a provider's manual, and that are added here.
const ENDPOINTS: [&str; 3] = ["/chat/completions", "/completions", "/messages"];

impl BaseUrl {
    /// # Errors
    /// [`AddressError`], for the line of the configuration that has it.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let url = Url::parse(text.trim()).map_err(|_| AddressError::NotAUrl)?;
        check(&url)?;
        let path = url.path().trim_end_matches('/');
        match ENDPOINTS.into_iter().find(|end| path.ends_with(end)) {
            Some(end) => Err(AddressError::FullPath(end)),
            None => Ok(Self(url)),
        }
    }

    /// `scheme://host:port`, which is all of an address that messages and logs may show. The port is left out where
    /// it is the scheme's own.
    #[must_use]
    pub fn origin(&self) -> String {
        self.0.origin().ascii_serialization()
    }

    /// Whether it leads to this machine.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.0)
    }

    /// The host, as it is written in the address.
    #[must_use]
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    /// The address with `tail` below its path; `tail` begins with a slash. A `/v1` that both have is not doubled.
    #[must_use]
    pub fn join(&self, tail: &str) -> Url {
        let path = self.0.path().trim_end_matches('/');
        let base = if tail.starts_with("/v1/") { path.strip_suffix("/v1").unwrap_or(path) } else { path };
        let mut url = self.0.clone();
        url.set_path(&format!("{base}{tail}"));
        url
    }
}

impl BaseUrl {
    /// `path` of the same server, beside the API's own; it begins with a slash.
    #[must_use]
    pub fn at_root(&self, path: &str) -> Url {
        let mut url = self.0.clone();
        url.set_path(path);
        url
    }
}

impl BaseUrl {
    /// Where a server of this machine would listen, of an address that leads there. No name server is asked.
    #[must_use]
    pub fn loopback(&self) -> Vec<SocketAddr> {
        let port = self.0.port_or_known_default().unwrap_or_default();
        let hosts = match self.0.host() {
            Some(Host::Ipv4(address)) => vec![address.into()],
            Some(Host::Ipv6(address)) => vec![address.into()],
            Some(Host::Domain(_)) | None => vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()],
        };
        let hosts: Vec<IpAddr> = if self.is_loopback() { hosts } else { Vec::new() };
        hosts.into_iter().map(|host| SocketAddr::new(host, port)).collect()
    }
}

impl fmt::Debug for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BaseUrl({})", self.origin())
    }
}

/// The rules that hold for every address that a request goes to.
///
/// # Errors
/// The first rule that it breaks.
pub fn check(url: &Url) -> Result<(), AddressError> {
    match url.scheme() {
        _ if url.host().is_none() => Err(AddressError::NotAUrl),
        _ if !url.username().is_empty() || url.password().is_some() => Err(AddressError::UserInfo),
        _ if url.query().is_some() || url.fragment().is_some() => Err(AddressError::Query),
        "https" => Ok(()),
        "http" if is_loopback(url) => Ok(()),
        "http" => Err(AddressError::PlainHttp),
        _ => Err(AddressError::Scheme),
    }
}

/// `localhost` counts because the client that plain http goes through resolves that name to the loopback addresses
/// without asking anyone.
#[must_use]
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_configured() {
        for (text, expect) in [
            ("http://127.0.0.1:8080/v1", Ok("http://127.0.0.1:8080")),
            ("http://127.9.8.7", Ok("http://127.9.8.7")),
            ("http://127.1:80/", Ok("http://127.0.0.1")),
            ("http://[::1]:1234/v1/", Ok("http://[::1]:1234")),
            ("http://LOCALHOST:11434/v1", Ok("http://localhost:11434")),
            ("https://openrouter.ai/api/v1", Ok("https://openrouter.ai")),
            (" https://host:8443/v1 ", Ok("https://host:8443")),
            ("http://10.0.0.1/v1", Err(AddressError::PlainHttp)),
            ("http://0.0.0.0/v1", Err(AddressError::PlainHttp)),
            ("http://[::ffff:127.0.0.1]/v1", Err(AddressError::PlainHttp)),
            ("http://localhost.evil.example/", Err(AddressError::PlainHttp)),
            ("http://127.0.0.1.evil.example/", Err(AddressError::PlainHttp)),
            ("http://localhost./", Err(AddressError::PlainHttp)),
            ("http://me:secret@127.0.0.1/", Err(AddressError::UserInfo)),
            ("https://key@host/", Err(AddressError::UserInfo)),
            ("https://host/v1?key=secret", Err(AddressError::Query)),
            ("https://host/v1#x", Err(AddressError::Query)),
            ("ftp://host/", Err(AddressError::Scheme)),
            ("file:///etc/passwd", Err(AddressError::NotAUrl)),
            ("localhost:8080", Err(AddressError::NotAUrl)),
            ("", Err(AddressError::NotAUrl)),
            ("https://host/v1/chat/completions/", Err(AddressError::FullPath("/chat/completions"))),
            ("https://host/v1/messages", Err(AddressError::FullPath("/messages"))),
        ] {
            let origin = BaseUrl::parse(text).map(|url| url.origin());
            assert_eq!(origin.as_deref(), expect.as_ref().map(|text| &**text), "{text}");
        }
    }

    #[test]
    fn the_tail_goes_below_the_path_and_is_never_doubled() {
        for (base, tail, expect) in [
            ("https://host/v1", "/chat/completions", "https://host/v1/chat/completions"),
            ("https://host/v1/", "/chat/completions", "https://host/v1/chat/completions"),
            ("https://host", "/chat/completions", "https://host/chat/completions"),
            ("https://host", "/v1/messages", "https://host/v1/messages"),
            ("https://host/v1/", "/v1/messages", "https://host/v1/messages"),
            ("https://host/proxy/v1", "/v1/messages", "https://host/proxy/v1/messages"),
            ("https://host/proxy", "/v1/messages", "https://host/proxy/v1/messages"),
        ] {
            assert_eq!(BaseUrl::parse(base).unwrap().join(tail).as_str(), expect, "{base} {tail}");
        }
    }

    #[test]
    fn servers_of_this_machine_are_known_without_a_name_server() {
        for (url, expect) in [
            ("http://127.0.0.1:8080/v1", &["127.0.0.1:8080"][..]),
            ("http://[::1]/v1", &["[::1]:80"]),
            ("http://localhost:11434", &["127.0.0.1:11434", "[::1]:11434"]),
            ("https://host/v1", &[]),
            ("https://10.0.0.1/v1", &[]),
        ] {
            let told: Vec<String> =
                BaseUrl::parse(url).unwrap().loopback().iter().map(ToString::to_string).collect();
            assert_eq!(told, expect, "{url}");
        }
    }

    #[test]
    fn debug_and_errors_show_the_origin_at_most() {
        let url = BaseUrl::parse("https://host/secret-path").unwrap();
        assert_eq!(format!("{url:?}"), "BaseUrl(https://host)");
        let error = BaseUrl::parse("https://me:secret@host/").unwrap_err().to_string();
        assert!(!error.contains("secret") && !error.contains("me:"), "{error}");
    }
}
