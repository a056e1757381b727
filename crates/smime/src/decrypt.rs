//! Contents opened: decrypted (RFC 5652 §6, RFC 5083) and decompressed (RFC 3274).

use crate::ber::{SEQUENCE, element};
use crate::cms::Cms;
use crate::error::SmimeError;
use crate::key::Key;
use crate::split::{Content, Split, dotted};
use flate2::{Decompress, FlushDecompress, Status};
use openssl::asn1::Asn1Object;
use openssl::pkey::Id;
use std::collections::HashSet;
use std::io::Write;

/// What became of it.
pub(crate) struct Decrypted {
    /// By which algorithm the content is encrypted, and how recipients get the key: each way once, however many there are.
    pub(crate) algorithms: Vec<String>,
    /// For whom a key opened it, and all is written; nothing where no key that was given is for one of its recipients.
    pub(crate) opened_for: Result<Option<String>, SmimeError>,
}

/// The algorithm by which the content is encrypted: the second member of the first sequence within (RFC 5652 §6.1).
fn cipher_name(around: &[u8]) -> Option<String> {
    let (content_info, _) = element(around)?;
    let structure = content_info.elements().nth(1)?.elements().next()?;
    let holder = structure.elements().find(|member| member.tag == SEQUENCE)?;
    let algorithm = holder.elements().nth(1)?.elements().next()?;
    let digits = dotted(algorithm.content);
    let known = Asn1Object::from_str(&digits).ok().and_then(|object| object.nid().short_name().ok());
    Some(known.map_or(digits, str::to_owned))
}

/// Decrypts with the first key that is for a recipient. What was written to `out` before an error is nobody's to see: the
/// tag of AuthEnvelopedData is checked last.
pub(crate) fn decrypt(content: Content<'_>, around: &Split, keys: &[Key], out: &mut dyn Write) -> Decrypted {
    let structure = match Cms::read(&around.around) {
        Ok(structure) => structure,
        Err(error) => return Decrypted { algorithms: Vec::new(), opened_for: Err(error.into()) },
    };
    let cipher = cipher_name(&around.around);
    let mut seen = HashSet::new();
    let recipients = structure.recipient_algorithms().into_iter().filter(|name| seen.insert(name.clone()));
    let algorithms = cipher.into_iter().chain(recipients).collect();
    Decrypted { algorithms, opened_for: opened(content, structure, keys, out) }
}

fn opened(content: Content<'_>, mut structure: Cms, keys: &[Key], out: &mut dyn Write) -> Result<Option<String>, SmimeError> {
    // A key that only signs opens nothing, whatever a recipient's identifier says.
    let opens = |key: &&Key| matches!(key.key.id(), Id::RSA | Id::EC) && structure.is_for(&key.certificate.0);
    let Some(key) = keys.iter().find(opens) else { return Ok(None) };
    structure.unlock(&key.key, &key.certificate.0)?;
    let mut filter = structure.filter(true)?;
    content(&mut |octets| filter.push(octets, out))?;
    filter.finish(out)?;
    Ok(Some(key.certificate.subject()))
}

/// Decompresses, up to `limit` octets.
pub(crate) fn decompress(content: Content<'_>, out: &mut dyn Write, limit: u64) -> Result<(), SmimeError> {
    let mut inflater = Decompress::new(true);
    let mut some = vec![0; TOGETHER];
    let mut ended = false;
    content(&mut |mut octets| {
        while !ended {
            let (read, wrote) = (inflater.total_in(), inflater.total_out());
            let status = inflater.decompress(octets, &mut some, FlushDecompress::None);
            ended = status.map_err(|_| NOT_DEFLATED)? == Status::StreamEnd;
            octets = &octets[usize::try_from(inflater.total_in() - read).unwrap_or_default()..];
            let made = usize::try_from(inflater.total_out() - wrote).unwrap_or_default();
            // A few octets can be made to decompress to any number.
            if inflater.total_out() > limit {
                return Err(SmimeError::Malformed("it holds more than is opened"));
            }
            out.write_all(&some[..made])?;
            if octets.is_empty() && made < some.len() {
                break;
            }
        }
        Ok(())
    })?;
    if ended { Ok(()) } else { Err(NOT_DEFLATED) }
}

const NOT_DEFLATED: SmimeError = SmimeError::Malformed("its content is not compressed as it says");
/// Octets that are decompressed together.
const TOGETHER: usize = 64 * 1024;
