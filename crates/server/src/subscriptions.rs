//! `restante subscription`: who has himself told of changes, also beside a running server.

use crate::admin;
use crate::cli::{SubscriptionCommand, SubscriptionDeed};
use crate::queue::open;
use crate::register::tell;
use anyhow::{Context, bail};
use mailbox::MailError;
use serde_json::{Value, json};
use std::process::ExitCode;
use store::{Subscription, SubscriptionId};
use uuid::Uuid;

/// `restante subscription`
///
/// # Errors
/// Where there is no such person or subscription, or the store can't be opened.
pub async fn run(command: SubscriptionCommand) -> anyhow::Result<ExitCode> {
    let at = &command.register;
    let mail = open(at).await?;
    match command.deed {
        SubscriptionDeed::List { user, top } => {
            let of = match user {
                Some(name) => Some(admin::person(&at.store, &name).await?.1.id),
                None => None,
            };
            let found = mail.all_subscriptions(of, top).await?;
            tell(at, &found.iter().map(told).collect::<Vec<_>>(), &found.iter().map(lines).collect::<String>())?;
        }
        SubscriptionDeed::Remove { id } => {
            let Ok(read) = Uuid::try_parse(&id) else {
                bail!("\"{id}\" is no id of a subscription; restante subscription list shows them")
            };
            let ended = mail.end_subscription(SubscriptionId(*read.as_bytes())).await;
            match ended {
                Err(MailError::NotFound(_)) => bail!("there is no subscription {id}"),
                ended => ended.context("it can't be taken away")?,
            }
            tell(at, &json!({"id": id}), &format!("{id}: taken away.\n"))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn told((of, owner): &(Subscription, String)) -> Value {
    json!({
        "id": Uuid::from_bytes(of.id.0).to_string(),
        "mailbox": owner,
        "applicationId": of.client_id,
        "resource": of.resource,
        "changeType": of.change_types.text(),
        "notificationUrl": of.notification_url,
        "lifecycleNotificationUrl": of.lifecycle_notification_url,
        "includeResourceData": of.data.is_some(),
        "expirationDateTime": graph::date_time(of.expiration_date_time),
        "pausedDateTime": of.paused.map(graph::date_time),
    })
}

fn lines((of, owner): &(Subscription, String)) -> String {
    let rests = if of.paused.is_some() { "   its app may not hear it now" } else { "" };
    let data = if of.data.is_some() { ", with the messages" } else { "" };
    format!(
        "{}  {owner}  until {}{rests}\n  {} of {}{data}\n  told at {}   by {}\n",
        Uuid::from_bytes(of.id.0),
        graph::date_time(of.expiration_date_time),
        of.change_types.text(),
        of.resource,
        of.notification_url,
        of.client_id,
    )
}
