//! Messages (Graph: user-post-messages, message-get, message-update, message-delete, message-move,
//! message-copy).

use crate::body::Given;
use crate::error::{ApiError, ErrorCode};
use crate::ids;
use crate::page::{empty_answer, entity, json_answer, minimal_answer};
use crate::request::Asked;
use crate::schema::draft::{self, Filing};
use crate::schema::json::Members;
use crate::schema::message::{Selection, Shown, View, etag};
use crate::schema::smime;
use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use mailbox::{FolderName, Hung, Mailbox, NewMessage, Received, Sight};
use serde_json::{Value, json};
use store::{MessageId, MessageRecord, Timestamp, WellKnownName};

/// Messages of one page whose octets are fetched at a time.
pub(super) const FETCHED_TOGETHER: usize = 8;
/// Messages from this size on, in octets, are rendered beside the threads that answer requests.
pub(super) const RENDERED_APART: i64 = 64 * 1024;

/// `POST …/messages`, `POST …/mailFolders/{id}/messages`: a draft; with `import`, a message as it was once received.
pub(crate) async fn create_message(asked: &Asked<'_>, folder: Option<FolderName>, body: &mut Body) -> Result<Response, ApiError> {
    let mailbox = asked.mailbox().await?;
    let (given, _) = asked.body(&mailbox, body).await?;
    let (mut new, mut filing) = match given {
        Given::Mime(blob) => (NewMessage::from_mime(blob), Filing::Draft),
        Given::Json(value) => from_json(&mailbox, &value).await?,
    };
    new = asked.with_protection(new)?;
    if asked.extension_flag("import")?.unwrap_or(false) {
        new.beside.is_read = asked.extension_flag("isRead")?.or(new.beside.is_read);
        filing = Filing::Received(Received { date_time: received_date_time(asked)? });
    }
    let selection = match new.beside.hanging.extensions.is_empty() {
        true => Selection::default(),
        false => Selection::with_extensions(), // Graph: opentypeextension-post-opentypeextension, example 1
    };
    let record = match filing {
        Filing::Draft => mailbox.create_draft(new, folder).await?,
        Filing::Received(received) => mailbox.import(new, folder, received).await?,
    };
    created_as(asked, &mailbox, record, &selection).await
}

/// A message given as JSON. One that names by `id` a message of this mailbox made from MIME is that message's octets:
/// so do clients store a message that is no draft, who have no other way (Graph: PidTagMessageFlags on creation).
async fn from_json(mailbox: &Mailbox, value: &Value) -> Result<(NewMessage, Filing), ApiError> {
    let (draft, filing) = (draft::message(value)?, draft::filing(value)?);
    let named = Members::of(value, "")?.text("id")?.and_then(|id| ids::parse_message(id).ok());
    if let (Filing::Received(_), Some(id)) = (&filing, named)
        && let Some(new) = mailbox.octets_of(id, draft.beside.clone()).await?
    {
        return Ok((new, filing));
    }
    Ok((mailbox.compose(draft).await?, filing))
}

fn received_date_time(asked: &Asked<'_>) -> Result<Option<Timestamp>, ApiError> {
    let Some(text) = asked.extension("receivedDateTime") else { return Ok(None) };
    let parsed: Result<jiff::Timestamp, _> = text.parse();
    let at = parsed.map_err(|error| ApiError::bad_request("'receivedDateTime' must be a date with a zone.").because(error))?;
    Ok(Some(Timestamp(at.as_microsecond())))
}

/// 201 with the whole message.
pub(super) async fn created(asked: &Asked<'_>, mailbox: &Mailbox, record: MessageRecord) -> Result<Response, ApiError> {
    created_as(asked, mailbox, record, &Selection::default()).await
}

async fn created_as(
    asked: &Asked<'_>,
    mailbox: &Mailbox,
    record: MessageRecord,
    selection: &Selection,
) -> Result<Response, ApiError> {
    let location = asked.message_location(mailbox.owner().id, &ids::message(record.id));
    let mut response = whole(asked, mailbox, StatusCode::CREATED, record, selection).await?;
    if let Ok(location) = HeaderValue::from_str(&location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

async fn whole(
    asked: &Asked<'_>,
    mailbox: &Mailbox,
    status: StatusCode,
    record: MessageRecord,
    selection: &Selection,
) -> Result<Response, ApiError> {
    let value = render(asked, mailbox, selection, record).await?;
    let context = asked.context(mailbox.owner().id, "messages/$entity", None);
    Ok(message_answer(status, context, value))
}

/// A message, with its version in the header too.
fn message_answer(status: StatusCode, context: String, value: Value) -> Response {
    let etag = value["@odata.etag"].as_str().unwrap_or_default().to_owned();
    tagged(json_answer(status, &entity(context, value)), &etag)
}

/// The answer with the version that it shows.
pub(super) fn tagged(mut response: Response, etag: &str) -> Response {
    if let Ok(etag) = HeaderValue::from_str(etag) {
        response.headers_mut().insert(header::ETAG, etag);
    }
    response
}

/// `GET …/messages/{id}`
pub(crate) async fn get_message(asked: &Asked<'_>, id: MessageId) -> Result<Response, ApiError> {
    asked.only_options(&["select", "expand"])?;
    let mailbox = asked.mailbox().await?;
    let selection = Selection::seen(&asked.options, mailbox.sight())?;
    let record = mailbox.message(id).await?;
    if asked.has_version(&record) {
        return Ok(tagged(empty_answer(StatusCode::NOT_MODIFIED), &etag(&record)));
    }
    let value = render(asked, &mailbox, &selection, record).await?;
    let context = asked.context(mailbox.owner().id, "messages/$entity", selection.names());
    Ok(message_answer(StatusCode::OK, context, value))
}

/// `PATCH …/messages/{id}`: properties, or with a MIME body all the octets of a draft.
pub(crate) async fn update_message(asked: &Asked<'_>, id: MessageId, body: &mut Body) -> Result<Response, ApiError> {
    let mailbox = asked.mailbox().await?;
    let record = match asked.body(&mailbox, body).await? {
        (Given::Json(value), _) => {
            let mut change = draft::message(&value)?;
            change.protection = asked.protection()?.or(change.protection);
            if change.body.is_some() && is_shown(asked, &mailbox, id, &value).await? {
                change.body = None;
            }
            mailbox.update(id, change).await?
        }
        (Given::Mime(blob), _) => mailbox.replace_octets(id, blob, asked.protection()?).await?,
    };
    if asked.preferences.wants_minimal() {
        return Ok(tagged(minimal_answer(), &etag(&record)));
    }
    whole(asked, &mailbox, StatusCode::OK, record, &Selection::default()).await
}

/// Whether the body that a client gives is the one that is shown: whoever sends a message back as it was read, its HTML
/// made safe, doesn't mean to write it anew.
async fn is_shown(asked: &Asked<'_>, mailbox: &Mailbox, id: MessageId, given: &Value) -> Result<bool, ApiError> {
    let content = mailbox.content(mailbox.message(id).await?).await?;
    let given = Members::of(given, "")?.object("body")?;
    let given = given.map(|body| Ok::<_, ApiError>((body.text("contentType")?, body.text("content")?))).transpose()?;
    let views = View::of_content(content, shown(asked)).bodies();
    Ok(views.iter().any(|body| given == Some((body["contentType"].as_str(), body["content"].as_str()))))
}

/// `DELETE …/messages/{id}`
pub(crate) async fn delete_message(asked: &Asked<'_>, id: MessageId) -> Result<Response, ApiError> {
    let mailbox = asked.mailbox().await?;
    mailbox.delete(id).await?;
    Ok(empty_answer(StatusCode::NO_CONTENT))
}

/// `POST …/messages/{id}/permanentDelete`
pub(crate) async fn permanent_delete_message(asked: &Asked<'_>, id: MessageId) -> Result<Response, ApiError> {
    asked.mailbox().await?.permanent_delete(id).await?;
    Ok(empty_answer(StatusCode::NO_CONTENT))
}

/// `POST …/messages/{id}/move`
pub(crate) async fn move_message(asked: &Asked<'_>, id: MessageId, body: &mut Body) -> Result<Response, ApiError> {
    let mailbox = asked.mailbox().await?;
    let destination = destination(asked, &mailbox, body).await?;
    filed(asked, &mailbox, mailbox.move_to(id, destination).await?).await
}

/// `POST …/messages/{id}/copy`
pub(crate) async fn copy_message(asked: &Asked<'_>, id: MessageId, body: &mut Body) -> Result<Response, ApiError> {
    let mailbox = asked.mailbox().await?;
    let destination = destination(asked, &mailbox, body).await?;
    filed(asked, &mailbox, mailbox.copy_to(id, destination).await?).await
}

/// 201 with the whole message and its type: an action says of what type its answer is (Graph: message-move).
async fn filed(asked: &Asked<'_>, mailbox: &Mailbox, record: MessageRecord) -> Result<Response, ApiError> {
    created_as(asked, mailbox, record, &Selection::typed()).await
}

pub(super) async fn destination(asked: &Asked<'_>, mailbox: &Mailbox, body: &mut Body) -> Result<FolderName, ApiError> {
    let value = asked.json(mailbox, body).await?;
    let members = Members::of(&value, "")?;
    let Some(name) = members.text("destinationId")? else { return Err(members.wrong("destinationId", "a folder")) };
    match WellKnownName::parse(name) {
        Some(name) => Ok(FolderName::WellKnown(name)),
        None => Ok(FolderName::Id(ids::parse_folder(name)?)),
    }
}

/// A message of a list; nothing for one that was deleted since the list was read.
pub(super) async fn listed(
    asked: &Asked<'_>,
    mailbox: &Mailbox,
    selection: &Selection,
    record: MessageRecord,
) -> Result<Option<Value>, ApiError> {
    match render(asked, mailbox, selection, record).await {
        Err(gone) if gone.code == ErrorCode::ErrorItemNotFound => Ok(None),
        rendered => rendered.map(Some),
    }
}

async fn render(asked: &Asked<'_>, mailbox: &Mailbox, selection: &Selection, record: MessageRecord) -> Result<Value, ApiError> {
    let shown = shown(asked);
    let hung = match selection.hung() {
        Some((properties, extensions)) => mailbox.hung_on(record.id.into(), properties, extensions).await?,
        None => Hung::default(),
    };
    if !selection.needs_octets() && !asked.wants_verdicts() {
        return Ok(View::of_record(record, shown).with(hung).render(selection));
    }
    let size = record.size;
    let content = mailbox.content(record).await?;
    let verdict = match asked.wants_verdicts() {
        true if mailbox.sight() == Sight::Basics => {
            return Err(ApiError::access_denied("Mail.ReadBasic hides what a message is worth"));
        }
        true => Some(smime::verdict(&content.record, json!(mailbox.verdict(&content).await?))),
        false => None,
    };
    let view = View::of_content(content, shown).with(hung).with_verdict(verdict);
    if size < RENDERED_APART {
        return Ok(view.render(selection));
    }
    let selection = selection.clone();
    let rendered = tokio::task::spawn_blocking(move || view.render(&selection)).await;
    rendered.map_err(|_| ApiError::internal("a message could not be rendered"))
}

pub(super) fn shown(asked: &Asked<'_>) -> Shown {
    Shown {
        origin: asked.origin.clone(),
        body_form: asked.preferences.body_form(),
        unsafe_html: asked.preferences.allows_unsafe_html(),
        zone: asked.preferences.in_zone(),
    }
}
