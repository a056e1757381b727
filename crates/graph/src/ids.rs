//! Opaque ids on the wire: URL-safe base64 of a kind, the store's id and a check octet, so that an id that was folded,
//! cut or made up is told from one that is gone.

use crate::error::ApiError;
use encodify::base64::{STANDARD, URL_SAFE_NO_PAD};
use mailbox::{AttachmentKey, UploadId};
use store::{FolderId, MailboxId, MessageId, RuleId, SubscriptionId};
use uuid::Uuid;

/// What an id is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Attachment = 1,
    Conversation = 2,
    Folder = 3,
    Message = 4,
    Upload = 6,
    Rule = 7,
}

pub(crate) fn message(id: MessageId) -> String {
    encode(Kind::Message, &id.0)
}

pub(crate) fn folder(id: FolderId) -> String {
    encode(Kind::Folder, &id.0)
}

pub(crate) fn conversation(id: [u8; 16]) -> String {
    encode(Kind::Conversation, &id)
}

pub(crate) fn rule(id: RuleId) -> String {
    encode(Kind::Rule, &id.0)
}

/// The id of an attachment: its message's, and its key there.
pub(crate) fn attachment(message: MessageId, key: AttachmentKey) -> String {
    let number = u32::try_from(key.number).unwrap_or(u32::MAX).to_be_bytes();
    encode(Kind::Attachment, &[&message.0[..], &number[..], &key.mark.to_be_bytes()].concat())
}

/// The capability to write to an upload: whose, and which.
pub(crate) fn upload(mailbox: MailboxId, id: UploadId) -> String {
    encode(Kind::Upload, &[&mailbox.0[..], &id.0[..]].concat())
}

pub(crate) fn parse_upload(text: &str) -> Result<(MailboxId, UploadId), ApiError> {
    let read = || {
        let octets = decode(Kind::Upload, text)?;
        let (mailbox, id) = octets.split_at_checked(16)?;
        Some((MailboxId::from_slice(mailbox)?, UploadId::from_slice(id)?))
    };
    read().ok_or_else(ApiError::malformed_id)
}

/// The key of an attachment of this message.
pub(crate) fn parse_attachment(message: MessageId, text: &str) -> Result<AttachmentKey, ApiError> {
    let read = || {
        let octets = decode(Kind::Attachment, text)?;
        let (of, key) = octets.split_at_checked(16)?;
        let (number, mark) = key.split_at_checked(4)?;
        let number = u32::from_be_bytes(number.try_into().ok()?).try_into().ok()?;
        (of == message.0).then_some(AttachmentKey { number, mark: u32::from_be_bytes(mark.try_into().ok()?) })
    };
    read().ok_or_else(ApiError::malformed_id)
}

pub(crate) fn parse_message(text: &str) -> Result<MessageId, ApiError> {
    decode(Kind::Message, text).and_then(|octets| MessageId::from_slice(&octets)).ok_or_else(ApiError::malformed_id)
}

/// The SHA-256 of a certificate, in hexadecimal digits.
pub(crate) fn parse_fingerprint(text: &str) -> Result<[u8; 32], ApiError> {
    store::Digest::from_hex(text).map(|digest| digest.0).ok_or_else(ApiError::malformed_id)
}

/// An id that is a GUID (RFC 9562 §4).
pub(crate) fn parse_guid(text: &str) -> Result<[u8; 16], ApiError> {
    Uuid::try_parse(text).map(Uuid::into_bytes).map_err(|_| ApiError::malformed_id())
}

/// A subscription's id is a GUID on the wire too (Graph).
pub(crate) fn subscription(id: SubscriptionId) -> String {
    uuid::Uuid::from_bytes(id.0).to_string()
}

pub(crate) fn parse_subscription(text: &str) -> Result<SubscriptionId, ApiError> {
    parse_guid(text).map(SubscriptionId)
}

pub(crate) fn parse_folder(text: &str) -> Result<FolderId, ApiError> {
    decode(Kind::Folder, text).and_then(|octets| FolderId::from_slice(&octets)).ok_or_else(ApiError::malformed_id)
}

pub(crate) fn parse_rule(text: &str) -> Result<RuleId, ApiError> {
    decode(Kind::Rule, text).and_then(|octets| RuleId::from_slice(&octets)).ok_or_else(ApiError::malformed_id)
}

pub(crate) fn parse_conversation(text: &str) -> Option<[u8; 16]> {
    decode(Kind::Conversation, text)?.try_into().ok()
}

/// The form in which an id is written (Graph: exchangeIdFormat).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// MAPI's `PR_ENTRYID`: URL-safe, and the number of characters of padding, as a digit, in the place of these.
    Entry,
    /// As Exchange Web Services write it: with characters that no URL may have.
    Ews,
    /// As all answers have it.
    Rest,
}

/// The id of a message, a folder or an attachment in another form. An id names the same thing for life, so what is immutable is
/// written as what is not; whether that thing is there is not looked up.
pub(crate) fn translated(text: &str, from: Form, to: Form) -> Option<String> {
    let octets = match from {
        Form::Rest => URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok()?,
        Form::Ews => STANDARD.decode(text).ok()?,
        Form::Entry => {
            let (digits, padding) = text.split_at_checked(text.len().checked_sub(1)?)?;
            let octets = URL_SAFE_NO_PAD.decode(digits).ok()?;
            (padding == padding_of(&octets)).then_some(octets)?
        }
    };
    checked(&octets).filter(|(kind, _)| [Kind::Attachment, Kind::Folder, Kind::Message].map(|one| one as u8).contains(kind))?;
    Some(match to {
        Form::Rest => URL_SAFE_NO_PAD.encode(octets),
        Form::Ews => STANDARD.encode(octets),
        Form::Entry => URL_SAFE_NO_PAD.encode(&octets) + padding_of(&octets),
    })
}

/// How many characters of padding base64 has behind these octets (RFC 4648 §4), as a digit.
fn padding_of(octets: &[u8]) -> &'static str {
    ["0", "2", "1"][octets.len() % 3]
}

fn encode(kind: Kind, id: &[u8]) -> String {
    let mut octets = vec![kind as u8];
    octets.extend_from_slice(id);
    octets.push(check(&octets));
    URL_SAFE_NO_PAD.encode(octets)
}

fn decode(kind: Kind, text: &str) -> Option<Vec<u8>> {
    let octets = URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok()?;
    checked(&octets).filter(|(found, _)| *found == kind as u8).map(|(_, id)| id.to_vec())
}

/// The kind of what octets name, and its id, if they are as they were given.
fn checked(octets: &[u8]) -> Option<(u8, &[u8])> {
    let (&check_octet, octets) = octets.split_last()?;
    let (&kind, id) = octets.split_first()?;
    (check_octet == check(octets)).then_some((kind, id))
}

/// A sum in which the place of each octet counts.
fn check(octets: &[u8]) -> u8 {
    octets.iter().fold(0x5a, |sum: u8, &octet| sum.rotate_left(3) ^ octet.wrapping_mul(31))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_read_back_and_others_are_refused() {
        let id = MessageId([7; 16]);
        let text = message(id);
        assert_eq!(text.len(), 24);
        assert_eq!(parse_message(&text).expect("id"), id);
        assert_eq!(parse_folder(&folder(FolderId([9; 16]))).expect("id"), FolderId([9; 16]));
        for bad in ["", "x", &text[1..], &text.to_lowercase(), &folder(FolderId([7; 16])), "AAMkAGI2", "é"] {
            assert!(parse_message(bad).is_err(), "{bad}");
        }
        assert_eq!(parse_conversation(&conversation([8; 16])), Some([8; 16]));
    }

    #[test]
    fn each_form_of_an_id_leads_to_every_other() {
        let of = MessageId([0xfb; 16]);
        let key = AttachmentKey { number: 1, mark: 0xfbff_befb };
        for (id, padding) in [(message(of), "0"), (folder(FolderId([0xff; 16])), "0"), (attachment(of, key), "1")] {
            let forms = [Form::Entry, Form::Ews, Form::Rest];
            let [entry, ews, rest] = forms.map(|form| translated(&id, Form::Rest, form).expect("a form"));
            assert_eq!((&rest, &entry), (&id, &format!("{id}{padding}")));
            assert!(ews.contains(['+', '/']) && ews.len().is_multiple_of(4), "{ews}");
            for (text, from) in [(&entry, Form::Entry), (&ews, Form::Ews), (&rest, Form::Rest)] {
                assert_eq!(
                    forms.map(|to| translated(text, from, to)),
                    [Some(entry.clone()), Some(ews.clone()), Some(rest.clone())]
                );
            }
            for (bad, form) in [
                (format!("{id}2"), Form::Entry),
                (id.clone(), Form::Entry),
                (String::new(), Form::Entry),
                ("é".to_owned(), Form::Entry),
                (entry.clone(), Form::Rest),
                (id[1..].to_owned(), Form::Rest),
                (id.clone(), Form::Ews),
                (conversation([8; 16]), Form::Rest),
            ] {
                assert_eq!(translated(&bad, form, Form::Rest), None, "{bad}");
            }
        }
    }

    #[test]
    fn a_conversation_is_no_message() {
        let text = message(MessageId([7; 16]));
        assert_eq!(parse_conversation(&text), None);
    }
}
