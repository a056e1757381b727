//! Reports that other servers send (RFC 3464): which message they are about, and what became of whom.

use crate::report::plain;
use mime::{Message, msg_ids};
use store::{ForwardPath, ForwardState, MailboxId, StoreError, SubmissionId, Timestamp, WriteTx};
use uuid::Uuid;

/// Recipients of one report that are looked at.
const RECIPIENTS: usize = 1000;
/// Octets of a report's status that are looked at.
const OCTETS: usize = 1024 * 1024;

/// What a report says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reported {
    /// By what the sender knows the message, where that is an id of ours.
    envelope_id: Option<SubmissionId>,
    /// The Message-ID of what came back.
    message_id: Option<String>,
    /// The first message of the conversation that it stands in.
    pub(crate) root: Option<String>,
    recipients: Vec<About>,
}

/// What became of one recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
struct About {
    /// As the sender named him, and as the reporter did.
    addresses: Vec<String>,
    action: String,
    /// What the sender is shown.
    text: String,
}

/// Reads a report of delivery; nothing where the message is none.
pub(crate) fn reported(message: &Message) -> Option<Reported> {
    let root = message.parts().first()?;
    if root.media_type.essence != "multipart/report" {
        return None;
    }
    let is_status = |essence: &str| matches!(essence, "message/delivery-status" | "message/global-delivery-status");
    let status = message.parts().iter().find(|part| is_status(&part.media_type.essence))?;
    let text = message.decoded_text(status, OCTETS).replace("\r\n", "\n");
    let mut groups = text.split("\n\n").map(str::trim).filter(|group| !group.is_empty());
    let of_message = fields(groups.next()?);
    let envelope_id = of_message.text("Original-Envelope-Id").and_then(|id| Uuid::try_parse(id.trim()).ok());
    let original = returned(message);
    let first = |original: &Message, name: &str| original.field(name).and_then(|field| msg_ids(&field.body()).into_iter().next());
    let message_id = original.as_ref().and_then(Message::message_id);
    let root = original.as_ref().and_then(|original| first(original, "References").or_else(|| first(original, "In-Reply-To")));
    Some(Reported {
        envelope_id: envelope_id.map(|id| SubmissionId(*id.as_bytes())),
        root: root.or_else(|| message_id.clone()),
        message_id,
        recipients: groups.take(RECIPIENTS).map(fields).filter_map(|group| about(&group)).collect(),
    })
}

fn fields(group: &str) -> Message {
    Message::parse(format!("{group}\n\n").into())
}

fn about(group: &Message) -> Option<About> {
    let address = |name: &str| Some(group.text(name)?.split_once(';')?.1.trim().to_owned());
    let addresses: Vec<String> = ["Original-Recipient", "Final-Recipient"].into_iter().filter_map(address).collect();
    let action = group.text("Action")?.trim().to_lowercase();
    let said = address("Diagnostic-Code").or_else(|| group.text("Status")).unwrap_or_default();
    Some(About { addresses, text: plain(&format!("{action}: {}", said.trim())), action })
}

/// The message that came back, or its header.
fn returned(message: &Message) -> Option<Message> {
    let part = message.parts().iter().skip(1).find(|part| {
        let essence = part.media_type.essence.as_str();
        matches!(essence, "message/rfc822" | "message/global" | "text/rfc822-headers" | "message/global-headers")
    })?;
    Some(Message::parse(message.decoded(part)))
}

impl Reported {
    /// Writes what it says beside the message that it is about, if somebody sent that from this mailbox and it was relayed. A
    /// report can be forged by whoever knows an id, so that it says what others say, and ends nothing that is tried here.
    pub(crate) fn tell(&self, tx: &mut WriteTx<'_>, mailbox: MailboxId, now: Timestamp) -> Result<(), StoreError> {
        let paths = self.forward_paths(tx, mailbox)?;
        for about in &self.recipients {
            let is_meant = |(_, path): &&(SubmissionId, ForwardPath)| {
                about.addresses.iter().any(|address| address.eq_ignore_ascii_case(&path.address))
            };
            let Some((id, path)) = paths.iter().find(is_meant) else { continue };
            let state = if about.action == "failed" { ForwardState::Failed } else { ForwardState::Relayed };
            let changed = ForwardPath { state, due_date_time: now, reply: about.text.clone(), ..path.clone() };
            tx.set_forward_state((mailbox, *id), &changed, &[ForwardState::Relayed])?;
        }
        Ok(())
    }

    /// The recipients of what it is about, each with the submission by which he gets it.
    fn forward_paths(&self, tx: &WriteTx<'_>, mailbox: MailboxId) -> Result<Vec<(SubmissionId, ForwardPath)>, StoreError> {
        let mut candidates: Vec<SubmissionId> = self.envelope_id.into_iter().collect();
        if let Some(message_id) = &self.message_id {
            candidates.extend(tx.messages_named(mailbox, message_id)?.into_iter().map(|id| SubmissionId(id.0)));
        }
        for id in candidates {
            let mut found = Vec::new();
            for part in [vec![id], tx.parts_of(mailbox, id)?].concat() {
                found.extend(tx.forward_paths(mailbox, part)?.into_iter().map(|path| (part, path)));
            }
            if !found.is_empty() {
                return Ok(found);
            }
        }
        Ok(Vec::new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPORT: &str = "From: postmaster@other.example\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n\
        --b\n\nSorry.\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; other.example\n\
        Original-Envelope-Id: 01a2134ca9f37a59bf1161e37b843e93\n\nFinal-Recipient: rfc822; b@other.example\n\
        Original-Recipient: rfc822;A@elsewhere.example\nAction: failed\nStatus: 5.1.1\n\
        Diagnostic-Code: smtp; 550 5.1.1 gone\n\nFinal-Recipient: rfc822; c@other.example\nAction: Delayed\nStatus: 4.4.1\n\n\
        --b\nContent-Type: text/rfc822-headers\n\nMessage-ID: <2@contoso.com>\nReferences: <1@contoso.com> <9@x>\n\n--b--\n";

    #[test]
    fn a_report_says_of_what_and_of_whom_it_is() {
        let found = reported(&Message::parse(REPORT.into())).expect("a report");
        assert!(found.envelope_id.is_some());
        assert_eq!(found.message_id.as_deref(), Some("<2@contoso.com>"));
        assert_eq!(found.root.as_deref(), Some("<1@contoso.com>"));
        let told: Vec<_> =
            found.recipients.iter().map(|one| (one.addresses.len(), one.action.as_str(), one.text.as_str())).collect();
        assert_eq!(told, [(2, "failed", "failed: 550 5.1.1 gone"), (1, "delayed", "delayed: 4.4.1")]);
    }

    #[test]
    fn what_is_none_is_none() {
        for text in ["Subject: x\n\nbody", "Content-Type: multipart/report; boundary=b\n\n--b\n\nx\n--b--\n", ""] {
            assert_eq!(reported(&Message::parse(text.into())), None, "{text:?}");
        }
    }
}
