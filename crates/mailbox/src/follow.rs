//! What there is and what changed since: a client that asks again and again has the mailbox as it is.
//!
//! A first round tells what was there when it began; each later one what changed since the one before, in the order of the
//! changes, and each thing in its latest state. What changes while pages are read has a higher number than these end with,
//! and so comes later: nothing is lost, and nothing is told that was told.

use crate::Mailbox;
use crate::error::{Kind, MailError};
use crate::folders::FolderName;
use store::{Departure, Folder, FolderId, LogReach, MailboxId, MessageId, MessageRecord, Place, ReadTx, Timestamp};

/// What is told in a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// What changed.
    Changes,
    /// What there is.
    Present,
}

/// Where somebody stands who follows something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// In which mailbox.
    pub mailbox: MailboxId,
    /// The messages of which folder, or the folders within which; nothing where all are followed.
    pub folder: Option<FolderId>,
    /// What this round tells.
    pub stage: Stage,
    /// The change before this round: a first round tells what was there by then, a later one what changed since.
    pub since: i64,
    /// After what the next page begins.
    pub after: Place,
}

/// How much one page may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageSize {
    /// At most so many.
    pub top: i64,
    /// Messages of at most so many octets together, but always one.
    pub octets: i64,
}

/// What happened to one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change<T, I> {
    /// It came to where it is followed.
    Created(T),
    /// It is no more where it is followed.
    Deleted(I),
    /// It was there, and is another now.
    Updated(T),
}

/// A page of a round.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changes<T, I> {
    /// In order.
    pub changes: Vec<Change<T, I>>,
    /// Where to go on.
    pub next: Cursor,
    /// Whether this round has more pages.
    pub more: bool,
}

/// What can be followed.
trait Followed {
    type Id: Copy;

    /// Where it stands among what there is.
    fn present(&self) -> Place;

    /// Where it stands among what changed.
    fn changed(&self) -> Place;

    /// Where something of its kind stands that left.
    fn departed(departure: &Departure<Self::Id>) -> Place;

    /// By which change it came to where it is followed.
    fn came(&self, within: Option<FolderId>) -> i64;

    /// Its octets.
    fn size(&self) -> i64;
}

impl Mailbox {
    /// The next page of a folder's messages, else of all: what there is, where no cursor is given. Of those received
    /// before `received_from` only that they left is told.
    ///
    /// # Errors
    /// [`MailError::NotFound`] for the folder; [`MailError::SyncStateNotFound`]; [`MailError::Store`].
    pub async fn message_changes(
        &self,
        folder: Option<FolderName>,
        cursor: Option<Cursor>,
        received_from: Timestamp,
        size: PageSize,
    ) -> Result<Changes<MessageRecord, MessageId>, MailError> {
        let mailbox = self.clone();
        let look = move |tx: &ReadTx<'_>| {
            let (cursor, reach) = mailbox.standing(tx, folder, cursor, Place::LAST)?;
            let (owner, folder, top) = (cursor.mailbox, cursor.folder, size.top.saturating_add(1));
            let (stay, left) = match cursor.stage {
                Stage::Present => {
                    (tx.present_messages(owner, folder, (cursor.since, received_from), cursor.after, top)?, Vec::new())
                }
                Stage::Changes => (
                    tx.changed_messages(owner, folder, cursor.after.at, top)?,
                    tx.departed_messages(owner, folder, cursor.after.at, top)?,
                ),
            };
            let mut page = page(stay, left, cursor, reach, size);
            page.changes.retain(|change| match change {
                Change::Created(message) | Change::Updated(message) => message.received_date_time >= received_from,
                Change::Deleted(_) => true,
            });
            Ok(page)
        };
        self.store().read(look).await
    }

    /// The next page of the folders within a folder, else of all but the root: what there is, where no cursor is given.
    /// Hidden ones are among them only on request.
    ///
    /// # Errors
    /// As [`Mailbox::message_changes`].
    pub async fn folder_changes(
        &self,
        (parent, with_hidden): (Option<FolderName>, bool),
        cursor: Option<Cursor>,
        size: PageSize,
    ) -> Result<Changes<Folder, FolderId>, MailError> {
        let mailbox = self.clone();
        let look = move |tx: &ReadTx<'_>| {
            let (cursor, reach) = mailbox.standing(tx, parent, cursor, Place::FIRST)?;
            let (owner, parent, top) = (cursor.mailbox, cursor.folder, size.top.saturating_add(1));
            let (stay, left) = match cursor.stage {
                Stage::Present => {
                    (tx.present_folders(owner, (parent, with_hidden), cursor.since, cursor.after, top)?, Vec::new())
                }
                Stage::Changes => (
                    tx.changed_folders(owner, (parent, with_hidden), cursor.after, top)?,
                    tx.departed_folders(owner, parent, cursor.after, top)?,
                ),
            };
            Ok(page(stay, left, cursor, reach, size))
        };
        self.store().read(look).await
    }

    /// Where somebody stands who follows a folder, else all, from now on and wants nothing of what there is.
    ///
    /// # Errors
    /// [`MailError::NotFound`] for the folder; [`MailError::Store`].
    pub async fn follow_from_now(&self, folder: Option<FolderName>) -> Result<Cursor, MailError> {
        let mailbox = self.clone();
        let look = move |tx: &ReadTx<'_>| {
            let (cursor, reach) = mailbox.standing(tx, folder, None, Place::FIRST)?;
            Ok(round_after(cursor, reach))
        };
        self.store().read(look).await
    }

    /// Where somebody follows from: the cursor that was given back, or the beginning of a first round.
    fn standing(
        &self,
        tx: &ReadTx<'_>,
        folder: Option<FolderName>,
        cursor: Option<Cursor>,
        first: Place,
    ) -> Result<(Cursor, LogReach), MailError> {
        let owner = self.owner.id;
        let reach = tx.log_reach(owner)?;
        let folder = match folder.map(|name| self.own_folder_id(tx, &name)).transpose() {
            Err(MailError::NotFound(Kind::Folder)) if cursor.is_some() => return Err(MailError::SyncStateNotFound),
            folder => folder?,
        };
        let cursor = match cursor {
            None => Cursor { mailbox: owner, folder, stage: Stage::Present, since: reach.last, after: first },
            Some(cursor) if (cursor.mailbox, cursor.folder) != (owner, folder) => return Err(MailError::SyncStateNotFound),
            Some(cursor) if !reach.covers(cursor.since) => return Err(MailError::SyncStateNotFound),
            Some(cursor) => cursor,
        };
        Ok((cursor, reach))
    }
}

/// As many of what stays and what left as the page holds. Both come in order, and with one more than it holds.
fn page<T: Followed>(
    stay: Vec<T>,
    left: Vec<Departure<T::Id>>,
    cursor: Cursor,
    reach: LogReach,
    size: PageSize,
) -> Changes<T, T::Id> {
    let here = |item: T| {
        let place = if cursor.stage == Stage::Present { item.present() } else { item.changed() };
        let (size, is_new) = (item.size(), cursor.stage == Stage::Present || item.came(cursor.folder) > cursor.since);
        (place, size, if is_new { Change::Created(item) } else { Change::Updated(item) })
    };
    let mut all: Vec<(Place, i64, Change<T, T::Id>)> = stay.into_iter().map(here).collect();
    all.extend(left.iter().map(|departure| (T::departed(departure), 0, Change::Deleted(departure.id))));
    if cursor.stage == Stage::Changes {
        all.sort_by_key(|(place, ..)| *place);
    }
    let fits = fitting(all.iter().map(|(_, octets, _)| *octets), size);
    let more = fits < all.len();
    all.truncate(fits);
    let next = match all.last() {
        Some((place, ..)) if more => Cursor { after: *place, ..cursor },
        _ => round_after(cursor, reach),
    };
    Changes { changes: all.into_iter().map(|(.., change)| change).collect(), next, more }
}

/// The round after this one. What changed during a first round is told by the next.
fn round_after(cursor: Cursor, reach: LogReach) -> Cursor {
    let since = if cursor.stage == Stage::Present { cursor.since } else { reach.last };
    Cursor { stage: Stage::Changes, since, after: Place::behind(since), ..cursor }
}

/// How many of these octets' owners one page holds.
fn fitting(octets: impl Iterator<Item = i64>, size: PageSize) -> usize {
    let top = usize::try_from(size.top).unwrap_or(usize::MAX);
    let sums = octets.scan(0i64, |sum, octets| {
        *sum = sum.saturating_add(octets);
        Some(*sum)
    });
    sums.take(top).enumerate().take_while(|(index, sum)| *index == 0 || *sum <= size.octets).count()
}

impl Followed for MessageRecord {
    type Id = MessageId;

    fn present(&self) -> Place {
        Place { at: self.received_date_time.0, id: self.id.0 }
    }

    fn changed(&self) -> Place {
        Place::behind(self.modseq) // a change is one message's
    }

    fn departed(departure: &Departure<MessageId>) -> Place {
        Place::behind(departure.modseq)
    }

    fn came(&self, _: Option<FolderId>) -> i64 {
        self.folder_modseq
    }

    fn size(&self) -> i64 {
        self.size
    }
}

impl Followed for Folder {
    type Id = FolderId;

    fn present(&self) -> Place {
        Place { at: 0, id: self.id.0 }
    }

    fn changed(&self) -> Place {
        Place { at: self.modseq, id: self.id.0 }
    }

    fn departed(departure: &Departure<FolderId>) -> Place {
        Place { at: departure.modseq, id: departure.id.0 }
    }

    fn came(&self, within: Option<FolderId>) -> i64 {
        if within.is_some() { self.parent_modseq } else { self.created_modseq }
    }

    fn size(&self) -> i64 {
        0
    }
}
