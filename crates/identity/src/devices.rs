//! Sign-in of what has no browser: it shows a code, and a person types that code elsewhere (RFC 8628).

use crate::error::OAuthError;
use crate::granted::Granted;
use crate::grants::{Claimant, Grants, Redeemed, after, begin_family};
use crate::secret::{self, Secret, Unowned};
use store::{DeviceCode, DeviceState, Grant, MailboxId, StoreError, Timestamp};

/// Seconds that a device's code is good for.
pub(crate) const LIFE: i64 = 15 * 60;
/// Seconds between two of its questions.
pub(crate) const INTERVAL: i64 = 5;
/// Codes that may wait at a time: anybody can ask for one, and each costs a row until it ends.
const MOST: u64 = 10_000;
/// Letters of what people type: without vowels, so that no words come of it (RFC 8628 §6.1).
const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
/// How many of them: 34 bits, which nobody guesses in a quarter of an hour.
const TYPED: usize = 8;

/// A code for a device, and the one to type.
pub(crate) struct Begun {
    pub(crate) device_code: String,
    pub(crate) user_code: String,
}

/// What a device's first question is answered where nobody has decided.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Undecided {
    /// It waits.
    Pending,
    /// Development mode: as if this person had agreed.
    Granted(MailboxId),
}

impl Grants {
    /// Codes for a device that asks for these scopes. `granted` is the person for whom it is decided already, in development mode.
    pub(crate) async fn add_device_code(
        &self,
        client_id: &str,
        scope: &Granted,
        granted: Option<MailboxId>,
    ) -> Result<Begun, OAuthError> {
        let now = self.now();
        let Secret { text, digest } = Secret::of_nobody()?;
        let code = DeviceCode {
            digest,
            user_code: user_code()?,
            client_id: client_id.to_owned(),
            scope: scope.as_str().to_owned(),
            state: granted.map_or(DeviceState::Pending, DeviceState::Granted),
            polled_date_time: Timestamp::default(),
            expiration_date_time: after(now, LIFE),
        };
        let user_code = code.user_code.clone();
        self.deed(None, move |tx| {
            if tx.device_codes(now)? >= MOST {
                return Ok(Err(OAuthError::TooMany));
            }
            match tx.add_device_code(&code, now) {
                Err(StoreError::Conflict) => Ok(Err(OAuthError::TooMany)), // one in billions: as good as none free
                added => added.map(Ok),
            }
        })
        .await?;
        Ok(Begun { device_code: text, user_code })
    }

    /// Answers a device that asks whether somebody agreed.
    pub(crate) async fn redeem_device_code(
        &self,
        device_code: &str,
        claimant: Claimant,
        undecided: Undecided,
    ) -> Result<Redeemed, OAuthError> {
        let now = self.now();
        let digest = secret::digest(device_code).ok_or(OAuthError::DeviceCodeInvalid)?;
        // What anybody may ask locks nothing.
        let client_id = claimant.client_id.clone();
        let known = self.look(move |tx| tx.device_code(digest)).await?;
        if known.is_none_or(|code| code.client_id != client_id) {
            return Err(OAuthError::DeviceCodeInvalid);
        }
        let refresh = Unowned::new()?;
        self.deed(None, move |tx| {
            let known = tx.device_code(digest)?.filter(|code| code.client_id == claimant.client_id);
            let Some(code) = known else { return Ok(Err(OAuthError::DeviceCodeInvalid)) };
            if code.expiration_date_time <= now {
                return Ok(Err(OAuthError::DeviceCodeExpired));
            }
            let mailbox = match (code.state, undecided) {
                (DeviceState::Granted(mailbox), _) | (DeviceState::Pending, Undecided::Granted(mailbox)) => mailbox,
                (DeviceState::Declined, _) => return Ok(Err(OAuthError::AuthorizationDeclined)),
                (DeviceState::Pending, Undecided::Pending) => {
                    tx.poll_device_code(digest, now)?;
                    let early = now < after(code.polled_date_time, INTERVAL);
                    return Ok(Err(if early { OAuthError::SlowDown } else { OAuthError::AuthorizationPending }));
                }
            };
            tx.remove_device_code(digest)?;
            let grant = Grant { mailbox, client_id: code.client_id, scope: code.scope };
            begin_family(tx, grant, digest, refresh.of_mailbox(mailbox), &claimant, now)
        })
        .await
    }

    /// The device's code that somebody typed, in any case and with any white space and hyphens.
    pub(crate) async fn typed(&self, user_code: &str) -> Result<Option<DeviceCode>, OAuthError> {
        let now = self.now();
        let plain: String = user_code.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_uppercase();
        self.look(move |tx| tx.device_code_of_user(&plain, now)).await
    }

    /// Notes what somebody decided, unless it was decided before.
    pub(crate) async fn decide(&self, code: &DeviceCode, decided: DeviceState) -> Result<(), OAuthError> {
        let digest = code.digest;
        self.deed(None, move |tx| match tx.device_code(digest)? {
            Some(code) if code.state == DeviceState::Pending => tx.decide_device_code(digest, decided).map(Ok),
            _ => Ok(Err(OAuthError::DeviceCodeInvalid)),
        })
        .await
    }
}

/// Eight letters, each as likely as the others.
fn user_code() -> Result<String, OAuthError> {
    const FAIR: u8 = 240; // the greatest multiple of 20 in an octet; what is above would favour some letters
    let mut typed = String::with_capacity(TYPED);
    while typed.len() < TYPED {
        for octet in secret::random::<16>()?.into_iter().filter(|octet| *octet < FAIR).take(TYPED - typed.len()) {
            typed.push(char::from(LETTERS[usize::from(octet) % LETTERS.len()]));
        }
    }
    Ok(typed)
}

#[cfg(test)]
mod tests;
