//! Attachments that a client writes as JSON (Graph: message-post-attachments): files, messages and links.

use super::draft;
use super::json::Members;
use crate::error::{ApiError, ErrorCode};
use mailbox::{AttachmentChange, NewAttachment, NewItem};
use mime::Attachment;
use serde_json::Value;
use store::{AttachmentItem, Digest, Timestamp};

/// Reads an attachment of any of the three types. One that does not say its type is what its members make it.
pub(crate) fn attachment(value: &Value, path: &str) -> Result<NewAttachment, ApiError> {
    let a = Members::of(value, path)?;
    let kind = a.text("@odata.type")?.map(|kind| kind.trim_start_matches('#').to_ascii_lowercase());
    match kind.as_deref().map(|kind| kind.strip_prefix("microsoft.graph.").unwrap_or(kind)) {
        Some("fileattachment") => file(&a),
        Some("itemattachment") => item(&a),
        Some("referenceattachment") => reference(&a),
        None if a.get("item").is_some() => item(&a),
        None if a.get("sourceUrl").is_some() => reference(&a),
        None => file(&a),
        Some(_) => Err(a.wrong("@odata.type", "a type of attachments")),
    }
}

/// A file (Graph: fileAttachment). Its octets must be given: a file that lost them on the way is no empty one.
fn file(a: &Members<'_>) -> Result<NewAttachment, ApiError> {
    let text = a.text("contentBytes")?.ok_or_else(|| a.wrong("contentBytes", "base64"))?;
    let octets = mime::decode_base64(text.as_bytes()).map_err(|error| a.wrong("contentBytes", "base64").because(error))?;
    Ok(NewAttachment::File(Attachment {
        name: a.text("name")?.unwrap_or_default().to_owned(),
        media_type: a.text("contentType")?.unwrap_or_default().to_owned(),
        content_id: a.text("contentId")?.map(str::to_owned),
        is_inline: a.boolean("isInline")?.unwrap_or(false),
        octets: octets.into(),
    }))
}

/// A message (Graph: itemAttachment).
fn item(a: &Members<'_>) -> Result<NewAttachment, ApiError> {
    let Some(value) = a.get("item") else { return Err(a.wrong("item", "a message")) };
    let path = a.path_of("item");
    let item = Members::of(value, &path)?;
    let kind = item.text("@odata.type")?.map(|kind| kind.trim_start_matches('#').to_ascii_lowercase());
    if kind.is_some_and(|kind| kind.strip_prefix("microsoft.graph.").unwrap_or(&kind) != "message") {
        let message = "Only messages can be attached as items here.";
        return Err(ApiError::new(ErrorCode::NotImplemented, message));
    }
    let sent = item.text("sentDateTime")?.map(|text| text.parse::<jiff::Timestamp>());
    let sent = sent.transpose().map_err(|error| item.wrong("sentDateTime", "a date with a zone").because(error))?;
    Ok(NewAttachment::Item(Box::new(NewItem {
        name: a.text("name")?.unwrap_or_default().to_owned(),
        is_inline: a.boolean("isInline")?.unwrap_or(false),
        message: draft::message_at(value, &path)?,
        sent: sent.map(|at| Timestamp(at.as_microsecond())),
    })))
}

/// A link, in the form that mail has for one: message/external-body with access-type URL (RFC 2046 §5.2.3, RFC 2017).
/// Its address is given as beta names it; v1.0 has no place for it.
fn reference(a: &Members<'_>) -> Result<NewAttachment, ApiError> {
    let url = a.text("sourceUrl")?.map(str::trim).unwrap_or_default();
    let is_address = url.split_once(':').is_some_and(|(scheme, _)| scheme.bytes().all(|b| b.is_ascii_alphanumeric()));
    if !is_address || url.len() > LONGEST_ADDRESS || !url.bytes().all(|b| b.is_ascii_graphic() && b != b'"' && b != b'\\') {
        return Err(a.wrong("sourceUrl", "the address of what is attached, percent-encoded"));
    }
    let media_type = a.text("contentType")?.unwrap_or("application/octet-stream");
    if !media_type.bytes().all(|b| b.is_ascii_graphic() || b == b' ') {
        return Err(a.wrong("contentType", "a media type"));
    }
    let digest = Digest::of(url.as_bytes()).to_hex();
    let phantom = format!("Content-Type: {media_type}\r\nContent-ID: <{}@link.invalid>\r\n\r\n", &digest[..32]);
    Ok(NewAttachment::File(Attachment {
        name: a.text("name")?.unwrap_or_default().to_owned(),
        media_type: format!("message/external-body; access-type=URL; url=\"{url}\""),
        content_id: None,
        is_inline: a.boolean("isInline")?.unwrap_or(false),
        octets: phantom.into(),
    }))
}

/// Longest address that is taken, in octets (RFC 9110 §4.1).
const LONGEST_ADDRESS: usize = 8000;

/// What is said anew of an attachment; what only the server says is passed over.
pub(crate) fn change(value: &Value) -> Result<AttachmentChange, ApiError> {
    let a = Members::of(value, "")?;
    if a.get("contentBytes").is_some() {
        return Err(a.wrong("contentBytes", "nothing: an attachment with other octets is another one"));
    }
    let text = |name: &str| Ok::<_, ApiError>(a.text(name)?.map(str::to_owned));
    Ok(AttachmentChange {
        name: text("name")?,
        media_type: text("contentType")?,
        content_id: text("contentId")?,
        is_inline: a.boolean("isInline")?,
    })
}

/// A file whose octets are to come, and how many (Graph: attachment-createuploadsession).
pub(crate) fn item_to_come(value: &Value) -> Result<(AttachmentItem, u64), ApiError> {
    let request = Members::of(value, "")?;
    let a = request.object("attachmentItem")?.ok_or_else(|| request.wrong("attachmentItem", "an object"))?;
    a.word("attachmentType", &[("file", ())])?; // an item or a link comes in one request
    let name = a.text("name")?.map(str::to_owned).filter(|name| !name.trim().is_empty());
    let item = AttachmentItem {
        name: name.ok_or_else(|| a.wrong("name", "a name"))?,
        media_type: a.text("contentType")?.unwrap_or_default().to_owned(),
        content_id: a.text("contentId")?.map(str::to_owned),
        is_inline: a.boolean("isInline")?.unwrap_or(false),
    };
    Ok((item, a.size("size")?))
}
