//! A structure of CMS taken apart as it comes: its content, which may be large, goes to whoever asked, and what stands
//! around it, which is small, is kept in BER with the content left out (as a detached one is, RFC 5652 §5.2, §6.1).

use crate::ber::{OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE, element};
use crate::error::SmimeError;
use bytes::Bytes;

/// Octets around a content: certificates, revocation lists, recipients. More than this is nobody's message.
const MAX_AROUND: usize = 8 * 1024 * 1024;
const TOO_MUCH: SmimeError = SmimeError::Malformed("more around the content than any message has");
/// Deepest nesting that is followed.
const MAX_DEPTH: usize = 32;
/// Longest object identifier that is read.
const MAX_IDENTIFIER: u64 = 64;

const CONSTRUCTED: u8 = 0x20;
const CONTEXT_0: u8 = 0x80;

/// What a structure is, by the object identifier of its ContentInfo (RFC 5652 §3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ContentType {
    /// AuthEnvelopedData (RFC 5083 §2.1)
    AuthEnveloped,
    /// CompressedData (RFC 3274 §1.1)
    Compressed,
    /// EnvelopedData (RFC 5652 §6.1)
    Enveloped,
    /// SignedData (RFC 5652 §5.1)
    Signed,
}

impl ContentType {
    fn of(identifier: &[u8]) -> Option<ContentType> {
        let pkcs7 = identifier.strip_prefix(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01]);
        match pkcs7? {
            [0x07, 0x02] => Some(ContentType::Signed),
            [0x07, 0x03] => Some(ContentType::Enveloped),
            [0x09, 0x10, 0x01, 0x09] => Some(ContentType::Compressed),
            [0x09, 0x10, 0x01, 0x17] => Some(ContentType::AuthEnveloped),
            _ => None,
        }
    }

    /// Which of the sequences directly within holds the content: before that of CompressedData its algorithm stands
    /// (RFC 3274 §1.1), before the others sets and tagged elements alone.
    fn holder(&self) -> usize {
        if *self == ContentType::Compressed { 1 } else { 0 }
    }
}

/// A structure without its content.
#[derive(Debug)]
pub(crate) struct Split {
    pub(crate) content_type: ContentType,
    /// The structure with its content left out (BER).
    pub(crate) around: Vec<u8>,
    /// Whether there was a content; a detached signature has none.
    pub(crate) has_content: bool,
}

/// Gives the octets of a content, some at a time, to whoever asks; as often as is asked.
pub(crate) type Content<'c> = &'c dyn Fn(&mut dyn FnMut(&[u8]) -> Result<(), SmimeError>) -> Result<(), SmimeError>;

/// Takes a structure apart. `content` is given the octets of its content in their order, some at a time.
pub(crate) fn split(
    octets: impl Iterator<Item = Bytes>,
    content: &mut dyn FnMut(&[u8]) -> Result<(), SmimeError>,
) -> Result<Split, SmimeError> {
    let source = Source { chunks: octets, chunk: Bytes::new(), within: 0, at: 0 };
    Splitter { source, content, around: Vec::new(), has_content: false }.split()
}

/// Identifier and length of an element.
#[derive(Debug, Clone, Copy)]
struct Header {
    tag: u8,
    /// Where it ends; nothing where two octets of zero end it (X.690 §8.1.3.6).
    end: Option<u64>,
}

impl Header {
    fn is_constructed(self) -> bool {
        self.tag & CONSTRUCTED != 0
    }
}

struct Source<I> {
    chunks: I,
    chunk: Bytes,
    /// How many octets of the chunk are behind us.
    within: usize,
    /// How many octets are.
    at: u64,
}

impl<I: Iterator<Item = Bytes>> Source<I> {
    fn fill(&mut self) -> Result<(), SmimeError> {
        while self.within == self.chunk.len() {
            self.chunk = self.chunks.next().ok_or(SmimeError::Malformed("the structure ends before its end"))?;
            self.within = 0;
        }
        Ok(())
    }

    fn octet(&mut self) -> Result<u8, SmimeError> {
        self.fill()?;
        self.at += 1;
        self.within += 1;
        Ok(self.chunk[self.within - 1])
    }

    /// Gives the next octets, up to `end`, to `sink`.
    fn take(&mut self, end: u64, sink: &mut dyn FnMut(&[u8]) -> Result<(), SmimeError>) -> Result<(), SmimeError> {
        while self.at < end {
            self.fill()?;
            let rest = &self.chunk[self.within..];
            let length = usize::try_from(end - self.at).unwrap_or(usize::MAX).min(rest.len());
            self.at += length as u64;
            self.within += length;
            sink(&rest[..length])?;
        }
        Ok(())
    }

    /// What follows the identifier octet `tag`; the octets read are added to `copy`.
    fn header(&mut self, tag: u8, copy: &mut Vec<u8>) -> Result<Header, SmimeError> {
        if tag & 0x1f == 0x1f {
            return Err(SmimeError::Malformed("an identifier of several octets, of which CMS has none"));
        }
        let first = self.octet()?;
        copy.extend_from_slice(&[tag, first]);
        let length = match first {
            0x80 if tag & CONSTRUCTED != 0 => return Ok(Header { tag, end: None }),
            0x80 => return Err(SmimeError::Malformed("a primitive element of indefinite length")),
            0..0x80 => u64::from(first),
            0x81..=0x88 => {
                let mut length = 0;
                for _ in 0..first & 0x7f {
                    let octet = self.octet()?;
                    copy.push(octet);
                    length = length << 8 | u64::from(octet);
                }
                length
            }
            _ => return Err(SmimeError::Malformed("a length of more than eight octets")),
        };
        let end = self.at.checked_add(length).ok_or(SmimeError::Malformed("a length beyond measure"))?;
        Ok(Header { tag, end: Some(end) })
    }

    /// The identifier octet of the next element within; nothing at the end.
    fn next_tag(&mut self, within: Header) -> Result<Option<u8>, SmimeError> {
        match within.end {
            Some(end) if self.at == end => return Ok(None),
            Some(end) if self.at > end => return Err(SmimeError::Malformed("an element beyond the one that holds it")),
            _ => {}
        }
        match self.octet()? {
            0 if within.end.is_none() && self.octet()? == 0 => Ok(None),
            0 => Err(SmimeError::Malformed("an end where nothing can end")),
            tag => Ok(Some(tag)),
        }
    }
}

struct Splitter<'c, I> {
    source: Source<I>,
    content: &'c mut dyn FnMut(&[u8]) -> Result<(), SmimeError>,
    around: Vec<u8>,
    has_content: bool,
}

impl<I: Iterator<Item = Bytes>> Splitter<'_, I> {
    fn split(mut self) -> Result<Split, SmimeError> {
        let all = Header { tag: 0, end: Some(u64::MAX) };
        let content_info = self.enter(all, SEQUENCE)?;
        let content_type = self.content_type(content_info)?;
        let explicit = self.enter(content_info, CONTEXT_0 | CONSTRUCTED)?;
        let structure = self.enter(explicit, SEQUENCE)?;
        let mut sequences = 0;
        while let Some(tag) = self.source.next_tag(structure)? {
            if tag == SEQUENCE && sequences == content_type.holder() {
                self.holder(tag)?;
            } else {
                self.keep(tag, &content_type)?;
            }
            sequences += usize::from(tag == SEQUENCE);
        }
        if sequences <= content_type.holder() {
            return Err(SmimeError::Malformed("a structure that says nothing of its content"));
        }
        self.around.extend_from_slice(&[0; 6]); // the ends of the three that were entered
        Ok(Split { content_type, around: self.around, has_content: self.has_content })
    }

    /// Goes into the next element, which is written with an indefinite length: it becomes shorter.
    fn enter(&mut self, within: Header, expected: u8) -> Result<Header, SmimeError> {
        match self.source.next_tag(within)? {
            Some(tag) if tag == expected => {
                self.around.extend_from_slice(&[tag, 0x80]);
                self.source.header(tag, &mut Vec::new())
            }
            _ => Err(SmimeError::Malformed("these octets are not a structure of CMS")),
        }
    }

    fn content_type(&mut self, content_info: Header) -> Result<ContentType, SmimeError> {
        let Some(OBJECT_IDENTIFIER) = self.source.next_tag(content_info)? else {
            return Err(SmimeError::Malformed("these octets are not a structure of CMS"));
        };
        let header = self.source.header(OBJECT_IDENTIFIER, &mut self.around)?;
        let mut identifier = Vec::new();
        let end = header.end.filter(|end| *end - self.source.at <= MAX_IDENTIFIER);
        let end = end.ok_or(SmimeError::Malformed("an object identifier beyond measure"))?;
        self.source.take(end, &mut kept(&mut identifier))?;
        self.around.extend_from_slice(&identifier);
        ContentType::of(&identifier).ok_or_else(|| SmimeError::Unsupported(format!("the content type {}", dotted(&identifier))))
    }

    /// The element that says of what type the content is and how it is encrypted, and that holds it.
    fn holder(&mut self, tag: u8) -> Result<(), SmimeError> {
        let holder = self.source.header(tag, &mut Vec::new())?;
        self.around.extend_from_slice(&[tag, 0x80]);
        while let Some(tag) = self.source.next_tag(holder)? {
            if tag & !CONSTRUCTED == CONTEXT_0 {
                self.has_content = true;
                let header = self.source.header(tag, &mut Vec::new())?;
                self.content(header, MAX_DEPTH)?;
            } else {
                self.copy(tag, MAX_DEPTH)?;
            }
        }
        self.around.extend_from_slice(&[0, 0]);
        Ok(())
    }

    /// An octet string, in pieces or not (X.690 §8.7).
    fn content(&mut self, header: Header, depth: usize) -> Result<(), SmimeError> {
        if let (false, Some(end)) = (header.is_constructed(), header.end) {
            return self.source.take(end, self.content);
        }
        let depth = depth.checked_sub(1).ok_or(SmimeError::Malformed("elements nested too deep"))?;
        while let Some(tag) = self.source.next_tag(header)? {
            if tag & !CONSTRUCTED != OCTET_STRING {
                return Err(SmimeError::Malformed("a content that is not an octet string"));
            }
            let piece = self.source.header(tag, &mut Vec::new())?;
            self.content(piece, depth)?;
        }
        Ok(())
    }

    /// An element beside the content.
    fn keep(&mut self, tag: u8, content_type: &ContentType) -> Result<(), SmimeError> {
        let before = self.around.len();
        self.copy(tag, MAX_DEPTH)?;
        // A tag of authentication that is shorter would be guessed (RFC 5084 §3.2 has 12 to 16 octets). It may stand in pieces.
        let is_mac = *content_type == ContentType::AuthEnveloped && tag & !CONSTRUCTED == OCTET_STRING;
        let octets = || element(&self.around[before..])?.0.octet_string();
        if is_mac && !octets().is_some_and(|octets| (12..=16).contains(&octets.len())) {
            return Err(SmimeError::Malformed("a tag of authentication that is not of 12 to 16 octets"));
        }
        Ok(())
    }

    fn copy(&mut self, tag: u8, depth: usize) -> Result<(), SmimeError> {
        let depth = depth.checked_sub(1).ok_or(SmimeError::Malformed("elements nested too deep"))?;
        let header = self.source.header(tag, &mut self.around)?;
        let room = MAX_AROUND.checked_sub(self.around.len()).ok_or(TOO_MUCH)?; // empty elements take some, too
        let Some(end) = header.end else {
            while let Some(tag) = self.source.next_tag(header)? {
                self.copy(tag, depth)?;
            }
            self.around.extend_from_slice(&[0, 0]);
            return Ok(());
        };
        if end - self.source.at > room as u64 {
            return Err(TOO_MUCH);
        }
        self.source.take(end, &mut kept(&mut self.around))
    }
}

/// Takes all octets that come.
fn kept(out: &mut Vec<u8>) -> impl FnMut(&[u8]) -> Result<(), SmimeError> + '_ {
    |octets| {
        out.extend_from_slice(octets);
        Ok(())
    }
}

/// An object identifier in digits (X.690 §8.19).
pub(crate) fn dotted(identifier: &[u8]) -> String {
    let mut arcs = Vec::new();
    let mut arc: u64 = 0;
    for octet in identifier {
        arc = arc.wrapping_shl(7) | u64::from(octet & 0x7f);
        if octet & 0x80 == 0 {
            arcs.push(std::mem::take(&mut arc));
        }
    }
    let mut out = match arcs.first() {
        Some(first) => format!("{}.{}", (first / 40).min(2), first - (first / 40).min(2) * 40),
        None => String::new(),
    };
    arcs.iter().skip(1).for_each(|arc| out.push_str(&format!(".{arc}")));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
        match u8::try_from(content.len()) {
            Ok(length @ 0..0x80) => [&[tag, length], content].concat(),
            _ => [&[tag, 0x82], &(content.len() as u16).to_be_bytes()[..], content].concat(),
        }
    }

    fn endless(tag: u8, content: &[u8]) -> Vec<u8> {
        [&[tag, 0x80], content, &[0, 0]].concat()
    }

    const SIGNED: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02];
    const ENVELOPED: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x03];
    const DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01];

    fn taken(octets: &[u8], together: usize) -> (Result<Split, SmimeError>, Vec<u8>) {
        let mut content = Vec::new();
        let chunks: Vec<Bytes> = octets.chunks(together.max(1)).map(Bytes::copy_from_slice).collect();
        let split = split(chunks.into_iter(), &mut kept(&mut content));
        (split, content)
    }

    fn content_info(identifier: &[u8], structure: &[u8]) -> Vec<u8> {
        tlv(SEQUENCE, &[tlv(OBJECT_IDENTIFIER, identifier), tlv(0xa0, structure)].concat())
    }

    #[test]
    fn the_content_is_taken_out_and_all_else_stays() {
        let version = tlv(2, &[1]);
        let digests = tlv(0x31, &[]);
        let infos = tlv(0x31, b"\x30\x00");
        let octets = tlv(0xa0, &tlv(4, b"hello"));
        let holder = tlv(SEQUENCE, &[tlv(OBJECT_IDENTIFIER, DATA), octets].concat());
        let whole = content_info(SIGNED, &tlv(SEQUENCE, &[version.clone(), digests.clone(), holder, infos.clone()].concat()));
        let empty = endless(SEQUENCE, &tlv(OBJECT_IDENTIFIER, DATA));
        let inner = endless(SEQUENCE, &[version, digests, empty, infos].concat());
        let expected = endless(SEQUENCE, &[tlv(OBJECT_IDENTIFIER, SIGNED), endless(0xa0, &inner)].concat());
        for together in 1..whole.len() {
            let (split, content) = taken(&whole, together);
            let split = split.expect("it is a structure");
            assert_eq!((split.content_type, split.has_content), (ContentType::Signed, true));
            assert_eq!((content.as_slice(), &split.around), (&b"hello"[..], &expected));
        }
    }

    #[test]
    fn pieces_at_any_depth_are_joined() {
        let pieces =
            endless(0xa0, &[tlv(4, b"he"), endless(0x24, &[tlv(4, b"l"), tlv(4, b"")].concat()), tlv(4, b"lo")].concat());
        let holder = endless(SEQUENCE, &[tlv(OBJECT_IDENTIFIER, DATA), tlv(SEQUENCE, &[]), pieces].concat());
        let structure = endless(SEQUENCE, &[tlv(2, &[0]), tlv(0x31, &[]), holder].concat());
        let whole = endless(SEQUENCE, &[tlv(OBJECT_IDENTIFIER, ENVELOPED), endless(0xa0, &structure)].concat());
        let (split, content) = taken(&whole, 3);
        assert_eq!(split.expect("it is a structure").content_type, ContentType::Enveloped);
        assert_eq!(content, b"hello");
    }

    #[test]
    fn what_is_cut_or_bent_is_malformed() {
        let holder = tlv(SEQUENCE, &[tlv(OBJECT_IDENTIFIER, DATA), tlv(0xa0, &tlv(4, b"hello"))].concat());
        let whole = content_info(SIGNED, &tlv(SEQUENCE, &[tlv(2, &[1]), tlv(0x31, &[]), holder, tlv(0x31, &[])].concat()));
        for cut in 0..whole.len() {
            assert!(taken(&whole[..cut], 7).0.is_err(), "cut at {cut}");
        }
        let deep = [&whole[..19], &[0x30, 0x80].repeat(100)].concat();
        for octets in [vec![0x30; 1000], content_info(DATA, b""), content_info(SIGNED, b""), deep, vec![0x30, 0x89]] {
            assert!(taken(&octets, 64).0.is_err());
        }
    }

    #[test]
    fn what_stands_around_has_a_limit_however_it_is_cut() {
        let some =
            [endless(0x31, &[5, 0].repeat(MAX_AROUND / 2)), [0x31, 0].repeat(MAX_AROUND / 2), vec![0x31, 0x84, 0, 0x90, 0, 0]];
        for more in some {
            let start = [&[0x30, 0x80][..], &tlv(OBJECT_IDENTIFIER, SIGNED), &[0xa0, 0x80, 0x30, 0x80], &more].concat();
            let refused = taken(&start, 64 * 1024).0.expect_err("it is too much");
            assert_eq!(refused.to_string(), TOO_MUCH.to_string());
        }
    }

    #[test]
    fn an_object_identifier_reads_as_its_digits() {
        assert_eq!(dotted(DATA), "1.2.840.113549.1.7.1");
        assert_eq!(dotted(&[0x55, 4, 3]), "2.5.4.3");
    }
}
