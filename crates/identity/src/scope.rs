//! Permissions, by the names that Graph gives them.

/// A permission that some operation asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Read mail.
    MailRead,
    /// Read mail but for its text, attachments and extensions.
    MailReadBasic,
    /// The same of one's own and of shared mailboxes.
    MailReadBasicShared,
    /// Read mail of one's own and of shared mailboxes.
    MailReadShared,
    /// Read, make, change and delete mail.
    MailReadWrite,
    /// The same in one's own and in shared mailboxes.
    MailReadWriteShared,
    /// Read a mailbox's folders as those of a store (Graph: mailboxFolder).
    MailboxFolderRead,
    /// Read and change them.
    MailboxFolderReadWrite,
    /// Take items out of a mailbox, whole.
    MailboxItemExport,
    /// The same, and bring them in.
    MailboxItemImportExport,
    /// Read which items there are.
    MailboxItemRead,
    /// Read what a mailbox does of itself: its settings.
    MailboxSettingsRead,
    /// Change it.
    MailboxSettingsReadWrite,
    /// Send mail.
    MailSend,
    /// Register apps and people and grant rights, all by the admin API: Restante's own, and for apps alone.
    RestanteAdmin,
    /// Send mail as oneself and for others.
    MailSendShared,
    /// Read the signed-in person.
    UserRead,
    /// Read everybody.
    UserReadAll,
}

impl Scope {
    /// All of them, with their names.
    const NAMES: [(Scope, &'static str); 26] = [
        (Scope::MailRead, "Mail.Read"),
        (Scope::MailReadBasic, "Mail.ReadBasic"),
        (Scope::MailReadBasic, "Mail.ReadBasic.All"),
        (Scope::MailReadBasicShared, "Mail.ReadBasic.Shared"),
        (Scope::MailReadShared, "Mail.Read.Shared"),
        (Scope::MailReadWrite, "Mail.ReadWrite"),
        (Scope::MailReadWriteShared, "Mail.ReadWrite.Shared"),
        (Scope::MailboxFolderRead, "MailboxFolder.Read"),
        (Scope::MailboxFolderRead, "MailboxFolder.Read.All"),
        (Scope::MailboxFolderReadWrite, "MailboxFolder.ReadWrite"),
        (Scope::MailboxFolderReadWrite, "MailboxFolder.ReadWrite.All"),
        (Scope::MailboxItemExport, "MailboxItem.Export"),
        (Scope::MailboxItemExport, "MailboxItem.Export.All"),
        (Scope::MailboxItemImportExport, "MailboxItem.ImportExport"),
        (Scope::MailboxItemImportExport, "MailboxItem.ImportExport.All"),
        (Scope::MailboxItemRead, "MailboxItem.Read"),
        (Scope::MailboxItemRead, "MailboxItem.Read.All"),
        (Scope::MailboxSettingsRead, "MailboxSettings.Read"),
        (Scope::MailboxSettingsReadWrite, "MailboxSettings.ReadWrite"),
        (Scope::MailSend, "Mail.Send"),
        (Scope::MailSendShared, "Mail.Send.Shared"),
        (Scope::RestanteAdmin, "Restante.Admin"),
        (Scope::UserRead, "User.Read"),
        (Scope::UserReadAll, "User.Read.All"),
        (Scope::UserReadAll, "User.ReadBasic.All"),
        (Scope::UserReadAll, "Directory.Read.All"),
    ];

    /// The names of all permissions.
    pub(crate) fn names() -> impl Iterator<Item = &'static str> {
        Scope::NAMES.iter().map(|(_, name)| *name)
    }

    /// Whether only an app may have it for itself, and never in the name of a person.
    pub(crate) fn is_for_apps_alone(name: &str) -> bool {
        Scope::NAMES.contains(&(Scope::RestanteAdmin, name))
    }

    /// Its names: Graph has several for some that are one here.
    pub fn spellings(self) -> impl Iterator<Item = &'static str> {
        Scope::NAMES.iter().filter(move |(scope, _)| *scope == self).map(|(_, name)| *name)
    }

    /// Whether a name is one of its, as Graph writes it.
    pub(crate) fn is_spelled(self, name: &str) -> bool {
        Scope::NAMES.contains(&(self, name))
    }

    /// Whether only people may have it, and never an app for itself.
    pub(crate) fn is_for_people_alone(name: &str) -> bool {
        name.ends_with(".Shared")
    }

    /// The first of its names.
    pub fn name(self) -> &'static str {
        self.spellings().next().unwrap_or_default()
    }

    /// The permission by which a person may do the same with what is another's (Graph: outlook-share-messages-folders);
    /// nothing where there is none.
    pub fn for_others(self) -> Option<Scope> {
        match self {
            Scope::MailRead | Scope::MailReadShared => Some(Scope::MailReadShared),
            Scope::MailReadBasic | Scope::MailReadBasicShared => Some(Scope::MailReadBasicShared),
            Scope::MailReadWrite | Scope::MailReadWriteShared => Some(Scope::MailReadWriteShared),
            Scope::MailSend | Scope::MailSendShared => Some(Scope::MailSendShared),
            // Graph gives these for one's own mailbox, and apps for all.
            Scope::MailboxFolderRead
            | Scope::MailboxFolderReadWrite
            | Scope::MailboxItemExport
            | Scope::MailboxItemImportExport
            | Scope::MailboxItemRead => None,
            Scope::MailboxSettingsRead | Scope::MailboxSettingsReadWrite | Scope::RestanteAdmin | Scope::UserRead => None,
            Scope::UserReadAll => Some(Scope::UserReadAll),
        }
    }

    /// The permission's name as Graph writes it, for one in any case that may carry its resource in front.
    pub(crate) fn name_of(spelled: &str) -> Option<&'static str> {
        let short = spelled.rsplit('/').next().unwrap_or_default();
        Scope::NAMES.iter().map(|(_, name)| *name).find(|name| name.eq_ignore_ascii_case(short))
    }
}

/// The permissions of a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scopes(Vec<Scope>);

impl Scopes {
    /// Everything there is to do with mail, and reading people.
    pub const ALL_MAIL: &'static str = "Mail.ReadWrite Mail.Read Mail.ReadBasic Mail.Send MailboxSettings.ReadWrite MailboxSettings.Read \
                                             MailboxFolder.Read MailboxFolder.ReadWrite MailboxItem.Read MailboxItem.Export MailboxItem.ImportExport User.Read User.Read.All";
    /// The same for people, with what others share with them.
    pub const ALL_DELEGATED: &'static str = "Mail.ReadWrite Mail.Read Mail.ReadBasic Mail.Send MailboxSettings.ReadWrite MailboxSettings.Read \
                                             MailboxFolder.Read MailboxFolder.ReadWrite MailboxItem.Read MailboxItem.Export MailboxItem.ImportExport User.Read User.Read.All \
                                             Mail.ReadWrite.Shared Mail.Read.Shared Mail.ReadBasic.Shared Mail.Send.Shared";

    /// Names joined by spaces; names that mean nothing here grant nothing. A name may carry its resource in front.
    pub fn parse(text: &str) -> Scopes {
        let named = |name: &str| Scope::NAMES.iter().find(|(_, known)| *known == name).map(|(scope, _)| *scope);
        Scopes(text.split_whitespace().filter_map(Scope::name_of).filter_map(named).collect())
    }

    /// The same without one of them.
    pub(crate) fn without(mut self, taken: Scope) -> Scopes {
        self.0.retain(|scope| *scope != taken);
        self
    }

    /// Whether one of these permissions is among them.
    pub fn any(&self, wanted: &[Scope]) -> bool {
        wanted.iter().any(|scope| self.0.contains(scope))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_with_or_without_resource() {
        let scopes = Scopes::parse("https://graph.microsoft.com/Mail.Send mail.read offline_access");
        assert_eq!(scopes, Scopes(vec![Scope::MailSend, Scope::MailRead]));
        assert!(!scopes.any(&[Scope::MailReadWrite]));
    }
}
