//! A client of HTTPS that trusts one certificate alone, and says which name it wants and which protocols it speaks.

use crate::{Answer, NoAnswer};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::{http1, http2};
use hyper::header::HOST;
use hyper::{HeaderMap, Request};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// A connection that stands.
pub struct Tls {
    sender: Sender,
    host: String,
    certificate: Vec<u8>,
}

enum Sender {
    One(http1::SendRequest<Full<Bytes>>),
    Two(http2::SendRequest<Full<Bytes>>),
}

/// A certificate for these names that signed itself, and its key, both in PEM.
pub fn self_signed(names: &[&str]) -> (String, String) {
    let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
    let made = rcgen::generate_simple_self_signed(names).expect("a certificate can be made");
    (made.cert.pem(), made.signing_key.serialize_pem())
}

impl Tls {
    /// Connects to `at` and asks for `name` there, trusting the certificate in `trusted` (PEM) alone.
    ///
    /// # Errors
    /// [`NoAnswer`] where the handshake comes to nothing: the certificate is another's, or for other names.
    pub async fn connect(at: &str, name: &str, trusted: &str, protocols: &[&str]) -> Result<Tls, NoAnswer> {
        let stream = TcpStream::connect(at).await.expect("the server listens");
        let domain = ServerName::try_from(name.to_owned()).expect("a name");
        let secured = TlsConnector::from(Arc::new(config(trusted, protocols))).connect(domain, stream).await;
        let stream = secured.map_err(|error| NoAnswer(error.to_string()))?;
        let session = stream.get_ref().1;
        let certificate = session.peer_certificates().expect("the server showed one")[0].to_vec();
        let is_h2 = session.alpn_protocol() == Some(b"h2");
        let host = format!("{name}:{}", at.rsplit_once(':').expect("an address has a port").1);
        let sender = if is_h2 {
            let (sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.expect("HTTP/2");
            tokio::spawn(connection);
            Sender::Two(sender)
        } else {
            let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.expect("HTTP/1.1");
            tokio::spawn(connection);
            Sender::One(sender)
        };
        Ok(Tls { sender, host, certificate })
    }

    /// The certificate that the server showed, in DER.
    pub fn certificate(&self) -> &[u8] {
        &self.certificate
    }

    /// The version of HTTP that both chose.
    pub fn version(&self) -> u8 {
        if matches!(self.sender, Sender::Two(_)) { 2 } else { 1 }
    }

    /// Asks on this connection, by the name that it was made for unless a header field says another.
    ///
    /// # Errors
    /// [`NoAnswer`] where the connection is gone.
    pub async fn get(&mut self, path: &str, fields: &[(&str, &str)]) -> Result<Answer, NoAnswer> {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            let name: hyper::header::HeaderName = name.parse().expect("a name of a field");
            headers.append(name, value.parse().expect("a value of a field"));
        }
        let asked = headers.remove(HOST);
        let host = asked.as_ref().map_or(self.host.as_str(), |field| field.to_str().expect("a host"));
        let response = match &mut self.sender {
            Sender::One(sender) => {
                headers.insert(HOST, host.parse().expect("a host"));
                sender.send_request(request(path, headers)).await
            }
            Sender::Two(sender) => sender.send_request(request(&format!("https://{host}{path}"), headers)).await,
        };
        let failed = |error: hyper::Error| NoAnswer(error.to_string());
        let (parts, body) = response.map_err(failed)?.into_parts();
        let body = body.collect().await.map_err(failed)?.to_bytes();
        Ok(Answer { status: parts.status, headers: parts.headers, body })
    }
}

fn request(uri: &str, headers: HeaderMap) -> Request<Full<Bytes>> {
    let mut request = Request::get(uri).body(Full::default()).expect("this is a request");
    *request.headers_mut() = headers;
    request
}

pub(crate) fn config(trusted: &str, protocols: &[&str]) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    for der in CertificateDer::pem_slice_iter(trusted.as_bytes()) {
        roots.add(der.expect("a certificate")).expect("it can be trusted");
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().expect("a version of TLS");
    let mut config = builder.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
    config
}
