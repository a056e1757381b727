//! Octets → row: everything that a list shows without opening the message.

use crate::automation::Automation;
use crate::compose::{Beside, DELIVERY_RECEIPT, Importance, READ_RECEIPT};
use crate::meeting::Meeting;
use crate::message_class::class_of;
use crate::opened::enclosed;
use mime::{Cuts, Date, HeaderField, LineEnd, Message, NameAddr, Opening, msg_ids};
use std::collections::HashSet;
use store::{Digest, FolderId, MailboxId, MessageId, MessageRecord, Overlay, Recipient, Timestamp};
use uuid::Uuid;

/// What a row says of a message by its octets and the fields that stand before them. Read before the deed that writes the
/// row, and once for all copies: the writer is one, and a message may be as large and as odd as its sender likes.
#[derive(Debug, Clone)]
pub(crate) struct Reading {
    octets: usize,
    pub(crate) line_end: LineEnd,
    pub(crate) opening: Opening,
    internet_message_id: String,
    /// The first message of its conversation, by Message-ID.
    root: String,
    thread_index: Option<Vec<u8>>,
    date: Option<Timestamp>,
    pub(crate) subject: String,
    body_preview: String,
    pub(crate) importance: Importance,
    pub(crate) has_attachments: bool,
    asks_for_delivery: bool,
    asks_for_reading: bool,
    pub(crate) from: Vec<Recipient>,
    sender: Vec<Recipient>,
    pub(crate) to: Vec<Recipient>,
    pub(crate) cc: Vec<Recipient>,
    bcc: Vec<Recipient>,
    reply_to: Vec<Recipient>,
    pub(crate) keywords: Vec<String>,
    pub(crate) meeting: Option<Meeting>,
    pub(crate) message_class: &'static str,
    pub(crate) automation: Automation,
}

impl Reading {
    /// The same of a message that is about another one, in the conversation that begins with this Message-ID.
    pub(crate) fn about(self, root: Option<String>) -> Reading {
        Reading { root: root.unwrap_or(self.root), ..self }
    }

    /// The same of a message that is shown as what it encloses.
    pub(crate) fn shown_as(self, content: &Message, subject: Option<String>) -> Reading {
        Reading {
            subject: subject.unwrap_or(self.subject),
            body_preview: content.body_preview(),
            has_attachments: content.has_attachments(),
            meeting: Meeting::of(content),
            ..self
        }
    }

    /// Reads a message and what stands `before` its octets: header fields with their line ends.
    pub(crate) fn of(before: &str, message: &Message) -> Reading {
        let header = Header { before: Message::parse(format!("{before}\r\n").into()), message };
        let enclosed = enclosed(message, &[]);
        let shown = enclosed.as_ref().unwrap_or(message);
        let internet_message_id = header.message_id();
        let meeting = Meeting::of(shown);
        let (from, sender) = (header.recipients("From"), header.recipients("Sender"));
        Reading {
            octets: message.octets().len(),
            line_end: message.line_end(),
            opening: message.opening(),
            root: header.root().unwrap_or_else(|| internet_message_id.clone()),
            internet_message_id,
            thread_index: header.thread_index(),
            date: header.date(),
            subject: message.text("Subject").unwrap_or_default(),
            body_preview: shown.body_preview(),
            importance: header.importance(),
            has_attachments: shown.has_attachments(),
            asks_for_delivery: header.field(DELIVERY_RECEIPT).is_some(),
            asks_for_reading: header.field(READ_RECEIPT).is_some(),
            sender: if sender.is_empty() { from.iter().take(1).cloned().collect() } else { sender },
            from,
            to: header.recipients("To"),
            cc: header.recipients("Cc"),
            bcc: header.recipients("Bcc"),
            reply_to: header.recipients("Reply-To"),
            keywords: header.keywords(),
            message_class: class_of(message, meeting.as_ref()),
            meeting,
            automation: Automation::of(&header.before, message),
        }
    }
}

/// A copy of a message: what stands before its octets, and what is left out of them.
#[derive(Debug, Clone)]
pub(crate) struct Copy {
    pub(crate) reading: Reading,
    pub(crate) blob: Digest,
    /// Part of the copy.
    pub(crate) prefix: String,
    /// Shown, and no part of the copy.
    pub(crate) generated: String,
    pub(crate) cuts: Cuts,
}

/// Where and how a copy is filed.
pub(crate) struct Place {
    pub(crate) mailbox: MailboxId,
    pub(crate) folder: FolderId,
    pub(crate) id: MessageId,
    pub(crate) created: Timestamp,
    pub(crate) received: Timestamp,
    pub(crate) now: Timestamp,
    pub(crate) is_draft: bool,
    pub(crate) is_read: bool,
    pub(crate) is_composed: bool,
    pub(crate) beside: Beside,
    pub(crate) overlay: Overlay,
}

/// Longest name of a category, in characters (Graph: outlookCategory), and how many are read from a header.
pub const MAX_CATEGORY: usize = 255;
const MAX_CATEGORIES: usize = 100;

/// The row of a copy. Its change numbers are the store's to set.
pub(crate) fn index(copy: Copy, place: Place) -> MessageRecord {
    let Copy { reading, blob, prefix, generated, cuts } = copy;
    let Place { beside, overlay, .. } = place;
    let conversation_id = conversation(place.mailbox, &reading.root);
    let size = prefix.len() + reading.octets - cuts.octets();
    MessageRecord {
        id: place.id,
        folder: place.folder,
        modseq: 0,
        folder_modseq: 0,
        blob,
        size: i64::try_from(size).unwrap_or(i64::MAX),
        is_draft: place.is_draft,
        is_read: beside.is_read.unwrap_or(place.is_read),
        is_composed: place.is_composed,
        created_date_time: place.created,
        last_modified_date_time: place.now,
        received_date_time: place.received,
        sent_date_time: reading.date.unwrap_or(place.received),
        internet_message_id: reading.internet_message_id,
        conversation_id,
        conversation_index: reading.thread_index.unwrap_or_else(|| thread_index(place.created, conversation_id)),
        subject: reading.subject,
        body_preview: reading.body_preview,
        importance: overlay.importance.clone().unwrap_or_else(|| reading.importance.as_str().to_owned()),
        inference_classification: beside.inference_classification.unwrap_or_else(|| "focused".to_owned()),
        has_attachments: reading.has_attachments,
        is_delivery_receipt_requested: overlay.is_delivery_receipt_requested.unwrap_or(reading.asks_for_delivery),
        is_read_receipt_requested: overlay.is_read_receipt_requested.unwrap_or(reading.asks_for_reading),
        sender: reading.sender,
        from: reading.from,
        to_recipients: with_added(reading.to, &overlay.to),
        cc_recipients: with_added(reading.cc, &overlay.cc),
        bcc_recipients: match &overlay.bcc {
            Some(bcc) => bcc.clone(),
            None if cuts.is_empty() => reading.bcc,
            None => Vec::new(), // a recipient's copy
        },
        reply_to: reading.reply_to,
        categories: beside.categories.unwrap_or(reading.keywords),
        meeting: reading.meeting.as_ref().and_then(Meeting::to_row),
        flag: beside.flag.unwrap_or_else(|| r#"{"flagStatus":"notFlagged"}"#.to_owned()),
        cuts: cuts.to_text(),
        prefix,
        generated,
        overlay,
    }
}

/// The recipients of a header field.
pub(crate) fn recipients(message: &Message, name: &str) -> Vec<Recipient> {
    message.addresses(name).into_iter().map(|NameAddr { name, address }| Recipient { name, address }).collect()
}

/// The recipients of a header field, and those beside it that it doesn't name.
fn with_added(mut named: Vec<Recipient>, added: &[Recipient]) -> Vec<Recipient> {
    let mut known: HashSet<String> = if added.is_empty() { HashSet::new() } else { named.iter().map(folded).collect() };
    named.extend(added.iter().filter(|recipient| known.insert(folded(recipient))).cloned());
    named
}

/// The form in which addresses are compared.
pub(crate) fn folded(recipient: &Recipient) -> String {
    recipient.address.to_lowercase()
}

/// The header of a copy: the fields before its octets, then its own.
struct Header<'m> {
    before: Message,
    message: &'m Message,
}

impl Header<'_> {
    fn field(&self, name: &str) -> Option<HeaderField<'_>> {
        self.before.field(name).or_else(|| self.message.field(name))
    }

    fn recipients(&self, name: &str) -> Vec<Recipient> {
        [recipients(&self.before, name), recipients(self.message, name)].concat()
    }

    fn message_id(&self) -> String {
        let first = self.field("Message-ID").and_then(|f| msg_ids(&f.body()).into_iter().next());
        first.or_else(|| self.message.text("Message-ID")).unwrap_or_default()
    }

    /// The first reference (RFC 5322 §3.6.4).
    fn root(&self) -> Option<String> {
        let first = |name: &str| self.field(name).and_then(|f| msg_ids(&f.body()).into_iter().next());
        first("References").or_else(|| first("In-Reply-To"))
    }

    fn date(&self) -> Option<Timestamp> {
        Date::parse(&self.field("Date")?.body()).map(Timestamp::from_seconds)
    }

    fn importance(&self) -> Importance {
        importance(|name| self.field(name).map(|field| field.text()))
    }

    /// The words of every Keywords field, each once (RFC 5322 §3.6.5; MS-OXCMAIL makes categories of them).
    fn keywords(&self) -> Vec<String> {
        let mut keywords: Vec<String> = Vec::new();
        for field in self.message.fields().filter(|field| field.is("Keywords")) {
            for phrase in field.text().split(',').map(|phrase| phrase.trim().trim_matches('"')) {
                let is_new = !keywords.iter().any(|known| known.eq_ignore_ascii_case(phrase));
                if is_new && !phrase.is_empty() && phrase.chars().count() <= MAX_CATEGORY && keywords.len() < MAX_CATEGORIES {
                    keywords.push(phrase.to_owned());
                }
            }
        }
        keywords
    }

    /// The octets of Thread-Index, if it is one: a header block of 22 octets, then 5 for each reply (MS-OXOMSG 2.2.1.3).
    fn thread_index(&self) -> Option<Vec<u8>> {
        let body = self.field("Thread-Index")?.body();
        let octets = mime::decode_base64(body.trim_ascii()).ok()?;
        (octets.len() >= 22 && (octets.len() - 22).is_multiple_of(5)).then_some(octets)
    }
}

/// Importance (RFC 2156 §5.3.4), else the X-Priority that older clients write, else Priority (RFC 2156 §5.3.6), by the
/// texts of a header's fields.
pub(crate) fn importance(text: impl Fn(&str) -> Option<String>) -> Importance {
    let word = |name: &str| text(name).map(|text| text.trim().to_ascii_lowercase());
    let importance = word("Importance").and_then(|text| Importance::parse(&text));
    importance
        .or_else(|| match word("X-Priority")?.as_bytes().first()? {
            b'1' | b'2' => Some(Importance::High),
            b'3' => Some(Importance::Normal),
            b'4' | b'5' => Some(Importance::Low),
            _ => None,
        })
        .or_else(|| match word("Priority")?.as_str() {
            "urgent" => Some(Importance::High),
            "non-urgent" => Some(Importance::Low),
            _ => None,
        })
        .unwrap_or_default()
}

/// The conversation of one mailbox that begins with this message: a message without references begins its own.
fn conversation(mailbox: MailboxId, root: &str) -> [u8; 16] {
    *Uuid::new_v5(&Uuid::from_bytes(mailbox.0), root.as_bytes()).as_bytes()
}

/// The index of a conversation that begins now (MS-OXOMSG 2.2.1.3): a 1, the upper five octets of a FILETIME, a GUID.
pub(crate) fn thread_index(now: Timestamp, conversation: [u8; 16]) -> Vec<u8> {
    let mut index = vec![1];
    index.extend_from_slice(&filetime(now).to_be_bytes()[..5]);
    index.extend_from_slice(&conversation);
    index
}

/// An instant as FILETIME: units of 100 ns since 1601.
pub(crate) fn filetime(at: Timestamp) -> i64 {
    const OF_1970: i64 = 116_444_736_000_000_000;
    at.0.saturating_mul(10).saturating_add(OF_1970)
}
