//! Certificates of those to whom mail is encrypted: given, harvested from signed mail, of people here, or looked up.

use super::keys::{fingerprint, not_after, read, unusable};
use crate::Mailbox;
use crate::error::{Kind, MailError, SmimeRefusal};
use crate::people::person_at;
use smime::Certificate;
use std::time::Duration;
use store::{CertificateSource, MailboxId, ReadTx, SmimeCertificate, StoreError, Timestamp, WriteTx};

/// Certificates of others that one mailbox knows at most; one counts for each address that it is for.
const MOST: usize = 10_000;
/// The most addresses of a certificate that is given, and its most octets: each address has a row, and each row has it.
const MOST_ADDRESSES: usize = 100;
const MOST_OCTETS: usize = 32 * 1024;
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
        let rows: Vec<SmimeCertificate> = match certificate.addresses() {
            none if none.is_empty() => return Err(unfit("the certificate names no address")),
            many if many.len() > MOST_ADDRESSES => return Err(unfit("the certificate is for more than a hundred addresses")),
            each => each.iter().map(|address| row(&certificate, address, CertificateSource::Given, self.now())).collect(),
        };
        if rows[0].certificate.len() > MOST_OCTETS {
            return Err(unfit("the certificate has more than 32 KiB"));
        }
        let (owner, kept) = (self.owner.id, rows.clone());
        let deed = move |tx: &mut WriteTx<'_>| {
            if tx.count_smime_certificates(owner, MOST)? + kept.len() > MOST {
                return Err(MailError::QuotaExceeded("certificates"));
            }
            kept.iter().try_for_each(|row| Ok(tx.add_smime_certificate(owner, row)?))
        };
        self.deed(deed).await?;
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
        let trust = &self.mail.inner.options.protecting.trust;
        let is_for = |one: &Certificate| address.is_none_or(|address| one.is_for(address));
        let fit = certificates
            .into_iter()
            .filter(|one| one.may_encrypt() && one.is_valid_at(now) && is_for(one) && !trust.revokes(one));
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
        let (owner, row) = (self.owner.id, row(&certificate, address, CertificateSource::Directory, self.now()));
        let deed = move |tx: &mut WriteTx<'_>| learn(tx, owner, &row);
        self.store().write::<_, StoreError>(deed).await?;
        Ok(Some(certificate))
    }
}

fn unfit(why: &str) -> MailError {
    SmimeRefusal::Unusable(why.to_owned()).into()
}

/// A certificate as a row has it, for one address. What nobody here gave is kept for the one that was asked for, or proven: who
/// may have a certificate for his own address may have one that names others too.
pub(super) fn row(certificate: &Certificate, address: &str, source: CertificateSource, now: Timestamp) -> SmimeCertificate {
    SmimeCertificate {
        address: address.to_lowercase(),
        fingerprint: fingerprint(certificate),
        certificate: certificate.to_der(),
        source,
        added_date_time: now,
        not_after: not_after(certificate),
    }
}

/// Keeps what was harvested or looked up, while there is room: mail doesn't wait for it.
pub(crate) fn learn(tx: &mut WriteTx<'_>, mailbox: MailboxId, row: &SmimeCertificate) -> Result<(), StoreError> {
    if row.certificate.len() <= MOST_OCTETS && tx.count_smime_certificates(mailbox, MOST)? < MOST {
        return tx.add_smime_certificate(mailbox, row);
    }
    tracing::warn!(mailbox = %uuid::Uuid::from_bytes(mailbox.0), "a certificate is too large to be kept, or one too many");
    Ok(())
}
