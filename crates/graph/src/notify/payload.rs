//! Notifications as JSON (Graph: changeNotificationCollection).

use super::data::encrypted;
use crate::ids;
use crate::schema::message::{date_text, etag_of};
use identity::{Identity, KeyError};
use mailbox::{MessageChange, Notification, Notified};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use store::{MailboxId, Operation};

/// Several, in their order. Where messages are sent along, a token for each of the apps says that they come from here.
///
/// # Errors
/// [`KeyError`] where no token can be signed.
pub(super) fn collection(notifications: &[Notification], identity: &Identity) -> Result<Value, KeyError> {
    let value: Vec<Value> = notifications.iter().map(|one| notification(one, identity.tenant())).collect();
    let mut all = json!({"value": value});
    let with_data = notifications.iter().filter(|one| one.message.is_some());
    let apps: BTreeSet<&str> = with_data.map(|one| one.subscription.client_id.as_str()).collect();
    if !apps.is_empty() {
        let tokens = apps.into_iter().map(|app| identity.validation_token(app)).collect::<Result<Vec<_>, _>>()?;
        all["validationTokens"] = json!(tokens);
    }
    Ok(all)
}

fn notification(one: &Notification, tenant: &str) -> Value {
    let subscription = &one.subscription;
    let mut value = json!({
        "subscriptionId": ids::subscription(subscription.id),
        "subscriptionExpirationDateTime": date_text(subscription.expiration_date_time),
    });
    match one.what {
        Notified::Changed(change) => {
            let resource = match subscription.is_to_deliveries() {
                true => Resource::of_delivery(subscription.mailbox, &change),
                false => Resource::of(subscription.mailbox, &change, subscription.data.is_some()),
            };
            resource.tell(&change, &mut value);
        }
        // Graph: change-notifications-lifecycle-events
        Notified::Lifecycle(event) => value["lifecycleEvent"] = event.as_str().into(),
    }
    if let (Some(to), Some(message)) = (&subscription.data, &one.message)
        && let Some(content) = encrypted(subscription, to, message)
    {
        value["encryptedContent"] = content;
    }
    value["clientState"] = subscription.client_state.as_deref().into();
    value["tenantId"] = tenant.into();
    value
}

/// A change to a message as it is told by itself.
pub(crate) fn of_change(owner: MailboxId, change: &MessageChange) -> Value {
    let mut value = json!({});
    Resource::of(owner, change, false).tell(change, &mut value);
    value
}

/// A message as notifications name it, or what becomes of it.
struct Resource {
    /// Its address below the service's own.
    address: String,
    kind: &'static str,
    has_version: bool,
}

impl Resource {
    /// Graph writes both otherwise where messages are sent along (Graph: outlook-change-notifications-overview).
    fn of(owner: MailboxId, change: &MessageChange, with_data: bool) -> Resource {
        let id = ids::message(change.message);
        let (address, kind) = match with_data {
            true => (format!("Users('{owner}')/messages('{id}')"), "#microsoft.graph.message"),
            false => (format!("Users/{owner}/Messages/{id}"), "#Microsoft.Graph.Message"),
        };
        Resource { address, kind, has_version: true }
    }

    /// What becomes of a message that was sent has no version (docs/notifications.md).
    fn of_delivery(owner: MailboxId, change: &MessageChange) -> Resource {
        let address = format!("Users/{owner}/Messages/{}/delivery", ids::message(change.message));
        Resource { address, kind: "#restante.delivery", has_version: false }
    }

    fn tell(&self, change: &MessageChange, value: &mut Value) {
        value["changeType"] = change.operation.as_str().into();
        value["resource"] = self.address.as_str().into();
        value["resourceData"] = self.data(change);
    }

    /// The version is the one that the change made. What is deleted has none.
    fn data(&self, change: &MessageChange) -> Value {
        let mut data = json!({"@odata.type": self.kind, "@odata.id": self.address});
        if self.has_version && change.operation != Operation::Deleted {
            data["@odata.etag"] = etag_of(change.message, change.modseq).into();
        }
        data["id"] = ids::message(change.message).into();
        data
    }
}
