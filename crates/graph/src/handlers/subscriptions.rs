//! Subscriptions (Graph: subscription).

use crate::body::{self, Given};
use crate::error::{ApiError, ErrorCode};
use crate::ids;
use crate::notify::{condition, of_deliveries, selection, validate};
use crate::page::{collection, empty_answer, entity, json_answer};
use crate::permissions::{FOLLOW, READ, READ_BASIC, SUBSCRIBE};
use crate::request::Asked;
use crate::routes::{Followed, followed};
use crate::schema::json::Members;
use crate::schema::subscription::{read, read_change, render, render_made};
use axum::body::Body;
use axum::http::StatusCode;
use axum::response::Response;
use futures::future::try_join;
use mailbox::{Follows, NewSubscription, Sight};
use serde_json::Value;
use store::SubscriptionId;

/// Octets of a request.
const MOST: u64 = 256 * 1024;
/// Subscriptions on a page.
const PAGE: usize = 100;

/// `POST /subscriptions`: 201 once its receiver has shown that it wants to be told.
pub(crate) async fn create_subscription(asked: &Asked<'_>, body: &mut Body) -> Result<Response, ApiError> {
    asked.only_options(&[])?;
    let value = json(asked, body).await?;
    let new = read(&Members::of(&value, "")?)?;
    let Followed { user, follows, options } = followed(&new.resource)?;
    let wanted = match follows {
        Follows::Messages(_) => {
            selection(&options, new.data.is_some()).map(|_| if new.data.is_some() { READ } else { READ_BASIC })
        }
        Follows::Deliveries => of_deliveries(&options, &new).map(|()| FOLLOW),
    }?;
    let mailbox = asked.graph.mail.open(&asked.caller, &user, wanted).await?;
    asked.gate.enter(asked.caller.client_id(), mailbox.owner().id)?;
    let now = asked.graph.clock.now();
    let condition_for = |sight: Sight| condition(&options, sight, now);
    let condition = condition_for(mailbox.sight())?;
    let reads_text = condition.is_some() && condition_for(Sight::Basics).is_err();
    let new = NewSubscription { follows, condition, reads_text, ..new };
    mailbox.may_subscribe(&new).await?; // nobody is asked for what can't be
    let of_itself = new.lifecycle_notification_url.as_deref();
    try_join(ask(asked, Some(&new.notification_url)), ask(asked, of_itself)).await?;
    let made = mailbox.subscribe(new).await?;
    let context = asked.context_of("subscriptions/$entity");
    Ok(json_answer(StatusCode::CREATED, &entity(context, render_made(&made)?)))
}

/// `GET /subscriptions`: those of the app, and of the person for whom it asks.
pub(crate) async fn list_subscriptions(asked: &Asked<'_>) -> Result<Response, ApiError> {
    asked.only_options(&["select", "skiptoken"])?;
    let select = asked.options.names("select");
    let read = |token: &str| ids::parse_subscription(token).map_err(|_| ApiError::no_skip_token());
    let after = asked.options.get("skiptoken").map(read).transpose()?.unwrap_or(SubscriptionId([0; 16]));
    let (found, more) = asked.graph.mail.subscriptions(&asked.caller, SUBSCRIBE, (after, PAGE)).await?;
    let next = found.last().filter(|_| more).map(|last| asked.token_link(&ids::subscription(last.id)));
    let value = found.iter().map(|one| render(one, select.as_deref())).collect::<Result<_, _>>()?;
    Ok(json_answer(StatusCode::OK, &collection(context(asked, select.as_deref()), None, next, value)))
}

/// `GET /subscriptions/{id}`
pub(crate) async fn get_subscription(asked: &Asked<'_>, id: SubscriptionId) -> Result<Response, ApiError> {
    asked.only_options(&["select"])?;
    let select = asked.options.names("select");
    let found = asked.graph.mail.subscription(&asked.caller, id, SUBSCRIBE).await?;
    let context = context(asked, select.as_deref()) + "/$entity";
    Ok(json_answer(StatusCode::OK, &entity(context, render(&found, select.as_deref())?)))
}

/// `PATCH /subscriptions/{id}`: another end, and another receiver, who is asked as one is at first.
pub(crate) async fn update_subscription(asked: &Asked<'_>, id: SubscriptionId, body: &mut Body) -> Result<Response, ApiError> {
    asked.only_options(&[])?;
    let value = json(asked, body).await?;
    let found = asked.graph.mail.subscription(&asked.caller, id, SUBSCRIBE).await?;
    asked.gate.enter(asked.caller.client_id(), found.mailbox)?;
    let mut change = read_change(&Members::of(&value, "")?, &found)?;
    change.notification_url = change.notification_url.filter(|url| *url != found.notification_url);
    ask(asked, change.notification_url.as_deref()).await?;
    let renewed = asked.graph.mail.change_subscription(&found, change).await?;
    let context = asked.context_of("subscriptions/$entity");
    Ok(json_answer(StatusCode::OK, &entity(context, render(&renewed, None)?)))
}

/// `DELETE /subscriptions/{id}`
pub(crate) async fn delete_subscription(asked: &Asked<'_>, id: SubscriptionId) -> Result<Response, ApiError> {
    let found = asked.graph.mail.subscription(&asked.caller, id, SUBSCRIBE).await?;
    asked.graph.mail.remove_subscription(&found).await?;
    Ok(empty_answer(StatusCode::NO_CONTENT))
}

/// `POST /subscriptions/{id}/reauthorize`
pub(crate) async fn reauthorize(asked: &Asked<'_>, id: SubscriptionId) -> Result<Response, ApiError> {
    let found = asked.graph.mail.subscription(&asked.caller, id, SUBSCRIBE).await?;
    asked.graph.mail.reauthorize_subscription(found).await?;
    Ok(empty_answer(StatusCode::NO_CONTENT))
}

/// Asks a URL, if there is one, whether it wants to be told.
async fn ask(asked: &Asked<'_>, url: Option<&str>) -> Result<(), ApiError> {
    match url {
        Some(url) => validate(&*asked.graph.post, url, asked.graph.clock.now()).await,
        None => Ok(()),
    }
}

async fn json(asked: &Asked<'_>, body: &mut Body) -> Result<Value, ApiError> {
    match body::read(asked, body, MOST).await? {
        (Given::Json(value), _) => Ok(value),
        (Given::Mime(_), _) => Err(ApiError::new(ErrorCode::UnsupportedMediaType, "A subscription is given as JSON.")),
    }
}

fn context(asked: &Asked<'_>, select: Option<&[String]>) -> String {
    let selected = select.map(|names| format!("({})", names.join(","))).unwrap_or_default();
    asked.context_of(&format!("subscriptions{selected}"))
}
