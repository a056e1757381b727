//! The Basic Encoding Rules (X.690 §8), as far as CMS is written in them: definite and indefinite lengths.

/// One element: its identifier octet and its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Element<'x> {
    pub(crate) tag: u8,
    pub(crate) content: &'x [u8],
}

pub(crate) const OBJECT_IDENTIFIER: u8 = 0x06;
pub(crate) const OCTET_STRING: u8 = 0x04;
pub(crate) const SEQUENCE: u8 = 0x30;
/// `[0]`, constructed
pub(crate) const CONTEXT_0: u8 = 0xa0;
const CONSTRUCTED: u8 = 0x20;
/// Deepest nesting of indefinite lengths that is followed.
const MAX_DEPTH: usize = 32;

/// The element at the start of `octets`, and what follows it. Identifiers of several octets are not read: CMS has none.
pub(crate) fn element(octets: &[u8]) -> Option<(Element<'_>, &[u8])> {
    element_at(octets, MAX_DEPTH)
}

fn element_at(octets: &[u8], depth: usize) -> Option<(Element<'_>, &[u8])> {
    let (&tag, rest) = octets.split_first()?;
    let (&first, rest) = rest.split_first()?;
    if tag & 0x1f == 0x1f {
        return None;
    }
    let (length, rest) = match first {
        0x80 => return indefinite(tag, rest, depth.checked_sub(1)?),
        short if short < 0x80 => (usize::from(short), rest),
        long => {
            let (length, rest) = rest.split_at_checked(usize::from(long & 0x7f))?;
            let significant = length.iter().skip_while(|&&octet| octet == 0);
            let length = significant.clone().fold(0_usize, |sum, &octet| sum << 8 | usize::from(octet));
            if significant.count() > 7 {
                return None;
            }
            (length, rest)
        }
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((Element { tag, content }, rest))
}

/// The first element, whole, and what follows it.
pub(crate) fn after(octets: &[u8]) -> Option<(&[u8], &[u8])> {
    let (_, rest) = element(octets)?;
    Some((&octets[..octets.len() - rest.len()], rest))
}

/// An element whose content ends with two octets of zero (X.690 §8.1.3.6).
fn indefinite(tag: u8, octets: &[u8], depth: usize) -> Option<(Element<'_>, &[u8])> {
    let mut rest = octets;
    loop {
        if let Some(after) = rest.strip_prefix(&[0, 0]) {
            return Some((Element { tag, content: &octets[..octets.len() - rest.len()] }, after));
        }
        rest = element_at(rest, depth)?.1;
    }
}

impl<'x> Element<'x> {
    /// The elements within, as far as they can be read.
    pub(crate) fn elements(self) -> impl Iterator<Item = Element<'x>> {
        let mut rest = self.content;
        std::iter::from_fn(move || {
            let (found, after) = element(rest)?;
            rest = after;
            Some(found)
        })
    }

    /// How many elements are within; nothing where not all can be read.
    pub(crate) fn count(self) -> Option<usize> {
        let (mut rest, mut count) = (self.content, 0);
        while !rest.is_empty() {
            rest = element(rest)?.1;
            count += 1;
        }
        Some(count)
    }

    pub(crate) fn is_constructed(self) -> bool {
        self.tag & CONSTRUCTED != 0
    }

    /// The octets of an octet string, its pieces joined (X.690 §8.7.3).
    pub(crate) fn octet_string(self) -> Option<Vec<u8>> {
        let mut out = Vec::with_capacity(self.content.len());
        self.append_octets(&mut out, MAX_DEPTH).then_some(out)
    }

    fn append_octets(self, out: &mut Vec<u8>, depth: usize) -> bool {
        if self.tag == OCTET_STRING {
            out.extend_from_slice(self.content);
            return true;
        }
        let in_pieces = self.tag == OCTET_STRING | CONSTRUCTED;
        in_pieces && depth > 0 && self.elements().all(|piece| piece.append_octets(out, depth - 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_all_forms_are_read() {
        assert_eq!(element(&[4, 2, 1, 2, 9]), Some((Element { tag: 4, content: &[1, 2] }, &[9][..])));
        assert_eq!(element(&[4, 0x81, 1, 7]), Some((Element { tag: 4, content: &[7] }, &[][..])));
        let indefinite = [0x24, 0x80, 4, 1, 1, 0x24, 0x80, 4, 1, 2, 0, 0, 0, 0, 9];
        let (string, rest) = element(&indefinite).expect("element");
        assert_eq!((string.octet_string(), string.count(), rest), (Some(vec![1, 2]), Some(2), &[9][..]));
        assert_eq!(Element { tag: 0x30, content: &[4, 1, 1, 4, 9] }.count(), None);
    }

    #[test]
    fn what_is_no_element_is_none() {
        for octets in [&[][..], &[4], &[4, 5, 1], &[0x1f, 1, 1], &[4, 0x89, 1, 1, 1, 1, 1, 1, 1, 1, 1], &[0x24, 0x80, 4, 1, 1]] {
            assert_eq!(element(octets), None, "{octets:?}");
        }
        assert_eq!(element(&[0x24, 0x80].repeat(100_000)), None);
    }
}
