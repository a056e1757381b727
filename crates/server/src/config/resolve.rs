//! `RawConfig` and command line to [`Config`], once, with every error found.

use super::issuers::{IssuerConfig, issuers};
use super::location;
use super::notifications::{NotificationsConfig, notifications};
use super::raw::RawConfig;
use super::relay::{RelayConfig, relay};
use super::smime::{SmimeConfig, smime};
use crate::certificate::CertificateFiles;
use crate::cli::{DEFAULT_DATA, ServeFlags};
use crate::forwarded::TrustedProxies;
use crate::hosts::Hosts;
use identity::is_domain;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use store::Location;

/// Where to listen unless something else is said.
const HTTP: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 8025);
const HTTPS: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 8443);
const SMTP: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 2525);
/// An example.
const DNS: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 53);
/// The domain of development mode.
const DOMAIN: &str = "contoso.com";
/// 150 MB is what Exchange takes at most.
const MESSAGE_OCTETS: u64 = 150 * 1024 * 1024;
/// A second or two of one core.
const QUERY_WORK: u64 = 1_000_000;
/// The parser counts octets in 32 bits, so a message must stay below 4 GiB; this leaves room for the fields before it.
const MOST_MESSAGE_OCTETS: u64 = 2 * 1024 * 1024 * 1024;

/// The settings of one server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Whether people, an app and `dev.json` are made.
    pub development: bool,
    /// The domain whose mailboxes are here, in lower case.
    pub domain: String,
    /// The data directory, and where rows and octets stand.
    pub location: Location,
    /// Where to listen without TLS.
    pub http: Address,
    /// Where to listen with TLS.
    pub https: Address,
    /// By what the server is called.
    pub hosts: Hosts,
    /// The operator's certificate, if there is one.
    pub tls: Option<CertificateFiles>,
    /// Where mail from other servers comes in.
    pub smtp: Address,
    /// Where it comes in from a server on this side of the wall, over LMTP.
    pub lmtp: Option<SocketAddr>,
    /// Where it is told how busy the server is.
    pub metrics: Option<SocketAddr>,
    /// Where people here submit mail over SMTP, and what is done with it.
    pub submission: SubmissionConfig,
    /// Whether it is found out who sent what comes in.
    pub checks_origin: bool,
    /// Whether what its author's domain wants refused is.
    pub refuses_dmarc: bool,
    /// How mail for other domains is sent on.
    pub relay: RelayConfig,
    /// What is signed, encrypted and opened.
    pub smime: SmimeConfig,
    /// How apps are told of changes.
    pub notifications: NotificationsConfig,
    /// Who is asked about domains; empty for those whom the system asks.
    pub name_servers: Vec<SocketAddr>,
    /// Octets that a message may have at most.
    pub message_octets: u64,
    /// How much one list of messages may look at.
    pub query_work: u64,
    /// Whether apps are held to the limits that Graph itself sets.
    pub graph_limits: bool,
    /// Who is believed about how a request came.
    pub trusted_proxies: TrustedProxies,
    /// Whose tokens are taken beside our own.
    pub issuers: Vec<IssuerConfig>,
}

/// Submission over SMTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SubmissionConfig {
    /// Where TLS begins with STARTTLS.
    pub starttls: Option<SocketAddr>,
    /// Where it is on from the first octet.
    pub implicit_tls: Option<SocketAddr>,
    /// Whether the sender keeps a copy.
    pub save_to_sent_items: bool,
}

/// Where to listen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Address {
    /// IP address and port.
    pub socket: SocketAddr,
    /// Whether somebody said so; then no other port will do.
    pub explicit: bool,
}

/// All that is wrong with the settings, a sentence each.
#[derive(Debug, PartialEq, Eq)]
pub struct ConfigErrors(pub Vec<String>);

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

impl std::error::Error for ConfigErrors {}

/// The settings that the command line and the file that it names come to.
///
/// # Errors
/// [`ConfigErrors`]: the file can't be read or is no TOML of the known shape, and all that [`resolve`] finds.
pub fn load(flags: &ServeFlags) -> Result<Config, ConfigErrors> {
    let raw = flags.config.as_deref().map(read).transpose().map_err(|error| ConfigErrors(vec![error]))?;
    resolve(raw, flags)
}

/// The settings that a file and the command line come to; the command line goes first. No file is development mode.
///
/// # Errors
/// [`ConfigErrors`] with everything that is wrong.
pub fn resolve(raw: Option<RawConfig>, flags: &ServeFlags) -> Result<Config, ConfigErrors> {
    let raw = raw.unwrap_or_else(|| RawConfig { development: true, ..RawConfig::default() });
    let mut errors = Vec::new();
    let http = address("HTTP", flags.http.as_ref().or(raw.listen.http.as_ref()), HTTP, &mut errors);
    let https = address("HTTPS", flags.https.as_ref().or(raw.listen.https.as_ref()), HTTPS, &mut errors);
    let smtp = address("SMTP", flags.smtp.as_ref().or(raw.listen.smtp.as_ref()), SMTP, &mut errors);
    let lmtp = raw.listen.lmtp.as_ref().map(|text| address("LMTP", Some(text), SMTP, &mut errors).socket);
    let metrics = raw.listen.metrics.as_ref().map(|text| address("metrics", Some(text), SMTP, &mut errors).socket);
    let submission = submission(&raw, &mut errors);
    let name_servers = raw.dns.servers.iter().map(|text| address("DNS", Some(text), DNS, &mut errors).socket).collect();
    let domain = domain(&raw, &mut errors);
    let data = data(&raw, flags, &mut errors);
    let location = location::of(&raw, &flags.at, &data, &mut errors);
    let relay = relay(&raw, &domain, folder(flags), &mut errors);
    let smime = smime(&raw.smime, folder(flags), &mut errors);
    let notifications = notifications(&raw.notifications, folder(flags), &mut errors);
    let message_octets = raw.limits.message_octets.unwrap_or(MESSAGE_OCTETS);
    if !(1..=MOST_MESSAGE_OCTETS).contains(&message_octets) {
        errors.push(format!("limits.message_octets is {message_octets}; it must be from 1 to {MOST_MESSAGE_OCTETS}."));
    }
    let trusted_proxies = trusted_proxies(&raw, &mut errors);
    let issuers = issuers(&raw.issuers, &mut errors);
    let hosts = hosts(&raw, &mut errors);
    let tls = certificate_files(&raw, flags, &mut errors);
    let query_work = raw.limits.query_work.unwrap_or(QUERY_WORK);
    if !errors.is_empty() {
        return Err(ConfigErrors(errors));
    }
    Ok(Config {
        development: raw.development,
        domain,
        location,
        http,
        https,
        hosts,
        tls,
        smtp,
        lmtp,
        metrics,
        submission,
        checks_origin: raw.incoming.verify.unwrap_or(!raw.development || !raw.dns.servers.is_empty()),
        refuses_dmarc: raw.incoming.refuse_dmarc,
        relay,
        smime,
        notifications,
        name_servers,
        message_octets,
        query_work,
        graph_limits: raw.limits.graph,
        trusted_proxies,
        issuers,
    })
}

pub(super) fn read(path: &Path) -> Result<RawConfig, String> {
    let name = path.display();
    let text = std::fs::read_to_string(path).map_err(|error| format!("{name} can't be read: {error}."))?;
    toml::from_str(&text).map_err(|error| {
        let line = error.span().map_or(1, |span| text.bytes().take(span.start).filter(|&octet| octet == b'\n').count() + 1);
        format!("{name}, line {line}: {}.", error.message().lines().collect::<Vec<_>>().join(" "))
    })
}

/// The address that was said, or the default; where it is none, an error is noted and the default stands in.
fn address(door: &str, said: Option<&String>, default: SocketAddr, errors: &mut Vec<String>) -> Address {
    let Some(text) = said else { return Address { socket: default, explicit: false } };
    let numeric = text.strip_prefix("localhost:").map_or_else(|| text.clone(), |port| format!("127.0.0.1:{port}"));
    let socket = numeric.parse().unwrap_or_else(|_| {
        errors.push(format!("\"{text}\" is no address for {door}; it must be an IP address and a port, such as {default}."));
        default
    });
    Address { socket, explicit: true }
}

fn submission(raw: &RawConfig, errors: &mut Vec<String>) -> SubmissionConfig {
    let mut said = |text: &Option<String>| text.as_ref().map(|text| address("submission", Some(text), SMTP, errors).socket);
    SubmissionConfig {
        starttls: said(&raw.listen.submission),
        implicit_tls: said(&raw.listen.submissions),
        save_to_sent_items: raw.submission.save_to_sent_items.unwrap_or(true),
    }
}

fn domain(raw: &RawConfig, errors: &mut Vec<String>) -> String {
    match &raw.domain {
        Some(text) if is_domain(text) => text.to_lowercase(),
        Some(text) => {
            errors.push(format!("\"{text}\" is no domain; it must be a name such as {DOMAIN}, an international one as xn--."));
            String::new()
        }
        None if raw.development => DOMAIN.to_owned(),
        None => {
            errors.push("domain is missing; outside development mode it must be said.".to_owned());
            String::new()
        }
    }
}

fn hosts(raw: &RawConfig, errors: &mut Vec<String>) -> Hosts {
    let mut hosts = Hosts::default();
    for text in &raw.hosts {
        match text.parse::<IpAddr>() {
            Ok(address) => hosts.addresses.push(address.to_canonical()),
            Err(_) if is_domain(text) => hosts.names.push(text.to_lowercase()),
            Err(_) => errors.push(format!("\"{text}\" is no host; it must be a name or an IP address, without scheme or port.")),
        }
    }
    if raw.development { hosts.of_development() } else { hosts }
}

fn trusted_proxies(raw: &RawConfig, errors: &mut Vec<String>) -> TrustedProxies {
    let Some(texts) = &raw.trusted_proxies else {
        return if raw.development { TrustedProxies::loopback() } else { TrustedProxies::default() };
    };
    let mut network = |text: &String| {
        let read = text.parse().ok();
        if read.is_none() {
            errors.push(format!("\"{text}\" is no network of trusted_proxies; it must be such as 10.0.0.0/8 or ::1."));
        }
        read
    };
    TrustedProxies(texts.iter().filter_map(&mut network).collect())
}

/// Where paths in the file of settings begin.
fn folder(flags: &ServeFlags) -> &Path {
    flags.config.as_deref().and_then(Path::parent).unwrap_or(Path::new(""))
}

/// The operator's certificate, tried out: one that can't be used should be known before anything runs.
fn certificate_files(raw: &RawConfig, flags: &ServeFlags, errors: &mut Vec<String>) -> Option<CertificateFiles> {
    let (certificate, key) = match (&raw.tls.certificate, &raw.tls.key) {
        (Some(certificate), Some(key)) => (certificate, key),
        (None, None) => return None,
        _ => {
            errors.push("tls.certificate and tls.key must be said together, or neither.".to_owned());
            return None;
        }
    };
    let from = folder(flags);
    let files = CertificateFiles { certificate: from.join(certificate), key: from.join(key) };
    if let Err(error) = files.check() {
        errors.push(format!("[tls] can't be used: {error:#}."));
    }
    Some(files)
}

fn data(raw: &RawConfig, flags: &ServeFlags, errors: &mut Vec<String>) -> PathBuf {
    if flags.data.is_none() && !raw.development {
        errors.push("--data is missing; outside development mode it must be said.".to_owned());
    }
    flags.data.clone().unwrap_or_else(|| PathBuf::from(DEFAULT_DATA))
}

#[cfg(test)]
mod tests;
