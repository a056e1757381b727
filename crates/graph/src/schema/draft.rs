//! A message that a client writes as JSON (Graph: user-sendmail, user-post-messages).
//!
//! Members that are the service's to set are passed over, as Graph does; so are unknown ones (message is an open type).

use super::json::Members;
use crate::error::{ApiError, ErrorCode};
use mailbox::{Beside, Draft, Importance};
use mime::{Attachment, BodyKind, NameAddr};
use serde_json::{Value, json};

/// The body of sendMail.
pub(crate) struct SendMail {
    pub(crate) message: Draft,
    pub(crate) save_to_sent_items: bool,
}

/// Reads the body of sendMail.
pub(crate) fn send_mail(value: Value) -> Result<SendMail, ApiError> {
    let request = Members::of(&value, "")?;
    let Some(given) = request.get("message") else { return Err(request.wrong("message", "a message")) };
    let save_to_sent_items = request.boolean("saveToSentItems")?.unwrap_or(true);
    Ok(SendMail { message: message_at(given, "message")?, save_to_sent_items })
}

/// Reads a message.
pub(crate) fn message(value: &Value) -> Result<Draft, ApiError> {
    message_at(value, "")
}

fn message_at(value: &Value, path: &str) -> Result<Draft, ApiError> {
    let m = Members::of(value, path)?;
    let importance = [("low", Importance::Low), ("normal", Importance::Normal), ("high", Importance::High)];
    let (body_kind, body) = item_body(&m)?;
    Ok(Draft {
        from: m.get("from").map(|value| recipient(value, "from")).transpose()?,
        sender: m.get("sender").map(|value| recipient(value, "sender")).transpose()?,
        to: m.list("toRecipients", recipient)?,
        cc: m.list("ccRecipients", recipient)?,
        bcc: m.list("bccRecipients", recipient)?,
        reply_to: m.list("replyTo", recipient)?,
        subject: m.text("subject")?.unwrap_or_default().to_owned(),
        body_kind,
        body,
        attachments: m.list("attachments", file_attachment)?,
        fields: m.list("internetMessageHeaders", header_field)?,
        importance: m.word("importance", &importance)?.unwrap_or_default(),
        is_delivery_receipt_requested: m.boolean("isDeliveryReceiptRequested")?.unwrap_or(false),
        is_read_receipt_requested: m.boolean("isReadReceiptRequested")?.unwrap_or(false),
        internet_message_id: internet_message_id(&m)?,
        beside: beside(&m)?,
    })
}

fn beside(m: &Members<'_>) -> Result<Beside, ApiError> {
    let text = |value: &Value, path: &str| {
        value.as_str().map(str::to_owned).ok_or_else(|| ApiError::unreadable_member(path, "a string"))
    };
    let classification = [("focused", "focused"), ("other", "other")];
    Ok(Beside {
        categories: m.list("categories", text)?,
        flag: m.object("flag")?.map(|flag| followup_flag(&flag)).transpose()?,
        inference_classification: m.word("inferenceClassification", &classification)?.map(str::to_owned),
    })
}

/// A Message-ID with its angle brackets (RFC 5322 §3.6.4).
fn internet_message_id(m: &Members<'_>) -> Result<Option<String>, ApiError> {
    let Some(text) = m.text("internetMessageId")? else { return Ok(None) };
    let is_id = text.len() <= 900 && mime::msg_ids(text.as_bytes()) == [text] && text.bytes().all(|b| b.is_ascii_graphic());
    if is_id { Ok(Some(text.to_owned())) } else { Err(m.wrong("internetMessageId", "a Message-ID in angle brackets")) }
}

fn item_body(m: &Members<'_>) -> Result<(BodyKind, String), ApiError> {
    let Some(body) = m.object("body")? else { return Ok((BodyKind::Text, String::new())) };
    let kind = body.word("contentType", &[("text", BodyKind::Text), ("html", BodyKind::Html)])?;
    Ok((kind.unwrap_or_default(), body.text("content")?.unwrap_or_default().to_owned()))
}

/// A recipient: an address with or without a name.
fn recipient(value: &Value, path: &str) -> Result<NameAddr, ApiError> {
    let recipient = Members::of(value, path)?;
    let Some(email) = recipient.object("emailAddress")? else { return Err(recipient.wrong("emailAddress", "an object")) };
    let name = email.text("name")?.unwrap_or_default().trim().to_owned();
    let address = email.text("address")?.unwrap_or_default().trim().to_owned();
    // A name that is only the address again is none.
    Ok(NameAddr { name: if name == address { String::new() } else { name }, address })
}

fn header_field(value: &Value, path: &str) -> Result<(String, String), ApiError> {
    let field = Members::of(value, path)?;
    let Some(name) = field.text("name")? else { return Err(field.wrong("name", "a string")) };
    Ok((name.to_owned(), field.text("value")?.unwrap_or_default().to_owned()))
}

fn file_attachment(value: &Value, path: &str) -> Result<Attachment, ApiError> {
    let a = Members::of(value, path)?;
    let kind = a.text("@odata.type")?.unwrap_or("#microsoft.graph.fileAttachment");
    if !kind.trim_start_matches('#').eq_ignore_ascii_case("microsoft.graph.fileAttachment") {
        return Err(ApiError::new(ErrorCode::NotImplemented, format!("An attachment of type '{kind}' is not taken here yet.")));
    }
    let octets = mime::decode_base64(a.text("contentBytes")?.unwrap_or_default().as_bytes())
        .map_err(|error| a.wrong("contentBytes", "base64").because(error))?;
    Ok(Attachment {
        name: a.text("name")?.unwrap_or_default().to_owned(),
        media_type: a.text("contentType")?.unwrap_or_default().to_owned(),
        content_id: a.text("contentId")?.map(str::to_owned),
        is_inline: a.boolean("isInline")?.unwrap_or(false),
        octets: octets.into(),
    })
}

/// The follow-up flag, its members in Graph's spelling (Graph: followupFlag: a due date needs a start).
fn followup_flag(flag: &Members<'_>) -> Result<String, ApiError> {
    let words = ["notFlagged", "complete", "flagged"].map(|word| (word, word));
    let mut kept = json!({"flagStatus": flag.word("flagStatus", &words)?.unwrap_or("notFlagged")});
    for name in ["completedDateTime", "dueDateTime", "startDateTime"] {
        if let Some(at) = flag.object(name)? {
            let Some(date) = at.text("dateTime")? else { return Err(at.wrong("dateTime", "a date")) };
            kept[name] = json!({"dateTime": date, "timeZone": at.text("timeZone")?.unwrap_or("UTC")});
        }
    }
    if kept.get("dueDateTime").is_some() && kept.get("startDateTime").is_none() {
        return Err(flag.wrong("startDateTime", "a start for the due date"));
    }
    Ok(kept.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_clients_send_is_read() {
        let request = json!({
            "Message": {
                "Subject": "s",
                "body": {"contentType": "HTML", "content": "<p>"},
                "toRecipients": [{"emailAddress": {"address": "a@x.org"}}, {"EmailAddress": {"Address": "b@x.org", "Name": "b@x.org"}}],
                "importance": "High",
                "attachments": [{"@odata.type": "#microsoft.graph.fileAttachment", "name": "a.txt", "contentBytes": "SGk="}],
                "flag": {"flagStatus": "flagged"},
                "isRead": null,
                "id": "read-only",
                "unknown": 1
            },
            "SaveToSentItems": "false"
        });
        let read = send_mail(request).expect("request");
        assert!(!read.save_to_sent_items);
        assert_eq!(read.message.subject, "s");
        assert_eq!((read.message.body_kind, read.message.body.as_str()), (BodyKind::Html, "<p>"));
        let to: Vec<_> = read.message.to.iter().map(|t| (t.name.as_str(), t.address.as_str())).collect();
        assert_eq!(to, [("", "a@x.org"), ("", "b@x.org")]);
        assert_eq!(read.message.importance, Importance::High);
        assert_eq!(read.message.attachments[0].octets, "Hi");
        assert_eq!(read.message.beside.flag.as_deref(), Some(r#"{"flagStatus":"flagged"}"#));
    }

    #[test]
    fn errors_name_the_member() {
        for (value, expected) in [
            (json!(null), "''"),
            (json!({}), "'message'"),
            (json!({"message": []}), "'message'"),
            (json!({"message": {"subject": 1}}), "'message.subject'"),
            (json!({"message": {"toRecipients": [{"emailAddress": 1}]}}), "'message.toRecipients[0].emailAddress'"),
            (json!({"message": {"attachments": [{"contentBytes": "*"}]}}), "'message.attachments[0].contentBytes'"),
            (json!({"message": {"flag": {"dueDateTime": {"dateTime": "2026-01-01"}}}}), "'message.flag.startDateTime'"),
            (json!({"message": {"internetMessageId": "<a>\r\nX: b"}}), "'message.internetMessageId'"),
            (json!({"message": {}, "saveToSentItems": 1}), "'saveToSentItems'"),
        ] {
            let error = send_mail(value.clone()).err().expect("refused");
            assert_eq!(error.code, ErrorCode::RequestBodyRead, "{value}");
            assert!(error.message.contains(expected), "{value}: {}", error.message);
        }
    }
}
