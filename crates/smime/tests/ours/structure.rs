//! Structures of CMS bent, and signatures made by hand: what no honest program writes.

use super::*;
use openssl::sign::Signer;

const CONTENT_TYPE: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x03];
const MESSAGE_DIGEST: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x04];
pub const DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01];
const SIGNED_DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02];
const RSA_ENCRYPTION: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
const HEAD: &str = "From: Ann <ann@smime.example>\r\nContent-Type: application/pkcs7-mime; smime-type=signed-data; name=smime.p7m\r\n\
    Content-Transfer-Encoding: base64\r\n\r\n";

/// An element with those within.
#[derive(Clone)]
pub struct Node {
    pub tag: u8,
    pub octets: Vec<u8>,
    pub within: Vec<Node>,
}

impl Node {
    fn read(octets: &[u8]) -> (Node, &[u8]) {
        let (tag, first) = (octets[0], usize::from(octets[1]));
        let more = if first < 0x80 { 0 } else { first & 0x7f };
        let length = octets[2..2 + more].iter().fold(0, |sum, octet| sum << 8 | usize::from(*octet));
        let length = if first < 0x80 { first } else { length };
        let (content, rest) = octets[2 + more..].split_at(length);
        let mut node = Node { tag, octets: content.to_vec(), within: Vec::new() };
        let mut inner = content;
        while tag & 0x20 != 0 && !inner.is_empty() {
            let (one, after) = Node::read(inner);
            node.within.push(one);
            inner = after;
        }
        (node, rest)
    }

    pub fn write(&self) -> Vec<u8> {
        let content =
            if self.within.is_empty() { self.octets.clone() } else { self.within.iter().flat_map(Node::write).collect() };
        element(self.tag, &content)
    }

    /// What a ContentInfo holds.
    pub fn structure(&mut self) -> &mut Node {
        &mut self.within[1].within[0]
    }
}

/// Identifier, length and content.
fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap().to_be_bytes();
    [&[tag, 0x84], &length[..], content].concat()
}

/// A message whose structure was changed.
pub fn bent(message: &[u8], change: impl FnOnce(&mut Node)) -> Vec<u8> {
    let text = std::str::from_utf8(message).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let der = mime::decode_base64(body.replace("\r\n", "").as_bytes()).unwrap();
    let mut node = Node::read(&der).0;
    change(&mut node);
    format!("{head}\r\n\r\n{}\r\n", encodify::base64::STANDARD.encode(node.write())).into_bytes()
}

/// How a signature is made by hand.
#[derive(Clone, Copy)]
pub struct ByHand<'s> {
    pub key: &'s PKey<Private>,
    pub certificate: &'s Certificate,
    /// The digest, and its object identifier.
    pub digest: (MessageDigest, &'s [u8]),
    /// What the attributes say that the content is; no attributes where there is nothing.
    pub content_type: Option<&'s [u8]>,
}

impl ByHand<'_> {
    /// A message of Ann's that is an opaque signature.
    pub fn message(&self, content: &[u8]) -> Vec<u8> {
        let null = element(5, &[]);
        let identifier = |octets: &[u8]| element(6, octets);
        let algorithm = |octets: &[u8]| element(0x30, &[identifier(octets), null.clone()].concat());
        let attribute = |kind: &[u8], value: Vec<u8>| element(0x30, &[identifier(kind), element(0x31, &value)].concat());
        let digest = openssl::hash::hash(self.digest.0, content).unwrap();
        let attributes = self.content_type.map(|kind| {
            let kind = attribute(CONTENT_TYPE, der(6, kind));
            der(0x31, &[shortest(&kind), shortest(&attribute(MESSAGE_DIGEST, der(4, &digest)))].concat())
        });
        let mut signer = Signer::new(self.digest.0, self.key).unwrap();
        signer.update(attributes.as_deref().unwrap_or(content)).unwrap();
        let signature = signer.sign_to_vec().unwrap();
        let x509 = X509::from_der(&self.certificate.to_der()).unwrap();
        let issuer = x509.issuer_name().to_der().unwrap();
        let who = element(0x30, &[issuer, element(2, &[7])].concat()); // the serial number that all have here
        let tagged = attributes.map(|set| [&[0xa0], &set[1..]].concat()).unwrap_or_default();
        let info = [element(2, &[1]), who, algorithm(self.digest.1), tagged, algorithm(RSA_ENCRYPTION), element(4, &signature)];
        let encapsulated = [identifier(DATA), element(0xa0, &element(4, content))].concat();
        let signed_data = [
            element(2, &[1]),
            element(0x31, &algorithm(self.digest.1)),
            element(0x30, &encapsulated),
            element(0xa0, &self.certificate.to_der()),
            element(0x31, &element(0x30, &info.concat())),
        ];
        let explicit = element(0xa0, &element(0x30, &signed_data.concat()));
        let der = element(0x30, &[identifier(SIGNED_DATA), explicit].concat());
        format!("{HEAD}{}\r\n", encodify::base64::STANDARD.encode(&der)).into_bytes()
    }
}

/// An element of the shortest length, as what is signed must have (RFC 5652 §5.4).
fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    [&[tag, u8::try_from(content.len()).unwrap()], content].concat()
}

fn shortest(octets: &[u8]) -> Vec<u8> {
    let node = Node::read(octets).0;
    let content =
        if node.within.is_empty() { node.octets } else { node.within.iter().flat_map(|one| shortest(&one.write())).collect() };
    der(node.tag, &content)
}
