//! Senders whose mail is classified as their recipient says (Graph: inferenceClassificationOverride).

use crate::ids::OverrideId;
use crate::model::message::Recipient;

/// What is to become of a sender's mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InferenceOverride {
    /// Its id.
    pub id: OverrideId,
    /// Whose mail; by the address alone, in any case.
    pub sender: Recipient,
    /// `focused` or `other`.
    pub classify_as: String,
}
