//! What can go wrong with keeping.

/// Seconds after which it is worth to ask again where the store can't be reached.
pub const RETRY: i64 = 5;

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
    /// PostgreSQL refused a statement; the text says why.
    #[error("database: {0}")]
    Postgres(String),
    /// Another process serves this directory.
    #[error("another process serves this data directory")]
    InUse,
    /// The file system refused or failed.
    #[error("file system: {0}")]
    Io(#[from] std::io::Error),
    /// There is no store in this directory.
    #[error("there is no store in this data directory")]
    Missing,
    /// The store is being moved, or was; the text says from or to where, and what is to be done.
    #[error("the store can't be used here: {0}")]
    Moved(String),
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
    /// Where rows or octets stand can't be reached now; the text says what happened. It may be in a few seconds.
    #[error("the store can't be reached: {0}")]
    Unavailable(String),
}
