//! HTTPS without buying anything: a CA that is made on first start and kept in `tls/`, and below it a certificate for this
//! machine's names, made when it is needed and never written down. Clients trust the CA, so the certificate may change.

use super::provider;
use anyhow::Context;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose, SanType,
};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::PrivateKeyDer;
use rustls::sign::CertifiedKey;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use store::{Clock, Timestamp};
use uuid::Uuid;

/// Seconds of a day.
const DAY: i64 = 24 * 60 * 60;
/// Days that a certificate is good for. Apple's limit is 825 for a CA that people add themselves.
const LIFE: i64 = 365;
/// Days before its end when another takes its place.
const SPARE: i64 = 30;
/// 99991231235959Z, which says that there is no end (RFC 5280 §4.1.2.5).
const NO_END: Timestamp = Timestamp(253_402_300_799_000_000);
/// Days by which a client's clock may be behind ours.
const BEFORE: i64 = 1;
/// What this machine calls itself.
const LOCALHOST: &str = "localhost";

/// The local CA.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: PathBuf,
}

impl Authority {
    /// The CA in `dir/tls`, made where there is none. Its key is readable by its owner alone.
    ///
    /// # Errors
    /// Where the file system fails, or the key that is there can't be read.
    pub(crate) fn open(dir: &Path, now: Timestamp) -> anyhow::Result<Authority> {
        let folder = dir.join("tls");
        fs::create_dir_all(&folder)?;
        let (key_file, pem) = (folder.join("ca-key.pem"), folder.join("ca.pem"));
        if !key_file.exists() {
            identity::replace_file(&key_file, KeyPair::generate()?.serialize_pem().as_bytes(), 0o600)?;
        }
        let text = fs::read_to_string(&key_file)?;
        let key = KeyPair::from_pem(&text).with_context(|| format!("{} can't be read", key_file.display()))?;
        let params = authority_params(&key, now);
        if !pem.exists() {
            identity::replace_file(&pem, params.self_signed(&key)?.pem().as_bytes(), 0o644)?;
        }
        Ok(Authority { issuer: Issuer::new(params, key), pem })
    }

    /// The file that clients are to trust.
    pub(crate) fn pem(&self) -> &Path {
        &self.pem
    }

    /// A certificate with a key of its own for localhost and these addresses, and its end.
    fn issue(&self, addresses: &[IpAddr], provider: &CryptoProvider, now: Timestamp) -> anyhow::Result<Leaf> {
        let key = KeyPair::generate()?;
        let end = Timestamp::from_seconds(now.seconds() + LIFE * DAY);
        let mut params = CertificateParams::new(vec![LOCALHOST.to_owned()])?;
        params.subject_alt_names.extend(addresses.iter().copied().map(SanType::IpAddress));
        params.distinguished_name.push(DnType::CommonName, LOCALHOST);
        set_validity(&mut params, now, end);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true; // RFC 5280 §4.2.1.1
        let certificate = params.signed_by(&key, &self.issuer)?;
        let private = PrivateKeyDer::try_from(key.serialize_der()).map_err(anyhow::Error::msg)?;
        let key = CertifiedKey::from_der(vec![certificate.der().clone()], private, provider)?;
        Ok(Leaf { key: Arc::new(key), end })
    }
}

/// What the CA says of itself. The same key has the same name, so that what is issued after a restart fits the file.
fn authority_params(key: &KeyPair, now: Timestamp) -> CertificateParams {
    let mut params = CertificateParams::default();
    let number = Uuid::new_v5(&Uuid::NAMESPACE_OID, key.public_key_raw()).simple().to_string();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, format!("Restante local CA {}", number.get(..8).unwrap_or_default()));
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    set_validity(&mut params, now, NO_END);
    params
}

fn set_validity(params: &mut CertificateParams, now: Timestamp, end: Timestamp) {
    let epoch = rcgen::date_time_ymd(1970, 1, 1);
    let at = |seconds: i64| epoch + Duration::from_secs(seconds.unsigned_abs());
    params.not_before = at(now.seconds() - BEFORE * DAY);
    params.not_after = at(end.seconds());
}

struct Leaf {
    key: Arc<CertifiedKey>,
    end: Timestamp,
}

/// The certificate below the local CA. Another is made when its end comes near: a server may run for years.
pub(crate) struct LocalCertificate {
    authority: Authority,
    addresses: Vec<IpAddr>,
    provider: Arc<CryptoProvider>,
    clock: Arc<dyn Clock>,
    leaf: RwLock<Leaf>,
}

impl LocalCertificate {
    /// A certificate for a server that is reached at `localhost`, the loopback addresses and `address`.
    ///
    /// # Errors
    /// Where none can be made.
    pub(crate) fn new(authority: Authority, address: IpAddr, clock: Arc<dyn Clock>) -> anyhow::Result<LocalCertificate> {
        let mut addresses = vec![IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
        if !addresses.contains(&address) && !address.is_unspecified() {
            addresses.push(address);
        }
        let provider = provider();
        let leaf = RwLock::new(authority.issue(&addresses, &provider, clock.now())?);
        Ok(LocalCertificate { authority, addresses, provider, clock, leaf })
    }

    /// Whether it is a certificate for this name.
    pub(super) fn is_for(&self, name: &str) -> bool {
        name.eq_ignore_ascii_case(LOCALHOST)
    }

    pub(super) fn current(&self) -> Arc<CertifiedKey> {
        let now = self.clock.now();
        let leaf = self.leaf.read().unwrap_or_else(PoisonError::into_inner);
        if now.seconds() < leaf.end.seconds() - SPARE * DAY {
            return leaf.key.clone();
        }
        drop(leaf);
        let mut leaf = self.leaf.write().unwrap_or_else(PoisonError::into_inner);
        match self.authority.issue(&self.addresses, &self.provider, now) {
            Ok(issued) => *leaf = issued,
            Err(error) => tracing::error!(%error, "the certificate nears its end and no other could be made"),
        }
        leaf.key.clone()
    }
}

#[cfg(test)]
mod tests;
