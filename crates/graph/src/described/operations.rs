//! The operations: what each handler takes and gives, beside the table that requests are dispatched by.

use super::places::{self, Place};
use crate::permissions::NOTHING;
use crate::routes::DISPATCHED;
use crate::schema::edm::{self, ComplexType, Edm};
use identity::Scope;

/// A method on a resource and what answers it, as the dispatch has it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dispatched {
    pub(crate) method: &'static str,
    /// The name of the resource's variant.
    pub(crate) resource: &'static str,
    /// The call of the handler.
    pub(crate) call: &'static str,
    /// One of these is needed.
    pub(crate) permissions: &'static [Scope],
}

/// What is answered beside the dispatch: documents for anybody, and uploads at their own addresses.
const BESIDE: [Dispatched; 6] = [
    beside("GET", "Document(Metadata)", "get_metadata()"),
    beside("GET", "Document(OpenApi)", "get_openapi()"),
    beside("GET", "Document(Service)", "get_service_document()"),
    beside("DELETE", "Upload", "at_upload_url()"),
    beside("GET", "Upload", "at_upload_url()"),
    beside("PUT", "Upload", "at_upload_url()"),
];

const fn beside(method: &'static str, resource: &'static str, call: &'static str) -> Dispatched {
    Dispatched { method, resource, call, permissions: NOTHING }
}

impl Dispatched {
    /// The handler's name, which is the last one before the parenthesis of its call.
    pub(super) fn handler(&self) -> &'static str {
        let before = self.call.split('(').next().unwrap_or_default();
        before.rsplit([':', ' ', '{']).find(|word| !word.is_empty()).unwrap_or_default()
    }

    /// What its handler is said to take and give.
    pub(super) fn described(&self) -> Option<&'static Described> {
        DESCRIBED.iter().find(|one| one.handler == self.handler())
    }
}

/// What somebody may do who has permissions: the summaries of the operations, each once.
pub(crate) fn permitted(has_one_of: impl Fn(&[Scope]) -> bool) -> Vec<&'static str> {
    let permitted = DISPATCHED.iter().filter(|one| !one.permissions.is_empty() && has_one_of(one.permissions));
    let mut summaries: Vec<&str> = permitted.filter_map(|one| Some(one.described()?.summary)).collect();
    summaries.sort_unstable();
    summaries.dedup();
    summaries
}

/// An operation at one place.
pub(super) struct Operation {
    pub(super) dispatched: Dispatched,
    pub(super) described: &'static Described,
    pub(super) place: &'static Place,
}

impl Operation {
    /// Whether Graph has no such operation.
    pub(super) fn is_extension(&self) -> bool {
        self.described.is_extension || self.place.is_extension
    }

    /// Whether it adds to a collection, which can be read too.
    pub(super) fn makes_a_member(&self) -> bool {
        let Dispatched { method, resource, .. } = self.dispatched;
        method == "POST" && DISPATCHED.iter().any(|one| one.method == "GET" && one.resource == resource)
    }
}

/// All operations at all their places.
pub(super) fn all() -> impl Iterator<Item = Operation> {
    DISPATCHED.iter().chain(&BESIDE).flat_map(|dispatched| {
        let described = dispatched.described();
        let at = move |place| Some(Operation { dispatched: *dispatched, described: described?, place });
        places::of(dispatched.resource).filter_map(at)
    })
}

/// What a handler takes and gives.
pub(super) struct Described {
    handler: &'static str,
    pub(super) summary: &'static str,
    pub(super) takes: Takes,
    pub(super) gives: Gives,
    pub(super) status: u16,
    /// Query options, without `$`.
    pub(super) options: &'static [&'static str],
    /// Whether Graph has no such operation.
    pub(super) is_extension: bool,
    /// Whether it is a function (OData CSDL 4.01 §12): it is asked for by its name, and nothing is kept there.
    pub(super) is_function: bool,
}

/// The body of a request.
#[derive(Clone, Copy)]
pub(super) enum Takes {
    /// An entity, as JSON.
    Entity(&'static str),
    /// A message: JSON, or MIME in its two forms.
    Message,
    /// MIME in its two forms.
    Mime,
    Nothing,
    Octets,
    /// An action's parameters (OData: CSDL spells them in Pascal case, clients in either), as JSON.
    Parameters(&'static [(&'static str, Edm)]),
    /// The same, or a message as MIME in its two forms.
    ParametersOrMime(&'static [(&'static str, Edm)]),
    /// JSON of no declared type.
    Object,
    /// A value that is no entity, as JSON.
    Value(&'static ComplexType),
}

/// The body of an answer.
#[derive(Clone, Copy)]
pub(super) enum Gives {
    Count,
    List(&'static str),
    Nothing,
    Object,
    Octets(&'static str),
    One(Edm),
    /// A collection of values that are no entities.
    Values(&'static ComplexType),
}

const fn told(handler: &'static str, summary: &'static str, takes: Takes, gives: Gives, status: u16) -> Described {
    Described { handler, summary, takes, gives, status, options: &[], is_extension: false, is_function: false }
}

impl Described {
    const fn with(mut self, options: &'static [&'static str]) -> Described {
        self.options = options;
        self
    }

    const fn beyond_graph(mut self) -> Described {
        self.is_extension = true;
        self
    }

    const fn function(mut self) -> Described {
        self.is_function = true;
        self
    }
}

const fn one(entity: &'static str) -> Gives {
    Gives::One(Edm::Entity(entity))
}

const MESSAGE: (&str, Edm) = ("Message", Edm::Entity("message"));
const COMMENT: (&str, Edm) = ("Comment", Edm::String);
const TO_RECIPIENTS: (&str, Edm) = ("ToRecipients", Edm::Collection(&Edm::Complex(&edm::RECIPIENT)));
const DESTINATION: Takes = Takes::Parameters(&[("DestinationId", Edm::String)]);
/// `toRecipients` is a forward's alone.
const ANSWER: Takes = Takes::ParametersOrMime(&[MESSAGE, COMMENT, TO_RECIPIENTS]);

/// Each handler once.
const DESCRIBED: &[Described] = &[
    told("at_upload_url", "Go on with an upload, ask how far it came, or end it", Takes::Octets, Gives::Object, 200),
    told("copy_mail_folder", "Copy a folder with all that is in it", DESTINATION, one("mailFolder"), 200),
    told("copy_message", "Copy a message", DESTINATION, one("message"), 201),
    told("count_attachments", "Count attachments", Takes::Nothing, Gives::Count, 200).with(&["filter"]),
    told("count_extensions", "Count extensions", Takes::Nothing, Gives::Count, 200).with(&["filter"]),
    told("count_mail_folders", "Count folders", Takes::Nothing, Gives::Count, 200).with(&["filter"]),
    told("count_master_categories", "Count categories", Takes::Nothing, Gives::Count, 200).with(&["filter"]),
    told("count_message_rules", "Count rules", Takes::Nothing, Gives::Count, 200).with(&["filter"]),
    told("count_messages", "Count messages", Takes::Nothing, Gives::Count, 200).with(&["filter", "search"]),
    told("count_overrides", "Count senders of whom something is said", Takes::Nothing, Gives::Count, 200).with(&["filter"]),
    told("create_attachment", "Add an attachment", Takes::Entity("attachment"), one("attachment"), 201),
    told("create_import_session", "Begin to bring items into a mailbox", Takes::Nothing, IMPORT_SESSION, 200),
    told("create_extension", "Create an extension", Takes::Entity("extension"), one("extension"), 201),
    told("create_mail_folder", "Create a folder", Takes::Entity("mailFolder"), one("mailFolder"), 201),
    told("create_master_category", "Create a category", Takes::Entity("outlookCategory"), one("outlookCategory"), 201),
    told("create_message", "Create a draft", Takes::Message, one("message"), 201),
    told("create_override", "Say how a sender's mail is classified", OVERRIDE, one(OVERRIDE_TYPE), 201),
    told("create_message_rule", "Make a rule", Takes::Entity("messageRule"), one("messageRule"), 201),
    told("create_reply", "Create the draft of an answer", ANSWER, one("message"), 201),
    told(
        "create_smime_certificate",
        "Give a certificate of somebody to whom mail is encrypted",
        Takes::Object,
        Gives::Object,
        201,
    ),
    told("create_smime_key", "Give a key to sign, encrypt and decrypt with", Takes::Object, Gives::Object, 201),
    told("create_subscription", "Have an app told what changes", SUBSCRIPTION, one("subscription"), 201),
    told("create_upload_session", "Begin an upload", UPLOAD, UPLOAD_SESSION, 201),
    told("delete_attachment", "Delete an attachment", Takes::Nothing, Gives::Nothing, 204),
    told("delete_extension", "Delete an extension", Takes::Nothing, Gives::Nothing, 204),
    told("delete_mail_folder", "Move a folder to Deleted Items", Takes::Nothing, Gives::Nothing, 204),
    told("delete_master_category", "Delete a category", Takes::Nothing, Gives::Nothing, 204),
    told("delete_message", "Move a message to Deleted Items", Takes::Nothing, Gives::Nothing, 204),
    told("delete_override", "Say nothing of a sender any more", Takes::Nothing, Gives::Nothing, 204),
    told("delete_message_rule", "Delete a rule", Takes::Nothing, Gives::Nothing, 204),
    told("delete_smime_certificate", "Forget a certificate", Takes::Nothing, Gives::Nothing, 204),
    told("delete_smime_key", "Throw a key away", Takes::Nothing, Gives::Nothing, 204),
    told("delete_subscription", "End a subscription", Takes::Nothing, Gives::Nothing, 204),
    told("export_items", "Take items out of a mailbox, whole", EXPORT, Gives::Values(&edm::EXPORT_ITEM_RESPONSE), 200),
    told("get_attachment", "Get an attachment", Takes::Nothing, one("attachment"), 200).with(&["select", "expand"]),
    told("get_attachment_value", "Get the octets of an attachment", Takes::Nothing, Gives::Octets("*/*"), 200),
    told("get_delivery", "Follow a message that was sent", Takes::Nothing, Gives::Object, 200),
    told("get_exchange_mailbox", "Get a mailbox", Takes::Nothing, one("mailbox"), 200).with(&["select"]),
    told("get_exchange_settings", "Get by what a mailbox is exported and imported", Takes::Nothing, Gives::Object, 200),
    told("get_extension", "Get an extension", Takes::Nothing, one("extension"), 200),
    told("get_inference_classification", "Get how mail is classified", Takes::Nothing, one(INFERENCE), 200)
        .with(&["select", "expand"]),
    told("get_mail_folder", "Get a folder", Takes::Nothing, one("mailFolder"), 200).with(&["select", "expand"]),
    told("get_mail_tips", "Get what a sender had better know", MAIL_TIPS, Gives::Values(&edm::MAIL_TIPS), 200),
    told("get_mailbox_setting", "Get one setting of a mailbox", Takes::Nothing, Gives::Object, 200),
    told("get_mailbox_settings", "Get the settings of a mailbox", Takes::Nothing, SETTINGS, 200).with(&["select"]),
    told("get_mailbox_folder", "Get a folder of a mailbox's store", Takes::Nothing, one("mailboxFolder"), 200).with(&["select"]),
    told("get_mailbox_item", "Get what an item is", Takes::Nothing, one("mailboxItem"), 200).with(&["select"]),
    told("get_master_category", "Get a category", Takes::Nothing, one("outlookCategory"), 200).with(&["select"]),
    told("get_message", "Get a message", Takes::Nothing, one("message"), 200).with(&["select", "expand"]),
    told("get_message_rule", "Get a rule", Takes::Nothing, one("messageRule"), 200).with(&["select"]),
    told("get_metadata", "Get the types of the service (CSDL)", Takes::Nothing, Gives::Octets("application/xml"), 200),
    told("get_openapi", "Get this document", Takes::Nothing, Gives::Object, 200),
    told("get_service_document", "Get the entry points of the service", Takes::Nothing, Gives::Object, 200),
    told("get_override", "Get what is said of a sender", Takes::Nothing, one(OVERRIDE_TYPE), 200).with(&["select"]),
    told("get_outlook", "Get what Outlook offers to choose from", Takes::Nothing, one("outlookUser"), 200)
        .with(&["select", "expand"]),
    told("get_smime", "Get what the mailbox does with S/MIME", Takes::Nothing, Gives::Object, 200),
    told("get_smime_content", "Get what a signed or encrypted message holds", Takes::Nothing, Gives::Octets("text/plain"), 200),
    told("get_smime_verdict", "Get what a signed or encrypted message is worth", Takes::Nothing, Gives::Object, 200),
    told("get_subscription", "Get a subscription", Takes::Nothing, one("subscription"), 200).with(&["select"]),
    told("get_user", "Get a person", Takes::Nothing, one("user"), 200).with(&["select"]),
    told("get_value", "Get the octets of a message", Takes::Nothing, Gives::Octets("text/plain"), 200),
    told("list_attachments", "List attachments", Takes::Nothing, Gives::List("attachment"), 200)
        .with(&["select", "expand", "filter", "orderby", "count", "top", "skip"]),
    told("list_extensions", "List extensions", Takes::Nothing, Gives::List("extension"), 200).with(&["filter", "count"]),
    told("list_mail_folders", "List folders", Takes::Nothing, Gives::List("mailFolder"), 200)
        .with(&["select", "filter", "orderby", "expand", "top", "skip", "count"]),
    told("list_mailbox_folders", "List folders of a mailbox's store", Takes::Nothing, Gives::List("mailboxFolder"), 200)
        .with(&["select", "filter", "orderby", "top", "skip", "count"]),
    told("list_mailbox_items", "List items", Takes::Nothing, Gives::List("mailboxItem"), 200)
        .with(&["select", "filter", "orderby", "top", "skip", "count"]),
    told("list_master_categories", "List categories", Takes::Nothing, Gives::List("outlookCategory"), 200)
        .with(&["select", "filter", "orderby", "top", "skip", "count"]),
    told("list_message_rules", "List rules", Takes::Nothing, Gives::List("messageRule"), 200)
        .with(&["select", "filter", "orderby", "top", "skip", "count"]),
    told("list_messages", "List messages", Takes::Nothing, Gives::List("message"), 200)
        .with(&["select", "filter", "orderby", "expand", "top", "skip", "count", "search"]),
    told("list_overrides", "List what is said of senders", Takes::Nothing, Gives::List(OVERRIDE_TYPE), 200)
        .with(&["select", "filter", "orderby", "top", "skip", "count"]),
    told("list_smime_certificates", "List certificates of others", Takes::Nothing, Gives::Object, 200),
    told("list_smime_keys", "List the keys of the mailbox", Takes::Nothing, Gives::Object, 200),
    told("list_supported_languages", "List languages", Takes::Nothing, Gives::Values(&edm::LOCALE_INFO), 200)
        .with(&["filter", "orderby", "top", "skip", "count"])
        .function(),
    told("list_supported_time_zones", "List time zones", ZONES_OF, Gives::Values(&edm::TIME_ZONE_INFORMATION), 200)
        .with(&["filter", "orderby", "top", "skip", "count"])
        .function(),
    told("list_subscriptions", "List the app's subscriptions", Takes::Nothing, Gives::List("subscription"), 200)
        .with(&["select"]),
    told("list_users", "List people, or find one", Takes::Nothing, Gives::List("user"), 200).with(&["filter", "select", "top"]),
    told("mail_folder_delta", "Follow the folders", Takes::Nothing, Gives::List("mailFolder"), 200)
        .with(&["select", "top"])
        .function(),
    told("mailbox_folder_delta", "Follow the folders of a mailbox's store", Takes::Nothing, Gives::List("mailboxFolder"), 200)
        .with(&["select", "top"])
        .function(),
    told("mailbox_item_delta", "Follow the items of a folder", Takes::Nothing, Gives::List("mailboxItem"), 200)
        .with(&["select", "top"])
        .function(),
    told("message_delta", "Follow the messages", Takes::Nothing, Gives::List("message"), 200)
        .with(&["select", "filter", "expand", "top", "orderby"])
        .function(),
    told("move_mail_folder", "Move a folder with all that is in it", DESTINATION, one("mailFolder"), 200),
    told("move_message", "Move a message", DESTINATION, one("message"), 201),
    told("permanent_delete_mail_folder", "Delete a folder for good", Takes::Nothing, Gives::Nothing, 204),
    told("permanent_delete_message", "Delete a message for good", Takes::Nothing, Gives::Nothing, 204),
    told("post_batch", "Make up to twenty requests at once", Takes::Object, Gives::Object, 200),
    told("put_value", "Replace the octets of a draft", Takes::Mime, Gives::Nothing, 204),
    told("reauthorize", "Let a subscription that rests go on", Takes::Nothing, Gives::Nothing, 204),
    told("reply", "Answer or forward a message", ANSWER, Gives::Nothing, 202),
    told("send_mail", "Send a message", SEND_MAIL, Gives::Nothing, 202),
    told("send_message", "Send a draft", Takes::Nothing, Gives::Nothing, 202),
    told("stream_message_changes", "Hear of changes as they happen", Takes::Nothing, Gives::Octets("text/event-stream"), 200)
        .with(&["select"])
        .beyond_graph(),
    told("translate_exchange_ids", "Write ids in another form", TRANSLATE, Gives::Values(&edm::CONVERT_ID_RESULT), 200),
    told("update_attachment", "Change what is told of an attachment", Takes::Entity("attachment"), one("attachment"), 200)
        .beyond_graph(),
    told("update_extension", "Change an extension", Takes::Entity("extension"), one("extension"), 200),
    told("update_inference_classification", "Change how mail is classified", Takes::Entity(INFERENCE), one(INFERENCE), 200),
    told("update_mail_folder", "Rename a folder", Takes::Entity("mailFolder"), one("mailFolder"), 200),
    told("update_mailbox_setting", "Change one setting of a mailbox", Takes::Object, Gives::Object, 200).beyond_graph(),
    told("update_mailbox_settings", "Change settings of a mailbox", Takes::Value(&edm::MAILBOX_SETTINGS), SETTINGS, 200),
    told("update_master_category", "Recolor a category", Takes::Entity("outlookCategory"), one("outlookCategory"), 200),
    told("update_override", "Say otherwise how a sender's mail is classified", OVERRIDE, one(OVERRIDE_TYPE), 200),
    told("update_message_rule", "Change a rule", Takes::Entity("messageRule"), one("messageRule"), 200),
    told("update_smime", "Change what the mailbox does with S/MIME", Takes::Object, Gives::Object, 200),
    told("update_subscription", "Renew a subscription", SUBSCRIPTION, one("subscription"), 200),
    told("update_message", "Change a message", Takes::Message, one("message"), 200),
];

const INFERENCE: &str = "inferenceClassification";
const OVERRIDE_TYPE: &str = "inferenceClassificationOverride";
const OVERRIDE: Takes = Takes::Entity(OVERRIDE_TYPE);
const SETTINGS: Gives = Gives::One(Edm::Complex(&edm::MAILBOX_SETTINGS));
const ZONES_OF: Takes = Takes::Parameters(&[("TimeZoneStandard", Edm::Enum(&edm::TIME_ZONE_STANDARD))]);
const TRANSLATE: Takes = Takes::Parameters(&[
    ("InputIds", Edm::Collection(&Edm::String)),
    ("TargetIdType", Edm::Enum(&edm::EXCHANGE_ID_FORMAT)),
    ("SourceIdType", Edm::Enum(&edm::EXCHANGE_ID_FORMAT)),
]);
const EXPORT: Takes = Takes::Parameters(&[("ItemIds", Edm::Collection(&Edm::String))]);
const IMPORT_SESSION: Gives = Gives::One(Edm::Complex(&edm::MAILBOX_ITEM_IMPORT_SESSION));
const MAIL_TIPS: Takes =
    Takes::Parameters(&[("EmailAddresses", Edm::Collection(&Edm::String)), ("MailTipsOptions", Edm::Enum(&edm::MAIL_TIPS_TYPE))]);
const SUBSCRIPTION: Takes = Takes::Entity("subscription");
const UPLOAD: Takes = Takes::Parameters(&[("AttachmentItem", Edm::Complex(&edm::ATTACHMENT_ITEM))]);
const SEND_MAIL: Takes = Takes::ParametersOrMime(&[MESSAGE, ("SaveToSentItems", Edm::Boolean)]);
const UPLOAD_SESSION: Gives = Gives::One(Edm::Complex(&edm::UPLOAD_SESSION));

#[cfg(test)]
mod tests {
    use super::*;

    /// Whoever adds an operation describes it here, and says where it stands.
    #[test]
    fn every_operation_is_described_and_placed() {
        for dispatched in DISPATCHED.iter().chain(&BESIDE) {
            assert!(dispatched.described().is_some(), "{dispatched:?} wants a line in described::operations");
            assert!(places::of(dispatched.resource).count() > 0, "{dispatched:?} wants a line in described::places");
        }
        for one in DESCRIBED {
            let is_used = DISPATCHED.iter().chain(&BESIDE).any(|dispatched| dispatched.handler() == one.handler);
            assert!(is_used, "{} is no handler", one.handler);
        }
    }

    #[test]
    fn handlers_are_named_by_their_calls() {
        for call in ["a::get(x).await", "{ a::b::get(x).await }", "a :: get(x(y)).await", "get()"] {
            assert_eq!(beside("GET", "X", call).handler(), "get", "{call}");
        }
    }
}
