//! What is told of S/MIME, and what clients say of it.

use super::json::Members;
use super::message::{date, date_text};
use crate::error::ApiError;
use mailbox::{Certificate, HeldKey, KnownCertificate, on_sending};
use serde_json::{Value, json};
use store::{MessageRecord, Protection, Timestamp};

/// The annotation of a message: its verdict where it is read, what is to be done where it is written.
pub(crate) const ANNOTATION: &str = "@restante.smime";

/// A verdict as JSON, with what becomes of a draft.
pub(crate) fn verdict(record: &MessageRecord, mut value: Value) -> Value {
    if let Some(protection) = on_sending(record) {
        value["onSending"] = words(protection).into();
    }
    value
}

/// What can be done.
pub(crate) const WORDS: [&str; 2] = ["sign", "encrypt"];

/// Reads what is to be done: `sign`, `encrypt`, both, or `none`.
pub(crate) fn protection(text: &str) -> Option<Protection> {
    let mut protection = Protection::default();
    for word in text.split([',', ' ']).map(str::trim).filter(|word| !word.is_empty()) {
        match word.to_ascii_lowercase().as_str() {
            "sign" => protection.sign = true,
            "encrypt" => protection.encrypt = true,
            "none" => {}
            _ => return None,
        }
    }
    (!text.trim().is_empty()).then_some(protection)
}

/// The same where a message is written.
pub(crate) fn annotated(message: &Members<'_>) -> Result<Option<Protection>, ApiError> {
    match message.get(ANNOTATION) {
        Some(Value::String(text)) => protection(text).map(Some).ok_or_else(|| message.wrong(ANNOTATION, EXPECTED)),
        // A message that was read with its verdict may be sent back as it was.
        Some(Value::Object(read)) => Ok(read.get("onSending").and_then(Value::as_str).and_then(protection)),
        Some(_) => Err(message.wrong(ANNOTATION, EXPECTED)),
        None => Ok(None),
    }
}

pub(crate) const EXPECTED: &str = "'sign', 'encrypt', 'sign, encrypt' or 'none'";

fn words(protection: Protection) -> &'static str {
    match (protection.sign, protection.encrypt) {
        (true, true) => "sign, encrypt",
        (true, false) => "sign",
        (false, true) => "encrypt",
        (false, false) => "none",
    }
}

/// A key, without what is secret of it.
pub(crate) fn held_key(key: &HeldKey) -> Value {
    let certificate = &key.certificate;
    let mut value = told(certificate, key.added_date_time);
    value["addresses"] = json!(certificate.addresses());
    value["usages"] = json!(certificate.usages());
    value["maySign"] = certificate.may_sign().into();
    value["mayEncrypt"] = certificate.may_encrypt().into();
    value["isEnding"] = key.is_ending.into();
    value
}

/// A certificate of somebody else.
pub(crate) fn known_certificate(known: &KnownCertificate) -> Value {
    let mut value = told(&known.certificate, known.added_date_time);
    value["address"] = known.address.as_str().into();
    value["source"] = known.source.as_str().into();
    value
}

fn told(certificate: &Certificate, added: Timestamp) -> Value {
    let (not_before, not_after) = certificate.validity();
    json!({
        "id": certificate.fingerprint(),
        "subject": certificate.subject(),
        "issuer": certificate.issuer(),
        "serialNumber": certificate.serial_number(),
        "notBefore": date_text(Timestamp::from_seconds(not_before)),
        "notAfter": date_text(Timestamp::from_seconds(not_after)),
        "algorithm": certificate.key_algorithm(),
        "addedDateTime": date(added),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_to_be_done_is_read_as_it_is_written() {
        let all = [(true, true), (true, false), (false, true), (false, false)];
        for (sign, encrypt) in all {
            let wanted = Protection { sign, encrypt };
            assert_eq!(protection(words(wanted)), Some(wanted));
        }
        assert_eq!(protection("Encrypt,SIGN"), Some(Protection { sign: true, encrypt: true }));
        for text in ["", " ", "signed", "sign; encrypt"] {
            assert_eq!(protection(text), None, "{text}");
        }
    }
}
