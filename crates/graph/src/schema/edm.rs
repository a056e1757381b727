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
    /// Octets that may be many.
    Stream,
    String,
    TimeOfDay,
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
            Edm::Stream => "Edm.Stream".to_owned(),
            Edm::String => "Edm.String".to_owned(),
            Edm::TimeOfDay => "Edm.TimeOfDay".to_owned(),
        }
    }
}

/// A value with members of its own.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ComplexType {
    pub(crate) name: &'static str,
    /// Whose members it has too.
    pub(crate) base: Option<&'static ComplexType>,
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
    /// Whether a value has several of them, with commas.
    pub(crate) is_flags: bool,
}

const fn complex(name: &'static str, members: &'static [Member]) -> ComplexType {
    ComplexType { name, base: None, members }
}

/// Words with their numbers, which count from the first one's.
const fn numbered<const N: usize>(words: [&'static str; N], first: i32) -> [(&'static str, i32); N] {
    let mut members = [("", first); N];
    let mut place = 0;
    while place < N {
        members[place] = (words[place], members[place].1 + place as i32);
        place += 1;
    }
    members
}

const fn words(name: &'static str, members: &'static [(&'static str, i32)]) -> EnumType {
    EnumType { name, members, is_flags: false }
}

/// Words of which a value has several, with commas.
const fn flags(name: &'static str, members: &'static [(&'static str, i32)]) -> EnumType {
    EnumType { name, members, is_flags: true }
}

const fn member(name: &'static str, edm: Edm) -> Member {
    Member { name, edm, nullable: true }
}

pub(crate) const ATTACHMENT_ITEM: ComplexType = complex(
    "attachmentItem",
    &[
        member("attachmentType", Edm::Enum(&ATTACHMENT_TYPE)),
        member("contentId", Edm::String),
        member("contentType", Edm::String),
        member("isInline", Edm::Boolean),
        member("name", Edm::String),
        member("size", Edm::Int64),
    ],
);

pub(crate) const ATTACHMENT_TYPE: EnumType = words("attachmentType", &[("file", 0), ("item", 1), ("reference", 2)]);

pub(crate) const AUTOMATIC_REPLIES_SETTING: ComplexType = complex(
    "automaticRepliesSetting",
    &[
        member("externalAudience", Edm::Enum(&EXTERNAL_AUDIENCE_SCOPE)),
        member("externalReplyMessage", Edm::String),
        member("internalReplyMessage", Edm::String),
        member("scheduledEndDateTime", Edm::Complex(&DATE_TIME_TIME_ZONE)),
        member("scheduledStartDateTime", Edm::Complex(&DATE_TIME_TIME_ZONE)),
        member("status", Edm::Enum(&AUTOMATIC_REPLIES_STATUS)),
    ],
);

pub(crate) const AUTOMATIC_REPLIES_STATUS: EnumType =
    words("automaticRepliesStatus", &[("disabled", 0), ("alwaysEnabled", 1), ("scheduled", 2)]);

pub(crate) const BODY_TYPE: EnumType = words("bodyType", &[("text", 0), ("html", 1)]);

pub(crate) const CATEGORY_COLOR: EnumType = words("categoryColor", &numbered(COLORS, -1));

pub(crate) const CONVERT_ID_RESULT: ComplexType = complex(
    "convertIdResult",
    &[member("errorDetails", Edm::Complex(&GENERIC_ERROR)), member("sourceId", Edm::String), member("targetId", Edm::String)],
);

/// The words of `categoryColor`.
#[rustfmt::skip]
pub(crate) const COLORS: [&str; 26] = [
    "none", "preset0", "preset1", "preset2", "preset3", "preset4", "preset5", "preset6", "preset7", "preset8", "preset9",
    "preset10", "preset11", "preset12", "preset13", "preset14", "preset15", "preset16", "preset17", "preset18", "preset19",
    "preset20", "preset21", "preset22", "preset23", "preset24",
];

pub(crate) const CUSTOM_TIME_ZONE: ComplexType = ComplexType {
    name: "customTimeZone",
    base: Some(&TIME_ZONE_BASE),
    members: &[
        member("bias", Edm::Int32),
        member("daylightOffset", Edm::Complex(&DAYLIGHT_TIME_ZONE_OFFSET)),
        member("standardOffset", Edm::Complex(&STANDARD_TIME_ZONE_OFFSET)),
    ],
};

pub(crate) const MEETING_MESSAGE_TYPE: EnumType = words(
    "meetingMessageType",
    &[
        ("none", 0),
        ("meetingRequest", 1),
        ("meetingCancelled", 2),
        ("meetingAccepted", 3),
        ("meetingTenativelyAccepted", 4),
        ("meetingDeclined", 5),
    ],
);

pub(crate) const MEETING_REQUEST_TYPE: EnumType = words(
    "meetingRequestType",
    &[
        ("none", 0),
        ("newMeetingRequest", 1),
        ("fullUpdate", 65536),
        ("informationalUpdate", 131_072),
        ("silentUpdate", 262_144),
        ("outdated", 524_288),
        ("principalWantsCopy", 1_048_576),
    ],
);

pub(crate) const EVENT_TYPE: EnumType =
    words("eventType", &[("singleInstance", 0), ("occurrence", 1), ("exception", 2), ("seriesMaster", 3)]);

pub(crate) const RESPONSE_TYPE: EnumType = words(
    "responseType",
    &[("none", 0), ("organizer", 1), ("tentativelyAccepted", 2), ("accepted", 3), ("declined", 4), ("notResponded", 5)],
);

pub(crate) const FREE_BUSY_STATUS: EnumType =
    words("freeBusyStatus", &[("unknown", -1), ("free", 0), ("tentative", 1), ("busy", 2), ("oof", 3), ("workingElsewhere", 4)]);

const ATTENDEE_TYPE: EnumType = words("attendeeType", &[("required", 0), ("optional", 1), ("resource", 2)]);

const RECURRENCE_PATTERN_TYPE: EnumType = words(
    "recurrencePatternType",
    &[("daily", 0), ("weekly", 1), ("absoluteMonthly", 2), ("relativeMonthly", 3), ("absoluteYearly", 4), ("relativeYearly", 5)],
);

const RECURRENCE_RANGE_TYPE: EnumType = words("recurrenceRangeType", &[("endDate", 0), ("noEnd", 1), ("numbered", 2)]);

const WEEK_INDEX: EnumType = words("weekIndex", &[("first", 0), ("second", 1), ("third", 2), ("fourth", 3), ("last", 4)]);

/// As much of it as iCalendar tells.
pub(crate) const LOCATION: ComplexType = complex("location", &[member("displayName", Edm::String)]);

pub(crate) const TIME_SLOT: ComplexType = complex(
    "timeSlot",
    &[member("end", Edm::Complex(&DATE_TIME_TIME_ZONE)), member("start", Edm::Complex(&DATE_TIME_TIME_ZONE))],
);

pub(crate) const RESPONSE_STATUS: ComplexType =
    complex("responseStatus", &[member("response", Edm::Enum(&RESPONSE_TYPE)), member("time", Edm::DateTimeOffset)]);

pub(crate) const ATTENDEE: ComplexType =
    ComplexType { name: "attendee", base: Some(&ATTENDEE_BASE), members: &[member("status", Edm::Complex(&RESPONSE_STATUS))] };

const ATTENDEE_BASE: ComplexType =
    ComplexType { name: "attendeeBase", base: Some(&RECIPIENT), members: &[member("type", Edm::Enum(&ATTENDEE_TYPE))] };

pub(crate) const PATTERNED_RECURRENCE: ComplexType = complex(
    "patternedRecurrence",
    &[member("pattern", Edm::Complex(&RECURRENCE_PATTERN)), member("range", Edm::Complex(&RECURRENCE_RANGE))],
);

const RECURRENCE_PATTERN: ComplexType = complex(
    "recurrencePattern",
    &[
        member("dayOfMonth", Edm::Int32),
        member("daysOfWeek", Edm::Collection(&Edm::Enum(&DAY_OF_WEEK))),
        member("firstDayOfWeek", Edm::Enum(&DAY_OF_WEEK)),
        member("index", Edm::Enum(&WEEK_INDEX)),
        member("interval", Edm::Int32),
        member("month", Edm::Int32),
        member("type", Edm::Enum(&RECURRENCE_PATTERN_TYPE)),
    ],
);

const RECURRENCE_RANGE: ComplexType = complex(
    "recurrenceRange",
    &[
        member("endDate", Edm::String),
        member("numberOfOccurrences", Edm::Int32),
        member("recurrenceTimeZone", Edm::String),
        member("startDate", Edm::String),
        member("type", Edm::Enum(&RECURRENCE_RANGE_TYPE)),
    ],
);

pub(crate) const DATE_TIME_TIME_ZONE: ComplexType = complex(
    "dateTimeTimeZone",
    &[Member { name: "dateTime", edm: Edm::String, nullable: false }, member("timeZone", Edm::String)],
);

pub(crate) const DAY_OF_WEEK: EnumType = words(
    "dayOfWeek",
    &[("sunday", 0), ("monday", 1), ("tuesday", 2), ("wednesday", 3), ("thursday", 4), ("friday", 5), ("saturday", 6)],
);

pub(crate) const DAYLIGHT_TIME_ZONE_OFFSET: ComplexType = ComplexType {
    name: "daylightTimeZoneOffset",
    base: Some(&STANDARD_TIME_ZONE_OFFSET),
    members: &[member("daylightBias", Edm::Int32)],
};

pub(crate) const DELEGATE_MEETING_MESSAGE_DELIVERY_OPTIONS: EnumType = words(
    "delegateMeetingMessageDeliveryOptions",
    &[("sendToDelegateAndInformationToPrincipal", 0), ("sendToDelegateAndPrincipal", 1), ("sendToDelegateOnly", 2)],
);

pub(crate) const EMAIL_ADDRESS: ComplexType =
    complex("emailAddress", &[member("address", Edm::String), member("name", Edm::String)]);

pub(crate) const EXCHANGE_ID_FORMAT: EnumType = words(
    "exchangeIdFormat",
    &[("entryId", 0), ("ewsId", 1), ("immutableEntryId", 2), ("restId", 3), ("restImmutableEntryId", 4)],
);

pub(crate) const EXTERNAL_AUDIENCE_SCOPE: EnumType =
    words("externalAudienceScope", &[("none", 0), ("contactsOnly", 1), ("all", 2)]);

pub(crate) const FOLLOWUP_FLAG: ComplexType = complex(
    "followupFlag",
    &[
        member("completedDateTime", Edm::Complex(&DATE_TIME_TIME_ZONE)),
        member("dueDateTime", Edm::Complex(&DATE_TIME_TIME_ZONE)),
        member("flagStatus", Edm::Enum(&FOLLOWUP_FLAG_STATUS)),
        member("startDateTime", Edm::Complex(&DATE_TIME_TIME_ZONE)),
    ],
);

pub(crate) const FOLLOWUP_FLAG_STATUS: EnumType =
    words("followupFlagStatus", &[("notFlagged", 0), ("complete", 1), ("flagged", 2)]);

pub(crate) const GENERIC_ERROR: ComplexType =
    complex("genericError", &[member("code", Edm::String), member("message", Edm::String)]);

pub(crate) const IMPORTANCE: EnumType = words("importance", &[("low", 0), ("normal", 1), ("high", 2)]);

pub(crate) const INFERENCE_CLASSIFICATION_TYPE: EnumType = words("inferenceClassificationType", &[("focused", 0), ("other", 1)]);

pub(crate) const INTERNET_MESSAGE_HEADER: ComplexType =
    complex("internetMessageHeader", &[member("name", Edm::String), member("value", Edm::String)]);

pub(crate) const ITEM_BODY: ComplexType =
    complex("itemBody", &[member("content", Edm::String), member("contentType", Edm::Enum(&BODY_TYPE))]);

pub(crate) const LOCALE_INFO: ComplexType =
    complex("localeInfo", &[member("displayName", Edm::String), member("locale", Edm::String)]);

pub(crate) const AUTOMATIC_REPLIES_MAIL_TIPS: ComplexType = complex(
    "automaticRepliesMailTips",
    &[
        member("message", Edm::String),
        member("messageLanguage", Edm::Complex(&LOCALE_INFO)),
        member("scheduledEndTime", Edm::Complex(&DATE_TIME_TIME_ZONE)),
        member("scheduledStartTime", Edm::Complex(&DATE_TIME_TIME_ZONE)),
    ],
);

pub(crate) const MAIL_TIPS: ComplexType = complex(
    "mailTips",
    &[
        member("automaticReplies", Edm::Complex(&AUTOMATIC_REPLIES_MAIL_TIPS)),
        member("customMailTip", Edm::String),
        member("deliveryRestricted", Edm::Boolean),
        member("emailAddress", Edm::Complex(&EMAIL_ADDRESS)),
        member("error", Edm::Complex(&MAIL_TIPS_ERROR)),
        member("externalMemberCount", Edm::Int32),
        member("isModerated", Edm::Boolean),
        member("mailboxFull", Edm::Boolean),
        member("maxMessageSize", Edm::Int32),
        member("recipientScope", Edm::Enum(&RECIPIENT_SCOPE_TYPE)),
        member("recipientSuggestions", Edm::Collection(&Edm::Complex(&RECIPIENT))),
        member("totalMemberCount", Edm::Int32),
    ],
);

pub(crate) const EXPORT_ITEM_RESPONSE: ComplexType = complex(
    "exportItemResponse",
    &[
        member("changeKey", Edm::String),
        member("data", Edm::Stream),
        member("error", Edm::Complex(&MAIL_TIPS_ERROR)),
        member("itemId", Edm::String),
    ],
);

pub(crate) const MAILBOX_ITEM_IMPORT_SESSION: ComplexType =
    complex("mailboxItemImportSession", &[member("expirationDateTime", Edm::DateTimeOffset), member("importUrl", Edm::String)]);

pub(crate) const MAIL_TIPS_ERROR: ComplexType =
    complex("mailTipsError", &[member("code", Edm::String), member("message", Edm::String)]);

pub(crate) const MAIL_TIPS_TYPE: EnumType = flags(
    "mailTipsType",
    &[
        ("automaticReplies", 1),
        ("mailboxFullStatus", 2),
        ("customMailTip", 4),
        ("externalMemberCount", 8),
        ("totalMemberCount", 16),
        ("maxMessageSize", 32),
        ("deliveryRestriction", 64),
        ("moderationStatus", 128),
        ("recipientScope", 256),
        ("recipientSuggestions", 512),
    ],
);

pub(crate) const RECIPIENT_SCOPE_TYPE: EnumType = flags(
    "recipientScopeType",
    &[("none", 0), ("internal", 1), ("external", 2), ("externalPartner", 4), ("externalNonPartner", 8)],
);

pub(crate) const MAILBOX_SETTINGS: ComplexType = complex(
    "mailboxSettings",
    &[
        member("archiveFolder", Edm::String),
        member("automaticRepliesSetting", Edm::Complex(&AUTOMATIC_REPLIES_SETTING)),
        member("dateFormat", Edm::String),
        member("delegateMeetingMessageDeliveryOptions", Edm::Enum(&DELEGATE_MEETING_MESSAGE_DELIVERY_OPTIONS)),
        member("language", Edm::Complex(&LOCALE_INFO)),
        member("timeFormat", Edm::String),
        member("timeZone", Edm::String),
        member("userPurpose", Edm::Enum(&USER_PURPOSE)),
        member("workingHours", Edm::Complex(&WORKING_HOURS)),
    ],
);

pub(crate) const MESSAGE_ACTION_FLAG: EnumType = words(
    "messageActionFlag",
    &[
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
);

pub(crate) const MESSAGE_RULE_ACTIONS: ComplexType = complex(
    "messageRuleActions",
    &[
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
);

pub(crate) const MESSAGE_RULE_PREDICATES: ComplexType = complex(
    "messageRulePredicates",
    &[
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
);

pub(crate) const RECIPIENT: ComplexType = complex("recipient", &[member("emailAddress", Edm::Complex(&EMAIL_ADDRESS))]);

pub(crate) const SENSITIVITY: EnumType =
    words("sensitivity", &[("normal", 0), ("personal", 1), ("private", 2), ("confidential", 3)]);

pub(crate) const SIZE_RANGE: ComplexType =
    complex("sizeRange", &[member("maximumSize", Edm::Int32), member("minimumSize", Edm::Int32)]);

pub(crate) const STANDARD_TIME_ZONE_OFFSET: ComplexType = complex(
    "standardTimeZoneOffset",
    &[
        member("dayOccurrence", Edm::Int32),
        member("dayOfWeek", Edm::Enum(&DAY_OF_WEEK)),
        member("month", Edm::Int32),
        member("time", Edm::TimeOfDay),
        member("year", Edm::Int32),
    ],
);

pub(crate) const TIME_ZONE_BASE: ComplexType = complex("timeZoneBase", &[member("name", Edm::String)]);

pub(crate) const TIME_ZONE_INFORMATION: ComplexType =
    complex("timeZoneInformation", &[member("alias", Edm::String), member("displayName", Edm::String)]);

pub(crate) const TIME_ZONE_STANDARD: EnumType = words("timeZoneStandard", &[("windows", 0), ("iana", 1)]);

pub(crate) const UPLOAD_SESSION: ComplexType = complex(
    "uploadSession",
    &[
        member("expirationDateTime", Edm::DateTimeOffset),
        member("nextExpectedRanges", Edm::Collection(&Edm::String)),
        member("uploadUrl", Edm::String),
    ],
);

pub(crate) const USER_PURPOSE: EnumType = words(
    "userPurpose",
    &[("user", 1), ("linked", 2), ("shared", 3), ("room", 4), ("equipment", 5), ("others", 6), ("unknownFutureValue", 7)],
);

pub(crate) const WORKING_HOURS: ComplexType = complex(
    "workingHours",
    &[
        member("daysOfWeek", Edm::Collection(&Edm::Enum(&DAY_OF_WEEK))),
        member("endTime", Edm::TimeOfDay),
        member("startTime", Edm::TimeOfDay),
        member("timeZone", Edm::Complex(&TIME_ZONE_BASE)),
    ],
);
