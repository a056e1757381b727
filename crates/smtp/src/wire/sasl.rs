//! What clients say behind AUTH (RFC 4954) to prove who they are: three mechanisms that carry a token.

use encodify::base64::STANDARD;
use smtp_proto::{AUTH_LOGIN, AUTH_OAUTHBEARER, AUTH_PLAIN, AUTH_XOAUTH2};

/// The mechanisms, as EHLO lists them.
pub(crate) const MECHANISMS: &str = "AUTH PLAIN LOGIN XOAUTH2 OAUTHBEARER";

/// How a client proves itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mechanism {
    /// RFC 4616
    Plain,
    /// draft-murchison-sasl-login: PLAIN's two halves, asked for one after the other
    Login,
    /// What came before OAUTHBEARER, and is what most clients speak
    XOauth2,
    /// RFC 7628
    OauthBearer,
}

impl Mechanism {
    /// The one with the parser's bit.
    pub(crate) fn of(bit: u64) -> Option<Mechanism> {
        match bit {
            AUTH_PLAIN => Some(Mechanism::Plain),
            AUTH_LOGIN => Some(Mechanism::Login),
            AUTH_XOAUTH2 => Some(Mechanism::XOauth2),
            AUTH_OAUTHBEARER => Some(Mechanism::OauthBearer),
            _ => None,
        }
    }

    /// Whether a refusal is told in a challenge, which the client answers before it hears the reply (RFC 7628 §3.2.3).
    pub(crate) fn challenges_refused(self) -> bool {
        matches!(self, Mechanism::XOauth2 | Mechanism::OauthBearer)
    }

    /// What a response says, where it is one message.
    pub(crate) fn read(self, response: &[u8]) -> Option<Credentials> {
        let text = std::str::from_utf8(response).ok()?;
        match self {
            Mechanism::Plain => plain(text),
            Mechanism::XOauth2 => bearer(text.strip_prefix("user=")?.split_once('\x01')?),
            Mechanism::OauthBearer => {
                let (header, rest) = text.split_once('\x01')?;
                let user = header.strip_prefix("n,a=")?.strip_suffix(',')?;
                bearer((&user.replace("=2C", ",").replace("=3D", "="), rest)) // RFC 5801 §4
            }
            Mechanism::Login => None,
        }
    }
}

/// Whose mailbox, and the token that opens it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Credentials {
    pub(crate) user: String,
    pub(crate) token: String,
}

impl Credentials {
    /// Of a name and what was given for a password.
    pub(crate) fn new(user: &str, token: &str) -> Option<Credentials> {
        (!user.is_empty() && !token.is_empty()).then(|| Credentials { user: user.to_owned(), token: token.to_owned() })
    }
}

/// RFC 4616 §2: `[authzid] NUL authcid NUL passwd`. To act for another is said by naming his mailbox, not by two names.
fn plain(text: &str) -> Option<Credentials> {
    let mut parts = text.split('\0');
    let (authzid, authcid, passwd) = (parts.next()?, parts.next()?, parts.next()?);
    let is_one = parts.next().is_none() && (authzid.is_empty() || authzid == authcid);
    if is_one { Credentials::new(authcid, passwd) } else { None }
}

/// The user, and the `auth` among the pairs that follow (RFC 7628 §3.1).
fn bearer((user, pairs): (&str, &str)) -> Option<Credentials> {
    let auth = pairs.split('\x01').find_map(|pair| pair.strip_prefix("auth="))?;
    let (scheme, token) = auth.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("Bearer") { Credentials::new(user, token) } else { None }
}

/// A line of base64, its end included; `=` alone is an empty one (RFC 4954 §4).
pub(crate) fn decode(line: &[u8]) -> Option<Vec<u8>> {
    match line.trim_ascii_end() {
        b"=" => Some(Vec::new()),
        text => STANDARD.decode(text).ok(),
    }
}

/// A challenge as it is written.
pub(crate) fn encode(challenge: &str) -> String {
    STANDARD.encode(challenge)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(mechanism: Mechanism, response: &str) -> Option<(String, String)> {
        mechanism.read(response.as_bytes()).map(|read| (read.user, read.token))
    }

    fn some(user: &str, token: &str) -> Option<(String, String)> {
        Some((user.to_owned(), token.to_owned()))
    }

    #[test]
    fn each_mechanism_is_read_as_it_is_written() {
        assert_eq!(read(Mechanism::Plain, "\0ada@x.org\0t"), some("ada@x.org", "t"));
        assert_eq!(read(Mechanism::Plain, "ada@x.org\0ada@x.org\0t"), some("ada@x.org", "t"));
        assert_eq!(read(Mechanism::XOauth2, "user=ada@x.org\x01auth=Bearer t\x01\x01"), some("ada@x.org", "t"));
        let bearer = "n,a=a=2Cda@x.org,\x01host=mail.x.org\x01port=587\x01auth=bearer t\x01\x01";
        assert_eq!(read(Mechanism::OauthBearer, bearer), some("a,da@x.org", "t"));
    }

    #[test]
    fn what_is_no_response_is_none() {
        for (mechanism, response) in [
            (Mechanism::Plain, ""),
            (Mechanism::Plain, "\0ada"),
            (Mechanism::Plain, "\0ada\0"),
            (Mechanism::Plain, "\0\0t"),
            (Mechanism::Plain, "alex\0ada\0t"),
            (Mechanism::Plain, "\0ada\0t\0t"),
            (Mechanism::XOauth2, "user=ada\x01auth=Basic t\x01\x01"),
            (Mechanism::XOauth2, "user=ada"),
            (Mechanism::OauthBearer, "n,,\x01auth=Bearer t\x01\x01"),
            (Mechanism::OauthBearer, "y,a=ada,\x01\x01"),
        ] {
            assert_eq!(read(mechanism, response), None, "{response:?}");
        }
    }

    #[test]
    fn a_line_of_base64_has_an_end() {
        assert_eq!(decode(b"YWRh\r\n"), Some(b"ada".to_vec()));
        assert_eq!(decode(b"=\r\n"), Some(Vec::new()));
        assert_eq!(decode(b"\r\n"), Some(Vec::new()));
        assert_eq!(decode(b"*\r\n"), None);
        assert_eq!(decode(b"YW Rh\r\n"), None);
    }
}
