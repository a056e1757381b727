//! Whether a condition holds for a message, by its row and, where the condition reads them, its octets.

use super::{Collection, Condition, Field, FieldValue, FlagDate, Operator, TextPlace, folded, rank};
use crate::model::message::{MessageRecord, Recipient};
use serde_json::Value;

/// The text of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BodyText {
    /// Whether it came of HTML.
    pub is_html: bool,
    /// The text; tags are taken out.
    pub content: String,
    /// The header, as it stands there.
    pub header: String,
}

/// A message of which it is asked whether a condition holds.
#[derive(Clone, Copy)]
pub struct Candidate<'c> {
    /// Its row.
    pub record: &'c MessageRecord,
    /// Its text, where the condition reads it.
    pub body: Option<&'c BodyText>,
    member: Option<Member<'c>>,
}

/// A member of a collection.
#[derive(Clone, Copy)]
enum Member<'c> {
    Category(&'c str),
    Recipient(&'c Recipient),
}

impl<'c> Candidate<'c> {
    /// A message and, where the condition reads it, its text.
    pub fn new(record: &'c MessageRecord, body: Option<&'c BodyText>) -> Candidate<'c> {
        Candidate { record, body, member: None }
    }

    fn members(&self, collection: Collection) -> Vec<Member<'c>> {
        let record = self.record;
        let recipients = match collection {
            Collection::Categories => return record.categories.iter().map(|name| Member::Category(name)).collect(),
            Collection::BccRecipients => &record.bcc_recipients,
            Collection::CcRecipients => &record.cc_recipients,
            Collection::ReplyTo => &record.reply_to,
            Collection::ToRecipients => &record.to_recipients,
        };
        recipients.iter().map(Member::Recipient).collect()
    }
}

impl Condition {
    /// Whether it holds.
    pub fn holds(&self, of: Candidate<'_>) -> bool {
        match self {
            Condition::All(list) => list.iter().all(|one| one.holds(of)),
            Condition::Any(list) => list.iter().any(|one| one.holds(of)),
            Condition::Not(inner) => !inner.holds(of),
            Condition::Extended(_) => false, // settled before, where there is any
            Condition::Member { collection, all, condition } => {
                let mut members = of.members(*collection).into_iter();
                let within = |member| condition.holds(Candidate { member: Some(member), ..of });
                if *all { members.all(within) } else { members.any(within) }
            }
            Condition::Missing(field) => field.value(of).is_none(),
            Condition::Compare { field, operator, value } => match field.value(of) {
                None => *operator == Operator::NotEqual,
                Some(own) => own.partial_cmp(value).is_some_and(|order| operator.admits(order)),
            },
            Condition::Length { field, operator, length } => match field.written(of) {
                Some(own) => operator.admits(i64::try_from(own.chars().count()).unwrap_or(i64::MAX).cmp(length)),
                None => *operator == Operator::NotEqual,
            },
            Condition::Text { field, place, text } => match field.value(of) {
                Some(FieldValue::Text(own)) => match place {
                    TextPlace::Anywhere => own.contains(text.as_str()),
                    TextPlace::Beginning => own.starts_with(text.as_str()),
                    TextPlace::End => own.ends_with(text.as_str()),
                },
                _ => false,
            },
        }
    }
}

impl Field {
    /// Its value in the form in which it compares; nothing where it is missing.
    pub fn value(self, of: Candidate<'_>) -> Option<FieldValue> {
        let m = of.record;
        let integer = match self {
            Field::CreatedDateTime => m.created_date_time.0,
            Field::LastModifiedDateTime => m.last_modified_date_time.0,
            Field::ReceivedDateTime => m.received_date_time.0,
            Field::SentDateTime => m.sent_date_time.0,
            Field::FlagStatus => rank::flag_status(m),
            Field::Importance => rank::importance(m),
            Field::InferenceClassification => rank::inference_classification(m),
            Field::HasAttachments => m.has_attachments.into(),
            Field::IsDeliveryReceiptRequested => m.is_delivery_receipt_requested.into(),
            Field::IsDraft => m.is_draft.into(),
            Field::IsRead => m.is_read.into(),
            Field::IsReadReceiptRequested => m.is_read_receipt_requested.into(),
            Field::Size => m.size,
            Field::ChangeKey => return Some(FieldValue::Octets([&m.modseq.to_be_bytes()[..], &m.id.0[8..]].concat())),
            Field::ConversationId => return Some(FieldValue::Octets(m.conversation_id.to_vec())),
            Field::Id => return Some(FieldValue::Octets(m.id.0.to_vec())),
            Field::ParentFolderId => return Some(FieldValue::Octets(m.folder.0.to_vec())),
            _ => {
                let text = self.written(of)?;
                return Some(FieldValue::Text(if self.is_exact() { text } else { folded(&text) }));
            }
        };
        Some(FieldValue::Integer(integer))
    }

    /// A text as it is written.
    fn written(self, of: Candidate<'_>) -> Option<String> {
        let m = of.record;
        match self {
            Field::BodyContent => of.body.map(|body| body.content.clone()),
            Field::BodyContentType => of.body.map(|body| if body.is_html { "html" } else { "text" }.to_owned()),
            Field::HeaderText => of.body.map(|body| body.header.clone()),
            Field::BodyPreview => Some(m.body_preview.clone()),
            Field::FlagDateTime(date) => flag_date(m, date),
            Field::FromAddress => m.from.first().map(|from| from.address.clone()),
            Field::FromName => m.from.first().map(shown_name),
            Field::InternetMessageId => Some(m.internet_message_id.clone()),
            Field::MemberAddress => match of.member? {
                Member::Category(_) => None,
                Member::Recipient(recipient) => Some(recipient.address.clone()),
            },
            Field::MemberName => Some(match of.member? {
                Member::Category(name) => name.to_owned(),
                Member::Recipient(recipient) => shown_name(recipient),
            }),
            Field::SenderAddress => m.sender.first().map(|sender| sender.address.clone()),
            Field::SenderName => m.sender.first().map(shown_name),
            Field::Subject => Some(m.subject.clone()),
            _ => None,
        }
    }
}

/// One without a name is shown by its address.
fn shown_name(of: &Recipient) -> String {
    if of.name.is_empty() { of.address.clone() } else { of.name.clone() }
}

pub(super) fn flag(of: &MessageRecord) -> Option<Value> {
    serde_json::from_str(&of.flag).ok()
}

fn flag_date(of: &MessageRecord, date: FlagDate) -> Option<String> {
    let name = match date {
        FlagDate::Completed => "completedDateTime",
        FlagDate::Due => "dueDateTime",
        FlagDate::Start => "startDateTime",
    };
    flag(of)?.get(name)?.get("dateTime")?.as_str().map(str::to_owned)
}
