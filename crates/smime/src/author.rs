//! Signers compared with the author (RFC 8550 §3), and what follows for the message as a whole.

use crate::certificate::same_address;
use crate::verdict::{Layer, Note, Signer, Status};
use mime::{AddrSpec, Message};

/// Notes on what others may show though no signature covers it. RFC 9788 §4.4 lets a reader show the protected From alone; who
/// reads the one outside would take the message for somebody else's.
const UNCOVERED: [&str; 3] = ["fromDiffers", "partBesideSignature", "twoContentTypes"];

/// Says of each signer whether it is the author.
///
/// The author is the one of From: of the protected one, where there is one, whatever stands outside (RFC 9788 §4.4). A signer
/// whom only the outer From names has put somebody else's name within.
pub(crate) fn attribute(outer: &Message, inner: Option<&Message>, layers: &mut [Layer], notes: &mut Vec<Note>) {
    let outside = author(outer);
    let within = inner.filter(|inner| inner.field("From").is_some()).map(author);
    if let Some(Ok(within)) = &within {
        let other = match &outside {
            Ok(outside) if same_address(outside, within) => None,
            Ok(outside) => Some(format!("the one outside is {outside}")),
            Err(why) => outer.field("From").map(|_| format!("outside {why}")),
        };
        notes.extend(other.map(|other| Note::new("fromDiffers", format!("The protected From is {within}, {other}."))));
    }
    let author = within.unwrap_or(outside);
    // RFC 5322 §3.6.2: one mailbox. Any number of them would be compared with any number of a certificate's addresses.
    let sender = match outer.addresses("Sender").as_slice() {
        [one] => one.addr_spec(),
        _ => None,
    };
    for signer in layers.iter_mut().flat_map(|layer| layer.signers.iter_mut()) {
        compare(signer, author.clone(), sender.as_ref());
    }
}

impl Signer {
    fn names(&self, address: &str) -> bool {
        self.addresses.iter().any(|own| same_address(own, address))
    }
}

fn compare(signer: &mut Signer, author: Result<String, String>, sender: Option<&AddrSpec>) {
    let (matches, why) = match author {
        Err(why) => (None, Some(why)),
        Ok(_) if signer.subject.is_none() => (None, Some("there is no certificate to compare".to_owned())),
        Ok(_) if signer.addresses.is_empty() => (None, Some("the certificate names no address".to_owned())),
        Ok(author) if signer.names(&author) => {
            signer.address = signer.addresses.iter().find(|own| same_address(own, &author)).cloned();
            (Some(true), None)
        }
        Ok(_) if sender.is_some_and(|sender| signer.names(sender.as_str())) => {
            (Some(false), Some("it is the address of Sender, not of From".to_owned()))
        }
        Ok(author) => {
            let own = signer.addresses.join(", ");
            (Some(false), Some(format!("the certificate is for {own}, the author is {author}")))
        }
    };
    signer.matches_from = matches;
    signer.mismatch = why;
}

/// The one author, or why there is none. An author whose address is none counts too: others may show it.
fn author(message: &Message) -> Result<String, String> {
    if message.fields().filter(|field| field.is("From")).count() > 1 {
        return Err("there are two From fields".to_owned());
    }
    match message.addresses("From").as_slice() {
        [one] => one.addr_spec().map(|address| address.as_str().to_owned()).ok_or_else(|| "the author has no address".to_owned()),
        [] => Err("there is no author".to_owned()),
        _ => Err("there are several authors".to_owned()),
    }
}

/// All layers together. One bad signature spoils the message, whatever stands around it, and so does what stands beside a
/// signed text; being encrypted proves nothing.
pub(crate) fn overall(layers: &[Layer], notes: &[Note]) -> (Status, Option<String>) {
    let first = |status| layers.iter().find(|layer| layer.status == status);
    for status in [Status::Invalid, Status::Undecryptable, Status::Untrusted] {
        if let Some(layer) = first(status) {
            return (status, layer.reason.clone());
        }
    }
    let mut signers = layers.iter().flat_map(|layer| &layer.signers).peekable();
    if signers.peek().is_none() {
        let none = if layers.is_empty() { "it is not signed" } else { "it is encrypted or compressed, and not signed" };
        let reason = layers.iter().find_map(|layer| layer.reason.clone());
        return (Status::Unsigned, Some(reason.unwrap_or_else(|| none.to_owned())));
    }
    let signers: Vec<&Signer> = signers.collect();
    if let Some(note) = notes.iter().find(|note| UNCOVERED.contains(&note.code)) {
        return (Status::Untrusted, Some(note.message.clone()));
    }
    if signers.iter().any(|signer| signer.matches_from == Some(true)) {
        return (Status::Valid, None);
    }
    let why = signers.into_iter().find_map(|signer| signer.mismatch.clone());
    (Status::Untrusted, why.or_else(|| Some("no signer is its author".to_owned())))
}
