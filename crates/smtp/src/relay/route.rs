//! To which hosts mail for a domain goes (RFC 5321 §5.1).

use super::sts::{Policy, Sts};
use crate::dns::{Dns, DnsError, Exchanges};
use mailbox::{Outcome, Said};
use std::net::{IpAddr, SocketAddr};

/// Hosts and addresses that are tried in one attempt (RFC 5321 §5.1: at least two).
const TRIED: usize = 6;

/// A host that may take mail, and how it is spoken to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    /// Its name, or its address in brackets.
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) tls: TlsUse,
    /// Whether it must prove its name.
    pub(super) must_prove: bool,
}

/// When TLS begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsUse {
    /// Not at all.
    Never,
    /// Where the host offers it.
    Offered,
    /// By STARTTLS, or nothing is said.
    StartTls,
    /// Before the first word (RFC 8314).
    AtOnce,
}

/// Finds hosts.
#[derive(Clone)]
pub(super) struct Routes {
    pub(super) dns: Dns,
    pub(super) sts: Sts,
    /// Where hosts that are found by MX listen.
    pub(super) port: u16,
}

impl Routes {
    /// The hosts of a domain, those that come first first.
    ///
    /// # Errors
    /// What becomes of all mail to that domain now.
    pub(super) async fn of(&self, domain: &str) -> Result<Vec<Target>, Outcome> {
        if domain.starts_with('[') {
            return Ok(vec![self.target(domain.to_owned(), false)]);
        }
        let domain = xn(domain);
        let (exchanges, policy) = tokio::join!(self.dns.exchanges(&domain), self.sts.policy(&self.dns, &domain));
        let must_prove = policy.as_ref().is_some_and(Policy::is_enforced);
        let hosts = match exchanges {
            Ok(Exchanges::Hosts(hosts)) => hosts,
            Ok(Exchanges::Implicit) => vec![domain.clone()],
            // RFC 7505 §4.1
            Ok(Exchanges::Null) => return Err(never([5, 1, 10], format!("The domain {domain} takes no mail (null MX)"))),
            Err(error) => return Err(unknown(&error)),
        };
        let is_allowed = |host: &String| policy.as_ref().is_none_or(|policy| !policy.is_enforced() || policy.allows(host));
        let allowed: Vec<Target> =
            hosts.into_iter().filter(is_allowed).map(|host| self.target(host, must_prove)).take(TRIED).collect();
        match allowed.is_empty() {
            true => Err(later([4, 7, 0], format!("No host of {domain} is one that its MTA-STS policy names"))),
            false => Ok(allowed),
        }
    }

    fn target(&self, host: String, must_prove: bool) -> Target {
        let tls = if must_prove { TlsUse::StartTls } else { TlsUse::Offered };
        Target { host, port: self.port, tls, must_prove }
    }

    /// Where a host listens, at most so many places.
    ///
    /// # Errors
    /// Why it can't be known: as what becomes of mail to it, if it is the last host.
    pub(super) async fn addresses(&self, target: &Target) -> Result<Vec<SocketAddr>, Outcome> {
        let of = |ip: IpAddr| SocketAddr::new(ip, target.port);
        if let Some(ip) = literal(&target.host) {
            return Ok(vec![of(ip)]);
        }
        match self.dns.addresses(&target.host).await {
            Ok(found) => Ok(found.into_iter().map(of).take(TRIED).collect()),
            Err(error) => Err(unknown(&error)),
        }
    }
}

/// An address of RFC 5321 §4.1.3, with brackets or without.
fn literal(host: &str) -> Option<IpAddr> {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let bare = bare.strip_prefix("IPv6:").or_else(|| bare.strip_prefix("ipv6:")).unwrap_or(bare);
    bare.parse().ok()
}

/// A domain as DNS has it (RFC 5891).
fn xn(domain: &str) -> String {
    idna::domain_to_ascii(domain).unwrap_or_else(|_| domain.to_owned())
}

fn unknown(error: &DnsError) -> Outcome {
    match error {
        // RFC 3463 §3.2 X.1.2: bad destination system address
        DnsError::Nothing(name) => never([5, 1, 2], format!("The domain {name} does not exist, or takes no mail")),
        DnsError::Failed { .. } => later([4, 4, 3], error.to_string()),
    }
}

fn never(status: [u8; 3], text: String) -> Outcome {
    Outcome::Never(Said { next_hop: String::new(), status, text, is_reply: false })
}

pub(super) fn later(status: [u8; 3], text: String) -> Outcome {
    Outcome::Later(Said { next_hop: String::new(), status, text, is_reply: false })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_are_addresses_and_names_are_none() {
        for (text, expected) in [("[127.0.0.1]", "127.0.0.1"), ("[IPv6:::1]", "::1"), ("10.0.0.1", "10.0.0.1")] {
            assert_eq!(literal(text).map(|ip| ip.to_string()).as_deref(), Some(expected), "{text}");
        }
        assert!(literal("mx.example.com").is_none() && literal("[mx.example.com]").is_none());
        assert_eq!(xn("bücher.example"), "xn--bcher-kva.example");
    }
}
