//! Replies (RFC 5321 §4.2) with their enhanced status codes (RFC 3463).

use std::borrow::Cow;

/// What the server says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) code: u16,
    /// Class, subject, detail; nothing for greetings, lists of extensions and whatever asks for more (RFC 2034 §4).
    status: Option<[u8; 3]>,
    lines: Vec<Cow<'static, str>>,
}

/// Octets of words of its own: a line has 512 with code, status and line end (RFC 5321 §4.5.3.1.5).
const MOST_TOLD: usize = 480;

impl Reply {
    /// A reply of several lines, without a status.
    pub(crate) fn of_lines(code: u16, lines: Vec<Cow<'static, str>>) -> Reply {
        Reply { code, status: None, lines }
    }

    /// A reply in words of its own.
    pub(crate) fn told(code: u16, status: [u8; 3], text: String) -> Reply {
        // Words that quote a client's must not end the line.
        let mut text = text.replace(|c: char| c.is_control() || !c.is_ascii(), "?");
        text.truncate(MOST_TOLD);
        Reply { code, status: Some(status), lines: vec![Cow::Owned(text)] }
    }

    /// A challenge of a SASL mechanism (RFC 4954 §4).
    pub(crate) fn challenge(text: String) -> Reply {
        Reply { code: 334, status: None, lines: vec![Cow::Owned(text)] }
    }

    /// Whether it refuses.
    pub(crate) fn is_refusal(&self) -> bool {
        self.code >= 400
    }

    /// Puts it into what is to be written.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        let status = self.status.map(|[class, subject, detail]| format!("{class}.{subject}.{detail} ")).unwrap_or_default();
        for (number, line) in self.lines.iter().enumerate() {
            let mark = if number + 1 == self.lines.len() { ' ' } else { '-' };
            out.extend_from_slice(format!("{}{mark}{status}{line}\r\n", self.code).as_bytes());
        }
    }
}

/// A reply that is always the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Plain {
    code: u16,
    status: Option<[u8; 3]>,
    text: &'static str,
}

const fn status(code: u16, status: [u8; 3], text: &'static str) -> Plain {
    Plain { code, status: Some(status), text }
}

const fn bare(code: u16, text: &'static str) -> Plain {
    Plain { code, status: None, text }
}

impl From<Plain> for Reply {
    fn from(plain: Plain) -> Reply {
        let Plain { code, status, text } = plain;
        Reply { code, status, lines: vec![Cow::Borrowed(text)] }
    }
}

pub(crate) const OK: Plain = status(250, [2, 0, 0], "OK");
pub(crate) const SENDER_OK: Plain = status(250, [2, 1, 0], "Sender OK");
pub(crate) const RECIPIENT_OK: Plain = status(250, [2, 1, 5], "Recipient OK");
pub(crate) const TAKEN: Plain = status(250, [2, 0, 0], "The message is in the mailbox");
pub(crate) const CHUNK_TAKEN: Plain = status(250, [2, 0, 0], "Chunk taken");
pub(crate) const CANNOT_VERIFY: Plain = status(252, [2, 1, 5], "Send it and see");
pub(crate) const HELP: Plain = status(214, [2, 0, 0], "See RFC 5321");
pub(crate) const BYE: Plain = status(221, [2, 0, 0], "Bye");
pub(crate) const READY_FOR_TLS: Plain = status(220, [2, 0, 0], "Ready to start TLS");
pub(crate) const AUTHENTICATED: Plain = status(235, [2, 7, 0], "Authenticated");
pub(crate) const SUBMITTED: Plain = status(250, [2, 0, 0], "The message is sent");
pub(crate) const GO_ON: Plain = bare(354, "End with <CR><LF>.<CR><LF>");

pub(crate) const CLOSING: Plain = status(421, [4, 3, 2], "The server is closing down");
pub(crate) const TOO_MANY_CONNECTIONS: Plain = status(421, [4, 7, 0], "Too many connections");
pub(crate) const TOO_MANY_ERRORS: Plain = status(421, [4, 7, 0], "Too many errors");
pub(crate) const TOO_SLOW: Plain = status(421, [4, 4, 2], "Nothing came for too long");
pub(crate) const LOCAL_ERROR: Plain = status(451, [4, 3, 0], "The server failed; try again later");
pub(crate) const NO_ROOM: Plain = status(452, [4, 3, 1], "The server has no room; try again later");
pub(crate) const CANNOT_AUTHENTICATE: Plain = status(454, [4, 7, 0], "It can't be told now who you are; try again later");
pub(crate) const TOO_MANY_RECIPIENTS: Plain = status(452, [4, 5, 3], "Too many recipients; send to the others apart");

pub(crate) const UNKNOWN_COMMAND: Plain = status(500, [5, 5, 1], "Unknown command");
pub(crate) const LINE_TOO_LONG: Plain = status(500, [5, 5, 6], "The line is too long");
pub(crate) const SYNTAX: Plain = status(501, [5, 5, 2], "The command can't be read");
pub(crate) const BAD_PARAMETER: Plain = status(501, [5, 5, 4], "A parameter can't be read");
pub(crate) const BAD_SENDER: Plain = status(501, [5, 1, 7], "The sender's address can't be read");
pub(crate) const BAD_RECIPIENT: Plain = status(501, [5, 1, 3], "The recipient's address can't be read");
pub(crate) const AUTH_CANCELLED: Plain = status(501, [5, 7, 0], "Authentication is cancelled");
pub(crate) const BAD_RESPONSE: Plain = status(501, [5, 5, 2], "The response can't be read");
pub(crate) const NOT_HERE: Plain = status(502, [5, 5, 1], "Not done here");
pub(crate) const HELLO_FIRST: Plain = status(503, [5, 5, 1], "Say EHLO first");
pub(crate) const MAIL_FIRST: Plain = status(503, [5, 5, 1], "Say MAIL FROM first");
pub(crate) const MAIL_TWICE: Plain = status(503, [5, 5, 1], "A sender is named already");
pub(crate) const NO_RECIPIENTS: Plain = status(503, [5, 5, 1], "No recipient was taken");
pub(crate) const NO_DATA_BESIDE_CHUNKS: Plain = status(503, [5, 5, 1], "DATA can't follow BDAT, nor carry BINARYMIME");
pub(crate) const AUTH_NOT_NOW: Plain = status(503, [5, 5, 1], "AUTH comes once, and before MAIL FROM");
pub(crate) const UNKNOWN_MECHANISM: Plain = status(504, [5, 5, 4], "This mechanism is unknown here");
pub(crate) const AUTH_FIRST: Plain = status(530, [5, 7, 0], "Authenticate first");
pub(crate) const NOT_AUTHENTICATED: Plain = status(535, [5, 7, 8], "The name and the token don't let in");
pub(crate) const TLS_FIRST: Plain = status(538, [5, 7, 11], "Start TLS first");
pub(crate) const ALREADY_TLS: Plain = status(503, [5, 5, 1], "TLS is on already");
pub(crate) const UNKNOWN_PARAMETER: Plain = status(555, [5, 5, 4], "A parameter isn't taken here");
pub(crate) const NOBODY: Plain = status(550, [5, 1, 1], "There is nobody with this address here");
pub(crate) const NO_RELAY: Plain = status(550, [5, 7, 1], "Nothing is relayed here");
pub(crate) const TOO_LARGE: Plain = status(552, [5, 3, 4], "The message is too large");
pub(crate) const LOOP: Plain = status(554, [5, 4, 6], "The message goes round in circles");
pub(crate) const ODD_END_OF_DATA: Plain =
    status(550, [5, 6, 0], "A line with nothing but a dot must begin and end with <CR><LF>");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_of_several_lines_has_the_space() {
        let mut out = Vec::new();
        Reply::of_lines(250, vec!["mail.example".into(), "PIPELINING".into()]).write(&mut out);
        Reply::from(NOBODY).write(&mut out);
        let text = String::from_utf8(out).expect("ASCII");
        assert_eq!(text, "250-mail.example\r\n250 PIPELINING\r\n550 5.1.1 There is nobody with this address here\r\n");
    }
}
