//! Submission (RFC 6409): somebody who has proven who he is sends, by the same road as every sender.

use crate::receive::refused;
use crate::session::Transaction;
use crate::wire::reply::{self, Reply};
use crate::wire::sasl::Credentials;
use identity::{AuthError, Identity, Scope};
use mailbox::{Envelope, Mail, MailError, Mailbox, NewMessage, SendOptions, UserName};
use std::sync::Arc;
use store::Blob;

/// What it takes to send.
const SEND: &[Scope] = &[Scope::MailSend];

/// What a door that lets people submit needs.
#[derive(Clone)]
pub struct Submission {
    /// Who proves tokens.
    pub identity: Arc<Identity>,
    /// Whether it takes nothing else: who hasn't proven himself brings no mail.
    pub is_alone: bool,
    /// Whether tokens may come in plain text. Nowhere but in development.
    pub is_plain_allowed: bool,
    /// Whether the sender keeps a copy in Sent Items.
    pub save_to_sent_items: bool,
}

/// Opens the mailbox that the credentials are for. It is done anew for each message: rights hold at each.
///
/// # Errors
/// What the client is told: that it isn't let in, or that it can't be known now.
pub(crate) async fn open(submission: &Submission, mail: &Mail, credentials: &Credentials) -> Result<Mailbox, Reply> {
    let authorization = format!("Bearer {}", credentials.token);
    let caller = submission.identity.prove(Some(&authorization)).await.map_err(|error| {
        tracing::warn!(%error, "a submission client is not let in");
        Reply::from(if error == AuthError::Unavailable { reply::CANNOT_AUTHENTICATE } else { reply::NOT_AUTHENTICATED })
    })?;
    let user = UserName::Named(credentials.user.clone());
    mail.open(&caller, &user, SEND).await.map_err(|error| match error {
        MailError::Store(_) => refused(&error),
        error => {
            tracing::warn!(%error, "a submission client is not let in");
            reply::NOT_AUTHENTICATED.into()
        }
    })
}

/// Sends a message to those who were named by RCPT, and to nobody else.
pub(crate) async fn submit(mailbox: &Mailbox, blob: Blob, transaction: Transaction, save_to_sent_items: bool) -> Reply {
    match sent(mailbox, blob, transaction, save_to_sent_items).await {
        Ok(()) => reply::SUBMITTED.into(),
        Err(error) => refused(&error),
    }
}

async fn sent(mailbox: &Mailbox, blob: Blob, transaction: Transaction, save_to_sent_items: bool) -> Result<(), MailError> {
    // Reports go to whoever sends, whichever of his addresses he gives for them.
    if !mailbox.may_send_as(&transaction.reverse_path).await? {
        return Err(MailError::SendAsDenied(transaction.reverse_path));
    }
    let envelope = Some(Envelope::to(transaction.addressees)?);
    let options = SendOptions { save_to_sent_items, envelope, wishes: transaction.wishes, ..SendOptions::default() };
    mailbox.submit(NewMessage::from_mime(blob), options).await?;
    Ok(())
}
