//! Which certificate a client is shown: the operator's, where there is one and it is for the name that the client asks for,
//! and else that of the local CA. Both may change while the server runs; connections that stand are left alone.

mod authority;
mod local;
mod operator;

pub(crate) use authority::{FILE, FOR_ALL, KEY, Names};
pub(crate) use local::LocalCertificate;
pub use operator::CertificateFiles;
pub(crate) use operator::OperatorCertificate;

use crate::config::Config;
use crate::hosts::Hosts;
use identity::Secrets;
use rustls::ServerConfig;
use rustls::crypto::CryptoProvider;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use store::Clock;

/// The certificates of the https door.
pub(crate) struct Certificates {
    /// That of the local CA, which is always there.
    pub(crate) local: LocalCertificate,
    /// The operator's.
    pub(crate) operator: Option<Arc<OperatorCertificate>>,
    /// Whether who names nothing is shown the local one: in development mode, where `dev.json` leads to an address.
    local_by_address: bool,
}

impl Certificates {
    /// The certificates of a server with these settings that is reached at `address`; its CA is among its secrets.
    ///
    /// # Errors
    /// Where the operator's files can't be used, or no certificate of our own can be made.
    pub(crate) async fn open(
        secrets: &Secrets,
        config: &Config,
        address: IpAddr,
        clock: &Arc<dyn Clock>,
    ) -> anyhow::Result<Certificates> {
        let Hosts { names, addresses, .. } = &config.hosts;
        let addresses = [addresses, &[address][..]].concat();
        let local = LocalCertificate::open(secrets, Names::with(names, &addresses), clock.clone()).await?;
        let open = |files: &CertificateFiles| OperatorCertificate::open(files.clone(), clock.clone());
        let operator = config.tls.as_ref().map(open).transpose()?.map(Arc::new);
        if let Some(operator) = &operator {
            let unnamed: Vec<&String> = names.iter().filter(|name| !operator.is_for(name)).collect();
            if !unnamed.is_empty() {
                tracing::info!(?unnamed, "who asks for these names is shown a certificate of the local CA");
            }
        }
        Ok(Certificates { local, operator, local_by_address: config.development })
    }

    /// By the name that the client asks for (RFC 6066 §3). One that names nothing wants an address, or is a proxy, which checks
    /// the operator's; one that names what nobody here is called is best told so by the certificate meant for strangers.
    fn of_name(&self, name: Option<&str>) -> Arc<CertifiedKey> {
        let Some(operator) = &self.operator else { return self.local.current() };
        let is_local = name.map_or(self.local_by_address, |name| self.local.is_for(name) && !operator.is_for(name));
        if is_local { self.local.current() } else { operator.current() }
    }

    /// Only the local one.
    #[cfg(test)]
    pub(crate) fn local(local: LocalCertificate) -> Certificates {
        Certificates { local, operator: None, local_by_address: true }
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.of_name(hello.server_name()))
    }
}

impl fmt::Debug for Certificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificates").finish_non_exhaustive()
    }
}

/// What signs and proves. Named, not taken from the process: what else is in it may have installed another.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

/// TLS with these certificates; HTTP/2 and HTTP/1.1 over it.
///
/// # Errors
/// Where the cryptographic library has no version of TLS in common with us.
pub(crate) fn tls(certificates: Certificates) -> anyhow::Result<Arc<ServerConfig>> {
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(certificates));
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
