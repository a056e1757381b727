//! A message that a client writes as JSON (Graph: user-sendmail, user-post-messages).
//!
//! Members that are the service's to set are passed over, as Graph does; so are unknown ones (message is an open type).

use super::extended::{self, PropertyType};
use super::extension;
use super::json::Members;
use super::new_attachment;
use super::smime;
use crate::error::ApiError;
use crate::zones;
use jiff::tz::TimeZone;
use mailbox::{AnswerText, Beside, Draft, Hanging, Importance, Received};
use mime::{BodyKind, NameAddr};
use serde_json::{Value, json};
use store::Timestamp;

/// The body of sendMail.
pub(crate) struct SendMail {
    pub(crate) message: Draft,
    pub(crate) save_to_sent_items: bool,
}

/// How a new message is to be filed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Filing {
    Draft,
    Received(Received),
}

/// Reads the body of sendMail.
pub(crate) fn send_mail(value: &Value) -> Result<SendMail, ApiError> {
    let request = Members::of(value, "")?;
    let Some(given) = request.get("message") else { return Err(request.wrong("message", "a message")) };
    let save_to_sent_items = request.boolean("saveToSentItems")?.unwrap_or(true);
    Ok(SendMail { message: message_at(given, "message")?, save_to_sent_items })
}

/// Reads a message.
pub(crate) fn message(value: &Value) -> Result<Draft, ApiError> {
    message_at(value, "")
}

/// Reads the body of a reply or a forward, which may be missing.
pub(crate) fn answer(value: &Value, zone: TimeZone) -> Result<AnswerText, ApiError> {
    let empty = json!({});
    let request = Members::of(if value.is_null() { &empty } else { value }, "")?;
    let comment = request.text("comment")?.map(str::to_owned);
    let mut message = request.get("message").map(|given| message_at(given, "message")).transpose()?.unwrap_or_default();
    if comment.is_some() && message.body.is_some() {
        return Err(ApiError::bad_request("Either 'comment' or 'message.body' can be given, not both."));
    }
    if request.get("toRecipients").is_some() {
        if message.to.is_some() {
            return Err(ApiError::bad_request("Either 'toRecipients' or 'message.toRecipients' can be given, not both."));
        }
        message.to = Some(request.list("toRecipients", recipient)?);
    }
    Ok(AnswerText { comment, message, zone })
}

/// How a message given as JSON is to be filed: one with PidTagMessageFlags and without its bit for unsent messages was
/// received, when PidTagMessageDeliveryTime says (MS-OXCMSG 2.2.1.6, MS-OXOMSG 2.2.3.9).
pub(crate) fn filing(value: &Value) -> Result<Filing, ApiError> {
    let given = extended::given(&Members::of(value, "")?)?;
    let number = |tag, kind| {
        let found = given.iter().find(|property| property.id.is_mapi(tag, kind))?;
        found.values.first().and_then(|value| value.number)
    };
    let received = number(0x0E07, PropertyType::Integer).is_some_and(|flags| flags & extended::UNSENT == 0);
    let date_time = number(0x0E06, PropertyType::SystemTime).map(Timestamp);
    Ok(if received { Filing::Received(Received { date_time }) } else { Filing::Draft })
}

pub(super) fn message_at(value: &Value, path: &str) -> Result<Draft, ApiError> {
    let m = Members::of(value, path)?;
    let importance = [("low", Importance::Low), ("normal", Importance::Normal), ("high", Importance::High)];
    let given = |name: &str| m.get(name).map(|_| m.list(name, recipient)).transpose();
    let mut draft = Draft {
        from: m.get("from").map(|value| recipient(value, "from")).transpose()?,
        sender: m.get("sender").map(|value| recipient(value, "sender")).transpose()?,
        to: given("toRecipients")?,
        cc: given("ccRecipients")?,
        bcc: given("bccRecipients")?,
        reply_to: given("replyTo")?,
        subject: m.text("subject")?.map(str::to_owned),
        body: item_body(&m)?,
        attachments: m.list("attachments", new_attachment::attachment)?,
        fields: m.list("internetMessageHeaders", header_field)?,
        importance: m.word("importance", &importance)?,
        is_delivery_receipt_requested: m.boolean("isDeliveryReceiptRequested")?,
        is_read_receipt_requested: m.boolean("isReadReceiptRequested")?,
        internet_message_id: internet_message_id(&m)?,
        date: None,
        protection: smime::annotated(&m)?,
        beside: beside(&m)?,
    };
    extended::apply(extended::given(&m)?, &mut draft)?;
    Ok(draft)
}

fn beside(m: &Members<'_>) -> Result<Beside, ApiError> {
    let text = |value: &Value, path: &str| {
        value.as_str().map(str::to_owned).ok_or_else(|| ApiError::unreadable_member(path, "a string"))
    };
    let classification = [("focused", "focused"), ("other", "other")];
    Ok(Beside {
        categories: m.get("categories").map(|_| m.list("categories", text)).transpose()?,
        flag: m.object("flag")?.map(|flag| followup_flag(&flag)).transpose()?,
        inference_classification: m.word("inferenceClassification", &classification)?.map(str::to_owned),
        is_read: m.boolean("isRead")?,
        hanging: Hanging { properties: Vec::new(), extensions: m.list("extensions", extension::read)? },
    })
}

/// A Message-ID with its angle brackets (RFC 5322 §3.6.4); nothing of any other text.
pub(crate) fn message_id(text: &str) -> Option<String> {
    let is_id = text.len() <= 900 && mime::msg_ids(text.as_bytes()) == [text] && text.bytes().all(|b| b.is_ascii_graphic());
    is_id.then(|| text.to_owned())
}

fn internet_message_id(m: &Members<'_>) -> Result<Option<String>, ApiError> {
    let Some(text) = m.text("internetMessageId")? else { return Ok(None) };
    message_id(text).map(Some).ok_or_else(|| m.wrong("internetMessageId", "a Message-ID in angle brackets"))
}

fn item_body(m: &Members<'_>) -> Result<Option<(BodyKind, String)>, ApiError> {
    let Some(body) = m.object("body")? else { return Ok(None) };
    // Graph: message-update leaves the type empty in its example.
    let kind = match body.text("contentType")? {
        Some("") => None,
        _ => body.word("contentType", &[("text", BodyKind::Text), ("html", BodyKind::Html)])?,
    };
    Ok(Some((kind.unwrap_or_default(), body.text("content")?.unwrap_or_default().to_owned())))
}

/// A recipient: an address with or without a name.
pub(crate) fn recipient(value: &Value, path: &str) -> Result<NameAddr, ApiError> {
    let recipient = Members::of(value, path)?;
    let Some(email) = recipient.object("emailAddress")? else { return Err(recipient.wrong("emailAddress", "an object")) };
    email_address(&email)
}

/// An address with or without a name.
pub(crate) fn email_address(email: &Members<'_>) -> Result<NameAddr, ApiError> {
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

/// The follow-up flag, its members in Graph's spelling (Graph: followupFlag: a due date needs a start).
fn followup_flag(flag: &Members<'_>) -> Result<String, ApiError> {
    let words = ["notFlagged", "complete", "flagged"].map(|word| (word, word));
    let mut kept = json!({"flagStatus": flag.word("flagStatus", &words)?.unwrap_or("notFlagged")});
    for name in ["completedDateTime", "dueDateTime", "startDateTime"] {
        if let Some(at) = flag.object(name)? {
            let Some(date) = at.text("dateTime")? else { return Err(at.wrong("dateTime", "a date")) };
            let zone = at.text("timeZone")?.filter(|zone| !zone.is_empty()).unwrap_or("UTC");
            let zone = zones::spelled(zone).ok_or_else(ApiError::invalid_time_zone)?;
            kept[name] = json!({"dateTime": date, "timeZone": zone});
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
    use crate::error::ErrorCode;
    use mailbox::NewAttachment;

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
        let read = send_mail(&request).expect("request");
        assert!(!read.save_to_sent_items);
        assert_eq!(read.message.subject.as_deref(), Some("s"));
        assert_eq!(read.message.body, Some((BodyKind::Html, "<p>".to_owned())));
        assert!(read.message.cc.is_none());
        let to = read.message.to.expect("to");
        let to: Vec<_> = to.iter().map(|t| (t.name.as_str(), t.address.as_str())).collect();
        assert_eq!(to, [("", "a@x.org"), ("", "b@x.org")]);
        assert_eq!(read.message.importance, Some(Importance::High));
        let [NewAttachment::File(file)] = &read.message.attachments[..] else { panic!("one file") };
        assert_eq!((file.name.as_str(), &file.octets[..]), ("a.txt", &b"Hi"[..]));
        assert_eq!(read.message.beside.flag.as_deref(), Some(r#"{"flagStatus":"flagged"}"#));
    }

    #[test]
    fn an_answer_says_its_text_once() {
        assert!(answer(&Value::Null, TimeZone::UTC).expect("nothing said").comment.is_none());
        let both = json!({"comment": "a", "message": {"body": {"content": "b"}}});
        let twice = json!({"toRecipients": [], "message": {"toRecipients": []}});
        for refused in [both, twice] {
            assert_eq!(answer(&refused, TimeZone::UTC).err().map(|e| e.code), Some(ErrorCode::BadRequest), "{refused}");
        }
    }

    #[test]
    fn message_flags_tell_drafts_from_received_messages() {
        let of = |id: &str, value: &str| filing(&json!({"singleValueExtendedProperties": [{"id": id, "value": value}]}));
        for id in ["Integer 0x0E07", "Integer 0xe07", "integer 0X0e07"] {
            assert_eq!(of(id, "1").expect(id), Filing::Received(Received::default()), "{id}");
            assert_eq!(of(id, "9").expect(id), Filing::Draft, "{id}");
        }
        assert_eq!(of("String {00020329-0000-0000-C000-000000000046} Name x", "1").expect("named"), Filing::Draft);
        assert!(of("Integer 0x0E07", "x").is_err());
        assert_eq!(filing(&json!({})).expect("none"), Filing::Draft);
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
            let error = send_mail(&value).err().expect("refused");
            assert_eq!(error.code, ErrorCode::RequestBodyRead, "{value}");
            assert!(error.message.contains(expected), "{value}: {}", error.message);
        }
    }
}
