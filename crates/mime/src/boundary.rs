//! Boundaries of multiparts (RFC 2046 §5.1.1) that can't be taken for anything a part holds.

/// The boundary of a new multipart: a name that `is_taken` denies. It holds `=_`, which neither quoted-printable nor
/// base64 can hold.
pub(crate) fn unlike(subtype: &str, seed: &str, is_taken: impl Fn(&str) -> bool) -> String {
    let seed: String = seed.chars().filter(char::is_ascii_alphanumeric).take(SEED).collect();
    let mut boundary = format!("=_{subtype}_{seed}");
    let mut count = 0_u64;
    while is_taken(&boundary) {
        count += 1;
        boundary = format!("=_{subtype}_{seed}_{count}");
    }
    boundary
}

/// Whether octets stand anywhere in others.
pub(crate) fn occurs(octets: &[u8], text: &[u8]) -> bool {
    let Some(first) = text.first() else { return true };
    let mut rest = octets;
    while let Some(at) = rest.iter().position(|b| b == first) {
        rest = &rest[at..];
        if rest.starts_with(text) {
            return true;
        }
        rest = &rest[1..];
    }
    false
}

/// How much of a seed is taken: a boundary has at most 70 characters.
const SEED: usize = 40;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_boundary_is_unlike_what_is_there() {
        let there = b"text\r\n--=_mixed_s\r\n--=_mixed_s_1--\r\n";
        assert_eq!(unlike("mixed", "s", |text| occurs(there, text.as_bytes())), "=_mixed_s_2");
        assert_eq!(unlike("mixed", "\"\r\n s", |_| false), "=_mixed_s");
        assert!(unlike("alternative", &"x".repeat(1000), |_| false).len() <= 70);
        assert!(!occurs(b"==", b"=_"));
    }
}
