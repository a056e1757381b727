//! What names and addresses may be. What isn't clearly one is refused: a right that is bound to a name nobody can have, or to
//! one that is read in two ways, is worse than none.

use super::RegistryError;
use crate::Scope;
use url::Url;

/// Octets of a local part and of a whole address (RFC 5321 §4.5.3.1).
const LOCAL_PART: usize = 64;
const ADDRESS: usize = 254;
/// Characters of a name for show.
const DISPLAY_NAME: usize = 256;
/// Octets of a client id.
const CLIENT_ID: usize = 256;
/// Octets of an address for codes.
const REDIRECT_URI: usize = 2048;

/// Whether this is a domain's name (RFC 1035 §2.3.1 and §2.3.4, with the digits in front that RFC 1123 §2.1 allows).
pub fn is_domain(text: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.len() <= 253 && text.split('.').all(is_label)
}

/// A domain, in lower case.
pub(super) fn domain(text: &str) -> Result<String, RegistryError> {
    if is_domain(text) {
        return Ok(text.to_lowercase());
    }
    Err(invalid(format!("\"{text}\" is no domain. It must be a name such as example.com, an international one as xn--.")))
}

/// An address, in lower case: a dot-atom, also of letters beyond ASCII, and a domain (RFC 5322 §3.4.1, RFC 6532 §3.2).
pub(super) fn address(text: &str) -> Result<String, RegistryError> {
    let is_atom = |atom: &str| !atom.is_empty() && atom.chars().all(is_atext);
    let is_address = text.rsplit_once('@').is_some_and(|(local, domain)| {
        local.len() <= LOCAL_PART && text.len() <= ADDRESS && local.split('.').all(is_atom) && is_domain(domain)
    });
    if is_address {
        return Ok(text.to_lowercase());
    }
    Err(invalid(format!("\"{text}\" is no address. It must be such as sales@example.com, without a name, quotes or brackets.")))
}

/// RFC 5322 §3.2.3 and RFC 6532 §3.2.
fn is_atext(character: char) -> bool {
    character.is_ascii_alphanumeric()
        || "!#$%&'*+-/=?^_`{|}~".contains(character)
        || (!character.is_ascii() && !character.is_control() && !character.is_whitespace())
}

/// A client id (RFC 6749 §A.1, without spaces), in lower case; a GUID as it is usually written.
pub(super) fn client_id_of(text: &str) -> Result<String, RegistryError> {
    if let Ok(id) = uuid::Uuid::try_parse(text) {
        return Ok(id.to_string());
    }
    if (1..=CLIENT_ID).contains(&text.len()) && text.bytes().all(|octet| octet.is_ascii_graphic()) {
        return Ok(text.to_ascii_lowercase());
    }
    Err(invalid(format!(
        "\"{}\" is no client id. It must be 1 to {CLIENT_ID} characters of ASCII, no spaces.",
        text.escape_debug()
    )))
}

/// A name for show, of one line.
pub(super) fn display_name(text: &str) -> Result<String, RegistryError> {
    let text = text.trim();
    if (1..=DISPLAY_NAME).contains(&text.chars().count()) && !text.chars().any(char::is_control) {
        return Ok(text.to_owned());
    }
    Err(invalid(format!("\"{}\" is no name. It must be one line of 1 to {DISPLAY_NAME} characters.", text.escape_debug())))
}

/// Where codes may be sent, as it stands: https, http on this machine (RFC 8252 §7.3), or a scheme that belongs to one app
/// (§7.1): one with a dot, or one of Microsoft's brokers.
pub(super) fn redirect_uri(text: &str) -> Result<String, RegistryError> {
    let is_plain = text.len() <= REDIRECT_URI && text.bytes().all(|octet| octet.is_ascii_graphic() && octet != b'\\');
    let takes = is_plain
        && !text.contains('#')
        && Url::parse(text).is_ok_and(|url| match url.scheme() {
            "https" => url.has_host() && url.username().is_empty() && url.password().is_none(),
            "http" => crate::client_app::is_loopback(&url),
            scheme => scheme.contains('.') || scheme.starts_with("msal") || matches!(scheme, "msauth" | "ms-appx-web"),
        });
    if takes {
        return Ok(text.to_owned());
    }
    Err(invalid(format!(
        "Codes can't be sent to \"{text}\". A redirect URI must be https, http on localhost, or of the app's own scheme such as \
         com.example.app or msauth, and without a fragment."
    )))
}

/// Permissions, as Graph writes them, joined by spaces.
pub(super) fn permissions(names: &[String], kind: Kind) -> Result<String, RegistryError> {
    let mut known: Vec<&str> = Vec::new();
    for spelled in names.iter().flat_map(|name| name.split([' ', ','])).filter(|name| !name.is_empty()) {
        let name = Scope::name_of(spelled).ok_or_else(|| unknown(spelled))?;
        if kind == Kind::Delegated && Scope::is_for_apps_alone(name) {
            return Err(invalid(format!("{name} can't be had for a person. It must be an application permission.")));
        }
        if kind == Kind::Application && Scope::is_for_people_alone(name) {
            return Err(invalid(format!("{name} can't be had by an app for itself. It must be a delegated permission.")));
        }
        if !known.contains(&name) {
            known.push(name);
        }
    }
    Ok(known.join(" "))
}

/// For whom a permission is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// For an app itself.
    Application,
    /// For an app in the name of a person.
    Delegated,
}

fn unknown(spelled: &str) -> RegistryError {
    let known: Vec<&str> = Scope::names().collect();
    invalid(format!("\"{spelled}\" is no permission that this server knows. It knows {}.", known.join(", ")))
}

pub(super) fn invalid(text: impl Into<String>) -> RegistryError {
    RegistryError::Invalid(text.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_plain_and_folded() {
        for (text, folded) in [
            ("Sales@Example.COM", "sales@example.com"),
            ("o'neil+x@a-b.example", "o'neil+x@a-b.example"),
            ("Jörg@xn--bcher-kva.example", "jörg@xn--bcher-kva.example"),
        ] {
            assert_eq!(address(text).expect("an address"), folded);
        }
        let long = format!("{}@example.com", "x".repeat(65));
        for text in [
            "",
            "sales",
            "@example.com",
            "a@",
            "a..b@x.org",
            ".a@x.org",
            "a b@x.org",
            "\"a\"@x.org",
            "a@x@y.org",
            "<a@x.org>",
            "a@-x.org",
            "a@x..org",
            "a\n@x.org",
            "a@bücher.example",
            &long,
        ] {
            assert!(address(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn codes_go_to_nobody_who_could_be_another() {
        for text in [
            "https://app.example/back?x=1",
            "http://localhost",
            "http://127.0.0.1:4711/back",
            "http://[::1]/",
            "msauth://com.example.app/hash",
            "msal0123://auth",
            "com.example.app:/back",
            "ms-appx-web://microsoft.aad.brokerplugin/0123",
        ] {
            assert_eq!(redirect_uri(text).expect("taken"), text);
        }
        for text in [
            "",
            "back",
            "http://app.example/",
            "http://localhost:*/*",
            "http://localhost.evil.example/",
            "http://user@localhost/",
            "https://user:word@app.example/",
            "https://",
            "https://app.example/#part",
            "https://app.example/a b",
            "https://app.example\\@evil.example/",
            "javascript:alert(1)",
            "data:text/html,x",
            "file:///etc/passwd",
            "urn:ietf:wg:oauth:2.0:oob",
        ] {
            assert!(redirect_uri(text).is_err(), "{text}");
        }
    }

    #[test]
    fn permissions_are_written_as_graph_writes_them() {
        let names = |text: &[&str]| text.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
        let spelled = names(&["mail.send,https://graph.microsoft.com/User.Read", "Mail.Send"]);
        assert_eq!(permissions(&spelled, Kind::Delegated).expect("known"), "Mail.Send User.Read");
        assert_eq!(permissions(&[], Kind::Application).expect("none"), "");
        let refused = permissions(&names(&["Files.Read"]), Kind::Application).expect_err("unknown").to_string();
        assert!(refused.contains("\"Files.Read\"") && refused.contains("Mail.ReadWrite"), "{refused}");
        assert!(permissions(&names(&["Restante.Admin"]), Kind::Delegated).is_err());
        assert_eq!(permissions(&names(&["restante.admin"]), Kind::Application).expect("known"), "Restante.Admin");
    }
}
