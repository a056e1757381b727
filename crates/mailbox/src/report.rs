//! Reports of what became of a message (RFC 3461, 3464): the text that its sender finds in his Inbox.

use bytes::Bytes;
use mime::{Cuts, Date, Message, NameAddr, address_line, text_line};
use store::{ForwardPath, Submission, Timestamp};

/// Octets of a message that comes back whole with its report, where the sender does not say (RFC 3461 §4.3); of a larger one
/// the header does.
const WHOLE: usize = 64 * 1024;
/// The longest line of a reply that is quoted, in octets.
const MOST_QUOTED: usize = 900;

/// What happened to recipients (RFC 3464 §2.3.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    Failed,
    Delayed,
    Delivered,
    Relayed,
}

/// Action, what the subject begins with, and what the text says.
const WORDS: [(Action, &str, &str, &str); 4] = [
    (Action::Failed, "failed", "Undeliverable: ", "Your message could not be delivered to:"),
    (
        Action::Delayed,
        "delayed",
        "Delivery delayed: ",
        "Your message has not been delivered yet, and is still tried. It goes to:",
    ),
    (Action::Delivered, "delivered", "Delivered: ", "Your message was delivered to:"),
    (
        Action::Relayed,
        "relayed",
        "Relayed: ",
        "Your message was taken by a server that sends no confirmations of delivery. It went to:",
    ),
];

impl Action {
    fn words(self) -> (&'static str, &'static str, &'static str) {
        let found = WORDS.iter().find(|(action, ..)| *action == self);
        found.map_or(("failed", "", ""), |(_, word, subject, text)| (word, subject, text))
    }

    /// Whether the sender wants to be told of it (RFC 3461 §4.1). One who says nothing is told of what goes wrong.
    pub(crate) fn is_wanted(self, path: &ForwardPath) -> bool {
        let asks_for = |word: &str| path.notify.split(',').any(|one| one.eq_ignore_ascii_case(word));
        match self {
            Action::Failed => path.notify.is_empty() || asks_for("FAILURE"),
            Action::Delayed => path.notify.is_empty() || asks_for("DELAY"),
            Action::Delivered | Action::Relayed => asks_for("SUCCESS"),
        }
    }
}

/// A recipient of whom something is told.
pub(crate) struct Told<'t> {
    pub(crate) path: &'t ForwardPath,
    /// Class, subject and detail (RFC 3463).
    pub(crate) status: [u8; 3],
    pub(crate) next_hop: &'t str,
    /// What the host said, or why it could not be spoken to.
    pub(crate) text: &'t str,
    /// Whether the host said it.
    pub(crate) is_reply: bool,
}

/// A report of one message.
pub(crate) struct Report<'r> {
    pub(crate) action: Action,
    /// Who reports.
    pub(crate) host: &'r str,
    pub(crate) submission: &'r Submission,
    /// The octets that the client gave.
    pub(crate) message: &'r Message,
    pub(crate) told: &'r [Told<'r>],
    /// An id of the report's own.
    pub(crate) id: &'r str,
    pub(crate) now: Timestamp,
    /// Until when what is delayed is tried.
    pub(crate) until: Timestamp,
}

impl Report<'_> {
    /// Its octets.
    pub(crate) fn octets(&self) -> Bytes {
        let boundary = format!("=_{}", self.id);
        let mut octets = self.header(&boundary).into_bytes();
        let parts = [
            ("text/plain; charset=utf-8", self.text().into_bytes()),
            (
                if self.is_ascii() { "message/delivery-status" } else { "message/global-delivery-status" },
                self.status().into_bytes(),
            ),
            self.returned(),
        ];
        for (media_type, content) in parts {
            let encoding = if content.is_ascii() { "7bit" } else { "8bit" };
            let head = format!("--{boundary}\r\nContent-Type: {media_type}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n");
            octets.extend_from_slice(head.as_bytes());
            octets.extend_from_slice(&content);
            octets.extend_from_slice(b"\r\n");
        }
        octets.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
        octets.into()
    }

    fn is_ascii(&self) -> bool {
        self.told.iter().all(|told| told.path.address.is_ascii())
    }

    fn header(&self, boundary: &str) -> String {
        let (_, prefix, _) = self.action.words();
        let named = |name: &str, address: &str| [NameAddr { name: name.to_owned(), address: address.to_owned() }];
        let subject = self.message.text("Subject").unwrap_or_default();
        let before = Message::parse(format!("{}\r\n", self.submission.prefix).into());
        let original = self.message.message_id().or_else(|| before.message_id()).unwrap_or_default();
        let mut header = format!("Date: {}\r\n", Date::format(self.now.seconds()));
        header += &address_line("From", &named("Mail Delivery", &format!("postmaster@{}", self.host)));
        header += &address_line("To", &named("", &self.submission.reverse_path));
        header += &text_line("Subject", &format!("{prefix}{subject}"));
        header += &format!("Message-ID: <{}@{}>\r\n", self.id, self.host);
        if !original.is_empty() {
            header += &text_line("In-Reply-To", &original);
            let before = self.message.text("References").unwrap_or_default();
            header += &text_line("References", &format!("{before} {original}")); // RFC 5322 §3.6.4
        }
        // RFC 3834 §5: nobody's machine answers it.
        header += "Auto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n";
        header += &format!("Content-Type: multipart/report; report-type=delivery-status;\r\n boundary=\"{boundary}\"\r\n\r\n");
        header
    }

    fn text(&self) -> String {
        let (_, _, sentence) = self.action.words();
        let mut text = format!("{sentence}\r\n");
        for told in self.told {
            let said = if told.is_reply { format!("{} said: ", told.next_hop) } else { String::new() };
            text += &format!("\r\n  {}\r\n    {said}{}\r\n", plain(&told.path.address), plain(told.text));
        }
        if self.action == Action::Delayed {
            text += &format!(
                "\r\nIt is tried until {}. There is nothing that you need to do.\r\n",
                Date::format(self.until.seconds())
            );
        }
        text
    }

    /// RFC 3464 §2.2 and §2.3
    fn status(&self) -> String {
        let (action, ..) = self.action.words();
        let mut text = String::new();
        if !self.submission.wishes.envelope_id.is_empty() {
            text += &format!("Original-Envelope-Id: {}\r\n", plain(&self.submission.wishes.envelope_id));
        }
        text += &format!("Reporting-MTA: dns; {}\r\n", self.host);
        text += &format!("Arrival-Date: {}\r\n", Date::format(self.submission.created_date_time.seconds()));
        for told in self.told {
            let Told { path, status: [class, subject, detail], .. } = told;
            text += "\r\n";
            if !path.original_recipient.is_empty() {
                text += &format!("Original-Recipient: {}\r\n", plain(&path.original_recipient));
            }
            let kind = if path.address.is_ascii() { "rfc822" } else { "utf-8" }; // RFC 6533 §3
            text += &format!("Final-Recipient: {kind}; {}\r\nAction: {action}\r\n", plain(&path.address));
            text += &format!("Status: {class}.{subject}.{detail}\r\n");
            if told.is_reply {
                text += &format!("Remote-MTA: dns; {}\r\nDiagnostic-Code: smtp; {}\r\n", plain(told.next_hop), plain(told.text));
            } else {
                text += &format!("Diagnostic-Code: x-restante; {}\r\n", plain(told.text));
            }
            text += &format!("Last-Attempt-Date: {}\r\n", Date::format(self.now.seconds()));
            if self.action == Action::Delayed {
                text += &format!("Will-Retry-Until: {}\r\n", Date::format(self.until.seconds()));
            }
        }
        text
    }

    /// The message that it speaks of, or its header.
    fn returned(&self) -> (&'static str, Vec<u8>) {
        let is_whole = match self.submission.wishes.returns.as_str() {
            "HDRS" => false,
            "FULL" => self.message.octets().len() <= 16 * WHOLE,
            _ => self.message.octets().len() <= WHOLE && self.action == Action::Failed,
        };
        let mut octets = self.submission.prefix.clone().into_bytes();
        let cuts = Cuts::parse(&self.submission.cuts).unwrap_or_default();
        if is_whole {
            mime::pieces(self.message.octets(), &cuts).iter().for_each(|piece| octets.extend_from_slice(piece));
            return (if octets.is_ascii() { "message/rfc822" } else { "message/global" }, octets);
        }
        let end = self.message.parts().first().map_or(0, |root| root.header.end);
        let header = self.message.octets().slice(..end.min(self.message.octets().len()));
        mime::pieces(&header, &cuts).iter().for_each(|piece| octets.extend_from_slice(piece));
        octets.truncate(WHOLE);
        (if octets.is_ascii() { "text/rfc822-headers" } else { "message/global-headers" }, octets)
    }
}

/// Words of somebody else's: they end no line and are not endless.
pub(crate) fn plain(text: &str) -> String {
    let mut text = text.replace(char::is_control, " ");
    let most = (0..=MOST_QUOTED).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
    if text.len() > most {
        text.truncate(most);
    }
    text
}
