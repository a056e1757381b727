//! Ids: 16 octets, made here, rising with time so that new rows stand together.

use crate::clock::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name(pub [u8; 16]);

        #[allow(dead_code, reason = "not every id is asked all of this")]
        impl $name {
            /// A new id: the time, then 74 random bits (RFC 9562, version 7).
            pub fn new(now: Timestamp) -> $name {
                let seconds = now.seconds().unsigned_abs();
                let nanos = u32::try_from(now.0.rem_euclid(1_000_000) * 1000).unwrap_or(0);
                $name(*Uuid::new_v7(uuid::Timestamp::from_unix(uuid::NoContext, seconds, nanos)).as_bytes())
            }

            /// When it was made, to the millisecond (RFC 9562 §5.7).
            pub fn date_time(&self) -> Timestamp {
                let [a, b, c, d, e, f, ..] = self.0;
                Timestamp(i64::from_be_bytes([0, 0, a, b, c, d, e, f]).saturating_mul(1000))
            }

            /// The least id that is made at a time.
            pub fn first_at(time: Timestamp) -> $name {
                let [.., a, b, c, d, e, f] = (time.0 / 1000).max(0).to_be_bytes();
                $name([a, b, c, d, e, f, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
            }

            /// The id with these octets; nothing where there are not 16.
            pub fn from_slice(octets: &[u8]) -> Option<$name> {
                octets.try_into().ok().map($name)
            }
        }
    };
}

id!(
    /// A person's mailbox; the same as the person's id.
    MailboxId
);
id!(
    /// A folder of a mailbox.
    FolderId
);
impl FolderId {
    /// Where the change log has what became of messages that were sent: no folder. No id that is made is this one.
    pub const DELIVERY: FolderId = FolderId([0; 16]);
}

id!(
    /// A category from which a mailbox's owner chooses.
    CategoryId
);
id!(
    /// What a mailbox's owner says of a sender.
    OverrideId
);
id!(
    /// A message of a mailbox, from draft to archive.
    MessageId
);
id!(
    /// A rule of a mailbox for what arrives.
    RuleId
);
id!(
    /// One submission on its way.
    SubmissionId
);

id!(
    /// An app's wish to be told of a mailbox's changes.
    SubscriptionId
);

id!(
    /// A deed of which it must be known whether it was done.
    DeedId
);

id!(
    /// A process that serves a store, from its start to its end.
    NodeId
);

impl NodeId {
    /// The one process that serves a store which no other can.
    pub const ALONE: NodeId = NodeId([0; 16]);
}

id!(
    /// A message that comes in several requests.
    UploadId
);

impl std::fmt::Display for MailboxId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        Uuid::from_bytes(self.0).fmt(f)
    }
}

/// 122 random bits: what makes a name like no other.
#[allow(clippy::disallowed_methods, reason = "ids are made here")]
pub(crate) fn random() -> Uuid {
    Uuid::new_v4()
}
