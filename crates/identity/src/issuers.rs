//! Other people's issuers, such as Entra ID and Keycloak: a token that one of them signed is taken for a person and an app
//! that are known here.
//!
//! Promises: keys come from the issuer alone, over https, and a token of an issuer that can't be reached is put off, not
//! refused. Refuses: to know anybody who isn't registered here.

mod claims;
mod fetch;
mod keys;
mod ring;

pub use fetch::{Fetch, FetchAddress, FetchError, Fetching};

use self::claims::{Claims, Subject};
use self::keys::Key;
use self::ring::KeyRing;
use crate::caller::Who;
use crate::error::AuthError;
use crate::{Scope, Scopes};
use encodify::base64::URL_SAFE_NO_PAD;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Validation, decode, decode_header};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::sync::Arc;
use store::{Clock, MailboxId, Person, ReadTx, Store, StoreError, Timestamp};

/// Seconds after which a request may be tried again whose issuer can't be reached.
pub const RETRY: i64 = ring::REST;

/// An issuer that the operator trusts: for everybody who is here, and for every app that is registered here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustedIssuer {
    /// What `iss` must be.
    pub issuer: String,
    /// Where its metadata are.
    pub metadata: FetchAddress,
    /// Whether the metadata must name the issuer too; not where their address was named by the operator.
    pub metadata_name_issuer: bool,
    /// One of these must be in `aud`.
    pub audiences: Vec<String>,
    /// What `tid` must be, if anything.
    pub tenant: Option<String>,
    /// The claim that names a person: `oid` and `sub` by id, any other by address. Unless said, the first of
    /// `preferred_username`, `upn` and a verified `email` that is an address.
    pub person: Option<String>,
}

/// All issuers that are trusted.
pub struct Issuers {
    rings: Vec<Arc<KeyRing>>,
    store: Store,
    clock: Arc<dyn Clock>,
}

/// What came of a token that is right in every way.
pub(crate) struct Proven {
    pub(crate) who: Who,
    pub(crate) client_id: String,
    pub(crate) scopes: Scopes,
    pub(crate) expires: Timestamp,
}

impl Issuers {
    /// These issuers, each with what fetches its keys. People and apps are looked for in the store.
    pub fn new(trusted: Vec<(TrustedIssuer, Arc<dyn Fetch>)>, store: Store, clock: Arc<dyn Clock>) -> Issuers {
        let ring = |(trusted, fetch)| Arc::new(KeyRing::new(trusted, fetch, clock.clone()));
        Issuers { rings: trusted.into_iter().map(ring).collect(), store, clock: clock.clone() }
    }

    /// Asks every issuer for its keys, so that the first who comes need not wait; what fails is in the log.
    pub async fn fetch_keys(&self) {
        for ring in &self.rings {
            ring.refresh().await;
        }
    }

    /// The keys of the issuer that a token says to be from, if that one is trusted. Nothing is proven by it.
    fn ring_of(&self, token: &str) -> Option<&Arc<KeyRing>> {
        #[derive(Deserialize)]
        struct Claimed {
            iss: String,
        }
        if self.rings.is_empty() {
            return None;
        }
        let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
        let Claimed { iss } = serde_json::from_slice(&payload).ok()?;
        self.rings.iter().find(|ring| ring.trusted().issuer == iss)
    }

    /// Proves a token of one of the issuers; nothing where it is of none of them.
    ///
    /// # Errors
    /// [`AuthError`].
    pub(crate) async fn prove(&self, token: &str) -> Result<Option<Proven>, AuthError> {
        match self.ring_of(token) {
            Some(ring) => self.prove_with(ring, token).await.map(Some),
            None => Ok(None),
        }
    }

    async fn prove_with(&self, ring: &Arc<KeyRing>, token: &str) -> Result<Proven, AuthError> {
        let header = decode_header(token).map_err(|_| AuthError::Invalid)?;
        // What the issuer holds to be critical must be understood, and nothing is here (RFC 7515 §4.1.11).
        if header.crit.is_some() {
            return Err(AuthError::Invalid);
        }
        let key = ring.find(header.kid.as_deref()).await?;
        let trusted = ring.trusted();
        let claims = signed(token, &key, trusted)?;
        if !claims.is_of_tenant(trusted) {
            return Err(AuthError::Invalid);
        }
        let expires = claims.good_until(self.clock.now())?;
        let subject = claims.subject(trusted).ok_or(AuthError::Stranger)?;
        // Who may register people and apps is decided here, and not by whoever makes their tokens.
        let scopes = Scopes::parse(&claims.permissions(&subject)).without(Scope::RestanteAdmin);
        let client_id = claims.client_id().ok_or(AuthError::Stranger)?.to_lowercase();
        let who = self.known(client_id.clone(), subject).await?;
        Ok(Proven { who, client_id, scopes, expires })
    }

    /// Who is meant, if the app and the person are registered here and may come in.
    async fn known(&self, client_id: String, subject: Subject) -> Result<Who, AuthError> {
        let look = move |tx: &ReadTx<'_>| {
            let app = tx.application(&client_id)?;
            if !app.is_some_and(|app| app.account_enabled) {
                return Ok(None);
            }
            match subject {
                Subject::App => Ok(Some(Who::App { client_id })),
                Subject::Address(address) => person(tx, tx.person_by_address(&address)?),
                Subject::Id(id) => person(tx, tx.person(MailboxId(*id.as_bytes()))?),
            }
        };
        let found = self.store.read::<_, StoreError>(look).await.map_err(|error| {
            tracing::error!(%error, "whom a foreign token is for can't be looked up");
            AuthError::Unavailable
        })?;
        found.ok_or(AuthError::Stranger)
    }
}

/// A person who may come in; nobody does as a mailbox of several.
fn person(tx: &ReadTx<'_>, found: Option<Person>) -> Result<Option<Who>, StoreError> {
    let Some(person) = found else { return Ok(None) };
    let account = tx.account(person.id)?;
    let may_come = account.is_some_and(|account| account.account_enabled && !account.is_shared);
    Ok(may_come.then_some(Who::Person { id: person.id }))
}

/// The claims of a token that this key signed, by this issuer and for one of its audiences. Its times aren't looked at.
fn signed(token: &str, key: &Key, trusted: &TrustedIssuer) -> Result<Claims, AuthError> {
    let mut validation = Validation::new(key.algorithm); // the key's own, whatever the token says (RFC 8725 §3.1)
    validation.validate_exp = false; // by the clock that was passed in
    validation.set_required_spec_claims(&["aud", "iss"]);
    validation.set_audience(&trusted.audiences);
    validation.set_issuer(&[&trusted.issuer]);
    match decode::<Map<String, Value>>(token, &key.decoding, &validation) {
        Ok(read) => Ok(Claims::new(read.claims)),
        Err(error) if *error.kind() == ErrorKind::InvalidAudience => Err(AuthError::WrongAudience),
        Err(_) => Err(AuthError::Invalid),
    }
}

#[cfg(test)]
mod tests;
