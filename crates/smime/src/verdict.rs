//! What was found of a message's protection: data, for people and programs. "Encrypted" never reads as "authentic".

use crate::certificate::Certificate;
use serde::{Serialize, Serializer};

/// What is to be thought of a message, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Verdict {
    /// All layers together.
    pub status: Status,
    /// Why it isn't [`Status::Valid`].
    pub reason: Option<String>,
    /// The layers, the outermost first.
    pub layers: Vec<Layer>,
    /// What is known of its header.
    pub header: ProtectedHeader,
    /// What somebody may have tried, or what a reader must know.
    pub notes: Vec<Note>,
}

/// One word for it; the worst where nothing was shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// A signature is not that of what stands there.
    #[default]
    Invalid,
    /// Nobody signed it; it may be encrypted.
    Unsigned,
    /// It is encrypted, and no key that was given opens it.
    Undecryptable,
    /// Signatures are good, but nobody whom we trust says whose they are, or they are somebody else's than the author's.
    Untrusted,
    /// Its author signed all of what is shown, and somebody whom we trust says so.
    Valid,
}

/// What a layer is (RFC 8551 §3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// AuthEnvelopedData: encrypted, and whole
    AuthEnveloped,
    /// multipart/signed
    Clear,
    /// CompressedData
    Compressed,
    /// EnvelopedData: encrypted, with no protection against changes
    Enveloped,
    /// SignedData with its content
    Opaque,
}

/// One layer of protection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Layer {
    /// What it is.
    pub kind: Kind,
    /// What is to be thought of it; [`Status::Unsigned`] where it was opened and says nothing of an author.
    pub status: Status,
    /// Why it isn't good.
    pub reason: Option<String>,
    /// Digests, signatures, ciphers and ways of giving the key to recipients, by the names of the library.
    pub algorithms: Vec<String>,
    /// Who signed.
    pub signers: Vec<Signer>,
    /// The subject of the certificate whose key opened it.
    pub opened_for: Option<String>,
    /// The octets within, exactly those that are signed or encrypted.
    pub covers: Option<Covered>,
}

/// The octets that a layer holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Covered {
    /// How many.
    pub octets: u64,
    /// Their SHA-256, in hexadecimal digits.
    pub sha256: String,
    /// Their media type.
    pub media_type: Option<String>,
}

/// One who signed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Signer {
    /// What is to be thought of this signature.
    pub status: Status,
    /// Why it isn't good.
    pub reason: Option<String>,
    /// The address of the certificate that is the author's, or its first.
    pub address: Option<String>,
    /// All addresses of the certificate.
    pub addresses: Vec<String>,
    /// Whose certificate it is.
    pub subject: Option<String>,
    /// Who made it.
    pub issuer: Option<String>,
    /// Its serial number, in hexadecimal digits.
    pub serial_number: Option<String>,
    /// Its SHA-256, in hexadecimal digits.
    pub fingerprint: Option<String>,
    /// What it may be used for.
    pub usages: Vec<&'static str>,
    /// From when it is valid, in seconds since 1970; as JSON, a date of RFC 3339.
    #[serde(serialize_with = "date_time")]
    pub not_before: Option<i64>,
    /// Until when.
    #[serde(serialize_with = "date_time")]
    pub not_after: Option<i64>,
    /// Whether it is the author's; nothing where that can't be said.
    pub matches_from: Option<bool>,
    /// Why it isn't, or why it can't be said.
    pub mismatch: Option<String>,
    /// When it was signed, by the signer's own word, in seconds since 1970.
    #[serde(serialize_with = "date_time")]
    pub signing_time: Option<i64>,
    /// Digest and signature algorithm, and that of the key.
    pub algorithms: Vec<String>,
    /// The chain of its certificate.
    pub chain: ChainVerdict,
    /// By which mail can be encrypted for the signer; none where we don't trust him.
    #[serde(skip)]
    pub encryption_certificates: Vec<Certificate>,
}

/// Seconds since 1970 as a date of RFC 3339; those that no calendar has are nothing.
fn date_time<S: Serializer>(seconds: &Option<i64>, serializer: S) -> Result<S::Ok, S::Error> {
    let date = seconds.and_then(|seconds| jiff::Timestamp::from_second(seconds).ok());
    date.map(|date| date.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()).serialize(serializer)
}

/// What is to be thought of a chain of certificates.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ChainVerdict {
    /// Whether it leads to somebody whom we trust, now.
    pub status: ChainStatus,
    /// Why it doesn't.
    pub reason: Option<String>,
    /// Whether it did when it was signed, by the signer's word for that.
    pub at_signing_time: Option<ChainStatus>,
    /// Whether a certificate in it was revoked.
    pub revocation: RevocationStatus,
    /// Its subjects, the signer first.
    pub subjects: Vec<String>,
}

/// Whether a chain leads to somebody whom we trust.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ChainStatus {
    /// It doesn't.
    #[default]
    Invalid,
    /// It does.
    Valid,
}

/// What is known of revocation. Nothing is ever asked of others here.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RevocationStatus {
    /// Lists that were given, or that came with the message, know of none.
    Good,
    /// One was revoked.
    Revoked,
    /// No list was at hand.
    #[default]
    Unchecked,
}

/// What is known of a message's header (RFC 9788).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ProtectedHeader {
    /// In which form it is protected.
    pub form: HeaderForm,
    /// The fields that are protected, in their order.
    pub fields: Vec<Field>,
    /// The subject that is to be shown, decoded.
    pub subject: Option<String>,
    /// Fields that only the recipient can read.
    pub confidential: Vec<String>,
}

/// How a header is protected.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum HeaderForm {
    /// It isn't.
    #[default]
    None,
    /// `protected-headers="v1"`, the draft before RFC 9788
    ProtectedHeadersV1,
    /// `hp`, RFC 9788
    Rfc9788,
    /// message/rfc822 within (RFC 8551 §3.1)
    Wrapped,
}

/// A field of a header.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Field {
    /// Its name as written.
    pub name: String,
    /// Its text, decoded.
    pub value: String,
}

/// Something that a reader must know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Note {
    /// One of a few words, for programs.
    pub code: &'static str,
    /// A sentence, for people.
    pub message: String,
}

impl Note {
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Note {
        Note { code, message: message.into() }
    }
}
