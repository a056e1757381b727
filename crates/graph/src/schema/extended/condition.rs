//! Conditions on the properties that messages have anyhow: what `$filter` asks of them is asked of the message itself.

use super::message::{has_own, header_field, message_flags};
use super::{PropertyId, PropertyType, Tag};
use crate::error::{ApiError, ErrorCode};
use crate::schema::draft::message_id;
use store::{Condition, ExtendedCondition, ExtendedTest, ExtendedValue, Field, FieldValue, Operator};

/// Properties that are a field of the message, with the same values in the same order.
const FIELDS: [(u16, PropertyType, Field); 19] = [
    (0x0017, PropertyType::Integer, Field::Importance),
    (0x0023, PropertyType::Boolean, Field::IsDeliveryReceiptRequested),
    (0x0029, PropertyType::Boolean, Field::IsReadReceiptRequested),
    (0x0037, PropertyType::String, Field::Subject),
    (0x0039, PropertyType::SystemTime, Field::SentDateTime),
    (0x0042, PropertyType::String, Field::FromName),
    (0x0065, PropertyType::String, Field::FromAddress),
    (0x007D, PropertyType::String, Field::HeaderText),
    (0x0C1A, PropertyType::String, Field::SenderName),
    (0x0C1F, PropertyType::String, Field::SenderAddress),
    (0x0E06, PropertyType::SystemTime, Field::ReceivedDateTime),
    (0x0E08, PropertyType::Integer, Field::Size),
    (0x0E1B, PropertyType::Boolean, Field::HasAttachments),
    (0x1000, PropertyType::String, Field::BodyContent),
    (0x1035, PropertyType::String, Field::InternetMessageId),
    (0x3007, PropertyType::SystemTime, Field::CreatedDateTime),
    (0x3008, PropertyType::SystemTime, Field::LastModifiedDateTime),
    (0x5D01, PropertyType::String, Field::SenderAddress),
    (0x5D02, PropertyType::String, Field::FromAddress),
];

/// The condition on a message that a test of a property is which it has anyhow; nothing for one that is kept beside it.
///
/// # Errors
/// For a property of which no condition is answered.
pub(crate) fn condition_of_own(id: &PropertyId, test: &ExtendedTest) -> Result<Option<Condition>, ApiError> {
    if id.is_mapi(0x001A, PropertyType::String) {
        return Ok(Some(class(id, test)));
    }
    if id.is_mapi(0x0E07, PropertyType::Integer) {
        return Ok(Some(flags(test)));
    }
    if id.is_mapi(0x1090, PropertyType::Integer) {
        return Ok(Some(flag_status(test)));
    }
    if let (Tag::Mapi(0x0FF9), ExtendedTest::Compare(operator, value)) = (&id.tag, test) {
        let octets = mime::decode_base64(value.text.as_bytes()).unwrap_or_default();
        return Ok(Some(Condition::Compare { field: Field::Id, operator: *operator, value: FieldValue::Octets(octets) }));
    }
    if let (true, ExtendedTest::Text(_, text)) = (id.is_mapi(0x007D, PropertyType::String), test) {
        return Ok(Some(header(test, text)));
    }
    if let Some((_, _, field)) = FIELDS.iter().find(|(tag, kind, _)| id.is_mapi(*tag, *kind)) {
        return Ok(Some(of_field(*field, test)));
    }
    if has_own(id) || header_field(id).is_some() {
        let message = format!("A condition on the extended property '{}' is not answered here.", id.key());
        return Err(ApiError::new(ErrorCode::NotImplemented, message));
    }
    Ok(None)
}

/// That an extended property of a message is not missing.
fn there(field: Field) -> Condition {
    Condition::Not(Box::new(Condition::Missing(field)))
}

fn of_field(field: Field, test: &ExtendedTest) -> Condition {
    match test {
        ExtendedTest::There => there(field),
        ExtendedTest::Text(place, text) => {
            let text = if field.is_exact() { text.clone() } else { store::folded(text) };
            Condition::Text { field, place: *place, text }
        }
        ExtendedTest::Compare(operator, value) => {
            let text = || FieldValue::Text(if field.is_exact() { value.text.clone() } else { value.folded.clone() });
            let value = value.number.map_or_else(text, FieldValue::Integer);
            let compare = Condition::Compare { field, operator: *operator, value };
            // Nothing is unequal to a property that is not there.
            if *operator == Operator::NotEqual { Condition::All(vec![there(field), compare]) } else { compare }
        }
    }
}

/// A text in the header. Clients look for one message so, by its Message-ID: that an index finds.
fn header(test: &ExtendedTest, text: &str) -> Condition {
    let in_header = of_field(Field::HeaderText, test);
    let named = text.split_once(':').filter(|(name, _)| name.trim().eq_ignore_ascii_case("message-id"));
    match named.map(|(_, id)| id.trim()).and_then(message_id) {
        Some(id) => Condition::All(vec![Condition::equal(Field::InternetMessageId, FieldValue::Text(id)), in_header]),
        None => in_header,
    }
}

/// Every combination of flags that passes the test (MS-OXCMSG §2.2.1.6).
fn flags(test: &ExtendedTest) -> Condition {
    let fields = [Field::IsRead, Field::IsDraft, Field::HasAttachments];
    let combinations = (0..8_u8).map(|bits| [bits & 1 != 0, bits & 2 != 0, bits & 4 != 0]);
    let passing = combinations
        .filter(|[is_read, is_draft, has_attachments]| test.holds(&number(message_flags(*is_read, *is_draft, *has_attachments))));
    let equal = |(field, value): (Field, bool)| Condition::equal(field, FieldValue::Integer(value.into()));
    Condition::Any(passing.map(|values| Condition::All(fields.into_iter().zip(values).map(equal).collect())).collect())
}

/// A message without a flag has no such property (MS-OXOFLAG §2.2.1.1).
fn flag_status(test: &ExtendedTest) -> Condition {
    let passing = [1, 2].into_iter().filter(|status| test.holds(&number(*status)));
    Condition::Any(passing.map(|status| Condition::equal(Field::FlagStatus, FieldValue::Integer(status))).collect())
}

/// A class is kept where it is not that of any message.
fn class(id: &PropertyId, test: &ExtendedTest) -> Condition {
    let kept = |test| Condition::Extended(ExtendedCondition { property: id.key(), test });
    let note = mailbox::NOTE;
    let any = ExtendedValue { text: note.to_owned(), folded: store::folded(note), number: None };
    if !test.holds(&any) {
        return kept(test.clone());
    }
    Condition::Any(vec![kept(test.clone()), Condition::Not(Box::new(kept(ExtendedTest::There)))])
}

fn number(value: i64) -> ExtendedValue {
    ExtendedValue { text: value.to_string(), folded: value.to_string(), number: Some(value) }
}
