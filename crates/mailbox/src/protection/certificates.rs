//! Certificates of those to whom mail is encrypted: given, harvested from signed mail, of people here, or looked up.

use super::keys::{fingerprint, not_after, read, unusable};
use crate::Mailbox;
use crate::error::{Kind, MailError, SmimeRefusal};
use crate::people::person_at;
use smime::Certificate;
use std::time::Duration;
use store::{CertificateSource, ReadTx, SmimeCertificate, StoreError, Timestamp, WriteTx};

/// Certificates of others that one mailbox knows at most.
const MOST: usize = 10_000;
/// How long a directory is waited for.
const LOOKUP: Duration = Duration::from_secs(10);

/// A certificate of somebody else, and from where it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownCertificate {
    /// The address for which it is known.
    pub address: String,
    /// It.
    pub certificate: Certificate,
    /// From where.
    pub source: CertificateSource,
    /// Since when.
    pub added_date_time: Timestamp,
}

impl Mailbox {
    /// The certificates of others that this mailbox knows, or those for one address.
    ///
    /// # Errors
    /// [`MailError::Store`].
    pub async fn smime_certificates(&self, address: Option<String>) -> Result<Vec<KnownCertificate>, MailError> {
        let owner = self.owner.id;
        let look = move |tx: &ReadTx<'_>| tx.smime_certificates(owner, address.as_deref());
        let found = self.store().read::<_, StoreError>(look).await?;
        let known = |one: SmimeCertificate| {
            let SmimeCertificate { address, certificate, source, added_date_time, .. } = one;
            Ok(KnownCertificate { address, certificate: read(&certificate)?, source, added_date_time })
        };
        found.into_iter().map(known).collect()
    }

    /// Keeps a certificate of somebody else, in PEM or DER, for each address that it is for.
    ///
    /// # Errors
    /// [`MailError::Smime`]: it can't be read, names no address, or is not for encrypting mail; [`MailError::QuotaExceeded`];
    /// [`MailError::Store`].
    pub async fn add_smime_certificate(&self, octets: &[u8]) -> Result<Vec<KnownCertificate>, MailError> {
        let certificate = Certificate::read(octets).map_err(unusable)?.into_iter().next();
        let certificate = certificate.filter(Certificate::may_encrypt);
        let certificate = certificate.ok_or_else(|| unfit("the certificate is not for encrypting mail"))?;
        let rows = rows(&certificate, CertificateSource::Given, self.now());
        if rows.is_empty() {
            return Err(unfit("the certificate names no address"));
        }
        let (owner, kept) = (self.owner.id, rows.clone());
        let deed = move |tx: &mut WriteTx<'_>| {
            if tx.smime_certificates(owner, None)?.len() + kept.len() > MOST {
                return Err(MailError::QuotaExceeded("certificates"));
            }
            kept.iter().try_for_each(|row| Ok(tx.add_smime_certificate(owner, row)?))
        };
        self.store().write(deed).await?;
        let known = |row: SmimeCertificate| KnownCertificate {
            address: row.address,
            certificate: certificate.clone(),
            source: row.source,
            added_date_time: row.added_date_time,
        };
        Ok(rows.into_iter().map(known).collect())
    }

    /// Forgets a certificate of somebody else.
    ///
    /// # Errors
    /// [`MailError::NotFound`], [`MailError::Store`].
    pub async fn remove_smime_certificate(&self, fingerprint: [u8; 32]) -> Result<(), MailError> {
        let owner = self.owner.id;
        let deed = move |tx: &mut WriteTx<'_>| tx.remove_smime_certificate(owner, &fingerprint);
        match self.store().write::<_, StoreError>(deed).await? {
            true => Ok(()),
            false => Err(MailError::NotFound(Kind::Certificate)),
        }
    }

    /// The certificate by which mail for an address is encrypted: what the mailbox knows, else that of somebody here, else what
    /// the directory has. Of several the one that is valid longest.
    pub(super) async fn certificate_for(&self, address: &str) -> Result<Option<Certificate>, MailError> {
        let (owner, wanted) = (self.owner.id, address.to_owned());
        let look = move |tx: &ReadTx<'_>| {
            let mut found: Vec<Vec<u8>> = Vec::new();
            found.extend(tx.smime_certificates(owner, Some(&wanted))?.into_iter().map(|one| one.certificate));
            if let Some(person) = person_at(tx, &wanted)? {
                found.extend(tx.smime_keys(person.id)?.into_iter().map(|key| key.certificate));
            }
            found.iter().map(|der| read(der)).collect()
        };
        let known: Vec<Certificate> = self.store().read::<_, StoreError>(look).await?;
        match self.best(known, None) {
            None => self.looked_up(address).await,
            found => Ok(found),
        }
    }

    /// What may be encrypted by now, and is for an address where one is given.
    fn best(&self, certificates: Vec<Certificate>, address: Option<&str>) -> Option<Certificate> {
        let now = self.now().seconds();
        let is_valid = |one: &Certificate| one.validity().0 <= now && now <= one.validity().1;
        let is_for = |one: &Certificate| address.is_none_or(|address| one.is_for(address));
        let fit = certificates.into_iter().filter(|one| one.may_encrypt() && is_valid(one) && is_for(one));
        fit.max_by_key(|one| one.validity().1)
    }

    /// Asks the directory, and keeps what it has: the next message needn't ask.
    async fn looked_up(&self, address: &str) -> Result<Option<Certificate>, MailError> {
        let Some(directory) = self.mail.inner.options.protecting.directory.clone() else { return Ok(None) };
        let asked = tokio::time::timeout(LOOKUP, directory.certificates(address)).await;
        // A directory that is down is none that knows nobody: what is to be encrypted waits for it, and goes nowhere in the clear.
        let found = asked.unwrap_or_else(|_| Err("it doesn't answer".to_owned())).map_err(|error| {
            tracing::warn!(%error, "the directory of certificates can't be asked");
            SmimeRefusal::NoDirectory
        })?;
        let read = found.iter().filter_map(|der| Certificate::read(der).ok()?.into_iter().next()).collect();
        let Some(certificate) = self.best(read, Some(address)) else { return Ok(None) };
        let (owner, rows) = (self.owner.id, rows(&certificate, CertificateSource::Directory, self.now()));
        let deed = move |tx: &mut WriteTx<'_>| rows.iter().try_for_each(|row| tx.add_smime_certificate(owner, row));
        self.store().write::<_, StoreError>(deed).await?;
        Ok(Some(certificate))
    }
}

fn unfit(why: &str) -> MailError {
    SmimeRefusal::Unusable(why.to_owned()).into()
}

/// A certificate as rows have it: once for each of its addresses.
pub(super) fn rows(certificate: &Certificate, source: CertificateSource, now: Timestamp) -> Vec<SmimeCertificate> {
    let row = |address: String| SmimeCertificate {
        address: address.to_lowercase(),
        fingerprint: fingerprint(certificate),
        certificate: certificate.to_der(),
        source,
        added_date_time: now,
        not_after: not_after(certificate),
    };
    certificate.addresses().into_iter().map(row).collect()
}
