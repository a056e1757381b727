//! A message opened, layer by layer, with a verdict on each (RFC 8551 §3, RFC 8550).

use crate::author;
use crate::certificate::hex;
use crate::decrypt::{Decrypted, decompress, decrypt};
use crate::error::SmimeError;
use crate::key::Key;
use crate::protected;
use crate::split::{Content, ContentType, Split, split};
use crate::trust::Trust;
use crate::verdict::{Covered, Kind, Layer, Note, Signer, Status, Verdict};
use crate::verify::{Against, Canonical, detached, enclosing};
use bytes::Bytes;
use mime::{Message, Part, PartKind};
use openssl::sha::Sha256;
use std::io::{self, Write};

/// Layers that are opened. Triple wrapping has three (RFC 2634 §1.1).
pub(crate) const MAX_LAYERS: usize = 16;
/// Octets of a content that are few enough to be kept until it is known what is to be done with them.
const MAX_FEW: usize = 64 * 1024;

/// With what a message is opened.
#[derive(Debug, Clone, Copy)]
pub struct With<'w> {
    /// Keys that may open what is encrypted.
    pub keys: &'w [Key],
    /// Whom to trust.
    pub trust: &'w Trust,
    /// The time, in seconds since 1970.
    pub now: i64,
    /// The most octets that a compressed layer may hold; others hold no more than stand there.
    pub max_octets: u64,
}

/// Where the octets of a layer stand while it is opened: memory or a file, as its maker likes.
pub trait Spool: Write {
    /// All octets have come.
    ///
    /// # Errors
    /// Where they can't be read again.
    fn finish(self: Box<Self>) -> io::Result<Bytes>;
}

impl Spool for Vec<u8> {
    fn finish(self: Box<Self>) -> io::Result<Bytes> {
        Ok((*self).into())
    }
}

/// A message that was opened as far as could be.
#[derive(Debug)]
pub struct Opened {
    /// What is to be thought of it.
    pub verdict: Verdict,
    /// What the innermost layer holds; the message itself where it has none.
    pub content: Message,
}

/// Opens a message. What is wrong with it stands in the verdict.
///
/// # Errors
/// [`SmimeError::Io`] of the spools, [`SmimeError::Library`] where the machine lacks what it needs.
pub fn open(
    message: Message,
    with: With<'_>,
    spool: &mut dyn FnMut() -> io::Result<Box<dyn Spool>>,
) -> Result<Opened, SmimeError> {
    let outer = protected::header_alone(&message);
    let mut content = message;
    let mut layers = Vec::new();
    let mut notes = Vec::new();
    while layers.len() < MAX_LAYERS {
        let Some(found) = find(&content, &mut notes) else { break };
        let step = match found {
            Found::Signed { signed, signature } => clear(&content, signed, signature, with)?,
            Found::Enclosed => enclosed(&content, with, spool)?,
        };
        let Some((layer, within)) = step else { break };
        let opened = match within {
            Within::Nothing => {
                layers.push(layer);
                break;
            }
            Within::Slice(octets, canonical) => (octets, canonical),
            Within::Spool(spool) => {
                drop(std::mem::replace(&mut content, outer.clone())); // the octets around may be many, and are not needed
                spool.finish()?
            }
        };
        content = Message::parse(opened.0);
        let covers = covered(opened.1, &content);
        layers.push(Layer { covers: Some(covers), ..layer });
    }
    if layers.len() == MAX_LAYERS && find(&content, &mut notes).is_some() {
        notes.push(Note::new("tooManyLayers", format!("Only the outermost {MAX_LAYERS} layers were opened.")));
    }
    let inner = protected::inner(&content, &layers);
    let header = protected::header(&outer, inner.as_ref(), &layers, &mut notes);
    author::attribute(&outer, inner.as_ref().map(|inner| &inner.message), &mut layers, &mut notes);
    let (status, reason) = author::overall(&layers, &notes);
    Ok(Opened { verdict: Verdict { status, reason, layers, header, notes }, content })
}

/// A layer, told by what the message itself is; what stands in a part beside others is not a layer (RFC 8551 §3.10, and
/// what EFAIL taught).
pub(crate) enum Found {
    Signed { signed: usize, signature: usize },
    Enclosed,
}

pub(crate) fn find(message: &Message, notes: &mut Vec<Note>) -> Option<Found> {
    let found = look(message, notes)?;
    // A reader that goes by the last one shows what stands around the signed text (RFC 5322 §3.6 and RFC 2045 §3 have one).
    if message.fields().filter(|field| field.is("Content-Type")).count() > 1 {
        notes.push(Note::new("twoContentTypes", "There are two Content-Type fields: others may see another message."));
    }
    Some(found)
}

fn look(message: &Message, notes: &mut Vec<Note>) -> Option<Found> {
    let root = message.parts().first()?;
    if root.media_type.essence == "multipart/signed" {
        let mut children = (0..message.parts().len()).filter(|&i| message.parts()[i].parent == Some(0));
        let (signed, signature) = (children.next()?, children.next()?);
        if is_signature(&message.parts()[signature]) {
            if children.next().is_some() {
                notes.push(Note::new("partBesideSignature", "A part stands behind the signature, and is not covered by it."));
            }
            return Some(Found::Signed { signed, signature });
        }
        notes.push(Note::new("otherSignature", "It is signed, but not by S/MIME."));
        return None;
    }
    if may_enclose(root) {
        return Some(Found::Enclosed);
    }
    if message.parts().iter().skip(1).any(|part| part.media_type.essence == "multipart/signed" && !in_attached(message, part)) {
        notes.push(Note::new("partlySigned", "A part of it is signed, the whole is not: what stands beside it is anybody's."));
    }
    if message.parts().iter().skip(1).any(may_enclose) {
        notes.push(Note::new("partProtected", "A part of it is an S/MIME structure among others; it is left as it is."));
    }
    None
}

/// Whether a message has a layer of protection already.
pub(crate) fn is_protected(message: &Message) -> bool {
    find(message, &mut Vec::new()).is_some()
}

fn in_attached(message: &Message, part: &Part) -> bool {
    let parent = part.parent.and_then(|index| message.parts().get(index));
    parent.is_some_and(|parent| parent.kind == PartKind::Message)
}

fn ends_with(part: &Part, endings: &[&str]) -> bool {
    let name = part.file_name.as_deref().unwrap_or_default().to_ascii_lowercase();
    endings.iter().any(|ending| name.ends_with(ending))
}

fn is_signature(part: &Part) -> bool {
    let essence = part.media_type.essence.as_str();
    matches!(essence, "application/pkcs7-signature" | "application/x-pkcs7-signature")
        || essence == "application/octet-stream" && ends_with(part, &[".p7s"])
}

/// Whether a part may be a structure that encloses something: a look at type and name, which saves decoding. What it is, the
/// structure itself says (RFC 8551 §3.10).
pub fn may_enclose(part: &Part) -> bool {
    let typed = matches!(part.media_type.essence.as_str(), "application/pkcs7-mime" | "application/x-pkcs7-mime");
    part.kind == PartKind::Other && (typed || ends_with(part, &[".p7m", ".p7z"]))
}

/// What a layer holds.
enum Within {
    /// Nothing, or nothing that could be opened.
    Nothing,
    /// Octets of the message itself.
    Slice(Bytes, Canonical),
    /// Octets that were written elsewhere.
    Spool(Hashing),
}

type Step = Option<(Layer, Within)>;

fn layer(kind: Kind, status: Status, reason: Option<String>) -> Layer {
    Layer { kind, status, reason, algorithms: Vec::new(), signers: Vec::new(), opened_for: None, covers: None }
}

fn clear(message: &Message, signed: usize, signature: usize, with: With<'_>) -> Result<Step, SmimeError> {
    let octets = first_part(message, &message.parts()[signed]);
    let cms = message.encoded_body(&message.parts()[signature]).decoded();
    let (canonical, verified) = detached(cms, &octets, Against { trust: with.trust, now: with.now })?;
    Ok(Some((signed_layer(Kind::Clear, verified)?, Within::Slice(octets, canonical))))
}

/// What a multipart's first part is to a signature: all up to the line end that belongs to the next delimiter (RFC 2046
/// §5.1.1), be it the one of the empty line that ends a header without a body.
pub(crate) fn first_part(message: &Message, part: &Part) -> Bytes {
    let octets = message.octets().slice(part.header.start..part.body.end);
    if !part.body.is_empty() || !message.octets()[part.body.end..].starts_with(b"--") {
        return octets;
    }
    let line = octets.strip_suffix(b"\n").map_or(&octets[..], |line| line.strip_suffix(b"\r").unwrap_or(line));
    octets.slice(..line.len())
}

fn signed_layer(kind: Kind, verified: Result<Vec<Signer>, SmimeError>) -> Result<Layer, SmimeError> {
    let signers = match verified {
        Ok(signers) => signers,
        Err(SmimeError::Io(error)) => return Err(error.into()),
        Err(error) => return Ok(layer(kind, Status::Invalid, Some(error.to_string()))),
    };
    if signers.is_empty() {
        return Ok(layer(kind, Status::Unsigned, Some("the structure has no signature in it".to_owned())));
    }
    let (status, reason) = worst(&signers);
    let mut algorithms: Vec<String> = signers.iter().flat_map(|signer| signer.algorithms.iter().take(2).cloned()).collect();
    algorithms.dedup();
    Ok(Layer { algorithms, signers, ..layer(kind, status, reason) })
}

/// All signatures must be good (RFC 5652 §5.1 leaves it open; one bad one is one too many).
fn worst(signers: &[Signer]) -> (Status, Option<String>) {
    let of = |status| signers.iter().find(|signer| signer.status == status);
    let worst = of(Status::Invalid).or_else(|| of(Status::Untrusted));
    worst.map_or((Status::Valid, None), |signer| (signer.status, signer.reason.clone()))
}

fn covered(canonical: Canonical, within: &Message) -> Covered {
    let root = within.parts().first().filter(|_| within.fields().next().is_some());
    let media_type = root.map(|root| root.media_type.essence.clone());
    Covered { octets: canonical.octets, sha256: hex(&canonical.sha256), media_type }
}

/// A message that is one structure.
fn enclosed(
    message: &Message,
    with: With<'_>,
    spool: &mut dyn FnMut() -> io::Result<Box<dyn Spool>>,
) -> Result<Step, SmimeError> {
    let Some(root) = message.parts().first() else { return Ok(None) };
    let body = message.encoded_body(root);
    let (mut few, mut is_few) = (Vec::new(), true);
    let around = match split(body.decoded(), &mut |octets| {
        is_few = is_few && few.len() + octets.len() <= MAX_FEW;
        few.extend_from_slice(if is_few { octets } else { &[] });
        Ok(())
    }) {
        Ok(around) => around,
        Err(error) => return Ok(Some((layer(Kind::Opaque, Status::Invalid, Some(error.to_string())), Within::Nothing))),
    };
    let content = |sink: &mut dyn FnMut(&[u8]) -> Result<(), SmimeError>| match is_few {
        true => sink(&few),
        false => split(body.decoded(), sink).map(drop),
    };
    let mut out = Hashing { out: spool()?, hash: Sha256::new(), octets: 0 };
    let layer = match around.content_type {
        ContentType::Signed if !around.has_content => return Ok(None), // certificates alone (RFC 8551 §3.8)
        ContentType::Signed => {
            let against = Against { trust: with.trust, now: with.now };
            signed_layer(Kind::Opaque, enclosing(&content, &around, &mut out, against))?
        }
        ContentType::Compressed => match decompress(&content, &mut out, with.max_octets) {
            Ok(()) => layer(Kind::Compressed, Status::Unsigned, None),
            Err(SmimeError::Io(error)) => return Err(error.into()),
            Err(error) => layer(Kind::Compressed, Status::Undecryptable, Some(error.to_string())),
        },
        ContentType::Enveloped => encrypted(Kind::Enveloped, &content, &around, with, &mut out)?,
        ContentType::AuthEnveloped => encrypted(Kind::AuthEnveloped, &content, &around, with, &mut out)?,
    };
    // What is empty was opened too; a structure that could not be read was not.
    let opened = layer.status != Status::Undecryptable && (out.octets > 0 || layer.status != Status::Invalid);
    Ok(Some((layer, if opened { Within::Spool(out) } else { Within::Nothing })))
}

fn encrypted(kind: Kind, content: Content<'_>, around: &Split, with: With<'_>, out: &mut dyn Write) -> Result<Layer, SmimeError> {
    let Decrypted { algorithms, opened_for } = decrypt(content, around, with.keys, out);
    let found = match opened_for {
        Ok(Some(subject)) => Layer { opened_for: Some(subject), ..layer(kind, Status::Unsigned, None) },
        Ok(None) => {
            let reason = "no key that was given is for one of its recipients".to_owned();
            layer(kind, Status::Undecryptable, Some(reason))
        }
        Err(SmimeError::Io(error)) => return Err(error.into()),
        // One sentence for whatever the library refuses: what differs would be an oracle (RFC 3218 §2).
        Err(_) => layer(kind, Status::Undecryptable, Some("it can't be decrypted".to_owned())),
    };
    Ok(Layer { algorithms, ..found })
}

struct Hashing {
    out: Box<dyn Spool>,
    hash: Sha256,
    octets: u64,
}

impl Hashing {
    fn finish(self) -> io::Result<(Bytes, Canonical)> {
        let canonical = Canonical { octets: self.octets, sha256: self.hash.finish() };
        Ok((self.out.finish()?, canonical))
    }
}

impl Write for Hashing {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.out.write_all(octets)?;
        self.hash.update(octets);
        self.octets += octets.len() as u64;
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
