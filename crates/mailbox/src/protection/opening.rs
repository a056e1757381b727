//! Protected messages opened: for whoever asks what one is worth, and for what arrives.

use super::certificates::row;
use super::keys::{unsealed, unusable};
use crate::error::MailError;
use crate::opened::MAX_SHOWN;
use crate::people::person_at;
use crate::read::Content;
use crate::{Mail, Mailbox};
use bytes::Bytes;
use mime::Message;
use smime::{Certificate, Key, Kind, Opened, Signer, SmimeError, Verdict, With, may_enclose};
use std::collections::{HashMap, HashSet};
use std::io::{self, BufWriter, Write};
use store::{CertificateSource, MailboxId, MessageId, MessageRecord, ReadTx, SmimeCertificate, StoreError};

/// A message and what was found of its protection.
#[derive(Debug)]
pub struct OpenedMessage {
    /// Its row.
    pub record: MessageRecord,
    /// What is to be thought of it.
    pub verdict: Verdict,
    /// What the innermost layer holds; the message itself where it has none.
    pub content: Message,
}

impl Mailbox {
    /// Opens a message with the keys of the mailbox, layer by layer. What is wrong with it stands in the verdict.
    ///
    /// # Errors
    /// [`MailError::NotFound`], [`MailError::Smime`], [`MailError::Store`].
    pub async fn opened(&self, id: MessageId) -> Result<OpenedMessage, MailError> {
        let content = self.content(self.message(id).await?).await?;
        let Opened { verdict, content: within } = self.open_content(&content).await?;
        Ok(OpenedMessage { record: content.record, verdict, content: within })
    }

    /// What is to be thought of a message whose octets are at hand.
    ///
    /// # Errors
    /// [`MailError::Smime`], [`MailError::Store`].
    pub async fn verdict(&self, content: &Content) -> Result<Verdict, MailError> {
        Ok(self.open_content(content).await?.verdict)
    }

    async fn open_content(&self, content: &Content) -> Result<Opened, MailError> {
        let generated = Bytes::from(content.record.generated.clone());
        let pieces = Some(generated).filter(|fields| !fields.is_empty()).into_iter().chain(content.octets());
        let message = Message::parse(self.mail.in_one_piece(pieces.collect()).await?);
        let (owner, mail) = (self.owner.id, self.mail.clone());
        let master = self.mail.inner.options.protecting.master_key.clone();
        let look = move |tx: &ReadTx<'_>| unsealed(tx, owner, master.as_ref());
        let keys = self.store().read::<_, StoreError>(look).await?;
        let most = self.mail.inner.options.max_message_octets;
        let opened = tokio::task::spawn_blocking(move || mail.open_message(message, &keys, most)).await;
        opened.map_err(|_| StoreError::Stopped)?.map_err(failed)
    }
}

/// What S/MIME tells of a message that arrives in a mailbox.
#[derive(Debug, Clone, Default)]
pub(crate) struct Arrived {
    /// By which mail can be encrypted for its author.
    pub(crate) certificates: Vec<SmimeCertificate>,
    /// What is shown of it, and the subject that it has within.
    pub(crate) shown: Option<(Message, Option<String>)>,
}

/// The same for each mailbox.
pub(crate) type ArrivedFor = HashMap<MailboxId, Arrived>;

impl Mail {
    /// Octets in one piece, for whoever reads a message as a whole: memory while they are few, else a file without a name.
    pub(crate) async fn in_one_piece(&self, mut pieces: Vec<Bytes>) -> Result<Bytes, MailError> {
        if pieces.len() == 1 {
            return Ok(pieces.swap_remove(0));
        }
        let mut spool = self.spool();
        for piece in pieces {
            spool = spool.write(piece).await?;
        }
        Ok(spool.finish_unnamed().await?.1)
    }

    /// `max_octets` are the most that a compressed layer may hold.
    fn open_message(&self, message: Message, keys: &[Key], max_octets: u64) -> Result<Opened, SmimeError> {
        let now = self.inner.clock.now().seconds();
        let with = With { keys, trust: &self.inner.options.protecting.trust, now, max_octets };
        smime::open(message, with, &mut || Ok(Box::new(Layer(BufWriter::new(self.spool())))))
    }

    /// What S/MIME tells of a message that arrives for people with these addresses. Read before the deed that files it. Where
    /// nothing can be told, it is filed like any other.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]: then it can't be filed either, and may be told in a while.
    pub(crate) async fn arrived<'a>(
        &self,
        message: &Message,
        addresses: impl Iterator<Item = &'a str>,
    ) -> Result<ArrivedFor, MailError> {
        let looks_protected = message.parts().first().is_some_and(|root| {
            let is_small = root.body.len() <= MAX_SHOWN;
            is_small && (root.media_type.essence == "multipart/signed" || may_enclose(root))
        });
        if !looks_protected {
            return Ok(HashMap::new());
        }
        match self.arrived_for(message.clone(), addresses.map(str::to_owned).collect()).await {
            Err(error) if !matches!(error, MailError::Store(StoreError::Unavailable(_))) => {
                tracing::warn!(%error, "what arrives could not be opened");
                Ok(HashMap::new())
            }
            arrived => arrived,
        }
    }

    /// What no key is needed for is the same for everybody: a letter to many is verified once, and no key is unsealed for it.
    async fn arrived_for(&self, message: Message, addresses: Vec<String>) -> Result<ArrivedFor, MailError> {
        let (mail, closed) = (self.clone(), message.clone());
        let read = tokio::task::spawn_blocking(move || mail.arrived_with(&closed, &[], false)).await;
        let (for_all, is_closed) = read.map_err(|_| StoreError::Stopped)?.map_err(failed)?;
        let mailboxes = self.mailboxes_with_keys(addresses, is_closed).await?;
        let mail = self.clone();
        let for_one = move |one: ForMailbox| {
            let arrived = match one.keys.is_empty() {
                true => for_all.clone(),
                false => mail.arrived_with(&message, &one.keys, one.shows_opened)?.0,
            };
            Ok((one.mailbox, arrived))
        };
        let each = move || mailboxes.into_iter().map(for_one).collect::<Result<ArrivedFor, SmimeError>>();
        let opened = tokio::task::spawn_blocking(each).await;
        opened.map_err(|_| StoreError::Stopped)?.map_err(failed)
    }

    /// Whose mailboxes these addresses are, with their keys where some are needed.
    async fn mailboxes_with_keys(&self, addresses: Vec<String>, needs_keys: bool) -> Result<Vec<ForMailbox>, StoreError> {
        let master = self.inner.options.protecting.master_key.clone();
        let look = move |tx: &ReadTx<'_>| {
            let mut mailboxes = HashSet::new();
            for address in &addresses {
                mailboxes.extend(person_at(tx, address)?.map(|person| person.id));
            }
            let each = mailboxes.into_iter().map(|mailbox| {
                let keys = unsealed(tx, mailbox, master.as_ref().filter(|_| needs_keys))?;
                Ok(ForMailbox { mailbox, keys, shows_opened: tx.shows_opened(mailbox)? })
            });
            each.collect()
        };
        self.inner.store.read(look).await
    }

    /// What these keys tell, and whether there is something that needs keys.
    fn arrived_with(&self, message: &Message, keys: &[Key], shows_opened: bool) -> Result<(Arrived, bool), SmimeError> {
        // Anybody may send layers that decompress to any size, each again; what is shown is no larger than that.
        let Opened { verdict, content } = self.open_message(message.clone(), keys, MAX_SHOWN as u64)?;
        let now = self.inner.clock.now();
        let signers = verdict.layers.iter().flat_map(|layer| &layer.signers);
        let authors = signers.filter(|signer| signer.matches_from == Some(true));
        let of_author = |author: &Signer| {
            let address = author.address.clone().unwrap_or_default(); // the one by which he is the author
            let his: Vec<&Certificate> = author.encryption_certificates.iter().filter(|one| one.is_for(&address)).collect();
            his.into_iter().map(|one| row(one, &address, CertificateSource::Signed, now)).collect::<Vec<_>>()
        };
        let certificates = authors.flat_map(of_author).collect();
        let was_encrypted = verdict.layers.iter().any(|layer| layer.opened_for.is_some());
        let shown = (shows_opened && was_encrypted).then(|| (content.decrypted(), verdict.header.subject));
        let is_closed = verdict.layers.iter().any(|layer| matches!(layer.kind, Kind::Enveloped | Kind::AuthEnveloped));
        Ok((Arrived { certificates, shown }, is_closed))
    }
}

struct ForMailbox {
    mailbox: MailboxId,
    keys: Vec<Key>,
    shows_opened: bool,
}

pub(super) fn failed(error: SmimeError) -> MailError {
    match error {
        SmimeError::Io(error) => StoreError::Io(error).into(),
        other => unusable(other),
    }
}

/// Where the octets of a layer stand while it is opened.
struct Layer(BufWriter<store::Spool>);

impl Write for Layer {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.0.write(octets)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl smime::Spool for Layer {
    fn finish(self: Box<Self>) -> io::Result<Bytes> {
        let spool = self.0.into_inner().map_err(io::IntoInnerError::into_error)?;
        spool.into_unnamed().map(|(_, octets)| octets).map_err(io::Error::other)
    }
}
