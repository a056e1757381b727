//! The attachment resources: views of a message's parts.

use super::message::date;
use crate::ids;
use encodify::base64::STANDARD;
use mailbox::{AttachedPart, Content};
use mime::{Message, Part, PartKind};
use serde_json::{Value, json};

/// All attachments of a message, in order.
pub(crate) fn render_all(content: &Content) -> Value {
    content.attachments().map(|attached| render(content, attached)).collect()
}

/// One attachment.
pub(crate) fn render(content: &Content, attached: AttachedPart<'_>) -> Value {
    let key = attached.key();
    let AttachedPart { message, part, .. } = attached;
    let octets = message.decoded(part);
    let mut attachment = json!({
        "@odata.type": "#microsoft.graph.fileAttachment",
        "@odata.mediaContentType": part.media_type.essence,
        "id": ids::attachment(content.record.id, key),
        "lastModifiedDateTime": date(content.record.last_modified_date_time),
        "name": name(part, &octets),
        "contentType": part.media_type.essence,
        "size": octets.len(),
        "isInline": part.is_inline(),
    });
    if part.kind == PartKind::Message {
        attachment["@odata.type"] = "#microsoft.graph.itemAttachment".into();
    } else {
        attachment["contentId"] = part.content_id.clone().into();
        attachment["contentLocation"] = Value::Null;
        attachment["contentBytes"] = STANDARD.encode(&octets).into();
    }
    attachment
}

/// The file name; an attached message without one has its subject.
fn name(part: &Part, octets: &bytes::Bytes) -> Value {
    match (&part.file_name, part.kind) {
        (Some(name), _) => name.as_str().into(),
        (None, PartKind::Message) => Message::parse(octets.clone()).text("Subject").into(),
        (None, _) => Value::Null,
    }
}
