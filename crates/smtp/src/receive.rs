//! The end of a message: it goes into the mailboxes, and what came of that is a reply. The one table from what went wrong to
//! SMTP's words.

use crate::session::Transaction;
use crate::wire::reply::{self, Reply};
use mailbox::{Arrival, Incoming, Limit, Mail, MailError, SmimeRefusal};
use store::{Blob, StoreError};

/// Puts a message into the mailboxes of its recipients.
pub(crate) async fn receive(mail: &Mail, blob: Blob, transaction: &Transaction, arrival: Arrival) -> Reply {
    let forward_paths = transaction.addressees.iter().map(|addressee| addressee.address.clone()).collect();
    let incoming = Incoming { blob, reverse_path: transaction.reverse_path.clone(), forward_paths, arrival };
    match mail.receive(incoming).await {
        Ok(()) => reply::TAKEN.into(),
        Err(error) => refused(&error),
    }
}

/// What a client is told of a deed that failed.
pub(crate) fn refused(error: &MailError) -> Reply {
    let reply = match told(error) {
        Some(reply) => reply,
        None => Reply::from(plain(error)),
    };
    let why = error.reason().map_or_else(|| error.to_string(), str::to_owned); // nobody's address
    tracing::warn!(error = why, code = reply.code, "a message was not taken");
    reply
}

/// What only a client who submits can be told: he reads it, and can do something about it.
fn told(error: &MailError) -> Option<Reply> {
    Some(match error {
        MailError::SendAsDenied(address) => Reply::told(550, [5, 7, 1], format!("You may not send as <{address}>")),
        MailError::AppLimited(limit @ Limit::Rate { .. }) => Reply::told(451, [4, 7, 1], format!("The app is limited: {limit}")),
        MailError::AppLimited(limit) => Reply::told(550, [5, 7, 1], format!("The app is limited: {limit}")),
        MailError::AccessDenied(why) | MailError::NotAdmitted(why) => Reply::told(550, [5, 7, 1], (*why).to_owned()),
        // RFC 3463 §3.8: the message can't be made what the rules want
        MailError::Smime(SmimeRefusal::NoDirectory) => Reply::told(451, [4, 4, 3], SmimeRefusal::NoDirectory.to_string()),
        MailError::Smime(refusal) => Reply::told(550, [5, 7, 5], refusal.to_string()),
        MailError::InvalidRecipients(why) => Reply::told(550, [5, 1, 3], why.clone()),
        _ => return None,
    })
}

fn plain(error: &MailError) -> reply::Plain {
    match error {
        MailError::MailLoop => reply::LOOP,
        MailError::NotFound(_) => reply::NOBODY, // gone since RCPT
        MailError::TooLarge { .. } => reply::TOO_LARGE,
        MailError::Store(StoreError::Io(_)) => reply::NO_ROOM,
        MailError::Store(StoreError::Stopped) => reply::CLOSING,
        MailError::Store(StoreError::Unavailable(_)) => reply::LOCAL_ERROR, // RFC 3463 §3.4: it is tried again
        _ => reply::LOCAL_ERROR,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_out_of_reach_is_tried_again_later() {
        let reply = refused(&MailError::Store(StoreError::Unavailable("connection refused".to_owned())));
        let mut text = Vec::new();
        reply.write(&mut text);
        assert!(text.starts_with(b"451 4.3.0 "), "{}", String::from_utf8_lossy(&text));
    }
}
