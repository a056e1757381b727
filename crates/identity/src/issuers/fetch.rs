//! What is fetched from an issuer: its metadata, and the keys that they point to (OpenID Connect Discovery §4, RFC 7517).

use super::TrustedIssuer;
use super::keys::KeySet;
use serde::Deserialize;
use std::fmt;
use std::pin::Pin;
use url::{Host, Url};

/// Octets that metadata or keys may have: ten times those of the largest issuer.
const MOST: usize = 256 * 1024;

/// Fetches what stands at an address. The socket is the server's; tests have a table.
pub trait Fetch: Send + Sync {
    /// The body of a 200 to a GET, in a time that the fetcher bounds. It follows no redirect, for the address is trusted and
    /// no other is, and gives up where the body has more than `most` octets.
    fn get<'a>(&'a self, address: &'a FetchAddress, most: usize) -> Fetching<'a>;
}

/// A fetch that is under way.
pub type Fetching<'a> = Pin<Box<dyn Future<Output = Result<Vec<u8>, FetchError>> + Send + 'a>>;

/// Why nothing was fetched, for the log.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct FetchError(pub String);

/// An address from which keys may come: over https, or over http from this machine itself. Whoever can change what comes
/// could sign for everybody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchAddress(Url);

impl FetchAddress {
    /// Reads an address; nothing where it is none, or one that can't be trusted.
    pub fn parse(text: &str) -> Option<FetchAddress> {
        let url = Url::parse(text).ok()?;
        let is_loopback = match url.host()? {
            Host::Domain(name) => name == "localhost",
            Host::Ipv4(ip) => ip.is_loopback(),
            Host::Ipv6(ip) => ip.is_loopback(),
        };
        let is_safe = url.scheme() == "https" || (url.scheme() == "http" && is_loopback);
        let is_plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
        (is_safe && is_plain).then_some(FetchAddress(url))
    }

    /// Where an issuer's metadata are unless something else is said (OpenID Connect Discovery §4).
    pub fn of_metadata(issuer: &str) -> Option<FetchAddress> {
        FetchAddress::parse(&format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/')))
    }

    /// The address as text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    fn is_https(&self) -> bool {
        self.0.scheme() == "https"
    }
}

impl fmt::Display for FetchAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What is read of metadata (OpenID Connect Discovery §3).
#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    jwks_uri: String,
}

/// The keys by which an issuer signs now.
///
/// # Errors
/// [`FetchError`], also where the metadata are another issuer's or lead to where no keys may come from.
pub(super) async fn keys_of(trusted: &TrustedIssuer, fetch: &dyn Fetch) -> Result<KeySet, FetchError> {
    let octets = fetch.get(&trusted.metadata, MOST).await?;
    let metadata: Metadata = serde_json::from_slice(&octets).map_err(|error| unreadable(&trusted.metadata, &error))?;
    // OpenID Connect Discovery §4.3. An operator who named the address himself vouches for it.
    if trusted.metadata_name_issuer && metadata.issuer != trusted.issuer {
        return Err(FetchError(format!("{} names another issuer, {:?}", trusted.metadata, metadata.issuer)));
    }
    let address = FetchAddress::parse(&metadata.jwks_uri).filter(|keys| keys.is_https() || !trusted.metadata.is_https());
    let address = address.ok_or_else(|| FetchError(format!("{} has keys at {:?}", trusted.metadata, metadata.jwks_uri)))?;
    let octets = fetch.get(&address, MOST).await?;
    KeySet::parse(&octets).map_err(|error| unreadable(&address, &error))
}

fn unreadable(address: &FetchAddress, error: &serde_json::Error) -> FetchError {
    FetchError(format!("{address} can't be read: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_over_https_or_from_this_machine() {
        for good in ["https://login.example/t/v2.0", "http://127.0.0.1:8080/realms/x", "http://[::1]/", "http://localhost:1/"] {
            assert!(FetchAddress::parse(good).is_some(), "{good}");
        }
        for bad in ["http://login.example/", "http://127.0.0.1.example/", "http://10.0.0.1/", "file:///etc/passwd", "login", ""] {
            assert!(FetchAddress::parse(bad).is_none(), "{bad}");
        }
        for bad in ["https://a:b@login.example/", "https://login.example/#a", "ftp://localhost/", "http://localhost.example/"] {
            assert!(FetchAddress::parse(bad).is_none(), "{bad}");
        }
        let metadata = FetchAddress::of_metadata("https://login.example/t/v2.0/").expect("an address");
        assert_eq!(metadata.as_str(), "https://login.example/t/v2.0/.well-known/openid-configuration");
    }
}
