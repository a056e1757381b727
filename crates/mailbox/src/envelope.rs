//! From whom and to whom a message really goes (RFC 5321 §2.3.1); its To and Cc are text.

use crate::error::MailError;
use mime::{AddrSpec, Message};
use store::{Overlay, Recipient};

/// Graph: message resource: at most 500 recipients over To, Cc and Bcc.
pub const MAX_RECIPIENTS: usize = 500;

/// The recipients of a submission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// Each once, in order; at least one.
    pub(crate) forward_paths: Vec<AddrSpec>,
    /// What is wanted of reports about them, in the same order.
    pub(crate) reports: Vec<Wanted>,
}

/// A recipient as a client names him, with what he wants of reports about him (RFC 3461 §4).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Addressee {
    /// The address.
    pub address: String,
    /// `NEVER`, or some of `SUCCESS`, `FAILURE` and `DELAY`, joined by commas; or empty.
    pub notify: String,
    /// The recipient as he was first named: `type;address`, decoded; or empty.
    pub original_recipient: String,
}

/// What is wanted of reports about a recipient.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Wanted {
    pub(crate) notify: String,
    pub(crate) original_recipient: String,
}

impl Envelope {
    /// To those whom the header names in To, Cc and Bcc, and those whom the overlay adds, or names instead of Bcc.
    ///
    /// # Errors
    /// [`MailError::InvalidRecipients`], [`MailError::NoRecipients`].
    pub fn of(message: &Message, overlay: &Overlay) -> Result<Envelope, MailError> {
        let named = |name: &str| {
            let of_header = message.addresses(name).into_iter();
            of_header.map(|named| if named.address.is_empty() { named.name } else { named.address })
        };
        let beside = |recipients: &[Recipient]| recipients.iter().map(|r| r.address.clone()).collect::<Vec<_>>();
        let bcc = overlay.bcc.as_deref().map_or_else(|| named("Bcc").collect(), beside);
        let to = beside(&overlay.to).into_iter().chain(named("To"));
        let cc = beside(&overlay.cc).into_iter().chain(named("Cc"));
        Envelope::new(to.chain(cc).chain(bcc))
    }

    /// To these addresses.
    ///
    /// # Errors
    /// [`MailError::NoRecipients`]; [`MailError::InvalidRecipients`] where one is no address, or there are more than 500.
    pub fn new(addresses: impl IntoIterator<Item = String>) -> Result<Envelope, MailError> {
        Envelope::to(addresses.into_iter().map(|address| Addressee { address, ..Addressee::default() }))
    }

    /// To these, with what is wanted of reports about them.
    ///
    /// # Errors
    /// As [`Envelope::new`].
    pub fn to(addressees: impl IntoIterator<Item = Addressee>) -> Result<Envelope, MailError> {
        let (mut forward_paths, mut reports): (Vec<AddrSpec>, Vec<Wanted>) = Default::default();
        let mut seen = std::collections::HashSet::new();
        for Addressee { address, notify, original_recipient } in addressees {
            let path = AddrSpec::parse(&address)
                .ok_or_else(|| MailError::InvalidRecipients(format!("{address:?} is no address that mail can be sent to")))?;
            if seen.insert(path.folded()) {
                forward_paths.push(path);
                reports.push(Wanted { notify, original_recipient });
            }
        }
        match forward_paths.len() {
            0 => Err(MailError::NoRecipients),
            count if count > MAX_RECIPIENTS => {
                Err(MailError::InvalidRecipients(format!("{count} recipients, where {MAX_RECIPIENTS} are the most")))
            }
            _ => Ok(Envelope { forward_paths, reports }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &'static str) -> Result<Vec<String>, MailError> {
        with(text, &Overlay::default())
    }

    fn with(text: &'static str, overlay: &Overlay) -> Result<Vec<String>, MailError> {
        let message = Message::parse(bytes::Bytes::from_static(text.as_bytes()));
        Ok(Envelope::of(&message, overlay)?.forward_paths.iter().map(|p| p.as_str().to_owned()).collect())
    }

    #[test]
    fn each_address_once_from_all_three_fields() {
        let found = of("To: A <a@x.org>, b@x.org\nCc: A@X.org\nBcc: c@x.org\n\n").expect("envelope");
        assert_eq!(found, ["a@x.org", "b@x.org", "c@x.org"]);
    }

    #[test]
    fn the_overlay_adds_and_stands_instead_of_bcc() {
        let one = |address: &str| vec![Recipient { name: String::new(), address: address.into() }];
        let overlay = Overlay { to: one("t@x.org"), cc: one("c@x.org"), bcc: Some(one("b@x.org")), ..Overlay::default() };
        let found = with("To: a@x.org\nBcc: not@x.org\n\n", &overlay).expect("envelope");
        assert_eq!(found, ["t@x.org", "a@x.org", "c@x.org", "b@x.org"]);
    }

    #[test]
    fn nobody_or_somebody_unreachable_is_refused() {
        for text in ["Subject: x\n\n", "To: undisclosed-recipients:;\n\n", "To: bob\n\n", "To: a@x.org\nCc: bob@\n\n"] {
            assert!(matches!(of(text), Err(MailError::InvalidRecipients(_) | MailError::NoRecipients)), "{text}");
        }
        let many = (0..=MAX_RECIPIENTS).map(|n| format!("p{n}@x.org"));
        assert!(matches!(Envelope::new(many), Err(MailError::InvalidRecipients(_))));
    }
}
