//! `[relay]` and `[[dkim]]`: how mail for other domains is sent on, and what signs it.

use super::raw::{RawConfig, RawDkim, RawRelay};
use identity::is_domain;
use mailbox::{Relaying, Retry};
use smtp::{DkimKey, Proof, Smarthost, TlsUse};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// RFC 5321 §4.5.4.2
const PORT: u16 = 25;
const DESTINATIONS: usize = 100;
const CONNECTIONS: usize = 4;

/// How mail for other domains is sent on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelayConfig {
    /// Whether it is held, where it goes, and how long it is tried.
    pub relaying: Relaying,
    /// The one host, if there is one.
    pub smarthost: Option<Smarthost>,
    /// The other Graph that takes all mail instead.
    pub graph: Option<GraphRelay>,
    /// A file in PEM of those who may vouch for hosts.
    pub ca: Option<PathBuf>,
    /// By what name we say hello.
    pub hello: String,
    /// The port of hosts that are found by MX.
    pub port: u16,
    /// Destinations at once.
    pub destinations: usize,
    /// Connections to one of them at once.
    pub connections: usize,
    /// Messages to one of them in a minute.
    pub per_minute: Option<u32>,
    /// The keys of DKIM.
    pub dkim: Vec<DkimConfig>,
}

impl Default for RelayConfig {
    fn default() -> RelayConfig {
        RelayConfig {
            relaying: Relaying::default(),
            smarthost: None,
            graph: None,
            ca: None,
            hello: String::new(),
            port: PORT,
            destinations: DESTINATIONS,
            connections: CONNECTIONS,
            per_minute: None,
            dkim: Vec::new(),
        }
    }
}

/// Another Graph, and the app that sends there.
#[derive(Clone, PartialEq, Eq)]
pub struct GraphRelay {
    /// The tenant.
    pub tenant: String,
    /// The app.
    pub client_id: String,
    /// Its secret.
    pub secret: String,
    /// The service with its version.
    pub service: String,
    /// Who gives tokens.
    pub authority: String,
}

impl std::fmt::Debug for GraphRelay {
    /// The secret is never written.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} as {}", self.service, self.client_id)
    }
}

/// A key of DKIM, tried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DkimConfig {
    /// The domain that it signs for.
    pub domain: String,
    /// Where its public half is.
    pub selector: String,
    /// It, in PEM.
    pub pem: Vec<u8>,
}

/// The settings of the way out; `from` is the folder in which paths begin. What is wrong is noted.
pub(super) fn relay(raw: &RawConfig, domain: &str, from: &Path, errors: &mut Vec<String>) -> RelayConfig {
    let said = &raw.relay;
    let is_graph = said.smarthost.as_deref() == Some("graph");
    let graph = is_graph.then(|| graph(said, from, errors)).flatten();
    let smarthost = if is_graph { None } else { smarthost(said, from, errors) };
    let hello = said.hello.clone().or_else(|| raw.hosts.iter().find(|host| is_domain(host)).cloned());
    let mut at_least_one = |name: &str, value: Option<usize>, default: usize| {
        let value = value.unwrap_or(default);
        if value == 0 {
            errors.push(format!("relay.{name} is 0; it must be 1 at least."));
        }
        value
    };
    let destinations = at_least_one("destinations", said.destinations, DESTINATIONS);
    let connections = at_least_one("connections", said.connections, CONNECTIONS);
    if said.messages_per_minute == Some(0) {
        errors.push("relay.messages_per_minute is 0; it must be 1 at least. To send nothing, say hold = true.".to_owned());
    }
    RelayConfig {
        relaying: Relaying {
            is_held: said.hold.unwrap_or(raw.development),
            has_one_host: smarthost.is_some() || graph.is_some(),
            takes_own_domain: graph.is_some(),
            retry: retry(said, errors),
        },
        smarthost,
        graph,
        ca: said.ca.as_ref().map(|file| from.join(file)),
        hello: hello.unwrap_or_else(|| domain.to_owned()),
        port: said.port.unwrap_or(PORT),
        destinations,
        connections,
        per_minute: said.messages_per_minute,
        dkim: raw.dkim.iter().filter_map(|one| dkim(one, domain, from, errors)).collect(),
    }
}

fn retry(said: &RawRelay, errors: &mut Vec<String>) -> Retry {
    let default = Retry::default();
    let mut seconds = |name: &str, value: Option<u64>, default: Duration| {
        if value == Some(0) {
            errors.push(format!("relay.{name} is 0; it must be 1 at least."));
        }
        value.map_or(default, Duration::from_secs)
    };
    Retry {
        first: seconds("first_retry_seconds", said.first_retry_seconds, default.first),
        longest: seconds("longest_retry_seconds", said.longest_retry_seconds, default.longest),
        told_after: seconds("delay_report_seconds", said.delay_report_seconds, default.told_after),
        lifetime: seconds("lifetime_seconds", said.lifetime_seconds, default.lifetime),
    }
}

fn smarthost(said: &RawRelay, from: &Path, errors: &mut Vec<String>) -> Option<Smarthost> {
    let Some(text) = &said.smarthost else {
        if said.user.is_some() || said.password_file.is_some() || said.token_file.is_some() || said.tls.is_some() {
            errors.push("relay.user, password_file, token_file and tls are for a smarthost, and none is said.".to_owned());
        }
        return None;
    };
    let Some((host, port)) = text.rsplit_once(':').and_then(|(host, port)| Some((host, port.parse::<u16>().ok()?))) else {
        errors.push(format!(
            "\"{text}\" is no smarthost; it must be a name or an address and a port, such as smtp.example.com:587."
        ));
        return None;
    };
    let (tls, must_prove) = match said.tls.as_deref() {
        None if port == 465 => (TlsUse::AtOnce, true),
        None | Some("starttls") => (TlsUse::StartTls, true),
        Some("implicit") => (TlsUse::AtOnce, true),
        Some("offered") => (TlsUse::Offered, false),
        Some("never") => (TlsUse::Never, false),
        Some(other) => {
            errors.push(format!("relay.tls is \"{other}\"; it must be starttls, implicit, offered or never."));
            (TlsUse::StartTls, true)
        }
    };
    let proof = proof(said, from, errors);
    Some(Smarthost { host: host.trim_matches(['[', ']']).to_owned(), port, tls, must_prove, proof })
}

fn graph(said: &RawRelay, from: &Path, errors: &mut Vec<String>) -> Option<GraphRelay> {
    let Some(raw) = &said.graph else {
        errors.push("relay.smarthost is graph; [relay.graph] must say which, and who sends there.".to_owned());
        return None;
    };
    let mut address = |name: &str, said: &Option<String>, default: &str| {
        let text = said.as_deref().unwrap_or(default).trim_end_matches('/').to_owned();
        // What goes there is mail, and the app's secret.
        if identity::FetchAddress::parse(&text).is_none() {
            errors.push(format!("relay.graph.{name} is \"{text}\"; it must be an address over https, or on this machine."));
        }
        text
    };
    let service = address("service", &raw.service, "https://graph.microsoft.com/v1.0");
    let authority = address("authority", &raw.authority, "https://login.microsoftonline.com");
    for (name, value) in [("tenant", &raw.tenant), ("client_id", &raw.client_id)] {
        if value.trim().is_empty() {
            errors.push(format!("relay.graph.{name} is missing."));
        }
    }
    let secret = secret(&raw.secret_file, from, errors)?;
    Some(GraphRelay { tenant: raw.tenant.clone(), client_id: raw.client_id.clone(), secret, service, authority })
}

pub(super) fn secret(file: &Path, from: &Path, errors: &mut Vec<String>) -> Option<String> {
    match std::fs::read_to_string(from.join(file)) {
        Ok(text) => Some(text.trim_end_matches(['\r', '\n']).to_owned()),
        Err(error) => {
            errors.push(format!("{} can't be read: {error}.", from.join(file).display()));
            None
        }
    }
}

fn proof(said: &RawRelay, from: &Path, errors: &mut Vec<String>) -> Option<Proof> {
    match (said.user.clone(), &said.password_file, &said.token_file) {
        (None, None, None) => None,
        (Some(user), Some(file), None) => secret(file, from, errors).map(|password| Proof::Password { user, password }),
        (Some(user), None, Some(file)) => secret(file, from, errors).map(|token| Proof::Token { user, token }),
        _ => {
            errors.push("relay.user goes with one of password_file and token_file, and neither without it.".to_owned());
            None
        }
    }
}

fn dkim(raw: &RawDkim, own: &str, from: &Path, errors: &mut Vec<String>) -> Option<DkimConfig> {
    let domain = raw.domain.clone().unwrap_or_else(|| own.to_owned());
    if !is_domain(&format!("{}.example", raw.selector)) {
        errors.push(format!("The selector \"{}\" of dkim is none; it must be a label of a name, such as 2026.", raw.selector));
        return None;
    }
    let file = from.join(&raw.key);
    let pem = match std::fs::read(&file) {
        Ok(pem) => pem,
        Err(error) => {
            errors.push(format!("{} can't be read: {error}.", file.display()));
            return None;
        }
    };
    if let Err(error) = DkimKey::from_pem(&domain, &raw.selector, &pem) {
        errors.push(format!("{} can't sign: {error}.", file.display()));
        return None;
    }
    Some(DkimConfig { domain, selector: raw.selector.clone(), pem })
}
