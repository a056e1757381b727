//! Headers within the protection of a message, read (RFC 9788, the draft before it, and RFC 8551 §3.1).

use crate::verdict::{Field, HeaderForm, Kind, Layer, Note, ProtectedHeader, Status};
use bytes::Bytes;
use mime::{HeaderField, Message, PartKind};

/// The header of a message without its body, of which it takes a copy: the message may be large, and go.
pub(crate) fn header_alone(message: &Message) -> Message {
    let header = message.parts().first().map_or(&[][..], |root| &message.octets()[root.header.clone()]);
    Message::parse(Bytes::copy_from_slice(header))
}

/// What of the header is protected. Outside of layers nothing is, whatever a parameter says (RFC 9788 §4.1).
pub(crate) fn header(outer: &Message, payload: &Message, layers: &[Layer], notes: &mut Vec<Note>) -> ProtectedHeader {
    let subject = outer.text("Subject");
    let opened = layers.last().is_some_and(|layer| layer.covers.is_some());
    let form = if opened { form(payload) } else { HeaderForm::None };
    let attached = || payload.parts().first().and_then(|root| payload.attached(root));
    let wrapped = (form == HeaderForm::Wrapped).then(attached).flatten();
    let inner = wrapped.as_ref().unwrap_or(payload);
    if form == HeaderForm::None {
        return ProtectedHeader { form, fields: Vec::new(), subject, confidential: Vec::new() };
    }
    let fields: Vec<Field> = inner.fields().filter(is_message_field).map(|field| field_of(&field)).collect();
    let encrypted = layers.iter().any(|layer| matches!(layer.kind, Kind::Enveloped | Kind::AuthEnveloped));
    let outside = recorded(inner);
    if form == HeaderForm::Rfc9788 && encrypted {
        changed_on_the_way(outer, &outside, notes);
    }
    let confidential = match encrypted {
        true if form == HeaderForm::Rfc9788 => hidden(&fields, |field| outside.iter().any(|other| same_field(other, field))),
        true => hidden(&fields, |field| outer.fields().any(|other| same_field(&field_of(&other), field))),
        false => Vec::new(),
    };
    let signed = layers.iter().any(|layer| !layer.signers.is_empty() && layer.status != Status::Invalid);
    if signed && !encrypted {
        differs(outer, &fields, notes);
    }
    let own = inner.text("Subject");
    ProtectedHeader { form, fields, subject: own.or(subject), confidential }
}

fn form(payload: &Message) -> HeaderForm {
    let Some(root) = payload.parts().first() else { return HeaderForm::None };
    let parameter = |name| payload.parameter(root, name).map(|value| value.to_ascii_lowercase());
    match (parameter("hp").as_deref(), parameter("protected-headers").as_deref()) {
        (Some("clear" | "cipher"), _) => HeaderForm::Rfc9788,
        (_, Some("v1")) => HeaderForm::ProtectedHeadersV1,
        _ if root.kind == PartKind::Message => HeaderForm::Wrapped,
        _ => HeaderForm::None,
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
    one.name.eq_ignore_ascii_case(&other.name) && one.value.split_whitespace().eq(other.value.split_whitespace())
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
    let outside: Vec<Field> = outer.fields().map(|one| field_of(&one)).collect();
    for field in recorded {
        if !outside.iter().any(|other| same_field(other, field)) {
            let message = format!("{} outside is not what the sender put there.", field.name);
            notes.push(Note::new("outerChanged", message));
        }
    }
}

fn differs(outer: &Message, fields: &[Field], notes: &mut Vec<Note>) {
    let outside: Vec<Field> = outer.fields().map(|one| field_of(&one)).collect();
    for field in fields {
        let mut named = outside.iter().filter(|one| one.name.eq_ignore_ascii_case(&field.name)).peekable();
        if named.peek().is_some() && !named.any(|one| same_field(one, field)) {
            let message = format!("{} outside is not the protected one.", field.name);
            notes.push(Note::new("outerDiffers", message));
        }
    }
}
