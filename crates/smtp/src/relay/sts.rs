//! MTA-STS (RFC 8461): a domain says over HTTPS which hosts take its mail, and that these must prove who they are.

use crate::dns::Dns;
use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A policy's octets (RFC 8461 §3.3: a limit of 64 KB is advised).
pub const MOST_POLICY: usize = 64 * 1024;
/// Domains whose policies are remembered.
const REMEMBERED: usize = 10_000;
/// The longest time for which one is, in seconds (§3.2).
const LONGEST: u64 = 31_557_600;

/// What a fetch comes to: the text, or why there is none.
pub type PolicyText = Result<String, String>;
/// A fetch under way.
pub type PolicyFetching<'f> = Pin<Box<dyn Future<Output = PolicyText> + Send + 'f>>;

/// Gets `https://` a host `/.well-known/mta-sts.txt`, from a server that proves its name, without redirects, in seconds.
pub trait PolicyFetch: Send + Sync {
    /// Gets the text, of at most [`MOST_POLICY`] octets.
    fn policy<'f>(&'f self, host: &'f str) -> PolicyFetching<'f>;
}

/// What a domain wants (RFC 8461 §3.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Policy {
    is_enforced: bool,
    hosts: Vec<String>,
    max_age: u64,
}

impl Policy {
    /// Reads a policy; nothing where it is none.
    fn parse(text: &str) -> Option<Policy> {
        let pairs: Vec<(&str, &str)> =
            text.lines().filter_map(|line| line.split_once(':')).map(|(key, value)| (key.trim(), value.trim())).collect();
        let value = |wanted: &str| pairs.iter().find(|(key, _)| *key == wanted).map(|(_, value)| *value);
        if value("version")? != "STSv1" {
            return None;
        }
        let is_enforced = match value("mode")? {
            "enforce" => true,
            "testing" | "none" => false,
            _ => return None,
        };
        let hosts = pairs.iter().filter(|(key, _)| *key == "mx").map(|(_, host)| host.to_lowercase()).collect();
        Some(Policy { is_enforced, hosts, max_age: value("max_age")?.parse::<u64>().ok()?.min(LONGEST) })
    }

    pub(super) fn is_enforced(&self) -> bool {
        self.is_enforced
    }

    /// Whether it names a host (§4.1): as it is, or by all but its first label.
    pub(super) fn allows(&self, host: &str) -> bool {
        let host = host.to_lowercase();
        let rest = host.split_once('.').map_or("", |(_, rest)| rest);
        self.hosts.iter().any(|allowed| match allowed.strip_prefix("*.") {
            Some(behind) => behind == rest,
            None => *allowed == host,
        })
    }
}

/// Policies, as long as they hold.
#[derive(Clone)]
pub(super) struct Sts {
    fetch: Option<Arc<dyn PolicyFetch>>,
    known: Arc<Mutex<HashMap<String, Known>>>,
}

#[derive(Clone)]
struct Known {
    id: String,
    policy: Policy,
    until: Instant,
}

impl Sts {
    /// Asks for policies, or for none where nobody can fetch them.
    pub(super) fn new(fetch: Option<Arc<dyn PolicyFetch>>) -> Sts {
        Sts { fetch, known: Arc::default() }
    }

    /// What a domain wants. A policy that holds does so also while its domain can't be asked (§5.1).
    pub(super) async fn policy(&self, dns: &Dns, domain: &str) -> Option<Policy> {
        let fetch = self.fetch.as_ref()?;
        let known = self.known(domain);
        let id = match dns.texts(&format!("_mta-sts.{domain}")).await {
            Ok(texts) => id_of(&texts),
            Err(_) => None,
        };
        let Some(id) = id else { return known.map(|known| known.policy) };
        if let Some(known) = known.clone().filter(|known| known.id == id) {
            return Some(known.policy);
        }
        let read = fetch
            .policy(&format!("mta-sts.{domain}"))
            .await
            .and_then(|text| Policy::parse(&text).ok_or_else(|| "what came is no policy".to_owned()));
        match read {
            Ok(policy) => {
                self.remember(domain, id, &policy);
                Some(policy)
            }
            Err(cause) => {
                tracing::warn!(domain, cause, "a domain's MTA-STS policy could not be had");
                known.map(|known| known.policy)
            }
        }
    }

    fn known(&self, domain: &str) -> Option<Known> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(domain).filter(|known| known.until > Instant::now()).cloned()
    }

    fn remember(&self, domain: &str, id: String, policy: &Policy) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REMEMBERED {
            let now = Instant::now();
            known.retain(|_, one| one.until > now);
        }
        if known.len() < REMEMBERED {
            let until = Instant::now() + Duration::from_secs(policy.max_age);
            known.insert(domain.to_owned(), Known { id, policy: policy.clone(), until });
        }
    }
}

/// The id in the one record that is of MTA-STS (§3.1); nothing where there is none, or more.
fn id_of(texts: &[String]) -> Option<String> {
    let mut of_sts = texts.iter().filter(|text| text.starts_with("v=STSv1;"));
    let (one, more) = (of_sts.next()?, of_sts.next());
    let id = one.split(';').find_map(|pair| pair.trim().strip_prefix("id="))?.trim();
    (more.is_none() && !id.is_empty()).then(|| id.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "version: STSv1\r\nmode: enforce\r\nmx: mail.example.com\r\nmx: *.Example.net\r\nmax_age: 604800\r\n";

    #[test]
    fn a_policy_names_hosts_and_those_beside_a_first_label() {
        let policy = Policy::parse(TEXT).expect("a policy");
        assert!(policy.is_enforced() && policy.max_age == 604_800);
        for (host, expected) in [
            ("mail.example.com", true),
            ("MAIL.example.com", true),
            ("other.example.com", false),
            ("a.example.net", true),
            ("a.b.example.net", false),
            ("example.net", false),
        ] {
            assert_eq!(policy.allows(host), expected, "{host}");
        }
    }

    #[test]
    fn what_is_none_is_none() {
        for text in [
            "",
            "version: STSv2\nmode: enforce\nmax_age: 1",
            "version: STSv1\nmode: enforced\nmax_age: 1",
            "version: STSv1\nmode: none",
        ] {
            assert_eq!(Policy::parse(text), None, "{text:?}");
        }
        let records = |texts: &[&str]| id_of(&texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>());
        assert_eq!(records(&["v=spf1 -all", "v=STSv1; id=20261125;"]).as_deref(), Some("20261125"));
        assert_eq!(records(&["v=STSv1; id=1", "v=STSv1; id=2"]), None);
        assert_eq!(records(&["v=STSv1;"]), None);
    }
}
