//! The proof of who asks.

use crate::error::AuthError;
use crate::scope::{Scope, Scopes};
use crate::token::{Claims, IdClaims, Issuer};
use crate::{ClientApp, KeyError, Keys, Seal};
use aws_lc_rs::digest;
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use store::{Clock, MailboxId, Person, Timestamp};

/// Proven tokens that are remembered: a client sends the same one again and again.
const REMEMBERED: usize = 10_000;

/// Somebody who proved a token. Only [`Identity`] makes one.
#[derive(Debug, Clone)]
pub struct Caller {
    who: Who,
    client_id: Arc<str>,
    scopes: Scopes,
    expires: Timestamp,
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    /// An app for itself, on every mailbox.
    App {
        /// Its client id.
        client_id: String,
    },
    /// A person, through an app.
    Person {
        /// The person's id, which is the mailbox's.
        id: MailboxId,
    },
}

impl Caller {
    /// Who asks.
    pub fn who(&self) -> &Who {
        &self.who
    }

    /// The app that asks, by its client id.
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// Whether one of these permissions was given.
    pub fn may(&self, wanted: &[Scope]) -> bool {
        self.scopes.any(wanted)
    }
}

/// Issues tokens and proves them.
pub struct Identity {
    issuer: Issuer,
    links: Seal,
    tenant: String,
    clock: Arc<dyn Clock>,
    proven: RwLock<HashMap<[u8; 32], Caller>>,
}

impl Identity {
    /// The issuer of a tenant.
    ///
    /// # Errors
    /// [`KeyError::Crypto`] where the signing key can't be used.
    pub fn new(keys: &Keys, tenant: &str, clock: Arc<dyn Clock>) -> Result<Identity, KeyError> {
        let issuer = Issuer::new(keys, tenant)?;
        let links = Seal::new(keys, "links");
        Ok(Identity { issuer, links, tenant: tenant.to_owned(), clock, proven: RwLock::default() })
    }

    /// The seal on what stands in links that clients follow.
    pub fn links(&self) -> &Seal {
        &self.links
    }

    /// The tenant's id.
    pub fn tenant(&self) -> &str {
        &self.tenant
    }

    /// A token for a person, good for `days` days and what is left of today. The same day gives the same token.
    ///
    /// # Errors
    /// [`KeyError::Crypto`].
    pub fn person_token(&self, person: &Person, app: &ClientApp, scopes: &str, days: i64) -> Result<String, KeyError> {
        const DAY: i64 = 24 * 60 * 60;
        let today = self.clock.now().seconds().div_euclid(DAY) * DAY;
        self.issuer.issue(&Claims::of_person(person, app, &self.tenant, scopes, today, (days + 1) * DAY))
    }

    /// A token for a person who signed in, good for `seconds` seconds from now.
    pub(crate) fn access_token(&self, person: &Person, app: &ClientApp, scp: &str, seconds: i64) -> Result<String, KeyError> {
        self.issuer.issue(&Claims::of_person(person, app, &self.tenant, scp, self.clock.now().seconds(), seconds))
    }

    /// What tells an app who signed in (OpenID Connect Core §2).
    pub(crate) fn id_token(&self, claims: &IdClaims) -> Result<String, KeyError> {
        self.issuer.issue(claims)
    }

    /// The public keys of tokens (RFC 7517 §5).
    pub(crate) fn key_set(&self) -> serde_json::Value {
        self.issuer.key_set()
    }

    /// A token for an app, good for `seconds` seconds.
    ///
    /// # Errors
    /// [`KeyError::Crypto`].
    pub fn app_token(&self, app: &ClientApp, roles: &[&str], seconds: i64) -> Result<String, KeyError> {
        self.issuer.issue(&Claims::of_app(app, &self.tenant, roles, self.clock.now().seconds(), seconds))
    }

    /// Proves the token of an `Authorization` field (RFC 6750 §2.1).
    ///
    /// # Errors
    /// [`AuthError`].
    pub fn prove(&self, authorization: Option<&str>) -> Result<Caller, AuthError> {
        let token = authorization.map(str::trim).filter(|text| !text.is_empty()).ok_or(AuthError::Missing)?;
        let (scheme, token) = token.split_once(' ').ok_or(AuthError::Invalid)?;
        if !scheme.eq_ignore_ascii_case("Bearer") {
            return Err(AuthError::Invalid);
        }
        let token = token.trim();
        let key: [u8; 32] =
            digest::digest(&digest::SHA256, token.as_bytes()).as_ref().try_into().map_err(|_| AuthError::Invalid)?;
        let remembered = self.proven.read().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        let caller = match remembered {
            Some(caller) => caller,
            None => self.prove_anew(key, token)?,
        };
        if caller.expires <= self.clock.now() { Err(AuthError::Expired) } else { Ok(caller) }
    }

    fn prove_anew(&self, key: [u8; 32], token: &str) -> Result<Caller, AuthError> {
        let claims = self.issuer.read(token)?;
        if Timestamp::from_seconds(claims.nbf) > self.clock.now() {
            return Err(AuthError::Expired);
        }
        let caller = caller(&claims)?;
        let mut proven = self.proven.write().unwrap_or_else(PoisonError::into_inner);
        if proven.len() >= REMEMBERED {
            proven.clear(); // those in use are back with their next request
        }
        proven.insert(key, caller.clone());
        Ok(caller)
    }
}

fn caller(claims: &Claims) -> Result<Caller, AuthError> {
    let (who, scopes) = match (&claims.scp, &claims.roles) {
        (Some(scp), _) => {
            let id = uuid::Uuid::parse_str(&claims.oid).map_err(|_| AuthError::Invalid)?;
            (Who::Person { id: MailboxId(*id.as_bytes()) }, Scopes::parse(scp))
        }
        (None, roles) => {
            let roles = roles.as_deref().unwrap_or_default().join(" ");
            (Who::App { client_id: claims.appid.clone() }, Scopes::parse(&roles))
        }
    };
    let client_id = claims.appid.to_lowercase().into();
    Ok(Caller { who, client_id, scopes, expires: Timestamp::from_seconds(claims.exp) })
}

#[cfg(test)]
mod tests;
