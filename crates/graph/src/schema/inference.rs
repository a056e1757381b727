//! What is said of senders, as Graph shows it (Graph: inferenceClassificationOverride).

use super::draft::email_address;
use super::edm::{self, Edm};
use super::json::Members;
use super::property::{self, Property, object};
use crate::error::ApiError;
use crate::query::{Declared, Kind};
use mime::AddrSpec;
use serde_json::{Value, json};
use store::{InferenceOverride, Recipient};
use uuid::Uuid;

/// In Graph's order.
pub(crate) const PROPERTIES: &[Property<InferenceOverride>] = &[
    of("id", Edm::String, |o| Uuid::from_bytes(o.id.0).to_string().into()),
    of("classifyAs", Edm::Enum(&edm::INFERENCE_CLASSIFICATION_TYPE), |o| o.classify_as.as_str().into()),
    of("senderEmailAddress", Edm::Complex(&edm::EMAIL_ADDRESS), |o| json!({"name": o.sender.name, "address": o.sender.address})),
];

const fn of(name: &'static str, edm: Edm, read: fn(&InferenceOverride) -> Value) -> Property<InferenceOverride> {
    Property::by_default(name, edm, read)
}

/// What `$filter` and `$orderby` may name.
pub(crate) const DECLARED: &[Declared] = &[
    Declared::new("id", Kind::Exact),
    Declared::new("classifyAs", Kind::Enumeration(&["focused", "other"])),
    Declared::new("senderEmailAddress", Kind::Object),
    Declared::new("senderEmailAddress/name", Kind::Text),
    Declared::new("senderEmailAddress/address", Kind::Text),
];

/// The names of an override's properties, and their types.
pub(crate) fn types() -> Vec<(&'static str, Edm)> {
    property::types(PROPERTIES)
}

pub(crate) fn render(one: &InferenceOverride) -> Value {
    object(&PROPERTIES.iter().collect::<Vec<_>>(), one).into()
}

/// As what a body has a sender's mail classified.
pub(crate) fn classify_as(members: &Members<'_>) -> Result<Option<String>, ApiError> {
    members.one_of("classifyAs", &edm::INFERENCE_CLASSIFICATION_TYPE)
}

/// The sender of whom a body says something: an address, with or without a name.
pub(crate) fn sender(members: &Members<'_>) -> Result<Option<Recipient>, ApiError> {
    let Some(given) = members.object("senderEmailAddress")? else { return Ok(None) };
    let sender = email_address(&given)?;
    if AddrSpec::parse(&sender.address).is_none() {
        return Err(given.wrong("address", "an address"));
    }
    Ok(Some(Recipient { name: sender.name, address: sender.address }))
}
