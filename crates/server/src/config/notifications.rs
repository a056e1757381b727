//! `[notifications]`: where apps may have themselves told of changes, and how long that is tried.

use super::raw::RawNotifications;
use crate::forwarded::Network;
use mailbox::{Notifying, Retry};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How apps are notified.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NotificationsConfig {
    /// Networks that may be called though they aren't public.
    pub allowed_networks: Vec<Network>,
    /// A file in PEM of those who may vouch for receivers.
    pub ca: Option<PathBuf>,
    /// How long it is tried.
    pub notifying: Notifying,
}

/// The settings; `from` is the folder in which paths begin. What is wrong is noted.
pub(super) fn notifications(said: &RawNotifications, from: &Path, errors: &mut Vec<String>) -> NotificationsConfig {
    let mut network = |text: &String| {
        let read = text.parse().ok();
        if read.is_none() {
            errors.push(format!(
                "\"{text}\" is no network of notifications.allowed_networks; it must be such as 10.0.0.0/8 or ::1."
            ));
        }
        read
    };
    let allowed_networks = said.allowed_networks.iter().filter_map(&mut network).collect();
    let default = Notifying::default().retry;
    let mut seconds = |name: &str, value: Option<u64>, default: Duration| {
        if value == Some(0) {
            errors.push(format!("notifications.{name} is 0; it must be 1 at least."));
        }
        value.map_or(default, Duration::from_secs)
    };
    let retry = Retry {
        first: seconds("first_retry_seconds", said.first_retry_seconds, default.first),
        longest: seconds("longest_retry_seconds", said.longest_retry_seconds, default.longest),
        lifetime: seconds("lifetime_seconds", said.lifetime_seconds, default.lifetime),
        ..default
    };
    NotificationsConfig { allowed_networks, ca: said.ca.as_ref().map(|file| from.join(file)), notifying: Notifying { retry } }
}
