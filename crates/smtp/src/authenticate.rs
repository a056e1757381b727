//! The exchange of AUTH (RFC 4954 §4).

use crate::conversation::{Conversation, End};
use crate::submit::open;
use crate::wire::reply::{self, Reply};
use crate::wire::sasl::{Credentials, Mechanism, decode, encode};

/// What a client is told before he hears that his token doesn't let in (RFC 7628 §3.2.2).
const REFUSED: &str = r#"{"status":"invalid_token"}"#;

impl Conversation {
    /// Lets the client prove who he is. A proof that is good counts for all that comes.
    pub(crate) async fn authenticate(&mut self, mechanism: Mechanism, initial: Option<String>) -> Result<(), End> {
        let credentials = match self.credentials_by(mechanism, initial).await? {
            Ok(credentials) => credentials,
            Err(refused) => return self.say(refused).await,
        };
        let opened = match &self.door.submission {
            Some(submission) => open(submission, &self.door.mail, &credentials).await,
            None => Err(reply::NOT_HERE.into()),
        };
        match opened {
            Ok(_) => {
                self.session.authenticated();
                self.credentials = Some(credentials);
                self.say(reply::AUTHENTICATED.into()).await
            }
            Err(refused) => {
                if mechanism.challenges_refused() {
                    let _whatever = self.ask(REFUSED).await?;
                }
                self.say(refused).await
            }
        }
    }

    async fn credentials_by(&mut self, mechanism: Mechanism, initial: Option<String>) -> Result<Result<Credentials, Reply>, End> {
        if mechanism == Mechanism::Login {
            return self.login(initial).await;
        }
        let response = match initial {
            Some(initial) => decode(initial.as_bytes()).ok_or(reply::BAD_RESPONSE.into()),
            None => self.ask("").await?,
        };
        Ok(response.and_then(|response| mechanism.read(&response).ok_or(reply::BAD_RESPONSE.into())))
    }

    /// The name and the password, one after the other; some clients give the name beforehand.
    async fn login(&mut self, initial: Option<String>) -> Result<Result<Credentials, Reply>, End> {
        let name = match initial {
            Some(initial) => decode(initial.as_bytes()).ok_or(reply::BAD_RESPONSE.into()),
            None => self.ask("Username:").await?,
        };
        let name = match name {
            Ok(name) => name,
            Err(refused) => return Ok(Err(refused)),
        };
        let password = self.ask("Password:").await?;
        Ok(password.and_then(|password| {
            let read = std::str::from_utf8(&name).ok().zip(std::str::from_utf8(&password).ok());
            read.and_then(|(name, password)| Credentials::new(name, password)).ok_or(reply::BAD_RESPONSE.into())
        }))
    }

    /// Challenges the client; what he responds.
    async fn ask(&mut self, challenge: &str) -> Result<Result<Vec<u8>, Reply>, End> {
        self.say(Reply::challenge(encode(challenge))).await?;
        let Some(line) = self.line().await? else {
            self.last(reply::LINE_TOO_LONG.into());
            return Err(End::Said); // what is left of it is no command
        };
        Ok(match line.trim_ascii_end() {
            b"*" => Err(reply::AUTH_CANCELLED.into()),
            line => decode(line).ok_or(reply::BAD_RESPONSE.into()),
        })
    }
}
