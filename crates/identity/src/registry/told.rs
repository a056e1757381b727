//! What is told of what is registered, in Graph's words where it has them: by commands with `--json` and by the admin API.

use super::RegistryError;
use serde::Serialize;
use store::{Application, ApplicationUse, KeyCredential, PasswordCredential, Person, ReadTx, Timestamp};

/// An app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RegisteredApp {
    /// Its client id.
    pub app_id: String,
    /// Name for show.
    pub display_name: String,
    /// Whether it may come in.
    pub account_enabled: bool,
    /// Whether people may sign in through it where it can't prove itself.
    pub is_public_client: bool,
    /// What it may do for people who agree.
    pub delegated_permissions: Vec<String>,
    /// What it may do for itself.
    pub application_permissions: Vec<String>,
    /// Where codes may be sent.
    pub redirect_uris: Vec<String>,
    /// What narrows it further.
    pub limits: RegisteredLimits,
    /// Its secrets, which are not told.
    pub password_credentials: Vec<RegisteredSecret>,
    /// The keys with which it may sign.
    pub key_credentials: Vec<RegisteredKey>,
    /// When it was registered.
    pub created_date_time: String,
}

/// What narrows an app; null is no limit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RegisteredLimits {
    /// The only mailboxes that it may open, by the names of their people.
    pub mailboxes: Option<Vec<String>>,
    /// The only addresses that may stand in From and Sender of what it sends.
    pub from: Option<Vec<String>>,
    /// The only domains to which it may send.
    pub recipient_domains: Option<Vec<String>>,
    /// How many messages it may send in sixty seconds.
    pub sends_per_minute: Option<i64>,
}

/// A secret of an app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RegisteredSecret {
    /// By what it is named.
    pub key_id: String,
    /// Its first characters.
    pub hint: String,
    /// Until when it is good; null is for ever.
    pub end_date_time: Option<String>,
}

/// A key with which an app may sign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RegisteredKey {
    /// By what it is named.
    pub key_id: String,
    /// Until when it is good; null is for ever.
    pub end_date_time: Option<String>,
}

/// A permission that has let an app in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RegisteredUse {
    /// Its name.
    pub permission: String,
    /// Whose mailbox it opened, by the name of its person; null where people were listed.
    pub mailbox: Option<String>,
    /// How often.
    pub uses: i64,
    /// When last.
    pub last_used_date_time: String,
}

/// A secret that was made just now: the only time that it is told.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MadeSecret {
    /// The secret.
    pub secret_text: String,
    /// What is kept of it.
    #[serde(flatten)]
    pub kept: RegisteredSecret,
}

impl std::fmt::Debug for MadeSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MadeSecret").field("kept", &self.kept).finish_non_exhaustive()
    }
}

/// An app that was registered just now, with its secret if one was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AddedApp {
    /// It.
    #[serde(flatten)]
    pub app: RegisteredApp,
    /// Its secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<MadeSecret>,
}

/// A person, or a mailbox of several.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RegisteredPerson {
    /// The id, which is the mailbox's too.
    pub id: String,
    /// The name to sign in with, also the primary address.
    pub user_principal_name: String,
    /// Name for show.
    pub display_name: String,
    /// Given name.
    pub given_name: String,
    /// Surname.
    pub surname: String,
    /// Whether anybody may come in as this person.
    pub account_enabled: bool,
    /// Whether it is a mailbox of several, as which nobody signs in.
    pub is_shared: bool,
    /// Whether a password is set.
    pub has_password: bool,
    /// Other addresses, in lower case.
    pub aliases: Vec<String>,
}

impl RegisteredApp {
    pub(super) fn of(tx: &ReadTx<'_>, app: Application) -> Result<RegisteredApp, RegistryError> {
        let credentials = tx.credentials(&app.client_id)?;
        let name = |id| Ok(tx.person(id)?.map_or_else(|| id.to_string(), |person| person.user_principal_name));
        let mailboxes = app.limits.mailboxes.map(|ids| ids.into_iter().map(name).collect::<Result<_, RegistryError>>());
        let limits = RegisteredLimits {
            mailboxes: mailboxes.transpose()?,
            from: app.limits.from,
            recipient_domains: app.limits.recipient_domains,
            sends_per_minute: app.limits.sends_per_minute,
        };
        Ok(RegisteredApp {
            app_id: app.client_id,
            display_name: app.display_name,
            account_enabled: app.account_enabled,
            is_public_client: app.is_public_client,
            delegated_permissions: words(&app.delegated_permissions),
            application_permissions: words(&app.application_permissions),
            redirect_uris: credentials.redirect_uris,
            limits,
            password_credentials: credentials.passwords.into_iter().map(RegisteredSecret::from).collect(),
            key_credentials: credentials.keys.into_iter().map(RegisteredKey::from).collect(),
            created_date_time: date_time(app.created_date_time),
        })
    }
}

impl RegisteredUse {
    pub(super) fn of(tx: &ReadTx<'_>, used: ApplicationUse) -> Result<RegisteredUse, RegistryError> {
        Ok(RegisteredUse {
            permission: used.permission,
            mailbox: tx.person(used.mailbox)?.map(|person| person.user_principal_name),
            uses: used.uses,
            last_used_date_time: date_time(used.last_used_date_time),
        })
    }
}

impl RegisteredPerson {
    pub(super) fn of(tx: &ReadTx<'_>, person: Person) -> Result<RegisteredPerson, RegistryError> {
        let account = tx.account(person.id)?.ok_or(store::StoreError::NotFound)?;
        let own = person.user_principal_name.to_lowercase();
        let aliases = tx.addresses(person.id)?.into_iter().filter(|address| *address != own).collect();
        Ok(RegisteredPerson {
            id: person.id.to_string(),
            user_principal_name: person.user_principal_name,
            display_name: person.display_name,
            given_name: person.given_name,
            surname: person.surname,
            account_enabled: account.account_enabled,
            is_shared: account.is_shared,
            has_password: account.password_hash.is_some(),
            aliases,
        })
    }
}

impl From<PasswordCredential> for RegisteredSecret {
    fn from(kept: PasswordCredential) -> RegisteredSecret {
        RegisteredSecret { key_id: guid(kept.key_id), hint: kept.hint, end_date_time: kept.end_date_time.map(date_time) }
    }
}

impl From<KeyCredential> for RegisteredKey {
    fn from(kept: KeyCredential) -> RegisteredKey {
        RegisteredKey { key_id: guid(kept.key_id), end_date_time: kept.end_date_time.map(date_time) }
    }
}

fn guid(octets: [u8; 16]) -> String {
    uuid::Uuid::from_bytes(octets).to_string()
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

/// RFC 3339, to the second.
fn date_time(at: Timestamp) -> String {
    jiff::Timestamp::from_second(at.seconds()).unwrap_or_default().to_string()
}

/// Where the last of a full page stands: a page that isn't full is the last.
pub(super) fn full(page: i64) -> usize {
    usize::try_from(page - 1).unwrap_or_default()
}
