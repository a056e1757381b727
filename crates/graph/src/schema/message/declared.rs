//! Which properties of a message `$filter` and `$orderby` may name, and where the store has them.

use crate::query::{Declared, Kind, Stored};
use store::{Collection, Field, FlagDate};

const RECIPIENT: &[Declared] = &[
    Declared::of("emailAddress/name", Kind::Text, Stored::Field(Field::MemberName)),
    Declared::of("emailAddress/address", Kind::Text, Stored::Field(Field::MemberAddress)),
];
const CATEGORY: &[Declared] = &[Declared::of("", Kind::Text, Stored::Field(Field::MemberName))];

/// In Graph's order; a property with others in it before these.
pub(crate) const DECLARED: &[Declared] = &[
    field("id", Kind::Exact, Field::Id),
    field("createdDateTime", Kind::DateTime, Field::CreatedDateTime),
    field("lastModifiedDateTime", Kind::DateTime, Field::LastModifiedDateTime),
    field("changeKey", Kind::Exact, Field::ChangeKey),
    collection("categories", CATEGORY, Collection::Categories),
    field("receivedDateTime", Kind::DateTime, Field::ReceivedDateTime),
    field("sentDateTime", Kind::DateTime, Field::SentDateTime),
    field("hasAttachments", Kind::Boolean, Field::HasAttachments),
    field("internetMessageId", Kind::Exact, Field::InternetMessageId),
    field("subject", Kind::Text, Field::Subject),
    field("bodyPreview", Kind::Text, Field::BodyPreview),
    field("importance", Kind::Enumeration(&["low", "normal", "high"]), Field::Importance),
    field("parentFolderId", Kind::Exact, Field::ParentFolderId),
    field("conversationId", Kind::Exact, Field::ConversationId),
    Declared::of("conversationIndex", Kind::Opaque, Stored::Nowhere),
    field("isDeliveryReceiptRequested", Kind::Boolean, Field::IsDeliveryReceiptRequested),
    field("isReadReceiptRequested", Kind::Boolean, Field::IsReadReceiptRequested),
    field("isRead", Kind::Boolean, Field::IsRead),
    field("isDraft", Kind::Boolean, Field::IsDraft),
    Declared::of("webLink", Kind::Opaque, Stored::Nowhere),
    field("inferenceClassification", Kind::Enumeration(&["focused", "other"]), Field::InferenceClassification),
    Declared::of("body", Kind::Object, Stored::Always),
    field("body/content", Kind::Text, Field::BodyContent),
    field("body/contentType", Kind::Text, Field::BodyContentType),
    field("sender", Kind::Object, Field::SenderAddress),
    field("sender/emailAddress", Kind::Object, Field::SenderAddress),
    field("sender/emailAddress/name", Kind::Text, Field::SenderName),
    field("sender/emailAddress/address", Kind::Text, Field::SenderAddress),
    field("from", Kind::Object, Field::FromAddress),
    field("from/emailAddress", Kind::Object, Field::FromAddress),
    field("from/emailAddress/name", Kind::Text, Field::FromName),
    field("from/emailAddress/address", Kind::Text, Field::FromAddress),
    collection("toRecipients", RECIPIENT, Collection::ToRecipients),
    collection("ccRecipients", RECIPIENT, Collection::CcRecipients),
    collection("bccRecipients", RECIPIENT, Collection::BccRecipients),
    collection("replyTo", RECIPIENT, Collection::ReplyTo),
    Declared::of("flag", Kind::Object, Stored::Always),
    field("flag/flagStatus", Kind::Enumeration(&["notFlagged", "complete", "flagged"]), Field::FlagStatus),
    field("flag/completedDateTime", Kind::Object, Field::FlagDateTime(FlagDate::Completed)),
    field("flag/completedDateTime/dateTime", Kind::Exact, Field::FlagDateTime(FlagDate::Completed)),
    field("flag/dueDateTime", Kind::Object, Field::FlagDateTime(FlagDate::Due)),
    field("flag/dueDateTime/dateTime", Kind::Exact, Field::FlagDateTime(FlagDate::Due)),
    field("flag/startDateTime", Kind::Object, Field::FlagDateTime(FlagDate::Start)),
    field("flag/startDateTime/dateTime", Kind::Exact, Field::FlagDateTime(FlagDate::Start)),
    Declared::of("internetMessageHeaders", Kind::Opaque, Stored::Nowhere),
    Declared::of("uniqueBody", Kind::Opaque, Stored::Nowhere),
    Declared::of("singleValueExtendedProperties", Kind::Extended { many: false }, Stored::Nowhere),
    Declared::of("multiValueExtendedProperties", Kind::Extended { many: true }, Stored::Nowhere),
];

const fn field(path: &'static str, kind: Kind, field: Field) -> Declared {
    Declared::of(path, kind, Stored::Field(field))
}

const fn collection(path: &'static str, members: &'static [Declared], collection: Collection) -> Declared {
    Declared::of(path, Kind::Collection(members), Stored::Collection(collection))
}
