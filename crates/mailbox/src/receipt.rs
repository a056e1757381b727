//! Read receipts (RFC 8098): whoever asked to be told that a message was read is, once, when its owner says that it was.

use crate::Mailbox;
use crate::compose::READ_RECEIPT;
use crate::read::Content;
use crate::relay::spelled;
use mime::{AddrSpec, Date, Message, NameAddr, address_line, text_line};
use store::{Blob, MessageRecord, StoreError, Submission, SubmissionId, Timestamp, Wishes, WriteTx};

/// A receipt that is due when a message is read.
#[derive(Clone)]
pub(crate) struct Receipt {
    to: AddrSpec,
    id: SubmissionId,
    blob: Blob,
}

impl Mailbox {
    /// The receipt that is due if a message is read; nothing where none is wanted, or where it would go to somebody else than
    /// errors do: then only the owner could say whether he wants that (RFC 8098 §2.1).
    pub(crate) fn receipt(&self, of: &Content) -> Option<Receipt> {
        let record = &of.record;
        if record.is_draft || record.is_read || !record.is_read_receipt_requested {
            return None;
        }
        let asked = of.message.addresses(READ_RECEIPT).first().and_then(NameAddr::addr_spec);
        let trace = Message::parse(format!("{}\r\n", record.prefix).into());
        let asked = asked.or_else(|| trace.addresses(READ_RECEIPT).first().and_then(NameAddr::addr_spec))?;
        let return_path = trace.addresses("Return-Path").first().and_then(NameAddr::addr_spec)?;
        if asked.folded() != return_path.folded() {
            return None;
        }
        let now = self.now();
        let id = SubmissionId::new(now);
        let octets = self.receipt_octets(of, asked.as_str(), &spelled(id), now);
        Some(Receipt { to: asked, id, blob: Blob::in_memory(octets) })
    }

    fn receipt_octets(&self, of: &Content, to: &str, id: &str, now: Timestamp) -> Vec<u8> {
        let (owner, host) = (&self.owner, &self.mail.inner.options.domain);
        let original = &of.record.internet_message_id;
        let named = |name: &str, address: &str| [NameAddr { name: name.to_owned(), address: address.to_owned() }];
        let references = of.message.text("References").unwrap_or_default();
        let date = Date::format(now.seconds());
        // It goes in the clear to whoever sent this, who need not be the author of what it encloses: the subject outside it is.
        let subject = of.message.text("Subject").unwrap_or_default();
        let mut text = format!("Date: {date}\r\n");
        text += &address_line("From", &named(&owner.display_name, &owner.user_principal_name));
        text += &address_line("To", &named("", to));
        text += &text_line("Subject", &format!("Read: {subject}"));
        text += &format!("Message-ID: <{id}@{host}>\r\n");
        text += &text_line("In-Reply-To", original);
        text += &text_line("References", &format!("{references} {original}"));
        text += "Auto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n";
        text += &format!("Content-Type: multipart/report; report-type=disposition-notification;\r\n boundary=\"=_{id}\"\r\n\r\n");
        let address = &owner.user_principal_name;
        let parts = [
            ("text/plain; charset=utf-8", format!("Your message\r\n\r\n  {subject}\r\n\r\nto {address} was read on {date}.\r\n")),
            (
                "message/disposition-notification",
                format!(
                    "Reporting-UA: {host}; Restante\r\nFinal-Recipient: rfc822; {address}\r\nOriginal-Message-ID: {original}\r\n\
                     Disposition: manual-action/MDN-sent-automatically; displayed\r\n"
                ),
            ),
        ];
        for (media_type, content) in parts {
            let encoding = if content.is_ascii() { "7bit" } else { "8bit" };
            text +=
                &format!("--=_{id}\r\nContent-Type: {media_type}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n{content}\r\n");
        }
        text += &format!("--=_{id}--\r\n");
        text.into_bytes()
    }
}

impl Receipt {
    /// Sends it with the deed by which the message is read, which is how nobody gets two: the wish for one ends with that.
    pub(crate) fn send(&self, mailbox: &Mailbox, tx: &mut WriteTx<'_>, record: &mut MessageRecord) -> Result<(), StoreError> {
        record.is_read_receipt_requested = false;
        record.overlay.is_read_receipt_requested = Some(false);
        let now = mailbox.now();
        tx.put_blob(&self.blob)?;
        tx.add_submission(&Submission {
            mailbox: mailbox.owner.id,
            id: self.id,
            part_of: None,
            blob: self.blob.digest,
            prefix: String::new(),
            cuts: String::new(),
            reverse_path: String::new(), // RFC 8098 §3: nobody is told of a receipt that doesn't arrive
            created_date_time: now,
            wishes: Wishes::default(),
            forward_paths: vec![mailbox.mail.forward_path(&self.to, now)],
        })
    }
}
