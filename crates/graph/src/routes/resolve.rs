//! What a path names: version, person, and what stands below.

use super::{Resource, Target};
use crate::described::Document;
use crate::error::ApiError;
use crate::ids;
use crate::request::Version;
use crate::schema::edm::Edm;
use crate::schema::extension::ExtensionId;
use crate::schema::settings;
use crate::zones::Standard;
use mailbox::{Answer, FolderName, Follows, UserName};
use odata::{Options, Segment, parse_path, unquote};
use percent_encoding::percent_decode_str;
use store::{CategoryId, MessageId, OverrideId, WellKnownName};

pub(super) fn resolve(path: &str) -> Result<Target, ApiError> {
    let segments = parse_path(path)?;
    let Some((first, rest)) = segments.split_first() else { return Err(ApiError::no_such_segment("/")) };
    let version = match first {
        v1 if v1.is("v1.0") => Version::V1,
        beta if beta.is("beta") => Version::Beta,
        other => return Err(ApiError::bad_request(format!("Invalid version: '{}'.", other.text()))),
    };
    if let Some(resource) = of_service(rest) {
        return Ok(Target { version, user: UserName::Me, resource });
    }
    if let [subscriptions, rest @ ..] = rest
        && subscriptions.is("subscriptions")
    {
        return Ok(Target { version, user: UserName::Me, resource: of_subscriptions(subscriptions, rest)? });
    }
    if let [admin, exchange, mailboxes, rest @ ..] = rest
        && admin.is("admin")
        && exchange.is("exchange")
        && mailboxes.is("mailboxes")
    {
        let (Some(id), rest) = keyed(mailboxes, rest) else { return Err(ApiError::no_such_segment(mailboxes.text())) };
        return Ok(Target { version, user: UserName::Named(of_mailbox_id(id)), resource: of_exchange_mailbox(rest)? });
    }
    let (user, rest) = match rest {
        [me, rest @ ..] if me.is("me") => (UserName::Me, rest),
        [users, rest @ ..] if users.is("users") => match keyed(users, rest) {
            (Some(name), rest) if name.eq_ignore_ascii_case("me") => (UserName::Me, rest),
            (Some(name), rest) => (UserName::Named(name), rest),
            (None, []) => return Ok(Target { version, user: UserName::Me, resource: Resource::Users }),
            (None, [next, ..]) => return Err(ApiError::no_such_segment(next.text())),
        },
        [other, ..] => return Err(ApiError::no_such_segment(other.text())),
        [] => return Err(ApiError::no_such_segment("/")), // it is the service's own
    };
    Ok(Target { version, user, resource: of_mailbox(rest, None)? })
}

/// What is nobody's: the service's own.
fn of_service(segments: &[Segment]) -> Option<Resource> {
    match segments {
        [] => Some(Resource::Document(Document::Service)),
        [batch] if batch.is("$batch") => Some(Resource::Batch),
        [metadata] if metadata.is("$metadata") => Some(Resource::Document(Document::Metadata)),
        [openapi] if openapi.is("openapi.json") => Some(Resource::Document(Document::OpenApi)),
        _ => None,
    }
}

/// Subscriptions are nobody's in a path; whose they are is looked up.
fn of_subscriptions(subscriptions: &Segment, rest: &[Segment]) -> Result<Resource, ApiError> {
    match keyed(subscriptions, rest) {
        (None, []) => Ok(Resource::Subscriptions),
        (Some(id), []) => ids::parse_subscription(&id).map(Resource::Subscription),
        (Some(id), [action]) if action.is("reauthorize") => ids::parse_subscription(&id).map(Resource::SubscriptionReauthorize),
        (Some(_), [other, ..]) | (None, [other, ..]) => Err(ApiError::no_such_segment(other.text())),
    }
}

/// What a subscription follows.
#[derive(Debug)]
pub(crate) struct Followed {
    /// Of whose mailbox.
    pub(crate) user: UserName,
    /// What in it.
    pub(crate) follows: Follows,
    /// What stands behind the path.
    pub(crate) options: Options,
}

/// Reads what a subscription follows: a path below the service, with a slash before it or without (Graph:
/// outlook-change-notifications-overview).
pub(crate) fn followed(resource: &str) -> Result<Followed, ApiError> {
    let (path, query) = resource.split_once('?').unwrap_or((resource, ""));
    let options = Options::parse(query)?;
    match resolve(&format!("/v1.0/{}", path.trim_start_matches('/')))? {
        Target { user, resource: Resource::Messages { folder }, .. } => {
            Ok(Followed { user, follows: Follows::Messages(folder), options })
        }
        Target { user, resource: Resource::Deliveries, .. } => Ok(Followed { user, follows: Follows::Deliveries, options }),
        _ => Err(ApiError::bad_request("Only messages can be followed: 'me/messages', 'users/{id}/mailFolders/{id}/messages'.")),
    }
}

/// The person whose mailbox has an id (Graph: mailbox): `MBX:`, the person's id, `@` and the tenant's. Another name of the person will do.
fn of_mailbox_id(id: String) -> String {
    let guid = id.strip_prefix("MBX:").and_then(|rest| rest.split('@').next()).map(str::to_owned);
    guid.unwrap_or(id)
}

/// What stands below a mailbox that is exported from and imported into.
fn of_exchange_mailbox(rest: &[Segment]) -> Result<Resource, ApiError> {
    let Some((first, rest)) = rest.split_first() else { return Ok(Resource::ExchangeMailbox) };
    if first.is("folders") {
        return match keyed(first, rest) {
            (None, []) => Ok(Resource::MailboxFolders { parent: None }),
            (None, [delta]) if delta.is("delta") => Ok(Resource::MailboxFoldersDelta),
            (Some(name), rest) => of_mailbox_folder(folder_name(&name)?, rest),
            (None, [other, ..]) => Err(ApiError::no_such_segment(other.text())),
        };
    }
    match rest {
        [] if first.is("exportItems") => Ok(Resource::ExportItems),
        [] if first.is("createImportSession") => Ok(Resource::CreateImportSession),
        _ => Err(ApiError::no_such_segment(first.text())),
    }
}

fn of_mailbox_folder(folder: FolderName, rest: &[Segment]) -> Result<Resource, ApiError> {
    match rest {
        [] => Ok(Resource::MailboxFolder(folder)),
        [children] if children.is("childFolders") => Ok(Resource::MailboxFolders { parent: Some(folder) }),
        [items, rest @ ..] if items.is("items") => match keyed(items, rest) {
            (None, []) => Ok(Resource::MailboxItems(folder)),
            (None, [delta]) if delta.is("delta") => Ok(Resource::MailboxItemsDelta(folder)),
            (Some(id), []) => Ok(Resource::MailboxItem { folder, id: ids::parse_message(&id)? }),
            (_, [other, ..]) => Err(ApiError::no_such_segment(other.text())),
        },
        [other, ..] => Err(ApiError::no_such_segment(other.text())),
    }
}

/// What stands below a person, or below a folder.
fn of_mailbox(segments: &[Segment], folder: Option<FolderName>) -> Result<Resource, ApiError> {
    match (segments, folder) {
        ([], None) => Ok(Resource::User),
        ([], Some(folder)) => Ok(Resource::MailFolder(folder)),
        ([send], None) if send.is("sendMail") => Ok(Resource::SendMail),
        ([inference, rest @ ..], None) if inference.is("inferenceClassification") => of_inference(rest),
        ([settings, rest @ ..], None) if settings.is("mailboxSettings") => of_settings(rest),
        ([outlook, rest @ ..], None) if outlook.is("outlook") => of_outlook(rest),
        ([settings, exchange], None) if settings.is("settings") && exchange.is("exchange") => Ok(Resource::ExchangeSettings),
        ([tips], None) if tips.is("getMailTips") => Ok(Resource::GetMailTips),
        ([translate], None) if translate.is("translateExchangeIds") => Ok(Resource::TranslateExchangeIds),
        ([smime, rest @ ..], None) if smime.is("restante.smime") => of_smime(rest),
        ([messages, create], None) if messages.is("messages") && create.is("createUploadSession") => {
            Ok(Resource::CreateUploadSession { attachment_of: None })
        }
        ([messages, rest @ ..], folder) if messages.is("messages") => match keyed(messages, rest) {
            (None, []) => Ok(Resource::Messages { folder }),
            (None, [delta]) if delta.is("delta") => Ok(Resource::MessagesDelta { folder }),
            (None, [count]) if count.is("$count") => Ok(Resource::MessagesCount { folder }),
            (None, [next, ..]) => Err(ApiError::no_such_segment(next.text())),
            (Some(name), []) if name.eq_ignore_ascii_case("changes") => Ok(Resource::MessageChanges { folder }),
            (Some(name), []) if name.eq_ignore_ascii_case("delivery") && folder.is_none() => Ok(Resource::Deliveries),
            (Some(id), rest) => of_message(&id, rest),
        },
        ([folders, rest @ ..], parent) if folders.is(if parent.is_none() { "mailFolders" } else { "childFolders" }) => {
            match keyed(folders, rest) {
                (None, []) => Ok(Resource::MailFolders { parent }),
                (None, [delta]) if delta.is("delta") => Ok(Resource::MailFoldersDelta { parent }),
                (None, [count]) if count.is("$count") => Ok(Resource::MailFolderCount { parent }),
                (None, [next, ..]) => Err(ApiError::no_such_segment(next.text())),
                (Some(name), rest) => of_mailbox(rest, Some(folder_name(&name)?)),
            }
        }
        ([rules, rest @ ..], Some(folder)) if rules.is("messageRules") => match keyed(rules, rest) {
            (None, []) => Ok(Resource::MessageRules(folder)),
            (None, [count]) if count.is("$count") => Ok(Resource::MessageRulesCount(folder)),
            (Some(id), []) => Ok(Resource::MessageRule { folder, id: ids::parse_rule(&id)? }),
            (_, [other, ..]) => Err(ApiError::no_such_segment(other.text())),
        },
        ([copy], Some(folder)) if copy.is("copy") => Ok(Resource::CopyFolder(folder)),
        ([moved], Some(folder)) if moved.is("move") => Ok(Resource::MoveFolder(folder)),
        ([delete], Some(folder)) if delete.is("permanentDelete") => Ok(Resource::PermanentDeleteFolder(folder)),
        ([other, ..], _) => Err(ApiError::no_such_segment(other.text())),
    }
}

/// What stands below a message: actions by their short or qualified name, its octets, its attachments.
fn of_message(id: &str, rest: &[Segment]) -> Result<Resource, ApiError> {
    let id = ids::parse_message(id); // what is no path at all is told before what is no id
    let Some((first, rest)) = rest.split_first() else { return Ok(Resource::Message(id?)) };
    if first.is("attachments") {
        return of_attachments(id?, first, rest);
    }
    if first.is("extensions") {
        return of_extensions(id?, first, rest);
    }
    if let [content] = rest
        && first.is("restante.smime")
        && content.is("content")
    {
        return id.map(Resource::SmimeContent);
    }
    let action: fn(MessageId) -> Resource = match first.name().to_ascii_lowercase().as_str() {
        "$value" => Resource::Value,
        "copy" => Resource::Copy,
        "createforward" => |id| Resource::CreateReply(id, Answer::Forward),
        "createreply" => |id| Resource::CreateReply(id, Answer::Reply),
        "createreplyall" => |id| Resource::CreateReply(id, Answer::ReplyAll),
        "delivery" => Resource::Delivery,
        "forward" => |id| Resource::Reply(id, Answer::Forward),
        "move" => Resource::Move,
        "permanentdelete" => Resource::PermanentDelete,
        "reply" => |id| Resource::Reply(id, Answer::Reply),
        "replyall" => |id| Resource::Reply(id, Answer::ReplyAll),
        "send" => Resource::Send,
        "restante.smime" | "smime" => Resource::SmimeVerdict,
        _ => return Err(ApiError::no_such_segment(first.text())),
    };
    match rest {
        [] => id.map(action),
        [other, ..] => Err(ApiError::no_such_segment(other.text())),
    }
}

/// By what mail is focused or other: what is said of senders.
fn of_inference(rest: &[Segment]) -> Result<Resource, ApiError> {
    let Some((overrides, rest)) = rest.split_first() else { return Ok(Resource::InferenceClassification) };
    if !overrides.is("overrides") {
        return Err(ApiError::no_such_segment(overrides.text()));
    }
    match keyed(overrides, rest) {
        (None, []) => Ok(Resource::Overrides),
        (None, [count]) if count.is("$count") => Ok(Resource::OverridesCount),
        (Some(id), []) => ids::parse_guid(&id).map(|id| Resource::Override(OverrideId(id))),
        (_, [other, ..]) => Err(ApiError::no_such_segment(other.text())),
    }
}

/// A mailbox's settings, or one of them.
fn of_settings(rest: &[Segment]) -> Result<Resource, ApiError> {
    let Some((name, rest)) = rest.split_first() else { return Ok(Resource::MailboxSettings) };
    let Some(setting) = settings::named(name.text()) else { return Err(ApiError::no_such_segment(name.text())) };
    match (rest, setting.edm) {
        ([], Edm::Complex(_)) => Ok(Resource::MailboxSettingPart(setting.name)),
        ([], _) => Ok(Resource::MailboxSetting(setting.name)),
        ([other, ..], _) => Err(ApiError::no_such_segment(other.text())),
    }
}

/// What Outlook offers a person to choose from.
fn of_outlook(rest: &[Segment]) -> Result<Resource, ApiError> {
    let Some((first, rest)) = rest.split_first() else { return Ok(Resource::Outlook) };
    if first.is("masterCategories") {
        return match keyed(first, rest) {
            (None, []) => Ok(Resource::MasterCategories),
            (None, [count]) if count.is("$count") => Ok(Resource::MasterCategoriesCount),
            (Some(id), []) => ids::parse_guid(&id).map(|id| Resource::MasterCategory(CategoryId(id))),
            (_, [other, ..]) => Err(ApiError::no_such_segment(other.text())),
        };
    }
    let resource = match first.name().to_ascii_lowercase().as_str() {
        "supportedlanguages" => Resource::SupportedLanguages,
        "supportedtimezones" => Resource::SupportedTimeZones(standard(first)?),
        _ => return Err(ApiError::no_such_segment(first.text())),
    };
    match rest {
        [] => Ok(resource),
        [other, ..] => Err(ApiError::no_such_segment(other.text())),
    }
}

/// Whose names of zones are wanted: `TimeZoneStandard='Iana'`, or with the type before the word
/// (`TimeZoneStandard=microsoft.graph.timeZoneStandard'Iana'`); those of Windows where nothing is said.
fn standard(function: &Segment) -> Result<Standard, ApiError> {
    let Some(given) = function.key() else { return Ok(Standard::Windows) };
    let unknown = || ApiError::bad_request(format!("The parameters '{given}' of 'supportedTimeZones' can't be read."));
    let (name, value) = given.split_once('=').ok_or_else(unknown)?;
    let value = value.trim();
    let value = match value.get(..STANDARD.len()) {
        Some(kind) if kind.eq_ignore_ascii_case(STANDARD) => &value[STANDARD.len()..],
        _ => value,
    };
    let standard = Standard::parse(&unquote(value)).filter(|_| name.trim().eq_ignore_ascii_case("TimeZoneStandard"));
    standard.ok_or_else(unknown)
}

const STANDARD: &str = "microsoft.graph.timeZoneStandard";

/// What stands below a mailbox's own S/MIME: its keys, and the certificates of others, by the SHA-256 of each.
fn of_smime(rest: &[Segment]) -> Result<Resource, ApiError> {
    let Some((collection, rest)) = rest.split_first() else { return Ok(Resource::Smime) };
    let (whole, one): (Resource, fn([u8; 32]) -> Resource) = match collection.name().to_ascii_lowercase().as_str() {
        "certificates" => (Resource::SmimeCertificates, Resource::SmimeCertificate),
        "keys" => (Resource::SmimeKeys, Resource::SmimeKey),
        _ => return Err(ApiError::no_such_segment(collection.text())),
    };
    match keyed(collection, rest) {
        (None, []) => Ok(whole),
        (Some(id), []) => ids::parse_fingerprint(&id).map(one),
        (_, [other, ..]) => Err(ApiError::no_such_segment(other.text())),
    }
}

fn of_attachments(message: MessageId, attachments: &Segment, rest: &[Segment]) -> Result<Resource, ApiError> {
    if let [create] = rest
        && create.is("createUploadSession")
    {
        return Ok(Resource::CreateUploadSession { attachment_of: Some(message) });
    }
    match keyed(attachments, rest) {
        (None, []) => Ok(Resource::Attachments(message)),
        (None, [count]) if count.is("$count") => Ok(Resource::AttachmentsCount(message)),
        (None, [other, ..]) => Err(ApiError::no_such_segment(other.text())),
        (Some(id), rest) => {
            let key = ids::parse_attachment(message, &id)?;
            match rest {
                [] => Ok(Resource::Attachment { message, key }),
                [value] if value.is("$value") => Ok(Resource::AttachmentValue { message, key }),
                [other, ..] => Err(ApiError::no_such_segment(other.text())),
            }
        }
    }
}

fn of_extensions(message: MessageId, extensions: &Segment, rest: &[Segment]) -> Result<Resource, ApiError> {
    match keyed(extensions, rest) {
        (None, []) => Ok(Resource::Extensions(message)),
        (None, [count]) if count.is("$count") => Ok(Resource::ExtensionsCount(message)),
        (Some(id), []) => Ok(Resource::Extension { message, id: ExtensionId::parse(&id) }),
        (_, [other, ..]) => Err(ApiError::no_such_segment(other.text())),
    }
}

/// The key of a collection's segment, in its parentheses or as the next segment, and what follows.
fn keyed<'s>(collection: &Segment, rest: &'s [Segment]) -> (Option<String>, &'s [Segment]) {
    match (collection.key(), rest) {
        (Some(key), rest) => (Some(decoded_again(&key)), rest),
        (None, [next, ..]) if next.text().starts_with('$') || next.is("delta") => (None, rest),
        (None, [next, rest @ ..]) => (Some(decoded_again(next.text())), rest),
        (None, []) => (None, rest),
    }
}

/// Clients are known that encode a key twice; no id and no address has a `%XX` of its own.
fn decoded_again(key: &str) -> String {
    percent_decode_str(key).decode_utf8().map_or_else(|_| key.to_owned(), |key| key.into_owned())
}

fn folder_name(name: &str) -> Result<FolderName, ApiError> {
    match WellKnownName::parse(name) {
        Some(name) => Ok(FolderName::WellKnown(name)),
        None => Ok(FolderName::Id(ids::parse_folder(name)?)),
    }
}
