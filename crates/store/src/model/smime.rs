//! Keys and certificates of S/MIME.

use crate::clock::Timestamp;

/// A private key of a mailbox's owner, sealed, with the certificate that says whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SmimeKey {
    /// SHA-256 of the certificate.
    pub fingerprint: [u8; 32],
    /// The certificate in DER.
    pub certificate: Vec<u8>,
    /// The key, which nobody can read without the operator's master key.
    pub sealed: Vec<u8>,
    /// When it came here.
    pub added_date_time: Timestamp,
    /// Until when the certificate is valid.
    pub not_after: Timestamp,
}

/// A certificate of somebody to whom a mailbox's owner writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SmimeCertificate {
    /// The address that it is for, folded to lower case.
    pub address: String,
    /// SHA-256 of the certificate.
    pub fingerprint: [u8; 32],
    /// The certificate in DER.
    pub certificate: Vec<u8>,
    /// From where it is known.
    pub source: CertificateSource,
    /// When it came here.
    pub added_date_time: Timestamp,
    /// Until when it is valid.
    pub not_after: Timestamp,
}

/// From where a certificate is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CertificateSource {
    /// A directory has it (LDAP).
    Directory,
    /// Somebody put it here.
    Given,
    /// It came with a message that its holder signed.
    Signed,
}

const SOURCES: [(CertificateSource, &str); 3] =
    [(CertificateSource::Directory, "directory"), (CertificateSource::Given, "given"), (CertificateSource::Signed, "signed")];

impl CertificateSource {
    /// Its word.
    pub fn as_str(self) -> &'static str {
        SOURCES.iter().find(|(source, _)| *source == self).map_or("given", |(_, word)| word)
    }

    /// Reads its word.
    pub fn parse(word: &str) -> Option<CertificateSource> {
        SOURCES.iter().find(|(_, known)| *known == word).map(|(source, _)| *source)
    }
}
