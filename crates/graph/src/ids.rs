//! Opaque ids on the wire: URL-safe base64 of a kind, the store's id and a check octet, so that an id that was folded,
//! cut or made up is told from one that is gone.

use crate::error::ApiError;
use encodify::base64::URL_SAFE_NO_PAD;
use mailbox::{AttachmentKey, UploadId};
use store::{FolderId, MailboxId, MessageId, SubscriptionId};

/// What an id is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Attachment = 1,
    Conversation = 2,
    Folder = 3,
    Message = 4,
    Upload = 6,
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

/// A subscription's id is a GUID on the wire too (Graph).
pub(crate) fn subscription(id: SubscriptionId) -> String {
    uuid::Uuid::from_bytes(id.0).to_string()
}

pub(crate) fn parse_subscription(text: &str) -> Result<SubscriptionId, ApiError> {
    let id = uuid::Uuid::try_parse(text).map_err(|_| ApiError::malformed_id())?;
    Ok(SubscriptionId(*id.as_bytes()))
}

pub(crate) fn parse_folder(text: &str) -> Result<FolderId, ApiError> {
    decode(Kind::Folder, text).and_then(|octets| FolderId::from_slice(&octets)).ok_or_else(ApiError::malformed_id)
}

pub(crate) fn parse_conversation(text: &str) -> Option<[u8; 16]> {
    decode(Kind::Conversation, text)?.try_into().ok()
}

fn encode(kind: Kind, id: &[u8]) -> String {
    let mut octets = vec![kind as u8];
    octets.extend_from_slice(id);
    octets.push(check(&octets));
    URL_SAFE_NO_PAD.encode(octets)
}

fn decode(kind: Kind, text: &str) -> Option<Vec<u8>> {
    let octets = URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok()?;
    let (&check_octet, octets) = octets.split_last()?;
    let (&kind_octet, id) = octets.split_first()?;
    (kind_octet == kind as u8 && check_octet == check(octets)).then(|| id.to_vec())
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
        assert_eq!(parse_conversation(&text), None);
    }
}
