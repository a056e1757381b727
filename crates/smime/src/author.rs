//! Signers compared with the author (RFC 8550 §3), and what follows for the message as a whole.

use crate::certificate::same_address;
use crate::verdict::{HeaderForm, Layer, Note, ProtectedHeader, Signer, Status};
use mime::{Message, NameAddr};

/// Says of each signer whether it is the author.
///
/// The author is the one of From. Where a header is protected by a good signature of the one whom it names itself, that is
/// the author, whatever stands outside (RFC 9788 §4.4).
pub(crate) fn attribute(outer: &Message, header: &ProtectedHeader, layers: &mut [Layer], notes: &mut Vec<Note>) {
    let outside = authors(outer);
    let within = protected_author(header);
    if let (Ok(outside), Some(within)) = (&outside, &within)
        && !same_address(outside, within)
    {
        notes.push(Note::new("fromDiffers", format!("The protected From is {within}, the one outside is {outside}.")));
    }
    let sender: Vec<String> = addresses(&outer.addresses("Sender"));
    for signer in layers.iter_mut().flat_map(|layer| layer.signers.iter_mut()) {
        let good = matches!(signer.status, Status::Valid | Status::Untrusted);
        let protected = within.as_deref().filter(|within| good && signer.names(within));
        let author = protected.map_or_else(|| outside.clone(), |within| Ok(within.to_owned()));
        compare(signer, author, &sender);
    }
}

impl Signer {
    fn names(&self, address: &str) -> bool {
        self.addresses.iter().any(|own| same_address(own, address))
    }
}

fn compare(signer: &mut Signer, author: Result<String, String>, sender: &[String]) {
    let (matches, why) = match author {
        Err(why) => (None, Some(why)),
        Ok(_) if signer.subject.is_none() => (None, Some("there is no certificate to compare".to_owned())),
        Ok(_) if signer.addresses.is_empty() => (None, Some("the certificate names no address".to_owned())),
        Ok(author) if signer.names(&author) => {
            signer.address = signer.addresses.iter().find(|own| same_address(own, &author)).cloned();
            (Some(true), None)
        }
        Ok(_) if sender.iter().any(|sender| signer.names(sender)) => {
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

/// The one author, or why there is none.
fn authors(message: &Message) -> Result<String, String> {
    if message.fields().filter(|field| field.is("From")).count() > 1 {
        return Err("there are two From fields".to_owned());
    }
    match addresses(&message.addresses("From")).as_slice() {
        [one] => Ok(one.clone()),
        [] => Err("there is no author".to_owned()),
        _ => Err("there are several authors".to_owned()),
    }
}

fn addresses(list: &[NameAddr]) -> Vec<String> {
    list.iter().filter_map(|one| Some(one.addr_spec()?.as_str().to_owned())).collect()
}

fn protected_author(header: &ProtectedHeader) -> Option<String> {
    if header.form == HeaderForm::None {
        return None;
    }
    let mut from = header.fields.iter().filter(|field| field.name.eq_ignore_ascii_case("From"));
    let (one, other) = (from.next()?, from.next());
    let list = addresses(&NameAddr::parse_list(one.value.as_bytes()));
    match (list.as_slice(), other) {
        ([address], None) => Some(address.clone()),
        _ => None,
    }
}

/// All layers together. One bad signature spoils the message, whatever stands around it; being encrypted proves nothing.
pub(crate) fn overall(layers: &[Layer]) -> (Status, Option<String>) {
    let first = |status| layers.iter().find(|layer| layer.status == status);
    for status in [Status::Invalid, Status::Undecryptable, Status::Untrusted] {
        if let Some(layer) = first(status) {
            return (status, layer.reason.clone());
        }
    }
    let mut signers = layers.iter().flat_map(|layer| &layer.signers).peekable();
    if signers.peek().is_none() {
        let reason = if layers.is_empty() { "it is not signed" } else { "it is encrypted or compressed, and not signed" };
        return (Status::Unsigned, Some(reason.to_owned()));
    }
    let signers: Vec<&Signer> = signers.collect();
    if signers.iter().any(|signer| signer.matches_from == Some(true)) {
        return (Status::Valid, None);
    }
    let why = signers.into_iter().find_map(|signer| signer.mismatch.clone());
    (Status::Untrusted, why.or_else(|| Some("no signer is its author".to_owned())))
}
