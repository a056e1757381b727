//! TLS towards other servers (RFC 3207, 7435): what is not proven is still better than plain text, and what must be proven is.

use crate::conversation::Stream;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use std::io;
use std::sync::Arc;
use tokio_rustls::TlsConnector;

/// The two ways to take a certificate.
#[derive(Clone)]
pub(super) struct Tls {
    proven: Arc<ClientConfig>,
    unproven: Arc<ClientConfig>,
}

impl Tls {
    /// Trusts these authorities where a host must prove its name.
    pub(super) fn new(roots: Arc<RootCertStore>) -> Result<Tls, rustls::Error> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let algorithms = provider.signature_verification_algorithms;
        let builder =
            |provider: Arc<CryptoProvider>| ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let proven = builder(provider.clone())?.with_root_certificates(roots).with_no_client_auth();
        let unproven = builder(provider)?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(AnyCertificate { algorithms }))
            .with_no_client_auth();
        Ok(Tls { proven: Arc::new(proven), unproven: Arc::new(unproven) })
    }

    /// Begins TLS with a host.
    pub(super) async fn begin(&self, stream: Box<dyn Stream>, host: &str, must_prove: bool) -> io::Result<Box<dyn Stream>> {
        let config = if must_prove { &self.proven } else { &self.unproven };
        let name = ServerName::try_from(host.trim_matches(['[', ']']).to_owned()).map_err(io::Error::other)?;
        let stream = TlsConnector::from(config.clone()).connect(name, stream).await?;
        Ok(Box::new(stream))
    }
}

/// Takes whatever certificate a host shows: it keeps out those who only listen (RFC 7435 §3).
#[derive(Debug)]
struct AnyCertificate {
    algorithms: WebPkiSupportedAlgorithms,
}

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
