//! The proof of who asks.

use crate::error::AuthError;
use crate::issuers::{Issuers, Proven};
use crate::notification::validation_token;
use crate::scope::{Scope, Scopes};
use crate::token::{Claims, IdClaims, Issuer};
use crate::{ClientApp, KeyError, Keys, Seal};
use aws_lc_rs::digest;
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use store::{Application, Clock, MailboxId, Person, Timestamp};

/// Proven tokens that are remembered: a client sends the same one again and again.
const REMEMBERED: usize = 10_000;
/// Seconds for which a token of another issuer is remembered: what that one takes back, or who is known here, may change.
const REMEMBERED_FOR: i64 = 300;

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

    /// Whether a permission was given and is still registered of the app, so that taking it back acts at once.
    pub fn may_by_now(&self, scope: Scope, app: &Application) -> bool {
        let registered = match self.who {
            Who::App { .. } => &app.application_permissions,
            Who::Person { .. } => &app.delegated_permissions,
        };
        self.scopes.any(&[scope]) && registered.split_whitespace().any(|name| scope.is_spelled(name))
    }
}

/// Issues tokens and proves them.
pub struct Identity {
    issuer: Issuer,
    links: Seal,
    tenant: String,
    clock: Arc<dyn Clock>,
    others: Option<Issuers>,
    proven: RwLock<HashMap<[u8; 32], Remembered>>,
}

/// A token that was proven, and until when that holds without another look.
#[derive(Clone)]
struct Remembered {
    caller: Caller,
    until: Timestamp,
}

impl Identity {
    /// The issuer of a tenant.
    ///
    /// # Errors
    /// [`KeyError::Crypto`] where the signing key can't be used.
    pub fn new(keys: &Keys, tenant: &str, clock: Arc<dyn Clock>) -> Result<Identity, KeyError> {
        let issuer = Issuer::new(keys, tenant)?;
        let links = Seal::new(keys, "links");
        Ok(Identity { issuer, links, tenant: tenant.to_owned(), clock, others: None, proven: RwLock::default() })
    }

    /// The same, who takes tokens of other issuers too.
    #[must_use]
    pub fn trusting(self, others: Issuers) -> Identity {
        Identity { others: Some(others), ..self }
    }

    /// Asks the other issuers for their keys, so that the first who comes with a token of theirs need not wait.
    pub async fn fetch_keys(&self) {
        if let Some(others) = &self.others {
            others.fetch_keys().await;
        }
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

    /// A token by which an app knows that a notification comes from here (Graph: change-notifications-with-resource-data).
    ///
    /// # Errors
    /// [`KeyError::Crypto`].
    pub fn validation_token(&self, client_id: &str) -> Result<String, KeyError> {
        validation_token(&self.issuer, &self.tenant, client_id, self.clock.now().seconds())
    }

    /// Proves the token of an `Authorization` field (RFC 6750 §2.1). It waits only for the keys of another issuer.
    ///
    /// # Errors
    /// [`AuthError`].
    pub async fn prove(&self, authorization: Option<&str>) -> Result<Caller, AuthError> {
        let token = authorization.map(str::trim).filter(|text| !text.is_empty()).ok_or(AuthError::Missing)?;
        let (scheme, token) = token.split_once(' ').ok_or(AuthError::Invalid)?;
        if !scheme.eq_ignore_ascii_case("Bearer") {
            return Err(AuthError::Invalid);
        }
        let token = token.trim();
        let key: [u8; 32] =
            digest::digest(&digest::SHA256, token.as_bytes()).as_ref().try_into().map_err(|_| AuthError::Invalid)?;
        let now = self.clock.now();
        let remembered = self.proven.read().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        let caller = match remembered {
            // One whose time is over is not looked at again.
            Some(known) if now < known.until || known.caller.expires <= now => known.caller,
            _ => self.prove_anew(key, token, now).await?,
        };
        if caller.expires <= now { Err(AuthError::Expired) } else { Ok(caller) }
    }

    async fn prove_anew(&self, key: [u8; 32], token: &str, now: Timestamp) -> Result<Caller, AuthError> {
        let foreign = match &self.others {
            Some(others) => others.prove(token).await?,
            None => None,
        };
        let known = match foreign {
            Some(Proven { who, client_id, scopes, expires }) => {
                let caller = Caller { who, client_id: client_id.into(), scopes, expires };
                Remembered { until: expires.min(Timestamp::from_seconds(now.seconds() + REMEMBERED_FOR)), caller }
            }
            None => {
                let caller = self.prove_own(token, now)?;
                Remembered { until: caller.expires, caller }
            }
        };
        let caller = known.caller.clone();
        let mut proven = self.proven.write().unwrap_or_else(PoisonError::into_inner);
        if proven.len() >= REMEMBERED {
            proven.clear(); // those in use are back with their next request
        }
        proven.insert(key, known);
        Ok(caller)
    }

    fn prove_own(&self, token: &str, now: Timestamp) -> Result<Caller, AuthError> {
        let claims = self.issuer.read(token)?;
        if Timestamp::from_seconds(claims.nbf) > now { Err(AuthError::Expired) } else { caller(&claims) }
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
