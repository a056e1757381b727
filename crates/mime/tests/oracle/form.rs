//! Our values in the oracle's form, as the corpus describes it.

use mime::{Date, Message, Part, PartKind, msg_ids};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// How a field is read from a message of ours.
type Read = fn(&Message) -> Value;

/// The oracle's fields and how ours are read.
pub const FIELDS: [(&str, Read); 17] = [
    ("subject", |m| m.text("Subject").map(|text| one_line(&text)).filter(|text| !text.is_empty()).into()),
    ("from", |m| mailboxes(m, "From")),
    ("to", |m| mailboxes(m, "To")),
    ("cc", |m| mailboxes(m, "Cc")),
    ("bcc", |m| mailboxes(m, "Bcc")),
    ("replyTo", |m| mailboxes(m, "Reply-To")),
    ("date", |m| m.field("Date").and_then(|f| Date::parse(&f.body())).map(date_time).into()),
    ("messageId", |m| m.message_id().map(|id| bare(&id)).into()),
    ("inReplyTo", |m| ids(m, "In-Reply-To").into_iter().next().into()),
    ("references", |m| ids(m, "References").into()),
    ("structure", |m| structure(m, 0).into()),
    ("text", |m| text(m, PartKind::Text)),
    ("html", |m| text(m, PartKind::Html)),
    ("textParts", |m| texts(m, PartKind::Text).count().into()),
    ("htmlParts", |m| texts(m, PartKind::Html).count().into()),
    ("headerNames", |m| m.fields().map(|f| f.name.to_owned()).collect()),
    ("attachments", |m| m.attachments().map(|(_, part)| attachment(m, part)).collect()),
];

/// Whether ours are the oracle's attachments; what its parsers did not agree on is no demand.
pub fn same_attachments(theirs: &Value, ours: &Value) -> bool {
    let (theirs, ours) = (theirs.as_array().expect("a list"), ours.as_array().expect("a list"));
    let demanded = |one: &Value, name: &str| {
        let open = one["notAgreed"].as_array().is_some_and(|list| list.iter().any(|n| n == name));
        name != "notAgreed" && !open
    };
    theirs.len() == ours.len()
        && theirs.iter().zip(ours).all(|(theirs, ours)| {
            theirs.as_object().expect("an attachment").iter().all(|(name, value)| !demanded(theirs, name) || *value == ours[name])
        })
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn mailboxes(message: &Message, name: &str) -> Value {
    message.addresses(name).into_iter().map(|m| json!({"name": one_line(&m.name), "address": m.address})).collect()
}

fn ids(message: &Message, name: &str) -> Vec<String> {
    let ids = message.field(name).map(|field| msg_ids(&field.body())).unwrap_or_default();
    ids.iter().map(|id| bare(id)).collect()
}

/// An identifier without its angle brackets.
fn bare(id: &str) -> String {
    id.trim_start_matches('<').trim_end_matches('>').to_owned()
}

/// `YYYY-MM-DDThh:mm:ssZ` of seconds since 1970 (the civil-from-days rule of the proleptic Gregorian calendar).
fn date_time(seconds: i64) -> String {
    let (days, rest) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let shifted = days + 719_468; // days since 0000-03-01
    let (era, of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", rest / 3_600, rest / 60 % 60, rest % 60)
}

fn structure(message: &Message, depth: usize) -> String {
    tree(message, 0, depth)
}

fn tree(message: &Message, index: usize, depth: usize) -> String {
    let part = &message.parts()[index];
    let essence = &part.media_type.essence;
    if depth > 60 {
        return essence.clone();
    }
    if part.kind == PartKind::Multipart {
        let children = message.parts().iter().enumerate().filter(|(_, p)| p.parent == Some(index));
        let children: Vec<_> = children.map(|(child, _)| tree(message, child, depth + 1)).collect();
        return format!("{essence}({})", children.join(","));
    }
    match message.attached(part) {
        Some(attached) if essence == "message/rfc822" => format!("{essence}[{}]", structure(&attached, depth + 1)),
        _ => essence.clone(),
    }
}

fn texts(message: &Message, kind: PartKind) -> impl Iterator<Item = &Part> {
    message.parts().iter().filter(move |p| p.kind == kind && !p.is_attachment())
}

fn text(message: &Message, kind: PartKind) -> Value {
    let Some(part) = texts(message, kind).next() else { return Value::Null };
    let text = message.decoded_text(part, usize::MAX);
    let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n").replace('\r', "\n");
    // what Python calls white space, which has the separators of ASCII in it
    let text = text.trim_end_matches(|c: char| c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c));
    if text.is_empty() {
        return Value::Null;
    }
    json!({"sha256": hex(text.as_bytes()), "len": text.len(), "head": text.chars().take(200).collect::<String>()})
}

fn attachment(message: &Message, part: &Part) -> Value {
    let octets = message.decoded(part);
    let disposition = message.part_fields(part).find(|f| f.is("Content-Disposition")).map(|f| f.text());
    let disposition = disposition.and_then(|text| text.split([';', ' ']).next().map(str::to_ascii_lowercase));
    json!({
        "type": part.media_type.essence,
        "name": part.file_name.as_deref().map(one_line),
        "size": octets.len(),
        "sha256": hex(&octets),
        "contentId": part.content_id,
        "disposition": disposition.filter(|text| !text.is_empty()),
    })
}

fn hex(octets: &[u8]) -> String {
    Sha256::digest(octets).iter().fold(String::new(), |mut text, octet| {
        let _ = write!(text, "{octet:02x}"); // a String takes everything
        text
    })
}
