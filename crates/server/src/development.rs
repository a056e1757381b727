//! Development mode: people who can be written to at once, and `dev.json`, which tells everything that a script needs to
//! speak as one of them. It holds secrets, so it is its owner's alone, and nothing of it exists in production.

use crate::listen::Addresses;
use crate::tenant::Tenant;
use identity::{DevelopmentPerson, Identity, Keys, RedirectUri, Scopes};
use serde::Serialize;
use std::path::{Path, PathBuf};
use store::{Digest, KeyCredential, MailboxId, PasswordCredential, Person, Store, StoreError, Timestamp};
use uuid::Uuid;

/// Days that the tokens are good for.
const TOKEN_DAYS: i64 = 30;
/// Where apps without an address of their own get their codes: a browser window that they look into.
const NATIVE_CLIENT: &str = "https://login.microsoftonline.com/common/oauth2/nativeclient";
/// By what the app's secret and its certificate's key are named.
const SECRET: [u8; 16] = [1; 16];
const CERTIFICATE: [u8; 16] = [2; 16];
/// Local part, given name, surname. The first sends to the second in the banner.
const PEOPLE: [(&str, &str, &str); 4] =
    [("AdeleV", "Adele", "Vance"), ("AlexW", "Alex", "Wilber"), ("ChristieC", "Christie", "Cline"), ("MeganB", "Megan", "Bowen")];

/// The people of a domain. Whoever was here before has the same id again.
pub(crate) fn people(tenant: &Tenant, domain: &str) -> Vec<Person> {
    let person = |(local, given, surname): (&str, &str, &str)| {
        let name = format!("{local}@{domain}");
        Person {
            id: MailboxId(*Uuid::new_v5(&tenant.id, name.to_lowercase().as_bytes()).as_bytes()),
            user_principal_name: name,
            display_name: format!("{given} {surname}"),
            given_name: given.to_owned(),
            surname: surname.to_owned(),
        }
    };
    PEOPLE.map(person).to_vec()
}

/// The same with the passwords that `dev.json` tells, which stay as long as the directory's keys do.
pub(crate) fn with_passwords(keys: &Keys, people: Vec<Person>) -> Vec<DevelopmentPerson> {
    let with_password = |person: Person| DevelopmentPerson { password: password(keys, &person), person };
    people.into_iter().map(with_password).collect()
}

fn password(keys: &Keys, person: &Person) -> String {
    keys.derive(&format!("password of {}", person.user_principal_name.to_lowercase()))
}

/// Gives each of them a mailbox who has none.
///
/// # Errors
/// [`StoreError`], also where somebody else has one of the names.
pub(crate) async fn move_in(store: &Store, people: Vec<Person>, now: Timestamp) -> Result<(), StoreError> {
    store
        .write(move |tx| {
            tx.hold_directory()?; // nodes of one store may start together
            people.iter().try_for_each(|person| tx.add_person(person, now))
        })
        .await
}

/// Registers the app that `dev.json` tells of, with its secret and the key in its certificate.
///
/// # Errors
/// [`StoreError`].
pub(crate) async fn register(store: &Store, tenant: &Tenant, public_key: Vec<u8>, now: Timestamp) -> Result<(), StoreError> {
    let app = tenant.application(true, now);
    let secret = &tenant.client_secret;
    let secret = PasswordCredential {
        key_id: SECRET,
        digest: Digest::of(secret.as_bytes()),
        hint: secret.chars().take(3).collect(),
        end_date_time: None,
    };
    let key = KeyCredential { key_id: CERTIFICATE, public_key, end_date_time: None };
    let uris = [RedirectUri::AnyLoopback, RedirectUri::Exact(NATIVE_CLIENT.to_owned())].map(String::from);
    store
        .write(move |tx| {
            tx.hold_directory()?;
            tx.put_application(&app)?;
            tx.put_password_credential(&app.client_id, &secret)?;
            tx.put_key_credential(&app.client_id, &key)?;
            tx.set_redirect_uris(&app.client_id, &uris)
        })
        .await
}

/// Outside development mode that app is there for `restante token` alone: what a file of development mode tells opens nothing.
///
/// # Errors
/// [`StoreError`].
pub(crate) async fn lock_up(store: &Store, tenant: &Tenant, now: Timestamp) -> Result<(), StoreError> {
    let app = tenant.application(false, now);
    store
        .write(move |tx| {
            tx.hold_directory()?;
            tx.put_application(&app)?;
            tx.remove_credential(&app.client_id, SECRET)?;
            tx.remove_credential(&app.client_id, CERTIFICATE)?;
            tx.set_redirect_uris(&app.client_id, &[])
        })
        .await
}

/// What is in `dev.json`. Scripts read it: a member may be added, never taken away or renamed.
#[derive(Debug, Serialize)]
pub(crate) struct DevFile {
    pub(crate) base_url: String,
    pub(crate) https_url: String,
    pub(crate) ca: PathBuf,
    pub(crate) authority: String,
    pub(crate) smtp: String,
    pub(crate) tenant: String,
    client_id: String,
    client_secret: String,
    client_certificate: PathBuf,
    pub(crate) people: Vec<DevPerson>,
}

/// One person in it, in Graph's words.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DevPerson {
    id: String,
    pub(crate) user_principal_name: String,
    pub(crate) display_name: String,
    password: String,
    pub(crate) token: String,
}

impl DevFile {
    /// What there is to tell of a server that listens at these addresses.
    ///
    /// # Errors
    /// Where no token can be signed.
    pub(crate) fn new(
        Addresses { http, https, smtp }: Addresses,
        (ca, client_certificate): (&Path, &Path),
        (keys, tenant, identity): (&Keys, &Tenant, &Identity),
        people: &[Person],
    ) -> anyhow::Result<DevFile> {
        let app = tenant.app();
        let dev_person = |person: &Person| {
            Ok(DevPerson {
                id: person.id.to_string(),
                user_principal_name: person.user_principal_name.clone(),
                display_name: person.display_name.clone(),
                password: password(keys, person),
                token: identity.person_token(person, &app, Scopes::ALL_DELEGATED, TOKEN_DAYS)?,
            })
        };
        Ok(DevFile {
            base_url: format!("http://{http}/v1.0"),
            https_url: format!("https://{https}/v1.0"),
            ca: ca.to_owned(),
            authority: format!("https://{https}"),
            smtp: smtp.to_string(),
            tenant: tenant.id.to_string(),
            client_id: tenant.client_id.to_string(),
            client_secret: tenant.client_secret.clone(),
            client_certificate: client_certificate.to_owned(),
            people: people.iter().map(dev_person).collect::<anyhow::Result<_>>()?,
        })
    }

    /// Puts it into the place of an earlier one, whole, readable by its owner alone.
    ///
    /// # Errors
    /// Where the file system fails.
    pub(crate) fn write(&self, path: &Path) -> anyhow::Result<()> {
        let mut text = serde_json::to_vec_pretty(self)?;
        text.push(b'\n');
        Ok(identity::replace_file(path, &text, 0o600)?)
    }
}

#[cfg(test)]
mod tests;
