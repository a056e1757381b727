//! A server of PostgreSQL, as its URL names it, and connections to it.

use super::{Connection, told};
use crate::error::StoreError;
use postgres::config::{Host, SslMode, TargetSessionAttrs};
use postgres::{Config, NoTls};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio_postgres_rustls::MakeRustlsConnect;

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(3);
/// How long the server may leave what it was sent unanswered on the way.
const UNANSWERED: Duration = Duration::from_secs(10);
/// How long a server that owes an answer may be silent before it is asked whether it is there at all, and between two such asks:
/// a machine that lost its power closes no connection.
const KEEPALIVE: Duration = Duration::from_secs(5);
/// What each session is told at its beginning: a statement, a wait for a lock and a silence within a transaction end in time.
const SESSION: &str = "SET statement_timeout = '30s'; SET lock_timeout = '10s';
     SET idle_in_transaction_session_timeout = '60s'; SET default_transaction_isolation = 'read committed'";

/// A database of PostgreSQL.
#[derive(Clone)]
pub struct Server {
    config: Config,
    tls: Option<MakeRustlsConnect>,
}

impl Server {
    /// Reads a URL of PostgreSQL's client library. Where TLS is used the server must prove who it is, by an authority of the
    /// machine or of the file `sslrootcert`; it isn't used only for hosts on this machine, or where `sslmode=disable` says so.
    pub(crate) fn parse(url: &str) -> Result<Server, StoreError> {
        let (url, authorities, mode) = without_ours(url);
        let mut config: Config = url.parse().map_err(|error| StoreError::Setting(told(&error)))?;
        config.application_name("restante").connect_timeout(CONNECT).tcp_user_timeout(UNANSWERED);
        config.keepalives_idle(KEEPALIVE).keepalives_interval(KEEPALIVE).keepalives_retries(3);
        config.target_session_attrs(TargetSessionAttrs::ReadWrite);
        let uses_tls = match mode.as_deref() {
            None | Some("prefer") => !config.get_hosts().iter().all(is_here),
            Some("disable") => false,
            Some("require" | "verify-ca" | "verify-full") => true,
            Some(_) => {
                return Err(StoreError::Setting("sslmode is disable, prefer, require, verify-ca or verify-full".to_owned()));
            }
        };
        config.ssl_mode(if uses_tls { SslMode::Require } else { SslMode::Disable });
        let tls = if uses_tls { Some(tls(authorities.as_deref())?) } else { None };
        Ok(Server { config, tls })
    }

    /// A new connection, to a server that takes writes. Not on a thread that does asynchronous work.
    pub(crate) fn connect(&self) -> Result<Connection, StoreError> {
        let client = match &self.tls {
            Some(tls) => self.config.connect(tls.clone()),
            None => self.config.connect(NoTls),
        };
        let mut client = client.map_err(|error| StoreError::Unavailable(told(&error)))?;
        client.batch_execute(SESSION).map_err(|error| StoreError::Unavailable(told(&error)))?;
        Ok(Connection::new(client))
    }

    /// Works on a connection of its own, on a thread of its own: the driver may not wait on one that does asynchronous work.
    pub(crate) fn on_connection<T: Send>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError> + Send,
    ) -> Result<T, StoreError> {
        let on_thread = || self.connect().and_then(|connection| work(&connection));
        std::thread::scope(|scope| scope.spawn(on_thread).join()).unwrap_or(Err(StoreError::Stopped))
    }
}

/// Tells no password.
impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("hosts", &self.config.get_hosts()).field("database", &self.config.get_dbname()).finish()
    }
}

/// The URL without the options that are ours to obey: `sslrootcert` and `sslmode`.
fn without_ours(url: &str) -> (String, Option<PathBuf>, Option<String>) {
    let Some((base, options)) = url.split_once('?') else { return (url.to_owned(), None, None) };
    let (mut authorities, mut mode, mut others) = (None, None, Vec::new());
    for option in options.split('&') {
        match option.split_once('=') {
            Some(("sslrootcert", file)) => authorities = Some(PathBuf::from(file)),
            Some(("sslmode", value)) => mode = Some(value.to_owned()),
            _ => others.push(option),
        }
    }
    let base = if others.is_empty() { base.to_owned() } else { format!("{base}?{}", others.join("&")) };
    (base, authorities, mode)
}

fn is_here(host: &Host) -> bool {
    match host {
        Host::Unix(_) => true,
        Host::Tcp(name) => name == "localhost" || name.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback()),
    }
}

fn tls(authorities: Option<&Path>) -> Result<MakeRustlsConnect, StoreError> {
    let mut roots = RootCertStore::empty();
    match authorities {
        Some(file) => {
            let unreadable = |error| StoreError::Setting(format!("sslrootcert {}: {error}", file.display()));
            for certificate in CertificateDer::pem_file_iter(file).map_err(unreadable)? {
                roots
                    .add(certificate.map_err(unreadable)?)
                    .map_err(|error| StoreError::Setting(format!("sslrootcert: {error}")))?;
            }
        }
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| StoreError::Setting(format!("TLS: {error}")))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_read_as_it_is_meant() {
        let here = Server::parse("postgres://postgres@127.0.0.1:5433/mail").expect("a URL");
        assert!(here.tls.is_none(), "on this machine");
        let socket = Server::parse("postgres:///mail?host=/run/postgresql&user=restante").expect("a URL");
        assert!(socket.tls.is_none());
        let far = Server::parse("postgres://a:secret@db.example/mail?application_name=x").expect("a URL");
        assert!(far.tls.is_some(), "TLS is the default");
        assert!(Server::parse("postgres://a@db.example/mail?sslmode=disable").expect("a URL").tls.is_none());
        assert!(!format!("{far:?}").contains("secret"));
    }

    #[test]
    fn what_is_no_url_is_told_without_its_password() {
        for url in ["postgres://a:secret@h:port/db", "postgres://a:secret@h/db?sslmode=maybe", "postgres://a:secret@h/d?nope=1"] {
            let error = Server::parse(url).expect_err("no URL").to_string();
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
