//! Message identifiers (RFC 5322 §3.6.4).

/// The identifiers of a Message-ID, In-Reply-To or References body, angle brackets included.
pub fn msg_ids(body: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(body);
    let mut rest = &*text;
    let mut ids = Vec::new();
    while let Some(start) = rest.find('<') {
        let Some(length) = rest[start..].find('>') else { break };
        let id: String = rest[start..=start + length].chars().filter(|c| !c.is_whitespace() && !c.is_control()).collect();
        if id.len() > 2 {
            ids.push(id);
        }
        rest = &rest[start + length + 1..];
    }
    ids
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_found_among_comments() {
        assert_eq!(msg_ids(b" (was) <a@x> junk <b@y>\t<>"), ["<a@x>", "<b@y>"]);
        assert!(msg_ids(b" no brackets").is_empty());
    }
}
