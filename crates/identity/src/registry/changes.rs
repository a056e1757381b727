//! What is asked to be different of an app: what is not named stays as it is.

use super::names::{self, Kind, invalid};
use super::people::find_person;
use super::{Registry, RegistryError};
use serde::{Deserialize, Deserializer};
use store::{Application, ApplicationLimits, ReadTx};

/// The most that a rate may be.
const SENDS_PER_MINUTE: i64 = 1_000_000;
/// Entries of one list at most.
const LIST: usize = 1000;

/// Changes to an app.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct AppChanges {
    /// Name for show. No other app has it.
    pub display_name: Option<String>,
    /// Whether it may come in.
    pub account_enabled: Option<bool>,
    /// Whether people may sign in through it where it can't prove itself.
    pub is_public_client: Option<bool>,
    /// What it may do for people who agree.
    pub delegated_permissions: Option<Vec<String>>,
    /// What it may do for itself.
    pub application_permissions: Option<Vec<String>>,
    /// Where codes may be sent.
    pub redirect_uris: Option<Vec<String>>,
    /// What narrows it further.
    pub limits: LimitChanges,
}

/// Changes to what narrows an app.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct LimitChanges {
    /// The only mailboxes that it may open, by address or id.
    pub mailboxes: Change<Vec<String>>,
    /// The only addresses that may stand in From and Sender of what it sends.
    pub from: Change<Vec<String>>,
    /// The only domains to which it may send.
    pub recipient_domains: Change<Vec<String>>,
    /// How many messages it may send in sixty seconds.
    pub sends_per_minute: Change<i64>,
}

/// A change to what may be unlimited. In JSON a member that is missing keeps, and null clears.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Change<T> {
    /// No limit from now on.
    Clear,
    /// As it was.
    #[default]
    Keep,
    /// This from now on; an empty list lets nothing through.
    To(T),
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Change<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Change<T>, D::Error> {
        Ok(Option::deserialize(deserializer)?.map_or(Change::Clear, Change::To))
    }
}

impl<T> Change<T> {
    fn apply<U>(self, to: &mut Option<U>, judge: impl FnOnce(T) -> Result<U, RegistryError>) -> Result<(), RegistryError> {
        match self {
            Change::Clear => *to = None,
            Change::Keep => {}
            Change::To(value) => *to = Some(judge(value)?),
        }
        Ok(())
    }
}

impl AppChanges {
    /// Makes the changes; answers where codes may be sent from now on, if that changes.
    pub(super) fn apply(self, tx: &ReadTx<'_>, app: &mut Application) -> Result<Option<Vec<String>>, RegistryError> {
        if let Some(name) = self.display_name {
            app.display_name = free_name(tx, &name, &app.client_id)?;
        }
        app.account_enabled = self.account_enabled.unwrap_or(app.account_enabled);
        app.is_public_client = self.is_public_client.unwrap_or(app.is_public_client);
        if let Some(names) = self.delegated_permissions {
            app.delegated_permissions = names::permissions(&names, Kind::Delegated)?;
        }
        if let Some(names) = self.application_permissions {
            app.application_permissions = names::permissions(&names, Kind::Application)?;
        }
        self.limits.apply(tx, &mut app.limits)?;
        self.redirect_uris.map(|uris| each(uris, |uri| names::redirect_uri(&uri))).transpose()
    }
}

impl LimitChanges {
    fn apply(self, tx: &ReadTx<'_>, limits: &mut ApplicationLimits) -> Result<(), RegistryError> {
        let mailbox = |name: String| find_person(tx, &name).map(|person| person.id);
        self.mailboxes.apply(&mut limits.mailboxes, |listed| each(listed, mailbox))?;
        self.from.apply(&mut limits.from, |listed| each(listed, |one| names::address(&one)))?;
        self.recipient_domains.apply(&mut limits.recipient_domains, |listed| each(listed, |one| names::domain(&one)))?;
        self.sends_per_minute.apply(&mut limits.sends_per_minute, |rate| {
            if (1..=SENDS_PER_MINUTE).contains(&rate) {
                return Ok(rate);
            }
            Err(invalid(format!(
                "{rate} is no rate. It must be from 1 to {SENDS_PER_MINUTE}; an app without Mail.Send sends nothing."
            )))
        })
    }
}

fn each<T: PartialEq>(listed: Vec<String>, judge: impl Fn(String) -> Result<T, RegistryError>) -> Result<Vec<T>, RegistryError> {
    if listed.len() > LIST {
        return Err(invalid(format!("The list has {} entries. It may have {LIST}.", listed.len())));
    }
    let mut judged = Vec::new();
    for one in listed {
        let one = judge(one)?;
        if !judged.contains(&one) {
            judged.push(one);
        }
    }
    Ok(judged)
}

/// A name that no other app has.
fn free_name(tx: &ReadTx<'_>, name: &str, client_id: &str) -> Result<String, RegistryError> {
    let name = names::display_name(name)?;
    // A name that reads as an id could stand for another app than the one that has it.
    if uuid::Uuid::try_parse(&name).is_ok() {
        return Err(invalid(format!("\"{name}\" is no name for an app. It must not be an id.")));
    }
    if tx.application(&name)?.is_some_and(|other| other.client_id != client_id) {
        return Err(RegistryError::Conflict(format!("\"{name}\" is another app's client id. A name must be one app's alone.")));
    }
    match tx.application_by_name(&name)? {
        Some(other) if other.client_id != client_id => Err(RegistryError::Conflict(format!(
            "The app {} is named \"{name}\" already. Another must have a name of its own.",
            other.client_id
        ))),
        _ => Ok(name),
    }
}

/// Demands that no app has this client id, and none this name, since either stands for the app.
pub(super) fn free_client_id(tx: &ReadTx<'_>, spelled: &str, client_id: &str) -> Result<(), RegistryError> {
    let named = tx.application_by_name(client_id)?.or(tx.application_by_name(spelled)?);
    let found = tx.application(client_id)?.or(named);
    found.map_or(Ok(()), |other| {
        let name = other.display_name;
        Err(RegistryError::Conflict(format!(
            "\"{client_id}\" stands for the app \"{name}\" already. It must be one app's alone."
        )))
    })
}

impl Registry {
    /// The app with this client id or name, for changing it.
    pub(super) fn changeable(&self, tx: &ReadTx<'_>, name: &str) -> Result<Application, RegistryError> {
        let app = find_app(tx, name)?;
        if app.client_id == self.own_app {
            return Err(RegistryError::Conflict(format!("The app {} is the server's own. It can't be changed.", app.client_id)));
        }
        Ok(app)
    }
}

/// The app with this client id or name.
pub(super) fn find_app(tx: &ReadTx<'_>, name: &str) -> Result<Application, RegistryError> {
    let found = match uuid::Uuid::try_parse(name) {
        Ok(id) => tx.application(&id.to_string())?,
        Err(_) => match tx.application_by_name(name)? {
            Some(named) => Some(named),
            None => tx.application(name)?,
        },
    };
    found.ok_or_else(|| {
        RegistryError::NotFound(format!("There is no app \"{name}\" here. An app is named by its client id or its name."))
    })
}
