//! Headers within the protection of a message, read (RFC 9788, the draft before it, and RFC 8551 §3.1).

use crate::verdict::{Field, HeaderForm, Kind, Layer, Note, ProtectedHeader, Status};
use bytes::Bytes;
use mime::{HeaderField, Message, PartKind};
use std::collections::HashSet;

/// The header of a message without its body, of which it takes a copy: the message may be large, and go.
pub(crate) fn header_alone(message: &Message) -> Message {
    let header = message.parts().first().map_or(&[][..], |root| &message.octets()[root.header.clone()]);
    Message::parse(Bytes::copy_from_slice(header))
}

/// A header within, which is protected.
pub(crate) struct Inner {
    form: HeaderForm,
    /// Whether HP-Outer says what stands outside (RFC 9788 §2.2).
    records: bool,
    /// The message whose header it is, without its body.
    pub(crate) message: Message,
}

/// The header within that is protected. Where no layer protects none is, whatever a parameter says (RFC 9788 §4.1).
pub(crate) fn inner(payload: &Message, layers: &[Layer]) -> Option<Inner> {
    let opened = layers.last().is_some_and(|layer| layer.covers.is_some());
    let (form, records) = form(payload).filter(|_| opened && layers.iter().any(protects))?;
    let attached = || payload.parts().first().and_then(|root| payload.attached(root));
    let wrapped = (form == HeaderForm::Wrapped).then(attached).flatten();
    Some(Inner { form, records, message: header_alone(wrapped.as_ref().unwrap_or(payload)) })
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
    let Some(Inner { form, records, message: inner }) = inner else {
        return ProtectedHeader { subject, ..ProtectedHeader::default() };
    };
    let fields: Vec<Field> = inner.fields().filter(is_message_field).map(|field| field_of(&field)).collect();
    let outside: Vec<Field> = outer.fields().map(|field| field_of(&field)).collect();
    let confidential = if !layers.iter().any(is_encrypted) {
        differs(&outside, &fields, notes);
        Vec::new()
    } else if *records {
        let recorded = recorded(inner);
        changed_on_the_way(&outside, &recorded, notes);
        hidden(&fields, &recorded)
    } else {
        hidden(&fields, &outside)
    };
    // With RFC 9788 §4 what stands outside alone is nobody's word; the forms before it add to it.
    let subject = inner.text("Subject").or(subject.filter(|_| *form != HeaderForm::Rfc9788));
    ProtectedHeader { form: *form, fields, subject, confidential }
}

/// The form, and whether HP-Outer is to be expected.
fn form(payload: &Message) -> Option<(HeaderForm, bool)> {
    let root = payload.parts().first()?;
    let parameter = |name| payload.parameter(root, name).map(|value| value.to_ascii_lowercase());
    match (parameter("hp").as_deref(), parameter("protected-headers").as_deref()) {
        (Some("cipher"), _) => Some((HeaderForm::Rfc9788, true)),
        (Some("clear"), _) => Some((HeaderForm::Rfc9788, false)),
        (_, Some("v1")) => Some((HeaderForm::ProtectedHeadersV1, false)),
        _ => (root.kind == PartKind::Message).then_some((HeaderForm::Wrapped, false)),
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

/// Fields by name and text. Neither the case of the one nor the white space of the other counts, and a header may be long:
/// each is looked up, not looked for.
fn known(fields: &[Field]) -> HashSet<(String, String)> {
    fields.iter().map(folded).collect()
}

fn folded(field: &Field) -> (String, String) {
    (field.name.to_ascii_lowercase(), field.value.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// The names of fields that don't stand outside.
fn hidden(fields: &[Field], outside: &[Field]) -> Vec<String> {
    let outside = known(outside);
    let mut seen = HashSet::new();
    let hidden = fields.iter().filter(|field| !outside.contains(&folded(field)));
    hidden.filter(|field| seen.insert(field.name.to_ascii_lowercase())).map(|field| field.name.clone()).collect()
}

/// A field outside that differs from what the sender recorded was changed on the way (RFC 9788 §4.3).
fn changed_on_the_way(outside: &[Field], recorded: &[Field], notes: &mut Vec<Note>) {
    let outside = known(outside);
    for field in recorded.iter().filter(|field| !outside.contains(&folded(field))) {
        notes.push(Note::new("outerChanged", format!("{} outside is not what the sender put there.", field.name)));
    }
}

/// A field outside whose name is protected, but not its text: others may show it.
fn differs(outside: &[Field], fields: &[Field], notes: &mut Vec<Note>) {
    let (protected, names) = (known(fields), fields.iter().map(|field| field.name.to_ascii_lowercase()).collect::<HashSet<_>>());
    let named = outside.iter().filter(|field| names.contains(&field.name.to_ascii_lowercase()));
    for field in named.filter(|field| !protected.contains(&folded(field))) {
        notes.push(Note::new("outerDiffers", format!("{} outside is not the protected one.", field.name)));
    }
}
