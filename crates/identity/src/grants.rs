//! What people let apps do, from the moment they agree until tokens are given for it. Each step is one deed of the store:
//! of two that come with the same code, one gets it.

use crate::consents::is_agreed;
use crate::error::OAuthError;
use crate::granted::Granted;
use crate::secret::{self, Secret};
use crate::{ClientApp, RedirectUri};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use encodify::base64::URL_SAFE_NO_PAD;
use std::sync::Arc;
use store::{
    Account, AuthorizationCode, Clock, Digest, Grant, MailboxId, Person, ReadTx, RefreshToken, Store, StoreError, Timestamp,
    WriteTx,
};

/// Seconds that a code is good for: the most that RFC 6749 §4.1.2 advises.
const CODE_LIFE: i64 = 10 * 60;
/// Seconds that a refresh token is good for: 90 days, as Microsoft's.
const REFRESH_LIFE: i64 = 90 * 24 * 60 * 60;

/// Keeps what people let apps do.
pub struct Grants {
    store: Store,
    clock: Arc<dyn Clock>,
    needs_consent: bool,
}

/// An app that asks for tokens, and how it showed who it is.
#[derive(Debug, Clone)]
pub(crate) struct Claimant {
    pub(crate) client_id: String,
    /// Whether it proved itself, and didn't only say its name.
    pub(crate) is_confidential: bool,
}

/// What an app shows to exchange a code.
#[derive(Debug, Clone)]
pub(crate) struct CodeProof {
    pub(crate) code: String,
    pub(crate) code_verifier: Option<String>,
    pub(crate) redirect_uri: String,
}

/// What tokens are made of.
#[derive(Debug)]
pub(crate) struct Redeemed {
    pub(crate) person: Person,
    pub(crate) granted: Granted,
    pub(crate) nonce: Option<String>,
    /// Where it was asked for.
    pub(crate) refresh_token: Option<String>,
}

/// What a deed did, or why nothing is given though something was written.
type Outcome<T> = Result<Result<T, OAuthError>, StoreError>;

impl Grants {
    /// Those of a store.
    pub fn new(store: Store, clock: Arc<dyn Clock>) -> Grants {
        Grants { store, clock, needs_consent: false }
    }

    /// The same, which hold only as long as the person's consent does: outside development mode people are asked for it.
    #[must_use]
    pub fn with_consent(self) -> Grants {
        Grants { needs_consent: true, ..self }
    }

    /// Now, by the clock that was passed in.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// A code for what a person agreed to.
    pub(crate) async fn add_code(
        &self,
        grant: Grant,
        redirect_uri: String,
        code_challenge: Option<String>,
        nonce: Option<String>,
    ) -> Result<String, OAuthError> {
        let now = self.now();
        let Secret { text, digest } = Secret::of_mailbox(grant.mailbox)?;
        let expiration_date_time = after(now, CODE_LIFE);
        let code =
            AuthorizationCode { digest, grant, redirect_uri, code_challenge, nonce, is_redeemed: false, expiration_date_time };
        self.deed(Some(code.grant.mailbox), move |tx| tx.add_authorization_code(&code, now).map(Ok)).await?;
        Ok(text)
    }

    /// Exchanges a code. One that comes again takes back what the first gave (RFC 6749 §4.1.2).
    pub(crate) async fn redeem_code(&self, proof: CodeProof, claimant: Claimant) -> Result<Redeemed, OAuthError> {
        let now = self.now();
        let (mailbox, digest) = secret::read(&proof.code).ok_or(OAuthError::GrantInvalid)?;
        let refresh = Secret::of_mailbox(mailbox)?;
        self.deed(Some(mailbox), move |tx| {
            let Some(code) = tx.authorization_code(mailbox, digest)? else { return Ok(Err(OAuthError::GrantInvalid)) };
            if code.is_redeemed {
                tx.revoke_refresh_tokens(mailbox, digest)?;
                return Ok(Err(OAuthError::CodeRedeemed));
            }
            if let Err(refused) = check_code(&code, &proof, &claimant, now) {
                return Ok(Err(refused));
            }
            tx.redeem_authorization_code(mailbox, digest)?;
            let nonce = code.nonce.clone();
            Ok(begin_family(tx, code.grant, digest, refresh, &claimant, now)?.map(|redeemed| Redeemed { nonce, ..redeemed }))
        })
        .await
    }

    /// Exchanges a refresh token for the next. One that was used takes back all that came from it (RFC 9700 §4.14.2).
    pub(crate) async fn refresh(&self, token: &str, scope: Option<String>, claimant: Claimant) -> Result<Redeemed, OAuthError> {
        let now = self.now();
        let (mailbox, digest) = secret::read(token).ok_or(OAuthError::GrantInvalid)?;
        let next = Secret::of_mailbox(mailbox)?;
        let needs_consent = self.needs_consent;
        self.deed(Some(mailbox), move |tx| {
            let known = tx.refresh_token(mailbox, digest)?;
            let Some(used) = known.filter(|token| token.grant.client_id == claimant.client_id) else {
                return Ok(Err(OAuthError::GrantInvalid));
            };
            if used.is_used {
                tx.revoke_refresh_tokens(mailbox, used.family)?;
                return Ok(Err(OAuthError::GrantReplayed));
            }
            if used.expiration_date_time <= now {
                return Ok(Err(OAuthError::GrantExpired));
            }
            if used.is_confidential && !claimant.is_confidential {
                return Ok(Err(OAuthError::CredentialMissing));
            }
            let Some(person) = enabled(tx, mailbox)? else { return Ok(Err(OAuthError::AccountDisabled)) };
            let granted = match Granted::stored(used.grant.scope.clone()).narrowed(scope.as_deref()) {
                Ok(granted) => granted,
                Err(refused) => return Ok(Err(refused)),
            };
            if needs_consent && !is_agreed(tx, mailbox, &used.grant.client_id, &granted)? {
                return Ok(Err(OAuthError::ConsentRequired));
            }
            if !tx.use_refresh_token(mailbox, digest)? {
                tx.revoke_refresh_tokens(mailbox, used.family)?;
                return Ok(Err(OAuthError::GrantReplayed)); // it is gone, or another took its place: whatever was read above
            }
            let expiration_date_time = after(now, REFRESH_LIFE);
            tx.add_refresh_token(&RefreshToken { digest: next.digest, expiration_date_time, ..used }, now)?;
            Ok(Ok(Redeemed { person, granted, nonce: None, refresh_token: Some(next.text) }))
        })
        .await
    }

    /// Tokens for what a person agreed to just now, without a code.
    pub(crate) async fn begin(&self, grant: Grant, claimant: Claimant) -> Result<Redeemed, OAuthError> {
        let now = self.now();
        let refresh = Secret::of_mailbox(grant.mailbox)?;
        self.deed(Some(grant.mailbox), move |tx| {
            let family = refresh.digest;
            begin_family(tx, grant, family, refresh, &claimant, now)
        })
        .await
    }

    /// The person who has this name or address.
    pub(crate) async fn person(&self, name: &str) -> Result<Option<Person>, OAuthError> {
        let name = name.to_owned();
        self.look(move |tx| tx.person_by_address(&name)).await
    }

    /// The person who has this name or address, and how that person comes in.
    pub(crate) async fn login(&self, name: &str) -> Result<Option<(Person, Account)>, OAuthError> {
        let name = name.to_owned();
        self.look(move |tx| {
            let Some(person) = tx.person_by_address(&name)? else { return Ok(None) };
            Ok(tx.account(person.id)?.map(|account| (person, account)))
        })
        .await
    }

    /// The same of the person with this id.
    pub(crate) async fn login_of(&self, id: MailboxId) -> Result<Option<(Person, Account)>, OAuthError> {
        self.look(move |tx| Ok(tx.person(id)?.zip(tx.account(id)?))).await
    }

    /// Keeps a password anew, unless there is another by now; gives what is kept.
    pub(crate) async fn renew_password(&self, id: MailboxId, kept: String, renewed: String) -> Result<String, OAuthError> {
        self.deed(Some(id), move |tx| Ok(Ok(if tx.renew_password_hash(id, &kept, &renewed)? { renewed } else { kept }))).await
    }

    /// The app with this client id, if it may come in.
    ///
    /// # Errors
    /// [`OAuthError::AppNotFound`], [`OAuthError::AppDisabled`], [`OAuthError::ServerError`].
    pub(crate) async fn app(&self, client_id: &str) -> Result<ClientApp, OAuthError> {
        let client_id = client_id.to_owned();
        let app = self.look(move |tx| ClientApp::load(tx, &client_id)).await?.ok_or(OAuthError::AppNotFound)?;
        if app.registered.account_enabled { Ok(app) } else { Err(OAuthError::AppDisabled) }
    }

    /// Whether any app may have codes sent there.
    pub(crate) async fn is_redirect_uri(&self, asked: &str) -> Result<bool, OAuthError> {
        let registered = self.look(|tx| tx.redirect_uris()).await?;
        Ok(registered.into_iter().any(|uri| RedirectUri::from(uri).takes(asked)))
    }

    pub(crate) async fn look<T: Send + 'static>(
        &self,
        look: impl FnOnce(&ReadTx<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, OAuthError> {
        self.store.read(look).await.map_err(|error| failed(&error))
    }

    /// A deed about a mailbox, or about what belongs to none.
    pub(crate) async fn deed<T: Send + 'static>(
        &self,
        of: Option<MailboxId>,
        deed: impl FnOnce(&mut WriteTx<'_>) -> Outcome<T> + Clone + Send + 'static,
    ) -> Result<T, OAuthError> {
        let done = match of {
            Some(mailbox) => self.store.write_in::<_, StoreError>(mailbox, deed).await,
            None => self.store.write::<_, StoreError>(move |tx| tx.hold_directory().and_then(|()| deed(tx))).await,
        };
        done.map_err(|error| failed(&error))?
    }
}

fn check_code(code: &AuthorizationCode, proof: &CodeProof, claimant: &Claimant, now: Timestamp) -> Result<(), OAuthError> {
    if code.grant.client_id != claimant.client_id {
        return Err(OAuthError::GrantInvalid);
    }
    if code.expiration_date_time <= now {
        return Err(OAuthError::CodeExpired);
    }
    if code.redirect_uri != proof.redirect_uri {
        return Err(OAuthError::RedirectMismatch);
    }
    match (&code.code_challenge, &proof.code_verifier) {
        (Some(challenge), Some(verifier)) if meets(challenge, verifier) => Ok(()),
        (Some(_), None) => Err(OAuthError::Missing("code_verifier")),
        (None, None) if claimant.is_confidential => Ok(()),
        (None, None) => Err(OAuthError::CredentialMissing), // neither PKCE nor a secret: anybody could hold this code
        // A verifier without a challenge: somebody took the challenge away (RFC 9700 §4.8.2).
        (Some(_), Some(_)) | (None, Some(_)) => Err(OAuthError::PkceMismatch),
    }
}

/// RFC 7636 §4.6, S256.
fn meets(challenge: &str, verifier: &str) -> bool {
    let transformed = URL_SAFE_NO_PAD.encode(Digest::of(verifier.as_bytes()).0);
    verify_slices_are_equal(transformed.as_bytes(), challenge.as_bytes()).is_ok()
}

/// The first tokens of a grant, with a refresh token if `offline_access` is among its scopes.
pub(crate) fn begin_family(
    tx: &mut WriteTx<'_>,
    grant: Grant,
    family: Digest,
    refresh: Secret,
    claimant: &Claimant,
    now: Timestamp,
) -> Outcome<Redeemed> {
    let Some(person) = enabled(tx, grant.mailbox)? else { return Ok(Err(OAuthError::AccountDisabled)) };
    let granted = Granted::stored(grant.scope.clone());
    let refresh_token = granted.has("offline_access").then_some(refresh.text);
    if refresh_token.is_some() {
        let token = RefreshToken {
            digest: refresh.digest,
            family,
            grant,
            is_confidential: claimant.is_confidential,
            is_used: false,
            expiration_date_time: after(now, REFRESH_LIFE),
        };
        tx.add_refresh_token(&token, now)?;
    }
    Ok(Ok(Redeemed { person, granted, nonce: None, refresh_token }))
}

/// Whether anybody signs in as this person.
pub(crate) fn may_sign_in(account: &Account) -> bool {
    account.account_enabled && !account.is_shared
}

/// The person whose mailbox it is, if anybody may come in as this person.
fn enabled(tx: &ReadTx<'_>, mailbox: MailboxId) -> Result<Option<Person>, StoreError> {
    match tx.account(mailbox)? {
        Some(account) if may_sign_in(&account) => tx.person(mailbox),
        _ => Ok(None),
    }
}

/// The instant so many seconds later.
pub(crate) fn after(now: Timestamp, seconds: i64) -> Timestamp {
    Timestamp(now.0.saturating_add(seconds.saturating_mul(1_000_000)))
}

/// Whom a grant is for, as the store knows it.
pub(crate) fn grant(mailbox: MailboxId, client_id: &str, granted: &Granted) -> Grant {
    Grant { mailbox, client_id: client_id.to_owned(), scope: granted.as_str().to_owned() }
}

fn failed(error: &StoreError) -> OAuthError {
    tracing::error!(%error, "a sign-in can't be kept or read");
    if matches!(error, StoreError::Unavailable(_)) { OAuthError::Unavailable } else { OAuthError::ServerError }
}

#[cfg(test)]
pub(crate) mod tests;
