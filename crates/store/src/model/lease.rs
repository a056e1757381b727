//! Places that couriers go to, one at a time each.

/// What is carried: each kind has places of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// Notifications of changes, to the URLs of receivers.
    Notifications,
    /// Mail, to other domains.
    Relay,
}

/// A place that was taken, so that nobody else goes there meanwhile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leased {
    /// What is carried there.
    pub work: Work,
    /// Its name: a destination as forward-paths have it, or a URL.
    pub name: String,
    /// How often in a row it could not be reached at all.
    pub failures: i64,
}
