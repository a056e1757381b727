//! Header fields that a client left out. They stand beside its octets, and before the first one in what is delivered.

use crate::compose::{DELIVERY_RECEIPT, IMPORTANCE, READ_RECEIPT};
use crate::index::importance;
use crate::receive::Arrival;
use crate::reply::is_threading;
use mime::{Date, LineEnd, Message, NameAddr, Opening};
use store::{Overlay, Person, Recipient, Timestamp};

/// What a message's missing fields are made of.
pub(crate) struct Missing<'m> {
    pub(crate) author: &'m Person,
    /// Who sends in the name of another.
    pub(crate) sender: Option<&'m Person>,
    pub(crate) message_id: &'m str,
    pub(crate) overlay: &'m Overlay,
    pub(crate) now: Timestamp,
}

/// The fields that a message must have (RFC 5322 §3.6), or that stand beside it, and that its header lacks: as lines
/// that end as the message's own do.
pub(crate) fn missing_fields(message: &Message, missing: &Missing<'_>) -> String {
    let Missing { author, sender, message_id, overlay, now } = missing;
    let named = |person: &Person| NameAddr { name: person.display_name.clone(), address: person.user_principal_name.clone() };
    let lacks = |name: &str| message.field(name).is_none();
    let mut lines = String::new();
    if lacks("Date") {
        lines += &format!("Date: {}\r\n", Date::format(now.seconds()));
    }
    if lacks("From") {
        lines += &mime::address_line("From", &[named(author)]);
    }
    if let Some(sender) = sender.filter(|_| lacks("Sender")) {
        lines += &mime::address_line("Sender", &[named(sender)]);
    }
    if lacks("Message-ID") {
        lines += &format!("Message-ID: {message_id}\r\n");
    }
    if lacks("To") && lacks("Cc") {
        lines += &mime::address_line("To", &name_addrs(&overlay.to));
        lines += &mime::address_line("Cc", &name_addrs(&overlay.cc));
    }
    let threading = overlay.threading.iter().filter(|(name, text)| is_threading(name, text));
    for (name, text) in threading.chain(&requests(overlay, author)).filter(|(name, _)| lacks(name)) {
        lines += &mime::text_line(name, text);
    }
    // Where the header says otherwise, this stands before it and counts: the first field of a name does.
    let said = importance(|name| message.field(name).map(|field| field.text()));
    if let Some(importance) = overlay.importance.as_deref().filter(|wanted| *wanted != said.as_str()) {
        lines += &mime::text_line(IMPORTANCE, importance);
    }
    ended_as(lines, message.line_end())
}

/// What the owner asked for beside the octets.
fn requests(overlay: &Overlay, author: &Person) -> Vec<(String, String)> {
    let asked = |wanted: Option<bool>| wanted.unwrap_or(false).then(|| author.user_principal_name.clone());
    let fields = [
        (READ_RECEIPT, asked(overlay.is_read_receipt_requested)),
        (DELIVERY_RECEIPT, asked(overlay.is_delivery_receipt_requested)),
    ];
    fields.into_iter().filter_map(|(name, text)| Some((name.to_owned(), text?))).collect()
}

/// Recipients as a header field names them.
pub(crate) fn name_addrs(recipients: &[Recipient]) -> Vec<NameAddr> {
    recipients.iter().map(|r| NameAddr { name: r.name.clone(), address: r.address.clone() }).collect()
}

/// The trace that final delivery adds (RFC 5321 §4.4): where errors go, by where and from where it came, and what was found
/// out about its origin.
pub(crate) fn trace_fields(line_end: LineEnd, trace: &Trace<'_>) -> String {
    let Trace { reverse_path, arrival, by, id, forward_path, now } = trace;
    let date = Date::format(now.seconds());
    let from = arrival.map_or_else(String::new, |arrival| format!("from {}\r\n ", arrival.from()));
    let with = arrival.map_or_else(String::new, |arrival| format!("with {} ", arrival.with));
    let results = arrival.map_or("", |arrival| arrival.authentication_results.as_str());
    let lines = format!(
        "Return-Path: <{reverse_path}>\r\n{results}Received: {from}by {by} (Restante) {with}id {id}\r\n for <{forward_path}>; {date}\r\n"
    );
    ended_as(lines, line_end)
}

/// The trace of a message that leaves (RFC 5321 §4.4). Nobody's address is in it, and not how the sender reached us.
pub(crate) fn relay_trace(line_end: LineEnd, by: &str, id: &str, taken: Timestamp) -> String {
    ended_as(format!("Received: by {by} (Restante) id {id};\r\n {}\r\n", Date::format(taken.seconds())), line_end)
}

/// The fields of a message that is sent on as it is (RFC 5322 §3.6.6), with others of our own.
pub(crate) fn resent_fields(line_end: LineEnd, resent: &Resent<'_>) -> String {
    let Resent { by, to, message_id, fields, now } = resent;
    let own = [NameAddr { name: by.display_name.clone(), address: by.user_principal_name.clone() }];
    let mut lines = format!("Resent-Date: {}\r\n", Date::format(now.seconds()));
    lines += &mime::address_line("Resent-From", &own);
    lines += &mime::address_line("Resent-To", &name_addrs(to));
    lines += &format!("Resent-Message-ID: {message_id}\r\n");
    for (name, text) in *fields {
        lines += &mime::text_line(name, text);
    }
    ended_as(lines, line_end)
}

/// What is told of a message that is sent on.
pub(crate) struct Resent<'r> {
    pub(crate) by: &'r Person,
    pub(crate) to: &'r [Recipient],
    pub(crate) message_id: &'r str,
    pub(crate) fields: &'r [(&'r str, &'r str)],
    pub(crate) now: Timestamp,
}

/// What a Received field tells.
pub(crate) struct Trace<'t> {
    pub(crate) reverse_path: &'t str,
    /// How it came from outside; nothing where it never left.
    pub(crate) arrival: Option<&'t Arrival>,
    pub(crate) by: &'t str,
    pub(crate) id: &'t str,
    pub(crate) forward_path: &'t str,
    pub(crate) now: Timestamp,
}

/// `lines` so that they can stand before a message's first octet without becoming part of what begins there, nor it
/// of them: a body without a header gets the empty line that separates, and a first line that would continue the field
/// above it gets a field of its own to continue.
pub(crate) fn standing_before(mut lines: String, opening: Opening, line_end: LineEnd) -> String {
    let end = line_end.as_str();
    if lines.is_empty() {
        return lines;
    }
    match opening {
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

    fn missing(text: &'static str, overlay: &Overlay) -> String {
        let now = Timestamp::from_seconds(1_620_341_234);
        missing_fields(&message(text), &Missing { author: &author(), sender: None, message_id: "<1@x>", overlay, now })
    }

    #[test]
    fn only_what_lacks_is_generated_with_the_messages_line_ends() {
        assert_eq!(
            missing("Subject: x\n\nbody", &Overlay::default()),
            "Date: Thu, 6 May 2021 22:47:14 +0000\nFrom: \"Adele Vance\" <AdeleV@contoso.com>\nMessage-ID: <1@x>\n"
        );
        let whole = "Date: yesterday\r\nFrom: a@x.org\r\nMessage-id: <2@x>\r\n\r\n";
        assert_eq!(missing(whole, &Overlay::default()), "");
    }

    #[test]
    fn what_stands_beside_is_said_where_the_header_says_nothing() {
        let overlay = Overlay {
            to: vec![Recipient { name: String::new(), address: "a@x.org".into() }],
            threading: vec![("In-Reply-To".into(), "<0@x>".into())],
            importance: Some("high".into()),
            is_read_receipt_requested: Some(true),
            ..Overlay::default()
        };
        assert_eq!(
            missing("Date: d\nFrom: f\nMessage-ID: <2@x>\n\n", &overlay),
            "To: <a@x.org>\nIn-Reply-To: <0@x>\nDisposition-Notification-To: AdeleV@contoso.com\nImportance: high\n"
        );
        let said = "Date: d\nFrom: f\nMessage-ID: <2@x>\nCc: c@x.org\nIn-Reply-To: <9@x>\nX-Priority: 1\n\
                    Disposition-notification-to: f\n\n";
        assert_eq!(missing(said, &overlay), "");
        let otherwise = "Date: d\nFrom: f\nMessage-ID: <2@x>\nPriority: urgent\n\n";
        let overlay = Overlay { importance: Some("normal".into()), ..Overlay::default() };
        assert_eq!(missing(otherwise, &overlay), "Importance: normal\n");
    }

    #[test]
    fn nothing_of_the_message_becomes_part_of_what_stands_before() {
        for (text, expected) in [
            ("A: b\n\nc", "G: 1\n"),
            ("\nbody", "G: 1\n"),
            ("body\nmore", "G: 1\n\n"),
            (" evil@x.org\nA: b\n\n", "G: 1\nX-Restante-Before-Header:\n"),
        ] {
            let opening = message(text).opening();
            assert_eq!(standing_before("G: 1\n".into(), opening, LineEnd::Lf), expected, "{text:?}");
            assert_eq!(standing_before(String::new(), opening, LineEnd::Lf), "");
        }
    }
}
