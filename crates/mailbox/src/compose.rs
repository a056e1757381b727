//! A message given as JSON: what its sender wrote, and the octets it becomes, once.

use crate::Mailbox;
use crate::drafts::NewMessage;
use crate::error::MailError;
use mime::{BodyKind, Composition, NameAddr};
use store::MessageId;

/// What stands beside a message's octets and is no part of them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Beside {
    /// Names of categories
    pub categories: Vec<String>,
    /// The follow-up flag as Graph's JSON
    pub flag: Option<String>,
    /// focused, other
    pub inference_classification: Option<String>,
}

/// A message to be composed.
#[derive(Debug, Clone, Default)]
pub struct Draft {
    /// From; the mailbox's owner where there is none.
    pub from: Option<NameAddr>,
    /// Sender, where it is somebody else.
    pub sender: Option<NameAddr>,
    /// To
    pub to: Vec<NameAddr>,
    /// Cc
    pub cc: Vec<NameAddr>,
    /// Bcc
    pub bcc: Vec<NameAddr>,
    /// Reply-To
    pub reply_to: Vec<NameAddr>,
    /// Subject
    pub subject: String,
    /// Form of the text
    pub body_kind: BodyKind,
    /// The text
    pub body: String,
    /// Files
    pub attachments: Vec<mime::Attachment>,
    /// Further header fields: name and text
    pub fields: Vec<(String, String)>,
    /// Importance
    pub importance: Importance,
    /// Asks for a report of delivery.
    pub is_delivery_receipt_requested: bool,
    /// Asks for a report of reading (RFC 8098).
    pub is_read_receipt_requested: bool,
    /// Message-ID, where the sender gave one
    pub internet_message_id: Option<String>,
    /// What is no part of the octets
    pub beside: Beside,
}

/// Importance (RFC 2156 §5.3.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Importance {
    /// high
    High,
    /// low
    Low,
    /// normal
    #[default]
    Normal,
}

impl Importance {
    /// The word, in lower case.
    pub fn as_str(self) -> &'static str {
        match self {
            Importance::High => "high",
            Importance::Low => "low",
            Importance::Normal => "normal",
        }
    }

    /// A word in any case.
    pub fn parse(text: &str) -> Option<Importance> {
        [Importance::High, Importance::Low, Importance::Normal].into_iter().find(|i| i.as_str().eq_ignore_ascii_case(text))
    }
}

/// Fields that have properties of their own, or are the server's to write: no client gives them by name.
const OWN_FIELDS: [&str; 14] = [
    "From",
    "Sender",
    "Reply-To",
    "To",
    "Cc",
    "Bcc",
    "Subject",
    "Date",
    "Message-ID",
    "MIME-Version",
    "Importance",
    "Return-Path",
    "Received",
    "Resent-Bcc",
];

impl Mailbox {
    /// Builds a message's octets. The owner is its author unless it names another.
    ///
    /// # Errors
    /// [`MailError::InvalidHeader`], [`MailError::TooLarge`], [`MailError::Store`].
    pub async fn compose(&self, draft: Draft) -> Result<NewMessage, MailError> {
        let limit = self.mail.inner.options.max_message_octets;
        let beside = draft.beside.clone();
        let message_id = draft.internet_message_id.clone();
        let composition = self.composition(draft)?;
        let octets = tokio::task::spawn_blocking(move || mime::compose(&composition))
            .await
            .map_err(|_| MailError::Store(store::StoreError::Stopped))?;
        if octets.len() as u64 > limit {
            return Err(MailError::TooLarge { limit });
        }
        let blob = self.mail.spool().write(&octets).await?.finish().await?;
        Ok(NewMessage { blob, is_composed: true, message_id, beside })
    }

    fn composition(&self, draft: Draft) -> Result<Composition, MailError> {
        let owner = NameAddr { name: self.owner.display_name.clone(), address: self.owner.user_principal_name.clone() };
        let mut fields = Vec::new();
        if draft.importance != Importance::Normal {
            fields.push(("Importance".to_owned(), draft.importance.as_str().to_owned()));
        }
        if draft.is_read_receipt_requested {
            fields.push(("Disposition-Notification-To".to_owned(), owner.address.clone()));
        }
        if draft.is_delivery_receipt_requested {
            fields.push(("Return-Receipt-To".to_owned(), owner.address.clone()));
        }
        for (name, text) in draft.fields {
            if !may_be_given(&name) {
                return Err(MailError::InvalidHeader(name));
            }
            fields.push((name, text));
        }
        let from = draft.from.unwrap_or(owner);
        Ok(Composition {
            sender: draft.sender.filter(|s| !s.address.eq_ignore_ascii_case(&from.address)),
            from: vec![from],
            to: draft.to,
            cc: draft.cc,
            bcc: draft.bcc,
            reply_to: draft.reply_to,
            subject: draft.subject,
            fields,
            body_kind: draft.body_kind,
            body: draft.body,
            attachments: draft.attachments,
            boundary_seed: uuid::Uuid::from_bytes(MessageId::new(self.now()).0).simple().to_string(),
        })
    }
}

/// Whether a client may give a field of this name: a field name (RFC 5322 §3.6.8) that has no property of its own.
fn may_be_given(name: &str) -> bool {
    let of_content = name.get(..8).is_some_and(|start| start.eq_ignore_ascii_case("content-"));
    mime::is_field_name(name) && !of_content && !OWN_FIELDS.iter().any(|own| own.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_gives_no_field_that_has_a_property() {
        for name in ["X-Test", "In-Reply-To", "List-Unsubscribe", "Auto-Submitted"] {
            assert!(may_be_given(name), "{name}");
        }
        for name in ["", "a b", "a:b", "x\r\ny", "bcc", "Content-Type", "RECEIVED", "é", "\""] {
            assert!(!may_be_given(name), "{name:?}");
        }
    }
}
