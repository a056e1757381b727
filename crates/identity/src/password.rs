//! Passwords of people: how they are kept, and how one that is shown is compared with what is kept.
//!
//! What is kept is argon2id in a PHC string. Comparing is made dear on purpose, so a few are compared at a time, others wait
//! in a line that has an end, and a name that nobody has costs the same as one that somebody has.

use crate::error::OAuthError;
use crate::secret;
use argon2::password_hash::phc::{Output, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use icu_normalizer::ComposingNormalizer;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Letters that a password must have at least (NIST SP 800-63B §5.1.1.2). Which ones is nobody's business but its owner's.
const LEAST_LETTERS: usize = 8;
/// Octets that it may have at most: more than anybody types, and few enough to be read.
const MOST_OCTETS: usize = 1024;
/// KiB of memory and passes over it, for one lane: the second choice of OWASP, as RFC 9106 §4 leaves it to who must pay.
const MEMORY: u32 = 19 * 1024;
const PASSES: u32 = 2;
/// Octets of what is kept.
const OUTPUT: usize = 32;
/// Passwords that are compared at a time: each takes a core and 19 MiB for some 25 ms.
const AT_A_TIME: usize = 2;
/// Those that may be compared or wait: a second or two on a slow machine. Who comes then is told to come later.
const IN_LINE: usize = 64;

/// Why a password can't be one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// It holds a letter that no keyboard types, or none at all.
    #[error("The password must hold no control characters.")]
    Forbidden,
    /// It could not be kept: there is no memory, or there are no random octets.
    #[error("The password could not be hashed.")]
    Failed,
    /// It is longer than anybody types.
    #[error("The password must have at most 1024 octets.")]
    TooLong,
    /// It is soon guessed.
    #[error("The password must have at least 8 characters.")]
    TooShort,
}

/// What to keep of a new password: a PHC string. It takes some 25 ms of a core.
///
/// # Errors
/// [`PasswordError`].
pub fn hash(password: &str) -> Result<String, PasswordError> {
    let prepared = prepared(password)?;
    if prepared.chars().count() < LEAST_LETTERS {
        return Err(PasswordError::TooShort);
    }
    keep(&prepared)
}

fn keep(prepared: &str) -> Result<String, PasswordError> {
    let salt = secret::random::<16>().map_err(|_| PasswordError::Failed)?;
    let kept = argon2().and_then(|argon2| argon2.hash_password_with_salt(prepared.as_bytes(), &salt).ok());
    kept.map(|kept| kept.to_string()).ok_or(PasswordError::Failed)
}

/// What came of a comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Compared {
    /// It is the one.
    Right {
        /// What to keep in the place of what is kept, where that was made in an older way.
        renewed: Option<String>,
    },
    /// It is another, or there is none.
    Wrong,
}

/// Compares passwords, a few at a time.
pub struct Passwords {
    places: Arc<Semaphore>,
    line: Arc<Semaphore>,
}

impl Default for Passwords {
    fn default() -> Passwords {
        Passwords { places: Arc::new(Semaphore::new(AT_A_TIME)), line: Arc::new(Semaphore::new(IN_LINE)) }
    }
}

impl Passwords {
    /// Compares a password with what is kept of the right one. Where nothing is kept it takes as long.
    ///
    /// # Errors
    /// [`OAuthError::Busy`] where too many wait; [`OAuthError::ServerError`].
    pub(crate) async fn compare(&self, kept: Option<String>, password: String) -> Result<Compared, OAuthError> {
        let in_line = self.line.clone().try_acquire_owned().map_err(|_| OAuthError::Busy)?;
        let place = self.places.clone().acquire_owned().await.map_err(|_| OAuthError::ServerError)?;
        // What can't be cancelled goes on when the client has left, so it takes its place with it.
        let compared = tokio::task::spawn_blocking(move || {
            let _until_done = (in_line, place);
            compare(kept.as_deref(), &password)
        });
        compared.await.map_err(|error| {
            tracing::error!(%error, "a password can't be compared");
            OAuthError::ServerError
        })
    }
}

fn compare(kept: Option<&str>, password: &str) -> Compared {
    let prepared = prepared(password).ok();
    let known = kept.zip(prepared.as_deref());
    let Some((kept, password)) = known.and_then(|(kept, password)| Some((PasswordHash::new(kept).ok()?, password))) else {
        let _ = nobodys().map(|kept| Argon2::default().verify_password(b"nobody", &kept)); // for its time alone
        return Compared::Wrong;
    };
    // The parameters of what is kept are those by which it is compared.
    if Argon2::default().verify_password(password.as_bytes(), &kept).is_err() {
        return Compared::Wrong;
    }
    let renewed = if is_of_today(&kept) { None } else { keep(password).ok() };
    Compared::Right { renewed }
}

fn argon2() -> Option<Argon2<'static>> {
    let params = Params::new(MEMORY, PASSES, 1, Some(OUTPUT)).ok()?;
    Some(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn is_of_today(kept: &PasswordHash) -> bool {
    let is = |name: &str, value: u32| kept.params.get_decimal(name) == Some(value);
    kept.algorithm == Algorithm::Argon2id.ident()
        && kept.version == Some(Version::V0x13.into())
        && is("m", MEMORY)
        && is("t", PASSES)
        && is("p", 1)
        && kept.hash.is_some_and(|output| output.len() == OUTPUT)
}

/// What would be kept of a password that nobody has.
fn nobodys() -> Option<PasswordHash> {
    let params = Params::new(MEMORY, PASSES, 1, Some(OUTPUT)).ok()?;
    Some(PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: (&params).try_into().ok()?,
        salt: Salt::new(&[0; 16]).ok(),
        hash: Output::new(&[0; OUTPUT]).ok(),
    })
}

/// The password as it is hashed, the same from every keyboard: OpaqueString (RFC 8265 §4.2.1), whose table of unassigned
/// letters is left out.
fn prepared(password: &str) -> Result<String, PasswordError> {
    if password.len() > MOST_OCTETS {
        return Err(PasswordError::TooLong);
    }
    if password.is_empty() || password.chars().any(char::is_control) {
        return Err(PasswordError::Forbidden);
    }
    let spaced: String = password.chars().map(|letter| if is_space(letter) { ' ' } else { letter }).collect();
    Ok(ComposingNormalizer::new_nfc().normalize(&spaced).into_owned())
}

/// Unicode's general category Zs.
fn is_space(letter: char) -> bool {
    matches!(letter, ' ' | '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}')
}

#[cfg(test)]
mod tests;
