//! Categories from which people choose (Graph: outlookCategory).

use crate::clock::Timestamp;
use crate::ids::CategoryId;
use crate::model::condition::folded;

/// A name with a color.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutlookCategory {
    /// Its id.
    pub id: CategoryId,
    /// What messages are marked with.
    pub display_name: String,
    /// A word of Graph's.
    pub color: String,
    /// When it was made.
    pub created_date_time: Timestamp,
}

impl OutlookCategory {
    /// The form in which names compare: one list has each once.
    pub(crate) fn folded_name(&self) -> String {
        folded(&self.display_name)
    }
}
