//! How people sign in outside development mode: name and password, then what the app may do, unless that is agreed already.
//!
//! Nobody stays signed in: each sign-in asks for the password. Between the two pages a ticket tells who it is: sealed, good
//! for ten minutes, for one browser, one purpose and the password that was shown.

use super::SignIn;
use super::asked::Asked;
use super::page::steps::{ANSWER, DECLINE, Notice, ask_consent, ask_password};
use super::page::{Browser, Choice};
use crate::error::OAuthError;
use crate::granted::Granted;
use crate::grants::{after, may_sign_in};
use crate::guesses::Target;
use crate::password::Compared;
use aws_lc_rs::constant_time::verify_slices_are_equal;
use axum::response::Response;
use encodify::base64::URL_SAFE_NO_PAD;
use store::{Account, MailboxId, Person, Timestamp};

/// Seconds that somebody may think about what an app asks for.
const TICKET_LIFE: i64 = 10 * 60;

/// What somebody signs in for.
pub(super) struct Purpose<'p> {
    pub(super) choice: Choice<'p>,
    pub(super) client_id: &'p str,
    pub(super) granted: &'p Granted,
    /// Who it might be.
    pub(super) login_hint: Option<&'p str>,
    /// Whether the person is asked although all was agreed to before.
    pub(super) always_asks: bool,
    /// The code that a device shows.
    pub(super) user_code: Option<&'p str>,
}

/// What comes of a form.
pub(super) enum Step {
    /// This person lets the app in.
    Agreed(Person),
    /// Somebody cancelled.
    Declined,
    /// Another page comes next.
    Shown(Response),
}

impl SignIn {
    /// The first page.
    pub(super) fn begin_login(&self, asked: &Asked, purpose: &Purpose<'_>) -> Result<Response, OAuthError> {
        self.password_page(asked, purpose, purpose.login_hint.unwrap_or_default(), None)
    }

    /// What comes of a form of these pages.
    ///
    /// # Errors
    /// [`OAuthError::Invalid`] where it is no form of this browser's page; [`OAuthError::ServerError`].
    pub(super) async fn continue_login(&self, asked: &Asked, purpose: &Purpose<'_>) -> Result<Step, OAuthError> {
        let form = &asked.form;
        let browser = self.demand_own_form(asked, purpose.choice.subject)?;
        if form.get(ANSWER) == Some(DECLINE) {
            return Ok(Step::Declined);
        }
        if let Some(ticket) = form.get("ticket") {
            let Some(person) = self.holder(ticket, &browser, purpose).await? else {
                return self.again(asked, purpose, "", OAuthError::LoginExpired);
            };
            self.grants.agree(person.id, purpose.client_id, purpose.granted).await?;
            return Ok(Step::Agreed(person));
        }
        let (username, password) = (form.get("username").unwrap_or_default(), form.get("password").unwrap_or_default());
        let (person, kept) = match self.with_password(asked, username, password).await {
            Ok(proven) => proven,
            Err(error) => return self.again(asked, purpose, username, error),
        };
        let asks = purpose.always_asks || !self.grants.has_agreed(person.id, purpose.client_id, purpose.granted).await?;
        if !asks {
            return Ok(Step::Agreed(person));
        }
        let until = after(self.clock.now(), TICKET_LIFE);
        let ticket = self.ticket(&browser, purpose.choice.subject, person.id, &kept, until);
        let mark = self.mark(&browser, purpose.choice.subject);
        Ok(Step::Shown(ask_consent(&browser, &purpose.choice, (&mark, &ticket), &person, purpose.user_code)))
    }

    /// The person who has this name and this password, and what is kept of it. What is wrong is for the log alone.
    ///
    /// # Errors
    /// [`OAuthError::PasswordInvalid`], [`OAuthError::Guessing`], [`OAuthError::Busy`], [`OAuthError::ServerError`].
    async fn with_password(&self, asked: &Asked, name: &str, password: &str) -> Result<(Person, String), OAuthError> {
        let attempt = self.guesses.begin(Target::Person(name), asked.source, self.clock.now()).map_err(OAuthError::Guessing)?;
        let known = match self.grants.login(name).await {
            Ok(known) => known,
            Err(error) => {
                attempt.withdraw();
                return Err(error);
            }
        };
        let kept = known.as_ref().filter(|(_, account)| may_sign_in(account)).and_then(|(_, one)| one.password_hash.clone());
        match (self.passwords.compare(kept.clone(), password.to_owned()).await, known, kept) {
            (Ok(Compared::Right { renewed }), Some((person, _)), Some(kept)) => {
                attempt.right();
                let kept = match renewed {
                    Some(renewed) => self.grants.renew_password(person.id, kept, renewed).await?,
                    None => kept,
                };
                Ok((person, kept))
            }
            (Ok(_), known, _) => {
                tracing::info!(why = why(known.as_ref()), source = %asked.source.0, "a password opens nothing");
                Err(OAuthError::PasswordInvalid)
            }
            (Err(error), ..) => {
                attempt.withdraw();
                Err(error)
            }
        }
    }

    /// The first page again, with what was wrong.
    fn again(&self, asked: &Asked, purpose: &Purpose<'_>, username: &str, error: OAuthError) -> Result<Step, OAuthError> {
        let text = match error {
            OAuthError::Busy => "Too many sign in at this moment. Please try again.".to_owned(),
            OAuthError::Guessing(1) => "That was wrong too often. Please try again in a second.".to_owned(),
            OAuthError::Guessing(seconds) => format!("That was wrong too often. Please try again in {seconds} seconds."),
            OAuthError::LoginExpired => "That took too long. Please sign in again.".to_owned(),
            OAuthError::PasswordInvalid => "The address or the password is wrong.".to_owned(),
            other => return Err(other),
        };
        let refusal = self.refusal(error);
        let notice = Notice { status: refusal.status, text, retry_after: refusal.retry_after };
        self.password_page(asked, purpose, username, Some(&notice)).map(Step::Shown)
    }

    fn password_page(
        &self,
        asked: &Asked,
        purpose: &Purpose<'_>,
        username: &str,
        notice: Option<&Notice>,
    ) -> Result<Response, OAuthError> {
        let browser = Browser::of(asked)?;
        let mark = self.mark(&browser, purpose.choice.subject);
        Ok(ask_password(&browser, &purpose.choice, &mark, username, notice))
    }

    fn ticket(&self, browser: &Browser, subject: &str, person: MailboxId, kept: &str, until: Timestamp) -> String {
        let tag = self.ticket_tag(browser, subject, person, kept, until);
        URL_SAFE_NO_PAD.encode([&person.0[..], &until.0.to_be_bytes(), &tag].concat())
    }

    /// No mark can be a ticket: it begins with the browser's own, which has no space.
    fn ticket_tag(&self, browser: &Browser, subject: &str, person: MailboxId, kept: &str, until: Timestamp) -> [u8; 16] {
        let said = format!("ticket {person} {} {kept} {}\n{subject}", until.0, browser.mark());
        self.forms.tag(said.as_bytes())
    }

    /// The person to whom a ticket was given; nobody where it is not this browser's, for something else or too old, or where
    /// the person may no longer come in or has another password now.
    async fn holder(&self, ticket: &str, browser: &Browser, purpose: &Purpose<'_>) -> Result<Option<Person>, OAuthError> {
        let Some((person, until, tag)) = read_ticket(ticket) else { return Ok(None) };
        if until <= self.clock.now() {
            return Ok(None);
        }
        let Some((known, account)) = self.grants.login_of(person).await? else { return Ok(None) };
        let Some(kept) = account.password_hash.as_deref().filter(|_| may_sign_in(&account)) else { return Ok(None) };
        let expected = self.ticket_tag(browser, purpose.choice.subject, person, kept, until);
        Ok(verify_slices_are_equal(&expected, &tag).is_ok().then_some(known))
    }
}

fn read_ticket(ticket: &str) -> Option<(MailboxId, Timestamp, [u8; 16])> {
    let octets = URL_SAFE_NO_PAD.decode(ticket).ok()?;
    let (person, rest) = octets.split_first_chunk::<16>()?;
    let (until, tag) = rest.split_first_chunk::<8>()?;
    Some((MailboxId(*person), Timestamp(i64::from_be_bytes(*until)), tag.try_into().ok()?))
}

/// Why a password opens nothing, for the log.
fn why(known: Option<&(Person, Account)>) -> &'static str {
    match known {
        None => "nobody has this name",
        Some((_, account)) if !account.account_enabled => "the person is disabled",
        Some((_, account)) if account.is_shared => "the mailbox is of several",
        Some((_, account)) if account.password_hash.is_none() => "the person has no password",
        Some(_) => "it is another",
    }
}
