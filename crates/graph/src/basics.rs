//! What `Mail.ReadBasic` leaves of messages (Graph: permissions-reference): all but their text, their attachments, and what
//! apps hung on them. What is hidden can't be asked for by name, and can't be guessed at by a filter, an order or a search: that
//! is refused, and not passed over.

use crate::error::ApiError;
use crate::query::{Declared, MessageList};
use crate::schema::message::DECLARED;
use mailbox::Sight;
use odata::Options;
use std::sync::LazyLock;
use store::{SearchQuery, TextField, Timestamp};

/// Properties of a message that are hidden.
const HIDDEN: [&str; 5] = ["body", "bodyPreview", "multiValueExtendedProperties", "singleValueExtendedProperties", "uniqueBody"];
/// Where words are looked for.
const SEEN: [TextField; 5] = [TextField::Subject, TextField::From, TextField::To, TextField::Cc, TextField::Bcc];

/// Whether a property is hidden, or stands within one that is.
pub(crate) fn is_hidden(path: &str) -> bool {
    let first = path.split('/').next().unwrap_or_default();
    HIDDEN.iter().any(|hidden| hidden.eq_ignore_ascii_case(first))
}

/// What is asked of a list of messages by somebody who sees so much of them.
///
/// # Errors
/// As [`MessageList::of`]; `ErrorAccessDenied` for what asks for something hidden.
pub(crate) fn message_list(options: &Options, sight: Sight, now: Timestamp) -> Result<MessageList, ApiError> {
    let mut list = MessageList::of(options, DECLARED, now)?;
    if sight == Sight::Basics {
        let asks_for_hidden = |_| ApiError::access_denied("Mail.ReadBasic can't filter or sort by what it hides");
        MessageList::of(options, seen(), now).map_err(asks_for_hidden)?;
        if let Some(search) = &mut list.search {
            only_seen(search)?;
        }
    }
    Ok(list)
}

/// The properties that are left for `$filter` and `$orderby`.
fn seen() -> &'static [Declared] {
    static SEEN: LazyLock<Vec<Declared>> =
        LazyLock::new(|| DECLARED.iter().copied().filter(|declared| !is_hidden(declared.path)).collect());
    &SEEN
}

/// A search that looks at nothing hidden: words of no property are looked for in what is left.
fn only_seen(search: &mut SearchQuery) -> Result<(), ApiError> {
    match search {
        SearchQuery::All(list) | SearchQuery::Any(list) => list.iter_mut().try_for_each(only_seen),
        SearchQuery::Not(inner) => only_seen(inner),
        SearchQuery::Words { within, .. } if within.is_empty() => {
            *within = SEEN.to_vec();
            Ok(())
        }
        SearchQuery::Words { within, .. } if within.iter().all(|field| SEEN.contains(field)) => Ok(()),
        SearchQuery::Words { .. } => Err(ApiError::access_denied("Mail.ReadBasic can't search in what it hides")),
        SearchQuery::Everything | SearchQuery::HasAttachments | SearchQuery::Importance(_) | SearchQuery::Number(..) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorCode;

    fn asked(query: &str, sight: Sight) -> Result<MessageList, ErrorCode> {
        let options = Options::parse(query).expect("options");
        message_list(&options, sight, Timestamp(0)).map_err(|error| error.code)
    }

    #[test]
    fn what_is_hidden_is_not_asked_for() {
        for query in [
            "$filter=contains(body/content,'x')",
            "$filter=not (bodyPreview eq 'x')",
            "$filter=subject eq 'x' or startswith(bodyPreview,'x')",
            "$filter=singleValueExtendedProperties/any(ep: ep/id eq 'String 0x37' and ep/value eq 'x')",
            "$orderby=bodyPreview",
            "$search=\"body:x\"",
            "$search=\"subject:x NOT attachment:y\"",
        ] {
            assert!(asked(query, Sight::Whole).is_ok(), "{query}");
            assert_eq!(asked(query, Sight::Basics).err(), Some(ErrorCode::ErrorAccessDenied), "{query}");
        }
        for query in ["$filter=subject eq 'x'&$orderby=receivedDateTime", "$search=\"from:x\"", "$search=\"hasattachments:true\""]
        {
            assert!(asked(query, Sight::Basics).is_ok(), "{query}");
        }
        assert_eq!(asked("$filter=nothing eq 1", Sight::Basics).err(), asked("$filter=nothing eq 1", Sight::Whole).err());
    }

    #[test]
    fn words_are_looked_for_in_what_is_left() {
        let list = asked("$search=\"x\"", Sight::Basics).expect("a list");
        let Some(SearchQuery::Words { within, .. }) = list.search else { panic!("{:?}", list.search) };
        assert_eq!(within, SEEN);
    }
}
