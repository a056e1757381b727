//! Which mail is worth its recipient's attention (Graph: inferenceClassification): as he has said of its sender, else by a rule of
//! our own (docs/mail.md). It says where a message stands when it comes; what is there already stays as it is.

use crate::Mailbox;
use crate::error::{Kind, MailError};
use crate::index::Reading;
use store::{InferenceOverride, MailboxId, OverrideId, ReadTx, Recipient, StoreError, WriteTx};

/// Overrides that one mailbox has at most (Graph: inferenceclassification-post-overrides).
const MOST: usize = 1000;

const FOCUSED: &str = "focused";
const OTHER: &str = "other";

/// As what a message is filed that comes into a mailbox: as its owner says of the author, else as it says of itself.
///
/// # Errors
/// [`StoreError`].
pub(crate) fn classified(tx: &ReadTx<'_>, mailbox: MailboxId, reading: &Reading) -> Result<String, StoreError> {
    let said = match reading.from.first() {
        Some(author) => tx.override_of(mailbox, &author.address)?,
        None => None,
    };
    let automation = &reading.automation;
    let of_itself = || if automation.is_for_many() && !automation.is_answer() { OTHER } else { FOCUSED }.to_owned();
    Ok(said.map_or_else(of_itself, |said| said.classify_as))
}

impl Mailbox {
    /// What is said of senders, in the order in which it was.
    ///
    /// # Errors
    /// [`MailError::Store`].
    pub async fn overrides(&self) -> Result<Vec<InferenceOverride>, MailError> {
        let owner = self.owner.id;
        self.store().read(move |tx: &ReadTx<'_>| Ok(tx.overrides(owner)?)).await
    }

    /// One of them.
    ///
    /// # Errors
    /// [`MailError::NotFound`], [`MailError::Store`].
    pub async fn inference_override(&self, id: OverrideId) -> Result<InferenceOverride, MailError> {
        let owner = self.owner.id;
        self.store().read(move |tx: &ReadTx<'_>| found(tx, owner, id)).await
    }

    /// Says how a sender's mail is classified. Of a sender of whom something was said already that is replaced, with the name, and
    /// has the id that it had (Graph: inferenceclassification-post-overrides).
    ///
    /// # Errors
    /// [`MailError::QuotaExceeded`], [`MailError::Store`].
    pub async fn put_override(&self, sender: Recipient, classify_as: String) -> Result<InferenceOverride, MailError> {
        let (owner, new) = (self.owner.id, OverrideId::new(self.now()));
        let deed = move |tx: &mut WriteTx<'_>| {
            let known = tx.override_of(owner, &sender.address)?.map(|known| known.id);
            if known.is_none() && tx.count_overrides(owner, MOST)? >= MOST {
                return Err(MailError::QuotaExceeded("overrides"));
            }
            let put = InferenceOverride { id: known.unwrap_or(new), sender, classify_as };
            tx.put_override(owner, &put)?;
            Ok(put)
        };
        self.deed(deed).await
    }

    /// Says otherwise how a sender's mail is classified. The sender stays; `sender` says again who that is, if anything.
    ///
    /// # Errors
    /// [`MailError::NotFound`], [`MailError::InvalidPropertySet`], [`MailError::Store`].
    pub async fn update_override(
        &self,
        id: OverrideId,
        sender: Option<Recipient>,
        classify_as: Option<String>,
    ) -> Result<InferenceOverride, MailError> {
        let owner = self.owner.id;
        let deed = move |tx: &mut WriteTx<'_>| {
            let mut kept = found(tx, owner, id)?;
            if sender.is_some_and(|sender| sender != kept.sender) {
                return Err(MailError::InvalidPropertySet("Set action is invalid for property."));
            }
            if let Some(classify_as) = classify_as {
                kept.classify_as = classify_as;
                tx.put_override(owner, &kept)?;
            }
            Ok(kept)
        };
        self.deed(deed).await
    }

    /// Says nothing of a sender any more.
    ///
    /// # Errors
    /// [`MailError::NotFound`], [`MailError::Store`].
    pub async fn delete_override(&self, id: OverrideId) -> Result<(), MailError> {
        let owner = self.owner.id;
        let deed = move |tx: &mut WriteTx<'_>| {
            if tx.remove_override(owner, id)? { Ok(()) } else { Err(MailError::NotFound(Kind::Override)) }
        };
        self.deed(deed).await
    }
}

fn found(tx: &ReadTx<'_>, owner: MailboxId, id: OverrideId) -> Result<InferenceOverride, MailError> {
    tx.inference_override(owner, id)?.ok_or(MailError::NotFound(Kind::Override))
}
