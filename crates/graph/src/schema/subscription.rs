//! The subscription resource (Graph: subscription).

use super::edm::Edm;
use super::json::Members;
use super::message::date;
use super::property::{self, Property, object, selected};
use crate::error::{ApiError, ErrorCode};
use crate::ids;
use axum::http::Uri;
use identity::EncryptionCertificate;
use mailbox::{Follows, NewSubscription};
use serde_json::Value;
use store::{ChangeTypes, DataRecipient, Subscription, SubscriptionChange, Timestamp};

/// Characters of what is sent along (Graph).
const CLIENT_STATE: usize = 128;
/// Octets of a URL.
const URL: usize = 2000;
/// Octets of a resource with its options, and of a certificate in base64.
const RESOURCE: usize = 4000;
const CERTIFICATE: usize = 16_000;
/// What a certificate must be (Graph: change-notifications-with-resource-data).
const EXPECTED: &str = "a certificate in base64 with an RSA key of 2048 to 4096 bits";
/// The versions of TLS that receivers are posted to by.
const TLS_VERSIONS: [&str; 2] = ["v1_2", "v1_3"];

/// In Graph's order.
const PROPERTIES: &[Property<Subscription>] = &[
    of("id", Edm::String, |s| ids::subscription(s.id).into()),
    of("resource", Edm::String, |s| s.resource.as_str().into()),
    of("applicationId", Edm::String, |s| s.client_id.as_str().into()),
    of("changeType", Edm::String, |s| s.change_types.text().into()),
    of("clientState", Edm::String, |_| Value::Null), // Graph: a secret of its app's, shown when it is made alone
    of("notificationUrl", Edm::String, |s| s.notification_url.as_str().into()),
    of("notificationQueryOptions", Edm::String, |_| Value::Null),
    of("notificationContentType", Edm::String, |_| "application/json".into()),
    of("lifecycleNotificationUrl", Edm::String, |s| s.lifecycle_notification_url.as_deref().into()),
    of("expirationDateTime", Edm::DateTimeOffset, |s| date(s.expiration_date_time)),
    of("creatorId", Edm::String, creator),
    of("includeResourceData", Edm::Boolean, |s| s.data.is_some().into()),
    of("latestSupportedTlsVersion", Edm::String, |s| s.latest_supported_tls_version.as_str().into()),
    of("encryptionCertificate", Edm::String, |s| s.data.as_ref().map_or("", |data| data.certificate.as_str()).into()),
    of("encryptionCertificateId", Edm::String, |s| s.data.as_ref().map_or("", |data| data.certificate_id.as_str()).into()),
    of("notificationUrlAppId", Edm::String, |_| Value::Null),
];

const fn of(name: &'static str, edm: Edm, read: fn(&Subscription) -> Value) -> Property<Subscription> {
    Property::by_default(name, edm, read)
}

/// Who made it: a person through the app, or the app.
fn creator(subscription: &Subscription) -> Value {
    subscription.person.map_or_else(|| subscription.client_id.as_str().into(), |person| person.to_string().into())
}

/// The names of its properties, and their types.
pub(crate) fn types() -> Vec<(&'static str, Edm)> {
    property::types(PROPERTIES)
}

/// A subscription as it is read.
pub(crate) fn render(subscription: &Subscription, select: Option<&[String]>) -> Result<Value, ApiError> {
    Ok(object(&selected(PROPERTIES, select, "subscription")?, subscription).into())
}

/// A subscription as whoever makes it is shown it.
pub(crate) fn render_made(subscription: &Subscription) -> Result<Value, ApiError> {
    let mut value = render(subscription, None)?;
    value["clientState"] = subscription.client_state.as_deref().into();
    Ok(value)
}

/// What is given of a new subscription; where it stands among mailboxes and folders is for the reader of paths.
pub(crate) fn read(given: &Members<'_>) -> Result<NewSubscription, ApiError> {
    let needed = |name: &str| given.text(name)?.filter(|text| !text.is_empty()).ok_or_else(|| given.wrong(name, "a text"));
    let types = needed("changeType")?;
    let change_types = ChangeTypes::parse(types).ok_or_else(|| given.wrong("changeType", "created, updated or deleted"))?;
    unanswered(given)?;
    let client_state = given.text("clientState")?.map(str::to_owned);
    if client_state.as_ref().is_some_and(|text| text.chars().count() > CLIENT_STATE) {
        return Err(given.wrong("clientState", &format!("a text of {CLIENT_STATE} characters at most")));
    }
    let tls = given.text("latestSupportedTlsVersion")?.unwrap_or(TLS_VERSIONS[0]);
    if !TLS_VERSIONS.contains(&tls) {
        return Err(given.wrong("latestSupportedTlsVersion", &format!("one of {}", TLS_VERSIONS.join(", "))));
    }
    let notification_url = url(given, "notificationUrl")?.ok_or_else(|| given.wrong("notificationUrl", "a URL"))?;
    let lifecycle_notification_url = url(given, "lifecycleNotificationUrl")?;
    if lifecycle_notification_url.as_deref().is_some_and(|of_itself| authority(of_itself) != authority(&notification_url)) {
        return Err(given.wrong("lifecycleNotificationUrl", "a URL of the host of 'notificationUrl'"));
    }
    let resource = needed("resource")?;
    if resource.len() > RESOURCE {
        return Err(given.wrong("resource", &format!("a text of {RESOURCE} octets at most")));
    }
    Ok(NewSubscription {
        resource: resource.to_owned(),
        follows: Follows::Messages(None),
        change_types,
        notification_url,
        lifecycle_notification_url,
        client_state,
        latest_supported_tls_version: tls.to_owned(),
        data: data(given)?,
        condition: None,
        reads_text: false,
        expiration_date_time: expiration(given)?.ok_or_else(|| given.wrong("expirationDateTime", "a date and time"))?,
    })
}

/// Reads what is to be changed. All else stays as it is, and whoever wants it otherwise is told so.
pub(crate) fn read_change(given: &Members<'_>, present: &Subscription) -> Result<SubscriptionChange, ApiError> {
    unanswered(given)?;
    let made = render_made(present)?;
    let fixed =
        ["resource", "changeType", "clientState", "includeResourceData", "lifecycleNotificationUrl", "latestSupportedTlsVersion"];
    for name in fixed {
        if given.get(name).is_some_and(|value| *value != made[name]) {
            return Err(given.wrong(name, "what it is, since only a new subscription can have another,"));
        }
    }
    if present.data.is_none() {
        none_to_encrypt_for(given)?;
    }
    Ok(SubscriptionChange {
        expiration_date_time: expiration(given)?,
        notification_url: url(given, "notificationUrl")?,
        certificate: certificate(given)?,
        certificate_id: certificate_id(given)?,
    })
}

/// Refuses what Graph has and this server doesn't do.
fn unanswered(given: &Members<'_>) -> Result<(), ApiError> {
    let not_yet = |what: &str| {
        let message = format!("Subscriptions with '{what}' are not answered here yet.");
        Err(ApiError::new(ErrorCode::NotImplemented, message))
    };
    if given.text("notificationUrlAppId")?.is_some_and(|text| !text.is_empty()) {
        return not_yet("notificationUrlAppId");
    }
    match given.get("notificationQueryOptions") {
        Some(_) => Err(given.wrong("notificationQueryOptions", "nothing, where messages are followed,")),
        None => Ok(()),
    }
}

/// For whom messages are encrypted that are sent along, where they are.
fn data(given: &Members<'_>) -> Result<Option<DataRecipient>, ApiError> {
    if given.boolean("includeResourceData")? != Some(true) {
        none_to_encrypt_for(given)?;
        return Ok(None);
    }
    let certificate = certificate(given)?.ok_or_else(|| given.wrong("encryptionCertificate", EXPECTED))?;
    let certificate_id = certificate_id(given)?.ok_or_else(|| given.wrong("encryptionCertificateId", "a text"))?;
    Ok(Some(DataRecipient { certificate, certificate_id }))
}

/// A certificate that can be encrypted for, which is tried.
fn certificate(given: &Members<'_>) -> Result<Option<String>, ApiError> {
    let Some(text) = given.text("encryptionCertificate")?.filter(|text| !text.is_empty()) else { return Ok(None) };
    let read = Some(text).filter(|text| text.len() <= CERTIFICATE).and_then(EncryptionCertificate::parse);
    match read.is_some_and(|certificate| certificate.encrypt(b"{}").is_ok()) {
        true => Ok(Some(text.to_owned())),
        false => Err(given.wrong("encryptionCertificate", EXPECTED)),
    }
}

/// What an app calls its certificate.
fn certificate_id(given: &Members<'_>) -> Result<Option<String>, ApiError> {
    let Some(name) = given.text("encryptionCertificateId")?.filter(|name| !name.is_empty()) else { return Ok(None) };
    match name.chars().count() <= CLIENT_STATE {
        true => Ok(Some(name.to_owned())),
        false => Err(given.wrong("encryptionCertificateId", &format!("a text of {CLIENT_STATE} characters at most"))),
    }
}

/// Refuses a certificate that would be for nothing.
fn none_to_encrypt_for(given: &Members<'_>) -> Result<Option<DataRecipient>, ApiError> {
    for name in ["encryptionCertificate", "encryptionCertificateId"] {
        if given.text(name)?.is_some_and(|text| !text.is_empty()) {
            return Err(given.wrong(name, "nothing, where 'includeResourceData' isn't true,"));
        }
    }
    Ok(None)
}

fn expiration(given: &Members<'_>) -> Result<Option<Timestamp>, ApiError> {
    let Some(text) = given.text("expirationDateTime")? else { return Ok(None) };
    let read = text.trim().parse::<jiff::Timestamp>().map_err(|_| given.wrong("expirationDateTime", "a date and time"))?;
    Ok(Some(Timestamp(read.as_microsecond())))
}

/// A URL as far as it can be judged without asking: of a scheme, with a host, without a name for who asks, without a fragment.
fn url(given: &Members<'_>, name: &str) -> Result<Option<String>, ApiError> {
    let Some(text) = given.text(name)? else { return Ok(None) };
    let has_form = text.len() <= URL
        && text.bytes().all(|octet| octet.is_ascii_graphic() && octet != b'#')
        && (text.starts_with("https://") || text.starts_with("http://"))
        && !authority(text).is_empty()
        && !authority(text).contains('@');
    if !has_form {
        return Err(given.wrong(name, &format!("a URL of {URL} characters at most, which begins with https://,")));
    }
    Ok(Some(text.to_owned()))
}

/// Host and port; nothing where it names none.
fn authority(url: &str) -> String {
    url.parse::<Uri>().ok().and_then(|uri| Some(uri.authority()?.as_str().to_ascii_lowercase())).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::message::date_text;
    use serde_json::json;

    fn given() -> Value {
        json!({
            "changeType": "created,Updated",
            "notificationUrl": "https://app.example/a?b=c",
            "resource": "me/messages",
            "expirationDateTime": "2027-01-15T13:00:00.1234567+01:00",
        })
    }

    fn read_with(name: &str, value: Value) -> Result<NewSubscription, ApiError> {
        let mut all = given();
        all[name] = value;
        read(&Members::of(&all, "").expect("an object"))
    }

    #[test]
    fn what_is_given_is_read() {
        let new = read_with("clientState", "x".repeat(128).into()).expect("a subscription");
        assert_eq!(new.change_types.text(), "created,updated");
        assert_eq!(date_text(new.expiration_date_time), "2027-01-15T12:00:00Z");
        assert_eq!(new.latest_supported_tls_version, "v1_2");
        let of_itself = read_with("lifecycleNotificationUrl", "https://APP.example/of-itself".into()).expect("a subscription");
        assert!(of_itself.lifecycle_notification_url.is_some());
    }

    #[test]
    fn what_can_not_be_is_refused_by_name() {
        for (name, value) in [
            ("changeType", json!("created,moved")),
            ("changeType", json!("")),
            ("changeType", Value::Null),
            ("notificationUrl", json!("ftp://app.example")),
            ("notificationUrl", json!("https://")),
            ("notificationUrl", json!("https://somebody:secret@app.example/")),
            ("notificationUrl", json!("https://app.example/a b")),
            ("notificationUrl", json!("https://app.example/#a")),
            ("notificationUrl", json!(format!("https://app.example/{}", "x".repeat(2000)))),
            ("lifecycleNotificationUrl", json!("https://other.example/a")),
            ("resource", Value::Null),
            ("resource", json!("m".repeat(4001))),
            ("expirationDateTime", json!("tomorrow")),
            ("clientState", json!("x".repeat(129))),
            ("latestSupportedTlsVersion", json!("v1_0")),
            ("notificationQueryOptions", json!("a")),
            ("encryptionCertificate", json!("MII=")),
        ] {
            let error = read_with(name, value.clone()).expect_err("it is refused");
            assert!(error.code == ErrorCode::RequestBodyRead && error.message.contains(name), "{name} {value}: {error:?}");
        }
        let app = read_with("notificationUrlAppId", json!("an app")).expect_err("it is refused");
        assert_eq!(app.code, ErrorCode::NotImplemented);
    }
}
