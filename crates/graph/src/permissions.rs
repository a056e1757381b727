//! By which permissions an operation may be used: of each list a caller must have one, and the first that the caller has is
//! the one that counts.

use identity::Scope;

/// For what asks by itself, or not at all.
pub(crate) const NOTHING: &[Scope] = &[];
/// To follow what one has sent.
pub(crate) const FOLLOW: &[Scope] = &[Scope::MailSend, Scope::MailRead, Scope::MailReadWrite];
/// To have a subscription: what it follows asks for one of them.
pub(crate) const SUBSCRIBE: &[Scope] = &[Scope::MailRead, Scope::MailReadWrite, Scope::MailReadBasic, Scope::MailSend];
/// To read the folders of a mailbox as those of a store.
pub(crate) const READ_STORE_FOLDERS: &[Scope] = &[Scope::MailboxFolderRead, Scope::MailboxFolderReadWrite];
/// To read which items there are.
pub(crate) const READ_ITEMS: &[Scope] = &[Scope::MailboxItemRead, Scope::MailboxItemExport, Scope::MailboxItemImportExport];
/// To take items out, whole.
pub(crate) const EXPORT: &[Scope] = &[Scope::MailboxItemExport, Scope::MailboxItemImportExport];
/// To bring them in.
pub(crate) const IMPORT: &[Scope] = &[Scope::MailboxItemImportExport];
/// To read what a mailbox does of itself.
pub(crate) const READ_SETTINGS: &[Scope] = &[Scope::MailboxSettingsRead, Scope::MailboxSettingsReadWrite];
/// To change it.
pub(crate) const WRITE_SETTINGS: &[Scope] = &[Scope::MailboxSettingsReadWrite];
/// To read messages with all that they are.
pub(crate) const READ: &[Scope] = &[Scope::MailRead, Scope::MailReadWrite];
/// To read messages and folders, or what `Mail.ReadBasic` leaves of them.
pub(crate) const READ_BASIC: &[Scope] = &[Scope::MailRead, Scope::MailReadWrite, Scope::MailReadBasic];
/// To read oneself, or another person.
pub(crate) const READ_PERSON: &[Scope] = &[Scope::UserRead, Scope::UserReadAll];
/// To read everybody.
pub(crate) const READ_PEOPLE: &[Scope] = &[Scope::UserReadAll];
/// To send.
pub(crate) const SEND: &[Scope] = &[Scope::MailSend];
/// To make, change and delete messages and folders.
pub(crate) const WRITE: &[Scope] = &[Scope::MailReadWrite];
