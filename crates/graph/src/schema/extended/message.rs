//! MAPI's properties that every message has anyhow (MS-OXPROPS): each declared once, with how it is read; and what a client
//! that sets one of them means.

use super::{Given, HasProperties, PropertyId, PropertyType, Tag, invalid_value};
use crate::error::ApiError;
use crate::schema::draft::message_id;
use crate::schema::message::View;
use encodify::base64::STANDARD;
use mailbox::{Draft, Importance};
use serde_json::{Value, json};
use store::{MessageRecord, Recipient, Timestamp};
use uuid::Uuid;

/// A property that is read from a message.
struct Own {
    tag: u16,
    kind: PropertyType,
    /// It stands in the octets.
    of_octets: bool,
    read: fn(&View) -> Option<String>,
}

/// By tag.
const OWN: &[Own] = &[
    of(0x0017, PropertyType::Integer, |v| Some(importance(&v.record().importance).to_string())),
    of_octets(0x001A, |v| Some(v.content()?.message_class().to_owned())),
    of(0x0023, PropertyType::Boolean, |v| Some(v.record().is_delivery_receipt_requested.to_string())),
    of(0x0029, PropertyType::Boolean, |v| Some(v.record().is_read_receipt_requested.to_string())),
    of(0x0037, PropertyType::String, |v| Some(v.record().subject.clone())),
    of(0x0039, PropertyType::SystemTime, |v| system_time(v.record().sent_date_time)),
    of(0x0042, PropertyType::String, |v| name(&v.record().from)),
    of(0x0064, PropertyType::String, |v| smtp(&v.record().from)),
    of(0x0065, PropertyType::String, |v| address(&v.record().from)),
    of(0x0071, PropertyType::Binary, |v| Some(STANDARD.encode(&v.record().conversation_index))),
    of_octets(0x007D, |v| Some(v.content()?.header_text())),
    of(0x0C1A, PropertyType::String, |v| name(&v.record().sender)),
    of(0x0C1E, PropertyType::String, |v| smtp(&v.record().sender)),
    of(0x0C1F, PropertyType::String, |v| address(&v.record().sender)),
    of(0x0E02, PropertyType::String, |v| Some(names(&v.record().bcc_recipients))),
    of(0x0E03, PropertyType::String, |v| Some(names(&v.record().cc_recipients))),
    of(0x0E04, PropertyType::String, |v| Some(names(&v.record().to_recipients))),
    of(0x0E06, PropertyType::SystemTime, |v| system_time(v.record().received_date_time)),
    of(0x0E07, PropertyType::Integer, |v| Some(flags_of(v.record()).to_string())),
    of(0x0E08, PropertyType::Integer, |v| Some(v.record().size.to_string())),
    of(0x0E1B, PropertyType::Boolean, |v| Some(v.record().has_attachments.to_string())),
    // The number of a message in its folder, as IMAP has it (RFC 3501 §2.3.1.1): it rises with each that comes.
    of(0x0E23, PropertyType::Integer, |v| Some(v.record().folder_modseq.to_string())),
    of(0x0FF9, PropertyType::Binary, |v| Some(STANDARD.encode(v.record().id.0))),
    of_octets(0x1000, |v| Some(v.content()?.shown().text_body())),
    of(0x1035, PropertyType::String, |v| Some(v.record().internet_message_id.clone())),
    of_octets(0x1039, |v| v.content()?.field_text("References")),
    of_octets(0x1042, |v| v.content()?.field_text("In-Reply-To")),
    of_octets(0x1043, |v| v.content()?.field_text("List-Help")),
    of_octets(0x1044, |v| v.content()?.field_text("List-Subscribe")),
    of_octets(0x1045, |v| v.content()?.field_text("List-Unsubscribe")),
    of(0x1090, PropertyType::Integer, |v| flag_status(v.record()).map(|status| status.to_string())),
    of(0x10F3, PropertyType::String, |v| Some(format!("{}.EML", v.record().subject))),
    of(0x3007, PropertyType::SystemTime, |v| system_time(v.record().created_date_time)),
    of(0x3008, PropertyType::SystemTime, |v| system_time(v.record().last_modified_date_time)),
    of(0x3013, PropertyType::Binary, |v| Some(STANDARD.encode(v.record().conversation_id))),
    of(0x5D01, PropertyType::String, |v| address(&v.record().sender)),
    of(0x5D02, PropertyType::String, |v| address(&v.record().from)),
    of(0x670E, PropertyType::String, |v| Some(v.web_link())),
];

/// The set of named properties that are header fields (MS-OXPROPS §1.3.2, PS_INTERNET_HEADERS).
const INTERNET_HEADERS: Uuid = Uuid::from_u128(0x0002_0386_0000_0000_c000_0000_0000_0046);

const fn of(tag: u16, kind: PropertyType, read: fn(&View) -> Option<String>) -> Own {
    Own { tag, kind, of_octets: false, read }
}

const fn of_octets(tag: u16, read: fn(&View) -> Option<String>) -> Own {
    Own { tag, kind: PropertyType::String, of_octets: true, read }
}

fn own(id: &PropertyId) -> Option<&'static Own> {
    OWN.iter().find(|own| id.is_mapi(own.tag, own.kind))
}

/// Whether every message has this property.
pub(super) fn has_own(id: &PropertyId) -> bool {
    own(id).is_some()
}

/// Whether a message's octets must be at hand to tell this property.
pub(crate) fn reads_octets(id: &PropertyId) -> bool {
    own(id).is_some_and(|own| own.of_octets) || header_field(id).is_some()
}

/// The name of the header field that a property is.
pub(super) fn header_field(id: &PropertyId) -> Option<&str> {
    match &id.tag {
        Tag::Named(INTERNET_HEADERS, name) if id.kind == PropertyType::String && !id.many => Some(name),
        _ => None,
    }
}

impl HasProperties for View {
    fn own(&self, id: &PropertyId) -> Option<Value> {
        match header_field(id) {
            Some(name) => {
                // What a message is that doesn't say so (Exchange's Content-Class).
                let class = || name.eq_ignore_ascii_case("content-class").then(|| "urn:content-classes:message".to_owned());
                self.content()?.field_text(name).or_else(class).map(Value::String)
            }
            None => own(id).and_then(|own| (own.read)(self)).map(Value::String),
        }
    }
}

/// Makes of the properties that a client gives with a message what they say of it. One that every message has and nobody
/// sets is passed over, like other members that are the service's; all that a message doesn't have is hung on it.
///
/// # Errors
/// For a value that the message's own property can't have.
pub(crate) fn apply(given: Vec<Given>, draft: &mut Draft) -> Result<(), ApiError> {
    for property in given {
        let name = header_field(&property.id).filter(|name| Draft::may_have_field(name));
        if let (Some(name), Some(value)) = (name, property.values.first()) {
            draft.fields.push((name.to_owned(), value.text.clone()));
        } else if !set(&property, draft)? && own(&property.id).is_none_or(|own| own.tag == CLASS && is_special(&property)) {
            draft.beside.hanging.properties.push(property.kept());
        }
    }
    Ok(())
}

/// PidTagMessageClass: a message has one, and its owner may set another than those that its octets decide.
const CLASS: u16 = 0x001A;

fn is_special(class: &Given) -> bool {
    let decided = |class: &str| class == "ipm.note" || class.starts_with("ipm.note.smime");
    !class.values.iter().any(|value| decided(&value.folded))
}

/// Sets what a message has under another name; answers whether it has.
fn set(property: &Given, draft: &mut Draft) -> Result<bool, ApiError> {
    let Some(own) = own(&property.id) else { return Ok(false) };
    let Some(value) = property.values.first() else { return Ok(false) };
    let (text, number) = (&value.text, value.number.unwrap_or_default());
    match own.tag {
        0x0017 => draft.importance = draft.importance.or(Some(importance_of(number))),
        0x0023 => draft.is_delivery_receipt_requested = draft.is_delivery_receipt_requested.or(Some(number != 0)),
        0x0029 => draft.is_read_receipt_requested = draft.is_read_receipt_requested.or(Some(number != 0)),
        0x0037 => draft.subject = draft.subject.take().or_else(|| Some(text.clone())),
        0x0039 => draft.date = Some(Timestamp(number)),
        0x007D => add_fields(text, draft),
        // An unsent message's flags say nothing of its being read.
        0x0E07 if number & UNSENT == 0 => draft.beside.is_read = draft.beside.is_read.or(Some(number & READ != 0)),
        0x1035 => {
            draft.internet_message_id = Some(message_id(text).ok_or_else(|| invalid_value("a Message-ID in angle brackets"))?)
        }
        0x1039 => draft.fields.push(("References".to_owned(), text.clone())),
        0x1042 => draft.fields.push(("In-Reply-To".to_owned(), text.clone())),
        0x1043 => draft.fields.push(("List-Help".to_owned(), text.clone())),
        0x1044 => draft.fields.push(("List-Subscribe".to_owned(), text.clone())),
        0x1045 => draft.fields.push(("List-Unsubscribe".to_owned(), text.clone())),
        0x1090 => draft.beside.flag = draft.beside.flag.take().or_else(|| Some(flag_of(number))),
        _ => return Ok(false),
    }
    Ok(true)
}

/// Header fields of a message as it once came, where a new one may have them.
fn add_fields(header: &str, draft: &mut Draft) {
    let header = mime::Message::parse(format!("{}\r\n\r\n", header.trim_end()).into());
    let fields = header.fields().filter(|field| Draft::may_have_field(field.name));
    draft.fields.extend(fields.map(|field| (field.name.to_owned(), field.text())));
}

/// MSGFLAG_READ (MS-OXCMSG §2.2.1.6)
pub(crate) const READ: i64 = 0x1;
/// MSGFLAG_UNSENT
pub(crate) const UNSENT: i64 = 0x8;
/// MSGFLAG_HASATTACH
const HAS_ATTACHMENTS: i64 = 0x10;

pub(super) fn message_flags(is_read: bool, is_draft: bool, has_attachments: bool) -> i64 {
    let flags = [(is_read, READ), (is_draft, UNSENT), (has_attachments, HAS_ATTACHMENTS)];
    flags.into_iter().filter(|(is_set, _)| *is_set).map(|(_, flag)| flag).sum()
}

fn flags_of(record: &MessageRecord) -> i64 {
    message_flags(record.is_read, record.is_draft, record.has_attachments)
}

/// PidTagFlagStatus (MS-OXOFLAG §2.2.1.1): 1 complete, 2 flagged; a message without a flag has none.
fn flag_status(record: &MessageRecord) -> Option<i64> {
    let flag: Value = serde_json::from_str(&record.flag).ok()?;
    match flag["flagStatus"].as_str()? {
        "complete" => Some(1),
        "flagged" => Some(2),
        _ => None,
    }
}

fn flag_of(status: i64) -> String {
    let status = match status {
        1 => "complete",
        2 => "flagged",
        _ => "notFlagged",
    };
    json!({"flagStatus": status}).to_string()
}

/// PidTagImportance (MS-OXCMSG §2.2.1.11)
fn importance(word: &str) -> i64 {
    match Importance::parse(word).unwrap_or_default() {
        Importance::Low => 0,
        Importance::Normal => 1,
        Importance::High => 2,
    }
}

fn importance_of(number: i64) -> Importance {
    match number {
        0 => Importance::Low,
        2 => Importance::High,
        _ => Importance::Normal,
    }
}

fn address(of: &[Recipient]) -> Option<String> {
    of.first().map(|recipient| recipient.address.clone())
}

fn smtp(of: &[Recipient]) -> Option<String> {
    of.first().map(|_| "SMTP".to_owned())
}

fn name(of: &[Recipient]) -> Option<String> {
    of.first().map(shown_name)
}

fn names(of: &[Recipient]) -> String {
    of.iter().map(shown_name).collect::<Vec<_>>().join("; ")
}

fn shown_name(of: &Recipient) -> String {
    if of.name.is_empty() { of.address.clone() } else { of.name.clone() }
}

/// An instant as extended properties tell it: UTC, with as much of a second as there is.
pub(super) fn system_time(at: Timestamp) -> Option<String> {
    jiff::Timestamp::from_microsecond(at.0).ok().map(|at| at.to_string())
}
