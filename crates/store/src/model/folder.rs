//! Folders, and the names that every mailbox has (Graph: mailFolder resource).

use crate::clock::Timestamp;
use crate::ids::{FolderId, MailboxId, MessageId};

/// A folder of a mailbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder {
    /// Its id.
    pub id: FolderId,
    /// The folder it stands in; the root stands in none.
    pub parent: Option<FolderId>,
    /// The well-known name, for a folder that every mailbox has.
    pub well_known_name: Option<String>,
    /// Name for show.
    pub display_name: String,
    /// Left out of lists unless asked for.
    pub is_hidden: bool,
    /// How many folders stand in it.
    pub child_folder_count: i64,
    /// How many messages stand in it.
    pub total_item_count: i64,
    /// How many of them are unread.
    pub unread_item_count: i64,
    /// The mailbox's change number when it last changed, its counts included.
    pub modseq: i64,
    /// The mailbox's change number when it was made; 0 for those that came with the mailbox.
    pub created_modseq: i64,
    /// The mailbox's change number when it came into the folder it stands in.
    pub parent_modseq: i64,
    /// When something about it or in it last changed; the beginning of time for one in which nothing did yet.
    pub last_modified_date_time: Timestamp,
}

/// What a folder shows that holds no messages of its own (Graph: mailSearchFolder).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchFolder {
    /// Which folder.
    pub folder: FolderId,
    /// Into which folders it looks.
    pub source_folders: Vec<FolderId>,
    /// Whether it looks into those within these too, at any depth.
    pub include_nested_folders: bool,
    /// What it shows of them, as it was given.
    pub filter_query: String,
}

/// How the messages of a deleted folder go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removal {
    /// For good.
    Permanent,
    /// To the recoverable items.
    Recoverable,
}

impl Removal {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Removal::Permanent => "permanent",
            Removal::Recoverable => "recoverable",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Removal> {
        [Removal::Permanent, Removal::Recoverable].into_iter().find(|removal| removal.as_str() == text)
    }
}

/// A place among the messages of a folder, newest first: behind this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FolderPlace {
    /// When it came.
    pub received_date_time: Timestamp,
    /// Its id.
    pub id: MessageId,
}

/// A folder into which another one's messages are being copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FolderCopy {
    /// Whose.
    pub mailbox: MailboxId,
    /// The folder that is being filled.
    pub target: FolderId,
    /// The folder whose messages it gets.
    pub source: FolderId,
    /// The message down to which that is done, newest first.
    pub done: FolderPlace,
}

macro_rules! well_known {
    ($($(#[$doc:meta])* $variant:ident $name:literal $display:literal hidden $hidden:literal;)*) => {
        /// A folder that every mailbox has, by the name that may stand for its id anywhere.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd)]
        pub enum WellKnownName { $($(#[$doc])* $variant,)* }

        impl WellKnownName {
            /// All of them; the root of the folders that people see comes first.
            pub const ALL: &'static [WellKnownName] = &[$(WellKnownName::$variant,)*];

            /// The name, in lower case.
            pub fn as_str(self) -> &'static str {
                match self { $(WellKnownName::$variant => $name,)* }
            }

            /// Name for show.
            pub fn display_name(self) -> &'static str {
                match self { $(WellKnownName::$variant => $display,)* }
            }

            /// Whether lists leave it out unless asked.
            pub fn is_hidden(self) -> bool {
                match self { $(WellKnownName::$variant => $hidden,)* }
            }
        }
    };
}

well_known! {
    /// Root of the folders that people see.
    MsgFolderRoot "msgfolderroot" "Top of Information Store" hidden false;
    /// Archive
    Archive "archive" "Archive" hidden false;
    /// Clutter
    Clutter "clutter" "Clutter" hidden true;
    /// Conflicts
    Conflicts "conflicts" "Conflicts" hidden true;
    /// Conversation History
    ConversationHistory "conversationhistory" "Conversation History" hidden false;
    /// Deleted Items
    DeletedItems "deleteditems" "Deleted Items" hidden false;
    /// Drafts
    Drafts "drafts" "Drafts" hidden false;
    /// Inbox
    Inbox "inbox" "Inbox" hidden false;
    /// Junk Email
    JunkEmail "junkemail" "Junk Email" hidden false;
    /// Local Failures
    LocalFailures "localfailures" "Local Failures" hidden true;
    /// Outbox
    Outbox "outbox" "Outbox" hidden false;
    /// What was deleted from Deleted Items.
    RecoverableItemsDeletions "recoverableitemsdeletions" "Deletions" hidden true;
    /// Scheduled
    Scheduled "scheduled" "Scheduled" hidden true;
    /// Search Folders
    SearchFolders "searchfolders" "Search Folders" hidden true;
    /// Sent Items
    SentItems "sentitems" "Sent Items" hidden false;
    /// Server Failures
    ServerFailures "serverfailures" "Server Failures" hidden true;
    /// Sync Issues
    SyncIssues "syncissues" "Sync Issues" hidden true;
}

impl WellKnownName {
    /// The name in any case (Graph: well-known names compare without regard to case).
    pub fn parse(text: &str) -> Option<WellKnownName> {
        WellKnownName::ALL.iter().copied().find(|name| name.as_str().eq_ignore_ascii_case(text))
    }
}
