//! The domain name system, for both directions: where mail for a domain goes (RFC 5321 §5.1), and what a domain says of mail
//! that names it.

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{
    ConnectionConfig, NameServerConfig, ProtocolConfig, ResolverConfig, ResolverOpts, ServerOrderingStrategy,
};
use hickory_resolver::net::NetError;
use hickory_resolver::proto::rr::RData;
use mail_auth::MessageAuthenticator;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// For one question to one server; each is asked twice.
const PATIENCE: Duration = Duration::from_secs(4);

/// Asks name servers, and remembers answers as long as these say.
#[derive(Clone)]
pub struct Dns {
    /// The verifiers of origin ask by the same resolver.
    pub(crate) authenticator: MessageAuthenticator,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DnsError {
    /// The name, or what was asked of it, does not exist.
    #[error("{0} has no such record")]
    Nothing(String),
    /// It may be answered later.
    #[error("{name} could not be looked up: {cause}")]
    Failed {
        /// What was asked for.
        name: String,
        /// Why.
        cause: String,
    },
}

/// Where a domain takes mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Exchanges {
    /// Hosts, those that come first first; equals in the order of the answer, which servers turn round.
    Hosts(Vec<String>),
    /// The domain says that it takes none (RFC 7505).
    Null,
    /// It says nothing, and is a host itself (RFC 5321 §5.1).
    Implicit,
}

impl Dns {
    /// Asks these servers, or those that the system names.
    ///
    /// # Errors
    /// Where the system names none that can be read.
    pub fn new(servers: &[SocketAddr]) -> Result<Dns, DnsError> {
        let failed = |error: NetError| DnsError::Failed { name: "the resolver".to_owned(), cause: error.to_string() };
        let authenticator = match servers {
            [] => MessageAuthenticator::new_system_conf(),
            servers => MessageAuthenticator::new(asking(servers), options()),
        };
        Ok(Dns { authenticator: authenticator.map_err(failed)? })
    }

    fn resolver(&self) -> &TokioResolver {
        self.authenticator.resolver()
    }

    /// The hosts that take mail for a domain.
    pub(crate) async fn exchanges(&self, domain: &str) -> Result<Exchanges, DnsError> {
        let answer = match self.resolver().mx_lookup(absolute(domain)).await {
            Ok(answer) => answer,
            // A name that isn't there is found out when its address is looked for.
            Err(error) if error.is_no_records_found() => return Ok(Exchanges::Implicit),
            Err(error) => return Err(why(domain, &error)),
        };
        let mut hosts: Vec<(u16, String)> = Vec::new();
        for record in answer.answers() {
            let RData::MX(mx) = &record.data else { continue };
            hosts.push((mx.preference, mx.exchange.to_utf8().trim_end_matches('.').to_lowercase()));
        }
        hosts.sort_by_key(|(preference, _)| *preference);
        Ok(match hosts.as_slice() {
            [] => Exchanges::Implicit,
            [(_, root)] if root.is_empty() => Exchanges::Null,
            _ => Exchanges::Hosts(hosts.into_iter().map(|(_, host)| host).filter(|host| !host.is_empty()).collect()),
        })
    }

    /// The addresses of a host, of both kinds.
    ///
    /// # Errors
    /// Where it has none, or that can't be said now.
    pub async fn addresses(&self, host: &str) -> Result<Vec<IpAddr>, DnsError> {
        let found = self.resolver().lookup_ip(absolute(host)).await.map_err(|error| why(host, &error))?;
        Ok(found.iter().collect())
    }

    /// The texts of a name, each its pieces joined.
    pub(crate) async fn texts(&self, name: &str) -> Result<Vec<String>, DnsError> {
        let answer = self.resolver().txt_lookup(absolute(name)).await.map_err(|error| why(name, &error))?;
        let texts = answer.answers().iter().filter_map(|record| match &record.data {
            RData::TXT(text) => Some(String::from_utf8_lossy(&text.txt_data.concat()).into_owned()),
            _ => None,
        });
        Ok(texts.collect())
    }
}

/// No list of domains to search is ever put behind a name.
fn absolute(name: &str) -> String {
    format!("{}.", name.trim_end_matches('.'))
}

fn why(name: &str, error: &NetError) -> DnsError {
    match error.is_no_records_found() {
        true => DnsError::Nothing(name.to_owned()),
        false => DnsError::Failed { name: name.to_owned(), cause: error.to_string() },
    }
}

fn asking(servers: &[SocketAddr]) -> ResolverConfig {
    let connection = |protocol: ProtocolConfig, port: u16| {
        let mut connection = ConnectionConfig::new(protocol);
        connection.port = port;
        connection
    };
    let server = |address: &SocketAddr| {
        let ways = [ProtocolConfig::Udp, ProtocolConfig::Tcp].map(|protocol| connection(protocol, address.port()));
        NameServerConfig::new(address.ip(), true, ways.into())
    };
    ResolverConfig::from_name_servers(servers.iter().map(server).collect())
}

fn options() -> ResolverOpts {
    let mut options = ResolverOpts::default();
    options.timeout = PATIENCE;
    options.attempts = 2;
    options.server_ordering_strategy = ServerOrderingStrategy::UserProvidedOrder;
    options
}
