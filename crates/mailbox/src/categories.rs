//! The list of categories from which a mailbox's owner chooses (Graph: outlookCategory). Messages have names: what happens to the
//! list happens to no message, and a message may have a name that is in no list.

use crate::Mailbox;
use crate::error::{Kind, MailError};
use store::{CategoryId, MailboxId, OutlookCategory, ReadTx, StoreError, Timestamp, WriteTx};
use uuid::Uuid;

/// Categories that one mailbox has at most.
const MOST: usize = 1000;

/// What every mailbox begins with (Graph: outlookuser-list-mastercategories).
const FIRST: [(&str, &str); 6] = [
    ("Red category", "preset0"),
    ("Orange category", "preset1"),
    ("Yellow category", "preset3"),
    ("Green category", "preset4"),
    ("Blue category", "preset7"),
    ("Purple category", "preset8"),
];

impl Mailbox {
    /// The categories, in the order in which they were made.
    ///
    /// # Errors
    /// [`MailError::Store`].
    pub async fn categories(&self) -> Result<Vec<OutlookCategory>, MailError> {
        let owner = self.owner.id;
        self.store().read(move |tx: &ReadTx<'_>| Ok(listed(tx, owner)?)).await
    }

    /// One of them.
    ///
    /// # Errors
    /// [`MailError::NotFound`], [`MailError::Store`].
    pub async fn category(&self, id: CategoryId) -> Result<OutlookCategory, MailError> {
        let owner = self.owner.id;
        self.store().read(move |tx: &ReadTx<'_>| found(listed(tx, owner)?, id)).await
    }

    /// Adds one.
    ///
    /// # Errors
    /// [`MailError::CategoryExists`] where there is one of this name in any case; [`MailError::QuotaExceeded`];
    /// [`MailError::Store`].
    pub async fn create_category(&self, display_name: String, color: String) -> Result<OutlookCategory, MailError> {
        let (owner, now) = (self.owner.id, self.now());
        let new = OutlookCategory { id: CategoryId::new(now), display_name, color, created_date_time: now };
        let deed = move |tx: &mut WriteTx<'_>| {
            if own(tx, owner)?.len() >= MOST {
                return Err(MailError::QuotaExceeded("categories"));
            }
            match tx.add_category(owner, &new) {
                Err(StoreError::Conflict) => Err(MailError::CategoryExists(new.display_name)),
                done => Ok(done.map(|()| new)?),
            }
        };
        self.deed(deed).await
    }

    /// Gives one another color. Its name stays; `display_name` says it again, if anything.
    ///
    /// # Errors
    /// [`MailError::NotFound`], [`MailError::InvalidPropertySet`], [`MailError::Store`].
    pub async fn update_category(
        &self,
        id: CategoryId,
        display_name: Option<String>,
        color: Option<String>,
    ) -> Result<OutlookCategory, MailError> {
        let owner = self.owner.id;
        let deed = move |tx: &mut WriteTx<'_>| {
            let mut category = found(own(tx, owner)?, id)?;
            if display_name.is_some_and(|name| name != category.display_name) {
                return Err(MailError::InvalidPropertySet("Set action is invalid for property."));
            }
            if let Some(color) = color {
                tx.recolor_category(owner, id, &color)?;
                category.color = color;
            }
            Ok(category)
        };
        self.deed(deed).await
    }

    /// Takes one away.
    ///
    /// # Errors
    /// [`MailError::NotFound`], [`MailError::Store`].
    pub async fn delete_category(&self, id: CategoryId) -> Result<(), MailError> {
        let owner = self.owner.id;
        let deed = move |tx: &mut WriteTx<'_>| {
            own(tx, owner)?;
            if tx.remove_category(owner, id)? { Ok(()) } else { Err(MailError::NotFound(Kind::Category)) }
        };
        self.deed(deed).await
    }
}

fn found(list: Vec<OutlookCategory>, id: CategoryId) -> Result<OutlookCategory, MailError> {
    list.into_iter().find(|one| one.id == id).ok_or(MailError::NotFound(Kind::Category))
}

/// The list as it is, which is the first one until something in it is changed.
fn listed(tx: &ReadTx<'_>, owner: MailboxId) -> Result<Vec<OutlookCategory>, StoreError> {
    if tx.has_own_categories(owner)? { tx.categories(owner) } else { Ok(first(owner)) }
}

/// The same, before it is changed: then it has rows.
fn own(tx: &mut WriteTx<'_>, owner: MailboxId) -> Result<Vec<OutlookCategory>, StoreError> {
    if !tx.has_own_categories(owner)? {
        first(owner).iter().try_for_each(|one| tx.add_category(owner, one))?;
        tx.set_own_categories(owner)?;
    }
    tx.categories(owner)
}

/// The first list of a mailbox. Ids are made of names, so that they are the same before and after there are rows.
fn first(owner: MailboxId) -> Vec<OutlookCategory> {
    let one = |(place, (name, color)): (i64, (&str, &str))| OutlookCategory {
        id: CategoryId(*Uuid::new_v5(&Uuid::from_bytes(owner.0), name.as_bytes()).as_bytes()),
        display_name: name.to_owned(),
        color: color.to_owned(),
        created_date_time: Timestamp(place),
    };
    (0_i64..).zip(FIRST).map(one).collect()
}
