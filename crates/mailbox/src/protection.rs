//! S/MIME by policy: whose keys sign, for whom is encrypted, and what the operator wants of it. What is signed, encrypted and
//! opened is `smime`'s matter; when, and for whom, is decided here.

mod certificates;
mod keys;
mod opening;
mod outgoing;

pub use certificates::KnownCertificate;
pub use keys::{HeldKey, Policy};
pub use opening::OpenedMessage;

pub(crate) use certificates::learn;
pub(crate) use keys::READ_AT_ONCE;
pub(crate) use opening::ArrivedFor;
pub(crate) use outgoing::{Octets, Protected, Unprotected, Variant};

use futures::future::BoxFuture;
use mime::AddrSpec;
use smime::{Cipher, HeaderProtection, MasterKey, Trust, ascii_domain};
use std::fmt;
use std::sync::Arc;
use store::{MessageRecord, Overlay, Protection};

/// What the operator says of S/MIME.
#[derive(Debug, Clone, Default)]
pub struct Protecting {
    /// Under which private keys are sealed; without it none are kept here.
    pub master_key: Option<MasterKey>,
    /// Who may vouch for signers.
    pub trust: Arc<Trust>,
    /// What is done without being asked for; of those that fit, the first counts.
    pub rules: Vec<Rule>,
    /// By which cipher is encrypted.
    pub cipher: Cipher,
    /// What becomes of the header of what is encrypted.
    pub header: HeaderProtection,
    /// Where certificates are looked up that a mailbox doesn't know.
    pub directory: Option<Arc<dyn Directory>>,
}

/// A directory of certificates, such as an LDAP server (RFC 4523 §2.1, RFC 2798 §2.8).
pub trait Directory: Send + Sync + fmt::Debug {
    /// The certificates of whoever has an address, each in DER; a sentence where it can't be asked.
    fn certificates<'d>(&'d self, address: &'d str) -> BoxFuture<'d, Result<Vec<Vec<u8>>, String>>;
}

/// What is done with mail of some senders for some recipients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Whose mail; without it everybody's.
    pub sender: Option<Pattern>,
    /// For whom; without it for anybody.
    pub recipient: Option<Pattern>,
    /// What is done.
    pub protection: Protection,
    /// What becomes of a message that is to be encrypted for somebody whose certificate nobody knows.
    pub without_certificate: WithoutCertificate,
}

/// Whom a rule is about, in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pattern {
    /// Somebody with this address.
    Address(String),
    /// Everybody of this domain.
    Domain(String),
}

/// What becomes of a message that can't be encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WithoutCertificate {
    /// It goes to that recipient as it is, or signed alone.
    Clear,
    /// It is refused as a whole.
    #[default]
    Refuse,
}

impl Pattern {
    /// An address, or a domain with or without an `@` before it.
    pub fn parse(text: &str) -> Option<Pattern> {
        let folded = text.trim().to_lowercase();
        match folded.trim_start_matches('@') {
            "" => None,
            domain if !domain.contains('@') => Some(Pattern::Domain(ascii_domain(domain))),
            _ => AddrSpec::parse(&folded).map(|address| Pattern::Address(spelled(&address))),
        }
    }

    fn fits(&self, address: &AddrSpec) -> bool {
        match self {
            Pattern::Address(wanted) => *wanted == spelled(address),
            Pattern::Domain(wanted) => *wanted == ascii_domain(address.domain()),
        }
    }
}

/// An address in one spelling: nobody goes by a rule by writing a domain in another alphabet.
fn spelled(address: &AddrSpec) -> String {
    let folded = address.folded();
    let local = folded.rsplit_once('@').map_or("", |(local, _)| local);
    format!("{local}@{}", ascii_domain(address.domain()))
}

/// What is done for one recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Decision {
    protection: Protection,
    without_certificate: WithoutCertificate,
}

/// What is asked for: what is said now, else what the message says of itself. What came encrypted is quoted in no other way
/// (RFC 9788 §6.1), whatever else is said of it; only who says that nothing be done has thought of it.
pub(crate) fn asked_for(said: Option<Protection>, overlay: &Overlay) -> Protection {
    let said = said.or(overlay.protection);
    let asked = said.unwrap_or_default();
    let is_let_go = said == Some(Protection::default());
    Protection { encrypt: asked.encrypt || overlay.quotes_encrypted && !is_let_go, ..asked }
}

/// What becomes of a draft when it is sent, where that was said or follows from what it quotes.
pub fn on_sending(record: &MessageRecord) -> Option<Protection> {
    let overlay = &record.overlay;
    let is_told = record.is_draft && (overlay.protection.is_some() || overlay.quotes_encrypted);
    is_told.then(|| asked_for(None, overlay))
}

impl Protecting {
    /// What is done with a message of `sender` for `recipient`. What was asked for is done whatever the rules say, and is
    /// refused where it can't be.
    fn decide(&self, sender: Option<&AddrSpec>, recipient: &AddrSpec, asked: Protection) -> Decision {
        let is_of = |rule: &Rule| rule.sender.as_ref().is_none_or(|of| sender.is_some_and(|sender| of.fits(sender)));
        let is_for = |rule: &Rule| rule.recipient.as_ref().is_none_or(|pattern| pattern.fits(recipient));
        let rule = self.rules.iter().find(|rule| is_of(rule) && is_for(rule));
        let ruled = rule.map(|rule| rule.protection).unwrap_or_default();
        Decision {
            protection: Protection { sign: asked.sign || ruled.sign, encrypt: asked.encrypt || ruled.encrypt },
            without_certificate: match rule {
                Some(rule) if !asked.encrypt => rule.without_certificate,
                _ => WithoutCertificate::Refuse,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOTH: Protection = Protection { sign: true, encrypt: true };
    const SIGN: Protection = Protection { sign: true, encrypt: false };
    const NOTHING: Protection = Protection { sign: false, encrypt: false };

    fn rule(sender: &str, recipient: &str, protection: Protection, without_certificate: WithoutCertificate) -> Rule {
        Rule { sender: Pattern::parse(sender), recipient: Pattern::parse(recipient), protection, without_certificate }
    }

    #[test]
    fn what_quotes_a_text_that_came_encrypted_is_encrypted_unless_nothing_is_to_be_done() {
        let quoting = |protection| Overlay { quotes_encrypted: true, protection, ..Overlay::default() };
        let encrypt = Protection { sign: false, encrypt: true };
        for (said, kept, expected) in [
            (None, None, encrypt),
            (Some(SIGN), None, BOTH),
            (None, Some(SIGN), BOTH),
            (Some(SIGN), Some(NOTHING), BOTH),
            (Some(NOTHING), Some(BOTH), NOTHING),
            (None, Some(NOTHING), NOTHING),
        ] {
            assert_eq!(asked_for(said, &quoting(kept)), expected, "{said:?} {kept:?}");
        }
        assert_eq!(asked_for(Some(SIGN), &Overlay { protection: Some(BOTH), ..Overlay::default() }), SIGN);
        assert_eq!(asked_for(None, &Overlay::default()), NOTHING);
    }

    #[test]
    fn the_first_rule_that_fits_counts_and_what_is_asked_for_is_done() {
        let rules = vec![
            rule("", "Bob@partner.example", NOTHING, WithoutCertificate::Refuse),
            rule("ada@contoso.com", "@partner.example", BOTH, WithoutCertificate::Clear),
            rule("", "xn--bcher-kva.example", SIGN, WithoutCertificate::Refuse),
            rule("", "eve@BÜRO.example", SIGN, WithoutCertificate::Refuse),
            rule("contoso.com", "", SIGN, WithoutCertificate::Refuse),
        ];
        let protecting = Protecting { rules, ..Protecting::default() };
        let address = |text: &str| AddrSpec::parse(text).expect("an address");
        let decide = |from: &str, to: &str, asked| protecting.decide(Some(&address(from)), &address(to), asked);
        for (from, to, asked, expected, without) in [
            ("ada@contoso.com", "bob@Partner.example", NOTHING, NOTHING, WithoutCertificate::Refuse),
            ("Ada@Contoso.com", "eve@partner.example", NOTHING, BOTH, WithoutCertificate::Clear),
            ("ada@contoso.com", "eve@partner.example", BOTH, BOTH, WithoutCertificate::Refuse),
            ("eve@contoso.com", "eve@partner.example", NOTHING, SIGN, WithoutCertificate::Refuse),
            ("eve@other.example", "eve@partner.example", NOTHING, NOTHING, WithoutCertificate::Refuse),
            ("eve@other.example", "eve@Bücher.example", NOTHING, SIGN, WithoutCertificate::Refuse),
            ("eve@other.example", "Eve@xn--bro-hoa.example", NOTHING, SIGN, WithoutCertificate::Refuse),
            ("eve@other.example", "eve@sub.partner.example", SIGN, SIGN, WithoutCertificate::Refuse),
        ] {
            let found = decide(from, to, asked);
            assert_eq!((found.protection, found.without_certificate), (expected, without), "{from} to {to}");
        }
        assert_eq!(protecting.decide(None, &address("x@x.org"), NOTHING).protection, NOTHING);
        assert_eq!(Pattern::parse(" @ "), None);
        assert_eq!(Pattern::parse("a b@x"), None);
    }
}
