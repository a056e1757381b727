//! Messages signed and encrypted (RFC 8551 §3), their headers protected within (RFC 9788).

use crate::certificate::Certificate;
use crate::entity::{Entity, Lines};
use crate::error::SmimeError;
use crate::key::Key;
use crate::open::is_protected;
use crate::seal::{Around, Cipher, digest, enclose, envelope, signature};
use mime::{HeaderField, Message, Piece, seven_bit, written};
use std::io::Write;

/// What is to be done with a message, in this order.
#[derive(Debug, Clone, Copy)]
pub struct Protection<'p> {
    /// Sign it.
    pub sign: Option<Signing<'p>>,
    /// Encrypt it.
    pub encrypt: Option<Encryption<'p>>,
    /// What becomes of its header.
    pub header: HeaderProtection,
    /// A text that no part holds as a line, of the characters that a boundary may have (RFC 2046 §5.1.1).
    pub boundary: &'p str,
}

/// How to sign.
#[derive(Debug, Clone, Copy)]
pub struct Signing<'p> {
    /// The signer.
    pub key: &'p Key,
    /// Whether the signature encloses the text: application/pkcs7-mime instead of multipart/signed.
    pub opaque: bool,
    /// Whether an RSA key signs by RSASSA-PSS.
    pub pss: bool,
    /// When, in seconds since 1970.
    pub now: i64,
}

/// How to encrypt.
#[derive(Debug, Clone, Copy)]
pub struct Encryption<'p> {
    /// For whom.
    pub to: &'p [Certificate],
    /// By which cipher.
    pub cipher: Cipher,
    /// Whether RSA keys take the key by RSAES-OAEP instead of PKCS #1 v1.5.
    pub oaep: bool,
}

/// What becomes of a header (RFC 9788 §3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum HeaderProtection {
    /// Its fields stand within too, and where the message is encrypted Subject, Keywords and Comments only there
    /// (`hcp_baseline`), and Thread-Topic, which is the subject.
    #[default]
    Baseline,
    /// Its fields stand within too, and all of them outside.
    Copied,
    /// Nothing is done.
    None,
}

/// Writes a message with protection.
///
/// # Errors
/// [`SmimeError::Key`]: a certificate isn't for that; [`SmimeError::Io`] of `out`; [`SmimeError::Library`].
pub fn protect(message: &Message, mut protection: Protection<'_>, out: &mut dyn Write) -> Result<(), SmimeError> {
    if is_protected(message) {
        // The header belongs into the innermost layer (RFC 9788 §1.4.1), which is not ours.
        protection.header = HeaderProtection::None;
    }
    if let Some(unfit) = protection.encrypt.iter().flat_map(|how| how.to).find(|one| !one.may_encrypt()) {
        return Err(SmimeError::Key(format!("the certificate of {} is not for encrypting mail", unfit.subject())));
    }
    let outer = OuterHeader::of(message, &protection);
    let mut entity = payload(message, &protection, &outer);
    if let Some(signing) = protection.sign {
        entity = signed(entity, signing, protection.boundary)?;
    }
    for line in &outer.lines {
        out.write_all(&line.octets)?;
    }
    out.write_all(b"MIME-Version: 1.0\r\n")?;
    let Some(Encryption { to, cipher, oaep }) = protection.encrypt else { return entity.write(out) };
    out.write_all(structure_header(if cipher.authenticates() { "authEnveloped-data" } else { "enveloped-data" }).as_bytes())?;
    let mut lines = Lines::new(|text: &[u8]| Ok(out.write_all(text)?));
    envelope(&entity, to, (cipher, oaep), &mut lines)?;
    lines.finish()
}

/// Fields that stand within alone: those of hcp_baseline (RFC 9788 §3.2.1), and what repeats the subject (MS-OXOMSG §2.2.1.5).
const HIDDEN: [&str; 3] = ["Keywords", "Comments", "Thread-Topic"];

/// The fields of a message, whose line ends are CR LF: what stands outside.
struct OuterHeader {
    lines: Vec<OuterLine>,
}

struct OuterLine {
    octets: Vec<u8>,
    /// Whether it has no business within.
    stays: bool,
}

impl OuterHeader {
    fn of(message: &Message, protection: &Protection<'_>) -> OuterHeader {
        let hides = protection.encrypt.is_some() && protection.header == HeaderProtection::Baseline;
        let lines = message.fields().filter(|field| !is_structural(field)).filter_map(|field| {
            let octets = match () {
                // RFC 9788 §3.2.1: hcp_baseline
                () if hides && field.is("Subject") => b"Subject: [...]\r\n".to_vec(),
                () if hides && HIDDEN.iter().any(|name| field.is(name)) => return None,
                () => line(&field),
            };
            Some(OuterLine { octets, stays: stays_outside(&field) })
        });
        OuterHeader { lines: lines.collect() }
    }
}

/// RFC 9788 §1.4.1: fields that say what the body is.
fn is_structural(field: &HeaderField<'_>) -> bool {
    let name = field.name.to_ascii_lowercase();
    name.starts_with("content-") || name == "mime-version"
}

/// Fields that are of the road, or of nobody else's business, and don't go within.
fn stays_outside(field: &HeaderField<'_>) -> bool {
    const OUTSIDE: [&str; 7] =
        ["bcc", "received", "return-path", "delivered-to", "dkim-signature", "authentication-results", "hp-outer"];
    let name = field.name.to_ascii_lowercase();
    OUTSIDE.contains(&name.as_str()) || name.starts_with("arc-") || name.starts_with("resent-")
}

/// A field as a line that ends in CR LF. Lines that go on without white space, as some write them, get it: to one reader
/// they are of the field above, to another a field of their own, which may say what the body is.
fn line(field: &HeaderField<'_>) -> Vec<u8> {
    let mut out = [field.name.as_bytes(), b":"].concat();
    for (index, line) in mime::LineEnd::CrLf.end_lines(field.raw_body).split_inclusive(|&octet| octet == b'\n').enumerate() {
        if index > 0 && !line.starts_with(b" ") && !line.starts_with(b"\t") {
            out.push(b' ');
        }
        out.extend_from_slice(line);
    }
    if !out.ends_with(b"\r\n") {
        out.extend_from_slice(b"\r\n");
    }
    out
}

/// What is protected: the body, made safe from changes on the road, with the fields that say what it is and, by header
/// protection, all others.
fn payload(message: &Message, protection: &Protection<'_>, outer: &OuterHeader) -> Entity {
    let (safe_header, mut pieces) = seven_bit(message);
    let safe = Message::parse(written(&safe_header).into());
    let mut header = Vec::new();
    if protection.header != HeaderProtection::None {
        let inner = message.fields().filter(|field| !is_structural(field) && !stays_outside(field));
        inner.for_each(|field| header.extend_from_slice(&line(&field)));
    }
    if protection.encrypt.is_some() && protection.header != HeaderProtection::None {
        outer.lines.iter().filter(|line| !line.stays).for_each(|line| {
            header.extend_from_slice(b"HP-Outer: ");
            header.extend_from_slice(&line.octets);
        });
    }
    header.extend_from_slice(&content_fields(&safe, protection));
    header.extend_from_slice(b"\r\n");
    pieces.insert(0, header.into());
    Entity::Pieces(pieces)
}

/// Content-Type, with what RFC 9788 §2.1.1 adds to it, and its kind.
fn content_fields(safe: &Message, protection: &Protection<'_>) -> Vec<u8> {
    let hp = match protection.header {
        HeaderProtection::None => "",
        _ if protection.encrypt.is_some() => ";\r\n hp=\"cipher\"",
        _ => ";\r\n hp=\"clear\"",
    };
    let mut out = Vec::new();
    let mut typed = false;
    for field in safe.fields().filter(|field| is_structural(field) && !field.is("MIME-Version")) {
        let mut lines = line(&field);
        if field.is("Content-Type") && !typed {
            typed = true;
            lines.truncate(lines.len() - 2);
            let end = lines.iter().rposition(|octet| !b" \t;".contains(octet)).map_or(0, |at| at + 1);
            lines.truncate(end);
            lines.extend_from_slice(hp.as_bytes());
            lines.extend_from_slice(b"\r\n");
        }
        out.extend_from_slice(&lines);
    }
    if !typed {
        out.extend_from_slice(format!("Content-Type: text/plain; charset=us-ascii{hp}\r\n").as_bytes());
    }
    out
}

fn structure_header(smime_type: &str) -> String {
    format!(
        "Content-Type: application/pkcs7-mime; smime-type={smime_type};\r\n name=\"smime.p7m\"\r\n\
         Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=\"smime.p7m\"\r\n\r\n"
    )
}

fn signed(entity: Entity, signing: Signing<'_>, boundary: &str) -> Result<Entity, SmimeError> {
    let der = signature(&entity, signing.key, signing.pss, signing.now)?;
    if signing.opaque {
        let Around { before, behind } = enclose(&der, entity.size())?;
        let header = structure_header("signed-data").into_bytes();
        return Ok(Entity::Structure { header, before, content: entity.into(), behind });
    }
    let Entity::Pieces(signed) = entity else { return Err(SmimeError::Malformed("a structure can't be signed in the clear")) };
    let micalg = digest(signing.key).0;
    let mut pieces = vec![Piece::from(format!(
        "Content-Type: multipart/signed; protocol=\"application/pkcs7-signature\";\r\n micalg={micalg}; boundary=\"{boundary}\"\r\n\r\n\
         This is a signed message in MIME format (RFC 8551).\r\n--{boundary}\r\n"
    ))];
    pieces.extend(signed);
    pieces.push(Piece::from(format!(
        "\r\n--{boundary}\r\nContent-Type: application/pkcs7-signature; name=\"smime.p7s\"\r\n\
         Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=\"smime.p7s\"\r\n\r\n"
    )));
    pieces.push(Piece::Base64 { octets: der.into(), line_end: mime::LineEnd::CrLf });
    pieces.push(Piece::from(format!("--{boundary}--\r\n")));
    Ok(Entity::Pieces(pieces))
}
