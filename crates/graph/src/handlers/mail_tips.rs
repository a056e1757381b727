//! What whoever writes to somebody had better know before (Graph: user-getmailtips).

use crate::body::{self, Given};
use crate::error::{ApiError, ErrorCode};
use crate::page::{collection, json_answer};
use crate::request::Asked;
use crate::schema::edm;
use crate::schema::json::Members;
use crate::schema::settings::{language, moment};
use axum::body::Body;
use axum::http::StatusCode;
use axum::response::Response;
use mailbox::{Away, MailTips, Mailbox};
use serde_json::{Value, json};

/// Addresses of a request (Exchange Web Services: GetMailTips).
const MOST: usize = 100;
/// Octets of a request.
const MOST_OCTETS: u64 = 256 * 1024;

/// Octets of automatic replies that an answer has, all together.
const MOST_TEXT: usize = 1024 * 1024;

/// What there is to tell of a recipient to whom something can be sent, in Graph's order of members.
type Tell = fn(&MailTips, &Mailbox) -> Value;

/// The words of `mailTipsType` with the members that each gives. What is no list has no members, and what nobody can set here is as if nobody
/// had (0004).
const TIPS: [(&str, &str, Tell); 10] = [
    ("automaticReplies", "automaticReplies", |tips, _| automatic_replies(tips)),
    ("customMailTip", "customMailTip", |_, _| "".into()),
    ("deliveryRestriction", "deliveryRestricted", |_, _| false.into()),
    ("externalMemberCount", "externalMemberCount", |_, _| 0.into()),
    ("moderationStatus", "isModerated", |_, _| false.into()),
    ("mailboxFullStatus", "mailboxFull", |_, _| false.into()),
    ("maxMessageSize", "maxMessageSize", |_, mailbox| i32::try_from(mailbox.max_message_octets()).unwrap_or(i32::MAX).into()),
    ("recipientScope", "recipientScope", |tips, _| scope(tips).into()),
    ("recipientSuggestions", "recipientSuggestions", |_, _| json!([])),
    ("totalMemberCount", "totalMemberCount", |_, _| 0.into()),
];

/// `POST …/getMailTips`
pub(crate) async fn get_mail_tips(asked: &Asked<'_>, body: &mut Body) -> Result<Response, ApiError> {
    asked.only_options(&[])?;
    let mailbox = asked.mailbox().await?;
    let (Given::Json(value), _) = body::read(asked, body, MOST_OCTETS).await? else {
        return Err(ApiError::new(ErrorCode::UnsupportedMediaType, "Addresses are given as JSON."));
    };
    let members = Members::of(&value, "")?;
    let addresses = addresses(&members)?;
    let wanted = wanted(&members)?;
    let found = mailbox.mail_tips(addresses.clone()).await?;
    let mut room = MOST_TEXT;
    let mut each = |(address, tips): (&String, &MailTips)| {
        room = room.saturating_sub(text_of(tips));
        if room == 0 {
            error(address, ErrorCode::ErrorMessageSizeExceeded, "There is no room left in the answer.")
        } else {
            told(&mailbox, address, tips, &wanted)
        }
    };
    let told = addresses.iter().zip(&found).map(&mut each).collect();
    let context = asked.context_of("Collection(microsoft.graph.mailTips)");
    Ok(json_answer(StatusCode::OK, &collection(context, None, None, told)))
}

fn addresses(members: &Members<'_>) -> Result<Vec<String>, ApiError> {
    let text = |value: &Value, path: &str| {
        value.as_str().map(str::to_owned).ok_or_else(|| ApiError::unreadable_member(path, "a string"))
    };
    let given: Vec<String> = members.list("emailAddresses", |value, path| text(value, path))?;
    match given.len() {
        0 => Err(members.wrong("emailAddresses", "a list of addresses")),
        1..=MOST => Ok(given),
        _ => Err(ApiError::bad_request(format!("Tips of at most {MOST} addresses can be asked at once."))),
    }
}

/// The tips that are asked for, in Graph's order.
fn wanted(members: &Members<'_>) -> Result<Vec<&'static (&'static str, &'static str, Tell)>, ApiError> {
    let words = members.text("mailTipsOptions")?.filter(|text| !text.trim().is_empty());
    let words = words.ok_or_else(|| members.wrong("mailTipsOptions", "the names of tips, with commas"))?;
    let words: Vec<&str> = words.split(',').map(str::trim).collect();
    let is_known = |word: &str| edm::MAIL_TIPS_TYPE.members.iter().any(|(known, _)| known.eq_ignore_ascii_case(word));
    if let Some(word) = words.iter().find(|word| !is_known(word)) {
        return Err(ApiError::no_such_value(word));
    }
    Ok(TIPS.iter().filter(|(name, ..)| words.iter().any(|word| word.eq_ignore_ascii_case(name))).collect())
}

fn told(mailbox: &Mailbox, address: &str, tips: &MailTips, wanted: &[&(&str, &str, Tell)]) -> Value {
    if *tips == MailTips::Unknown {
        return error(address, ErrorCode::ErrorInvalidRecipients, "Nothing can be sent to this address.");
    }
    let mut told = of(address);
    for (_, member, tell) in wanted {
        told[*member] = tell(tips, mailbox);
    }
    told
}

fn of(address: &str) -> Value {
    json!({"emailAddress": {"name": "", "address": address}})
}

/// Why nothing is told of an address.
fn error(address: &str, code: ErrorCode, message: &str) -> Value {
    let mut told = of(address);
    told["error"] = json!({"code": code.name(), "message": message});
    told
}

/// How much there is to tell of a recipient; a control character is six of them in JSON.
fn text_of(tips: &MailTips) -> usize {
    match tips {
        MailTips::Internal(Some(Away { message, .. })) => 6 * message.len(),
        _ => 0,
    }
}

/// Whoever isn't away, and whoever is elsewhere, says nothing.
fn automatic_replies(tips: &MailTips) -> Value {
    let MailTips::Internal(Some(Away { message, locale, scheduled })) = tips else { return json!({"message": ""}) };
    let mut told = json!({"message": message, "messageLanguage": language(locale.as_deref())});
    if let Some((start, end)) = scheduled {
        told["scheduledStartTime"] = moment(*start);
        told["scheduledEndTime"] = moment(*end);
    }
    told
}

fn scope(tips: &MailTips) -> &'static str {
    match tips {
        MailTips::Internal(_) => "internal",
        MailTips::External | MailTips::Unknown => "external",
    }
}
