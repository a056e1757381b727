//! Notifications as JSON (Graph: changeNotificationCollection).

use crate::ids;
use crate::schema::message::{date_text, etag_of};
use mailbox::{MessageChange, Notification, Notified};
use serde_json::{Value, json};
use store::{MailboxId, Operation};

/// Several, in their order.
pub(super) fn collection(notifications: &[Notification], tenant: &str) -> Value {
    json!({"value": notifications.iter().map(|one| notification(one, tenant)).collect::<Vec<_>>()})
}

fn notification(one: &Notification, tenant: &str) -> Value {
    let subscription = &one.subscription;
    let mut value = json!({
        "subscriptionId": ids::subscription(subscription.id),
        "subscriptionExpirationDateTime": date_text(subscription.expiration_date_time),
    });
    match one.what {
        Notified::Changed(change) => {
            let resource = resource(subscription.mailbox, &change);
            value["changeType"] = change.operation.as_str().into();
            value["resource"] = resource.as_str().into();
            value["resourceData"] = resource_data(&resource, &change);
        }
        // Graph: change-notifications-lifecycle-events
        Notified::Lifecycle(event) => value["lifecycleEvent"] = event.as_str().into(),
    }
    value["clientState"] = subscription.client_state.as_deref().into();
    value["tenantId"] = tenant.into();
    value
}

/// The address of a message below the service's own, in the case in which Graph notifies of it.
fn resource(owner: MailboxId, change: &MessageChange) -> String {
    format!("Users/{owner}/Messages/{}", ids::message(change.message))
}

/// The version is the one that the change made. What is deleted has none.
fn resource_data(resource: &str, change: &MessageChange) -> Value {
    let mut data = json!({"@odata.type": "#Microsoft.Graph.Message", "@odata.id": resource});
    if change.operation != Operation::Deleted {
        data["@odata.etag"] = etag_of(change.message, change.modseq).into();
    }
    data["id"] = ids::message(change.message).into();
    data
}
