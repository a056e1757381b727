//! Header fields that a client left out. They stand beside its octets, and before the first one in what is delivered.

use mime::{Date, LineEnd, Message, NameAddr, Opening};
use store::{Person, Timestamp};

/// The fields of RFC 5322 §3.6 that a message must have and lacks, as lines that end as the message's own do.
pub(crate) fn missing_fields(message: &Message, author: &Person, message_id: &str, now: Timestamp) -> String {
    let lacks = |name: &str| message.field(name).is_none();
    let mut lines = String::new();
    if lacks("Date") {
        lines += &format!("Date: {}\r\n", Date::format(now.seconds()));
    }
    if lacks("From") {
        let author = NameAddr { name: author.display_name.clone(), address: author.user_principal_name.clone() };
        lines += &mime::address_line("From", &[author]);
    }
    if lacks("Message-ID") {
        lines += &format!("Message-ID: {message_id}\r\n");
    }
    ended_as(lines, message.line_end())
}

/// The trace that final delivery adds (RFC 5321 §4.4): where errors go, and that it came by here.
pub(crate) fn trace_fields(message: &Message, trace: &Trace<'_>) -> String {
    let Trace { reverse_path, by, id, forward_path, now } = trace;
    let date = Date::format(now.seconds());
    let lines =
        format!("Return-Path: <{reverse_path}>\r\nReceived: by {by} (Restante) id {id}\r\n for <{forward_path}>; {date}\r\n");
    ended_as(lines, message.line_end())
}

/// What a Received field tells.
pub(crate) struct Trace<'t> {
    pub(crate) reverse_path: &'t str,
    pub(crate) by: &'t str,
    pub(crate) id: &'t str,
    pub(crate) forward_path: &'t str,
    pub(crate) now: Timestamp,
}

/// `lines` so that they can stand before the message's first octet without becoming part of what begins there, nor it
/// of them: a body without a header gets the empty line that separates, and a first line that would continue the field
/// above it gets a field of its own to continue.
pub(crate) fn standing_before(mut lines: String, message: &Message) -> String {
    let end = message.line_end().as_str();
    if lines.is_empty() {
        return lines;
    }
    match message.opening() {
        Opening::Field | Opening::LineEnd => {}
        Opening::Body => lines += end,
        Opening::Continuation => lines = format!("{lines}X-Restante-Before-Header:{end}"),
    }
    lines
}

fn ended_as(lines: String, line_end: LineEnd) -> String {
    match line_end {
        LineEnd::CrLf => lines,
        LineEnd::Lf => lines.replace("\r\n", "\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use store::MailboxId;

    fn message(text: &'static str) -> Message {
        Message::parse(bytes::Bytes::from_static(text.as_bytes()))
    }

    fn author() -> Person {
        Person {
            id: MailboxId([1; 16]),
            user_principal_name: "AdeleV@contoso.com".into(),
            display_name: "Adele Vance".into(),
            given_name: "Adele".into(),
            surname: "Vance".into(),
        }
    }

    #[test]
    fn only_what_lacks_is_generated_with_the_messages_line_ends() {
        let now = Timestamp::from_seconds(1_620_341_234);
        assert_eq!(
            missing_fields(&message("Subject: x\n\nbody"), &author(), "<1@x>", now),
            "Date: Thu, 6 May 2021 22:47:14 +0000\nFrom: \"Adele Vance\" <AdeleV@contoso.com>\nMessage-ID: <1@x>\n"
        );
        let whole = message("Date: yesterday\r\nFrom: a@x.org\r\nMessage-id: <2@x>\r\n\r\n");
        assert_eq!(missing_fields(&whole, &author(), "<1@x>", now), "");
    }

    #[test]
    fn nothing_of_the_message_becomes_part_of_what_stands_before() {
        for (text, expected) in [
            ("A: b\n\nc", "G: 1\n"),
            ("\nbody", "G: 1\n"),
            ("body\nmore", "G: 1\n\n"),
            (" evil@x.org\nA: b\n\n", "G: 1\nX-Restante-Before-Header:\n"),
        ] {
            assert_eq!(standing_before("G: 1\n".into(), &message(text)), expected, "{text:?}");
            assert_eq!(standing_before(String::new(), &message(text)), "");
        }
    }
}
