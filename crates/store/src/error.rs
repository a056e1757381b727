//! What can go wrong with keeping.

/// An error of the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is another one already that this one may not stand beside.
    #[error("there is one already")]
    Conflict,
    /// What is stored contradicts itself; the text says what.
    #[error("the store is corrupt: {0}")]
    Corrupt(String),
    /// The database refused or failed.
    #[error("database: {0}")]
    Database(#[from] rusqlite::Error),
    /// Another process serves this directory.
    #[error("another process serves this data directory")]
    InUse,
    /// The file system refused or failed.
    #[error("file system: {0}")]
    Io(#[from] std::io::Error),
    /// There is no store in this directory.
    #[error("there is no store in this data directory")]
    Missing,
    /// The row asked for is not there.
    #[error("no such row")]
    NotFound,
    /// What is set can't be used; the text says which, and why.
    #[error("{0}")]
    Setting(String),
    /// The store is closing, or a deed broke off.
    #[error("the store stopped before the deed was done")]
    Stopped,
    /// What is asked would look at more than it may.
    #[error("the work that it takes is more than a request may do")]
    TooMuchWork,
    /// Octets can't be had or kept now, since the store that has them doesn't answer or refuses.
    #[error("object storage: {0}")]
    Unavailable(String),
}
