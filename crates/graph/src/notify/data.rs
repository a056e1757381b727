//! Resource data: the messages themselves, as their subscription's `$select` has them, encrypted for its app (Graph:
//! change-notifications-with-resource-data).

use crate::error::{ApiError, ErrorCode};
use crate::prefer::BodyForm;
use crate::request::SYSTEM_OPTIONS;
use crate::routes::followed;
use crate::schema::event_message::InZone;
use crate::schema::message::{Selection, Shown, View};
use identity::EncryptionCertificate;
use mailbox::{Along, NewSubscription};
use odata::Options;
use serde_json::{Value, json};
use store::{DataRecipient, Operation, Subscription};

/// Properties that aren't sent along, since they are long (Graph: outlook-change-notifications-overview), and those that only a request's
/// own address or octets tell.
const TOO_LONG: [&str; 2] = ["body", "uniqueBody"];
const UNTOLD: [&str; 2] = ["internetMessageHeaders", "webLink"];

/// That what becomes of messages that are sent is followed whole, and that nothing is sent along of it.
///
/// # Errors
/// Where something else is asked for.
pub(crate) fn of_deliveries(options: &Options, new: &NewSubscription) -> Result<(), ApiError> {
    if let Some(name) = options.system_names(&SYSTEM_OPTIONS).next() {
        return Err(ApiError::bad_request(format!("'${name}' can't stand in 'resource' where deliveries are followed.")));
    }
    if new.data.is_some() {
        return Err(ApiError::bad_request("'includeResourceData' is for messages: of deliveries nothing is sent along."));
    }
    match new.change_types.have(Operation::Updated) {
        true => Ok(()),
        false => Err(ApiError::bad_request("Deliveries are 'updated' and nothing else, which 'changeType' must name.")),
    }
}

/// What is sent along of messages, by the options of a subscription's resource.
///
/// # Errors
/// For options that can't stand there, or that are not answered yet; for a property that is none, or is not sent along.
pub(crate) fn selection(options: &Options, with_data: bool) -> Result<Selection, ApiError> {
    for name in options.system_names(&SYSTEM_OPTIONS) {
        match name.as_str() {
            "select" | "expand" if with_data => {}
            "select" | "expand" => {
                let message = format!("'${name}' in 'resource' says what is sent along, and needs 'includeResourceData'.");
                return Err(ApiError::bad_request(message));
            }
            "filter" => {}
            _ => return Err(ApiError::bad_request(format!("'${name}' can't stand in 'resource'."))),
        }
    }
    let selection = Selection::of(options)?;
    if !with_data {
        return Ok(selection);
    }
    if !selection.expands_extended_alone() {
        return Err(ApiError::bad_request("'$expand' in 'resource' is for extended properties alone."));
    }
    if options.get("select").is_none() {
        return Err(ApiError::bad_request(
            "With 'includeResourceData' the 'resource' must name in '$select' what is sent along.",
        ));
    }
    sent_along(selection)
}

/// What may be sent along of a message, of which nothing but its row is read.
///
/// # Errors
/// For the first property that may not.
pub(crate) fn sent_along(selection: Selection) -> Result<Selection, ApiError> {
    if let Some(name) = TOO_LONG.iter().find(|name| selection.has(name)) {
        return Err(ApiError::bad_request(format!("The property '{name}' can't be sent along.")));
    }
    if let Some(name) = UNTOLD.iter().find(|name| selection.has(name)) {
        return Err(not_yet(&format!("The property '{name}' is not sent along here yet.")));
    }
    match selection.needs_octets() {
        true => Err(not_yet("Extended properties that are read from the octets of messages are not sent along here yet.")),
        false => Ok(selection),
    }
}

fn not_yet(message: &str) -> ApiError {
    ApiError::new(ErrorCode::NotImplemented, message)
}

/// A message as it is sent along.
pub(crate) fn along(of: &Along, selection: &Selection) -> Value {
    let shown = Shown { origin: String::new(), body_form: BodyForm::AsStored, unsafe_html: false, zone: InZone::default() };
    View::of_record(of.record.clone(), shown).with(of.hung.clone()).annotated(selection)
}

/// What is sent along of a message: what its subscription selects, encrypted. Nothing where that can't be done, which was tried out
/// when it was made: then the notification goes without it, and its app reads the message.
pub(super) fn encrypted(subscription: &Subscription, to: &DataRecipient, message: &Along) -> Option<Value> {
    let options = followed(&subscription.resource).ok()?.options;
    let data = along(message, &selection(&options, true).ok()?);
    let certificate = EncryptionCertificate::parse(&to.certificate)?;
    let content = match certificate.encrypt(data.to_string().as_bytes()) {
        Ok(content) => content,
        Err(error) => {
            tracing::error!(%error, "a notification goes without what was to be sent along");
            return None;
        }
    };
    Some(json!({
        "data": content.data,
        "dataKey": content.data_key,
        "dataSignature": content.data_signature,
        "encryptionCertificateId": to.certificate_id,
        "encryptionCertificateThumbprint": certificate.thumbprint(),
    }))
}
