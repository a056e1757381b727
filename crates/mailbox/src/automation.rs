//! What a message's header says of who has written it, and to how many: a person to people, or a program.

use mime::{HeaderField, Message};

/// Read once, before the deed that files a message.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Automation {
    /// The keyword of Auto-Submitted (RFC 3834 §5), in lower case; nothing where a person has written it.
    pub(crate) submitted: Option<String>,
    /// Whether it came by a list (RFC 2919, RFC 2369).
    pub(crate) is_of_list: bool,
    /// Whether Precedence says that it is for many (RFC 3834 §2): no standard has this field, and everybody reads it.
    pub(crate) is_bulk: bool,
    /// Whether it tells what became of another message (RFC 6522).
    pub(crate) is_report: bool,
}

impl Automation {
    /// What the fields before a message's octets say, and its own: in one walk, since a header may be as long as its sender likes.
    pub(crate) fn of(before: &Message, message: &Message) -> Automation {
        let (mut submitted, mut precedence, mut is_of_list) = (None, None, false);
        for field in before.fields().chain(message.fields()) {
            if field.is("Auto-Submitted") {
                submitted.get_or_insert_with(|| keyword(&field));
            } else if field.is("Precedence") {
                precedence.get_or_insert_with(|| keyword(&field));
            } else if field.is("List-Id") || field.is("List-Unsubscribe") {
                is_of_list = true;
            }
        }
        Automation {
            submitted: submitted.filter(|word| !word.is_empty() && word != "no"),
            is_of_list,
            is_bulk: precedence.is_some_and(|word| ["bulk", "junk", "list"].contains(&word.as_str())),
            is_report: message.parts().first().is_some_and(|root| root.media_type.essence == "multipart/report"),
        }
    }

    /// Whether it answers what its recipient has sent: an automatic reply, or what became of it.
    pub(crate) fn is_answer(&self) -> bool {
        self.is_report || self.submitted.as_deref() == Some("auto-replied")
    }

    /// Whether it is for many, or no person has written it.
    pub(crate) fn is_for_many(&self) -> bool {
        self.is_of_list || self.is_bulk || self.submitted.is_some()
    }
}

/// The first word of a field, without what follows it: comments and parameters.
fn keyword(field: &HeaderField<'_>) -> String {
    let text = field.text();
    let word = text.split(|c: char| c.is_whitespace() || matches!(c, ';' | '(')).next();
    word.unwrap_or_default().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_programs_say_of_themselves_is_read() {
        for (header, answers, for_many) in [
            ("Subject: a\r\n", false, false),
            ("Auto-Submitted: no\r\n", false, false),
            ("Auto-Submitted: No (a person)\r\n", false, false),
            ("Auto-Submitted:\r\n", false, false),
            ("Auto-Submitted: auto-generated\r\n", false, true),
            ("Auto-Submitted: Auto-Notified; owner-email=\"a@x.example\"\r\n", false, true),
            ("Auto-Submitted: auto-replied (vacation)\r\n", true, true),
            ("List-Id: A list <a.x.example>\r\n", false, true),
            ("List-Unsubscribe: <https://x.example/u>\r\n", false, true),
            ("List-Archive: <https://x.example/a>\r\n", false, false),
            ("Precedence: Bulk\r\n", false, true),
            ("Precedence: junk\r\n", false, true),
            ("Precedence: list\r\n", false, true),
            ("Precedence: first-class\r\n", false, false),
            ("Content-Type: multipart/report; boundary=b\r\n", true, false),
        ] {
            let message = Message::parse(format!("{header}\r\nText.\r\n").into());
            let found = Automation::of(&Message::parse(b"\r\n".to_vec().into()), &message);
            assert_eq!((found.is_answer(), found.is_for_many()), (answers, for_many), "{header}");
        }
        // The first of a name counts (RFC 5322 §3.6), and what stands before the octets is first.
        let before = Message::parse("Auto-Submitted: no\r\n\r\n".into());
        let message = Message::parse("Auto-Submitted: auto-generated\r\n\r\n".into());
        assert!(!Automation::of(&before, &message).is_for_many());
    }
}
