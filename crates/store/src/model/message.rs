//! A message's row: an index of its octets, and what stands beside them.

use crate::blobs::Digest;
use crate::clock::Timestamp;
use crate::ids::{FolderId, MessageId};
use serde::{Deserialize, Serialize};

/// A name and an address (Graph: emailAddress).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Recipient {
    /// Name for show; may be empty.
    pub name: String,
    /// Address as written; may be empty.
    pub address: String,
}

/// A message of a mailbox. Its octets are `prefix`, then the blob without its cuts.
#[derive(Debug, Clone)]
pub struct MessageRecord {
    /// Its id, for life.
    pub id: MessageId,
    /// The folder it stands in.
    pub folder: FolderId,
    /// The mailbox's change number when this row was last written; set by the store.
    pub modseq: i64,
    /// The mailbox's change number when it came into its folder; set by the store.
    pub folder_modseq: i64,
    /// The octets that were given.
    pub blob: Digest,
    /// Header fields before them, with their line ends: part of the message.
    pub prefix: String,
    /// Header fields that the client left out, with their line ends: shown, sent, but no part of this copy.
    pub generated: String,
    /// Spans of the blob that are no part of this copy, as text.
    pub cuts: String,
    /// Size of this copy in octets.
    pub size: i64,
    /// Not sent yet.
    pub is_draft: bool,
    /// Read.
    pub is_read: bool,
    /// Its octets were built here, from JSON.
    pub is_composed: bool,
    /// When this copy was made.
    pub created_date_time: Timestamp,
    /// When this row was last written.
    pub last_modified_date_time: Timestamp,
    /// When it was delivered here; for what was made here, when it was made or sent.
    pub received_date_time: Timestamp,
    /// Its Date field.
    pub sent_date_time: Timestamp,
    /// Its Message-ID, angle brackets included.
    pub internet_message_id: String,
    /// Which conversation of this mailbox it belongs to.
    pub conversation_id: [u8; 16],
    /// Its place in the conversation (MS-OXOMSG 2.2.1.3).
    pub conversation_index: Vec<u8>,
    /// Subject, decoded.
    pub subject: String,
    /// First 255 characters of the text.
    pub body_preview: String,
    /// low, normal, high
    pub importance: String,
    /// focused, other
    pub inference_classification: String,
    /// Has attachments that are not inline.
    pub has_attachments: bool,
    /// Return-Receipt-To is there.
    pub is_delivery_receipt_requested: bool,
    /// Disposition-Notification-To is there.
    pub is_read_receipt_requested: bool,
    /// From
    pub from: Vec<Recipient>,
    /// Sender, else the first of From
    pub sender: Vec<Recipient>,
    /// To
    pub to_recipients: Vec<Recipient>,
    /// Cc
    pub cc_recipients: Vec<Recipient>,
    /// Bcc; always empty in a recipient's copy
    pub bcc_recipients: Vec<Recipient>,
    /// Reply-To
    pub reply_to: Vec<Recipient>,
    /// Names of categories
    pub categories: Vec<String>,
    /// The follow-up flag as Graph's JSON
    pub flag: String,
    /// What it says of a meeting, as JSON of the mailbox's, where it carries one.
    pub meeting: Option<String>,
    /// What its owner set beside the octets.
    pub overlay: Overlay,
}

impl MessageRecord {
    /// Whether this row was read from the same octets, overlay and Message-ID as another one of its message: what is
    /// written by what was read of the one is right for the other.
    pub fn is_made_as(&self, other: &MessageRecord) -> bool {
        let made_of = |m: &MessageRecord| (m.blob, m.is_draft, m.is_composed);
        made_of(self) == made_of(other) && self.overlay == other.overlay && self.internet_message_id == other.internet_message_id
    }

    /// A message that says nothing yet.
    pub fn empty(id: MessageId, folder: FolderId, at: Timestamp) -> MessageRecord {
        MessageRecord {
            id,
            folder,
            modseq: 0,
            folder_modseq: 0,
            blob: Digest([0; 32]),
            prefix: String::new(),
            generated: String::new(),
            cuts: String::new(),
            size: 0,
            is_draft: false,
            is_read: false,
            is_composed: false,
            created_date_time: at,
            last_modified_date_time: at,
            received_date_time: at,
            sent_date_time: at,
            internet_message_id: String::new(),
            conversation_id: [0; 16],
            conversation_index: Vec::new(),
            subject: String::new(),
            body_preview: String::new(),
            importance: String::new(),
            inference_classification: String::new(),
            has_attachments: false,
            is_delivery_receipt_requested: false,
            is_read_receipt_requested: false,
            from: Vec::new(),
            sender: Vec::new(),
            to_recipients: Vec::new(),
            cc_recipients: Vec::new(),
            bcc_recipients: Vec::new(),
            reply_to: Vec::new(),
            categories: Vec::new(),
            flag: String::new(),
            meeting: None,
            overlay: Overlay::default(),
        }
    }
}

/// What S/MIME does with a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Protection {
    /// It is signed.
    pub sign: bool,
    /// It is encrypted.
    pub encrypt: bool,
}

/// What the owner of a message set beside its octets, where these would say otherwise or nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Overlay {
    /// Recipients that a reply adds to those of the header's To.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub to: Vec<Recipient>,
    /// Recipients that a reply adds to those of the header's Cc.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cc: Vec<Recipient>,
    /// Recipients instead of those of the header's Bcc.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bcc: Option<Vec<Recipient>>,
    /// Header fields that make it a reply, with their names; written where the header lacks them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub threading: Vec<(String, String)>,
    /// low, normal, high
    #[serde(skip_serializing_if = "Option::is_none")]
    pub importance: Option<String>,
    /// What is done with it by S/MIME when it is sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protection: Option<Protection>,
    /// Whether it holds a text that came encrypted.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub quotes_encrypted: bool,
    /// Attachments whose name or type became another one: the mark of each now, and the one that its id has.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub renamed_attachments: Vec<(u32, u32)>,
    /// Whether a report of delivery is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_delivery_receipt_requested: Option<bool>,
    /// Whether a report of reading is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_read_receipt_requested: Option<bool>,
}
