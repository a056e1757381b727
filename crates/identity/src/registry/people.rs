//! Deeds on people.

use super::names::{self, invalid};
use super::told::RegisteredPerson;
use super::{Registry, RegistryError};
use crate::{password, secret};
use serde::Deserialize;
use store::{MailboxId, Person, ReadTx, StoreError, WriteTx};

/// People of one page of a list.
const PAGE: i64 = 100;

/// A person, or a mailbox of several, who is to be registered.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewPerson {
    /// The name to sign in with, also the primary address: one of this server's domain.
    pub user_principal_name: String,
    /// The id, a GUID that the person has at another issuer; without it, a new one.
    #[serde(default)]
    pub id: Option<String>,
    /// Name for show; without it, made of the others.
    #[serde(default)]
    pub display_name: Option<String>,
    /// Given name.
    #[serde(default)]
    pub given_name: Option<String>,
    /// Surname.
    #[serde(default)]
    pub surname: Option<String>,
    /// Other addresses of this server's domain.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// Whether it is a mailbox of several, as which nobody signs in.
    #[serde(default)]
    pub is_shared: bool,
}

/// Changes to a person; what is not named stays as it is.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct PersonChanges {
    /// Name for show.
    pub display_name: Option<String>,
    /// Given name; an empty one is none.
    pub given_name: Option<String>,
    /// Surname; an empty one is none.
    pub surname: Option<String>,
    /// Whether anybody may come in as this person.
    pub account_enabled: Option<bool>,
}

impl Registry {
    /// Gives somebody a mailbox.
    ///
    /// # Errors
    /// [`RegistryError`]: a name or an address can't be, or is another's.
    pub async fn add_person(&self, new: NewPerson) -> Result<RegisteredPerson, RegistryError> {
        let now = self.now();
        self.deed(move |tx| {
            let name = new.user_principal_name.trim();
            free_address(tx, name)?;
            let person = Person {
                id: new.id.as_deref().map_or(Ok(MailboxId::new(now)), |id| free_id(tx, id))?,
                user_principal_name: name.to_owned(),
                display_name: names::display_name(&shown(&new))?,
                given_name: part(new.given_name.as_deref())?,
                surname: part(new.surname.as_deref())?,
            };
            tx.add_person(&person, now)?;
            for alias in &new.aliases {
                add_address(tx, person.id, alias)?;
            }
            if new.is_shared {
                let account = account(tx, person.id)?;
                tx.set_account(person.id, &store::Account { is_shared: true, ..account })?;
            }
            RegisteredPerson::of(tx, person)
        })
        .await
    }

    /// The person with this address or id.
    ///
    /// # Errors
    /// [`RegistryError::NotFound`], [`RegistryError::Store`].
    pub async fn person(&self, name: String) -> Result<RegisteredPerson, RegistryError> {
        self.look(move |tx| RegisteredPerson::of(tx, find_person(tx, &name)?)).await
    }

    /// A page of people by their ids, behind one of them or from the first; and behind whom the next page begins, if there is one.
    ///
    /// # Errors
    /// [`RegistryError`]: `after` is no id.
    pub async fn people(&self, after: Option<String>) -> Result<(Vec<RegisteredPerson>, Option<String>), RegistryError> {
        let after = after.map(|text| id(&text).ok_or_else(|| invalid(format!("\"{text}\" is no id. It must be a GUID."))));
        let after = after.transpose()?;
        self.look(move |tx| {
            let page = tx.people(after, PAGE)?;
            let next = page.get(super::told::full(PAGE)).map(|last| last.id.to_string());
            Ok((page.into_iter().map(|person| RegisteredPerson::of(tx, person)).collect::<Result<_, _>>()?, next))
        })
        .await
    }

    /// Changes a person. Who is disabled is signed out.
    ///
    /// # Errors
    /// [`RegistryError`].
    pub async fn update_person(&self, name: String, changes: PersonChanges) -> Result<RegisteredPerson, RegistryError> {
        self.deed(move |tx| {
            let mut person = find_person(tx, &name)?;
            tx.hold([person.id])?; // whoever refreshes a token meanwhile comes before this or after it
            if let Some(shown) = changes.display_name {
                person.display_name = names::display_name(&shown)?;
            }
            for (changed, part_of_name) in [(changes.given_name, &mut person.given_name), (changes.surname, &mut person.surname)]
            {
                if changed.is_some() {
                    *part_of_name = part(changed.as_deref())?;
                }
            }
            tx.set_person_names(&person)?;
            if let Some(account_enabled) = changes.account_enabled {
                let account = account(tx, person.id)?;
                tx.set_account(person.id, &store::Account { account_enabled, ..account })?;
                if !account_enabled {
                    tx.sign_out(person.id)?;
                }
            }
            RegisteredPerson::of(tx, person)
        })
        .await
    }

    /// Sets a person's password, and signs the person out everywhere.
    ///
    /// # Errors
    /// [`RegistryError`]: the password can't be one; nobody signs in to a shared mailbox.
    pub async fn set_password(&self, name: String, password: String) -> Result<RegisteredPerson, RegistryError> {
        let hashed = tokio::task::spawn_blocking(move || password::hash(&password)).await;
        let kept = hashed.unwrap_or(Err(password::PasswordError::Failed)).map_err(|error| invalid(error.to_string()))?;
        self.keep_password(name, Some(kept)).await
    }

    /// The same with a password that is made here; it is answered, and never again.
    ///
    /// # Errors
    /// As [`Registry::set_password`].
    pub async fn make_password(&self, name: String) -> Result<(RegisteredPerson, String), RegistryError> {
        let octets = secret::random::<15>().map_err(|_| invalid(password::PasswordError::Failed.to_string()))?;
        let made = encodify::base64::URL_SAFE_NO_PAD.encode(octets);
        Ok((self.set_password(name, made.clone()).await?, made))
    }

    /// Takes a person's password away, and signs the person out everywhere.
    ///
    /// # Errors
    /// [`RegistryError`].
    pub async fn remove_password(&self, name: String) -> Result<RegisteredPerson, RegistryError> {
        self.keep_password(name, None).await
    }

    async fn keep_password(&self, name: String, kept: Option<String>) -> Result<RegisteredPerson, RegistryError> {
        let now = self.now();
        self.deed(move |tx| {
            let person = find_person(tx, &name)?;
            tx.hold([person.id])?; // likewise
            let account = account(tx, person.id)?;
            if account.is_shared && kept.is_some() {
                let text =
                    format!("{} is a shared mailbox. Nobody signs in to it, so it has no password.", person.user_principal_name);
                return Err(RegistryError::Conflict(text));
            }
            tx.set_account(person.id, &store::Account { password_hash: kept, ..account })?;
            tx.sign_out(person.id)?;
            tx.end_subscriptions_of(person.id, now)?; // whoever had the old one may have had himself told
            RegisteredPerson::of(tx, person)
        })
        .await
    }

    /// Gives a person one more address.
    ///
    /// # Errors
    /// [`RegistryError`].
    pub async fn add_alias(&self, name: String, address: String) -> Result<RegisteredPerson, RegistryError> {
        self.deed(move |tx| {
            let person = find_person(tx, &name)?;
            add_address(tx, person.id, &address)?;
            RegisteredPerson::of(tx, person)
        })
        .await
    }

    /// Takes an address from a person, but the one to sign in with.
    ///
    /// # Errors
    /// [`RegistryError`].
    pub async fn remove_alias(&self, name: String, address: String) -> Result<RegisteredPerson, RegistryError> {
        self.deed(move |tx| {
            let person = find_person(tx, &name)?;
            if person.user_principal_name.to_lowercase() == address.to_lowercase() {
                let text = format!("{address} is the name to sign in with. Only other addresses can be removed.");
                return Err(RegistryError::Conflict(text));
            }
            tx.remove_address(person.id, &address).map_err(|error| match error {
                StoreError::NotFound => RegistryError::NotFound(format!(
                    "{} has no address {address}. Nothing was removed.",
                    person.user_principal_name
                )),
                other => other.into(),
            })?;
            RegisteredPerson::of(tx, person)
        })
        .await
    }
}

/// The person with this address or id.
pub(super) fn find_person(tx: &ReadTx<'_>, name: &str) -> Result<Person, RegistryError> {
    let found = match id(name) {
        Some(id) => tx.person(id)?,
        None => tx.person_by_address(name)?,
    };
    found.ok_or_else(|| {
        RegistryError::NotFound(format!("There is nobody named {name} here. A person is named by an address or an id."))
    })
}

fn id(text: &str) -> Option<MailboxId> {
    uuid::Uuid::try_parse(text).ok().map(|id| MailboxId(id.into_bytes()))
}

fn account(tx: &ReadTx<'_>, id: MailboxId) -> Result<store::Account, RegistryError> {
    Ok(tx.account(id)?.ok_or(StoreError::NotFound)?)
}

fn add_address(tx: &mut WriteTx<'_>, person: MailboxId, address: &str) -> Result<(), RegistryError> {
    let address = free_address(tx, address)?;
    Ok(tx.add_address(person, &address)?)
}

/// An address of this server's domain that nobody has.
fn free_address(tx: &ReadTx<'_>, text: &str) -> Result<String, RegistryError> {
    let address = names::address(text)?;
    let domain = tx.domain()?.ok_or_else(|| {
        RegistryError::Conflict("No server has started here yet, so the domain is not known. Start it once.".to_owned())
    })?;
    if !address.ends_with(&format!("@{domain}")) {
        return Err(invalid(format!("{text} is not of this server's domain. It must end in @{domain}.")));
    }
    match tx.person_by_address(&address)? {
        Some(owner) => {
            let owner = owner.user_principal_name;
            Err(RegistryError::Conflict(format!("{text} belongs to {owner} already. An address is one person's.")))
        }
        None => Ok(address),
    }
}

/// An id that nobody has. The nil id is nobody's: lists begin behind it.
fn free_id(tx: &ReadTx<'_>, text: &str) -> Result<MailboxId, RegistryError> {
    let is_somebody = |id: &MailboxId| *id != MailboxId([0; 16]);
    let id = id(text).filter(is_somebody).ok_or_else(|| invalid(format!("\"{text}\" is no id. It must be a GUID.")))?;
    match tx.person(id)? {
        Some(owner) => {
            let owner = owner.user_principal_name;
            Err(RegistryError::Conflict(format!("{text} is the id of {owner} already. An id is one person's.")))
        }
        None => Ok(id),
    }
}

/// The name for show: the one that was given, or the two names, or what stands before the `@`.
fn shown(new: &NewPerson) -> String {
    let both = [&new.given_name, &new.surname].map(|part| part.as_deref().unwrap_or_default().trim()).join(" ");
    let local = new.user_principal_name.split('@').next().unwrap_or_default();
    match &new.display_name {
        Some(name) => name.clone(),
        None if both.trim().is_empty() => local.to_owned(),
        None => both,
    }
}

/// A given name or surname, which may be none.
fn part(text: Option<&str>) -> Result<String, RegistryError> {
    match text.map(str::trim) {
        None | Some("") => Ok(String::new()),
        Some(text) => names::display_name(text),
    }
}
