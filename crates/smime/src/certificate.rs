//! What a certificate says (RFC 5280, and RFC 8550 for what mail wants of it).

use crate::ber::{CONTEXT_0, Element, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE, element};
use crate::cms::{Cms, curve};
use crate::error::SmimeError;
use mime::AddrSpec;
use openssl::asn1::{Asn1StringRef, Asn1Time, Asn1TimeRef};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::Id;
use openssl::x509::{X509, X509ExtendedKeyUsage, X509KeyUsage, X509NameRef};
use std::fmt::Write as _;
use std::sync::OnceLock;

/// id-ce-subjectAltName, 2.5.29.17 (RFC 5280 §4.2.1.6)
const SUBJECT_ALT_NAME: &[u8] = &[0x55, 0x1d, 0x11];
/// id-on-SmtpUTF8Mailbox, 1.3.6.1.5.5.7.8.9 (RFC 9598 §3)
const SMTP_UTF8_MAILBOX: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x08, 0x09];
/// `[3]`, where a TBSCertificate has its extensions (RFC 5280 §4.1)
const EXTENSIONS: u8 = 0xa3;
/// rfc822Name and otherName among the GeneralNames (RFC 5280 §4.2.1.6)
const RFC822_NAME: u8 = 0x81;
const OTHER_NAME: u8 = 0xa0;
const UTF8_STRING: u8 = 0x0c;

/// A certificate of a person, or of somebody who vouches for one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate(pub(crate) X509);

impl Certificate {
    /// Reads certificates: any number of them in PEM, or one in DER.
    ///
    /// # Errors
    /// [`SmimeError::Key`].
    pub fn read(octets: &[u8]) -> Result<Vec<Certificate>, SmimeError> {
        let pem = octets.windows(11).any(|window| window == b"-----BEGIN ");
        let read = if pem { X509::stack_from_pem(octets) } else { X509::from_der(octets).map(|one| vec![one]) };
        match read {
            Ok(certificates) if !certificates.is_empty() => Ok(certificates.into_iter().map(Certificate).collect()),
            _ => Err(SmimeError::Key("these octets hold no certificate".to_owned())),
        }
    }

    /// The certificates in a signature without a content, as directories have them (RFC 2798 §2.8); none in anything else.
    pub fn of_signers(cms: &[u8]) -> Vec<Certificate> {
        let read = Cms::read(cms).map(|cms| cms.certificates());
        read.unwrap_or_default().into_iter().map(Certificate).collect()
    }

    /// It in DER.
    pub fn to_der(&self) -> Vec<u8> {
        self.0.to_der().unwrap_or_default()
    }

    /// It in PEM.
    pub fn to_pem(&self) -> Vec<u8> {
        self.0.to_pem().unwrap_or_default()
    }

    /// SHA-256 of its DER, in hexadecimal digits.
    pub fn fingerprint(&self) -> String {
        self.0.digest(MessageDigest::sha256()).map(|digest| hex(&digest)).unwrap_or_default()
    }

    /// Whose it is, the most specific name first (RFC 4514).
    pub fn subject(&self) -> String {
        name(self.0.subject_name())
    }

    /// Who made it.
    pub fn issuer(&self) -> String {
        name(self.0.issuer_name())
    }

    /// Its serial number in hexadecimal digits.
    pub fn serial_number(&self) -> String {
        let number = self.0.serial_number().to_bn();
        number.and_then(|number| number.to_hex_str()).map(|digits| digits.to_string()).unwrap_or_default()
    }

    /// From when and until when it is valid, in seconds since 1970.
    pub fn validity(&self) -> (i64, i64) {
        (seconds(self.0.not_before()).unwrap_or(i64::MAX), seconds(self.0.not_after()).unwrap_or(i64::MIN))
    }

    /// Whether a time, in seconds since 1970, is within its validity.
    pub fn is_valid_at(&self, time: i64) -> bool {
        let (not_before, not_after) = self.validity();
        (not_before..=not_after).contains(&time)
    }

    /// The addresses that it is for: rfc822Name and SmtpUTF8Mailbox, or what the name of its subject has where there are
    /// none (RFC 8550 §3).
    pub fn addresses(&self) -> Vec<String> {
        let der = self.to_der();
        let named = alternative_names(&der).unwrap_or_default();
        if !named.is_empty() {
            return named;
        }
        let entries = self.0.subject_name().entries_by_nid(Nid::PKCS9_EMAILADDRESS);
        entries.filter_map(|entry| ascii(entry.data())).collect()
    }

    /// Whether it is for this address.
    pub fn is_for(&self, address: &str) -> bool {
        self.addresses().iter().any(|one| same_address(one, address))
    }

    /// Whether its holder may sign mail (RFC 8550 §4.4.2): a key usage that is given must allow it.
    pub fn may_sign(&self) -> bool {
        let wanted = X509KeyUsage::DIGITAL_SIGNATURE | X509KeyUsage::NON_REPUDIATION;
        self.0.key_usage().is_none_or(|usage| usage.intersects(wanted)) && self.is_for_mail()
    }

    /// Whether mail may be encrypted for its holder, by key transport or key agreement.
    pub fn may_encrypt(&self) -> bool {
        let wanted = match self.0.public_key().map(|key| key.id()) {
            Ok(Id::RSA) => X509KeyUsage::KEY_ENCIPHERMENT,
            Ok(Id::EC) => X509KeyUsage::KEY_AGREEMENT,
            _ => return false, // the library has no way to give such a holder a key
        };
        self.0.key_usage().is_none_or(|usage| usage.intersects(wanted)) && self.is_for_mail()
    }

    /// RFC 8550 §4.4.4: without an extended key usage, with emailProtection, or with any.
    pub(crate) fn is_for_mail(&self) -> bool {
        let wanted = X509ExtendedKeyUsage::SMIME | X509ExtendedKeyUsage::ANYEKU;
        self.0.extended_key_usage().is_none_or(|usage| usage.intersects(wanted))
    }

    /// What it may be used for, in RFC 5280's words.
    pub fn usages(&self) -> Vec<&'static str> {
        let usage = self.0.key_usage().unwrap_or(X509KeyUsage::empty());
        let extended = self.0.extended_key_usage().unwrap_or(X509ExtendedKeyUsage::empty());
        let keys = [
            (X509KeyUsage::DIGITAL_SIGNATURE, "digitalSignature"),
            (X509KeyUsage::NON_REPUDIATION, "nonRepudiation"),
            (X509KeyUsage::KEY_ENCIPHERMENT, "keyEncipherment"),
            (X509KeyUsage::DATA_ENCIPHERMENT, "dataEncipherment"),
            (X509KeyUsage::KEY_AGREEMENT, "keyAgreement"),
        ];
        let purposes = [
            (X509ExtendedKeyUsage::SMIME, "emailProtection"),
            (X509ExtendedKeyUsage::ANYEKU, "anyExtendedKeyUsage"),
            (X509ExtendedKeyUsage::SSL_SERVER, "serverAuth"),
            (X509ExtendedKeyUsage::SSL_CLIENT, "clientAuth"),
        ];
        let keys = keys.into_iter().filter(|(one, _)| usage.contains(*one)).map(|(_, name)| name);
        keys.chain(purposes.into_iter().filter(|(one, _)| extended.contains(*one)).map(|(_, name)| name)).collect()
    }

    /// The algorithm of its key.
    pub fn key_algorithm(&self) -> String {
        let Ok(key) = self.0.public_key() else { return "unknown".to_owned() };
        match key.id() {
            Id::RSA => format!("RSA-{}", key.bits()),
            Id::RSA_PSS => format!("RSA-PSS-{}", key.bits()),
            Id::EC => match curve(&key).as_deref() {
                Some("prime256v1") => "P-256".to_owned(),
                Some("secp384r1") => "P-384".to_owned(),
                Some("secp521r1") => "P-521".to_owned(),
                other => other.unwrap_or("EC").to_owned(),
            },
            Id::ED25519 => "Ed25519".to_owned(),
            Id::ED448 => "Ed448".to_owned(),
            Id::X25519 => "X25519".to_owned(),
            Id::DSA => "DSA".to_owned(),
            _ => "unknown".to_owned(),
        }
    }
}

/// Seconds since 1970.
pub(crate) fn seconds(time: &Asn1TimeRef) -> Option<i64> {
    static EPOCH: OnceLock<Option<Asn1Time>> = OnceLock::new(); // the library writes it as text, which takes long
    let since = EPOCH.get_or_init(|| Asn1Time::from_unix(0).ok()).as_ref()?.diff(time).ok()?;
    Some(i64::from(since.days) * 86_400 + i64::from(since.secs))
}

/// A distinguished name as RFC 4514 writes it: the most specific first, what would be read as syntax escaped.
fn name(name: &X509NameRef) -> String {
    let mut out = String::new();
    for entry in name.entries().collect::<Vec<_>>().into_iter().rev() {
        if !out.is_empty() {
            out.push(',');
        }
        let kind = entry.object().nid().short_name().map_or_else(|_| entry.object().to_string(), str::to_owned);
        let value = entry.data().to_string().unwrap_or_default();
        let _ = write!(out, "{kind}=");
        for c in value.chars() {
            if ",+\"\\<>;".contains(c) {
                out.push('\\');
            }
            out.push(if c.is_control() { '?' } else { c });
        }
    }
    out
}

/// A text of ASCII, as an emailAddress is (RFC 5280 §A.1). What another kind of text is translated to may end before its end.
fn ascii(text: &Asn1StringRef) -> Option<String> {
    let translated = text.to_string().ok()?;
    (translated.is_ascii() && translated.as_bytes() == text.as_slice()).then_some(translated)
}

/// Whether two addresses are one: neither case nor the spelling of a domain counts (RFC 8550 §3). Of a local part only the
/// case of ASCII letters doesn't: RFC 9598 §5 compares others octet by octet.
pub(crate) fn same_address(one: &str, other: &str) -> bool {
    let folded = |address: &str| {
        let address = AddrSpec::parse(address.trim())?;
        let local = address.as_str().strip_suffix(address.domain())?.to_ascii_lowercase();
        Some((local, ascii_domain(address.domain())))
    };
    matches!((folded(one), folded(other)), (Some(one), Some(other)) if one == other)
}

/// A domain as DNS has it, in one spelling of its many.
pub fn ascii_domain(domain: &str) -> String {
    idna::domain_to_ascii(domain).unwrap_or_else(|_| domain.to_lowercase())
}

/// The addresses in the subject alternative names of a certificate in DER.
fn alternative_names(der: &[u8]) -> Option<Vec<String>> {
    let (certificate, _) = element(der)?;
    let extensions = certificate.elements().next()?.elements().find(|member| member.tag == EXTENSIONS)?;
    let extension = extensions.elements().next()?.elements().find(|extension| {
        let kind = extension.elements().next();
        kind.is_some_and(|kind| kind.tag == OBJECT_IDENTIFIER && kind.content == SUBJECT_ALT_NAME)
    })?;
    let value = extension.elements().find(|member| member.tag == OCTET_STRING)?;
    let (names, _) = element(value.content).filter(|(names, _)| names.tag == SEQUENCE)?;
    Some(names.elements().filter_map(address_of).collect())
}

fn address_of(general_name: Element<'_>) -> Option<String> {
    let octets = match general_name.tag {
        // An IA5String: name constraints compare its octets, so that none may be read as others (RFC 5280 §4.2.1.10).
        RFC822_NAME => Some(general_name.content).filter(|octets| octets.is_ascii())?,
        OTHER_NAME => {
            let mut members = general_name.elements();
            members.next().filter(|kind| kind.tag == OBJECT_IDENTIFIER && kind.content == SMTP_UTF8_MAILBOX)?;
            let explicit = members.next().filter(|value| value.tag == CONTEXT_0)?;
            explicit.elements().next().filter(|text| text.tag == UTF8_STRING)?.content
        }
        _ => return None,
    };
    String::from_utf8(octets.to_vec()).ok()
}

pub(crate) fn hex(octets: &[u8]) -> String {
    let digit = |value: u8| char::from(b"0123456789abcdef"[usize::from(value & 15)]);
    octets.iter().flat_map(|octet| [digit(octet >> 4), digit(*octet)]).collect()
}
