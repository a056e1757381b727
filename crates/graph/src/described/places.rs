//! Where resources stand: the templates of their paths, in the words of Graph's own description. That they lead to these
//! resources is tested with the parser of paths.

/// A template.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// The name of the resource's variant.
    pub(super) resource: &'static str,
    below: Below,
    rest: &'static str,
    /// Whether Graph has nothing there.
    pub(super) is_extension: bool,
}

/// What a template stands below.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Below {
    /// A mailbox, a folder of it, and a folder within that one.
    Anywhere,
    /// A folder of a mailbox, and a folder within that one.
    Folder,
    Mailbox,
    Service,
}

const MAILBOXES: [&str; 2] = ["/users/{user-id}", "/me"];
const FOLDERS: [&str; 2] = ["/mailFolders/{mailFolder-id}", "/mailFolders/{mailFolder-id}/childFolders/{mailFolder-id1}"];

/// The places of a resource.
pub(super) fn of(resource: &str) -> impl Iterator<Item = &'static Place> {
    PLACES.iter().filter(move |place| place.resource == resource)
}

impl Place {
    /// The paths that it stands for.
    pub(super) fn paths(&self) -> Vec<String> {
        let below = match self.below {
            Below::Anywhere => [&[""][..], &FOLDERS].concat(),
            Below::Folder => FOLDERS.to_vec(),
            Below::Mailbox => vec![""],
            Below::Service => return vec![self.rest.to_owned()],
        };
        let in_mailbox = |mailbox: &str| below.iter().map(|below| format!("{mailbox}{below}{}", self.rest)).collect::<Vec<_>>();
        MAILBOXES.iter().flat_map(|mailbox| in_mailbox(mailbox)).collect()
    }
}

const fn at(resource: &'static str, below: Below, rest: &'static str) -> Place {
    Place { resource, below, rest, is_extension: false }
}

const fn beyond_graph(resource: &'static str, below: Below, rest: &'static str) -> Place {
    Place { resource, below, rest, is_extension: true }
}

/// Every path with the resource that it should lead to.
#[cfg(test)]
pub(crate) fn described_paths() -> impl Iterator<Item = (&'static str, String)> {
    PLACES.iter().flat_map(|place| place.paths().into_iter().map(|path| (place.resource, path)))
}

const PLACES: &[Place] = &[
    at("Attachment", Below::Anywhere, "/messages/{message-id}/attachments/{attachment-id}"),
    at("AttachmentValue", Below::Anywhere, "/messages/{message-id}/attachments/{attachment-id}/$value"),
    at("Attachments", Below::Anywhere, "/messages/{message-id}/attachments"),
    at("AttachmentsCount", Below::Anywhere, "/messages/{message-id}/attachments/$count"),
    at("Batch", Below::Service, "/$batch"),
    at("Copy", Below::Anywhere, "/messages/{message-id}/copy"),
    at("CopyFolder", Below::Folder, "/copy"),
    at("CreateImportSession", Below::Service, "/admin/exchange/mailboxes/{mailbox-id}/createImportSession"),
    at("CreateReply", Below::Anywhere, "/messages/{message-id}/createForward"),
    at("CreateReply", Below::Anywhere, "/messages/{message-id}/createReply"),
    at("CreateReply", Below::Anywhere, "/messages/{message-id}/createReplyAll"),
    at("CreateUploadSession", Below::Anywhere, "/messages/{message-id}/attachments/createUploadSession"),
    beyond_graph("CreateUploadSession", Below::Mailbox, "/messages/createUploadSession"),
    beyond_graph("Delivery", Below::Mailbox, "/messages/{message-id}/delivery"),
    at("Document(Metadata)", Below::Service, "/$metadata"),
    beyond_graph("Document(OpenApi)", Below::Service, "/openapi.json"),
    at("Document(Service)", Below::Service, "/"),
    at("ExchangeMailbox", Below::Service, "/admin/exchange/mailboxes/{mailbox-id}"),
    at("ExchangeSettings", Below::Mailbox, "/settings/exchange"),
    at("ExportItems", Below::Service, "/admin/exchange/mailboxes/{mailbox-id}/exportItems"),
    at("Extension", Below::Anywhere, "/messages/{message-id}/extensions/{extension-id}"),
    at("Extensions", Below::Anywhere, "/messages/{message-id}/extensions"),
    at("ExtensionsCount", Below::Anywhere, "/messages/{message-id}/extensions/$count"),
    at("GetMailTips", Below::Mailbox, "/getMailTips"),
    at("InferenceClassification", Below::Mailbox, "/inferenceClassification"),
    at("MailboxFolder", Below::Service, "/admin/exchange/mailboxes/{mailbox-id}/folders/{mailboxFolder-id}"),
    at("MailboxFolders", Below::Service, "/admin/exchange/mailboxes/{mailbox-id}/folders"),
    at("MailboxFolders", Below::Service, "/admin/exchange/mailboxes/{mailbox-id}/folders/{mailboxFolder-id}/childFolders"),
    at("MailboxFoldersDelta", Below::Service, "/admin/exchange/mailboxes/{mailbox-id}/folders/delta"),
    at("MailboxItem", Below::Service, "/admin/exchange/mailboxes/{mailbox-id}/folders/{mailboxFolder-id}/items/{mailboxItem-id}"),
    at("MailboxItems", Below::Service, "/admin/exchange/mailboxes/{mailbox-id}/folders/{mailboxFolder-id}/items"),
    at("MailboxItemsDelta", Below::Service, "/admin/exchange/mailboxes/{mailbox-id}/folders/{mailboxFolder-id}/items/delta"),
    at("MailFolder", Below::Folder, ""),
    at("MailFolderCount", Below::Mailbox, "/mailFolders/$count"),
    at("MailFolderCount", Below::Mailbox, "/mailFolders/{mailFolder-id}/childFolders/$count"),
    at("MailFolders", Below::Mailbox, "/mailFolders"),
    at("MailFolders", Below::Mailbox, "/mailFolders/{mailFolder-id}/childFolders"),
    at("MailFoldersDelta", Below::Mailbox, "/mailFolders/delta"),
    at("MailFoldersDelta", Below::Mailbox, "/mailFolders/{mailFolder-id}/childFolders/delta"),
    beyond_graph("MailboxSetting", Below::Mailbox, "/mailboxSettings/archiveFolder"),
    at("MailboxSetting", Below::Mailbox, "/mailboxSettings/dateFormat"),
    at("MailboxSetting", Below::Mailbox, "/mailboxSettings/delegateMeetingMessageDeliveryOptions"),
    at("MailboxSetting", Below::Mailbox, "/mailboxSettings/timeFormat"),
    at("MailboxSetting", Below::Mailbox, "/mailboxSettings/timeZone"),
    at("MailboxSetting", Below::Mailbox, "/mailboxSettings/userPurpose"),
    at("MailboxSettingPart", Below::Mailbox, "/mailboxSettings/automaticRepliesSetting"),
    at("MailboxSettingPart", Below::Mailbox, "/mailboxSettings/language"),
    at("MailboxSettingPart", Below::Mailbox, "/mailboxSettings/workingHours"),
    at("MailboxSettings", Below::Mailbox, "/mailboxSettings"),
    at("MasterCategories", Below::Mailbox, "/outlook/masterCategories"),
    at("MasterCategoriesCount", Below::Mailbox, "/outlook/masterCategories/$count"),
    at("MasterCategory", Below::Mailbox, "/outlook/masterCategories/{outlookCategory-id}"),
    at("Message", Below::Anywhere, "/messages/{message-id}"),
    beyond_graph("MessageChanges", Below::Anywhere, "/messages/changes"),
    at("MessageRule", Below::Folder, "/messageRules/{messageRule-id}"),
    at("MessageRules", Below::Folder, "/messageRules"),
    at("MessageRulesCount", Below::Folder, "/messageRules/$count"),
    at("Messages", Below::Anywhere, "/messages"),
    at("MessagesCount", Below::Anywhere, "/messages/$count"),
    at("MessagesDelta", Below::Anywhere, "/messages/delta"),
    at("Move", Below::Anywhere, "/messages/{message-id}/move"),
    at("MoveFolder", Below::Folder, "/move"),
    at("Outlook", Below::Mailbox, "/outlook"),
    at("Override", Below::Mailbox, "/inferenceClassification/overrides/{inferenceClassificationOverride-id}"),
    at("Overrides", Below::Mailbox, "/inferenceClassification/overrides"),
    at("OverridesCount", Below::Mailbox, "/inferenceClassification/overrides/$count"),
    at("PermanentDelete", Below::Anywhere, "/messages/{message-id}/permanentDelete"),
    at("PermanentDeleteFolder", Below::Folder, "/permanentDelete"),
    at("Reply", Below::Anywhere, "/messages/{message-id}/forward"),
    at("Reply", Below::Anywhere, "/messages/{message-id}/reply"),
    at("Reply", Below::Anywhere, "/messages/{message-id}/replyAll"),
    at("Send", Below::Anywhere, "/messages/{message-id}/send"),
    at("SendMail", Below::Mailbox, "/sendMail"),
    beyond_graph("Smime", Below::Mailbox, "/restante.smime"),
    beyond_graph("SmimeCertificate", Below::Mailbox, "/restante.smime/certificates/{certificate-id}"),
    beyond_graph("SmimeCertificates", Below::Mailbox, "/restante.smime/certificates"),
    beyond_graph("SmimeContent", Below::Mailbox, "/messages/{message-id}/restante.smime/content"),
    beyond_graph("SmimeKey", Below::Mailbox, "/restante.smime/keys/{key-id}"),
    beyond_graph("SmimeKeys", Below::Mailbox, "/restante.smime/keys"),
    beyond_graph("SmimeVerdict", Below::Mailbox, "/messages/{message-id}/restante.smime"),
    at("SupportedLanguages", Below::Mailbox, "/outlook/supportedLanguages"),
    at("SupportedTimeZones", Below::Mailbox, "/outlook/supportedTimeZones"),
    at("SupportedTimeZones", Below::Mailbox, "/outlook/supportedTimeZones(TimeZoneStandard='{TimeZoneStandard}')"),
    at("TranslateExchangeIds", Below::Mailbox, "/translateExchangeIds"),
    at("Subscription", Below::Service, "/subscriptions/{subscription-id}"),
    at("SubscriptionReauthorize", Below::Service, "/subscriptions/{subscription-id}/reauthorize"),
    at("Subscriptions", Below::Service, "/subscriptions"),
    at("Upload", Below::Service, "/uploads/{upload-id}"),
    at("User", Below::Mailbox, ""),
    at("Users", Below::Service, "/users"),
    at("Value", Below::Anywhere, "/messages/{message-id}/$value"),
];
