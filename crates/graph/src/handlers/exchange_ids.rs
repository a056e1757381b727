//! Ids in other forms than answers have them (Graph: user-translateexchangeids).

use crate::body::{self, Given};
use crate::error::{ApiError, ErrorCode};
use crate::ids::{self, Form};
use crate::page::{collection, json_answer};
use crate::request::Asked;
use crate::schema::json::Members;
use axum::body::Body;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};

/// Graph: user-translateexchangeids: the most ids of a request.
const MOST: usize = 1000;
/// The most octets of a request: an id has a few dozen.
const MOST_OCTETS: u64 = 1024 * 1024;

/// The words of `exchangeIdFormat`. An id here is good for the life of what it names: what is immutable looks like what is not.
const FORMS: [(&str, Form); 5] = [
    ("entryId", Form::Entry),
    ("ewsId", Form::Ews),
    ("immutableEntryId", Form::Entry),
    ("restId", Form::Rest),
    ("restImmutableEntryId", Form::Rest),
];

/// `POST …/translateExchangeIds`
pub(crate) async fn translate_exchange_ids(asked: &Asked<'_>, body: &mut Body) -> Result<Response, ApiError> {
    asked.only_options(&[])?;
    asked.graph.mail.person(&asked.caller, &asked.user, asked.wanted).await?;
    let (Given::Json(value), _) = body::read(asked, body, MOST_OCTETS).await? else {
        return Err(ApiError::new(ErrorCode::UnsupportedMediaType, "Ids are given as JSON."));
    };
    let members = Members::of(&value, "")?;
    let form = |name: &str| members.word(name, &FORMS)?.ok_or_else(|| members.wrong(name, "the form of an id"));
    let (from, to) = (form("sourceIdType")?, form("targetIdType")?);
    if members.get("inputIds").is_none() {
        return Err(members.wrong("inputIds", "a list of ids"));
    }
    let given = members.list("inputIds", |id, path| id.as_str().ok_or_else(|| ApiError::unreadable_member(path, "a string")))?;
    if given.len() > MOST {
        return Err(ApiError::bad_request(format!("At most {MOST} ids can be translated at once.")));
    }
    let translated = given.into_iter().map(|id| result(id, ids::translated(id, from, to))).collect();
    Ok(json_answer(
        StatusCode::OK,
        &collection(asked.context_of("Collection(microsoft.graph.convertIdResult)"), None, None, translated),
    ))
}

/// What became of one id (Graph: convertIdResult).
fn result(source: &str, target: Option<String>) -> Value {
    match target {
        Some(target) => json!({"sourceId": source, "targetId": target}),
        None => {
            let ApiError { code, message, .. } = ApiError::malformed_id();
            json!({"sourceId": source, "errorDetails": {"code": code.name(), "message": message}})
        }
    }
}
