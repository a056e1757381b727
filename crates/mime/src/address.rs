//! Names and addresses (RFC 5322 §3.4, RFC 5321 §4.1.2).

use crate::field::HeaderField;
use crate::{address_list, charset};

/// A name and an address as a field gives them; RFC 5322 calls it *mailbox*.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NameAddr {
    /// The display name, decoded; a comment stands in where there is none. Empty: none.
    pub name: String,
    /// The address, without comments and route; may be no valid [`AddrSpec`]. Empty: none.
    pub address: String,
}

impl NameAddr {
    /// Every mailbox of one address field, in order, groups flattened.
    pub fn parse_field(field: &HeaderField<'_>) -> Vec<NameAddr> {
        address_list::parse(&charset::header_text(&field.body(), field.charset))
    }

    /// Every mailbox of an address list, in order, groups flattened.
    pub fn parse_list(body: &[u8]) -> Vec<NameAddr> {
        address_list::parse(&charset::header_text(body, None))
    }

    /// The address, if it is one that mail can be sent to.
    pub fn addr_spec(&self) -> Option<AddrSpec> {
        AddrSpec::parse(&self.address)
    }
}

/// An address that mail can be sent to: local part and domain (RFC 5321 §4.1.2), without white space or controls.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AddrSpec {
    text: String,
    at: usize,
}

impl AddrSpec {
    /// Longest path that RFC 5321 §4.5.3.1.3 asks servers to take, without its angle brackets.
    const MAX_OCTETS: usize = 254;

    /// Takes `local@domain`; nothing else is an address.
    pub fn parse(text: &str) -> Option<AddrSpec> {
        let at = text.rfind('@')?;
        let (local, domain) = (&text[..at], &text[at + 1..]);
        let clean = |part: &str| !part.chars().any(|c| c.is_whitespace() || c.is_control() || "<>,;:\\\"()".contains(c));
        // RFC 5321 §4.1.3: an IPv4 or IPv6 address, or a tag, a colon and what needs no other characters.
        let literal = domain.strip_prefix('[').and_then(|d| d.strip_suffix(']'));
        let domain_ok = match literal {
            Some(inner) => !inner.is_empty() && inner.chars().all(|c| c.is_ascii_alphanumeric() || ".:-".contains(c)),
            None => {
                let dots = !domain.starts_with('.') && !domain.ends_with('.') && !domain.contains("..");
                !domain.is_empty() && dots && clean(domain) && !domain.contains(['[', ']', '@'])
            }
        };
        let quoted = local.strip_prefix('"').and_then(|l| l.strip_suffix('"')).is_some_and(is_quoted_text);
        let local_ok = !local.is_empty() && (quoted || clean(local) && !local.contains('@'));
        (text.len() <= AddrSpec::MAX_OCTETS && domain_ok && local_ok).then(|| AddrSpec { text: text.to_owned(), at })
    }

    /// The address as written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The part after the last `@`.
    pub fn domain(&self) -> &str {
        &self.text[self.at + 1..]
    }

    /// The form addresses are compared in here: lower case. RFC 5321 §2.4 leaves the local part's case to its host;
    /// for our own people we are that host, and others only ever compare with themselves.
    pub fn folded(&self) -> String {
        self.text.to_lowercase()
    }
}

/// What may stand between quotation marks: neither a mark nor a backslash without a backslash before it (RFC 5322 §3.2.4).
fn is_quoted_text(text: &str) -> bool {
    let mut escaped = false;
    for c in text.chars() {
        match c {
            '"' if !escaped => return false,
            c if c.is_control() => return false,
            c => escaped = c == '\\' && !escaped,
        }
    }
    !text.is_empty() && !escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_can_hold_no_line() {
        for bad in [
            "",
            "bob",
            "@x.org",
            "a@",
            "a b@x.org",
            "a@x.org\r\nBcc: e@x.org",
            "a@.org",
            "a@x..org",
            "a,b@x.org",
            "a@b@c.org",
            "\"a\" <b@y.org>, \"c\"@x.org",
            "\"a\\\"@x.org",
            "a@[x.org>, <b]",
            "a@[]",
            "a@[\r\nBcc: e@x.org]",
            "a@[\0 1]",
            "a@[1.0.2=\"x.1]",
        ] {
            assert_eq!(AddrSpec::parse(bad), None, "{bad:?}");
        }
        for good in [
            "a@x.org",
            "o'neil+tag@x.example",
            "\"a b\"@x.org",
            "ö@bücher.example",
            "a@[192.0.2.1]",
            "\"a\\\"b\"@x.org",
            "a@[IPv6:2001:db8::1]",
        ] {
            assert!(AddrSpec::parse(good).is_some(), "{good:?}");
        }
    }
}
