//! `$filter` of what a subscription follows: which messages it is told of (Graph: outlook-change-notifications-overview).

use super::data::selection;
use crate::basics;
use crate::error::{ApiError, ErrorCode};
use crate::routes::followed;
use mailbox::{Sight, Wanted};
use odata::Options;
use store::{Condition, Subscription, Timestamp};

/// What the options of a subscription's resource ask of messages, for somebody who sees so much of them.
///
/// # Errors
/// As those of a list; for what can't be asked of each message as it changes.
pub(crate) fn condition(options: &Options, sight: Sight, now: Timestamp) -> Result<Option<Condition>, ApiError> {
    if options.get("filter").is_none() {
        return Ok(None);
    }
    let condition = basics::message_list(options, sight, now)?.condition;
    if condition.reads_body() || condition.reads_extended() {
        let message = "A filter on the body or on extended properties is not answered in 'resource' yet.";
        return Err(ApiError::new(ErrorCode::NotImplemented, message));
    }
    Ok(Some(condition))
}

/// What a subscription that was made asks for. What was read once is read again; its rights are the mailbox's to look at.
pub(super) fn read(subscription: &Subscription) -> Option<Wanted> {
    let options = followed(&subscription.resource).ok()?.options;
    let condition = condition(&options, Sight::Whole, Timestamp(0)).ok()?;
    let selection = selection(&options, subscription.data.is_some()).ok()?;
    Some(Wanted { condition, properties: selection.hung().map(|(properties, _)| properties).unwrap_or_default() })
}
