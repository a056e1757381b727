//! Message identifiers (RFC 5322 §3.6.4).

/// The identifiers of a Message-ID, In-Reply-To or References body, angle brackets included.
///
/// Where no brackets stand at all, words with an `@` are identifiers, since some senders leave the brackets out; other
/// words are the phrases of RFC 5322 §4.5.4, which name nothing.
pub fn msg_ids(body: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(body);
    let mut rest = &*text;
    let mut ids = Vec::new();
    while let Some(start) = rest.find('<') {
        let Some(length) = rest[start..].find('>') else { break };
        ids.extend(identifier(&rest[start + 1..start + length]));
        rest = &rest[start + length + 1..];
    }
    if ids.is_empty() && !text.contains('<') {
        ids.extend(text.split_whitespace().filter(|word| word.contains('@')).filter_map(identifier));
    }
    ids
}

/// The one identifier of a Message-ID body: where it has neither brackets nor an `@`, its first word all the same, since
/// there is nothing else that it could be.
pub(crate) fn message_id(body: &[u8]) -> Option<String> {
    let first = msg_ids(body).into_iter().next();
    first.or_else(|| identifier(String::from_utf8_lossy(body).split_whitespace().next()?))
}

fn identifier(text: &str) -> Option<String> {
    let id: String = text.chars().filter(|c| !c.is_whitespace() && !c.is_control() && !"<>".contains(*c)).collect();
    (!id.is_empty()).then(|| format!("<{id}>"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_found_among_comments() {
        assert_eq!(msg_ids(b" (was) <a@x> junk <b@y>\t<>"), ["<a@x>", "<b@y>"]);
        assert_eq!(msg_ids(b" a@x\r\n b@y"), ["<a@x>", "<b@y>"]);
        assert!(msg_ids(b" Joanna's message of Tuesday").is_empty());
    }

    #[test]
    fn a_message_id_needs_no_form() {
        assert_eq!(message_id(b" <1 @ x>").as_deref(), Some("<1@x>"));
        assert_eq!(message_id(b" 12223 "), Some("<12223>".to_owned()));
        assert_eq!(message_id(b" <"), None);
        assert_eq!(message_id(b" "), None);
    }
}
