//! What a CMS structure is.

use crate::ber::{CONTEXT_0, Element, OBJECT_IDENTIFIER, SEQUENCE, element};

/// id-signedData, 1.2.840.113549.1.7.2 (RFC 5652 §5.1)
const SIGNED_DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02];
/// id-data, 1.2.840.113549.1.7.1 (RFC 5652 §4)
const DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01];

/// The octets that an opaque signature encloses (RFC 8551 §3.5.2); nothing where `cms` is anything else, or where what it
/// signs stands elsewhere.
pub fn signed_content(cms: &[u8]) -> Option<Vec<u8>> {
    let (content_info, _) = element(cms)?;
    let mut members = only(content_info, SEQUENCE)?.elements();
    let kind = only(members.next()?, OBJECT_IDENTIFIER)?;
    let signed_data = only(members.next()?, CONTEXT_0)?.elements().next()?;
    if kind.content != SIGNED_DATA {
        return None;
    }
    // SignedData: version, digestAlgorithms, encapContentInfo, …
    let encapsulated = only(signed_data, SEQUENCE)?.elements().nth(2)?;
    let mut members = only(encapsulated, SEQUENCE)?.elements();
    let kind = only(members.next()?, OBJECT_IDENTIFIER)?;
    let content = only(members.next()?, CONTEXT_0)?.elements().next()?.octet_string()?;
    (kind.content == DATA && !content.is_empty()).then_some(content)
}

fn only(element: Element<'_>, tag: u8) -> Option<Element<'_>> {
    (element.tag == tag).then_some(element)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
        assert!(content.len() < 128);
        [&[tag, u8::try_from(content.len()).expect("short")], content].concat()
    }

    fn signed(kind: &[u8], encapsulated: &[u8]) -> Vec<u8> {
        let signed_data = [tlv(2, &[1]), tlv(0x31, &[]), tlv(SEQUENCE, encapsulated)].concat();
        let content = tlv(CONTEXT_0, &tlv(SEQUENCE, &signed_data));
        tlv(SEQUENCE, &[tlv(OBJECT_IDENTIFIER, kind), content].concat())
    }

    #[test]
    fn an_opaque_signature_gives_what_it_encloses() {
        let enclosed = [tlv(OBJECT_IDENTIFIER, DATA), tlv(CONTEXT_0, &tlv(4, b"hello"))].concat();
        assert_eq!(signed_content(&signed(SIGNED_DATA, &enclosed)).as_deref(), Some(&b"hello"[..]));
    }

    #[test]
    fn anything_else_gives_nothing() {
        let enclosed = [tlv(OBJECT_IDENTIFIER, DATA), tlv(CONTEXT_0, &tlv(4, b"hello"))].concat();
        let detached = tlv(OBJECT_IDENTIFIER, DATA);
        for cms in [signed(DATA, &enclosed), signed(SIGNED_DATA, &detached), Vec::new(), vec![0x30; 1000]] {
            assert_eq!(signed_content(&cms), None);
        }
        let whole = signed(SIGNED_DATA, &enclosed);
        for cut in 0..whole.len() {
            assert_eq!(signed_content(&whole[..cut]), None, "cut at {cut}");
        }
    }
}
