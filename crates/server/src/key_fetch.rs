//! Fetches the keys of other issuers, and what domains say of their mail: short GETs to addresses that the operator trusts, over TLS that is checked.

use anyhow::{Context, ensure};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::Bytes;
use hyper::{Request, StatusCode, header};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use identity::{Fetch, FetchAddress, FetchError, Fetching};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use smtp::{MOST_POLICY, PolicyFetch, PolicyFetching};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// How long a fetch may take, from the look for the host to the last octet: a request waits for it.
const PATIENCE: Duration = Duration::from_secs(5);

/// The client of one issuer.
pub(crate) struct KeyFetch {
    client: Client<HttpsConnector<HttpConnector>, Empty<Bytes>>,
}

impl KeyFetch {
    /// Trusts the authorities in a PEM file and no others, or else those of the system.
    ///
    /// # Errors
    /// Where there is no such file, or no certificate in it.
    pub(crate) fn new(ca: Option<&Path>) -> anyhow::Result<KeyFetch> {
        let client = https_client(ca)?;
        Ok(KeyFetch { client })
    }

    /// The client follows no redirect by itself, and a status that isn't 200 is refused here.
    async fn fetch(&self, address: &FetchAddress, most: usize) -> Result<Vec<u8>, FetchError> {
        let failed = |cause: &dyn std::fmt::Display| FetchError(format!("{address}: {cause}"));
        let request = Request::get(address.as_str()).header(header::ACCEPT, "application/json").body(Empty::new());
        let answer = self.client.request(request.map_err(|error| failed(&error))?).await.map_err(|error| {
            failed(&std::error::Error::source(&error).map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}")))
        })?;
        if answer.status() != StatusCode::OK {
            return Err(failed(&format!("it answers {}", answer.status())));
        }
        let body = Limited::new(answer.into_body(), most).collect().await.map_err(|error| failed(&error))?;
        Ok(body.to_bytes().into())
    }
}

impl Fetch for KeyFetch {
    fn get<'a>(&'a self, address: &'a FetchAddress, most: usize) -> Fetching<'a> {
        Box::pin(async move {
            let late = |_| FetchError(format!("{address}: no whole answer within {} seconds", PATIENCE.as_secs()));
            timeout(PATIENCE, self.fetch(address, most)).await.map_err(late)?
        })
    }
}

/// TLS that is checked by the authorities in a PEM file and no others, or else by those of the system.
///
/// # Errors
/// Where there is no such file, or no certificate in it.
pub(crate) fn client_config(ca: Option<&Path>) -> anyhow::Result<ClientConfig> {
    // Named, not taken from the process: what else is in it may have installed another.
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots(ca)?)
        .with_no_client_auth();
    Ok(config)
}

/// A client over TLS that is checked by the authorities in a PEM file and no others, or else by those of the system.
///
/// # Errors
/// Where there is no such file, or no certificate in it.
pub(crate) fn https_client<B>(ca: Option<&Path>) -> anyhow::Result<Client<HttpsConnector<HttpConnector>, B>>
where
    B: hyper::body::Body + Send,
    B::Data: Send,
{
    let config = client_config(ca)?;
    // Which of the two an address may have, `FetchAddress` decides.
    let connector = HttpsConnectorBuilder::new().with_tls_config(config).https_or_http().enable_http1().build();
    // It asks once an hour, so no connection is worth keeping.
    Ok(Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build(connector))
}

/// The authorities in a PEM file and no others, or else those of the system.
///
/// # Errors
/// Where there is no such file, or no certificate in it.
pub(crate) fn roots(ca: Option<&Path>) -> anyhow::Result<RootCertStore> {
    match ca {
        Some(file) => roots_in(file).with_context(|| format!("the authorities in {} can't be read", file.display())),
        None => Ok(roots_of_system()),
    }
}

fn roots_in(file: &Path) -> anyhow::Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(file)? {
        roots.add(certificate?)?;
    }
    ensure!(!roots.is_empty(), "there is no certificate in it");
    Ok(roots)
}

impl PolicyFetch for KeyFetch {
    fn policy<'f>(&'f self, host: &'f str) -> PolicyFetching<'f> {
        Box::pin(async move {
            let address = FetchAddress::parse(&format!("https://{host}/.well-known/mta-sts.txt"));
            let address = address.ok_or_else(|| format!("{host} is no name of a host"))?;
            let octets = self.get(&address, MOST_POLICY).await.map_err(|error| error.to_string())?;
            String::from_utf8(octets).map_err(|error| error.to_string())
        })
    }
}

/// Where there are none, a fetch over https fails, and the log says why each time; this line says what to do.
fn roots_of_system() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    let (added, _) = roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if added == 0 {
        tracing::warn!("the system has no certificates of authorities; install some, or name a file as ca of the issuer");
    }
    roots
}

#[cfg(test)]
mod tests;
