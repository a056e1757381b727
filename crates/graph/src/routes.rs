//! The whole URL map on one page: a path becomes a [`Target`], a method and a target become a handler.

mod resolve;

use crate::body::linger;
use crate::described::{Dispatched, Document};
use crate::error::{ApiError, ErrorCode};
use crate::handlers::{
    attachments, batch, categories, changes, deliveries, delta, exchange_ids, exchange_mailboxes, extensions, inference,
    mail_folders, mail_tips, message_list, message_rules, messages, outlook, replies, send_mail, settings, smime, subscriptions,
    uploads, users, value,
};
use crate::page::{PREFERENCE_APPLIED, json_answer};
use crate::permissions::{
    EXPORT, FOLLOW, IMPORT, NOTHING, READ, READ_BASIC, READ_ITEMS, READ_PEOPLE, READ_PERSON, READ_SETTINGS, READ_STORE_FOLDERS,
    SEND, WRITE, WRITE_SETTINGS,
};
use crate::prefer::Preferences;
use crate::request::{Asked, Origin, RequestIds, Version, origin};
use crate::schema::extension::ExtensionId;
use crate::throttle::Gate;
use crate::zones::Standard;
use crate::{Graph, ids};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::response::Response;
use futures::FutureExt;
use futures::future::BoxFuture;
use identity::Scope;
use mailbox::{Answer, AttachmentKey, FolderName, ImportSession, UserName};
use odata::{Options, parse_path};
use resolve::resolve;
pub(crate) use resolve::{Followed, followed};
use serde_json::json;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, OnceLock};
use store::{CategoryId, MessageId, OverrideId, RuleId, SubscriptionId};

/// Whose, and what. Where a path names nobody, whose it is says nothing.
#[derive(Debug, PartialEq)]
struct Target {
    version: Version,
    user: UserName,
    resource: Resource,
}

/// What a path names.
#[derive(Debug, PartialEq)]
enum Resource {
    Attachment {
        message: MessageId,
        key: AttachmentKey,
    },
    AttachmentValue {
        message: MessageId,
        key: AttachmentKey,
    },
    Attachments(MessageId),
    AttachmentsCount(MessageId),
    Batch,
    Copy(MessageId),
    CreateReply(MessageId, Answer),
    CreateUploadSession {
        attachment_of: Option<MessageId>,
    },
    /// Of all that was sent: what is subscribed to.
    Deliveries,
    Delivery(MessageId),
    Document(Document),
    Extension {
        message: MessageId,
        id: ExtensionId,
    },
    Extensions(MessageId),
    ExtensionsCount(MessageId),
    CopyFolder(FolderName),
    CreateImportSession,
    ExchangeMailbox,
    ExchangeSettings,
    ExportItems,
    GetMailTips,
    InferenceClassification,
    MailFolder(FolderName),
    MailFolderCount {
        parent: Option<FolderName>,
    },
    MailFolders {
        parent: Option<FolderName>,
    },
    MailFoldersDelta {
        parent: Option<FolderName>,
    },
    /// By its name.
    MailboxSetting(&'static str),
    /// One that has members of its own.
    MailboxSettingPart(&'static str),
    MailboxSettings,
    MasterCategories,
    MasterCategoriesCount,
    MasterCategory(CategoryId),
    MoveFolder(FolderName),
    Outlook,
    Override(OverrideId),
    Overrides,
    OverridesCount,
    PermanentDeleteFolder(FolderName),
    Message(MessageId),
    MessageChanges {
        folder: Option<FolderName>,
    },
    MessageRule {
        folder: FolderName,
        id: RuleId,
    },
    MessageRules(FolderName),
    MessageRulesCount(FolderName),
    MailboxFolder(FolderName),
    MailboxFolders {
        parent: Option<FolderName>,
    },
    MailboxFoldersDelta,
    MailboxItem {
        folder: FolderName,
        id: MessageId,
    },
    MailboxItems(FolderName),
    MailboxItemsDelta(FolderName),
    Messages {
        folder: Option<FolderName>,
    },
    MessagesCount {
        folder: Option<FolderName>,
    },
    MessagesDelta {
        folder: Option<FolderName>,
    },
    Move(MessageId),
    PermanentDelete(MessageId),
    Reply(MessageId, Answer),
    Send(MessageId),
    SendMail,
    Smime,
    SmimeCertificate([u8; 32]),
    SmimeCertificates,
    SmimeContent(MessageId),
    SmimeKey([u8; 32]),
    SmimeKeys,
    SmimeVerdict(MessageId),
    SupportedLanguages,
    SupportedTimeZones(Standard),
    TranslateExchangeIds,
    Subscription(SubscriptionId),
    SubscriptionReauthorize(SubscriptionId),
    Subscriptions,
    User,
    Users,
    Value(MessageId),
}

/// Declares the handler of each method on a resource, and by which permissions: what requests are dispatched by, what callers
/// are let in by, and what the service says of itself.
/// Each line ends with a comma, one with braces too.
macro_rules! dispatch {
    ($asked:ident, $body:ident; $((&Method::$method:ident, Resource::$resource:ident $($of:tt)?) by $permissions:ident => $call:expr,)*) => {
        /// The handler of a method on a resource.
        async fn dispatch(
            $asked: &Asked<'_>,
            resource: Resource,
            method: &Method,
            $body: &mut Body,
        ) -> Result<Response, ApiError> {
            match (method, resource) {
                $((&Method::$method, Resource::$resource $($of)?) => begun(move || async move { $call }).await,)*
                _ => Err(ApiError::method_not_allowed()),
            }
        }

        /// The permissions one of which lets a caller use a method on a resource.
        fn permissions(method: &Method, resource: &Resource) -> &'static [Scope] {
            match (method, resource) {
                $((&Method::$method, Resource::$resource { .. }) => $permissions,)*
                _ => NOTHING,
            }
        }

        /// What requests are dispatched by, line by line.
        pub(crate) const DISPATCHED: &[Dispatched] = &[$(Dispatched {
            method: stringify!($method),
            resource: stringify!($resource),
            call: stringify!($call),
            permissions: $permissions,
        },)*];
    };
}

dispatch! { asked, body;
        (&Method::GET, Resource::Attachment { message, key }) by READ => attachments::get_attachment(asked, message, key).await,
        (&Method::DELETE, Resource::Attachment { message, key }) by WRITE => attachments::delete_attachment(asked, message, key).await,
        (&Method::PATCH, Resource::Attachment { message, key }) by WRITE => attachments::update_attachment(asked, message, key, body).await,
        (&Method::GET, Resource::AttachmentValue { message, key }) by READ => attachments::get_attachment_value(asked, message, key).await,
        (&Method::GET, Resource::Attachments(message)) by READ => attachments::list_attachments(asked, message).await,
        (&Method::POST, Resource::Attachments(message)) by WRITE => attachments::create_attachment(asked, message, body).await,
        (&Method::GET, Resource::AttachmentsCount(message)) by READ => attachments::count_attachments(asked, message).await,
        (&Method::POST, Resource::Batch) by NOTHING => batch::post_batch(asked, body).await,
        (&Method::POST, Resource::Copy(id)) by WRITE => messages::copy_message(asked, id, body).await,
        (&Method::POST, Resource::CreateReply(id, answer)) by WRITE => replies::create_reply(asked, id, answer, body).await,
        (&Method::POST, Resource::CreateUploadSession { attachment_of }) by WRITE => uploads::create_upload_session(asked, attachment_of, body).await,
        (&Method::GET, Resource::Delivery(id)) by FOLLOW => deliveries::get_delivery(asked, id).await,
        (&Method::GET, Resource::Extension { message, id }) by READ => extensions::get_extension(asked, message, id).await,
        (&Method::PATCH, Resource::Extension { message, id }) by WRITE => extensions::update_extension(asked, message, id, body).await,
        (&Method::DELETE, Resource::Extension { message, id }) by WRITE => extensions::delete_extension(asked, message, id).await,
        (&Method::GET, Resource::Extensions(message)) by READ => extensions::list_extensions(asked, message).await,
        (&Method::POST, Resource::Extensions(message)) by WRITE => extensions::create_extension(asked, message, body).await,
        (&Method::GET, Resource::ExtensionsCount(message)) by READ => extensions::count_extensions(asked, message).await,
        (&Method::POST, Resource::CreateImportSession) by IMPORT => exchange_mailboxes::create_import_session(asked).await,
        (&Method::GET, Resource::ExchangeMailbox) by READ_STORE_FOLDERS => exchange_mailboxes::get_exchange_mailbox(asked).await,
        (&Method::GET, Resource::ExchangeSettings) by READ_PERSON => exchange_mailboxes::get_exchange_settings(asked).await,
        (&Method::POST, Resource::ExportItems) by EXPORT => exchange_mailboxes::export_items(asked, body).await,
        (&Method::POST, Resource::GetMailTips) by READ => mail_tips::get_mail_tips(asked, body).await,
        (&Method::GET, Resource::InferenceClassification) by READ => inference::get_inference_classification(asked).await,
        (&Method::PATCH, Resource::InferenceClassification) by WRITE => inference::update_inference_classification(asked, body).await,
        (&Method::GET, Resource::MailFolder(name)) by READ_BASIC => mail_folders::get_mail_folder(asked, name).await,
        (&Method::PATCH, Resource::MailFolder(name)) by WRITE => mail_folders::update_mail_folder(asked, name, body).await,
        (&Method::DELETE, Resource::MailFolder(name)) by WRITE => mail_folders::delete_mail_folder(asked, name).await,
        (&Method::POST, Resource::CopyFolder(name)) by WRITE => mail_folders::copy_mail_folder(asked, name, body).await,
        (&Method::POST, Resource::MoveFolder(name)) by WRITE => mail_folders::move_mail_folder(asked, name, body).await,
        (&Method::POST, Resource::PermanentDeleteFolder(name)) by WRITE => mail_folders::permanent_delete_mail_folder(asked, name).await,
        (&Method::GET, Resource::MailFolderCount { parent }) by READ_BASIC => mail_folders::count_mail_folders(asked, parent).await,
        (&Method::GET, Resource::MailFolders { parent }) by READ_BASIC => mail_folders::list_mail_folders(asked, parent).await,
        (&Method::POST, Resource::MailFolders { parent }) by WRITE => mail_folders::create_mail_folder(asked, parent, body).await,
        (&Method::GET, Resource::MailFoldersDelta { parent }) by READ_BASIC => delta::mail_folder_delta(asked, parent).await,
        (&Method::GET, Resource::MailboxSetting(name)) by READ_SETTINGS => settings::get_mailbox_setting(asked, name).await,
        (&Method::GET, Resource::MailboxSettingPart(name)) by READ_SETTINGS => settings::get_mailbox_setting(asked, name).await,
        (&Method::PATCH, Resource::MailboxSettingPart(name)) by WRITE_SETTINGS => settings::update_mailbox_setting(asked, name, body).await,
        (&Method::GET, Resource::MailboxSettings) by READ_SETTINGS => settings::get_mailbox_settings(asked).await,
        (&Method::PATCH, Resource::MailboxSettings) by WRITE_SETTINGS => settings::update_mailbox_settings(asked, body).await,
        (&Method::GET, Resource::MasterCategories) by READ_SETTINGS => categories::list_master_categories(asked).await,
        (&Method::POST, Resource::MasterCategories) by WRITE_SETTINGS => categories::create_master_category(asked, body).await,
        (&Method::GET, Resource::MasterCategoriesCount) by READ_SETTINGS => categories::count_master_categories(asked).await,
        (&Method::GET, Resource::MasterCategory(id)) by READ_SETTINGS => categories::get_master_category(asked, id).await,
        (&Method::PATCH, Resource::MasterCategory(id)) by WRITE_SETTINGS => categories::update_master_category(asked, id, body).await,
        (&Method::DELETE, Resource::MasterCategory(id)) by WRITE_SETTINGS => categories::delete_master_category(asked, id).await,
        (&Method::GET, Resource::Message(id)) by READ_BASIC => messages::get_message(asked, id).await,
        (&Method::PATCH, Resource::Message(id)) by WRITE => messages::update_message(asked, id, body).await,
        (&Method::DELETE, Resource::Message(id)) by WRITE => messages::delete_message(asked, id).await,
        (&Method::GET, Resource::MessageChanges { folder }) by READ_BASIC => changes::stream_message_changes(asked, folder).await,
        (&Method::GET, Resource::MessageRule { folder, id }) by READ_SETTINGS => message_rules::get_message_rule(asked, folder, id).await,
        (&Method::PATCH, Resource::MessageRule { folder, id }) by WRITE_SETTINGS => message_rules::update_message_rule(asked, folder, id, body).await,
        (&Method::DELETE, Resource::MessageRule { folder, id }) by WRITE_SETTINGS => message_rules::delete_message_rule(asked, folder, id).await,
        (&Method::GET, Resource::MessageRules(folder)) by READ_SETTINGS => message_rules::list_message_rules(asked, folder).await,
        (&Method::POST, Resource::MessageRules(folder)) by WRITE_SETTINGS => message_rules::create_message_rule(asked, folder, body).await,
        (&Method::GET, Resource::MessageRulesCount(folder)) by READ_SETTINGS => message_rules::count_message_rules(asked, folder).await,
        (&Method::GET, Resource::MailboxFolder(name)) by READ_STORE_FOLDERS => exchange_mailboxes::get_mailbox_folder(asked, name).await,
        (&Method::GET, Resource::MailboxFolders { parent }) by READ_STORE_FOLDERS => exchange_mailboxes::list_mailbox_folders(asked, parent).await,
        (&Method::GET, Resource::MailboxFoldersDelta) by READ_STORE_FOLDERS => exchange_mailboxes::mailbox_folder_delta(asked).await,
        (&Method::GET, Resource::MailboxItem { folder, id }) by READ_ITEMS => exchange_mailboxes::get_mailbox_item(asked, folder, id).await,
        (&Method::GET, Resource::MailboxItems(folder)) by READ_ITEMS => exchange_mailboxes::list_mailbox_items(asked, folder).await,
        (&Method::GET, Resource::MailboxItemsDelta(folder)) by READ_ITEMS => exchange_mailboxes::mailbox_item_delta(asked, folder).await,
        (&Method::GET, Resource::Messages { folder }) by READ_BASIC => message_list::list_messages(asked, folder).await,
        (&Method::GET, Resource::MessagesCount { folder }) by READ_BASIC => message_list::count_messages(asked, folder).await,
        (&Method::POST, Resource::Messages { folder }) by WRITE => messages::create_message(asked, folder, body).await,
        (&Method::GET, Resource::MessagesDelta { folder }) by READ_BASIC => delta::message_delta(asked, folder).await,
        (&Method::POST, Resource::Move(id)) by WRITE => messages::move_message(asked, id, body).await,
        (&Method::GET, Resource::Outlook) by READ_PERSON => outlook::get_outlook(asked).await,
        (&Method::GET, Resource::Override(id)) by READ => inference::get_override(asked, id).await,
        (&Method::PATCH, Resource::Override(id)) by WRITE => inference::update_override(asked, id, body).await,
        (&Method::DELETE, Resource::Override(id)) by WRITE => inference::delete_override(asked, id).await,
        (&Method::GET, Resource::Overrides) by READ => inference::list_overrides(asked).await,
        (&Method::POST, Resource::Overrides) by WRITE => inference::create_override(asked, body).await,
        (&Method::GET, Resource::OverridesCount) by READ => inference::count_overrides(asked).await,
        (&Method::POST, Resource::PermanentDelete(id)) by WRITE => messages::permanent_delete_message(asked, id).await,
        (&Method::POST, Resource::Reply(id, answer)) by SEND => replies::reply(asked, id, answer, body).await,
        (&Method::POST, Resource::Send(id)) by SEND => send_mail::send_message(asked, id).await,
        (&Method::POST, Resource::SendMail) by SEND => send_mail::send_mail(asked, body).await,
        (&Method::GET, Resource::Smime) by READ_SETTINGS => smime::get_smime(asked).await,
        (&Method::PATCH, Resource::Smime) by WRITE_SETTINGS => smime::update_smime(asked, body).await,
        (&Method::DELETE, Resource::SmimeCertificate(fingerprint)) by WRITE_SETTINGS => smime::delete_smime_certificate(asked, fingerprint).await,
        (&Method::GET, Resource::SmimeCertificates) by READ_SETTINGS => smime::list_smime_certificates(asked).await,
        (&Method::POST, Resource::SmimeCertificates) by WRITE_SETTINGS => smime::create_smime_certificate(asked, body).await,
        (&Method::GET, Resource::SmimeContent(id)) by READ => smime::get_smime_content(asked, id).await,
        (&Method::DELETE, Resource::SmimeKey(fingerprint)) by WRITE_SETTINGS => smime::delete_smime_key(asked, fingerprint).await,
        (&Method::GET, Resource::SmimeKeys) by READ_SETTINGS => smime::list_smime_keys(asked).await,
        (&Method::POST, Resource::SmimeKeys) by WRITE_SETTINGS => smime::create_smime_key(asked, body).await,
        (&Method::GET, Resource::SmimeVerdict(id)) by READ => smime::get_smime_verdict(asked, id).await,
        (&Method::GET, Resource::SupportedLanguages) by READ_PERSON => outlook::list_supported_languages(asked).await,
        (&Method::GET, Resource::SupportedTimeZones(standard)) by READ_PERSON => outlook::list_supported_time_zones(asked, standard).await,
        (&Method::POST, Resource::TranslateExchangeIds) by READ_PERSON => exchange_ids::translate_exchange_ids(asked, body).await,
        (&Method::GET, Resource::Subscription(id)) by NOTHING => subscriptions::get_subscription(asked, id).await,
        (&Method::PATCH, Resource::Subscription(id)) by NOTHING => subscriptions::update_subscription(asked, id, body).await,
        (&Method::DELETE, Resource::Subscription(id)) by NOTHING => subscriptions::delete_subscription(asked, id).await,
        (&Method::POST, Resource::SubscriptionReauthorize(id)) by NOTHING => subscriptions::reauthorize(asked, id).await,
        (&Method::GET, Resource::Subscriptions) by NOTHING => subscriptions::list_subscriptions(asked).await,
        (&Method::POST, Resource::Subscriptions) by NOTHING => subscriptions::create_subscription(asked, body).await,
        (&Method::GET, Resource::User) by READ_PERSON => users::get_user(asked).await,
        (&Method::GET, Resource::Users) by READ_PEOPLE => users::list_users(asked).await,
        (&Method::GET, Resource::Value(id)) by READ => value::get_value(asked, id).await,
        (&Method::PUT, Resource::Value(id)) by WRITE => value::put_value(asked, id, body).await,
}

/// What a handler does, begun by a function of its own and kept on the heap: else the stack would have room for each of them, and
/// a member of a batch comes by here within the batch.
fn begun<'a, F: Future<Output = Result<Response, ApiError>> + Send + 'a>(begin: impl FnOnce() -> F) -> BoxFuture<'a, F::Output> {
    Box::pin(begin())
}

/// The upload whose own address this is: it is asked for without a token (Graph: outlook-large-attachments).
fn upload_at(origin: &str, path: &str) -> Option<Result<uploads::Addressed, ApiError>> {
    let segments = parse_path(path).ok()?;
    let [version, uploads, token] = segments.as_slice() else { return None };
    let at = |(owner, id)| uploads::Addressed { owner, id, service: format!("{origin}/{}", version.text()) };
    uploads.is("uploads").then(|| ids::parse_upload(token.text()).map(at))
}

/// The session of import whose own address this is.
fn import_at(graph: &Graph, path: &str) -> Option<Result<ImportSession, ApiError>> {
    let segments = parse_path(path).ok()?;
    let [_, imports, token] = segments.as_slice() else { return None };
    let session = || exchange_mailboxes::import_session(graph, token.text()).ok_or_else(ApiError::malformed_id);
    imports.is("imports").then(session)
}

/// What can't be asked within a batch.
///
/// # Errors
/// Where this is the path of such a thing.
pub(crate) fn may_be_within(path: &str) -> Result<(), ApiError> {
    match resolve(path).map(|target| target.resource) {
        Ok(Resource::Batch) => Err(ApiError::bad_request("A batch can't hold another one.")),
        Ok(Resource::MessageChanges { .. }) => Err(ApiError::bad_request("A batch can't hold a stream.")),
        _ => Ok(()),
    }
}

/// Answers any request that comes on a connection.
pub(crate) async fn answer(State(graph): State<Arc<Graph>>, request: Request) -> Response {
    answer_any(&graph, request).await
}

/// Answers a request that comes within another one, by the same road. It is boxed, since that road leads here again.
pub(crate) fn answer_within(graph: &Graph, request: Request) -> BoxFuture<'_, Response> {
    Box::pin(answer_any(graph, request))
}

/// The answer to what is no request at all.
pub(crate) fn refuse(graph: &Graph, headers: &HeaderMap, error: &ApiError) -> Response {
    let ids = RequestIds::of(headers, graph.clock.now());
    with_ids(refusal(graph, &Method::GET, &ids, error), &ids)
}

async fn answer_any(graph: &Graph, request: Request) -> Response {
    let (parts, mut body) = request.into_parts();
    let ids = RequestIds::of(&parts.headers, graph.clock.now());
    let served = AssertUnwindSafe(serve(graph, &parts, &mut body)).catch_unwind().await;
    let outcome = served.unwrap_or_else(|_| Err(ApiError::internal("the handler panicked")));
    if outcome.is_err() {
        linger(body);
    }
    let mut response = outcome.unwrap_or_else(|error| refusal(graph, &parts.method, &ids, &error));
    let applied = Preferences::of(&parts.headers).applied().and_then(|value| HeaderValue::from_str(&value).ok());
    if let Some(applied) = applied {
        response.headers_mut().append(PREFERENCE_APPLIED, applied);
    }
    with_ids(response, &ids)
}

/// An answer with what every one has.
fn with_ids(mut response: Response, ids: &RequestIds) -> Response {
    let headers = response.headers_mut();
    for (name, value) in [("request-id", &ids.request_id), ("client-request-id", &ids.client_request_id)] {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    }
    headers.insert("odata-version", HeaderValue::from_static("4.0"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private"));
    response
}

async fn serve(graph: &Graph, parts: &Parts, body: &mut Body) -> Result<Response, ApiError> {
    let origin = origin(parts)?;
    if let Some(at) = upload_at(&origin, parts.uri.path()) {
        let gate = Gate::of(graph.throttle.as_ref(), &parts.method, &parts.headers, body)?;
        let response = uploads::at_upload_url(&graph.mail, &gate, &parts.method, &at?, &parts.headers, body).await?;
        return Ok(gate.leave_with(response));
    }
    if let Some(session) = import_at(graph, parts.uri.path()) {
        let gate = Gate::of(graph.throttle.as_ref(), &parts.method, &parts.headers, body)?;
        let (session, gate_of) = (session?, &gate);
        let answer = exchange_mailboxes::at_import_url(graph, gate_of, &parts.method, &session, &parts.headers, body);
        let response = answer.boxed().await?;
        return Ok(gate.leave_with(response));
    }
    let target = resolve(parts.uri.path());
    if let Ok(Target { version, resource: Resource::Document(document), .. }) = target {
        let reads = parts.method == Method::GET || parts.method == Method::HEAD;
        return if reads { Ok(document.answer(version, &origin)) } else { Err(ApiError::method_not_allowed()) };
    }
    let authorization = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let caller = graph.identity.prove(authorization).await?;
    let Target { version, user, resource } = target?; // a stranger isn't told which paths there are
    // A HEAD is a GET whose body the server leaves out (RFC 9110 §9.3.2).
    let method = if parts.method == Method::HEAD { &Method::GET } else { &parts.method };
    let asked = Asked {
        graph,
        caller,
        wanted: permissions(method, &resource),
        user,
        version,
        origin,
        path: parts.uri.path().to_owned(),
        options: Options::parse(parts.uri.query().unwrap_or_default())?,
        preferences: Preferences::of(&parts.headers),
        headers: parts.headers.clone(),
        gate: Gate::of(graph.throttle.as_ref(), &parts.method, &parts.headers, body)?,
        share: if parts.extensions.get::<Origin>().is_some() { OnceLock::from(None) } else { OnceLock::new() },
    };
    let response = dispatch(&asked, resource, method, body).await?;
    Ok(asked.gate.leave_with(response))
}

/// Graph's error envelope (Graph: errors). The cause is told where the caller can mend it.
fn refusal(graph: &Graph, method: &Method, ids: &RequestIds, error: &ApiError) -> Response {
    let status = error.code.status();
    let cause = error.cause.as_deref().unwrap_or_default();
    if status.is_server_error() {
        tracing::error!(request.id = ids.request_id, code = error.code.name(), %method, cause, "a request failed");
    } else {
        let (code, reason) = (error.code.name(), error.reason);
        tracing::info!(request.id = ids.request_id, code, %method, reason, "a request was refused");
    }
    let date = jiff::Timestamp::from_second(graph.clock.now().seconds()).unwrap_or_default();
    let mut inner = json!({
        "date": date.strftime("%Y-%m-%dT%H:%M:%S").to_string(),
        "request-id": ids.request_id,
        "client-request-id": ids.client_request_id,
    });
    if error.code == ErrorCode::ApplicationThrottled {
        inner["code"] = status.as_str().into(); // Graph: throttling
    }
    if let Some(cause) = error.cause.as_deref().filter(|_| status.is_client_error()) {
        inner["cause"] = cause.into();
    }
    let body = json!({"error": {"code": error.code.name(), "message": error.message, "innerError": inner}});
    let mut response = json_answer(status, &body);
    if error.code == ErrorCode::InvalidAuthenticationToken {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(CHALLENGE));
    }
    if let Some(location) = error.location.as_deref().and_then(|location| HeaderValue::from_str(location).ok()) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    if let Some(seconds) = error.retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    response
}

/// RFC 6750 §3, with the resource that Graph's tokens are for.
const CHALLENGE: &str = r#"Bearer realm="", client_id="00000003-0000-0000-c000-000000000000""#;

#[cfg(test)]
mod tests;
