//! The local CA: made on first start and kept in `tls/`. Clients trust it, so the certificates below it may change. It says
//! of itself that it speaks for this server's names alone, since people may make their whole machine trust it.

use super::provider;
use anyhow::Context;
use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DnType, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, NameConstraints, SanType, SerialNumber,
};
use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::sign::CertifiedKey;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use store::Timestamp;
use uuid::Uuid;

/// Seconds of a day.
pub(super) const DAY: i64 = 24 * 60 * 60;
/// Days that a certificate is good for. Apple's limit is 825 for a CA that people add themselves.
pub(super) const LIFE: i64 = 365;
/// 99991231235959Z, which says that there is no end (RFC 5280 §4.1.2.5).
const NO_END: Timestamp = Timestamp(253_402_300_799_000_000);
/// Days by which a client's clock may be behind ours.
const BEFORE: i64 = 1;
/// What every machine calls itself.
const LOCALHOST: &str = "localhost";

/// What a certificate is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Names {
    /// Names of DNS, in lower case.
    pub(super) dns: Vec<String>,
    pub(super) addresses: Vec<IpAddr>,
}

impl Names {
    /// This machine's, by which any server is called that runs on it, with these.
    pub(crate) fn with(dns: &[String], addresses: &[IpAddr]) -> Names {
        let mut names = Names {
            dns: vec![LOCALHOST.to_owned()],
            addresses: vec![IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)],
        };
        for name in dns {
            if !names.dns.contains(name) {
                names.dns.push(name.clone());
            }
        }
        for address in addresses.iter().map(IpAddr::to_canonical) {
            if !names.addresses.contains(&address) && !address.is_unspecified() {
                names.addresses.push(address);
            }
        }
        names
    }

    fn server_names(&self) -> impl Iterator<Item = Option<ServerName<'_>>> {
        let dns = self.dns.iter().map(|name| ServerName::try_from(name.as_str()).ok());
        dns.chain(self.addresses.iter().map(|&address| Some(ServerName::from(address))))
    }

    /// RFC 5280 §4.2.1.10: a name stands for those below it too, an address is one of a network.
    fn constraints(&self) -> NameConstraints {
        let dns = self.dns.iter().cloned().map(GeneralSubtree::DnsName);
        let addresses = self.addresses.iter().map(|&address| {
            let prefix = match address {
                IpAddr::V4(address) if address.is_loopback() => 8,
                IpAddr::V4(_) => 32,
                IpAddr::V6(_) => 128,
            };
            let first = if prefix == 8 { IpAddr::V4(Ipv4Addr::new(127, 0, 0, 0)) } else { address };
            GeneralSubtree::IpAddress(CidrSubnet::from_addr_prefix(first, prefix))
        });
        NameConstraints { permitted_subtrees: dns.chain(addresses).collect(), excluded_subtrees: Vec::new() }
    }
}

/// The local CA.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: PathBuf,
}

/// A certificate with its key.
pub(super) struct Leaf {
    pub(super) key: Arc<CertifiedKey>,
    pub(super) end: Timestamp,
}

impl Authority {
    /// The CA in `dir/tls`, made where there is none. Its key is readable by its owner alone. One that is there stays, unless
    /// it does not speak for all of `names`: then the same key says anew what it speaks for, and clients must trust that.
    ///
    /// # Errors
    /// Where the file system fails, or the key that is there can't be read.
    pub(super) fn open(dir: &Path, names: &Names, now: Timestamp) -> anyhow::Result<Authority> {
        let folder = dir.join("tls");
        fs::create_dir_all(&folder)?;
        let (key_file, pem) = (folder.join("ca-key.pem"), folder.join("ca.pem"));
        if !key_file.exists() {
            identity::replace_file(&key_file, KeyPair::generate()?.serialize_pem().as_bytes(), 0o600)?;
        }
        let text = fs::read_to_string(&key_file)?;
        let key = KeyPair::from_pem(&text).with_context(|| format!("{} can't be read", key_file.display()))?;
        let params = authority_params(&key, names, now);
        let certificate = params.self_signed(&key)?.pem();
        let authority = Authority { issuer: Issuer::new(params, key), pem };
        let is_new = !authority.pem.exists();
        if is_new || !authority.speaks_for(names, now)? {
            identity::replace_file(&authority.pem, certificate.as_bytes(), 0o644)?;
            if !is_new {
                let file = authority.pem.display();
                tracing::warn!(
                    "the local CA did not speak for all names of this server and was made anew; clients must trust {file} now"
                );
            }
        }
        Ok(authority)
    }

    /// The file that clients are to trust.
    pub(super) fn pem(&self) -> &Path {
        &self.pem
    }

    /// A certificate with a key of its own for these names.
    pub(super) fn issue(&self, names: &Names, provider: &CryptoProvider, now: Timestamp) -> anyhow::Result<Leaf> {
        let key = KeyPair::generate()?;
        let end = Timestamp::from_seconds(now.seconds() + LIFE * DAY);
        let mut params = CertificateParams::new(names.dns.clone())?;
        params.subject_alt_names.extend(names.addresses.iter().copied().map(SanType::IpAddress));
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

    /// Whether a client that trusts the file takes what this CA issues for every one of these names. It is tried, as a client
    /// would: what the file says, another version may have written.
    fn speaks_for(&self, names: &Names, now: Timestamp) -> anyhow::Result<bool> {
        let mut roots = RootCertStore::empty();
        let Ok(trusted) = CertificateDer::from_pem_file(&self.pem) else { return Ok(false) };
        if roots.add(trusted).is_err() {
            return Ok(false);
        }
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider()).build()?;
        let leaf = self.issue(names, &provider(), now)?.key;
        let shown = leaf.end_entity_cert()?;
        let time = UnixTime::since_unix_epoch(Duration::from_secs(now.seconds().unsigned_abs()));
        let takes = |name: &ServerName<'_>| verifier.verify_server_cert(shown, &[], name, &[], time).is_ok();
        Ok(names.server_names().all(|name| name.is_some_and(|name| takes(&name))))
    }
}

/// What the CA says of itself. The same key has the same name, so that what is issued after a restart fits the file; each
/// certificate of it has a number of its own (RFC 5280 §4.1.2.2).
fn authority_params(key: &KeyPair, names: &Names, now: Timestamp) -> CertificateParams {
    let mut params = CertificateParams::default();
    let id = Uuid::new_v5(&Uuid::NAMESPACE_OID, key.public_key_raw());
    let number = id.simple().to_string();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, format!("Restante local CA {}", number.get(..8).unwrap_or_default()));
    params.serial_number = Some(SerialNumber::from_slice(Uuid::new_v5(&id, format!("{now:?} {names:?}").as_bytes()).as_bytes()));
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.name_constraints = Some(names.constraints());
    set_validity(&mut params, now, NO_END);
    params
}

fn set_validity(params: &mut CertificateParams, now: Timestamp, end: Timestamp) {
    let epoch = rcgen::date_time_ymd(1970, 1, 1);
    let at = |seconds: i64| epoch + Duration::from_secs(seconds.unsigned_abs());
    params.not_before = at(now.seconds() - BEFORE * DAY);
    params.not_after = at(end.seconds());
}

#[cfg(test)]
mod tests;
