//! The local CA: made on first start and kept in `tls/`. Clients trust it, so the certificates below it may change. It says
//! of itself that it speaks for this server's names alone, since people may make their whole machine trust it.

use super::provider;
use anyhow::Context;
use identity::Secrets;
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
/// What clients are to trust, and who may read it.
pub(crate) const FILE: &str = "tls/ca.pem";
pub(crate) const FOR_ALL: u32 = 0o644;
/// By what name its key is kept.
pub(crate) const KEY: &str = "tls/ca-key.pem";
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

    /// Adds those that are not among them.
    fn add(&mut self, others: &Names) {
        let (dns, addresses) = (self.dns.clone(), self.addresses.clone());
        self.dns.extend(others.dns.iter().filter(|name| !dns.contains(name)).cloned());
        self.addresses.extend(others.addresses.iter().filter(|address| !addresses.contains(address)));
    }

    /// As they stand before a certificate that several nodes have: it can't be asked for them without reading all of it.
    fn list(&self) -> String {
        let dns = self.dns.iter().map(|name| format!("DNS:{name}\n"));
        let addresses = self.addresses.iter().map(|address| format!("IP:{address}\n"));
        dns.chain(addresses).collect()
    }

    fn listed(text: &[u8]) -> Names {
        let mut names = Names { dns: Vec::new(), addresses: Vec::new() };
        for line in String::from_utf8_lossy(text).lines() {
            match line.split_once(':') {
                Some(("DNS", name)) => names.dns.push(name.to_owned()),
                Some(("IP", address)) => names.addresses.extend(address.parse::<IpAddr>()),
                _ => {}
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
    /// The CA in `tls`, made where there is none. Its key is readable by its owner alone. One that is there stays, unless it does
    /// not speak for all of `names`: then the same key says anew what it speaks for, and clients must trust that. Where other
    /// nodes have it too, it goes on to speak for theirs.
    ///
    /// # Errors
    /// Where the file system or the store fails, or the key that is there can't be read.
    pub(super) async fn open(secrets: &Secrets, names: &Names, now: Timestamp) -> anyhow::Result<Authority> {
        let make_key = || Ok::<_, anyhow::Error>(KeyPair::generate()?.serialize_pem().into_bytes());
        let key = secrets.kept(KEY, make_key).await?;
        let key = std::str::from_utf8(&key).map_err(anyhow::Error::from).and_then(|text| Ok(KeyPair::from_pem(text)?));
        let key = key.with_context(|| format!("{} can't be read", secrets.file(KEY).display()))?;
        let authority = Authority { issuer: Issuer::new(authority_params(&key, names, now), key), pem: secrets.file(FILE) };
        let said = secrets.revised(FILE, FOR_ALL, |standing| authority.revised(standing, names, secrets, now)).await?;
        if secrets.are_shared() {
            secrets.write_file(FILE, certificate_in(&said), FOR_ALL)?;
        }
        Ok(authority)
    }

    /// What takes the place of what it says of itself, where that is too little.
    fn revised(
        &self,
        standing: Option<&[u8]>,
        names: &Names,
        secrets: &Secrets,
        now: Timestamp,
    ) -> anyhow::Result<Option<Vec<u8>>> {
        if let Some(standing) = standing {
            if self.speaks_for(certificate_in(standing), names, now)? {
                return Ok(None);
            }
            let file = self.pem.display();
            tracing::warn!(
                "the local CA did not speak for all names of this server and is made anew; clients must trust {file} then"
            );
        }
        let (mut names, mut text) = (names.clone(), String::new());
        if secrets.are_shared() {
            names.add(&Names::listed(standing.unwrap_or_default()));
            text = names.list();
        }
        text += &authority_params(self.issuer.key(), &names, now).self_signed(self.issuer.key())?.pem();
        Ok(Some(text.into_bytes()))
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

    /// Whether a client that trusts this certificate takes what this CA issues for every one of these names. It is tried, as a client
    /// would: what it says, another version may have written.
    fn speaks_for(&self, pem: &[u8], names: &Names, now: Timestamp) -> anyhow::Result<bool> {
        let mut roots = RootCertStore::empty();
        let Ok(trusted) = CertificateDer::from_pem_slice(pem) else { return Ok(false) };
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

/// The certificate behind the names that stand before it.
fn certificate_in(text: &[u8]) -> &[u8] {
    const BEGIN: &[u8] = b"-----BEGIN";
    let at = text.windows(BEGIN.len()).position(|octets| octets == BEGIN);
    text.get(at.unwrap_or_default()..).unwrap_or_default()
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
