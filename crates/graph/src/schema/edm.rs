//! The types that properties have (OData 4.01 CSDL, §3): what the service says of itself is written from these.

/// The type of a property.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Edm {
    Binary,
    Boolean,
    Collection(&'static Edm),
    Complex(&'static ComplexType),
    DateTimeOffset,
    /// An entity of this name.
    Entity(&'static str),
    Enum(&'static EnumType),
    Int32,
    Int64,
    String,
}

impl Edm {
    /// As CSDL names it.
    pub(crate) fn csdl(self) -> String {
        match self {
            Edm::Binary => "Edm.Binary".to_owned(),
            Edm::Boolean => "Edm.Boolean".to_owned(),
            Edm::Collection(of) => format!("Collection({})", of.csdl()),
            Edm::Complex(ComplexType { name, .. }) | Edm::Enum(EnumType { name, .. }) => format!("graph.{name}"),
            Edm::DateTimeOffset => "Edm.DateTimeOffset".to_owned(),
            Edm::Entity(name) => format!("graph.{name}"),
            Edm::Int32 => "Edm.Int32".to_owned(),
            Edm::Int64 => "Edm.Int64".to_owned(),
            Edm::String => "Edm.String".to_owned(),
        }
    }
}

/// A value with members of its own.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ComplexType {
    pub(crate) name: &'static str,
    pub(crate) members: &'static [Member],
}

/// A member of a [`ComplexType`].
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) name: &'static str,
    pub(crate) edm: Edm,
    pub(crate) nullable: bool,
}

/// A value that is one of some words. Each has its number, which CSDL tells too.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct EnumType {
    pub(crate) name: &'static str,
    pub(crate) members: &'static [(&'static str, i32)],
}

const fn member(name: &'static str, edm: Edm) -> Member {
    Member { name, edm, nullable: true }
}

pub(crate) const ATTACHMENT_ITEM: ComplexType = ComplexType {
    name: "attachmentItem",
    members: &[
        member("attachmentType", Edm::Enum(&ATTACHMENT_TYPE)),
        member("contentId", Edm::String),
        member("contentType", Edm::String),
        member("isInline", Edm::Boolean),
        member("name", Edm::String),
        member("size", Edm::Int64),
    ],
};

pub(crate) const ATTACHMENT_TYPE: EnumType =
    EnumType { name: "attachmentType", members: &[("file", 0), ("item", 1), ("reference", 2)] };

pub(crate) const BODY_TYPE: EnumType = EnumType { name: "bodyType", members: &[("text", 0), ("html", 1)] };

pub(crate) const DATE_TIME_TIME_ZONE: ComplexType = ComplexType {
    name: "dateTimeTimeZone",
    members: &[Member { name: "dateTime", edm: Edm::String, nullable: false }, member("timeZone", Edm::String)],
};

pub(crate) const EMAIL_ADDRESS: ComplexType =
    ComplexType { name: "emailAddress", members: &[member("address", Edm::String), member("name", Edm::String)] };

pub(crate) const FOLLOWUP_FLAG: ComplexType = ComplexType {
    name: "followupFlag",
    members: &[
        member("completedDateTime", Edm::Complex(&DATE_TIME_TIME_ZONE)),
        member("dueDateTime", Edm::Complex(&DATE_TIME_TIME_ZONE)),
        member("flagStatus", Edm::Enum(&FOLLOWUP_FLAG_STATUS)),
        member("startDateTime", Edm::Complex(&DATE_TIME_TIME_ZONE)),
    ],
};

pub(crate) const FOLLOWUP_FLAG_STATUS: EnumType =
    EnumType { name: "followupFlagStatus", members: &[("notFlagged", 0), ("complete", 1), ("flagged", 2)] };

pub(crate) const IMPORTANCE: EnumType = EnumType { name: "importance", members: &[("low", 0), ("normal", 1), ("high", 2)] };

pub(crate) const INFERENCE_CLASSIFICATION_TYPE: EnumType =
    EnumType { name: "inferenceClassificationType", members: &[("focused", 0), ("other", 1)] };

pub(crate) const INTERNET_MESSAGE_HEADER: ComplexType =
    ComplexType { name: "internetMessageHeader", members: &[member("name", Edm::String), member("value", Edm::String)] };

pub(crate) const ITEM_BODY: ComplexType =
    ComplexType { name: "itemBody", members: &[member("content", Edm::String), member("contentType", Edm::Enum(&BODY_TYPE))] };

pub(crate) const MESSAGE_ACTION_FLAG: EnumType = EnumType {
    name: "messageActionFlag",
    members: &[
        ("any", 0),
        ("call", 1),
        ("doNotForward", 2),
        ("followUp", 3),
        ("fyi", 4),
        ("forward", 5),
        ("noResponseNecessary", 6),
        ("read", 7),
        ("reply", 8),
        ("replyToAll", 9),
        ("review", 10),
    ],
};

pub(crate) const MESSAGE_RULE_ACTIONS: ComplexType = ComplexType {
    name: "messageRuleActions",
    members: &[
        member("assignCategories", Edm::Collection(&Edm::String)),
        member("copyToFolder", Edm::String),
        member("delete", Edm::Boolean),
        member("forwardAsAttachmentTo", Edm::Collection(&Edm::Complex(&RECIPIENT))),
        member("forwardTo", Edm::Collection(&Edm::Complex(&RECIPIENT))),
        member("markAsRead", Edm::Boolean),
        member("markImportance", Edm::Enum(&IMPORTANCE)),
        member("moveToFolder", Edm::String),
        member("permanentDelete", Edm::Boolean),
        member("redirectTo", Edm::Collection(&Edm::Complex(&RECIPIENT))),
        member("stopProcessingRules", Edm::Boolean),
    ],
};

pub(crate) const MESSAGE_RULE_PREDICATES: ComplexType = ComplexType {
    name: "messageRulePredicates",
    members: &[
        member("bodyContains", Edm::Collection(&Edm::String)),
        member("bodyOrSubjectContains", Edm::Collection(&Edm::String)),
        member("categories", Edm::Collection(&Edm::String)),
        member("fromAddresses", Edm::Collection(&Edm::Complex(&RECIPIENT))),
        member("hasAttachments", Edm::Boolean),
        member("headerContains", Edm::Collection(&Edm::String)),
        member("importance", Edm::Enum(&IMPORTANCE)),
        member("isApprovalRequest", Edm::Boolean),
        member("isAutomaticForward", Edm::Boolean),
        member("isAutomaticReply", Edm::Boolean),
        member("isEncrypted", Edm::Boolean),
        member("isMeetingRequest", Edm::Boolean),
        member("isMeetingResponse", Edm::Boolean),
        member("isNonDeliveryReport", Edm::Boolean),
        member("isPermissionControlled", Edm::Boolean),
        member("isReadReceipt", Edm::Boolean),
        member("isSigned", Edm::Boolean),
        member("isVoicemail", Edm::Boolean),
        member("messageActionFlag", Edm::Enum(&MESSAGE_ACTION_FLAG)),
        member("notSentToMe", Edm::Boolean),
        member("recipientContains", Edm::Collection(&Edm::String)),
        member("senderContains", Edm::Collection(&Edm::String)),
        member("sensitivity", Edm::Enum(&SENSITIVITY)),
        member("sentCcMe", Edm::Boolean),
        member("sentOnlyToMe", Edm::Boolean),
        member("sentToAddresses", Edm::Collection(&Edm::Complex(&RECIPIENT))),
        member("sentToMe", Edm::Boolean),
        member("sentToOrCcMe", Edm::Boolean),
        member("subjectContains", Edm::Collection(&Edm::String)),
        member("withinSizeRange", Edm::Complex(&SIZE_RANGE)),
    ],
};

pub(crate) const RECIPIENT: ComplexType =
    ComplexType { name: "recipient", members: &[member("emailAddress", Edm::Complex(&EMAIL_ADDRESS))] };

pub(crate) const SENSITIVITY: EnumType =
    EnumType { name: "sensitivity", members: &[("normal", 0), ("personal", 1), ("private", 2), ("confidential", 3)] };

pub(crate) const SIZE_RANGE: ComplexType =
    ComplexType { name: "sizeRange", members: &[member("maximumSize", Edm::Int32), member("minimumSize", Edm::Int32)] };

pub(crate) const UPLOAD_SESSION: ComplexType = ComplexType {
    name: "uploadSession",
    members: &[
        member("expirationDateTime", Edm::DateTimeOffset),
        member("nextExpectedRanges", Edm::Collection(&Edm::String)),
        member("uploadUrl", Edm::String),
    ],
};
