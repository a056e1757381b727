//! S/MIME, which Graph lacks (docs/extensions.md): what a message is worth and holds, and with what a mailbox signs,
//! encrypts and opens.

use super::messages::tagged;
use super::value::of_octets;
use crate::error::{ApiError, ErrorCode};
use crate::page::{collection, empty_answer, entity, json_answer};
use crate::request::Asked;
use crate::schema::json::Members;
use crate::schema::message::etag;
use crate::schema::smime::{held_key, known_certificate, verdict};
use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use encodify::base64::STANDARD;
use mailbox::Mailbox;
use serde_json::json;
use store::MessageId;

/// What is to be thought of a content: it may be read by somebody who looks at nothing else.
const STATUS: HeaderName = HeaderName::from_static("restante-smime-status");

/// `GET …/messages/{id}/restante.smime`
pub(crate) async fn get_smime_verdict(asked: &Asked<'_>, id: MessageId) -> Result<Response, ApiError> {
    asked.only_options(&[])?;
    let mailbox = asked.mailbox().await?;
    let opened = mailbox.opened(id).await?;
    let found = verdict(&opened.record, json!(opened.verdict));
    let context = asked.context(mailbox.owner().id, "messages", None) + "/restante.smime";
    Ok(tagged(json_answer(StatusCode::OK, &entity(context, found)), &etag(&opened.record)))
}

/// `GET …/messages/{id}/restante.smime/content`: the octets of what the innermost layer holds.
pub(crate) async fn get_smime_content(asked: &Asked<'_>, id: MessageId) -> Result<Response, ApiError> {
    asked.only_options(&[])?;
    let mailbox = asked.mailbox().await?;
    let opened = mailbox.opened(id).await?;
    let found = verdict(&opened.record, json!(opened.verdict));
    let status = found["status"].as_str().unwrap_or_default();
    if status == "undecryptable" {
        let error = ApiError::new(ErrorCode::SmimeUndecryptable, "The message can't be decrypted.");
        return Err(error.because(found["reason"].as_str().unwrap_or_default()));
    }
    let octets = opened.content.octets().clone();
    let size = octets.len() as u64;
    let mut response = of_octets(StatusCode::OK, vec![octets], size);
    if let Ok(status) = HeaderValue::from_str(status) {
        response.headers_mut().insert(STATUS, status);
    }
    Ok(tagged(response, &etag(&opened.record)))
}

/// `GET …/restante.smime`: what the mailbox does with S/MIME.
pub(crate) async fn get_smime(asked: &Asked<'_>) -> Result<Response, ApiError> {
    asked.only_options(&[])?;
    let mailbox = asked.mailbox().await?;
    policy(asked, &mailbox).await
}

/// `PATCH …/restante.smime`
pub(crate) async fn update_smime(asked: &Asked<'_>, body: &mut Body) -> Result<Response, ApiError> {
    let mailbox = asked.mailbox().await?;
    let value = asked.json(&mailbox, body).await?;
    if let Some(shows) = Members::of(&value, "")?.boolean("showsOpened")? {
        mailbox.show_opened(shows).await?;
    }
    policy(asked, &mailbox).await
}

async fn policy(asked: &Asked<'_>, mailbox: &Mailbox) -> Result<Response, ApiError> {
    let policy = mailbox.smime_policy().await?;
    let value = json!({"showsOpened": policy.shows_opened, "keepsKeys": policy.keeps_keys});
    Ok(json_answer(StatusCode::OK, &entity(asked.context(mailbox.owner().id, "restante.smime", None), value)))
}

/// `GET …/restante.smime/keys`: what may be told of the keys. The keys themselves are never given.
pub(crate) async fn list_smime_keys(asked: &Asked<'_>) -> Result<Response, ApiError> {
    asked.only_options(&[])?;
    let mailbox = asked.mailbox().await?;
    let keys = mailbox.smime_keys().await?.iter().map(held_key).collect();
    let context = asked.context(mailbox.owner().id, "restante.smime/keys", None);
    Ok(json_answer(StatusCode::OK, &collection(context, None, None, keys)))
}

/// `POST …/restante.smime/keys`: a PKCS#12 in base64, and its passphrase.
pub(crate) async fn create_smime_key(asked: &Asked<'_>, body: &mut Body) -> Result<Response, ApiError> {
    let mailbox = asked.mailbox().await?;
    let value = asked.json(&mailbox, body).await?;
    let given = Members::of(&value, "")?;
    let pkcs12 = given.text("pkcs12")?.and_then(|text| STANDARD.decode(text.trim()).ok());
    let pkcs12 = pkcs12.ok_or_else(|| given.wrong("pkcs12", "a PKCS#12 in base64"))?;
    let passphrase = given.text("passphrase")?.unwrap_or_default().to_owned();
    let key = mailbox.add_smime_key(pkcs12, passphrase).await?;
    let context = asked.context(mailbox.owner().id, "restante.smime/keys/$entity", None);
    Ok(json_answer(StatusCode::CREATED, &entity(context, held_key(&key))))
}

/// `DELETE …/restante.smime/keys/{fingerprint}`
pub(crate) async fn delete_smime_key(asked: &Asked<'_>, fingerprint: [u8; 32]) -> Result<Response, ApiError> {
    asked.mailbox().await?.remove_smime_key(fingerprint).await?;
    Ok(empty_answer(StatusCode::NO_CONTENT))
}

/// `GET …/restante.smime/certificates`, with `address` of one person
pub(crate) async fn list_smime_certificates(asked: &Asked<'_>) -> Result<Response, ApiError> {
    asked.only_options(&[])?;
    let mailbox = asked.mailbox().await?;
    let known = mailbox.smime_certificates(asked.options.get("address").map(str::to_owned)).await?;
    let context = asked.context(mailbox.owner().id, "restante.smime/certificates", None);
    Ok(json_answer(StatusCode::OK, &collection(context, None, None, known.iter().map(known_certificate).collect())))
}

/// `POST …/restante.smime/certificates`: one in PEM, or in DER and base64.
pub(crate) async fn create_smime_certificate(asked: &Asked<'_>, body: &mut Body) -> Result<Response, ApiError> {
    let mailbox = asked.mailbox().await?;
    let value = asked.json(&mailbox, body).await?;
    let given = Members::of(&value, "")?;
    let Some(text) = given.text("certificate")? else { return Err(given.wrong("certificate", "a certificate")) };
    let octets = STANDARD.decode(text.trim()).unwrap_or_else(|_| text.as_bytes().to_vec());
    let known = mailbox.add_smime_certificate(&octets).await?;
    let context = asked.context(mailbox.owner().id, "restante.smime/certificates", None);
    Ok(json_answer(StatusCode::CREATED, &collection(context, None, None, known.iter().map(known_certificate).collect())))
}

/// `DELETE …/restante.smime/certificates/{fingerprint}`
pub(crate) async fn delete_smime_certificate(asked: &Asked<'_>, fingerprint: [u8; 32]) -> Result<Response, ApiError> {
    asked.mailbox().await?.remove_smime_certificate(fingerprint).await?;
    Ok(empty_answer(StatusCode::NO_CONTENT))
}
