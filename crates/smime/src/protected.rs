//! Headers within the protection of a message, read (RFC 9788, the draft before it, and RFC 8551 §3.1).

use crate::verdict::{Field, HeaderForm, Kind, Layer, Note, ProtectedHeader, Status};
use bytes::Bytes;
use mime::{HeaderField, Message, PartKind};

/// The header of a message without its body, of which it takes a copy: the message may be large, and go.
pub(crate) fn header_alone(message: &Message) -> Message {
    let header = message.parts().first().map_or(&[][..], |root| &message.octets()[root.header.clone()]);
    Message::parse(Bytes::copy_from_slice(header))
}

/// A header within, which is protected.
pub(crate) struct Inner {
    form: HeaderForm,
    /// The message whose header it is, without its body.
    pub(crate) message: Message,
}

/// The header within that is protected. Where no layer protects none is, whatever a parameter says (RFC 9788 §4.1).
pub(crate) fn inner(payload: &Message, layers: &[Layer]) -> Option<Inner> {
    let opened = layers.last().is_some_and(|layer| layer.covers.is_some());
    let form = form(payload).filter(|_| opened && layers.iter().any(protects))?;
    let attached = || payload.parts().first().and_then(|root| payload.attached(root));
    let wrapped = (form == HeaderForm::Wrapped).then(attached).flatten();
    Some(Inner { form, message: header_alone(wrapped.as_ref().unwrap_or(payload)) })
}

fn protects(layer: &Layer) -> bool {
    is_encrypted(layer) || is_signed(layer)
}

fn is_encrypted(layer: &Layer) -> bool {
    matches!(layer.kind, Kind::Enveloped | Kind::AuthEnveloped)
}

/// Being compressed protects nothing, nor does a signature that is bad, or a structure that has none in it.
fn is_signed(layer: &Layer) -> bool {
    !layer.signers.is_empty() && layer.status != Status::Invalid
}

/// What is known of the header.
pub(crate) fn header(outer: &Message, inner: Option<&Inner>, layers: &[Layer], notes: &mut Vec<Note>) -> ProtectedHeader {
    let subject = outer.text("Subject");
    let Some(Inner { form, message: inner }) = inner else { return ProtectedHeader { subject, ..ProtectedHeader::default() } };
    let form = *form;
    let fields: Vec<Field> = inner.fields().filter(is_message_field).map(|field| field_of(&field)).collect();
    let encrypted = layers.iter().any(is_encrypted);
    let outside = recorded(inner);
    if form == HeaderForm::Rfc9788 && encrypted {
        changed_on_the_way(outer, &outside, notes);
    }
    let confidential = match encrypted {
        true if form == HeaderForm::Rfc9788 => hidden(&fields, |field| outside.iter().any(|other| same_field(other, field))),
        true => hidden(&fields, |field| outer.fields().any(|other| same_field(&field_of(&other), field))),
        false => Vec::new(),
    };
    if !encrypted {
        differs(outer, &fields, notes);
    }
    let own = inner.text("Subject");
    ProtectedHeader { form, fields, subject: own.or(subject), confidential }
}

fn form(payload: &Message) -> Option<HeaderForm> {
    let root = payload.parts().first()?;
    let parameter = |name| payload.parameter(root, name).map(|value| value.to_ascii_lowercase());
    match (parameter("hp").as_deref(), parameter("protected-headers").as_deref()) {
        (Some("clear" | "cipher"), _) => Some(HeaderForm::Rfc9788),
        (_, Some("v1")) => Some(HeaderForm::ProtectedHeadersV1),
        _ => (root.kind == PartKind::Message).then_some(HeaderForm::Wrapped),
    }
}

/// RFC 9788 §1.4.1 calls fields that say what a body is "structural"; all others are the message's.
fn is_message_field(field: &HeaderField<'_>) -> bool {
    let name = field.name.to_ascii_lowercase();
    !name.starts_with("content-") && name != "mime-version" && name != "hp-outer"
}

fn field_of(field: &HeaderField<'_>) -> Field {
    Field { name: field.name.to_owned(), value: field.text() }
}

/// What HP-Outer says that the sender put outside (RFC 9788 §2.2.1).
fn recorded(inner: &Message) -> Vec<Field> {
    let fields = inner.fields().filter(|field| field.is("HP-Outer"));
    let split = |field: HeaderField<'_>| {
        let text = field.text();
        let (name, value) = text.split_once(':')?;
        Some(Field { name: name.trim().to_owned(), value: value.trim().to_owned() })
    };
    fields.filter_map(split).collect()
}

fn same_field(one: &Field, other: &Field) -> bool {
    let plain = |value: &str| value.split_whitespace().collect::<Vec<_>>().join(" ");
    one.name.eq_ignore_ascii_case(&other.name) && plain(&one.value) == plain(&other.value)
}

fn hidden(fields: &[Field], is_outside: impl Fn(&Field) -> bool) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for field in fields.iter().filter(|field| !is_outside(field)) {
        if !names.iter().any(|name| name.eq_ignore_ascii_case(&field.name)) {
            names.push(field.name.clone());
        }
    }
    names
}

/// A field outside that differs from what the sender recorded was changed on the way (RFC 9788 §4.3).
fn changed_on_the_way(outer: &Message, recorded: &[Field], notes: &mut Vec<Note>) {
    for field in recorded {
        if !outer.fields().any(|other| same_field(&field_of(&other), field)) {
            let message = format!("{} outside is not what the sender put there.", field.name);
            notes.push(Note::new("outerChanged", message));
        }
    }
}

fn differs(outer: &Message, fields: &[Field], notes: &mut Vec<Note>) {
    for field in fields {
        let outside: Vec<Field> =
            outer.fields().map(|one| field_of(&one)).filter(|one| one.name.eq_ignore_ascii_case(&field.name)).collect();
        if !outside.is_empty() && !outside.iter().any(|one| same_field(one, field)) {
            let message = format!("{} outside is not the protected one.", field.name);
            notes.push(Note::new("outerDiffers", message));
        }
    }
}
