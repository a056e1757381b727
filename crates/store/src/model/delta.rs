//! What is read of a mailbox by who follows it.

/// A place in an order by a number and, where that is the same, by id. A page begins after one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// A change number, or a receivedDateTime in microseconds.
    pub at: i64,
    /// Of a message or a folder.
    pub id: [u8; 16],
}

impl Place {
    /// Before all others.
    pub const FIRST: Place = Place { at: i64::MIN, id: [0; 16] };
    /// Behind all others.
    pub const LAST: Place = Place { at: i64::MAX, id: [u8::MAX; 16] };

    /// Behind everything with this number.
    pub fn behind(at: i64) -> Place {
        Place { at, id: [u8::MAX; 16] }
    }
}

/// That something is no more where it is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Departure<I> {
    /// What left.
    pub id: I,
    /// By which change.
    pub modseq: i64,
}
